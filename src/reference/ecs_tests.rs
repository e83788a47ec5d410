//! The core as ECS: what Dell's pages say of it, and a request as they print it, from the wire to the wire.

use serde_json::{Value, json};

use super::{Account, Faults, Ids, Principal, Settings};
use crate::api::{DialectId, Req, model, req};
use crate::dialect::{ApiError, Call, Format, Outcome, Request, dialect};

const NOW: i64 = 1_586_807_670; // 2020-04-13T19:54:30Z

fn apply(account: &mut Account, call: &Call, broken: Option<Req>) -> Outcome {
    let mut ids = Ids::new(account.users.len() as u64);
    account.apply(&Principal::Root, call, NOW, &mut ids, &Faults::from(broken))
}

fn account() -> Account {
    Account::new(Settings { account: "ns".into(), ..Settings::new(DialectId::Ecs) })
}

fn refusal(outcome: Outcome) -> ApiError {
    match outcome {
        Outcome::Error(error) => error,
        Outcome::Success(tree) => panic!("{tree:?}"),
    }
}

#[test]
fn the_example_of_create_user_is_served() {
    let ecs = dialect(DialectId::Ecs).expect("it is there");
    let request = Request {
        method: "POST".into(),
        path: "/iam".into(),
        query: "UserName=payroll2&Path=/&Tags.member.1.Key=Department&Tags.member.1.Value=Finance&Action=CreateUser".into(),
        headers: vec![("Content-Type".into(), "application/xml".into())],
        body: Vec::new(),
    };
    let incoming = ecs.decode_request(&request).expect("well-formed");
    let outcome = apply(&mut account(), &incoming.call, None);
    let response = ecs.encode_response("CreateUser", &outcome, &Ids::new(1).request_id(DialectId::Ecs), incoming.format);
    let reply = ecs.decode_response("CreateUser", &response, Format::Xml);
    assert_eq!(reply.findings, []);
    let Ok(Outcome::Success(tree)) = reply.outcome else { panic!("{:?}", reply.outcome) };
    let user = &tree["User"];
    assert_eq!(user["Arn"], "urn:ecs:iam::ns:user/payroll2");
    assert_eq!((&user["CreateDate"], &user["Path"], &user["UserName"]), (&json!("2020-04-13T19:54:30Z"), &json!("/"), &json!("payroll2")));
    // The page sends tags and shows none: absent or equal.
    assert!(user.get("Tags").is_none_or(|tags| *tags == json!([{ "Key": "Department", "Value": "Finance" }])));
    let id = user["UserId"].as_str().expect("a text");
    assert!(id.len() == 20 && id.starts_with("AIDA") && id[4..].bytes().all(|b| b.is_ascii_digit() || (b'A'..=b'F').contains(&b)), "{id}");
}

#[test]
fn the_document_of_put_user_policy_is_taken_and_given_back_raw() {
    let ecs = dialect(DialectId::Ecs).expect("it is there");
    let mut account = account();
    apply(&mut account, &Call::new("CreateUser").with("UserName", "tt1"), None);
    let document = "%7B%0A%22Version%22%3A%20%222012-10-17%22%2C%22Statement%22%3A%20%5B%7B%22Sid%22%3A%20%22VisualEditor0%22%2C\
        %22Effect%22%3A%20%22Allow%22%2C%22Action%22%3A%20%5B%22iam%3AListUsers%22%5D%2C%22Resource%22%3A%20%22*%22%7D%5D%0A%7D";
    let query = format!("UserName=tt1&PolicyName=InlinePolicy&PolicyDocument={document}&Action=PutUserPolicy");
    let request = Request { method: "GET".into(), path: "/iam".into(), query, headers: Vec::new(), body: Vec::new() };
    let put = ecs.decode_request(&request).expect("well-formed").call;
    assert_eq!(apply(&mut account, &put, None), Outcome::Success(serde_json::Map::new()));
    let get = Call::new("GetUserPolicy").with("UserName", "tt1").with("PolicyName", "InlinePolicy");
    let outcome = apply(&mut account, &get, None);
    for format in [Format::Xml, Format::Json] {
        let response = ecs.encode_response("GetUserPolicy", &outcome, &Ids::new(1).request_id(DialectId::Ecs), format);
        assert!(!String::from_utf8_lossy(&response.body).contains("%7B"));
        let reply = ecs.decode_response("GetUserPolicy", &response, format);
        let Ok(Outcome::Success(tree)) = reply.outcome else { panic!("{:?}", reply.outcome) };
        assert_eq!((tree["PolicyDocument"].as_str(), reply.findings), (put.param("PolicyDocument"), vec![]));
    }
}

/// An answer as a client reads it, without a finding; what it looked like.
fn read(account: &mut Account, call: &Call, format: Format) -> (Value, String) {
    let ecs = dialect(DialectId::Ecs).expect("it is there");
    let outcome = apply(account, call, None);
    let response = ecs.encode_response(call.action_name(), &outcome, &Ids::new(1).request_id(DialectId::Ecs), format);
    let reply = ecs.decode_response(call.action_name(), &response, format);
    assert_eq!(reply.findings, []);
    let Ok(Outcome::Success(tree)) = reply.outcome else { panic!("{call:?}: {:?}", reply.outcome) };
    (Value::Object(tree), String::from_utf8(response.body).expect("UTF-8"))
}

#[test]
fn a_document_is_raw_or_encoded_as_dell_prints_it() {
    const DOCUMENT: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"iam:GetUser","Resource":"*"}]}"#;
    let mut account = account();
    let document = |call: Call| call.with("PolicyDocument", DOCUMENT);
    for made in [
        Call::new("CreateUser").with("UserName", "u"),
        Call::new("CreateGroup").with("GroupName", "g"),
        document(Call::new("PutUserPolicy").with("UserName", "u").with("PolicyName", "p")),
        document(Call::new("PutGroupPolicy").with("GroupName", "g").with("PolicyName", "p")),
        document(Call::new("CreatePolicy").with("PolicyName", "p")),
    ] {
        read(&mut account, &made, Format::Json);
    }
    let arn = |call: Call| call.with("PolicyArn", "urn:ecs:iam::ns:policy/p");
    for format in [Format::Xml, Format::Json] {
        for (call, path, encoded) in [
            (Call::new("GetUserPolicy").with("UserName", "u").with("PolicyName", "p"), "/PolicyDocument", false),
            (Call::new("GetGroupPolicy").with("GroupName", "g").with("PolicyName", "p"), "/PolicyDocument", false),
            (arn(document(Call::new("CreatePolicyVersion"))), "/PolicyVersion/Document", true),
            (arn(Call::new("GetPolicyVersion")).with("VersionId", "v1"), "/PolicyVersion/Document", true),
            (arn(Call::new("ListPolicyVersions")), "/Versions/0/Document", true),
        ] {
            let (tree, body) = read(&mut account, &call, format);
            assert_eq!(tree.pointer(path), Some(&json!(DOCUMENT)), "{call:?}");
            assert_eq!((body.contains("%22Version%22%3A"), body.contains("iam%3AGetUser")), (encoded, encoded), "{body}");
        }
    }
}

#[test]
fn a_user_has_tags_and_a_boundary() {
    const BOUNDARY: &str = "urn:ecs:iam:::policy/IAMReadOnlyAccess";
    let mut account = account();
    let call = Call::new("CreateUser").with("UserName", "User1").with("PermissionsBoundary", BOUNDARY);
    let call = call.with("Tags.member.1.Key", "Department").with("Tags.member.1.Value", "Finance");
    let boundary = json!({ "PermissionsBoundaryArn": BOUNDARY, "PermissionsBoundaryType": "Policy" });
    assert_eq!(read(&mut account, &call, Format::Xml).0["User"]["PermissionsBoundary"], boundary);
    for format in [Format::Xml, Format::Json] {
        let user = read(&mut account, &Call::new("GetUser").with("UserName", "uSER1"), format).0["User"].take();
        assert_eq!((&user["UserName"], &user["PermissionsBoundary"]), (&json!("User1"), &boundary));
        assert_eq!(user["Tags"], json!([{ "Key": "Department", "Value": "Finance" }]));
        let root = read(&mut account, &Call::new("GetUser"), format).0["User"]["Arn"].take();
        assert_eq!(root, "urn:ecs:iam::ns:root");
    }
    let twin = Call::new("CreateUser").with("UserName", "USER1");
    assert_eq!(refusal(apply(&mut account, &twin, None)).code, "EntityAlreadyExists");
}

#[test]
fn a_policy_shows_its_description_and_the_systems_are_listed() {
    let mut account = account();
    let document = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}"#;
    let create =
        Call::new("CreatePolicy").with("PolicyName", "FinanceTeamPolicy").with("PolicyDocument", document).with("Description", "d");
    let made = read(&mut account, &create, Format::Json).0["Policy"].take();
    assert_eq!((&made["Description"], &made["PermissionsBoundaryUsageCount"]), (&json!("d"), &json!(0)));
    let listed = read(&mut account, &Call::new("ListPolicies"), Format::Xml).0["Policies"].take();
    let arns: Vec<&str> = listed.as_array().into_iter().flatten().filter_map(|policy| policy["Arn"].as_str()).collect();
    let system = |name| format!("urn:ecs:iam:::policy/{name}");
    let [denied, s3, s3_read, iam, iam_read] =
        ["ECSDenyAll", "ECSS3FullAccess", "ECSS3ReadOnlyAccess", "IAMFullAccess", "IAMReadOnlyAccess"].map(system);
    assert_eq!(arns, [&denied, &s3, &s3_read, "urn:ecs:iam::ns:policy/FinanceTeamPolicy", &iam, &iam_read]);
    assert_eq!(listed[3], made);
}

/// Fills what a namespace, or a user in it, may have; one more is refused.
#[test]
fn limits_are_those_that_dell_documents() {
    let document = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}"#;
    let policy = |i: usize| format!("urn:ecs:iam::ns:policy/p{i}");
    let mut account = account();
    for (most, make) in [
        (500, &(|i| Call::new("CreateUser").with("UserName", format!("u{i}"))) as &dyn Fn(usize) -> Call),
        (100, &|i| Call::new("CreateGroup").with("GroupName", format!("g{i}"))),
        (500, &|i| Call::new("CreatePolicy").with("PolicyName", format!("p{i}")).with("PolicyDocument", document)),
        (2, &|_| Call::new("CreateAccessKey").with("UserName", "u0")),
        (10, &|i| Call::new("AddUserToGroup").with("UserName", "u0").with("GroupName", format!("g{i}"))),
        (10, &|i| Call::new("AttachUserPolicy").with("UserName", "u0").with("PolicyArn", policy(i))),
        (10, &|i| Call::new("AttachGroupPolicy").with("GroupName", "g0").with("PolicyArn", policy(i))),
    ] {
        let mut ids = Ids::new(most as u64);
        let mut send = |i| account.apply(&Principal::Root, &make(i), NOW, &mut ids, &Faults::default());
        for i in 0..most {
            assert!(matches!(send(i), Outcome::Success(_)), "{:?}", make(i));
        }
        let error = refusal(send(most));
        assert_eq!((error.status, error.code.as_str()), (409, "LimitExceeded"), "{:?}", make(most));
    }
}

#[test]
fn the_only_path_is_the_root() {
    for action in ["CreateUser", "CreateGroup"] {
        let name = if action == "CreateUser" { "UserName" } else { "GroupName" };
        for (path, code) in [("/", None), ("/a/", Some("ValidationError")), ("", Some("ValidationError"))] {
            let outcome = apply(&mut account(), &Call::new(action).with(name, "n").with("Path", path), None);
            let refused = match outcome {
                Outcome::Success(_) => None,
                Outcome::Error(error) => Some(error.code),
            };
            assert_eq!(refused.as_deref(), code, "{action} {path:?}");
        }
    }
}

#[test]
fn what_dell_has_in_name_only_is_refused_under_200() {
    let mut account = account();
    apply(&mut account, &Call::new("CreateUser").with("UserName", "a"), None);
    let rename = Call::new("UpdateUser").with("UserName", "a").with("NewUserName", "b");
    for call in [rename.clone(), Call::new("UpdateUser"), Call::new("UpdateGroup").with("GroupName", "nobody")] {
        let error = refusal(apply(&mut account, &call, None));
        assert_eq!((error.status, error.code.as_str()), (200, "NotImplemented"));
        let error = refusal(apply(&mut account, &call, Some(req::ECS__NOT_IMPLEMENTED_STATUS)));
        assert_eq!((error.status, error.code.as_str()), (501, "NotImplemented"));
    }
    assert!(account.users.contains_key("a"));
    assert!(matches!(apply(&mut account, &rename, Some(req::ECS__NOT_IMPLEMENTED)), Outcome::Success(_)));
    assert!(account.users.contains_key("b"));
}

#[test]
fn forty_actions_are_known_and_the_others_are_not() {
    let mut known = 0;
    for action in &model().actions {
        match apply(&mut account(), &Call::new(&action.name), None) {
            Outcome::Error(error) if error.code == "InvalidAction" => {
                assert_eq!((action.family.as_str(), error.status), ("server-certificates", 400), "{}", action.name);
            }
            _ => known += 1,
        }
    }
    assert_eq!(known, 40);
    // Dell has these; this crate does not yet.
    for action in model().beyond(DialectId::Ecs).flat_map(|(_, actions)| actions) {
        assert_eq!(refusal(apply(&mut account(), &Call::new(action), None)).code, "InvalidAction");
    }
}
