//! Deliberate oddities of a step: authentication, raw requests, pages.

use toml::de::DeValue;

use super::reader::{Reader, Val};
use crate::case::keys::{AUTH_TABLES, AUTH_WORDS, PAGES, RAW, names};
use crate::case::model::{Pages, Raw, Tamper};
use crate::case::suggest::{did_you_mean, one_of};

pub(super) fn pages<'t>(reader: &mut Reader<'t>, value: &Val<'t>) -> Option<Pages> {
    if value.get_ref().is_str() {
        if reader.text(value, "`pages`")? == "all" {
            return Some(Pages { size: None });
        }
        reader.wrong(value.span(), "`pages` is `all` or a table with `size`", "").help = Some("write `pages = { size = 1 }`".to_owned());
        return None;
    }
    let fields = reader.closed(value, PAGES, "`pages`")?;
    match fields.get("size") {
        Some(size) => Some(Pages { size: Some(reader.count(size, "`size`")?) }),
        None => {
            reader.wrong(value.span(), "`pages` without `size`", "").help =
                Some("for pages of the target's own size write `all`".to_owned());
            None
        }
    }
}

pub(super) fn auth<'t>(reader: &mut Reader<'t>, value: &Val<'t>) -> Option<Tamper> {
    if value.get_ref().is_str() {
        return word(reader, value);
    }
    let fields = reader.closed(value, AUTH_TABLES, "`auth`")?;
    let [field] = fields.all.as_slice() else {
        reader.wrong(value.span(), "`auth` needs one key", "").help = Some(format!("one of {}", one_of(names(AUTH_TABLES))));
        return None;
    };
    match field.key {
        "header" => reader.template(field.value, "`header`").map(Tamper::Header),
        "token" => reader.template(field.value, "`token`").map(Tamper::Token),
        "region" => reader.template(field.value, "`region`").map(Tamper::Region),
        "service" => reader.template(field.value, "`service`").map(Tamper::Service),
        "skew" => reader.number(field.value, "`skew`").map(Tamper::Skew),
        // Already noted as an unknown key.
        _ => None,
    }
}

fn word(reader: &mut Reader<'_>, value: &Val<'_>) -> Option<Tamper> {
    let word = reader.text(value, "`auth`")?;
    Some(match word.as_str() {
        "none" => Tamper::None,
        "wrong-secret" => Tamper::WrongSecret,
        "unknown-key" => Tamper::UnknownKey,
        "altered-body" => Tamper::AlteredBody,
        "unsigned-host" => Tamper::UnsignedHost,
        "unsigned-date" => Tamper::UnsignedDate,
        "expired-query" => Tamper::ExpiredQuery,
        "other-action" => Tamper::OtherAction,
        "query" => Tamper::Query,
        _ => {
            let known = || AUTH_WORDS.iter().map(|(w, _)| *w);
            let help = did_you_mean(&word, known())
                .unwrap_or_else(|| format!("one of {}, or a table with {}", one_of(known()), one_of(names(AUTH_TABLES))));
            reader.wrong(value.span(), format!("unknown fault `{word}`"), "not a way to authenticate").help = Some(help);
            return None;
        }
    })
}

pub(super) fn raw<'t>(reader: &mut Reader<'t>, value: &Val<'t>) -> Option<Raw> {
    let fields = reader.closed(value, RAW, "`raw`")?;
    let mut raw = Raw {
        method: fields.get("method").and_then(|v| reader.sentence(v, "`method`")),
        path: fields.get("path").and_then(|v| reader.template(v, "`path`")),
        headers: Vec::new(),
        body: fields.get("body").and_then(|v| reader.template(v, "`body`")),
        action: fields.get("action").and_then(|v| text_or_false(reader, v, "`action`")),
        version: fields.get("version").and_then(|v| text_or_false(reader, v, "`version`")),
    };
    for field in fields.get("headers").and_then(|v| reader.fields(v, "`headers`")).map(|f| f.all).unwrap_or_default() {
        if let Some(value) = text_or_false(reader, field.value, "a header") {
            raw.headers.push((field.key.to_owned(), value));
        }
    }
    Some(raw)
}

/// A text, or `false` for nothing at all.
fn text_or_false(reader: &mut Reader<'_>, value: &Val<'_>, what: &str) -> Option<Option<String>> {
    match value.get_ref() {
        DeValue::Boolean(false) => Some(None),
        DeValue::Boolean(true) => {
            reader.wrong(value.span(), format!("{what} is a string, or false to leave it out"), "");
            None
        }
        _ => reader.template(value, what).map(Some),
    }
}
