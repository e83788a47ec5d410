use crate::api::{DialectId, Req, req};
use crate::reference::Principal;
use crate::reference::policy_testing::World;

/// Parameters of a call.
type Pairs<'a> = &'a [(&'a str, &'a str)];

const DENIED: &str = "403 AccessDenied";

fn statement(effect: &str, elements: &str) -> String {
    format!(r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"{effect}",{elements}}}]}}"#)
}

fn allow(elements: &str) -> String {
    statement("Allow", elements)
}

/// An account with the users Ada and Bob, Ada calling and holding those inline documents.
fn world(documents: &[&str]) -> World {
    let mut world = World::new(DialectId::Aws);
    let ada = world.user("Ada");
    world.user("Bob");
    for (i, document) in documents.iter().enumerate() {
        world.ok("PutUserPolicy", &[("UserName", "Ada"), ("PolicyName", &format!("p{i}")), ("PolicyDocument", document)]);
    }
    world.caller = ada;
    world
}

fn may(world: &mut World, action: &str, params: &[(&str, &str)]) -> bool {
    match world.call(action, params) {
        Err(error) => error.code != "AccessDenied",
        Ok(_) => true,
    }
}

/// What Ada may with those documents, and whether that changes with the rule broken.
fn ada_may(documents: &[&str], broken: Option<Req>, action: &str, params: &[(&str, &str)]) -> bool {
    let mut world = world(documents);
    world.faults.broken = broken;
    may(&mut world, action, params)
}

#[test]
fn a_user_starts_with_nothing_and_is_told_what_it_may_not() {
    let mut world = world(&[]);
    let (code, text) = world.refused("ListGroupPolicies", &[("GroupName", "Staff")]);
    assert_eq!(code, DENIED);
    let account = "arn:aws:iam::123456789012";
    let named = format!("User: {account}:user/Ada is not authorized to perform: iam:ListGroupPolicies on resource: {account}:group/Staff");
    assert!(text.starts_with(&named), "{text}");
    world.faults.broken = Some(req::AUTHORIZATION__DENIAL_NAMES_WHAT);
    assert_eq!(world.refused("GetPolicy", &[("PolicyArn", "arn:aws:iam::1:policy/x")]), (DENIED.into(), "Access denied.".into()));
    world.faults.broken = Some(req::AUTHORIZATION__DEFAULT_DENY);
    assert!(may(&mut world, "ListGroupPolicies", &[("GroupName", "Staff")]));
}

#[test]
fn the_account_may_everything() {
    let mut world = World::new(DialectId::Ecs);
    assert!(may(&mut world, "ListPolicies", &[]));
    world.faults.broken = Some(req::AUTHORIZATION__ROOT);
    assert_eq!(world.refused("ListPolicies", &[]).0, DENIED);
    world.faults.broken = None;
    world.caller = Principal::User { id: "AIDAGONE".into() };
    assert_eq!(world.refused("ListPolicies", &[]).0, DENIED);
}

/// Rule, Ada's documents, a call that she may make, a call that she may not. With the rule broken one of the two turns.
type Row = (Req, Vec<String>, &'static str, &'static [(&'static str, &'static str)], &'static str, &'static [(&'static str, &'static str)]);

#[test]
fn elements_of_a_statement() {
    const NAMES_OF_BOB: (&str, &[(&str, &str)]) = ("ListUserPolicies", &[("UserName", "Bob")]);
    const OWN_NAMES: (&str, &[(&str, &str)]) = ("ListUserPolicies", &[("UserName", "Ada")]);
    const ALL: (&str, &[(&str, &str)]) = ("ListPolicies", &[]);
    let any = r#""Resource":"*""#;
    let rows: Vec<Row> = [
        (req::AUTHORIZATION__ACTION, vec![allow(&format!(r#""Action":"iam:ListPolicies",{any}"#))], ALL, OWN_NAMES),
        (req::AUTHORIZATION__ACTION_WILDCARDS, vec![allow(&format!(r#""Action":"iam:*User?olicies",{any}"#))], OWN_NAMES, ALL),
        (req::AUTHORIZATION__ACTION_IGNORES_CASE, vec![allow(&format!(r#""Action":"IAM:listpolicies",{any}"#))], ALL, OWN_NAMES),
        (req::AUTHORIZATION__NOT_ACTION, vec![allow(&format!(r#""NotAction":["iam:ListUser*"],{any}"#))], ALL, OWN_NAMES),
        (
            req::AUTHORIZATION__RESOURCE,
            vec![allow(r#""Action":"iam:ListUserPolicies","Resource":"arn:aws:iam::123456789012:user/Ada""#)],
            OWN_NAMES,
            NAMES_OF_BOB,
        ),
        (
            req::AUTHORIZATION__RESOURCE_WILDCARDS,
            vec![allow(r#""Action":"iam:ListUserPolicies","Resource":"arn:aws:iam::*:user/A??""#)],
            OWN_NAMES,
            NAMES_OF_BOB,
        ),
        (
            req::AUTHORIZATION__NOT_RESOURCE,
            vec![allow(r#""Action":"iam:List*","NotResource":"arn:aws:iam::123456789012:user/Bob""#)],
            OWN_NAMES,
            NAMES_OF_BOB,
        ),
        (
            req::AUTHORIZATION__POLICY_VARIABLES,
            vec![allow(r#""Action":"iam:*","Resource":"arn:aws:iam::123456789012:user/${aws:username}""#)],
            OWN_NAMES,
            NAMES_OF_BOB,
        ),
        (
            req::AUTHORIZATION__EXPLICIT_DENY,
            vec![
                allow(&format!(r#""Action":"*",{any}"#)),
                statement("Deny", r#""Action":"iam:List*","Resource":"arn:aws:iam::123456789012:user/Bob""#),
            ],
            OWN_NAMES,
            NAMES_OF_BOB,
        ),
        (
            req::AUTHORIZATION__CONDITION,
            vec![
                allow(&format!(r#""Action":"iam:ListPolicies",{any},"Condition":{{"IpAddress":{{"aws:SourceIp":"127.0.0.1"}}}}"#)),
                allow(&format!(r#""Action":"iam:List*",{any},"Condition":{{"StringEquals":{{"aws:username":"Eve"}}}}"#)),
            ],
            ALL,
            OWN_NAMES,
        ),
        (
            req::AUTHORIZATION__CONDITION_ALL_KEYS,
            vec![
                allow(&format!(
                    r#""Action":"iam:ListPolicies",{any},"Condition":{{"StringLike":{{"aws:userid":"AIDA*","aws:username":"A*"}}}}"#
                )),
                allow(&format!(r#""Action":"iam:List*",{any},"Condition":{{"StringLike":{{"aws:userid":"AIDA*","aws:username":"B*"}}}}"#)),
            ],
            ALL,
            OWN_NAMES,
        ),
    ]
    .into_iter()
    .map(|(rule, documents, (can, with), (cannot, but))| (rule, documents, can, with, cannot, but))
    .collect();
    for (rule, documents, can, with, cannot, but) in rows {
        let documents: Vec<&str> = documents.iter().map(String::as_str).collect();
        assert!(ada_may(&documents, None, can, with), "{rule:?}: {can} {with:?}");
        assert!(!ada_may(&documents, None, cannot, but), "{rule:?}: {cannot} {but:?}");
        let turned = !ada_may(&documents, Some(rule), can, with) || ada_may(&documents, Some(rule), cannot, but);
        assert!(turned, "{rule:?} makes a difference");
    }
}

#[test]
fn variables_need_the_newer_version() {
    let document = r#"{"Statement":{"Effect":"Allow","Action":"iam:*","Resource":"arn:aws:iam::123456789012:user/${aws:username}"}}"#;
    assert!(!ada_may(&[document], None, "ListUserPolicies", &[("UserName", "Ada")]));
}

/// Where a policy may come from, with the rule that looks there.
#[test]
fn sources_of_permission() {
    let rules = [
        req::AUTHORIZATION__USER_INLINE,
        req::AUTHORIZATION__USER_ATTACHED,
        req::AUTHORIZATION__GROUP_INLINE,
        req::AUTHORIZATION__GROUP_ATTACHED,
    ];
    let document = allow(r#""Action":"iam:ListPolicies","Resource":"*""#);
    for (i, rule) in rules.into_iter().enumerate() {
        let mut world = World::new(DialectId::Eim);
        let ada = world.user("Ada");
        let bob = world.user("Bob");
        world.group("Staff", &[&ada]);
        let arn = world.policy("lists", &document);
        match i {
            0 => world.ok("PutUserPolicy", &[("UserName", "Ada"), ("PolicyName", "p"), ("PolicyDocument", &document)]),
            1 => world.ok("AttachUserPolicy", &[("UserName", "Ada"), ("PolicyArn", &arn)]),
            2 => world.ok("PutGroupPolicy", &[("GroupName", "Staff"), ("PolicyName", "p"), ("PolicyDocument", &document)]),
            _ => world.ok("AttachGroupPolicy", &[("GroupName", "Staff"), ("PolicyArn", &arn)]),
        };
        world.caller = bob;
        assert!(!may(&mut world, "ListPolicies", &[]), "{rule:?}: others gain nothing");
        world.caller = ada.clone();
        assert!(may(&mut world, "ListPolicies", &[]), "{rule:?}");
        for other in rules {
            world.faults.broken = Some(other);
            assert_eq!(may(&mut world, "ListPolicies", &[]), other != rule, "{rule:?} without {other:?}");
        }
        world.faults.broken = None;
        if let Some(group) = world.account.groups.get_mut("staff") {
            group.members.clear();
        }
        assert_eq!(may(&mut world, "ListPolicies", &[]), i < 2, "{rule:?} after leaving the group");
    }
}

#[test]
fn the_default_version_holds() {
    let mut world = World::new(DialectId::Aws);
    let ada = world.user("Ada");
    let arn = world.policy("p", &allow(r#""Action":"iam:GetPolicy","Resource":"*""#));
    let lists = allow(r#""Action":"iam:ListPolicies","Resource":"*""#);
    world.ok("CreatePolicyVersion", &[("PolicyArn", &arn), ("PolicyDocument", &lists)]);
    world.ok("AttachUserPolicy", &[("UserName", "Ada"), ("PolicyArn", &arn)]);
    world.caller = ada.clone();
    assert!(may(&mut world, "GetPolicy", &[("PolicyArn", &arn)]) && !may(&mut world, "ListPolicies", &[]));
    world.faults.broken = Some(req::AUTHORIZATION__DEFAULT_VERSION);
    assert!(may(&mut world, "ListPolicies", &[]));
    world.faults.broken = None;
    world.caller = Principal::Root;
    world.ok("SetDefaultPolicyVersion", &[("PolicyArn", &arn), ("VersionId", "v2")]);
    world.caller = ada;
    assert!(!may(&mut world, "GetPolicy", &[("PolicyArn", &arn)]) && may(&mut world, "ListPolicies", &[]));
}

#[test]
fn a_boundary_bounds() {
    let everything = allow(r#""Action":"*","Resource":"*""#);
    let mut world = world(&[&everything]);
    let ada = std::mem::replace(&mut world.caller, Principal::Root);
    let arn = world.policy("bounds", &allow(r#""Action":"iam:GetPolicy","Resource":"*""#));
    if let Some(user) = world.account.users.get_mut("ada") {
        user.boundary = Some(arn.clone());
    }
    world.caller = ada;
    assert!(may(&mut world, "GetPolicy", &[("PolicyArn", &arn)]));
    let (code, text) = world.refused("ListPolicies", &[]);
    assert!(code == DENIED && text.ends_with("because no permissions boundary allows the iam:ListPolicies action"), "{text}");
    world.faults.broken = Some(req::AUTHORIZATION__PERMISSIONS_BOUNDARY);
    assert!(may(&mut world, "ListPolicies", &[]));
    world.faults.broken = None;
    if let Some(user) = world.account.users.get_mut("ada") {
        user.boundary = Some("arn:aws:iam::123456789012:policy/gone".into());
    }
    assert!(!may(&mut world, "GetPolicy", &[("PolicyArn", &arn)]), "a boundary that does not exist allows nothing");
}

#[test]
fn permission_comes_first() {
    let mut world = world(&[]);
    let absent = [("UserName", "nobody"), ("PolicyName", "p")];
    assert_eq!(world.refused("GetUserPolicy", &absent).0, DENIED);
    assert_eq!(world.refused("GetUserPolicy", &[]).0, DENIED);
    world.faults.broken = Some(req::AUTHORIZATION__BEFORE_EXISTENCE);
    assert_eq!(world.refused("GetUserPolicy", &absent).0, "404 NoSuchEntity");
    assert_eq!(world.refused("GetUserPolicy", &[("UserName", "Bob"), ("PolicyName", "p")]).0, DENIED);
    world.faults.broken = Some(req::AUTHORIZATION__BEFORE_PARAMETERS);
    assert_eq!(world.refused("GetUserPolicy", &[]).0, "400 ValidationError");
    assert_eq!(world.refused("GetUserPolicy", &absent).0, DENIED);
}

#[test]
fn what_a_call_is_about() {
    let account = "arn:aws:iam::123456789012";
    let own_policy = format!("{account}:policy/x");
    let rows: [(&str, Pairs<'_>, String); 8] = [
        ("GetUser", &[], format!("{account}:user/Ada")),
        ("CreateUser", &[("UserName", "new"), ("Path", "/dev/")], format!("{account}:user/dev/new")),
        ("DeleteUser", &[("UserName", "BOB")], format!("{account}:user/Bob")),
        ("AddUserToGroup", &[("UserName", "Bob"), ("GroupName", "none")], format!("{account}:group/none")),
        ("AttachUserPolicy", &[("UserName", "Bob"), ("PolicyArn", &own_policy)], format!("{account}:user/Bob")),
        ("DeletePolicy", &[("PolicyArn", &own_policy)], own_policy.clone()),
        ("CreatePolicy", &[("PolicyName", "p"), ("Path", "/a/")], format!("{account}:policy/a/p")),
        ("GetServerCertificate", &[("ServerCertificateName", "c")], format!("{account}:server-certificate/c")),
    ];
    for (action, params, resource) in rows {
        let (_, text) = world(&[]).refused(action, params);
        assert!(text.contains(&format!("on resource: {resource} because")), "{action}: {text}");
    }
    assert!(world(&[]).refused("ListUsers", &[]).1.contains("on resource: * because"));
}

#[test]
fn conditions_see_the_call() {
    let arn = "arn:aws:iam::aws:policy/ReadOnlyAccess";
    let attach = |condition: &str| allow(&format!(r#""Action":"iam:*","Resource":"*","Condition":{condition}"#));
    let params = [("UserName", "Bob"), ("PolicyArn", arn)];
    assert!(ada_may(&[&attach(r#"{"ArnEquals":{"iam:PolicyARN":"arn:aws:iam::aws:policy/Read*"}}"#)], None, "AttachUserPolicy", &params));
    assert!(!ada_may(&[&attach(r#"{"ArnEquals":{"iam:PolicyARN":"arn:aws:iam::aws:policy/Admin*"}}"#)], None, "AttachUserPolicy", &params));
    let tagged = [("UserName", "new"), ("Tags.member.1.Key", "team"), ("Tags.member.1.Value", "red")];
    let only_team = attach(r#"{"ForAllValues:StringEquals":{"aws:TagKeys":"team"},"StringEquals":{"aws:RequestTag/team":"red"}}"#);
    assert!(ada_may(&[&only_team], None, "CreateUser", &tagged));
    assert!(!ada_may(
        &[&only_team],
        None,
        "CreateUser",
        &[("UserName", "new"), ("Tags.member.1.Key", "x"), ("Tags.member.1.Value", "red")]
    ));
}
