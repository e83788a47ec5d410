//! Stored runs put together: the parts that `run --shard` divides a run into are read as one run again.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::event::{CheckRecord, Event, RunFinished, RunStarted, TargetRecord};
use super::ndjson::{ReadError, read_run};
use super::tally::worse;
use crate::plan::Shard;

/// A stored run, or a part of one.
#[derive(Clone, Debug, PartialEq)]
pub struct Stored {
    /// The file, for messages; of a run put together, the files of its parts.
    pub file: String,
    /// What is in it, from its beginning on. A run that did not come to its end has no last event [`Event::RunFinished`].
    pub events: Vec<Event>,
}

/// Files that make no whole runs.
#[derive(Debug, thiserror::Error)]
pub enum RunsError {
    /// A file cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// A file without the event that begins a run.
    #[error("{file} has no beginning of a run, so nothing says what was run: was it cut?")]
    NoStart {
        /// The file.
        file: String,
    },
    /// A part twice.
    #[error("shard {shard} is there twice, in {first} and in {second}: give the files of one run, each shard once")]
    Twice {
        /// Which.
        shard: Shard,
        /// A file with it.
        first: String,
        /// The other.
        second: String,
    },
    /// A part is missing.
    #[error("shard {} is missing beside {}{}", words(shards), files.join(", "), apart.as_ref().map(|a| format!("; {a}")).unwrap_or_default())]
    Missing {
        /// Which.
        shards: Vec<Shard>,
        /// The files of the other parts.
        files: Vec<String>,
        /// A file that does not belong to them, and why.
        apart: Option<String>,
    },
}

fn words(shards: &[Shard]) -> String {
    shards.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

/// Reads files as runs, as [`runs`] puts them together.
///
/// # Errors
/// When a file cannot be read, a part is missing or there twice, or a file has no beginning.
pub fn read<P: AsRef<Path>>(paths: &[P]) -> Result<Vec<Stored>, RunsError> {
    let stored = |path: &P| -> Result<Stored, ReadError> {
        let path = path.as_ref();
        Ok(Stored { file: path.display().to_string(), events: read_run(path)? })
    };
    runs(paths.iter().map(stored).collect::<Result<_, _>>()?)
}

/// The whole runs that the files are, in the order of each one's first file. Files of undivided runs are runs as they are; parts belong
/// together when they ran the same suite with the same iamspec, on the same targets in the same versions and configurations. A target
/// without a profile is named after its endpoint, and each part may have had one of its own. A run put together begins with the trials
/// of all parts and no shard; its `run` is theirs, with commas.
///
/// # Errors
/// When a part is missing or there twice, or a file has no beginning.
pub fn runs(files: Vec<Stored>) -> Result<Vec<Stored>, RunsError> {
    let mut groups: Vec<Vec<Part>> = Vec::new();
    for stored in files {
        let part = Part::new(stored)?;
        let found = part.shard.and_then(|_| groups.iter_mut().find(|group| difference(&group[0].started, &part.started).is_none()));
        match found {
            Some(group) => group.push(part),
            None => groups.push(vec![part]),
        }
    }
    for group in &mut groups {
        group.sort_by_key(|part| part.shard);
    }
    for group in &groups {
        for (first, second) in group.iter().zip(&group[1..]) {
            if let (Some(shard), true) = (first.shard, first.shard == second.shard) {
                return Err(RunsError::Twice { shard, first: first.file.clone(), second: second.file.clone() });
            }
        }
        let shards = missing(group);
        if !shards.is_empty() {
            let files = group.iter().map(|part| part.file.clone()).collect();
            return Err(RunsError::Missing { shards, files, apart: stranger(group, &groups) });
        }
    }
    Ok(groups.into_iter().map(merged).collect())
}

/// A file with the beginning of what is in it.
struct Part {
    file: String,
    shard: Option<Shard>,
    started: RunStarted,
    events: Vec<Event>,
}

impl Part {
    fn new(stored: Stored) -> Result<Part, RunsError> {
        let started = stored.events.iter().find_map(|event| if let Event::RunStarted(started) = event { Some(started) } else { None });
        match started.cloned() {
            Some(started) => Ok(Part { file: stored.file, shard: started.shard, started, events: stored.events }),
            None => Err(RunsError::NoStart { file: stored.file }),
        }
    }
}

/// Why two parts are not of one run, if they are not.
fn difference(a: &RunStarted, b: &RunStarted) -> Option<String> {
    let count = |s: &RunStarted| s.shard.map_or("one part".to_owned(), |shard| format!("{} parts", shard.count()));
    let levels = |s: &RunStarted| format!("level {}", s.level);
    let suite = |s: &RunStarted| format!("suite {}", s.suite.get(..12).unwrap_or(&s.suite));
    let iamspec = |s: &RunStarted| format!("iamspec {}", s.version);
    let targets = |s: &RunStarted| s.targets.iter().map(described).collect::<Vec<_>>().join(", ");
    let tellings: [&dyn Fn(&RunStarted) -> String; 5] = [&count, &levels, &suite, &iamspec, &targets];
    tellings.iter().map(|tell| (tell(a), tell(b))).find(|(a, b)| a != b).map(|(a, b)| format!("{b}, not {a}"))
}

/// A target as far as all parts of a run must have the same.
fn described(target: &TargetRecord) -> String {
    let unnamed = target.endpoint.split_once("://").is_some_and(|(_, place)| place == target.name);
    let name = if unnamed { "a target without a profile" } else { &target.name };
    let version = target.version.as_ref().map(|v| format!(" {v}")).unwrap_or_default();
    format!("{name}{version} ({})", target.configurations.join(", "))
}

/// The parts that a run of these lacks.
fn missing(group: &[Part]) -> Vec<Shard> {
    let count = group[0].shard.map_or(0, Shard::count);
    let there: BTreeSet<Option<Shard>> = group.iter().map(|part| part.shard).collect();
    (1..=count).filter_map(|index| Shard::new(index, count)).filter(|shard| !there.contains(&Some(*shard))).collect()
}

/// A part that may have been meant to belong to `group` and does not, with the reason.
fn stranger(group: &[Part], groups: &[Vec<Part>]) -> Option<String> {
    let own = group[0].started.clone();
    let other = groups.iter().flatten().filter(|part| part.shard.is_some());
    let mut apart = other.filter_map(|part| Some(format!("{} is of another run: {}", part.file, difference(&own, &part.started)?)));
    apart.next()
}

/// One run of all its parts; an undivided run stays as it is.
fn merged(mut group: Vec<Part>) -> Stored {
    if group[0].shard.is_none() {
        let Part { file, events, .. } = group.swap_remove(0);
        return Stored { file, events };
    }
    let file = group.iter().map(|part| part.file.as_str()).collect::<Vec<_>>().join(", ");
    let mut started = RunStarted { shard: None, trials: 0, ..group[0].started.clone() };
    started.run = group.iter().map(|part| part.started.run.as_str()).collect::<Vec<_>>().join(",");
    let mut all = Merged { finished: Some(RunFinished::default()), ..Merged::default() };
    for part in group {
        started.trials += part.started.trials;
        started.jobs = started.jobs.max(part.started.jobs);
        all.add(part, &started.targets);
    }
    Stored { file, events: all.events(started) }
}

/// What the parts of a run have told, by kind.
#[derive(Default)]
struct Merged {
    capabilities: BTreeMap<(String, String), Event>,
    cases: Vec<Event>,
    checks: BTreeMap<[String; 5], CheckRecord>,
    rest: Vec<Event>,
    finished: Option<RunFinished>,
}

impl Merged {
    /// Takes the events of a part. `targets`: those of the whole, whose names stand for those of the part.
    fn add(&mut self, part: Part, targets: &[TargetRecord]) {
        let own = part.started.targets;
        let name = |name: &mut String| {
            if let Some(whole) = own.iter().zip(targets).find_map(|(own, whole)| (own.name == *name).then_some(whole)) {
                name.clone_from(&whole.name);
            }
        };
        let mut end = None;
        for mut event in part.events {
            match &mut event {
                Event::RunStarted(_) => continue,
                Event::RunFinished(finished) => {
                    end = Some(finished.clone());
                    continue;
                }
                Event::Capability(capability) => {
                    name(&mut capability.target);
                    let key = (capability.target.clone(), capability.action.clone());
                    self.capabilities.entry(key).or_insert(event);
                    continue;
                }
                Event::Check(check) => {
                    name(&mut check.target);
                    self.check(check);
                    continue;
                }
                Event::Case(record) => {
                    name(&mut record.target);
                    self.cases.push(event);
                    continue;
                }
                Event::Leftover(leftover) => name(&mut leftover.target),
                Event::Finding(finding) => name(&mut finding.target),
                Event::Note { .. } => {}
            }
            if !self.rest.contains(&event) {
                self.rest.push(event);
            }
        }
        self.finished = match (self.finished.take(), end) {
            (Some(all), Some(end)) => Some(sum(all, end, part.shard)),
            _ => None,
        };
    }

    /// A finding is told once, of whichever part; the case that comes first speaks for it, as within a run.
    fn check(&mut self, found: &CheckRecord) {
        let key = [&found.target, &found.configuration, &found.requirement, &found.action, &found.at].map(String::clone);
        match self.checks.get_mut(&key) {
            Some(known) => {
                let count = known.count + found.count;
                if found.case < known.case {
                    known.clone_from(found);
                }
                known.count = count;
            }
            None => drop(self.checks.insert(key, found.clone())),
        }
    }

    fn events(self, started: RunStarted) -> Vec<Event> {
        let mut events = vec![Event::RunStarted(started)];
        events.extend(self.capabilities.into_values());
        events.extend(self.cases);
        events.extend(self.checks.into_values().map(Event::Check));
        events.extend(self.rest);
        events.extend(self.finished.map(Event::RunFinished));
        events
    }
}

/// The end of a run after one more part.
fn sum(all: RunFinished, part: RunFinished, shard: Option<Shard>) -> RunFinished {
    let stopped = part.stopped.map(|why| shard.map_or(why.clone(), |shard| format!("shard {shard}: {why}")));
    RunFinished {
        passed: all.passed + part.passed,
        failed: all.failed + part.failed,
        errors: all.errors + part.errors,
        skipped: all.skipped + part.skipped,
        xfailed: all.xfailed + part.xfailed,
        xpassed: all.xpassed + part.xpassed,
        differing: all.differing + part.differing,
        calls: all.calls + part.calls,
        // The parts run beside each other.
        millis: all.millis.max(part.millis),
        stopped: all.stopped.or(stopped),
        exit: worse(all.exit, part.exit),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::samples;

    /// A part with one case in it, told by its own endpoint.
    fn part(shard: &str, case: &str) -> Stored {
        let mut started = samples::started();
        started.shard = Some(shard.parse().unwrap());
        started.trials = 1;
        started.run = format!("r{}", &shard[..1]);
        let mut record = samples::pass();
        record.case = case.into();
        let mut check = samples::check();
        check.case = case.into();
        let finished = RunFinished { passed: 1, calls: 7, millis: 100, ..RunFinished::default() };
        let events = vec![Event::RunStarted(started), Event::Case(Box::new(record)), Event::Check(check), Event::RunFinished(finished)];
        Stored { file: format!("{}.ndjson", shard.replace('/', "-of-")), events }
    }

    fn start(stored: &mut Stored) -> &mut RunStarted {
        match &mut stored.events[0] {
            Event::RunStarted(started) => started,
            other => panic!("{other:?}"),
        }
    }

    fn refused(files: Vec<Stored>) -> String {
        runs(files).unwrap_err().to_string()
    }

    #[test]
    fn parts_are_one_run_in_whatever_order_they_come() {
        let whole = |files: Vec<Stored>| runs(files).unwrap();
        let run = whole(vec![part("2/2", "b"), part("1/2", "a")]);
        assert_eq!(run, whole(vec![part("1/2", "a"), part("2/2", "b")]));
        let [run] = run.as_slice() else { panic!("{run:?}") };
        assert_eq!(run.file, "1-of-2.ndjson, 2-of-2.ndjson");
        let Event::RunStarted(started) = &run.events[0] else { panic!("{run:?}") };
        assert_eq!((started.trials, started.shard, started.run.as_str()), (2, None, "r1,r2"));
        let finished = RunFinished { passed: 2, calls: 14, millis: 100, ..RunFinished::default() };
        assert_eq!(run.events.last(), Some(&Event::RunFinished(finished)));
        let checks: Vec<_> =
            run.events.iter().filter_map(|e| if let Event::Check(c) = e { Some((c.count, &*c.case)) } else { None }).collect();
        assert_eq!(checks, [(24, "a")], "a finding of both parts is one");
    }

    #[test]
    fn undivided_runs_stay_apart() {
        let one = || Stored { file: "a".into(), events: samples::run() };
        let two = runs(vec![one(), one()]).unwrap();
        assert_eq!((two.len(), &two[0].events), (2, &samples::run()));
    }

    #[test]
    fn a_missing_and_a_doubled_part_are_refused() {
        assert_eq!(refused(vec![part("1/3", "a"), part("3/3", "c")]), "shard 2/3 is missing beside 1-of-3.ndjson, 3-of-3.ndjson");
        let said = refused(vec![part("1/2", "a"), part("1/2", "a"), part("2/2", "b")]);
        assert!(said.starts_with("shard 1/2 is there twice, in 1-of-2.ndjson and in 1-of-2.ndjson"), "{said}");
        let said = refused(vec![Stored { file: "cut".into(), events: vec![Event::RunFinished(samples::finished())] }]);
        assert!(said.starts_with("cut has no beginning of a run"), "{said}");
    }

    #[test]
    fn parts_of_different_runs_are_not_mixed_and_the_difference_is_named() {
        let with = |change: fn(&mut RunStarted)| {
            let mut other = part("2/2", "b");
            change(start(&mut other));
            refused(vec![part("1/2", "a"), other])
        };
        for (said, difference) in [
            (with(|s| s.suite = "77aa".into()), "suite 77aa, not suite 5d41402a"),
            (with(|s| s.version = "9.9.9".into()), "iamspec 9.9.9, not iamspec 0.1.0"),
            (with(|s| s.targets[0].version = Some("5.2.6".into())), "moto 5.2.6 (aws/xml), not moto 5.2.5 (aws/xml)"),
            (with(|s| s.targets[0].configurations.push("aws/json".into())), "moto 5.2.5 (aws/xml, aws/json), not moto 5.2.5 (aws/xml)"),
            (with(|s| s.level = crate::api::Level::Must), "level must, not level should"),
            (with(|s| s.shard = "2/3".parse().ok()), "3 parts, not 2 parts"),
        ] {
            let expected = format!("shard 2/2 is missing beside 1-of-2.ndjson; 2-of-2.ndjson is of another run: {difference}");
            assert_eq!(said, expected);
        }
    }

    #[test]
    fn each_part_may_have_an_endpoint_of_its_own() {
        let at = |port: u16, shard: &str, case: &str| {
            let mut part = part(shard, case);
            let target = &mut start(&mut part).targets[0];
            (target.name, target.endpoint) = (format!("127.0.0.1:{port}"), format!("http://127.0.0.1:{port}"));
            for event in &mut part.events {
                match event {
                    Event::Case(record) => record.target = format!("127.0.0.1:{port}"),
                    Event::Check(check) => check.target = format!("127.0.0.1:{port}"),
                    _ => {}
                }
            }
            part
        };
        let run = runs(vec![at(1, "1/2", "a"), at(2, "2/2", "b")]).unwrap().remove(0);
        assert!(run.events.iter().all(|e| !matches!(e, Event::Case(r) if r.target != "127.0.0.1:1")));
        assert_eq!(run.events.iter().filter(|e| matches!(e, Event::Check(_))).count(), 1);
    }

    #[test]
    fn a_part_that_did_not_end_leaves_the_run_without_an_end() {
        let mut cut = part("2/2", "b");
        cut.events.pop();
        let run = runs(vec![part("1/2", "a"), cut]).unwrap().remove(0);
        assert!(!run.events.iter().any(|e| matches!(e, Event::RunFinished(_))));
        let mut stopped = part("2/2", "b");
        stopped.events.pop();
        stopped.events.push(Event::RunFinished(RunFinished { stopped: Some("interrupted".into()), exit: 3, ..RunFinished::default() }));
        let run = runs(vec![part("1/2", "a"), stopped]).unwrap().remove(0);
        assert!(
            matches!(run.events.last(), Some(Event::RunFinished(f)) if f.exit == 3 && f.stopped.as_deref() == Some("shard 2/2: interrupted"))
        );
    }
}
