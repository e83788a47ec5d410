//! The embedded reference as a target: one server a dialect, each with an account of its own.

use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;

use reqwest::Url;

use super::run::TargetRun;
use crate::api::{DialectId, model};
use crate::case::CertSource;
use crate::certs;
use crate::dialect::{Configuration, Format, Style};
use crate::reference::server::{Server, ServerOptions};
use crate::target::{Profile, Target};

/// Cases at a time: the reference answers at once, so more would only wait for one another.
const JOBS: usize = 8;

/// Seconds between two changes by the reference's clock: cases can tell every date from every other without waiting.
const TICK: i64 = 10;

/// What the reference is run in.
pub const CONFIGURATIONS: [Configuration; 3] = [
    Configuration { dialect: DialectId::Eim, format: Format::Xml, style: Style::Form },
    Configuration { dialect: DialectId::Eim, format: Format::Json, style: Style::Form },
    Configuration { dialect: DialectId::Aws, format: Format::Xml, style: Style::Form },
];

/// Running servers of the reference. They stop, and what they kept on disk goes away, when the value is dropped.
pub struct Embedded {
    /// One for each dialect.
    pub targets: Vec<TargetRun>,
    state: PathBuf,
    _servers: Vec<Server>,
}

impl Embedded {
    /// Starts a server for each dialect among `configurations`.
    ///
    /// # Errors
    /// When the loopback interface cannot be listened on.
    pub fn start(configurations: &[Configuration], seed: u64) -> io::Result<Embedded> {
        let state = std::env::temp_dir().join(format!("iamspec-reference-{}-{seed}", std::process::id()));
        let (mut targets, mut servers) = (Vec::new(), Vec::new());
        for dialect in DialectId::ALL {
            let own: Vec<Configuration> = configurations.iter().copied().filter(|c| c.dialect == dialect).collect();
            if own.is_empty() {
                continue;
            }
            let server = Server::start(ServerOptions { seed, limits: room(), tick: TICK, ..ServerOptions::new(dialect) })?;
            let profile = Profile { region: server.region.clone(), service: Some(server.service.clone()), ..profile(dialect) };
            let endpoint = Url::parse(&server.endpoint).map_err(io::Error::other)?;
            let target = Target { profile, endpoint, path: "/".into(), proof: server.credentials.clone().into(), embedded: true };
            targets.push(TargetRun { target, configurations: own, state: Some(state.clone()) });
            servers.push(server);
        }
        Ok(Embedded { targets, state, _servers: servers })
    }
}

impl Drop for Embedded {
    fn drop(&mut self) {
        // Journals and locks of an account that is gone with the process.
        let _ = std::fs::remove_dir_all(&self.state);
    }
}

/// Limits of the reference's account that are not the dialects': wide enough for cases that run side by side, narrow enough to be filled.
fn room() -> BTreeMap<String, u64> {
    [("server-certificates", 40), ("users", 64), ("groups", 64), ("policies", 128)].map(|(name, most)| (name.to_owned(), most)).into()
}

/// What is known of the reference in a dialect, beside what a server says when it runs.
pub fn profile(dialect: DialectId) -> Profile {
    Profile {
        name: "reference".into(),
        about: "the embedded reference".into(),
        version: Some(env!("CARGO_PKG_VERSION").into()),
        dialect,
        jobs: JOBS,
        account_principal: true,
        // Only what the dialect has a limit for at all: of the others nothing is known, on the reference either.
        limits: room().into_iter().filter(|(name, _)| model().limit(name, dialect).is_some()).collect(),
        ..Profile::default()
    }
}

/// Test certificates, made when first asked for.
#[derive(Clone, Copy, Debug, Default)]
pub struct Certificates;

impl CertSource for Certificates {
    fn pem(&self, name: &str) -> Option<String> {
        certs::material(name)
    }
}
