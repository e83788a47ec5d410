//! Groups and memberships.

use serde_json::{Value, json};

use super::{Scenario, World};

pub(super) const ALL: &[(&str, Scenario)] = &[
    ("create", create),
    ("unique names", unique_names),
    ("quota", quota),
    ("members", members),
    ("membership quota", membership_quota),
    ("who is missing", who_is_missing),
    ("list", list),
    ("path prefix", path_prefix),
    ("delete", delete),
    ("rename", rename),
    ("rename refused", rename_refused),
];

fn create(w: &mut World) {
    let made = w.ok("CreateGroup", &[("GroupName", "Staff")])["Group"].clone();
    w.same("path", made["Path"].clone(), "/");
    w.same("name", made["GroupName"].clone(), "Staff");
    w.same("members", made.as_object().map(|m| m.len()).unwrap_or_default(), 5);
    if w.has_paths() {
        let made = w.ok("CreateGroup", &[("GroupName", "h"), ("Path", "/a/")]);
        w.same("path", made["Group"]["Path"].clone(), "/a/");
    }
    w.now += 60;
    let got = w.ok("GetGroup", &[("GroupName", "Staff")]);
    w.same("as created", got["Group"].clone(), made.clone());
    w.same("no members", got["Users"].clone(), json!([]));
    w.refused("NoSuchEntity", "GetGroup", &[("GroupName", "Stuff")]);
    let mut ids = vec![made["GroupId"].clone()];
    for _ in 0..2 {
        w.ok("DeleteGroup", &[("GroupName", "Staff")]);
        let again = w.ok("CreateGroup", &[("GroupName", "Staff")])["Group"]["GroupId"].clone();
        w.that("a new group has a new id", !ids.contains(&again));
        ids.push(again);
    }
}

fn unique_names(w: &mut World) {
    w.ok("CreateGroup", &[("GroupName", "Staff")]);
    let text = w.refused("EntityAlreadyExists", "CreateGroup", &[("GroupName", "Staff")]);
    w.same("text", text, "Group with name Staff already exists.");
    w.refused("EntityAlreadyExists", "CreateGroup", &[("GroupName", "staff")]);
    if w.has_paths() {
        w.refused("EntityAlreadyExists", "CreateGroup", &[("GroupName", "Staff"), ("Path", "/x/")]);
    }
}

fn quota(w: &mut World) {
    for n in 1..=12 {
        w.ok("CreateGroup", &[("GroupName", &format!("g{n}"))]);
    }
    let text = w.refused("LimitExceeded", "CreateGroup", &[("GroupName", "g13")]);
    w.same("text", text, "Cannot exceed quota for GroupsPerAccount: 12");
}

fn users(answer: &Value) -> Vec<Value> {
    World::each(&answer["Users"], "UserName")
}

fn groups(answer: &Value) -> Vec<Value> {
    World::each(&answer["Groups"], "GroupName")
}

fn members(w: &mut World) {
    for name in ["b", "C", "a", "stranger"] {
        w.ok("CreateUser", &[("UserName", name)]);
    }
    for name in ["g", "H", "other"] {
        w.ok("CreateGroup", &[("GroupName", name)]);
    }
    for name in ["b", "C", "a", "b"] {
        let answer = w.ok("AddUserToGroup", &[("GroupName", "g"), ("UserName", name)]);
        w.same("no result", answer, json!({}));
    }
    let answer = w.ok("GetGroup", &[("GroupName", "g")]);
    w.same("in order, ignoring case, once each", users(&answer), vec!["a", "b", "C"]);
    let user = w.ok("GetUser", &[("UserName", "b")])["User"].clone();
    w.same("users as elsewhere", answer["Users"][1].clone(), user);

    w.ok("AddUserToGroup", &[("GroupName", "H"), ("UserName", "b")]);
    let answer = w.ok("ListGroupsForUser", &[("UserName", "b")]);
    w.same("in order, ignoring case", groups(&answer), vec!["g", "H"]);
    let answer = w.ok("ListGroupsForUser", &[("UserName", "stranger")]);
    w.same("in none", answer["Groups"].clone(), json!([]));
    w.refused("NoSuchEntity", "ListGroupsForUser", &[("UserName", "nobody")]);

    w.ok("RemoveUserFromGroup", &[("GroupName", "g"), ("UserName", "b")]);
    let answer = w.ok("GetGroup", &[("GroupName", "g")]);
    w.same("removed", users(&answer), vec!["a", "C"]);
    w.ok("RemoveUserFromGroup", &[("GroupName", "g"), ("UserName", "b")]);
}

fn membership_quota(w: &mut World) {
    w.ok("CreateUser", &[("UserName", "a")]);
    for name in ["g1", "g2", "g3", "g4"] {
        w.ok("CreateGroup", &[("GroupName", name)]);
    }
    for name in ["g1", "g2", "g3"] {
        w.ok("AddUserToGroup", &[("GroupName", name), ("UserName", "a")]);
    }
    let text = w.refused("LimitExceeded", "AddUserToGroup", &[("GroupName", "g4"), ("UserName", "a")]);
    w.same("text", text, "Cannot exceed quota for GroupsPerUser: 3");
    w.ok("AddUserToGroup", &[("GroupName", "g3"), ("UserName", "a")]);
}

fn who_is_missing(w: &mut World) {
    w.ok("CreateUser", &[("UserName", "a")]);
    w.ok("CreateGroup", &[("GroupName", "g")]);
    for action in ["AddUserToGroup", "RemoveUserFromGroup"] {
        for (group, user, missing) in [("g", "x", "user with name x"), ("y", "a", "group with name y"), ("y", "x", "user with name x")] {
            let text = w.refused("NoSuchEntity", action, &[("GroupName", group), ("UserName", user)]);
            w.same("text", text, format!("The {missing} cannot be found."));
        }
    }
}

fn list(w: &mut World) {
    for name in ["b", "C", "a"] {
        w.now += 1;
        w.ok("CreateGroup", &[("GroupName", name)]);
    }
    let answer = w.ok("ListGroups", &[]);
    w.same("in order, ignoring case", groups(&answer), vec!["a", "b", "C"]);
    let got = w.ok("GetGroup", &[("GroupName", "b")]);
    w.same("items as created", answer["Groups"][1].clone(), got["Group"].clone());
}

fn path_prefix(w: &mut World) {
    if !w.has_paths() {
        return;
    }
    for (name, path) in [("a", "/"), ("b", "/team/"), ("c", "/team/x/"), ("d", "/teams/")] {
        w.ok("CreateGroup", &[("GroupName", name), ("Path", path)]);
    }
    for (prefix, expected) in [("/", "a b c d"), ("/team/", "b c"), ("/team", "b c d"), ("/te", "b c d"), ("/x/", "")] {
        let answer = w.ok("ListGroups", &[("PathPrefix", prefix)]);
        w.same(prefix, groups(&answer), expected.split_whitespace().collect::<Vec<_>>());
    }
    let answer = w.ok("ListGroups", &[]);
    w.same("without prefix", groups(&answer).len(), 4);
}

fn delete(w: &mut World) {
    w.ok("CreateUser", &[("UserName", "a")]);
    w.ok("CreateGroup", &[("GroupName", "g")]);
    let delete = [("GroupName", "g")];
    let blocked = |w: &mut World, first: &str| {
        let text = w.refused("DeleteConflict", "DeleteGroup", &delete);
        w.same("text", text, format!("Cannot delete entity, must {first} first."));
    };
    w.ok("AddUserToGroup", &[("GroupName", "g"), ("UserName", "a")]);
    blocked(w, "remove users from group");
    w.ok("RemoveUserFromGroup", &[("GroupName", "g"), ("UserName", "a")]);
    w.edit_group("g", |group| {
        group.attached.insert("p".into());
    });
    blocked(w, "detach all policies");
    w.edit_group("g", |group| {
        group.attached.clear();
        group.inline.insert("p".into(), "{}".into());
    });
    blocked(w, "delete policies");
    w.edit_group("g", |group| group.inline.clear());
    w.ok("DeleteGroup", &delete);
    w.refused("NoSuchEntity", "GetGroup", &delete);
    w.refused("NoSuchEntity", "DeleteGroup", &delete);
}

fn rename(w: &mut World) {
    if !w.has_paths() {
        return;
    }
    let made = w.ok("CreateGroup", &[("GroupName", "old"), ("Path", "/x/")])["Group"].clone();
    w.ok("CreateUser", &[("UserName", "a")]);
    w.ok("AddUserToGroup", &[("GroupName", "old"), ("UserName", "a")]);
    w.edit_group("old", |group| {
        group.attached.insert("p".into());
        group.inline.insert("p".into(), "{}".into());
    });

    w.ok("UpdateGroup", &[("GroupName", "old"), ("NewGroupName", "new"), ("NewPath", "/y/")]);
    let answer = w.ok("GetGroup", &[("GroupName", "new")]);
    let group = answer["Group"].clone();
    w.same("name", group["GroupName"].clone(), "new");
    w.same("path", group["Path"].clone(), "/y/");
    w.same("ARN", group["Arn"].clone(), "arn:aws:iam::123456789012:group/y/new");
    w.same("id", group["GroupId"].clone(), made["GroupId"].clone());
    w.same("date", group["CreateDate"].clone(), made["CreateDate"].clone());
    w.same("members", users(&answer), vec!["a"]);
    let stored = w.account.groups.get("new").cloned();
    w.that("attached policies", stored.as_ref().is_some_and(|g| g.attached.contains("p")));
    w.that("inline policies", stored.as_ref().is_some_and(|g| g.inline.contains_key("p")));
    w.refused("NoSuchEntity", "GetGroup", &[("GroupName", "old")]);
    w.ok("CreateGroup", &[("GroupName", "old")]);

    w.ok("UpdateGroup", &[("GroupName", "new"), ("NewGroupName", "newer")]);
    let group = w.ok("GetGroup", &[("GroupName", "newer")])["Group"].clone();
    w.same("a new name leaves the path", group["Path"].clone(), "/y/");
    w.ok("UpdateGroup", &[("GroupName", "newer"), ("NewPath", "/z/")]);
    w.ok("UpdateGroup", &[("GroupName", "newer"), ("NewGroupName", "newer"), ("NewPath", "/q/")]);
    w.ok("UpdateGroup", &[("GroupName", "newer"), ("NewGroupName", "Newer")]);
    w.ok("UpdateGroup", &[("GroupName", "newer")]);
    let group = w.ok("GetGroup", &[("GroupName", "newer")])["Group"].clone();
    w.same("ARN", group["Arn"].clone(), "arn:aws:iam::123456789012:group/q/Newer");
}

fn rename_refused(w: &mut World) {
    if !w.has_paths() {
        return;
    }
    w.ok("CreateGroup", &[("GroupName", "a")]);
    w.ok("CreateGroup", &[("GroupName", "Staff")]);
    for taken in ["Staff", "sTAFF"] {
        let text = w.refused("EntityAlreadyExists", "UpdateGroup", &[("GroupName", "a"), ("NewGroupName", taken)]);
        w.same("text", text, format!("Group with name {taken} already exists."));
    }
    w.refused("NoSuchEntity", "UpdateGroup", &[("GroupName", "nothing"), ("NewGroupName", "c")]);
}
