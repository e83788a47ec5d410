use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{Patterns, check, check_request_id};
use crate::api::{DialectId, Level, model, req};

fn patterns(dialect: DialectId) -> Patterns {
    Patterns::new(dialect, &BTreeMap::new()).expect("defaults compile")
}

fn found(dialect: DialectId, action: &str, tree: &Value) -> Vec<(&'static str, String)> {
    let action = model().action(action).expect("an Action");
    let findings = check(action, dialect, tree.as_object().expect("a structure"), &patterns(dialect));
    findings.into_iter().map(|f| (f.req.id(), f.at)).collect()
}

/// A good tree with the value at `pointer` replaced (`null`: removed).
fn with(mut tree: Value, pointer: &str, value: Value) -> Value {
    let (parent, name) = pointer.rsplit_once('/').expect("a pointer");
    let parent = tree.pointer_mut(parent).and_then(Value::as_object_mut).expect("a structure");
    match value {
        Value::Null => parent.remove(name),
        value => parent.insert(name.to_owned(), value),
    };
    tree
}

fn user(name: &str) -> Value {
    json!({
        "Path": "/a/", "UserName": name, "UserId": "AIDAABCDEFGHIJKLMNOP2",
        "Arn": format!("arn:aws:iam::123456789012:user/a/{name}"), "CreateDate": "2026-01-31T23:59:59Z",
    })
}

fn key() -> Value {
    json!({ "AccessKey": {
        "UserName": "u", "AccessKeyId": "AKIAABCDEFGHIJKLMNOP", "Status": "Active", "SecretAccessKey": "s3cr3t",
        "CreateDate": "2026-01-31T23:59:59Z",
    } })
}

fn policy() -> Value {
    json!({ "Policy": {
        "PolicyName": "p", "PolicyId": "ANPAABCDEFGHIJKLMNOP2", "Arn": "arn:aws:iam::aws:policy/p", "Path": "/",
        "DefaultVersionId": "v1", "AttachmentCount": 0, "IsAttachable": true,
    } })
}

#[test]
fn good_trees_have_no_findings() {
    for dialect in [DialectId::Aws, DialectId::Eim] {
        assert_eq!(found(dialect, "GetUser", &json!({ "User": user("u") })), []);
        assert_eq!(found(dialect, "CreateAccessKey", &key()), []);
        assert_eq!(found(dialect, "GetPolicy", &policy()), []);
        assert_eq!(found(dialect, "DeleteUser", &json!({})), []);
    }
    assert_eq!(found(DialectId::Aws, "ListUsers", &json!({ "Users": [], "IsTruncated": false })), []);
    assert_eq!(found(DialectId::Eim, "ListUsers", &json!({ "Users": [] })), []);
    let ecs = json!({ "User": {
        "Arn": "urn:ecs:iam::ns:user/payroll2", "CreateDate": "2020-04-13T19:54:30Z", "Path": "/",
        "UserId": "AIDA21BCE6940A8DE1EC", "UserName": "payroll2",
    } });
    assert_eq!(found(DialectId::Ecs, "CreateUser", &ecs), [], "the example of Dell's page");
    let orn = with(json!({ "User": user("u") }), "/User/Arn", json!("orn:ows:idauth::012345678910:user/a/u"));
    assert_eq!(found(DialectId::Eim, "GetUser", &orn), []);
}

/// Where the examples and lists of elements of Dell's pages have more than AWS has, or less.
#[test]
fn what_dell_prints_is_nothing_to_find() {
    let ecs = |action: &str, tree: Value| found(DialectId::Ecs, action, &tree);
    let group = json!({ "Arn": "urn:ecs:iam::ns:group/g", "GroupId": "AGPA11B2858814F35CA0", "GroupName": "g", "Path": "/" });
    let groups = json!({ "Groups": [group], "IsTruncated": false });
    let missing = |at: &str| vec![("shape.required-member", at.to_owned())];
    assert_eq!(ecs("ListGroupsForUser", groups.clone()), [], "a group without its date");
    assert_eq!(ecs("ListGroups", groups.clone()), missing("Groups[0].CreateDate"), "which other pages print");
    assert_eq!(ecs("ListGroupsForUser", with(groups, "/Groups/0/Path", Value::Null)), missing("Groups[0].Path"));
    let made = with(with(key(), "/AccessKey/AccessKeySelector", json!("s")), "/AccessKey/AccessKeyId", json!("AKIAFE4086C4F2E286DD"));
    assert_eq!(ecs("CreateAccessKey", made.clone()), []);
    assert_eq!(found(DialectId::Eim, "CreateAccessKey", &made), [("shape.undeclared-element", "AccessKey.AccessKeySelector".to_owned())]);
    let boundary = json!({ "PermissionsBoundaryArn": "urn:ecs:iam:::policy/IAMReadOnlyAccess", "PermissionsBoundaryType": "Policy" });
    let user = json!({ "User": {
        "Arn": "urn:ecs:iam::ns:user/u", "CreateDate": "2020-04-15T15:17:15Z", "Path": "/", "UserId": "AIDA7079A32D6242C3A4", "UserName": "u",
        "PermissionsBoundary": boundary, "Tags": [],
    } });
    assert_eq!(ecs("GetUser", user), []);
    let version = json!({ "VersionId": "v1", "IsDefaultVersion": true, "CreateDate": "2020-04-15T21:43:59Z", "Document": "{}" });
    assert_eq!(ecs("CreatePolicyVersion", json!({ "PolicyVersion": version })), []);
    assert_eq!(ecs("ListPolicyVersions", json!({ "Versions": [version], "IsTruncated": false })), []);
}

#[test]
fn the_account_itself_is_a_user_without_a_name() {
    let root = json!({ "User": {
        "UserId": "123456789012", "Arn": "arn:aws:iam::123456789012:root", "CreateDate": "2026-01-31T23:59:59Z",
    } });
    assert_eq!(found(DialectId::Aws, "GetUser", &root), []);
}

#[test]
fn each_rule_finds_its_breach_and_nothing_else() {
    let user = json!({ "User": user("u") });
    let doc = |text: &str| json!({ "UserName": "u", "PolicyName": "p", "PolicyDocument": text });
    for (action, tree, req, at) in [
        ("GetUser", with(user.clone(), "/User/Path", Value::Null), "shape.required-member", "User.Path"),
        ("GetUser", json!({}), "shape.required-member", "User"),
        ("GetUser", with(user.clone(), "/User/Extra", json!(1)), "shape.undeclared-element", "User.Extra"),
        ("DeleteUser", user.clone(), "shape.undeclared-element", "User"),
        ("GetUser", with(user.clone(), "/User/UserId", json!("AIDAABCDEFGHIJKLMNOP1")), "shape.id", "User.UserId"),
        ("GetUser", with(user.clone(), "/User/UserId", json!("AGPAABCDEFGHIJKLMNOP2")), "shape.id-prefix", "User.UserId"),
        ("GetUser", with(user.clone(), "/User/Arn", json!("arn:x:iam::123456789012:user/a/u")), "shape.arn", "User.Arn"),
        ("GetUser", with(user.clone(), "/User/Arn", json!("arn:aws:iam::123456789012:user/u")), "shape.arn-names-resource", "User.Arn"),
        ("GetUser", with(user.clone(), "/User/Arn", json!("arn:aws:iam::123456789012:group/a/u")), "shape.arn-names-resource", "User.Arn"),
        ("GetUser", with(user.clone(), "/User/CreateDate", json!("2026-02-30T00:00:00Z")), "shape.date", "User.CreateDate"),
        ("GetUser", with(user.clone(), "/User/CreateDate", json!("1767225600")), "shape.date", "User.CreateDate"),
        ("GetUser", with(user.clone(), "/User/CreateDate", json!("2026-01-01T00:00:00.5Z")), "shape.date-whole-seconds", "User.CreateDate"),
        (
            "GetUser",
            with(user.clone(), "/User/CreateDate", json!("2026-01-01T00:00:00+00:00")),
            "shape.date-whole-seconds",
            "User.CreateDate",
        ),
        ("GetUser", with(user.clone(), "/User/Path", json!(1)), "shape.type", "User.Path"),
        ("GetUser", json!({ "User": "u" }), "shape.type", "User"),
        ("ListUsers", json!({ "Users": {}, "IsTruncated": false }), "shape.type", "Users"),
        ("GetPolicy", with(policy(), "/Policy/IsAttachable", json!("True")), "shape.type", "Policy.IsAttachable"),
        ("GetPolicy", with(policy(), "/Policy/AttachmentCount", json!("0")), "shape.type", "Policy.AttachmentCount"),
        ("GetPolicy", with(policy(), "/Policy/Description", json!("x".repeat(1001))), "shape.length", "Policy.Description"),
        ("GetPolicy", with(policy(), "/Policy/DefaultVersionId", json!("1")), "shape.characters", "Policy.DefaultVersionId"),
        ("CreateAccessKey", with(key(), "/AccessKey/Status", json!("active")), "shape.values", "AccessKey.Status"),
        ("CreateAccessKey", with(key(), "/AccessKey/AccessKeyId", json!("AKIA1")), "shape.access-key-id", "AccessKey.AccessKeyId"),
        ("GetUserPolicy", doc("[]"), "shape.policy-document", "PolicyDocument"),
        ("GetUserPolicy", doc("%7B%7D"), "shape.policy-document", "PolicyDocument"),
        ("ListUsers", json!({ "Users": [] }), "shape.always-member", "IsTruncated"),
        ("ListPolicies", json!({ "IsTruncated": false }), "shape.list-present", "Policies"),
        ("ListUsers", json!({ "Users": [], "IsTruncated": true }), "shape.marker", "Marker"),
        ("ListUsers", json!({ "Users": [], "IsTruncated": false, "Marker": "" }), "shape.marker", "Marker"),
    ] {
        assert_eq!(found(DialectId::Aws, action, &tree), [(req, at.to_owned())], "{tree}");
    }
}

#[test]
fn secrets_are_found_wherever_they_are() {
    let items = json!({ "AccessKeyMetadata": [{ "SecretAccessKey": "s3cr3t" }], "IsTruncated": false });
    let at = "AccessKeyMetadata[0].SecretAccessKey".to_owned();
    assert_eq!(found(DialectId::Aws, "ListAccessKeys", &items), [("shape.undeclared-element", at.clone()), ("shape.no-secret", at)]);
    let nested = json!({ "X": { "Y": [{ "privatekey": "s3cr3t" }] } });
    assert!(found(DialectId::Aws, "DeleteUser", &nested).contains(&("shape.no-secret", "X.Y[0].privatekey".to_owned())));
}

#[test]
fn no_finding_repeats_a_secret() {
    let secret = json!({ "s3cr3t": 1 });
    for tree in [with(key(), "/AccessKey/SecretAccessKey", secret), json!({ "PrivateKey": "s3cr3t" })] {
        let action = model().action("CreateAccessKey").expect("an Action");
        let findings = check(action, DialectId::Aws, tree.as_object().expect("a structure"), &patterns(DialectId::Aws));
        assert!(!findings.is_empty() && findings.iter().all(|f| !f.text.contains("s3cr3t")), "{findings:?}");
    }
}

#[test]
fn lists_of_users_are_in_order_of_names_ignoring_case() {
    let list = |names: &[&str]| json!({ "Users": names.iter().map(|n| user(n)).collect::<Value>(), "IsTruncated": false });
    assert_eq!(found(DialectId::Aws, "ListUsers", &list(&["a", "B", "c"])), []);
    assert_eq!(found(DialectId::Aws, "ListUsers", &list(&["B", "a"])), [("shape.names-order", "Users".to_owned())]);
}

#[test]
fn versions_are_newest_first() {
    let list = |ids: &[&str]| {
        let items: Value = ids.iter().map(|id| json!({ "VersionId": id, "IsDefaultVersion": false })).collect();
        json!({ "Versions": items, "IsTruncated": false })
    };
    assert_eq!(found(DialectId::Aws, "ListPolicyVersions", &list(&["v10", "v9", "v1"])), []);
    assert_eq!(found(DialectId::Aws, "ListPolicyVersions", &list(&["v9", "v10"])), [("shape.versions-order", "Versions".to_owned())]);
}

#[test]
fn attached_policies_are_named_by_their_arn() {
    let item = |arn: &str| json!({ "AttachedPolicies": [{ "PolicyName": "p", "PolicyArn": arn }], "IsTruncated": false });
    assert_eq!(found(DialectId::Aws, "ListAttachedUserPolicies", &item("arn:aws:iam::aws:policy/x/p")), []);
    let at = "AttachedPolicies[0].PolicyArn".to_owned();
    let wrong = item("arn:aws:iam::aws:policy/x/q");
    assert_eq!(found(DialectId::Aws, "ListAttachedUserPolicies", &wrong), [("shape.arn-names-resource", at)]);
}

#[test]
fn the_same_breach_of_many_items_is_found_once() {
    let mut users: Vec<Value> = ["a", "b", "c"].map(user).to_vec();
    users.iter_mut().for_each(|u| u["UserId"] = json!("x"));
    let list = json!({ "Users": users, "IsTruncated": false });
    let at = "Users[0].UserId".to_owned();
    assert_eq!(found(DialectId::Aws, "ListUsers", &list), [("shape.id", at.clone()), ("shape.id-prefix", at)]);
}

#[test]
fn dialects_differ_in_what_they_declare() {
    let tagged = with(json!({ "User": user("u") }), "/User/Tags", json!([]));
    assert_eq!(found(DialectId::Aws, "GetUser", &tagged), []);
    assert_eq!(found(DialectId::Eim, "GetUser", &tagged), [("shape.undeclared-element", "User.Tags".to_owned())]);
    let long = with(policy(), "/Policy/PolicyId", json!(format!("ANPA{}", "A".repeat(29))));
    assert_eq!(found(DialectId::Eim, "GetPolicy", &long), [("shape.policy-id-length", "Policy.PolicyId".to_owned())]);
    let empty_marker = json!({ "Users": [], "IsTruncated": false, "Marker": "" });
    assert_eq!(found(DialectId::Ecs, "ListUsers", &empty_marker), []);
}

#[test]
fn a_profile_replaces_patterns() {
    let of = |name: &str, pattern: &str| Patterns::new(DialectId::Aws, &BTreeMap::from([(name.to_owned(), pattern.to_owned())]));
    let patterns = of("id", "AIDA[0-9]+").expect("compiles");
    assert!(patterns.id.matches("AIDA1") && !patterns.id.matches("AIDAABCDEFGHIJKLMNOP2"));
    assert!(of("arm", ".*").expect_err("unknown").contains("'arm': one of id, arn"));
    assert!(of("arn", "(").expect_err("broken").contains("pattern 'arn' cannot be compiled"));
}

#[test]
fn request_ids_have_the_form_of_the_dialect() {
    for (dialect, id, good) in [
        (DialectId::Aws, "7a62c49f-347e-4fc4-9331-6e8eEXAMPLE0", false),
        (DialectId::Aws, "7a62c49f-347e-4fc4-9331-6e8e00112233", true),
        (DialectId::Ecs, "0af9f5b8:171648dacb1:1a9f0:70", true),
        (DialectId::Ecs, "7a62c49f-347e-4fc4-9331-6e8e00112233", false),
        (DialectId::Eim, "anything", true),
    ] {
        assert_eq!(check_request_id(Some(id), &patterns(dialect)).is_none(), good, "{id} on {dialect}");
    }
    assert_eq!(check_request_id(None, &patterns(DialectId::Aws)), None);
}

#[test]
fn eim_is_not_held_to_what_its_reference_does_not_promise() {
    for rule in [req::SHAPE__REQUIRED_MEMBER, req::SHAPE__ALWAYS_MEMBER, req::SHAPE__LIST_PRESENT, req::WIRE__REQUEST_ID] {
        assert_eq!((rule.get().level(DialectId::Aws), rule.get().level(DialectId::Eim)), (Level::Must, Level::Should), "{rule:?}");
    }
    assert_eq!(req::SHAPE__DATE_WHOLE_SECONDS.get().level(DialectId::Aws), Level::May);
    assert_eq!(req::SHAPE__NAMES_ORDER.get().level(DialectId::Aws), Level::May);
}
