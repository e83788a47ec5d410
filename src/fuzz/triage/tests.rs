//! From a fault of the reference to a case file that shows it: programs made of cases of the suite, with noise in between.

use std::sync::Arc;

use serde_json::{Value, json};

use super::*;
use crate::api::DialectId;
use crate::case::{Case, Corpus, Expect, Step};
use crate::dialect::Configuration;
use crate::fuzz::{Evidence, Executor, Fingerprint, Firing, Focus, OracleId, Ran, Stop, program};
use crate::reference::Faults;
use crate::reference::faults::catalogue::{Fault, faults};
use crate::report::event::StepRecord;
use crate::runner::embedded::{CONFIGURATIONS, Certificates};
use crate::verdict::Status;

/// Two references, one of them with a fault, and what they answer differently: a small lock step.
struct Mirror {
    sound: OnReference,
    faulty: OnReference,
}

impl Executor for Mirror {
    async fn run(&mut self, program: &Case, focus: Focus) -> Result<Ran, Stop> {
        let sound = self.sound.trial(program).await.map_err(Stop::Broken)?;
        let faulty = self.faulty.trial(program).await.map_err(Stop::Broken)?;
        let calls = faulty.record.steps.len();
        let pairs = sound.record.steps.iter().zip(&faulty.record.steps);
        let mut firings: Vec<Firing> = pairs.filter_map(|(a, b)| differ(a, b)).collect();
        for (action, finding) in faulty.findings.iter().filter(|f| !sound.findings.contains(f)) {
            let step = program.steps.iter().position(|s| s.call == *action).unwrap_or_default();
            let mut firing = firing(OracleId::Shape, action, &finding.at, finding.req.id(), "otherwise", step);
            firing.evidence.requirement = Some(finding.req.id().to_owned());
            firings.push(firing);
        }
        if let Focus::On(oracle) = focus {
            firings.retain(|f| f.fingerprint.oracle == oracle);
        }
        Ok(Ran { firings, calls, ..Ran::default() })
    }
}

fn firing(oracle: OracleId, action: &str, path: &str, expected: &str, observed: &str, step: usize) -> Firing {
    let path = crate::report::event::without_index(path);
    let fingerprint =
        Fingerprint { oracle, action: action.into(), expected: expected.into(), observed: observed.into(), path, class: String::new() };
    Firing { fingerprint, step, probe: Vec::new(), text: "It differs.".into(), evidence: Evidence::default() }
}

fn differ(sound: &StepRecord, faulty: &StepRecord) -> Option<Firing> {
    let said = |s: &StepRecord| format!("{} {}", s.status.unwrap_or_default(), s.code.as_deref().unwrap_or_default()).trim().to_owned();
    let (expected, observed) = (said(sound), said(faulty));
    let at =
        |path: &str, expected: &str, observed: &str| Some(firing(OracleId::Lockstep, &sound.call, path, expected, observed, sound.step));
    if expected != observed {
        return at("status", &expected, &observed);
    }
    let path = first(sound.result.as_ref().unwrap_or(&Value::Null), faulty.result.as_ref().unwrap_or(&Value::Null), "")?;
    at(&path, "value", "other")
}

/// The first path at which two trees differ, dates aside.
fn first(a: &Value, b: &Value, path: &str) -> Option<String> {
    match (a, b) {
        _ if path.ends_with("Date") && a.is_string() == b.is_string() => None,
        (Value::Object(one), Value::Object(other)) => one.keys().chain(other.keys()).find_map(|name| {
            let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
            match (one.get(name), other.get(name)) {
                (Some(a), Some(b)) => first(a, b, &path),
                _ => Some(path),
            }
        }),
        (Value::Array(one), Value::Array(other)) if one.len() == other.len() => {
            one.iter().zip(other).enumerate().find_map(|(i, (a, b))| first(a, b, &format!("{path}[{i}]")))
        }
        _ => (a != b).then(|| path.to_owned()),
    }
}

/// Steps that have nothing to do with the matter.
fn noise(n: usize) -> Step {
    let of = |call: &str, name: &str, value: &str| program::step(call, vec![(name.to_owned(), json!(value))]);
    match n % 6 {
        0 => of("CreateUser", "UserName", "${user-noise}"),
        1 => of("ListUsers", "PathPrefix", "/"),
        2 => of("CreateGroup", "GroupName", "${group-noise}"),
        3 => of("GetUser", "UserName", "${user-noise}"),
        4 => program::step("ListGroups", Vec::new()),
        _ => of("UpdateUser", "UserName", "${user-noise}"),
    }
}

/// A program of a case: its steps with noise around each, which expect nothing.
fn with_noise(case: &Case, dialect: DialectId) -> Case {
    let mut steps = Vec::new();
    for (i, step) in case.steps.iter().enumerate() {
        steps.extend((0..3).map(|n| noise(3 * i + n)));
        steps.push(Step { expect: Expect { any: true, given: true, ..Expect::default() }, ..step.clone() });
    }
    steps.push(noise(1));
    program::new(&case.id.replace('/', "-"), dialect, steps)
}

/// What came of a fault.
struct Done {
    fault: String,
    /// Steps of the program and of the case.
    steps: Option<(usize, usize)>,
    drafted: Result<Draft, String>,
}

fn triage(configuration: Configuration, fault: &Fault, corpus: &Corpus, runtime: &tokio::runtime::Runtime) -> Option<Done> {
    let reference = || OnReference::new(configuration, Arc::new(Certificates)).expect("a reference");
    let plain = |case: &&Case| {
        case.rows.is_empty()
            && case.dialects.contains(&configuration.dialect)
            && case.steps.iter().all(|s| s.on.is_empty() && s.repeat.is_none() && s.auth.is_none() && s.raw.is_none())
            && case.named_requirements().iter().any(|r| fault.aim.requirements.contains(r))
    };
    runtime.block_on(async {
        for case in corpus.cases.iter().filter(plain) {
            let program = with_noise(case, configuration.dialect);
            let mut mirror = Mirror { sound: reference(), faulty: reference().faulty(fault.faults.clone()) };
            let Some(first) = mirror.run(&program, Focus::All).await.expect("it runs").firings.into_iter().next() else { continue };
            let settled = settle(&mut mirror, &program, &first, 2_000, async || false).await;
            assert_eq!((settled.stability, settled.stopped.clone()), (Stability::Reproducible, None), "{}", fault.id);
            let origin =
                Origin { target: "faulty".into(), seed: 7, program: program.id.clone(), flags: "--target faulty".into(), version: None };
            let drafted = draft(&settled, &origin, &mut mirror.faulty, &mirror.sound).await;
            let steps = drafted.as_ref().ok().map(|d| (program.steps.len(), d.case.steps.len()));
            return Some(Done { fault: fault.id.clone(), steps, drafted });
        }
        None
    })
}

/// A sample of the rules that cases of a few steps show.
#[test]
fn broken_rules_become_cases_that_name_them() {
    let corpus = Corpus::embedded().unwrap_or_else(|wrong| panic!("{wrong}"));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let configuration = CONFIGURATIONS[2];
    let all = faults(configuration.dialect);
    let every = if std::env::var_os("IAMSPEC_EVERY_FAULT").is_some() { 1 } else { 25 };
    let sample = all.iter().filter(|f| f.faults.broken.is_some_and(|r| !r.get().is_free_check())).step_by(every);
    let done: Vec<Done> = sample.filter_map(|fault| triage(configuration, fault, &corpus, &runtime)).collect();
    let mut lengths = Vec::new();
    let mut named = 0;
    for Done { fault, steps, drafted } in &done {
        match drafted {
            Ok(draft) => {
                let (before, after) = steps.expect("it has steps");
                lengths.push(after);
                let right = format!("requirement:{}", draft.requirement.id()) == *fault;
                named += usize::from(right);
                println!("{fault}: {before} -> {after} steps, {}{}", draft.requirement.id(), if right { "" } else { " (another)" });
                if std::env::var_os("IAMSPEC_SHOW").is_some() {
                    println!("{}", draft.text);
                }
            }
            Err(why) => println!("{fault}: no case: {why}"),
        }
    }
    lengths.sort_unstable();
    let median = lengths[lengths.len() / 2];
    println!("{} faults, {} cases, {named} named rightly, median {median} steps", done.len(), lengths.len());
    assert!(done.len() >= 6, "{}", done.len());
    assert!(lengths.len() * 10 >= done.len() * 9, "nine of ten become cases: {} of {}", lengths.len(), done.len());
    // Where two rules broken one at a time look alike from outside, either may be named: which ones are in the sample changes with the
    // catalogue, and so does their share.
    assert!(named * 2 >= lengths.len(), "most of them name the rule that is broken: {named} of {}", lengths.len());
    assert!(median <= 4, "{median}");
}

/// The file of a finding, run by nobody but the runner.
#[test]
fn a_drafted_file_says_where_it_comes_from_and_fails_without_the_fuzzer() {
    let corpus = Corpus::embedded().unwrap_or_else(|wrong| panic!("{wrong}"));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let configuration = CONFIGURATIONS[2];
    let fault = faults(configuration.dialect).into_iter().find(|f| f.id == "requirement:create-user.name-unique-ignores-case");
    let done = triage(configuration, &fault.expect("that fault"), &corpus, &runtime).expect("a case shows it");
    let draft = done.drafted.expect("a draft");
    assert_eq!(draft.requirement.id(), "create-user.name-unique-ignores-case");
    assert!(
        draft
            .text
            .starts_with("# lockstep: CreateUser status: 409 EntityAlreadyExists → 200\n# It differs.\n#\n# target   faulty, aws/xml\n"),
        "{}",
        draft.text
    );
    assert!(draft.text.contains(&format!("# repeat   iamspec replay {}.toml --target faulty\n#: {{", draft.id)), "{}", draft.text);
    let expected = "expect = { status = 409, error = \"EntityAlreadyExists\" }\n";
    assert!(draft.text.ends_with(expected), "{}", draft.text);
    assert_eq!(draft.case.steps.len(), 2);
    assert_eq!(recorded(&draft.text, draft.case.loc.line).as_ref(), Some(&draft.recorded));
    let reference = OnReference::new(configuration, Arc::new(Certificates)).expect("a reference");
    let run = |faults: Faults| runtime.block_on(reference.with(&draft.case, faults)).expect("it runs").record.verdict;
    assert_eq!(run(Faults::default()).status, Status::Pass);
    let failed = run(Faults::breaking(draft.requirement));
    assert_eq!(failed.status, Status::Fail);
    assert!(draft.recorded.is(&failed.mismatches[0], "CreateUser"));
}
