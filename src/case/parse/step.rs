//! A step: the call, its parameters, what it saves, and what differs by dialect.

use std::collections::BTreeMap;
use std::ops::Range;

use serde_json::Value;
use toml::de::DeValue;

use super::reader::{Field, Fields, Reader, Val};
use super::uses::StepUses;
use super::{expect, wire};
use crate::api::{Action, DialectId, model};
use crate::case::keys::{ALTERNATIVE, STEP};
use crate::case::model::{Alternative, Expect, Step};
use crate::case::path::{self, Shape};
use crate::case::suggest::did_you_mean;
use crate::case::template::{Expr, Template, is_fresh, is_variable_name};
use crate::verdict::Loc;

/// Reads a step of a case that runs on `dialects`. The variables it uses and saves are known even where it is not sound.
pub(super) fn step<'t>(reader: &mut Reader<'t>, value: &Val<'t>, dialects: &[DialectId]) -> (Option<Step>, StepUses, Known) {
    reader.take_uses();
    let mut uses = StepUses::default();
    let Some(fields) = reader.closed(value, STEP, "a step") else { return (None, uses, Known::default()) };

    let raw = fields.get("raw").and_then(|v| wire::raw(reader, v));
    let call = call(reader, &fields, raw.as_ref().is_some_and(|r| r.action.is_some()));
    let action = call.as_deref().and_then(|name| model().action(name));
    let lax = fields.get("unknown-parameters").and_then(|v| reader.flag(v, "`unknown-parameters`")).unwrap_or_default();
    let pages = fields.get("pages").and_then(|v| wire::pages(reader, v));
    if let (Some(value), Some(action)) = (fields.get("pages"), action)
        && action.paginates.is_empty()
    {
        reader.wrong(value.span(), format!("{} does not paginate", action.name), "it takes no Marker");
    }
    let known = Known { action, lax, pages: pages.is_some() };

    let with = fields.get("with").map(|v| parameters(reader, v, &known)).unwrap_or_default();
    let save = fields.get("save").map(|v| saves(reader, v, &known, &mut uses.saves)).unwrap_or_default();
    let principal = fields.get("principal").and_then(|v| principal(reader, v));
    let auth = fields.get("auth").and_then(|v| wire::auth(reader, v));
    uses.repeats = fields.get("repeat").is_some();
    let repeat = fields.get("repeat").and_then(|v| reader.count(v, "`repeat`"));
    let expect = match fields.get("expect") {
        Some(value) => expect::expect(reader, value, &known),
        None => Expect { loc: reader.loc(&fields.span), ..Expect::default() },
    };
    let on = fields.get("on").map(|v| alternatives(reader, v, &known, dialects)).unwrap_or_default();
    uses.uses = reader.take_uses();
    let loc = reader.loc(&fields.span);
    let step = call.map(|call| Step { call, with, unknown_parameters: lax, save, principal, auth, raw, repeat, pages, expect, on, loc });
    (step, uses, known)
}

/// What is known of a step's Action while its parts are read.
#[derive(Default)]
pub(super) struct Known {
    /// The Action; none: unknown, and nothing can be checked against the model.
    pub(super) action: Option<&'static Action>,
    /// Parameters that the model does not know are meant.
    lax: bool,
    /// The step follows markers.
    pub(super) pages: bool,
}

/// The Action. One that nobody knows is allowed where `raw.action` says what to send instead of it.
fn call<'t>(reader: &mut Reader<'t>, fields: &Fields<'_, 't>, replaced: bool) -> Option<String> {
    let Some(value) = fields.get("call") else {
        reader.wrong(fields.span.clone(), "a step without a call", "").help = Some("add `call = \"CreateUser\"`".to_owned());
        return None;
    };
    let name = reader.sentence(value, "`call`")?;
    if model().action(&name).is_none() && !replaced {
        let help = did_you_mean(&name, model().actions.iter().map(|a| a.name.as_str()))
            .unwrap_or_else(|| "to send an unknown Action on purpose, call a known one with `raw = { action = \"…\" }`".to_owned());
        reader.wrong(value.span(), format!("unknown Action `{name}`"), "").help = Some(help);
    }
    Some(name)
}

pub(super) fn parameters<'t>(reader: &mut Reader<'t>, value: &Val<'t>, known: &Known) -> Vec<(String, Value)> {
    let mut with = Vec::new();
    for field in reader.fields(value, "`with`").map(|f| f.all).unwrap_or_default() {
        reader.parse_template(field.key, &field.span);
        if let Some(action) = known.action
            && !known.lax
        {
            parameter(reader, action, &field);
        }
        if let Some(value) = reader.value(field.value, "a parameter") {
            with.push((field.key.to_owned(), value));
        }
    }
    with
}

/// Checks a parameter's name against the model, over all dialects: some targets are sent what only others know.
fn parameter<'t>(reader: &mut Reader<'t>, action: &'static Action, field: &Field<'_, 't>) {
    let name = field.key.split('.').next().unwrap_or_default();
    if name.contains("${") {
        return;
    }
    let Some(member) = action.parameters.iter().find(|p| p.name == name) else {
        let help = did_you_mean(name, action.parameters.iter().map(|p| p.name.as_str()))
            .unwrap_or_else(|| "to send it on purpose, give the step `unknown-parameters = true`".to_owned());
        let label = format!("not a parameter of {}", action.name);
        reader.wrong(field.span.clone(), format!("unknown parameter `{name}`"), label).help = Some(help);
        return;
    };
    if name.len() == field.key.len() {
        members(reader, field.value, &Shape::of_type(&member.ty));
    }
}

/// Checks the names inside a list or table of a parameter.
fn members<'t>(reader: &mut Reader<'t>, value: &Val<'t>, shape: &Shape<'static>) {
    match value.get_ref() {
        DeValue::Array(items) => {
            if let Ok(inner) = shape.item() {
                items.iter().for_each(|item| members(reader, item, &inner));
            }
        }
        DeValue::Table(_) if matches!(shape, Shape::Members(_)) => {
            for field in reader.fields(value, "a table").map(|f| f.all).unwrap_or_default() {
                if !field.key.contains("${")
                    && field.key != "absent"
                    && let Err(e) = shape.member(field.key)
                {
                    reader.wrong(field.span, format!("unknown member `{}`", field.key), "").help = e.help;
                }
            }
        }
        _ => {}
    }
}

fn saves<'t>(
    reader: &mut Reader<'t>,
    value: &Val<'t>,
    known: &Known,
    names: &mut Vec<(String, Range<usize>)>,
) -> Vec<(String, String, Loc)> {
    let mut saves = Vec::new();
    for field in reader.fields(value, "`save`").map(|f| f.all).unwrap_or_default() {
        if !is_variable_name(field.key) {
            let why = if is_fresh(field.key) { "that is a fresh name" } else { "not a name for a variable" };
            reader.wrong(field.span.clone(), format!("nothing can be saved as `{}`", field.key), why).help =
                Some("take another word of letters, digits and `-` that no generator has, such as `old` or `created`".to_owned());
            continue;
        }
        names.push((field.key.to_owned(), field.span.clone()));
        let Some(path) = reader.text(field.value, "a path") else { continue };
        if let Some(action) = known.action
            && let Err(e) = path::check(action, &path, known.pages)
        {
            let message = format!("`{path}` is not in the response of {}", action.name);
            reader.wrong(field.value.span(), message, e.what).help = e.help;
        }
        saves.push((field.key.to_owned(), path, reader.loc(&field.span)));
    }
    saves
}

/// `${key}`: the variable's name, with a path where it has one.
fn principal(reader: &mut Reader<'_>, value: &Val<'_>) -> Option<String> {
    let text = reader.template(value, "`principal`")?;
    match Template::parse(&text).ok()?.single() {
        Some(Expr::Saved(name, path)) if path.is_empty() => Some(name.clone()),
        Some(Expr::Saved(name, path)) => Some(format!("{name}.{path}")),
        _ => {
            reader.wrong(value.span(), "`principal` must be a saved access key", "").help =
                Some("save `key = \"AccessKey\"` from CreateAccessKey and write `principal = \"${key}\"`".to_owned());
            None
        }
    }
}

fn alternatives<'t>(reader: &mut Reader<'t>, value: &Val<'t>, known: &Known, dialects: &[DialectId]) -> BTreeMap<DialectId, Alternative> {
    let mut on = BTreeMap::new();
    for field in reader.fields(value, "`on`").map(|f| f.all).unwrap_or_default() {
        let Ok(dialect) = field.key.parse::<DialectId>() else {
            let help = did_you_mean(field.key, DialectId::ALL.map(DialectId::name)).unwrap_or("there are eim, ecs and aws".to_owned());
            reader.wrong(field.span, format!("unknown dialect `{}`", field.key), "").help = Some(help);
            continue;
        };
        if !dialects.contains(&dialect) {
            reader.wrong(field.span.clone(), format!("`on.{dialect}` in a case that does not run on {dialect}"), "never looked at");
        }
        let what = format!("`on.{dialect}`");
        let Some(fields) = reader.closed(field.value, ALTERNATIVE, &what) else { continue };
        let source = match fields.get("source") {
            Some(v) => reader.sentence(v, "`source`"),
            None => {
                reader.wrong(field.span.clone(), format!("{what} without a source"), "").help =
                    Some("add `source = \"…\"`: where the difference is documented".to_owned());
                None
            }
        };
        let skip = fields.get("skip").and_then(|v| reader.flag(v, "`skip`")).unwrap_or_default();
        if !skip && fields.get("with").is_none() && fields.get("expect").is_none() {
            reader.wrong(field.span.clone(), format!("{what} changes nothing"), "").help =
                Some("give it `with`, `expect` or `skip = true`".to_owned());
        }
        let alternative = Alternative {
            with: fields.get("with").map(|v| parameters(reader, v, known)).unwrap_or_default(),
            expect: fields.get("expect").map(|v| expect::expect(reader, v, known)),
            skip,
            source: source.unwrap_or_default(),
            loc: reader.loc(&field.span),
        };
        on.insert(dialect, alternative);
    }
    on
}
