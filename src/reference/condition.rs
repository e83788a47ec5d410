//! The `Condition` element of a statement, evaluated over what is known of a call.

use std::collections::BTreeMap;
use std::net::IpAddr;

use super::Cx;
use super::pattern::{Pattern, Variables};
use super::policy_date;
use super::policy_document::Condition;
use crate::api::{Req, req};

/// What is known of a call: values by key. Keys ignore case.
#[derive(Debug, Default)]
pub(super) struct Context(BTreeMap<String, Vec<String>>);

impl Context {
    /// Adds a value to a key.
    pub(super) fn add(&mut self, key: &str, value: impl Into<String>) {
        self.0.entry(key.to_lowercase()).or_default().push(value.into());
    }

    /// Values of a key; none: it is not known.
    pub(super) fn values(&self, key: &str) -> &[String] {
        self.0.get(&key.to_lowercase()).map(Vec::as_slice).unwrap_or_default()
    }

    /// The value behind a policy variable, which only keys with a single value have.
    pub(super) fn variable(&self, key: &str) -> Option<String> {
        match self.values(key) {
            [single] => Some(single.clone()),
            _ => None,
        }
    }
}

/// How several values of a key are taken together.
#[derive(Clone, Copy, PartialEq)]
enum Over {
    /// No prefix: the key has one value.
    One,
    /// `ForAnyValue:`
    Any,
    /// `ForAllValues:`
    All,
}

/// Whether one key of a condition is satisfied.
pub(super) fn satisfied(cx: &Cx<'_>, condition: &Condition, context: &Context, variables: Variables<'_>) -> bool {
    let values = context.values(&condition.key);
    let (over, operator) = match condition.operator.split_once(':') {
        Some(("ForAnyValue", rest)) => (Over::Any, rest),
        Some(("ForAllValues", rest)) => (Over::All, rest),
        _ => (Over::One, condition.operator.as_str()),
    };
    if operator == "Null" {
        let wanted = condition.values.iter().any(|v| v.eq_ignore_ascii_case(if values.is_empty() { "true" } else { "false" }));
        return wanted && cx.holds(req::AUTHORIZATION__CONDITION_NULL);
    }
    let (operator, if_exists) = operator.strip_suffix("IfExists").map_or((operator, false), |o| (o, true));
    let measures = ["Numeric", "Date"].iter().any(|kind| operator.starts_with(kind));
    if !cx.holds(req::AUTHORIZATION__CONDITION_TAG_VALUES) && measures && condition.key.contains("Tag/") {
        return false;
    }
    let negated = operator.contains("Not");
    if values.is_empty() {
        return match over {
            Over::All => cx.holds(req::AUTHORIZATION__CONDITION_FOR_ALL_VALUES),
            _ if if_exists => cx.holds(req::AUTHORIZATION__CONDITION_IF_EXISTS),
            Over::Any => false,
            Over::One => negated && cx.holds(req::AUTHORIZATION__CONDITION_ABSENT_KEY),
        };
    }
    let operator = operator.replacen("Not", "", 1);
    let matches_one = |value: &String| {
        let hit = condition.values.iter().any(|operand| compare(cx, &operator, value, operand, variables));
        hit != (negated && cx.holds(req::AUTHORIZATION__CONDITION_NEGATED))
    };
    match over {
        Over::All if cx.holds(req::AUTHORIZATION__CONDITION_FOR_ALL_VALUES) => values.iter().all(matches_one),
        Over::Any if !cx.holds(req::AUTHORIZATION__CONDITION_FOR_ANY_VALUE) => values.iter().all(matches_one),
        _ => values.iter().any(matches_one),
    }
}

/// One value against one operand, by the operator without `Not`.
fn compare(cx: &Cx<'_>, operator: &str, value: &str, operand: &str, variables: Variables<'_>) -> bool {
    let literal = || Pattern::literal(operand, variables);
    let (rule, hit): (Req, bool) = match operator {
        "StringEquals" | "BinaryEquals" => (req::AUTHORIZATION__CONDITION_STRING_EQUALS, literal().is_some_and(|o| o == value)),
        "StringEqualsIgnoreCase" => {
            (req::AUTHORIZATION__CONDITION_STRING_IGNORE_CASE, literal().is_some_and(|o| o.to_lowercase() == value.to_lowercase()))
        }
        "StringLike" => {
            (req::AUTHORIZATION__CONDITION_STRING_LIKE, Pattern::new(operand, variables).is_some_and(|pattern| pattern.matches(value)))
        }
        "ArnEquals" | "ArnLike" => (req::AUTHORIZATION__CONDITION_ARN, arn_matches(value, operand, variables)),
        "Bool" => (req::AUTHORIZATION__CONDITION_BOOL, value.eq_ignore_ascii_case(operand)),
        "IpAddress" => (req::AUTHORIZATION__CONDITION_IP, in_network(value, operand).unwrap_or(false)),
        _ => {
            if let Some(relation) = operator.strip_prefix("Numeric") {
                let ordering = value.parse::<f64>().ok().zip(operand.parse::<f64>().ok()).and_then(|(v, o)| v.partial_cmp(&o));
                (req::AUTHORIZATION__CONDITION_NUMERIC, ordering.is_some_and(|o| in_relation(relation, o)))
            } else if let Some(relation) = operator.strip_prefix("Date") {
                let ordering = policy_date::parse(value).zip(policy_date::parse(operand)).map(|(v, o)| v.cmp(&o));
                (req::AUTHORIZATION__CONDITION_DATE, ordering.is_some_and(|o| in_relation(relation, o)))
            } else {
                return false;
            }
        }
    };
    hit && cx.holds(rule)
}

fn in_relation(relation: &str, ordering: std::cmp::Ordering) -> bool {
    match relation {
        "Equals" => ordering.is_eq(),
        "LessThan" => ordering.is_lt(),
        "LessThanEquals" => ordering.is_le(),
        "GreaterThan" => ordering.is_gt(),
        "GreaterThanEquals" => ordering.is_ge(),
        _ => false,
    }
}

/// ARNs are compared field by field, so that a `*` does not reach over a colon of the first five.
fn arn_matches(value: &str, operand: &str, variables: Variables<'_>) -> bool {
    let (value, operand): (Vec<&str>, Vec<&str>) = (value.splitn(6, ':').collect(), operand.splitn(6, ':').collect());
    value.len() == operand.len() && operand.iter().zip(value).all(|(o, v)| Pattern::new(o, variables).is_some_and(|p| p.matches(v)))
}

/// Whether an address is in a network written `address/prefix`, or is that one address. `None`: one of them cannot be read.
fn in_network(value: &str, operand: &str) -> Option<bool> {
    let bits = |ip: IpAddr| match ip {
        IpAddr::V4(v4) => (u128::from(u32::from(v4)) << 96, 32),
        IpAddr::V6(v6) => (u128::from(v6), 128),
    };
    let (network, prefix) = operand.split_once('/').map_or((operand, None), |(n, p)| (n, Some(p)));
    let (value, value_width) = bits(value.parse().ok()?);
    let (network, width) = bits(network.parse().ok()?);
    let prefix: u32 = prefix.map_or(Ok(width), str::parse).ok().filter(|p| *p <= width)?;
    let differing = (value ^ network).checked_shr(128 - prefix).unwrap_or(0);
    Some(value_width == width && differing == 0)
}

#[cfg(test)]
#[path = "condition_tests.rs"]
mod tests;
