//! Coverage as text.

use std::fmt::Write as _;

use super::{Coverage, Part};

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
        for (label, part) in [("Action", &c.actions), ("parameter", &c.parameters), ("element", &c.elements), ("error", &c.errors)] {
            for name in &part.missing {
                let reason = c.reasons.get(name).map(|why| format!(": {why}")).unwrap_or_default();
                let _ = writeln!(out, "    no {label} {name}{reason}");
            }
        }
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
    out
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::super::{DialectCoverage, FactCoverage};
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
        };
        insta::assert_snapshot!(text(&coverage));
    }
}
