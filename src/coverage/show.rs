//! Coverage as text.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::{ActionCoverage, Coverage, Kills, Part, State};

/// Coverage as text: counts first, then by name what was not reached.
pub fn text(coverage: &Coverage) -> String {
    let mut out = String::new();
    for (dialect, c) in &coverage.dialects {
        let _ = writeln!(out, "{dialect}");
        let mut part = |label: &str, part: &Part, note: String| {
            let _ = writeln!(out, "  {label:<40} {:>4}/{}{note}", part.reached, part.of);
        };
        part("Actions with a passing success case", &c.actions, String::new());
        part("parameters whose effect a case looks at", &c.parameters, String::new());
        part("response elements in a checked response", &c.elements, format!("  ({} of them in an expectation)", c.elements_expected));
        let unreachable = c.unreachable_errors.len();
        part("declared errors provoked", &c.errors, format!("  (and {unreachable} that the API alone cannot provoke)"));
        part("Actions that a policy allowed a user", &c.allowed, String::new());
        part("Actions that a user was denied", &c.denied, String::new());
        let parts = [
            ("no Action", &c.actions),
            ("no parameter", &c.parameters),
            ("no element", &c.elements),
            ("no error", &c.errors),
            ("not seen allowed", &c.allowed),
            ("not seen denied", &c.denied),
        ];
        for (label, part) in parts {
            for name in &part.missing {
                let reason = c.reasons.get(name).map(|why| format!(": {why}")).unwrap_or_default();
                let _ = writeln!(out, "    {label} {name}{reason}");
            }
        }
        by_action(&mut out, &c.by_action);
        for (name, reason) in &c.unreachable_errors {
            let _ = writeln!(out, "    unreachable {name}: {reason}");
        }
        for (subject, actions) in &c.beyond {
            let _ = writeln!(out, "    not covered yet, {subject}: {}", actions.join(", "));
        }
    }
    let with = coverage.requirements_with_case.len();
    let of = with + coverage.requirements_without_case.len();
    let _ =
        writeln!(out, "requirements\n  {:<40} {with:>4}/{of}  (and {} unreachable)", "named by a passing case", coverage.unreachable.len());
    let _ = writeln!(out, "  {:<40} {:>4}", "held against every response", coverage.free_checks.len());
    for (id, why) in &coverage.requirements_without_case {
        let _ = writeln!(out, "    no case {id}{}{why}", if why.is_empty() { "" } else { ": " });
    }
    for (id, reason) in &coverage.unreachable {
        let _ = writeln!(out, "    unreachable {id}: {reason}");
    }
    let facts = &coverage.facts;
    let (held, of) = (facts.held.len(), facts.held.len() + facts.open.len());
    let _ = writeln!(
        out,
        "what is known of the API\n  {:<40} {held:>4}/{of}  (and {} that are no requirement)",
        "facts whose requirements are all shown",
        facts.no_requirement.len()
    );
    for (id, open) in &facts.open {
        let _ = writeln!(out, "    open {id}: {}", open.join(", "));
    }
    for (id, reason) in &facts.no_requirement {
        let _ = writeln!(out, "    no requirement {id}: {reason}");
    }
    if let Some(found) = &coverage.kills {
        kills(&mut out, found);
    }
    out
}

/// A line for each Action.
fn by_action(out: &mut String, actions: &BTreeMap<String, ActionCoverage>) {
    let width = actions.keys().map(String::len).max().unwrap_or_default();
    let _ = writeln!(out, "    {:width$}  codes  allowed  denied", "by Action");
    let seen = |it: bool| if it { "yes" } else { "no" };
    for (name, a) in actions {
        let codes = format!("{}/{}", a.errors.reached, a.errors.of);
        let _ = writeln!(out, "    {name:width$}  {codes:>5}  {:>7}  {:>6}", seen(a.allowed), seen(a.denied));
    }
}

/// What strength measured: counts, then by name what was not killed.
fn kills(out: &mut String, found: &Kills) {
    let states = [State::Survived, State::Indirect, State::Skipped];
    let (killed, of) = (found.that(State::Killed).len(), found.requirements.len());
    let _ = writeln!(out, "what strength measured\n  {:<40} {killed:>4}/{of}", "requirements that are killed");
    let (held, open) = (found.facts.killed.len(), found.facts.open.len());
    let _ = writeln!(out, "  {:<40} {held:>4}/{}", "facts whose requirements are all killed", held + open);
    for state in states {
        for id in found.that(state) {
            let counts = found.requirements.get(id).copied().unwrap_or_default();
            let all = counts.killed + counts.indirect + counts.survived + counts.skipped;
            let _ = writeln!(out, "    {} {id} ({} of {all} killed)", state.word(), counts.killed);
        }
    }
    // What a measurement of a part leaves out would fill pages here; the JSON form has every name.
    if let [first, rest @ ..] = found.that(State::NotMeasured).as_slice() {
        let others = if rest.is_empty() { String::new() } else { format!(" and {} more", rest.len()) };
        let _ = writeln!(out, "    {} {first}{others}", State::NotMeasured.word());
    }
    let not_measured = format!("({})", State::NotMeasured.word());
    for (id, open) in &found.facts.open {
        if open.iter().any(|rule| !rule.ends_with(&not_measured)) {
            let _ = writeln!(out, "    open {id}: {}", open.join(", "));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{DialectCoverage, FactCoverage, FactKills, RuleKills};
    use super::*;
    use crate::api::DialectId;

    #[test]
    fn counts_come_first_and_names_after() {
        let part = |reached, of, missing: &[&str]| Part { reached, of, missing: missing.iter().map(|m| (*m).into()).collect() };
        let dialect = DialectCoverage {
            actions: part(44, 45, &["DeleteUser"]),
            parameters: part(100, 100, &[]),
            elements: part(3, 4, &["GetUser.User.Path"]),
            elements_expected: 2,
            errors: part(5, 6, &["DeleteUser.DeleteConflict"]),
            allowed: part(1, 1, &[]),
            denied: part(0, 1, &["DeleteUser"]),
            by_action: BTreeMap::from([(
                "DeleteUser".into(),
                ActionCoverage { errors: part(1, 2, &["DeleteConflict"]), allowed: true, denied: false },
            )]),
            unreachable_errors: BTreeMap::from([("DeleteUser.LimitExceeded".into(), "No quota grows by deleting.".into())]),
            reasons: BTreeMap::from([("GetUser.User.Path".into(), "must be absent, says x".into())]),
            beyond: BTreeMap::from([("roles".into(), vec!["CreateRole".into(), "GetRole".into()])]),
        };
        let coverage = Coverage {
            dialects: BTreeMap::from([(DialectId::Eim, dialect)]),
            requirements_with_case: vec!["a.b".into()],
            requirements_without_case: BTreeMap::from([("c.d".into(), "It waits.".into())]),
            free_checks: vec!["wire.e".into()],
            unreachable: BTreeMap::new(),
            facts: FactCoverage {
                held: vec!["f.held".into()],
                open: BTreeMap::from([("f.open".into(), vec!["c.d".into()])]),
                no_requirement: BTreeMap::from([("f.none".into(), "A wording.".into())]),
            },
            kills: Some(Kills {
                requirements: BTreeMap::from([
                    ("a.b".into(), RuleKills { killed: 2, kills: 5, ..RuleKills::default() }),
                    ("c.d".into(), RuleKills { killed: 1, survived: 1, ..RuleKills::default() }),
                    ("e.f".into(), RuleKills::default()),
                ]),
                facts: FactKills {
                    killed: vec!["f.held".into()],
                    open: BTreeMap::from([("f.open".into(), vec!["c.d (survived)".into()])]),
                },
            }),
        };
        insta::assert_snapshot!(text(&coverage));
    }
}
