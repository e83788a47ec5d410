//! What can be read of the things that a call is about: steps with the same arguments, for oracles that look again.

use serde_json::Value;

use super::decode::Ground;
use super::program;
use crate::api::DialectId;
use crate::case::Step;

/// Reads of one thing by the parameter that names it.
const BY_NAME: &[(&str, &str, &[&str])] = &[
    ("UserName", "NewUserName", &["GetUser", "ListGroupsForUser", "ListAttachedUserPolicies", "ListUserPolicies", "ListAccessKeys"]),
    ("GroupName", "NewGroupName", &["GetGroup", "ListAttachedGroupPolicies", "ListGroupPolicies"]),
    ("ServerCertificateName", "NewServerCertificateName", &["GetServerCertificate"]),
];

/// A text argument of a step, by its name.
pub fn argument<'s>(step: &'s Step, name: &str) -> Option<&'s Value> {
    step.with.iter().find(|(n, _)| n == name).map(|(_, value)| value).filter(|value| value.is_string())
}

/// Steps that read what `step` is about, those first that say most of it. Only Actions that the target has.
pub fn reads(step: &Step, ground: &Ground) -> Vec<Step> {
    let mut all: Vec<Step> = Vec::new();
    let mut add = |action: &str, with: &[(&str, &Value)]| {
        if ground.actions.iter().any(|a| a.name == action) {
            let with = with.iter().map(|(name, value)| ((*name).to_owned(), (*value).clone())).collect();
            all.push(program::step(action, with));
        }
    };
    if let Some(policy) = argument(step, "PolicyName") {
        for (owner, get) in [("UserName", "GetUserPolicy"), ("GroupName", "GetGroupPolicy")] {
            if let Some(name) = argument(step, owner) {
                add(get, &[(owner, name), ("PolicyName", policy)]);
            }
        }
    }
    let saved = step.save.iter().find(|(_, path, _)| path == "Policy").map(|(name, ..)| Value::from(format!("${{{name}.Arn}}")));
    if let Some(arn) = argument(step, "PolicyArn").or(saved.as_ref()) {
        if let Some(version) = argument(step, "VersionId") {
            add("GetPolicyVersion", &[("PolicyArn", arn), ("VersionId", version)]);
        }
        for action in ["GetPolicy", "ListPolicyVersions"] {
            add(action, &[("PolicyArn", arn)]);
        }
    }
    for (parameter, renamed, actions) in BY_NAME {
        for name in [argument(step, renamed), argument(step, parameter)].into_iter().flatten() {
            for action in *actions {
                add(action, &[(parameter, name)]);
            }
        }
    }
    let local = Value::from(if ground.dialect == DialectId::Eim { "local" } else { "Local" });
    match step.call.as_str() {
        "CreateUser" | "DeleteUser" | "UpdateUser" => add("ListUsers", &[]),
        "CreateGroup" | "DeleteGroup" | "UpdateGroup" => add("ListGroups", &[]),
        "UploadServerCertificate" | "DeleteServerCertificate" | "UpdateServerCertificate" => add("ListServerCertificates", &[]),
        name if name.ends_with("Policy") && !name.starts_with("Put") => add("ListPolicies", &[("Scope", &local)]),
        _ => {}
    }
    all
}

/// The read that finds what a call deleted, and the element with its id; none: it deletes nothing that has one.
pub fn finds(step: &Step) -> Option<(Step, &'static str)> {
    let (action, parameter, element) = match step.call.as_str() {
        "DeleteUser" => ("GetUser", "UserName", "User"),
        "DeleteGroup" => ("GetGroup", "GroupName", "Group"),
        "DeletePolicy" => ("GetPolicy", "PolicyArn", "Policy"),
        "DeleteServerCertificate" => ("GetServerCertificate", "ServerCertificateName", "ServerCertificate"),
        _ => return None,
    };
    let with = vec![(parameter.to_owned(), argument(step, parameter)?.clone())];
    Some((program::step(action, with), element))
}

/// The read of what a call renamed, under its new name, and the elements with id and date of creation.
pub fn renamed(step: &Step) -> Option<(Step, &'static [&'static str])> {
    let (action, parameter, new, paths): (_, _, _, &'static [&'static str]) = match step.call.as_str() {
        "UpdateUser" => ("GetUser", "UserName", "NewUserName", &["User.UserId", "User.CreateDate"]),
        "UpdateGroup" => ("GetGroup", "GroupName", "NewGroupName", &["Group.GroupId", "Group.CreateDate"]),
        "UpdateServerCertificate" => (
            "GetServerCertificate",
            "ServerCertificateName",
            "NewServerCertificateName",
            &["ServerCertificate.ServerCertificateMetadata.ServerCertificateId", "ServerCertificate.ServerCertificateMetadata.UploadDate"],
        ),
        _ => return None,
    };
    let name = argument(step, new).or_else(|| argument(step, parameter))?;
    Some((program::step(action, vec![(parameter.to_owned(), name.clone())]), paths))
}

/// The read that shows a tie, and the call that undoes it; none: the call ties nothing.
pub fn undone(step: &Step) -> Option<(Step, Step)> {
    let (read, named, undo): (_, &[&str], _) = match step.call.as_str() {
        "AttachUserPolicy" => ("ListAttachedUserPolicies", &["UserName"], "DetachUserPolicy"),
        "AttachGroupPolicy" => ("ListAttachedGroupPolicies", &["GroupName"], "DetachGroupPolicy"),
        "AddUserToGroup" => ("ListGroupsForUser", &["UserName"], "RemoveUserFromGroup"),
        "PutUserPolicy" => ("ListUserPolicies", &["UserName"], "DeleteUserPolicy"),
        "PutGroupPolicy" => ("ListGroupPolicies", &["GroupName"], "DeleteGroupPolicy"),
        _ => return None,
    };
    let pick = |names: &[&str]| -> Option<Vec<(String, Value)>> {
        names.iter().map(|name| Some(((*name).to_owned(), argument(step, name)?.clone()))).collect()
    };
    let with: Vec<(String, Value)> = step.with.iter().filter(|(name, _)| name != "PolicyDocument").cloned().collect();
    Some((program::step(read, pick(named)?), program::step(undo, with)))
}

/// Actions that leave, when repeated, what they left the first time.
pub fn sets(action: &str) -> bool {
    matches!(
        action,
        "PutUserPolicy"
            | "PutGroupPolicy"
            | "AttachUserPolicy"
            | "AttachGroupPolicy"
            | "AddUserToGroup"
            | "SetDefaultPolicyVersion"
            | "UpdateAccessKey"
    )
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn step(action: &str, with: &[(&str, &str)]) -> Step {
        program::step(action, with.iter().map(|(n, v)| ((*n).to_owned(), json!(v))).collect())
    }

    #[test]
    fn reads_name_what_the_call_names() {
        let ground = Ground::of(DialectId::Aws);
        let names = |s: &Step| reads(s, &ground).into_iter().map(|s| s.call).collect::<Vec<_>>();
        let put = step("PutUserPolicy", &[("UserName", "${user}"), ("PolicyName", "${inline}"), ("PolicyDocument", "{}")]);
        assert_eq!(names(&put)[0], "GetUserPolicy");
        assert!(names(&put).contains(&"ListUserPolicies".to_owned()));
        let created = program::saving(step("CreatePolicy", &[("PolicyName", "${policy}")]), "p1", "Policy");
        assert_eq!(reads(&created, &ground)[0].with, [("PolicyArn".to_owned(), json!("${p1.Arn}"))]);
        let (read, paths) = renamed(&step("UpdateUser", &[("UserName", "a"), ("NewUserName", "b")])).unwrap();
        assert_eq!((read.with[0].1.clone(), paths[0]), (json!("b"), "User.UserId"));
        assert_eq!(undone(&step("AttachUserPolicy", &[("UserName", "a"), ("PolicyArn", "x")])).unwrap().1.call, "DetachUserPolicy");
        assert!(finds(&step("DeleteUserPolicy", &[])).is_none() && sets("UpdateAccessKey") && !sets("CreateUser"));
    }
}
