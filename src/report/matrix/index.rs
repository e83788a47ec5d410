//! What the page needs to show its table: columns, the tree of rows, requirements and changes. Evidence is apart, read when it is asked
//! for.

use std::collections::BTreeMap;

use serde::Serialize;

use super::changes::{Change, Changed, changes};
use super::counts::{ORDER, departs, index, look};
use super::model::{self, Column, Entry, Matrix, Row};
use crate::api::{DialectId, Level, Req, Requirement};
use crate::report::text::printable;

/// Everything but evidence.
#[derive(Serialize)]
pub struct Index<'a> {
    statuses: Vec<StatusOut>,
    columns: Vec<ColumnOut<'a>>,
    requirements: BTreeMap<&'a str, RequirementOut>,
    families: Vec<FamilyOut<'a>>,
    changes: Vec<ChangesOut<'a>>,
    kinds: Vec<(&'static str, &'static str)>,
}

#[derive(Serialize)]
struct StatusOut {
    name: &'static str,
    word: &'static str,
    sign: &'static str,
    meaning: &'static str,
    departs: bool,
}

#[derive(Serialize)]
struct ColumnOut<'a> {
    target: String,
    version: String,
    dialect: &'static str,
    configurations: &'a [String],
    endpoint: String,
    run: &'a str,
    started: &'a str,
    date: &'a str,
    iamspec: &'a str,
    suite: &'a str,
    level: String,
    seed: u64,
    calls: usize,
    millis: u64,
    cut_short: Option<String>,
    missing: Vec<(String, String)>,
    notes: Vec<String>,
}

#[derive(Serialize)]
struct RequirementOut {
    text: &'static str,
    kind: crate::api::requirement::Kind,
    /// System, provenance, reference.
    sources: Vec<(DialectId, crate::api::requirement::Provenance, &'static str)>,
    levels: BTreeMap<&'static str, String>,
}

#[derive(Serialize)]
struct FamilyOut<'a> {
    name: String,
    kind: &'static str,
    actions: Vec<ActionOut<'a>>,
}

#[derive(Serialize)]
struct ActionOut<'a> {
    name: String,
    requirements: Vec<GroupOut<'a>>,
}

#[derive(Serialize)]
struct GroupOut<'a> {
    id: &'a str,
    rows: Vec<RowOut<'a>>,
}

#[derive(Serialize)]
struct RowOut<'a> {
    /// Index of the row, by which its evidence is found.
    n: usize,
    id: String,
    title: String,
    #[serde(skip_serializing_if = "str::is_empty")]
    loc: &'a str,
    /// Requirements beside the one of the group.
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    also: &'a [String],
    /// Of each column, three digits an entry: verdict, level, configuration.
    cells: Vec<String>,
}

#[derive(Serialize)]
struct ChangesOut<'a> {
    before: usize,
    after: usize,
    same: usize,
    words: String,
    list: Vec<ChangeOut<'a>>,
}

#[derive(Serialize)]
struct ChangeOut<'a> {
    row: usize,
    configuration: &'a str,
    kind: &'static str,
    /// Verdicts, by their place in `statuses`.
    before: Option<usize>,
    after: Option<usize>,
}

/// The index of a matrix.
pub fn index_of<'a>(matrix: &'a Matrix<'a>) -> Index<'a> {
    let status = |mark| {
        let look = look(mark);
        StatusOut { name: look.name, word: look.word, sign: look.sign, meaning: look.meaning, departs: departs(mark) }
    };
    let ids = matrix.rows.iter().flat_map(|r| &r.requirements);
    let changes = changes(matrix).into_iter().map(|all| ChangesOut {
        before: all.before,
        after: all.after,
        same: all.same,
        words: all.in_words(),
        list: all.list.iter().map(change).collect(),
    });
    let mut n = 0;
    Index {
        statuses: ORDER.into_iter().map(status).collect(),
        columns: matrix.columns.iter().map(column).collect(),
        requirements: ids.filter_map(|id| Some((id.as_str(), requirement(Req::find(id)?.get())))).collect(),
        families: model::families(&matrix.rows).map(|rows| family(rows, matrix, &mut n)).collect(),
        changes: changes.collect(),
        kinds: Changed::ALL.iter().map(|k| (k.name(), k.heading())).collect(),
    }
}

fn change<'a>(change: &Change<'a>) -> ChangeOut<'a> {
    ChangeOut {
        row: change.row,
        configuration: change.configuration,
        kind: change.changed.name(),
        before: change.before.map(index),
        after: change.after.map(index),
    }
}

fn column<'a>(column: &'a Column<'a>) -> ColumnOut<'a> {
    let (started, finished) = (&column.run.started, column.finished());
    let plain = |text: &str| printable(text).into_owned();
    ColumnOut {
        target: plain(&column.target.name),
        version: plain(column.target.version.as_deref().unwrap_or_default()),
        dialect: column.target.dialect.name(),
        configurations: &column.target.configurations,
        endpoint: plain(&column.target.endpoint),
        run: &started.run,
        started: &started.started,
        date: column.date(),
        iamspec: &started.version,
        suite: &started.suite,
        level: started.level.to_string(),
        seed: started.seed,
        calls: finished.map_or(0, |f| f.calls),
        millis: finished.map_or(0, |f| f.millis),
        cut_short: column.cut_short().map(plain),
        missing: column.missing().map(|c| (plain(&c.action), plain(&c.evidence))).collect(),
        notes: column.notes.iter().map(|n| plain(n)).collect(),
    }
}

fn requirement(found: &'static Requirement) -> RequirementOut {
    RequirementOut {
        text: &found.text,
        kind: found.kind,
        sources: found.sources.iter().map(|s| (s.system, s.provenance, s.reference.as_str())).collect(),
        levels: found.dialects.iter().map(|d| (d.name(), found.level(*d).to_string())).collect(),
    }
}

fn family<'a>(rows: &'a [Row<'a>], matrix: &Matrix<'_>, n: &mut usize) -> FamilyOut<'a> {
    let actions = model::actions(rows).map(|rows| {
        let groups = model::requirements(rows).map(|rows| GroupOut {
            id: &rows[0].requirement,
            rows: rows
                .iter()
                .map(|r| {
                    *n += 1;
                    row(r, *n - 1, matrix)
                })
                .collect(),
        });
        ActionOut { name: printable(&rows[0].action).into_owned(), requirements: groups.collect() }
    });
    FamilyOut { name: printable(&rows[0].family).into_owned(), kind: rows[0].kind.name(), actions: actions.collect() }
}

fn row<'a>(row: &'a Row<'a>, n: usize, matrix: &Matrix<'_>) -> RowOut<'a> {
    let digits = |column: usize, entry: &Entry<'_>| {
        let configurations = &matrix.columns[column].target.configurations;
        let at = configurations.iter().position(|c| c == entry.configuration).unwrap_or_default();
        let level = match entry.level {
            Level::May => 0,
            Level::Should => 1,
            Level::Must => 2,
        };
        format!("{}{level}{at}", index(entry.mark))
    };
    RowOut {
        n,
        id: printable(&row.id).into_owned(),
        title: printable(&row.title).into_owned(),
        loc: &row.loc,
        also: row.requirements.get(1..).unwrap_or_default(),
        cells: row.cells.iter().enumerate().map(|(c, cell)| cell.iter().map(|e| digits(c, e)).collect()).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::matrix::fixtures;

    #[test]
    fn rows_are_numbered_in_order_and_cells_are_digits() {
        let runs = [fixtures::run("moto", "a", |_| {}), fixtures::run("ministack", "b", |_| {})];
        let matrix = Matrix::new(&runs).unwrap();
        let read = serde_json::to_value(index_of(&matrix)).unwrap();
        let rows: Vec<&serde_json::Value> = read["families"].as_array().unwrap().iter().collect();
        let row = &rows[1]["actions"][0]["requirements"][0]["rows"][0];
        assert_eq!((&row["n"], &row["cells"]), (&1.into(), &serde_json::json!(["120", "120"])));
        assert_eq!(matrix.rows[1].id, row["id"].as_str().unwrap());
        assert_eq!(read["statuses"][1]["name"], "fail");
        assert_eq!(read["columns"][0]["missing"][0][0], "UploadServerCertificate");
        assert_eq!(read["requirements"]["cleanup.deletable"]["levels"]["aws"], "must");
    }
}
