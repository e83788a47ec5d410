//! `iamspec fuzz`: programs by the thousand, and what the oracles see.

mod about;
mod power;
mod reports;
mod show;

use std::io::{IsTerminal, Write};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use super::args::TargetArgs;
use super::fail::Failure;
use super::promote::{self, PromoteArgs};
use super::wire;
use crate::fuzz::campaign::{CampaignError, Files, Found, News, Options, Tally, on_reference, on_target};
use crate::fuzz::{OracleId, Oracles};
use crate::launch::Launch;
use crate::plan::Shard;
use crate::reference::Faults;
use crate::report::tally::{exit, worse};
use crate::report::text::printable;
use crate::report::view::Output;
use crate::runner::embedded::Certificates;
use crate::runner::run::{TargetRun, fresh_seed};

/// Arguments.
#[derive(clap::Args, Debug)]
#[command(after_help = "\
A program is a case: users, groups, policies and keys are made, used, changed and deleted, mostly legally, sometimes with one thing wrong.
The reference is given the same calls; where target and reference part, that is a finding, counted once however often it is seen. So is what
needs no reference: a server error, an answer that cannot be read, a list whose pages are not the whole (--oracles names them).

Without a target the embedded reference is fuzzed, in this process and in all configurations: it must have no findings.

Examples:
  iamspec fuzz --calls 100000 --seed 1
  iamspec fuzz --target moto --time 10m --out findings
  iamspec fuzz --endpoint http://127.0.0.1:5000 --dialect aws --actions '*User' --oracles lockstep,probe
  iamspec fuzz --target ministack --time 1h --restart-command 'docker restart ministack' --corpus corpus
  iamspec fuzz --oracles wire --target awsim --out findings      malformed requests; +wire: after the programs, in half the time
  iamspec fuzz --power --budget 20000 --resume power.ndjson
  iamspec fuzz --promote findings/create-user-status-3fa0c811.toml

A finding that the target's list of known failures (of --target, or --baseline FILE) or a stored run (--known) has already is a repetition:
counted apart, and no failure.

With --out each new finding is looked for again when the programs are done: three times under fresh names, then with fewer steps, then it is
written into the folder as a case that passes on the reference and fails on the target, for `replay` and `--promote`. That takes as long as
the programs took at most, and a minute at least; what is left waits there. A run that was stopped goes on where it was: the same command
again sends the programs that are missing and takes the findings that wait.

Exit codes: 0 nothing new found, 1 new findings (with --power: something missed), 2 usage error or a target that may not be fuzzed, 3 target not
reached or harness broke.")]
pub struct Args {
    #[command(flatten)]
    target: TargetArgs,
    #[command(flatten)]
    promote: PromoteArgs,
    /// For so long: 90s, 10m, 2h [default: 1m, unless --calls is given]
    #[arg(long, value_name = "TIME", value_parser = time, help_heading = "How to fuzz")]
    time: Option<Duration>,
    /// Until so many calls are sent
    #[arg(long, value_name = "N", help_heading = "How to fuzz")]
    calls: Option<u64>,
    /// Seed: the same one makes the same programs [default: that of --out, else from the clock]
    #[arg(long, value_name = "N", help_heading = "How to fuzz")]
    seed: Option<u64>,
    /// Only these Actions and those that make what they need: names or globs, separated by commas
    #[arg(long, value_name = "NAMES", value_delimiter = ',', help_heading = "How to fuzz")]
    actions: Vec<String>,
    /// Oracles to ask: `lockstep,probe` these, `-shape` all but this, `+wire` this too
    #[arg(long, value_name = "NAMES", allow_hyphen_values = true, help_heading = "How to fuzz")]
    oracles: Option<Oracles>,
    /// Programs at a time [default: one a core, or what the profile says]
    #[arg(short, long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..), help_heading = "How to fuzz")]
    jobs: Option<u16>,
    /// Folder of programs to vary, and to keep those in that reached something new
    #[arg(long, value_name = "DIR", help_heading = "How to fuzz")]
    corpus: Option<PathBuf>,
    /// Folder for findings and for the state of the run, which goes on from there
    #[arg(long, value_name = "DIR", help_heading = "How to fuzz")]
    out: Option<PathBuf>,
    /// Shell command that brings the target back when it has gone away
    #[arg(long, value_name = "COMMAND", help_heading = "How to fuzz")]
    restart_command: Option<String>,
    /// A stored run (`run --output ndjson=FILE`) on the target: a finding that it failed for already is a repetition
    #[arg(long, value_name = "RUN.ndjson", help_heading = "How to fuzz")]
    known: Option<PathBuf>,
    /// Report the findings to a file when the run ends: ndjson, json, junit or github; `-` is standard output; repeatable
    #[arg(long, value_name = "FORMAT=FILE", help_heading = "How to fuzz")]
    output: Vec<Output>,
    /// Leave what programs make
    #[arg(long, help_heading = "How to fuzz")]
    keep: bool,
    /// Measure how much is found: the reference with each fault of `strength`, one after the other
    #[arg(long, help_heading = "Power", conflicts_with_all = ["time", "calls", "out", "corpus", "restart_command", "target", "endpoint"])]
    power: bool,
    /// Calls for each fault
    #[arg(long, value_name = "CALLS", default_value = "20000", help_heading = "Power")]
    budget: u64,
    /// Faults by id, part of one or glob
    #[arg(long, value_name = "ID", help_heading = "Power")]
    fault: Vec<String>,
    /// File with one line a fault: what stands there is not measured again, and what is new is added
    #[arg(long, value_name = "FILE.ndjson", help_heading = "Power")]
    resume: Option<PathBuf>,
    /// Only one part of the faults, 1/4 to 4/4
    #[arg(long, value_name = "I/N", help_heading = "Power")]
    shard: Option<Shard>,
}

/// `90s`, `10m`, `2h`; a number alone is seconds.
fn time(text: &str) -> Result<Duration, String> {
    let (number, unit) = match text.strip_suffix(['s', 'm', 'h']) {
        Some(number) => (number, text.chars().next_back().unwrap_or('s')),
        None => (text, 's'),
    };
    let factor = match unit {
        'm' => 60.0,
        'h' => 3600.0,
        _ => 1.0,
    };
    match number.parse::<f64>() {
        Ok(n) if n > 0.0 && n * factor <= 31_536_000.0 => Ok(Duration::from_secs_f64(n * factor)),
        _ => Err("not a time, such as 90s, 10m or 2h".into()),
    }
}

/// Fuzzes.
pub fn run(args: &Args) -> Result<i32, Failure> {
    if !args.promote.promote.is_empty() {
        return promote::run(&args.promote);
    }
    let launch = args.target.launch()?;
    if args.power {
        return power::run(args, &launch);
    }
    let oracles = args.oracles.clone().unwrap_or_default();
    let earlier = args.out.as_deref().and_then(Files::seed);
    let seed = args.seed.or(earlier).unwrap_or_else(fresh_seed);
    let time = args.time.or_else(|| args.calls.is_none().then_some(Duration::from_secs(60)));
    if !oracles.has(OracleId::Wire) {
        return programs(args, &launch, oracles, seed, (time, args.calls));
    }
    // Malformed requests are sent by themselves: who else is on the target could not tell its own calls' fate from theirs.
    let others = oracles.without(OracleId::Wire);
    let (time, calls) = if others.is_some() { (time.map(|t| t / 2), args.calls.map(|n| n / 2)) } else { (time, args.calls) };
    let first = others.map_or(Ok(exit::OK), |others| programs(args, &launch, others, seed, (time, calls)))?;
    let (targets, _embedded) = wire::targets(&launch)?;
    let restart = args.restart_command.as_deref();
    let ask = wire::Ask { time, requests: calls, seed, restart, findings: args.out.as_deref() };
    Ok(worse(first, wire::run(&targets, &ask)?))
}

/// Fuzzes with programs, for so long or so many calls.
fn programs(
    args: &Args,
    launch: &Launch,
    oracles: Oracles,
    seed: u64,
    (time, calls): (Option<Duration>, Option<u64>),
) -> Result<i32, Failure> {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let jobs = launch.foreign.as_ref().map_or(cores, |target| target.profile.jobs);
    let options = Options {
        seed,
        time,
        calls,
        actions: args.actions.clone(),
        oracles,
        jobs: args.jobs.map_or(jobs, usize::from),
        corpus: args.corpus.clone(),
        out: args.out.clone(),
        restart: args.restart_command.clone(),
        certificates: Arc::new(Certificates),
        keep: args.keep,
        about: about::of(args, launch)?,
        faults: Faults::default(),
    };
    let views = reports::views(&args.output)?;
    let aside = args.output.iter().any(Output::is_stdout);
    // Standard output belongs to the report that asks for it. A pipe that is closed ends the command at its summary.
    let say = |text: &str| {
        let _ = if aside { std::io::stderr().write_all(text.as_bytes()) } else { std::io::stdout().write_all(text.as_bytes()) };
    };
    let bar = bar();
    let sink = |news: News<'_>| match news {
        News::Found(found, _) if found.is_new() => bar.suspend(|| {
            say(&format!("FOUND  {}  {}\n  {}\n", printable(&found.fingerprint.to_string()), found.configuration, printable(&found.text)));
        }),
        News::Found(..) => {}
        News::Settling(n, of, found) => {
            bar.set_message(format!("looking again, {n} of {of}: {}", printable(&found.fingerprint.to_string())))
        }
        News::Settled(record) => bar.suspend(|| say(&show::settled(record))),
        News::Progress(tally) => bar.set_message(show::line(tally)),
        News::Note(text) => bar.suspend(|| eprintln!("iamspec: {}", printable(text))),
    };
    let configurations = launch.configurations();
    let tally = match &launch.foreign {
        Some(target) => on_target(&TargetRun { target: target.clone(), configurations, state: None }, &options, &sink),
        None => on_reference(&configurations, &options, &sink),
    };
    bar.finish_and_clear();
    let tally = tally?;
    let text = show::text(&tally, &options.oracles);
    if aside {
        std::io::stderr().lock().write_all(text.as_bytes())?;
    } else {
        std::io::stdout().lock().write_all(text.as_bytes())?;
    }
    Ok(worse(code(&tally), reports::write(views, launch, &options, &tally)))
}

fn code(tally: &Tally) -> i32 {
    match &tally.stopped {
        Some(_) => exit::BROKEN,
        None if tally.findings.iter().any(Found::is_new) => exit::FAILURES,
        None => exit::OK,
    }
}

impl From<CampaignError> for Failure {
    fn from(why: CampaignError) -> Failure {
        match why {
            CampaignError::Usage(why) => Failure::usage(why),
            CampaignError::Broken(why) => Failure::broken(why),
        }
    }
}

fn bar() -> ProgressBar {
    if !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template("{spinner} {elapsed} {msg}");
    let bar = ProgressBar::new_spinner().with_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()));
    bar.enable_steady_tick(Duration::from_millis(200));
    bar
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_units() {
        assert_eq!(time("90s"), Ok(Duration::from_secs(90)));
        assert_eq!((time("10m"), time("2h")), (Ok(Duration::from_secs(600)), Ok(Duration::from_secs(7200))));
        assert_eq!(time("1.5"), Ok(Duration::from_millis(1500)));
        for wrong in ["", "0s", "-1m", "1d", "m", "inf"] {
            assert!(time(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn the_exit_code_says_whether_anything_was_found() {
        assert_eq!(code(&Tally::default()), exit::OK);
        assert_eq!(code(&Tally { stopped: Some("interrupted".into()), ..Tally::default() }), exit::BROKEN);
    }
}
