//! EIM's JSON form, held against the bodies that its reference prints for all 45 Actions: the API model, the codec, and the answers that
//! are blessed as snapshots.

use std::collections::BTreeMap;
use std::path::Path;

use iamspec::api::{DialectId, Member, ScalarBase, Type, model};
use iamspec::dialect::{Format, Outcome, dialect};
use serde_json::{Map, Value, json};

/// Keys and nesting of a body, with `text`, `number` and `boolean` in place of values.
fn form(value: &Value) -> Value {
    match value {
        Value::Object(members) => members.iter().map(|(name, member)| (name.clone(), form(member))).collect(),
        Value::Array(items) => items.iter().map(form).collect(),
        Value::String(_) => json!("text"),
        Value::Number(_) => json!("number"),
        Value::Bool(_) => json!("boolean"),
        Value::Null => json!("null"),
    }
}

/// The forms that the reference prints.
fn printed() -> BTreeMap<String, Value> {
    let text = include_str!("fixtures/eim-json.toml");
    let mut printed: BTreeMap<String, Value> = toml::from_str(text).unwrap();
    // The page types this one list as a text and calls it a list beside it; the suite takes it for a list.
    let names = &mut printed.get_mut("ListUserPolicies").unwrap()["ListUserPoliciesResult"]["PolicyNames"];
    assert_eq!(*names, json!("text"));
    *names = json!(["text"]);
    printed
}

/// A result with every element that the model has on EIM.
fn everything(members: &[Member]) -> Map<String, Value> {
    members.iter().filter(|m| m.on(DialectId::Eim)).map(|m| (m.name.clone(), value(&m.ty))).collect()
}

fn value(ty: &Type) -> Value {
    match ty {
        Type::Struct(name) => Value::Object(everything(model().structure(name))),
        Type::List(inner) => json!([value(inner)]),
        Type::Scalar(name) => match model().base(name) {
            ScalarBase::String | ScalarBase::Date => json!("x"),
            ScalarBase::Integer => json!(1),
            ScalarBase::Boolean => json!(true),
        },
    }
}

/// What a body has that the printed one does not, or otherwise. What it lacks is no departure: the page shows an upper bound.
fn beyond(body: &Value, printed: &Value, path: &str, found: &mut Vec<String>) {
    match (body, printed) {
        (Value::Object(members), Value::Object(known)) => {
            for (name, member) in members {
                match known.get(name) {
                    Some(known) => beyond(member, known, &format!("{path}.{name}"), found),
                    None => found.push(format!("{path}.{name} is not printed")),
                }
            }
        }
        (Value::Array(items), Value::Array(known)) => items.iter().for_each(|item| beyond(item, &known[0], path, found)),
        (body, printed) if body == printed => {}
        (body, printed) => found.push(format!("{path} is {body}, printed as {printed}")),
    }
}

#[test]
fn the_codec_writes_what_the_reference_prints() {
    let printed = printed();
    assert_eq!(printed.len(), 45);
    let eim = dialect(DialectId::Eim).unwrap();
    for action in &model().actions {
        let outcome = Outcome::Success(everything(&action.response));
        let response = eim.encode_response(&action.name, &outcome, "r", Format::Json);
        let body: Value = serde_json::from_slice(&response.body).unwrap();
        assert_eq!(form(&body), printed[&action.name], "{}", action.name);
    }
}

#[test]
fn the_blessed_answers_are_of_the_printed_form() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("snapshots/wire/eim/json");
    let mut seen = 0;
    for (action, printed) in printed() {
        let text = std::fs::read_to_string(folder.join(format!("{action}.snap"))).unwrap();
        let answers = text.split("\n=== ").skip(1).map(|answer| answer.split_once("\n\n").unwrap());
        for (head, body) in answers.filter(|(head, _)| head.contains("\nHTTP 200\n")) {
            let body = form(&serde_json::from_str(body).unwrap());
            let mut found = Vec::new();
            beyond(&body, &printed, &action, &mut found);
            assert_eq!(found, [""; 0], "{action} {head}");
            seen += 1;
        }
    }
    assert!(seen >= 45, "{seen}");
}

#[test]
fn every_departure_is_seen() {
    let printed = &printed()["ListPolicies"];
    let good = json!({ "IsTruncated": false, "Policies": [{ "AttachmentCount": 0, "PolicyName": "p" }] });
    let departures = |change: &dyn Fn(&mut Value)| {
        let mut body = good.clone();
        change(&mut body);
        let mut found = Vec::new();
        beyond(&form(&body), printed, "", &mut found);
        found
    };
    assert_eq!(departures(&|_| {}), [""; 0]);
    let number_as_text = departures(&|body| body["Policies"][0]["AttachmentCount"] = json!("0"));
    assert_eq!(number_as_text, [".Policies.AttachmentCount is \"text\", printed as \"number\""]);
    assert_eq!(departures(&|body| body["Policies"] = json!({ "member": [] })).len(), 1, "a list as an object");
    let renamed = departures(&|body| body["Policies"][0]["PolicyNam"] = json!("p"));
    assert_eq!(renamed, [".Policies.PolicyNam is not printed"]);
    assert_eq!(departures(&|body| *body = json!({ "ListPoliciesResult": body.take() })).len(), 1, "another layer");
}
