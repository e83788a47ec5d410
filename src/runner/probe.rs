//! Looks at an unknown endpoint and writes a first profile for it. What it makes there it removes again.
//!
//! A profile is a person's business in the end: everything that was guessed stands there with what it was guessed from.

mod form;
mod text;

use std::path::Path;
use std::rc::Rc;

use serde_json::{Map, Value};

use super::capability::{missing, pass};
use super::cleanup::clean;
use super::journal::Journal;
use super::redact::Redactor;
use super::run::RunError;
use super::session::{Manner, Sent, Session, SessionError, plain};
use super::state::State;
use super::trial::Main;
use crate::api::{DialectId, model};
use crate::auth::Credentials;
use crate::auth::ecs_token::NAMESPACE_HEADER;
use crate::case::generate::PREFIX;
use crate::case::{CertSource, Raw, Tamper};
use crate::dialect::{Call, Configuration, Outcome, shape};
use crate::plan::of_dialect;
use crate::target::Target;

/// What the journal calls it.
const TRIAL: &str = "probe";

/// A policy that allows nothing that anybody would miss.
const DOCUMENT: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"iam:GetUser","Resource":"*"}]}"#;

/// How to probe.
pub struct Options<'a> {
    /// Dialect, where it is known.
    pub dialect: Option<DialectId>,
    /// Unique part of the names of what is made.
    pub run: &'a str,
    /// Test certificates.
    pub certificates: &'a dyn CertSource,
    /// Folder for journals and locks; none: the user's own.
    pub state: Option<&'a Path>,
}

/// What was learnt, in the words of a profile.
#[derive(Debug, Default)]
struct Learnt {
    /// Why this dialect.
    dialect_because: String,
    /// What the software calls itself.
    version: Option<String>,
    /// Missing Actions, with their answers.
    unsupported: Vec<(String, String)>,
    /// Missing capabilities, with reasons.
    lacks: Vec<(&'static str, String)>,
    /// Forms that are not the dialect's, with a sample.
    patterns: Vec<(&'static str, String, String)>,
    /// What could not be removed.
    left: Vec<String>,
}

/// Probes a target and returns the text of a `target.toml`.
///
/// # Errors
/// When the target cannot be reached or refuses the credentials, or no journal can be kept.
pub fn probe(target: &Target, options: &Options<'_>) -> Result<String, RunError> {
    let client = |why: String| RunError::Client { endpoint: target.url(), why };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|e| client(e.to_string()))?;
    runtime.block_on(async {
        let (dialect, because) = match options.dialect {
            Some(dialect) => (dialect, "as given".to_owned()),
            None => guess(target, options).await?,
        };
        let mut target = target.clone();
        target.profile.dialect = dialect;
        let session = session(&target, options)?;
        let mut learnt = Learnt { dialect_because: because, ..Learnt::default() };
        let asked = ask(&session, options, &mut learnt).await;
        // What could not be given back is in the endpoint's folder, for `sweep`.
        let _ = session.close().await;
        asked?;
        Ok(text::profile(&target, &learnt))
    })
}

fn session(target: &Target, options: &Options<'_>) -> Result<Session, RunError> {
    let endpoint = target.url();
    let no_state = |why| RunError::State { endpoint: endpoint.clone(), why };
    let state = State::open(&endpoint, options.state).map_err(no_state)?;
    let journal = Journal::create(&state, &endpoint, options.run).map_err(no_state)?;
    let session = Session::new(target.clone(), journal, Rc::new(Redactor::new()));
    session.map_err(|why| RunError::Client { endpoint: target.url(), why })
}

/// The dialect whose ListUsers is answered, and from which the answer departs least; hosts of OUTSCALE speak eim.
async fn guess(target: &Target, options: &Options<'_>) -> Result<(DialectId, String), RunError> {
    if target.endpoint.host_str().is_some_and(|host| host.ends_with(".outscale.com")) {
        return Ok((DialectId::Eim, "the host is OUTSCALE's".to_owned()));
    }
    let mut best: Option<(DialectId, usize)> = None;
    for dialect in [DialectId::Aws, DialectId::Eim] {
        let mut target = target.clone();
        target.profile.dialect = dialect;
        let session = session(&target, options)?;
        let manner = Manner { configuration: plain(dialect, &[]), principal: None, auth: None, raw: None, trial: TRIAL, scope: None };
        let sent = session.call(&Call::new("ListUsers"), &manner).await;
        let _ = session.close().await;
        let sent = sent.map_err(|why| RunError::of_session(&target, why))?;
        let departures = departures(&sent, dialect);
        if tree(&sent).is_some() && best.is_none_or(|(_, least)| departures < least) {
            best = Some((dialect, departures));
        }
    }
    Ok(match best {
        Some((dialect, 0)) => (dialect, "ListUsers is answered as this dialect has it".to_owned()),
        Some((dialect, n)) => (dialect, format!("ListUsers is answered, with fewer departures from this dialect ({n}) than from others")),
        None => (DialectId::Aws, "no dialect's ListUsers was answered; this one is the most common".to_owned()),
    })
}

/// In how many ways an answer is not as the dialect has it: what its own checks find, and members of the result that are there on one
/// dialect only.
fn departures(sent: &Sent, dialect: DialectId) -> usize {
    let response = model().action("ListUsers").map(|a| a.response.as_slice()).unwrap_or_default();
    let misplaced =
        tree(sent).map_or(0, |t| response.iter().filter(|m| m.name != "Marker" && m.on(dialect) != t.contains_key(&m.name)).count());
    sent.findings.len() + misplaced
}

/// Every question, and then the cleaning up.
async fn ask(session: &Session, options: &Options<'_>, learnt: &mut Learnt) -> Result<(), RunError> {
    let dialect = session.target.profile.dialect;
    let configuration = plain(dialect, &session.target.configurations());
    session.log_in().await.map_err(|why| RunError::of_session(&session.target, why))?;
    let passed = pass(session, configuration, options.run, options.certificates).await.map_err(|e| match e {
        super::capability::PassError::Session(why) => RunError::of_session(&session.target, why),
        refused => RunError::Pass(refused),
    })?;
    learnt.unsupported = missing(&passed.capabilities).into_iter().collect();
    learnt.left = passed.left.into_iter().map(|left| format!("{} {}", left.kind, left.name)).collect();

    let questions = Questions { session, configuration, prefix: format!("{PREFIX}-{}-probe", options.run) };
    let answered = questions.all(learnt).await;
    let entries = session.journal().entries(TRIAL);
    let left = clean(&entries, &mut Main { session, configuration, trial: TRIAL }).await;
    if left.is_empty() {
        // A journal that cannot be written costs a sweep that finds nothing.
        let _ = session.journal().cleaned(TRIAL);
    }
    learnt.left.extend(left.into_iter().map(|left| format!("{} {}", left.kind, left.name)));
    answered.map_err(|why| RunError::of_session(&session.target, why))
}

/// The questions that the capability pass does not ask.
struct Questions<'a> {
    session: &'a Session,
    configuration: Configuration,
    prefix: String,
}

impl Questions<'_> {
    async fn all(&self, learnt: &mut Learnt) -> Result<(), SessionError> {
        let user = format!("{}-1", self.prefix);
        let created = self.call(&Call::new("CreateUser").with("UserName", &user)).await?;
        learnt.version = software(&created);
        self.forms(&created, learnt).await?;
        if of_dialect("paths", self.configuration.dialect).is_none() {
            self.paths(learnt).await?;
        }
        if self.on("CreateUser", "Tags") {
            self.tags(learnt).await?;
        }
        self.markers(learnt).await?;
        if self.configuration.by_token() {
            self.namespaces(learnt).await?;
        }
        let key = self.key(&user, learnt).await?;
        self.signatures(key.as_ref(), learnt).await?;
        match &key {
            Some(key) => self.principals(key, learnt).await,
            None => Ok(()),
        }
    }

    async fn send(&self, call: &Call, principal: Option<&Credentials>, auth: Option<&Tamper>) -> Result<Sent, SessionError> {
        self.session.call(call, &self.manner(principal, auth)).await
    }

    fn manner<'a>(&self, principal: Option<&'a Credentials>, auth: Option<&'a Tamper>) -> Manner<'a> {
        Manner { configuration: self.configuration, principal, auth, raw: None, trial: TRIAL, scope: None }
    }

    async fn call(&self, call: &Call) -> Result<Sent, SessionError> {
        self.send(call, None, None).await
    }

    /// Whether the dialect has that parameter.
    fn on(&self, action: &str, parameter: &str) -> bool {
        model().action(action).is_some_and(|a| a.parameter(parameter, self.configuration.dialect).is_some())
    }

    /// Ids, ARNs and request ids that are not of the dialect's form.
    async fn forms(&self, created: &Sent, learnt: &mut Learnt) -> Result<(), SessionError> {
        let Ok(patterns) = shape::Patterns::new(self.configuration.dialect, &self.session.target.profile.patterns) else { return Ok(()) };
        let user = tree(created).and_then(|t| t.get("User")).cloned().unwrap_or_default();
        let text = |member: &str| user.get(member).and_then(Value::as_str).map(str::to_owned);
        let request_id = created.reply.as_ref().and_then(|r| r.request_id.clone());
        let samples = [
            ("id", text("UserId"), &patterns.id, form::of_id as fn(&str) -> String),
            ("arn", text("Arn"), &patterns.arn, form::of_arn),
            ("request-id", request_id, &patterns.request_id, form::of_id),
        ];
        for (name, sample, pattern, form) in samples {
            if let Some(sample) = sample.filter(|s| !s.is_empty() && !pattern.matches(s)) {
                learnt.patterns.push((name, form(&sample), sample));
            }
        }
        Ok(())
    }

    async fn paths(&self, learnt: &mut Learnt) -> Result<(), SessionError> {
        let path = format!("/{PREFIX}/probe/");
        let sent = self.call(&Call::new("CreateUser").with("UserName", format!("{}-2", self.prefix)).with("Path", &path)).await?;
        let seen = tree(&sent).and_then(|t| t.get("User")?.get("Path")?.as_str().map(str::to_owned));
        if seen.as_deref() != Some(path.as_str()) {
            let seen = seen.map_or_else(|| said(&sent), |seen| format!("answers the path {seen}"));
            learnt.lacks.push(("paths", format!("CreateUser with the path {path} {seen}")));
        }
        Ok(())
    }

    async fn tags(&self, learnt: &mut Learnt) -> Result<(), SessionError> {
        let name = format!("{}-3", self.prefix);
        let create = Call::new("CreateUser").with("UserName", &name).with("Tags.member.1.Key", "a").with("Tags.member.1.Value", "b");
        let created = self.call(&create).await?;
        if tree(&created).is_none() {
            learnt.lacks.push(("tags", format!("CreateUser with a tag {}", said(&created))));
            return Ok(());
        }
        let got = self.call(&Call::new("GetUser").with("UserName", name)).await?;
        let tags = tree(&got).and_then(|t| t.get("User")?.get("Tags")?.as_array().map(Vec::len)).unwrap_or(0);
        if tags != 1 {
            learnt.lacks.push(("tags", format!("a user made with one tag is answered with {tags}")));
        }
        Ok(())
    }

    /// Asks for one item where there are at least two.
    async fn markers(&self, learnt: &mut Learnt) -> Result<(), SessionError> {
        let (action, list) = if self.on("ListUsers", "MaxItems") { ("ListUsers", "Users") } else { ("ListPolicies", "Policies") };
        if action == "ListPolicies" {
            for i in 1..=2 {
                let name = format!("{}-{i}", self.prefix);
                self.call(&Call::new("CreatePolicy").with("PolicyName", name).with("PolicyDocument", DOCUMENT)).await?;
            }
        }
        let sent = self.call(&Call::new(action).with("MaxItems", "1")).await?;
        let page = tree(&sent);
        let items = page.and_then(|p| p.get(list)?.as_array().map(Vec::len));
        let more = page.and_then(|p| p.get("IsTruncated")?.as_bool()) == Some(true) && page.is_some_and(|p| p.contains_key("Marker"));
        if !more {
            let seen = items.map_or_else(|| said(&sent), |n| format!("answers {n} items and no Marker"));
            learnt.lacks.push(("markers", format!("{action} with MaxItems=1 {seen}, though there are more")));
        }
        Ok(())
    }

    /// Whether the main principal must name a namespace.
    async fn namespaces(&self, learnt: &mut Learnt) -> Result<(), SessionError> {
        let raw = Raw { headers: vec![(NAMESPACE_HEADER.to_owned(), None)], ..Raw::default() };
        let manner = Manner { raw: Some(&raw), ..self.manner(None, None) };
        let sent = self.session.call(&Call::new("ListUsers"), &manner).await?;
        if tree(&sent).is_some() {
            learnt.lacks.push(("management-user", "ListUsers without a namespace is answered".to_owned()));
        }
        Ok(())
    }

    /// Whether a wrong secret is noticed: the main principal's, or where that has none a user's.
    async fn signatures(&self, key: Option<&Credentials>, learnt: &mut Learnt) -> Result<(), SessionError> {
        let key = key.filter(|_| self.configuration.by_token());
        if key.is_none() && self.configuration.by_token() {
            return Ok(());
        }
        let sent = self.send(&Call::new("ListUsers"), key, Some(&Tamper::WrongSecret)).await?;
        if tree(&sent).is_some() {
            learnt.lacks.push(("signatures", "ListUsers signed with a wrong secret is answered".to_owned()));
        }
        Ok(())
    }

    /// An access key of a user.
    async fn key(&self, user: &str, learnt: &mut Learnt) -> Result<Option<Credentials>, SessionError> {
        let created = self.call(&Call::new("CreateAccessKey").with("UserName", user)).await?;
        let part = |member: &str| tree(&created)?.get("AccessKey")?.get(member)?.as_str().map(str::to_owned);
        let (Some(access_key_id), Some(secret)) = (part("AccessKeyId"), part("SecretAccessKey")) else {
            learnt.lacks.push(("principals", format!("CreateAccessKey {}", said(&created))));
            learnt.lacks.push(("authorization", "users have no keys to call with".to_owned()));
            return Ok(None);
        };
        Ok(Some(Credentials { access_key_id, secret, session_token: None }))
    }

    /// Whether a user's key can send calls, and whether what it may do depends on policies.
    async fn principals(&self, key: &Credentials, learnt: &mut Learnt) -> Result<(), SessionError> {
        let sent = self.send(&Call::new("ListUsers"), Some(key), None).await?;
        let code = match sent.reply.as_ref().map(|r| &r.outcome) {
            Some(Ok(Outcome::Error(e))) => e.code.as_str(),
            _ => "",
        };
        if tree(&sent).is_some() {
            learnt.lacks.push(("authorization", "a user without any policy may ListUsers".to_owned()));
        } else if !code.starts_with("AccessDenied") {
            learnt.lacks.push(("principals", format!("ListUsers with the key of a user {}", said(&sent))));
            learnt.lacks.push(("authorization", "users cannot send calls".to_owned()));
        }
        Ok(())
    }
}

/// The result tree of a success.
fn tree(sent: &Sent) -> Option<&Map<String, Value>> {
    match sent.reply.as_ref().map(|r| &r.outcome) {
        Some(Ok(Outcome::Success(result))) => Some(result),
        _ => None,
    }
}

/// What was answered instead, as the end of a sentence.
fn said(sent: &Sent) -> String {
    match sent.reply.as_ref().map(|r| &r.outcome) {
        Some(Ok(Outcome::Error(e))) => format!("is answered {} {}", e.status, e.code),
        Some(Ok(Outcome::Success(_))) => "succeeds without saying so".to_owned(),
        Some(Err(unreadable)) => format!("has an answer that cannot be read: {}", unreadable.why),
        None => "has no answer".to_owned(),
    }
}

/// The header with which servers introduce themselves.
fn software(sent: &Sent) -> Option<String> {
    let response = sent.response.as_ref()?;
    ["server", "x-powered-by"].into_iter().find_map(|name| response.header(name)).map(str::to_owned).filter(|v| !v.trim().is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::case::NoCertificates;
    use crate::reference::server::{Server, ServerOptions};
    use crate::target::{Profile, Proof, parse};

    fn probed(dialect: DialectId, known: Option<DialectId>) -> (Server, String) {
        let server = Server::start(ServerOptions::new(dialect)).unwrap();
        let profile = Profile { name: "127.0.0.1:1".into(), region: server.region.clone(), ..Profile::default() };
        let profile = Profile { dialect: known.unwrap_or(profile.dialect), namespace: server.namespace.clone(), ..profile };
        let proof = match &server.login {
            Some(login) => Proof::Login { login: login.clone(), key: None },
            None => server.credentials.clone().into(),
        };
        let target = Target::new(profile, &server.endpoint, proof, false).unwrap();
        let state = std::env::temp_dir().join(format!("iamspec-probe-{dialect}-{}", std::process::id()));
        let options = Options { dialect: known, run: "r", certificates: &NoCertificates, state: Some(&state) };
        let text = probe(&target, &options).unwrap();
        assert!(!text.contains(&server.credentials.secret) && !text.contains(&server.credentials.access_key_id));
        std::fs::remove_dir_all(state).unwrap();
        (server, text)
    }

    #[test]
    fn the_reference_lacks_nothing_and_its_profile_can_be_read() {
        for (dialect, known) in [(DialectId::Aws, None), (DialectId::Eim, None), (DialectId::Ecs, Some(DialectId::Ecs))] {
            let (server, text) = probed(dialect, known);
            let profile = parse::parse(&text).unwrap_or_else(|e| panic!("{e:?}\n{text}"));
            assert_eq!((profile.dialect, profile.region.as_str()), (dialect, server.region.as_str()), "{text}");
            let in_name_only = if dialect == DialectId::Ecs { vec!["UpdateGroup".to_owned(), "UpdateUser".to_owned()] } else { vec![] };
            assert_eq!(profile.unsupported, in_name_only, "{text}");
            assert!(profile.lacks.is_empty() && profile.patterns.is_empty(), "{text}");
            let path = if dialect == DialectId::Ecs { "/iam" } else { "" };
            assert_eq!((profile.endpoint, profile.namespace), (Some(format!("{}{path}", server.endpoint)), server.namespace.clone()));
            assert!(!text.contains("left behind"), "{text}");
        }
    }

    #[test]
    fn a_dialect_that_is_given_is_not_guessed() {
        let (_server, text) = probed(DialectId::Eim, Some(DialectId::Eim));
        assert!(text.contains("# as given\ndialect = \"eim\""), "{text}");
    }
}
