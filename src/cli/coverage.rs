//! `iamspec coverage`: what of the API a run reaches.

use std::io::Write;
use std::path::PathBuf;

use super::args::Selection;
use super::fail::Failure;
use super::stream::Stream;
use super::suite;
use crate::coverage::{Coverage, Measured, text};
use crate::launch::Launch;
use crate::report::ndjson::read_run;
use crate::report::tally::exit;
use crate::runner::run::run as run_cases;
use crate::target::TargetArgs;

/// Arguments.
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Counts what happened in cases that passed: without --from the suite is run on the embedded reference first.

Examples:
  iamspec coverage
  iamspec coverage --json > coverage.json
  iamspec run --target moto --output ndjson=moto.ndjson; iamspec coverage --from moto.ndjson
  iamspec strength --json strength.json; iamspec coverage --strength strength.json")]
pub struct Args {
    /// A stored run instead of a new one
    #[arg(long, value_name = "RUN.ndjson")]
    from: Option<PathBuf>,
    /// What strength measured, as it wrote it; of shards, each: says which requirements and facts are killed
    #[arg(long, value_name = "STRENGTH.json")]
    strength: Vec<PathBuf>,
    /// Case files to use instead of those built in
    #[arg(long, value_name = "DIR")]
    cases: Option<PathBuf>,
    /// One JSON document
    #[arg(long)]
    json: bool,
}

/// Prints the coverage.
pub fn run(args: &Args) -> Result<i32, Failure> {
    let corpus = suite::load(&Selection { cases: args.cases.clone(), ..Selection::default() })?;
    let measured = measured(&args.strength)?;
    let (events, code) = match &args.from {
        Some(path) => (read_run(path).map_err(|why| Failure::usage(why.to_string()))?, exit::OK),
        None => {
            let mut stream = Stream::new(None, false, Vec::new()).keeping();
            // Without environment: coverage is that of the embedded reference, whatever target is set.
            let ready = Launch::embedded(TargetArgs::default())?.start(&corpus, args.cases.as_ref())?;
            run_cases(&ready.targets, &corpus.cases.iter().collect::<Vec<_>>(), &ready.options, &mut |event| stream.event(event))?;
            let (events, code, _) = stream.end();
            (events, code)
        }
    };
    let mut coverage = Coverage::of(&events, &corpus.cases);
    if let Some(measured) = &measured {
        if measured.suites.iter().any(|suite| *suite != corpus.digest) {
            eprintln!("iamspec: --strength: what was measured are other case files than these");
        }
        coverage = coverage.with(measured);
    }
    let mut out = std::io::stdout().lock();
    if args.json {
        serde_json::to_writer_pretty(&mut out, &coverage).map_err(std::io::Error::from)?;
        writeln!(out)?;
    } else {
        out.write_all(text(&coverage).as_bytes())?;
    }
    out.flush()?;
    if code != exit::OK {
        eprintln!("iamspec: not every case passed, and those that did not count for nothing here: iamspec run shows them");
    }
    Ok(code)
}

/// What strength wrote; none: no file was named.
fn measured(files: &[PathBuf]) -> Result<Option<Measured>, Failure> {
    let mut measured = Measured::default();
    for path in files {
        let failed = |why: String| Failure::usage(format!("cannot read {} for --strength: {why}", path.display()));
        let text = std::fs::read_to_string(path).map_err(|why| failed(why.to_string()))?;
        measured.add(&text).map_err(failed)?;
    }
    Ok((!files.is_empty()).then_some(measured))
}
