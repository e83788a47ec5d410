//! Which list of known failures a run is compared with, and keeping it up to date.

use std::fs;
use std::path::{Path, PathBuf};

use super::fail::Failure;
use crate::baseline::{Baseline, write};
use crate::case::corpus::Corpus;
use crate::report::event::Event;
use crate::target::load;

/// Flags.
#[derive(clap::Args, Clone, Debug, Default)]
#[command(next_help_heading = "Known failures")]
pub struct KnownArgs {
    /// List of known failures, instead of the target's own baseline.toml
    #[arg(long, value_name = "FILE", conflicts_with = "no_baseline")]
    baseline: Option<PathBuf>,
    /// Compare with no list
    #[arg(long)]
    no_baseline: bool,
    /// Bring the list up to date with this run; a person gives each new entry its reason
    #[arg(long, conflicts_with = "no_baseline")]
    pub update_baseline: bool,
}

/// A list, and the file it is in or would be in.
pub struct Found {
    file: Option<PathBuf>,
    text: String,
    /// The list, read; none: there is none.
    pub baseline: Option<Baseline>,
}

/// The list for a run on `target` (name or path of a profile; none: no list unless a flag names one). `cases`: the whole suite.
///
/// # Errors
/// When a list cannot be read, has mistakes, or is to be updated but nothing says where it is.
pub fn find(args: &KnownArgs, target: Option<&str>, cases: &Corpus) -> Result<Found, Failure> {
    let beside = |target: &str| {
        let path = Path::new(target);
        let folder = if path.is_dir() { path } else { path.parent().unwrap_or(Path::new("")) };
        folder.join("baseline.toml")
    };
    let (file, text) = match (&args.baseline, target) {
        _ if args.no_baseline => (None, None),
        (Some(file), _) => (Some(file.clone()), read(file, !args.update_baseline)?),
        (None, Some(name)) if name.contains(['/', std::path::MAIN_SEPARATOR]) || name.ends_with(".toml") => {
            let file = beside(name);
            let text = read(&file, false)?;
            (Some(file), text)
        }
        (None, Some(name)) => match load::companion(name, "baseline.toml") {
            Some((file, text)) => (Some(file.into()), Some(text)),
            None => (Some(Path::new("targets").join(name).join("baseline.toml")), None),
        },
        (None, None) => (None, None),
    };
    if args.update_baseline && file.is_none() {
        return Err(Failure::usage("--update-baseline does not know which list: name a target with --target, or a file with --baseline"));
    }
    let ids: Vec<&str> = cases.cases.iter().map(|c| c.id.as_str()).collect();
    let baseline = match (&file, &text) {
        (Some(file), Some(text)) => {
            let mistakes = |m: crate::case::diagnostic::Diagnostics| Failure::usage(format!("mistakes in a list of known failures\n{m}"));
            Some(Baseline::parse(&file.display().to_string(), text, &ids).map_err(mistakes)?)
        }
        _ => None,
    };
    Ok(Found { file, text: text.unwrap_or_default(), baseline })
}

/// The text of a file; none: it is not there and need not be.
fn read(file: &Path, needed: bool) -> Result<Option<String>, Failure> {
    match fs::read_to_string(file) {
        Ok(text) => Ok(Some(text)),
        Err(why) if why.kind() == std::io::ErrorKind::NotFound && !needed => Ok(None),
        Err(why) => Err(Failure::usage(format!("cannot read the list of known failures {}: {why}", file.display()))),
    }
}

impl Found {
    /// Writes the list as the judged events of a run want it, and says what changed.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn update(&self, events: &[Event], full: bool) -> Result<String, Failure> {
        let Some(file) = &self.file else { return Ok(String::new()) };
        let failed = |why: &dyn std::fmt::Display| Failure::broken(format!("cannot write {}: {why}", file.display()));
        let (text, change) = write::update(&self.text, events, full).map_err(|why| failed(&why))?;
        if let Some(folder) = file.parent() {
            fs::create_dir_all(folder).map_err(|why| failed(&why))?;
        }
        fs::write(file, text).map_err(|why| failed(&why))?;
        Ok(format!("{}: {change}", file.display()))
    }

    /// A word on entries that no person has looked at.
    pub fn unreviewed(&self) -> Option<String> {
        let entries = self.baseline.as_ref()?.unreviewed();
        let first = entries.first()?;
        Some(format!("{} known failures have no reason but 'unreviewed', the first is {first}", entries.len()))
    }
}
