//! The client's half: a JSON body as an outcome.

use serde_json::{Map, Value};

use super::{LAYERED, error};
use crate::api::{DialectId, Member, Type, model, req};
use crate::dialect::reply::Body;
use crate::dialect::{Finding, Outcome, Unreadable, document};

/// What a JSON answer to a call of `action` says.
pub(in crate::dialect) fn read(dialect: DialectId, action: &str, status: u16, body: &[u8]) -> Result<Body, Unreadable> {
    let malformed = |why: String| Unreadable { why, req: req::WIRE__JSON_WELL_FORMED };
    let text = std::str::from_utf8(body)
        .map_err(|e| malformed(format!("the body is no UTF-8 from byte {} of {} on", e.valid_up_to(), body.len())))?;
    let Value::Object(mut top) = serde_json::from_str(text).map_err(|e| malformed(format!("malformed JSON: {e}")))? else {
        return Err(malformed("the body is a JSON array, expected an object".into()));
    };
    if let Some(body) = error::read(dialect, status, &top) {
        return Ok(body);
    }
    if status >= 400 {
        let why = format!("status {status}, and the JSON body holds no error code");
        return Err(Unreadable { why, req: req::WIRE__ENVELOPE });
    }
    let metadata = top.remove("ResponseMetadata");
    let request_id = metadata.as_ref().and_then(|m| m.get("RequestId")).and_then(Value::as_str).map(str::to_owned);
    let mut findings = Vec::new();
    let members = unwrap(action, top, &mut findings);
    let declared = model().action(action).map(|a| a.response.as_slice()).unwrap_or_default();
    let tree = receive(members, declared, "", &mut findings);
    Ok(Body { outcome: Outcome::Success(tree), request_id, error_type: None, findings })
}

/// The members of the result, taken out of a Result layer if there is one. ListUserPolicies is taken without its layer too, and its
/// list as one text: the EIM reference types it so.
fn unwrap(action: &str, mut top: Map<String, Value>, findings: &mut Vec<Finding>) -> Map<String, Value> {
    let layer = format!("{action}Result");
    if let Some(Value::Object(inner)) = top.get_mut(&layer) {
        let inner = std::mem::take(inner);
        top.remove(&layer);
        if action != LAYERED {
            let text = format!("the members stand in {layer}, expected at the top level");
            findings.push(Finding { req: req::WIRE__JSON_FORM, at: layer, text });
        }
        top.extend(inner);
    }
    if action == LAYERED
        && let Some(names @ Value::String(_)) = top.get_mut("PolicyNames")
    {
        *names = Value::Array(vec![names.take()]);
    }
    top
}

/// The same tree with its policy documents decoded. Types are the shape check's business.
fn receive(members: Map<String, Value>, declared: &[Member], path: &str, findings: &mut Vec<Finding>) -> Map<String, Value> {
    let typed = |(name, value): (String, Value)| {
        let at = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
        let value = match declared.iter().find(|m| m.name == name) {
            Some(member) => receive_value(value, &member.ty, &at, findings),
            None => value,
        };
        (name, value)
    };
    members.into_iter().map(typed).collect()
}

fn receive_value(value: Value, ty: &Type, path: &str, findings: &mut Vec<Finding>) -> Value {
    match (value, ty) {
        (Value::String(text), Type::Scalar(name)) if name == document::TYPE => Value::String(document::receive(&text, path, findings)),
        (Value::Object(members), Type::Struct(name)) => Value::Object(receive(members, model().structure(name), path, findings)),
        (Value::Array(items), Type::List(inner)) => {
            let item = |(i, item)| receive_value(item, inner, &format!("{path}[{i}]"), findings);
            Value::Array(items.into_iter().enumerate().map(item).collect())
        }
        (value, _) => value,
    }
}
