//! The gate's report for a person.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::{Finding, Outcome, Report};
use crate::report::failure::{Options, failure};
use crate::report::tally::exit;
use crate::report::text::{count, printable, short};

/// Findings of one outcome that are shown unless everything is asked for.
const SHOWN: usize = 20;
/// Entries without a reason that are: a new list has nothing else.
const ENTRIES: usize = 3;
/// Characters of what happened that are shown.
const TEXT: usize = 400;

/// The report as text: each finding, then a line for each outcome, then whether the run passes. Ends with a line feed.
pub fn text(report: &Report, options: &Options) -> String {
    let mut out = String::new();
    let targets: Vec<_> = report.targets.iter().map(|t| printable(t)).collect();
    let _ = writeln!(out, "{} held against {}", options.paint.bold(&targets.join(", ")), printable(&report.against));
    for outcome in Outcome::ALL {
        let findings: Vec<&Finding> = report.findings.iter().filter(|f| f.outcome == outcome).collect();
        if outcome == Outcome::Lost {
            lost(&mut out, &findings, options);
            continue;
        }
        let shown = match outcome {
            _ if options.verbose => findings.len(),
            Outcome::Unreviewed => ENTRIES,
            _ => SHOWN,
        };
        findings.iter().take(shown).for_each(|finding| told(&mut out, finding, options));
        more(&mut out, findings.len(), shown);
    }
    counts(&mut out, report, options);
    out
}

fn head(out: &mut String, finding: &Finding, options: &Options) {
    let word = finding.outcome.words();
    let word = if finding.outcome.exit() == exit::OK { options.paint.good(word) } else { options.paint.bad(word) };
    let configuration = finding.configuration.as_ref().map(|c| format!("  {c}")).unwrap_or_default();
    let level = finding.level.map(|level| format!(" ({level})")).unwrap_or_default();
    let _ = writeln!(out, "\n{word}  {}{configuration}{level}", options.paint.bold(&printable(&finding.what)));
}

fn told(out: &mut String, finding: &Finding, options: &Options) {
    head(out, finding, options);
    if let Some(record) = finding.record.as_ref().filter(|_| options.verbose && finding.outcome.exit() != exit::OK) {
        let _ = write!(out, "{}", failure(record, &[], options));
    } else if finding.entry.is_none() {
        let at = finding.place().map(|at| format!("   {}", options.paint.dim(&at))).unwrap_or_default();
        let _ = writeln!(out, "  {}{at}", short(&finding.text, TEXT));
    }
    if let Some(entry) = &finding.entry {
        for line in entry.lines() {
            let _ = writeln!(out, "  {}", printable(line));
        }
    }
    if let Some(repeat) = finding.repeat.as_ref().filter(|_| !options.verbose && finding.outcome.exit() != exit::OK) {
        let _ = writeln!(out, "  {} {}", options.paint.dim("repeat"), printable(repeat));
    }
}

/// Cases that are lost for the same reason are told together.
fn lost(out: &mut String, findings: &[&Finding], options: &Options) {
    let mut reasons: BTreeMap<&str, Vec<&Finding>> = BTreeMap::new();
    for finding in findings {
        reasons.entry(&finding.text).or_default().push(finding);
    }
    for (reason, findings) in reasons {
        let word = options.paint.bad(Outcome::Lost.words());
        let _ = writeln!(out, "\n{word}  {} judged before and not now: {}", count(findings.len(), "trial"), short(reason, TEXT));
        let shown = if options.verbose { findings.len() } else { SHOWN };
        for finding in findings.iter().take(shown) {
            let configuration = finding.configuration.as_deref().unwrap_or_default();
            let _ = writeln!(out, "  {}  {configuration}", printable(&finding.what));
        }
        more(out, findings.len(), shown);
    }
}

fn more(out: &mut String, all: usize, shown: usize) {
    if all > shown {
        let _ = writeln!(out, "\n  … and {} more of this kind; -v shows all", all - shown);
    }
}

fn counts(out: &mut String, report: &Report, options: &Options) {
    let trials = &report.trials;
    let known = if trials.known > 0 { format!(", {} failed as known", trials.known) } else { String::new() };
    let _ = writeln!(out, "\n{} judged: {} passed{known}; {} skipped", count(trials.judged, "trial"), trials.passed, trials.skipped);
    for (outcome, n) in &report.outcomes {
        let code = match outcome.exit() {
            exit::OK => String::new(),
            code => format!("  exit {code}"),
        };
        let _ = writeln!(out, "{n:>6}  {:<24}{code}", outcome.words());
    }
    for note in &report.notes {
        let _ = writeln!(out, "        {}", printable(note));
    }
    let verdict = if report.passes {
        options.paint.good("the gate passes")
    } else {
        options.paint.bad(&format!("the gate does not pass: exit {}", report.exit))
    };
    let _ = writeln!(out, "{verdict}");
}
