//! What must come back.

use super::node::node;
use super::reader::{Fields, Reader, Val};
use super::step::Known;
use crate::api::model;
use crate::case::keys::{ANY, EXPECT, OUTCOMES, UNDERSTOOD};
use crate::case::model::Expect;
use crate::case::path::Shape;
use crate::case::suggest::{did_you_mean, one_of};

pub(super) fn expect<'t>(reader: &mut Reader<'t>, value: &Val<'t>, known: &Known) -> Expect {
    let mut expect = Expect { given: true, loc: reader.loc(&value.span()), ..Expect::default() };
    let Some(fields) = reader.closed(value, EXPECT, "`expect`") else { return expect };
    expect.status = fields.get("status").map(|v| statuses(reader, v)).unwrap_or_default();
    if let Some(value) = fields.get("error") {
        codes(reader, value, &mut expect);
    }
    let outcome = fields.get("outcome").and_then(|v| outcome(reader, v));
    (expect.any, expect.understood) = (outcome == Some(ANY), outcome == Some(UNDERSTOOD));
    expect.message = fields.get("message").and_then(|v| node(reader, v, None));
    for field in fields.get("headers").and_then(|v| reader.fields(v, "`headers`")).map(|f| f.all).unwrap_or_default() {
        if field.key.chars().any(|c| c.is_ascii_uppercase()) {
            reader.wrong(field.span.clone(), "names of headers are in lower case", "").help =
                Some(format!("write `{}`", field.key.to_ascii_lowercase()));
        }
        if let Some(node) = node(reader, field.value, None) {
            expect.headers.push((field.key.to_owned(), node));
        }
    }
    expect.result = fields.get("result").and_then(|v| {
        let shape = known.action.map(|action| Shape::of(action, known.pages));
        node(reader, v, shape)
    });
    expect.requirement = fields.get("requirement").and_then(|v| reader.requirement(v));
    contradictions(reader, &fields, expect.understood);
    expect
}

/// Keys that cannot hold together: one of them would never be looked at.
fn contradictions(reader: &mut Reader<'_>, fields: &Fields<'_, '_>, understood: bool) {
    const APART: &[(&str, &str)] =
        &[("error", "result"), ("outcome", "error"), ("outcome", "message"), ("outcome", "result"), ("message", "result")];
    let find = |key: &str| fields.all.iter().find(|f| f.key == key).map(|f| f.span.clone());
    for (a, b) in APART {
        if let (Some(first), Some(second)) = (find(a), find(b)) {
            let d = reader.wrong(second, format!("`{a}` and `{b}` cannot both hold"), "");
            d.also.push((first, "beside this".to_owned()));
            return;
        }
    }
    if let (Some(first), Some(status)) = (find("outcome").filter(|_| understood), find("status")) {
        let d = reader.wrong(status, format!("`status` beside the outcome `{UNDERSTOOD}`"), "it goes with several");
        d.also.push((first, "beside this".to_owned()));
    }
    if let (Some(message), None) = (find("message"), find("error")) {
        reader.wrong(message, "`message` without `error`", "a success has no message").help =
            Some("add `error = \"…\"`, or `error = \"*\"` for any".to_owned());
    }
}

fn statuses<'t>(reader: &mut Reader<'t>, value: &Val<'t>) -> Vec<u16> {
    let mut statuses = Vec::new();
    for value in reader.one_or_more(value) {
        let Some(n) = reader.number(value, "`status`") else { continue };
        match u16::try_from(n) {
            Ok(status) if (100..600).contains(&status) => statuses.push(status),
            _ => {
                reader.wrong(value.span(), format!("{n} is no HTTP status"), "");
            }
        }
    }
    statuses
}

fn codes<'t>(reader: &mut Reader<'t>, value: &Val<'t>, expect: &mut Expect) {
    let values = reader.one_or_more(value);
    if values.is_empty() {
        reader.wrong(value.span(), "`error` is empty", "").help = Some("leave it out for success, write `\"*\"` for any error".to_owned());
    }
    for value in values {
        let Some(code) = reader.text(value, "an error code") else { continue };
        if code == "*" {
            expect.any_error = true;
        } else if model().status_of(&code).is_some() {
            expect.error.push(code);
        } else {
            let help = did_you_mean(&code, model().codes().map(|(known, _)| known))
                .unwrap_or_else(|| "the codes are in src/api/model.toml, table [status]".to_owned());
            reader.wrong(value.span(), format!("unknown error code `{code}`"), "").help = Some(help);
        }
    }
}

fn outcome(reader: &mut Reader<'_>, value: &Val<'_>) -> Option<&'static str> {
    let word = reader.text(value, "`outcome`")?;
    let known = OUTCOMES.iter().find(|known| **known == word).copied();
    if known.is_none() {
        let help =
            did_you_mean(&word, OUTCOMES.iter().copied()).unwrap_or_else(|| format!("there are {}", one_of(OUTCOMES.iter().copied())));
        reader.wrong(value.span(), format!("unknown outcome `{word}`"), "").help = Some(help);
    }
    known
}
