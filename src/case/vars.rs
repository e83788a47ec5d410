//! The variables of one case while it runs, and rendering of templates with them.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use serde_json::{Map, Number, Value};

use super::generate::{self, CertSource, documents};
use super::model::Row;
use super::path;
use super::template::{Count, Expr, Piece, Template, Twin, is_fresh};
use crate::api::DialectId;

/// Looks a limit up: of the target profile, else of the dialect. None: not known there.
pub type Limits = Arc<dyn Fn(&str) -> Option<u64> + Send + Sync>;

/// What templates know of the run and the target; shared by all scopes of a configuration.
#[derive(Clone)]
pub struct Setting {
    /// Part of every name that tells this run from others: up to 8 letters and digits count.
    pub run: String,
    /// Dialect of the target.
    pub dialect: DialectId,
    /// Region of the target.
    pub region: String,
    /// Account number or namespace, where it is known beforehand. An ARN among the values saved is better knowledge and replaces it.
    pub account: Option<String>,
    /// Another namespace of the target, where there is one.
    pub second_namespace: Option<String>,
    /// Limits of the target.
    pub limits: Limits,
    /// Test certificates.
    pub certificates: Arc<dyn CertSource>,
}

/// The variables of one case (and row) in one run.
#[derive(Clone)]
pub struct Scope {
    setting: Arc<Setting>,
    mark: String,
    row: BTreeMap<String, Value>,
    saved: BTreeMap<String, Value>,
    index: Option<u64>,
    arn_head: Option<String>,
}

/// A template that cannot be rendered: a limit or certificate that this target does not have, or a variable that an earlier step
/// did not save.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`${{{expression}}}`: {why}")]
pub struct RenderError {
    /// What stands between the braces.
    pub expression: String,
    /// Why there is no value.
    pub why: String,
    /// The limit that is not known of this target, where that is why: a reason to skip rather than to fail.
    pub unknown_limit: Option<String>,
}

impl fmt::Debug for Scope {
    /// Without values: a saved access key holds a secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scope").field("mark", &self.mark).field("saved", &self.saved.keys()).finish_non_exhaustive()
    }
}

impl Scope {
    /// The variables of a case's run, for one of its rows where it has some.
    pub fn new(setting: Arc<Setting>, case_id: &str, row: Option<&Row>) -> Scope {
        let mark = generate::mark(&setting.run, case_id, row.map(|r| r.id.as_str()));
        let row = row.map(|r| r.vars.clone()).unwrap_or_default();
        Scope { setting, mark, row, saved: BTreeMap::new(), index: None, arn_head: None }
    }

    /// The dialect of the target.
    pub fn dialect(&self) -> DialectId {
        self.setting.dialect
    }

    /// The number of the repetition, from 1, for `${i}`; none outside of a repeated step.
    pub fn set_index(&mut self, index: Option<u64>) {
        self.index = index;
    }

    /// Saves a variable.
    pub fn set(&mut self, name: &str, value: Value) {
        self.learn(&value);
        self.saved.insert(name.to_owned(), value);
    }

    /// A saved variable, or with a path (`key.AccessKeyId`) what is in it.
    pub fn get(&self, name: &str) -> Option<Value> {
        let (head, rest) = name.split_once('.').unwrap_or((name, ""));
        let value = self.saved.get(head)?;
        if rest.is_empty() { Some(value.clone()) } else { path::lookup(value, rest) }
    }

    /// Takes note of how this target writes ARNs, for `${arn.…}` and `${account}`: the first ARN in `value`, where it has one.
    pub fn learn(&mut self, value: &Value) {
        if self.arn_head.is_none() {
            self.arn_head = first_arn_head(value);
        }
    }

    /// What begins every fresh name of this case, row and run.
    pub fn stem(&self) -> String {
        format!("{}-{}", generate::PREFIX, self.mark)
    }

    /// Whether `text` (a name, path or ARN) is of something that this case, row and run made. Ignores case, as names do.
    pub fn owns(&self, text: &str) -> bool {
        text.to_ascii_lowercase().contains(&self.mark)
    }

    /// Renders a template as text. Booleans and numbers are written out; a list, an object or nothing has no text.
    pub fn render(&self, text: &str) -> Result<String, RenderError> {
        self.render_with(text, |value| value)
    }

    /// Renders a regular expression: what the variables hold is matched literally.
    pub fn render_regex(&self, text: &str) -> Result<String, RenderError> {
        self.render_with(text, |value| regex::escape(&value))
    }

    fn render_with(&self, text: &str, each: impl Fn(String) -> String) -> Result<String, RenderError> {
        let mut out = String::with_capacity(text.len());
        for piece in parse(text)?.pieces {
            match piece {
                Piece::Text(literal) => out.push_str(&literal),
                Piece::Expr(expr, at) => out.push_str(&each(self.text_of(&expr).map_err(|w| w.at(&text[at]))?)),
            }
        }
        Ok(out)
    }

    /// Renders every string of a value, keys included. A string that is one expression and nothing else becomes its value, whatever
    /// its type: a saved object stays an object, a limit a number.
    pub fn render_value(&self, value: &Value) -> Result<Value, RenderError> {
        Ok(match value {
            Value::String(text) => {
                let template = parse(text)?;
                match template.single() {
                    Some(expr) => self.value_of(expr).map_err(|w| w.at(text))?,
                    None => Value::String(self.render(text)?),
                }
            }
            Value::Array(items) => Value::Array(items.iter().map(|v| self.render_value(v)).collect::<Result<_, _>>()?),
            Value::Object(members) => {
                let mut rendered = Map::new();
                for (key, member) in members {
                    rendered.insert(self.render(key)?, self.render_value(member)?);
                }
                Value::Object(rendered)
            }
            scalar => scalar.clone(),
        })
    }

    /// Renders parameters and flattens them as the query form wants them, in order: a list becomes `Tags.member.1` …, a table
    /// `.Key` …, an empty one `Tags=`; nothing (`{ absent = true }`) leaves the parameter out.
    pub fn flatten(&self, with: &[(String, Value)]) -> Result<Vec<(String, String)>, RenderError> {
        let mut flat = Vec::new();
        for (name, value) in with {
            flatten_into(self.render(name)?, &self.render_value(value)?, &mut flat);
        }
        Ok(flat)
    }

    /// Renders a number: a count of items or repetitions.
    pub fn render_count(&self, text: &str) -> Result<u64, RenderError> {
        let rendered = self.render(text)?;
        rendered.parse().map_err(|_| Why::new(format!("`{rendered}` is not a number")).at(text))
    }

    fn text_of(&self, expr: &Expr) -> Result<String, Why> {
        match self.value_of(expr)? {
            Value::String(text) => Ok(text),
            Value::Bool(b) => Ok(b.to_string()),
            Value::Number(n) => Ok(n.to_string()),
            Value::Null => Err(Why::new("is absent, which has no text")),
            Value::Array(_) => Err(Why::new("holds a list, which cannot stand inside a text")),
            Value::Object(_) => Err(Why::new("holds an object, which cannot stand inside a text; name a member of it")),
        }
    }

    fn value_of(&self, expr: &Expr) -> Result<Value, Why> {
        let too_short = |what: &str| Why::new(format!("no {what} has that length"));
        Ok(Value::String(match expr {
            Expr::Fresh(role, None) => generate::fresh_name(&self.mark, role),
            Expr::Fresh(role, Some(n)) => generate::sized_name(&self.mark, role, self.count(n)?),
            Expr::Path(None) => generate::fresh_path(&self.mark),
            Expr::Path(Some(n)) => generate::sized_path(&self.mark, self.count(n)?).ok_or_else(|| too_short("path"))?,
            Expr::Text(n) => generate::letters(self.count(n)?),
            Expr::Digits(n) => generate::digits(self.count(n)?),
            Expr::Blanks(n) => " ".repeat(self.count(n)?),
            Expr::Twin(Twin::Upper, inner) => self.text_of(inner)?.to_uppercase(),
            Expr::Twin(Twin::Lower, inner) => self.text_of(inner)?.to_lowercase(),
            Expr::Twin(Twin::Swapped, inner) => generate::swap_case(&self.text_of(inner)?),
            Expr::Prefix(inner, n) => self.text_of(inner)?.chars().take(self.count(n)?).collect(),
            Expr::Limit(name, offset) => return Ok(Value::Number(Number::from(self.limit(name, *offset)?))),
            Expr::Document(name) => documents().get(name).cloned().ok_or_else(|| Why::new("no such document"))?,
            Expr::SizedDocument(n) => generate::sized_document(self.count(n)?).ok_or_else(|| too_short("policy document"))?,
            Expr::Certificate(name) => self.setting.certificates.pem(name).ok_or_else(|| Why::new("this build makes no certificates"))?,
            Expr::Arn(kind, name) => self.arn(kind, name)?,
            Expr::Account => self.account().to_owned(),
            Expr::Region => self.setting.region.clone(),
            Expr::SecondNamespace => self.setting.second_namespace.clone().ok_or_else(|| Why::new("the target has no second namespace"))?,
            Expr::Index => match self.index {
                Some(i) => return Ok(Value::Number(i.into())),
                None => return Err(Why::new("the step is not repeated")),
            },
            Expr::Row(name) => return self.row_value(name),
            Expr::Saved(name, path) => return self.saved_value(name, path),
        }))
    }

    fn row_value(&self, name: &str) -> Result<Value, Why> {
        let Some(value) = self.row.get(name) else {
            return Err(Why::new("the row has no such variable"));
        };
        // One row variable inside another could go round in circles; case files that do so are refused, programs could still build one.
        let mut outside = self.clone();
        outside.row.clear();
        outside.render_value(value).map_err(|inner| Why { text: inner.to_string(), unknown_limit: inner.unknown_limit })
    }

    fn saved_value(&self, name: &str, path: &str) -> Result<Value, Why> {
        let Some(value) = self.saved.get(name) else {
            return Err(Why::new("no earlier step saved it"));
        };
        if path.is_empty() {
            return Ok(value.clone());
        }
        path::lookup(value, path).ok_or_else(|| Why::new(format!("what was saved as `{name}` has no `{path}`")))
    }

    fn count(&self, count: &Count) -> Result<usize, Why> {
        match count {
            Count::Fixed(n) => Ok(*n),
            Count::Limit(name, offset) => {
                usize::try_from(self.limit(name, *offset)?).map_err(|_| Why::new("more than this machine can hold"))
            }
        }
    }

    fn limit(&self, name: &str, offset: i64) -> Result<u64, Why> {
        let Some(limit) = (self.setting.limits)(name) else {
            let text = format!("the limit {name} of this target is not known");
            return Err(Why { text, unknown_limit: Some(name.to_owned()) });
        };
        limit.checked_add_signed(offset).ok_or_else(|| Why::new("less than nothing"))
    }

    fn account(&self) -> &str {
        let learnt = self.arn_head.as_deref().and_then(|head| head.split(':').nth(4)).filter(|account| !account.is_empty());
        // What is known beforehand counts before what the target says: it may be wrong.
        self.setting.account.as_deref().or(learnt).unwrap_or(match self.setting.dialect {
            DialectId::Ecs => "ns1",
            DialectId::Eim | DialectId::Aws => "123456789012",
        })
    }

    /// An ARN in the target's form. A name that is a fresh one (`policy2`) stands for that name, any other for itself.
    fn arn(&self, kind: &str, name: &str) -> Result<String, Why> {
        let head = match (&self.arn_head, self.setting.dialect) {
            (Some(head), _) => head.clone(),
            (None, DialectId::Ecs) => format!("urn:ecs:iam::{}", self.account()),
            (None, DialectId::Eim | DialectId::Aws) => format!("arn:aws:iam::{}", self.account()),
        };
        let name = if is_fresh(name) { generate::fresh_name(&self.mark, name) } else { name.to_owned() };
        Ok(format!("{head}:{kind}/{name}"))
    }
}

fn parse(text: &str) -> Result<Template, RenderError> {
    Template::parse(text).map_err(|e| Why::new(e.what).at(&text[e.at]))
}

/// Why an expression has no value, before it is known where it stands.
struct Why {
    text: String,
    unknown_limit: Option<String>,
}

impl Why {
    fn new(text: impl Into<String>) -> Why {
        Why { text: text.into(), unknown_limit: None }
    }

    fn at(self, expression: &str) -> RenderError {
        let expression = expression.strip_prefix("${").and_then(|e| e.strip_suffix('}')).unwrap_or(expression).to_owned();
        RenderError { expression, why: self.text, unknown_limit: self.unknown_limit }
    }
}

/// `arn:aws:iam::123456789012` of the first ARN of the target's own account in a value.
fn first_arn_head(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => {
            let fields: Vec<&str> = text.splitn(6, ':').collect();
            let [scheme, vendor, service, region, account, resource] = fields.as_slice() else { return None };
            let known = ["arn", "orn", "urn"].contains(scheme) && !account.is_empty() && *account != "aws" && resource.contains('/');
            known.then(|| [*scheme, *vendor, *service, *region, *account].join(":"))
        }
        Value::Array(items) => items.iter().find_map(first_arn_head),
        Value::Object(members) => members.values().find_map(first_arn_head),
        _ => None,
    }
}

fn flatten_into(name: String, value: &Value, flat: &mut Vec<(String, String)>) {
    match value {
        Value::Null => {}
        Value::Bool(b) => flat.push((name, b.to_string())),
        Value::Number(n) => flat.push((name, n.to_string())),
        Value::String(text) => flat.push((name, text.clone())),
        Value::Array(items) if items.is_empty() => flat.push((name, String::new())),
        Value::Object(members) if members.is_empty() => flat.push((name, String::new())),
        Value::Array(items) => {
            for (i, item) in items.iter().enumerate() {
                flatten_into(format!("{name}.member.{}", i + 1), item, flat);
            }
        }
        Value::Object(members) => {
            for (key, member) in members {
                flatten_into(format!("{name}.{key}"), member, flat);
            }
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use serde_json::json;

    use super::*;
    use crate::verdict::Loc;

    /// A scope of case `users/CreateUser/example` on aws, with one limit and no certificates.
    pub(crate) fn scope() -> Scope {
        scope_of(DialectId::Aws, None)
    }

    fn scope_of(dialect: DialectId, row: Option<&Row>) -> Scope {
        let setting = Setting {
            run: "run1".into(),
            dialect,
            region: "eu-west-2".into(),
            account: None,
            second_namespace: None,
            limits: Arc::new(|name| (name == "access-keys-per-user").then_some(2)),
            certificates: Arc::new(generate::NoCertificates),
        };
        Scope::new(Arc::new(setting), "users/CreateUser/example", row)
    }

    #[test]
    fn names_are_fresh_owned_and_short() {
        let s = scope();
        let user = s.render("${user}").unwrap();
        assert!(user.starts_with(&s.stem()) && user.ends_with("-user") && user.len() <= 40, "{user}");
        assert!(s.owns(&user) && s.owns(&user.to_uppercase()) && s.owns(&s.render("${path}").unwrap()));
        assert!(!s.owns("iamspec-somebody-else"));
        assert_eq!(s.render("${user}").unwrap(), user);
        assert_eq!(s.render("${prefix:user:7}!").unwrap(), "iamspec!");
        assert_eq!(s.render("${swapcase:upper:user}").unwrap(), user);
        assert_eq!(s.render("$${user} ${region}").unwrap(), "${user} eu-west-2");
    }

    #[test]
    fn a_lone_expression_keeps_its_type() {
        let mut s = scope();
        s.set("key", json!({ "AccessKeyId": "AKIA1", "List": [1, true] }));
        assert_eq!(s.render_value(&json!("${key}")).unwrap(), json!({ "AccessKeyId": "AKIA1", "List": [1, true] }));
        assert_eq!(s.render_value(&json!(["${key.List[1]}", "x${key.List[0]}"])).unwrap(), json!([true, "x1"]));
        assert_eq!(s.render_value(&json!("${limit.access-keys-per-user+1}")).unwrap(), json!(3));
        assert_eq!(s.get("key.AccessKeyId"), Some(json!("AKIA1")));
        assert!(s.render("a ${key}").unwrap_err().to_string().contains("object"));
        assert!(!format!("{s:?}").contains("AKIA1"));
    }

    #[test]
    fn what_is_missing_is_said() {
        let s = scope();
        let e = s.render("${limit.policy-size}").unwrap_err();
        assert_eq!(e.unknown_limit.as_deref(), Some("policy-size"));
        assert_eq!(s.render("x${arn}").unwrap_err().to_string(), "`${arn}`: no earlier step saved it");
        assert!(s.render("${i}").is_err() && s.render("${cert.leaf}").is_err() && s.render("${doc:3}").is_err());
        assert!(s.render("${limit.access-keys-per-user-3}").is_err());
    }

    #[test]
    fn arns_follow_the_dialect_and_then_what_was_seen() {
        let mut s = scope_of(DialectId::Ecs, None);
        assert_eq!(s.render("${arn.policy:nobody}").unwrap(), "urn:ecs:iam::ns1:policy/nobody");
        s.set("page", json!([{ "Arn": "urn:ecs:iam:::policy/System" }, { "Arn": "urn:ecs:iam::prod:user/x" }]));
        assert_eq!(s.render("${arn.user:user2} ${account}").unwrap(), format!("urn:ecs:iam::prod:user/{}-user2 prod", s.stem()));
    }

    #[test]
    fn rows_are_templates_and_cannot_circle() {
        let vars = [("n", json!("${name:5}")), ("none", Value::Null), ("loop", json!("${row.loop}"))];
        let vars = vars.into_iter().map(|(k, v)| (k.to_owned(), v)).collect();
        let row = Row { id: "r".into(), vars, dialects: vec![], requirement: None, with: vec![], expect: None, loc: Loc::default() };
        let s = scope_of(DialectId::Aws, Some(&row));
        assert_eq!(s.render("${row.n}").unwrap().len(), 5);
        assert!(s.render("${row.loop}").is_err());
        let with = [("A".to_owned(), json!("${row.none}")), ("B".to_owned(), json!("x"))];
        assert_eq!(s.flatten(&with).unwrap(), [("B".to_owned(), "x".to_owned())]);
    }

    #[test]
    fn parameters_are_flattened_in_order() {
        let mut s = scope();
        s.set_index(Some(4));
        let with = [
            ("Tags".to_owned(), json!([{ "Key": "a", "Value": "${i}" }, { "Key": "b" }])),
            ("Tags.member.${i}.Key".to_owned(), json!("x")),
            ("SetAsDefault".to_owned(), json!(true)),
            ("Empty".to_owned(), json!([])),
        ];
        let flat: Vec<String> = s.flatten(&with).unwrap().into_iter().map(|(n, v)| format!("{n}={v}")).collect();
        let expected =
            ["Tags.member.1.Key=a", "Tags.member.1.Value=4", "Tags.member.2.Key=b", "Tags.member.4.Key=x", "SetAsDefault=true", "Empty="];
        assert_eq!(flat, expected);
    }

    #[test]
    fn any_text_renders_or_errs() {
        let s = scope();
        arbtest::arbtest(|u| {
            let text: String = u.arbitrary()?;
            let _ = s.render(&text);
            let _ = s.render(&format!("${{{text}}}"));
            Ok(())
        });
    }
}
