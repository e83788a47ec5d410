//! The matrix as one JSON document, for programs: the tree of rows with every cell, without exchanges.

use std::io::{self, Write};

use serde::Serialize;

use super::changes::{Changes, changes};
use super::counts::{Counts, look};
use super::model::{self, Column, Entry, Matrix, Record, Row};
use crate::report::event::CaseRecord;
use crate::verdict::{Mismatch, SnapshotDifference};

/// Version of the document.
const VERSION: u32 = 1;

#[derive(Serialize)]
struct Document<'a> {
    v: u32,
    columns: Vec<ColumnOut<'a>>,
    families: Vec<FamilyOut<'a>>,
    changes: Vec<ChangesOut<'a>>,
}

#[derive(Serialize)]
struct ColumnOut<'a> {
    target: &'a str,
    version: Option<&'a str>,
    dialect: &'a str,
    configurations: &'a [String],
    endpoint: &'a str,
    run: &'a str,
    date: &'a str,
    iamspec: &'a str,
    suite: &'a str,
    level: String,
    cut_short: Option<&'a str>,
    counts: Counts,
    missing_actions: Vec<MissingOut<'a>>,
    notes: &'a [&'a str],
}

#[derive(Serialize)]
struct MissingOut<'a> {
    action: &'a str,
    evidence: &'a str,
}

#[derive(Serialize)]
struct FamilyOut<'a> {
    family: &'a str,
    kind: &'static str,
    counts: Vec<Counts>,
    actions: Vec<ActionOut<'a>>,
}

#[derive(Serialize)]
struct ActionOut<'a> {
    action: &'a str,
    counts: Vec<Counts>,
    requirements: Vec<RequirementOut<'a>>,
}

#[derive(Serialize)]
struct RequirementOut<'a> {
    requirement: &'a str,
    counts: Vec<Counts>,
    rows: Vec<RowOut<'a>>,
}

#[derive(Serialize)]
struct RowOut<'a> {
    id: &'a str,
    title: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    loc: &'a str,
    requirements: &'a [String],
    cells: Vec<Vec<CellOut<'a>>>,
}

#[derive(Serialize)]
struct CellOut<'a> {
    #[serde(skip_serializing_if = "str::is_empty")]
    configuration: &'a str,
    verdict: &'static str,
    level: String,
    #[serde(skip_serializing_if = "str::is_empty")]
    reason: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    text: &'a str,
    #[serde(skip_serializing_if = "<[Mismatch]>::is_empty")]
    mismatches: &'a [Mismatch],
    #[serde(skip_serializing_if = "<[SnapshotDifference]>::is_empty")]
    differs: &'a [SnapshotDifference],
    #[serde(skip_serializing_if = "str::is_empty")]
    repeat: &'a str,
}

#[derive(Serialize)]
struct ChangesOut<'a> {
    before: usize,
    after: usize,
    same: usize,
    changes: Vec<ChangeOut<'a>>,
}

#[derive(Serialize)]
struct ChangeOut<'a> {
    change: &'static str,
    kind: &'static str,
    id: &'a str,
    requirement: &'a str,
    configuration: &'a str,
    before: Option<&'static str>,
    after: Option<&'static str>,
}

/// Writes it. Lists of cells and counts are in the order of `columns`.
///
/// # Errors
/// When it cannot be written.
pub fn write(matrix: &Matrix<'_>, to: &mut dyn Write) -> io::Result<()> {
    let over = |rows: &[Row<'_>]| (0..matrix.columns.len()).map(|c| model::counts(rows, c)).collect::<Vec<_>>();
    let changes = changes(matrix);
    let document = Document {
        v: VERSION,
        columns: matrix.columns.iter().map(column).collect(),
        families: model::families(&matrix.rows)
            .map(|family| FamilyOut {
                family: &family[0].family,
                kind: family[0].kind.name(),
                counts: over(family),
                actions: model::actions(family)
                    .map(|action| ActionOut {
                        action: &action[0].action,
                        counts: over(action),
                        requirements: model::requirements(action)
                            .map(|rows| RequirementOut {
                                requirement: &rows[0].requirement,
                                counts: over(rows),
                                rows: rows.iter().map(row).collect(),
                            })
                            .collect(),
                    })
                    .collect(),
            })
            .collect(),
        changes: changes.iter().map(|c| changed(matrix, c)).collect(),
    };
    serde_json::to_writer_pretty(&mut *to, &document)?;
    writeln!(to)
}

fn column<'a>(column: &'a Column<'a>) -> ColumnOut<'a> {
    let started = &column.run.started;
    ColumnOut {
        target: &column.target.name,
        version: column.target.version.as_deref(),
        dialect: column.target.dialect.name(),
        configurations: &column.target.configurations,
        endpoint: &column.target.endpoint,
        run: &started.run,
        date: &started.started,
        iamspec: &started.version,
        suite: &started.suite,
        level: started.level.to_string(),
        cut_short: column.cut_short(),
        counts: column.counts,
        missing_actions: column.missing().map(|c| MissingOut { action: &c.action, evidence: &c.evidence }).collect(),
        notes: &column.notes,
    }
}

fn row<'a>(row: &'a Row<'a>) -> RowOut<'a> {
    RowOut {
        id: &row.id,
        title: &row.title,
        loc: &row.loc,
        requirements: &row.requirements,
        cells: row.cells.iter().map(|cell| cell.iter().map(entry).collect()).collect(),
    }
}

fn entry<'a>(entry: &Entry<'a>) -> CellOut<'a> {
    let cell = CellOut {
        configuration: entry.configuration,
        verdict: look(entry.mark).name,
        level: entry.level.to_string(),
        reason: entry.record.reason(),
        text: "",
        mismatches: &[],
        differs: &[],
        repeat: "",
    };
    match entry.record {
        Record::Case(CaseRecord { verdict, repeat, .. }) => {
            CellOut { mismatches: &verdict.mismatches, differs: &verdict.differs, repeat, ..cell }
        }
        Record::Check(check) => CellOut { text: &check.text, ..cell },
        Record::Leftover(leftover) => CellOut { text: &leftover.why, ..cell },
    }
}

fn changed<'a>(matrix: &'a Matrix<'a>, changes: &Changes<'a>) -> ChangesOut<'a> {
    let list = changes.list.iter().map(|c| {
        let row = &matrix.rows[c.row];
        ChangeOut {
            change: c.changed.name(),
            kind: row.kind.name(),
            id: &row.id,
            requirement: &row.requirement,
            configuration: c.configuration,
            before: c.before.map(|s| look(s).name),
            after: c.after.map(|s| look(s).name),
        }
    });
    ChangesOut { before: changes.before, after: changes.after, same: changes.same, changes: list.collect() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::matrix::fixtures;

    #[test]
    fn the_document_holds_the_tree_with_every_cell() {
        let runs = [fixtures::run("moto", "a", |_| {}), fixtures::run("moto", "b", |_| {})];
        let mut bytes = Vec::new();
        write(&Matrix::new(&runs).unwrap(), &mut bytes).unwrap();
        let read: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
        assert_eq!((&read["v"], &read["columns"][0]["counts"]["skip"]), (&1.into(), &1.into()));
        assert_eq!(read["columns"][1]["missing_actions"][0]["evidence"], "501 NotImplemented");
        let users = &read["families"][1];
        assert_eq!((&users["family"], &users["kind"], &users["counts"][1]["fail"]), (&"users".into(), &"case".into(), &1.into()));
        let cell = &users["actions"][0]["requirements"][0]["rows"][0]["cells"][1][0];
        assert_eq!((&cell["verdict"], &cell["level"]), (&"fail".into(), &"must".into()));
        assert_eq!(cell["mismatches"][1]["actual"], "success");
        assert!(cell["repeat"].as_str().unwrap().starts_with("iamspec run "));
        assert_eq!(read["families"][3]["actions"][0]["requirements"][0]["rows"][0]["cells"][0][0]["verdict"], "fail");
        assert_eq!((&read["changes"][0]["before"], &read["changes"][0]["same"]), (&0.into(), &5.into()));
    }
}
