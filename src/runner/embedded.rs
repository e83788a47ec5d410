//! The embedded reference as a target: one server a dialect, each with an account of its own.

use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;

use super::run::TargetRun;
use crate::api::{DialectId, model};
use crate::case::CertSource;
use crate::certs;
use crate::dialect::{Configuration, Format, Style};
use crate::reference::server::{Server, ServerOptions};
use crate::target::resolve::ResolveError;
use crate::target::{Profile, Proof, Target};

/// Cases at a time: the reference answers at once, so more would only wait for one another.
const JOBS: usize = 8;

/// Seconds between two changes by the reference's clock: cases can tell every date from every other without waiting.
pub(super) const TICK: i64 = 10;

/// The namespaces of its ECS: the one that cases work in, and the one that must stay apart from it.
pub(super) const NAMESPACES: [&str; 2] = ["iamspec", "neighbour"];

/// What the reference is run in. Of ecs not the whole product, but each format with and without a token, and each style.
pub const CONFIGURATIONS: [Configuration; 7] = [
    configuration(DialectId::Eim, Format::Xml, Style::Form),
    configuration(DialectId::Eim, Format::Json, Style::Form),
    configuration(DialectId::Aws, Format::Xml, Style::Form),
    configuration(DialectId::Ecs, Format::Xml, Style::Query),
    configuration(DialectId::Ecs, Format::Json, Style::Query),
    configuration(DialectId::Ecs, Format::Xml, Style::Form),
    configuration(DialectId::Ecs, Format::Json, Style::Sigv4),
];

const fn configuration(dialect: DialectId, format: Format, style: Style) -> Configuration {
    Configuration { dialect, format, style }
}

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
            let namespaces = NAMESPACES.map(str::to_owned).to_vec();
            let server = Server::start(ServerOptions { seed, limits: room(), tick: TICK, namespaces, ..ServerOptions::new(dialect) })?;
            let target = target(dialect, &server).map_err(io::Error::other)?;
            targets.push(TargetRun { target, configurations: own, state: Some(state.clone()) });
            servers.push(server);
        }
        Ok(Embedded { targets, state, _servers: servers })
    }
}

/// A server of the reference as a target.
fn target(dialect: DialectId, server: &Server) -> Result<Target, ResolveError> {
    let profile = Profile { region: server.region.clone(), service: Some(server.service.clone()), ..profile(dialect) };
    let key = server.credentials.clone();
    let proof = match &server.login {
        Some(login) => Proof::Login { login: login.clone(), key: Some(key) },
        None => key.into(),
    };
    Target::new(profile, &server.endpoint, proof, true)
}

impl Drop for Embedded {
    fn drop(&mut self) {
        // Journals and locks of an account that is gone with the process.
        let _ = std::fs::remove_dir_all(&self.state);
    }
}

/// Limits of the reference's account that are not the dialects': wide enough for cases that run side by side, narrow enough to be filled.
pub(super) fn room() -> BTreeMap<String, u64> {
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
        empty_account: true,
        namespace: (dialect == DialectId::Ecs).then(|| NAMESPACES[0].to_owned()),
        second_namespace: (dialect == DialectId::Ecs).then(|| NAMESPACES[1].to_owned()),
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
