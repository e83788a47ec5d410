//! After the programs: each new finding is looked for again, made small and written down, as long as there is time.

use std::cell::RefCell;
use std::time::{Duration, Instant};

use super::here::unwritten;
use super::{CampaignError, Files, Found, Limits, News, Options, Sink, Tally};
use crate::case::Case;
use crate::dialect::Configuration;
use crate::fuzz::executor::{Executor, Focus, Ran, Stop};
use crate::fuzz::finding::{Evidence, Firing};
use crate::fuzz::triage::{OnReference, Origin, Triage, Trials};

/// Least time for it.
const LEAST: Duration = Duration::from_secs(60);

/// Where findings wait, and until when they are taken.
pub(super) struct Desk<'d> {
    options: &'d Options,
    sink: Sink<'d>,
    files: &'d Files,
    limits: &'d Limits,
    began: Instant,
    most: Duration,
}

/// What became of a finding that was taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Taken {
    /// It is settled, and the next one may be taken.
    Settled,
    /// It waits on: the run was interrupted, or the target is gone for good.
    Waits,
}

impl<'d> Desk<'d> {
    /// It may take as long as the programs took, and a minute at least.
    pub(super) fn new(options: &'d Options, sink: Sink<'d>, files: &'d Files, limits: &'d Limits, programs: u64) -> Desk<'d> {
        let most = Duration::from_millis(programs).max(LEAST);
        Desk { options, sink, files, limits, began: Instant::now(), most }
    }

    /// The findings that wait, those that were seen most often first. None without a folder to write them to.
    pub(super) fn waiting(&self, tally: &Tally) -> Vec<usize> {
        let mut all: Vec<usize> = (0..tally.findings.len()).filter(|i| tally.findings[*i].waits()).collect();
        all.sort_by_key(|i| std::cmp::Reverse(tally.findings[*i].count));
        if self.options.out.is_some() { all } else { Vec::new() }
    }

    /// Whether no more are to be taken.
    pub(super) fn over(&self) -> bool {
        self.limits.interrupted() || self.began.elapsed() >= self.most
    }

    /// Triage in a configuration.
    pub(super) fn triage(&self, configuration: Configuration) -> Result<Triage, CampaignError> {
        let about = &self.options.about;
        let origin = Origin {
            target: about.name.clone(),
            version: about.version.clone(),
            seed: self.options.seed,
            program: String::new(),
            flags: about.flags.clone(),
        };
        let reference = OnReference::new(configuration, std::sync::Arc::clone(&self.options.certificates));
        let mut triage = Triage::new(origin, reference.map_err(CampaignError::Broken)?);
        triage.out.clone_from(&self.options.out);
        triage.repeats = self.options.about.repeats.clone();
        Ok(triage)
    }

    /// Goes the whole way with a finding. `case`: the program that showed it. `revive` brings the target back: true, it is there.
    pub(super) async fn take<E: Executor, T: Trials>(
        &self,
        tally: &RefCell<Tally>,
        (place, of): (usize, (usize, usize)),
        case: &Case,
        triage: &mut Triage,
        (executor, target): (&mut E, &mut T),
        revive: impl AsyncFnMut() -> bool,
    ) -> Result<Taken, CampaignError> {
        let found = tally.borrow().findings[place].clone();
        (self.sink)(News::Settling(of.0, of.1, &found));
        let mut watched = Watched { inner: executor, limits: self.limits, stopped: false };
        let record = triage.take(&mut watched, target, (case, &firing(&found)), revive).await;
        if watched.stopped {
            return Ok(Taken::Waits);
        }
        let Some(record) = record else { return Ok(Taken::Waits) };
        let mut tally = tally.borrow_mut();
        tally.triage += record.calls as u64;
        let found = &mut tally.findings[place];
        found.repeats.clone_from(&record.repeats);
        found.record = Some(Box::new(record.clone()));
        self.files.settled(&record).map_err(unwritten)?;
        self.files.store(&tally).map_err(unwritten)?;
        drop(tally);
        (self.sink)(News::Settled(&record));
        Ok(Taken::Settled)
    }
}

/// What is left of a firing in the state of a run: enough to know it again by. The rest comes with the next run that shows it.
fn firing(found: &Found) -> Firing {
    Firing {
        fingerprint: found.fingerprint.clone(),
        step: found.step.saturating_sub(1),
        probe: Vec::new(),
        text: found.text.clone(),
        evidence: Evidence { requirement: found.requirement.clone(), ..Evidence::default() },
    }
}

/// An executor that begins nothing more after Ctrl-C.
struct Watched<'w, E> {
    inner: &'w mut E,
    limits: &'w Limits,
    stopped: bool,
}

impl<E: Executor> Executor for Watched<'_, E> {
    async fn run(&mut self, program: &Case, focus: Focus) -> Result<Ran, Stop> {
        if self.limits.interrupted() {
            self.stopped = true;
            return Err(Stop::Broken("interrupted".into()));
        }
        self.inner.run(program, focus).await
    }
}
