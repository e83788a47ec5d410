//! Before and after: what two runs of one target show otherwise.

use std::collections::BTreeSet;

use super::counts::{Mark, departs};
use super::model::{Column, Entry, Matrix, Record, Row, RowKind};

/// How a trial or a finding changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Changed {
    /// It departs from the API, and did not before.
    Broken,
    /// It departs in another way than before.
    Otherwise,
    /// It no longer departs, and passes.
    Fixed,
    /// The verdict is another one, between pass, differs, skip and error.
    Verdict,
    /// It was not part of the earlier run.
    New,
    /// It is not part of the later run.
    Gone,
}

impl Changed {
    /// All of them, the most urgent first.
    pub const ALL: [Changed; 6] = [Changed::Broken, Changed::Otherwise, Changed::Fixed, Changed::Verdict, Changed::New, Changed::Gone];

    /// Its name in JSON and CSV.
    pub fn name(self) -> &'static str {
        match self {
            Changed::Broken => "newly-failing",
            Changed::Otherwise => "fails-otherwise",
            Changed::Fixed => "fixed",
            Changed::Verdict => "other-verdict",
            Changed::New => "new-case",
            Changed::Gone => "gone",
        }
    }

    /// As a heading.
    pub fn heading(self) -> &'static str {
        match self {
            Changed::Broken => "Newly failing",
            Changed::Otherwise => "Fails in another way",
            Changed::Fixed => "Fixed",
            Changed::Verdict => "Other verdict",
            Changed::New => "New case",
            Changed::Gone => "Gone",
        }
    }
}

/// One difference.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Change<'a> {
    /// Index in [`Matrix::rows`].
    pub row: usize,
    /// `eim/xml`; empty for a leftover.
    pub configuration: &'a str,
    /// How.
    pub changed: Changed,
    /// Verdict before, if there was one.
    pub before: Option<Mark>,
    /// Verdict after, if there is one.
    pub after: Option<Mark>,
}

/// What changed between two runs of one target.
#[derive(Debug, PartialEq, Eq)]
pub struct Changes<'a> {
    /// Column of the earlier run.
    pub before: usize,
    /// Column of the later run.
    pub after: usize,
    /// What changed, the most urgent first, then by row.
    pub list: Vec<Change<'a>>,
    /// Trials and findings that are as they were.
    pub same: usize,
}

impl Changes<'_> {
    /// How many changed in each way that occurs.
    pub fn counts(&self) -> Vec<(Changed, usize)> {
        let of = |kind| (kind, self.list.iter().filter(|c| c.changed == kind).count());
        Changed::ALL.into_iter().map(of).filter(|(_, n)| *n > 0).collect()
    }

    /// In words: `2 newly failing, 1 fixed, 420 as before`.
    pub fn in_words(&self) -> String {
        let mut parts: Vec<String> = self.counts().into_iter().map(|(kind, n)| format!("{n} {}", kind.heading().to_lowercase())).collect();
        parts.push(format!("{} as before", self.same));
        parts.join(", ")
    }
}

/// Compares each run of a target with the one before it: the same name and dialect, by when the runs began.
pub fn changes<'a>(matrix: &Matrix<'a>) -> Vec<Changes<'a>> {
    let mut order: Vec<usize> = (0..matrix.columns.len()).collect();
    order.sort_by_key(|i| {
        let c = &matrix.columns[*i];
        (&c.target.name, c.target.dialect, &c.run.started.started)
    });
    let same = |a: &Column<'_>, b: &Column<'_>| a.target.name == b.target.name && a.target.dialect == b.target.dialect;
    let pairs = order.windows(2).filter(|w| same(&matrix.columns[w[0]], &matrix.columns[w[1]]));
    let mut all: Vec<Changes<'a>> = pairs.map(|w| compare(matrix, w[0], w[1])).collect();
    all.sort_by_key(|c| c.after);
    all
}

fn compare<'a>(matrix: &Matrix<'a>, before: usize, after: usize) -> Changes<'a> {
    let mut changes = Changes { before, after, list: Vec::new(), same: 0 };
    for (at, row) in matrix.rows.iter().enumerate() {
        let (old, new) = (&row.cells[before], &row.cells[after]);
        let configurations: BTreeSet<&'a str> = old.iter().chain(new).map(|e| e.configuration).collect();
        for configuration in configurations {
            let of = |cell: &[Entry<'a>]| cell.iter().filter(|e| e.configuration == configuration).copied().collect::<Vec<_>>();
            let (old, new) = (of(old), of(new));
            match changed(row, &old, &new) {
                None => changes.same += 1,
                Some(changed) => changes.list.push(Change {
                    row: at,
                    configuration,
                    changed,
                    before: old.first().map(|e| e.mark),
                    after: new.first().map(|e| e.mark),
                }),
            }
        }
    }
    changes.list.sort_by_key(|c| (c.changed, c.row));
    changes
}

/// How one configuration of a row changed; none: it did not. A departure that became known, or is no longer, is the same departure.
fn changed(row: &Row<'_>, old: &[Entry<'_>], new: &[Entry<'_>]) -> Option<Changed> {
    let (Some(was), Some(is)) = (old.first(), new.first()) else {
        return Some(match (row.kind, old.is_empty()) {
            // Only departures of these are recorded.
            (RowKind::Check | RowKind::Leftover, true) => Changed::Broken,
            (RowKind::Check | RowKind::Leftover, false) => Changed::Fixed,
            (RowKind::Case, true) => Changed::New,
            (RowKind::Case, false) => Changed::Gone,
        });
    };
    let passes = |mark| matches!(mark, Mark::Pass | Mark::Xpass);
    let keeps = |mark| passes(mark) || mark == Mark::Differs;
    match (departs(was.mark), departs(is.mark)) {
        (false, true) => Some(Changed::Broken),
        (true, false) if keeps(is.mark) => Some(Changed::Fixed),
        (true, true) => (how(old) != how(new)).then_some(Changed::Otherwise),
        _ => (was.mark != is.mark && !(passes(was.mark) && passes(is.mark))).then_some(Changed::Verdict),
    }
}

/// How a trial departs, by what another run can be compared with: the values of codes, and of everything else that it differs. Names,
/// ids and dates are others in every run.
fn how<'a>(entries: &[Entry<'a>]) -> BTreeSet<(usize, &'a str, &'a str, &'a str, &'a str)> {
    let mut ways = BTreeSet::new();
    for entry in entries {
        if let Record::Case(record) = entry.record {
            for m in &record.verdict.mismatches {
                let value = if matches!(m.path.as_str(), "status" | "error") { m.observed() } else { "" };
                ways.insert((m.step, m.at.as_str(), m.requirement.as_str(), m.path.as_str(), value));
            }
        }
    }
    ways
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::Event;
    use crate::report::matrix::fixtures;
    use crate::report::runs::Run;
    use crate::report::samples;
    use crate::verdict::Status;

    fn later(change: impl FnOnce(&mut Vec<Event>)) -> Run {
        fixtures::run("moto", "later", |events| {
            if let Event::RunStarted(started) = &mut events[0] {
                started.started = "2026-11-23T08:00:00Z".into();
            }
            change(events);
        })
    }

    fn told(runs: &[Run]) -> String {
        let matrix = Matrix::new(runs).unwrap();
        let all = changes(&matrix);
        assert_eq!(all.len(), 1);
        let list = all[0].list.iter().map(|c| format!("{} {}", c.changed.name(), matrix.rows[c.row].id));
        list.chain([all[0].in_words()]).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn the_same_run_again_changes_nothing() {
        let runs = [fixtures::run("moto", "first", |_| {}), later(|_| {})];
        assert_eq!(told(&runs), "5 as before");
    }

    #[test]
    fn the_order_of_files_does_not_matter_but_the_order_of_runs_does() {
        let runs = [later(|_| {}), fixtures::run("moto", "first", |_| {})];
        let matrix = Matrix::new(&runs).unwrap();
        assert_eq!((changes(&matrix)[0].before, changes(&matrix)[0].after), (1, 0));
    }

    #[test]
    fn each_kind_of_change_is_told_apart() {
        let case = |record| Event::Case(Box::new(record));
        let runs = [
            fixtures::run("moto", "first", |events| {
                let mut gone = samples::pass();
                gone.case = "users/GetUser/gone".into();
                let mut fails = samples::failure();
                fails.case = "users/GetUser/fails-so".into();
                events.extend([case(gone), case(fails)]);
            }),
            later(|events| {
                for event in events.iter_mut() {
                    let Event::Case(record) = event else { continue };
                    match record.case.as_str() {
                        "users/GetUser/by-name" => record.verdict = samples::failure().verdict,
                        "users/DeleteUser/attached-policy-blocks" => record.verdict = samples::pass().verdict,
                        _ => record.verdict.status = Status::Error,
                    }
                }
                let mut new = samples::pass();
                new.case = "users/GetUser/new".into();
                let mut fails = samples::failure();
                fails.case = "users/GetUser/fails-so".into();
                fails.verdict.mismatches[0].actual = "500".into();
                events.extend([case(new), case(fails)]);
                events.retain(|e| !matches!(e, Event::Check(_)));
            }),
        ];
        assert_eq!(
            told(&runs),
            "newly-failing users/GetUser/by-name\n\
             fails-otherwise users/GetUser/fails-so\n\
             fixed users/DeleteUser/attached-policy-blocks\n\
             fixed GetUser User.CreateDate\n\
             other-verdict server-certificates/GetServerCertificate/by-name\n\
             new-case users/GetUser/new\n\
             gone users/GetUser/gone\n\
             1 newly failing, 1 fails in another way, 2 fixed, 1 other verdict, 1 new case, 1 gone, 1 as before"
        );
    }

    #[test]
    fn a_difference_from_a_snapshot_is_another_verdict_than_a_pass_and_mends_a_failure() {
        let differing = |case: &'static str| {
            move |events: &mut Vec<Event>| {
                for event in events {
                    if let Event::Case(record) = event
                        && record.case == case
                    {
                        record.verdict = samples::differs().verdict;
                    }
                }
            }
        };
        let runs = [fixtures::run("moto", "a", |_| {}), later(differing("users/GetUser/by-name"))];
        assert_eq!(told(&runs), "other-verdict users/GetUser/by-name\n1 other verdict, 4 as before");
        let runs = [fixtures::run("moto", "a", |_| {}), later(differing("users/DeleteUser/attached-policy-blocks"))];
        assert_eq!(told(&runs), "fixed users/DeleteUser/attached-policy-blocks\n1 fixed, 4 as before");
    }

    #[test]
    fn names_of_a_run_and_a_longer_list_of_known_failures_are_no_change() {
        let with = |value: &str, status| {
            let (value, id) = (value.to_owned(), value.to_owned());
            move |events: &mut Vec<Event>| {
                let Event::RunStarted(started) = &mut events[0] else { panic!() };
                started.run = id;
                let Event::Case(record) = &mut events[3] else { panic!() };
                record.verdict.status = status;
                record.verdict.mismatches[0].path = "User.Arn".into();
                record.verdict.mismatches[0].actual = value;
            }
        };
        let runs = [fixtures::run("moto", "x", with("user/t-k3f9", Status::Fail)), later(with("user/t-m7a2", Status::Xfail))];
        assert_eq!(told(&runs), "5 as before");
    }
}
