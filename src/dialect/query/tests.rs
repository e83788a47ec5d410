use super::Endpoint;
use crate::api::DialectId;
use crate::dialect::{Call, FormEncoding, Format, Request, Style, Wire, dialect};

const ENDPOINT: Endpoint = Endpoint { dialect: DialectId::Aws, paths: &["/"], form_type: true };

fn wire(style: Style, form_encoding: FormEncoding) -> Wire {
    Wire { format: Format::Xml, style, method: "GET".into(), path: "/".into(), form_encoding, headers: Vec::new() }
}

fn encode(call: &Call, wire: &Wire) -> Request {
    super::encode_request(DialectId::Aws, call, wire, &[("Accept", "text/xml")])
}

fn post(content_type: &str, body: &str) -> Request {
    let headers = vec![("content-type".to_owned(), content_type.to_owned())];
    Request { method: "POST".into(), path: "/".into(), query: String::new(), headers, body: body.as_bytes().to_vec() }
}

const FORM: &str = "application/x-www-form-urlencoded; charset=utf-8";

fn params(request: &Request) -> Vec<(String, String)> {
    super::decode_request(&ENDPOINT, request).expect("well-formed").params
}

#[test]
fn parameters_follow_action_and_version_in_the_order_given() {
    let call = Call::new("CreateUser").with("UserName", "u").with("Path", "/a/").with("Tags.member.1.Key", "k").with("Tags", "");
    let request = encode(&call, &wire(Style::Form, FormEncoding::Plus));
    let body = "Action=CreateUser&Version=2010-05-08&UserName=u&Path=%2Fa%2F&Tags.member.1.Key=k&Tags=";
    assert_eq!(String::from_utf8_lossy(&request.body), body);
    assert_eq!((request.method.as_str(), request.query.as_str()), ("POST", ""));
    assert_eq!(request.header("content-type"), Some(FORM));
}

#[test]
fn an_action_without_parameters_is_sent_as_action_and_version_alone() {
    let request = encode(&Call::new("ListUsers"), &wire(Style::Form, FormEncoding::Plus));
    assert_eq!(request.body, b"Action=ListUsers&Version=2010-05-08");
}

#[test]
fn the_two_encodings_differ_in_blanks_alone() {
    let call = Call { action: None, version: None, params: vec![("a b".into(), "*/,@~+\u{e9} -_.&=%".into())] };
    for (encoding, expected) in [
        (FormEncoding::Plus, "a+b=%2A%2F%2C%40~%2B%C3%A9+-_.%26%3D%25"),
        (FormEncoding::Rfc3986, "a%20b=%2A%2F%2C%40~%2B%C3%A9%20-_.%26%3D%25"),
    ] {
        assert_eq!(encode(&call, &wire(Style::Form, encoding)).body, expected.as_bytes());
        let query = encode(&call, &wire(Style::Query, encoding));
        assert_eq!((query.query.as_str(), query.body.len()), ("a%20b=%2A%2F%2C%40~%2B%C3%A9%20-_.%26%3D%25", 0));
    }
}

#[test]
fn headers_of_the_target_replace_those_of_the_dialect() {
    let mut wire = wire(Style::Query, FormEncoding::Plus);
    wire.headers = vec![("accept".into(), "*/*".into()), ("x-namespace".into(), "n".into())];
    let headers = encode(&Call::new("ListUsers"), &wire).headers;
    assert_eq!(headers, [("accept".to_owned(), "*/*".to_owned()), ("x-namespace".to_owned(), "n".to_owned())]);
}

#[test]
fn a_blank_is_a_plus_or_an_escape() {
    let expected = [("n".to_owned(), "a b c+d".to_owned()), ("m".to_owned(), String::new()), ("=".to_owned(), "=x".to_owned())];
    assert_eq!(params(&post(FORM, "n=a+b%20c%2bd&m&&%3D==x")), expected);
}

#[test]
fn every_pair_of_a_repeated_name_is_kept() {
    let call = super::decode_request(&ENDPOINT, &post(FORM, "a=1&Action=A&a=2&Action=B&Version=V")).expect("well-formed");
    assert_eq!((call.action.as_deref(), call.version.as_deref()), (Some("A"), Some("V")));
    assert_eq!(call.params, [("a", "1"), ("a", "2"), ("Action", "B")].map(|(n, v)| (n.to_owned(), v.to_owned())));
}

#[test]
fn broken_escapes_are_refused() {
    for body in ["a=%", "a=%4", "a=%zz", "%C3=1", "a=%+1", "a=\u{fffd}%ff"] {
        let error = super::decode_request(&ENDPOINT, &post(FORM, body)).expect_err(body);
        assert_eq!((error.code.as_str(), error.status), ("MalformedQueryString", 404));
        assert!(!error.message.contains("zz"), "the message does not repeat what may be secret");
    }
}

#[test]
fn a_body_that_is_no_form_is_not_read() {
    for content_type in ["text/plain", "application/json", ""] {
        let call = super::decode_request(&ENDPOINT, &post(content_type, "Action=ListUsers")).expect("well-formed");
        assert_eq!(call.action, None);
    }
    let call = super::decode_request(&ENDPOINT, &post("APPLICATION/X-WWW-FORM-URLENCODED", "Action=ListUsers")).expect("well-formed");
    assert_eq!(call.action.as_deref(), Some("ListUsers"));
}

#[test]
fn parameters_of_a_signature_in_the_query_are_no_parameters_of_the_call() {
    let mut request = post(FORM, "Action=GetUser&UserName=u");
    request.query = "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Signature=00".into();
    assert_eq!(params(&request), [("UserName".to_owned(), "u".to_owned())]);
}

#[test]
fn other_paths_and_methods_are_refused() {
    let mut request = post(FORM, "Action=ListUsers");
    request.path = "/iam".into();
    assert_eq!(super::decode_request(&ENDPOINT, &request).map_err(|e| (e.status, e.code)), Err((404, "UnknownOperationException".into())));
    request.path = "/".into();
    request.method = "PUT".into();
    assert_eq!(super::decode_request(&ENDPOINT, &request).map_err(|e| (e.status, e.code)), Err((405, "MethodNotAllowed".into())));
}

#[test]
fn only_eim_answers_json_and_only_to_who_accepts_nothing_else() {
    for (accept, expected) in [
        (vec!["application/json"], Format::Json),
        (vec!["application/json; charset=utf-8"], Format::Json),
        (vec!["application/json, */*"], Format::Xml),
        (vec!["application/json", "text/xml"], Format::Xml),
        (vec![""], Format::Xml),
        (vec![], Format::Xml),
    ] {
        let mut request = post(FORM, "Action=ListUsers");
        request.headers.extend(accept.iter().map(|v| ("ACCEPT".to_owned(), (*v).to_owned())));
        let format = |id| dialect(id).and_then(|d| d.decode_request(&request).ok()).map(|incoming| incoming.format);
        assert_eq!(format(DialectId::Eim), Some(expected), "{accept:?}");
        assert_eq!(format(DialectId::Aws), Some(Format::Xml), "{accept:?}");
    }
}
