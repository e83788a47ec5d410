//! A run on the embedded reference, in this process: in all configurations, program by program, on all threads.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::rc::Rc;
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use super::settle::{Desk, Taken};
use super::{CampaignError, Files, Limits, News, Options, Sink, Source, Tally, only};
use crate::case::Case;
use crate::dialect::Configuration;
use crate::fuzz::bench::Bench;
use crate::fuzz::decode::program;
use crate::fuzz::executor::{Focus, Ran};
use crate::fuzz::triage::OnReference;

/// Between two looks at how far it is.
const BEAT: Duration = Duration::from_millis(250);

/// Between two writings of the state.
const STORED: Duration = Duration::from_secs(5);

/// What all threads share.
struct Shared {
    tally: Tally,
    next: u64,
    running: BTreeSet<u64>,
    told: Instant,
    stored: Instant,
    failed: Option<CampaignError>,
}

struct Run<'r> {
    configurations: &'r [Configuration],
    options: &'r Options,
    sink: Sink<'r>,
    source: Source,
    files: Files,
    limits: Limits,
    earlier: u64,
    shared: Mutex<Shared>,
}

/// Runs programs on the sound reference: it must have no findings.
///
/// # Errors
/// When what was asked for makes no sense, or something of ours broke.
pub fn on_reference(configurations: &[Configuration], options: &Options, sink: Sink<'_>) -> Result<Tally, CampaignError> {
    let files = Files::open(options)?;
    let names: Vec<String> = configurations.iter().map(Configuration::to_string).collect();
    let earlier = files.resume(options.seed, "reference", &names)?;
    let fresh = Tally { target: "reference".into(), configurations: names, seed: options.seed, ..Tally::default() };
    let tally = earlier.unwrap_or(fresh);
    let now = Instant::now();
    let run = Run {
        configurations,
        options,
        sink,
        source: Source::new(options.seed, files.programs()?),
        limits: Limits::new(options, &tally),
        files,
        earlier: tally.millis,
        shared: Mutex::new(Shared { next: tally.next, tally, running: BTreeSet::new(), told: now, stored: now, failed: None }),
    };
    thread::scope(|scope| {
        for _ in 0..options.jobs.max(1) {
            scope.spawn(|| {
                if let Err(why) = run.work() {
                    run.lock().failed.get_or_insert(why);
                }
            });
        }
    });
    let millis = run.earlier + run.limits.millis();
    let (mut tally, next) = {
        let mut shared = run.lock();
        if let Some(why) = shared.failed.take() {
            return Err(why);
        }
        (std::mem::take(&mut shared.tally), shared.next)
    };
    tally.next = next;
    tally.millis = millis;
    run.files.store(&tally).map_err(unwritten)?;
    let tally = RefCell::new(tally);
    run.settle(&tally)?;
    let mut tally = tally.into_inner();
    tally.stopped = run.limits.interrupted().then(|| "interrupted".into());
    let files = &run.files;
    files.store(&tally).map_err(unwritten)?;
    files.event("finished", &tally).map_err(unwritten)?;
    Ok(tally)
}

pub(super) fn unwritten(why: std::io::Error) -> CampaignError {
    CampaignError::Broken(format!("cannot write into the folder of the run: {why}"))
}

fn runtime() -> Result<Rc<tokio::runtime::Runtime>, CampaignError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
    runtime.map(Rc::new).map_err(|e| CampaignError::Broken(format!("no runtime can be made: {e}")))
}

impl Run<'_> {
    fn lock(&self) -> std::sync::MutexGuard<'_, Shared> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What one thread does.
    fn work(&self) -> Result<(), CampaignError> {
        let mut benches = self.benches(&runtime()?, self.options.seed)?;
        while let Some(number) = self.take() {
            let at = usize::try_from(number % benches.len() as u64).unwrap_or_default();
            let bench = &mut benches[at];
            if bench.place.ground.actions.is_empty() {
                self.lock().running.remove(&number);
                continue;
            }
            let bytes = self.source.bytes(number);
            let case = program(&bytes, &bench.place.ground, &format!("{:x}/{number}", self.options.seed));
            let ran = bench.wait(&case, Focus::All).map_err(|why| CampaignError::Broken(format!("{}: {why}", case.id)))?;
            self.done(number, self.configurations[at], &case, &bytes, &ran)?;
        }
        Ok(())
    }

    /// A reference to run programs on for each configuration.
    fn benches(&self, runtime: &Rc<tokio::runtime::Runtime>, seed: u64) -> Result<Vec<Bench>, CampaignError> {
        let run = crate::runner::run::run_part(seed);
        let mut benches = Vec::new();
        for configuration in self.configurations {
            let certificates = std::sync::Arc::clone(&self.options.certificates);
            let bench = Bench::new(*configuration, &run, certificates, self.options.oracles.clone(), Rc::clone(runtime));
            let mut bench = bench.map_err(CampaignError::Broken)?;
            bench.breaking(self.options.faults.clone());
            // Cases that serve to make things are in every dialect; what is asked for may not be.
            bench.place.ground.actions = only(&bench.place.ground.actions, &self.options.actions)
                .or_else(|why| if self.configurations.len() > 1 { Ok(Vec::new()) } else { Err(why) })?;
            benches.push(bench);
        }
        if benches.iter().all(|b| b.place.ground.actions.is_empty()) {
            only(&[], &self.options.actions)?;
        }
        Ok(benches)
    }

    /// Goes the whole way with what was found.
    fn settle(&self, tally: &RefCell<Tally>) -> Result<(), CampaignError> {
        let desk = Desk::new(self.options, self.sink, &self.files, &self.limits, tally.borrow().millis);
        let waiting = desk.waiting(&tally.borrow());
        if waiting.is_empty() {
            return Ok(());
        }
        let runtime = runtime()?;
        // Other names than the programs had.
        let mut benches = self.benches(&runtime, crate::runner::run::fresh_seed())?;
        let mut triages = Vec::new();
        let mut targets = Vec::new();
        for configuration in self.configurations {
            triages.push(desk.triage(*configuration)?);
            let target = OnReference::new(*configuration, std::sync::Arc::clone(&self.options.certificates));
            targets.push(target.map_err(CampaignError::Broken)?.faulty(self.options.faults.clone()));
        }
        for (n, place) in waiting.iter().enumerate() {
            if desk.over() {
                break;
            }
            let number = tally.borrow().findings[*place].program;
            let at = usize::try_from(number % benches.len() as u64).unwrap_or_default();
            let bytes = self.files.program(place + 1).map_err(unwritten)?;
            let case = program(&bytes, &benches[at].place.ground, &format!("{:x}/{number}", self.options.seed));
            let hands = (&mut benches[at], &mut targets[at]);
            let of = (n + 1, waiting.len());
            let taken = desk.take(tally, (*place, of), &case, &mut triages[at], hands, async || false);
            if runtime.block_on(taken)? == Taken::Waits {
                break;
            }
        }
        Ok(())
    }

    /// The number of the next program; none: the run is over.
    fn take(&self) -> Option<u64> {
        let mut shared = self.lock();
        if self.limits.over(shared.tally.calls) || shared.failed.is_some() {
            return None;
        }
        let number = shared.next;
        shared.next += 1;
        shared.running.insert(number);
        Some(number)
    }

    fn done(&self, number: u64, configuration: Configuration, case: &Case, bytes: &[u8], ran: &Ran) -> Result<(), CampaignError> {
        let mut shared = self.lock();
        shared.running.remove(&number);
        let (new, reached) = shared.tally.take(configuration, number, ran, &self.options.about.repeats);
        if reached {
            self.files.keep(bytes).map_err(unwritten)?;
        }
        let known = shared.tally.findings.len() - new.len();
        for (i, found) in new.iter().enumerate() {
            self.files.found(known + i + 1, found, case, bytes).map_err(unwritten)?;
            (self.sink)(News::Found(found, case));
        }
        if shared.told.elapsed() >= BEAT {
            shared.told = Instant::now();
            shared.tally.millis = self.earlier + self.limits.millis();
            // What is under way counts as not run.
            shared.tally.next = shared.running.first().copied().unwrap_or(shared.next);
            (self.sink)(News::Progress(&shared.tally));
            if shared.stored.elapsed() >= STORED {
                shared.stored = Instant::now();
                self.files.store(&shared.tally).map_err(unwritten)?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::fuzz::Oracles;
    use crate::fuzz::campaign::About;
    use crate::reference::Faults;
    use crate::runner::embedded::{CONFIGURATIONS, Certificates};

    fn options(calls: u64, out: Option<std::path::PathBuf>) -> Options {
        Options {
            seed: 11,
            time: None,
            calls: Some(calls),
            actions: vec!["*User".into()],
            oracles: Oracles::default(),
            jobs: 1,
            corpus: out.as_ref().map(|o| o.join("corpus")),
            out,
            restart: None,
            certificates: Arc::new(Certificates),
            keep: false,
            about: About { name: "reference".into(), ..About::default() },
            faults: Faults::default(),
        }
    }

    #[test]
    fn a_run_goes_on_where_it_stopped_and_keeps_what_reached_something_new() {
        let dir = std::env::temp_dir().join(format!("iamspec-fuzz-here-{}", std::process::id()));
        let run = |calls| on_reference(&CONFIGURATIONS[2..3], &options(calls, Some(dir.clone())), &|_| {}).expect("runs");
        let first = run(200);
        assert!(first.calls >= 200 && first.programs > 0 && first.findings.is_empty());
        assert!(std::fs::read_dir(dir.join("corpus")).expect("a corpus").count() > 3);
        let second = run(400);
        assert!(second.programs > first.programs && second.next > first.next && second.calls >= 400);
        let other = Options { seed: 12, ..options(500, Some(dir.clone())) };
        let refused = on_reference(&CONFIGURATIONS[2..3], &other, &|_| {}).expect_err("another seed");
        assert!(refused.to_string().contains("belongs to a run with seed 11"), "{refused}");
        std::fs::remove_dir_all(dir).expect("removed");
    }
}
