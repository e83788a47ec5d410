//! `iamspec replay`: cases of files again, one line each, and whether what they show is still there.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::PathBuf;

use super::args::{Manner, TargetArgs};
use super::fail::Failure;
use super::stream::{Named, Stream};
use super::{suite, wire};
use crate::case::Case;
use crate::case::corpus::Corpus;
use crate::fuzz::triage::{Recorded, recorded};
use crate::launch::Launch;
use crate::report::event::{CaseRecord, CheckRecord, Event};
use crate::report::failure::{self, Options};
use crate::report::tally::{exit, worse};
use crate::report::text::{Paint, printable, short};
use crate::report::view::Output;
use crate::runner::run::run as run_cases;
use crate::verdict::{Mismatch, Status};

/// Longest line of what differs, in characters.
const SHOWN: usize = 200;

/// Arguments.
#[derive(clap::Args, Debug)]
#[command(after_help = "\
For each case and configuration one line:
  FIXED     it passes: what it shows is not there, or no longer
  FAILED    it fails; where its file says how it failed when it was written, in that way
  CHANGED   it fails, but otherwise than its file says
  ERROR     the harness or the network broke, or the target has not what the case needs: nothing is known

Files are those that `iamspec fuzz --out DIR` writes, *.wire with malformed requests among them, or any other case file.

Examples:
  iamspec replay findings/create-user-status-3fa0c811.toml --target moto
  iamspec replay findings/*.toml --endpoint http://127.0.0.1:5000 --dialect aws --output junit=replay.xml

Exit codes: 0 everything FIXED, 1 something FAILED or CHANGED, 2 usage or case-file error, 3 an ERROR, or target not reached.")]
pub struct Args {
    /// Case files, folders of them, or kept requests (*.wire)
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
    #[command(flatten)]
    target: TargetArgs,
    #[command(flatten)]
    manner: Manner,
    /// Report to a file: ndjson, json, junit or github (annotations of a workflow); `-` is standard output; repeatable
    #[arg(short, long, value_name = "FORMAT=FILE")]
    output: Vec<Output>,
    /// Show whole failures with their exchanges
    #[arg(short, long)]
    verbose: bool,
}

/// Runs the cases.
pub fn run(args: &Args) -> Result<i32, Failure> {
    let (requests, files): (Vec<PathBuf>, Vec<PathBuf>) = args.files.iter().cloned().partition(|file| wire::is_kept(file));
    let launch = args.manner.apply(args.target.launch()?);
    let sent = if requests.is_empty() { exit::OK } else { wire::replay_all(&requests, &launch)? };
    if files.is_empty() {
        return Ok(sent);
    }
    let corpus = corpus(&files)?;
    let launch = Launch { exchanges: args.verbose, ..launch };
    let folder = if let [file] = files.as_slice() { Some(file) } else { None };
    let mut views: Vec<Named<'_>> = Vec::new();
    for output in &args.output {
        let view = output.open().map_err(|why| Failure::usage(format!("cannot write the report {}: {why}", output.file)))?;
        views.push((output.file.clone(), view));
    }
    let mut stream = Stream::new(None, false, views).keeping();
    let ready = launch.start(&corpus, folder)?;
    let cases: Vec<&Case> = corpus.cases.iter().collect();
    let begun = run_cases(&ready.targets, &cases, &ready.options, &mut |event| stream.event(event));
    drop(ready);
    let (events, _, unwritten) = stream.end();
    begun?;
    let aside = args.output.iter().any(Output::is_stdout);
    let told = tell(&corpus, &events, args.verbose);
    let mut code = worse(sent, told.1);
    // Standard output belongs to the report that asks for it.
    if aside {
        std::io::stderr().write_all(told.0.as_bytes())?;
    } else {
        std::io::stdout().write_all(told.0.as_bytes())?;
    }
    for why in unwritten {
        eprintln!("iamspec: {why}");
        code = worse(code, exit::BROKEN);
    }
    Ok(code)
}

/// The cases of all files; two of one name would be told as one.
fn corpus(files: &[PathBuf]) -> Result<Corpus, Failure> {
    let mut all: Option<Corpus> = None;
    for file in files {
        let one = suite::all(Some(file))?;
        let Some(all) = &mut all else {
            all = Some(one);
            continue;
        };
        if let Some(twice) = one.cases.iter().find_map(|case| all.case(&case.id)) {
            let (id, first) = (&twice.id, &twice.loc.file);
            return Err(Failure::usage(format!("{} has a case {id}, and so has {first}: replay them one after the other", file.display())));
        }
        all.cases.extend(one.cases);
        all.files.extend(one.files);
        all.digest = format!("{}+{}", all.digest, one.digest);
    }
    all.ok_or_else(|| Failure::usage("replay which files?"))
}

/// What became of a case in one configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    Fixed,
    Failed,
    Changed,
    Error,
}

impl Fate {
    fn word(self) -> &'static str {
        match self {
            Fate::Fixed => "FIXED",
            Fate::Failed => "FAILED",
            Fate::Changed => "CHANGED",
            Fate::Error => "ERROR",
        }
    }

    fn exit(self) -> i32 {
        match self {
            Fate::Fixed => exit::OK,
            Fate::Failed | Fate::Changed => exit::FAILURES,
            Fate::Error => exit::BROKEN,
        }
    }
}

/// The lines, and the exit code that they stand for.
fn tell(corpus: &Corpus, events: &[Event], verbose: bool) -> (String, i32) {
    let mut records: BTreeMap<&str, Vec<&CaseRecord>> = BTreeMap::new();
    let mut checks: Vec<&CheckRecord> = Vec::new();
    for event in events {
        match event {
            Event::Case(record) => records.entry(&record.case).or_default().push(record),
            Event::Check(check) => checks.push(check),
            _ => {}
        }
    }
    let (mut text, mut code) = (String::new(), exit::OK);
    for case in &corpus.cases {
        let mine = records.get(case.id.as_str()).map(Vec::as_slice).unwrap_or_default();
        let run: Vec<&&CaseRecord> = mine.iter().filter(|r| r.verdict.status != Status::Skip).collect();
        if run.is_empty() {
            let why = mine.first().map_or("it was not run", |r| r.verdict.reason.as_str());
            text += &line(Fate::Error, case, "", &format!("not run: {why}"));
            code = worse(code, exit::BROKEN);
        }
        let written = corpus.files.get(&case.loc.file).and_then(|text| recorded(text, case.loc.line));
        for record in run {
            let (fate, what) = judge(case, record, written.as_ref(), &checks);
            text += &line(fate, case, &format!("{} · {}", record.target, record.configuration), &what);
            if verbose && matches!(fate, Fate::Failed | Fate::Changed) && record.verdict.status == Status::Fail {
                text += &failure::failure(record, &[], &Options { paint: Paint(false), verbose });
            }
            code = worse(code, fate.exit());
        }
    }
    (text, code)
}

fn line(fate: Fate, case: &Case, place: &str, what: &str) -> String {
    let parts = [format!("{:<8}{}", fate.word(), case.id), place.to_owned(), short(&printable(what), SHOWN)];
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("  ") + "\n"
}

fn judge(case: &Case, record: &CaseRecord, written: Option<&Recorded>, checks: &[&CheckRecord]) -> (Fate, String) {
    let calls = |m: &Mismatch| case.steps.get(m.step).map(|s| s.call.as_str()).unwrap_or_default();
    let told = |m: &Mismatch| format!("step {} {} {}: expected {}, actual {}", m.step + 1, calls(m), m.path, m.expected, m.actual);
    match record.verdict.status {
        Status::Error | Status::Skip => (Fate::Error, record.verdict.reason.clone()),
        Status::Fail | Status::Xfail => {
            let mismatches = &record.verdict.mismatches;
            let as_written = |m: &&Mismatch| written.is_some_and(|w| w.is(m, calls(m)));
            match (written, mismatches.iter().find(as_written)) {
                (Some(_), Some(same)) => (Fate::Failed, told(same)),
                (Some(_), None) => (Fate::Changed, mismatches.first().map(told).unwrap_or_default()),
                (None, _) => (Fate::Failed, mismatches.first().map(told).unwrap_or_default()),
            }
        }
        Status::Pass | Status::Xpass => {
            // A free check does not fail the case in which it is seen; a file that was written for its sake is about it all the same.
            let fires = |w: &&Recorded, c: &&&CheckRecord| {
                w.check.as_deref() == Some(c.requirement.as_str()) && c.action == w.call && c.configuration == record.configuration
            };
            match written.and_then(|w| checks.iter().find(|c| fires(&w, c))) {
                Some(check) => (Fate::Failed, format!("{} of {} at {}: {}", check.requirement, check.action, check.at, check.text)),
                None => (Fate::Fixed, String::new()),
            }
        }
    }
}
