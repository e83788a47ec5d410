//! A fuzz run in words.

use std::fmt::Write as _;

use crate::api::model;
use crate::fuzz::Oracles;
use crate::fuzz::campaign::Tally;
use crate::report::text::{count, duration, printable};

/// How far it is, in one line.
pub fn line(tally: &Tally) -> String {
    let rate = tally.calls * 1000 / tally.millis.max(1);
    let (programs, answers) = (count_of(tally.programs, "program"), tally.coverage.answers.len());
    let findings = count(tally.findings.len(), "finding");
    format!("{programs}, {} calls ({rate}/s), {answers} kinds of answers, {findings}", tally.calls)
}

fn count_of(n: u64, noun: &str) -> String {
    count(usize::try_from(n).unwrap_or(usize::MAX), noun)
}

/// The summary: findings first, then what was reached, counts last.
pub fn text(tally: &Tally, oracles: &Oracles) -> String {
    let mut out = String::new();
    let c = &tally.coverage;
    for found in &tally.findings {
        let rule = found.requirement.as_ref().map(|r| format!("  {r}")).unwrap_or_default();
        let _ = writeln!(out, "{}  {}  seen in {}{rule}", found.fingerprint, found.configuration, count_of(found.count, "program"));
        let _ = writeln!(out, "  {}", printable(&found.text));
    }
    let _ = writeln!(out, "oracle           asked  fired");
    for oracle in oracles.iter() {
        let of = |counts: &std::collections::BTreeMap<_, u64>| counts.get(&oracle).copied().unwrap_or_default();
        let _ = writeln!(out, "{:15}  {:>5}  {:>5}", oracle.name(), of(&c.asked), of(&c.fired));
    }
    let silent: Vec<&str> = model().actions.iter().map(|a| a.name.as_str()).filter(|name| !c.actions.contains_key(*name)).collect();
    let _ = writeln!(
        out,
        "reached: {} ({} without a call{}{}), {} of arguments, {} of an Action and a code, {} of Actions on one thing, {}, {} of answers",
        count(c.actions.len(), "Action"),
        silent.len(),
        if silent.is_empty() { "" } else { ": " },
        silent.join(", "),
        count(c.classes.len(), "class").replace("classs", "classes"),
        count(c.codes.len(), "pair"),
        count(c.pairs.len(), "ordered pair"),
        count(c.transitions.len(), "state transition"),
        count(c.answers.len(), "kind"),
    );
    if let Some(why) = &tally.stopped {
        let _ = writeln!(out, "stopped: {}", printable(why));
    }
    let rate = tally.calls * 1000 / tally.millis.max(1);
    let _ = writeln!(
        out,
        "{}: {} and {} with seed {} on {} ({}) in {}, {rate} calls/s",
        count(tally.findings.len(), "finding"),
        count_of(tally.programs, "program"),
        count_of(tally.calls, "call"),
        tally.seed,
        tally.target,
        tally.configurations.join(", "),
        duration(tally.millis),
    );
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_silent_oracle_is_seen() {
        let mut tally = Tally { seed: 5, target: "reference".into(), programs: 1, calls: 20, millis: 10, ..Tally::default() };
        tally.coverage.asked.insert(crate::fuzz::OracleId::Lockstep, 20);
        let text = text(&tally, &Oracles::default());
        assert!(text.contains("lockstep            20      0") && text.contains("pages                0      0"), "{text}");
        assert!(text.contains("0 findings: 1 program and 20 calls with seed 5 on reference"), "{text}");
        assert_eq!(line(&tally), "1 program, 20 calls (2000/s), 0 kinds of answers, 0 findings");
    }
}
