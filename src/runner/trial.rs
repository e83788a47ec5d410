//! Runs one case in one configuration: binds its steps, sends them in order, compares, saves, and cleans up after itself.

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::Value;
use tokio::time::sleep;

use super::cleanup::{Caller, Left, clean};
use super::compare::{Departure, compare};
use super::pages::follow;
use super::record::exchange;
use super::session::{Manner, Sent, Session, SessionError};
use crate::api::{Level, Req, model};
use crate::case::bind::{Bound, Unbound, bind};
use crate::case::{Alternative, Case, Expect, RenderError, Row, Scope, Setting, Step, about_the_whole, filter_owned, lookup};
use crate::dialect::{ApiError, Call, Configuration, Finding, Outcome, Reply};
use crate::report::event::{CaseRecord, StepRecord};
use crate::snapshot::{At, Snapshots, Taker};
use crate::verdict::{Mismatch, Status, Verdict};

/// Before an answer is looked at again within the consistency window; doubled each time.
const FIRST_PAUSE: Duration = Duration::from_millis(250);

/// The longest such pause.
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// How a trial is run.
pub struct Manners {
    /// What templates know of the run and the target, by configuration: two of them share a target but no names.
    pub settings: Vec<(Configuration, Arc<Setting>)>,
    /// Leave everything where it is.
    pub keep: bool,
    /// Keep a record of each call. Without, a result has its verdict and no steps, and nothing in it is masked: for a reference that
    /// has no secrets but made-up ones.
    pub records: bool,
    /// Keep the exchanges of passing cases too.
    pub exchanges: bool,
    /// The command that repeats a run, without configuration and case.
    pub repeat: String,
    /// What the answers are held against beside the expectations; none: nothing.
    pub snapshots: Option<Arc<Snapshots>>,
}

/// What a trial came to.
pub struct TrialResult {
    /// The record, secrets masked.
    pub record: CaseRecord,
    /// Free checks that did not hold, by Action.
    pub findings: Vec<(String, Finding)>,
    /// What could not be removed.
    pub left: Vec<Left>,
}

/// Why a trial ends before its last step.
enum End {
    /// Something did not hold, and what follows builds on it.
    Failed,
    /// The harness or the network broke.
    Error(String),
    /// The target does not offer what the case needs.
    Skip(String),
}

impl From<SessionError> for End {
    fn from(e: SessionError) -> End {
        End::Error(e.to_string())
    }
}

impl From<RenderError> for End {
    fn from(e: RenderError) -> End {
        match &e.unknown_limit {
            Some(limit) => End::Skip(format!("the limit {limit} is not known of this target")),
            None => End::Error(e.to_string()),
        }
    }
}

/// Runs a case. Nothing of it is left on the target afterwards but what the target would not let go, unless `keep` says so.
pub async fn run(session: &Session, case: &Case, configuration: Configuration, manners: &Manners) -> TrialResult {
    let name = format!("{} {configuration}", case.id);
    let began = Instant::now();
    let taker = manners.snapshots.as_ref().map(|s| Taker::new(case, configuration, session.patterns(), s.index()));
    let mut trial = Trial { session, case, configuration, manners, name, taker, work: Work::default() };
    let mut end = Ok(());
    for row in case.rows_on(configuration.dialect) {
        end = trial.row(row).await;
        if !matches!(end, Ok(()) | Err(End::Failed)) {
            break;
        }
    }
    let took = began.elapsed();
    let left = if manners.keep { Vec::new() } else { trial.clean_up().await };
    trial.result(end, took, left)
}

struct Trial<'a> {
    session: &'a Session,
    case: &'a Case,
    configuration: Configuration,
    manners: &'a Manners,
    /// What the journal calls it.
    name: String,
    /// Takes the snapshot; none: nothing is to be held against one.
    taker: Option<Taker<'a>>,
    work: Work,
}

/// What has come together so far.
#[derive(Default)]
struct Work {
    steps: Vec<StepRecord>,
    mismatches: Vec<Mismatch>,
    findings: Vec<(String, Finding)>,
    waited: Duration,
    /// What the row that is under way is about, where it says so.
    row: Option<Req>,
    /// When the last call that may have changed something was answered.
    changed: Option<Instant>,
}

impl Trial<'_> {
    async fn row(&mut self, row: Option<&Row>) -> Result<(), End> {
        let setting = self.manners.settings.iter().find(|(c, _)| *c == self.configuration);
        let Some((_, setting)) = setting else { return Err(End::Error(format!("the run does not know {}", self.configuration))) };
        let mut scope = Scope::new(Arc::clone(setting), &self.case.id, row);
        self.work.row = row.and_then(|r| r.requirement);
        if let Some(taker) = &mut self.taker {
            taker.row(row, &scope);
        }
        let mark = row.map(|r| format!("row={}", r.id));
        let case = self.case;
        for (index, step) in case.steps_in(row).enumerate() {
            let step = &*step;
            let other = step.on.get(&self.configuration.dialect);
            if other.is_some_and(|o| o.skip) {
                continue;
            }
            let times = match &step.repeat {
                Some(count) => scope.render_count(count)?,
                None => 1,
            };
            for i in 1..=times {
                scope.set_index(step.repeat.as_ref().map(|_| i));
                let nth = step.repeat.as_ref().map(|_| format!("i={i}"));
                let at = [mark.as_deref(), nth.as_deref()].into_iter().flatten().collect::<Vec<_>>().join(" ");
                self.step(index, step, other, &at, &mut scope).await?;
            }
            scope.set_index(None);
        }
        Ok(())
    }

    async fn step(&mut self, index: usize, step: &Step, other: Option<&Alternative>, at: &str, scope: &mut Scope) -> Result<(), End> {
        let expect = other.and_then(|o| o.expect.as_ref()).unwrap_or(&step.expect);
        let bound = bind(step, other, scope).map_err(|why| self.unbound(index, at, step, scope, why))?;
        let mut pause = FIRST_PAUSE;
        loop {
            let (steps, findings) = (self.work.steps.len(), self.work.findings.len());
            let kept = self.taker.as_ref().map_or(0, Taker::kept);
            let sent = self.send(index, at, step, &bound, scope).await?;
            if model().action(&step.call).is_some_and(|action| action.mutates) {
                self.work.changed = Some(Instant::now());
            }
            let mut result = tree(&sent);
            if let Some(result) = &mut result {
                scope.learn(result);
                if !about_the_whole(&step.call, expect) {
                    filter_owned(&step.call, result, scope);
                }
            }
            let comparison = compare(&step.call, &sent, result.as_ref(), expect, scope);
            if comparison.departures.is_empty() {
                let at = At { step: index, at, principal: step.principal.as_deref(), message: expect.message.is_some() };
                if let (Some(taker), Some(Reply { status, outcome: Ok(outcome), .. })) = (&mut self.taker, &sent.reply) {
                    taker.answer(at, &bound.call, *status, outcome, scope);
                }
                return self.save(index, at.at, step, result.as_ref(), scope);
            }
            if self.unsettled() && may_repeat(step, &sent) {
                // What was changed a moment ago may still be seen as it was: this answer does not count.
                self.work.steps.truncate(steps);
                self.work.findings.truncate(findings);
                if let Some(taker) = &mut self.taker {
                    taker.rewind(kept);
                }
                sleep(pause).await;
                self.work.waited += pause;
                pause = (pause * 2).min(LONGEST_PAUSE);
                continue;
            }
            self.depart(index, at, step, expect, comparison.departures);
            return if comparison.astray { Err(End::Failed) } else { self.save(index, at, step, result.as_ref(), scope) };
        }
    }

    /// Whether what this case changed last may still be seen as it was.
    fn unsettled(&self) -> bool {
        let window = Duration::from_secs_f64(self.session.target.profile.consistency_window);
        self.work.changed.is_some_and(|at| at.elapsed() < window)
    }

    /// What a step without its values means: a value that the target's own answers lack is its failure, a limit that it does not have a
    /// reason to skip, anything else a mistake of the case.
    fn unbound(&mut self, index: usize, at: &str, step: &Step, scope: &Scope, why: Unbound) -> End {
        let (path, expected, actual) = match why {
            Unbound::Principal(name) => (name, "an access key with its id and its secret", "no such thing was answered".to_owned()),
            Unbound::Template(e) => {
                let saved = e.expression.split(['.', '[']).next().unwrap_or_default();
                if e.unknown_limit.is_some() || scope.get(saved).is_none() {
                    return e.into();
                }
                (e.expression, "to be there: this step needs it", e.why)
            }
        };
        self.work.mismatches.push(Mismatch {
            step: index,
            at: at.to_owned(),
            requirement: crate::api::req::SHAPE__REQUIRED_MEMBER.id().to_owned(),
            path,
            expected: expected.to_owned(),
            actual,
            prerequisite: true,
            loc: step.loc.clone(),
        });
        End::Failed
    }

    async fn send(&mut self, index: usize, at: &str, step: &Step, bound: &Bound, scope: &Scope) -> Result<Sent, End> {
        let manner = Manner {
            configuration: self.configuration,
            principal: bound.principal.as_ref().map(|(_, key)| key),
            auth: bound.auth.as_ref(),
            raw: bound.raw.as_ref(),
            trial: &self.name,
            scope: Some(scope),
        };
        let label = bound.principal.as_ref().map(|(name, _)| name.as_str());
        let (session, keep) = (self.session, self.manners.records);
        let mut earlier = Vec::new();
        let taker = &mut self.taker;
        let mut show = |at: &str, sent: &Sent, call: &Call| {
            if let (Some(taker), Some(response), Some(reply)) = (taker.as_mut(), &sent.response, &sent.reply) {
                taker.response(index, at, call, (response, reply), scope);
            }
        };
        let (sent, call) = match model().action(&step.call).filter(|_| bound.pages) {
            Some(action) => {
                let each = |sent: &Sent, call: &Call| {
                    let at = format!("{at} page={}", earlier.len() + 1);
                    show(at.trim(), sent, call);
                    let step_record = keep.then(|| record(session, index, at.trim(), label, sent, call));
                    earlier.push((step_record, sent.findings.clone()));
                };
                follow(session, action, &bound.call, &manner, each).await?
            }
            None => (session.call(&bound.call, &manner).await?, bound.call.clone()),
        };
        show(at, &sent, &call);
        for (step_record, findings) in earlier {
            self.work.steps.extend(step_record);
            self.work.findings.extend(findings.into_iter().map(|f| (step.call.clone(), f)));
        }
        self.work.steps.extend(keep.then(|| record(session, index, at, label, &sent, &call)));
        self.work.findings.extend(sent.findings.iter().map(|f| (call.action_name().to_owned(), f.clone())));
        self.work.waited += sent.waited;
        Ok(sent)
    }

    fn save(&mut self, index: usize, at: &str, step: &Step, result: Option<&Value>, scope: &mut Scope) -> Result<(), End> {
        let mut missing = false;
        for (name, path, loc) in &step.save {
            match result.and_then(|r| lookup(r, path)) {
                Some(value) => scope.set(name, value),
                None => {
                    missing = true;
                    if self.work.mismatches.iter().any(|m| m.step == index && m.at == at) {
                        // The step has failed already, perhaps for this very reason: the row ends, and nothing is told twice.
                        continue;
                    }
                    let charged = self.charged(&step.expect);
                    self.work.mismatches.push(Mismatch {
                        step: index,
                        at: at.to_owned(),
                        requirement: charged.map_or("", Req::id).to_owned(),
                        path: path.clone(),
                        expected: "to be there: later steps need it".into(),
                        actual: "nothing".into(),
                        prerequisite: !step.expect.given,
                        loc: loc.clone(),
                    });
                }
            }
        }
        if missing { Err(End::Failed) } else { Ok(()) }
    }

    /// The requirement that an expectation checks where it does not say so of single values.
    fn charged(&self, expect: &Expect) -> Option<Req> {
        expect.requirement.or(self.work.row).or(self.case.requirements.first().copied())
    }

    fn depart(&mut self, index: usize, at: &str, step: &Step, expect: &Expect, departures: Vec<Departure>) {
        let charged = self.charged(expect);
        for Departure { difference, own } in departures {
            let requirement = own.or(charged).map_or("", Req::id).to_owned();
            let loc = if difference.loc.line == 0 { step.loc.clone() } else { difference.loc };
            self.work.mismatches.push(Mismatch {
                step: index,
                at: at.to_owned(),
                requirement,
                path: difference.path,
                expected: difference.expected,
                actual: difference.actual,
                prerequisite: !expect.given,
                loc,
            });
        }
    }

    /// What could not be removed. Of a target that went away nobody can say; the journal keeps it for a sweep.
    async fn clean_up(&mut self) -> Vec<Left> {
        let entries = self.session.journal().entries(&self.name);
        if entries.is_empty() || self.session.gone().is_some() {
            return Vec::new();
        }
        let mut caller = Main { session: self.session, configuration: self.configuration, trial: &self.name };
        let left = clean(&entries, &mut caller).await;
        if self.session.gone().is_some() {
            if let Some(why) = self.session.gone_by(&self.name) {
                self.work.mismatches.push(self.died_cleaning(why));
            }
            return Vec::new();
        }
        if left.is_empty() {
            // A journal that cannot be written costs a sweep that finds nothing.
            let _ = self.session.journal().cleaned(&self.name);
        }
        left
    }

    /// The target died of a call that was to remove something.
    fn died_cleaning(&self, why: String) -> Mismatch {
        Mismatch {
            step: self.case.steps.len().saturating_sub(1),
            at: String::new(),
            requirement: crate::api::req::TRANSPORT__ANSWERS.id().to_owned(),
            path: "cleanup".into(),
            expected: "an answer".into(),
            actual: why,
            prerequisite: false,
            loc: self.case.loc.clone(),
        }
    }

    fn result(self, end: Result<(), End>, took: Duration, left: Vec<Left>) -> TrialResult {
        let Trial { session, case, configuration, manners, taker, work, .. } = self;
        let Work { mut steps, mismatches, findings, waited, .. } = work;
        let (status, reason) = match end {
            // What did not hold stands, whatever broke afterwards.
            _ if !mismatches.is_empty() => (Status::Fail, String::new()),
            Err(End::Error(why)) => (Status::Error, why),
            Err(End::Skip(why)) => (Status::Skip, why),
            Err(End::Failed) | Ok(()) => (Status::Pass, String::new()),
        };
        let differs = match (&manners.snapshots, taker) {
            (Some(snapshots), Some(taker)) if status == Status::Pass => snapshots.judge(taker.end(|text| session.redactor.redact(text))),
            (Some(snapshots), _) if status != Status::Skip => {
                snapshots.spare(&case.id, configuration);
                Vec::new()
            }
            _ => Vec::new(),
        };
        if status == Status::Pass && differs.is_empty() && !manners.exchanges {
            steps.iter_mut().for_each(|step| step.exchange = None);
        }
        let dialect = configuration.dialect;
        let charged = mismatches.iter().filter_map(|m| Req::find(&m.requirement)).map(|r| r.get().level(dialect)).max();
        let first = case.requirements.first().map(|r| r.get().level(dialect));
        let record = CaseRecord {
            case: case.id.clone(),
            configuration: configuration.to_string(),
            target: session.target.profile.name.clone(),
            title: case.title.clone(),
            loc: case.loc.to_string(),
            requirements: case.requirements.iter().map(|r| r.id().to_owned()).collect(),
            level: charged.or(first).unwrap_or(Level::May),
            verdict: Verdict { status, reason, mismatches, differs },
            steps,
            millis: millis(took),
            waited_millis: millis(waited),
            repeat: super::repeat::command(&manners.repeat, &session.target, configuration, &case.id),
        };
        if !manners.records {
            return TrialResult { record, findings, left };
        }
        let target = record.target.clone();
        let masked = session.redactor.redact_record(&record).unwrap_or_else(|| CaseRecord { steps: Vec::new(), ..record });
        // Our own name for the target is no secret, although it may read like the beginning of one.
        let record = CaseRecord { target, ..masked };
        TrialResult { record, findings, left }
    }
}

/// Calls of the harness as the main principal. They are in the journal like any other: what they make again for the moment, too.
pub struct Main<'a> {
    /// The target.
    pub session: &'a Session,
    /// Configuration to send in.
    pub configuration: Configuration,
    /// The trial that they clean up after.
    pub trial: &'a str,
}

impl Caller for Main<'_> {
    async fn call(&mut self, call: &Call) -> Result<Outcome, String> {
        let manner = Manner { configuration: self.configuration, principal: None, auth: None, raw: None, trial: self.trial, scope: None };
        let sent = self.session.call(call, &manner).await.map_err(|e| e.to_string())?;
        match (sent.reply, sent.broken) {
            (Some(Reply { outcome: Ok(outcome), .. }), _) => Ok(outcome),
            (Some(Reply { outcome: Err(unreadable), .. }), _) => Err(unreadable.why),
            (None, why) => Err(why.map(|e| e.to_string()).unwrap_or_default()),
        }
    }
}

/// Reading may be tried again, and so may what was refused for want of something that was made a moment ago.
fn may_repeat(step: &Step, sent: &Sent) -> bool {
    let reads = model().action(&step.call).is_some_and(|action| !action.mutates);
    let not_seen = |e: &ApiError| e.status == 404 || e.code == "NoSuchEntity" || e.code == "MalformedPolicyDocument";
    reads || matches!(sent.reply.as_ref().map(|r| &r.outcome), Some(Ok(Outcome::Error(e))) if not_seen(e))
}

/// The result tree of a success.
fn tree(sent: &Sent) -> Option<Value> {
    match sent.reply.as_ref().map(|r| &r.outcome) {
        Some(Ok(Outcome::Success(result))) => Some(Value::Object(result.clone())),
        _ => None,
    }
}

fn record(session: &Session, step: usize, at: &str, principal: Option<&str>, sent: &Sent, call: &Call) -> StepRecord {
    let (mut code, mut message) = (None, sent.broken.as_ref().map(ToString::to_string));
    match sent.reply.as_ref().map(|r| &r.outcome) {
        Some(Ok(Outcome::Error(e))) => (code, message) = (Some(e.code.clone()), Some(e.message.clone())),
        Some(Err(unreadable)) => message = Some(unreadable.why.clone()),
        _ => {}
    }
    StepRecord {
        step,
        at: at.to_owned(),
        call: call.action.clone().unwrap_or_default(),
        principal: principal.map(str::to_owned),
        params: call.params.clone(),
        status: sent.response.as_ref().map(|r| r.status),
        code,
        message,
        result: tree(sent),
        millis: millis(sent.took),
        exchange: Some(exchange(sent, &session.redactor)),
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
