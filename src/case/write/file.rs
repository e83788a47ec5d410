//! A file of cases, its cases, rows and steps.

use serde_json::Value;

use super::layout::{Order, STEP, body, line};
use super::node::expect;
use super::toml::{Fields, Toml};
use crate::api::DialectId;
use crate::case::diagnostic::Diagnostics;
use crate::case::model::{Alternative, Case, Raw, Row, Step, Tamper};
use crate::case::parse;

/// Why there is no file that says what a case says.
#[derive(Debug, thiserror::Error)]
pub enum Unwritable {
    /// What was written is no case file.
    #[error("the case has no form in a file: {0}")]
    Refused(Diagnostics),
    /// It is one, of other cases.
    #[error("{0}: read back from the file it would not be the same case")]
    Otherwise(String),
}

/// The file of these cases. All of them have the same Action, and the same path by [`file_path`].
pub fn text(cases: &[&Case]) -> String {
    let mut out = String::new();
    if let Some(action) = cases.first().and_then(|case| case.action.as_ref()) {
        line("action", &Toml::text(action), &mut out);
        out.push('\n');
    }
    for (i, case) in cases.iter().enumerate() {
        out.push_str(if i > 0 { "\n" } else { "" });
        one(case, &mut out);
    }
    out
}

/// The same, read back: it says what the cases say and nothing else, up to their places.
///
/// # Errors
/// When a case holds what no file can say.
pub fn checked(cases: &[&Case]) -> Result<String, Unwritable> {
    let text = text(cases);
    let path = cases.first().map(|case| file_path(case)).unwrap_or_default();
    let back = parse(&path, &path, &text).map_err(Unwritable::Refused)?;
    let same = |(case, back): (&&Case, &Case)| case.without_places() == back.without_places();
    match cases.iter().zip(&back).find(|pair| !same(*pair)) {
        Some((case, _)) => Err(Unwritable::Otherwise(case.id.clone())),
        None => Ok(text),
    }
}

/// Where a case's file lies below the folder of cases, by its id: `users/DeleteUser.toml`.
pub fn file_path(case: &Case) -> String {
    let (file, _) = case.id.rsplit_once('/').unwrap_or(("", &case.id));
    format!("{file}.toml")
}

fn one(case: &Case, out: &mut String) {
    out.push_str("[[case]]\n");
    let mut fields = Fields::new();
    let mut say = |key: &str, value: Toml| fields.push((key.to_owned(), value));
    say("id", Toml::text(case.id.rsplit('/').next().unwrap_or_default()));
    say("title", Toml::text(&case.title));
    say("requirement", Toml::one_or_more(case.requirements.iter().map(|r| Toml::text(r.id())).collect()));
    if !case.tags.is_empty() {
        say("tags", texts(&case.tags));
    }
    if !case.requires.is_empty() {
        say("requires", texts(&case.requires));
    }
    if case.dialects != DialectId::ALL {
        say("dialects", dialects(&case.dialects));
    }
    if case.serial {
        say("serial", Toml::flag(true));
    }
    // Rows that say what the last step has otherwise are read against one another: a line each.
    let lines = case.rows.iter().any(|row| !row.with.is_empty() || row.expect.is_some());
    if lines {
        fields.push(("row".into(), Toml::List(case.rows.iter().map(|row| Toml::Table(row_fields(row, case))).collect())));
    }
    body("case", &fields, Order::Free, out);
    for row in case.rows.iter().filter(|_| !lines) {
        out.push_str("\n[[case.row]]\n");
        body("case.row", &row_fields(row, case), Order::Free, out);
    }
    for step in &case.steps {
        out.push_str("\n[[case.step]]\n");
        step_body(step, out);
    }
}

fn texts(texts: &[String]) -> Toml {
    Toml::List(texts.iter().map(Toml::text).collect())
}

fn dialects(dialects: &[DialectId]) -> Toml {
    Toml::List(dialects.iter().map(|d| Toml::text(d.name())).collect())
}

fn row_fields(row: &Row, case: &Case) -> Fields {
    let mut fields = vec![("id".to_owned(), Toml::text(&row.id))];
    if row.dialects != case.dialects {
        fields.push(("dialects".into(), dialects(&row.dialects)));
    }
    if !row.with.is_empty() {
        fields.push(("with".into(), parameters(&row.with)));
    }
    if let Some(own) = &row.expect {
        fields.push(("expect".into(), expect(own)));
    }
    if let Some(requirement) = row.requirement {
        fields.push(("requirement".into(), Toml::text(requirement.id())));
    }
    fields.extend(row.vars.iter().map(|(name, value)| (name.clone(), Toml::value(value))));
    fields
}

fn step_body(step: &Step, out: &mut String) {
    let mut fields = vec![("call".to_owned(), Toml::text(&step.call))];
    let mut say = |key: &str, value: Toml| fields.push((key.to_owned(), value));
    if !step.with.is_empty() {
        say("with", parameters(&step.with));
    }
    if step.unknown_parameters {
        say("unknown-parameters", Toml::flag(true));
    }
    if !step.save.is_empty() {
        say("save", Toml::Table(step.save.iter().map(|(name, path, _)| (name.clone(), Toml::text(path))).collect()));
    }
    if let Some(principal) = &step.principal {
        say("principal", Toml::Text(format!("${{{principal}}}")));
    }
    if let Some(fault) = &step.auth {
        say("auth", tamper(fault));
    }
    if let Some(oddities) = &step.raw {
        say("raw", raw(oddities));
    }
    if let Some(times) = &step.repeat {
        say("repeat", Toml::count(times));
    }
    if let Some(pages) = &step.pages {
        say("pages", pages.size.as_ref().map_or_else(|| Toml::text("all"), |size| Toml::only("size", Toml::count(size))));
    }
    if step.expect.given {
        say("expect", expect(&step.expect));
    }
    if !step.on.is_empty() {
        say("on", Toml::Table(step.on.iter().map(|(dialect, other)| (dialect.name().to_owned(), alternative(other))).collect()));
    }
    body(STEP, &fields, Order::Free, out);
}

fn parameters(with: &[(String, Value)]) -> Toml {
    Toml::Table(with.iter().map(|(name, value)| (name.clone(), Toml::value(value))).collect())
}

fn alternative(other: &Alternative) -> Toml {
    let mut fields = Fields::new();
    if other.skip {
        fields.push(("skip".into(), Toml::flag(true)));
    }
    // The parser wants one of the three.
    if !other.with.is_empty() || (other.expect.is_none() && !other.skip) {
        fields.push(("with".into(), parameters(&other.with)));
    }
    if let Some(other) = &other.expect {
        fields.push(("expect".into(), expect(other)));
    }
    fields.push(("source".into(), Toml::text(&other.source)));
    Toml::Table(fields)
}

fn tamper(fault: &Tamper) -> Toml {
    let word = match fault {
        Tamper::None => "none",
        Tamper::WrongSecret => "wrong-secret",
        Tamper::UnknownKey => "unknown-key",
        Tamper::AlteredBody => "altered-body",
        Tamper::UnsignedHost => "unsigned-host",
        Tamper::UnsignedDate => "unsigned-date",
        Tamper::ExpiredQuery => "expired-query",
        Tamper::OtherAction => "other-action",
        Tamper::Query => "query",
        Tamper::Token(text) => return Toml::only("token", Toml::text(text)),
        Tamper::Header(text) => return Toml::only("header", Toml::text(text)),
        Tamper::Region(text) => return Toml::only("region", Toml::text(text)),
        Tamper::Service(text) => return Toml::only("service", Toml::text(text)),
        Tamper::Skew(seconds) => return Toml::only("skew", Toml::Plain(seconds.to_string())),
    };
    Toml::text(word)
}

fn raw(raw: &Raw) -> Toml {
    let text_or_false = |text: &Option<String>| text.as_ref().map_or_else(|| Toml::flag(false), Toml::text);
    let mut fields = Fields::new();
    let texts = [("method", &raw.method), ("path", &raw.path), ("body", &raw.body)];
    fields.extend(texts.into_iter().filter_map(|(key, text)| Some((key.to_owned(), Toml::text(text.as_ref()?)))));
    let maybe = [("action", &raw.action), ("version", &raw.version)];
    fields.extend(maybe.into_iter().filter_map(|(key, text)| Some((key.to_owned(), text_or_false(text.as_ref()?)))));
    if !raw.headers.is_empty() {
        let headers = raw.headers.iter().map(|(name, value)| (name.clone(), text_or_false(value))).collect();
        fields.push(("headers".into(), Toml::Table(headers)));
    }
    Toml::Table(fields)
}
