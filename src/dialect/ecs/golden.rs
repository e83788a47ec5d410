//! The example exchanges of the two pages of Dell's reference that this dialect was written from, CreateUser and PutUserPolicy, and
//! what a reader of the pages would note down of each: the call, the answer.

use serde_json::{Value, json};

use crate::api::DialectId;
use crate::dialect::{Call, FormEncoding, Format, Outcome, Request, Response, Style, Wire, dialect};

/// An exchange as printed, and what it says.
struct Exchange {
    method: &'static str,
    query: &'static str,
    request_headers: &'static [(&'static str, &'static str)],
    call: Call,
    response_headers: &'static [(&'static str, &'static str)],
    body: &'static str,
    format: Format,
    tree: Value,
    request_id: &'static str,
    /// Free checks that the exchange as printed breaks: two answers are printed without a header.
    findings: &'static [&'static str],
}

const USER_RESPONSE: &str = r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<ns2:CreateUserResponse xmlns:ns2="none">
    <ResponseMetadata>
        <RequestId>0af9f5b8:171648dacb1:1a9f0:70</RequestId>
    </ResponseMetadata>
    <CreateUserResult>
        <User>
            <Arn>urn:ecs:iam::ns:user/payroll2</Arn>
            <CreateDate>2020-04-13T19:54:30Z</CreateDate>
            <Path>/</Path>
            <UserId>AIDA21BCE6940A8DE1EC</UserId>
            <UserName>payroll2</UserName>
        </User>
    </CreateUserResult>
</ns2:CreateUserResponse>"#;

const POLICY_QUERY: &str = "UserName=tt1&PolicyName=InlinePolicy&PolicyDocument=%7B%0A%20%20%22Version%22%3A%20%222012-10-17%22%2C%0A%20%20%22Stat\
    ement%22%3A%20%5B%0A%20%20%20%20%7B%0A%20%20%20%20%20%20%22Sid%22%3A%20%22VisualEditor0%22%2C%0A%20%20%20%20%20%20%22E\
    ffect%22%3A%20%22Allow%22%2C%0A%20%20%20%20%20%20%22Action%22%3A%20%5B%0A%20%20%20%20%20%20%20%20%22iam%3AListAttached\
    GroupPolicies%22%2C%0A%20%20%20%20%20%20%20%20%22iam%3AListUsers%22%2C%0A%20%20%20%20%20%20%20%20%22iam%3AListPolicies\
    %22%2C%0A%20%20%20%20%20%20%20%20%22iam%3AListUserPolicies%22%0A%20%20%20%20%20%20%5D%2C%0A%20%20%20%20%20%20%22Resour\
    ce%22%3A%20%22*%22%0A%20%20%20%20%7D%0A%20%20%5D%0A%7D&Action=PutUserPolicy";

const POLICY_RESPONSE_XML: &str = r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<ns2:PutUserPolicyResponse xmlns:ns2="none">
<ResponseMetadata>
<RequestId>0af9f5b8:17178fe9282:9b2e:66</RequestId>
</ResponseMetadata>
</ns2:PutUserPolicyResponse>"#;

const POLICY_RESPONSE_JSON: &str = r#"{
"ResponseMetadata": {
"RequestId": "0af9f5b8:17178fe9282:96aa:11a"
}
}"#;

/// The document of the three PutUserPolicy requests, decoded.
const DOCUMENT: &str = r#"{
  "Version": "2012-10-17",
  "Statement": [
    {
      "Sid": "VisualEditor0",
      "Effect": "Allow",
      "Action": [
        "iam:ListAttachedGroupPolicies",
        "iam:ListUsers",
        "iam:ListPolicies",
        "iam:ListUserPolicies"
      ],
      "Resource": "*"
    }
  ]
}"#;

fn call(action: &str) -> Call {
    Call { version: None, ..Call::new(action) }
}

/// CreateUser's one example; PutUserPolicy's three: XML, JSON, and curl with GET (which accepts anything).
fn exchanges() -> [Exchange; 4] {
    let put = || call("PutUserPolicy").with("UserName", "tt1").with("PolicyName", "InlinePolicy").with("PolicyDocument", DOCUMENT);
    [
        Exchange {
            method: "POST",
            query: "UserName=payroll2&Path=/&Tags.member.1.Key=Department&Tags.member.1.Value=Finance&Action=CreateUser",
            request_headers: &[("Content-Type", "application/xml"), ("X-SDS-AUTH-TOKEN", "token"), ("x-emc-namespace", "ns")],
            call: call("CreateUser")
                .with("UserName", "payroll2")
                .with("Path", "/")
                .with("Tags.member.1.Key", "Department")
                .with("Tags.member.1.Value", "Finance"),
            response_headers: &[("Content-Type", "application/xml")],
            body: USER_RESPONSE,
            format: Format::Xml,
            tree: json!({ "User": {
                "Arn": "urn:ecs:iam::ns:user/payroll2", "CreateDate": "2020-04-13T19:54:30Z", "Path": "/",
                "UserId": "AIDA21BCE6940A8DE1EC", "UserName": "payroll2",
            } }),
            request_id: "0af9f5b8:171648dacb1:1a9f0:70",
            findings: &[],
        },
        Exchange {
            method: "POST",
            query: POLICY_QUERY,
            request_headers: &[("Accept", "application/xml"), ("X-SDS-AUTH-TOKEN", "token"), ("x-emc-namespace", "ns")],
            call: put(),
            response_headers: &[],
            body: POLICY_RESPONSE_XML,
            format: Format::Xml,
            tree: json!({}),
            request_id: "0af9f5b8:17178fe9282:9b2e:66",
            findings: &["wire.content-type"],
        },
        Exchange {
            method: "POST",
            query: POLICY_QUERY,
            request_headers: &[("Accept", "application/json"), ("X-SDS-AUTH-TOKEN", "token"), ("x-emc-namespace", "ns")],
            call: put(),
            response_headers: &[],
            body: POLICY_RESPONSE_JSON,
            format: Format::Json,
            tree: json!({}),
            request_id: "0af9f5b8:17178fe9282:96aa:11a",
            findings: &["wire.content-type"],
        },
        Exchange {
            method: "GET",
            query: POLICY_QUERY,
            request_headers: &[
                ("Accept", "*/*"),
                ("X-SDS-AUTH-TOKEN", "token"),
                ("Content-Type", "application/xml"),
                ("x-emc-namespace", "ns"),
            ],
            call: put(),
            response_headers: &[("Content-Type", "application/xml")],
            body: POLICY_RESPONSE_XML,
            format: Format::Xml,
            tree: json!({}),
            request_id: "0af9f5b8:17178fe9282:9b2e:66",
            findings: &[],
        },
    ]
}

fn owned(headers: &[(&str, &str)]) -> Vec<(String, String)> {
    headers.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect()
}

/// The pairs of a query, without regard to their order and to which of the characters that need no escape is escaped all the same.
fn pairs(query: &str) -> Vec<String> {
    let mut pairs: Vec<String> = query.split('&').map(|pair| pair.replace("%2F", "/").replace("%2A", "*")).collect();
    pairs.sort();
    pairs
}

#[test]
fn requests_as_printed_are_read() {
    let ecs = dialect(DialectId::Ecs).expect("it is there");
    for exchange in exchanges() {
        for path in ["/iam", "/iam/"] {
            let request = Request {
                method: exchange.method.into(),
                path: path.into(),
                query: exchange.query.into(),
                headers: owned(exchange.request_headers),
                body: Vec::new(),
            };
            let incoming = ecs.decode_request(&request).expect(exchange.query);
            assert_eq!((incoming.call, incoming.format), (exchange.call.clone(), exchange.format));
        }
    }
    let noted: Value = serde_json::from_str(DOCUMENT).expect("JSON");
    let actions = ["iam:ListAttachedGroupPolicies", "iam:ListUsers", "iam:ListPolicies", "iam:ListUserPolicies"];
    let statement = json!({ "Action": actions, "Resource": "*", "Effect": "Allow", "Sid": "VisualEditor0" });
    assert_eq!(noted, json!({ "Version": "2012-10-17", "Statement": [statement] }), "the policy that the page prints beside it");
}

#[test]
fn requests_are_written_as_printed() {
    let ecs = dialect(DialectId::Ecs).expect("it is there");
    for exchange in exchanges() {
        let wire = Wire {
            format: exchange.format,
            style: Style::Query,
            method: exchange.method.into(),
            path: "/iam".into(),
            form_encoding: FormEncoding::Rfc3986,
            headers: owned(&exchange.request_headers[1..]),
        };
        // The API's own version, which a call has unless it says otherwise, is not sent.
        for version in [None, exchange.call.version.clone(), Call::new("").version] {
            let request = ecs.encode_request(&Call { version, ..exchange.call.clone() }, &wire);
            assert_eq!((request.method.as_str(), request.path.as_str()), (exchange.method, "/iam"));
            assert_eq!(pairs(&request.query), pairs(exchange.query));
            assert_eq!(request.body, b"");
            for (name, value) in exchange.request_headers.iter().filter(|(_, value)| *value != "*/*") {
                assert_eq!(request.header(name), Some(*value), "{name}");
            }
        }
    }
}

#[test]
fn answers_as_printed_are_read() {
    let ecs = dialect(DialectId::Ecs).expect("it is there");
    for exchange in exchanges() {
        let response = Response { status: 200, headers: owned(exchange.response_headers), body: exchange.body.as_bytes().to_vec() };
        let reply = ecs.decode_response(exchange.call.action_name(), &response, exchange.format);
        let Ok(Outcome::Success(tree)) = reply.outcome else { panic!("{:?}", reply.outcome) };
        assert_eq!(Value::Object(tree), exchange.tree);
        assert_eq!(reply.request_id.as_deref(), Some(exchange.request_id));
        assert_eq!(reply.findings.iter().map(|f| f.req.id()).collect::<Vec<_>>(), exchange.findings);
    }
}

#[test]
fn answers_are_written_as_printed() {
    let ecs = dialect(DialectId::Ecs).expect("it is there");
    for exchange in exchanges() {
        let outcome = Outcome::Success(exchange.tree.as_object().cloned().expect("a tree"));
        let response = ecs.encode_response(exchange.call.action_name(), &outcome, exchange.request_id, exchange.format);
        assert_eq!(response.status, 200);
        for (name, value) in exchange.response_headers {
            assert_eq!(response.header(name), Some(*value), "{name}");
        }
        let body = String::from_utf8(response.body).expect("UTF-8");
        match exchange.format {
            Format::Json => {
                let value = |text: &str| serde_json::from_str::<Value>(text).expect("JSON");
                assert_eq!(value(&body), value(exchange.body));
            }
            Format::Xml => {
                let declaration = |text: &str| text.split_once("?>").map(|(declaration, _)| declaration.to_owned());
                assert_eq!(declaration(&body), declaration(exchange.body));
                assert_eq!(infoset(&body), infoset(exchange.body), "{body}");
            }
        }
    }
}

/// What an XML document says: of each element, in order, its depth, namespace, name, attributes and text. White space between elements
/// says nothing.
fn infoset(text: &str) -> Vec<String> {
    let document = roxmltree::Document::parse(text).expect(text);
    let elements = document.descendants().filter(roxmltree::Node::is_element);
    let line = |node: roxmltree::Node<'_, '_>| {
        let depth = node.ancestors().count();
        let (namespace, name) = (node.tag_name().namespace(), node.tag_name().name());
        let prefixes: Vec<_> = node.namespaces().map(|n| (n.name().map(str::to_owned), n.uri().to_owned())).collect();
        let attributes: Vec<_> = node.attributes().map(|a| (a.name().to_owned(), a.value().to_owned())).collect();
        let is_leaf = !node.children().any(|n| n.is_element());
        let text = node.text().filter(|_| is_leaf).unwrap_or_default();
        format!("{depth} {namespace:?} {name} {prefixes:?} {attributes:?} {text:?}")
    };
    elements.map(line).collect()
}
