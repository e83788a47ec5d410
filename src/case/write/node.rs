//! Expectations and matchers.

use super::toml::{Fields, Toml};
use crate::case::keys::{ANY, UNDERSTOOD};
use crate::case::model::{Check, Expect, Node};

/// The table of `expect`.
pub(super) fn expect(expect: &Expect) -> Toml {
    let mut fields = Fields::new();
    if !expect.status.is_empty() {
        let statuses = expect.status.iter().map(|s| Toml::Plain(s.to_string())).collect();
        fields.push(("status".into(), Toml::one_or_more(statuses)));
    }
    let any = expect.any_error.then_some("*");
    let codes: Vec<Toml> = any.into_iter().chain(expect.error.iter().map(String::as_str)).map(Toml::text).collect();
    if !codes.is_empty() {
        fields.push(("error".into(), Toml::one_or_more(codes)));
    }
    if expect.any || expect.understood {
        fields.push(("outcome".into(), Toml::text(if expect.any { ANY } else { UNDERSTOOD })));
    }
    if let Some(message) = &expect.message {
        fields.push(("message".into(), node(message)));
    }
    if !expect.headers.is_empty() {
        fields.push(("headers".into(), members(&expect.headers)));
    }
    if let Some(requirement) = expect.requirement {
        fields.push(("requirement".into(), Toml::text(requirement.id())));
    }
    if let Some(result) = &expect.result {
        fields.push(("result".into(), node(result)));
    }
    Toml::Table(fields)
}

fn members(members: &[(String, Node)]) -> Toml {
    Toml::Table(members.iter().map(|(name, inner)| (name.clone(), node(inner))).collect())
}

/// A node in its shortest form: a scalar, a list or an object as such, anything else as a table of matchers.
fn node(node: &Node) -> Toml {
    match &node.check {
        Check::Equals(value) if !value.is_null() => Toml::value(value),
        Check::Members(inner) => members(inner),
        Check::Items(inner) => nodes(inner),
        check => {
            let mut fields = Fields::new();
            matchers(check, &mut fields);
            Toml::Table(fields)
        }
    }
}

fn nodes(nodes: &[Node]) -> Toml {
    Toml::List(nodes.iter().map(node).collect())
}

/// The keys of a check in a table of matchers. Those that must all hold stand beside each other.
fn matchers(check: &Check, fields: &mut Fields) {
    let truth = || Toml::flag(true);
    let (name, value) = match check {
        Check::All(all) => {
            all.iter().for_each(|inner| matchers(&inner.check, fields));
            return;
        }
        Check::Charged(requirement, inner) => {
            matchers(&inner.check, fields);
            ("requirement", Toml::text(requirement.id()))
        }
        // There is no matcher for an object: the parser will say so.
        Check::Members(inner) => {
            if let Toml::Table(inner) = members(inner) {
                fields.extend(inner);
            }
            return;
        }
        Check::Equals(value) => ("equals", Toml::value(value)),
        Check::Not(value) => ("not", Toml::value(value)),
        Check::Matches(pattern) => ("matches", Toml::text(pattern)),
        Check::OneOf(values) => ("one-of", Toml::List(values.iter().map(Toml::value).collect())),
        Check::Near(date) => ("near", Toml::text(date)),
        Check::Present => ("present", truth()),
        Check::Absent => ("absent", truth()),
        Check::AbsentOrEmpty => ("absent-or-empty", truth()),
        Check::Optional(inner) => ("optional", node(inner)),
        Check::SameJson(text) => ("same-json", Toml::text(text)),
        Check::SamePem(text) => ("same-pem", Toml::text(text)),
        Check::Sorted(member) => ("sorted", Toml::text(member)),
        Check::Count(count) => ("count", Toml::count(count)),
        Check::Items(inner) => ("items", nodes(inner)),
        Check::Ordered(inner) => ("ordered", nodes(inner)),
        Check::Includes(inner) => ("includes", nodes(inner)),
        Check::Excludes(inner) => ("excludes", nodes(inner)),
    };
    fields.push((name.to_owned(), value));
}
