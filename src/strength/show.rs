//! A report as text.

use std::fmt::Write as _;

use super::kill::Kill;
use super::report::{Judged, Outcome, Report};
use crate::report::text::{count, duration, short};

/// Longest text of what was seen, in characters.
const SHOWN: usize = 160;

/// What is listed beside the counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Detail {
    /// What survived and what was killed indirectly.
    Doubtful,
    /// Every fault.
    Everything,
}

/// The report: lists first, counts last, where a reader looks for them.
pub fn text(report: &Report, detail: Detail) -> String {
    let mut out = String::new();
    if detail == Detail::Everything {
        list(&mut out, report, Outcome::Killed, "KILLED");
        list(&mut out, report, Outcome::Skipped, "SKIPPED");
    }
    list(&mut out, report, Outcome::Indirect, "INDIRECT");
    list(&mut out, report, Outcome::Survived, "SURVIVED");
    let width = report.families.keys().map(String::len).max().unwrap_or_default().max(6);
    let _ = writeln!(out, "{:width$}  {:>7}  {:>8}  {:>8}  {:>7}", "faults", "killed", "indirect", "survived", "skipped");
    let all = ("all".to_owned(), report.counts);
    for (family, c) in report.families.iter().chain([(&all.0, &all.1)]) {
        let _ = writeln!(out, "{family:width$}  {:>7}  {:>8}  {:>8}  {:>7}", c.killed, c.indirect, c.survived, c.skipped);
    }
    let (cases, calls) = (count(report.cases, "case"), count(report.calls, "call"));
    let _ = writeln!(
        out,
        "score {:.1} %: killed of killed and survived, in {}; {cases}, {calls}, {}",
        report.score,
        report.configurations.join(", "),
        duration(report.millis)
    );
    out
}

fn list(out: &mut String, report: &Report, outcome: Outcome, word: &str) {
    for fault in report.faults.iter().filter(|f| f.result == outcome) {
        one(out, fault, word);
    }
}

fn one(out: &mut String, fault: &Judged, word: &str) {
    let _ = writeln!(out, "{word}  {}  {}", fault.fault, fault.configuration);
    match (&fault.by, &fault.why) {
        (Some(kill), why) => {
            by(out, kill);
            if let Some(why) = why {
                let _ = writeln!(out, "    not directly: {why}");
            }
        }
        (None, Some(why)) => {
            let _ = writeln!(out, "  {why}");
        }
        (None, None) => {
            let reached = if fault.trials == 0 { "no case comes to it" } else { "no case notices it" };
            let _ = writeln!(out, "  {}: {reached}", short(&fault.about, 2 * SHOWN));
        }
    }
}

fn by(out: &mut String, kill: &Kill) {
    let step = kill.step.map(|step| format!(" step {step}")).unwrap_or_default();
    let loc = kill.loc.as_ref().map(|loc| format!("  {loc}")).unwrap_or_default();
    let _ = writeln!(out, "  {}{step} {}: {} ({}){loc}", kill.case, kill.call, kill.path, kill.requirement);
    let _ = writeln!(out, "    {}", short(&kill.seen, SHOWN));
}
