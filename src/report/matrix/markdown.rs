//! The matrix as GitHub-flavoured Markdown: for a README, and in short for a CI summary. It counts, and names the cases that depart; how each
//! departs, and why, is for the page and for programs.
//!
//! What a target sent stands in code spans or entities only, where neither Markdown nor HTML means anything.

mod span;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{self, Write};

use super::changes::{Changed, Changes, changes};
use super::counts::{Mark, ORDER, departs, look};
use super::model::{self, Column, Entry, Matrix, Record, Row, RowKind};
use crate::api::Req;
use crate::report::text::count;
use span::{cell, close, code, html, open, prose, row, short_of};

/// Unexpected departures of a target, and changes of a kind, that are listed.
const LISTED: usize = 50;

/// Writes it. `short`: no table by Action, and of what is known no more than its count.
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
        departures(&mut out, matrix);
    }
    for column in 0..matrix.columns.len() {
        unexpected(&mut out, matrix, column);
        if !short {
            not_judged(&mut out, matrix, column);
        }
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

/// Which cases depart in any column, a table a family; of free checks and leftovers, what they break and how often.
fn departures(out: &mut String, matrix: &Matrix<'_>) {
    let shown = |r: &&Row<'_>| r.cells.iter().flatten().any(|e| worth_a_look(e.mark));
    let departing: usize = matrix.rows.iter().filter(shown).count();
    if departing == 0 {
        return;
    }
    let _ = writeln!(
        out,
        "## What departs\n\nHow, and why: the page that `iamspec matrix RUN.ndjson -o matrix.html` makes of the same runs.\n"
    );
    for family in model::families(&matrix.rows) {
        let rows: Vec<&Row<'_>> = family.iter().filter(shown).collect();
        if rows.is_empty() {
            continue;
        }
        let of = if family[0].kind == RowKind::Case {
            format!("{} of {}", rows.len(), count(family.len(), "case"))
        } else {
            rows.len().to_string()
        };
        open(out, &format!("{}: {of}", html(&family[0].family)));
        row(out, heads(if family[0].kind == RowKind::Case { "case" } else { "rule" }, &matrix.columns));
        row(out, std::iter::repeat_n("---".to_owned(), matrix.columns.len() + 1));
        match family[0].kind {
            RowKind::Case => {
                for departing in rows {
                    let cells = departing.cells.iter().map(|entries| signs(entries));
                    row(out, std::iter::once(case(departing)).chain(cells));
                }
            }
            RowKind::Check | RowKind::Leftover => {
                for same in family.chunk_by(|a, b| a.requirement == b.requirement) {
                    let cells = (0..matrix.columns.len()).map(|c| model::counts(same, c).in_signs());
                    row(out, std::iter::once(rule(&same[0])).chain(cells));
                }
            }
        }
        close(out);
    }
}

/// A case by its title and its id.
fn case(row: &Row<'_>) -> String {
    format!("{} {}", prose(&row.title), code(&row.id).replace('|', "\\|"))
}

/// A rule by its text and its id.
fn rule(row: &Row<'_>) -> String {
    let text = Req::find(&row.requirement).map(|found| prose(&found.get().text) + " ").unwrap_or_default();
    format!("{text}{}", code(&row.requirement).replace('|', "\\|"))
}

/// The verdicts of a cell: once where all configurations agree, else with the configurations of those to look at.
fn signs(entries: &[Entry<'_>]) -> String {
    let mut by_mark: BTreeMap<usize, Vec<&str>> = BTreeMap::new();
    for entry in entries {
        by_mark.entry(super::counts::index(entry.mark)).or_default().push(entry.configuration);
    }
    let several = by_mark.len() > 1;
    let told = by_mark.into_iter().map(|(at, configurations)| match ORDER[at] {
        mark if several && worth_a_look(mark) => format!("{} {}", look(mark).sign, cell(&configurations.join(" "))),
        mark => look(mark).sign.to_owned(),
    });
    told.collect::<Vec<_>>().join(" ")
}

/// Whether a verdict is more than that the target keeps the API, or was not asked.
fn worth_a_look(mark: Mark) -> bool {
    departs(mark) || matches!(mark, Mark::Error | Mark::Xpass | Mark::Differs)
}

/// What of a target is not as its list of known failures has it. What configurations have in common is told once.
fn unexpected(out: &mut String, matrix: &Matrix<'_>, column: usize) {
    let mut all: Vec<(&Row<'_>, Mark, String, Vec<&str>)> = Vec::new();
    for departing in &matrix.rows {
        for entry in departing.cells[column].iter().filter(|e| worth_a_look(e.mark) && e.mark != Mark::Xfail) {
            let text = departure(entry);
            match all.iter_mut().find(|(row, mark, told, _)| std::ptr::eq(*row, departing) && *mark == entry.mark && *told == text) {
                Some((.., configurations)) => configurations.push(entry.configuration),
                None => all.push((departing, entry.mark, text, vec![entry.configuration])),
            }
        }
    }
    if all.is_empty() {
        return;
    }
    let name = matrix.columns[column].name();
    open(out, &format!("{} {}: unexpected {}", html(&name), matrix.columns[column].target.dialect, all.len()));
    for (row, mark, text, configurations) in all.iter().take(LISTED) {
        let _ = write!(out, "- **{}** {}", look(*mark).word, code(&row.id));
        let configurations: Vec<String> = configurations.iter().filter(|c| !c.is_empty()).map(|c| code(c)).collect();
        let _ = writeln!(out, "{}{}{text}", if configurations.is_empty() { "" } else { " " }, configurations.join(" "));
    }
    more(out, all.len());
    close(out);
}

/// How one departs: its level, the first difference, and the reason.
fn departure(entry: &Entry<'_>) -> String {
    let found = match entry.record {
        Record::Case(record) => match (record.verdict.mismatches.first(), record.verdict.differs.first()) {
            (Some(m), _) => Some(format!(
                "{} step {} {}: expected {}, actual {}",
                code(&m.requirement),
                m.step + 1,
                code(&m.path),
                code(&short_of(&m.expected)),
                code(&short_of(&m.actual))
            )),
            (None, Some(d)) => Some(format!(
                "step {} {}: the snapshot has {}, actual {}",
                d.step + 1,
                code(&d.path),
                code(&short_of(&d.expected)),
                code(&short_of(&d.actual))
            )),
            (None, None) => None,
        },
        Record::Check(check) => Some(format!("{}: {}", code(&check.requirement), code(&short_of(&check.text)))),
        Record::Leftover(leftover) => Some(format!("{} {}", code(&leftover.kind), code(&short_of(&leftover.why)))),
    };
    let reason = Some(entry.record.reason()).filter(|r| !r.is_empty()).map(|r| code(&short_of(r)));
    let lines = [found, reason].into_iter().flatten().map(|line| format!("  \n  {line}"));
    format!(", {}{}", entry.level, lines.collect::<String>())
}

/// What was not asked of a target: the Actions that it does not have, and why else cases were skipped.
fn not_judged(out: &mut String, matrix: &Matrix<'_>, column: usize) {
    let mut missing: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for capability in matrix.columns[column].missing() {
        missing.entry(&capability.evidence).or_default().push(code(&capability.action));
    }
    let mut reasons: BTreeMap<&str, usize> = BTreeMap::new();
    for entry in matrix.cases().iter().flat_map(|r| &r.cells[column]).filter(|e| e.mark == Mark::Skip) {
        *reasons.entry(entry.record.reason()).or_default() += 1;
    }
    if missing.is_empty() && reasons.is_empty() {
        return;
    }
    let (name, skipped) = (matrix.columns[column].name(), matrix.columns[column].counts.of(Mark::Skip));
    open(out, &format!("{} {}: skipped {skipped}", html(&name), matrix.columns[column].target.dialect));
    for (evidence, actions) in missing {
        let _ = writeln!(out, "It does not have {} ({}).\n", actions.join(", "), code(evidence));
    }
    let mut reasons: Vec<(&str, usize)> = reasons.into_iter().collect();
    reasons.sort_by(|a, b| (b.1, a.0).cmp(&(a.1, b.0)));
    for (reason, n) in reasons {
        let _ = writeln!(out, "- {n}: {}", prose(&short_of(reason)));
    }
    close(out);
}

fn more(out: &mut String, n: usize) {
    if n > LISTED {
        let _ = writeln!(out, "- … and {} more", n - LISTED);
    }
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
    fn what_configurations_have_in_common_is_said_once() {
        let run = fixtures::run("moto", "a", |events| {
            let Event::RunStarted(started) = &mut events[0] else { panic!() };
            started.targets[0].configurations = ["eim/xml", "eim/json", "aws/xml"].map(str::to_owned).to_vec();
            let fails = events.iter().position(|e| matches!(e, Event::Case(r) if r.verdict.status == Status::Fail)).unwrap();
            for (configuration, status) in [("eim/xml", Status::Fail), ("eim/json", Status::Pass)] {
                let Event::Case(mut record) = events[fails].clone() else { panic!() };
                record.configuration = configuration.into();
                record.verdict.status = status;
                events.insert(fails, Event::Case(record));
            }
        });
        let text = written(&[run], false);
        let told: Vec<&str> = text.lines().filter(|l| l.starts_with("- **fail** `users/DeleteUser/attached-policy-blocks`")).collect();
        assert_eq!(told[0], "- **fail** `users/DeleteUser/attached-policy-blocks` `eim/xml` `aws/xml`, must  ");
        assert!(text.contains("`users/DeleteUser/attached-policy-blocks` | ✓ ✗ eim/xml aws/xml |"), "{text}");
    }

    #[test]
    fn a_hostile_target_is_neither_markdown_nor_html() {
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
                    Event::Finding(finding) => finding.text = hostile.into(),
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
