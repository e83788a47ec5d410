use serde_json::{Value, json};

use crate::api::{model, req};
use crate::dialect::reply::Body;
use crate::dialect::{ApiError, Outcome, Unreadable, eim};

fn read(action: &str, status: u16, body: &Value) -> Result<Body, Unreadable> {
    super::read(&eim::EXPECTED, action, status, body.to_string().as_bytes())
}

fn success(action: &str, body: &Value) -> (Value, Vec<&'static str>) {
    let read = read(action, 200, body).expect("an answer");
    let Outcome::Success(tree) = read.outcome else { panic!("{body}") };
    (Value::Object(tree), read.findings.iter().map(|f| f.req.id()).collect())
}

fn written(action: &str, tree: &Value) -> Value {
    let outcome = Outcome::Success(tree.as_object().expect("a structure").clone());
    serde_json::from_slice(&super::write(&eim::JSON, action, &outcome, "r")).expect("JSON")
}

#[test]
fn members_stand_beside_the_metadata() {
    let tree = json!({ "User": { "UserName": "n", "Path": "/" } });
    let body = json!({ "User": { "UserName": "n", "Path": "/" }, "ResponseMetadata": { "RequestId": "r" } });
    assert_eq!(written("GetUser", &tree), body);
    assert_eq!(success("GetUser", &body), (tree, vec![]));
    assert_eq!(written("DeleteUser", &json!({})), json!({ "ResponseMetadata": { "RequestId": "r" } }));
}

#[test]
fn only_list_user_policies_keeps_its_layer() {
    for action in &model().actions {
        let body = written(&action.name, &json!({}));
        assert_eq!(body.get(format!("{}Result", action.name)).is_some(), action.name == "ListUserPolicies");
    }
    let body = written("ListUserPolicies", &json!({ "PolicyNames": ["a"] }));
    assert_eq!(body, json!({ "ListUserPoliciesResult": { "PolicyNames": ["a"] }, "ResponseMetadata": { "RequestId": "r" } }));
}

#[test]
fn list_user_policies_is_read_in_three_forms() {
    let tree = json!({ "PolicyNames": ["a"] });
    for body in [
        json!({ "ListUserPoliciesResult": { "PolicyNames": ["a"] } }),
        json!({ "ListUserPoliciesResult": { "PolicyNames": "a" } }),
        json!({ "PolicyNames": ["a"] }),
    ] {
        assert_eq!(success("ListUserPolicies", &body), (tree.clone(), vec![]));
    }
}

#[test]
fn a_layer_where_none_belongs_is_found_and_read_over() {
    let body = json!({ "GetUserResult": { "User": {} }, "ResponseMetadata": { "RequestId": "r" } });
    assert_eq!(success("GetUser", &body), (json!({ "User": {} }), vec!["wire.json-form"]));
}

#[test]
fn documents_are_decoded_and_other_values_stay() {
    let body = json!({ "PolicyVersion": { "Document": "%7B%7D", "IsDefaultVersion": "true", "VersionId": 1 } });
    let tree = json!({ "PolicyVersion": { "Document": "{}", "IsDefaultVersion": "true", "VersionId": 1 } });
    assert_eq!(success("GetPolicyVersion", &body), (tree, vec![]));
    let body = json!({ "Versions": [{ "Document": "{\"a\":1}" }] });
    assert_eq!(success("ListPolicyVersions", &body), (body, vec!["wire.document-encoded"]));
}

#[test]
fn errors_are_read_in_every_form() {
    for (body, findings) in [
        (json!({ "Errors": [{ "Code": "C", "Type": "T", "Details": "m" }], "ResponseContext": { "RequestId": "r" } }), vec![]),
        (json!({ "__type": "com.example#C", "message": "m", "RequestId": "r" }), vec!["wire.json-errors", "wire.request-id-place"]),
        (
            json!({ "type": "https://example.com/problems/C", "title": "t", "status": 404, "detail": "m", "RequestId": "r" }),
            vec!["wire.json-errors", "wire.request-id-place"],
        ),
        (
            json!({ "type": "about:blank", "title": "C", "detail": "m", "RequestId": "r" }),
            vec!["wire.json-errors", "wire.request-id-place"],
        ),
    ] {
        let read = read("GetUser", 404, &body).expect("an error");
        assert_eq!(read.outcome, Outcome::Error(ApiError { status: 404, code: "C".into(), message: "m".into() }));
        assert_eq!(read.request_id.as_deref(), Some("r"));
        assert_eq!(read.findings.iter().map(|f| f.req.id()).collect::<Vec<_>>(), findings);
    }
}

#[test]
fn what_is_no_answer_is_refused() {
    for (status, body, expected) in [
        (200, &b"{\"User\": {}"[..], req::WIRE__JSON_WELL_FORMED),
        (200, b"[]", req::WIRE__JSON_WELL_FORMED),
        (200, b"{\"a\": \"\xff\"}", req::WIRE__JSON_WELL_FORMED),
        (200, b"{} {}", req::WIRE__JSON_WELL_FORMED),
        (500, b"{\"oops\": 1}", req::WIRE__ENVELOPE),
    ] {
        let error = super::read(&eim::EXPECTED, "GetUser", status, body).expect_err("refused");
        assert_eq!(error.req, expected, "{}", error.why);
    }
    let deep = format!("{}1{}", "{\"a\":".repeat(100_000), "}".repeat(100_000));
    assert!(super::read(&eim::EXPECTED, "GetUser", 200, deep.as_bytes()).is_err());
}
