//! `iamspec run`: the suite, or some of it, against a target.

use std::io::{self, IsTerminal, Write};
use std::path::PathBuf;

use super::args::{Manner, Selection, TargetArgs};
use super::curl_dir::{CurlDir, Scopes};
use super::fail::Failure;
use super::known::today;
use super::stream::{Named, Stream};
use super::{known, plan, snapshots, suite};
use crate::api::Level;
use crate::baseline::Judge;
use crate::case::corpus::Corpus;
use crate::launch::{Launch, variable};
use crate::plan::Shard;
use crate::report::event::Event;
use crate::report::failure::Options;
use crate::report::ndjson::read_run;
use crate::report::terminal::Terminal;
use crate::report::text::Paint;
use crate::report::view::Output;
use crate::runner::run::run as run_cases;
use crate::verdict::Status;

/// Arguments.
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Examples:
  iamspec run
  iamspec run users/DeleteUser 'groups/*/name-*' --dialect eim -v
  iamspec run --endpoint https://iam.example.com --dialect aws --region eu-1 --plan
  iamspec run --endpoint https://ecs.example.com:4443 --dialect ecs --namespace ns1 --insecure
  iamspec run --target moto --output junit=report.xml --output ndjson=run.ndjson
  iamspec run --target moto --failed-from run.ndjson --curl scripts
  iamspec run --target moto --shard 2/4 --output ndjson=shard-2.ndjson

Credentials: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, OSC_ACCESS_KEY and OSC_SECRET_KEY, or --profile; on ecs ECS_USERNAME and ECS_PASSWORD
(or IAMSPEC_USER and IAMSPEC_PASSWORD), unless --style sigv4 signs.

Exit codes: 0 as expected, 1 conformance failures, 2 usage or case-file error, 3 target not reached or harness broke.")]
pub struct Args {
    #[command(flatten)]
    selection: Selection,
    #[command(flatten)]
    target: TargetArgs,
    #[command(flatten)]
    known: known::KnownArgs,
    #[command(flatten)]
    manner: Manner,
    #[command(flatten)]
    snapshots: snapshots::SnapshotArgs,
    /// Only what failed or broke in a stored run
    #[arg(long, value_name = "RUN.ndjson", help_heading = "Cases")]
    failed_from: Option<PathBuf>,
    /// Only the I-th of N parts of the cases; which part a case is in follows from its id alone
    #[arg(long, value_name = "I/N", help_heading = "Cases")]
    shard: Option<Shard>,
    /// Report to a file: ndjson, json, junit or github (annotations of a workflow); `-` is standard output; repeatable
    #[arg(short, long, value_name = "FORMAT=FILE")]
    output: Vec<Output>,
    /// Write each trial as a script of signed curl calls
    #[arg(long, value_name = "DIR")]
    curl: Option<PathBuf>,
    /// Stop at the first failure
    #[arg(long)]
    fail_fast: bool,
    /// Leave what the cases create
    #[arg(long)]
    keep: bool,
    /// From which level on a failure counts for the exit code
    #[arg(long, value_name = "LEVEL", default_value = "should")]
    level: Level,
    /// Whole values, raw exchanges, a line for each trial
    #[arg(short, long)]
    verbose: bool,
    /// Show what would be sent, and send nothing
    #[arg(long)]
    plan: bool,
}

/// Runs the suite.
pub fn run(args: &Args) -> Result<i32, Failure> {
    let whole = suite::all(args.selection.cases.as_deref())?;
    let mut corpus = suite::load(&args.selection)?;
    if let Some(path) = &args.failed_from {
        only_failed(&mut corpus, path)?;
    }
    if let Some(shard) = args.shard {
        corpus.cases.retain(|case| shard.takes(&case.id));
    }
    let launch = launch(args)?;
    if args.plan {
        return plan::show(&launch, &corpus);
    }
    let known = known::of_run(&args.known, &launch, &whole)?;
    let full = full(args, &corpus, &whole);
    let judge = known.as_ref().and_then(|k| k.baseline.as_ref()).map(|b| Judge::new(b, &today()));
    let mut stream = Stream::new(judge, full, views(args, &corpus, &launch)?).failing_fast(args.fail_fast);
    if args.known.update_baseline {
        stream = stream.keeping();
    }
    let ready = launch.start(&corpus, args.selection.cases.as_ref())?;
    if full && launch.is_whole_reference() {
        stream = stream.looking_for_orphans(ready.book.clone());
    }
    let cases: Vec<_> = corpus.cases.iter().collect();
    // Why a run could not begin is the last thing that the stream says: the report shows it.
    let begun = run_cases(&ready.targets, &cases, &ready.options, &mut |event| stream.event(event)).is_ok();
    let book = ready.book.clone().filter(|_| begun);
    drop(ready);
    let whole = stream.ended_whole() && launch.is_whole_reference();
    let closed = book.map(|book| book.close(whole));
    let (events, code, unwritten) = stream.end();
    for why in unwritten {
        eprintln!("iamspec: {why}");
    }
    match closed {
        Some(Ok(Some(done))) => eprintln!("iamspec: {done}"),
        Some(Err(why)) => return Err(Failure::broken(format!("cannot write snapshots: {why}"))),
        Some(Ok(None)) | None => {}
    }
    if let (Some(known), true, true) = (&known, args.known.update_baseline, begun) {
        eprintln!("iamspec: {}", known.update(&events, full)?);
        return Ok(code);
    }
    if let Some(word) = known.as_ref().and_then(known::List::unreviewed) {
        eprintln!("iamspec: {word}");
    }
    Ok(code)
}

fn launch(args: &Args) -> Result<Launch, Failure> {
    let launch = args.manner.apply(args.target.launch()?);
    let exchanges = args.verbose || args.curl.is_some();
    Ok(Launch { keep: args.keep, level: args.level, exchanges, shard: args.shard, snapshots: Some(args.snapshots.choice()), ..launch })
}

/// Whether every case is run in every configuration, so that a list of known failures can be judged as a whole.
fn full(args: &Args, corpus: &Corpus, whole: &Corpus) -> bool {
    let narrowed = args.target.wire.is_some() || args.target.style.is_some();
    corpus.cases.len() == whole.cases.len() && !narrowed && !args.fail_fast && args.shard.is_none()
}

/// Keeps the cases that failed, broke, passed unexpectedly or differed from their snapshots in a stored run.
fn only_failed(corpus: &mut Corpus, path: &std::path::Path) -> Result<(), Failure> {
    let events = read_run(path).map_err(|why| Failure::usage(why.to_string()))?;
    let failed = |e: &Event| match e {
        Event::Case(r) if matches!(r.verdict.status, Status::Fail | Status::Error | Status::Xpass) => Some(r.case.clone()),
        Event::Case(r) if !r.verdict.differs.is_empty() => Some(r.case.clone()),
        _ => None,
    };
    let failed: Vec<String> = events.iter().filter_map(failed).collect();
    corpus.cases.retain(|case| failed.contains(&case.id));
    if corpus.cases.is_empty() {
        return Err(Failure::usage(format!("nothing to run again: no case selected here failed in {}", path.display())));
    }
    Ok(())
}

/// Every view that is asked for, each with what messages call it.
fn views<'a>(args: &Args, corpus: &'a Corpus, launch: &Launch) -> Result<Vec<Named<'a>>, Failure> {
    let mut views: Vec<Named<'a>> = Vec::new();
    let smart = variable("TERM").is_none_or(|term| term != "dumb");
    let colour = |terminal: bool| Paint(terminal && smart && variable("NO_COLOR").is_none());
    let progress = io::stderr().is_terminal() && smart;
    // Standard output belongs to the report that asks for it.
    let aside = args.output.iter().any(Output::is_stdout);
    let terminal = if aside { io::stderr().is_terminal() } else { io::stdout().is_terminal() };
    let to: Box<dyn Write> = if aside { Box::new(io::stderr()) } else { Box::new(io::stdout()) };
    let options = Options { paint: colour(terminal), verbose: args.verbose };
    views.push(("the report".into(), Box::new(Terminal::new(to, options, progress))));
    for output in &args.output {
        let view = output.open().map_err(|why| Failure::usage(format!("cannot write the report {}: {why}", output.file)))?;
        views.push((output.file.clone(), view));
    }
    if let Some(dir) = &args.curl {
        let scopes = Scopes::new(launch.foreign.as_ref());
        let view = CurlDir::new(dir.clone(), corpus, scopes);
        let view = view.map_err(|why| Failure::usage(format!("cannot make the folder {}: {why}", dir.display())))?;
        views.push((dir.display().to_string(), Box::new(view)));
    }
    Ok(views)
}
