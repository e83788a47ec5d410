//! Results that break a requirement of their shape, of pages or of secrets.

use serde_json::{Value, json};

use super::element::{self, UNKNOWN};
use super::outgoing::Outgoing;
use super::tree::{Tree, scalar, structures};
use super::{DateForm, leak};
use crate::api::{Action, DialectId, Member, Req, ScalarBase, Type, model, req};

/// Breaks `rule` in the result of a call of `action`, where that can be.
pub(super) fn spoil(rule: Req, action: &'static Action, exchange: &Outgoing<'_>, tree: &mut Tree) {
    let dialect = exchange.dialect.id();
    match rule {
        req::SHAPE__UNDECLARED_ELEMENT if !action.response.is_empty() => drop(tree.insert(UNKNOWN.into(), json!("yes"))),
        req::SHAPE__LIST_PRESENT => tree.retain(|_, value| value.as_array().is_none_or(|items| !items.is_empty())),
        req::SHAPE__ALWAYS_MEMBER => drop(tree.remove("IsTruncated")),
        req::SHAPE__MARKER if action.paginates_on(dialect) => {
            tree.entry("Marker").or_insert_with(|| json!("more"));
        }
        req::TRANSPORT__PAGES_END if action.paginates_on(dialect) => endless(exchange, tree),
        req::SHAPE__NO_SECRET if action.name != "CreateAccessKey" => {
            leak::leak(exchange, action, tree, "SecretAccessKey", "SecretAccessKey")
        }
        req::TRANSPORT__SECRET_ONCE if action.name != "CreateAccessKey" => leak::leak(exchange, action, tree, "SecretAccessKey", "Note"),
        req::SHAPE__NAMES_ORDER => ["Users", "Groups"].into_iter().for_each(|list| reverse(tree, list)),
        req::SHAPE__VERSIONS_ORDER => reverse(tree, "Versions"),
        _ => structures(action, dialect, tree, &mut |members, part| members_of(rule, dialect, members, part)),
    }
}

/// Once a marker is sent, every page brings it again.
fn endless(exchange: &Outgoing<'_>, tree: &mut Tree) {
    if let Some(marker) = exchange.call.and_then(|call| call.param("Marker")) {
        tree.insert("IsTruncated".into(), json!(true));
        tree.insert("Marker".into(), json!(marker));
    }
}

fn reverse(tree: &mut Tree, list: &str) {
    if let Some(Value::Array(items)) = tree.get_mut(list) {
        items.reverse();
    }
}

/// Breaks a rule about single members in one structure.
fn members_of(rule: Req, dialect: DialectId, members: &'static [Member], part: &mut Tree) {
    if rule == req::SHAPE__REQUIRED_MEMBER {
        // A scalar, and the last of them: what is left still says what it is about.
        if let Some(member) = members.iter().rev().find(|m| m.required && scalar(m).is_some() && part.contains_key(&m.name)) {
            part.remove(&member.name);
        }
        return;
    }
    for member in members.iter().filter(|m| m.on(dialect)) {
        let (Some(value), Type::Scalar(ty)) = (part.get_mut(&member.name), &member.ty) else { continue };
        match (model().base(ty), value) {
            (ScalarBase::Boolean, value) if rule == req::SHAPE__TYPE => *value = json!("yes"),
            (_, Value::String(text)) => {
                if let Some(odd) = odd(rule, dialect, member, ty, text) {
                    *text = odd;
                }
            }
            _ => {}
        }
    }
}

/// A text that breaks a rule in place of one that keeps it; `None`: the rule is not about such a text.
fn odd(rule: Req, dialect: DialectId, member: &Member, ty: &str, text: &str) -> Option<String> {
    let odd = match (rule, ty) {
        (req::SHAPE__ID, "id") | (req::SHAPE__ACCESS_KEY_ID, "access-key-id") => format!("{text}-x"),
        (req::SHAPE__ID_PREFIX, "id") => format!("AROA{}", text.get(4..)?),
        (req::SHAPE__POLICY_ID_LENGTH, "id") if member.name == "PolicyId" => format!("{text}{}", "A".repeat(32)),
        (req::SHAPE__ARN, "arn") => format!("arm{}", text.get(3..)?),
        (req::SHAPE__ARN_LENGTH, "arn") => format!("{text}{}", "x".repeat(2048)),
        (req::SHAPE__ARN_NAMES_RESOURCE, "arn") if !text.ends_with(":root") => format!("{text}x"),
        (req::SHAPE__DATE, "date") => element::date(text, DateForm::Epoch)?,
        (req::SHAPE__DATE_WHOLE_SECONDS, "date") => element::date(text, DateForm::Fraction)?,
        (req::SHAPE__LENGTH, "user-name" | "group-name" | "policy-name" | "certificate-name") => {
            let max = usize::try_from(model().constraints(ty, dialect).max?).ok()?;
            format!("{text}{}", "x".repeat(max))
        }
        (req::SHAPE__CHARACTERS, "user-name" | "group-name" | "policy-name" | "certificate-name") => format!("{text}!"),
        (req::SHAPE__VALUES, "key-status") => text.to_lowercase(),
        (req::SHAPE__POLICY_DOCUMENT, "document") => "[]".to_owned(),
        _ => return None,
    };
    Some(odd)
}
