//! Compares a run with what is known: sets expected failures apart from new ones, and finds the entries that are stale.

use std::collections::BTreeSet;

use super::file::{Baseline, Judged, Known, KnownCheck, KnownLeftover, Why};
use super::pin::Pin;
use crate::case::filter::glob;
use crate::report::event::{CaseRecord, CheckRecord, Event, Leftover, without_index};
use crate::verdict::{Mismatch, Status};

/// What a list says of something that a run showed.
#[derive(Clone, Debug, PartialEq)]
pub enum Judgement<'a> {
    /// Nothing: no entry is about it.
    Unlisted,
    /// It is as its entries say.
    Known,
    /// An entry is about it, but it fails in another way.
    Differs {
        /// The entry.
        entry: &'a Why,
        /// What is not as the entry says.
        how: String,
    },
    /// An entry says that it fails, and it does not.
    Stale(&'a Why),
    /// An entry that has expired was to excuse it.
    Expired(&'a Why),
}

/// Goes through a run's events once, marks what is known and remembers which entries were needed.
pub struct Judge<'a> {
    baseline: &'a Baseline,
    today: String,
    /// Lines of the entries that met something.
    used: BTreeSet<usize>,
}

impl<'a> Judge<'a> {
    /// A judge for one run. `today`, as `2026-11-22`, decides what has expired.
    pub fn new(baseline: &'a Baseline, today: &str) -> Self {
        Judge { baseline, today: today.to_owned(), used: BTreeSet::new() }
    }

    /// Judges an event, and marks it, if it is of a kind that can be known.
    pub fn event(&mut self, event: &mut Event) -> Judgement<'a> {
        match event {
            Event::Case(record) => self.case(record),
            Event::Check(check) => self.check(check),
            Event::Leftover(leftover) => self.leftover(leftover),
            Event::RunStarted(_) | Event::Capability(_) | Event::Finding(_) | Event::Note { .. } | Event::RunFinished(_) => {
                Judgement::Unlisted
            }
        }
    }

    /// A case that fails as its entries say becomes `xfail`, one that passes although it is listed `xpass`; one that fails in another
    /// way stays `fail`, and its reason says what was expected.
    pub fn case(&mut self, record: &mut CaseRecord) -> Judgement<'a> {
        let baseline = self.baseline;
        let entries: Vec<&Known> = baseline.known.iter().filter(|k| k.concerns(&record.case, &record.configuration)).collect();
        let judgement = match record.verdict.status {
            Status::Fail => self.failed(record, &entries),
            Status::Pass => self.passed(&entries),
            // Says nothing about the target, so nothing about the entry.
            Status::Error => {
                self.used.extend(entries.iter().map(|k| k.why.line));
                Judgement::Unlisted
            }
            _ => Judgement::Unlisted,
        };
        match &judgement {
            Judgement::Unlisted => {}
            Judgement::Known => {
                let covering = |k: &&&Known| record.verdict.mismatches.iter().any(|m| k.covers(m));
                let reasons: BTreeSet<&str> = entries.iter().filter(covering).map(|k| k.why.reason.as_str()).collect();
                record.verdict.reason = reasons.into_iter().collect::<Vec<_>>().join("; ");
                record.verdict.status = Status::Xfail;
            }
            Judgement::Differs { entry, how } => {
                record.verdict.reason = format!("fails otherwise than {} says: {how}", baseline.place(entry));
            }
            Judgement::Stale(entry) => {
                let (at, reason) = (baseline.place(entry), &entry.reason);
                record.verdict.reason = format!("passes although {at} lists it as failing ({reason}): remove the entry");
                record.verdict.status = Status::Xpass;
            }
            Judgement::Expired(entry) => {
                let until = entry.expires.as_deref().unwrap_or_default();
                record.verdict.reason = format!("{} was to excuse it until {until}", baseline.place(entry));
            }
        }
        judgement
    }

    fn passed(&mut self, entries: &[&'a Known]) -> Judgement<'a> {
        // Not every case that a pattern is about need fail.
        let listed: Vec<&Known> = entries.iter().copied().filter(|k| k.exact()).collect();
        self.used.extend(listed.iter().map(|k| k.why.line));
        listed.first().map_or(Judgement::Unlisted, |first| Judgement::Stale(&first.why))
    }

    fn failed(&mut self, record: &CaseRecord, entries: &[&'a Known]) -> Judgement<'a> {
        let mismatches = &record.verdict.mismatches;
        let about = |k: &&'a Known| k.exact() || mismatches.iter().any(|m| k.charges(m));
        let (live, expired): (Vec<&Known>, Vec<&Known>) = entries.iter().copied().filter(about).partition(|k| !self.expired(&k.why));
        self.used.extend(live.iter().filter(|k| k.exact() || mismatches.iter().any(|m| k.covers(m))).map(|k| k.why.line));
        let judgement = compare(mismatches, &live);
        match (judgement, expired.first()) {
            (Judgement::Known, _) => Judgement::Known,
            (_, Some(entry)) => {
                self.used.insert(entry.why.line);
                Judgement::Expired(&entry.why)
            }
            (other, None) => other,
        }
    }

    /// Gives a finding that is listed its reason.
    pub fn check(&mut self, check: &mut CheckRecord) -> Judgement<'a> {
        let is = |wanted: &Option<String>, seen: &str| wanted.as_deref().is_none_or(|w| w == seen);
        let baseline = self.baseline;
        let concerns = |known: &&KnownCheck| {
            glob(&known.requirement, &check.requirement)
                && is(&known.configuration, &check.configuration)
                && is(&known.action, &check.action)
                && known.at.as_deref().is_none_or(|at| without_index(at) == check.place())
        };
        if check.known.is_some() {
            return Judgement::Known;
        }
        let entries: Vec<&Why> = baseline.checks.iter().filter(concerns).map(|known| &known.why).collect();
        let judgement = self.excused(&entries);
        if let (Judgement::Known, Some(entry)) = (&judgement, entries.iter().find(|why| !self.expired(why))) {
            check.known = Some(entry.reason.clone());
            check.entry = Some(baseline.place(entry).to_string());
        }
        judgement
    }

    /// Gives a leftover that is listed its reason.
    pub fn leftover(&mut self, leftover: &mut Leftover) -> Judgement<'a> {
        let concerns = |known: &&KnownLeftover| known.kind == leftover.kind && glob(&known.case, &leftover.case);
        let entries: Vec<&Why> = self.baseline.leftovers.iter().filter(concerns).map(|known| &known.why).collect();
        let judgement = self.excused(&entries);
        if let (Judgement::Known, Some(entry)) = (&judgement, entries.iter().find(|why| !self.expired(why))) {
            leftover.known = Some(entry.reason.clone());
        }
        judgement
    }

    /// What entries without a pin say of something that they are about.
    fn excused(&mut self, entries: &[&'a Why]) -> Judgement<'a> {
        self.used.extend(entries.iter().map(|why| why.line));
        match (entries.iter().any(|why| !self.expired(why)), entries.first()) {
            (true, _) => Judgement::Known,
            (false, Some(entry)) => Judgement::Expired(entry),
            (false, None) => Judgement::Unlisted,
        }
    }

    /// After a run of the whole suite: the entries that met nothing, with what each is about, in the order of the file.
    pub fn unused(&self) -> Vec<(&'a Why, String)> {
        self.baseline.entries().into_iter().filter(|(why, _)| !self.used.contains(&why.line)).collect()
    }

    /// [`Judge::unused`] as lines: `file:line: what`, and what to do.
    pub fn stale(&self) -> Vec<String> {
        let line = |(why, what)| format!("{}: {what}: nothing like it happened; remove the entry", self.baseline.place(why));
        self.unused().into_iter().map(line).collect()
    }

    fn expired(&self, why: &Why) -> bool {
        why.expires.as_deref().is_some_and(|day| day < self.today.as_str())
    }
}

/// What entries that have not expired say of a failure.
fn compare<'a>(mismatches: &[Mismatch], entries: &[&'a Known]) -> Judgement<'a> {
    if let Some(new) = mismatches.iter().find(|m| !entries.iter().any(|k| k.covers(m))) {
        let what = format!("step {} {} is {} for {}", new.step + 1, new.path, new.observed(), new.requirement);
        let about = entries.iter().find(|k| k.exact() || k.charges(new));
        return about.map_or(Judgement::Unlisted, |k| Judgement::Differs { entry: &k.why, how: what });
    }
    let gone = entries.iter().filter(|k| k.exact()).find_map(|k| {
        let unseen = |pin: &&Pin| !mismatches.iter().any(|m| k.charges(m) && pin.covers(m));
        k.fails.iter().find(unseen).map(|pin| Judgement::Differs { entry: &k.why, how: format!("no longer {pin}") })
    });
    gone.unwrap_or(Judgement::Known)
}

/// The cases of a run that ended in a verdict on the target, by configuration: not those that were skipped or broke.
pub fn judged(run: &[Event]) -> Judged {
    let mut judged = Judged::new();
    for event in run {
        if let Event::Case(record) = event
            && !matches!(record.verdict.status, Status::Skip | Status::Error)
        {
            judged.entry(record.configuration.clone()).or_default().insert(record.case.clone());
        }
    }
    judged
}

/// Takes back what a judge marked, so that a stored run can be judged again, by the list as it is now.
pub fn unjudge(event: &mut Event) {
    match event {
        Event::Case(record) => {
            let verdict = &mut record.verdict;
            verdict.status = match verdict.status {
                Status::Xfail => Status::Fail,
                Status::Xpass => Status::Pass,
                other => other,
            };
            if matches!(verdict.status, Status::Fail | Status::Pass) {
                verdict.reason.clear();
            }
        }
        Event::Check(check) if check.entry.is_some() => (check.known, check.entry) = (None, None),
        Event::Leftover(leftover) => leftover.known = None,
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::samples;

    fn pin(path: &str, actual: &str) -> Pin {
        Pin { step: Some(4), at: None, path: path.into(), actual: vec![actual.into()] }
    }

    fn why(line: usize) -> Why {
        Why { reason: "moto does not look at attachments".into(), line, ..Why::default() }
    }

    fn baseline() -> Baseline {
        let known = Known {
            case: samples::failure().case,
            configuration: None,
            requirement: "example.attached-policy-blocks".into(),
            fails: vec![pin("status", "200"), pin("error", "success")],
            why: why(3),
        };
        Baseline { file: "b.toml".into(), known: vec![known], ..Baseline::default() }
    }

    fn judged(baseline: &Baseline, mut record: CaseRecord) -> (Status, String, Vec<String>) {
        let mut judge = Judge::new(baseline, "2026-11-22");
        judge.case(&mut record);
        (
            record.verdict.status,
            record.verdict.reason.clone(),
            judge.unused().into_iter().map(|(why, what)| format!("{}: {what}", why.line)).collect(),
        )
    }

    #[test]
    fn fails_as_pinned() {
        assert_eq!(judged(&baseline(), samples::failure()), (Status::Xfail, "moto does not look at attachments".into(), vec![]));
    }

    #[test]
    fn fails_otherwise() {
        let mut other = samples::failure();
        other.verdict.mismatches[0].actual = "500".into();
        let (status, reason, unused) = judged(&baseline(), other);
        assert_eq!((status, unused.len()), (Status::Fail, 0));
        assert_eq!(reason, "fails otherwise than b.toml:3 says: step 4 status is 500 for example.attached-policy-blocks");

        let mut less = samples::failure();
        less.verdict.mismatches.truncate(1);
        let (status, reason, _) = judged(&baseline(), less);
        assert_eq!((status, reason.as_str()), (Status::Fail, "fails otherwise than b.toml:3 says: no longer step 4 error = success"));

        let mut charged = samples::failure();
        charged.verdict.mismatches[1].requirement = "example.another".into();
        assert_eq!(judged(&baseline(), charged).0, Status::Fail, "another requirement is broken");
    }

    #[test]
    fn passes_although_listed() {
        let mut passes = samples::pass();
        passes.case = samples::failure().case;
        let (status, reason, unused) = judged(&baseline(), passes);
        assert_eq!((status, unused.len()), (Status::Xpass, 0));
        assert!(reason.contains("b.toml:3") && reason.contains("remove the entry"), "{reason}");
    }

    #[test]
    fn an_entry_that_meets_nothing_is_stale() {
        let (status, _, unused) = judged(&baseline(), samples::pass());
        assert_eq!(status, Status::Pass);
        assert_eq!(unused, ["3: known failure of users/DeleteUser/attached-policy-blocks (example.attached-policy-blocks)"]);
        let mut skipped = samples::skip();
        skipped.case = samples::failure().case;
        assert_eq!(judged(&baseline(), skipped).2.len(), 1, "a skip does not need an excuse");
    }

    #[test]
    fn a_broken_harness_says_nothing_about_an_entry() {
        let mut broken = samples::failure();
        broken.verdict.status = Status::Error;
        let (status, _, unused) = judged(&baseline(), broken);
        assert_eq!((status, unused.len()), (Status::Error, 0));
    }

    #[test]
    fn configurations_globs_and_days_are_heeded() {
        let mut b = baseline();
        b.known[0].configuration = Some("aws/json".into());
        assert_eq!(judged(&b, samples::failure()).0, Status::Fail);
        let mut b = baseline();
        b.known[0].case = "users/*".into();
        b.known[0].fails.push(pin("message", "never seen"));
        assert_eq!(judged(&b, samples::failure()).0, Status::Xfail, "a glob's pins need not all be seen in one case");
        assert_eq!(judged(&b, samples::pass()).0, Status::Pass, "nor need all its cases fail");
        b.known[0].why.expires = Some("2026-11-21".into());
        let (status, reason, _) = judged(&b, samples::failure());
        assert_eq!((status, reason.as_str()), (Status::Fail, "b.toml:3 was to excuse it until 2026-11-21"));
        b.known[0].why.expires = Some("2026-11-22".into());
        assert_eq!(judged(&b, samples::failure()).0, Status::Xfail);
    }

    #[test]
    fn checks_and_leftovers_get_their_reason() {
        let check = KnownCheck {
            requirement: "example.whole-seconds".into(),
            configuration: None,
            action: Some("GetUser".into()),
            at: None,
            why: why(10),
        };
        let leftover = KnownLeftover { kind: "policy".into(), case: "users/DeleteUser/*".into(), why: why(20) };
        let b = Baseline { checks: vec![check], leftovers: vec![leftover], ..Baseline::default() };
        let mut judge = Judge::new(&b, "2026-11-22");
        let (mut seen, mut other, mut left) = (samples::check(), samples::check(), samples::leftover());
        other.action = "ListUsers".into();
        for event in [&mut seen, &mut other] {
            judge.check(event);
        }
        assert_eq!(judge.unused().len(), 1);
        judge.leftover(&mut left);
        assert_eq!((seen.known.is_some(), other.known.is_some(), left.known.is_some()), (true, false, true));
        assert!(judge.unused().is_empty());
    }
}
