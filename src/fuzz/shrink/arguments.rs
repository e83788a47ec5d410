//! What steps are given: less of it, and simpler.

use std::collections::BTreeMap;

use serde_json::Value;

use super::search::{Search, Tried};
use crate::api::{Action, model};
use crate::case::template::{Expr, ROLES, Template};
use crate::case::{Case, Step};

/// The simplest policy document.
const DOCUMENT: &str = "${doc.allow-all}";

/// Tries one simplification after the other until none goes.
pub(super) async fn simplify<C, S>(search: &mut Search<C, S>)
where
    C: Fn(&Case) -> usize,
    S: AsyncFnMut(&Case) -> Tried,
{
    loop {
        let mut simpler = false;
        for candidate in candidates(&search.best, search.at) {
            if search.attempt(&candidate).await {
                simpler = true;
                break;
            }
        }
        if !simpler {
            return;
        }
    }
}

/// How many things a step is given beside its Action.
pub(super) fn count(step: &Step) -> usize {
    let flags = [step.principal.is_some(), step.auth.is_some(), step.raw.is_some(), step.repeat.is_some(), step.pages.is_some()];
    let values: usize = step.with.iter().map(|(_, value)| leaves(value)).sum();
    values + step.on.len() + flags.iter().filter(|f| **f).count() + usize::from(step.unknown_parameters)
}

fn leaves(value: &Value) -> usize {
    match value {
        Value::Array(items) => 1 + items.iter().map(leaves).sum::<usize>(),
        Value::Object(members) => 1 + members.values().map(leaves).sum::<usize>(),
        _ => 1,
    }
}

/// Every simpler program that differs from `case` in one respect, what saves most first.
pub(super) fn candidates(case: &Case, at: usize) -> Vec<Case> {
    let mut all = Vec::new();
    // Everything that can be left out of the steps that only prepare, at once.
    let mut bare = case.clone();
    for (_, step) in bare.steps.iter_mut().enumerate().filter(|(i, _)| *i != at) {
        step.with.retain(|(name, _)| !optional(step.call.as_str(), name));
        (step.principal, step.auth, step.raw, step.repeat, step.pages) = (None, None, None, None, None);
    }
    all.push(bare);
    for row in &case.rows {
        all.push(Case { rows: vec![row.clone()], ..case.clone() });
    }
    for (i, step) in case.steps.iter().enumerate() {
        for simpler in steps(step) {
            let mut other = case.clone();
            other.steps[i] = simpler;
            all.push(other);
        }
    }
    all.push(numbered_anew(case));
    all
}

/// Every step that differs from `step` in one simpler respect.
fn steps(step: &Step) -> Vec<Step> {
    let mut all = Vec::new();
    let mut change = |change: &dyn Fn(&mut Step)| {
        let mut other = step.clone();
        change(&mut other);
        if other != *step {
            all.push(other);
        }
    };
    for (i, (name, _)) in step.with.iter().enumerate() {
        if optional(&step.call, name) {
            change(&|s| drop(s.with.remove(i)));
        }
    }
    change(&|s| s.principal = None);
    change(&|s| s.auth = None);
    change(&|s| s.raw = None);
    change(&|s| s.pages = None);
    change(&|s| s.repeat = None);
    change(&|s| s.on.clear());
    change(&|s| s.unknown_parameters = false);
    if let Some(raw) = &step.raw {
        change(&|s| s.raw.iter_mut().for_each(|r| r.method = None));
        change(&|s| s.raw.iter_mut().for_each(|r| r.path = None));
        change(&|s| s.raw.iter_mut().for_each(|r| r.body = None));
        change(&|s| s.raw.iter_mut().for_each(|r| r.action = None));
        change(&|s| s.raw.iter_mut().for_each(|r| r.version = None));
        for i in 0..raw.headers.len() {
            change(&|s| s.raw.iter_mut().for_each(|r| drop(r.headers.remove(i))));
        }
        if let Some(body) = &raw.body {
            for shorter in halves(body) {
                change(&|s| s.raw.iter_mut().for_each(|r| r.body = Some(shorter.clone())));
            }
        }
    }
    if let Some(n) = step.repeat.as_ref().and_then(|n| n.parse::<u64>().ok()) {
        change(&|s| s.repeat = Some((n / 2).to_string()));
        change(&|s| s.repeat = Some(n.saturating_sub(1).to_string()));
    }
    for (i, (name, value)) in step.with.iter().enumerate() {
        for simpler in values(name, value) {
            change(&|s| s.with[i].1 = simpler.clone());
        }
    }
    all
}

/// Whether a call may do without a parameter, by its name with or without what follows a dot; one that the API does not know may go.
fn optional(action: &str, parameter: &str) -> bool {
    let head = parameter.split('.').next().unwrap_or(parameter);
    let known = |action: &'static Action| action.parameters.iter().find(|p| p.name == head);
    !model().action(action).and_then(known).is_some_and(|p| p.required)
}

/// Simpler values for a parameter.
fn values(name: &str, value: &Value) -> Vec<Value> {
    match value {
        Value::Array(items) => {
            let without =
                (0..items.len()).map(|i| Value::Array(items.iter().enumerate().filter(|(j, _)| *j != i).map(|(_, v)| v.clone()).collect()));
            let inner = items.iter().enumerate().flat_map(|(i, item)| {
                values("", item).into_iter().map(move |simpler| {
                    let mut items = items.clone();
                    items[i] = simpler;
                    Value::Array(items)
                })
            });
            without.chain(inner).collect()
        }
        Value::Object(members) => members
            .iter()
            .flat_map(|(key, member)| {
                values("", member).into_iter().map(move |simpler| {
                    let mut members = members.clone();
                    members.insert(key.clone(), simpler);
                    Value::Object(members)
                })
            })
            .collect(),
        Value::String(text) => texts(name, text).into_iter().map(Value::String).collect(),
        Value::Number(n) if n.as_i64() != Some(1) => vec![Value::from(1)],
        Value::Null | Value::Bool(_) | Value::Number(_) => Vec::new(),
    }
}

fn texts(name: &str, text: &str) -> Vec<String> {
    let mut all = Vec::new();
    if name.ends_with("Document") {
        all.push(DOCUMENT.to_owned());
    }
    if name.ends_with("Path") || name == "PathPrefix" {
        all.push("/".to_owned());
    }
    let expressions = Template::expressions_of(text);
    if let [expr] = expressions.as_slice() {
        // The name itself instead of a twin, a prefix or one of a certain length.
        if let Some(fresh) = expr.fresh_name().filter(|_| !matches!(expr, Expr::Arn(..))) {
            all.push(format!("${{{fresh}}}"));
        }
    }
    if expressions.is_empty() {
        all.push("x".to_owned());
        all.extend(halves(text));
    }
    all.retain(|simpler| simpler != text);
    all
}

/// The first and the second half of a text without expressions.
fn halves(text: &str) -> Vec<String> {
    let chars: Vec<char> = text.chars().collect();
    if chars.len() < 2 || !Template::expressions_of(text).is_empty() {
        return Vec::new();
    }
    let (first, second) = chars.split_at(chars.len() / 2);
    let halves = [first, second].map(|half| half.iter().collect::<String>());
    // A cut may fall into an escape.
    halves.into_iter().filter(|half| Template::parse(half).is_ok_and(|t| t.literal().is_some())).collect()
}

/// Fresh names numbered in the order in which they come: `user`, `user2`.
fn numbered_anew(case: &Case) -> Case {
    let mut numbers: BTreeMap<&str, usize> = BTreeMap::new();
    let mut new: BTreeMap<String, String> = BTreeMap::new();
    let mut case = case.clone();
    case.each_text(&mut |text| {
        *text = Template::replace(text, |expr| {
            let name = expr.fresh_name()?;
            // The longest: `policy` before a role that another begins with.
            let role = ROLES.iter().filter(|role| name.starts_with(**role)).max_by_key(|role| role.len())?;
            let name = new.entry(name.to_owned()).or_insert_with(|| {
                let number = numbers.entry(role).or_insert(0);
                *number += 1;
                if *number == 1 { (*role).to_owned() } else { format!("{role}{number}") }
            });
            Some(expr.with_fresh_name(name))
        });
    });
    case
}
