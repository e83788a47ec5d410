//! What a case needs of a target, read off its steps.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::api::{DialectId, model};
use crate::case::model::{Check, Node};
use crate::case::template::{Count, Expr, Template};
use crate::case::{Case, Expect, Step, Tamper};

/// The code of an Action that is there in name only.
const NOT_IMPLEMENTED: &str = "NotImplemented";

/// What a case needs on one dialect.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Needs {
    /// Actions of the API that it calls.
    pub actions: BTreeSet<String>,
    /// Parameters that it sends, with their Actions.
    pub parameters: BTreeSet<(String, String)>,
    /// Limits that it uses.
    pub limits: BTreeSet<String>,
    /// Capabilities without which the main principal's requests cannot be tampered with as it wants.
    pub proof: BTreeSet<&'static str>,
}

/// What `case` needs on `dialect`.
pub fn needs(case: &Case, dialect: DialectId) -> Needs {
    let mut needs = Needs::default();
    let mut all: Vec<_> = case.rows_on(dialect).into_iter().flat_map(|row| case.steps_in(row)).collect();
    all.retain(|step| step.on.get(&dialect).is_none_or(|other| !other.skip));
    for step in &all {
        let known = model().action(&step.call).is_some();
        // A case that wants to see that an Action is not implemented needs no more of it.
        if known && !expectation(step, dialect).error.iter().any(|code| code == NOT_IMPLEMENTED) {
            needs.actions.insert(step.call.clone());
        }
        if step.principal.is_none() {
            needs.proof.extend(step.auth.as_ref().and_then(proof));
        }
        for (name, value) in parameters(step, dialect) {
            let top = name.split('.').next().unwrap_or_default();
            if known && !step.unknown_parameters && !value.is_null() {
                needs.parameters.insert((step.call.clone(), top.to_owned()));
            }
            limits_of_value(value, &mut needs.limits);
        }
        let texts = step.repeat.iter().chain(step.pages.iter().filter_map(|p| p.size.as_ref()));
        let raw = step.raw.iter().flat_map(|raw| raw.body.iter().chain(&raw.path));
        texts.chain(raw).for_each(|text| limits_of_text(text, &mut needs.limits));
        limits_of_expect(expectation(step, dialect), &mut needs.limits);
    }
    for row in case.rows.iter().filter(|row| row.dialects.contains(&dialect)) {
        row.vars.values().for_each(|value| limits_of_value(value, &mut needs.limits));
    }
    needs
}

/// What a request must prove its sender with, so that a fault can be in it.
fn proof(fault: &Tamper) -> Option<&'static str> {
    match fault {
        Tamper::None | Tamper::Header(_) => None,
        Tamper::Token(_) => Some("login-token"),
        _ => Some("signed-requests"),
    }
}

/// The steps that are not left out on `dialect`.
pub(super) fn steps(case: &Case, dialect: DialectId) -> impl Iterator<Item = &Step> {
    case.steps.iter().filter(move |step| step.on.get(&dialect).is_none_or(|other| !other.skip))
}

/// A step's parameters on `dialect`, null where one is left out.
fn parameters(step: &Step, dialect: DialectId) -> impl Iterator<Item = (&str, &Value)> {
    let other = step.on.get(&dialect).map(|o| o.with.as_slice()).unwrap_or_default();
    let own = step.with.iter().filter(move |(name, _)| !other.iter().any(|(n, _)| n == name));
    own.chain(other).map(|(name, value)| (name.as_str(), value))
}

fn expectation(step: &Step, dialect: DialectId) -> &Expect {
    step.on.get(&dialect).and_then(|other| other.expect.as_ref()).unwrap_or(&step.expect)
}

fn limits_of_expect(expect: &Expect, limits: &mut BTreeSet<String>) {
    let nodes = expect.message.iter().chain(expect.result.iter()).chain(expect.headers.iter().map(|(_, node)| node));
    nodes.for_each(|node| limits_of_node(node, limits));
}

fn limits_of_node(node: &Node, limits: &mut BTreeSet<String>) {
    match &node.check {
        Check::Equals(value) | Check::Not(value) => limits_of_value(value, limits),
        Check::OneOf(values) => values.iter().for_each(|value| limits_of_value(value, limits)),
        Check::Matches(text)
        | Check::Near(text)
        | Check::SameJson(text)
        | Check::SamePem(text)
        | Check::Sorted(text)
        | Check::Count(text) => {
            limits_of_text(text, limits);
        }
        Check::Members(members) => members.iter().for_each(|(_, node)| limits_of_node(node, limits)),
        Check::Items(nodes) | Check::Ordered(nodes) | Check::Includes(nodes) | Check::Excludes(nodes) | Check::All(nodes) => {
            nodes.iter().for_each(|node| limits_of_node(node, limits));
        }
        Check::Optional(node) | Check::Charged(_, node) => limits_of_node(node, limits),
        Check::Present | Check::Absent | Check::AbsentOrEmpty => {}
    }
}

fn limits_of_value(value: &Value, limits: &mut BTreeSet<String>) {
    match value {
        Value::String(text) => limits_of_text(text, limits),
        Value::Array(items) => items.iter().for_each(|item| limits_of_value(item, limits)),
        Value::Object(members) => members.iter().for_each(|(key, member)| {
            limits_of_text(key, limits);
            limits_of_value(member, limits);
        }),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// A text that is no template is the parser's business: case files have been checked, programs find out when it is rendered.
fn limits_of_text(text: &str, limits: &mut BTreeSet<String>) {
    let Ok(template) = Template::parse(text) else { return };
    template.expressions().for_each(|(expr, _)| limits_of_expr(expr, limits));
}

fn limits_of_expr(expr: &Expr, limits: &mut BTreeSet<String>) {
    let mut count = |count: &Count| {
        if let Count::Limit(name, _) = count {
            limits.insert(name.clone());
        }
    };
    match expr {
        Expr::Limit(name, _) => {
            limits.insert(name.clone());
        }
        Expr::Fresh(_, Some(n)) | Expr::Path(Some(n)) | Expr::Text(n) | Expr::Digits(n) | Expr::Blanks(n) | Expr::SizedDocument(n) => {
            count(n);
        }
        Expr::Prefix(inner, n) => {
            count(n);
            limits_of_expr(inner, limits);
        }
        Expr::Twin(_, inner) => limits_of_expr(inner, limits),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::tests::{case, step};
    use super::*;
    use crate::verdict::Loc;

    #[test]
    fn limits_are_found_wherever_they_stand() {
        let mut c =
            case(vec![step("CreateUser", &[("Tags", json!([{ "Key": "${text:limit.policy-size}" }])), ("UserName", json!("${user}"))])]);
        c.steps[0].repeat = Some("${limit.access-keys-per-user+1}".into());
        let node = |check| Node { check, loc: Loc::default() };
        let members = Check::Members(vec![("Users".into(), node(Check::Count("${limit.groups-per-user}".into())))]);
        c.steps[0].expect.result = Some(node(members));
        let found = needs(&c, DialectId::Aws);
        assert!(
            found.limits.contains("access-keys-per-user")
                && found.limits.contains("groups-per-user")
                && found.limits.contains("policy-size"),
            "{found:?}"
        );
        assert!(found.parameters.contains(&("CreateUser".into(), "Tags".into())));
        assert_eq!(found.actions, BTreeSet::from(["CreateUser".to_owned()]));
    }

    #[test]
    fn what_is_sent_or_wanted_on_purpose_is_not_needed() {
        let mut c = case(vec![step("CreateUser", &[("Tags", json!([])), ("UserName", json!("${user}"))]), step("UpdateUser", &[])]);
        c.steps[0].unknown_parameters = true;
        c.steps[1].expect.error = vec!["NotImplemented".into()];
        let found = needs(&c, DialectId::Ecs);
        assert_eq!((found.actions, found.parameters.len()), (BTreeSet::from(["CreateUser".to_owned()]), 0));
    }

    #[test]
    fn faults_need_what_they_are_faults_of() {
        let with = |auth: Tamper, principal: Option<&str>| {
            let mut c = case(vec![step("ListUsers", &[])]);
            (c.steps[0].auth, c.steps[0].principal) = (Some(auth), principal.map(str::to_owned));
            needs(&c, DialectId::Ecs).proof.into_iter().collect::<Vec<_>>()
        };
        assert_eq!(with(Tamper::WrongSecret, None), ["signed-requests"]);
        assert_eq!(with(Tamper::Token("t".into()), None), ["login-token"]);
        assert!(with(Tamper::None, None).is_empty() && with(Tamper::WrongSecret, Some("${key}")).is_empty());
    }
}
