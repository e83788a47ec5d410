//! `iamspec fuzz --power`.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::sync::{Arc, Mutex, PoisonError};

use super::Args;
use crate::cli::fail::Failure;
use crate::fuzz::power::{Measured, Missed, Options, measure, summary};
use crate::launch::Launch;
use crate::report::tally::exit;
use crate::report::text::count;
use crate::runner::embedded::Certificates;

/// Measures, writes what is new to the file, and tells what came of it.
pub fn run(args: &Args, launch: &Launch) -> Result<i32, Failure> {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let options = Options {
        configurations: launch.configurations(),
        filter: args.fault.clone(),
        shard: args.shard.map_or((1, 1), |s| (s.index() as usize, s.count() as usize)),
        budget: args.budget,
        seed: args.seed.unwrap_or(1),
        oracles: args.oracles.clone().unwrap_or_default(),
        jobs: args.jobs.map_or(cores, usize::from),
        certificates: Arc::new(Certificates),
    };
    let (mut known, mut file) = (Vec::new(), None);
    if let Some(path) = &args.resume {
        let failed = |e: std::io::Error| Failure::usage(format!("cannot use the file {}: {e}", path.display()));
        let text = if path.exists() { std::fs::read_to_string(path).map_err(failed)? } else { String::new() };
        // The last line of a run that was killed may be half a line.
        known.extend(text.lines().filter_map(|line| serde_json::from_str::<Measured>(line).ok()));
        let mut to = std::fs::OpenOptions::new().create(true).append(true).open(path).map_err(failed)?;
        if !text.is_empty() && !text.ends_with('\n') {
            writeln!(to).map_err(failed)?;
        }
        file = Some(Mutex::new(to));
    }
    let bar = super::bar();
    let each = |measured: &Measured, done: usize, of: usize| {
        if let (Some(file), Ok(line)) = (&file, serde_json::to_string(measured)) {
            // What is not written is measured again.
            let _ = writeln!(file.lock().unwrap_or_else(PoisonError::into_inner), "{line}");
        }
        bar.set_message(format!("{done} of {of} faults"));
    };
    let all = measure(&options, &known, &each);
    bar.finish_and_clear();
    let all = all?;
    std::io::stdout().lock().write_all(text(&all, &options).as_bytes())?;
    Ok(if all.iter().all(|m| m.found.is_some()) { exit::OK } else { exit::FAILURES })
}

fn text(all: &[Measured], options: &Options) -> String {
    let mut lines = Vec::new();
    for missed in all.iter().filter(|m| m.found.is_none()) {
        let why = match missed.missed {
            Some(Missed::NotReached) => "no program came to it",
            Some(Missed::NotSeen) | None => "no oracle saw it",
        };
        lines.push(format!("MISSED  {}  {}  {why}", missed.fault, missed.configuration));
    }
    let family = |m: &Measured| m.fault.split(':').next().unwrap_or_default().to_owned();
    let mut families: BTreeMap<String, Vec<Measured>> = BTreeMap::new();
    let mut oracles: BTreeMap<&str, usize> = BTreeMap::new();
    for measured in all {
        families.entry(family(measured)).or_default().push(measured.clone());
        if let Some(found) = &measured.found {
            *oracles.entry(found.oracle.name()).or_default() += 1;
        }
    }
    let width = families.keys().map(String::len).max().unwrap_or_default().max(6);
    lines.push(format!(
        "{:width$}  {:>6}  {:>6}  {:>11}  {:>8}  {:>12}",
        "faults", "all", "found", "not reached", "not seen", "median calls"
    ));
    families.insert("~all".into(), all.to_vec());
    for (name, members) in &families {
        let (_, median) = summary(members);
        let found = members.iter().filter(|m| m.found.is_some()).count();
        let of = |why| members.iter().filter(|m| m.missed == Some(why)).count();
        let median = median.map_or("-".to_owned(), |m| m.to_string());
        let (unreached, unseen) = (of(Missed::NotReached), of(Missed::NotSeen));
        let name = name.trim_start_matches('~');
        lines.push(format!("{name:width$}  {:>6}  {found:>6}  {unreached:>11}  {unseen:>8}  {median:>12}", members.len()));
    }
    let by: Vec<String> = oracles.iter().map(|(name, n)| format!("{name} {n}")).collect();
    lines.push(format!("first seen by: {}", by.join(", ")));
    let (share, median) = summary(all);
    lines.push(format!(
        "{share:.1} % of {} found with {} calls each, seed {}; half of those found after {} calls or fewer",
        count(all.len(), "fault"),
        options.budget,
        options.seed,
        median.unwrap_or_default()
    ));
    lines.join("\n") + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fuzz::{Fingerprint, OracleId};

    #[test]
    fn what_is_missed_is_listed_with_the_reason() {
        let fingerprint = Fingerprint {
            oracle: OracleId::Probe,
            action: "GetUser".into(),
            expected: "200".into(),
            observed: "404 NoSuchEntity".into(),
            path: "status".into(),
            class: String::new(),
        };
        let measured = |fault: &str, calls, found: Option<Fingerprint>, missed| Measured {
            fault: fault.into(),
            configuration: "aws/xml".into(),
            budget: 100,
            seed: 1,
            calls,
            found,
            missed,
        };
        let all = [
            measured("requirement:a", 40, Some(fingerprint), None),
            measured("requirement:b", 100, None, Some(Missed::NotSeen)),
            measured("quota-wider:c", 100, None, Some(Missed::NotReached)),
        ];
        let options = Options {
            configurations: Vec::new(),
            filter: Vec::new(),
            shard: (1, 1),
            budget: 100,
            seed: 1,
            oracles: crate::fuzz::Oracles::default(),
            jobs: 1,
            certificates: Arc::new(Certificates),
        };
        let text = text(&all, &options);
        assert!(text.contains("MISSED  requirement:b  aws/xml  no oracle saw it"), "{text}");
        assert!(text.contains("MISSED  quota-wider:c  aws/xml  no program came to it"), "{text}");
        assert!(
            text.ends_with("33.3 % of 3 faults found with 100 calls each, seed 1; half of those found after 40 calls or fewer\n"),
            "{text}"
        );
        assert!(text.contains("first seen by: probe 1"), "{text}");
    }
}
