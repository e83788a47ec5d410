//! `run --plan`: what a run would send, before it sends anything.

use std::collections::BTreeMap;
use std::io::Write;

use super::fail::Failure;
use crate::case::corpus::Corpus;
use crate::launch::Launch;
use crate::plan::{Footprint, OptIn, Place, footprint, plan};
use crate::report::tally::exit;
use crate::report::text::count;

/// Prints the footprint of a run on each target.
pub fn show(launch: &Launch, corpus: &Corpus) -> Result<i32, Failure> {
    let mut out = std::io::stdout().lock();
    let cases: Vec<_> = corpus.cases.iter().collect();
    for (profile, loopback, configurations) in launch.places() {
        let missing = BTreeMap::new();
        let place = Place {
            profile: &profile,
            loopback,
            opt_in: if launch.foreign.is_none() { OptIn::ALL } else { launch.opt_in },
            missing: &missing,
        };
        let jobs = launch.jobs.unwrap_or(profile.jobs);
        let prints = footprint(&plan(&cases, &place, &configurations), &profile, jobs);
        let names: Vec<String> = configurations.iter().map(ToString::to_string).collect();
        writeln!(out, "{} ({}), {} at a time", profile.name, names.join(", "), count(jobs, "case"))?;
        write(&mut out, &prints)?;
    }
    out.flush()?;
    Ok(exit::OK)
}

fn write(out: &mut impl Write, print: &Footprint) -> std::io::Result<()> {
    writeln!(out, "  trials        {} run, {} skipped", print.run, print.skipped.values().sum::<usize>())?;
    writeln!(out, "  calls         about {}, cleanup included", print.calls)?;
    for (kind, made) in &print.made {
        let at_once = print.at_once.get(kind).copied().unwrap_or_default();
        writeln!(out, "  makes         {made} × {kind}, at most {at_once} at one time, all removed again")?;
    }
    if print.auth_failures > 0 {
        writeln!(out, "  authenticates wrongly on purpose, {} times", print.auth_failures)?;
    }
    let permissions: Vec<&str> = print.permissions.iter().map(String::as_str).collect();
    writeln!(out, "  permissions   {}", permissions.join(" "))?;
    for (reason, n) in &print.skipped {
        writeln!(out, "  skips {n:>5}   {reason}")?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_footprint_names_what_would_happen() {
        let print = Footprint {
            run: 2,
            skipped: BTreeMap::from([("no tags".into(), 3)]),
            calls: 9,
            made: BTreeMap::from([("user", 4)]),
            at_once: BTreeMap::from([("user", 1)]),
            permissions: ["iam:CreateUser".to_owned()].into(),
            auth_failures: 1,
        };
        let mut out = Vec::new();
        write(&mut out, &print).unwrap();
        insta::assert_snapshot!(String::from_utf8(out).unwrap());
    }
}
