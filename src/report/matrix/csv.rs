//! The matrix as CSV (RFC 4180): a line for each verdict, so that a spreadsheet can make its own tables of it.

use std::io::{self, Write};

use super::changes::{Changed, changes};
use super::counts::look;
use super::model::{Entry, Matrix, Record, Row};
use crate::report::event::CaseRecord;
use crate::report::text::printable;

/// Names of the columns. `kind` is `case`, `check` or `leftover`; `date` when the run began; `change` against the run of the same target
/// before it, `gone` on a line of its own without a verdict; `found` the first difference of a departure,
/// or from a snapshot.
pub const COLUMNS: [&str; 15] = [
    "target",
    "version",
    "dialect",
    "configuration",
    "date",
    "kind",
    "family",
    "action",
    "requirement",
    "case",
    "level",
    "verdict",
    "change",
    "found",
    "reason",
];

/// Writes it.
///
/// # Errors
/// When it cannot be written.
pub fn write(matrix: &Matrix<'_>, to: &mut dyn Write) -> io::Result<()> {
    line(to, &COLUMNS)?;
    let changes = changes(matrix);
    for (at, row) in matrix.rows.iter().enumerate() {
        for column in 0..matrix.columns.len() {
            let of = changes.iter().find(|c| c.after == column);
            let change = |configuration: &str| {
                of.and_then(|all| all.list.iter().find(|c| c.row == at && c.configuration == configuration)).map(|c| c.changed)
            };
            for entry in &row.cells[column] {
                verdict(to, matrix, column, row, entry.configuration, Some(entry), change(entry.configuration))?;
            }
            for gone in of.iter().flat_map(|all| &all.list).filter(|c| c.row == at && c.after.is_none()) {
                verdict(to, matrix, column, row, gone.configuration, None, Some(gone.changed))?;
            }
        }
    }
    Ok(())
}

fn verdict(
    to: &mut dyn Write,
    matrix: &Matrix<'_>,
    column: usize,
    row: &Row<'_>,
    configuration: &str,
    entry: Option<&Entry<'_>>,
    change: Option<Changed>,
) -> io::Result<()> {
    let column = &matrix.columns[column];
    line(
        to,
        &[
            &column.target.name,
            column.target.version.as_deref().unwrap_or_default(),
            column.target.dialect.name(),
            configuration,
            &column.run.started.started,
            row.kind.name(),
            &row.family,
            &row.action,
            &row.requirement,
            &row.id,
            &entry.map(|e| e.level.to_string()).unwrap_or_default(),
            entry.map_or("", |e| look(e.mark).name),
            change.map_or("", Changed::name),
            &entry.map(|e| found(e.record)).unwrap_or_default(),
            entry.map_or("", |e| e.record.reason()),
        ],
    )
}

fn found(record: Record<'_>) -> String {
    match record {
        Record::Case(CaseRecord { verdict, .. }) => match (verdict.mismatches.first(), verdict.differs.first()) {
            (Some(m), _) => format!("step {} {}: expected {}, actual {}", m.step + 1, m.path, m.expected, m.actual),
            (None, Some(d)) => format!("step {} {}: the snapshot has {}, actual {}", d.step + 1, d.path, d.expected, d.actual),
            (None, None) => String::new(),
        },
        Record::Check(check) => format!("{}: {}", check.at, check.text),
        Record::Leftover(leftover) => format!("{}: {}", leftover.name, leftover.why),
    }
}

fn line(to: &mut dyn Write, fields: &[&str]) -> io::Result<()> {
    let fields: Vec<String> = fields.iter().map(|f| field(f)).collect();
    write!(to, "{}\r\n", fields.join(","))
}

/// A field on one line. A text that a spreadsheet would take for a formula begins with an apostrophe: a target's message may be one.
fn field(text: &str) -> String {
    let text = printable(text);
    let formula = text.starts_with(['=', '+', '-', '@']);
    let quoted = formula || text.contains([',', '"', ' ']);
    let mark = if formula { "'" } else { "" };
    if quoted { format!("\"{mark}{}\"", text.replace('"', "\"\"")) } else { text.into_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::Event;
    use crate::report::matrix::fixtures;
    use crate::report::runs::Run;

    fn written(runs: &[Run]) -> String {
        let mut bytes = Vec::new();
        write(&Matrix::new(runs).unwrap(), &mut bytes).unwrap();
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn a_line_is_a_verdict() {
        insta::assert_snapshot!(written(&[fixtures::run("moto", "a", |_| {})]).replace('\r', ""));
    }

    #[test]
    fn the_change_against_the_run_before_is_a_column() {
        let first = fixtures::run("moto", "a", |_| {});
        let second = fixtures::run("moto", "b", |events| {
            if let Event::RunStarted(started) = &mut events[0] {
                started.started = "2026-11-23T00:00:00Z".into();
            }
            events.retain(|e| !matches!(e, Event::Case(r) if r.case == "users/GetUser/by-name"));
        });
        let text = written(&[first, second]);
        let gone =
            "moto,5.2.5,aws,aws/xml,2026-11-23T00:00:00Z,case,users,GetUser,example.attached-policy-blocks,users/GetUser/by-name,,,gone,,";
        assert!(text.lines().any(|l| l == gone), "{text}");
    }

    #[test]
    fn a_target_can_neither_break_a_line_nor_run_a_formula() {
        assert_eq!(field("=cmd|' /C calc'!A0"), "\"'=cmd|' /C calc'!A0\"");
        assert_eq!(field("a\r\n\"b\",c\u{1b}"), "\"a\\r\\n\"\"b\"\",c\\u{1b}\"");
        assert_eq!(field("-1"), "\"'-1\"");
        assert_eq!(field("plain"), "plain");
    }
}
