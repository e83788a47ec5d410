//! How much the fuzzer finds: against references with one fault each, how many calls until it says that something is wrong.
//!
//! For every fault the same programs run in the same order until one of them fires or the budget of calls is used up. A program in which
//! the sound reference came across nothing that the fault is in would go as it did there: its calls are counted, and it is not run again.

use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use serde::{Deserialize, Serialize};

use super::bench::Bench;
use super::campaign::{CampaignError, Source};
use super::decode::program;
use super::executor::Focus;
use super::finding::Fingerprint;
use super::oracle::Oracles;
use crate::case::{Case, CertSource};
use crate::dialect::Configuration;
use crate::reference::Faults;
use crate::reference::faults::Trace;
use crate::reference::faults::catalogue::{Fault, faults};

/// What to measure.
#[derive(Clone)]
pub struct Options {
    /// Configurations of the reference.
    pub configurations: Vec<Configuration>,
    /// Faults by id; empty: all.
    pub filter: Vec<String>,
    /// Which part of how many, from 1.
    pub shard: (usize, usize),
    /// Calls for each fault.
    pub budget: u64,
    /// Seed of the programs.
    pub seed: u64,
    /// Oracles to ask.
    pub oracles: Oracles,
    /// Threads.
    pub jobs: usize,
    /// Test certificates.
    pub certificates: Arc<dyn CertSource>,
}

/// A fault in a configuration, and whether it was found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Measured {
    /// Id of the fault.
    pub fault: String,
    /// `aws/xml`.
    pub configuration: String,
    /// Calls for each fault.
    pub budget: u64,
    /// Seed.
    pub seed: u64,
    /// Calls until the end of the program that found it; of one that was missed, all.
    pub calls: u64,
    /// What was found; none: missed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub found: Option<Fingerprint>,
    /// Why it was missed, as far as that can be told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub missed: Option<Missed>,
}

/// Why a fault was not found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Missed {
    /// No program within the budget came to where the fault is.
    NotReached,
    /// Programs came there, and no oracle saw a difference.
    NotSeen,
}

/// Programs of one configuration, run once on the sound reference.
struct Field {
    configuration: Configuration,
    programs: Vec<(Case, u64, Arc<Trace>)>,
}

struct Job {
    field: usize,
    fault: Fault,
}

/// Measures. `known`: what an earlier run measured already; `each` takes what is new as it comes, with how many are done of how many.
///
/// # Errors
/// When no fault is asked for, the sound reference has a finding, or something of ours broke.
pub fn measure(
    options: &Options,
    known: &[Measured],
    each: &(dyn Fn(&Measured, usize, usize) + Sync),
) -> Result<Vec<Measured>, CampaignError> {
    let mut jobs = Vec::new();
    for (field, configuration) in options.configurations.iter().enumerate() {
        let here = |fault: &Fault| fault.only.is_none_or(|format| format == configuration.format);
        let wanted = |id: &str| options.filter.is_empty() || options.filter.iter().any(|f| crate::case::filter::picks(f, id));
        jobs.extend(faults(configuration.dialect).into_iter().filter(|f| here(f) && wanted(&f.id)).map(|fault| Job { field, fault }));
    }
    if jobs.is_empty() {
        return Err(CampaignError::Usage("the filter selects no fault; iamspec strength --list has them".into()));
    }
    let (part, parts) = options.shard;
    let jobs: Vec<Job> = jobs.into_iter().skip(part - 1).step_by(parts.max(1)).collect();
    let same = |m: &&Measured, job: &Job| {
        m.fault == job.fault.id
            && m.configuration == options.configurations[job.field].to_string()
            && m.budget == options.budget
            && m.seed == options.seed
    };
    let mut done: BTreeMap<usize, Measured> = BTreeMap::new();
    for (i, job) in jobs.iter().enumerate() {
        if let Some(m) = known.iter().find(|m| same(m, job)) {
            done.insert(i, m.clone());
        }
    }
    let fields = parallel(options, &options.configurations, &|benches, i, _| sound(options, &mut benches[i], i))?;
    let open: Vec<usize> = (0..jobs.len()).filter(|i| !done.contains_key(i)).collect();
    let finished = AtomicUsize::new(done.len());
    let new = parallel(options, &open, &|benches, _, i| {
        let job = &jobs[*i];
        let measured = one(options, &mut benches[job.field], &fields[job.field], &job.fault)?;
        each(&measured, finished.fetch_add(1, Ordering::Relaxed) + 1, jobs.len());
        Ok(measured)
    })?;
    done.extend(open.into_iter().zip(new));
    Ok(done.into_values().collect())
}

/// The programs of a configuration up to the budget, and what the sound reference came across in each. It must have no findings.
fn sound(options: &Options, bench: &mut Bench, index: usize) -> Result<Field, CampaignError> {
    let configuration = options.configurations[index];
    let source = Source::new(options.seed, Vec::new());
    let mut programs = Vec::new();
    let mut calls = 0;
    for number in 0.. {
        if calls >= options.budget {
            break;
        }
        let case = program(&source.bytes(number), &bench.place.ground, &format!("{:x}/{number}", options.seed));
        let trace = Arc::new(Trace::default());
        bench.breaking(Faults::traced(&trace));
        let ran = bench.wait(&case, Focus::All).map_err(|why| CampaignError::Broken(format!("{} in {configuration}: {why}", case.id)))?;
        if let Some(firing) = ran.firings.first() {
            let text = format!("{} in {configuration}: {}; {}", case.id, firing.fingerprint, firing.text);
            return Err(CampaignError::Broken(format!(
                "the sound reference has a finding, so that one says nothing of a faulty one: {text}"
            )));
        }
        calls += ran.calls as u64;
        programs.push((case, ran.calls as u64, trace));
    }
    Ok(Field { configuration, programs })
}

fn one(options: &Options, bench: &mut Bench, field: &Field, fault: &Fault) -> Result<Measured, CampaignError> {
    let measured = |calls, found, missed| Measured {
        fault: fault.id.clone(),
        configuration: field.configuration.to_string(),
        budget: options.budget,
        seed: options.seed,
        calls,
        found,
        missed,
    };
    bench.breaking(fault.faults.clone());
    let (mut calls, mut reached) = (0, false);
    for (case, usual, trace) in &field.programs {
        if !trace.meets(&fault.faults) {
            calls += usual;
            continue;
        }
        reached = true;
        let ran = bench.wait(case, Focus::All).map_err(|why| CampaignError::Broken(format!("{} with {}: {why}", case.id, fault.id)))?;
        calls += ran.calls as u64;
        if let Some(firing) = ran.firings.into_iter().next() {
            return Ok(measured(calls, Some(firing.fingerprint), None));
        }
        if calls >= options.budget {
            break;
        }
    }
    Ok(measured(calls, None, Some(if reached { Missed::NotSeen } else { Missed::NotReached })))
}

/// What is done with an item on a thread's benches, one for each configuration.
type Job1<'w, I, T> = &'w (dyn Fn(&mut [Bench], usize, &I) -> Result<T, CampaignError> + Sync);

/// Does `work` on every item on all threads; results in the order of the items.
fn parallel<I: Sync, T: Send>(options: &Options, items: &[I], work: Job1<'_, I, T>) -> Result<Vec<T>, CampaignError> {
    let (next, stop) = (AtomicUsize::new(0), AtomicBool::new(false));
    let results: Mutex<BTreeMap<usize, T>> = Mutex::new(BTreeMap::new());
    let worker = || -> Result<(), CampaignError> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
        let runtime = Rc::new(runtime.map_err(|e| CampaignError::Broken(format!("no runtime can be made: {e}")))?);
        let bench = |c: &Configuration| {
            let certificates = Arc::clone(&options.certificates);
            Bench::new(*c, "power", certificates, options.oracles.clone(), Rc::clone(&runtime)).map_err(CampaignError::Broken)
        };
        let mut benches: Vec<Bench> = options.configurations.iter().map(bench).collect::<Result<_, _>>()?;
        while !stop.load(Ordering::Relaxed) {
            let index = next.fetch_add(1, Ordering::Relaxed);
            let Some(item) = items.get(index) else { break };
            let result = work(&mut benches, index, item).inspect_err(|_| stop.store(true, Ordering::Relaxed))?;
            results.lock().unwrap_or_else(PoisonError::into_inner).insert(index, result);
        }
        Ok(())
    };
    let broken = || CampaignError::Broken("a thread panicked".into());
    thread::scope(|scope| {
        let threads: Vec<_> = (0..options.jobs.max(1)).map(|_| scope.spawn(worker)).collect();
        threads.into_iter().try_for_each(|t| t.join().unwrap_or_else(|_| Err(broken())))
    })?;
    Ok(results.into_inner().unwrap_or_else(PoisonError::into_inner).into_values().collect())
}

/// Share found in percent, and the median number of calls to find one; none: nothing was found.
pub fn summary(all: &[Measured]) -> (f64, Option<u64>) {
    let mut calls: Vec<u64> = all.iter().filter(|m| m.found.is_some()).map(|m| m.calls).collect();
    calls.sort_unstable();
    let share = if all.is_empty() { 0.0 } else { 100.0 * calls.len() as f64 / all.len() as f64 };
    (share, calls.get(calls.len() / 2).copied())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runner::embedded::{CONFIGURATIONS, Certificates};

    #[test]
    fn what_is_found_is_counted_and_what_was_measured_is_not_measured_again() {
        let options = Options {
            configurations: vec![CONFIGURATIONS[2]],
            filter: vec!["requirement:wire.request-id-place".into(), "requirement:create-user.default-path".into()],
            shard: (1, 1),
            budget: 300,
            seed: 1,
            oracles: Oracles::default(),
            jobs: 1,
            certificates: Arc::new(Certificates),
        };
        let first = measure(&options, &[], &|_, _, _| {}).expect("measured");
        assert_eq!(first.len(), 2);
        assert!(first.iter().all(|m| m.found.is_some() && m.calls <= 600), "{first:?}");
        assert_eq!(summary(&first).0, 100.0);
        let again = AtomicUsize::new(0);
        let second = measure(&options, &first, &|_, _, _| {
            again.fetch_add(1, Ordering::Relaxed);
        })
        .expect("measured");
        assert_eq!((second, again.into_inner()), (first, 0));
    }
}
