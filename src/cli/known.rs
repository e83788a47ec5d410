//! Which list of known failures a run is compared with, and keeping it up to date.

use std::fmt::Display;
use std::fs;
use std::path::{Path, PathBuf};

use time::OffsetDateTime;

use super::fail::Failure;
use crate::baseline::find::{FindError, Found, find};
use crate::baseline::write::{self, Change};
use crate::baseline::{Baseline, UNREVIEWED};
use crate::case::corpus::Corpus;
use crate::launch::{Launch, variable};
use crate::report::event::Event;

/// Flags.
#[derive(clap::Args, Clone, Debug, Default)]
#[command(next_help_heading = "Known failures")]
pub struct KnownArgs {
    /// List of known failures, instead of IAMSPEC_BASELINE or the target's own baseline.toml
    #[arg(long, value_name = "FILE", conflicts_with = "no_baseline")]
    baseline: Option<PathBuf>,
    /// Compare with no list
    #[arg(long)]
    no_baseline: bool,
    /// Bring the list up to date with this run; a person gives each new entry its reason
    #[arg(long, conflicts_with = "no_baseline")]
    pub update_baseline: bool,
}

/// A list of known failures with its file.
#[derive(Debug, Default)]
pub struct List {
    /// The file it is in, or would be in.
    pub file: PathBuf,
    /// What is in it; none: there is no file.
    pub baseline: Option<Baseline>,
}

impl From<FindError> for Failure {
    fn from(why: FindError) -> Failure {
        Failure::usage(why.to_string())
    }
}

/// The list for a run; none: it is compared with none. `whole`: the whole suite.
///
/// # Errors
/// When a list cannot be read or has mistakes, is named and not there, or is to be updated but nothing says where it is.
pub fn of_run(args: &KnownArgs, launch: &Launch, whole: &Corpus) -> Result<Option<List>, Failure> {
    if args.no_baseline {
        return Ok(None);
    }
    let given = args.baseline.clone().or_else(|| environment(launch));
    let found = find(given.as_deref(), launch.args.target.as_deref())?;
    if let (Some(file), Some(Found { text: None, .. }), false) = (&given, &found, args.update_baseline) {
        return Err(Failure::usage(format!("cannot read the list of known failures {}: there is no such file", file.display())));
    }
    match found {
        Some(found) => list(found, whole).map(Some),
        None if args.update_baseline => {
            Err(Failure::usage("--update-baseline does not know which list: name a target with --target, or a file with --baseline"))
        }
        None => Ok(None),
    }
}

/// The list that the environment names for runs on foreign targets.
pub fn environment(launch: &Launch) -> Option<PathBuf> {
    launch.foreign.as_ref().and_then(|_| variable("IAMSPEC_BASELINE")).map(PathBuf::from)
}

/// A file that was found, read. `whole`: the whole suite.
///
/// # Errors
/// Every mistake in it.
pub fn list(found: Found, whole: &Corpus) -> Result<List, Failure> {
    let baseline = found.parse(whole.cases.iter().map(|case| case.id.as_str()))?;
    Ok(List { file: found.file, baseline })
}

impl List {
    /// The text of the list as the judged events of a run want it, and what is different.
    ///
    /// # Errors
    /// When the file is no TOML.
    pub fn updated(&self, events: &[Event], full: bool, reason: &str) -> Result<(String, Change), Failure> {
        let none = Baseline::default();
        let baseline = self.baseline.as_ref().unwrap_or(&none);
        write::update(baseline, events, full, reason).map_err(|why| failed(&self.file, &why))
    }

    /// Writes the file.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write(&self, text: &str) -> Result<(), Failure> {
        if let Some(folder) = self.file.parent() {
            fs::create_dir_all(folder).map_err(|why| failed(&self.file, &why))?;
        }
        fs::write(&self.file, text).map_err(|why| failed(&self.file, &why))
    }

    /// Brings the file up to date with the judged events of a run, and says what changed.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn update(&self, events: &[Event], full: bool) -> Result<String, Failure> {
        let (text, change) = self.updated(events, full, UNREVIEWED)?;
        self.write(&text)?;
        Ok(format!("{}: {change}", self.file.display()))
    }

    /// A word on entries that no person has looked at.
    pub fn unreviewed(&self) -> Option<String> {
        let baseline = self.baseline.as_ref()?;
        let entries = baseline.unreviewed();
        let (why, what) = entries.first()?;
        Some(format!("{} entries have no reason but '{UNREVIEWED}', the first is {}: {what}", entries.len(), baseline.place(why)))
    }
}

fn failed(file: &Path, why: &dyn Display) -> Failure {
    Failure::broken(format!("cannot write {}: {why}", file.display()))
}

/// Today in UTC, `2026-11-22`.
pub fn today() -> String {
    let now = OffsetDateTime::now_utc();
    format!("{:04}-{:02}-{:02}", now.year(), u8::from(now.month()), now.day())
}
