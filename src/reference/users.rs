//! Users.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::context::error;
use super::lookup::{self, Kind};
use super::page::{ordered, page};
use super::rename::{Present, RenameRules};
use super::rules::{Prefix, Unique, deletable, id_of_name, quota};
use super::state::{Former, User, date, fold};
use super::tags::tags;
use super::trees::{Shows, as_created, root_tree, single, user_tree};
use super::{Account, Answer, Cx, Params, Principal};
use crate::api::{DialectId, req};
use crate::dialect::ApiError;

pub(super) fn create(account: &mut Account, cx: &mut Cx<'_>, p: &Params) -> Answer {
    let name = p.required("UserName");
    let path = match p.text("Path") {
        Some(path) if cx.holds(req::CREATE_USER__PATH) => path,
        None if !cx.holds(req::CREATE_USER__DEFAULT_PATH) => "/default/",
        _ => "/",
    };
    let tags = tags(account, cx, p)?;
    let unique = Unique {
        to_the_letter: req::CREATE_USER__NAME_UNIQUE,
        ignoring_case: req::CREATE_USER__NAME_UNIQUE_IGNORES_CASE,
        across_paths: req::CREATE_USER__NAME_UNIQUE_ACROSS_PATHS,
    };
    let taken = account.users.get(&fold(name)).map(|u| (u.name.as_str(), u.path.as_str()));
    unique.enforce(cx, "User", (name, path), taken)?;
    let boundary = p.text("PermissionsBoundary");
    let unknown = |arn: &&str| super::managed_lookup::find(account, cx, arn).is_none();
    if let Some(arn) = boundary.filter(unknown).filter(|_| cx.holds(req::CREATE_USER__BOUNDARY_EXISTS)) {
        return Err(error("NoSuchEntity", format!("Policy {arn} does not exist or is not attachable.")));
    }
    quota(account, cx, req::CREATE_USER__QUOTA, "users", "UsersPerAccount", account.users.len())?;

    let id = cx.ids.unique_id("AIDA", cx.dialect);
    let user = User {
        id: if cx.holds(req::CREATE_USER__FRESH_ID) { id } else { id_of_name(cx, "AIDA", name) },
        name: if cx.holds(req::CREATE_USER__NAME_AS_SENT) { name.to_owned() } else { fold(name) },
        path: path.to_owned(),
        created: cx.now,
        boundary: boundary.map(str::to_owned),
        tags,
        inline: BTreeMap::new(),
        attached: BTreeSet::new(),
        keys: Vec::new(),
    };
    // Dell's reference creates a user with tags and shows an answer without; only GetUser answers them there.
    let tags = cx.dialect == DialectId::Aws && cx.holds(req::CREATE_USER__ANSWERS_TAGS);
    let shows = Shows { tags, boundary: cx.holds(req::CREATE_USER__ANSWERS_BOUNDARY) };
    let mut tree = user_tree(account, cx, &user, shows);
    if !cx.holds(req::CREATE_USER__NO_PASSWORD_LAST_USED) {
        tree.insert("PasswordLastUsed".into(), date(cx.now));
    }
    account.users.insert(fold(name), user);
    Ok(single("User", tree))
}

pub(super) fn get(account: &mut Account, cx: &mut Cx<'_>, p: &Params) -> Answer {
    let user = match p.text("UserName") {
        Some(name) => lookup::user(account, cx, name, req::GET_USER__UNKNOWN_USER)?,
        None => match caller(account, cx)? {
            Some(user) if cx.holds(req::GET_USER__CALLER) => user,
            _ if cx.holds(req::GET_USER__ROOT) => return Ok(single("User", root_tree(account))),
            _ => return Err(error("ValidationError", "Must specify userName when calling with non-User credentials")),
        },
    };
    let shows = Shows { tags: cx.holds(req::GET_USER__TAGS), boundary: cx.holds(req::GET_USER__BOUNDARY) };
    let mut tree = user_tree(account, cx, user, shows);
    if let Some(name) = p.text("UserName").filter(|_| !cx.holds(req::GET_USER__STORED_SPELLING)) {
        tree.insert("UserName".into(), name.into());
    }
    as_created(cx, req::GET_USER__AS_CREATED, user.created, &mut tree);
    Ok(single("User", tree))
}

/// The user who calls; `None`: the account itself.
fn caller<'a>(account: &'a Account, cx: &Cx<'_>) -> Result<Option<&'a User>, ApiError> {
    match cx.caller {
        Principal::Root => Ok(None),
        Principal::User { id } => match account.user_by_id(id) {
            Some(user) => Ok(Some(user)),
            None => Err(lookup::missing(cx, req::GET_USER__UNKNOWN_USER, Kind::User, id)),
        },
    }
}

pub(super) fn list(account: &mut Account, cx: &mut Cx<'_>, p: &Params) -> Answer {
    let prefix = Prefix {
        prefix: p.text("PathPrefix"),
        filters: req::LIST_USERS__PATH_PREFIX,
        may_end_inside: req::LIST_USERS__PATH_PREFIX_INSIDE_ELEMENT,
        all_without: req::LIST_USERS__ALL_WITHOUT_PREFIX,
    };
    let shows = Shows { tags: !cx.holds(req::LIST_USERS__NO_TAGS), boundary: !cx.holds(req::LIST_USERS__NO_BOUNDARY) };
    let users = account.users.iter().filter(|(_, user)| prefix.lets_through(cx, &user.path));
    let items = users.map(|(key, user)| {
        let mut tree = user_tree(account, cx, user, shows);
        as_created(cx, req::LIST_USERS__AS_CREATED, user.created, &mut tree);
        (key.clone(), Value::Object(tree))
    });
    Ok(ordered(cx, req::LIST_USERS__ORDER, "Users", page(account, cx, p, items.collect(), "Users")?))
}

const RENAME: RenameRules = RenameRules {
    new_name: req::UPDATE_USER__NEW_NAME,
    new_path: req::UPDATE_USER__NEW_PATH,
    name_and_path: req::UPDATE_USER__NAME_AND_PATH,
    keeps_path: req::UPDATE_USER__KEEPS_PATH,
    nothing_to_change: req::UPDATE_USER__NOTHING_TO_CHANGE,
    name_unique: req::UPDATE_USER__NAME_UNIQUE,
    taken_names_new: req::UPDATE_USER__TAKEN_NAMES_NEW,
    to_own_name: req::UPDATE_USER__TO_OWN_NAME,
    to_own_name_in_another_case: req::UPDATE_USER__TO_OWN_NAME_IN_ANOTHER_CASE,
};

pub(super) fn update(account: &mut Account, cx: &mut Cx<'_>, p: &Params) -> Answer {
    let sent = p.required("UserName");
    let key = lookup::user_key(account, cx, sent, req::UPDATE_USER__UNKNOWN_USER)?;
    let stored = account.users.get(&key).map(|u| u.name.as_str()).unwrap_or_default();
    let present = Present { kind: "User", key: &key, stored, sent };
    let change = RENAME.change(cx, &present, p.text("NewUserName"), p.text("NewPath"), |key| account.users.contains_key(key))?;

    let Some(mut user) = account.users.remove(&key) else { return Ok(Map::new()) };
    if !cx.holds(req::UPDATE_USER__FREES_OLD_NAME) {
        account.users.insert(key, user.clone());
    }
    let former = Former { name: user.name.clone(), arn: account.arn("user", &user.path, &user.name) };
    if let Some(name) = change.name {
        name.clone_into(&mut user.name);
    }
    if let Some(path) = change.path {
        path.clone_into(&mut user.path);
    }
    forget(account, cx, &mut user);
    account.former.insert(user.id.clone(), former);
    account.users.insert(change.key, user);
    Ok(Map::new())
}

/// What a rename loses where it is broken on purpose: all of it must be kept.
fn forget(account: &mut Account, cx: &mut Cx<'_>, user: &mut User) {
    if !cx.holds(req::UPDATE_USER__KEEPS_ID) {
        let id = cx.ids.unique_id("AIDA", cx.dialect);
        for group in account.groups.values_mut().filter(|g| g.members.contains(&user.id)) {
            group.members.remove(&user.id);
            group.members.insert(id.clone());
        }
        user.id = id;
    }
    if !cx.holds(req::UPDATE_USER__KEEPS_CREATE_DATE) {
        user.created += 1;
    }
    if !cx.holds(req::UPDATE_USER__KEEPS_MEMBERSHIPS) {
        leave_groups(account, &user.id);
    }
    if !cx.holds(req::UPDATE_USER__KEEPS_KEYS) {
        user.keys.clear();
    }
    if !cx.holds(req::UPDATE_USER__KEEPS_ATTACHED_POLICIES) {
        user.attached.clear();
    }
    if !cx.holds(req::UPDATE_USER__KEEPS_INLINE_POLICIES) {
        user.inline.clear();
    }
    if !cx.holds(req::UPDATE_USER__KEEPS_TAGS) {
        user.tags.clear();
    }
    if !cx.holds(req::UPDATE_USER__KEEPS_BOUNDARY) {
        user.boundary = None;
    }
}

fn leave_groups(account: &mut Account, id: &str) {
    for group in account.groups.values_mut() {
        group.members.remove(id);
    }
}

pub(super) fn delete(account: &mut Account, cx: &mut Cx<'_>, p: &Params) -> Answer {
    let key = lookup::user_key(account, cx, p.required("UserName"), req::DELETE_USER__UNKNOWN_USER)?;
    let Some(user) = account.users.get(&key) else { return Ok(Map::new()) };
    let obstacles = [
        (req::DELETE_USER__NO_ATTACHED_POLICY, !user.attached.is_empty(), "detach all policies"),
        (req::DELETE_USER__NO_INLINE_POLICY, !user.inline.is_empty(), "delete policies"),
        (req::DELETE_USER__NO_ACCESS_KEY, user.keys.iter().any(|k| k.active), "delete access keys"),
        (req::DELETE_USER__NO_INACTIVE_ACCESS_KEY, user.keys.iter().any(|k| !k.active), "delete access keys"),
        (req::DELETE_USER__NOT_IN_GROUP, account.groups_of(&user.id).next().is_some(), "remove users from group"),
    ];
    deletable(cx, req::DELETE_USER__SAYS_WHY, &obstacles)?;
    let id = user.id.clone();
    if cx.holds(req::DELETE_USER__GONE) {
        account.users.remove(&key);
        account.former.remove(&id);
        leave_groups(account, &id);
    }
    Ok(Map::new())
}
