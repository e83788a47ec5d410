//! From a target to a run against it: journal, session, and their end.

use std::cell::Cell;
use std::io;
use std::rc::Rc;

use super::drive::{Plan, Report, WireError, Wiretap};
use super::judge::Departure;
use super::kept::Kept;
use crate::dialect::Configuration;
use crate::fuzz::finding::Fingerprint;
use crate::runner::journal::Journal;
use crate::runner::redact::Redactor;
use crate::runner::run::TargetRun;
use crate::runner::session::Session;
use crate::runner::state::State;

/// Why there is no run.
#[derive(Debug, thiserror::Error)]
pub enum AttachError {
    /// The endpoint's folder cannot be used.
    #[error("cannot keep a journal of {endpoint}: {why}")]
    State {
        /// The endpoint.
        endpoint: String,
        /// What the system says.
        why: io::Error,
    },
    /// There can be no session.
    #[error("{0}")]
    Session(String),
    /// The run could not go on.
    #[error(transparent)]
    Wire(#[from] WireError),
}

/// Runs a plan against a target. Nothing else of ours runs against it meanwhile: whoever is not served by it must have its own request to
/// thank. Ctrl-C lets no more requests start; `told` hears of each.
///
/// # Errors
/// When nothing could be sent, or nothing can be said about the target.
pub async fn run(on: &TargetRun, plan: &Plan, told: &mut dyn FnMut(&Report)) -> Result<Report, AttachError> {
    let (session, state, _guard) = attach(on, &plan.run).await?;
    let stopped = Rc::new(Cell::new(false));
    let run = Wiretap::new(&session, &on.configurations, plan);
    let stop = || stopped.get();
    let report = tokio::select! {
        report = run.run(&stop, told) => report,
        () = interrupted(&stopped) => Err(WireError::Unreached("interrupted twice: what was under way is in the journal, for `iamspec sweep`".into())),
    };
    let closed = session.close().await.map_err(|why| failed(&state, why));
    let mut report = report?;
    if stopped.get() {
        report.stopped.get_or_insert("interrupted".into());
    }
    if let Some(note) = closed? {
        report.stopped.get_or_insert(note);
    }
    Ok(report)
}

/// Sends the request of a kept find once more: what is wrong with what comes of it; none: nothing.
///
/// # Errors
/// As [`run`].
pub async fn again(on: &TargetRun, kept: &Kept, run: &str) -> Result<Option<(Departure, Fingerprint)>, AttachError> {
    let plan = Plan { run: run.to_owned(), seed: 0, time: None, requests: Some(1), restart: None };
    let (session, state, _guard) = attach(on, run).await?;
    let configurations: Vec<Configuration> = vec![kept.configuration];
    let seen = Wiretap::new(&session, &configurations, &plan).again(&kept.malformed, kept.configuration).await;
    session.close().await.map_err(|why| failed(&state, why))?;
    Ok(seen?)
}

async fn attach(on: &TargetRun, run: &str) -> Result<(Session, State, crate::runner::state::Guard), AttachError> {
    let endpoint = on.target.url();
    let broken = |why| AttachError::State { endpoint: endpoint.clone(), why };
    let state = State::open(&endpoint, on.state.as_deref()).map_err(broken)?;
    let guard = state.exclusive().await.map_err(broken)?;
    let journal = Journal::create(&state, &endpoint, run).map_err(broken)?;
    let session = Session::new(on.target.clone(), journal, Rc::new(Redactor::new())).map_err(AttachError::Session)?;
    Ok((session, state, guard))
}

fn failed(state: &State, why: io::Error) -> AttachError {
    AttachError::State { endpoint: state.dir().display().to_string(), why }
}

/// Ends at the second Ctrl-C; the first one is noted.
async fn interrupted(stopped: &Cell<bool>) {
    for _ in 0..2 {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
        stopped.set(true);
    }
}
