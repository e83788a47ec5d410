//! Case files as people and machines write them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::{Check, demand};
use crate::api::{DialectId, model};
use crate::case::generate::NoCertificates;
use crate::case::{Case, Diagnostics, Scope, Setting, parse, write};
use crate::dialect::{Configuration, Format, Style};
use crate::plan::{OptIn, Place, plan};
use crate::target::Profile;

/// Most expressions that are rendered: each may make a text of some megabytes.
const EXPRESSIONS: usize = 8;

/// The path of a file and its text: the first line, and the rest.
#[cfg(feature = "net")]
pub(in crate::fuzz) fn seed(path: &str, text: &str) -> Vec<u8> {
    format!("{path}\n{text}").into_bytes()
}

pub(super) fn check(data: &[u8]) -> Check {
    let Ok(all) = std::str::from_utf8(data) else { return Ok(()) };
    let (path, text) = all.split_once('\n').unwrap_or(("users/CreateUser.toml", all));
    match parse(path, "shown.toml", text) {
        Ok(cases) => sound(&cases, path, text),
        Err(mistakes) => pointing(&mistakes, text),
    }
}

fn pointing(mistakes: &Diagnostics, text: &str) -> Check {
    demand(!mistakes.is_empty(), || "a file gives neither cases nor mistakes".into())?;
    let lines = text.split('\n').count();
    for mistake in mistakes.items() {
        let at = &mistake.loc;
        demand(at.file == "shown.toml" && (1..=lines).contains(&at.line), || format!("a mistake stands at {at:?} of {lines} lines"))?;
        let span = &mistake.span;
        let inside = span.start <= span.end && span.end <= text.len();
        demand(inside, || format!("{:?} points at {span:?} of {} bytes", mistake.message, text.len()))?;
        demand(!mistake.message.is_empty(), || format!("the mistake at {at:?} has no message"))?;
    }
    demand(!mistakes.to_string().is_empty() && !mistakes.render(true).is_empty(), || "mistakes without a text".into())
}

fn sound(cases: &[Case], path: &str, text: &str) -> Check {
    demand(!cases.is_empty(), || "a file without cases passes".into())?;
    let ids: BTreeSet<&str> = cases.iter().map(|case| case.id.as_str()).collect();
    demand(ids.len() == cases.len(), || "two cases have one id".into())?;
    let all: Vec<&Case> = cases.iter().collect();
    if all.iter().all(|case| write::file_path(case) == path) {
        let written = write::checked(&all);
        demand(written.is_ok(), || {
            format!("what was read cannot be written: {}", written.err().map(|e| e.to_string()).unwrap_or_default())
        })?;
    }
    for dialect in DialectId::ALL {
        planned(cases, dialect)?;
    }
    // `$${` is none, but does no harm.
    if text.matches("${").count() <= EXPRESSIONS {
        rendered(cases);
    }
    Ok(())
}

fn planned(cases: &[Case], dialect: DialectId) -> Check {
    let profile = Profile { dialect, ..Profile::default() };
    let place = Place { profile: &profile, loopback: true, opt_in: OptIn::default(), missing: &BTreeMap::new() };
    let configuration = Configuration { dialect, format: Format::Xml, style: Style::Form };
    let wanted: Vec<&Case> = cases.iter().collect();
    let trials = plan(&wanted, &place, &[configuration]).len();
    demand(trials == cases.len(), || format!("{} cases make {trials} trials in one configuration", cases.len()))
}

/// Whatever the expressions of a case that passed the parser say, they have a value or there is a reason why not.
fn rendered(cases: &[Case]) {
    for case in cases {
        for dialect in DialectId::ALL {
            let setting = Arc::new(Setting {
                run: "fuzz".into(),
                dialect,
                region: "eu-west-2".into(),
                account: None,
                second_namespace: None,
                limits: Arc::new(move |name| model().limit(name, dialect)),
                certificates: Arc::new(NoCertificates),
            });
            let rows = case.rows.iter().map(Some).chain(case.rows.is_empty().then_some(None));
            for row in rows.take(EXPRESSIONS) {
                let scope = Scope::new(Arc::clone(&setting), &case.id, row);
                for step in &case.steps {
                    let _ = scope.flatten(&step.with);
                }
            }
        }
    }
}
