use serde_json::{Value, json};

use crate::api::{DialectId, Req, req};
use crate::reference::policy_testing::{DOCUMENT, World};

/// Parameters of a call.
type Pairs<'a> = &'a [(&'a str, &'a str)];

fn aws() -> World {
    World::new(DialectId::Aws)
}

fn without(rule: Req) -> World {
    World::without(DialectId::Aws, rule)
}

/// Makes `p` with further parameters and gives the Policy of the answer.
fn make(world: &mut World, more: &[(&str, &str)]) -> Value {
    let mut params = vec![("PolicyName", "p"), ("PolicyDocument", DOCUMENT)];
    params.extend_from_slice(more);
    world.ok("CreatePolicy", &params)["Policy"].take()
}

fn get(world: &mut World, arn: &str) -> Value {
    world.ok("GetPolicy", &[("PolicyArn", arn)])["Policy"].take()
}

/// Names in a list of policies.
fn names(world: &mut World, params: &[(&str, &str)]) -> Vec<String> {
    let answer = world.ok("ListPolicies", params);
    let items = answer["Policies"].as_array().expect("a list");
    items.iter().map(|p| p["PolicyName"].as_str().expect("a name").to_owned()).collect()
}

const ARN: &str = "arn:aws:iam::123456789012:policy/p";
const TAG: [(&str, &str); 2] = [("Tags.member.1.Key", "team"), ("Tags.member.1.Value", "red")];

#[test]
fn a_new_policy() {
    let mut world = aws();
    let made = make(&mut world, &[]);
    let id = made["PolicyId"].as_str().expect("an id");
    assert!(id.len() == 21 && id.starts_with("ANPA"), "{id}");
    let expected = json!({
        "PolicyName": "p", "PolicyId": id, "Arn": ARN, "Path": "/", "DefaultVersionId": "v1", "AttachmentCount": 0,
        "PermissionsBoundaryUsageCount": 0, "IsAttachable": true, "CreateDate": "2027-01-15T08:00:00Z", "UpdateDate": "2027-01-15T08:00:00Z",
    });
    assert_eq!(made, expected);
    for (rule, element) in [
        (req::CREATE_POLICY__FIRST_VERSION, "DefaultVersionId"),
        (req::CREATE_POLICY__UPDATE_DATE, "UpdateDate"),
        (req::MANAGED_POLICY__ATTACHABLE, "IsAttachable"),
    ] {
        assert_ne!(make(&mut without(rule), &[])[element], expected[element], "{rule:?}");
    }
    assert_eq!(make(&mut without(req::CREATE_POLICY__NO_TAGS_UNASKED), &[])["Tags"], json!([]));
    assert_eq!(make(&mut aws(), &[("Path", "/a/b/")])["Arn"], "arn:aws:iam::123456789012:policy/a/b/p");
    assert_eq!(make(&mut without(req::CREATE_POLICY__PATH), &[("Path", "/a/b/")])["Arn"], ARN);
}

#[test]
fn description_and_tags_are_shown_where_they_belong() {
    let mut world = aws();
    let made = make(&mut world, &[TAG[0], TAG[1], ("Description", "reads")]);
    assert!(made.get("Description").is_none() && made["Tags"] == json!([{ "Key": "team", "Value": "red" }]), "{made}");
    let got = get(&mut world, ARN);
    assert!(got["Description"] == "reads" && got["Tags"] == made["Tags"], "{got}");
    let listed = world.ok("ListPolicies", &[("Scope", "Local")])["Policies"][0].take();
    assert!(listed.get("Description").is_none() && listed.get("Tags").is_none(), "{listed}");
    for (rule, element, shown) in [
        (req::GET_POLICY__DESCRIPTION, "Description", false),
        (req::GET_POLICY__TAGS, "Tags", false),
        (req::LIST_POLICIES__NO_DESCRIPTION, "Description", true),
        (req::LIST_POLICIES__NO_TAGS, "Tags", true),
    ] {
        world.faults.broken = Some(rule);
        let seen = if shown { world.ok("ListPolicies", &[("Scope", "Local")])["Policies"][0].take() } else { get(&mut world, ARN) };
        assert_eq!(seen.get(element).is_some(), shown, "{rule:?}");
    }
    assert!(make(&mut without(req::CREATE_POLICY__NO_DESCRIPTION), &[("Description", "x")]).get("Description").is_some());
    assert!(make(&mut without(req::CREATE_POLICY__TAGS), &TAG).get("Tags").is_none());
    let mut world = aws();
    make(&mut world, &[("Description", "")]);
    let got = get(&mut world, ARN);
    assert!(got["Description"] == "" && got["Tags"] == json!([]), "{got}");
    let mut world = without(req::CREATE_POLICY__EMPTY_DESCRIPTION);
    let empty = [("PolicyName", "p"), ("PolicyDocument", DOCUMENT), ("Description", "")];
    assert_eq!(world.refused("CreatePolicy", &empty).0, "400 ValidationError");
}

#[test]
fn eim_and_ecs_leave_out_what_they_do_not_have() {
    for (dialect, arn) in [(DialectId::Eim, ARN), (DialectId::Ecs, "urn:ecs:iam::ns1:policy/p")] {
        let mut world = World::new(dialect);
        let made = make(&mut world, &[]);
        assert_eq!(made["Arn"], arn);
        let got = get(&mut world, arn);
        assert!(got.get("Tags").is_none(), "{got}");
        assert_eq!(got.get("PermissionsBoundaryUsageCount").is_some(), dialect == DialectId::Ecs, "{got}");
    }
}

#[test]
fn names_are_unique() {
    let taken = |rule: Req, name: &str, path: &str| {
        let params = [("PolicyName", name), ("PolicyDocument", DOCUMENT), ("Path", path)];
        let mut world = aws();
        make(&mut world, &[]);
        let (code, text) = world.refused("CreatePolicy", &params);
        assert_eq!(code, "409 EntityAlreadyExists");
        assert_eq!(text, format!("A policy called {name} already exists. Duplicate names are not allowed."));
        world.faults.broken = Some(rule);
        world.ok("CreatePolicy", &params);
    };
    taken(req::CREATE_POLICY__NAME_UNIQUE, "p", "/");
    taken(req::CREATE_POLICY__NAME_IGNORES_CASE, "P", "/");
    taken(req::CREATE_POLICY__NAME_UNIQUE_OVER_PATHS, "p", "/other/");
}

/// A document of exactly so many characters that count.
fn sized(characters: usize) -> String {
    let frame = DOCUMENT.replacen('{', r#"{ "Id":"","#, 1);
    let filler = "x".repeat(characters - (frame.chars().filter(|c| !c.is_whitespace()).count()));
    frame.replacen(r#""Id":"""#, &format!(r#""Id":"{filler}""#), 1)
}

#[test]
fn limits() {
    for (dialect, most) in [(DialectId::Aws, 6144), (DialectId::Eim, 5120)] {
        let mut world = World::new(dialect);
        let arn = world.policy("fits", &sized(most));
        let refusal = ("409 LimitExceeded".to_owned(), format!("Cannot exceed quota for PolicySize: {most}"));
        let long = sized(most + 1);
        assert_eq!(world.refused("CreatePolicy", &[("PolicyName", "long"), ("PolicyDocument", &long)]), refusal);
        assert_eq!(world.refused("CreatePolicyVersion", &[("PolicyArn", &arn), ("PolicyDocument", &long)]), refusal);
        world.faults.broken = Some(req::CREATE_POLICY__DOCUMENT_SIZE);
        world.policy("long", &long);
        world.faults.broken = Some(req::CREATE_POLICY_VERSION__DOCUMENT_SIZE);
        world.ok("CreatePolicyVersion", &[("PolicyArn", &arn), ("PolicyDocument", &long)]);
        world.faults.broken = Some(req::POLICY_DOCUMENT__WHITE_SPACE_NOT_COUNTED);
        assert_eq!(world.refused("CreatePolicy", &[("PolicyName", "x"), ("PolicyDocument", &sized(most))]).0, "409 LimitExceeded");
    }
    let mut world = aws();
    world.account.settings.limits.insert("policies".into(), 1);
    world.policy("one", DOCUMENT);
    let two = [("PolicyName", "two"), ("PolicyDocument", DOCUMENT)];
    assert_eq!(world.refused("CreatePolicy", &two).0, "409 LimitExceeded");
    world.faults.broken = Some(req::CREATE_POLICY__QUOTA);
    world.ok("CreatePolicy", &two);
}

#[test]
fn a_malformed_document_makes_nothing() {
    let mut world = aws();
    assert_eq!(world.refused("CreatePolicy", &[("PolicyName", "p"), ("PolicyDocument", "{}")]).0, "400 MalformedPolicyDocument");
    assert!(names(&mut world, &[("Scope", "Local")]).is_empty());
}

#[test]
fn an_arn_is_taken_to_the_letter() {
    let mut world = aws();
    make(&mut world, &[("Path", "/a/")]);
    let arn = "arn:aws:iam::123456789012:policy/a/p";
    assert_eq!(get(&mut world, arn)["Path"], "/a/");
    for other in [ARN, "arn:aws:iam::123456789012:policy/a/P", "arn:aws:iam::999999999999:policy/a/p", "arn:aws:iam::aws:policy/a/p"] {
        assert_eq!(world.refused("GetPolicy", &[("PolicyArn", other)]).0, "404 NoSuchEntity", "{other}");
        world.faults.broken = Some(req::MANAGED_POLICY__WHOLE_ARN);
        assert_eq!(get(&mut world, other)["PolicyName"], "p");
        world.faults.broken = Some(req::GET_POLICY__UNKNOWN_POLICY);
        assert_ne!(world.refused("GetPolicy", &[("PolicyArn", other)]).0, "404 NoSuchEntity");
        world.faults.broken = None;
    }
}

#[test]
fn lists() {
    for (dialect, all, provider, own) in
        [(DialectId::Aws, "All", "AWS", "Local"), (DialectId::Eim, "ALL", "OWS", "local"), (DialectId::Ecs, "All", "ECS", "Local")]
    {
        let mut world = World::new(dialect);
        world.policy("Zulu", DOCUMENT);
        let attached = world.policy("alpha", DOCUMENT);
        world.user("Ada");
        world.ok("AttachUserPolicy", &[("UserName", "Ada"), ("PolicyArn", &attached)]);
        assert_eq!(names(&mut world, &[("Scope", own)]), ["alpha", "Zulu"]);
        let provided = names(&mut world, &[("Scope", provider)]);
        assert!(provided.len() >= 2 && provided.iter().all(|n| n.starts_with("ECS") || n.ends_with("Access")), "{provided:?}");
        assert_eq!(names(&mut world, &[]).len(), provided.len() + 2);
        assert_eq!(names(&mut world, &[]), names(&mut world, &[("Scope", all)]));
        assert_eq!(names(&mut world, &[("OnlyAttached", "true")]), ["alpha"]);
        assert_eq!(names(&mut world, &[("OnlyAttached", "false"), ("Scope", own)]), ["alpha", "Zulu"]);
        for (rule, scope) in [
            (req::LIST_POLICIES__SCOPE_LOCAL, Some(own)),
            (req::LIST_POLICIES__SCOPE_PROVIDER, Some(provider)),
            (req::LIST_POLICIES__SCOPE_ALL, Some(all)),
            (req::LIST_POLICIES__SCOPE_DEFAULT, None),
        ] {
            let params: Vec<(&str, &str)> = scope.map(|s| ("Scope", s)).into_iter().collect();
            world.faults.broken = None;
            let right = names(&mut world, &params);
            world.faults.broken = Some(rule);
            assert_ne!(names(&mut world, &params), right, "{rule:?}");
        }
        world.faults.broken = Some(req::LIST_POLICIES__ONLY_ATTACHED);
        assert!(names(&mut world, &[("OnlyAttached", "true")]).len() > 1);
    }
}

#[test]
fn lists_by_path_and_use() {
    let mut world = aws();
    make(&mut world, &[("Path", "/a/b/")]);
    let bounds = world.policy("bounds", DOCUMENT);
    assert_eq!(names(&mut world, &[("PathPrefix", "/a/")]), ["p"]);
    assert_eq!(names(&mut world, &[("PathPrefix", "/job-function/")]), ["ViewOnlyAccess"]);
    assert_eq!(world.refused("ListPolicies", &[("PathPrefix", "/a")]).0, "400 ValidationError");
    world.user("Ada");
    if let Some(user) = world.account.users.get_mut("ada") {
        user.boundary = Some(bounds.clone());
    }
    assert_eq!(get(&mut world, &bounds)["PermissionsBoundaryUsageCount"], 1);
    assert_eq!(names(&mut world, &[("PolicyUsageFilter", "PermissionsBoundary")]), ["bounds"]);
    assert_eq!(names(&mut world, &[("PolicyUsageFilter", "PermissionsPolicy"), ("Scope", "Local")]), ["p"]);
    world.faults.broken = Some(req::LIST_POLICIES__USAGE_FILTER);
    assert!(names(&mut world, &[("PolicyUsageFilter", "PermissionsBoundary")]).len() > 1);
    world.faults.broken = Some(req::LIST_POLICIES__PATH_PREFIX);
    assert!(names(&mut world, &[("PathPrefix", "/a/")]).len() > 1);
}

#[test]
fn a_name_may_be_the_providers_too() {
    let mut world = aws();
    world.policy("ReadOnlyAccess", DOCUMENT);
    let mut seen = Vec::new();
    let mut marker: Option<String> = None;
    loop {
        let mut params = vec![("MaxItems", "1")];
        params.extend(marker.as_deref().map(|m| ("Marker", m)));
        let page = world.ok("ListPolicies", &params);
        seen.push(page["Policies"][0]["Arn"].as_str().expect("an ARN").to_owned());
        marker = page.get("Marker").and_then(Value::as_str).map(str::to_owned);
        if page["IsTruncated"] == false {
            break;
        }
    }
    let distinct: std::collections::BTreeSet<&String> = seen.iter().collect();
    assert_eq!(seen.len(), distinct.len(), "no policy is on two pages");
    assert_eq!(seen.iter().filter(|arn| arn.ends_with("/ReadOnlyAccess")).count(), 2);
}

#[test]
fn deletion() {
    let mut world = aws();
    make(&mut world, &[]);
    let delete = [("PolicyArn", ARN)];
    let refused = |world: &mut World, rule: Req, text: &str| {
        let (code, message) = world.refused("DeletePolicy", &delete);
        assert!(code == "409 DeleteConflict" && message.starts_with(text), "{code} {message}");
        let before = world.account.clone();
        world.faults.broken = Some(rule);
        world.ok("DeletePolicy", &delete);
        world.account = before;
        world.faults.broken = None;
    };
    world.user("Ada");
    world.group("Staff", &[]);
    world.ok("AttachUserPolicy", &[("UserName", "Ada"), ("PolicyArn", ARN)]);
    refused(&mut world, req::DELETE_POLICY__NOT_ATTACHED, "Cannot delete a policy attached to entities.");
    world.ok("DetachUserPolicy", &[("UserName", "Ada"), ("PolicyArn", ARN)]);
    world.ok("AttachGroupPolicy", &[("GroupName", "Staff"), ("PolicyArn", ARN)]);
    refused(&mut world, req::DELETE_POLICY__NOT_ATTACHED, "Cannot delete a policy attached to entities.");
    world.ok("DetachGroupPolicy", &[("GroupName", "Staff"), ("PolicyArn", ARN)]);
    world.ok("CreatePolicyVersion", &[("PolicyArn", ARN), ("PolicyDocument", DOCUMENT), ("SetAsDefault", "true")]);
    refused(&mut world, req::DELETE_POLICY__NO_OTHER_VERSIONS, "This policy has more than one version.");
    world.ok("DeletePolicyVersion", &[("PolicyArn", ARN), ("VersionId", "v1")]);
    if let Some(user) = world.account.users.get_mut("ada") {
        user.boundary = Some(ARN.into());
    }
    refused(&mut world, req::DELETE_POLICY__NOT_A_BOUNDARY, "Cannot delete a policy attached to entities.");
    world.account.users.clear();
    world.faults.broken = Some(req::DELETE_POLICY__TAKES_DEFAULT_VERSION);
    assert_eq!(world.refused("DeletePolicy", &delete).0, "409 DeleteConflict");
    world.faults.broken = Some(req::DELETE_POLICY__REMOVES);
    world.ok("DeletePolicy", &delete);
    world.faults.broken = None;
    assert_eq!(world.ok("DeletePolicy", &delete), json!({}));
    assert_eq!(world.refused("DeletePolicy", &delete), ("404 NoSuchEntity".into(), format!("Policy {ARN} was not found.")));
    world.faults.broken = Some(req::MANAGED_POLICY__NOT_FOUND_TEXTS);
    assert_eq!(world.refused("DeletePolicy", &delete).1, "Not found.");
    world.faults.broken = Some(req::DELETE_POLICY__UNKNOWN_POLICY);
    assert_ne!(world.refused("DeletePolicy", &delete).0, "404 NoSuchEntity");
}

#[test]
fn the_providers_policies_are_read_only() {
    for (dialect, arn) in [
        (DialectId::Aws, "arn:aws:iam::aws:policy/ReadOnlyAccess"),
        (DialectId::Eim, "arn:aws:iam::aws:policy/AdministratorAccess"),
        (DialectId::Ecs, "urn:ecs:iam:::policy/IAMFullAccess"),
    ] {
        let mut world = World::new(dialect);
        let got = get(&mut world, arn);
        assert!(got["Arn"] == arn && got["DefaultVersionId"] == "v1" && got["Description"].is_string(), "{got}");
        assert!(world.ok("GetPolicyVersion", &[("PolicyArn", arn), ("VersionId", "v1")])["PolicyVersion"]["Document"].is_string());
        let version = [("PolicyArn", arn), ("VersionId", "v1")];
        let rows: [(&str, Pairs<'_>, Req, &str); 4] = [
            ("DeletePolicy", &version[..1], req::DELETE_POLICY__PROVIDER_OWNED, "delete"),
            ("DeletePolicyVersion", &version, req::DELETE_POLICY_VERSION__PROVIDER_OWNED, "delete"),
            ("SetDefaultPolicyVersion", &version, req::SET_DEFAULT_POLICY_VERSION__PROVIDER_OWNED, "update"),
            (
                "CreatePolicyVersion",
                &[("PolicyArn", arn), ("PolicyDocument", DOCUMENT)],
                req::CREATE_POLICY_VERSION__PROVIDER_OWNED,
                "update",
            ),
        ];
        for (action, params, rule, verb) in rows {
            world.faults.broken = None;
            let text = format!("Cannot {verb} policies outside your own account.");
            assert_eq!(world.refused(action, params), ("403 AccessDenied".into(), text), "{action}");
            world.faults.broken = Some(rule);
            assert_ne!(world.refused(action, params).0, "403 AccessDenied", "{action}");
        }
    }
}
