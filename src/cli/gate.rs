//! `iamspec gate`: a run held against a list of known failures, or against an earlier run.

mod output;

use std::collections::BTreeSet;
use std::io::{self, IsTerminal};
use std::path::PathBuf;

use similar::TextDiff;

use super::args::{Manner, TargetArgs};
use super::fail::Failure;
use super::known::{self, List, today};
use super::stream::{Named, Stream};
use super::suite;
use crate::api::Level;
use crate::baseline::find::find;
use crate::baseline::gate::{How, Outcome, Report, compare, hold};
use crate::baseline::{Baseline, Judge, UNREVIEWED};
use crate::case::corpus::Corpus;
use crate::case::filter::Filter;
use crate::launch::{Launch, variable};
use crate::report::event::Event;
use crate::report::failure::Options;
use crate::report::shards::{self, Stored};
use crate::report::tally::{exit, worse};
use crate::report::terminal::Terminal;
use crate::report::text::{Paint, printable};
use crate::runner::run::run as run_cases;
use output::GateOutput;

/// Arguments.
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Outcomes and exit codes (the worst counts: 2 before 3 before 1):
  as known, fixed, new case  0  fails as its entry says; --against: passes now, did not exist
  new failure                1  fails, and no entry says so
  failing otherwise          1  fails, but not as its entry says
  stale entry                1  nothing that the entry is about happened, or its case passes
  expired entry              1  the entry's last day is over
  lost case                  1  judged when the list was made, and not now: skipped or gone
  entry without a reason     2  written by --update, and not looked at by a person yet
  cases not recorded         2  the list does not say which cases it was made with
  broken trial               3  the harness or the network broke
  nothing judged             3  every case was skipped
  stopped early              3  not reached, interrupted, killed, or cut
Mistakes in the list (unknown ids, patterns that match nothing) and shards that are missing or
there twice end with 2 before anything is run.

Examples:
  iamspec gate --target moto                     runs the suite; the list is the target's own
  iamspec gate run.ndjson                        a run already made
  iamspec gate shard-*.ndjson --target moto      the shards of one run
  iamspec gate --target mine --update            makes a list, or brings it up to date
  iamspec gate new.ndjson --against old.ndjson   two runs, without a list
  iamspec gate run.ndjson --output github=- --output markdown=summary.md")]
pub struct Args {
    /// Stored runs, of `run --output ndjson=FILE`: one, or the shards of one; none: the suite is run
    #[arg(value_name = "RUN.ndjson")]
    runs: Vec<PathBuf>,
    #[command(flatten)]
    target: TargetArgs,
    #[command(flatten)]
    scope: Scope,
    /// List of known failures, instead of IAMSPEC_BASELINE or the target's own baseline.toml
    #[arg(long, value_name = "FILE", help_heading = "Known failures")]
    baseline: Option<PathBuf>,
    /// Bring the list up to date with the run, in place, and show what changes
    #[arg(long, help_heading = "Known failures")]
    update: bool,
    /// The reason of every new entry, when it is one and the same
    #[arg(long, value_name = "TEXT", requires = "update", help_heading = "Known failures")]
    reason: Option<String>,
    /// Hold the run against an earlier one (or the shards of one) instead of a list; repeatable
    #[arg(long, value_name = "OLD.ndjson", conflicts_with_all = ["baseline", "update"], help_heading = "Known failures")]
    against: Vec<PathBuf>,
    #[command(flatten)]
    manner: Manner,
    /// Report to a file: json, markdown (added to the file) or github (annotations) of the gate, ndjson or junit of the run as judged;
    /// `-` is standard output; repeatable
    #[arg(short, long, value_name = "FORMAT=FILE")]
    output: Vec<GateOutput>,
    /// The same as --output json=-
    #[arg(long)]
    json: bool,
    /// From which level on a failure counts [default: that of the run, should]
    #[arg(long, value_name = "LEVEL")]
    level: Option<Level>,
    /// Every finding, with the calls and the bytes
    #[arg(short, long)]
    verbose: bool,
}

/// A part of the suite that alone is looked at.
#[derive(clap::Args, Clone, Debug, Default)]
#[command(next_help_heading = "Cases")]
struct Scope {
    /// Only these cases: an id, part of one, or a glob; several: any of them
    #[arg(long, value_name = "FILTER")]
    only: Vec<String>,
    /// Only cases with this tag
    #[arg(long, value_name = "TAG")]
    tag: Vec<String>,
    /// Only cases about this Action, or that call it
    #[arg(long, value_name = "ACTION")]
    action: Vec<String>,
    /// Only cases that check this requirement: an id or a glob
    #[arg(long, value_name = "ID")]
    requirement: Vec<String>,
    /// Case files to use instead of those built in
    #[arg(long, value_name = "DIR")]
    cases: Option<PathBuf>,
}

/// Holds a run against what is known.
pub fn run(args: &Args) -> Result<i32, Failure> {
    let whole = suite::all(args.scope.cases.as_deref())?;
    let only = scope(&args.scope, &whole)?;
    let outputs = output::open(args.output.iter().cloned().chain(args.json.then(GateOutput::json)))?;
    let mut gate = Gate { args, whole, only, outputs, before: Vec::new() };
    if !args.against.is_empty() {
        gate.before = stored(&args.against)?.events;
        return gate.against();
    }
    gate.listed()
}

/// The ids of the cases that alone are looked at; none: all.
fn scope(scope: &Scope, whole: &Corpus) -> Result<Option<BTreeSet<String>>, Failure> {
    let filter =
        Filter { ids: scope.only.clone(), tags: scope.tag.clone(), actions: scope.action.clone(), requirements: scope.requirement.clone() };
    if filter == Filter::default() {
        return Ok(None);
    }
    let selected = filter.select(&whole.cases).map_err(|why| Failure::usage(why.to_string()))?;
    Ok(Some(selected.into_iter().map(|case| case.id.clone()).collect()))
}

/// Exactly one run.
fn stored(files: &[PathBuf]) -> Result<Stored, Failure> {
    let mut runs = shards::read(files).map_err(|why| Failure::usage(why.to_string()))?;
    match runs.len() {
        1 => Ok(runs.remove(0)),
        n => {
            let files: Vec<String> = runs.into_iter().map(|run| run.file).collect();
            Err(Failure::usage(format!("{n} runs, and the gate looks at one at a time: {}", files.join("; "))))
        }
    }
}

struct Gate<'a> {
    args: &'a Args,
    whole: Corpus,
    only: Option<BTreeSet<String>>,
    outputs: output::Outputs,
    /// The earlier run.
    before: Vec<Event>,
}

impl Gate<'_> {
    fn how(&self) -> How {
        How { today: today(), level: self.args.level, only: self.only.clone(), suite: self.whole.digest.clone() }
    }

    /// Against an earlier run.
    fn against(mut self) -> Result<i32, Failure> {
        let files: Vec<String> = self.args.against.iter().map(|file| file.display().to_string()).collect();
        let mut events = match self.args.runs.as_slice() {
            [] => self.make(&self.args.target.launch()?, None)?,
            runs => stored(runs)?.events,
        };
        if let Some(only) = &self.only {
            for run in [&mut events, &mut self.before] {
                run.retain(|event| !matches!(event, Event::Case(record) if !only.contains(&record.case)));
            }
        }
        let report = compare(&events, &self.before, &files.join(", "), self.args.level);
        self.tell(&report, &events)?;
        Ok(report.exit)
    }

    /// Against a list.
    fn listed(mut self) -> Result<i32, Failure> {
        let (list, mut events, narrowed) = match self.args.runs.as_slice() {
            [] => {
                let launch = self.args.target.launch()?;
                let list = self.list(known::environment(&launch), launch.args.target.clone(), None)?;
                let events = self.make(&launch, list.baseline.as_ref())?;
                (list, events, self.args.target.wire.is_some() || self.args.target.style.is_some())
            }
            runs => {
                self.refuse_flags_of_a_run()?;
                let run = stored(runs)?;
                let list = self.list(variable("IAMSPEC_BASELINE").map(PathBuf::from), self.args.target.target.clone(), Some(&run))?;
                (list, run.events, false)
            }
        };
        let none = Baseline { file: list.file.display().to_string(), ..Baseline::default() };
        let report = hold(&mut events, list.baseline.as_ref().unwrap_or(&none), &self.how());
        if self.args.update {
            return self.update(&list, &mut events, &report, !narrowed);
        }
        self.tell(&report, &events)?;
        Ok(report.exit)
    }

    /// Flags that say how to make a run mean nothing beside a run already made.
    fn refuse_flags_of_a_run(&self) -> Result<(), Failure> {
        let (target, manner) = (&self.args.target, &self.args.manner);
        let given = [
            ("--endpoint", target.endpoint.is_some()),
            ("--dialect", target.dialect.is_some()),
            ("--wire", target.wire.is_some()),
            ("--style", target.style.is_some()),
            ("--jobs", manner.jobs.is_some()),
            ("--seed", manner.seed.is_some()),
            ("--allow", !manner.allow.is_empty()),
        ];
        match given.into_iter().find(|(_, given)| *given) {
            Some((flag, _)) => {
                Err(Failure::usage(format!("{flag} is for making a run, and stored runs are given: leave out one of the two")))
            }
            None => Ok(()),
        }
    }

    /// The list: of the flag, of the environment, of the target named, else of the target that the run names.
    fn list(&self, environment: Option<PathBuf>, target: Option<String>, run: Option<&Stored>) -> Result<List, Failure> {
        let given = self.args.baseline.clone().or_else(|| environment.filter(|_| self.args.target.target.is_none()));
        let own = run.and_then(|run| match run.events.first() {
            Some(Event::RunStarted(started)) => started.targets.first().map(|target| target.name.clone()),
            _ => None,
        });
        let mut found = find(given.as_deref(), target.as_deref())?;
        if let (None, Some(own)) = (&found, own) {
            found = find(None, Some(&own))?.filter(|found| found.text.is_some());
        }
        let found = found.ok_or_else(|| {
            let made = "a first one is made with --baseline FILE --update";
            Failure::usage(format!(
                "no list of known failures to hold the run against: name a target with --target, or --baseline FILE ({made})"
            ))
        })?;
        if found.text.is_none() && !self.args.update {
            let file = found.file.display();
            return Err(Failure::usage(format!(
                "there is no list of known failures {file}: the same command with --update makes a first one"
            )));
        }
        known::list(found, &self.whole)
    }

    /// Runs the cases on a target.
    fn make(&mut self, launch: &Launch, baseline: Option<&Baseline>) -> Result<Vec<Event>, Failure> {
        if launch.foreign.is_none() && self.before.is_empty() {
            return Err(Failure::usage("the embedded reference has no known failures: name a target, or stored runs"));
        }
        let launch = self.args.manner.apply(launch.clone());
        let launch = Launch { level: self.args.level.unwrap_or(launch.level), exchanges: self.args.verbose, ..launch };
        let smart = variable("TERM").is_none_or(|term| term != "dumb");
        let progress = Terminal::new(io::sink(), Options::default(), io::stderr().is_terminal() && smart);
        let mut views: Vec<Named<'_>> = vec![("the progress".into(), Box::new(progress))];
        views.extend(self.outputs.take_views());
        let judge = baseline.map(|baseline| Judge::new(baseline, &today()));
        let mut stream = Stream::new(judge, self.only.is_none(), views).keeping();
        let ready = launch.start(&self.whole, self.args.scope.cases.as_ref())?;
        let wanted = |id: &String| self.only.as_ref().is_none_or(|only| only.contains(id));
        let cases: Vec<_> = self.whole.cases.iter().filter(|case| wanted(&case.id)).collect();
        // Why a run could not begin is the last thing that the stream says.
        let _ = run_cases(&ready.targets, &cases, &ready.options, &mut |event| stream.event(event));
        drop(ready);
        let (events, _, unwritten) = stream.end();
        match unwritten.into_iter().next() {
            Some(why) => Err(Failure::broken(why)),
            None => Ok(events),
        }
    }

    fn update(&mut self, list: &List, events: &mut Vec<Event>, report: &Report, whole: bool) -> Result<i32, Failure> {
        if let Some(bad) = report.findings.iter().find(|f| matches!(f.outcome, Outcome::Stopped | Outcome::Unreached)) {
            self.tell(report, events)?;
            let file = list.file.display();
            return Err(Failure::broken(format!("{file} stays as it is: {}: {}", bad.outcome.words(), bad.text)));
        }
        let reason = self.args.reason.as_deref().unwrap_or(UNREVIEWED);
        let (new, change) = list.updated(events, whole && self.only.is_none(), reason)?;
        let old = list.baseline.as_ref().map_or("", |baseline| baseline.text.as_str());
        let file = list.file.display().to_string();
        let paint = self.outputs.options(self.args.verbose).paint;
        // Of a first list, everything is new.
        let mut said = if list.baseline.is_some() { diff(&file, old, &new, paint) } else { String::new() };
        said += &format!("{file}: {}\n", if new == old { "is up to date".to_owned() } else { change.to_string() });
        if change.changed > 0 {
            said += "The reasons of changed entries were given for another way of failing: see whether they still hold.\n";
        }
        self.outputs.say(&said)?;
        if new != old || list.baseline.is_none() {
            list.write(&new)?;
        }
        let ids: Vec<&str> = self.whole.cases.iter().map(|case| case.id.as_str()).collect();
        let baseline = Baseline::parse(&file, &new, &ids).map_err(|why| Failure::broken(format!("{file} is wrong now\n{why}")))?;
        let left = hold(events, &baseline, &self.how());
        self.tell(&left, events)?;
        // What waits for a person is no failure of the update.
        let codes = left.findings.iter().filter(|f| f.outcome != Outcome::Unreviewed).map(|f| f.outcome.exit());
        Ok(codes.fold(exit::OK, worse))
    }

    fn tell(&mut self, report: &Report, events: &[Event]) -> Result<(), Failure> {
        self.outputs.tell(report, events, self.args.verbose)
    }
}

/// What changes in a file, as a unified diff.
fn diff(file: &str, old: &str, new: &str, paint: Paint) -> String {
    let text = TextDiff::from_lines(old, new).unified_diff().context_radius(3).header(file, file).to_string();
    let line = |line: &str| match line.bytes().next() {
        Some(b'+') => paint.good(line),
        Some(b'-') => paint.bad(line),
        _ => line.to_owned(),
    };
    text.lines().map(|text| line(&printable(text)) + "\n").collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory as _;

    #[derive(clap::Parser)]
    struct Cli {
        #[command(flatten)]
        _args: Args,
    }

    #[test]
    fn the_help_names_each_outcome_with_its_exit_code() {
        let help = Cli::command().render_long_help().to_string();
        for outcome in Outcome::ALL {
            let line = help.lines().find(|line| line.trim_start().contains(outcome.words()) && line.starts_with("  "));
            let line = line.unwrap_or_else(|| panic!("{outcome:?} is not in\n{help}"));
            assert!(line.contains(&format!(" {}  ", outcome.exit())), "{line}");
        }
    }

    #[test]
    fn a_diff_shows_what_changes() {
        let text = diff("b.toml", "a\nb\n", "a\nc\n", Paint(false));
        assert_eq!(text, "--- b.toml\n+++ b.toml\n@@ -1,2 +1,2 @@\n a\n-b\n+c\n");
    }
}
