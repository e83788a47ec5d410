//! What a stream of events amounts to: counts by verdict, and the exit code.

use super::event::{Event, RunFinished};
use crate::api::Level;
use crate::verdict::Status;

/// Exit codes of the command. When several hold, usage comes before broken and broken before failures.
pub mod exit {
    /// Everything is as expected.
    pub const OK: i32 = 0;
    /// The target departs from the API, or is not as its baseline says.
    pub const FAILURES: i32 = 1;
    /// A mistake in the command line, a case file, a profile or a baseline.
    pub const USAGE: i32 = 2;
    /// The target was not reached, or the harness broke.
    pub const BROKEN: i32 = 3;
}

/// Counts over a stream of events.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tally {
    /// From which level on a failure counts for the exit code.
    pub level: Level,
    /// Trials by verdict.
    pub passed: usize,
    /// Trials by verdict.
    pub failed: usize,
    /// Trials by verdict.
    pub errors: usize,
    /// Trials by verdict.
    pub skipped: usize,
    /// Trials by verdict.
    pub xfailed: usize,
    /// Trials by verdict.
    pub xpassed: usize,
    /// Passed trials whose answers differ from their snapshots.
    pub differing: usize,
    /// Failed trials, trials that differ from their snapshots, free-check findings and leftovers that are not known, at the level that counts; and unexpected passes.
    pub counted: usize,
}

impl Tally {
    /// Nothing yet.
    pub fn new(level: Level) -> Tally {
        Tally { level, passed: 0, failed: 0, errors: 0, skipped: 0, xfailed: 0, xpassed: 0, differing: 0, counted: 0 }
    }

    /// Takes one event into account.
    pub fn add(&mut self, event: &Event) {
        match event {
            Event::RunStarted(started) => self.level = started.level,
            Event::Case(record) => {
                let slot = match record.verdict.status {
                    Status::Pass => &mut self.passed,
                    Status::Fail => &mut self.failed,
                    Status::Error => &mut self.errors,
                    Status::Skip => &mut self.skipped,
                    Status::Xfail => &mut self.xfailed,
                    Status::Xpass => &mut self.xpassed,
                };
                *slot += 1;
                let counts = match record.verdict.status {
                    Status::Fail => record.level >= self.level,
                    Status::Xpass => true,
                    _ => !record.verdict.differs.is_empty(),
                };
                self.differing += usize::from(!record.verdict.differs.is_empty());
                self.counted += usize::from(counts);
            }
            Event::Check(check) => self.counted += usize::from(check.known.is_none() && check.level >= self.level),
            Event::Leftover(leftover) => self.counted += usize::from(leftover.known.is_none()),
            Event::Finding(finding) => self.counted += usize::from(finding.repeats.is_none()),
            Event::Capability(_) | Event::Note { .. } | Event::RunFinished(_) => {}
        }
    }

    /// Trials run or skipped so far.
    pub fn trials(&self) -> usize {
        self.passed + self.failed + self.errors + self.skipped + self.xfailed + self.xpassed
    }

    /// The exit code these counts stand for.
    pub fn exit(&self) -> i32 {
        if self.errors > 0 {
            exit::BROKEN
        } else if self.counted > 0 {
            exit::FAILURES
        } else {
            exit::OK
        }
    }

    /// Writes the counts into the event that ends a run. The exit code is the worse of its own and of these counts'.
    pub fn settle(&self, finished: &mut RunFinished) {
        finished.passed = self.passed;
        finished.failed = self.failed;
        finished.errors = self.errors;
        finished.skipped = self.skipped;
        finished.xfailed = self.xfailed;
        finished.xpassed = self.xpassed;
        finished.differing = self.differing;
        finished.exit = worse(finished.exit, self.exit());
    }
}

/// The exit code that wins: 2 before 3 before 1 before 0; anything else (a signal's) before all.
pub fn worse(a: i32, b: i32) -> i32 {
    let rank = |code: i32| match code {
        exit::OK => 0,
        exit::FAILURES => 1,
        exit::BROKEN => 2,
        exit::USAGE => 3,
        _ => 4,
    };
    if rank(b) > rank(a) { b } else { a }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::samples;

    #[test]
    fn the_exit_code_follows_level_and_order() {
        let mut tally = Tally::new(Level::Must);
        let mut weak = samples::failure();
        weak.level = Level::Should;
        tally.add(&Event::Case(Box::new(weak)));
        assert_eq!((tally.failed, tally.exit()), (1, exit::OK), "below the level a failure is shown, not counted");
        tally.add(&Event::Case(Box::new(samples::failure())));
        assert_eq!(tally.exit(), exit::FAILURES);
        let mut broken = samples::failure();
        broken.verdict.status = Status::Error;
        tally.add(&Event::Case(Box::new(broken)));
        assert_eq!((tally.exit(), tally.trials()), (exit::BROKEN, 3));
        assert_eq!(worse(exit::BROKEN, exit::USAGE), exit::USAGE);
        assert_eq!(worse(exit::USAGE, exit::FAILURES), exit::USAGE);
        assert_eq!(worse(130, exit::USAGE), 130);
    }

    #[test]
    fn a_difference_from_a_snapshot_counts_at_any_level() {
        let mut tally = Tally::new(Level::Must);
        let mut differs = samples::differs();
        differs.level = Level::May;
        tally.add(&Event::Case(Box::new(differs)));
        assert_eq!((tally.passed, tally.differing, tally.exit()), (1, 1, exit::FAILURES));
    }

    #[test]
    fn known_findings_and_leftovers_do_not_count() {
        let mut tally = Tally::new(Level::Should);
        let (mut check, mut leftover) = (samples::check(), samples::leftover());
        (check.known, leftover.known) = (Some("as declared".into()), Some("their bug 12".into()));
        tally.add(&Event::Check(check));
        tally.add(&Event::Leftover(leftover));
        assert_eq!(tally.exit(), exit::OK);
        tally.add(&Event::Leftover(samples::leftover()));
        assert_eq!(tally.exit(), exit::FAILURES);
    }
}
