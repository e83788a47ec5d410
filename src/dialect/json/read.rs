//! The client's half: a JSON body as an outcome.

use serde_json::{Map, Value};

use super::{Form, error};
use crate::api::{DialectId, Member, Type, model, req};
use crate::dialect::reply::{Body, Expected, Source};
use crate::dialect::{Finding, Outcome, Unreadable, document};

/// What a JSON answer to a call of `action` says.
pub(in crate::dialect) fn read(expected: &Expected, action: &str, status: u16, body: &[u8]) -> Result<Body, Unreadable> {
    let malformed = |why: String| Unreadable { why, req: req::WIRE__JSON_WELL_FORMED };
    let text = std::str::from_utf8(body)
        .map_err(|e| malformed(format!("the body is no UTF-8 from byte {} of {} on", e.valid_up_to(), body.len())))?;
    let Value::Object(mut top) = serde_json::from_str(text).map_err(|e| malformed(format!("malformed JSON: {e}")))? else {
        return Err(malformed("the body is a JSON array, expected an object".into()));
    };
    if let Some(body) = error::read(expected, status, &top) {
        return Ok(body);
    }
    if status >= 400 {
        let why = format!("status {status}, and the JSON body holds no error code");
        return Err(Unreadable { why, req: req::WIRE__ENVELOPE });
    }
    let metadata = top.remove("ResponseMetadata");
    let request_id = metadata.as_ref().and_then(|m| m.get("RequestId")).and_then(Value::as_str).map(str::to_owned);
    let mut findings = Vec::new();
    let members = unwrap(expected.json.unwrap_or(Form::Flat), action, top, &mut findings);
    let declared = model().action(action).map(|a| a.response.as_slice()).unwrap_or_default();
    let tree = Receiver { dialect: expected.dialect, findings: &mut findings }.members(members, declared, "");
    Ok(Body { outcome: Outcome::Success(tree), source: Source::Api, request_id, error_type: None, findings })
}

/// The members of the result, taken out of a Result layer if there is one. Where there should be one, members without it are taken
/// too; so is ListUserPolicies' list as one text: the EIM reference types it so, and leaves open what is meant.
fn unwrap(form: Form, action: &str, mut top: Map<String, Value>, findings: &mut Vec<Finding>) -> Map<String, Value> {
    let layer = format!("{action}Result");
    let has_output = model().action(action).is_none_or(|a| !a.response.is_empty());
    let mut find = |req, text: String| findings.push(Finding { req, at: layer.clone(), text });
    let has_layer = matches!(top.get(&layer), Some(Value::Object(_)));
    match form {
        Form::Flat if has_layer && !form.has_layer(action) => {
            find(req::WIRE__JSON_FORM, format!("the members stand in {layer}, expected at the top level"));
        }
        Form::Layered if has_layer && !has_output => {
            find(req::WIRE__NO_RESULT_ELEMENT, format!("{action} has no output, the answer has a result"));
        }
        Form::Layered if !has_layer && has_output => {
            find(req::ECS__JSON_FORM, format!("expected the members in {layer}, there is no such object"));
        }
        Form::Layered if top.len() > usize::from(has_layer) => {
            find(req::ECS__JSON_FORM, format!("expected ResponseMetadata alone beside {layer}, there is more"));
        }
        _ => {}
    }
    if let Some(Value::Object(inner)) = top.get_mut(&layer) {
        let inner = std::mem::take(inner);
        top.remove(&layer);
        top.extend(inner);
    }
    if form == Form::Flat
        && form.has_layer(action)
        && let Some(names @ Value::String(_)) = top.get_mut("PolicyNames")
    {
        *names = Value::Array(vec![names.take()]);
    }
    top
}

/// Makes the canonical tree: members under their names in the API, policy documents decoded. Types are the shape check's business.
struct Receiver<'f> {
    dialect: DialectId,
    findings: &'f mut Vec<Finding>,
}

impl Receiver<'_> {
    fn members(&mut self, members: Map<String, Value>, declared: &[Member], path: &str) -> Map<String, Value> {
        let mut tree = Map::new();
        for (name, value) in members {
            let member = declared.iter().find(|m| m.is_called(&name, self.dialect));
            let name = member.map_or(name, |m| m.name.clone());
            let at = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
            let value = match (member, value) {
                (Some(member), Value::String(text)) if member.is_raw(self.dialect) => {
                    Value::String(document::receive_raw(&text, &at, self.findings))
                }
                (Some(member), value) => self.value(value, &member.ty, &at),
                (None, value) => value,
            };
            tree.insert(name, value);
        }
        tree
    }

    fn value(&mut self, value: Value, ty: &Type, path: &str) -> Value {
        match (value, ty) {
            (Value::String(text), Type::Scalar(name)) if name == document::TYPE => {
                Value::String(document::receive(&text, path, self.findings))
            }
            (Value::Object(members), Type::Struct(name)) => Value::Object(self.members(members, model().structure(name), path)),
            (Value::Array(items), Type::List(inner)) => {
                items.into_iter().enumerate().map(|(i, item)| self.value(item, inner, &format!("{path}[{i}]"))).collect()
            }
            (value, _) => value,
        }
    }
}
