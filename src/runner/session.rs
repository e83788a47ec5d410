//! One target during a run: sends a call and gives back what came of it, with journal, retries and free checks on the way.

mod bytes;
mod error;
mod prove;
mod unread;

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, HashSet};
use std::io;
use std::rc::Rc;
use std::time::{Duration, Instant};

use tokio::time::sleep;

use super::journal::{Effect, Journal};
use super::memory::Memory;
use super::redact::Redactor;
use super::token::SharedToken;
use super::token_file::TokenFile;
use crate::api::{DialectId, Req, model, req};
use crate::auth::Credentials;
use crate::case::{Raw, Scope, Tamper, keep_owned};
use crate::dialect::{Call, Configuration, Dialect, Finding, Format, Outcome, Reply, Request, Response, Wire, dialect, shape};
use crate::target::Target;
use crate::target::transport::{Connection, Transport, TransportError};

pub use error::SessionError;
use unread::unread;

/// Actions that, without UserName, are about the keys of whoever calls: the main principal never sends them so.
const OWN_KEYS: [&str; 4] = ["CreateAccessKey", "DeleteAccessKey", "UpdateAccessKey", "ListAccessKeys"];

/// Everything about a call but the call itself.
#[derive(Clone, Debug)]
pub struct Manner<'a> {
    /// Configuration to send it in.
    pub configuration: Configuration,
    /// Who sends it; none: the main principal.
    pub principal: Option<&'a Credentials>,
    /// Fault in authentication.
    pub auth: Option<&'a Tamper>,
    /// Oddities on the wire, rendered.
    pub raw: Option<&'a Raw>,
    /// The trial it belongs to, for the journal.
    pub trial: &'a str,
    /// Its variables: in an account-wide list only what they own is held against the target. None: nothing in it is.
    pub scope: Option<&'a Scope>,
}

/// A call that was sent and what came of it.
#[derive(Debug)]
pub struct Sent {
    /// The request, signed.
    pub request: Request,
    /// The response; none: `broken` says why.
    pub response: Option<Response>,
    /// The response, decoded.
    pub reply: Option<Reply>,
    /// Why there is no response: the target's failure.
    pub broken: Option<TransportError>,
    /// Free checks that did not hold, secrets masked.
    pub findings: Vec<Finding>,
    /// What is wrong with the markers that were followed, and the rule that it breaks: the list has no whole.
    pub astray: Option<(Req, String)>,
    /// Time until the last byte of the last attempt.
    pub took: Duration,
    /// Time waited for declared retries.
    pub waited: Duration,
}

/// One target during a run. Belongs to one thread.
pub struct Session {
    /// The target.
    pub target: Target,
    /// Secrets of the run.
    pub redactor: Rc<Redactor>,
    /// Calls sent so far, cleanup and capability pass included.
    pub calls: Cell<usize>,
    journal: Journal,
    transport: Rc<Transport>,
    /// Of the main principal's login, where it has one.
    token: Option<Rc<SharedToken>>,
    dialect: &'static dyn Dialect,
    patterns: shape::Patterns,
    /// It has answered at least once.
    answered: Cell<bool>,
    /// It went away; the reason.
    gone: RefCell<Option<String>>,
    /// The trial whose call was the last.
    mourner: RefCell<Option<String>>,
    memory: Memory,
}

impl Session {
    /// A session with `target`; sends nothing yet.
    ///
    /// # Errors
    /// When no HTTP client can be made, the dialect is not spoken, or a pattern of the profile does not compile.
    pub fn new(target: Target, journal: Journal, redactor: Rc<Redactor>) -> Result<Session, String> {
        let transport = Transport::new(&target).map_err(|e| e.to_string())?;
        Session::over(transport, target, journal, redactor)
    }

    /// A session with what stands for a target: `transport` is the way to it, and the rest of `target` says what is known of it.
    ///
    /// # Errors
    /// When the dialect is not spoken, or a pattern of the profile does not compile.
    pub fn over(transport: Transport, target: Target, journal: Journal, redactor: Rc<Redactor>) -> Result<Session, String> {
        let id = target.profile.dialect;
        target.proof.secrets().iter().for_each(|secret| redactor.register(secret));
        let transport = Rc::new(transport);
        let token = target.proof.login().map(|login| {
            let file = TokenFile::of(journal.state(), &login.user);
            let endpoint = target.endpoint.as_str().trim_end_matches('/').to_owned();
            Rc::new(SharedToken::new(login.clone(), endpoint, file, Rc::clone(&transport), Rc::clone(&redactor)))
        });
        Ok(Session {
            transport,
            token,
            dialect: dialect(id).ok_or_else(|| format!("the dialect {id} is not spoken yet"))?,
            patterns: shape::Patterns::new(id, &target.profile.patterns)?,
            target,
            redactor,
            calls: Cell::new(0),
            journal,
            answered: Cell::new(false),
            gone: RefCell::new(None),
            mourner: RefCell::new(None),
            memory: Memory::default(),
        })
    }

    /// The journal.
    pub fn journal(&self) -> &Journal {
        &self.journal
    }

    /// Forms of ids, ARNs and request ids on the target.
    pub fn patterns(&self) -> &shape::Patterns {
        &self.patterns
    }

    /// The login token, where the target wants one: whoever ends a session without [`Session::close`] must give it back.
    pub fn token(&self) -> Option<Rc<SharedToken>> {
        self.token.clone()
    }

    /// Ends the session: gives the login token back and closes the journal. A token that could not be given back is in its file,
    /// for `sweep`; what is said of it is a note for people.
    ///
    /// # Errors
    /// When the journal cannot be removed.
    pub async fn close(self) -> io::Result<Option<String>> {
        let mut note = None;
        if let Some(token) = self.token.as_ref().filter(|_| self.gone.borrow().is_none()) {
            let kept =
                |why| format!("the login token could not be given back ({why}): `iamspec sweep` tries again, from the endpoint's folder");
            note = token.give_back().await.err().map(kept);
        }
        self.journal.close()?;
        Ok(note)
    }

    /// Why the target can no longer be reached, if it went away.
    pub fn gone(&self) -> Option<String> {
        self.gone.borrow().clone()
    }

    /// Why the target can no longer be reached, if it went away at a call of that trial.
    pub fn gone_by(&self, trial: &str) -> Option<String> {
        self.gone().filter(|_| self.mourner.borrow().as_deref() == Some(trial))
    }

    /// How requests are written in a configuration, the namespace included.
    pub fn wire(&self, manner: &Manner<'_>) -> Wire {
        let mut wire = self.target.wire(manner.configuration);
        wire.headers.extend(self.namespace(manner));
        wire
    }

    /// The request of a call, unsigned.
    pub fn write(&self, call: &Call, manner: &Manner<'_>) -> Request {
        let mut wire = self.wire(manner);
        if let Some(method) = manner.raw.and_then(|r| r.method.as_ref()) {
            wire.method.clone_from(method);
            if method == "GET" {
                wire.style = crate::dialect::Style::Query;
            }
        }
        let mut request = self.dialect.encode_request(call, &wire);
        if let Some(raw) = manner.raw {
            oddities(&mut request, raw);
        }
        request
    }

    /// Sends a call and reads the answer.
    ///
    /// # Errors
    /// When it could not be sent, or when nothing can be said about the target: see [`SessionError`].
    pub async fn call(&self, call: &Call, manner: &Manner<'_>) -> Result<Sent, SessionError> {
        if let Some(why) = self.gone() {
            return Err(SessionError::Gone(why));
        }
        let unsigned = self.write(call, manner);
        // What goes out counts, not what the case calls it: a raw body may say something else.
        let meant = self.dialect.decode_request(&unsigned).map_or_else(|_| call.clone(), |incoming| incoming.call);
        self.refuse_own_keys(&meant, manner)?;
        if let Some(key) = meant.param("PrivateKey").filter(|key| key.contains("PRIVATE KEY")) {
            self.redactor.register(key);
        }
        self.memory.sent(&meant);
        let noted = self.note(&meant, manner)?;

        let sent = self.send(call.action_name(), &unsigned, manner).await;
        let (effect, made) = match &sent {
            Ok(Sent { reply: Some(Reply { outcome: Ok(Outcome::Success(result)), .. }), .. }) => (Effect::Done, made(result)),
            Ok(Sent { reply: Some(Reply { outcome: Ok(Outcome::Error(e)), .. }), .. }) if e.status < 500 => {
                (Effect::Refused, BTreeMap::new())
            }
            Ok(Sent { response: Some(response), .. }) => (Effect::Unknown, unread(&meant, &response.body)),
            _ => (Effect::Unknown, BTreeMap::new()),
        };
        for id in noted {
            let written = self.journal.end(id, effect, made.clone());
            written.map_err(|why| SessionError::Journal { action: call.action_name().to_owned(), why })?;
        }
        sent
    }

    fn refuse_own_keys(&self, meant: &Call, manner: &Manner<'_>) -> Result<(), SessionError> {
        let named = meant.param("UserName").is_some_and(|name| !name.is_empty());
        let own = manner.principal.is_none() && OWN_KEYS.contains(&meant.action_name()) && !named;
        if own {
            return Err(SessionError::OwnKeys { action: meant.action_name().to_owned() });
        }
        Ok(())
    }

    /// Writes a call that may change something into the journal. A parameter that is given twice counts with both values: targets do
    /// not agree on which one wins.
    fn note(&self, meant: &Call, manner: &Manner<'_>) -> Result<Vec<u64>, SessionError> {
        if model().action(meant.action_name()).is_none_or(|action| !action.mutates) {
            return Ok(Vec::new());
        }
        let failed = |why| SessionError::Journal { action: meant.action_name().to_owned(), why };
        let mut masked = meant.clone();
        for (_, value) in &mut masked.params {
            *value = self.redactor.redact(value);
        }
        let mut noted = vec![self.journal.begin(manner.trial, &masked).map_err(failed)?];
        let names: HashSet<&str> = meant.params.iter().map(|(name, _)| name.as_str()).collect();
        if names.len() < meant.params.len() {
            masked.params.reverse();
            noted.push(self.journal.begin(manner.trial, &masked).map_err(failed)?);
        }
        Ok(noted)
    }

    /// Sends a request, again where the profile declares it.
    async fn send(&self, action: &str, unsigned: &Request, manner: &Manner<'_>) -> Result<Sent, SessionError> {
        let retry = &self.target.profile.retry;
        let (mut waited, mut pause) = (Duration::ZERO, Duration::from_secs_f64(retry.pause));
        for attempt in 1.. {
            let mut sent = self.attempt(action, unsigned, manner).await?;
            sent.waited = waited;
            let again = sent.reply.as_ref().is_some_and(|reply| {
                let code = matches!(&reply.outcome, Ok(Outcome::Error(e)) if retry.codes.contains(&e.code));
                // A server error is never tried away by its status alone.
                code || (reply.status < 500 && retry.statuses.contains(&reply.status))
            });
            if !again || attempt >= retry.attempts {
                return Ok(sent);
            }
            sleep(pause).await;
            waited += pause;
            pause *= 2;
        }
        Err(SessionError::Gone("the profile allows no attempt".into()))
    }

    async fn attempt(&self, action: &str, unsigned: &Request, manner: &Manner<'_>) -> Result<Sent, SessionError> {
        let mut proven = self.prove(unsigned, manner).await?;
        let began = Instant::now();
        self.count();
        let mut got = self.transport.send(&proven.request, Connection::Any).await;
        if self.answered.get() && got.as_ref().is_err_and(TransportError::broken) {
            // Perhaps the connection was an old one: once more, on a new one.
            proven = self.prove(unsigned, manner).await?;
            self.count();
            got = self.transport.send(&proven.request, Connection::Fresh).await;
        }
        if let Ok(response) = &got
            && let Some(again) = self.renewed(&proven, response, action).await?
        {
            self.count();
            got = self.transport.send(&again.request, Connection::Fresh).await;
            if let Ok(response) = &got {
                self.heed(&again, response);
            }
            proven = again;
        }
        let (request, took) = (proven.request, began.elapsed());
        let mut sent =
            Sent { request, response: None, reply: None, broken: None, findings: Vec::new(), astray: None, took, waited: Duration::ZERO };
        match got {
            Ok(response) => {
                self.answered.set(true);
                let reply = self.dialect.decode_response(action, &response, self.asked(unsigned, manner));
                sent.findings = self.free_checks(action, &reply, &response, manner.scope);
                (sent.response, sent.reply) = (Some(response), Some(reply));
                Ok(sent)
            }
            Err(why) if why.ours() => Err(SessionError::Unreached(why)),
            Err(why) => {
                if why.answered() {
                    self.answered.set(true);
                } else {
                    self.blame(action, &why, manner).await?;
                }
                sent.broken = Some(why);
                Ok(sent)
            }
        }
    }

    /// The format that a request asks for: the configuration's, unless the case has an Accept of its own.
    fn asked(&self, request: &Request, manner: &Manner<'_>) -> Format {
        let own = manner.raw.is_some_and(|raw| raw.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("accept")));
        if own { self.dialect.format_asked(request) } else { manner.configuration.format }
    }

    fn count(&self) {
        self.calls.set(self.calls.get() + 1);
    }

    /// Whose doing it is that there is no response: the target's, if it answers a control call, or has answered before and is gone now.
    /// Of several calls that were under way when it went, the first to find out is the one to name it.
    async fn blame(&self, action: &str, why: &TransportError, manner: &Manner<'_>) -> Result<(), SessionError> {
        let control = Manner { principal: None, auth: None, raw: None, ..manner.clone() };
        let proven = self.prove(&self.write(&Call::new("ListGroups"), &control), &control).await?;
        self.count();
        if self.transport.send(&proven.request, Connection::Fresh).await.is_ok() {
            self.answered.set(true);
            return Ok(());
        }
        if !self.answered.get() {
            return Err(SessionError::Unreached(why.clone()));
        }
        if let Some(since) = self.gone() {
            return Err(SessionError::Gone(since));
        }
        self.mourner.replace(Some(manner.trial.to_owned()));
        *self.gone.borrow_mut() = Some(format!("it went away after {action} of {}", manner.trial));
        Ok(())
    }

    /// What every response must keep, whatever the case is about.
    fn free_checks(&self, action: &str, reply: &Reply, response: &Response, scope: Option<&Scope>) -> Vec<Finding> {
        self.redactor.learn(
            &response.body,
            match &reply.outcome {
                Ok(Outcome::Success(result)) => Some(result),
                _ => None,
            },
        );
        if model().action(action).is_none() {
            // What is sent on purpose to nobody: the case says what must come back.
            return Vec::new();
        }
        let mut findings = reply.findings.clone();
        let lacking = matches!(&reply.outcome, Ok(Outcome::Error(e)) if e.code == "NotImplemented");
        if response.status >= 500 && response.status != 501 && !lacking {
            let text = format!("answered with status {}", response.status);
            findings.push(Finding { req: req::TRANSPORT__NO_SERVER_ERROR, at: "status".into(), text });
        }
        findings.extend(shape::check_request_id(reply.request_id.as_deref(), &self.patterns));
        findings.extend(self.memory.checks(reply, response));
        if let (Ok(Outcome::Success(result)), Some(action)) = (&reply.outcome, model().action(action)) {
            // What others made, other cases among them, may be as odd as it likes.
            let mut own = result.clone();
            keep_owned(&action.name, &mut own, scope);
            findings.extend(shape::check(action, self.target.profile.dialect, &own, &self.patterns));
        }
        findings.retain(|finding| finding.req.get().dialects.contains(&self.target.profile.dialect));
        for finding in &mut findings {
            finding.text = self.redactor.redact(&finding.text);
        }
        findings
    }
}

/// What the answer calls the thing that was made, for cleanup.
fn made(result: &serde_json::Map<String, serde_json::Value>) -> BTreeMap<String, String> {
    let names = [("Policy", "Arn"), ("AccessKey", "AccessKeyId"), ("AccessKey", "UserName")];
    let text = |(thing, name): &(&str, &str)| Some(((*name).to_owned(), result.get(*thing)?.get(*name)?.as_str()?.to_owned()));
    names.iter().filter_map(text).collect()
}

fn oddities(request: &mut Request, raw: &Raw) {
    if let Some(body) = &raw.body {
        if request.method == "GET" {
            request.query.clone_from(body);
        } else {
            request.body = body.clone().into_bytes();
        }
    }
    if let Some(path) = &raw.path {
        request.path.clone_from(path);
    }
    for (name, value) in &raw.headers {
        request.headers.retain(|(n, _)| !n.eq_ignore_ascii_case(name));
        if let Some(value) = value {
            request.headers.push((name.clone(), value.clone()));
        }
    }
}

/// The configuration that calls of the harness itself are sent in: XML is what every target has.
pub fn plain(dialect: DialectId, configurations: &[Configuration]) -> Configuration {
    configurations.first().copied().unwrap_or(Configuration {
        dialect,
        format: crate::dialect::Format::Xml,
        style: crate::dialect::Style::Form,
    })
}
