//! Access keys.

use serde_json::{Value, json};

use super::{Scenario, World};
use crate::reference::Principal;

pub(super) const ALL: &[(&str, Scenario)] = &[
    ("create", create),
    ("quota", quota),
    ("list", list),
    ("update", update),
    ("delete", delete),
    ("unknown user", unknown_user),
    ("somebody else's", somebody_elses),
    ("caller", caller),
    ("root", root),
];

fn make(w: &mut World, user: &str) -> String {
    let made = w.ok("CreateAccessKey", &[("UserName", user)]);
    made["AccessKey"]["AccessKeyId"].as_str().unwrap_or("AKIAAAAAAAAAAAAAAAAA").to_owned()
}

fn listed(w: &mut World, user: &str, member: &str) -> Vec<Value> {
    World::each(&w.ok("ListAccessKeys", &[("UserName", user)])["AccessKeyMetadata"], member)
}

fn create(w: &mut World) {
    w.ok("CreateUser", &[("UserName", "Alice")]);
    let key = w.ok("CreateAccessKey", &[("UserName", "alice")])["AccessKey"].clone();
    w.same("stored spelling", key["UserName"].clone(), "Alice");
    w.same("status", key["Status"].clone(), "Active");
    let id = key["AccessKeyId"].as_str().unwrap_or_default().to_owned();
    let body = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit();
    w.that("the id's form", id.len() == 20 && id.strip_prefix("AKIA").is_some_and(|rest| rest.chars().all(body)));
    w.same("the secret's length", key["SecretAccessKey"].as_str().map(str::len).unwrap_or_default(), 40);
    w.same("members", key.as_object().map(|m| m.len()).unwrap_or_default(), 5);
    let stored = w.account.key(&id).map(|(user, key)| (user.name.clone(), key.secret.clone()));
    w.that("the account knows it", stored == Some(("Alice".into(), key["SecretAccessKey"].as_str().unwrap_or_default().into())));
}

fn quota(w: &mut World) {
    w.ok("CreateUser", &[("UserName", "a")]);
    make(w, "a");
    let second = make(w, "a");
    let text = w.refused("LimitExceeded", "CreateAccessKey", &[("UserName", "a")]);
    w.same("text", text, "Cannot exceed quota for AccessKeysPerUser: 2");
    w.ok("UpdateAccessKey", &[("UserName", "a"), ("AccessKeyId", &second), ("Status", "Inactive")]);
    w.refused("LimitExceeded", "CreateAccessKey", &[("UserName", "a")]);
    w.ok("DeleteAccessKey", &[("UserName", "a"), ("AccessKeyId", &second)]);
    make(w, "a");
}

fn list(w: &mut World) {
    w.ok("CreateUser", &[("UserName", "a")]);
    w.ok("CreateUser", &[("UserName", "b")]);
    make(w, "b");
    let first = w.ok("CreateAccessKey", &[("UserName", "a")])["AccessKey"].clone();
    w.now += 60;
    let second = make(w, "a");
    w.ok("UpdateAccessKey", &[("UserName", "a"), ("AccessKeyId", &second), ("Status", "Inactive")]);
    let ids = listed(w, "a", "AccessKeyId");
    w.same("the user's keys", ids, vec![first["AccessKeyId"].clone(), second.into()]);
    let status = listed(w, "a", "Status");
    w.same("inactive ones too", status, vec!["Active", "Inactive"]);
    let dates = listed(w, "a", "CreateDate");
    w.same("as created", dates[..1].to_vec(), vec![first["CreateDate"].clone()]);
    let answer = w.ok("ListAccessKeys", &[("UserName", "a")]);
    w.that("no secret", !answer.to_string().contains("Secret"));
}

fn update(w: &mut World) {
    w.ok("CreateUser", &[("UserName", "a")]);
    let key = make(w, "a");
    let before = listed(w, "a", "CreateDate");
    w.now += 60;
    for status in ["Inactive", "Inactive", "Active"] {
        let answer = w.ok("UpdateAccessKey", &[("UserName", "a"), ("AccessKeyId", &key), ("Status", status)]);
        w.same("no result", answer, json!({}));
        let listed = listed(w, "a", "Status");
        w.same("status", listed, vec![status]);
    }
    let after = listed(w, "a", "CreateDate");
    w.same("date", after, before);
    let id = "AKIAAAAAAAAAAAAAAAAA";
    let text = w.refused("NoSuchEntity", "UpdateAccessKey", &[("UserName", "a"), ("AccessKeyId", id), ("Status", "Active")]);
    w.same("text", text, format!("The Access Key with id {id} cannot be found."));
}

fn delete(w: &mut World) {
    w.ok("CreateUser", &[("UserName", "a")]);
    let key = make(w, "a");
    w.ok("DeleteAccessKey", &[("UserName", "a"), ("AccessKeyId", &key)]);
    let left = listed(w, "a", "AccessKeyId");
    w.same("none is left", left.len(), 0);
    w.refused("NoSuchEntity", "DeleteAccessKey", &[("UserName", "a"), ("AccessKeyId", &key)]);
}

fn unknown_user(w: &mut World) {
    w.ok("CreateUser", &[("UserName", "a")]);
    let key = make(w, "a");
    for (action, status) in [("DeleteAccessKey", None), ("UpdateAccessKey", Some(("Status", "Inactive")))] {
        let mut params = vec![("UserName", "nobody"), ("AccessKeyId", &key)];
        params.extend(status);
        let text = w.refused("NoSuchEntity", action, &params);
        w.same("text", text, "The user with name nobody cannot be found.");
    }
    w.refused("NoSuchEntity", "CreateAccessKey", &[("UserName", "nobody")]);
    w.refused("NoSuchEntity", "ListAccessKeys", &[("UserName", "nobody")]);
    let left = listed(w, "a", "Status");
    w.same("the key is as it was", left, vec!["Active"]);
}

fn somebody_elses(w: &mut World) {
    w.ok("CreateUser", &[("UserName", "a")]);
    w.ok("CreateUser", &[("UserName", "b")]);
    let key = make(w, "a");
    w.refused("NoSuchEntity", "DeleteAccessKey", &[("UserName", "b"), ("AccessKeyId", &key)]);
    w.refused("NoSuchEntity", "UpdateAccessKey", &[("UserName", "b"), ("AccessKeyId", &key), ("Status", "Inactive")]);
    let left = listed(w, "a", "Status");
    w.same("the key is as it was", left, vec!["Active"]);
}

fn caller(w: &mut World) {
    w.ok("CreateUser", &[("UserName", "a")]);
    w.act_as("a");
    let key = w.ok("CreateAccessKey", &[])["AccessKey"].clone();
    w.same("own key", key["UserName"].clone(), "a");
    let id = key["AccessKeyId"].as_str().unwrap_or_default().to_owned();
    let answer = w.ok("ListAccessKeys", &[]);
    w.same("own keys", World::each(&answer["AccessKeyMetadata"], "AccessKeyId"), vec![id.clone()]);
    w.ok("UpdateAccessKey", &[("AccessKeyId", &id), ("Status", "Inactive")]);
    w.ok("DeleteAccessKey", &[("AccessKeyId", &id)]);
    w.caller = Principal::User { id: "AIDAGONE".into() };
    w.refused_somehow("CreateAccessKey", &[]);
}

fn root(w: &mut World) {
    let own = w.account.settings.root_key.clone();
    let made = w.ok("CreateAccessKey", &[])["AccessKey"]["AccessKeyId"].as_str().unwrap_or_default().to_owned();
    w.refused("LimitExceeded", "CreateAccessKey", &[]);
    let answer = w.ok("ListAccessKeys", &[]);
    w.same("root's keys", World::each(&answer["AccessKeyMetadata"], "AccessKeyId").len(), 2);
    w.ok("UpdateAccessKey", &[("AccessKeyId", &own), ("Status", "Inactive")]);
    let inactive = w.account.root_key(&own).is_some_and(|k| !k.active);
    w.that("inactive", inactive || w.account.root_key(&own).is_none());
    w.ok("DeleteAccessKey", &[("AccessKeyId", &made)]);
    w.that("deleted", w.account.root_key(&made).is_none());
}
