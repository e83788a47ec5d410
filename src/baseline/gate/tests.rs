//! What comes of runs, by hand-made events.

use std::collections::{BTreeMap, BTreeSet};

use super::markdown::markdown;
use super::text::text;
use super::*;
use crate::baseline::file::{Baseline, Known, KnownCheck, KnownLeftover, Why};
use crate::baseline::pin::Pin;
use crate::baseline::{Judged, UNREVIEWED};
use crate::report::failure::Options;
use crate::report::samples;
use crate::verdict::Status;

/// A run of these trials, to its end.
fn run(records: Vec<CaseRecord>) -> Vec<Event> {
    let mut started = samples::started();
    started.trials = records.len();
    let mut events = vec![Event::RunStarted(started)];
    events.extend(records.into_iter().map(|record| Event::Case(Box::new(record))));
    events.push(Event::RunFinished(samples::finished()));
    events
}

fn why(line: usize) -> Why {
    Why { reason: "moto does not look at attachments".into(), line, ..Why::default() }
}

/// A list of the failure that [`samples::failure`] is, made with it and [`samples::pass`].
fn list() -> Baseline {
    let pin = |path: &str, actual: &str| Pin { step: Some(4), at: None, path: path.into(), actual: vec![actual.into()] };
    let known = Known {
        case: samples::failure().case,
        configuration: None,
        requirement: "example.attached-policy-blocks".into(),
        fails: vec![pin("status", "200"), pin("error", "success")],
        why: why(3),
    };
    let judged = Judged::from([("aws/xml".into(), BTreeSet::from([samples::failure().case, samples::pass().case]))]);
    Baseline { file: "b.toml".into(), known: vec![known], judged: Some(judged), ..Baseline::default() }
}

fn how() -> How {
    How { today: "2026-11-22".into(), suite: samples::started().suite, ..How::default() }
}

fn held(mut run: Vec<Event>, list: &Baseline) -> Report {
    hold(&mut run, list, &how())
}

/// The outcomes but those that are as known, and the exit code.
fn outcomes(report: &Report) -> (Vec<Outcome>, i32) {
    (report.findings.iter().map(|finding| finding.outcome).collect(), report.exit)
}

fn otherwise() -> CaseRecord {
    let mut record = samples::failure();
    record.verdict.mismatches[0].actual = "500".into();
    record
}

fn passing(case: &str) -> CaseRecord {
    CaseRecord { case: case.into(), ..samples::pass() }
}

fn broken() -> CaseRecord {
    let mut record = samples::failure();
    (record.verdict.status, record.verdict.reason) = (Status::Error, "connection refused".into());
    record.verdict.mismatches.clear();
    record
}

#[test]
fn each_outcome_of_a_trial_has_its_exit_code() {
    let other = |status| {
        let mut record = samples::failure();
        record.case = "users/GetUser/other".into();
        record.verdict.status = status;
        record
    };
    let known = samples::failure;
    let all = |record| held(run(vec![known(), samples::pass(), record]), &list());
    assert_eq!(outcomes(&held(run(vec![known(), samples::pass()]), &list())), (vec![], exit::OK));
    assert_eq!(outcomes(&all(other(Status::Fail))), (vec![Outcome::New], exit::FAILURES));
    assert_eq!(outcomes(&held(run(vec![otherwise(), samples::pass()]), &list())), (vec![Outcome::Differs], exit::FAILURES));
    assert_eq!(outcomes(&held(run(vec![passing(&known().case), samples::pass()]), &list())), (vec![Outcome::Stale], exit::FAILURES));
    assert_eq!(outcomes(&held(run(vec![broken(), samples::pass()]), &list())), (vec![Outcome::Broken], exit::BROKEN));
    assert_eq!(outcomes(&all(passing("users/GetUser/new"))), (vec![], exit::OK), "a new case that passes is no news");
    let mut weak = other(Status::Fail);
    weak.level = Level::May;
    let report = all(weak);
    assert_eq!((outcomes(&report), report.trials.below), ((vec![], exit::OK), 1));
}

#[test]
fn a_judged_run_is_judged_again_by_the_list_as_it_is() {
    let mut events = run(vec![samples::failure(), samples::pass()]);
    let first = hold(&mut events, &list(), &how());
    assert!(matches!(&events[1], Event::Case(record) if record.verdict.status == Status::Xfail));
    assert_eq!(hold(&mut events, &list(), &how()), first);
    let none = Baseline { known: vec![], ..list() };
    assert_eq!(outcomes(&hold(&mut events, &none, &how())), (vec![Outcome::New], exit::FAILURES));
    assert!(matches!(events.last(), Some(Event::RunFinished(end)) if (end.failed, end.passed, end.exit) == (1, 1, 1)));
}

#[test]
fn an_expired_entry_excuses_nothing() {
    let mut list = list();
    list.known[0].why.expires = Some("2026-11-21".into());
    let report = held(run(vec![samples::failure(), samples::pass()]), &list);
    assert_eq!(outcomes(&report), (vec![Outcome::Expired], exit::FAILURES));
    assert_eq!(report.findings[0].text, "b.toml:3 was to excuse it until 2026-11-21");
    list.checks = vec![KnownCheck { requirement: "example.*".into(), configuration: None, action: None, at: None, why: why(9) }];
    list.checks[0].why.expires = Some("2026-11-21".into());
    let mut events = run(vec![samples::pass()]);
    events.insert(2, Event::Check(samples::check()));
    list.judged = Some(Judged::new());
    list.known.clear();
    assert_eq!(outcomes(&held(events, &list)), (vec![Outcome::Expired], exit::FAILURES));
}

#[test]
fn findings_and_leftovers_are_held_against_the_list_too() {
    let mut events = run(vec![samples::failure(), samples::pass()]);
    events.splice(3..3, [Event::Check(samples::check()), Event::Leftover(samples::leftover())]);
    assert_eq!(outcomes(&held(events.clone(), &list())), (vec![Outcome::New, Outcome::New], exit::FAILURES));
    let mut list = list();
    list.checks = vec![KnownCheck { requirement: "example.*".into(), configuration: None, action: None, at: None, why: why(9) }];
    list.leftovers = vec![KnownLeftover { kind: "policy".into(), case: "users/*".into(), why: why(12) }];
    let report = held(events, &list);
    assert_eq!((outcomes(&report), report.outcomes[&Outcome::Known]), ((vec![], exit::OK), 3));
    let stale = held(run(vec![samples::failure(), samples::pass()]), &list);
    assert_eq!(outcomes(&stale), (vec![Outcome::Stale, Outcome::Stale], exit::FAILURES), "entries that met nothing");
}

#[test]
fn a_case_that_was_judged_and_is_not_any_more_is_lost() {
    let report = held(run(vec![samples::failure()]), &list());
    assert_eq!(outcomes(&report), (vec![Outcome::Lost], exit::FAILURES));
    assert_eq!(report.findings[0].text, "it is not in the run");
    let skipped = CaseRecord { case: samples::pass().case, ..samples::skip() };
    let report = held(run(vec![samples::failure(), skipped]), &list());
    assert_eq!(report.findings[0].text, "skipped: the target does not support UploadServerCertificate");
    // Its entry is not called stale as well.
    let report = held(run(vec![CaseRecord { case: samples::failure().case, ..samples::skip() }, samples::pass()]), &list());
    assert_eq!(outcomes(&report), (vec![Outcome::Lost], exit::FAILURES));
    let mut list = list();
    list.judged.as_mut().unwrap().insert("eim/json".into(), BTreeSet::from(["a".into(), "b".into()]));
    let report = held(run(vec![samples::failure(), samples::pass()]), &list);
    assert_eq!(outcomes(&report), (vec![Outcome::Lost], exit::FAILURES));
    assert_eq!(report.findings[0].text, "the run did not have this configuration, in which 2 cases were judged");
}

#[test]
fn what_a_case_that_broke_would_have_shown_is_not_lost_nor_stale() {
    assert_eq!(outcomes(&held(run(vec![broken(), samples::pass()]), &list())), (vec![Outcome::Broken], exit::BROKEN));
}

#[test]
fn a_run_that_did_not_end_or_judged_nothing_never_passes() {
    let stop = |why: Option<&str>| {
        let mut events = run(vec![samples::failure(), samples::pass()]);
        let end = RunFinished { stopped: why.map(str::to_owned), ..samples::finished() };
        events.pop();
        events.extend(why.map(|_| Event::RunFinished(end)));
        held(events, &list())
    };
    assert_eq!(outcomes(&stop(Some("interrupted"))), (vec![Outcome::Stopped], exit::BROKEN));
    assert_eq!(outcomes(&stop(None)), (vec![Outcome::Stopped], exit::BROKEN), "killed");
    let mut short = run(vec![samples::failure(), samples::pass()]);
    short.remove(2);
    assert_eq!(outcomes(&held(short, &list())), (vec![Outcome::Stopped], exit::BROKEN), "a line is missing");
    assert_eq!(outcomes(&held(run(vec![samples::skip()]), &list())), (vec![Outcome::Unreached], exit::BROKEN));
    assert_eq!(outcomes(&held(run(vec![]), &list())), (vec![Outcome::Unreached], exit::BROKEN));
}

#[test]
fn a_list_that_nobody_looked_at_or_that_records_nothing_does_not_pass() {
    let mut list = list();
    list.known[0].why.reason = UNREVIEWED.into();
    let good = || run(vec![samples::failure(), samples::pass()]);
    assert_eq!(outcomes(&held(good(), &list)), (vec![Outcome::Unreviewed], exit::USAGE));
    list.judged = None;
    let report = held(good(), &list);
    assert_eq!(outcomes(&report), (vec![Outcome::Unreviewed, Outcome::Unrecorded], exit::USAGE));
}

#[test]
fn only_some_cases_are_looked_at_when_that_is_asked_for() {
    let only = |case: String| How { only: Some(BTreeSet::from([case])), ..how() };
    let mut events = run(vec![samples::failure(), samples::pass()]);
    let report = hold(&mut events, &list(), &only(samples::pass().case));
    assert_eq!((outcomes(&report), report.trials.judged), ((vec![], exit::OK), 1), "the entry of another case is not stale");
    assert_eq!(report.notes, ["only 1 case looked at, 1 of the 2 trials that the list was made with"]);
    let report = hold(&mut run(vec![samples::failure()]), &list(), &only(samples::pass().case));
    assert_eq!(outcomes(&report), (vec![Outcome::Unreached], exit::BROKEN));
}

#[test]
fn two_runs_are_compared_without_a_list() {
    let both = || run(vec![samples::failure(), samples::pass()]);
    let compared = |now: Vec<Event>, old: Vec<Event>| outcomes(&compare(&now, &old, "old.ndjson", None));
    assert_eq!(compared(both(), both()), (vec![], exit::OK));
    let fixed = || run(vec![passing(&samples::failure().case), samples::pass()]);
    assert_eq!(compared(fixed(), both()), (vec![Outcome::Fixed], exit::OK));
    assert_eq!(compared(both(), fixed()), (vec![Outcome::New], exit::FAILURES));
    assert_eq!(compared(run(vec![otherwise(), samples::pass()]), both()), (vec![Outcome::Differs], exit::FAILURES));
    let mut part = samples::failure();
    part.verdict.mismatches.truncate(1);
    assert_eq!(compared(run(vec![part.clone(), samples::pass()]), both()), (vec![Outcome::Fixed], exit::OK), "fails at fewer places");
    assert_eq!(compared(both(), run(vec![part, samples::pass()])), (vec![Outcome::Differs], exit::FAILURES), "and at more");
    assert_eq!(compared(run(vec![samples::pass()]), both()), (vec![Outcome::Lost], exit::FAILURES));
    assert_eq!(compared(both(), run(vec![samples::pass()])), (vec![Outcome::New], exit::FAILURES), "a case that is new fails");
    assert_eq!(compared(both(), run(vec![samples::failure()])), (vec![Outcome::Added], exit::OK));
    assert_eq!(compared(run(vec![broken(), samples::pass()]), both()), (vec![Outcome::Broken], exit::BROKEN));
    let cut = || both().split_at(3).0.to_vec();
    assert_eq!(compared(cut(), both()), (vec![Outcome::Stopped], exit::BROKEN));
    assert_eq!(compared(both(), cut()), (vec![Outcome::Stopped], exit::BROKEN), "an earlier run that did not end is no measure");
}

#[test]
fn what_a_run_makes_up_is_no_difference_between_two() {
    let with = |run: &str, actual: String| {
        let mut record = samples::failure();
        record.verdict.mismatches.truncate(1);
        (record.verdict.mismatches[0].path, record.verdict.mismatches[0].actual) = ("User.UserName".into(), actual);
        let mut events = self::run(vec![record]);
        if let Event::RunStarted(started) = &mut events[0] {
            started.run = run.into();
        }
        events
    };
    let (now, old) = (with("k3f9", "t-k3f9-user".into()), with("a1b2", "t-a1b2-user".into()));
    assert_eq!(outcomes(&compare(&now, &old, "old", None)), (vec![], exit::OK));
    let differs = with("a1b2", "nobody".into());
    assert_eq!(outcomes(&compare(&now, &differs, "old", None)), (vec![Outcome::Differs], exit::FAILURES));
}

#[test]
fn findings_of_two_runs_are_compared() {
    let mut now = run(vec![samples::pass()]);
    let old = now.clone();
    now.splice(2..2, [Event::Check(samples::check()), Event::Leftover(samples::leftover())]);
    assert_eq!(outcomes(&compare(&now, &old, "old", None)), (vec![Outcome::New, Outcome::New], exit::FAILURES));
    assert_eq!(outcomes(&compare(&old, &now, "old", None)), (vec![Outcome::Fixed, Outcome::Fixed], exit::OK));
    assert_eq!(outcomes(&compare(&now, &now, "old", None)), (vec![], exit::OK));
}

/// A report with several findings, in which everything that a target may say is hostile.
fn hostile() -> Report {
    let text = "</details><script>alert(1)</script>`|\n::error::x\u{1b}[2J##[group]";
    let mut new = samples::failure();
    new.case = "users/GetUser/other".into();
    new.verdict.mismatches[0].actual = text.into();
    let mut check = samples::check();
    (check.text, check.at) = (text.into(), text.into());
    let mut left = samples::leftover();
    (left.name, left.why) = (text.into(), text.into());
    let skip = CaseRecord { case: samples::pass().case, ..samples::skip() };
    let mut skip = skip;
    skip.verdict.reason = text.into();
    let mut events = run(vec![otherwise(), new, skip]);
    events.splice(4..4, [Event::Check(check), Event::Leftover(left)]);
    held(events, &list())
}

#[test]
fn a_report_reads_like_this() {
    let mut new = samples::failure();
    new.case = "users/GetUser/other".into();
    let mut list = list();
    list.checks = vec![KnownCheck { requirement: "example.*".into(), configuration: None, action: None, at: None, why: why(9) }];
    list.text = "format = 1\n\n[[known]]\n".into();
    let report = held(run(vec![otherwise(), new, samples::skip()]), &list);
    insta::assert_snapshot!("text", text(&report, &Options::default()));
    insta::assert_snapshot!("markdown", markdown(&report));
    insta::assert_json_snapshot!("json", report);
}

#[test]
fn what_a_target_says_stays_text() {
    let report = hostile();
    assert_eq!(report.findings.len(), 5, "{:#?}", report.findings);
    for verbose in [false, true] {
        let text = text(&report, &Options { verbose, ..Options::default() });
        assert!(!text.chars().any(|c| c.is_control() && c != '\n'), "{text}");
        assert!(!text.contains("##[") && text.lines().all(|line| !line.trim_start().starts_with("::")), "{text}");
    }
    let markdown = markdown(&report);
    assert!(!markdown.contains('\u{1b}') && !markdown.contains("##["), "{markdown}");
    // Outside of code spans, no tag but those of the report itself. Spans with a backtick in them have a longer fence.
    let mut outside = String::new();
    let mut fence = None;
    let mut rest = markdown.as_str();
    while let Some(c) = rest.chars().next() {
        let ticks = rest.len() - rest.trim_start_matches('`').len();
        match (ticks, fence) {
            (0, None) => outside.push(c),
            (0, Some(_)) => {}
            (n, None) => fence = Some(n),
            (n, Some(open)) if n == open => fence = None,
            _ => {}
        }
        rest = &rest[ticks.max(if ticks == 0 { c.len_utf8() } else { 0 })..];
    }
    assert!(fence.is_none() && !outside.contains("script") && !outside.contains("alert"), "{outside}");
}

#[test]
fn the_counts_name_every_outcome_there_was() {
    let report = hostile();
    let expected = BTreeMap::from([(Outcome::New, 3), (Outcome::Differs, 1), (Outcome::Lost, 1)]);
    assert_eq!(report.outcomes, expected);
    let text = text(&report, &Options::default());
    for (outcome, n) in expected {
        assert!(
            text.lines().any(|l| l.trim() == format!("{n}  {:<24}  exit {}", outcome.words(), outcome.exit())),
            "{outcome:?} in {text}"
        );
    }
}
