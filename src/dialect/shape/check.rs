//! The walk over a result tree beside the API model.

use serde_json::{Map, Value};

use super::{Patterns, relations};
use crate::api::{Action, DialectId, Member, Req, Scalar, ScalarBase, Type, model, req};
use crate::dialect::{Finding, document};

/// Members that hold secrets, with the one Action that may answer them.
const SECRETS: [(&str, Option<&str>); 2] = [("SecretAccessKey", Some("CreateAccessKey")), ("PrivateKey", None)];

/// What is wrong with the `result` of a successful call. Of items of a list that break a rule in the same way, the first is named.
/// No finding repeats a secret.
pub fn check(action: &Action, dialect: DialectId, result: &Map<String, Value>, patterns: &Patterns) -> Vec<Finding> {
    let mut walk = Walk { action, dialect, patterns, findings: Vec::new() };
    walk.members(&action.response, result, "", &[]);
    walk.lists_are_there(result);
    walk.secrets(result, "");
    let mut findings = walk.findings;
    findings.extend(relations::page(action, dialect, result));
    let mut seen = Vec::new();
    findings.retain(|f| {
        let kind = (f.req, without_indexes(&f.at));
        let new = !seen.contains(&kind);
        if new {
            seen.push(kind);
        }
        new
    });
    findings
}

/// `Users[3].Arn` as `Users[].Arn`.
fn without_indexes(path: &str) -> String {
    let mut inside = false;
    path.chars()
        .filter(|c| {
            match c {
                '[' => {
                    inside = true;
                    return true;
                }
                ']' => inside = false,
                _ => {}
            }
            !inside
        })
        .collect()
}

fn join(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}

/// A text for people: quoted, cut.
pub(super) fn quote(text: &str) -> String {
    const LENGTH: usize = 80;
    if text.chars().count() <= LENGTH {
        return format!("{text:?}");
    }
    let cut: String = text.chars().take(LENGTH).collect();
    format!("{cut:?}… ({} characters)", text.chars().count())
}

struct Walk<'a> {
    action: &'a Action,
    dialect: DialectId,
    patterns: &'a Patterns,
    findings: Vec<Finding>,
}

impl Walk<'_> {
    fn find(&mut self, req: Req, at: &str, text: impl Into<String>) {
        self.findings.push(Finding { req, at: at.to_owned(), text: text.into() });
    }

    /// `spared`: members that need not be there, whatever the structure says elsewhere.
    fn members(&mut self, declared: &[Member], tree: &Map<String, Value>, path: &str, spared: &[&str]) {
        // The account itself is shown as a user without name and path, and with the account's number as its id.
        let is_root = tree.get("Arn").and_then(Value::as_str).is_some_and(|arn| arn.ends_with(":root"));
        let dialect = self.dialect;
        for member in declared.iter().filter(|m| m.on(dialect)) {
            let at = join(path, &member.name);
            match tree.get(&member.name) {
                Some(_) if is_root && matches!(&member.ty, Type::Scalar(name) if name == "id") => {}
                Some(value) => self.value(&member.ty, value, &at, &member.lacking(dialect)),
                None if spared.contains(&member.name.as_str()) => {}
                None if member.required && !is_root => self.find(req::SHAPE__REQUIRED_MEMBER, &at, "required, but not there"),
                None if member.always => self.find(req::SHAPE__ALWAYS_MEMBER, &at, "expected in every answer, but not there"),
                None => {}
            }
        }
        for name in tree.keys() {
            if !declared.iter().any(|m| m.name == *name && m.on(dialect)) {
                self.find(req::SHAPE__UNDECLARED_ELEMENT, &join(path, name), "the API documents no such element here");
            }
        }
    }

    /// Lists of a list Action that its model does not require.
    fn lists_are_there(&mut self, result: &Map<String, Value>) {
        if self.action.paginates.is_empty() {
            return;
        }
        let dialect = self.dialect;
        for member in self.action.response.iter().filter(|m| m.on(dialect) && !m.required) {
            if matches!(member.ty, Type::List(_)) && !result.contains_key(&member.name) {
                self.find(req::SHAPE__LIST_PRESENT, &member.name, "expected a list, perhaps an empty one, but not there");
            }
        }
    }

    fn value(&mut self, ty: &Type, value: &Value, path: &str, spared: &[&str]) {
        match (ty, value) {
            (Type::Struct(name), Value::Object(tree)) => {
                self.members(model().structure(name), tree, path, spared);
                self.findings.extend(relations::resource(name, self.dialect, tree, path));
            }
            (Type::List(inner), Value::Array(items)) => {
                for (i, item) in items.iter().enumerate() {
                    self.value(inner, item, &format!("{path}[{i}]"), spared);
                }
            }
            (Type::Scalar(name), _) => self.scalar(&model().scalar(name, self.dialect), value, path),
            (Type::Struct(_), other) => self.find(req::SHAPE__TYPE, path, format!("expected a structure, is {}", kind(other))),
            (Type::List(_), other) => self.find(req::SHAPE__TYPE, path, format!("expected a list, is {}", kind(other))),
        }
    }

    fn scalar(&mut self, scalar: &Scalar, value: &Value, path: &str) {
        match (scalar.base, value) {
            (ScalarBase::Boolean, Value::Bool(_)) => {}
            (ScalarBase::Integer, Value::Number(number)) if number.is_i64() => {
                let in_range = number.as_i64().is_some_and(|n| within(scalar, n));
                if !in_range {
                    self.find(req::SHAPE__LENGTH, path, format!("expected {}, is {number}", bounds(scalar)));
                }
            }
            (ScalarBase::Date, Value::String(text)) => self.date(text, path),
            (ScalarBase::String, Value::String(text)) => self.text(scalar, text, path),
            (base, other) => {
                let expected = match base {
                    ScalarBase::String => "a text",
                    ScalarBase::Integer => "an integer",
                    ScalarBase::Boolean => "true or false",
                    ScalarBase::Date => "a date",
                };
                let seen = match other {
                    Value::String(text) if !scalar.sensitive => format!("the text {}", quote(text)),
                    other => kind(other).to_owned(),
                };
                self.find(req::SHAPE__TYPE, path, format!("expected {expected}, is {seen}"));
            }
        }
    }

    fn text(&mut self, scalar: &Scalar, text: &str, path: &str) {
        let form = match scalar.name.as_str() {
            "id" => Some((&self.patterns.id, req::SHAPE__ID)),
            "access-key-id" => Some((&self.patterns.access_key_id, req::SHAPE__ACCESS_KEY_ID)),
            "arn" => Some((&self.patterns.arn, req::SHAPE__ARN)),
            _ => None,
        };
        if let Some((pattern, req)) = form {
            if !pattern.matches(text) {
                self.find(req, path, format!("expected the form {}, is {}", pattern.source, quote(text)));
            }
            if scalar.name == "arn" && !i64::try_from(text.chars().count()).is_ok_and(|n| within(scalar, n)) {
                self.find(req::SHAPE__ARN_LENGTH, path, format!("expected {} characters, is {}", bounds(scalar), quote(text)));
            }
            return;
        }
        let length = text.chars().count();
        if !i64::try_from(length).is_ok_and(|n| within(scalar, n)) {
            self.find(req::SHAPE__LENGTH, path, format!("expected {} characters, there are {length}", bounds(scalar)));
        } else if let Some(pattern) = scalar.pattern.as_ref().filter(|p| !p.matches(text)) {
            let seen = if scalar.sensitive { format!("a text of {length} characters") } else { quote(text) };
            self.find(req::SHAPE__CHARACTERS, path, format!("expected the form {}, is {seen}", pattern.source));
        }
        if !scalar.values.is_empty() && !scalar.values.iter().any(|v| v == text) {
            self.find(req::SHAPE__VALUES, path, format!("expected one of {}, is {}", scalar.values.join(", "), quote(text)));
        }
        if scalar.name == document::TYPE && !matches!(serde_json::from_str(text), Ok(Value::Object(_))) {
            self.find(req::SHAPE__POLICY_DOCUMENT, path, format!("expected a JSON object, is {}", quote(text)));
        }
    }

    fn date(&mut self, text: &str, path: &str) {
        use time::format_description::well_known::Rfc3339;
        if time::OffsetDateTime::parse(text, &Rfc3339).is_err() {
            self.find(req::SHAPE__DATE, path, format!("expected a date such as 2026-01-31T23:59:59Z, is {}", quote(text)));
        } else if text.len() != "2026-01-31T23:59:59Z".len() || !text.ends_with('Z') {
            self.find(req::SHAPE__DATE_WHOLE_SECONDS, path, format!("expected whole seconds and Z, is {}", quote(text)));
        }
    }

    /// Secrets anywhere in the tree, by name: also where the model has no such member.
    fn secrets(&mut self, tree: &Map<String, Value>, path: &str) {
        for (name, value) in tree {
            let at = join(path, name);
            let leaks = SECRETS.iter().any(|(secret, only)| secret.eq_ignore_ascii_case(name) && *only != Some(&*self.action.name));
            if leaks && value.as_str() != Some("") {
                self.find(req::SHAPE__NO_SECRET, &at, "a secret stands where none belongs");
            }
            match value {
                Value::Object(inner) => self.secrets(inner, &at),
                Value::Array(items) => {
                    for (i, item) in items.iter().enumerate() {
                        if let Value::Object(inner) = item {
                            self.secrets(inner, &format!("{at}[{i}]"));
                        }
                    }
                }
                _ => {}
            }
        }
    }
}

fn within(scalar: &Scalar, n: i64) -> bool {
    let bound = |b: u64| i64::try_from(b).unwrap_or(i64::MAX);
    scalar.min.is_none_or(|min| n >= bound(min)) && scalar.max.is_none_or(|max| n <= bound(max))
}

fn bounds(scalar: &Scalar) -> String {
    match (scalar.min, scalar.max) {
        (Some(min), Some(max)) => format!("{min} to {max}"),
        (Some(min), None) => format!("at least {min}"),
        (None, Some(max)) => format!("at most {max}"),
        (None, None) => "any number of".into(),
    }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "a structure",
    }
}
