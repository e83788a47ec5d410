//! A settled finding as a case file, tried on both sides before anybody sees it.

use std::collections::BTreeMap;

use serde_json::Value;

use super::again::{Settled, Stability, TIMES};
use super::expect::{self, Ending, Lists, ending};
use super::id::finding_id;
use super::record::Recorded;
use super::rule;
use super::trials::{OnReference, Trials};
use super::words::Words;
use crate::api::Req;
use crate::baseline::Pin;
use crate::case::{Case, Expect, Step, keep_owned, parse, write};
use crate::fuzz::shrink::tidy;
use crate::fuzz::{Firing, OracleId};
use crate::report::event::{StepRecord, without_index};
use crate::report::text::printable;
use crate::runner::trial::TrialResult;
use crate::verdict::{Mismatch, Status};

/// Where a finding comes from: what the file says of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origin {
    /// Name of the target.
    pub target: String,
    /// Version of its software, where it is known.
    pub version: Option<String>,
    /// Seed of the fuzz run.
    pub seed: u64,
    /// The program in which it was seen first.
    pub program: String,
    /// What `iamspec replay FILE` needs beside the file to get to the target: `--target moto`.
    pub flags: String,
}

/// A case file that passes on the reference and fails on the target.
#[derive(Clone, Debug, PartialEq)]
pub struct Draft {
    /// Name of the finding, and of the file without `.toml`.
    pub id: String,
    /// The case.
    pub case: Case,
    /// The file.
    pub text: String,
    /// The requirement that it shows to be broken.
    pub requirement: Req,
    /// How it fails on the target.
    pub recorded: Recorded,
}

/// Makes a case file of a finding.
///
/// # Errors
/// Why there is none: the two sides do not differ in a way that a case could say.
pub async fn draft<T: Trials>(settled: &Settled, origin: &Origin, target: &mut T, reference: &OnReference) -> Result<Draft, String> {
    if settled.stability == Stability::StateDependent {
        return Err("it was not seen again under other names".into());
    }
    let firing = &settled.firing;
    let mut steps: Vec<Step> = settled.program.steps.iter().take(firing.step + 1).chain(&firing.probe).cloned().collect();
    steps.iter_mut().for_each(|step| step.expect = Expect { any: true, given: true, ..Expect::default() });
    let id = finding_id(&firing.fingerprint);
    let case = tidy(&Case { id: format!("{id}/{id}"), family: String::new(), title: title(firing), steps, ..settled.program.clone() });
    let sound = reference.with(&case, crate::reference::Faults::default()).await?;
    if sound.record.verdict.status != Status::Pass {
        return Err(format!("the reference cannot go through it: {}", why(&sound)));
    }
    let seen = target.trial(&case).await?;
    let tries = if settled.stability == Stability::Flaky { TIMES } else { 1 };
    let mut work = Work { case, firing, reference, target, tries, sound: sound.record.steps, seen: seen.record.steps };
    let Failing { case, at, mismatch } = work.find().await?;
    let call = case.steps[at].call.clone();
    let check = firing.evidence.requirement.as_deref().and_then(Req::find);
    let about = firing.fingerprint.to_string();
    let requirement = match (check, &mismatch) {
        (Some(check), _) => check,
        (None, Some(mismatch)) => {
            match Req::find(&mismatch.requirement).filter(|r| r.get().is_free_check() && !case.requirements.contains(r)) {
                // An answer that cannot be read, or none.
                Some(own) => own,
                None if server_error(mismatch) => crate::api::req::TRANSPORT__NO_SERVER_ERROR,
                None => rule::name(&case, at, mismatch, &about, reference).await?,
            }
        }
        (None, None) => return Err("nothing of it fails".into()),
    };
    let case = Case { requirements: vec![requirement], ..case };
    let recorded = Recorded {
        fingerprint: firing.fingerprint.clone(),
        target: origin.target.clone(),
        configuration: reference.configuration().to_string(),
        call,
        path: mismatch.as_ref().map_or_else(|| firing.fingerprint.path.clone(), |m| without_index(&m.path)),
        actual: mismatch.as_ref().and_then(|m| Pin::of(m, "iamspec").actual.into_iter().next()),
        check: mismatch.is_none().then(|| requirement.id().to_owned()),
    };
    let body = write::checked(&[&case]).map_err(|why| why.to_string())?;
    let text = format!("{}{}\n{body}", header(settled, origin, &recorded, &id), recorded.line());
    let read = parse(&write::file_path(&case), &id, &text).map_err(|why| why.to_string())?;
    let [read] = read.as_slice() else { return Err("the file has not one case".into()) };
    work.case = read.clone();
    match work.fails(read, at).await? {
        Some(_) => Ok(Draft { id, case: read.clone(), text, requirement, recorded }),
        None => Err("read back from its file, it does not fail as it did".into()),
    }
}

/// A case that fails at a step. Without a mismatch it is a free check that fires.
struct Failing {
    case: Case,
    at: usize,
    mismatch: Option<Mismatch>,
}

struct Work<'a, T> {
    /// The case without expectations.
    case: Case,
    firing: &'a Firing,
    reference: &'a OnReference,
    target: &'a mut T,
    /// Runs in which it must fail once.
    tries: usize,
    /// What the reference answered.
    sound: Vec<StepRecord>,
    /// What the target answered.
    seen: Vec<StepRecord>,
}

impl<T: Trials> Work<'_, T> {
    /// The first way to say it that holds on both sides: at the step that shows it, else at the last one before it that ends otherwise.
    async fn find(&mut self) -> Result<Failing, String> {
        let last = self.case.steps.len() - 1;
        let (sound, seen) = (self.sound.clone(), self.seen.clone());
        let (sound, seen) = (expect::last(&sound), expect::last(&seen));
        let other = |i: &usize| matches!((sound.get(i), seen.get(i)), (Some(a), Some(b)) if ending(a) != ending(b));
        for at in std::iter::once(last).chain((0..last).rev().filter(other)) {
            if asks_who_calls(&self.case.steps[at]) {
                continue;
            }
            let Some(answer) = sound.get(&at) else { continue };
            let ended = seen.get(&at).map_or(Ending::Nothing, |step| ending(step));
            for (expect, saves) in self.ways(at, answer, &ended) {
                if let Some(failing) = self.say(at, expect, &saves, (&sound, &seen)).await? {
                    return Ok(self.narrow(&failing, answer, (&sound, &seen)).await?.unwrap_or(failing));
                }
            }
        }
        let case = self.case.clone();
        match self.fails(&case, last).await? {
            Some(mismatch) => Ok(Failing { case, at: last, mismatch }),
            None => Err("the reference and the target differ in nothing that an expectation of one of its steps could say".into()),
        }
    }

    /// What could be expected of a step, the closest to the finding first, each with the words that it needs.
    fn ways(&self, at: usize, answer: &StepRecord, seen: &Ending) -> Vec<(Expect, Words)> {
        let (firing, path) = (self.firing, &self.firing.fingerprint.path);
        let ended = ending(answer);
        let mut ways = Vec::new();
        let mut add = |make: &dyn Fn(&mut Words) -> Option<Expect>| {
            let mut words = self.words();
            ways.extend(make(&mut words).map(|expect| (expect, words)));
        };
        if ended != *seen {
            add(&|_| expect::of_ending(&ended, &firing.evidence.also, firing.fingerprint.oracle == OracleId::Wire));
        }
        let Some(tree) = self.tree(answer) else { return ways };
        if !path.is_empty() && path != "status" {
            if firing.evidence.requirement.is_some() {
                add(&|words| expect::form(&tree, path, self.reference.configuration().dialect, words, at));
            }
            add(&|words| Some(expect::along(words, &tree, path, Lists::AnyOrder, at)));
            add(&|words| Some(expect::along(words, &tree, path, Lists::InOrder, at)));
        }
        add(&|words| Some(expect::whole(words, &tree, Lists::AnyOrder, at)));
        add(&|words| Some(expect::whole(words, &tree, Lists::InOrder, at)));
        ways
    }

    /// Looks at no more of the tree than the place that differs, where that is enough.
    async fn narrow(&mut self, failing: &Failing, answer: &StepRecord, answers: Answers<'_>) -> Result<Option<Failing>, String> {
        let Some(path) = failing.mismatch.as_ref().map(|m| without_index(&m.path)) else { return Ok(None) };
        let Some(tree) = self.tree(answer).filter(|_| !["status", "error", "response"].contains(&path.as_str())) else { return Ok(None) };
        if path == self.firing.fingerprint.path {
            return Ok(None);
        }
        let mut words = self.words();
        let expect = expect::along(&mut words, &tree, &path, Lists::AnyOrder, failing.at);
        self.say(failing.at, expect, &words, answers).await
    }

    /// The case with that expectation at step `at`, its last one, if it holds what it promises.
    async fn say(&mut self, at: usize, expect: Expect, words: &Words, (sound, seen): Answers<'_>) -> Result<Option<Failing>, String> {
        let mut steps = self.case.steps[..=at].to_vec();
        expect::prerequisites(&mut steps, at, sound, seen);
        steps[at].expect = expect;
        words.save(&mut steps);
        let case = tidy(&Case { steps, ..self.case.clone() });
        if write::checked(&[&case]).is_err() {
            return Ok(None);
        }
        let failed = self.fails(&case, at).await?;
        Ok(failed.flatten().map(|mismatch| Failing { case, at, mismatch: Some(mismatch) }))
    }

    /// Whether a case passes on the reference and fails on the target, by an expectation of step `at` or by the free check that the
    /// finding is about: `Some(None)`.
    async fn fails(&mut self, case: &Case, at: usize) -> Result<Option<Option<Mismatch>>, String> {
        let check = self.firing.evidence.requirement.as_deref().and_then(Req::find);
        let call = case.steps.get(at).map(|step| step.call.as_str()).unwrap_or_default();
        let fires = |result: &TrialResult| result.findings.iter().any(|(action, f)| Some(f.req) == check && action == call);
        let sound = self.reference.with(case, crate::reference::Faults::default()).await?;
        if sound.record.verdict.status != Status::Pass || fires(&sound) {
            return Ok(None);
        }
        for _ in 0..self.tries {
            let seen = self.target.trial(case).await?;
            let here = |m: &&Mismatch| m.step == at && !m.prerequisite;
            if let Some(mismatch) = seen.record.verdict.mismatches.iter().find(here) {
                return Ok(Some(Some(mismatch.clone())));
            }
            if fires(&seen) && case.steps.iter().all(|step| step.expect.any) {
                return Ok(Some(None));
            }
        }
        Ok(None)
    }

    fn words(&self) -> Words {
        let mut scope = self.reference.scope(&self.case);
        let answers: BTreeMap<usize, Value> = self.sound.iter().filter_map(|step| Some((step.step, step.result.clone()?))).collect();
        answers.values().for_each(|answer| scope.learn(answer));
        Words::new(&self.case, &scope, &answers)
    }

    /// The reference's answer without what the case did not make.
    fn tree(&self, answer: &StepRecord) -> Option<Value> {
        let mut members = answer.result.as_ref()?.as_object()?.clone();
        keep_owned(&answer.call, &mut members, Some(&self.reference.scope(&self.case)));
        Some(Value::Object(members))
    }
}

/// Answers to each step: the reference's and the target's.
type Answers<'a> = (&'a BTreeMap<usize, &'a StepRecord>, &'a BTreeMap<usize, &'a StepRecord>);

/// Whether a step asks who the main credentials are: that is each target's own affair.
fn asks_who_calls(step: &Step) -> bool {
    step.call == "GetUser" && step.principal.is_none() && !step.with.iter().any(|(name, _)| name == "UserName")
}

fn server_error(mismatch: &Mismatch) -> bool {
    mismatch.path == "status" && mismatch.observed().starts_with('5')
}

fn why(result: &TrialResult) -> String {
    let verdict = &result.record.verdict;
    let first = verdict.mismatches.first().map(|m| format!("step {} expects {} {}, and gets {}", m.step + 1, m.path, m.expected, m.actual));
    first.unwrap_or_else(|| verdict.reason.clone())
}

/// One sentence, what holds.
fn title(firing: &Firing) -> String {
    let print = &firing.fingerprint;
    let class = if print.class.is_empty() { String::new() } else { format!(" ({})", print.class) };
    let place = if print.path.is_empty() || print.path == "status" { String::new() } else { format!(", {}", print.path) };
    line(&format!("{}{class}{place}: {}, not {}", print.action, print.expected, print.observed))
}

/// What the file says of itself, as comments.
fn header(settled: &Settled, origin: &Origin, recorded: &Recorded, id: &str) -> String {
    let version = origin.version.as_ref().map(|v| format!(" {v}")).unwrap_or_default();
    let steps = settled.program.steps.len();
    let lines = [
        line(&settled.firing.fingerprint.to_string()),
        line(&settled.firing.text),
        String::new(),
        format!("target   {}{version}, {}", origin.target, recorded.configuration),
        format!("program  seed {}, {}: {} steps, of which {steps} are left", origin.seed, origin.program, settled.steps),
        format!("again    {}, {} of {TIMES} times", settled.stability, settled.seen),
        format!("repeat   iamspec replay {id}.toml {}", origin.flags),
    ];
    lines.iter().map(|text| format!("# {}", printable(text)).trim_end().to_owned() + "\n").collect()
}

/// A text in one line, without what could do more than be read.
fn line(text: &str) -> String {
    printable(&text.split_whitespace().collect::<Vec<_>>().join(" ")).into_owned()
}
