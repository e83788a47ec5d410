//! The matrix as GitHub-flavoured Markdown: for a README, and in short for a CI summary.
//!
//! What a target sent stands in code spans only, where neither Markdown nor HTML means anything.

use std::fmt::Write as _;
use std::io::{self, Write};

use super::changes::{Changed, Changes, changes};
use super::counts::{Mark, ORDER, departs, look};
use super::model::{self, Column, Entry, Matrix, Record, Row, RowKind};
use crate::report::text::{count, printable, short};

/// Characters of a value that are shown.
const VALUE: usize = 200;
/// Departures of a target, and changes of a kind, that the short form lists.
const LISTED: usize = 50;

/// Writes it. `short`: no table by Action, and of each target's departures only those that are not known.
///
/// # Errors
/// When it cannot be written.
pub fn write(matrix: &Matrix<'_>, short: bool, to: &mut dyn Write) -> io::Result<()> {
    let mut out = String::from("# IAM compatibility matrix\n\n");
    targets(&mut out, matrix);
    by_family(&mut out, matrix);
    for changes in changes(matrix) {
        changed(&mut out, matrix, &changes);
    }
    if !short {
        model::families(&matrix.rows).for_each(|family| by_action(&mut out, matrix, family));
    }
    for column in 0..matrix.columns.len() {
        departures(&mut out, matrix, column, short);
    }
    to.write_all(out.as_bytes())
}

fn targets(out: &mut String, matrix: &Matrix<'_>) {
    let used: Vec<Mark> = ORDER.into_iter().filter(|s| matrix.columns.iter().any(|c| c.counts.of(*s) > 0)).collect();
    let heads: Vec<String> = used.iter().map(|s| format!("{} {}", look(*s).sign, look(*s).word)).collect();
    row(out, ["target", "dialect", "run"].map(str::to_owned).into_iter().chain(heads));
    row(out, ["---"; 3].into_iter().chain(used.iter().map(|_| "---:")).map(str::to_owned));
    for column in &matrix.columns {
        let counts = used.iter().map(|s| column.counts.of(*s).to_string());
        let run = match column.cut_short() {
            Some(why) => format!("{}, cut short: {}", cell(column.date()), cell(why)),
            None => cell(column.date()),
        };
        row(out, [cell(&column.name()), column.target.dialect.to_string(), run].into_iter().chain(counts));
    }
    let suites: std::collections::BTreeSet<&str> = matrix.columns.iter().map(|c| c.run.started.suite.as_str()).collect();
    let _ = write!(out, "\n{}", count(matrix.cases().len(), "case"));
    if suites.len() > 1 {
        let _ = write!(out, "; the runs used {} different versions of the suite", suites.len());
    }
    let meanings: Vec<String> = used.iter().map(|s| format!("{} {}: {}", look(*s).sign, look(*s).word, look(*s).meaning)).collect();
    let _ = writeln!(out, ". {}.\n", meanings.join(" · "));
}

/// Heads of a table whose columns are the targets. Two runs of one version are told apart by their day.
fn heads<'m>(first: &str, columns: &'m [Column<'_>]) -> impl Iterator<Item = String> + use<'m> {
    let name = |c: &Column<'_>| format!("{} {}", cell(&c.name()), c.target.dialect);
    let twice = move |c: &Column<'_>| columns.iter().filter(|other| name(other) == name(c)).count() > 1;
    let head = move |c: &Column<'_>| if twice(c) { format!("{} {}", name(c), cell(c.date())) } else { name(c) };
    std::iter::once(first.to_owned()).chain(columns.iter().map(head))
}

fn table<'r, 'a: 'r>(
    out: &mut String,
    matrix: &Matrix<'_>,
    first: &str,
    groups: impl Iterator<Item = &'r [Row<'a>]>,
    name: impl Fn(&Row<'_>) -> String,
) {
    row(out, heads(first, &matrix.columns));
    row(out, std::iter::repeat_n("---".to_owned(), matrix.columns.len() + 1));
    for group in groups {
        let cells = (0..matrix.columns.len()).map(|c| model::counts(group, c).in_signs());
        row(out, std::iter::once(name(&group[0])).chain(cells));
    }
    out.push('\n');
}

fn by_family(out: &mut String, matrix: &Matrix<'_>) {
    table(out, matrix, "family", model::families(&matrix.rows), |r| cell(&r.family));
}

fn by_action(out: &mut String, matrix: &Matrix<'_>, family: &[Row<'_>]) {
    let first = if family[0].kind == RowKind::Case { "Action" } else { "kind" };
    open(out, &format!("{} by {first}", html(&family[0].family)));
    table(out, matrix, first, model::actions(family), |r| cell(&r.action));
    close(out);
}

fn changed(out: &mut String, matrix: &Matrix<'_>, changes: &Changes<'_>) {
    let (before, after) = (&matrix.columns[changes.before], &matrix.columns[changes.after]);
    let _ = writeln!(
        out,
        "## What changed: {} of {} → {} of {}\n\n{}.\n",
        code(&before.name()),
        before.date(),
        code(&after.name()),
        after.date(),
        changes.in_words()
    );
    for (kind, n) in changes.counts() {
        open(out, &format!("{}: {n}", kind.heading()));
        for change in changes.list.iter().filter(|c| c.changed == kind).take(LISTED) {
            let row = &matrix.rows[change.row];
            let _ = write!(out, "- {}", code(&row.id));
            if row.kind != RowKind::Case {
                let _ = write!(out, " ({})", code(&row.requirement));
            }
            if !change.configuration.is_empty() {
                let _ = write!(out, " {}", code(change.configuration));
            }
            if kind != Changed::Otherwise
                && let (Some(was), Some(is)) = (change.before, change.after)
            {
                let _ = write!(out, ": {} → {}", look(was).word, look(is).word);
            }
            out.push('\n');
        }
        more(out, n);
        close(out);
    }
}

fn departures(out: &mut String, matrix: &Matrix<'_>, column: usize, short: bool) {
    let shown = |e: &Entry<'_>| match e.mark {
        Mark::Error | Mark::Xpass => true,
        mark => departs(mark) && !(short && mark == Mark::Xfail),
    };
    let all: Vec<(&Row<'_>, &Entry<'_>)> =
        matrix.rows.iter().flat_map(|r| r.cells[column].iter().filter(|e| shown(e)).map(move |e| (r, e))).collect();
    let name = matrix.columns[column].name();
    let missing: Vec<String> = matrix.columns[column].missing().map(|c| format!("{} ({})", code(&c.action), code(&c.evidence))).collect();
    if all.is_empty() && missing.is_empty() {
        return;
    }
    let what = if short { "unexpected" } else { "departures" };
    open(out, &format!("{} {}: {what} {}", html(&name), matrix.columns[column].target.dialect, all.len()));
    if !missing.is_empty() {
        let _ = writeln!(out, "It does not have {}.\n", missing.join(", "));
    }
    for (row, entry) in all.iter().take(if short { LISTED } else { usize::MAX }) {
        departure(out, row, entry);
    }
    if short {
        more(out, all.len());
    }
    close(out);
}

fn departure(out: &mut String, row: &Row<'_>, entry: &Entry<'_>) {
    let _ = write!(out, "- **{}** {}", look(entry.mark).word, code(&row.id));
    if !entry.configuration.is_empty() {
        let _ = write!(out, " {}", code(entry.configuration));
    }
    let _ = write!(out, ", {}", entry.level);
    let found = match entry.record {
        Record::Case(record) => record.verdict.mismatches.first().map(|m| {
            let expected = code(&short_of(&m.expected));
            format!(
                "{} step {} {}: expected {expected}, actual {}",
                code(&m.requirement),
                m.step + 1,
                code(&m.path),
                code(&short_of(&m.actual))
            )
        }),
        Record::Check(check) => Some(format!("{}: {}", code(&check.requirement), code(&short_of(&check.text)))),
        Record::Leftover(leftover) => Some(format!("{} {}", code(&leftover.kind), code(&short_of(&leftover.why)))),
    };
    for text in [found, Some(entry.record.reason()).filter(|r| !r.is_empty()).map(|r| code(&short_of(r)))].into_iter().flatten() {
        let _ = write!(out, "  \n  {text}");
    }
    out.push('\n');
}

fn more(out: &mut String, n: usize) {
    if n > LISTED {
        let _ = writeln!(out, "- … and {} more", n - LISTED);
    }
}

fn open(out: &mut String, summary: &str) {
    let _ = writeln!(out, "<details><summary>{summary}</summary>\n");
}

fn close(out: &mut String) {
    out.push_str("\n</details>\n\n");
}

fn row(out: &mut String, cells: impl Iterator<Item = String>) {
    let _ = writeln!(out, "| {} |", cells.collect::<Vec<_>>().join(" | "));
}

fn short_of(text: &str) -> String {
    short(text, VALUE)
}

/// A code span, with a fence longer than any in the text.
fn code(text: &str) -> String {
    let text = printable(text);
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or_default();
    let fence = "`".repeat(longest + 1);
    let pad = if text.starts_with(['`', ' ']) || text.ends_with(['`', ' ']) { " " } else { "" };
    match text.is_empty() {
        true => "(empty)".into(),
        false => format!("{fence}{pad}{text}{pad}{fence}"),
    }
}

/// A cell of a table: bare where every character is plain, else a code span in which a pipe does not end the cell.
fn cell(text: &str) -> String {
    let bare = |c: char| c.is_ascii_alphanumeric() || " .-_/:".contains(c);
    let link = text.contains("//") || text.contains("www.");
    if text.chars().all(bare) && !link && !text.contains("__") { text.into() } else { code(text).replace('|', "\\|") }
}

/// Text inside of HTML.
fn html(text: &str) -> String {
    let entity = |c: char| match c {
        c if c.is_alphanumeric() || c == ' ' => c.to_string(),
        '.' | '-' => c.to_string(),
        c => format!("&#{};", u32::from(c)),
    };
    printable(text).chars().map(entity).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::Event;
    use crate::report::matrix::fixtures;
    use crate::report::runs::Run;
    use crate::verdict::Status;

    fn written(runs: &[Run], short: bool) -> String {
        let mut bytes = Vec::new();
        write(&Matrix::new(runs).unwrap(), short, &mut bytes).unwrap();
        String::from_utf8(bytes).unwrap()
    }

    fn before_and_after() -> [Run; 2] {
        let after = fixtures::run("moto", "b", |events| {
            let Event::RunStarted(started) = &mut events[0] else { panic!() };
            started.started = "2026-11-23T00:00:00Z".into();
            started.targets[0].version = Some("5.3.0".into());
            for event in events {
                if let Event::Case(record) = event
                    && record.verdict.status == Status::Fail
                {
                    record.verdict.status = Status::Xfail;
                    record.verdict.reason = "moto does not look at attachments".into();
                    record.verdict.mismatches[0].actual = "500".into();
                }
            }
        });
        [fixtures::run("moto", "a", |_| {}), after]
    }

    #[test]
    fn a_matrix_reads_like_this() {
        insta::assert_snapshot!(written(&before_and_after(), false));
    }

    #[test]
    fn a_summary_reads_like_this() {
        insta::assert_snapshot!(written(&before_and_after(), true));
    }

    #[test]
    fn what_a_target_sent_is_code_or_nothing() {
        assert_eq!(code("a`b``c"), "```a`b``c```");
        assert_eq!(code("`"), "`` ` ``");
        assert_eq!(code("a\n<img onerror=x>"), "`a\\n<img onerror=x>`");
        assert_eq!(cell("a|b"), "`a\\|b`");
        assert_eq!((cell("moto 5.2.5"), cell("https://x")), ("moto 5.2.5".into(), "`https://x`".into()));
        assert_eq!(html("<b>&"), "&#60;b&#62;&#38;");
        let hostile = "</details>\n# x\n<script>alert(1)</script> @everyone [a](http://b) | `` |";
        let run = fixtures::run(hostile, "a", |events| {
            for event in events {
                match event {
                    Event::RunStarted(started) => started.targets[0].version = Some(hostile.into()),
                    Event::Case(record) => {
                        record.verdict.reason = hostile.into();
                        record.verdict.mismatches.iter_mut().for_each(|m| m.actual = hostile.into());
                    }
                    Event::Check(check) => check.text = hostile.into(),
                    Event::Leftover(leftover) => leftover.why = hostile.into(),
                    Event::Capability(capability) => capability.evidence = hostile.into(),
                    Event::Note { .. } | Event::RunFinished(_) => {}
                }
            }
        });
        for line in written(&[run], false).lines() {
            let outside: String = line.split("```").step_by(2).collect();
            assert!(!outside.contains("<script") && !outside.contains("@everyone"), "{line}");
            assert!(!line.starts_with("# x"), "{line}");
        }
    }
}
