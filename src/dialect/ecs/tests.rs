use serde_json::{Value, json};

use crate::api::{DialectId, Level, req};
use crate::dialect::{ApiError, Call, Dialect, FormEncoding, Format, Outcome, Reply, Request, Response, Style, Wire, dialect};

const ID: &str = "0af9f5b8:171648dacb1:1a9f0:70";

fn ecs() -> &'static dyn Dialect {
    dialect(DialectId::Ecs).expect("it is there")
}

fn wire(style: Style) -> Wire {
    let form_encoding = FormEncoding::Plus;
    Wire { format: Format::Json, style, method: "POST".into(), path: "/iam".into(), form_encoding, headers: Vec::new() }
}

fn request(method: &str, path: &str, query: &str, headers: &[(&str, &str)], body: &str) -> Request {
    let headers = headers.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
    Request { method: method.into(), path: path.into(), query: query.into(), headers, body: body.as_bytes().to_vec() }
}

fn read(action: &str, status: u16, format: Format, body: &str) -> Reply {
    let content_type = super::media_type(format).to_owned();
    let response = Response { status, headers: vec![("content-type".into(), content_type)], body: body.as_bytes().to_vec() };
    ecs().decode_response(action, &response, format)
}

fn success(action: &str, format: Format, body: &str) -> (Value, Vec<&'static str>) {
    let reply = read(action, 200, format, body);
    let Ok(Outcome::Success(tree)) = reply.outcome else { panic!("{body}: {:?}", reply.outcome) };
    (Value::Object(tree), reply.findings.iter().map(|f| f.req.id()).collect())
}

fn error(status: u16, format: Format, body: &str) -> (ApiError, Option<String>, Vec<&'static str>) {
    let reply = read("GetUser", status, format, body);
    let Ok(Outcome::Error(error)) = reply.outcome else { panic!("{body}: {:?}", reply.outcome) };
    (error, reply.request_id, reply.findings.iter().map(|f| f.req.id()).collect())
}

fn written(action: &str, outcome: &Outcome, format: Format) -> (u16, String) {
    let response = ecs().encode_response(action, outcome, ID, format);
    (response.status, String::from_utf8(response.body).expect("UTF-8"))
}

fn tree(value: Value) -> Outcome {
    let Value::Object(tree) = value else { panic!("a structure") };
    Outcome::Success(tree)
}

#[test]
fn the_three_styles_differ_in_place_and_content_type() {
    let call = Call::new("GetUser").with("UserName", "u");
    let query = ecs().encode_request(&call, &wire(Style::Query));
    assert_eq!((query.query.as_str(), query.body.as_slice()), ("Action=GetUser&UserName=u", &b""[..]));
    assert_eq!((query.header("content-type"), query.header("accept")), (Some("application/xml"), Some("application/json")));
    for style in [Style::Form, Style::Sigv4] {
        let form = ecs().encode_request(&call, &wire(style));
        assert_eq!((form.query.as_str(), form.body.as_slice()), ("", &b"Action=GetUser&Version=2010-05-08&UserName=u"[..]));
        assert_eq!(form.header("content-type"), Some("application/x-www-form-urlencoded; charset=utf-8"));
        assert_eq!(form.header("accept"), Some("application/json"));
    }
    let other = Call { version: Some("2000-01-01".into()), ..call };
    assert_eq!(ecs().encode_request(&other, &wire(Style::Query)).query, "Action=GetUser&Version=2000-01-01&UserName=u");
}

#[test]
fn a_form_is_read_under_any_content_type() {
    for headers in [&[("Content-Type", "application/xml")][..], &[("Content-Type", "application/json")], &[]] {
        for path in ["/iam", "/iam/"] {
            let request = request("POST", path, "UserName=a", headers, "Action=GetUser&UserName=b");
            let call = ecs().decode_request(&request).expect("well-formed").call;
            assert_eq!(call, Call { version: None, ..Call::new("GetUser") }.with("UserName", "a").with("UserName", "b"));
        }
    }
    let other = |method: &str, path: &str| ecs().decode_request(&request(method, path, "", &[], "")).map_err(|e| e.status);
    assert_eq!((other("POST", "/"), other("GET", "/iam/x"), other("PUT", "/iam")), (Err(404), Err(404), Err(405)));
}

#[test]
fn the_answer_is_in_the_first_format_that_accept_names() {
    for (accept, expected) in [
        (&[][..], Format::Xml),
        (&["*/*"], Format::Xml),
        (&["application/xml"], Format::Xml),
        (&["APPLICATION/JSON; charset=utf-8"], Format::Json),
        (&["application/json, text/plain, */*"], Format::Json),
        (&["text/html", "application/xml, application/json"], Format::Xml),
        (&["text/html", "application/json"], Format::Json),
    ] {
        let headers: Vec<_> = accept.iter().map(|value| ("accept", *value)).collect();
        let incoming = ecs().decode_request(&request("GET", "/iam", "Action=ListUsers", &headers, "")).expect("well-formed");
        assert_eq!(incoming.format, expected, "{accept:?}");
    }
}

#[test]
fn the_scope_of_list_policies_has_another_name_on_the_wire() {
    let call = Call::new("ListPolicies").with("Scope", "Local").with("MaxItems", "1");
    let request = ecs().encode_request(&call, &wire(Style::Query));
    assert_eq!(request.query, "Action=ListPolicies&PolicyScope=Local&MaxItems=1");
    let read = ecs().decode_request(&request).expect("well-formed").call;
    assert_eq!((read.param("Scope"), read.param("PolicyScope")), (Some("Local"), None));
    let unknown = self::request("GET", "/iam", "Action=ListPolicies&Scope=Local", &[], "");
    let read = ecs().decode_request(&unknown).expect("well-formed").call;
    assert_eq!(read.param("Scope"), None, "what AWS calls it means nothing here");
    let elsewhere = Call::new("GetUser").with("Scope", "x");
    assert!(ecs().encode_request(&elsewhere, &wire(Style::Query)).query.ends_with("&Scope=x"));
}

#[test]
fn answers_are_written_in_dells_forms() {
    let page = tree(json!({ "Users": [{ "UserName": "n", "Arn": "a" }], "IsTruncated": false }));
    let xml = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?><ns2:ListUsersResponse xmlns:ns2=\"none\">\
         <ResponseMetadata><RequestId>{ID}</RequestId></ResponseMetadata><ListUsersResult><IsTruncated>false</IsTruncated>\
         <Users><member><Arn>a</Arn><UserName>n</UserName></member></Users></ListUsersResult></ns2:ListUsersResponse>"
    );
    assert_eq!(written("ListUsers", &page, Format::Xml), (200, xml));
    let (_, body) = written("ListUsers", &page, Format::Json);
    let expected = json!({
        "ResponseMetadata": { "RequestId": ID },
        "ListUsersResult": { "Users": [{ "UserName": "n", "Arn": "a" }], "IsTruncated": false },
    });
    assert_eq!(serde_json::from_str::<Value>(&body).expect("JSON"), expected);

    let refused = Outcome::Error(ApiError { status: 404, code: "NoSuchEntity".into(), message: "m".into() });
    let xml = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?><ns2:ErrorResponse xmlns:ns2=\"none\"><Error><Type>Sender</Type>\
         <Code>NoSuchEntity</Code><Message>m</Message></Error><RequestId>{ID}</RequestId></ns2:ErrorResponse>"
    );
    assert_eq!(written("GetUser", &refused, Format::Xml), (404, xml));
    let (status, body) = written("GetUser", &refused, Format::Json);
    let expected = json!({ "Error": { "Type": "Sender", "Code": "NoSuchEntity", "Message": "m" }, "RequestId": ID });
    assert_eq!((status, serde_json::from_str::<Value>(&body).expect("JSON")), (404, expected));
}

#[test]
fn inline_documents_are_raw_and_those_of_versions_encoded() {
    let document = "{\"a\": \"*\"}";
    let inline = tree(json!({ "UserName": "u", "PolicyName": "p", "PolicyDocument": document }));
    let version = tree(json!({ "PolicyVersion": { "Document": document } }));
    for format in [Format::Xml, Format::Json] {
        let (_, raw) = written("GetUserPolicy", &inline, format);
        assert!(raw.contains(&serde_json::to_string(document).expect("JSON")) || raw.contains("{&quot;a&quot;: &quot;*&quot;}"), "{raw}");
        let (_, encoded) = written("GetPolicyVersion", &version, format);
        assert!(encoded.contains("%7B%22a%22%3A%20%22%2A%22%7D"), "{encoded}");
        // The other way round each is found, and read all the same.
        let (expected, Outcome::Success(tree)) = (vec!["wire.document-encoded"], &version) else { panic!("a tree") };
        let swapped =
            encoded.replace("%7B%22a%22%3A%20%22%2A%22%7D", if format == Format::Xml { document } else { "{\\\"a\\\": \\\"*\\\"}" });
        assert_eq!(success("GetPolicyVersion", format, &swapped), (Value::Object(tree.clone()), expected));
        let (expected, Outcome::Success(tree)) = (vec!["ecs.document-raw"], &inline) else { panic!("a tree") };
        let swapped = raw.replace("{&quot;a&quot;: &quot;*&quot;}", "%7B%22a%22%3A%20%22%2A%22%7D");
        let swapped = swapped.replace("{\\\"a\\\": \\\"*\\\"}", "%7B%22a%22%3A%20%22%2A%22%7D");
        assert_eq!(success("GetUserPolicy", format, &swapped), (Value::Object(tree.clone()), expected));
    }
}

#[test]
fn a_list_is_read_under_both_of_its_names() {
    let keys = json!({ "ResponseMetadata": { "RequestId": ID }, "ListAccessKeysResult": { "AccessKeys": [], "IsTruncated": false } });
    let expected = json!({ "AccessKeyMetadata": [], "IsTruncated": false });
    assert_eq!(success("ListAccessKeys", Format::Json, &keys.to_string()), (expected, vec![]));
    let expected = json!({ "Versions": [{ "VersionId": "v1" }], "IsTruncated": false });
    for name in ["Versions", "PolicyVersions"] {
        let xml = format!(
            "<n:ListPolicyVersionsResponse xmlns:n=\"none\"><ResponseMetadata><RequestId>{ID}</RequestId></ResponseMetadata>\
             <ListPolicyVersionsResult><{name}><member><VersionId>v1</VersionId></member></{name}><IsTruncated>false</IsTruncated>\
             </ListPolicyVersionsResult></n:ListPolicyVersionsResponse>"
        );
        assert_eq!(success("ListPolicyVersions", Format::Xml, &xml), (expected.clone(), vec![]));
        let mut json = json!({ "ResponseMetadata": { "RequestId": ID }, "ListPolicyVersionsResult": { "IsTruncated": false } });
        json["ListPolicyVersionsResult"][name] = json!([{ "VersionId": "v1" }]);
        assert_eq!(success("ListPolicyVersions", Format::Json, &json.to_string()), (expected.clone(), vec![]));
    }
}

#[test]
fn departures_are_found_and_read_over() {
    let good = written("GetUser", &tree(json!({ "User": { "Path": "/" } })), Format::Xml).1;
    let metadata = format!("<ResponseMetadata><RequestId>{ID}</RequestId></ResponseMetadata>");
    let last = good.replace(&metadata, "").replace("</ns2:", &format!("{metadata}</ns2:"));
    for (body, expected) in [
        (good.clone(), None),
        (good.replace("ns2", "iam"), None),
        (good.replace("\"none\"", "\"urn:x\""), Some("ecs.xml-namespace")),
        (good.replace("xmlns:ns2=\"none\"", "xmlns=\"none\"").replace("ns2:", ""), Some("ecs.xml-namespace")),
        (last, Some("ecs.metadata-first")),
    ] {
        assert_eq!(success("GetUser", Format::Xml, &body), (json!({ "User": { "Path": "/" } }), Vec::from_iter(expected)), "{body}");
    }
    let metadata = json!({ "RequestId": ID });
    for (body, expected) in [
        (json!({ "ResponseMetadata": metadata, "GetUserResult": { "User": {} } }), None),
        (json!({ "ResponseMetadata": metadata, "User": {} }), Some("ecs.json-form")),
    ] {
        assert_eq!(success("GetUser", Format::Json, &body.to_string()), (json!({ "User": {} }), Vec::from_iter(expected)));
    }
    let body = json!({ "ResponseMetadata": metadata, "DeleteUserResult": {} });
    assert_eq!(success("DeleteUser", Format::Json, &body.to_string()), (json!({}), vec!["wire.no-result-element"]));
    let body = json!({ "ResponseMetadata": metadata, "GetUserResult": { "User": {} }, "Extra": 1 });
    assert_eq!(success("GetUser", Format::Json, &body.to_string()).1, ["ecs.json-form"]);
}

#[test]
fn an_answer_in_the_other_format_is_read_and_found() {
    let (_, xml) = written("DeleteUser", &tree(json!({})), Format::Xml);
    let response = Response { status: 200, headers: vec![("Content-Type".into(), "application/xml".into())], body: xml.into_bytes() };
    let reply = ecs().decode_response("DeleteUser", &response, Format::Json);
    assert_eq!(reply.outcome, Ok(tree(json!({}))));
    assert_eq!(reply.findings.iter().map(|f| f.req).collect::<Vec<_>>(), [req::ECS__FORMAT_FOLLOWS_ACCEPT]);
}

#[test]
fn an_error_under_status_200_is_an_error() {
    for format in [Format::Xml, Format::Json] {
        let sent = ApiError { status: 200, code: "NotImplemented".into(), message: "m".into() };
        let (status, body) = written("UpdateUser", &Outcome::Error(sent.clone()), format);
        assert_eq!((status, error(200, format, &body)), (200, (sent, Some(ID.to_owned()), vec![])), "{body}");
        assert_eq!(error(501, format, &body).2, ["wire.status-of-code", "wire.error-type-receiver"]);
    }
}

#[test]
fn errors_of_other_forms_are_read() {
    let expect = |findings: &[&'static str]| {
        (ApiError { status: 404, code: "NoSuchEntity".into(), message: "m".into() }, Some("r".to_owned()), findings.to_vec())
    };
    for (body, findings) in [
        (json!({ "Error": { "Type": "Sender", "Code": "NoSuchEntity", "Message": "m" }, "RequestId": "r" }), vec![]),
        (
            json!({ "Error": { "Type": "Receiver", "Code": "NoSuchEntity", "Message": "m" }, "RequestId": "r" }),
            vec!["wire.error-type-sender"],
        ),
        (
            json!({ "Error": { "Code": "NoSuchEntity", "Message": "m" }, "ResponseMetadata": { "RequestId": "r" } }),
            vec!["wire.request-id-place"],
        ),
        (json!({ "Errors": [{ "Code": "NoSuchEntity", "Details": "m" }], "RequestId": "r" }), vec!["ecs.json-errors"]),
    ] {
        assert_eq!(error(404, Format::Json, &body.to_string()), expect(&findings), "{body}");
    }
}

#[test]
fn errors_of_the_layer_in_front_are_read_and_held_to_nothing() {
    let xml = "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?><error><code>1004</code><description>Authentication failed\
               </description><details>no token</details><retryable>false</retryable></error>";
    let json = "{\"code\":1004,\"description\":\"Authentication failed\",\"details\":\"no token\",\"retryable\":false}";
    for (body, format) in [(xml, Format::Xml), (json, Format::Json), (xml, Format::Json)] {
        let message = "Authentication failed: no token".into();
        assert_eq!(error(401, format, body), (ApiError { status: 401, code: "1004".into(), message }, None, vec![]));
    }
    // A code of the API in such a form is a departure of the API.
    let reply = read("GetUser", 404, Format::Xml, &xml.replace("1004", "NoSuchEntity"));
    assert_eq!(reply.outcome.map_err(|unreadable| unreadable.req), Err(req::WIRE__ENVELOPE));
    // Only ECS has such a layer.
    let response = Response { status: 401, headers: Vec::new(), body: json.into() };
    let reply = dialect(DialectId::Aws).expect("it is there").decode_response("GetUser", &response, Format::Xml);
    assert_eq!(reply.outcome.map_err(|unreadable| unreadable.req), Err(req::WIRE__ENVELOPE));
}

#[test]
fn ecs_is_held_to_what_dell_documents() {
    let level = |rule: crate::api::Req| rule.get().level(DialectId::Ecs);
    for rule in [req::WIRE__WELL_FORMED, req::WIRE__ENVELOPE, req::WIRE__NO_RESULT_ELEMENT, req::WIRE__CONTENT_TYPE, req::WIRE__REQUEST_ID]
    {
        assert_eq!(level(rule), Level::Must, "{rule:?}");
    }
    assert_eq!(level(req::WIRE__DOCUMENT_RFC3986), Level::Should);
    for rule in [req::WIRE__NAMESPACE, req::WIRE__METADATA_LAST, req::WIRE__JSON_FORM, req::WIRE__REQUEST_ID_HEADER] {
        assert!(!rule.get().dialects.contains(&DialectId::Ecs), "{rule:?}");
    }
}
