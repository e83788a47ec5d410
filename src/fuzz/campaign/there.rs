//! A run on a foreign target, over the network.

use std::cell::{Cell, RefCell};
use std::io;
use std::process::Command;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::StreamExt as _;
use futures_util::stream;

use super::here::unwritten;
use super::seat::{Cases, Programs, Seat};
use super::settle::{Desk, Taken};
use super::{CampaignError, Files, Limits, News, Options, Sink, Source, Tally, only};
use crate::dialect::{Call, Configuration};
use crate::fuzz::decode::program;
use crate::fuzz::executor::{Executor, Focus, Stop};
use crate::fuzz::live::{Live, Place};
use crate::fuzz::place;
use crate::runner::capability::{missing, pass};
use crate::runner::journal::Journal;
use crate::runner::redact::Redactor;
use crate::runner::run::{RunError, TargetRun, fresh_seed, run_part};
use crate::runner::session::{Manner, Session, plain};
use crate::runner::state::State;

/// How long a target that was restarted may take until it answers.
const BACK: Duration = Duration::from_secs(60);

/// Between two writings of the state.
const STORED: Duration = Duration::from_secs(2);

/// How often a target is brought back in one run.
const RESTARTS: usize = 200;

/// How often a target is brought back for one finding.
const DEATHS: usize = 12;

/// Actions that the target does not have, once that was learnt.
type Known = Option<std::collections::BTreeMap<String, String>>;

/// What goes on beside the programs.
struct Flow<'f> {
    options: &'f Options,
    sink: Sink<'f>,
    files: Files,
    source: Source,
    limits: Limits,
    earlier: u64,
    tally: RefCell<Tally>,
    next: RefCell<u64>,
    running: RefCell<std::collections::BTreeSet<u64>>,
    told: RefCell<Instant>,
    failed: RefCell<Option<CampaignError>>,
}

/// Fuzzes a target until time or calls are used up.
///
/// # Errors
/// When the target may not be fuzzed or cannot be reached, or something of ours broke.
pub fn on_target(run: &TargetRun, options: &Options, sink: Sink<'_>) -> Result<Tally, CampaignError> {
    let profile = &run.target.profile;
    if !run.target.loopback() && !profile.fuzzing {
        return Err(CampaignError::Usage(format!(
            "{} is not on this machine and its profile does not allow fuzzing, so nothing was sent; where it may be fuzzed, write \
             fuzzing = true into the profile of {}",
            run.target.url(),
            profile.name
        )));
    }
    let files = Files::open(options)?;
    let names: Vec<String> = run.configurations.iter().map(Configuration::to_string).collect();
    let url = run.target.url();
    let earlier = files.resume(options.seed, &url, &names)?;
    let fresh = Tally { target: url, configurations: names, seed: options.seed, ..Tally::default() };
    let tally = earlier.unwrap_or(fresh);
    let flow = Flow {
        options,
        sink,
        source: Source::new(options.seed, files.programs()?),
        limits: Limits::new(options, &tally),
        files,
        earlier: tally.millis,
        next: RefCell::new(tally.next),
        tally: RefCell::new(tally),
        running: RefCell::default(),
        told: RefCell::new(Instant::now()),
        failed: RefCell::new(None),
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|e| CampaignError::Broken(format!("no runtime can be made: {e}")))?;
    runtime.block_on(async {
        let known = flow.sessions(run).await?;
        {
            let mut tally = flow.tally.borrow_mut();
            tally.next = *flow.next.borrow();
            tally.millis = flow.earlier + flow.limits.millis();
            flow.files.store(&tally).map_err(unwritten)?;
        }
        if flow.tally.borrow().stopped.is_none() { flow.settle(run, known).await } else { Ok(()) }
    })?;
    let mut tally = flow.tally.take();
    if flow.limits.interrupted() {
        tally.stopped = Some("interrupted".into());
    }
    flow.files.store(&tally).map_err(unwritten)?;
    flow.files.event("finished", &tally).map_err(unwritten)?;
    Ok(tally)
}

fn unkept(run: &TargetRun, why: &io::Error) -> CampaignError {
    CampaignError::Broken(format!("cannot keep a journal for {}: {why}", run.target.url()))
}

/// A session with a journal of its own.
async fn session(run: &TargetRun, state: &State, name: &str) -> Result<Session, CampaignError> {
    let journal = Journal::create(state, &run.target.url(), name).map_err(|e| unkept(run, &e))?;
    let session = Session::new(run.target.clone(), journal, Rc::new(Redactor::new())).map_err(CampaignError::Broken)?;
    session.log_in().await.map_err(|why| CampaignError::Broken(RunError::of_session(&run.target, why).to_string()))?;
    Ok(session)
}

impl Flow<'_> {
    /// One session after the other: a target that goes away is brought back, if a command can do that.
    async fn sessions(&self, run: &TargetRun) -> Result<Known, CampaignError> {
        let broken = |e| unkept(run, &e);
        let state = State::open(&run.target.url(), run.state.as_deref()).map_err(broken)?;
        let mut known = None;
        for time in 0..=RESTARTS {
            // Journals of sessions that the target did not survive stay, for `sweep`.
            // Not of the seed: what an earlier run with it could not remove has other names.
            let part = run_part(fresh_seed());
            let session = session(run, &state, &format!("{part}f{time}")).await?;
            let places = self.places(run, &session, &state, &part, &mut known).await?;
            self.programs(&session, &state, &places).await;
            let gone = session.gone();
            match gone {
                None => {
                    if let Some(note) = session.close().await.map_err(broken)? {
                        (self.sink)(News::Note(&note));
                    }
                }
                Some(why) => {
                    drop(session);
                    if !self.bring_back(run, &why).await {
                        return Ok(known);
                    }
                }
            }
            if let Some(why) = self.failed.take() {
                return Err(why);
            }
            if self.limits.over(self.tally.borrow().calls) {
                break;
            }
        }
        Ok(known)
    }

    /// Goes the whole way with what was found, one after the other.
    async fn settle(&self, run: &TargetRun, mut known: Known) -> Result<(), CampaignError> {
        let desk = Desk::new(self.options, self.sink, &self.files, &self.limits, self.tally.borrow().millis);
        let waiting = desk.waiting(&self.tally.borrow());
        if waiting.is_empty() || desk.over() {
            return Ok(());
        }
        let broken = |e| unkept(run, &e);
        let state = State::open(&run.target.url(), run.state.as_deref()).map_err(broken)?;
        // Other names than the programs had.
        let part = run_part(fresh_seed());
        let first = session(run, &state, &format!("{part}t0")).await?;
        let places = self.places(run, &first, &state, &part, &mut known).await?;
        let seat = Seat::new(&state, first);
        let returns = Cell::new(0_usize);
        let allowed = Cell::new(0_usize);
        let revive = async || {
            if allowed.get() == 0 || returns.get() >= RESTARTS {
                return false;
            }
            allowed.set(allowed.get() - 1);
            returns.set(returns.get() + 1);
            let why = seat.session().gone().unwrap_or_default();
            if !self.bring_back(run, &why).await {
                return false;
            }
            match session(run, &state, &format!("{part}t{}", returns.get())).await {
                Ok(next) => {
                    seat.put(next);
                    true
                }
                Err(why) => {
                    self.tally.borrow_mut().stopped = Some(why.to_string());
                    false
                }
            }
        };
        let mut triages = Vec::new();
        for place in &places {
            triages.push(desk.triage(place.configuration)?);
        }
        for (n, index) in waiting.iter().enumerate() {
            if desk.over() {
                break;
            }
            let number = self.tally.borrow().findings[*index].program;
            let at = usize::try_from(number % places.len() as u64).unwrap_or_default();
            let place = &places[at];
            let bytes = self.files.program(index + 1).map_err(unwritten)?;
            let case = program(&bytes, &place.ground, &format!("{:x}/{number}", self.options.seed));
            let mut programs = Programs { seat: &seat, place };
            let (run, certificates) = (part.clone(), Arc::clone(&self.options.certificates));
            let mut cases = Cases { seat: &seat, configuration: place.configuration, run, certificates, revive };
            allowed.set(DEATHS);
            let of = (n + 1, waiting.len());
            let hands = (&mut programs, &mut cases);
            let taken = desk.take(&self.tally, (*index, of), &case, &mut triages[at], hands, revive).await?;
            // What the last run of it has killed is brought back for the next.
            allowed.set(1);
            if taken == Taken::Waits || (seat.session().gone().is_some() && !revive().await) {
                break;
            }
        }
        if let Some(last) = seat.into_session()
            && last.gone().is_none()
            && let Some(note) = last.close().await.map_err(broken)?
        {
            (self.sink)(News::Note(&note));
        }
        Ok(())
    }

    /// What programs are made of in each configuration: what the target has is learnt once.
    async fn places(
        &self,
        run: &TargetRun,
        session: &Session,
        state: &State,
        part: &str,
        known: &mut Known,
    ) -> Result<Vec<Place>, CampaignError> {
        if known.is_none() {
            let _guard = state.shared().await.map_err(unwritten)?;
            let configuration = plain(run.target.profile.dialect, &run.configurations);
            let learnt = pass(session, configuration, part, self.options.certificates.as_ref()).await;
            let learnt = learnt.map_err(|why| CampaignError::Broken(why.to_string()))?;
            for left in &learnt.left {
                (self.sink)(News::Note(&format!(
                    "the {} {} of the capability pass could not be removed: {}",
                    left.kind, left.name, left.why
                )));
            }
            *known = Some(missing(&learnt.capabilities));
        }
        let gaps = known.clone().unwrap_or_default();
        let mut places = Vec::new();
        for (i, configuration) in run.configurations.iter().enumerate() {
            let certificates = Arc::clone(&self.options.certificates);
            let oracles = self.options.oracles.clone();
            let mut place = place::foreign(*configuration, &run.target, &format!("{part}{i}"), certificates, oracles, &gaps);
            place.ground.actions = only(&place.ground.actions, &self.options.actions)?;
            place.keep = self.options.keep;
            places.push(place);
        }
        Ok(places)
    }

    /// Runs programs side by side until the run is over or the target is gone.
    async fn programs(&self, session: &Session, state: &State, places: &[Place]) {
        let numbers = stream::unfold((), |()| async move { self.take().map(|number| (number, ())) });
        let one = async |number: u64| {
            if session.gone().is_some() {
                return;
            }
            let at = usize::try_from(number % places.len() as u64).unwrap_or_default();
            if let Err(why) = self.program(session, state, &places[at], number).await {
                self.failed.borrow_mut().get_or_insert(why);
            }
        };
        let until = numbers.take_while(|_| std::future::ready(session.gone().is_none()));
        until.map(one).buffer_unordered(self.options.jobs.max(1)).collect::<()>().await;
        self.running.borrow_mut().clear();
    }

    fn take(&self) -> Option<u64> {
        if self.limits.over(self.tally.borrow().calls) || self.failed.borrow().is_some() {
            return None;
        }
        let number = *self.next.borrow();
        *self.next.borrow_mut() += 1;
        self.running.borrow_mut().insert(number);
        Some(number)
    }

    async fn program(&self, session: &Session, state: &State, place: &Place, number: u64) -> Result<(), CampaignError> {
        let bytes = self.source.bytes(number);
        let case = program(&bytes, &place.ground, &format!("{:x}/{number}", self.options.seed));
        let guard = state.shared().await.map_err(unwritten)?;
        let ran = Live { session, place }.run(&case, Focus::All).await;
        drop(guard);
        self.running.borrow_mut().remove(&number);
        let ran = match ran {
            Ok(ran) => ran,
            Err(Stop::Gone(_)) => return Ok(()),
            Err(Stop::Broken(why)) => return Err(CampaignError::Broken(format!("program {number}: {why}"))),
        };
        let (new, reached) = self.tally.borrow_mut().take(place.configuration, number, &ran, &self.options.about.repeats);
        if reached {
            self.files.keep(&bytes).map_err(unwritten)?;
        }
        let known = self.tally.borrow().findings.len() - new.len();
        for (i, found) in new.iter().enumerate() {
            self.files.found(known + i + 1, found, &case, &bytes).map_err(unwritten)?;
            (self.sink)(News::Found(found, &case));
        }
        let mut tally = self.tally.borrow_mut();
        tally.millis = self.earlier + self.limits.millis();
        tally.next = self.running.borrow().first().copied().unwrap_or(*self.next.borrow());
        (self.sink)(News::Progress(&tally));
        if self.told.borrow().elapsed() >= STORED {
            *self.told.borrow_mut() = Instant::now();
            self.files.store(&tally).map_err(unwritten)?;
        }
        Ok(())
    }

    /// Runs the command that brings the target back, and waits until it answers. `false`: it is not back.
    async fn bring_back(&self, run: &TargetRun, why: &str) -> bool {
        let Some(command) = &self.options.restart else {
            let text = format!("the target no longer answers: {why}; with --restart-command the run would go on");
            (self.sink)(News::Note(&text));
            self.tally.borrow_mut().stopped = Some(text);
            return false;
        };
        (self.sink)(News::Note(&format!("the target no longer answers: {why}; {command} is to bring it back")));
        let ended = Command::new("sh").arg("-c").arg(command).status();
        if !ended.as_ref().is_ok_and(std::process::ExitStatus::success) {
            let how = ended.map_or_else(|e| e.to_string(), |s| s.to_string());
            self.tally.borrow_mut().stopped = Some(format!("the restart command {command} failed: {how}"));
            return false;
        }
        let began = Instant::now();
        while began.elapsed() < BACK {
            if answers(run).await {
                return true;
            }
            tokio::time::sleep(Duration::from_millis(300)).await;
        }
        self.tally.borrow_mut().stopped = Some(format!("the target did not answer within {} s of {command}", BACK.as_secs()));
        false
    }
}

/// Whether the target answers a call at all.
async fn answers(run: &TargetRun) -> bool {
    let Ok(state) = State::open(&run.target.url(), run.state.as_deref()) else { return false };
    let Ok(session) = Session::new(run.target.clone(), Journal::in_memory(&state), Rc::new(Redactor::new())) else { return false };
    if session.log_in().await.is_err() {
        return false;
    }
    let configuration = plain(run.target.profile.dialect, &run.configurations);
    let manner = Manner { configuration, principal: None, auth: None, raw: None, trial: "back", scope: None };
    let sent = session.call(&Call::new("ListGroups"), &manner).await;
    sent.is_ok_and(|sent| sent.reply.is_some())
}
