//! The first row of the policy grammar: what is a syntax error. Everything here works on the JSON as sent; the later rows work on
//! the [`Document`] that it makes of it.

use serde_json::{Map, Value};

use super::Cx;
use super::context::error;
use super::policy_document::{Document, keyed};
use crate::api::req;
use crate::dialect::ApiError;

const TOP_KEYS: &[&str] = &["Version", "Id", "Statement"];
const STATEMENT_KEYS: &[&str] = &[
    "Sid",
    "Effect",
    "Action",
    "NotAction",
    "Resource",
    "NotResource",
    "Condition",
    // Refused too, but with a text of their own.
    "Principal",
    "NotPrincipal",
];

/// Condition operators, without `ForAnyValue:`, `ForAllValues:` and `IfExists`.
const OPERATORS: &[&str] = &[
    "StringEquals",
    "StringNotEquals",
    "StringEqualsIgnoreCase",
    "StringNotEqualsIgnoreCase",
    "StringLike",
    "StringNotLike",
    "NumericEquals",
    "NumericNotEquals",
    "NumericLessThan",
    "NumericLessThanEquals",
    "NumericGreaterThan",
    "NumericGreaterThanEquals",
    "DateEquals",
    "DateNotEquals",
    "DateLessThan",
    "DateLessThanEquals",
    "DateGreaterThan",
    "DateGreaterThanEquals",
    "Bool",
    "BinaryEquals",
    "IpAddress",
    "NotIpAddress",
    "ArnEquals",
    "ArnNotEquals",
    "ArnLike",
    "ArnNotLike",
    "Null",
];

/// Refusal of a document, with the text of its row.
pub(super) fn malformed(text: impl Into<String>) -> ApiError {
    error("MalformedPolicyDocument", text)
}

fn syntax_error() -> ApiError {
    malformed("Syntax errors in policy.")
}

/// The document, or a syntax error. `None` only with the very first rule broken: then there is nothing to look at.
pub(super) fn check(cx: &Cx<'_>, document: &str) -> Result<Option<Document>, ApiError> {
    let Ok(Value::Object(top)) = serde_json::from_str(document) else {
        cx.enforce(req::POLICY_DOCUMENT__JSON, true, syntax_error)?;
        return Ok(None);
    };
    keys(cx, &top, TOP_KEYS)?;
    let version = keyed(&top, "Version");
    let known = version.is_none_or(|v| matches!(v.as_str(), Some("2012-10-17" | "2008-10-17")));
    cx.enforce(req::POLICY_DOCUMENT__KNOWN_VERSION, !known, syntax_error)?;
    identifier(cx, keyed(&top, "Id"))?;
    for statement in statements(cx, keyed(&top, "Statement"))? {
        check_statement(cx, statement)?;
    }
    Ok(Some(Document::read(&top)))
}

fn keys(cx: &Cx<'_>, map: &Map<String, Value>, known: &[&str]) -> Result<(), ApiError> {
    for key in map.keys() {
        let exact = known.contains(&key.as_str());
        let other_case = !exact && known.iter().any(|k| k.eq_ignore_ascii_case(key));
        cx.enforce(req::POLICY_DOCUMENT__KEYS_MIND_CASE, other_case, syntax_error)?;
        cx.enforce(req::POLICY_DOCUMENT__KNOWN_KEYS, !exact && !other_case, syntax_error)?;
    }
    Ok(())
}

/// `Id` and `Sid` are text.
fn identifier(cx: &Cx<'_>, value: Option<&Value>) -> Result<(), ApiError> {
    let wrong = value.is_some_and(|v| !v.is_string() || !cx.holds(req::POLICY_DOCUMENT__ID_AND_SID_ACCEPTED));
    cx.enforce(req::POLICY_DOCUMENT__ID_AND_SID_TEXT, wrong, syntax_error)
}

/// The statements; one alone may stand without its list.
fn statements<'a>(cx: &Cx<'_>, value: Option<&'a Value>) -> Result<Vec<&'a Map<String, Value>>, ApiError> {
    let items: Vec<&Value> = match value {
        Some(Value::Array(items)) => items.iter().collect(),
        Some(single) if cx.holds(req::POLICY_DOCUMENT__SINGLE_STATEMENT_OBJECT) => vec![single],
        _ => Vec::new(),
    };
    let found: Vec<&Map<String, Value>> = items.iter().filter_map(|item| item.as_object()).collect();
    cx.enforce(req::POLICY_DOCUMENT__STATEMENT_PRESENT, items.is_empty(), syntax_error)?;
    cx.enforce(req::POLICY_DOCUMENT__STATEMENTS_ARE_OBJECTS, found.len() < items.len(), syntax_error)?;
    Ok(found)
}

fn check_statement(cx: &Cx<'_>, statement: &Map<String, Value>) -> Result<(), ApiError> {
    keys(cx, statement, STATEMENT_KEYS)?;
    identifier(cx, keyed(statement, "Sid"))?;
    let effect = keyed(statement, "Effect").and_then(Value::as_str).unwrap_or_default();
    let is_effect = ["Allow", "Deny"].iter().any(|e| e.eq_ignore_ascii_case(effect));
    cx.enforce(req::POLICY_DOCUMENT__EFFECT, !is_effect, syntax_error)?;
    for key in ["Action", "NotAction", "Resource", "NotResource"] {
        let wrong = keyed(statement, key).is_some_and(|v| !is_text_or_texts(v));
        cx.enforce(req::POLICY_DOCUMENT__TEXT_OR_LIST_OF_TEXTS, wrong, syntax_error)?;
    }
    let both = |a, b| keyed(statement, a).is_some() && keyed(statement, b).is_some();
    cx.enforce(req::POLICY_DOCUMENT__ACTION_OR_NOT_ACTION, both("Action", "NotAction"), syntax_error)?;
    cx.enforce(req::POLICY_DOCUMENT__RESOURCE_OR_NOT_RESOURCE, both("Resource", "NotResource"), syntax_error)?;
    match keyed(statement, "Condition") {
        Some(condition) => check_condition(cx, condition),
        None => Ok(()),
    }
}

fn is_text_or_texts(value: &Value) -> bool {
    value.is_string() || value.as_array().is_some_and(|items| items.iter().all(Value::is_string))
}

fn check_condition(cx: &Cx<'_>, condition: &Value) -> Result<(), ApiError> {
    let Value::Object(operators) = condition else {
        return cx.enforce(req::POLICY_DOCUMENT__CONDITION_SHAPE, true, syntax_error);
    };
    if operators.is_empty() && !cx.holds(req::POLICY_DOCUMENT__EMPTY_CONDITION) {
        return Err(syntax_error());
    }
    for (operator, body) in operators {
        let Value::Object(tests) = body else {
            cx.enforce(req::POLICY_DOCUMENT__CONDITION_SHAPE, true, syntax_error)?;
            continue;
        };
        if tests.is_empty() {
            // Even an unknown operator passes as long as it says nothing.
            if !cx.holds(req::POLICY_DOCUMENT__EMPTY_OPERATOR) {
                return Err(syntax_error());
            }
            continue;
        }
        cx.enforce(req::POLICY_DOCUMENT__KNOWN_OPERATOR, !is_operator(cx, operator), syntax_error)?;
        for operand in tests.values() {
            let nested = |v: &Value| v.is_object() || v.is_array() || v.is_null();
            let wrong = operand.as_array().map_or(nested(operand), |items| items.iter().any(nested));
            cx.enforce(req::POLICY_DOCUMENT__CONDITION_SHAPE, wrong, syntax_error)?;
            let empty = operand.as_array().is_some_and(Vec::is_empty);
            if empty && !cx.holds(req::POLICY_DOCUMENT__EMPTY_OPERAND) {
                return Err(syntax_error());
            }
        }
    }
    Ok(())
}

fn is_operator(cx: &Cx<'_>, operator: &str) -> bool {
    let set = operator.strip_prefix("ForAnyValue:").or_else(|| operator.strip_prefix("ForAllValues:"));
    let operator = set.filter(|_| cx.holds(req::POLICY_DOCUMENT__SET_OPERATORS)).unwrap_or(operator);
    let optional = operator.strip_suffix("IfExists").filter(|name| *name != "Null");
    OPERATORS.contains(&optional.filter(|_| cx.holds(req::POLICY_DOCUMENT__IF_EXISTS_OPERATORS)).unwrap_or(operator))
}
