use serde_json::{Value, json};

use crate::api::{DialectId, Req, req};
use crate::reference::policy_testing::{DOCUMENT, World};

/// Actions, owner's parameter and rules of one kind of owner, so that one test does for both.
struct Kind {
    attach: &'static str,
    detach: &'static str,
    list: &'static str,
    parameter: &'static str,
    word: &'static str,
    quota: &'static str,
    limit: &'static str,
    unknown_owner: [Req; 3],
    unknown_policy: Req,
    idempotent: Req,
    at_most: Req,
    not_attached: Req,
    removes: Req,
    path_prefix: Req,
    counts: Req,
}

const KINDS: [Kind; 2] = [
    Kind {
        attach: "AttachUserPolicy",
        detach: "DetachUserPolicy",
        list: "ListAttachedUserPolicies",
        parameter: "UserName",
        word: "user",
        quota: "Cannot exceed quota for PoliciesPerUser: 10",
        limit: "attached-policies-per-user",
        unknown_owner: [
            req::ATTACH_USER_POLICY__UNKNOWN_USER,
            req::DETACH_USER_POLICY__UNKNOWN_USER,
            req::LIST_ATTACHED_USER_POLICIES__UNKNOWN_USER,
        ],
        unknown_policy: req::ATTACH_USER_POLICY__UNKNOWN_POLICY,
        idempotent: req::ATTACH_USER_POLICY__IDEMPOTENT,
        at_most: req::ATTACH_USER_POLICY__AT_MOST,
        not_attached: req::DETACH_USER_POLICY__NOT_ATTACHED,
        removes: req::DETACH_USER_POLICY__REMOVES,
        path_prefix: req::LIST_ATTACHED_USER_POLICIES__PATH_PREFIX,
        counts: req::MANAGED_POLICY__COUNTS_USERS,
    },
    Kind {
        attach: "AttachGroupPolicy",
        detach: "DetachGroupPolicy",
        list: "ListAttachedGroupPolicies",
        parameter: "GroupName",
        word: "group",
        quota: "Cannot exceed quota for PoliciesPerGroup: 10",
        limit: "attached-policies-per-group",
        unknown_owner: [
            req::ATTACH_GROUP_POLICY__UNKNOWN_GROUP,
            req::DETACH_GROUP_POLICY__UNKNOWN_GROUP,
            req::LIST_ATTACHED_GROUP_POLICIES__UNKNOWN_GROUP,
        ],
        unknown_policy: req::ATTACH_GROUP_POLICY__UNKNOWN_POLICY,
        idempotent: req::ATTACH_GROUP_POLICY__IDEMPOTENT,
        at_most: req::ATTACH_GROUP_POLICY__AT_MOST,
        not_attached: req::DETACH_GROUP_POLICY__NOT_ATTACHED,
        removes: req::DETACH_GROUP_POLICY__REMOVES,
        path_prefix: req::LIST_ATTACHED_GROUP_POLICIES__PATH_PREFIX,
        counts: req::MANAGED_POLICY__COUNTS_GROUPS,
    },
];

/// An account with a user and a group, both called X.
fn world() -> World {
    let mut world = World::new(DialectId::Aws);
    world.user("X");
    world.group("X", &[]);
    world
}

fn count(world: &mut World, arn: &str) -> Value {
    world.ok("GetPolicy", &[("PolicyArn", arn)])["Policy"]["AttachmentCount"].take()
}

fn listed(world: &mut World, kind: &Kind, more: &[(&str, &str)]) -> Value {
    let mut params = vec![(kind.parameter, "x")];
    params.extend_from_slice(more);
    world.ok(kind.list, &params)
}

const GONE: &str = "arn:aws:iam::123456789012:policy/gone";

#[test]
fn attach_list_detach() {
    for kind in &KINDS {
        let mut world = world();
        let arn = world.policy("p", DOCUMENT);
        let both = [(kind.parameter, "X"), ("PolicyArn", arn.as_str())];
        assert_eq!(listed(&mut world, kind, &[]), json!({ "AttachedPolicies": [], "IsTruncated": false }));
        assert_eq!(world.ok(kind.attach, &both), json!({}));
        assert_eq!(world.ok(kind.attach, &both), json!({}));
        assert_eq!(count(&mut world, &arn), 1);
        let expected = json!({ "AttachedPolicies": [{ "PolicyName": "p", "PolicyArn": arn }], "IsTruncated": false });
        assert_eq!(listed(&mut world, kind, &[]), expected);
        world.faults.broken = Some(kind.counts);
        assert_eq!(count(&mut world, &arn), 0);
        world.faults.broken = Some(kind.idempotent);
        assert_eq!(world.refused(kind.attach, &both).0, "409 EntityAlreadyExists");
        world.faults.broken = Some(kind.removes);
        world.ok(kind.detach, &both);
        world.faults.broken = None;
        assert_eq!(count(&mut world, &arn), 1);
        assert_eq!(world.ok(kind.detach, &both), json!({}));
        assert_eq!(count(&mut world, &arn), 0);
        let missing = ("404 NoSuchEntity".to_owned(), format!("Policy {arn} was not found."));
        assert_eq!(world.refused(kind.detach, &both), missing);
        world.faults.broken = Some(kind.not_attached);
        world.ok(kind.detach, &both);
    }
}

#[test]
fn what_does_not_exist() {
    for kind in &KINDS {
        let mut world = world();
        let owner = [(kind.parameter, "nobody"), ("PolicyArn", GONE)];
        for (action, rule) in [kind.attach, kind.detach, kind.list].into_iter().zip(kind.unknown_owner) {
            let params = if action == kind.list { &owner[..1] } else { &owner[..] };
            world.faults.broken = None;
            let text = format!("The {} with name nobody cannot be found.", kind.word);
            assert_eq!(world.refused(action, params), ("404 NoSuchEntity".into(), text), "{action}");
            world.faults.broken = Some(rule);
            assert_ne!(world.refused(action, params).0, "404 NoSuchEntity", "{action}");
        }
        world.faults.broken = Some(req::MANAGED_POLICY__OWNER_FIRST);
        let text = format!("Policy {GONE} does not exist or is not attachable.");
        assert_eq!(world.refused(kind.attach, &owner).1, text);
        world.faults.broken = None;
        let policy = [(kind.parameter, "X"), ("PolicyArn", GONE)];
        assert_eq!(world.refused(kind.attach, &policy), ("404 NoSuchEntity".into(), text));
        assert_eq!(world.refused(kind.detach, &policy), ("404 NoSuchEntity".into(), format!("Policy {GONE} was not found.")));
        world.faults.broken = Some(kind.unknown_policy);
        assert_ne!(world.refused(kind.attach, &policy).0, "404 NoSuchEntity");
    }
}

#[test]
fn ten_at_most() {
    for kind in &KINDS {
        let mut world = world();
        let arns: Vec<String> = (0..11).map(|i| world.policy(&format!("p{i}"), DOCUMENT)).collect();
        for arn in &arns[..10] {
            world.ok(kind.attach, &[(kind.parameter, "X"), ("PolicyArn", arn)]);
        }
        let eleventh = [(kind.parameter, "X"), ("PolicyArn", arns[10].as_str())];
        assert_eq!(world.refused(kind.attach, &eleventh), ("409 LimitExceeded".into(), kind.quota.into()));
        world.ok(kind.attach, &[(kind.parameter, "X"), ("PolicyArn", &arns[3])]);
        world.account.settings.limits.insert(kind.limit.into(), 11);
        world.ok(kind.attach, &eleventh);
        world.ok(kind.detach, &eleventh);
        world.account.settings.limits.clear();
        world.faults.broken = Some(kind.at_most);
        world.ok(kind.attach, &eleventh);
    }
}

#[test]
fn lists_by_path_and_in_pages() {
    for kind in &KINDS {
        let mut world = world();
        let deep = world.ok("CreatePolicy", &[("PolicyName", "Deep"), ("PolicyDocument", DOCUMENT), ("Path", "/a/b/")]);
        let arns = [
            deep["Policy"]["Arn"].as_str().expect("an ARN").to_owned(),
            world.policy("flat", DOCUMENT),
            "arn:aws:iam::aws:policy/job-function/ViewOnlyAccess".to_owned(),
        ];
        for arn in &arns {
            world.ok(kind.attach, &[(kind.parameter, "X"), ("PolicyArn", arn)]);
        }
        assert_eq!(count(&mut world, &arns[2]), 1);
        let under = |world: &mut World, prefix| listed(world, kind, &[("PathPrefix", prefix)])["AttachedPolicies"].take();
        assert_eq!(under(&mut world, "/a/"), json!([{ "PolicyName": "Deep", "PolicyArn": arns[0] }]));
        assert_eq!(under(&mut world, "/").as_array().map(Vec::len), Some(3));
        let first = listed(&mut world, kind, &[("MaxItems", "2")]);
        assert!(first["IsTruncated"] == true && first["AttachedPolicies"][1]["PolicyName"] == "flat", "{first}");
        let rest = listed(&mut world, kind, &[("Marker", first["Marker"].as_str().expect("a marker"))]);
        assert_eq!(rest["AttachedPolicies"], json!([{ "PolicyName": "ViewOnlyAccess", "PolicyArn": arns[2] }]));
        world.faults.broken = Some(kind.path_prefix);
        assert_eq!(under(&mut world, "/a/").as_array().map(Vec::len), Some(3));
    }
}
