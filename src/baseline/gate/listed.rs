//! A run held against a list of known failures.

use std::collections::{BTreeMap, BTreeSet};

use super::{Finding, Outcome, Report, incomplete, started, told};
use crate::api::Level;
use crate::baseline::file::{Baseline, Why};
use crate::baseline::judge::{Judge, Judgement, judged, unjudge};
use crate::report::event::{CaseRecord, Event};
use crate::report::tally::Tally;
use crate::report::text::count;
use crate::verdict::Status;

/// How to hold a run against a list.
#[derive(Clone, Debug, Default)]
pub struct How {
    /// Today, `2026-11-22`: decides what has expired.
    pub today: String,
    /// From which level on a failure counts; none: as in the run.
    pub level: Option<Level>,
    /// The cases that it is about; none: every one.
    pub only: Option<BTreeSet<String>>,
    /// Digest of the suite that the list's ids were checked with.
    pub suite: String,
}

/// Holds a run, judged before or not, against a list. Its events are judged by that list afterwards, so that every view of them tells the
/// same. With [`How::only`], what is about other cases is taken out of them.
pub fn hold(run: &mut Vec<Event>, baseline: &Baseline, how: &How) -> Report {
    let stopped = incomplete(run);
    if let Some(only) = &how.only {
        run.retain(|event| match event {
            Event::Case(record) => only.contains(&record.case),
            Event::Check(check) => only.contains(&check.case),
            Event::Leftover(leftover) => only.contains(&leftover.case),
            _ => true,
        });
    }
    let level = how.level.or(started(run).map(|s| s.level)).unwrap_or(Level::Should);
    if let Some(Event::RunStarted(started)) = run.iter_mut().find(|event| matches!(event, Event::RunStarted(_))) {
        started.level = level;
    }
    let mut gate = Gate { baseline, report: Report::new(run, &baseline.file), level, skipped: BTreeMap::new(), broken: BTreeSet::new() };
    let mut judge = Judge::new(baseline, &how.today);
    for event in run.iter_mut() {
        unjudge(event);
        let judgement = judge.event(event);
        gate.event(event, &judgement);
    }
    match stopped {
        Some(why) => gate.report.add(Finding::plain(Outcome::Stopped, "the run", why)),
        None if gate.report.trials.judged == 0 => gate.unreached(),
        None => {
            let lost = gate.lost(run, how);
            gate.stale(&judge, how, &lost);
        }
    }
    gate.entries();
    gate.notes(run, how);
    let report = gate.report.close();
    settle(run, &report, level);
    report
}

/// Makes the end of a run say what the gate says.
fn settle(run: &mut [Event], report: &Report, level: Level) {
    let mut tally = Tally::new(level);
    run.iter().for_each(|event| tally.add(event));
    for event in run {
        if let Event::RunFinished(finished) = event {
            tally.settle(finished);
            finished.exit = report.exit;
        }
    }
}

struct Gate<'a> {
    baseline: &'a Baseline,
    report: Report,
    level: Level,
    /// Why a case was skipped, by configuration and case.
    skipped: BTreeMap<(String, String), String>,
    /// Cases that broke, by configuration and case.
    broken: BTreeSet<(String, String)>,
}

impl Gate<'_> {
    fn event(&mut self, event: &Event, judgement: &Judgement<'_>) {
        let place = |why: &Why| self.baseline.place(why);
        let finding = match event {
            Event::Case(record) => return self.case(record, judgement),
            Event::Check(check) if check.level < self.level && *judgement == Judgement::Unlisted => return,
            Event::Check(check) => {
                let text = format!("{} (in {}, as of {})", check.text, count(check.count, "response"), check.case);
                Finding::check(Outcome::New, check, text)
            }
            Event::Leftover(left) => Finding::leftover(Outcome::New, left, format!("{}: {}", left.name, left.why)),
            _ => return,
        };
        match judgement {
            Judgement::Known => self.report.count(Outcome::Known),
            Judgement::Expired(why) => {
                let until = why.expires.clone().unwrap_or_default();
                let text = format!("{} was to excuse it until {until}: {}", place(why), finding.text);
                self.report.add(Finding { outcome: Outcome::Expired, at: Some(place(why)), text, ..finding });
            }
            _ => self.report.add(finding),
        }
    }

    fn case(&mut self, record: &CaseRecord, judgement: &Judgement<'_>) {
        let verdict = &record.verdict;
        let trials = &mut self.report.trials;
        let key = || (record.configuration.clone(), record.case.clone());
        trials.judged += usize::from(!matches!(verdict.status, Status::Skip | Status::Error));
        match verdict.status {
            Status::Pass => trials.passed += 1,
            Status::Skip => {
                trials.skipped += 1;
                self.skipped.insert(key(), verdict.reason.clone());
            }
            Status::Error => {
                self.broken.insert(key());
                self.report.add(Finding::case(Outcome::Broken, record, &verdict.reason));
            }
            Status::Xfail => {
                trials.known += 1;
                self.report.count(Outcome::Known);
            }
            Status::Fail if record.level < self.level => trials.below += 1,
            Status::Fail | Status::Xpass => self.failed(record, judgement),
        }
    }

    fn failed(&mut self, record: &CaseRecord, judgement: &Judgement<'_>) {
        let listed =
            |outcome, why: &Why| Finding { at: Some(self.baseline.place(why)), ..Finding::case(outcome, record, &record.verdict.reason) };
        let finding = match judgement {
            Judgement::Unlisted | Judgement::Known => Finding::case(Outcome::New, record, told(&record.verdict.mismatches)),
            Judgement::Differs { entry, .. } => listed(Outcome::Differs, entry),
            Judgement::Expired(entry) => listed(Outcome::Expired, entry),
            Judgement::Stale(entry) => {
                let message = format!("{} passes on {}, although it is listed as failing", record.case, record.configuration);
                let shown = self.point(entry, message, "remove the entry, or let `iamspec gate --update` do it");
                Finding { entry: Some(shown), ..listed(Outcome::Stale, entry) }
            }
        };
        self.report.add(finding);
    }

    fn point(&self, why: &Why, message: String, help: &str) -> String {
        self.baseline.point([(why, message, help.to_owned())]).to_string()
    }

    fn unreached(&mut self) {
        let before = self.baseline.judged.iter().flatten().map(|(_, ids)| ids.len()).sum();
        let before = if before > 0 { format!("; {} were when the list was made", count(before, "trial")) } else { String::new() };
        let skipped = count(self.report.trials.skipped, "trial");
        let text = format!("no case ended in a verdict, {skipped} skipped{before}");
        self.report.add(Finding::plain(Outcome::Unreached, "the run", text));
    }

    /// Tells of the cases that were judged when the list was made and are not now; their configurations and ids.
    fn lost(&mut self, run: &[Event], how: &How) -> BTreeSet<(String, String)> {
        let mut lost = BTreeSet::new();
        let Some(before) = &self.baseline.judged else { return lost };
        let now = judged(run);
        let configurations: BTreeSet<&String> = started(run).iter().flat_map(|s| &s.targets).flat_map(|t| &t.configurations).collect();
        for (configuration, ids) in before {
            let wanted = ids.iter().filter(|id| how.only.as_ref().is_none_or(|only| only.contains(*id)));
            let gone: Vec<&String> = wanted.filter(|id| !now.get(configuration).is_some_and(|there| there.contains(*id))).collect();
            if !configurations.contains(configuration) && !gone.is_empty() {
                let text = format!("the run did not have this configuration, in which {} were judged", count(gone.len(), "case"));
                self.report.add(Finding::plain(Outcome::Lost, configuration, text));
                lost.extend(gone.into_iter().map(|id| (configuration.clone(), id.clone())));
                continue;
            }
            for id in gone {
                let key = (configuration.clone(), id.clone());
                if self.broken.contains(&key) {
                    continue;
                }
                let text = self.skipped.get(&key).map_or_else(|| "it is not in the run".to_owned(), |why| format!("skipped: {why}"));
                let finding = Finding::plain(Outcome::Lost, id, text);
                self.report.add(Finding { configuration: Some(configuration.clone()), ..finding });
                lost.insert(key);
            }
        }
        lost
    }

    /// Tells of the entries that met nothing, but not where the cases that they are about were lost: that says it already.
    fn stale(&mut self, judge: &Judge<'_>, how: &How, lost: &BTreeSet<(String, String)>) {
        for (why, what) in judge.unused() {
            let known = self.baseline.known.iter().find(|k| k.why.line == why.line);
            let exact = known.filter(|k| k.exact());
            let beside = match &how.only {
                None => false,
                Some(only) => exact.is_none_or(|k| !only.contains(&k.case)),
            };
            let missing =
                exact.is_some_and(|k| lost.iter().any(|(c, id)| *id == k.case && k.configuration.as_ref().is_none_or(|own| own == c)));
            if beside || missing {
                continue;
            }
            let skipped = exact.and_then(|k| self.skipped.iter().find(|((_, id), _)| *id == k.case));
            let text =
                skipped.map_or_else(|| "nothing like it happened".to_owned(), |(_, reason)| format!("its case was skipped: {reason}"));
            let entry = self.point(why, format!("{what}: {text}"), "remove the entry");
            let finding = Finding::plain(Outcome::Stale, what, text);
            self.report.add(Finding { at: Some(self.baseline.place(why)), entry: Some(entry), ..finding });
        }
    }

    /// Tells of what is wrong with the list itself.
    fn entries(&mut self) {
        for (why, what) in self.baseline.unreviewed() {
            let message = format!("{what}: no person has given a reason yet");
            let entry = self.point(why, message, "look at the failure, and write into `reason` why the target fails");
            let finding = Finding::plain(Outcome::Unreviewed, what, "its reason is still 'unreviewed'");
            self.report.add(Finding { at: Some(self.baseline.place(why)), entry: Some(entry), ..finding });
        }
        if self.baseline.judged.is_none() {
            let text = "the list does not say which cases were judged when it was made, so that nobody can tell whether some were lost: \
                        `iamspec gate --update` writes them down";
            self.report.add(Finding::plain(Outcome::Unrecorded, &self.baseline.file, text));
        }
    }

    fn notes(&mut self, run: &[Event], how: &How) {
        let notes = &mut self.report.notes;
        if let Some(started) = started(run).filter(|s| !how.suite.is_empty() && s.suite != how.suite) {
            let own = env!("CARGO_PKG_VERSION");
            notes.push(format!("the run is of iamspec {} with another suite than that of this iamspec {own}", started.version));
        }
        if let Some(only) = &how.only {
            let all: usize = self.baseline.judged.iter().flat_map(|judged| judged.values()).map(BTreeSet::len).sum();
            let judged = self.report.trials.judged;
            notes.push(format!("only {} looked at, {judged} of the {all} trials that the list was made with", count(only.len(), "case")));
        }
        if self.report.trials.below > 0 {
            notes.push(format!("{} below level {} do not count", count(self.report.trials.below, "failure"), self.level));
        }
    }
}
