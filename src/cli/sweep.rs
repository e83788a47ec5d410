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
else. Runs that are still going on are left alone.

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
    let swept = runtime.block_on(sweep(&state, &mut Main { session: &session, configuration, trial: "sweep" }));
    let swept = swept.map_err(|why| failed(&why))?;
    // What sweeping made for the moment it removed again: its own journal has nothing to tell.
    session.journal().cleaned("sweep").map_err(|why| failed(&why))?;
    session.into_journal().close().map_err(|why| failed(&why))?;
    told(&swept, &url)
}

fn told(swept: &Swept, url: &str) -> Result<i32, Failure> {
    let mut out = std::io::stdout().lock();
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
