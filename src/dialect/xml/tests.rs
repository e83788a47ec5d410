use serde_json::{Value, json};

use crate::api::{Req, model, req};
use crate::dialect::reply::Body;
use crate::dialect::{ApiError, Outcome, Unreadable, aws, eim};

const NS: &str = "https://iam.amazonaws.com/doc/2010-05-08/";
const METADATA: &str = "<ResponseMetadata><RequestId>r</RequestId></ResponseMetadata>";

fn read(action: &str, status: u16, body: &str) -> Result<Body, Unreadable> {
    super::read(&aws::EXPECTED, action, status, body.as_bytes())
}

/// An answer to `action` with that content of its Result.
fn answer(action: &str, content: &str) -> String {
    format!("<{action}Response xmlns=\"{NS}\"><{action}Result>{content}</{action}Result>{METADATA}</{action}Response>")
}

fn tree(body: &Body) -> Value {
    match &body.outcome {
        Outcome::Success(tree) => Value::Object(tree.clone()),
        Outcome::Error(error) => panic!("{error:?}"),
    }
}

fn success(action: &str, body: &str) -> (Value, Vec<&'static str>) {
    let body = read(action, 200, body).expect(body);
    (tree(&body), body.findings.iter().map(|f| f.req.id()).collect())
}

fn refused(body: impl AsRef<[u8]>) -> (Req, String) {
    let unreadable = super::read(&aws::EXPECTED, "GetUser", 200, body.as_ref()).expect_err("refused");
    (unreadable.req, unreadable.why)
}

#[test]
fn documents_that_are_not_well_formed_are_refused() {
    let good = answer("GetUser", "<User><Path>/</Path></User>");
    for (what, body) in [
        ("two roots", format!("{good}{good}")),
        ("text after the root", format!("{good}x")),
        ("a repeated attribute", good.replace("<User>", "<User a=\"1\" a=\"2\">")),
        ("a control character", good.replace("/<", "\u{1}<")),
        ("a bare ]]>", good.replace(">/<", ">]]><")),
        ("a < in an attribute", good.replace("<User>", "<User a=\"<\">")),
        ("an undeclared prefix", good.replace("<User>", "<x:User>").replace("</User>", "</x:User>")),
        ("a name that starts with a digit", good.replace("User>", "1a>")),
        ("an empty document", " ".to_owned()),
        ("a NUL", good.replace("/<", "\0<")),
        ("an unknown entity", good.replace("/<", "&nbsp;<")),
        ("a reference to what XML cannot carry", good.replace("/<", "&#1;<")),
        ("a bare &", good.replace("/<", "a & b<")),
        ("crossed tags", good.replace("</Path></User>", "</User></Path>")),
        ("a DTD", format!("<!DOCTYPE r>{good}")),
        ("a DTD with entities", format!("<!DOCTYPE r [<!ENTITY e \"x\">]>{}", good.replace("/<", "&e;<"))),
        ("a declaration that is not first", format!(" <?xml version=\"1.0\"?>{good}")),
    ] {
        let (req, why) = refused(&body);
        assert_eq!(req, req::WIRE__WELL_FORMED, "{what}: {why}");
    }
}

#[test]
fn the_complaint_says_where() {
    let (_, why) = refused("<GetUserResponse>\n  <a></b></GetUserResponse>");
    assert!(why.contains("2:6"), "{why}");
    let (_, why) = refused(&answer("GetUser", "")[..60]);
    assert!(why.contains("ends after 60 bytes"), "{why}");
    let (_, why) = refused(b"<a>\xff</a>");
    assert!(why.contains("no UTF-8 from byte 3"), "{why}");
}

#[test]
fn every_truncation_is_refused() {
    let good = answer("GetUser", "<User><Path>/</Path></User>");
    for length in 1..good.len() {
        refused(&good[..length]);
    }
}

#[test]
fn a_page_is_no_answer() {
    for page in ["<html><body><h1>502 Bad Gateway</h1></body></html>", "\n<!DOCTYPE HTML>\n<html><body><p>Bad<br>Gateway</body></html>"] {
        for status in [200, 502] {
            let error = read("GetUser", status, page).expect_err("no answer");
            assert_eq!((error.req, error.why.contains("HTML page")), (req::WIRE__ENVELOPE, true));
        }
    }
    let (req, why) = refused("<status>up</status>");
    assert_eq!((req, why.contains("<status>, neither <GetUserResponse>")), (req::WIRE__ENVELOPE, true), "{why}");
    let error = read("GetUser", 503, "<status>down</status>").expect_err("no answer");
    assert_eq!((error.req, error.why.contains("holds no error code")), (req::WIRE__ENVELOPE, true));
}

#[test]
fn an_answer_without_metadata_is_read() {
    for body in [format!("<DeleteUserResponse xmlns=\"{NS}\"/>"), format!("<DeleteUserResponse xmlns=\"{NS}\">\n</DeleteUserResponse>")] {
        let read = read("DeleteUser", 200, &body).expect(&body);
        assert_eq!((tree(&read), read.request_id, read.findings), (json!({}), None, vec![]));
    }
}

#[test]
fn deep_nesting_is_refused_and_does_not_overflow() {
    let nested = |depth: usize| format!("{}x{}", "<a>".repeat(depth), "</a>".repeat(depth));
    assert!(read("GetUser", 200, &answer("GetUser", &nested(62))).is_ok());
    let (req, why) = refused(answer("GetUser", &nested(63)));
    assert_eq!((req, why.contains("64 deep at 1:")), (req::WIRE__WELL_FORMED, true), "{why}");
    refused(answer("GetUser", &nested(200_000)));
}

#[test]
fn what_is_legal_in_xml_is_read() {
    let expected = json!({ "User": { "Path": " a<b>&c \n" } });
    for path in [" a&lt;b&gt;&amp;c \n", "<![CDATA[ a<b>&c ]]>\n", " &#97;&#x3c;b><!-- no -->&amp;<?p i?>c \r\n"] {
        let body = answer("GetUser", &format!("\n <User>\n<Path>{path}</Path> </User>"));
        assert_eq!(success("GetUser", &body), (expected.clone(), vec![]));
        assert_eq!(success("GetUser", &format!("\u{feff}<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n{body}\n")).0, expected);
        let prefixed = body.replace("xmlns=", "xmlns:n=").replace('<', "<n:").replace("<n:/", "</n:");
        if !path.contains("<!") {
            assert_eq!(success("GetUser", &prefixed), (expected.clone(), vec![]), "names count without their prefix");
        }
    }
}

#[test]
fn lists_are_lists_also_when_empty() {
    for empty in ["<Users/>", "<Users></Users>", "<Users>\n</Users>"] {
        let body = answer("ListUsers", &format!("{empty}<IsTruncated>false</IsTruncated>"));
        assert_eq!(success("ListUsers", &body), (json!({ "Users": [], "IsTruncated": false }), vec![]));
    }
    let names = "<PolicyNames><member>a</member><member/></PolicyNames><IsTruncated>true</IsTruncated><Marker> m</Marker>";
    let expected = json!({ "PolicyNames": ["a", ""], "IsTruncated": true, "Marker": " m" });
    assert_eq!(success("ListUserPolicies", &answer("ListUserPolicies", names)), (expected, vec![]));
}

#[test]
fn scalars_are_typed_and_what_is_not_of_its_type_stays_text() {
    let policy = "<Policy><AttachmentCount>12</AttachmentCount><IsAttachable>true</IsAttachable><CreateDate>2026-01-01T00:00:00Z</CreateDate></Policy>";
    let expected = json!({ "Policy": { "AttachmentCount": 12, "IsAttachable": true, "CreateDate": "2026-01-01T00:00:00Z" } });
    assert_eq!(success("GetPolicy", &answer("GetPolicy", policy)).0, expected);
    let policy = "<Policy><AttachmentCount>+1</AttachmentCount><IsAttachable>True</IsAttachable><Arn><b>1</b></Arn></Policy>";
    let expected = json!({ "Policy": { "AttachmentCount": "+1", "IsAttachable": "True", "Arn": { "b": "1" } } });
    assert_eq!(success("GetPolicy", &answer("GetPolicy", policy)).0, expected);
    assert_eq!(success("GetPolicy", &answer("GetPolicy", "<Policy>x</Policy>")).0, json!({ "Policy": "x" }));
}

#[test]
fn unknown_elements_are_read_as_they_look() {
    let content = "<X>t</X><Y><member>1</member><member><z/></member></Y><Z><a>1</a></Z>";
    let expected = json!({ "X": "t", "Y": ["1", { "z": "" }], "Z": { "a": "1" } });
    assert_eq!(success("GetUser", &answer("GetUser", content)).0, expected);
}

#[test]
fn documents_are_decoded_once() {
    let version = |document: &str| answer("GetPolicyVersion", &format!("<PolicyVersion><Document>{document}</Document></PolicyVersion>"));
    let expected = |text: &str| json!({ "PolicyVersion": { "Document": text } });
    assert_eq!(success("GetPolicyVersion", &version("%7B%22%2541%22%7D")), (expected("{\"%41\"}"), vec![]));
    assert_eq!(success("GetPolicyVersion", &version("{&quot;a&quot;}")), (expected("{\"a\"}"), vec!["wire.document-encoded"]));
    assert_eq!(success("GetPolicyVersion", &version("%7B/%7D")), (expected("{/}"), vec!["wire.document-rfc3986"]));
}

#[test]
fn departures_of_the_envelope_are_found_and_read_over() {
    let good = answer("GetUser", "<User><Path>/</Path></User>");
    let no_output = format!("<DeleteUserResponse xmlns=\"{NS}\">{METADATA}</DeleteUserResponse>");
    for (action, body, expected) in [
        ("GetUser", good.clone(), None),
        ("DeleteUser", no_output.clone(), None),
        ("GetUser", good.replace(NS, "urn:x"), Some("wire.namespace")),
        ("GetUser", good.replace(&format!(" xmlns=\"{NS}\""), ""), Some("wire.namespace")),
        ("GetUser", good.replace("<User>", "<User xmlns=\"\">"), Some("wire.namespace")),
        ("GetUser", good.replace("GetUserResponse", "GetUsersResponse"), Some("wire.root-element")),
        ("GetUser", good.replace("GetUserResult", "UserResult"), Some("wire.result-element")),
        ("GetUser", good.replace("<GetUserResult>", "").replace("</GetUserResult>", ""), Some("wire.result-element")),
        ("GetUser", good.replace(METADATA, &format!("<Extra/>{METADATA}")), Some("wire.result-element")),
        ("DeleteUser", no_output.replace(METADATA, &format!("<DeleteUserResult/>{METADATA}")), Some("wire.no-result-element")),
        ("GetUser", good.replace("<Path>/</Path>", "<Path>/</Path><Path>/a/</Path>"), Some("wire.single-element")),
        ("GetUser", good.replace("<User>", "<User>text"), Some("wire.no-mixed-content")),
        ("GetUser", good.replace("<ResponseMetadata>", "").replace("</ResponseMetadata>", ""), Some("wire.request-id-place")),
        (
            "GetUser",
            good.replace(METADATA, "").replace("<GetUserResult>", &format!("{METADATA}<GetUserResult>")),
            Some("wire.metadata-last"),
        ),
        ("ListUsers", answer("ListUsers", "<Users><User><Path>/</Path></User></Users>"), Some("wire.list-member")),
    ] {
        let read = read(action, 200, &body).expect(&body);
        let found: Vec<_> = read.findings.iter().map(|f| f.req.id()).collect();
        assert_eq!(found, Vec::from_iter(expected), "{body}");
        assert_eq!(read.request_id.as_deref(), Some("r"));
        let expected = match action {
            "GetUser" => json!({ "User": { "Path": "/" } }),
            "ListUsers" => json!({ "Users": [{ "Path": "/" }] }),
            _ => json!({}),
        };
        assert_eq!(tree(&read), expected, "{body}");
    }
}

#[test]
fn only_aws_has_a_namespace_and_an_order() {
    let body = answer("GetUser", "<User/>").replace(NS, "none");
    assert_eq!(super::read(&eim::EXPECTED, "GetUser", 200, body.as_bytes()).expect(&body).findings, []);
}

fn error_of(status: u16, body: &str) -> (String, String, Option<String>, Vec<&'static str>) {
    let read = read("GetUser", status, body).expect(body);
    let Outcome::Error(ApiError { code, message, .. }) = read.outcome else { panic!("{body}") };
    (code, message, read.request_id, read.findings.iter().map(|f| f.req.id()).collect())
}

#[test]
fn errors_are_read_in_every_form() {
    let expect = |findings: &[&'static str]| ("C".to_owned(), "m".to_owned(), Some("r".to_owned()), findings.to_vec());
    let good = format!(
        "<ErrorResponse xmlns=\"{NS}\"><Error><Type>Sender</Type><Code>C</Code><Message>m</Message></Error><RequestId>r</RequestId></ErrorResponse>"
    );
    assert_eq!(error_of(404, &good), expect(&[]));
    assert_eq!(error_of(200, &good), expect(&[]), "an error is one under any status");
    assert_eq!(error_of(404, &good.replace("<Type>Sender</Type>", "")), expect(&["wire.error-envelope"]));
    let inside = good.replace("<RequestId>r</RequestId>", METADATA);
    assert_eq!(error_of(404, &inside), expect(&["wire.request-id-place"]));
    let ec2 = format!(
        "<Response xmlns=\"{NS}\"><Errors><Error><Code>C</Code><Message>m</Message></Error></Errors><RequestID>r</RequestID></Response>"
    );
    assert_eq!(error_of(400, &ec2), expect(&["wire.error-envelope", "wire.request-id-place"]));
    let bare = format!("<Error xmlns=\"{NS}\"><Code>C</Code><Message>m</Message><RequestId>r</RequestId></Error>");
    assert_eq!(error_of(400, &bare), expect(&["wire.error-envelope"]));
    let (code, .., findings) = error_of(404, "<UnknownOperationException/>");
    assert_eq!((code.as_str(), findings), ("UnknownOperationException", vec!["wire.error-envelope", "wire.namespace"]));
}

#[test]
fn a_fault_of_dispatch_has_its_own_namespace() {
    let error = Outcome::Error(ApiError { status: 400, code: "InvalidAction".into(), message: "m".into() });
    let body = String::from_utf8(super::write(&aws::XML, "Nope", &error, "r")).expect("UTF-8");
    assert!(body.starts_with("<ErrorResponse xmlns=\"http://webservices.amazon.com/AWSFault/2005-15-09\"><Error>"), "{body}");
    assert_eq!(error_of(400, &body).3, [""; 0]);
}

fn written(action: &str, tree: Value) -> String {
    let Value::Object(tree) = tree else { panic!("a structure") };
    String::from_utf8(super::write(&aws::XML, action, &Outcome::Success(tree), "r")).expect("UTF-8")
}

#[test]
fn members_are_written_in_the_order_of_the_model() {
    let tree = json!({ "IsTruncated": false, "Users": [{ "Arn": "a", "UserId": "i", "Path": "/", "UserName": "n" }] });
    let content = "<Users><member><Path>/</Path><UserName>n</UserName><UserId>i</UserId><Arn>a</Arn></member></Users><IsTruncated>false</IsTruncated>";
    assert_eq!(written("ListUsers", tree), answer("ListUsers", content));
    assert_eq!(
        written("ListUsers", json!({ "Leak": ["x"], "Users": [], "Marker": null })),
        answer("ListUsers", "<Users></Users><Leak><member>x</member></Leak>")
    );
}

#[test]
fn actions_without_output_have_no_result_element() {
    for action in &model().actions {
        let body = written(&action.name, json!({}));
        assert_eq!(body.contains("Result>"), !action.response.is_empty(), "{}", action.name);
    }
}

#[test]
fn text_is_escaped_once_and_what_xml_cannot_carry_is_replaced() {
    let body = written("GetUser", json!({ "User": { "Path": "a\r\n<&>\"'\u{1}\u{ffff}\u{85} " } }));
    let expected = answer("GetUser", "<User><Path>a&#13;\n&lt;&amp;&gt;&quot;'\u{fffd}\u{fffd}\u{85} </Path></User>");
    assert_eq!(body, expected);
    assert!(read("GetUser", 200, &body).is_ok());
}

#[test]
fn a_service_fault_is_the_receivers() {
    let body = |status| {
        let error = Outcome::Error(ApiError { status, code: "C".into(), message: "m".into() });
        String::from_utf8(super::write(&aws::XML, "GetUser", &error, "r")).expect("UTF-8")
    };
    assert!(body(499).contains("<Type>Sender</Type><Code>C</Code><Message>m</Message></Error><RequestId>r</RequestId>"));
    assert!(body(500).contains("<Type>Receiver</Type>"));
}
