//! `iamspec sweep`: removes what killed runs left behind on an endpoint.

use std::io::Write;
use std::rc::Rc;

use super::args::TargetArgs;
use super::fail::Failure;
use crate::report::tally::exit;
use crate::report::text::{count, printable};
use crate::runner::journal::Journal;
use crate::runner::redact::Redactor;
use crate::runner::run::{fresh_seed, run_part};
use crate::runner::session::{Session, plain};
use crate::runner::state::State;
use crate::runner::sweep::{Swept, sweep};
use crate::runner::trial::Main;

/// Arguments.
#[derive(clap::Args, Debug)]
#[command(after_help = "\
A run keeps a journal of what it is about to change. One that was killed leaves its journal; sweep removes what is in it and nothing
else, and logs out a login token that it left. Runs that are still going on are left alone.

Example:
  iamspec sweep --target moto")]
pub struct Args {
    #[command(flatten)]
    target: TargetArgs,
}

/// Works off the journals of an endpoint.
pub fn run(args: &Args) -> Result<i32, Failure> {
    let launch = args.target.launch()?;
    let Some(target) = launch.foreign else {
        return Err(Failure::usage("sweep which endpoint? --target NAME or --endpoint URL; the embedded reference keeps nothing"));
    };
    let url = target.url();
    let failed = |why: &dyn std::fmt::Display| Failure::broken(format!("cannot sweep {url}: {why}"));
    let state = State::open(&url, None).map_err(|why| failed(&why))?;
    let journal = Journal::create(&state, &url, &run_part(fresh_seed())).map_err(|why| failed(&why))?;
    let configuration = plain(target.profile.dialect, &target.configurations());
    let session = Session::new(target, journal, Rc::new(Redactor::new())).map_err(|why| failed(&why))?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|why| failed(&why))?;
    runtime.block_on(async {
        // First: it would be used up otherwise, and nobody would hear of it.
        let tokens = session.give_back_idle().await;
        let swept = sweep(&state, &mut Main { session: &session, configuration, trial: "sweep" }).await;
        // What sweeping made for the moment it removed again: its own journal has nothing to tell.
        let cleaned = session.journal().cleaned("sweep");
        let closed = session.close().await;
        let (tokens, swept) = (tokens.map_err(|why| failed(&why))?, swept.map_err(|why| failed(&why))?);
        cleaned.map_err(|why| failed(&why))?;
        if let Some(why) = tokens.1 {
            return Err(failed(&format!("a login token is still there: {why}")));
        }
        if let Some(note) = closed.map_err(|why| failed(&why))? {
            return Err(failed(&note));
        }
        told(&swept, tokens.0, &url)
    })
}

fn told(swept: &Swept, tokens: usize, url: &str) -> Result<i32, Failure> {
    let mut out = std::io::stdout().lock();
    if tokens > 0 {
        writeln!(out, "{url}: {} of ended runs logged out", count(tokens, "login token"))?;
    }
    if swept.runs.is_empty() {
        writeln!(out, "{url}: no run that has ended left a journal")?;
        return Ok(exit::OK);
    }
    writeln!(out, "{url}: {} of {} worked off", count(swept.trials, "case"), count(swept.runs.len(), "ended run"))?;
    for left in &swept.left {
        writeln!(out, "  {} {} of {} is still there: {}", left.kind, printable(&left.name), left.trial, printable(&left.why))?;
    }
    Ok(if swept.left.is_empty() { exit::OK } else { exit::FAILURES })
}
