use serde_json::{Value, json};

use crate::api::{DialectId, Req, req};
use crate::reference::policy_testing::{DOCUMENT, World};

/// An account with a policy `p`, and its ARN.
fn world() -> (World, String) {
    let mut world = World::new(DialectId::Aws);
    let arn = world.policy("p", DOCUMENT);
    (world, arn)
}

fn add(world: &mut World, arn: &str, default: &str) -> Value {
    let params = [("PolicyArn", arn), ("PolicyDocument", DOCUMENT), ("SetAsDefault", default)];
    world.ok("CreatePolicyVersion", &params)["PolicyVersion"].take()
}

fn default(world: &mut World, arn: &str) -> Value {
    world.ok("GetPolicy", &[("PolicyArn", arn)])["Policy"]["DefaultVersionId"].take()
}

fn versions(world: &mut World, arn: &str) -> Vec<Value> {
    world.ok("ListPolicyVersions", &[("PolicyArn", arn)])["Versions"].as_array().expect("a list").clone()
}

fn ids(world: &mut World, arn: &str) -> Vec<String> {
    versions(world, arn).iter().map(|v| v["VersionId"].as_str().expect("an id").to_owned()).collect()
}

#[test]
fn a_new_version() {
    let (mut world, arn) = world();
    world.now += 60;
    let made = world.ok("CreatePolicyVersion", &[("PolicyArn", &arn), ("PolicyDocument", DOCUMENT)]);
    assert_eq!(made, json!({ "PolicyVersion": { "VersionId": "v2", "IsDefaultVersion": false, "CreateDate": "2027-01-15T08:01:00Z" } }));
    assert_eq!(default(&mut world, &arn), "v1");
    assert_eq!(world.ok("GetPolicy", &[("PolicyArn", &arn)])["Policy"]["UpdateDate"], "2027-01-15T08:01:00Z");
    assert_eq!(add(&mut world, &arn, "true")["IsDefaultVersion"], true);
    assert_eq!(default(&mut world, &arn), "v3");
    assert_eq!(add(&mut world, &arn, "false")["IsDefaultVersion"], false);
    for (rule, asked, stays) in
        [(req::CREATE_POLICY_VERSION__SET_AS_DEFAULT, "true", true), (req::CREATE_POLICY_VERSION__DEFAULT_STAYS, "false", false)]
    {
        let (mut world, arn) = self::world();
        world.faults.broken = Some(rule);
        add(&mut world, &arn, asked);
        assert_eq!(default(&mut world, &arn) == "v1", stays, "{rule:?}");
    }
    let (mut world, arn) = self::world();
    world.faults.broken = Some(req::CREATE_POLICY_VERSION__UPDATE_DATE);
    world.now += 60;
    add(&mut world, &arn, "true");
    assert_eq!(world.ok("GetPolicy", &[("PolicyArn", &arn)])["Policy"]["UpdateDate"], "2027-01-15T08:00:00Z");
    world.faults.broken = Some(req::CREATE_POLICY_VERSION__NO_DOCUMENT);
    assert_eq!(add(&mut world, &arn, "false")["Document"], DOCUMENT);
}

#[test]
fn five_at_most_and_numbers_that_only_rise() {
    let (mut world, arn) = world();
    for _ in 0..4 {
        add(&mut world, &arn, "false");
    }
    let sixth = [("PolicyArn", arn.as_str()), ("PolicyDocument", DOCUMENT)];
    let (code, text) = world.refused("CreatePolicyVersion", &sixth);
    assert!(code == "409 LimitExceeded" && text.starts_with("A managed policy can have up to 5 versions."), "{code} {text}");
    let full = world.account.clone();
    world.faults.broken = Some(req::CREATE_POLICY_VERSION__AT_MOST);
    world.ok("CreatePolicyVersion", &sixth);
    world.account = full;
    world.faults.broken = None;
    world.ok("DeletePolicyVersion", &[("PolicyArn", &arn), ("VersionId", "v5")]);
    let four = world.account.clone();
    assert_eq!(add(&mut world, &arn, "false")["VersionId"], "v6");
    assert_eq!(ids(&mut world, &arn), ["v6", "v4", "v3", "v2", "v1"]);
    world.account = four;
    world.faults.broken = Some(req::CREATE_POLICY_VERSION__NUMBERS_RISE);
    assert_eq!(add(&mut world, &arn, "false")["VersionId"], "v5");
}

#[test]
fn documents_come_back_to_the_letter() {
    let (mut world, _) = world();
    let odd = "{\r\n\t\"Statement\" : {\"Resource\":\"*\",\"Sid\":\"50%25 é\",\"Effect\":\"Allow\",\"Action\":[\"iam:Get*\"]}, \"Version\":\"2012-10-17\"}";
    let arn = world.policy("odd", odd);
    let version = [("PolicyArn", arn.as_str()), ("VersionId", "v1")];
    let got = world.ok("GetPolicyVersion", &version)["PolicyVersion"].take();
    assert_eq!(got, json!({ "Document": odd, "VersionId": "v1", "IsDefaultVersion": true, "CreateDate": "2027-01-15T08:00:00Z" }));
    world.faults.broken = Some(req::GET_POLICY_VERSION__DOCUMENT);
    assert_ne!(world.ok("GetPolicyVersion", &version)["PolicyVersion"]["Document"], odd);
}

#[test]
fn lists() {
    let (mut world, arn) = world();
    for _ in 0..3 {
        add(&mut world, &arn, "true");
    }
    let listed = versions(&mut world, &arn);
    assert!(listed.iter().all(|v| v.get("Document").is_none()) && listed[0]["IsDefaultVersion"] == true, "{listed:?}");
    assert_eq!(ids(&mut world, &arn), ["v4", "v3", "v2", "v1"]);
    let page = world.ok("ListPolicyVersions", &[("PolicyArn", &arn), ("MaxItems", "3")]);
    let rest = [("PolicyArn", arn.as_str()), ("Marker", page["Marker"].as_str().expect("a marker"))];
    assert_eq!(world.ok("ListPolicyVersions", &rest)["Versions"][0]["VersionId"], "v1");
    world.faults.broken = Some(req::LIST_POLICY_VERSIONS__NEWEST_FIRST);
    assert_eq!(ids(&mut world, &arn), ["v1", "v2", "v3", "v4"]);
    world.faults.broken = Some(req::LIST_POLICY_VERSIONS__NO_DOCUMENT);
    assert_eq!(versions(&mut world, &arn)[0]["Document"], DOCUMENT);
    let mut world = World::new(DialectId::Ecs);
    let arn = world.policy("p", DOCUMENT);
    assert_eq!(versions(&mut world, &arn)[0]["Document"], DOCUMENT);
}

#[test]
fn deletion() {
    let (mut world, arn) = world();
    add(&mut world, &arn, "true");
    let of = |id: &'static str| [("PolicyArn", arn.clone()), ("VersionId", id.to_owned())];
    let call = |world: &mut World, id| {
        let params = of(id);
        let params: Vec<(&str, &str)> = params.iter().map(|(n, v)| (*n, v.as_str())).collect();
        world.call("DeletePolicyVersion", &params).map_err(|e| (e.code, e.message))
    };
    let refusal = Err(("DeleteConflict".to_owned(), "Cannot delete the default version of a policy.".to_owned()));
    assert_eq!(call(&mut world, "v2"), refusal);
    world.faults.broken = Some(req::DELETE_POLICY_VERSION__REMOVES);
    assert!(call(&mut world, "v1").is_ok() && ids(&mut world, &arn).len() == 2);
    world.faults.broken = None;
    assert!(call(&mut world, "v1").is_ok());
    assert_eq!(ids(&mut world, &arn), ["v2"]);
    world.faults.broken = Some(req::DELETE_POLICY_VERSION__NOT_THE_DEFAULT);
    assert!(call(&mut world, "v2").is_ok());
}

#[test]
fn the_default_moves_both_ways() {
    let (mut world, arn) = world();
    add(&mut world, &arn, "false");
    let set = |world: &mut World, id: &str| world.ok("SetDefaultPolicyVersion", &[("PolicyArn", &arn), ("VersionId", id)]);
    for (rule, id) in [(req::SET_DEFAULT_POLICY_VERSION__MOVES, "v2"), (req::SET_DEFAULT_POLICY_VERSION__BACK, "v1")] {
        let before = default(&mut world, &arn);
        world.faults.broken = Some(rule);
        set(&mut world, id);
        assert_eq!(default(&mut world, &arn), before, "{rule:?}");
        world.faults.broken = None;
        assert_eq!(set(&mut world, id), json!({}));
        assert_eq!(default(&mut world, &arn), id);
        let marked: Vec<Value> = versions(&mut world, &arn).into_iter().filter(|v| v["IsDefaultVersion"] == true).collect();
        assert!(marked.len() == 1 && marked[0]["VersionId"] == id, "{marked:?}");
    }
}

#[test]
fn unknown_policies_and_versions() {
    let (mut world, arn) = world();
    let gone = "arn:aws:iam::123456789012:policy/gone";
    let rows: [(&str, Req, Option<Req>); 3] = [
        ("GetPolicyVersion", req::GET_POLICY_VERSION__UNKNOWN_POLICY, Some(req::GET_POLICY_VERSION__UNKNOWN_VERSION)),
        ("DeletePolicyVersion", req::DELETE_POLICY_VERSION__UNKNOWN_POLICY, Some(req::DELETE_POLICY_VERSION__UNKNOWN_VERSION)),
        (
            "SetDefaultPolicyVersion",
            req::SET_DEFAULT_POLICY_VERSION__UNKNOWN_POLICY,
            Some(req::SET_DEFAULT_POLICY_VERSION__UNKNOWN_VERSION),
        ),
    ];
    for (action, policy_rule, version_rule) in rows {
        for (arn, rule) in [(gone, policy_rule), (arn.as_str(), version_rule.unwrap_or(policy_rule))] {
            let params = [("PolicyArn", arn), ("VersionId", "v9")];
            let text = format!("Policy {arn} version v9 does not exist or is not attachable.");
            world.faults.broken = None;
            assert_eq!(world.refused(action, &params), ("404 NoSuchEntity".into(), text), "{action}");
            world.faults.broken = Some(rule);
            assert_ne!(world.refused(action, &params).0, "404 NoSuchEntity", "{action}");
        }
        world.faults.broken = None;
        assert_eq!(world.refused(action, &[("PolicyArn", &arn), ("VersionId", "1")]).0, "400 ValidationError", "{action}");
        assert_eq!(world.refused(action, &[("PolicyArn", &arn), ("VersionId", "v1.x")]).0, "404 NoSuchEntity", "{action}");
    }
    for (action, rule) in [
        ("CreatePolicyVersion", req::CREATE_POLICY_VERSION__UNKNOWN_POLICY),
        ("ListPolicyVersions", req::LIST_POLICY_VERSIONS__UNKNOWN_POLICY),
    ] {
        let params = [("PolicyArn", gone), ("PolicyDocument", DOCUMENT)];
        assert_eq!(world.refused(action, &params).0, "404 NoSuchEntity", "{action}");
        world.faults.broken = Some(rule);
        assert_ne!(world.refused(action, &params).0, "404 NoSuchEntity", "{action}");
        world.faults.broken = None;
    }
    let malformed = [("PolicyArn", arn.as_str()), ("PolicyDocument", "{}")];
    assert_eq!(world.refused("CreatePolicyVersion", &malformed).0, "400 MalformedPolicyDocument");
}
