//! Compares a run with what is known: sets expected failures apart from new ones, and finds the entries that are stale.

use std::collections::BTreeSet;

use super::file::{Baseline, Known, Pin, Why, is_glob};
use crate::case::filter::glob;
use crate::report::event::{CaseRecord, CheckRecord, Event, Leftover, without_index};
use crate::verdict::{Mismatch, Status};

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

    /// Marks an event, if it is of a kind that can be known.
    pub fn event(&mut self, event: &mut Event) {
        match event {
            Event::Case(record) => self.case(record),
            Event::Check(check) => self.check(check),
            Event::Leftover(leftover) => self.leftover(leftover),
            Event::RunStarted(_) | Event::Capability(_) | Event::Note { .. } | Event::RunFinished(_) => {}
        }
    }

    /// A case that fails as its entries say becomes `xfail`, one that passes although it is listed `xpass`; one that fails in another
    /// way stays `fail`, and its reason says what was expected.
    pub fn case(&mut self, record: &mut CaseRecord) {
        let entries: Vec<&Known> = self.baseline.known.iter().filter(|k| concerns(k, record)).collect();
        let (live, expired): (Vec<&Known>, Vec<&Known>) = entries.iter().partition(|k| !self.expired(&k.why));
        match record.verdict.status {
            Status::Fail if !live.is_empty() => self.failed(record, &live),
            Status::Pass => {
                let listed: Vec<&&Known> = entries.iter().filter(|k| !is_glob(&k.case)).collect();
                self.used.extend(listed.iter().map(|k| k.why.line));
                if let Some(first) = listed.first() {
                    record.verdict.status = Status::Xpass;
                    let (at, reason) = (self.place(&first.why), &first.why.reason);
                    record.verdict.reason = format!("passes although {at} lists it as failing ({reason}): remove the entry");
                }
            }
            // Says nothing about the target, so nothing about the entry.
            Status::Error => self.used.extend(entries.iter().map(|k| k.why.line)),
            _ => {}
        }
        if let (Status::Fail, Some(entry)) = (record.verdict.status, expired.first()) {
            self.used.insert(entry.why.line);
            let until = entry.why.expires.as_deref().unwrap_or_default();
            record.verdict.reason = format!("{} was to excuse it until {until}", self.place(&entry.why));
        }
    }

    fn failed(&mut self, record: &mut CaseRecord, entries: &[&Known]) {
        let mismatches = &record.verdict.mismatches;
        let covers = |k: &Known, m: &Mismatch| k.requirement == m.requirement && k.fails.iter().any(|p| p.covers(m));
        let new = mismatches.iter().find(|m| !entries.iter().any(|k| covers(k, m)));
        let gone = entries.iter().filter(|k| !is_glob(&k.case)).find_map(|k| {
            let unseen = |p: &&Pin| !mismatches.iter().any(|m| k.requirement == m.requirement && p.covers(m));
            k.fails.iter().find(unseen).map(|pin| (*k, pin))
        });
        let exact = entries.iter().filter(|k| !is_glob(&k.case));
        self.used.extend(exact.map(|k| k.why.line));
        self.used.extend(entries.iter().filter(|k| mismatches.iter().any(|m| covers(k, m))).map(|k| k.why.line));
        match (new, gone) {
            (None, None) => {
                let reasons: BTreeSet<&str> =
                    entries.iter().filter(|k| mismatches.iter().any(|m| covers(k, m))).map(|k| k.why.reason.as_str()).collect();
                record.verdict.status = Status::Xfail;
                record.verdict.reason = reasons.into_iter().collect::<Vec<_>>().join("; ");
            }
            (Some(mismatch), _) => {
                let step = mismatch.step + 1;
                let what = format!("step {step} {} is {} for {}", mismatch.path, mismatch.observed(), mismatch.requirement);
                record.verdict.reason = format!("fails otherwise than {} says: {what}", self.place(&entries[0].why));
            }
            (None, Some((entry, pin))) => {
                record.verdict.reason = format!("fails otherwise than {} says: no longer {pin}", self.place(&entry.why));
            }
        }
    }

    /// Gives a finding that is listed its reason.
    pub fn check(&mut self, check: &mut CheckRecord) {
        let is = |wanted: &Option<String>, seen: &str| wanted.as_deref().is_none_or(|w| w == seen);
        for known in &self.baseline.checks {
            let concerns = known.requirement == check.requirement
                && is(&known.configuration, &check.configuration)
                && is(&known.action, &check.action)
                && known.at.as_deref().is_none_or(|at| without_index(at) == check.place());
            if concerns && !self.expired(&known.why) && check.known.is_none() {
                self.used.insert(known.why.line);
                check.known = Some(known.why.reason.clone());
            }
        }
    }

    /// Gives a leftover that is listed its reason.
    pub fn leftover(&mut self, leftover: &mut Leftover) {
        for known in &self.baseline.leftovers {
            let concerns = known.kind == leftover.kind && glob(&known.case, &leftover.case);
            if concerns && !self.expired(&known.why) {
                self.used.insert(known.why.line);
                leftover.known.get_or_insert_with(|| known.why.reason.clone());
            }
        }
    }

    /// After a run of the whole suite: the entries that met nothing, as `file:line: what`.
    pub fn unused(&self) -> Vec<String> {
        let known = self.baseline.known.iter().map(|k| (&k.why, format!("known failure of {} ({})", k.case, k.requirement)));
        let checks = self.baseline.checks.iter().map(|k| (&k.why, format!("known finding of {}", k.requirement)));
        let leftovers = self.baseline.leftovers.iter().map(|k| (&k.why, format!("known {} left by {}", k.kind, k.case)));
        let mut stale: Vec<_> = known.chain(checks).chain(leftovers).filter(|(why, _)| !self.used.contains(&why.line)).collect();
        stale.sort_by_key(|(why, _)| why.line);
        stale.into_iter().map(|(why, what)| format!("{}: {what}: nothing like it happened", self.place(why))).collect()
    }

    fn expired(&self, why: &Why) -> bool {
        why.expires.as_deref().is_some_and(|day| day < self.today.as_str())
    }

    fn place(&self, why: &Why) -> String {
        format!("{}:{}", self.baseline.file, why.line)
    }
}

fn concerns(known: &Known, record: &CaseRecord) -> bool {
    glob(&known.case, &record.case) && known.configuration.as_deref().is_none_or(|c| c == record.configuration)
}

impl Pin {
    /// Whether a mismatch is what this says.
    pub fn covers(&self, mismatch: &Mismatch) -> bool {
        self.path == mismatch.path
            && self.step.is_none_or(|step| step == mismatch.step + 1)
            && self.at.as_deref().is_none_or(|at| at == mismatch.at)
            && (self.actual.is_empty() || self.actual.iter().any(|a| a == mismatch.observed()))
    }
}

impl std::fmt::Display for Pin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if let Some(step) = self.step {
            write!(f, "step {step} ")?;
        }
        if let Some(at) = &self.at {
            write!(f, "[{at}] ")?;
        }
        match self.actual.as_slice() {
            [] => write!(f, "a difference in {}", self.path),
            actual => write!(f, "{} = {}", self.path, actual.join(" or ")),
        }
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
        (record.verdict.status, record.verdict.reason.clone(), judge.unused())
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
        let expected =
            "b.toml:3: known failure of users/DeleteUser/attached-policy-blocks (example.attached-policy-blocks): nothing like it happened";
        assert_eq!(unused, [expected]);
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
        use super::super::file::{KnownCheck, KnownLeftover};
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
