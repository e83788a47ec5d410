//! Every fault against the suite, on all cores.

use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Instant;

use super::kill::{Kill, judge};
use super::order::{Turn, order};
use super::report::{Judged, Outcome, Report};
use super::trial::{Bench, Panicked};
use crate::api::requirement::catalogue;
use crate::case::corpus::Corpus;
use crate::case::filter::picks;
use crate::case::{Case, CertSource};
use crate::dialect::Configuration;
use crate::plan::{Disposition, OptIn, Place, plan};
use crate::reference::faults::Trace;
use crate::reference::faults::catalogue::{Fault, faults, out_of_reach};
use crate::reference::{Faults, Settings};
use crate::runner::in_process;
use crate::runner::trial::TrialResult;
use crate::verdict::Status;

/// What to measure.
pub struct Options {
    /// Configurations.
    pub configurations: Vec<Configuration>,
    /// Faults, by id; empty: all.
    pub filter: Vec<String>,
    /// Which part of how many, from 1.
    pub shard: (usize, usize),
    /// Threads.
    pub jobs: usize,
    /// Test certificates.
    pub certificates: Arc<dyn CertSource>,
}

impl Options {
    /// Whether a fault is among those asked for.
    pub fn wants(&self, id: &str) -> bool {
        self.filter.is_empty() || self.filter.iter().any(|pattern| picks(pattern, id))
    }
}

/// Nothing can be said about the suite.
#[derive(Debug, thiserror::Error)]
pub enum StrengthError {
    /// No fault is asked for.
    #[error("the filter selects no fault")]
    NoFault,
    /// The sound reference does not pass: then a failure against a faulty one says nothing.
    #[error(
        "the sound reference does not pass the suite, so that a failure against a faulty one says nothing: {0} (iamspec run shows all that departs)"
    )]
    Unsound(String),
    /// A reference panicked.
    #[error("{0}")]
    Panicked(String),
    /// The harness broke.
    #[error("{0}")]
    Broken(String),
}

impl From<Panicked> for StrengthError {
    fn from(Panicked(why): Panicked) -> StrengthError {
        StrengthError::Panicked(why)
    }
}

/// A fault in one configuration.
struct Job {
    configuration: usize,
    fault: Fault,
}

/// The cases that run in one configuration, and what the sound reference came across in each.
struct Field<'c> {
    configuration: Configuration,
    cases: Vec<&'c Case>,
    traces: Vec<Arc<Trace>>,
    /// The cases that do not run, and why.
    skipped: Vec<(&'c Case, String)>,
    /// How the reference's account is set up.
    settings: Settings,
}

/// The faults asked for, in the configurations in which they exist, as far as they are in the shard.
fn jobs(options: &Options) -> Result<Vec<Job>, StrengthError> {
    let mut all = Vec::new();
    for (index, configuration) in options.configurations.iter().enumerate() {
        let here = |fault: &Fault| fault.only.is_none_or(|format| format == configuration.format);
        let faults = faults(configuration.dialect).into_iter().filter(|fault| here(fault) && options.wants(&fault.id));
        all.extend(faults.map(|fault| Job { configuration: index, fault }));
    }
    if all.is_empty() {
        return Err(StrengthError::NoFault);
    }
    let (part, parts) = options.shard;
    Ok(all.into_iter().skip(part - 1).step_by(parts).collect())
}

impl Field<'_> {
    /// Why no case can show a fault: an account like this one has nothing to show it with, or the cases of this dialect that bring it
    /// about all need what is not there. `None`: some case might, or could be written.
    fn why_not(&self, fault: &Fault) -> Option<String> {
        if let Some(why) = out_of_reach(fault, &self.settings) {
            return Some(why);
        }
        let shows = |case: &Case| case.named_requirements().iter().any(|r| fault.shown_by.contains(r));
        if self.cases.iter().any(|case| shows(case)) {
            return None;
        }
        let mut here = self.skipped.iter().filter(|(case, _)| case.dialects.contains(&self.configuration.dialect));
        here.find(|(case, _)| shows(case)).map(|(case, why)| format!("{} is skipped: {why}", case.id))
    }
}

fn fields<'c>(corpus: &'c Corpus, options: &Options) -> Result<Vec<Field<'c>>, StrengthError> {
    let cases: Vec<&Case> = corpus.cases.iter().collect();
    options.configurations.iter().map(|c| field(*c, &cases)).collect()
}

fn field<'c>(configuration: Configuration, cases: &[&'c Case]) -> Result<Field<'c>, StrengthError> {
    let target = in_process::target(configuration.dialect).map_err(StrengthError::Broken)?;
    let missing = std::collections::BTreeMap::new();
    let place = Place { profile: &target.profile, loopback: true, opt_in: OptIn::ALL, missing: &missing };
    let trials = plan(cases, &place, &[configuration]);
    let (mut cases, mut skipped) = (Vec::new(), Vec::new());
    for trial in trials {
        match trial.disposition {
            Disposition::Run => cases.push(trial.case),
            Disposition::Skip(why) => skipped.push((trial.case, why)),
        }
    }
    let traces = cases.iter().map(|_| Arc::default()).collect();
    Ok(Field { configuration, cases, traces, skipped, settings: in_process::settings(configuration.dialect) })
}

/// Progress: how many of how many are done.
pub type Progress<'p> = &'p (dyn Fn(usize, usize) + Sync);

/// Measures the suite: the sound reference must pass, each faulty one must not.
///
/// # Errors
/// When the sound reference fails, or a faulty one panics.
pub fn run(corpus: &Corpus, options: &Options, progress: Progress<'_>) -> Result<Report, StrengthError> {
    let began = Instant::now();
    let jobs = jobs(options)?;
    let fields = fields(corpus, options)?;
    let calls = AtomicUsize::new(0);
    passes(&fields, options, &calls)?;
    hidden(&fields)?;
    let judged = parallel(options, &fields, &jobs, progress, &|benches, job| {
        let field = &fields[job.configuration];
        Ok(one(&benches[job.configuration], field, &job.fault, &calls)?)
    })?;
    let names = options.configurations.iter().map(Configuration::to_string).collect();
    let millis = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
    Ok(Report::of(judged, corpus.digest.clone(), names, corpus.cases.len(), calls.into_inner(), millis))
}

/// Whether the sound reference passes the suite: every case, every free check, nothing left behind. It stops at the first departure.
///
/// # Errors
/// [`StrengthError::Unsound`] with what departs, [`StrengthError::Panicked`] when the reference falls over.
pub fn sound(corpus: &Corpus, options: &Options) -> Result<(), StrengthError> {
    passes(&fields(corpus, options)?, options, &AtomicUsize::new(0))
}

fn passes(fields: &[Field<'_>], options: &Options, calls: &AtomicUsize) -> Result<(), StrengthError> {
    let numbered = |(i, field): (usize, &Field<'_>)| (0..field.cases.len()).map(move |case| (i, case)).collect::<Vec<_>>();
    let all: Vec<(usize, usize)> = fields.iter().enumerate().flat_map(numbered).collect();
    parallel(options, fields, &all, &|_, _| {}, &|benches, (at, case)| {
        let field = &fields[*at];
        let ran = benches[*at].run(field.cases[*case], &Faults::traced(&field.traces[*case]))?;
        calls.fetch_add(ran.calls, Ordering::Relaxed);
        departure(&ran.result).map_or(Ok(()), |what| Err(StrengthError::Unsound(what)))
    })?;
    Ok(())
}

/// No answer has an element that no answer has by some rule: it would have faults that are not in the catalogue.
fn hidden(fields: &[Field<'_>]) -> Result<(), StrengthError> {
    for field in fields {
        let rules = catalogue().iter().filter(|rule| rule.dialects.contains(&field.configuration.dialect));
        for (rule, element) in rules.flat_map(|rule| rule.hides.iter().map(move |element| (rule, element))) {
            if let Some(at) = field.traces.iter().position(|trace| trace.saw(element)) {
                let (case, configuration) = (&field.cases[at].id, field.configuration);
                return Err(StrengthError::Unsound(format!("{case} in {configuration}: {element}, which {} hides, was answered", rule.id)));
            }
        }
    }
    Ok(())
}

/// What is wrong with a trial that should have passed.
fn departure(result: &TrialResult) -> Option<String> {
    let record = &result.record;
    let of = |what: String| Some(format!("{} in {}: {what}", record.case, record.configuration));
    if let Some(m) = record.verdict.mismatches.first() {
        return of(format!("step {} {}: expected {}, is {}", m.step + 1, m.path, m.expected, m.actual));
    }
    if record.verdict.status == Status::Error {
        return of(record.verdict.reason.clone());
    }
    if let Some((action, finding)) = result.findings.first() {
        return of(format!("{} of {action}, {}: {}", finding.req.id(), finding.at, finding.text));
    }
    result.left.first().and_then(|left| of(format!("{} {} was left: {}", left.kind, left.name, left.why)))
}

/// Runs cases against one fault until it is killed, or none is left that could do more.
fn one(bench: &Bench, field: &Field<'_>, fault: &Fault, calls: &AtomicUsize) -> Result<Judged, Panicked> {
    let mut indirect: Option<Kill> = None;
    let mut trials = 0;
    // Where the sound reference came across nothing that is wrong in this one, the two are the same.
    let turns: Vec<Turn> =
        order(&fault.aim, &field.cases).into_iter().filter(|turn| field.traces[turn.case].meets(&fault.faults)).collect();
    let last_direct = turns.iter().rposition(|turn| turn.direct);
    let judged = |result, by, trials| Judged {
        fault: fault.id.clone(),
        about: fault.about.clone(),
        configuration: field.configuration.to_string(),
        result,
        why: None,
        by,
        trials,
    };
    for (i, turn) in turns.iter().enumerate() {
        let hopeless = last_direct.is_none_or(|last| i > last);
        if indirect.is_some() && (hopeless || !turn.direct) {
            if hopeless {
                break;
            }
            continue;
        }
        let case = field.cases[turn.case];
        let ran = bench.run(case, &fault.faults).map_err(|Panicked(why)| Panicked(format!("fault {}: {why}", fault.id)))?;
        calls.fetch_add(ran.calls, Ordering::Relaxed);
        trials += 1;
        match judge(fault, case, &ran.result) {
            Some(kill) if kill.direct => return Ok(judged(Outcome::Killed, Some(kill), trials)),
            Some(kill) if indirect.is_none() => indirect = Some(kill),
            _ => {}
        }
    }
    if indirect.is_some() {
        return Ok(Judged { why: field.why_not(fault), ..judged(Outcome::Indirect, indirect, trials) });
    }
    Ok(match field.why_not(fault) {
        Some(why) => Judged { why: Some(why), ..judged(Outcome::Skipped, None, trials) },
        None => judged(Outcome::Survived, None, trials),
    })
}

/// What is done with an item on a thread's benches.
type Work<'w, I, T> = &'w (dyn Fn(&[Bench], &I) -> Result<T, StrengthError> + Sync);

/// Does `work` on every item on all threads, each with a bench for each configuration; results in the order of the items.
fn parallel<I: Sync, T: Send>(
    options: &Options,
    fields: &[Field<'_>],
    items: &[I],
    progress: Progress<'_>,
    work: Work<'_, I, T>,
) -> Result<Vec<T>, StrengthError> {
    let (next, done, stop) = (AtomicUsize::new(0), AtomicUsize::new(0), AtomicBool::new(false));
    let results: Mutex<Vec<(usize, T)>> = Mutex::new(Vec::with_capacity(items.len()));
    let worker = || -> Result<(), StrengthError> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
        let runtime = Rc::new(runtime.map_err(|e| StrengthError::Broken(format!("no runtime can be made: {e}")))?);
        let bench = |f: &Field<'_>| Bench::new(f.configuration, Arc::clone(&options.certificates), Rc::clone(&runtime));
        let benches: Vec<Bench> = fields.iter().map(bench).collect::<Result<_, _>>().map_err(StrengthError::Broken)?;
        while !stop.load(Ordering::Relaxed) {
            let index = next.fetch_add(1, Ordering::Relaxed);
            let Some(item) = items.get(index) else { break };
            let result = work(&benches, item).inspect_err(|_| stop.store(true, Ordering::Relaxed))?;
            results.lock().unwrap_or_else(PoisonError::into_inner).push((index, result));
            progress(done.fetch_add(1, Ordering::Relaxed) + 1, items.len());
        }
        Ok(())
    };
    thread::scope(|scope| {
        let threads: Vec<_> = (0..options.jobs.max(1)).map(|_| scope.spawn(worker)).collect();
        threads.into_iter().try_for_each(|t| t.join().unwrap_or_else(|_| Err(StrengthError::Broken("a thread panicked".into()))))
    })?;
    let mut results = results.into_inner().unwrap_or_else(PoisonError::into_inner);
    results.sort_by_key(|(index, _)| *index);
    Ok(results.into_iter().map(|(_, result)| result).collect())
}
