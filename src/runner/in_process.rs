//! The embedded reference as a target in this process: no socket, no journal on disk. For trials by the thousand.

use std::io;
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::embedded::{NAMESPACES, TICK, profile, room};
use super::journal::Journal;
use super::redact::Redactor;
use super::session::Session;
use super::state::State;
use crate::api::DialectId;
use crate::auth::ecs_token::Login;
use crate::auth::{Credentials, Proof};
use crate::reference::management::Manager;
use crate::reference::{Answers, EcsEndpoint, Endpoint, Faults, Settings};
use crate::target::transport::Transport;
use crate::target::{Profile, Target};

/// Where it would be if it were anywhere: a name that no resolver knows.
const NOWHERE: &str = "http://reference.invalid";

/// How the accounts of the reference on a dialect are set up.
pub fn settings(dialect: DialectId) -> Settings {
    let usual = Settings::new(dialect);
    let account = if dialect == DialectId::Ecs { NAMESPACES[0].to_owned() } else { usual.account };
    Settings { limits: room(), tick: TICK, account, ..usual }
}

fn login() -> Login {
    Login { user: "root".into(), password: "reference-password-for-this-process".into() }
}

/// The reference on a dialect, as a target.
///
/// # Errors
/// When the dialect's reference cannot be one.
pub fn target(dialect: DialectId) -> Result<Target, String> {
    let settings = settings(dialect);
    let key = Credentials { access_key_id: settings.root_key, secret: settings.root_secret, session_token: None };
    let proof = match dialect {
        DialectId::Ecs => Proof::Login { login: login(), key: Some(key) },
        DialectId::Eim | DialectId::Aws => key.into(),
    };
    let profile = Profile { region: settings.region, service: settings.services.first().cloned(), ..profile(dialect) };
    Target::new(profile, NOWHERE, proof, true).map_err(|why| why.to_string())
}

/// A reference with empty accounts. `seed` decides every id and secret that it makes. `None`: the dialect has no reference.
pub fn reference(dialect: DialectId, seed: u64, faults: Faults) -> Option<Box<dyn Answers>> {
    let settings = settings(dialect);
    Some(match dialect {
        DialectId::Ecs => {
            let Login { user, password } = login();
            let namespaces = NAMESPACES.map(str::to_owned);
            Box::new(EcsEndpoint::new(settings, Manager { user, password }, &namespaces, seed, faults)?)
        }
        DialectId::Eim | DialectId::Aws => Box::new(Endpoint::new(settings, seed, faults)?),
    })
}

/// A folder for the login tokens of sessions, one at a time; it goes away with the value.
pub struct Folder {
    root: PathBuf,
    state: State,
}

impl Folder {
    /// A new folder among the system's temporary ones.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn new() -> io::Result<Folder> {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let root = std::env::temp_dir().join(format!("iamspec-in-process-{}-{number}", std::process::id()));
        Ok(Folder { state: State::open(NOWHERE, Some(&root))?, root })
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.root);
    }
}

/// A session with `answers`, which stands for `target`. To be closed before another one is opened with the same folder.
///
/// # Errors
/// As [`Session::over`].
pub fn session(target: &Target, answers: Box<dyn Answers>, folder: &Folder) -> Result<Session, String> {
    let transport = Transport::in_process(target, answers);
    Session::over(transport, target.clone(), Journal::in_memory(&folder.state), Rc::new(Redactor::new()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialect::{Call, Outcome};
    use crate::runner::embedded::CONFIGURATIONS;
    use crate::runner::session::Manner;

    #[test]
    fn calls_are_proven_verified_and_read_as_over_the_network() {
        let folder = Folder::new().expect("a folder");
        for configuration in CONFIGURATIONS {
            let target = target(configuration.dialect).expect("a target");
            let reference = reference(configuration.dialect, 1, Faults::default()).expect("a reference");
            let session = session(&target, reference, &folder).expect("a session");
            let manner = Manner { configuration, principal: None, auth: None, raw: None, trial: "t", scope: None };
            let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime");
            let call = Call::new("CreateUser").with("UserName", "ann");
            let sent = runtime.block_on(session.call(&call, &manner)).expect("sent");
            assert_eq!(sent.findings, Vec::new(), "{configuration}");
            assert!(matches!(sent.reply.map(|r| r.outcome), Some(Ok(Outcome::Success(_)))), "{configuration}");
            assert_eq!(session.journal().entries("t").len(), 1);
            assert_eq!(runtime.block_on(session.close()).expect("closed"), None);
        }
    }
}
