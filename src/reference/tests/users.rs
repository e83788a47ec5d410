//! Users.

use serde_json::{Value, json};

use super::{Scenario, World};
use crate::api::DialectId;
use crate::reference::Principal;
use crate::reference::state::Policy;

pub(super) const ALL: &[(&str, Scenario)] = &[
    ("create", create),
    ("unique names", unique_names),
    ("quota", quota),
    ("tags and boundary", tags_and_boundary),
    ("get", get),
    ("list", list),
    ("path prefix", path_prefix),
    ("delete", delete),
    ("rename", rename),
    ("rename keeps", rename_keeps),
    ("rename refused", rename_refused),
];

fn create(w: &mut World) {
    let made = w.ok("CreateUser", &[("UserName", "Alice")])["User"].clone();
    w.same("path", made["Path"].clone(), "/");
    w.same("name", made["UserName"].clone(), "Alice");
    w.same("date", made["CreateDate"].clone(), "2027-01-15T08:00:00Z");
    w.same("members", made.as_object().map(|m| m.len()).unwrap_or_default(), 5);
    if w.has_paths() {
        let made = w.ok("CreateUser", &[("UserName", "bob"), ("Path", "/a/b/")]);
        w.same("path", made["User"]["Path"].clone(), "/a/b/");
    }
    w.ok("DeleteUser", &[("UserName", "alice")]);
    let again = w.ok("CreateUser", &[("UserName", "Alice")])["User"].clone();
    w.that("a new user has a new id", again["UserId"] != made["UserId"]);
    w.ok("DeleteUser", &[("UserName", "alice")]);
    let third = w.ok("CreateUser", &[("UserName", "alice")])["User"].clone();
    w.that("a new user has a new id", third["UserId"] != again["UserId"]);
}

fn unique_names(w: &mut World) {
    w.ok("CreateUser", &[("UserName", "Alice")]);
    let text = w.refused("EntityAlreadyExists", "CreateUser", &[("UserName", "Alice")]);
    w.same("text", text, "User with name Alice already exists.");
    w.refused("EntityAlreadyExists", "CreateUser", &[("UserName", "aLICE")]);
    if w.has_paths() {
        w.refused("EntityAlreadyExists", "CreateUser", &[("UserName", "Alice"), ("Path", "/x/")]);
    }
    w.ok("CreateGroup", &[("GroupName", "Alice")]);
}

fn quota(w: &mut World) {
    for n in 1..=12 {
        w.ok("CreateUser", &[("UserName", &format!("u{n}"))]);
    }
    let text = w.refused("LimitExceeded", "CreateUser", &[("UserName", "u13")]);
    w.same("text", text, "Cannot exceed quota for UsersPerAccount: 12");
}

/// A policy as CreatePolicy would make it, and its ARN.
fn policy(w: &mut World) -> String {
    let policy = Policy {
        id: "ANPAAAAAAAAAAAAAAAAAA".into(),
        name: "Limits".into(),
        path: "/".into(),
        description: None,
        tags: Vec::new(),
        created: w.now,
        updated: w.now,
        versions: Vec::new(),
        default: 1,
        next: 2,
    };
    w.account.policies.insert("limits".into(), policy);
    w.account.arn("policy", "/", "Limits")
}

fn tags_and_boundary(w: &mut World) {
    let arn = policy(w);
    if !w.has_tags() {
        return;
    }
    let params = [("UserName", "a"), ("PermissionsBoundary", &arn), ("Tags.member.1.Key", "k"), ("Tags.member.1.Value", "")];
    let made = w.ok("CreateUser", &params);
    let got = w.ok("GetUser", &[("UserName", "a")]);
    let kind = if w.dialect == DialectId::Ecs { "Policy" } else { "PermissionsBoundaryPolicy" };
    let boundary = json!({ "PermissionsBoundaryType": kind, "PermissionsBoundaryArn": arn });
    for user in [&made["User"], &got["User"]] {
        w.same("boundary", user["PermissionsBoundary"].clone(), boundary.clone());
    }
    let tags = json!([{ "Key": "k", "Value": "" }]);
    w.same("tags", got["User"]["Tags"].clone(), tags.clone());
    w.same("tags", made["User"]["Tags"].clone(), if w.dialect == DialectId::Aws { tags } else { Value::Null });
    w.ok("CreateGroup", &[("GroupName", "g")]);
    w.ok("AddUserToGroup", &[("UserName", "a"), ("GroupName", "g")]);
    for (action, params) in [("ListUsers", &[][..]), ("GetGroup", &[("GroupName", "g")])] {
        let user = w.ok(action, params)["Users"][0].clone();
        w.that("lists show neither", user.get("Tags").is_none() && user.get("PermissionsBoundary").is_none());
    }
    let unknown = format!("{arn}s");
    let text = w.refused("NoSuchEntity", "CreateUser", &[("UserName", "b"), ("PermissionsBoundary", &unknown)]);
    w.same("text", text, format!("Policy {unknown} does not exist or is not attachable."));
}

fn get(w: &mut World) {
    let made = w.ok("CreateUser", &[("UserName", "alice")]);
    w.now += 60;
    let got = w.ok("GetUser", &[("UserName", "alice")]);
    w.same("as created", got, made.clone());
    w.refused("NoSuchEntity", "GetUser", &[("UserName", "alicf")]);

    let root = w.ok("GetUser", &[])["User"].clone();
    w.same("root has the account's id", root["UserId"].clone(), w.account.settings.account.clone());
    w.that("root has a root ARN", root["Arn"].as_str().is_some_and(|arn| arn.ends_with(":root")));
    w.that("root has a date, no name and no path", root["CreateDate"].is_string() && root.as_object().is_some_and(|m| m.len() == 3));

    w.act_as("alice");
    let own = w.ok("GetUser", &[]);
    w.same("who calls", own["User"]["UserName"].clone(), "alice");
    w.caller = Principal::User { id: "AIDAGONE".into() };
    w.refused_somehow("GetUser", &[]);
}

fn names(answer: &Value) -> Vec<Value> {
    World::each(&answer["Users"], "UserName")
}

fn list(w: &mut World) {
    for name in ["b", "C", "a"] {
        w.now += 1;
        w.ok("CreateUser", &[("UserName", name)]);
    }
    let answer = w.ok("ListUsers", &[]);
    w.same("in order, ignoring case", names(&answer), vec!["a", "b", "C"]);
    let got = w.ok("GetUser", &[("UserName", "b")]);
    w.same("items as created", answer["Users"][1].clone(), got["User"].clone());
}

fn path_prefix(w: &mut World) {
    if !w.has_paths() {
        return;
    }
    for (name, path) in [("a", "/"), ("b", "/team/"), ("c", "/team/x/"), ("d", "/teams/"), ("e", "/Team/")] {
        w.ok("CreateUser", &[("UserName", name), ("Path", path)]);
    }
    w.account.settings.limits.insert("page".into(), 100);
    for (prefix, expected) in [("/", "a b c d e"), ("/team/", "b c"), ("/team", "b c d"), ("/te", "b c d"), ("/team/x/y", "")] {
        let answer = w.ok("ListUsers", &[("PathPrefix", prefix)]);
        w.same(prefix, names(&answer), expected.split_whitespace().collect::<Vec<_>>());
    }
    let answer = w.ok("ListUsers", &[]);
    w.same("without prefix", names(&answer).len(), 5);
}

fn delete(w: &mut World) {
    w.ok("CreateUser", &[("UserName", "a")]);
    w.ok("CreateGroup", &[("GroupName", "g")]);
    let delete = [("UserName", "a")];
    let blocked = |w: &mut World, first: &str| {
        let text = w.refused("DeleteConflict", "DeleteUser", &delete);
        w.same("text", text, format!("Cannot delete entity, must {first} first."));
    };
    w.ok("AddUserToGroup", &[("UserName", "a"), ("GroupName", "g")]);
    blocked(w, "remove users from group");
    w.ok("RemoveUserFromGroup", &[("UserName", "a"), ("GroupName", "g")]);

    w.edit_user("a", |user| {
        user.attached.insert("p".into());
    });
    blocked(w, "detach all policies");
    w.edit_user("a", |user| {
        user.attached.clear();
        user.inline.insert("p".into(), "{}".into());
    });
    blocked(w, "delete policies");
    w.edit_user("a", |user| user.inline.clear());

    let key = w.ok("CreateAccessKey", &delete)["AccessKey"]["AccessKeyId"].as_str().unwrap_or("AKIAAAAAAAAAAAAAAAAA").to_owned();
    blocked(w, "delete access keys");
    w.ok("UpdateAccessKey", &[("UserName", "a"), ("AccessKeyId", &key), ("Status", "Inactive")]);
    blocked(w, "delete access keys");
    w.ok("DeleteAccessKey", &[("UserName", "a"), ("AccessKeyId", &key)]);

    let answer = w.ok("DeleteUser", &delete);
    w.same("no result", answer, json!({}));
    w.refused("NoSuchEntity", "GetUser", &delete);
    w.refused("NoSuchEntity", "DeleteUser", &delete);
    let answer = w.ok("ListUsers", &[]);
    w.same("nobody is left", names(&answer).len(), 0);
}

fn rename(w: &mut World) {
    if !w.has_paths() {
        return;
    }
    let made = w.ok("CreateUser", &[("UserName", "old"), ("Path", "/x/")])["User"].clone();
    let answer = w.ok("UpdateUser", &[("UserName", "old"), ("NewUserName", "new"), ("NewPath", "/y/")]);
    w.same("no result", answer, json!({}));
    let user = w.ok("GetUser", &[("UserName", "new")])["User"].clone();
    w.same("name", user["UserName"].clone(), "new");
    w.same("path", user["Path"].clone(), "/y/");
    w.same("ARN", user["Arn"].clone(), "arn:aws:iam::123456789012:user/y/new");
    w.same("id", user["UserId"].clone(), made["UserId"].clone());
    w.same("date", user["CreateDate"].clone(), made["CreateDate"].clone());
    w.refused("NoSuchEntity", "GetUser", &[("UserName", "old")]);
    w.ok("CreateUser", &[("UserName", "old")]);

    w.ok("UpdateUser", &[("UserName", "new"), ("NewUserName", "newer")]);
    let user = w.ok("GetUser", &[("UserName", "newer")])["User"].clone();
    w.same("a new name leaves the path", user["Path"].clone(), "/y/");
    w.ok("UpdateUser", &[("UserName", "newer"), ("NewPath", "/z/")]);
    let user = w.ok("GetUser", &[("UserName", "newer")])["User"].clone();
    w.same("a new path leaves the name", user["Arn"].clone(), "arn:aws:iam::123456789012:user/z/newer");

    w.ok("UpdateUser", &[("UserName", "newer"), ("NewUserName", "newer"), ("NewPath", "/q/")]);
    w.ok("UpdateUser", &[("UserName", "newer"), ("NewUserName", "Newer")]);
    let user = w.ok("GetUser", &[("UserName", "newer")])["User"].clone();
    w.same("only the case", user["UserName"].clone(), "Newer");
    w.ok("UpdateUser", &[("UserName", "Newer")]);
    let same = w.ok("GetUser", &[("UserName", "newer")])["User"].clone();
    w.same("nothing changed", same, user);
    let answer = w.ok("ListUsers", &[]);
    w.same("two users", names(&answer), vec!["Newer", "old"]);
}

fn rename_keeps(w: &mut World) {
    if !w.has_paths() {
        return;
    }
    let arn = policy(w);
    let params = [("UserName", "old"), ("PermissionsBoundary", &arn), ("Tags.member.1.Key", "k"), ("Tags.member.1.Value", "v")];
    let before = w.ok("CreateUser", &params)["User"].clone();
    w.ok("CreateGroup", &[("GroupName", "g")]);
    w.ok("AddUserToGroup", &[("UserName", "old"), ("GroupName", "g")]);
    let key = w.ok("CreateAccessKey", &[("UserName", "old")])["AccessKey"]["AccessKeyId"].clone();
    w.edit_user("old", |user| {
        user.attached.insert("limits".into());
        user.inline.insert("p".into(), "{}".into());
    });

    w.ok("UpdateUser", &[("UserName", "old"), ("NewUserName", "new")]);
    let after = w.ok("GetUser", &[("UserName", "new")])["User"].clone();
    w.same("tags", after["Tags"].clone(), before["Tags"].clone());
    w.same("boundary", after["PermissionsBoundary"].clone(), before["PermissionsBoundary"].clone());
    let members = w.ok("GetGroup", &[("GroupName", "g")]);
    w.same("memberships", names(&members), vec!["new"]);
    let keys = w.ok("ListAccessKeys", &[("UserName", "new")]);
    w.same("keys", World::each(&keys["AccessKeyMetadata"], "AccessKeyId"), vec![key]);
    w.same("keys follow the name", World::each(&keys["AccessKeyMetadata"], "UserName"), vec!["new"]);
    let user = w.account.users.get("new").cloned();
    w.that("attached policies", user.as_ref().is_some_and(|u| u.attached.contains("limits")));
    w.that("inline policies", user.as_ref().is_some_and(|u| u.inline.contains_key("p")));
}

fn rename_refused(w: &mut World) {
    if !w.has_paths() {
        return;
    }
    w.ok("CreateUser", &[("UserName", "a")]);
    w.ok("CreateUser", &[("UserName", "Bob")]);
    for taken in ["Bob", "bOB"] {
        let text = w.refused("EntityAlreadyExists", "UpdateUser", &[("UserName", "a"), ("NewUserName", taken), ("NewPath", "/x/")]);
        w.same("text", text, format!("User with name {taken} already exists."));
    }
    let user = w.ok("GetUser", &[("UserName", "a")])["User"].clone();
    w.same("nothing changed", user["Path"].clone(), "/");
    w.refused("NoSuchEntity", "UpdateUser", &[("UserName", "nobody"), ("NewUserName", "c")]);
}
