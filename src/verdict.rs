//! Verdicts and mismatches. A mismatch points at the expectation it violates: file and line of the case.

use serde::{Deserialize, Serialize};

/// A place in a case file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Loc {
    /// Path below the project, `cases/users/DeleteUser.toml`.
    pub file: String,
    /// Line, from 1; 0: the file as a whole.
    pub line: usize,
    /// Column, from 1.
    pub column: usize,
}

impl std::fmt::Display for Loc {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.line == 0 { f.write_str(&self.file) } else { write!(f, "{}:{}", self.file, self.line) }
    }
}

/// How a case ended in one configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Every expectation held.
    Pass,
    /// The target departs from the API.
    Fail,
    /// The harness or the network broke; says nothing about the target.
    Error,
    /// Not run: a missing capability or a precondition.
    Skip,
    /// Failed as its baseline entry says.
    Xfail,
    /// Passed although its baseline entry says that it fails.
    Xpass,
}

/// One expectation that did not hold.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Mismatch {
    /// Index of the step, from 0.
    pub step: usize,
    /// Row id, repetition or page, where the step ran more than once: `row=empty`, `i=3`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub at: String,
    /// Id of the requirement that is broken.
    pub requirement: String,
    /// Path of what differs: `status`, `error`, `message`, `User.Path`, `header.content-type`.
    pub path: String,
    /// What the case expects.
    pub expected: String,
    /// What the target answered.
    pub actual: String,
    /// A step that only prepares what the case is about failed.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub prerequisite: bool,
    /// The expectation.
    pub loc: Loc,
}

impl Mismatch {
    /// What was observed, without the message of a refusal: what two runs can be compared by. Messages drift, and hold names.
    pub fn observed(&self) -> &str {
        match self.actual.split_once(": ") {
            Some((refusal, _)) if self.path == "status" => refusal,
            _ => &self.actual,
        }
    }
}

/// Where an answer differs from its snapshot: a detail beside the verdict, of a case that passed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SnapshotDifference {
    /// The snapshot's file.
    pub snapshot: String,
    /// Index of the step, from 0.
    pub step: usize,
    /// Row id or repetition, where the step ran more than once.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub at: String,
    /// Path of what differs: `status`, `User.Path`, `header.content-type`; `call`: a call that one side does not have.
    pub path: String,
    /// What the snapshot has, in canonical form.
    pub expected: String,
    /// What the target answered, in canonical form.
    pub actual: String,
}

/// A case's result in one configuration.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Verdict {
    /// How it ended.
    pub status: Status,
    /// Why, for skip and error; empty otherwise.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reason: String,
    /// What did not hold; empty unless the status is fail or xfail.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub mismatches: Vec<Mismatch>,
    /// Where the answers differ from their snapshots; empty unless the status is pass and snapshots are checked.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub differs: Vec<SnapshotDifference>,
}

impl Verdict {
    /// A verdict without details.
    pub fn new(status: Status, reason: &str) -> Verdict {
        Verdict { status, reason: reason.to_owned(), mismatches: Vec::new(), differs: Vec::new() }
    }
}
