//! The gate's report as GitHub-flavoured Markdown, for a CI summary.
//!
//! What comes from a target stands in code spans only, where neither Markdown nor HTML means anything.

use std::fmt::Write as _;

use super::{Finding, Outcome, Report};
use crate::report::tally::exit;
use crate::report::text::short;

/// Findings of one outcome that are listed: a summary on GitHub may not be larger than 1 MiB.
const SHOWN: usize = 50;
/// Characters of what happened that are shown.
const TEXT: usize = 300;

/// The report as Markdown. Ends with a blank line, so that more can follow.
pub fn markdown(report: &Report) -> String {
    let mut out = String::new();
    let verdict = if report.passes { "passes".to_owned() } else { format!("does not pass (exit {})", report.exit) };
    let _ = writeln!(out, "## IAM gate: {verdict}\n");
    let targets: Vec<String> = report.targets.iter().map(|target| code(target)).collect();
    let trials = &report.trials;
    let _ = writeln!(out, "{} held against {}\n", targets.join(", "), code(&report.against));
    let _ = writeln!(out, "| trials | |\n|---:|---|");
    for (n, what) in [(trials.judged, "judged"), (trials.passed, "passed"), (trials.known, "failed as known"), (trials.skipped, "skipped")]
    {
        let _ = writeln!(out, "| {n} | {what} |");
    }
    for (outcome, n) in &report.outcomes {
        let mark = if outcome.exit() == exit::OK { "" } else { "**" };
        let _ = writeln!(out, "| {n} | {mark}{}{mark} |", outcome.words());
    }
    out.push('\n');
    for note in &report.notes {
        let _ = writeln!(out, "{}\n", code(note));
    }
    for outcome in Outcome::ALL {
        let findings: Vec<&Finding> = report.findings.iter().filter(|f| f.outcome == outcome).collect();
        if findings.is_empty() {
            continue;
        }
        let open = if outcome.exit() == exit::OK { "" } else { " open" };
        let _ = writeln!(out, "<details{open}><summary>{} ({})</summary>\n", outcome.words(), findings.len());
        for finding in findings.iter().take(SHOWN) {
            let configuration = finding.configuration.as_ref().map(|c| format!(" {}", code(c))).unwrap_or_default();
            let level = finding.level.map(|level| format!(" ({level})")).unwrap_or_default();
            let at = finding.place().map(|at| format!(" {}", code(&at))).unwrap_or_default();
            let _ = writeln!(out, "- {}{configuration}{level}: {}{at}", code(&finding.what), code(&short(&finding.text, TEXT)));
        }
        if findings.len() > SHOWN {
            let _ = writeln!(out, "- … and {} more", findings.len() - SHOWN);
        }
        let _ = writeln!(out, "\n</details>\n");
    }
    out
}

/// A code span: with a fence longer than any row of backticks in the text.
fn code(text: &str) -> String {
    let text = short(text, usize::MAX);
    let mut longest = 0;
    let mut row = 0;
    for c in text.chars() {
        row = if c == '`' { row + 1 } else { 0 };
        longest = longest.max(row);
    }
    let fence = "`".repeat(longest + 1);
    if text.is_empty() {
        return String::new();
    }
    let pad = if text.starts_with('`') || text.ends_with('`') { " " } else { "" };
    format!("{fence}{pad}{text}{pad}{fence}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_leaves_its_code_span() {
        assert_eq!(code("a"), "`a`");
        assert_eq!(code("`a``b"), "``` `a``b ```");
        assert_eq!(code("<script>\n| x"), "`<script>\\n| x`");
        assert_eq!(code(""), "");
    }
}
