//! Runs programs on a target through a session, with the model in lock step, and asks the oracles.

mod again;
mod reach;
mod relations;

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::Value;

use super::classes::{self, History};
use super::compare::{Binding, Closeness, Difference, Part, label};
use super::decode::Ground;
use super::executor::{Coverage, Executor, Focus, Ran, Stop};
use super::finding::{Evidence, Fingerprint, Firing};
use super::model::{Caller, Model};
use super::oracle::{OracleId, Oracles};
use crate::api::{Action, Level, Req, model};
use crate::case::bind::{Bound, bind};
use crate::case::{Case, Scope, Setting, Step, filter_owned, lookup};
use crate::dialect::{Call, Configuration, Outcome};
use crate::reference::Settings;
use crate::report::event::without_index;
use crate::report::text::short;
use crate::runner::cleanup::{self, clean};
use crate::runner::record::exchange;
use crate::runner::session::{Manner, Sent, Session, SessionError};

/// Longest value that a text for people shows, in characters.
const SHOWN: usize = 120;

/// Repetitions of a step that are sent at most.
const REPEATED: u64 = 1_200;

/// What is known of a target, and how programs are run on it.
#[derive(Clone)]
pub struct Place {
    /// Configuration.
    pub configuration: Configuration,
    /// What templates know of the target.
    pub target: Arc<Setting>,
    /// What templates know of the model: the same run and limits, its own account.
    pub reference: Arc<Setting>,
    /// How the model's account is set up.
    pub settings: Settings,
    /// What programs are made of; oracles read with these Actions too.
    pub ground: Ground,
    /// How closely target and model agree.
    pub closeness: Closeness,
    /// Oracles that are asked.
    pub oracles: Oracles,
    /// Limits that nobody knows of this target: a refusal for their sake says nothing.
    pub unknown_limits: bool,
    /// Seconds since 1970 when the model's accounts are made.
    pub now: i64,
    /// Every program is cleaned up after. Otherwise only one in so many is, to see that it can be: what was made goes away by itself.
    pub clean: bool,
    /// Leave everything where it is.
    pub keep: bool,
}

/// An executor over a session.
pub struct Live<'s> {
    /// The session.
    pub session: &'s Session,
    /// The target.
    pub place: &'s Place,
}

impl Executor for Live<'_> {
    async fn run(&mut self, program: &Case, focus: Focus) -> Result<Ran, Stop> {
        if let Some(why) = self.session.gone() {
            return Err(Stop::Gone(why));
        }
        let mut work = Work::new(self.session, self.place, program, focus)?;
        for (index, step) in program.steps.iter().enumerate() {
            if work.steps(index, step).await? == Flow::End {
                break;
            }
        }
        if self.session.gone().is_none() {
            work.at_the_end(program).await?;
            work.clean_up(program.steps.len().saturating_sub(1)).await;
        }
        Ok(Ran { firings: work.firings, calls: work.calls, coverage: work.coverage })
    }
}

/// Whether a program goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Flow {
    Go,
    End,
}

/// A program under way.
struct Work<'w> {
    session: &'w Session,
    place: &'w Place,
    focus: Focus,
    trial: String,
    dice: u64,
    target: Scope,
    reference: Scope,
    model: Model,
    binding: Binding,
    history: History,
    firings: Vec<Firing>,
    seen: BTreeSet<Fingerprint>,
    coverage: Coverage,
    last: std::collections::BTreeMap<String, String>,
    /// Id and date of creation of what was renamed, by where they were seen.
    known: std::collections::BTreeMap<String, Vec<Option<Value>>>,
    calls: usize,
}

/// A call that both sides have answered.
struct Answers {
    call: Call,
    key: Option<String>,
    expected: Outcome,
    observed: Outcome,
    /// The model before the call, where the call changed it.
    before: Option<Model>,
    sent: Sent,
    /// Of the arguments.
    classes: Vec<classes::Class>,
    /// What is odd about who sends it.
    sender: String,
}

/// What came of asking both sides.
enum Asked {
    /// The step cannot be sent: what it needs is not there.
    Skipped,
    /// The target gave no answer that can be read; that was said.
    Unanswered,
    /// Both answered.
    Both(Box<Answers>),
}

impl<'w> Work<'w> {
    fn new(session: &'w Session, place: &'w Place, program: &Case, focus: Focus) -> Result<Work<'w>, Stop> {
        let model = Model::new(place.settings.clone(), place.configuration.format, place.now, 7)
            .ok_or_else(|| Stop::Broken(format!("the dialect {} has no reference", place.configuration.dialect)))?;
        Ok(Work {
            session,
            place,
            focus,
            trial: format!("{} {}", program.id, place.configuration),
            dice: fnv(program.id.as_bytes()),
            target: Scope::new(Arc::clone(&place.target), &program.id, None),
            reference: Scope::new(Arc::clone(&place.reference), &program.id, None),
            model,
            binding: Binding::new(place.configuration.dialect, place.closeness).without(lacking(&place.ground)),
            history: History::default(),
            firings: Vec::new(),
            seen: BTreeSet::new(),
            coverage: Coverage::default(),
            last: std::collections::BTreeMap::new(),
            known: std::collections::BTreeMap::new(),
            calls: 0,
        })
    }

    async fn steps(&mut self, index: usize, step: &Step) -> Result<Flow, Stop> {
        let times = match &step.repeat {
            None => 1,
            Some(count) => match self.target.render_count(count) {
                Ok(times) => times.min(REPEATED),
                // A limit that is not known of this target.
                Err(_) => return Ok(Flow::Go),
            },
        };
        let mut flow = Flow::Go;
        for i in 1..=times {
            let nth = step.repeat.as_ref().map(|_| i);
            self.target.set_index(nth);
            self.reference.set_index(nth);
            flow = self.step(index, step, times == 1 || i + 2 > times).await?;
            if flow == Flow::End {
                break;
            }
        }
        self.target.set_index(None);
        self.reference.set_index(None);
        Ok(flow)
    }

    /// One call of the program, and what oracles want to know about it. `closely`: not one of many repetitions.
    async fn step(&mut self, index: usize, step: &Step, closely: bool) -> Result<Flow, Stop> {
        let answers = match self.ask(index, step, &[]).await? {
            Asked::Skipped => return Ok(Flow::Go),
            Asked::Unanswered => return Ok(if self.focus == Focus::All { Flow::End } else { Flow::Go }),
            Asked::Both(answers) => answers,
        };
        self.reach(step, &answers);
        let agreed = self.judge(OracleId::Lockstep, index, step, &[], &answers);
        if !agreed {
            let apart = matches!(answers.expected, Outcome::Success(_)) != matches!(answers.observed, Outcome::Success(_));
            if apart && model().action(&step.call).is_some_and(|a| a.mutates) && self.focus == Focus::All {
                // From here on the two accounts differ: what would follow follows from this.
                return Ok(Flow::End);
            }
        }
        self.save(step, &answers);
        if agreed && closely && step.auth.is_none() {
            self.look_again(index, step, &answers).await?;
        }
        Ok(Flow::Go)
    }

    /// Whether an oracle is asked now: it is switched on, and the run is about it or about everything. Those that cost calls are asked at
    /// one step in `one_in`.
    fn asks(&self, oracle: OracleId, step: &Step, one_in: u64) -> bool {
        match self.focus {
            Focus::On(only) => only == oracle,
            Focus::All => {
                self.place.oracles.has(oracle) && {
                    let text = format!("{oracle} {} {}", step.call, self.calls);
                    (fnv(text.as_bytes()) ^ self.dice).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 33 < (1 << 31) / one_in
                }
            }
        }
    }

    /// Sends a step to the target and gives it to the model.
    async fn ask(&mut self, index: usize, step: &Step, probe: &[Step]) -> Result<Asked, Stop> {
        let (Ok(there), Ok(here)) = (bind(step, None, &self.target), bind(step, None, &self.reference)) else {
            return Ok(Asked::Skipped);
        };
        if twice(&there.call) && !self.counts(crate::api::req::PARAMETERS__FIRST_WINS) {
            // Nothing promises which of the two counts, and what follows would follow from that.
            return Ok(Asked::Skipped);
        }
        let manner = Manner {
            configuration: self.place.configuration,
            principal: there.principal.as_ref().map(|(_, key)| key),
            auth: there.auth.as_ref(),
            raw: there.raw.as_ref(),
            trial: &self.trial,
            scope: Some(&self.target),
        };
        let sent = match self.session.call(&there.call, &manner).await {
            Ok(sent) => sent,
            Err(SessionError::OwnKeys { .. } | SessionError::NotSigned(_)) => return Ok(Asked::Skipped),
            Err(SessionError::Gone(why)) => return Err(Stop::Gone(why)),
            Err(why) => return Err(Stop::Broken(format!("{} could not be sent: {why}", step.call))),
        };
        self.calls += 1;
        self.free_checks(index, step, probe, &sent);
        let Some(mut observed) = sent.reply.as_ref().and_then(|reply| reply.outcome.as_ref().ok().cloned()) else {
            return Ok(Asked::Unanswered);
        };
        Ok(Asked::Both(Box::new(self.mirror(step, here, &mut observed, sent))))
    }

    /// The model's part of a call.
    fn mirror(&mut self, step: &Step, here: Bound, observed: &mut Outcome, sent: Sent) -> Answers {
        let key = here.principal.map(|(_, key)| key.access_key_id);
        let caller = Caller { key: key.as_deref(), tamper: here.auth.as_ref() };
        let action = model().action(&step.call);
        let mutates = action.is_some_and(|a| a.mutates);
        let before = self.model.clone();
        let mut expected = self.model.apply(&here.call, caller);
        let classes =
            action.map(|action| classes::classes(action, &here.call, before.account(), &self.history, &expected)).unwrap_or_default();
        for (action, class) in action.iter().flat_map(|action| classes.iter().map(move |class| (action, class))) {
            let key = format!("{}.{}: {}", action.name, class.parameter, class.class);
            *self.coverage.classes.entry(key).or_default() += 1;
        }
        let sender = match &here.auth {
            Some(tamper) => format!("proof: {}", format!("{tamper:?}").split('(').next().unwrap_or_default()),
            None if key.is_some() => "by a user".into(),
            None => String::new(),
        };
        for (outcome, scope) in [(&mut expected, &mut self.reference), (&mut *observed, &mut self.target)] {
            if let Outcome::Success(tree) = outcome {
                let mut value = Value::Object(std::mem::take(tree));
                scope.learn(&value);
                if !self.place.closeness.alone {
                    filter_owned(&step.call, &mut value, scope);
                }
                if let Value::Object(members) = value {
                    *tree = members;
                }
            }
        }
        if mutates && matches!(expected, Outcome::Success(_)) {
            self.history.note(self.model.account());
        }
        Answers { call: here.call, key, expected, observed: observed.clone(), before: mutates.then_some(before), sent, classes, sender }
    }

    fn save(&mut self, step: &Step, answers: &Answers) {
        let (Outcome::Success(e), Outcome::Success(o)) = (&answers.expected, &answers.observed) else { return };
        let (e, o) = (Value::Object(e.clone()), Value::Object(o.clone()));
        for (name, path, _) in &step.save {
            if let (Some(e), Some(o)) = (lookup(&e, path), lookup(&o, path)) {
                self.reference.set(name, e);
                self.target.set(name, o);
            }
        }
    }

    /// What every answer must keep.
    fn free_checks(&mut self, index: usize, step: &Step, probe: &[Step], sent: &Sent) {
        let oracle_of = |id: &str| match id.split('.').next() {
            Some("transport") => OracleId::Transport,
            Some("shape") => OracleId::Shape,
            _ => OracleId::Envelope,
        };
        let mut found: Vec<(OracleId, String, String, String)> = Vec::new();
        for finding in &sent.findings {
            // Of a server error nobody expects more than that it is none.
            let follows = sent.reply.as_ref().is_some_and(|r| r.status >= 500) && oracle_of(finding.req.id()) != OracleId::Transport;
            if self.counts(finding.req) && !follows {
                found.push((oracle_of(finding.req.id()), finding.req.id().to_owned(), finding.at.clone(), finding.text.clone()));
            }
        }
        if let Some(broken) = &sent.broken {
            found.push((OracleId::Transport, "an answer".into(), "response".into(), broken.to_string()));
        } else if let Some(Err(unreadable)) = sent.reply.as_ref().filter(|r| r.status < 500).map(|r| &r.outcome) {
            found.push((OracleId::Envelope, unreadable.req.id().to_owned(), "body".into(), unreadable.why.clone()));
        }
        for oracle in [OracleId::Transport, OracleId::Envelope, OracleId::Shape] {
            self.count(oracle);
        }
        for (oracle, expected, at, text) in found {
            // What stands around every answer has nothing to do with the Action.
            let refusal = oracle == OracleId::Envelope && sent.reply.as_ref().is_some_and(|r| r.status >= 400);
            let around = refusal || at == "RequestId" || at.starts_with("header");
            let fingerprint = Fingerprint {
                oracle,
                action: if around { "*".into() } else { known(step) },
                expected: expected.clone(),
                observed: if at == "response" { "none".into() } else { "broken".into() },
                path: without_index(&at),
                class: String::new(),
            };
            let evidence = Evidence {
                observed: sent.reply.as_ref().and_then(|r| r.outcome.clone().ok()),
                path: at,
                requirement: crate::api::Req::find(&expected).map(|_| expected),
                exchange: None,
                ..Evidence::default()
            };
            self.fire(fingerprint, index, probe, text, evidence, sent);
        }
    }

    /// Whether breaking a requirement is a departure at all: not one that the profile declares, nor one that the dialect only may keep.
    fn counts(&self, req: Req) -> bool {
        let declared = self.session.target.profile.deviations.contains_key(req.id());
        !declared && (self.place.closeness.to_the_letter || req.get().level(self.place.configuration.dialect) >= Level::Should)
    }

    fn count(&mut self, oracle: OracleId) {
        if self.place.oracles.has(oracle) {
            *self.coverage.asked.entry(oracle).or_default() += 1;
        }
    }

    /// Holds the two answers of a call against each other; `true`: they agree.
    fn judge(&mut self, oracle: OracleId, index: usize, step: &Step, probe: &[Step], answers: &Answers) -> bool {
        self.count(oracle);
        let Some(action) = model().action(&step.call) else {
            return label(&answers.expected) == label(&answers.observed);
        };
        self.binding.asking(part(&answers.call));
        let Some(difference) = self.binding.compare(action, &answers.expected, &answers.observed) else { return true };
        if self.is_about_the_caller(action, answers) {
            return true;
        }
        let caller = Caller { key: answers.key.as_deref(), tamper: step.auth.as_ref() };
        let before = answers.before.clone().unwrap_or_else(|| self.model.clone());
        let mut also = Vec::new();
        if let (Outcome::Error(_), Outcome::Error(observed)) = (&answers.expected, &answers.observed) {
            also = before.refusals(&answers.call, caller);
            if !self.place.closeness.to_the_letter {
                also.extend(before.same_in_other_words(&answers.call, caller, &answers.expected).into_iter().map(str::to_owned));
            }
            let right = model().status_on(&observed.code, self.place.configuration.dialect) == Some(observed.status);
            if right && also.contains(&observed.code) {
                return true;
            }
        }
        if self.says_nothing(&answers.observed) {
            return false;
        }
        let mut explains = self.explain(action, &before, answers, caller);
        if explains.is_empty() && !self.place.closeness.to_the_letter && difference.path == "status" {
            // Several things are wrong with the call, and the target minds none of them: it does not mind the first.
            explains = before.reasons(&answers.call, caller, &answers.expected);
        }
        if !explains.is_empty() && !explains.iter().any(|req| self.counts(*req)) {
            return false;
        }
        explains.sort_by_key(|req| !self.counts(*req));
        let fingerprint = Fingerprint {
            oracle,
            action: known(step),
            expected: difference.expected.clone(),
            observed: difference.observed.clone(),
            path: difference.place(),
            class: class(action, &before, answers, caller, &difference, !explains.is_empty()),
        };
        let fingerprint = wider(fingerprint, step, answers, explains.first().copied());
        let text = sentence(step, &difference, &answers.observed, explains.first().copied());
        let evidence = Evidence {
            expected: Some(answers.expected.clone()),
            also,
            observed: Some(answers.observed.clone()),
            path: difference.path,
            expected_value: difference.expected_value,
            observed_value: difference.observed_value,
            requirement: explains.first().map(|req| req.id().to_owned()),
            rules: explains.iter().skip(1).map(|req| req.id().to_owned()).collect(),
            exchange: None,
        };
        self.fire(fingerprint, index, probe, text, evidence, &answers.sent);
        false
    }

    /// The requirements whose breach by itself would account for what was observed.
    fn explain(&self, action: &Action, before: &Model, answers: &Answers, caller: Caller<'_>) -> Vec<Req> {
        if self.place.closeness.to_the_letter {
            return Vec::new();
        }
        let mut same = |outcome: &Outcome| self.binding.clone().compare(action, outcome, &answers.observed).is_none();
        before.explain(&answers.call, caller, &mut same)
    }

    /// Whether a call asks who sends it: what the main credentials are, the account itself or a user, is the target's affair.
    fn is_about_the_caller(&self, action: &Action, answers: &Answers) -> bool {
        let both = matches!((&answers.expected, &answers.observed), (Outcome::Success(_), Outcome::Success(_)));
        both && !self.place.closeness.alone && action.name == "GetUser" && answers.key.is_none() && answers.call.param("UserName").is_none()
    }

    /// A refusal that is about the target as a whole: a quota that nobody knows, or one that others have filled.
    fn says_nothing(&self, observed: &Outcome) -> bool {
        matches!(observed, Outcome::Error(e) if e.code == "LimitExceeded" && !self.place.closeness.alone && self.place.unknown_limits)
            || matches!(observed, Outcome::Error(e) if self.session.target.profile.unsupported_codes.contains(&e.code))
    }

    fn fire(&mut self, fingerprint: Fingerprint, index: usize, probe: &[Step], text: String, mut evidence: Evidence, sent: &Sent) {
        let oracle = fingerprint.oracle;
        let wanted = match self.focus {
            Focus::All => self.place.oracles.has(oracle),
            Focus::On(only) => only == oracle,
        };
        if !wanted || !self.seen.insert(fingerprint.clone()) {
            return;
        }
        *self.coverage.fired.entry(oracle).or_default() += 1;
        let text = self.session.redactor.redact(&text);
        evidence.exchange = Some(exchange(sent, &self.session.redactor));
        self.firings.push(Firing { fingerprint, step: index, probe: probe.to_vec(), text, evidence });
    }

    /// Whether the model has what could not be removed. A name that was never taken cannot be deleted either.
    fn holds(&self, left: &cleanup::Left) -> bool {
        let (account, key) = (self.model.account(), crate::reference::state::fold(&left.name));
        match left.kind {
            "user" => account.users.contains_key(&key),
            "group" => account.groups.contains_key(&key),
            "server-certificate" => account.certificates.contains_key(&key),
            "policy" => key.rsplit('/').next().is_some_and(|name| account.policies.contains_key(name)),
            _ => true,
        }
    }

    /// Takes away what the program made.
    async fn clean_up(&mut self, last: usize) {
        let entries = self.session.journal().entries(&self.trial);
        let asked = match self.focus {
            Focus::On(only) => only == OracleId::Cleanup,
            Focus::All => self.place.oracles.has(OracleId::Cleanup) && self.dice.is_multiple_of(7),
        };
        if entries.is_empty() || self.place.keep || !(self.place.clean || asked) {
            return;
        }
        let before = self.session.calls.get();
        let main = crate::runner::trial::Main { session: self.session, configuration: self.place.configuration, trial: &self.trial };
        let mut sweeper = Sweeper { main, calls: 0 };
        let left = clean(&entries, &mut sweeper).await;
        self.calls += sweeper.calls.min(self.session.calls.get() - before);
        self.count(OracleId::Cleanup);
        if left.is_empty() {
            // A journal that cannot be written costs a sweep that finds nothing.
            let _ = self.session.journal().cleaned(&self.trial);
        }
        if self.session.gone().is_some() {
            return;
        }
        let left: Vec<cleanup::Left> = left.into_iter().filter(|left| self.holds(left)).collect();
        for left in left {
            let fingerprint = Fingerprint {
                oracle: OracleId::Cleanup,
                action: format!("Delete {}", left.kind),
                expected: "gone".into(),
                observed: left.why.split("was answered ").nth(1).and_then(|a| a.split(':').next()).unwrap_or("there").to_owned(),
                path: "cleanup".into(),
                class: String::new(),
            };
            let wanted = self.place.oracles.has(OracleId::Cleanup) || self.focus == Focus::On(OracleId::Cleanup);
            if wanted && self.seen.insert(fingerprint.clone()) {
                *self.coverage.fired.entry(OracleId::Cleanup).or_default() += 1;
                let text = self.session.redactor.redact(&format!("the {} {} could not be removed: {}", left.kind, left.name, left.why));
                self.firings.push(Firing { fingerprint, step: last, probe: Vec::new(), text, evidence: Evidence::default() });
            }
        }
    }
}

/// Calls of the cleanup, counted.
struct Sweeper<'a> {
    main: crate::runner::trial::Main<'a>,
    calls: usize,
}

impl cleanup::Caller for Sweeper<'_> {
    async fn call(&mut self, call: &Call) -> Result<Outcome, String> {
        self.calls += 1;
        self.main.call(call).await
    }
}

/// Members of answers that a target has not, as its profile says.
fn lacking(ground: &Ground) -> Vec<&'static str> {
    let tags = if ground.tags { &[][..] } else { &["Tags"] };
    let boundaries = if ground.boundaries { &[][..] } else { &["PermissionsBoundary", "PermissionsBoundaryUsageCount"] };
    [tags, boundaries].concat()
}

/// The part of a list that a call asks for.
fn part(call: &Call) -> Part {
    match (call.param("Marker"), call.param("MaxItems")) {
        (Some(_), _) => Part::Later,
        (None, Some(most)) => Part::First(most.parse().unwrap_or(usize::MAX)),
        (None, None) => Part::Whole,
    }
}

/// What a departure is about of a call's arguments and its sender. `named`: a rule says what is wrong.
fn class(action: &Action, before: &Model, answers: &Answers, caller: Caller<'_>, difference: &Difference, named: bool) -> String {
    let (classes, sender) = (&answers.classes, &answers.sender);
    let refused = matches!(answers.expected, Outcome::Error(_));
    let mut class = match () {
        () if difference.path != "status" && named => String::new(),
        () if difference.path != "status" => classes::at(classes, &difference.place()),
        () if refused => {
            let answer = |call: &Call| label(&before.clone().apply(call, caller));
            classes::decisive(classes, action, &answers.call, &answer)
        }
        () => classes::odd(classes),
    };
    if sender.starts_with("proof") || (class.is_empty() && !sender.is_empty() && difference.path == "status") {
        class.clone_from(sender);
    }
    class
}

/// Whether a call has a parameter twice.
fn twice(call: &Call) -> bool {
    let mut names = BTreeSet::new();
    call.params.iter().any(|(name, _)| !names.insert(name))
}

/// Refusals of a request that was not read as a call of the API.
const UNREAD: [&str; 5] = ["MissingAction", "InvalidAction", "UnknownOperationException", "MethodNotAllowed", "NotImplemented"];

/// The fingerprint of all Actions, where what departs is not the Action: who calls, how the request is written, which Action it names, what a
/// policy document may hold, and that parameters are looked at before anything is looked up.
fn wider(print: Fingerprint, step: &Step, answers: &Answers, rule: Option<Req>) -> Fingerprint {
    if print.path != "status" {
        return print;
    }
    let action = "*".to_owned();
    let area = rule.map_or("", Req::id);
    let unread = matches!(&answers.observed, Outcome::Error(error) if UNREAD.contains(&error.code.as_str()));
    if step.auth.is_some() {
        let denied = matches!(&answers.expected, Outcome::Error(error) if matches!(error.status, 401 | 403));
        let expected = if denied { print.expected } else { "the proof is good".into() };
        let refused =
            matches!(&answers.observed, Outcome::Error(error) if matches!(error.status, 400..=405) && error.code != "NoSuchEntity");
        let observed = if refused { print.observed } else { "the proof is good".into() };
        return Fingerprint { action, expected, observed, ..print };
    }
    if step.raw.is_some() && unread && !area.starts_with("dispatch.") {
        return Fingerprint { action, expected: "the same".into(), class: "by GET".into(), ..print };
    }
    if area.starts_with("dispatch.") {
        let class: Vec<&str> = print.class.split(", ").filter(|c| c.starts_with("Action") || c.starts_with("Version")).collect();
        return Fingerprint { action, class: class.join(", "), ..print };
    }
    if let Some(what) = area.strip_prefix("policy-document.") {
        return Fingerprint { action, class: format!("PolicyDocument: {what}"), ..print };
    }
    if area == "parameters.before-look-up" {
        return Fingerprint { action, class: String::new(), ..print };
    }
    print
}

/// The Action of a step for fingerprints.
fn known(step: &Step) -> String {
    model().action(&step.call).map_or_else(|| "?".to_owned(), |a| a.name.clone())
}

fn sentence(step: &Step, difference: &Difference, observed: &Outcome, rule: Option<Req>) -> String {
    let show = |value: &Option<Value>| value.as_ref().map_or("absent".to_owned(), |v| short(&v.to_string(), SHOWN));
    let mut text = if difference.path == "status" {
        format!("{}: the reference answers {}, the target {}", step.call, difference.expected, difference.observed)
    } else {
        let (e, o) = (show(&difference.expected_value), show(&difference.observed_value));
        format!("{}: {} should be {e}, is {o}", step.call, difference.path)
    };
    if let Outcome::Error(error) = observed
        && !error.message.is_empty()
    {
        text.push_str(&format!(" ({})", short(&error.message, SHOWN)));
    }
    if let Some(rule) = rule {
        text.push_str(&format!("; {}", rule.id()));
    }
    text
}

/// FNV-1a.
fn fnv(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |sum, byte| (sum ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}
