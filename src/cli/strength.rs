//! `iamspec strength`: whether the suite notices when any rule of the API is broken.

use std::collections::BTreeMap;
use std::io::{IsTerminal, Write};
use std::path::PathBuf;
use std::str::FromStr;
use std::sync::Arc;

use indicatif::{ProgressBar, ProgressStyle};

use super::args::{RequestStyle, WireFormat};
use super::fail::Failure;
use super::suite;
use crate::api::DialectId;
use crate::dialect::{Configuration, Format, Style};
use crate::reference::faults::catalogue::faults;
use crate::report::tally::exit;
use crate::report::text::short;
use crate::runner::embedded::{CONFIGURATIONS, Certificates};
use crate::strength::{Detail, Options, Report, StrengthError, run as measure, text};

/// Arguments.
#[derive(clap::Args, Debug)]
#[command(after_help = "\
A fault is one requirement broken (requirement:delete-user.gone), or one thing done otherwise than the API model says
(max-higher:CreateUser.UserName, element-missing:GetUser.User.Path). It is killed by an assertion that is charged to a requirement
which the fault is about, or by the free check that is that requirement:
  a broken requirement           that requirement
  a parameter                    a requirement of the Action, or the general one of that kind at a call of the Action
  an element of an answer        the same, where what differs is that element
  a code or a status             the same, at a call of the Action that answers it
  dates, request ids, headers    the free check of that name
Whatever else notices it is an indirect kill, outside the score; so is a prerequisite that fails.

Examples:
  iamspec strength
  iamspec strength requirement:delete-user 'element-*:GetUser.*' --dialect aws -v
  iamspec strength --shard 1/4 --json strength-1.json
  iamspec strength --list quota

Exit codes: 0 every fault was noticed, 1 one survived, 2 usage or case-file error, 3 the sound reference fails, or harness broke.")]
pub struct Args {
    /// Fault id, part of one (`requirement:delete-user`), or a glob (`*:GetUser.*`); several: any of them
    #[arg(value_name = "FILTER")]
    filter: Vec<String>,
    /// Only this dialect
    #[arg(long, value_name = "DIALECT")]
    dialect: Option<DialectId>,
    /// Only this wire format
    #[arg(long, value_name = "FORMAT")]
    wire: Option<WireFormat>,
    /// Only this request style
    #[arg(long, value_name = "STYLE")]
    style: Option<RequestStyle>,
    /// Case files to use instead of those built in
    #[arg(long, value_name = "DIR")]
    cases: Option<PathBuf>,
    /// Only one part of the faults, 1/4 to 4/4
    #[arg(long, value_name = "I/N", default_value = "1/1")]
    shard: Shard,
    /// Threads [default: one a core]
    #[arg(short, long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    jobs: Option<u16>,
    /// Write everything as JSON; `-` is standard output
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// List what killed each fault too
    #[arg(short, long)]
    verbose: bool,
    /// List the faults, and run nothing
    #[arg(long)]
    list: bool,
}

/// Part `.0` of `.1`, from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Shard(usize, usize);

impl FromStr for Shard {
    type Err = String;

    fn from_str(text: &str) -> Result<Shard, String> {
        let parts = text.split_once('/').and_then(|(part, parts)| Some((part.parse().ok()?, parts.parse().ok()?)));
        match parts {
            Some((part, parts)) if (1..=parts).contains(&part) => Ok(Shard(part, parts)),
            _ => Err("not a part of a whole, such as 2/4".into()),
        }
    }
}

/// Measures the suite.
pub fn run(args: &Args) -> Result<i32, Failure> {
    let options = options(args)?;
    if args.list {
        return list(&options);
    }
    let corpus = suite::all(args.cases.as_deref())?;
    let bar = bar();
    let progress = |done: usize, of: usize| {
        bar.set_length(of as u64);
        bar.set_position(done as u64);
    };
    let report = measure(&corpus, &options, &progress);
    bar.finish_and_clear();
    let report = report.map_err(|why| match why {
        StrengthError::NoFault => {
            Failure::usage(format!("no fault is called {}; iamspec strength --list has them", args.filter.join(" or ")))
        }
        other => Failure::broken(other.to_string()),
    })?;
    write(args, &report)?;
    Ok(if report.counts.survived == 0 { exit::OK } else { exit::FAILURES })
}

fn options(args: &Args) -> Result<Options, Failure> {
    let configurations: Vec<Configuration> = CONFIGURATIONS
        .into_iter()
        .filter(|c| args.dialect.is_none_or(|d| d == c.dialect))
        .filter(|c| args.wire.is_none_or(|w| Format::from(w) == c.format))
        .filter(|c| args.style.is_none_or(|s| Style::from(s) == c.style))
        .collect();
    if configurations.is_empty() {
        let all: Vec<String> = CONFIGURATIONS.iter().map(Configuration::to_string).collect();
        return Err(Failure::usage(format!("the embedded reference has no such configuration: it has {}", all.join(", "))));
    }
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    Ok(Options {
        configurations,
        filter: args.filter.clone(),
        shard: (args.shard.0, args.shard.1),
        jobs: args.jobs.map_or(cores, usize::from),
        certificates: Arc::new(Certificates),
    })
}

fn bar() -> ProgressBar {
    if !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template("{bar:30} {pos}/{len} {elapsed}");
    ProgressBar::new(0).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}

fn write(args: &Args, report: &Report) -> Result<(), Failure> {
    let json = || serde_json::to_string_pretty(report).map_err(|e| Failure::broken(format!("the report cannot be written as JSON: {e}")));
    let mut out = std::io::stdout().lock();
    match &args.json {
        Some(path) if path.as_os_str() == "-" => return Ok(writeln!(out, "{}", json()?)?),
        Some(path) => {
            let failed = |e| Failure::usage(format!("cannot write the report {}: {e}", path.display()));
            std::fs::write(path, json()? + "\n").map_err(failed)?;
        }
        None => {}
    }
    let detail = if args.verbose { Detail::Everything } else { Detail::Doubtful };
    Ok(out.write_all(text(report, detail).as_bytes())?)
}

/// Every fault that the options select, with the dialects that have it.
fn list(options: &Options) -> Result<i32, Failure> {
    let mut all: BTreeMap<String, (Vec<&str>, String)> = BTreeMap::new();
    let mut dialects: Vec<DialectId> = options.configurations.iter().map(|c| c.dialect).collect();
    dialects.dedup();
    for dialect in dialects {
        for fault in faults(dialect).into_iter().filter(|fault| options.wants(&fault.id)) {
            all.entry(fault.id).or_insert_with(|| (Vec::new(), fault.about)).0.push(dialect.name());
        }
    }
    let mut out = std::io::stdout().lock();
    for (id, (dialects, about)) in all {
        writeln!(out, "{id}  ({})\n  {}", dialects.join(", "), short(&about, 200))?;
    }
    out.flush()?;
    Ok(exit::OK)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shards_are_parts_of_a_whole() {
        assert_eq!("2/4".parse(), Ok(Shard(2, 4)));
        for wrong in ["", "1", "0/4", "5/4", "a/b", "1/0"] {
            assert!(wrong.parse::<Shard>().is_err(), "{wrong}");
        }
    }
}
