//! Shrinking against made-up targets, of which it is known what they show and when.

use std::collections::BTreeSet;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use arbitrary::{Result, Unstructured};
use serde_json::{Value, json};

use super::search::weigh;
use super::*;
use crate::api::{DialectId, req};
use crate::case::{Case, Expect, Step};
use crate::verdict::Loc;

/// The value of something that is never waited for.
fn now<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("it waits"),
    }
}

fn step(call: &str, with: &[(&str, Value)]) -> Step {
    Step {
        call: call.into(),
        with: with.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect(),
        unknown_parameters: false,
        save: Vec::new(),
        principal: None,
        auth: None,
        raw: None,
        repeat: None,
        pages: None,
        expect: Expect { any: true, given: true, ..Expect::default() },
        on: std::collections::BTreeMap::new(),
        loc: Loc::default(),
    }
}

fn saving(mut step: Step, name: &str) -> Step {
    step.save.push((name.to_owned(), "User.Arn".to_owned(), Loc::default()));
    step
}

fn program(steps: Vec<Step>) -> Case {
    Case {
        id: "fuzz/a/1".into(),
        family: "fuzz/a".into(),
        action: None,
        title: "t".into(),
        requirements: vec![req::TRANSPORT__ANSWERS],
        tags: Vec::new(),
        requires: Vec::new(),
        dialects: DialectId::ALL.to_vec(),
        serial: false,
        rows: Vec::new(),
        steps,
        loc: Loc::default(),
    }
}

fn calls(case: &Case) -> Vec<&str> {
    case.steps.iter().map(|s| s.call.as_str()).collect()
}

/// A target that shows something at the first step up to which `shows` holds, for as many calls as there are steps.
fn target(shows: impl Fn(&[Step]) -> bool) -> impl Fn(&Case) -> Tried {
    move |case| {
        let at = (0..case.steps.len()).find(|at| shows(&case.steps[..=*at]));
        Tried { at, calls: case.steps.len() }
    }
}

fn shrunk(case: &Case, budget: usize, target: impl Fn(&Case) -> Tried) -> Shrunk {
    let at = target(case).at.expect("it shows it");
    now(shrink(case, at, budget, |c| c.steps.len(), async |c| target(c)))
}

#[test]
fn a_slice_is_one_try_away() {
    let mut steps = Vec::new();
    for n in 0..20 {
        let user = json!(format!("${{user{n}}}"));
        steps.push(saving(step("CreateUser", &[("UserName", user.clone()), ("Path", json!("/a/"))]), &format!("u{n}")));
        steps.push(step("GetUser", &[("UserName", user)]));
    }
    steps.push(step("DeleteUser", &[("UserName", json!("${user7}"))]));
    steps.push(step("ListUsers", &[]));
    let shows = target(|steps| {
        let made = steps
            .iter()
            .any(|s| s.call == "CreateUser" && s.with[0].1 == steps.last().unwrap().with.first().map_or(json!(0), |w| w.1.clone()));
        made && steps.last().unwrap().call == "DeleteUser"
    });
    let result = shrunk(&program(steps), 1_000, shows);
    assert_eq!(calls(&result.case), ["CreateUser", "DeleteUser"]);
    assert_eq!(result.case.steps[0].with, [("UserName".to_owned(), json!("${user}"))], "optional parameters go, names are numbered anew");
    assert!(result.minimal && result.at == 1 && result.calls < 80, "{result:?}");
}

#[test]
fn what_a_step_reads_stays_and_what_reads_the_dropped_goes() {
    let steps = vec![
        saving(step("CreateUser", &[("UserName", json!("${user}"))]), "arn"),
        saving(step("CreatePolicy", &[("PolicyName", json!("${policy}")), ("PolicyDocument", json!("${doc.allow-lists}"))]), "p"),
        step("AttachUserPolicy", &[("UserName", json!("${user}")), ("PolicyArn", json!("${p}"))]),
        step("GetPolicy", &[("PolicyArn", json!("${p}"))]),
    ];
    let last = |name: &'static str| target(move |steps: &[Step]| steps.last().unwrap().call == name);
    let result = shrunk(&program(steps.clone()), 1_000, last("GetPolicy"));
    assert_eq!(calls(&result.case), ["CreatePolicy", "GetPolicy"], "it cannot be sent without what it reads");
    assert_eq!(result.case.steps[0].with[1].1, json!("${doc.allow-all}"));
    let result = shrunk(&program(steps.clone()), 1_000, last("CreateUser"));
    assert_eq!(calls(&result.case), ["CreateUser"]);
    assert!(result.case.steps[0].save.is_empty(), "nobody reads it any more");
    let without = flow::without(&program(steps), &BTreeSet::from([1]), 0).unwrap();
    assert_eq!(calls(&without), ["CreateUser"]);
}

#[test]
fn values_become_the_simplest_that_show_it() {
    let mut odd = step(
        "CreateUser",
        &[
            ("UserName", json!("${swapcase:user3}")),
            ("Path", json!("/b/c/")),
            ("Tags", json!([{ "Key": "abcdefgh", "Value": "v" }, { "Key": "k", "Value": "w" }])),
        ],
    );
    odd.principal = Some("key".into());
    odd.raw = Some(crate::case::Raw { method: Some("PUT".into()), ..Default::default() });
    let tagged = |steps: &[Step]| {
        let tags = steps[0].with.iter().find(|(name, _)| name == "Tags").map(|(_, tags)| tags.to_string());
        tags.is_some_and(|tags| tags.contains('g'))
    };
    let result = shrunk(&program(vec![odd]), 1_000, target(tagged));
    let left = &result.case.steps[0];
    assert!(left.principal.is_none() && left.raw.is_none());
    assert_eq!(left.with[0].1, json!("${user}"));
    assert_eq!(left.with[1..], [("Tags".to_owned(), json!([{ "Key": "g", "Value": "v" }]))]);
}

/// Programs of steps that have a number, read what earlier ones saved, and carry things that can be left out.
fn arbitrary(u: &mut Unstructured) -> Result<Case> {
    let mut steps = Vec::new();
    let mut saved = Vec::new();
    for n in 0..u.int_in_range(1..=14)? {
        let mut with = vec![("UserName".to_owned(), json!(format!("${{user{}}}", u.int_in_range(2..=5)?)))];
        if u.ratio(1, 2)? {
            with.push(("Path".into(), json!(*u.choose(&["/", "/abc/", "${path}"])?)));
        }
        if !saved.is_empty() && u.ratio(1, 3)? {
            with.push(("PermissionsBoundary".into(), json!(format!("${{{}}}", u.choose(&saved)?))));
        }
        let call = *u.choose(&["CreateUser", "DeleteUser", "GetUser", "UpdateUser"])?;
        let mut step = Step { with, ..step(call, &[]) };
        if u.ratio(1, 3)? {
            let name = format!("v{n}");
            step.save.push((name.clone(), "User.Arn".into(), Loc::default()));
            saved.push(name);
        }
        steps.push(step);
    }
    Ok(program(steps))
}

/// Something between a plain and an unruly target: it shows what it shows after certain calls, in that order, and here and there
/// although something of them is missing.
fn unruly(salt: u64, needles: &[&'static str], slack: u64) -> impl Fn(&[Step]) -> bool {
    move |steps: &[Step]| {
        let mut rest = needles.iter().peekable();
        for step in steps {
            rest.next_if(|needle| **needle == step.call);
        }
        let text = format!("{salt}{:?}", steps.iter().map(|s| (&s.call, &s.with)).collect::<Vec<_>>());
        let hash = text.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |h, b| (h ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3));
        rest.peek().is_none() || (slack > 0 && (hash >> 32).is_multiple_of(slack))
    }
}

#[test]
fn with_budget_enough_nothing_can_go_and_never_is_more_spent() {
    arbtest::arbtest(|u| {
        let case = arbitrary(u)?;
        let needles: Vec<&str> =
            (0..u.int_in_range(1..=3)?).map(|_| u.choose(&["CreateUser", "DeleteUser", "GetUser"]).copied()).collect::<Result<_>>()?;
        let (salt, slack) = (u.arbitrary()?, *u.choose(&[0, 5, 50])?);
        let needles: &[&'static str] = needles.leak();
        let shows = target(unruly(salt, needles, slack));
        if shows(&case).at.is_none() {
            return Ok(());
        }
        let budget = u.int_in_range(0..=400)?;
        let small = shrunk(&case, budget, &shows);
        assert!(small.calls <= budget, "{} of {budget}", small.calls);
        assert!(shows(&small.case).at.is_some() || small.case == tidy(&case));

        let result = shrunk(&case, usize::MAX / 2, &shows);
        assert_eq!(result, shrunk(&case, usize::MAX / 2, &shows), "the same answers, the same result");
        assert!(result.minimal);
        assert_eq!(shows(&result.case).at, Some(result.at));
        let simpler = |candidate: &Case| weigh(candidate) < weigh(&result.case) && shows(candidate).at.is_some();
        for i in 0..result.case.steps.len() {
            if let Some(candidate) = flow::without(&result.case, &BTreeSet::from([i]), result.at) {
                assert!(!simpler(&tidy(&candidate)), "step {i} can go: {:#?}", calls(&result.case));
            }
        }
        for candidate in arguments::candidates(&result.case, result.at) {
            assert!(!simpler(&tidy(&candidate)), "an argument can be simpler");
        }
        if slack == 0 {
            assert_eq!(result.case.steps.iter().filter(|s| needles.contains(&s.call.as_str())).count(), needles.len());
        }
        Ok(())
    })
    .budget_ms(1_000);
}
