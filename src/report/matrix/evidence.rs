//! What a cell of the page opens: how a verdict came about, as text that can only be read, and no more of it than is looked at.

use std::collections::BTreeMap;

use serde::Serialize;

use super::model::{Entry, Matrix, Record};
use crate::report::event::{CaseRecord, Exchange, StepRecord};
use crate::report::text::{printable, printable_lines, short};
use crate::verdict::{Mismatch, SnapshotDifference, Status};

/// Characters of a value that are kept.
const VALUE: usize = 2_000;
/// Characters of a body that are kept; the stored run has all of it.
const BODY: usize = 6_000;
/// Calls of one step that are kept of a case that passed.
const ALIKE: usize = 2;

/// An entry's evidence. What is empty is left out.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
pub struct Evidence {
    #[serde(skip_serializing_if = "String::is_empty")]
    reason: String,
    /// Of a free check: what was expected and seen. Of a leftover: what was tried and answered.
    #[serde(skip_serializing_if = "String::is_empty")]
    text: String,
    /// Name of what was left behind, or the place of a free check.
    #[serde(skip_serializing_if = "String::is_empty")]
    at: String,
    /// The case in which a check was seen or that left something behind.
    #[serde(skip_serializing_if = "String::is_empty")]
    case: String,
    /// In how many responses a check was seen.
    #[serde(skip_serializing_if = "is_zero")]
    count: usize,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    differs: Vec<Difference>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    steps: Vec<Step>,
    #[serde(skip_serializing_if = "is_zero")]
    millis: usize,
    #[serde(skip_serializing_if = "is_zero")]
    waited: usize,
    #[serde(skip_serializing_if = "String::is_empty")]
    repeat: String,
}

#[derive(Debug, PartialEq, Eq, Serialize)]
struct Difference {
    step: usize,
    #[serde(skip_serializing_if = "String::is_empty")]
    at: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    requirement: String,
    path: String,
    expected: String,
    actual: String,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    prerequisite: bool,
    loc: String,
}

#[derive(Debug, PartialEq, Eq, Serialize)]
struct Step {
    step: usize,
    #[serde(skip_serializing_if = "String::is_empty")]
    at: String,
    call: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    principal: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    params: Vec<(String, String)>,
    /// None: no answer.
    status: Option<u16>,
    #[serde(skip_serializing_if = "String::is_empty")]
    code: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    message: String,
    /// Further calls of the step that were answered alike and are not listed.
    #[serde(skip_serializing_if = "is_zero")]
    more: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    exchange: Option<Bytes>,
}

#[derive(Debug, PartialEq, Eq, Serialize)]
struct Bytes {
    request: String,
    request_headers: Vec<(String, String)>,
    request_body: String,
    response_headers: Vec<(String, String)>,
    response_body: String,
}

fn is_zero(n: &usize) -> bool {
    *n == 0
}

/// The evidence of a column, by index of the row; entries as in the cell.
pub fn of_column(matrix: &Matrix<'_>, column: usize) -> BTreeMap<usize, Vec<Evidence>> {
    let cells = matrix.rows.iter().map(|r| &r.cells[column]).enumerate();
    cells.filter(|(_, cell)| !cell.is_empty()).map(|(row, cell)| (row, cell.iter().map(evidence).collect())).collect()
}

fn evidence(entry: &Entry<'_>) -> Evidence {
    let reason = short(entry.record.reason(), VALUE);
    match entry.record {
        Record::Check(check) => Evidence {
            reason,
            text: short(&check.text, VALUE),
            at: short(&check.at, VALUE),
            case: printable(&check.case).into_owned(),
            count: check.count,
            ..Evidence::default()
        },
        Record::Leftover(leftover) => Evidence {
            reason,
            text: short(&leftover.why, VALUE),
            at: short(&leftover.name, VALUE),
            case: printable(&leftover.case).into_owned(),
            ..Evidence::default()
        },
        Record::Case(record) => Evidence {
            reason,
            differs: record.verdict.mismatches.iter().map(difference).chain(record.verdict.differs.iter().map(beside)).collect(),
            steps: steps(record),
            millis: usize::try_from(record.millis).unwrap_or(usize::MAX),
            waited: usize::try_from(record.waited_millis).unwrap_or(usize::MAX),
            repeat: printable(&record.repeat).into_owned(),
            ..Evidence::default()
        },
    }
}

fn difference(m: &Mismatch) -> Difference {
    Difference {
        step: m.step + 1,
        at: printable(&m.at).into_owned(),
        requirement: printable(&m.requirement).into_owned(),
        path: short(&m.path, VALUE),
        expected: short(&m.expected, VALUE),
        actual: short(&m.actual, VALUE),
        prerequisite: m.prerequisite,
        loc: m.loc.to_string(),
    }
}

/// A difference from a snapshot, which no requirement speaks of.
fn beside(d: &SnapshotDifference) -> Difference {
    Difference {
        step: d.step + 1,
        at: printable(&d.at).into_owned(),
        requirement: String::new(),
        path: short(&d.path, VALUE),
        expected: short(&d.expected, VALUE),
        actual: short(&d.actual, VALUE),
        prerequisite: false,
        loc: printable(&d.snapshot).into_owned(),
    }
}

/// The calls of a case. Of one that departs or broke, with parameters, and the bytes of the calls that differ; of one that passed, Actions
/// and answers.
fn steps(record: &CaseRecord) -> Vec<Step> {
    let verdict = &record.verdict;
    let full = !verdict.differs.is_empty() || matches!(verdict.status, Status::Fail | Status::Xfail | Status::Error);
    let differs = |s: &StepRecord| {
        let places = verdict.mismatches.iter().map(|m| (m.step, &m.at)).chain(verdict.differs.iter().map(|d| (d.step, &d.at)));
        places.into_iter().any(|(step, at)| step == s.step && *at == s.at)
    };
    let last = record.steps.len().saturating_sub(1);
    let mut out: Vec<Step> = Vec::new();
    let mut alike = 0;
    for (i, step) in record.steps.iter().enumerate() {
        let again = out.last().is_some_and(|o| {
            (o.step, &o.call, o.status, o.code.as_str())
                == (step.step + 1, &step.call, step.status, step.code.as_deref().unwrap_or_default())
        });
        alike = if again { alike + 1 } else { 0 };
        let bytes = differs(step) || (record.verdict.status == Status::Error && i == last);
        match out.last_mut() {
            Some(before) if alike >= ALIKE && !differs(step) => before.more += 1,
            _ => out.push(told(step, full, bytes)),
        }
    }
    out
}

fn told(step: &StepRecord, full: bool, bytes: bool) -> Step {
    let text = |t: &Option<String>| t.as_deref().map(|t| short(t, VALUE)).unwrap_or_default();
    Step {
        step: step.step + 1,
        at: printable(&step.at).into_owned(),
        call: printable(&step.call).into_owned(),
        principal: text(&step.principal),
        params: if full { pairs(&step.params) } else { Vec::new() },
        status: step.status,
        code: text(&step.code),
        message: if full { text(&step.message) } else { String::new() },
        more: 0,
        exchange: step.exchange.as_ref().filter(|_| bytes).map(exchange),
    }
}

fn exchange(exchange: &Exchange) -> Bytes {
    Bytes {
        request: short(&exchange.request_line, VALUE),
        request_headers: pairs(&exchange.request_headers),
        request_body: body(&exchange.request_body),
        response_headers: pairs(&exchange.response_headers),
        response_body: body(&exchange.response_body),
    }
}

fn pairs(all: &[(String, String)]) -> Vec<(String, String)> {
    all.iter().map(|(name, value)| (printable(name).into_owned(), short(value, VALUE))).collect()
}

/// The beginning of a body, its lines kept.
fn body(text: &str) -> String {
    let end = text.char_indices().nth(BODY).map_or(text.len(), |(at, _)| at);
    let mut out = printable_lines(&text[..end]).collect::<Vec<_>>().join("\n");
    if end < text.len() {
        out.push_str(&format!("\n… ({} characters in all; the stored run has them)", text.chars().count()));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::matrix::counts::Mark;
    use crate::report::samples;

    #[test]
    fn a_departure_comes_with_the_bytes_of_the_calls_that_differ() {
        let steps = steps(&samples::failure());
        assert_eq!(steps.iter().map(|s| s.exchange.is_some()).collect::<Vec<_>>(), [false, false, false, true]);
        assert_eq!(steps[0].params[0].1, "t-k3f9-user");
        let bytes = steps[3].exchange.as_ref().unwrap();
        assert_eq!(bytes.response_body, "<DeleteUserResponse>\n\\u{1b}[2J</DeleteUserResponse>", "control characters are written out");
    }

    #[test]
    fn a_pass_is_told_in_short() {
        let mut record = samples::pass();
        let one = record.steps[0].clone();
        record.steps = vec![one; 100];
        let steps = steps(&record);
        assert_eq!((steps.len(), steps[1].more, steps[0].params.len()), (2, 98, 0));
    }

    #[test]
    fn a_difference_from_a_snapshot_is_shown_like_one_from_an_expectation() {
        let record = samples::differs();
        let entry = Entry { configuration: "eim/xml", mark: Mark::Differs, level: record.level, record: Record::Case(&record) };
        let told = evidence(&entry);
        assert_eq!((told.differs[0].path.as_str(), told.differs[0].actual.as_str()), ("User.UserId", "<UserId:2>"));
        assert_eq!(told.differs[0].loc, "snapshots/cases/users/GetUser/by-name.snap");
        assert!(!told.steps[0].params.is_empty());
    }

    #[test]
    fn an_error_shows_its_last_call() {
        let mut record = samples::failure();
        record.verdict.status = Status::Error;
        record.verdict.mismatches.clear();
        assert!(steps(&record)[3].exchange.is_some());
    }

    #[test]
    fn long_bodies_are_cut() {
        let text = body(&"ä".repeat(BODY + 1));
        assert!(text.ends_with("… (6001 characters in all; the stored run has them)"), "{text}");
        assert_eq!(body("a\r\nb"), "a\nb");
    }
}
