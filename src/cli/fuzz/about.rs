//! What is known of a target beside what it answers: its name, its version, and what the suite fails for already.

use super::Args;
use crate::baseline::find::{Found, find};
use crate::cli::fail::Failure;
use crate::cli::{known, suite};
use crate::fuzz::campaign::About;
use crate::fuzz::triage::Repeats;
use crate::launch::Launch;
use crate::report::ndjson::read_run;
use crate::report::shell::quote;

/// What is known of the target that was asked for.
///
/// # Errors
/// When its list or a stored run cannot be read.
pub fn of(args: &Args, launch: &Launch) -> Result<About, Failure> {
    let whole = suite::all(None)?;
    let given = args.promote.baseline.clone().or_else(|| known::environment(launch));
    let found = find(given.as_deref(), launch.args.target.as_deref())?;
    if let (Some(file), Some(Found { text: None, .. })) = (&given, &found) {
        return Err(Failure::usage(format!("cannot read the list of known failures {}: there is no such file", file.display())));
    }
    let list = found.map(|found| known::list(found, &whole)).transpose()?;
    let run = args.known.as_deref().map(read_run).transpose().map_err(|why| Failure::usage(why.to_string()))?.unwrap_or_default();
    let repeats = Repeats::new(&whole, list.as_ref().and_then(|list| list.baseline.as_ref()), &run);
    let profile = launch.foreign.as_ref().map(|target| &target.profile);
    Ok(About {
        name: profile.map_or_else(|| "reference".to_owned(), |profile| profile.name.clone()),
        version: profile.and_then(|profile| profile.version.clone()),
        flags: flags(launch),
        repeats,
    })
}

/// How a command gets to the target.
fn flags(launch: &Launch) -> String {
    let args = &launch.args;
    let Some(target) = &launch.foreign else { return String::new() };
    let mut flags: Vec<String> = Vec::new();
    let mut add = |flag: &str, value: &str| flags.push(format!("{flag} {}", quote(value)));
    match &args.target {
        Some(name) => add("--target", name),
        None => add("--dialect", target.profile.dialect.name()),
    }
    if let Some(endpoint) = &args.endpoint {
        add("--endpoint", endpoint);
    }
    if let Some(region) = &args.region {
        add("--region", region);
    }
    flags.join(" ")
}
