//! Parameters as they come, pairs of texts, read as the types of the API model.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::Cx;
use super::context::error;
use crate::api::{DialectId, Member, ScalarBase, Type, model, req};
use crate::dialect::{ApiError, Call};

/// A parameter's value; `None` where the call does not give it. An error is 400 MalformedInput: a text that its type cannot be read
/// from.
pub(super) fn member(cx: &Cx<'_>, call: &Call, member: &Member) -> Result<Option<Value>, ApiError> {
    match &member.ty {
        Type::List(item) => list(cx, call, &member.name, item),
        Type::Scalar(ty) => match (text(cx, call, &member.name), model().base(ty)) {
            (None, _) => Ok(None),
            (Some(text), ScalarBase::Integer) => integer(cx, &member.name, text),
            (Some(text), ScalarBase::Boolean) => boolean(cx, &member.name, text),
            (Some(text), ScalarBase::String | ScalarBase::Date) => Ok(Some(Value::String(text.to_owned()))),
        },
        // No request parameter of the API is a structure by itself.
        Type::Struct(_) => Ok(None),
    }
}

/// Keys distinguish case; of a repeated one the first counts.
fn text<'a>(cx: &Cx<'_>, call: &'a Call, name: &str) -> Option<&'a str> {
    let any_case = !cx.holds(req::PARAMETERS__KEY_CASE);
    let same = |n: &str| n == name || (any_case && n.eq_ignore_ascii_case(name));
    let mut all = call.params.iter().filter(|(n, _)| same(n)).map(|(_, value)| value.as_str());
    if cx.holds(req::PARAMETERS__FIRST_WINS) { all.next() } else { all.next_back() }
}

/// Decimal, 32 bits with sign; `+900` and `0900` are numbers too.
fn integer(cx: &Cx<'_>, name: &str, text: &str) -> Result<Option<Value>, ApiError> {
    let plain = !text.starts_with('+') && (text == "0" || !text.starts_with('0'));
    match text.parse::<i32>() {
        Ok(n) if plain || cx.holds(req::PARAMETERS__INTEGER_FORMS) => Ok(Some(Value::from(n))),
        Err(_) if !cx.holds(req::PARAMETERS__INTEGER) => Ok(None),
        _ => Err(error("MalformedInput", format!("{name} must be a 32-bit integer."))),
    }
}

/// `true` and `false`; on `eim` also as Python writes them.
fn boolean(cx: &Cx<'_>, name: &str, text: &str) -> Result<Option<Value>, ApiError> {
    let python = cx.dialect == DialectId::Eim && cx.holds(req::PARAMETERS__BOOLEAN_CAPITALISED);
    match text {
        "true" => Ok(Some(Value::Bool(true))),
        "false" => Ok(Some(Value::Bool(false))),
        "True" if python => Ok(Some(Value::Bool(true))),
        "False" if python => Ok(Some(Value::Bool(false))),
        _ if !cx.holds(req::PARAMETERS__BOOLEAN) => Ok(None),
        _ => Err(error("MalformedInput", format!("{name} must be true or false."))),
    }
}

/// A list of structures, `Tags.member.N.Key`, in the order of N whatever the order of sending; numbers that are left out close up.
/// `Tags=` is the empty list.
fn list(cx: &Cx<'_>, call: &Call, name: &str, item: &Type) -> Result<Option<Value>, ApiError> {
    let Type::Struct(item) = item else { return Ok(None) };
    let mut items: BTreeMap<u32, Map<String, Value>> = BTreeMap::new();
    for (key, value) in &call.params {
        if let Some((number, inner)) = item_of(key, name)
            && model().structure(item).iter().any(|m| m.name == inner)
        {
            items.entry(number).or_default().entry(inner).or_insert_with(|| Value::String(value.clone()));
        }
    }
    if items.is_empty() {
        return match text(cx, call, name) {
            None => Ok(None),
            Some(_) if cx.holds(req::PARAMETERS__EMPTY_LIST) => Ok(Some(Value::Array(Vec::new()))),
            Some(_) => Err(error("MalformedInput", format!("{name} must be a list."))),
        };
    }
    let mut items: Vec<(u32, Value)> = items.into_iter().map(|(number, item)| (number, Value::Object(item))).collect();
    if !cx.holds(req::PARAMETERS__LIST_ORDER) {
        items.sort_by_key(|(number, _)| number.to_string());
    }
    if !cx.holds(req::PARAMETERS__LIST_GAPS) {
        let gap = items.iter().zip(1..).position(|((number, _), expected)| *number != expected);
        items.truncate(gap.unwrap_or(items.len()));
    }
    Ok(Some(items.into_iter().map(|(_, item)| item).collect()))
}

/// Number and member of `<list>.member.<number>.<member>`; the number is decimal from 1, without leading zeros.
fn item_of<'a>(key: &'a str, list: &str) -> Option<(u32, &'a str)> {
    let (number, inner) = key.strip_prefix(list)?.strip_prefix(".member.")?.split_once('.')?;
    let parsed: u32 = number.parse().ok()?;
    (parsed > 0 && parsed.to_string() == number).then_some((parsed, inner))
}
