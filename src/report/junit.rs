//! JUnit XML: a suite per configuration with a test case per trial, and a suite each for free checks, findings of the fuzzer and leftovers.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::time::Duration;

use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

use super::event::{CaseRecord, CheckRecord, Event, FindingRecord, Leftover};
use super::failure::{Options, failure};
use super::text::printable;
use super::view::View;
use crate::verdict::{SnapshotDifference, Status};

/// Writes the report when the run has finished.
pub struct Junit<W: Write> {
    to: W,
    cases: BTreeMap<String, Vec<CaseRecord>>,
    checks: Vec<CheckRecord>,
    found: Vec<FindingRecord>,
    leftovers: Vec<Leftover>,
}

impl<W: Write> Junit<W> {
    /// A view that writes to `to`.
    pub fn new(to: W) -> Self {
        Junit { to, cases: BTreeMap::new(), checks: Vec::new(), found: Vec::new(), leftovers: Vec::new() }
    }

    fn write(&mut self, millis: u64) -> io::Result<()> {
        let mut report = Report::new("iamspec");
        report.set_time(Duration::from_millis(millis));
        for (suite, records) in &mut self.cases {
            records.sort_by(|a, b| a.case.cmp(&b.case));
            let mut suite = TestSuite::new(printable(suite));
            suite.add_test_cases(records.iter().map(case));
            report.add_test_suite(suite);
        }
        for (name, cases) in [
            ("free checks", self.checks.iter().map(check).collect::<Vec<_>>()),
            ("found by fuzzing", self.found.iter().map(fuzzed).collect()),
            ("left behind", self.leftovers.iter().map(leftover).collect()),
        ] {
            if !cases.is_empty() {
                let mut suite = TestSuite::new(name);
                suite.add_test_cases(cases);
                report.add_test_suite(suite);
            }
        }
        report.serialize(&mut self.to).map_err(io::Error::other)?;
        self.to.flush()
    }
}

impl<W: Write> View for Junit<W> {
    fn event(&mut self, event: &Event) -> io::Result<()> {
        match event {
            Event::Case(record) => {
                self.cases.entry(format!("{} {}", record.target, record.configuration)).or_default().push((**record).clone());
            }
            Event::Check(found) => self.checks.push(found.clone()),
            Event::Leftover(found) => self.leftovers.push(found.clone()),
            Event::RunFinished(finished) => self.write(finished.millis)?,
            Event::Finding(found) => self.found.push((**found).clone()),
            Event::RunStarted(_) | Event::Capability(_) | Event::Note { .. } => {}
        }
        Ok(())
    }
}

fn case(record: &CaseRecord) -> TestCase {
    let verdict = &record.verdict;
    let first = verdict.mismatches.first();
    let told = || match first {
        Some(m) => format!("{}: expected {}, actual {}", printable(&m.path), printable(&m.expected), printable(&m.actual)),
        None => printable(&verdict.reason).into_owned(),
    };
    let status = match verdict.status {
        Status::Pass if verdict.differs.is_empty() => TestCaseStatus::success(),
        Status::Pass => {
            let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
            let told = |d: &SnapshotDifference| format!("{}: expected {}, actual {}", d.path, d.expected, d.actual);
            status.set_message(printable(&verdict.differs.first().map(told).unwrap_or_default()).into_owned());
            status.set_type("snapshot");
            status.set_description(failure(record, &[], &Options::default()));
            status
        }
        Status::Fail | Status::Error | Status::Xpass => {
            let kind = if verdict.status == Status::Error { NonSuccessKind::Error } else { NonSuccessKind::Failure };
            let mut status = TestCaseStatus::non_success(kind);
            status.set_message(if verdict.status == Status::Fail { told() } else { printable(&verdict.reason).into_owned() });
            status.set_type(first.map_or("", |m| m.requirement.as_str()));
            status.set_description(failure(record, &[], &Options::default()));
            status
        }
        Status::Skip | Status::Xfail => {
            let mut status = TestCaseStatus::skipped();
            let known = if verdict.status == Status::Xfail { "known failure: " } else { "" };
            status.set_message(format!("{known}{}", printable(&verdict.reason)));
            status
        }
    };
    let mut case = TestCase::new(printable(&record.case), status);
    case.set_classname(printable(&record.configuration));
    case.set_time(Duration::from_millis(record.millis));
    case
}

/// A finding as a failure or, when it is known, skipped with the reason.
fn finding(name: String, class: &str, kind: &str, text: String, known: Option<&String>) -> TestCase {
    let mut status = match known {
        Some(_) => TestCaseStatus::skipped(),
        None => TestCaseStatus::non_success(NonSuccessKind::Failure),
    };
    status.set_message(known.map_or_else(|| text.clone(), |reason| format!("known: {}", printable(reason))));
    status.set_type(kind);
    let mut case = TestCase::new(printable(&name), status);
    case.set_classname(printable(class));
    case
}

fn check(found: &CheckRecord) -> TestCase {
    let name = format!("{} {} {}", found.requirement, found.action, found.at);
    let text = format!("{} (in {} responses, as of {})", printable(&found.text), found.count, printable(&found.case));
    finding(name, &found.configuration, &found.requirement, text, found.known.as_ref())
}

fn fuzzed(found: &FindingRecord) -> TestCase {
    let file = found.file.as_ref().map(|file| format!("; {}", printable(file))).unwrap_or_default();
    let text = format!("{}: {} ({}{file})", printable(&found.fingerprint), printable(&found.text), found.stability);
    finding(found.id.clone(), &found.configuration, found.requirement.as_deref().unwrap_or(&found.oracle), text, found.repeats.as_ref())
}

fn leftover(found: &Leftover) -> TestCase {
    let name = format!("{} {}", found.kind, found.name);
    finding(name, &found.target, "leftover", format!("{} (made by {})", printable(&found.why), found.case), found.known.as_ref())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::samples;

    fn written(events: Vec<Event>) -> String {
        let mut bytes = Vec::new();
        let mut view = Junit::new(&mut bytes);
        for event in events {
            view.event(&event).unwrap();
        }
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn a_run_reads_like_this() {
        insta::assert_snapshot!(written(samples::run()));
    }

    #[test]
    fn a_difference_from_a_snapshot_is_a_failure() {
        let text = written(vec![Event::Case(Box::new(samples::differs())), Event::RunFinished(samples::finished())]);
        let failure = "type=\"snapshot\" message=\"User.UserId: expected &lt;UserId:1&gt;, actual &lt;UserId:2&gt;\"";
        assert!(text.contains("type=\"snapshot\"") && text.contains("User.UserId: expected &lt;UserId:1"), "{failure} in {text}");
    }

    #[test]
    fn a_hostile_target_cannot_break_the_document() {
        let mut record = samples::failure();
        let hostile = "]]></failure><x a=\"\u{0}\u{1b}[2J\u{ffff}\"&";
        record.verdict.mismatches[0].actual = hostile.into();
        record.verdict.reason = hostile.into();
        record.title = hostile.into();
        record.steps[0].message = Some(hostile.into());
        let mut skip = samples::skip();
        skip.verdict.reason = hostile.into();
        let mut leftover = samples::leftover();
        leftover.name = hostile.into();
        let events = vec![
            Event::Case(Box::new(record)),
            Event::Case(Box::new(skip)),
            Event::Leftover(leftover),
            Event::RunFinished(samples::finished()),
        ];
        let text = written(events);
        let document = roxmltree::Document::parse(&text).unwrap();
        assert_eq!(document.descendants().filter(|n| n.has_tag_name("testcase")).count(), 3);
        assert!(document.descendants().all(|n| !n.has_tag_name("x")));
        assert!(text.contains("\\u{0}\\u{1b}[2J\\u{ffff}"));
    }
}
