//! The server's half: an outcome as a JSON body.

use serde_json::{Map, Value, json};

use super::LAYERED;
use crate::api::{Member, Type, model};
use crate::dialect::{Outcome, document};

/// An answer to a call of `action`.
pub(in crate::dialect) fn write(action: &str, outcome: &Outcome, request_id: &str) -> Vec<u8> {
    let body = match outcome {
        Outcome::Success(tree) => {
            let declared = model().action(action).map(|a| a.response.as_slice()).unwrap_or_default();
            let mut members = members(tree, declared);
            if action == LAYERED {
                members = Map::from_iter([(format!("{action}Result"), Value::Object(members))]);
            }
            members.insert("ResponseMetadata".into(), json!({ "RequestId": request_id }));
            Value::Object(members)
        }
        Outcome::Error(error) => json!({
            "Errors": [{
                "Code": error.code,
                "Type": if error.status < 500 { "Sender" } else { "Receiver" },
                "Details": error.message,
            }],
            "ResponseContext": { "RequestId": request_id },
        }),
    };
    body.to_string().into_bytes()
}

fn members(tree: &Map<String, Value>, declared: &[Member]) -> Map<String, Value> {
    let encoded = |(name, value): (&String, &Value)| {
        let ty = declared.iter().find(|m| m.name == *name).map(|m| &m.ty);
        (name.clone(), encode(value, ty))
    };
    tree.iter().map(encoded).collect()
}

/// The same value with its policy documents percent-encoded.
fn encode(value: &Value, ty: Option<&Type>) -> Value {
    match (value, ty) {
        (Value::String(text), Some(Type::Scalar(name))) if name == document::TYPE => Value::String(document::encode(text)),
        (Value::Object(tree), Some(Type::Struct(name))) => Value::Object(members(tree, model().structure(name))),
        (Value::Array(items), Some(Type::List(inner))) => items.iter().map(|item| encode(item, Some(inner))).collect(),
        _ => value.clone(),
    }
}
