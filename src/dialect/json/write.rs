//! The server's half: an outcome as a JSON body.

use serde_json::{Map, Value, json};

use super::Form;
use crate::api::{DialectId, Member, Type, model};
use crate::dialect::{Outcome, document};

/// How a dialect's server writes JSON.
pub(in crate::dialect) struct Layout {
    /// Which dialect: the model knows whose policy documents are not encoded.
    pub dialect: DialectId,
    /// Where things stand.
    pub form: Form,
}

/// An answer to a call of `action`.
pub(in crate::dialect) fn write(layout: &Layout, action: &str, outcome: &Outcome, request_id: &str) -> Vec<u8> {
    let body = match outcome {
        Outcome::Success(tree) => {
            let declared = model().action(action).map(|a| a.response.as_slice()).unwrap_or_default();
            let mut members = members(layout, tree, declared);
            let has_output = !declared.is_empty() || !tree.is_empty();
            if has_output && layout.form.has_layer(action) {
                members = Map::from_iter([(format!("{action}Result"), Value::Object(members))]);
            }
            members.insert("ResponseMetadata".into(), json!({ "RequestId": request_id }));
            Value::Object(members)
        }
        Outcome::Error(error) => {
            let (code, message) = (&error.code, &error.message);
            let kind = if error.status < 500 { "Sender" } else { "Receiver" };
            match layout.form {
                Form::Flat => json!({
                    "Errors": [{ "Code": code, "Type": kind, "Details": message }],
                    "ResponseContext": { "RequestId": request_id },
                }),
                Form::Layered => json!({ "Error": { "Type": kind, "Code": code, "Message": message }, "RequestId": request_id }),
            }
        }
    };
    body.to_string().into_bytes()
}

fn members(layout: &Layout, tree: &Map<String, Value>, declared: &[Member]) -> Map<String, Value> {
    let encoded = |(name, value): (&String, &Value)| {
        // A document that is not encoded is a text like any other.
        let member = declared.iter().find(|m| m.name == *name).filter(|m| !m.is_raw(layout.dialect));
        (name.clone(), encode(layout, value, member.map(|m| &m.ty)))
    };
    tree.iter().map(encoded).collect()
}

/// The same value with its policy documents percent-encoded.
fn encode(layout: &Layout, value: &Value, ty: Option<&Type>) -> Value {
    match (value, ty) {
        (Value::String(text), Some(Type::Scalar(name))) if name == document::TYPE => Value::String(document::encode(text)),
        (Value::Object(tree), Some(Type::Struct(name))) => Value::Object(members(layout, tree, model().structure(name))),
        (Value::Array(items), Some(Type::List(inner))) => items.iter().map(|item| encode(layout, item, Some(inner))).collect(),
        _ => value.clone(),
    }
}
