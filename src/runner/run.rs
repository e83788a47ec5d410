//! A run: targets, capability pass, cases side by side, and the events that tell of it.

use std::cell::RefCell;
use std::io;
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::StreamExt as _;
use futures_util::stream;

use super::capability::{PassError, missing, pass};
use super::checks::Checks;
use super::cleanup::Left;
use super::journal::Journal;
use super::redact::Redactor;
use super::repeat;
use super::session::{Session, SessionError, plain};
use super::state::State;
use super::token::SharedToken;
use super::trial::{self, Manners, TrialResult};
use crate::api::{Level, Req};
use crate::case::{Case, CertSource, Setting, Tamper};
use crate::dialect::Configuration;
use crate::plan::{AUTH_FAILURE, Disposition, OptIn, Place, Shard, Trial, plan};
use crate::report::event::{Capability, CaseRecord, Event, Leftover, RunFinished, RunStarted, TargetRecord};
use crate::snapshot::Snapshots;
use crate::target::Target;
use crate::verdict::{Status, Verdict};

/// Failed authentications that a run off this machine may cause when it was asked for them and the profile has no bound: few enough
/// not to be taken for an attack.
const OPTED_IN: u32 = 20;

/// How long somebody who has stopped a run at once waits for the logout.
const LAST_WORD: Duration = Duration::from_secs(2);

/// An endpoint and what to run on it.
#[derive(Clone, Debug)]
pub struct TargetRun {
    /// The endpoint.
    pub target: Target,
    /// Configurations.
    pub configurations: Vec<Configuration>,
    /// Folder for journals and locks; none: the user's own.
    pub state: Option<PathBuf>,
}

/// How to run.
#[derive(Clone)]
pub struct Options {
    /// Unique part of this run's names.
    pub run: String,
    /// Seed it was made of.
    pub seed: u64,
    /// Cases at a time; none: what the profile says.
    pub jobs: Option<usize>,
    /// From which level on a failure counts.
    pub level: Level,
    /// Leave everything where it is.
    pub keep: bool,
    /// Keep the exchanges of passing cases too.
    pub exchanges: bool,
    /// Use what a pass of the last ten minutes learnt of the target, if there was one.
    pub cached_capabilities: bool,
    /// Groups of cases asked for.
    pub opt_in: OptIn,
    /// Test certificates.
    pub certificates: Arc<dyn CertSource>,
    /// The command that repeats a run, without configuration and case: [`repeat::command`] adds them.
    pub repeat: String,
    /// Digest of the case files.
    pub suite: String,
    /// Which part of a run this is.
    pub shard: Option<Shard>,
    /// What the answers are held against beside the expectations; none: nothing.
    pub snapshots: Option<Arc<Snapshots>>,
}

/// No run can be made. Nothing was sent, or nothing that left anything behind.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// Journals and locks cannot be kept.
    #[error("cannot keep a journal for {endpoint}: {why}")]
    State {
        /// URL.
        endpoint: String,
        /// What the system says.
        why: io::Error,
    },
    /// The target cannot be talked to.
    #[error("cannot talk to {endpoint}: {why}")]
    Client {
        /// URL.
        endpoint: String,
        /// What is wrong.
        why: String,
    },
    /// The target was not reached.
    #[error("target {name} was not reached: {why}")]
    Unreached {
        /// Name of the target.
        name: String,
        /// What happened.
        why: SessionError,
    },
    /// The session cannot begin: the login is refused, or leads elsewhere.
    #[error(transparent)]
    Session(SessionError),
    /// The target refuses the credentials.
    #[error(transparent)]
    Pass(PassError),
}

impl RunError {
    /// Why the first calls of a session did not come about.
    pub fn of_session(target: &Target, why: SessionError) -> RunError {
        match why {
            SessionError::Unreached(_) | SessionError::Gone(_) => RunError::Unreached { name: target.profile.name.clone(), why },
            why => RunError::Session(why),
        }
    }
}

/// Takes each event; `false`: stop, no more cases are started.
pub type Sink<'a> = &'a mut dyn FnMut(Event) -> bool;

/// Runs cases on targets, one target after the other, and tells of everything through `sink`. Ctrl-C stops it: cases under way are
/// finished and cleaned up; a second one ends it at once and leaves the rest to `sweep`.
///
/// # Errors
/// When a run cannot be begun on one of the targets.
pub fn run(targets: &[TargetRun], cases: &[&Case], options: &Options, sink: Sink<'_>) -> Result<(), RunError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|e| RunError::Client { endpoint: "the target".into(), why: e.to_string() })?;
    let began = Instant::now();
    let trials = targets.iter().map(|t| t.configurations.len() * cases.len()).sum();
    let go_on = sink(Event::RunStarted(started(targets, trials, options)));
    let flow = Flow { sink: RefCell::new(sink), go_on: RefCell::new(go_on), stopped: RefCell::new(None), token: RefCell::new(None) };
    let mut finished = RunFinished::default();
    let outcome: Result<(), RunError> = runtime.block_on(async {
        let all = async {
            for run in targets {
                if flow.goes_on() {
                    finished.calls += on_target(run, cases, options, &flow).await?;
                }
            }
            Ok(())
        };
        let outcome = tokio::select! {
            result = all => result,
            () = interrupted_twice(&flow) => Ok(()),
        };
        if let Some(token) = flow.token.take() {
            let _ = tokio::time::timeout(LAST_WORD, token.give_back()).await;
        }
        outcome
    });
    finished.millis = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
    finished.stopped = flow.stopped.borrow().clone();
    if outcome.is_err() || finished.stopped.is_some() {
        finished.exit = 3;
    }
    if let Err(why) = &outcome {
        finished.stopped = Some(why.to_string());
    }
    flow.tell(Event::RunFinished(finished));
    outcome
}

/// The stream of events, and whether it goes on.
struct Flow<'a> {
    sink: RefCell<Sink<'a>>,
    go_on: RefCell<bool>,
    stopped: RefCell<Option<String>>,
    /// The login token of the session under way, to be given back whatever happens to the session.
    token: RefCell<Option<Rc<SharedToken>>>,
}

impl Flow<'_> {
    fn tell(&self, event: Event) {
        if !(*self.sink.borrow_mut())(event) {
            *self.go_on.borrow_mut() = false;
        }
    }

    fn goes_on(&self) -> bool {
        *self.go_on.borrow() && self.stopped.borrow().is_none()
    }
}

/// Ends at the second Ctrl-C; the first one lets no more cases start.
async fn interrupted_twice(flow: &Flow<'_>) {
    for text in ["interrupted: cases under way are finished and cleaned up; once more to stop at once", "interrupted twice"] {
        if tokio::signal::ctrl_c().await.is_err() {
            // Without a handler the system ends the process, and `sweep` does the rest.
            std::future::pending::<()>().await;
        }
        *flow.stopped.borrow_mut() = Some("interrupted".into());
        flow.tell(Event::Note { text: text.into() });
    }
}

fn started(targets: &[TargetRun], trials: usize, options: &Options) -> RunStarted {
    let record = |run: &TargetRun| TargetRecord {
        name: run.target.profile.name.clone(),
        version: run.target.profile.version.clone(),
        endpoint: run.target.url(),
        dialect: run.target.profile.dialect,
        configurations: run.configurations.iter().map(Configuration::to_string).collect(),
    };
    let now = time::OffsetDateTime::now_utc().unix_timestamp();
    RunStarted {
        version: env!("CARGO_PKG_VERSION").into(),
        run: options.run.clone(),
        seed: options.seed,
        started: crate::reference::context::iso_date(now),
        targets: targets.iter().map(record).collect(),
        trials,
        jobs: targets.iter().map(|t| jobs(t, options)).max().unwrap_or(1),
        level: options.level,
        suite: options.suite.clone(),
        shard: options.shard,
    }
}

fn jobs(run: &TargetRun, options: &Options) -> usize {
    options.jobs.unwrap_or(run.target.profile.jobs).max(1)
}

/// Runs everything on one target; the number of calls sent.
async fn on_target(run: &TargetRun, cases: &[&Case], options: &Options, flow: &Flow<'_>) -> Result<usize, RunError> {
    let endpoint = run.target.url();
    let no_state = |why| RunError::State { endpoint: endpoint.clone(), why };
    let state = State::open(&endpoint, run.state.as_deref()).map_err(no_state)?;
    let journal = Journal::create(&state, &endpoint, &options.run).map_err(no_state)?;
    let session = Session::new(run.target.clone(), journal, Rc::new(Redactor::new()));
    let session = session.map_err(|why| RunError::Client { endpoint: endpoint.clone(), why })?;
    flow.token.replace(session.token());
    let done = in_session(run, &session, &state, cases, options, flow).await;
    let calls = session.calls.get();
    let closed = session.close().await;
    flow.token.replace(None);
    done?;
    if let Some(text) = closed.map_err(no_state)? {
        flow.tell(Event::Note { text });
    }
    Ok(calls)
}

/// Runs everything in a session, which stays open.
async fn in_session(
    run: &TargetRun,
    session: &Session,
    state: &State,
    cases: &[&Case],
    options: &Options,
    flow: &Flow<'_>,
) -> Result<(), RunError> {
    session.log_in().await.map_err(|why| RunError::of_session(&run.target, why))?;
    let capabilities = learn(run, session, state, options, flow).await?;
    let missing = missing(&capabilities);
    let opt_in = if run.target.embedded { OptIn::ALL } else { options.opt_in };
    let place = Place { profile: &run.target.profile, loopback: run.target.loopback(), opt_in, missing: &missing };
    let (mut side_by_side, mut last) = (Vec::new(), Vec::new());
    for trial in plan(cases, &place, &run.configurations) {
        match &trial.disposition {
            Disposition::Skip(why) => flow.tell(Event::Case(Box::new(skipped(run, &trial, why, options)))),
            Disposition::Run if trial.case.tags.iter().any(|t| t == AUTH_FAILURE) => last.push(trial),
            Disposition::Run => side_by_side.push(trial),
        }
    }

    let manners = Manners {
        // The configuration is part of every name.
        settings: (run.configurations.iter().enumerate())
            .map(|(i, c)| (*c, Arc::new(setting(&run.target, format!("{}{i}", options.run), Arc::clone(&options.certificates)))))
            .collect(),
        keep: options.keep,
        records: true,
        exchanges: options.exchanges,
        repeat: options.repeat.clone(),
        snapshots: options.snapshots.clone(),
    };
    let checks = RefCell::new(Checks::default());
    let one = async |trial: Trial<'_>| {
        if !flow.goes_on() {
            return;
        }
        let result = match guarded(state, session, &trial, &manners).await {
            Ok(result) => result,
            Err(why) => {
                let verdict = Verdict::new(Status::Error, &why.to_string());
                TrialResult { record: untried(run, &trial, verdict, options), findings: Vec::new(), left: Vec::new() }
            }
        };
        checks.borrow_mut().add(&result.record, &result.findings);
        let configuration = trial.configuration;
        flow.tell(Event::Case(Box::new(result.record)));
        for left in result.left {
            flow.tell(Event::Leftover(leftover(session, left, configuration)));
        }
    };
    stream::iter(side_by_side.into_iter().map(&one)).buffer_unordered(jobs(run, options)).collect::<()>().await;
    for trial in last {
        match within_budget(run, state, &trial) {
            Ok(true) => one(trial).await,
            Ok(false) => {
                let why = "the budget for failed authentications is used up";
                flow.tell(Event::Case(Box::new(skipped(run, &trial, why, options))));
            }
            Err(why) => return Err(RunError::State { endpoint: run.target.url(), why }),
        }
    }
    for check in checks.into_inner().records(&run.target.profile) {
        flow.tell(Event::Check(check));
    }
    if let Some(why) = session.gone() {
        let text = format!(
            "the target no longer answers: {why}; what cases had made there is in the journal, for `iamspec sweep` when it is back"
        );
        flow.tell(Event::Note { text });
    }
    Ok(())
}

/// What the target has: nothing is asked of the embedded reference.
async fn learn(run: &TargetRun, session: &Session, state: &State, options: &Options, flow: &Flow<'_>) -> Result<Vec<Capability>, RunError> {
    if run.target.embedded {
        return Ok(Vec::new());
    }
    if options.cached_capabilities
        && let Some(known) = state.cached_capabilities().and_then(|text| serde_json::from_str(&text).ok())
    {
        return Ok(known);
    }
    let configuration = plain(run.target.profile.dialect, &run.configurations);
    // The pass counts as one case of many: a serial case must not run beside it.
    let guard = state.shared().await.map_err(|why| RunError::State { endpoint: run.target.url(), why })?;
    let learnt = pass(session, configuration, &options.run, options.certificates.as_ref()).await.map_err(|e| match e {
        PassError::Session(why) => RunError::of_session(&run.target, why),
        refused => RunError::Pass(refused),
    })?;
    drop(guard);
    if let Ok(text) = serde_json::to_string(&learnt.capabilities) {
        // Only a saving: without it, other processes make a pass of their own.
        let _ = state.store_capabilities(&text);
    }
    for capability in &learnt.capabilities {
        flow.tell(Event::Capability(capability.clone()));
    }
    for left in learnt.left {
        flow.tell(Event::Leftover(leftover(session, left, configuration)));
    }
    Ok(learnt.capabilities)
}

/// What templates know of a target in one configuration; `run` is part of every name there.
pub fn setting(target: &Target, run: String, certificates: Arc<dyn CertSource>) -> Setting {
    let profile = target.profile.clone();
    let embedded = target.embedded;
    // The reference keeps AWS's limits where its dialect documents none.
    let aws = move |name: &str| crate::api::model().limit(name, crate::api::DialectId::Aws).filter(|_| embedded);
    Setting {
        run,
        dialect: profile.dialect,
        region: profile.region.clone(),
        account: profile.namespace.clone(),
        second_namespace: profile.second_namespace.clone(),
        limits: Arc::new(move |name| profile.limit(name).or_else(|| aws(name))),
        certificates,
    }
}

/// Runs a trial under the endpoint's lock: alone if it is serial.
async fn guarded(state: &State, session: &Session, trial: &Trial<'_>, manners: &Manners) -> io::Result<TrialResult> {
    let _guard = if trial.case.serial { state.exclusive().await? } else { state.shared().await? };
    Ok(trial::run(session, trial.case, trial.configuration, manners).await)
}

/// Takes the failed authentications of a trial from the budget of the target.
fn within_budget(run: &TargetRun, state: &State, trial: &Trial<'_>) -> io::Result<bool> {
    let Some(budget) = run.target.auth_failures() else { return Ok(true) };
    // Who asks for such cases without naming a bound gets a small one.
    let budget = if run.target.profile.auth_failures.is_none() { OPTED_IN } else { budget };
    let failing = |auth: &Option<Tamper>| auth.as_ref().is_some_and(|a| *a != Tamper::Query);
    let steps = trial.case.steps.iter().filter(|s| failing(&s.auth) || s.principal.is_some()).count().max(1);
    for _ in 0..steps * trial.case.rows.len().max(1) {
        if !state.spend_auth_failure(budget)? {
            return Ok(false);
        }
    }
    Ok(true)
}

fn skipped(run: &TargetRun, trial: &Trial<'_>, why: &str, options: &Options) -> CaseRecord {
    untried(run, trial, Verdict::new(Status::Skip, why), options)
}

fn untried(run: &TargetRun, trial: &Trial<'_>, verdict: Verdict, options: &Options) -> CaseRecord {
    let case = trial.case;
    let first = case.requirements.first().map(|r| r.get().level(trial.configuration.dialect));
    CaseRecord {
        case: case.id.clone(),
        configuration: trial.configuration.to_string(),
        target: run.target.profile.name.clone(),
        title: case.title.clone(),
        loc: case.loc.to_string(),
        requirements: case.requirements.iter().copied().map(Req::id).map(str::to_owned).collect(),
        level: first.unwrap_or(Level::May),
        verdict,
        steps: Vec::new(),
        millis: 0,
        waited_millis: 0,
        repeat: repeat::command(&options.repeat, &run.target, trial.configuration, &case.id),
    }
}

fn leftover(session: &Session, left: Left, configuration: Configuration) -> Leftover {
    let case = left.trial.strip_suffix(&format!(" {configuration}")).unwrap_or(&left.trial).to_owned();
    Leftover {
        target: session.target.profile.name.clone(),
        kind: left.kind.to_owned(),
        name: session.redactor.redact(&left.name),
        why: session.redactor.redact(&left.why),
        case,
        known: None,
    }
}

/// A run's part in names, from a seed: short, and different for different seeds.
pub fn run_part(seed: u64) -> String {
    let mut text = String::new();
    let mut rest = seed;
    for _ in 0..5 {
        let digit = u32::try_from(rest % 36).unwrap_or_default();
        text.extend(char::from_digit(digit, 36));
        rest /= 36;
    }
    text
}

/// A seed from the clock and the process, for runs that are given none.
pub fn fresh_seed() -> u64 {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or(Duration::ZERO);
    let mut ids = crate::reference::Ids::new(u64::from(now.subsec_nanos()) ^ now.as_secs() ^ (u64::from(std::process::id()) << 32));
    ids.next_u64() % 36u64.pow(5)
}
