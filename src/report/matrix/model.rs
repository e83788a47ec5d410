//! Rows, columns and cells, put together from the events of stored runs and from nothing else.

use std::collections::BTreeMap;

use super::counts::{Counts, Mark};
use crate::api::{Level, Req};
use crate::report::event::{Capability, CaseRecord, CheckRecord, Event, Leftover, RunFinished, TargetRecord};
use crate::report::runs::Run;

/// Family of the rows for free checks.
pub const CHECKS: &str = "free checks";
/// Family of the rows for what could not be removed.
pub const LEFTOVERS: &str = "left behind";
/// The requirement that a leftover breaks.
const DELETABLE: &str = "cleanup.deletable";

/// What stored runs say of the same cases.
#[derive(Debug)]
pub struct Matrix<'a> {
    /// Targets of the runs, in the order given.
    pub columns: Vec<Column<'a>>,
    /// Cases by family, Action and requirement; then free checks; then what was left behind.
    pub rows: Vec<Row<'a>>,
}

/// A target in a run.
#[derive(Debug)]
pub struct Column<'a> {
    /// The run.
    pub run: &'a Run,
    /// The target.
    pub target: &'a TargetRecord,
    /// Its trials by verdict; free checks and leftovers are not in it.
    pub counts: Counts,
    /// What the capability pass learnt of it.
    pub capabilities: Vec<&'a Capability>,
    /// What the run said besides.
    pub notes: Vec<&'a str>,
}

impl Column<'_> {
    /// Name and version: `moto 5.2.5`.
    pub fn name(&self) -> String {
        match &self.target.version {
            Some(version) => format!("{} {version}", self.target.name),
            None => self.target.name.clone(),
        }
    }

    /// Day of the run in UTC: `2026-11-22`.
    pub fn date(&self) -> &str {
        self.run.started.started.split('T').next().unwrap_or_default()
    }

    /// How the run ended; none: it was killed, and what it had not done is not in the stream.
    pub fn finished(&self) -> Option<&RunFinished> {
        self.run.events.iter().rev().find_map(|e| if let Event::RunFinished(finished) = e { Some(finished) } else { None })
    }

    /// Why it is not a whole run, if it is not.
    pub fn cut_short(&self) -> Option<&str> {
        match self.finished() {
            None => Some("it was killed before its end"),
            Some(finished) => finished.stopped.as_deref(),
        }
    }

    /// The Actions that it does not have.
    pub fn missing(&self) -> impl Iterator<Item = &Capability> {
        self.capabilities.iter().copied().filter(|c| !c.supported)
    }
}

/// What a row is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum RowKind {
    /// A case.
    Case,
    /// A free check at one place of an Action's answers. Only departures are recorded: an empty cell is one that was not seen.
    Check,
    /// A kind of resource that the clean-up of a case could not remove. Only departures are recorded.
    Leftover,
}

impl RowKind {
    /// Its name in JSON and CSV.
    pub fn name(self) -> &'static str {
        match self {
            RowKind::Case => "case",
            RowKind::Check => "check",
            RowKind::Leftover => "leftover",
        }
    }
}

/// What rows are sorted and found by: kind, family, Action, requirement, id.
type Key = (RowKind, String, String, String, String);

/// A case, free check or leftover over all columns.
#[derive(Debug)]
pub struct Row<'a> {
    /// What it is about.
    pub kind: RowKind,
    /// `users`; `CHECKS` and `LEFTOVERS` are families too.
    pub family: String,
    /// `DeleteUser`; the area of a free check, the kind of a leftover.
    pub action: String,
    /// The first requirement that it checks.
    pub requirement: String,
    /// Case id; `GetGroup IsTruncated` for a free check.
    pub id: String,
    /// Title of the case.
    pub title: String,
    /// File and line of the case.
    pub loc: String,
    /// Every requirement that it checks.
    pub requirements: Vec<String>,
    /// What each column has of it: one entry a configuration, none where it was not part of the run.
    pub cells: Vec<Vec<Entry<'a>>>,
}

impl Row<'_> {
    /// By verdict, over the configurations of a column.
    pub fn counts(&self, column: usize) -> Counts {
        self.cells[column].iter().map(|e| e.mark).collect()
    }
}

/// One verdict with what it was drawn from.
#[derive(Clone, Copy, Debug)]
pub struct Entry<'a> {
    /// `eim/xml`; empty for a leftover.
    pub configuration: &'a str,
    /// The verdict. A free check or leftover is `fail`, or `xfail` where it is known.
    pub mark: Mark,
    /// How strongly the dialect is held to it.
    pub level: Level,
    /// What a report can show of it.
    pub record: Record<'a>,
}

/// The event behind an entry.
#[derive(Clone, Copy, Debug)]
pub enum Record<'a> {
    /// Of a case.
    Case(&'a CaseRecord),
    /// Of a free check.
    Check(&'a CheckRecord),
    /// Of something left behind.
    Leftover(&'a Leftover),
}

impl<'a> Record<'a> {
    /// Why: of a known failure, a skip, an error. Empty where there is nothing to say.
    pub fn reason(self) -> &'a str {
        match self {
            Record::Case(record) => &record.verdict.reason,
            Record::Check(check) => check.known.as_deref().unwrap_or_default(),
            Record::Leftover(leftover) => leftover.known.as_deref().unwrap_or_default(),
        }
    }
}

/// Why runs cannot be made into a matrix.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum MatrixError {
    /// The same run twice.
    #[error("{second} is the same run as {first}: name each run once")]
    Twice {
        /// File that has it.
        first: String,
        /// Another that has it.
        second: String,
    },
    /// A stream that does not hang together.
    #[error("{file}: an event is about {target} in {configuration}, which the beginning of the run does not name")]
    Stranger {
        /// The run's file.
        file: String,
        /// Target that the event names.
        target: String,
        /// Configuration that it names; empty: the event names none.
        configuration: String,
    },
}

impl<'a> Matrix<'a> {
    /// Puts runs side by side.
    ///
    /// # Errors
    /// When a run is there twice, or an event is about a target that its run does not name.
    pub fn new(runs: &'a [Run]) -> Result<Matrix<'a>, MatrixError> {
        let mut columns: Vec<Column<'a>> = Vec::new();
        for (i, run) in runs.iter().enumerate() {
            let id = |r: &Run| (r.started.run.clone(), r.started.started.clone());
            if let Some(same) = runs[..i].iter().find(|r| id(r) == id(run)) {
                return Err(MatrixError::Twice { first: same.file.clone(), second: run.file.clone() });
            }
            let column = |target| Column { run, target, counts: Counts::default(), capabilities: Vec::new(), notes: Vec::new() };
            columns.extend(run.started.targets.iter().map(column));
        }
        let mut filing = Filing { columns, rows: BTreeMap::new() };
        let mut first = 0;
        for run in runs {
            for event in &run.events {
                filing.take(event, run, first)?;
            }
            first += run.started.targets.len();
        }
        Ok(Matrix { columns: filing.columns, rows: filing.rows.into_values().collect() })
    }

    /// Rows about cases.
    pub fn cases(&self) -> &[Row<'a>] {
        &self.rows[..self.rows.partition_point(|r| r.kind == RowKind::Case)]
    }
}

/// A matrix while events are filed into it.
struct Filing<'a> {
    columns: Vec<Column<'a>>,
    rows: BTreeMap<Key, Row<'a>>,
}

impl<'a> Filing<'a> {
    /// Files an event of a run whose columns begin at `first`.
    fn take(&mut self, event: &'a Event, run: &Run, first: usize) -> Result<(), MatrixError> {
        match event {
            Event::Case(record) => {
                let column = column(run, first, &record.target, &record.configuration)?;
                self.columns[column].counts.add(Mark::from(&record.verdict));
                self.case(record, column);
            }
            Event::Check(check) => self.check(check, column(run, first, &check.target, &check.configuration)?),
            Event::Leftover(leftover) => self.leftover(leftover, column(run, first, &leftover.target, "")?),
            Event::Capability(capability) => {
                let column = column(run, first, &capability.target, "")?;
                self.columns[column].capabilities.push(capability);
            }
            // A note names no target: the first column of its run shows it.
            Event::Note { text } => self.columns.iter_mut().skip(first).take(1).for_each(|c| c.notes.push(text)),
            Event::RunStarted(_) | Event::Finding(_) | Event::RunFinished(_) => {}
        }
        Ok(())
    }

    fn case(&mut self, record: &'a CaseRecord, column: usize) {
        let mut parts = record.case.split('/');
        let (family, action) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
        let requirement = record.requirements.first().map_or("", String::as_str);
        let row = self.row(RowKind::Case, [family, action, requirement, &record.case]);
        row.title.clone_from(&record.title);
        row.loc.clone_from(&record.loc);
        row.requirements.clone_from(&record.requirements);
        row.cells[column].push(Entry {
            configuration: &record.configuration,
            mark: Mark::from(&record.verdict),
            level: record.level,
            record: Record::Case(record),
        });
    }

    fn check(&mut self, check: &'a CheckRecord, column: usize) {
        let area = check.requirement.split('.').next().unwrap_or_default();
        let id = format!("{} {}", check.action, check.place());
        let row = self.row(RowKind::Check, [CHECKS, area, &check.requirement, &id]);
        row.title = id;
        row.requirements = vec![check.requirement.clone()];
        row.cells[column].push(Entry {
            configuration: &check.configuration,
            mark: if check.known.is_some() { Mark::Xfail } else { Mark::Fail },
            level: check.level,
            record: Record::Check(check),
        });
    }

    fn leftover(&mut self, leftover: &'a Leftover, column: usize) {
        let dialect = self.columns[column].target.dialect;
        let row = self.row(RowKind::Leftover, [LEFTOVERS, &leftover.kind, DELETABLE, &leftover.case]);
        row.title = format!("{} made by {}", leftover.kind, leftover.case);
        row.requirements = vec![DELETABLE.to_owned()];
        row.cells[column].push(Entry {
            configuration: "",
            mark: if leftover.known.is_some() { Mark::Xfail } else { Mark::Fail },
            level: Req::find(DELETABLE).map_or(Level::Must, |r| r.get().level(dialect)),
            record: Record::Leftover(leftover),
        });
    }

    /// The row at a place: family, Action, requirement and id.
    fn row(&mut self, kind: RowKind, place: [&str; 4]) -> &mut Row<'a> {
        let [family, action, requirement, id] = place.map(str::to_owned);
        let cells = vec![Vec::new(); self.columns.len()];
        let key = (kind, family.clone(), action.clone(), requirement.clone(), id.clone());
        let (title, loc) = (String::new(), String::new());
        let fresh = Row { kind, family, action, requirement, id, title, loc, requirements: Vec::new(), cells };
        self.rows.entry(key).or_insert(fresh)
    }
}

/// The column of a target in a run whose columns begin at `first`.
fn column(run: &Run, first: usize, target: &str, configuration: &str) -> Result<usize, MatrixError> {
    let is = |t: &TargetRecord| t.name == target && (configuration.is_empty() || t.configurations.iter().any(|c| c == configuration));
    run.started.targets.iter().position(is).map(|at| first + at).ok_or_else(|| MatrixError::Stranger {
        file: run.file.clone(),
        target: target.to_owned(),
        configuration: configuration.to_owned(),
    })
}

/// Rows by family.
pub fn families<'r, 'a>(rows: &'r [Row<'a>]) -> impl Iterator<Item = &'r [Row<'a>]> {
    rows.chunk_by(|a, b| (a.kind, &a.family) == (b.kind, &b.family))
}

/// Rows of one family by Action.
pub fn actions<'r, 'a>(rows: &'r [Row<'a>]) -> impl Iterator<Item = &'r [Row<'a>]> {
    rows.chunk_by(|a, b| a.action == b.action)
}

/// Rows of one Action by requirement.
pub fn requirements<'r, 'a>(rows: &'r [Row<'a>]) -> impl Iterator<Item = &'r [Row<'a>]> {
    rows.chunk_by(|a, b| a.requirement == b.requirement)
}

/// By verdict, over rows of one column.
pub fn counts(rows: &[Row<'_>], column: usize) -> Counts {
    rows.iter().flat_map(|r| &r.cells[column]).map(|e| e.mark).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::DialectId;
    use crate::report::matrix::fixtures;
    use crate::report::samples;

    #[test]
    fn rows_are_grouped_and_sorted_and_cells_counted() {
        let runs = [fixtures::run("moto", "a", |_| {})];
        let matrix = Matrix::new(&runs).unwrap();
        assert_eq!(matrix.columns[0].name(), "moto 5.2.5");
        assert_eq!(matrix.columns[0].date(), "2026-11-22");
        assert_eq!(matrix.columns[0].counts.in_words(), "1 pass, 1 fail, 1 skip");
        assert_eq!(matrix.columns[0].missing().map(|c| c.action.as_str()).collect::<Vec<_>>(), ["UploadServerCertificate"]);
        let names: Vec<(&str, &str, &str)> = matrix.rows.iter().map(|r| (r.family.as_str(), r.action.as_str(), r.id.as_str())).collect();
        assert_eq!(
            names,
            [
                ("server-certificates", "GetServerCertificate", "server-certificates/GetServerCertificate/by-name"),
                ("users", "DeleteUser", "users/DeleteUser/attached-policy-blocks"),
                ("users", "GetUser", "users/GetUser/by-name"),
                ("free checks", "example", "GetUser User.CreateDate"),
                ("left behind", "policy", "users/DeleteUser/attached-policy-blocks"),
            ]
        );
        assert_eq!(matrix.cases().len(), 3);
        let users = families(&matrix.rows).nth(1).unwrap();
        assert_eq!((actions(users).count(), counts(users, 0).in_words().as_str()), (2, "1 pass, 1 fail"));
        assert_eq!(matrix.rows[4].counts(0).in_words(), "1 fail", "a leftover is a departure");
    }

    #[test]
    fn what_a_run_does_not_have_stays_empty() {
        let one = fixtures::run("moto", "a", |_| {});
        let other =
            fixtures::run("ministack", "b", |events| events.retain(|e| !matches!(e, Event::Case(r) if r.case.starts_with("users"))));
        let runs = [one, other];
        let matrix = Matrix::new(&runs).unwrap();
        let row = matrix.rows.iter().find(|r| r.id == "users/GetUser/by-name").unwrap();
        assert_eq!((row.cells[0].len(), row.cells[1].len()), (1, 0));
    }

    #[test]
    fn a_target_of_two_dialects_is_two_columns() {
        let run = fixtures::run("reference", "a", |events| {
            let Event::RunStarted(started) = &mut events[0] else { panic!() };
            let mut eim = started.targets[0].clone();
            eim.dialect = DialectId::Eim;
            eim.configurations = vec!["eim/xml".into(), "eim/json".into()];
            started.targets.push(eim);
            for configuration in ["eim/xml", "eim/json"] {
                let mut record = samples::pass();
                record.target = "reference".into();
                record.configuration = configuration.into();
                events.push(Event::Case(Box::new(record)));
            }
        });
        let runs = [run];
        let matrix = Matrix::new(&runs).unwrap();
        let row = matrix.rows.iter().find(|r| r.id == "users/GetUser/by-name").unwrap();
        assert_eq!(row.cells.iter().map(Vec::len).collect::<Vec<_>>(), [1, 2]);
        assert_eq!(row.counts(1).in_words(), "2 pass");
    }

    #[test]
    fn a_killed_run_is_known_as_such() {
        let runs = [fixtures::run("moto", "a", |events| drop(events.pop())), fixtures::run("moto", "b", |_| {})];
        let matrix = Matrix::new(&runs).unwrap();
        assert_eq!(matrix.columns.iter().map(Column::cut_short).collect::<Vec<_>>(), [Some("it was killed before its end"), None]);
    }

    #[test]
    fn the_same_run_twice_is_refused() {
        let runs = [fixtures::run("moto", "a", |_| {}), fixtures::run("moto", "a", |_| {})];
        assert_eq!(Matrix::new(&runs).unwrap_err().to_string(), "a.ndjson is the same run as a.ndjson: name each run once");
    }

    #[test]
    fn an_event_of_a_stranger_is_refused() {
        let run = fixtures::run("moto", "a", |events| {
            let mut record = samples::pass();
            record.target = "mars".into();
            events.push(Event::Case(Box::new(record)));
        });
        let said = Matrix::new(&[run]).unwrap_err().to_string();
        assert_eq!(said, "a.ndjson: an event is about mars in aws/xml, which the beginning of the run does not name");
    }
}
