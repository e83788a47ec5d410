//! Matchers: whether what came back is what a case expects, and in what it differs.

use regex::Regex;
use serde_json::Value;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use x509_parser::pem::Pem;

use super::list::{excludes, includes, items, ordered, sorted};
use super::model::{Check, Node};
use super::vars::{RenderError, Scope};
use crate::api::Req;
use crate::verdict::Loc;

/// One expectation that did not hold. With step and requirement it becomes a [`Mismatch`](crate::verdict::Mismatch).
#[derive(Clone, Debug, PartialEq)]
pub struct Difference {
    /// Path of what differs: `User.Path`, `Users[1].UserName`.
    pub path: String,
    /// What the case expects, in few words.
    pub expected: String,
    /// What is there instead.
    pub actual: String,
    /// The requirement that the expectation checks, where it says so of this very value.
    pub requirement: Option<Req>,
    /// The expectation.
    pub loc: Loc,
}

/// Longest text of a value in a difference, in characters.
const SHOWN: usize = 300;

/// Compares `actual` (none: it is not there) with what `node` expects and adds a difference for everything that does not hold.
///
/// `path` is where `actual` stands, empty for the result as a whole.
pub fn check(node: &Node, actual: Option<&Value>, path: &str, scope: &Scope, out: &mut Vec<Difference>) {
    let comparison = Comparison { node, actual: actual.filter(|a| !a.is_null()), path, scope };
    if let Err(why) = comparison.run(out) {
        // A target answered; that the case cannot say what it expects of the answer must not pass for agreement.
        out.push(comparison.difference(format!("what {why} stands for"), comparison.seen()));
    }
}

/// One node against one value.
pub(super) struct Comparison<'c> {
    pub(super) node: &'c Node,
    pub(super) actual: Option<&'c Value>,
    pub(super) path: &'c str,
    pub(super) scope: &'c Scope,
}

impl Comparison<'_> {
    fn run(&self, out: &mut Vec<Difference>) -> Result<(), RenderError> {
        match &self.node.check {
            Check::Equals(expected) => {
                let expected = self.scope.render_value(expected)?;
                self.require(self.actual == Some(&expected), || show(&expected), out);
            }
            Check::Not(other) => {
                let other = self.scope.render_value(other)?;
                self.require(self.actual.is_some_and(|a| *a != other), || format!("a value other than {}", show(&other)), out);
            }
            Check::OneOf(values) => {
                let values: Vec<Value> = values.iter().map(|v| self.scope.render_value(v)).collect::<Result<_, _>>()?;
                let shown = || format!("one of {}", values.iter().map(show).collect::<Vec<_>>().join(", "));
                self.require(self.actual.is_some_and(|a| values.contains(a)), shown, out);
            }
            Check::Matches(pattern) => self.matches(&self.scope.render_regex(pattern)?, out),
            Check::Near(other) => {
                let other = self.scope.render(other)?;
                let seconds = |text: &str| OffsetDateTime::parse(text, &Rfc3339).ok().map(OffsetDateTime::unix_timestamp);
                let both = self.actual.and_then(Value::as_str).and_then(seconds).zip(seconds(&other));
                self.require(both.is_some_and(|(a, b)| a.abs_diff(b) <= 1), || format!("a date within a second of {other}"), out);
            }
            Check::Present => self.require(self.actual.is_some(), || "to be there".to_owned(), out),
            Check::Absent => self.require(self.actual.is_none(), || "nothing here".to_owned(), out),
            Check::AbsentOrEmpty => {
                let empty = self.actual.is_none_or(is_empty);
                self.require(empty, || "nothing here, or nothing in it".to_owned(), out);
            }
            Check::Optional(inner) => {
                if self.actual.is_some() {
                    check(inner, self.actual, self.path, self.scope, out);
                }
            }
            Check::All(nodes) => nodes.iter().for_each(|n| check(n, self.actual, self.path, self.scope, out)),
            Check::Charged(requirement, node) => {
                let before = out.len();
                check(node, self.actual, self.path, self.scope, out);
                // What is charged further in stays so.
                out.iter_mut().skip(before).for_each(|difference| difference.requirement = difference.requirement.or(Some(*requirement)));
            }
            Check::Members(members) => self.members(members, out),
            Check::SameJson(expected) => {
                let expected = self.scope.render(expected)?;
                self.same(json_of, "JSON", &expected, out);
            }
            Check::SamePem(expected) => {
                let expected = self.scope.render(expected)?;
                self.same(der_of, "PEM", &expected, out);
            }
            Check::Count(count) => {
                let count = self.scope.render_count(count)?;
                if let Some(list) = self.list(out) {
                    let shown = || format!("{count} items");
                    let matches = u64::try_from(list.len()) == Ok(count);
                    if !matches {
                        out.push(self.difference(shown(), format!("{} items: {}", list.len(), self.seen())));
                    }
                }
            }
            Check::Sorted(member) => sorted(self, member, out),
            Check::Items(nodes) => items(self, nodes, out),
            Check::Ordered(nodes) => ordered(self, nodes, out),
            Check::Includes(nodes) => includes(self, nodes, out),
            Check::Excludes(nodes) => excludes(self, nodes, out),
        }
        Ok(())
    }

    fn require(&self, holds: bool, expected: impl Fn() -> String, out: &mut Vec<Difference>) {
        if !holds {
            out.push(self.difference(expected(), self.seen()));
        }
    }

    fn matches(&self, pattern: &str, out: &mut Vec<Difference>) {
        let shown = || format!("text matching /{pattern}/");
        match Regex::new(&format!("^(?s:{pattern})$")) {
            Ok(regex) => self.require(self.actual.and_then(Value::as_str).is_some_and(|text| regex.is_match(text)), shown, out),
            Err(why) => out.push(self.difference(format!("{}, which is no regular expression: {why}", shown()), self.seen())),
        }
    }

    fn members(&self, members: &[(String, Node)], out: &mut Vec<Difference>) {
        match self.actual {
            Some(Value::Object(actual)) => {
                for (name, node) in members {
                    check(node, actual.get(name), &join(self.path, name), self.scope, out);
                }
            }
            // Members that may be missing do not miss their parent.
            None if !members.is_empty() => {
                for (name, node) in members {
                    check(node, None, &join(self.path, name), self.scope, out);
                }
            }
            _ => out.push(self.difference("an object".to_owned(), self.seen())),
        }
    }

    fn same<T: PartialEq>(&self, read: fn(&str) -> Result<T, String>, form: &str, expected: &str, out: &mut Vec<Difference>) {
        let shown = || format!("the same {form} as {}", quote(expected));
        let wanted = match read(expected) {
            Ok(wanted) => wanted,
            Err(why) => return out.push(self.difference(format!("{}, which is no {form}: {why}", shown()), self.seen())),
        };
        match self.actual.and_then(Value::as_str).map(read) {
            Some(Ok(actual)) => self.require(actual == wanted, shown, out),
            Some(Err(why)) => out.push(self.difference(shown(), format!("no {form} ({why}): {}", self.seen()))),
            None => out.push(self.difference(shown(), self.seen())),
        }
    }

    /// The items of the list that must be here; a difference where there is none.
    pub(super) fn list(&self, out: &mut Vec<Difference>) -> Option<&[Value]> {
        match self.actual {
            Some(Value::Array(list)) => Some(list),
            _ => {
                out.push(self.difference("a list".to_owned(), self.seen()));
                None
            }
        }
    }

    pub(super) fn seen(&self) -> String {
        self.actual.map_or_else(|| "absent".to_owned(), show)
    }

    pub(super) fn difference(&self, expected: String, actual: String) -> Difference {
        Difference { path: self.path.to_owned(), expected, actual, requirement: None, loc: self.node.loc.clone() }
    }
}

/// A value in few words: JSON, cut where it is long.
pub fn show(value: &Value) -> String {
    cut(&value.to_string())
}

fn quote(text: &str) -> String {
    cut(&format!("{text:?}"))
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(SHOWN) {
        Some((at, _)) => format!("{}… ({} characters)", &text[..at], text.chars().count()),
        None => text.to_owned(),
    }
}

/// `path.name`, or the name alone at the top.
pub(super) fn join(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Array(list) => list.is_empty(),
        Value::Object(members) => members.is_empty(),
        Value::String(text) => text.is_empty(),
        _ => false,
    }
}

fn json_of(text: &str) -> Result<Value, String> {
    serde_json::from_str(text).map_err(|e| e.to_string())
}

/// Label and DER of every PEM block: line lengths and text around the blocks do not count.
fn der_of(text: &str) -> Result<Vec<(String, Vec<u8>)>, String> {
    let blocks: Vec<(String, Vec<u8>)> = Pem::iter_from_buffer(text.as_bytes())
        .map(|block| block.map(|b| (b.label, b.contents)).map_err(|e| e.to_string()))
        .collect::<Result<_, _>>()?;
    if blocks.is_empty() { Err("no block".to_owned()) } else { Ok(blocks) }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::case::vars::tests::scope;

    pub(crate) fn node(check: Check) -> Node {
        Node { check, loc: Loc::default() }
    }

    fn differences(check_: Check, actual: Option<Value>) -> Vec<(String, String, String)> {
        let mut out = Vec::new();
        check(&node(check_), actual.as_ref(), "User", &scope(), &mut out);
        out.into_iter().map(|d| (d.path, d.expected, d.actual)).collect()
    }

    fn holds(check_: Check, actual: Value) -> bool {
        differences(check_, Some(actual)).is_empty()
    }

    #[test]
    fn a_value_may_show_a_requirement_of_its_own() {
        use crate::api::req;
        let charged = |rule, check| node(Check::Charged(rule, Box::new(node(check))));
        let inner = charged(req::UPDATE_USER__KEEPS_ID, Check::Equals(json!("i")));
        let members = Check::Members(vec![("UserId".into(), inner), ("Path".into(), node(Check::Present))]);
        let mut out = Vec::new();
        check(&charged(req::UPDATE_USER__NEW_NAME, members), Some(&json!({ "UserId": "j" })), "User", &scope(), &mut out);
        let told: Vec<_> = out.iter().map(|d| (d.path.as_str(), d.requirement)).collect();
        assert_eq!(told, [("User.UserId", Some(req::UPDATE_USER__KEEPS_ID)), ("User.Path", Some(req::UPDATE_USER__NEW_NAME))]);
    }

    #[test]
    fn scalars() {
        assert!(holds(Check::Equals(json!("${region}")), json!("eu-west-2")));
        assert!(!holds(Check::Equals(json!("true")), json!(true)));
        assert!(holds(Check::Not(json!("a")), json!("b")));
        let near = |date: &str| holds(Check::Near("2026-11-22T10:00:00Z".into()), json!(date));
        assert!(near("2026-11-22T10:00:00Z") && near("2026-11-22T11:00:01+01:00") && near("2026-11-22T09:59:59.5Z"));
        assert!(!near("2026-11-22T10:00:02Z") && !near("now"));
        assert!(holds(Check::OneOf(vec![json!(1), json!("a")]), json!("a")));
        assert!(holds(Check::Matches("AIDA[A-Z2-7]+".into()), json!("AIDAX")));
        assert!(!holds(Check::Matches("AIDA".into()), json!("AIDAX")));
        assert!(!holds(Check::Matches("a|b".into()), json!("ab")));
        assert_eq!(differences(Check::Equals(json!("/")), None), [("User".into(), "\"/\"".into(), "absent".into())]);
        for absent_fails in [Check::Not(json!("a")), Check::OneOf(vec![json!("a")]), Check::Matches(".*".into()), Check::Present] {
            assert_eq!(differences(absent_fails, None).len(), 1);
        }
    }

    #[test]
    fn presence() {
        assert!(differences(Check::Absent, None).is_empty() && differences(Check::Absent, Some(Value::Null)).is_empty());
        assert!(!holds(Check::Absent, json!("")));
        for empty in [json!([]), json!(""), json!({}), Value::Null] {
            assert!(holds(Check::AbsentOrEmpty, empty));
        }
        assert!(!holds(Check::AbsentOrEmpty, json!([1])));
        let optional = || Check::Optional(Box::new(node(Check::Equals(json!(1)))));
        assert!(differences(optional(), None).is_empty() && !holds(optional(), json!(2)));
    }

    #[test]
    fn members_are_named_with_their_path() {
        let tree = Check::Members(vec![
            ("Path".into(), node(Check::Equals(json!("/")))),
            ("Marker".into(), node(Check::Absent)),
            ("UserId".into(), node(Check::Present)),
        ]);
        let found = differences(tree.clone(), Some(json!({ "Path": "/x/", "UserId": "1", "Other": true })));
        assert_eq!(found, [("User.Path".into(), "\"/\"".into(), "\"/x/\"".into())]);
        assert_eq!(differences(tree.clone(), None).len(), 2);
        assert_eq!(differences(tree, Some(json!("x"))), [("User".into(), "an object".into(), "\"x\"".into())]);
    }

    #[test]
    fn variables_in_patterns_are_literal() {
        let mut s = scope();
        s.set("arn", json!("arn:x+y"));
        let mut out = Vec::new();
        check(&node(Check::Matches("${arn}.*".into())), Some(&json!("arn:x+y!")), "", &s, &mut out);
        assert_eq!(out, []);
        check(&node(Check::Equals(json!("${gone}"))), Some(&json!("a")), "A", &s, &mut out);
        assert!(out[0].expected.contains("no earlier step saved it"), "{out:?}");
    }

    #[test]
    fn documents_and_certificates_are_compared_by_meaning() {
        assert!(holds(Check::SameJson(r#"{"a":1,"b":[2]}"#.into()), json!("{\"b\": [2], \"a\": 1}")));
        assert!(!holds(Check::SameJson(r#"{"a":[1]}"#.into()), json!(r#"{"a":1}"#)));
        assert!(differences(Check::SameJson("{}".into()), Some(json!("{")))[0].2.contains("no JSON"));
        let pem = "-----BEGIN CERTIFICATE-----\nMAECAwQF\nBgcI\n-----END CERTIFICATE-----\n";
        let other = "junk\n-----BEGIN CERTIFICATE-----\nMAECAwQFBgcI\n-----END CERTIFICATE-----";
        assert!(holds(Check::SamePem(pem.into()), json!(other)));
        assert!(!holds(Check::SamePem(pem.into()), json!(other.replace("MAEC", "MAED"))));
        assert!(!holds(Check::SamePem(pem.into()), json!("nothing")));
    }

    #[test]
    fn long_values_are_cut() {
        let shown = show(&json!("x".repeat(1000)));
        assert!(shown.contains("… (1002 characters)") && shown.len() < 400);
    }
}
