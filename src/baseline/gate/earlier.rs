//! A run held against an earlier one, without a list.

use std::collections::{BTreeMap, BTreeSet};

use super::{Finding, Outcome, Report, incomplete, started, told};
use crate::api::Level;
use crate::baseline::judge::unjudge;
use crate::baseline::pin::Pin;
use crate::report::event::{CaseRecord, CheckRecord, Event, Leftover};
use crate::report::text::count;
use crate::verdict::Status;

/// Holds a run against an earlier one, `old`, read from `file`. What a list has marked in them is not looked at: a failure is a failure.
/// `level`: from which level on a failure counts; none: as in the run. Names and ids that a run makes up do not count as differences.
pub fn compare(run: &[Event], old: &[Event], file: &str, level: Option<Level>) -> Report {
    let level = level.or(started(run).map(|s| s.level)).unwrap_or(Level::Should);
    let (now, before) = (Seen::of(run), Seen::of(old));
    let mut report = Report::new(run, file);
    for (why, which) in [(incomplete(old), "the earlier run"), (incomplete(run), "the run")] {
        if let Some(why) = why {
            report.add(Finding::plain(Outcome::Stopped, which, why));
        }
    }
    let mut gate = Gate { report, level, old: &before };
    for (key, record) in &now.cases {
        gate.case(record, before.cases.get(key));
    }
    if gate.report.trials.judged == 0 {
        gate.report.add(Finding::plain(Outcome::Unreached, "the run", "no case ended in a verdict"));
    }
    for (key, trial) in &before.cases {
        if trial.judged() && !now.cases.contains_key(key) {
            let text = "it is not in the run";
            gate.report.add(Finding { configuration: Some(key.0.clone()), ..Finding::plain(Outcome::Lost, &key.1, text) });
        }
    }
    gate.findings(&now);
    gate.notes(run, old);
    gate.report.close()
}

/// What a run showed, by what another run can be asked for.
struct Seen {
    /// By configuration and case.
    cases: BTreeMap<(String, String), Trial>,
    /// By configuration, requirement, Action and place; not those that the profile declares.
    checks: BTreeMap<[String; 4], CheckRecord>,
    /// By kind and case.
    leftovers: BTreeMap<[String; 2], Leftover>,
}

/// A trial.
struct Trial {
    record: CaseRecord,
    /// What each mismatch is charged to, and what another run can be asked for of it; in the order of the mismatches.
    ways: Vec<(String, Pin)>,
}

impl Trial {
    fn judged(&self) -> bool {
        matches!(self.record.verdict.status, Status::Pass | Status::Fail)
    }
}

impl Seen {
    fn of(run: &[Event]) -> Seen {
        let names = started(run).map_or("", |s| s.run.as_str());
        let mut seen = Seen { cases: BTreeMap::new(), checks: BTreeMap::new(), leftovers: BTreeMap::new() };
        for mut event in run.iter().cloned() {
            unjudge(&mut event);
            match event {
                Event::Case(record) => {
                    let ways = record.verdict.mismatches.iter().map(|m| (m.requirement.clone(), Pin::of(m, names))).collect();
                    seen.cases.insert((record.configuration.clone(), record.case.clone()), Trial { record: *record, ways });
                }
                Event::Check(check) if check.known.is_none() => {
                    let key = [&check.configuration, &check.requirement, &check.action, &check.place()].map(String::clone);
                    seen.checks.insert(key, check);
                }
                Event::Leftover(left) => drop(seen.leftovers.insert([left.kind.clone(), left.case.clone()], left)),
                _ => {}
            }
        }
        seen
    }
}

struct Gate<'a> {
    report: Report,
    level: Level,
    old: &'a Seen,
}

impl Gate<'_> {
    fn case(&mut self, now: &Trial, before: Option<&Trial>) {
        let (record, verdict) = (&now.record, &now.record.verdict);
        let was = before.map(|trial| trial.record.verdict.status);
        let trials = &mut self.report.trials;
        trials.judged += usize::from(now.judged());
        let (outcome, text) = match verdict.status {
            Status::Error => (Outcome::Broken, verdict.reason.clone()),
            Status::Skip => {
                trials.skipped += 1;
                match before.is_some_and(Trial::judged) {
                    true => (Outcome::Lost, format!("skipped: {}", verdict.reason)),
                    false => return,
                }
            }
            Status::Fail | Status::Xfail if record.level < self.level => {
                trials.below += 1;
                return;
            }
            Status::Fail | Status::Xfail => self.failed(now, before),
            Status::Pass | Status::Xpass => {
                trials.passed += 1;
                match was {
                    Some(Status::Pass | Status::Xpass) => return,
                    Some(Status::Fail | Status::Xfail) => (Outcome::Fixed, "passes; it failed before".to_owned()),
                    Some(Status::Skip) => (Outcome::Added, "passes; it was skipped before".to_owned()),
                    Some(Status::Error) => (Outcome::Added, "passes; it broke before".to_owned()),
                    None => (Outcome::Added, "passes; it was not in the earlier run".to_owned()),
                }
            }
        };
        match outcome {
            Outcome::Known => {
                self.report.trials.known += 1;
                self.report.count(Outcome::Known);
            }
            _ => self.report.add(Finding::case(outcome, record, text)),
        }
    }

    fn failed(&self, now: &Trial, before: Option<&Trial>) -> (Outcome, String) {
        let record = &now.record;
        let what = told(&record.verdict.mismatches);
        match before.map(|trial| (trial.record.verdict.status, trial)) {
            Some((Status::Fail | Status::Xfail, old)) => {
                let new = record.verdict.mismatches.iter().zip(&now.ways).find(|(_, way)| !old.ways.contains(way));
                let gone = old.ways.iter().find(|way| !now.ways.contains(way));
                match (new, gone) {
                    (Some((mismatch, _)), _) => {
                        (Outcome::Differs, format!("{}; it failed otherwise before", told(std::slice::from_ref(mismatch))))
                    }
                    (None, Some((_, pin))) => (Outcome::Fixed, format!("in part: no longer {pin}; still {what}")),
                    (None, None) => (Outcome::Known, what),
                }
            }
            Some((Status::Skip, _)) => (Outcome::New, format!("{what}; it was skipped before")),
            Some((Status::Error, _)) => (Outcome::New, format!("{what}; it broke before")),
            Some(_) => (Outcome::New, format!("{what}; it passed before")),
            None => (Outcome::New, format!("{what}; it was not in the earlier run")),
        }
    }

    /// Free checks and leftovers.
    fn findings(&mut self, now: &Seen) {
        for (key, check) in &now.checks {
            match self.old.checks.contains_key(key) {
                true => self.report.count(Outcome::Known),
                false if check.level < self.level => {}
                false => self.report.add(Finding::check(Outcome::New, check, &check.text)),
            }
        }
        for (_, check) in self.old.checks.iter().filter(|(key, _)| !now.checks.contains_key(*key)) {
            self.report.add(Finding::check(Outcome::Fixed, check, format!("not seen any more: {}", check.text)));
        }
        for (key, left) in &now.leftovers {
            match self.old.leftovers.contains_key(key) {
                true => self.report.count(Outcome::Known),
                false => self.report.add(Finding::leftover(Outcome::New, left, format!("{}: {}", left.name, left.why))),
            }
        }
        for (_, left) in self.old.leftovers.iter().filter(|(key, _)| !now.leftovers.contains_key(*key)) {
            self.report.add(Finding::leftover(Outcome::Fixed, left, "the target lets go of it now"));
        }
    }

    fn notes(&mut self, run: &[Event], old: &[Event]) {
        let (Some(now), Some(before)) = (started(run), started(old)) else { return };
        if now.suite != before.suite {
            let text = format!("the two runs are of different suites: iamspec {} now, {} before", now.version, before.version);
            self.report.notes.push(text);
        }
        let names = |s: &crate::report::event::RunStarted| s.targets.iter().map(|t| t.name.clone()).collect::<BTreeSet<_>>();
        if names(now) != names(before) {
            let list = |names: BTreeSet<String>| names.into_iter().collect::<Vec<_>>().join(", ");
            self.report.notes.push(format!(
                "the two runs are of different targets: {} now, {} before",
                list(names(now)),
                list(names(before))
            ));
        }
        if self.report.trials.below > 0 {
            self.report.notes.push(format!("{} below level {} do not count", count(self.report.trials.below, "failure"), self.level));
        }
    }
}
