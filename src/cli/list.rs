//! `iamspec list`: cases, requirements or targets.

use std::io::{self, Write};

use serde_json::json;

use super::args::Selection;
use super::fail::Failure;
use super::suite;
use crate::api::DialectId;
use crate::api::requirement::{Requirement, catalogue};
use crate::case::Case;
use crate::case::filter::glob;
use crate::case::suggest::one_of;
use crate::report::tally::exit;

/// Arguments.
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Examples:
  iamspec list users/DeleteUser           cases by part of their id
  iamspec list --action AttachUserPolicy  cases that call an Action
  iamspec list --requirements 'delete-*'  rules by glob")]
pub struct Args {
    #[command(flatten)]
    selection: Selection,
    /// Requirements instead of cases
    #[arg(long, conflicts_with = "targets")]
    requirements: bool,
    /// Targets that have a profile
    #[arg(long)]
    targets: bool,
    /// One JSON document
    #[arg(long)]
    json: bool,
}

/// Prints the list.
pub fn run(args: &Args) -> Result<i32, Failure> {
    let mut out = io::stdout().lock();
    if args.targets {
        targets(&mut out, args.json)?;
    } else if args.requirements {
        requirements(&mut out, args)?;
    } else {
        let corpus = suite::load(&args.selection)?;
        cases(&mut out, &corpus.cases, args.json)?;
    }
    out.flush()?;
    Ok(exit::OK)
}

fn cases(out: &mut impl Write, cases: &[Case], as_json: bool) -> io::Result<()> {
    if as_json {
        let list: Vec<_> = cases
            .iter()
            .map(|c| {
                json!({
                    "case": c.id, "title": c.title, "action": c.action, "tags": c.tags, "requires": c.requires, "serial": c.serial,
                    "dialects": c.dialects, "requirements": c.named_requirements().iter().map(|r| r.id()).collect::<Vec<_>>(),
                    "steps": c.steps.len(), "rows": c.rows.len(), "loc": c.loc.to_string(),
                })
            })
            .collect();
        return print_json(out, &list);
    }
    let width = cases.iter().map(|c| c.id.len()).max().unwrap_or_default();
    for case in cases {
        writeln!(out, "{:width$}  {}", case.id, case.title)?;
    }
    Ok(())
}

fn requirements(out: &mut impl Write, args: &Args) -> Result<(), Failure> {
    let globs = [args.selection.filter.as_slice(), &args.selection.requirement].concat();
    let wanted = |r: &&Requirement| globs.is_empty() || globs.iter().any(|g| r.id.contains(g) || glob(g, &r.id));
    let found: Vec<&Requirement> = catalogue().iter().filter(wanted).collect();
    if found.is_empty() {
        return Err(Failure::usage(format!("no requirement matches {}; `iamspec list --requirements` has them all", globs.join(", "))));
    }
    if args.json {
        print_json(out, &found)?;
    } else {
        let width = found.iter().map(|r| r.id.len()).max().unwrap_or_default();
        for requirement in found {
            let levels: Vec<String> = DialectId::ALL.iter().map(|d| format!("{d} {}", requirement.level(*d))).collect();
            writeln!(out, "{:width$}  ({}) {}", requirement.id, levels.join(", "), requirement.text)?;
        }
    }
    Ok(())
}

fn targets(out: &mut impl Write, as_json: bool) -> Result<(), Failure> {
    let known = suite::targets()?;
    if as_json {
        print_json(out, &known)?;
        return Ok(());
    }
    let width = known.iter().map(|p| p.name.len()).max().unwrap_or_default();
    for profile in known {
        let version = profile.version.map(|v| format!(" {v}")).unwrap_or_default();
        let endpoint = profile.endpoint.unwrap_or_else(|| "--endpoint URL".into());
        let regions = if profile.regions.is_empty() {
            String::new()
        } else {
            format!(", --region {}", one_of(profile.regions.iter().map(String::as_str)))
        };
        writeln!(out, "{:width$}  {} ({}{version}, {endpoint}{regions})", profile.name, profile.about, profile.dialect)?;
    }
    Ok(())
}

fn print_json(out: &mut impl Write, value: &impl serde::Serialize) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *out, value)?;
    writeln!(out)
}
