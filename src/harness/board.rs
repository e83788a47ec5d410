//! Where tests wait for the records that one run in the background makes.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use libtest_mimic::Failed;

use super::LEVEL;
use crate::baseline::find::{Found, find};
use crate::baseline::{Baseline, Judge};
use crate::case::corpus::Corpus;
use crate::dialect::Configuration;
use crate::launch::{Choice, Launch, variable};
use crate::plan::{AUTH_FAILURE, OptIn, QUOTA};
use crate::report::event::{CaseRecord, CheckRecord, Event, Leftover};
use crate::runner::run::run;
use crate::target::TargetArgs;

/// A case in a configuration.
pub struct Pair {
    /// Case id.
    pub case: String,
    /// Configuration.
    pub configuration: Configuration,
    /// It must run alone.
    pub serial: bool,
    /// It is run only when asked for.
    pub opt_in: bool,
}

/// What could be run. Making one sends and starts nothing.
pub struct Plan {
    launch: Launch,
    corpus: Corpus,
    baseline: Option<Baseline>,
    /// Every case in every configuration.
    pub pairs: Vec<Pair>,
}

impl Plan {
    /// The suite on a target. `ignored`: with the cases that are opt-in.
    ///
    /// # Errors
    /// When the target, the cases or the list of known failures cannot be used.
    pub fn new(target: TargetArgs, ignored: bool) -> Result<Plan, String> {
        let corpus = Corpus::embedded().map_err(|mistakes| mistakes.to_string())?;
        let mut launch = Launch::new(target).map_err(|why| why.to_string())?;
        launch.opt_in = OptIn { auth_failures: ignored, quotas: ignored, provider_policies: false };
        // Under cargo nextest each case is a process: they share what one of them learnt of the target.
        launch.cached_capabilities = true;
        launch.snapshots = Some(Choice::default());
        let baseline = baseline(&launch, &corpus)?;
        let annoying = launch.foreign.as_ref().is_some_and(|t| !t.loopback());
        let pair = |case: &crate::case::Case, configuration: &Configuration| Pair {
            case: case.id.clone(),
            configuration: *configuration,
            serial: case.serial,
            opt_in: annoying && case.tags.iter().any(|t| t == AUTH_FAILURE || t == QUOTA),
        };
        let configurations = launch.configurations();
        let pairs = configurations.iter().flat_map(|c| corpus.cases.iter().map(move |case| pair(case, c))).collect();
        Ok(Plan { launch, corpus, baseline, pairs })
    }

    /// The configurations.
    pub fn configurations(&self) -> Vec<Configuration> {
        self.launch.configurations()
    }
}

/// The known failures of a foreign target: those of the list that `IAMSPEC_BASELINE` names, else of the one beside its profile.
fn baseline(launch: &Launch, corpus: &Corpus) -> Result<Option<Baseline>, String> {
    if launch.foreign.is_none() {
        return Ok(None);
    }
    let given = variable("IAMSPEC_BASELINE").map(PathBuf::from);
    let found = find(given.as_deref(), launch.args.target.as_deref()).map_err(|why| why.to_string())?;
    if let (Some(file), Some(Found { text: None, .. })) = (given, &found) {
        return Err(format!("cannot read the list of known failures {}: there is no such file", file.display()));
    }
    let cases = corpus.cases.iter().map(|case| case.id.as_str());
    found.map_or(Ok(None), |found| found.parse(cases)).map_err(|why| why.to_string())
}

/// What is known of the run.
#[derive(Default)]
struct State {
    wanted: BTreeSet<usize>,
    jobs: Option<usize>,
    started: bool,
    /// By case and configuration.
    records: BTreeMap<(String, String), CaseRecord>,
    checks: Vec<CheckRecord>,
    leftovers: Vec<Leftover>,
    orphans: Vec<String>,
    /// The run is over; why it ended before its time.
    over: Option<Option<String>>,
}

/// Starts the run when the first test asks for its record, and hands out records.
pub struct Board {
    /// What could be run.
    pub plan: Plan,
    state: Mutex<State>,
    changed: Condvar,
}

impl Board {
    /// A board on which nothing is wanted yet.
    pub fn new(plan: Plan) -> Board {
        Board { plan, state: Mutex::default(), changed: Condvar::new() }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Says which pairs will be asked for, and how many cases may run at a time.
    pub fn want(&self, wanted: &[bool], jobs: Option<usize>) {
        let mut state = self.state();
        state.wanted = wanted.iter().enumerate().filter(|(_, w)| **w).map(|(i, _)| i).collect();
        state.jobs = jobs;
    }

    /// Whether no case was asked for.
    pub fn wants_nothing(&self) -> bool {
        self.state().wanted.is_empty()
    }

    /// The record of a pair, once it is there.
    pub fn record(self: &Arc<Self>, pair: usize) -> Result<CaseRecord, Failed> {
        self.start();
        let pair = &self.plan.pairs[pair];
        let key = (pair.case.clone(), pair.configuration.to_string());
        let mut state = self.state();
        loop {
            if let Some(record) = state.records.remove(&key) {
                return Ok(record);
            }
            if let Some(why) = &state.over {
                let why = why.as_deref().unwrap_or("the run ended without it");
                return Err(format!("{} {}: not run: {why}", key.1, key.0).into());
            }
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Free checks that did not hold and are not known, as lines, once the run is over.
    pub fn findings(&self) -> Result<Vec<String>, Failed> {
        let state = self.ended()?;
        let new = state.checks.iter().filter(|c| c.known.is_none() && c.level >= LEVEL);
        let line = |c: &CheckRecord| {
            format!("{} ({}) {} {} {}: {} ({}×, {})", c.requirement, c.level, c.configuration, c.action, c.at, c.text, c.count, c.case)
        };
        Ok(new.map(line).collect())
    }

    /// What could not be removed and is not known, as lines, once the run is over.
    pub fn leftovers(&self) -> Result<Vec<String>, Failed> {
        let state = self.ended()?;
        let new = state.leftovers.iter().filter(|l| l.known.is_none());
        Ok(new.map(|l| format!("{} {} of {}: {}", l.kind, l.name, l.case, l.why)).collect())
    }

    /// Snapshots that belong to nothing, as lines, once the run is over. Only a run of everything can tell.
    pub fn orphans(&self) -> Result<Vec<String>, Failed> {
        Ok(self.ended()?.orphans.clone())
    }

    /// Waits for the end of the run.
    fn ended(&self) -> Result<MutexGuard<'_, State>, Failed> {
        let mut state = self.state();
        loop {
            match &state.over {
                Some(None) => return Ok(state),
                Some(Some(why)) => return Err(why.clone().into()),
                None => state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner),
            }
        }
    }

    fn start(self: &Arc<Self>) {
        let mut state = self.state();
        if std::mem::replace(&mut state.started, true) {
            return;
        }
        let (wanted, jobs) = (state.wanted.clone(), state.jobs);
        drop(state);
        let board = Arc::clone(self);
        let spawned = std::thread::Builder::new().name("iamspec-run".into()).spawn(move || {
            // However the run ends, nobody may wait for ever.
            let ended = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| board.run(&wanted, jobs)));
            board.end(ended.unwrap_or_else(|_| Err("iamspec itself broke, see above".into())).err());
        });
        if let Err(why) = spawned {
            self.end(Some(format!("no thread for the run: {why}")));
        }
    }

    fn end(&self, why: Option<String>) {
        self.state().over = Some(why);
        self.changed.notify_all();
    }

    /// Runs what is wanted, one configuration after the other.
    fn run(&self, wanted: &BTreeSet<usize>, jobs: Option<usize>) -> Result<(), String> {
        let launch = Launch { jobs, ..self.plan.launch.clone() };
        let ready = launch.start(&self.plan.corpus, None).map_err(|why| why.to_string())?;
        let today = crate::reference::context::iso_date(time::OffsetDateTime::now_utc().unix_timestamp());
        let mut judge = self.plan.baseline.as_ref().map(|b| Judge::new(b, today.get(..10).unwrap_or_default()));
        for target in &ready.targets {
            for configuration in &target.configurations {
                let is_wanted = |(i, pair): &(usize, &Pair)| pair.configuration == *configuration && wanted.contains(i);
                let pairs = self.plan.pairs.iter().enumerate().filter(is_wanted);
                let cases: Vec<_> = pairs.filter_map(|(_, pair)| self.plan.corpus.case(&pair.case)).collect();
                if cases.is_empty() {
                    continue;
                }
                let mut only = target.clone();
                only.configurations = vec![*configuration];
                run(&[only], &cases, &ready.options, &mut |event| {
                    self.take(event, judge.as_mut());
                    true
                })
                .map_err(|why| why.to_string())?;
            }
        }
        let Some(book) = &ready.book else { return Ok(()) };
        let whole = launch.is_whole_reference() && wanted.len() == self.plan.pairs.len();
        if whole {
            self.state().orphans = book.orphans();
        }
        // Under cargo nextest each case is a process: none of them knows a whole file.
        if variable("NEXTEST").is_none() {
            book.close(whole).map_err(|why| format!("cannot offer snapshots for review: {why}"))?;
        }
        Ok(())
    }

    fn take(&self, mut event: Event, judge: Option<&mut Judge<'_>>) {
        if let Some(judge) = judge {
            judge.event(&mut event);
        }
        let mut state = self.state();
        match event {
            Event::Case(record) => drop(state.records.insert((record.case.clone(), record.configuration.clone()), *record)),
            Event::Check(check) => state.checks.push(check),
            Event::Leftover(leftover) => state.leftovers.push(leftover),
            Event::RunStarted(_) | Event::Capability(_) | Event::Finding(_) | Event::Note { .. } | Event::RunFinished(_) => {}
        }
        drop(state);
        self.changed.notify_all();
    }
}
