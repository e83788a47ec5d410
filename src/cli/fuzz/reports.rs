//! A fuzz run as a stream of events, for the views that every run has.

use crate::api::Level;
use crate::cli::fail::Failure;
use crate::cli::stream::{Named, Stream};
use crate::fuzz::campaign::{Options, Tally};
use crate::launch::Launch;
use crate::report::event::{Event, RunFinished, RunStarted, TargetRecord};
use crate::report::tally::exit;
use crate::report::view::Output;
use crate::runner::run::run_part;

/// Opens the views that are asked for.
///
/// # Errors
/// When a file cannot be written.
pub fn views<'a>(outputs: &[Output]) -> Result<Vec<Named<'a>>, Failure> {
    let mut views: Vec<Named<'a>> = Vec::new();
    for output in outputs {
        let view = output.open().map_err(|why| Failure::usage(format!("cannot write the report {}: {why}", output.file)))?;
        views.push((output.file.clone(), view));
    }
    Ok(views)
}

/// Tells them the run; what could not be written is said and makes the exit code.
pub fn write(views: Vec<Named<'_>>, launch: &Launch, options: &Options, tally: &Tally) -> i32 {
    if views.is_empty() {
        return exit::OK;
    }
    let mut stream = Stream::new(None, false, views);
    stream.event(Event::RunStarted(started(launch, options, tally)));
    for found in &tally.findings {
        stream.event(Event::Finding(Box::new(found.event(&options.about))));
    }
    stream.event(Event::RunFinished(RunFinished {
        calls: usize::try_from(tally.calls + tally.triage).unwrap_or(usize::MAX),
        millis: tally.millis,
        stopped: tally.stopped.clone(),
        exit: super::code(tally),
        ..RunFinished::default()
    }));
    let (_, _, unwritten) = stream.end();
    for why in &unwritten {
        eprintln!("iamspec: {why}");
    }
    if unwritten.is_empty() { exit::OK } else { exit::BROKEN }
}

fn started(launch: &Launch, options: &Options, tally: &Tally) -> RunStarted {
    let dialects = launch.configurations();
    let mut targets: Vec<TargetRecord> = Vec::new();
    for configuration in dialects {
        let name = configuration.to_string();
        match targets.iter_mut().find(|target| target.dialect == configuration.dialect) {
            Some(target) => target.configurations.push(name),
            None => targets.push(TargetRecord {
                name: options.about.name.clone(),
                version: options.about.version.clone(),
                endpoint: tally.target.clone(),
                dialect: configuration.dialect,
                configurations: vec![name],
            }),
        }
    }
    RunStarted {
        version: env!("CARGO_PKG_VERSION").into(),
        run: run_part(tally.seed),
        seed: tally.seed,
        started: crate::reference::context::iso_date(time::OffsetDateTime::now_utc().unix_timestamp()),
        targets,
        trials: 0,
        jobs: options.jobs,
        level: Level::Should,
        suite: String::new(),
        shard: None,
    }
}
