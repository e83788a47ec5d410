use std::collections::BTreeSet;

use super::*;
use crate::api::requirement::catalogue;
use crate::api::{Kind, req};
use crate::reference::faults::{Change, Lapse};

fn on(dialect: DialectId) -> Vec<Fault> {
    faults(dialect)
}

fn find(dialect: DialectId, id: &str) -> Option<Fault> {
    on(dialect).into_iter().find(|f| f.id == id)
}

#[test]
fn ids_are_unique_and_every_fault_can_be_killed_by_something() {
    for dialect in DialectId::ALL {
        let all = on(dialect);
        let ids: BTreeSet<&str> = all.iter().map(|f| f.id.as_str()).collect();
        assert_eq!(ids.len(), all.len(), "{dialect}");
        for fault in &all {
            assert!(!fault.aim.requirements.is_empty() || fault.aim.action.is_some(), "{} on {dialect}", fault.id);
            assert!((fault.faults.broken.is_some() || fault.faults.flaw.is_some()) && !fault.about.is_empty(), "{}", fault.id);
            for rule in &fault.aim.requirements {
                assert!(rule.get().kind != Kind::Unreachable, "{}: {}", fault.id, rule.id());
            }
        }
    }
}

#[test]
fn every_requirement_that_can_be_broken_is() {
    let ids: BTreeSet<String> = DialectId::ALL.into_iter().flat_map(on).map(|f| f.id).collect();
    let left_out: Vec<&str> = catalogue()
        .iter()
        .filter(|r| r.kind != Kind::Unreachable && !ids.contains(&format!("requirement:{}", r.id)))
        .map(|r| r.id.as_str())
        .collect();
    assert_eq!(left_out, [""; 0]);
}

#[test]
fn faults_follow_the_model() {
    let max = find(DialectId::Eim, "max-higher:CreateUser.UserName").unwrap();
    assert_eq!(max.faults.flaw.unwrap().what, Wrong::Constraint { parameter: "UserName".into(), lapse: Lapse::HigherMax });
    assert_eq!(max.about, "UserName of CreateUser may be 65 instead of 64 at most");
    assert!(max.aim.takes(req::PARAMETERS__MAX_LENGTH, "CreateUser") && max.aim.takes(req::CREATE_USER__PATH, "CreateUser"));
    assert!(!max.aim.takes(req::GET_USER__CALLER, "CreateUser"));

    let dialects = |id: &str| DialectId::ALL.map(|d| find(d, id).is_some());
    assert_eq!(dialects("pattern-ignored:CreateUser.Tags[].Key"), [false, true, true]);
    assert_eq!(dialects("parameter-ignored:UpdateUser.NewPath"), [true, false, true], "UpdateUser does nothing on ecs");
    assert_eq!(dialects("quota-wider:versions-per-policy"), [true, false, true]);
    assert_eq!(dialects("element-wrong:GetUser.User.Path"), [true, false, true], "there is one path on ecs");
    assert_eq!(dialects("text-unescaped:GetUserPolicy.PolicyDocument"), [false, true, false], "elsewhere it is percent-encoded");
    assert_eq!(dialects("requirement:pagination.no-gap@ListUsers"), [false, true, true]);
    assert_eq!(find(DialectId::Aws, "member-lost:ListUsers.Users").unwrap().only, Some(Format::Xml));
    assert!(find(DialectId::Aws, "list-unordered:ListAccessKeys.AccessKeyMetadata").is_none(), "no order is promised");
    let order = find(DialectId::Aws, "list-unordered:ListUsers.Users").unwrap();
    assert_eq!(order.faults.flaw.unwrap().what, Wrong::Element { path: "Users".into(), change: Change::Order });
}

#[test]
fn what_cannot_be_seen_is_no_fault() {
    let there = |dialect, id| find(dialect, id).is_some();
    for (dialect, id) in [
        (DialectId::Aws, "text-unescaped:ListUsers.IsTruncated"),
        (DialectId::Aws, "text-escaped-twice:GetPolicy.Policy.AttachmentCount"),
        (DialectId::Aws, "element-missing:ListUsers.Users[].Tags[].Key"),
        (DialectId::Aws, "element-type:CreateUser.User.PasswordLastUsed"),
        (DialectId::Aws, "element-wrong:CreateUser.User.PermissionsBoundary.PermissionsBoundaryType"),
        (DialectId::Eim, "element-wrong:CreatePolicy.Policy.Description"),
        (DialectId::Aws, "leak:CreateUser.SecretAccessKey"),
        (DialectId::Ecs, "code-exchanged:DeletePolicy.AccessDenied"),
    ] {
        assert!(!there(dialect, id), "{id} on {dialect}");
    }
    for (dialect, id) in [
        (DialectId::Aws, "text-unescaped:CreateUser.User.Path"),
        (DialectId::Aws, "element-missing:GetUser.User.Tags[].Key"),
        (DialectId::Aws, "element-missing:GetUser.User.UserName"),
        (DialectId::Aws, "element-missing:CreateUser.User.PermissionsBoundary.PermissionsBoundaryType"),
        (DialectId::Ecs, "element-wrong:CreatePolicy.Policy.Description"),
        (DialectId::Aws, "leak:GetGroup.SecretAccessKey"),
    ] {
        assert!(there(dialect, id), "{id} on {dialect}");
    }
}

#[test]
fn codes_are_shown_by_the_rules_that_say_when_they_come() {
    let shown = |id: &str| find(DialectId::Aws, id).unwrap().shown_by;
    assert_eq!(shown("code-exchanged:CreateUser.LimitExceeded"), [req::CREATE_USER__QUOTA]);
    assert_eq!(shown("status-exchanged:CreateUser.ValidationError"), [], "any call may");
    assert_eq!(shown("requirement:create-user.quota"), [req::CREATE_USER__QUOTA]);
}

#[test]
fn an_aim_is_met_by_what_speaks_of_the_element() {
    let aim = find(DialectId::Aws, "element-wrong:ListUsers.Users[].Arn").unwrap().aim;
    for (path, call, met) in [
        ("Users[3].Arn", "ListUsers", true),
        ("Users", "ListUsers", true),
        ("Pages[0].Users[1].Arn", "ListUsers", true),
        ("Users[3].Path", "ListUsers", false),
        ("IsTruncated", "ListUsers", false),
        ("User.Arn", "GetUser", true),
        ("User.Path", "GetUser", false),
    ] {
        assert_eq!(aim.meets(path, call), met, "{path} of {call}");
    }
    assert!(aim.takes(req::LIST_USERS__AS_CREATED, "ListUsers") && aim.takes(req::NAMES__ARN_HAS_PATH, "ListUsers"));
    assert!(!aim.takes(req::NAMES__ARN_HAS_PATH, "GetUser") && !aim.takes(req::GET_USER__AS_CREATED, "GetUser"));
    let created = find(DialectId::Aws, "element-wrong:CreateUser.User.Arn").unwrap().aim;
    assert!(created.takes(req::GET_USER__AS_CREATED, "GetUser"), "its text names CreateUser");
}

#[test]
fn codes_and_statuses_are_those_that_can_be_provoked() {
    let ids: Vec<String> = on(DialectId::Aws).into_iter().map(|f| f.id).collect();
    let has = |id: &str| ids.iter().any(|known| known == id);
    assert!(has("code-exchanged:DeleteUser.DeleteConflict") && has("status-exchanged:CreateUser.ValidationError"));
    assert!(!has("code-exchanged:DeleteUser.LimitExceeded"), "no call can provoke it");
    assert!(has("code-exchanged:SignatureDoesNotMatch") && has("code-exchanged:DeletePolicy.AccessDenied"));
}
