//! Groups and who is in them.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::context::error;
use super::lookup;
use super::page::{ordered, page};
use super::rename::{Present, RenameRules};
use super::rules::{Prefix, Unique, deletable, exists, id_of_name, quota};
use super::state::{Former, Group, fold};
use super::trees::{Shows, as_created, group_tree, single, user_tree};
use super::{Account, Answer, Cx, Params};
use crate::api::req;

pub(super) fn create(account: &mut Account, cx: &mut Cx<'_>, p: &Params) -> Answer {
    let name = p.required("GroupName");
    let path = match p.text("Path") {
        Some(path) if cx.holds(req::CREATE_GROUP__PATH) => path,
        None if !cx.holds(req::CREATE_GROUP__DEFAULT_PATH) => "/default/",
        _ => "/",
    };
    let unique = Unique {
        to_the_letter: req::CREATE_GROUP__NAME_UNIQUE,
        ignoring_case: req::CREATE_GROUP__NAME_UNIQUE_IGNORES_CASE,
        across_paths: req::CREATE_GROUP__NAME_UNIQUE_ACROSS_PATHS,
    };
    let taken = account.groups.get(&fold(name)).map(|g| (g.name.as_str(), g.path.as_str()));
    unique.enforce(cx, "Group", (name, path), taken)?;
    quota(account, cx, req::CREATE_GROUP__QUOTA, "groups", "GroupsPerAccount", account.groups.len())?;

    let id = cx.ids.unique_id("AGPA", cx.dialect);
    let group = Group {
        id: if cx.holds(req::CREATE_GROUP__FRESH_ID) { id } else { id_of_name(cx, "AGPA", name) },
        name: if cx.holds(req::CREATE_GROUP__NAME_AS_SENT) { name.to_owned() } else { fold(name) },
        path: path.to_owned(),
        created: cx.now,
        members: BTreeSet::new(),
        inline: BTreeMap::new(),
        attached: BTreeSet::new(),
    };
    let tree = group_tree(account, cx, &group);
    account.groups.insert(fold(name), group);
    Ok(single("Group", tree))
}

pub(super) fn get(account: &mut Account, cx: &mut Cx<'_>, p: &Params) -> Answer {
    let name = p.required("GroupName");
    let group = lookup::group(account, cx, name, req::GET_GROUP__UNKNOWN_GROUP)?;
    let shows = Shows { tags: !cx.holds(req::GET_GROUP__NO_TAGS), boundary: !cx.holds(req::GET_GROUP__NO_BOUNDARY) };
    let members = account.users.iter().filter(|(_, u)| group.members.contains(&u.id) || !cx.holds(req::GET_GROUP__MEMBERS_ONLY));
    let items = members.map(|(key, user)| (key.clone(), Value::Object(user_tree(account, cx, user, shows))));
    let mut answer = ordered(cx, req::GET_GROUP__ORDER, "Users", page(account, cx, p, items.collect(), "Users")?);
    let mut tree = group_tree(account, cx, group);
    if !cx.holds(req::GET_GROUP__STORED_SPELLING) {
        tree.insert("GroupName".into(), name.into());
    }
    as_created(cx, req::GET_GROUP__AS_CREATED, group.created, &mut tree);
    answer.insert("Group".into(), Value::Object(tree));
    Ok(answer)
}

pub(super) fn list(account: &mut Account, cx: &mut Cx<'_>, p: &Params) -> Answer {
    let prefix = Prefix {
        prefix: p.text("PathPrefix"),
        filters: req::LIST_GROUPS__PATH_PREFIX,
        may_end_inside: req::LIST_GROUPS__PATH_PREFIX_INSIDE_ELEMENT,
        all_without: req::LIST_GROUPS__ALL_WITHOUT_PREFIX,
    };
    let groups = account.groups.iter().filter(|(_, group)| prefix.lets_through(cx, &group.path));
    let items = groups.map(|(key, group)| {
        let mut tree = group_tree(account, cx, group);
        as_created(cx, req::LIST_GROUPS__AS_CREATED, group.created, &mut tree);
        (key.clone(), Value::Object(tree))
    });
    Ok(ordered(cx, req::LIST_GROUPS__ORDER, "Groups", page(account, cx, p, items.collect(), "Groups")?))
}

pub(super) fn list_for_user(account: &mut Account, cx: &mut Cx<'_>, p: &Params) -> Answer {
    let user = lookup::user(account, cx, p.required("UserName"), req::LIST_GROUPS_FOR_USER__UNKNOWN_USER)?;
    let all = !cx.holds(req::LIST_GROUPS_FOR_USER__OWN_GROUPS_ONLY);
    let groups = account.groups.iter().filter(|(_, group)| all || group.members.contains(&user.id));
    let bare: Vec<&str> = p.action.response.iter().flat_map(|member| member.lacking(cx.dialect)).collect();
    let items = groups.map(|(key, group)| {
        let mut tree = group_tree(account, cx, group);
        tree.retain(|name, _| !bare.contains(&name.as_str()));
        (key.clone(), Value::Object(tree))
    });
    Ok(ordered(cx, req::LIST_GROUPS_FOR_USER__ORDER, "Groups", page(account, cx, p, items.collect(), "Groups")?))
}

pub(super) fn add_user(account: &mut Account, cx: &mut Cx<'_>, p: &Params) -> Answer {
    let group = p.required("GroupName");
    if !cx.holds(req::ADD_USER_TO_GROUP__USER_FIRST) {
        lookup::group_key(account, cx, group, req::ADD_USER_TO_GROUP__UNKNOWN_GROUP)?;
    }
    let user = lookup::user(account, cx, p.required("UserName"), req::ADD_USER_TO_GROUP__UNKNOWN_USER)?;
    let key = lookup::group_key(account, cx, group, req::ADD_USER_TO_GROUP__UNKNOWN_GROUP)?;
    let (id, groups) = (user.id.clone(), account.groups_of(&user.id).count());
    if account.groups.get(&key).is_some_and(|g| g.members.contains(&id)) {
        return if cx.holds(req::ADD_USER_TO_GROUP__IDEMPOTENT) { Ok(Map::new()) } else { Err(exists("Member", p.required("UserName"))) };
    }
    quota(account, cx, req::ADD_USER_TO_GROUP__QUOTA, "groups-per-user", "GroupsPerUser", groups)?;
    if let Some(group) = account.groups.get_mut(&key).filter(|_| cx.holds(req::ADD_USER_TO_GROUP__MAKES_MEMBER)) {
        group.members.insert(id);
    }
    Ok(Map::new())
}

pub(super) fn remove_user(account: &mut Account, cx: &mut Cx<'_>, p: &Params) -> Answer {
    let group = p.required("GroupName");
    if !cx.holds(req::REMOVE_USER_FROM_GROUP__USER_FIRST) {
        lookup::group_key(account, cx, group, req::REMOVE_USER_FROM_GROUP__UNKNOWN_GROUP)?;
    }
    let user = lookup::user(account, cx, p.required("UserName"), req::REMOVE_USER_FROM_GROUP__UNKNOWN_USER)?;
    let id = user.id.clone();
    let group = lookup::group_mut(account, cx, group, req::REMOVE_USER_FROM_GROUP__UNKNOWN_GROUP)?;
    let member = group.members.contains(&id);
    if !member && !cx.holds(req::REMOVE_USER_FROM_GROUP__NON_MEMBER) {
        return Err(error("NoSuchEntity", format!("The user {} is not in the group {}.", p.required("UserName"), group.name)));
    }
    if cx.holds(req::REMOVE_USER_FROM_GROUP__ENDS_MEMBERSHIP) {
        group.members.remove(&id);
    }
    Ok(Map::new())
}

const RENAME: RenameRules = RenameRules {
    new_name: req::UPDATE_GROUP__NEW_NAME,
    new_path: req::UPDATE_GROUP__NEW_PATH,
    name_and_path: req::UPDATE_GROUP__NAME_AND_PATH,
    keeps_path: req::UPDATE_GROUP__KEEPS_PATH,
    nothing_to_change: req::UPDATE_GROUP__NOTHING_TO_CHANGE,
    name_unique: req::UPDATE_GROUP__NAME_UNIQUE,
    taken_names_new: req::UPDATE_GROUP__TAKEN_NAMES_NEW,
    to_own_name: req::UPDATE_GROUP__TO_OWN_NAME,
    to_own_name_in_another_case: req::UPDATE_GROUP__TO_OWN_NAME_IN_ANOTHER_CASE,
};

pub(super) fn update(account: &mut Account, cx: &mut Cx<'_>, p: &Params) -> Answer {
    let sent = p.required("GroupName");
    let key = lookup::group_key(account, cx, sent, req::UPDATE_GROUP__UNKNOWN_GROUP)?;
    let stored = account.groups.get(&key).map(|g| g.name.as_str()).unwrap_or_default();
    let present = Present { kind: "Group", key: &key, stored, sent };
    let change = RENAME.change(cx, &present, p.text("NewGroupName"), p.text("NewPath"), |key| account.groups.contains_key(key))?;

    let Some(mut group) = account.groups.remove(&key) else { return Ok(Map::new()) };
    if !cx.holds(req::UPDATE_GROUP__FREES_OLD_NAME) {
        account.groups.insert(key, group.clone());
    }
    let former = Former { name: group.name.clone(), arn: account.arn("group", &group.path, &group.name) };
    if let Some(name) = change.name {
        name.clone_into(&mut group.name);
    }
    if let Some(path) = change.path {
        path.clone_into(&mut group.path);
    }
    forget(cx, &mut group);
    account.former.insert(group.id.clone(), former);
    account.groups.insert(change.key, group);
    Ok(Map::new())
}

/// What a rename loses where it is broken on purpose: all of it must be kept.
fn forget(cx: &mut Cx<'_>, group: &mut Group) {
    if !cx.holds(req::UPDATE_GROUP__KEEPS_ID) {
        group.id = cx.ids.unique_id("AGPA", cx.dialect);
    }
    if !cx.holds(req::UPDATE_GROUP__KEEPS_CREATE_DATE) {
        group.created += 1;
    }
    if !cx.holds(req::UPDATE_GROUP__KEEPS_MEMBERS) {
        group.members.clear();
    }
    if !cx.holds(req::UPDATE_GROUP__KEEPS_ATTACHED_POLICIES) {
        group.attached.clear();
    }
    if !cx.holds(req::UPDATE_GROUP__KEEPS_INLINE_POLICIES) {
        group.inline.clear();
    }
}

pub(super) fn delete(account: &mut Account, cx: &mut Cx<'_>, p: &Params) -> Answer {
    let key = lookup::group_key(account, cx, p.required("GroupName"), req::DELETE_GROUP__UNKNOWN_GROUP)?;
    let Some(group) = account.groups.get(&key) else { return Ok(Map::new()) };
    let obstacles = [
        (req::DELETE_GROUP__NO_MEMBERS, !group.members.is_empty(), "remove users from group"),
        (req::DELETE_GROUP__NO_ATTACHED_POLICY, !group.attached.is_empty(), "detach all policies"),
        (req::DELETE_GROUP__NO_INLINE_POLICY, !group.inline.is_empty(), "delete policies"),
    ];
    deletable(cx, req::DELETE_GROUP__SAYS_WHY, &obstacles)?;
    if cx.holds(req::DELETE_GROUP__GONE)
        && let Some(group) = account.groups.remove(&key)
    {
        account.former.remove(&group.id);
    }
    Ok(Map::new())
}
