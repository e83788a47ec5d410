//! `iamspec sweep`: removes what earlier runs left behind, by their journals.

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
use crate::runner::sweep::sweep;
use crate::runner::trial::Main;

/// Arguments.
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Every run keeps a journal of what it is about to change. A run that was killed leaves its journal; sweep removes what is in it and
nothing else. Runs that are still going on are left alone.

Example:
  iamspec sweep --target moto")]
pub struct Args {
    #[command(flatten)]
    target: TargetArgs,
}

/// Sweeps.
pub fn run(args: &Args) -> Result<i32, Failure> {
    let Some(target) = args.target.foreign()? else {
        return Err(Failure::usage(
            "name the target to sweep, with --target or --endpoint: the embedded reference keeps nothing between runs".to_owned(),
        ));
    };
    let endpoint = target.url();
    let broken = |why: &dyn std::fmt::Display| Failure::broken(format!("cannot sweep {endpoint}: {why}"));
    let state = State::open(&endpoint, None).map_err(|e| broken(&e))?;
    let journal = Journal::create(&state, &endpoint, &run_part(fresh_seed())).map_err(|e| broken(&e))?;
    let configuration = plain(target.profile.dialect, &target.configurations());
    let session = Session::new(target, journal, Rc::new(Redactor::new())).map_err(|e| broken(&e))?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|e| broken(&e))?;
    let mut caller = Main { session: &session, configuration, trial: "sweep" };
    let swept = runtime.block_on(sweep(&state, &mut caller)).map_err(|e| broken(&e))?;
    // What sweep itself made for the moment it also removed; its own journal has nothing to tell.
    let _ = session.journal().cleaned("sweep");
    session.into_journal().close().map_err(|e| broken(&e))?;

    let mut out = std::io::stdout().lock();
    if swept.runs.is_empty() {
        writeln!(out, "nothing to sweep on {endpoint}")?;
        return Ok(exit::OK);
    }
    writeln!(out, "swept what {} left of {} on {endpoint}", count(swept.runs.len(), "run"), count(swept.trials, "case"))?;
    for left in &swept.left {
        writeln!(out, "still there: {} {}: {}", left.kind.word(), printable(&left.name), printable(&left.why))?;
    }
    out.flush()?;
    Ok(if swept.left.is_empty() { exit::OK } else { exit::FAILURES })
}
