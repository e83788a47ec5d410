use serde_json::{Value, json};

use crate::api::{DialectId, Req, req};
use crate::reference::policy_testing::{DOCUMENT, World};

/// Actions, owner's parameter and rules of one kind of owner, so that one test does for both.
struct Kind {
    word: &'static str,
    parameter: &'static str,
    put: &'static str,
    get: &'static str,
    delete: &'static str,
    list: &'static str,
    attach: &'static str,
    most: usize,
    unknown_owner: [Req; 4],
    unknown_policy: [Req; 2],
    overwrites: Req,
    size: Req,
    document: Req,
    removes: Req,
    inline_only: Req,
}

const KINDS: [Kind; 2] = [
    Kind {
        word: "user",
        parameter: "UserName",
        put: "PutUserPolicy",
        get: "GetUserPolicy",
        delete: "DeleteUserPolicy",
        list: "ListUserPolicies",
        attach: "AttachUserPolicy",
        most: 2048,
        unknown_owner: [
            req::PUT_USER_POLICY__UNKNOWN_USER,
            req::GET_USER_POLICY__UNKNOWN_USER,
            req::DELETE_USER_POLICY__UNKNOWN_USER,
            req::LIST_USER_POLICIES__UNKNOWN_USER,
        ],
        unknown_policy: [req::GET_USER_POLICY__UNKNOWN_POLICY, req::DELETE_USER_POLICY__UNKNOWN_POLICY],
        overwrites: req::PUT_USER_POLICY__OVERWRITES,
        size: req::PUT_USER_POLICY__SIZE,
        document: req::GET_USER_POLICY__DOCUMENT,
        removes: req::DELETE_USER_POLICY__REMOVES,
        inline_only: req::LIST_USER_POLICIES__INLINE_ONLY,
    },
    Kind {
        word: "group",
        parameter: "GroupName",
        put: "PutGroupPolicy",
        get: "GetGroupPolicy",
        delete: "DeleteGroupPolicy",
        list: "ListGroupPolicies",
        attach: "AttachGroupPolicy",
        most: 5120,
        unknown_owner: [
            req::PUT_GROUP_POLICY__UNKNOWN_GROUP,
            req::GET_GROUP_POLICY__UNKNOWN_GROUP,
            req::DELETE_GROUP_POLICY__UNKNOWN_GROUP,
            req::LIST_GROUP_POLICIES__UNKNOWN_GROUP,
        ],
        unknown_policy: [req::GET_GROUP_POLICY__UNKNOWN_POLICY, req::DELETE_GROUP_POLICY__UNKNOWN_POLICY],
        overwrites: req::PUT_GROUP_POLICY__OVERWRITES,
        size: req::PUT_GROUP_POLICY__SIZE,
        document: req::GET_GROUP_POLICY__DOCUMENT,
        removes: req::DELETE_GROUP_POLICY__REMOVES,
        inline_only: req::LIST_GROUP_POLICIES__INLINE_ONLY,
    },
];

/// An account with a user and a group, both called X.
fn world(dialect: DialectId) -> World {
    let mut world = World::new(dialect);
    world.user("X");
    world.group("X", &[]);
    world
}

fn put(world: &mut World, kind: &Kind, name: &str, document: &str) {
    assert_eq!(world.ok(kind.put, &[(kind.parameter, "x"), ("PolicyName", name), ("PolicyDocument", document)]), json!({}));
}

fn names(world: &mut World, kind: &Kind) -> Value {
    world.ok(kind.list, &[(kind.parameter, "X")])["PolicyNames"].take()
}

#[test]
fn put_get_list_delete() {
    for kind in &KINDS {
        let mut world = world(DialectId::Aws);
        assert_eq!(world.ok(kind.list, &[(kind.parameter, "X")]), json!({ "PolicyNames": [], "IsTruncated": false }));
        put(&mut world, kind, "b", DOCUMENT);
        let other = format!(" {DOCUMENT}\n");
        put(&mut world, kind, "a", &other);
        assert_eq!(names(&mut world, kind), json!(["a", "b"]));
        let of_a = [(kind.parameter, "x"), ("PolicyName", "a")];
        assert_eq!(world.ok(kind.get, &of_a), json!({ kind.parameter: "X", "PolicyName": "a", "PolicyDocument": other }));
        put(&mut world, kind, "a", DOCUMENT);
        assert_eq!(world.ok(kind.get, &of_a)["PolicyDocument"], DOCUMENT);
        world.faults.broken = Some(kind.overwrites);
        put(&mut world, kind, "a", &other);
        assert_eq!(world.ok(kind.get, &of_a)["PolicyDocument"], DOCUMENT);
        world.faults.broken = Some(kind.document);
        assert_ne!(world.ok(kind.get, &of_a)["PolicyDocument"], DOCUMENT);
        world.faults.broken = Some(kind.removes);
        world.ok(kind.delete, &of_a);
        world.faults.broken = None;
        assert_eq!(world.ok(kind.delete, &of_a), json!({}));
        assert_eq!(names(&mut world, kind), json!(["b"]));
    }
}

#[test]
fn attached_policies_are_not_inline() {
    for kind in &KINDS {
        let mut world = world(DialectId::Aws);
        let arn = world.policy("managed", DOCUMENT);
        world.ok(kind.attach, &[(kind.parameter, "X"), ("PolicyArn", &arn)]);
        assert_eq!(names(&mut world, kind), json!([]));
        world.faults.broken = Some(kind.inline_only);
        assert_eq!(names(&mut world, kind), json!(["managed"]));
    }
}

#[test]
fn what_does_not_exist() {
    for kind in &KINDS {
        let mut world = world(DialectId::Aws);
        let nobody = [(kind.parameter, "nobody"), ("PolicyName", "p"), ("PolicyDocument", DOCUMENT)];
        for (action, rule) in [kind.put, kind.get, kind.delete, kind.list].into_iter().zip(kind.unknown_owner) {
            world.faults.broken = None;
            let text = format!("The {} with name nobody cannot be found.", kind.word);
            assert_eq!(world.refused(action, &nobody), ("404 NoSuchEntity".into(), text), "{action}");
            world.faults.broken = Some(rule);
            assert_ne!(world.refused(action, &nobody).0, "404 NoSuchEntity", "{action}");
        }
        let text = format!("The {} policy with name p cannot be found.", kind.word);
        world.faults.broken = Some(req::INLINE_POLICY__OWNER_FIRST);
        assert_eq!(world.refused(kind.get, &nobody).1, text);
        let absent = [(kind.parameter, "X"), ("PolicyName", "p")];
        for (action, rule) in [kind.get, kind.delete].into_iter().zip(kind.unknown_policy) {
            world.faults.broken = None;
            assert_eq!(world.refused(action, &absent), ("404 NoSuchEntity".into(), text.clone()), "{action}");
            world.faults.broken = Some(rule);
            assert_ne!(world.refused(action, &absent).0, "404 NoSuchEntity", "{action}");
        }
    }
}

#[test]
fn documents_of_an_owner_add_up() {
    for kind in &KINDS {
        let mut world = world(DialectId::Aws);
        let own = DOCUMENT.len();
        let filler = |n: usize| DOCUMENT.replacen('{', &format!(r#"{{   "Id":"{}","#, "x".repeat(n - own - r#""Id":"","#.len())), 1);
        put(&mut world, kind, "small", DOCUMENT);
        put(&mut world, kind, "rest", &filler(kind.most - own));
        put(&mut world, kind, "rest", &filler(kind.most - own));
        let more = filler(kind.most - own + 1);
        let params = [(kind.parameter, "x"), ("PolicyName", "rest"), ("PolicyDocument", more.as_str())];
        let text = format!("Maximum policy size of {} bytes exceeded for {} X", kind.most, kind.word);
        assert_eq!(world.refused(kind.put, &params), ("409 LimitExceeded".into(), text));
        world.faults.broken = Some(kind.size);
        world.ok(kind.put, &params);
    }
}

#[test]
fn documents_are_checked_and_may_be_old() {
    for kind in &KINDS {
        let mut world = world(DialectId::Eim);
        let malformed = [(kind.parameter, "X"), ("PolicyName", "p"), ("PolicyDocument", r#"{"Version":"2012-10-17"}"#)];
        assert_eq!(world.refused(kind.put, &malformed).0, "400 MalformedPolicyDocument");
        put(&mut world, kind, "p", &DOCUMENT.replace("2012", "2008"));
    }
}

#[test]
fn pages_where_the_dialect_has_them() {
    for kind in &KINDS {
        let mut world = world(DialectId::Eim);
        for name in ["a", "b", "c"] {
            put(&mut world, kind, name, DOCUMENT);
        }
        let answer = world.ok(kind.list, &[(kind.parameter, "X"), ("MaxItems", "2")]);
        match kind.word {
            "user" => assert_eq!(answer, json!({ "PolicyNames": ["a", "b", "c"] })),
            _ => assert!(answer["PolicyNames"] == json!(["a", "b"]) && answer["IsTruncated"] == true, "{answer}"),
        }
    }
}
