//! Names without regard to case, and texts about what is not there.

use super::{Scenario, World};

pub(super) const ALL: &[(&str, Scenario)] = &[("case", case), ("not found", not_found), ("arns", arns)];

fn case(w: &mut World) {
    w.ok("CreateUser", &[("UserName", "Alice")]);
    w.ok("CreateGroup", &[("GroupName", "Staff")]);
    let user = w.ok("GetUser", &[("UserName", "aLICE")]);
    w.same("stored spelling", user["User"]["UserName"].clone(), "Alice");
    let group = w.ok("GetGroup", &[("GroupName", "STAFF")]);
    w.same("stored spelling", group["Group"]["GroupName"].clone(), "Staff");
    w.ok("AddUserToGroup", &[("UserName", "ALICE"), ("GroupName", "staff")]);
    let key = w.ok("CreateAccessKey", &[("UserName", "alice")]);
    w.same("stored spelling", key["AccessKey"]["UserName"].clone(), "Alice");
}

fn not_found(w: &mut World) {
    w.ok("CreateUser", &[("UserName", "a")]);
    let text = w.refused("NoSuchEntity", "GetUser", &[("UserName", "Nobody")]);
    w.same("text", text, "The user with name Nobody cannot be found.");
    let text = w.refused("NoSuchEntity", "GetGroup", &[("GroupName", "Nothing")]);
    w.same("text", text, "The group with name Nothing cannot be found.");
    let text = w.refused("NoSuchEntity", "DeleteAccessKey", &[("UserName", "a"), ("AccessKeyId", "AKIAAAAAAAAAAAAAAAAA")]);
    w.same("text", text, "The Access Key with id AKIAAAAAAAAAAAAAAAAA cannot be found.");
}

fn arns(w: &mut World) {
    let path = if w.has_paths() { "/a/b/" } else { "/" };
    let start = if w.has_paths() { "arn:aws:iam::123456789012" } else { "urn:ecs:iam::ns1" };
    let user = w.ok("CreateUser", &[("UserName", "u"), ("Path", path)]);
    w.same("ARN", user["User"]["Arn"].clone(), format!("{start}:user{path}u"));
    let group = w.ok("CreateGroup", &[("GroupName", "g"), ("Path", path)]);
    w.same("ARN", group["Group"]["Arn"].clone(), format!("{start}:group{path}g"));
}
