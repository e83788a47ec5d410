//! A fuzz run in words.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::api::model;
use crate::fuzz::Oracles;
use crate::fuzz::campaign::Tally;
use crate::fuzz::triage::finding_id;
use crate::report::event::FindingRecord;
use crate::report::text::{count, duration, printable};

/// How far it is, in one line.
pub fn line(tally: &Tally) -> String {
    let rate = tally.calls * 1000 / tally.millis.max(1);
    let (programs, answers) = (count_of(tally.programs, "program"), tally.coverage.answers.len());
    let (new, repeats) = of_kinds(tally);
    format!("{programs}, {} calls ({rate}/s), {answers} kinds of answers, {new} new and {repeats} repeated findings", tally.calls)
}

/// How many findings are new, and how many say what was known.
fn of_kinds(tally: &Tally) -> (usize, usize) {
    let new = tally.findings.iter().filter(|f| f.is_new()).count();
    (new, tally.findings.len() - new)
}

/// What came of looking for a finding again.
pub fn settled(record: &FindingRecord) -> String {
    let mut out = format!("{}  {}  {}", word(record), record.id, record.stability);
    if record.seen > 0 {
        let _ = write!(out, ", {} of {}", record.left, count(record.steps, "step"));
    }
    if let Some(rule) = &record.requirement {
        let _ = write!(out, ", {rule}");
    }
    let _ = writeln!(out, "  {}\n  {}", record.configuration, record.fingerprint);
    for (what, text) in [("says so already", &record.repeats), ("case", &record.file), ("no case", &record.without_file)] {
        if let Some(text) = text {
            let _ = writeln!(out, "  {what}: {}", printable(text));
        }
    }
    out
}

fn word(record: &FindingRecord) -> &'static str {
    if record.repeats.is_some() { "REPEATS" } else { "NEW" }
}

fn count_of(n: u64, noun: &str) -> String {
    count(usize::try_from(n).unwrap_or(usize::MAX), noun)
}

/// The summary: findings first, then what was reached, counts last.
pub fn text(tally: &Tally, oracles: &Oracles) -> String {
    let mut out = String::new();
    let c = &tally.coverage;
    for found in tally.findings.iter().filter(|f| f.is_new()) {
        let seen = format!("  seen in {}", count_of(found.count, "program"));
        match &found.record {
            Some(record) => out.push_str(&settled(record)),
            None => {
                let rule = found.requirement.as_ref().map(|r| format!(", {r}")).unwrap_or_default();
                let (id, print) = (finding_id(&found.fingerprint), printable(&found.fingerprint.to_string()).into_owned());
                let _ = writeln!(out, "NEW  {id}  not looked for again{rule}  {}\n  {print}", found.configuration);
            }
        }
        let _ = writeln!(out, "  {}\n{seen}", printable(&found.text));
    }
    repeated(tally, &mut out);
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
    let (new, repeats) = of_kinds(tally);
    let waiting = tally.findings.iter().filter(|f| f.waits()).count();
    if waiting > 0 && waiting < new {
        let _ = writeln!(out, "{} to be looked for again: the same command goes on with that", count(waiting, "finding"));
    }
    let rate = tally.calls * 1000 / tally.millis.max(1);
    let again = if tally.triage > 0 { format!("; {} to look for findings again", count_of(tally.triage, "call")) } else { String::new() };
    let _ = writeln!(
        out,
        "{}, {repeats} repeated: {} and {} with seed {} on {} ({}) in {}, {rate} calls/s{again}",
        count(new, "new finding"),
        count_of(tally.programs, "program"),
        count_of(tally.calls, "call"),
        tally.seed,
        tally.target,
        tally.configurations.join(", "),
        duration(tally.millis),
    );
    out
}

/// What was known: one line for each that says so, with how many findings it accounts for.
fn repeated(tally: &Tally, out: &mut String) {
    let mut by: BTreeMap<&str, (usize, u64)> = BTreeMap::new();
    for found in &tally.findings {
        if let Some(says) = &found.repeats {
            let (findings, programs) = by.entry(says.as_str()).or_default();
            *findings += 1;
            *programs += found.count;
        }
    }
    let mut lines: Vec<_> = by.into_iter().collect();
    lines.sort_by_key(|(_, (_, programs))| std::cmp::Reverse(*programs));
    for (says, (findings, programs)) in lines {
        let of = if findings == 1 { String::new() } else { format!(", {findings} fingerprints") };
        let _ = writeln!(out, "REPEATS  {}: seen in {}{of}", printable(says), count_of(programs, "program"));
    }
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
        assert!(text.contains("0 new findings, 0 repeated: 1 program and 20 calls with seed 5 on reference"), "{text}");
        assert_eq!(line(&tally), "1 program, 20 calls (2000/s), 0 kinds of answers, 0 new and 0 repeated findings");
    }
}
