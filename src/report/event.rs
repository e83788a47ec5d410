//! The one stream of events that a run writes. Every report is a view of it and of nothing else.
//!
//! One JSON object a line, `"v"` the format's version and `"event"` its kind. Secrets never reach an event.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::api::{DialectId, Level};
use crate::plan::Shard;
use crate::verdict::Verdict;

/// What stands for a secret, in events and so in every report.
pub const MASK: &str = "<secret>";

/// Version of the event format.
pub const VERSION: u32 = 1;

/// A line of the stream.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Line {
    /// [`VERSION`].
    pub v: u32,
    /// The event.
    #[serde(flatten)]
    pub event: Event,
}

/// Something that happened in a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum Event {
    /// A run begins.
    RunStarted(RunStarted),
    /// What the capability pass learnt of an Action.
    Capability(Capability),
    /// A case ended in one configuration.
    Case(Box<CaseRecord>),
    /// A free check that did not hold, once per Action, check and configuration.
    Check(CheckRecord),
    /// Something that could not be removed: the target's failure.
    Leftover(Leftover),
    /// A departure that the fuzzer found and settled.
    Finding(Box<FindingRecord>),
    /// Something worth saying that is no verdict.
    Note {
        /// The text.
        text: String,
    },
    /// The run ended.
    RunFinished(RunFinished),
}

/// A run begins.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunStarted {
    /// Version of iamspec.
    pub version: String,
    /// Unique part of this run's names.
    pub run: String,
    /// Seed of names and of everything else that is made up.
    pub seed: u64,
    /// Start, RFC 3339 in UTC.
    pub started: String,
    /// Targets, one for each endpoint.
    pub targets: Vec<TargetRecord>,
    /// Trials planned: cases × configurations, skipped ones included.
    pub trials: usize,
    /// Cases at a time.
    pub jobs: usize,
    /// From which level on a failure counts for the exit code.
    pub level: Level,
    /// Digest of the case files, so that two runs can be told to have used the same suite.
    pub suite: String,
    /// Which part of a run this is, when the cases are shared out among several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shard: Option<Shard>,
}

/// An endpoint of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TargetRecord {
    /// Name of its profile; `reference` for the embedded one.
    pub name: String,
    /// Version of the software, where the profile or its script says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// URL.
    pub endpoint: String,
    /// Dialect.
    pub dialect: DialectId,
    /// Configurations run, as `eim/xml`.
    pub configurations: Vec<String>,
}

/// What the capability pass learnt.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Capability {
    /// Target.
    pub target: String,
    /// The Action.
    pub action: String,
    /// Whether the target has it.
    pub supported: bool,
    /// Status and code that said so.
    pub evidence: String,
}

/// A case's result with everything a report can show of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CaseRecord {
    /// Case id.
    pub case: String,
    /// `eim/xml`.
    pub configuration: String,
    /// Target name.
    pub target: String,
    /// The case's title.
    pub title: String,
    /// File and line of the case, `cases/users/DeleteUser.toml:12`.
    pub loc: String,
    /// Ids of what it checks.
    pub requirements: Vec<String>,
    /// Strongest level among the requirements that a mismatch is charged to; of the first requirement when there is none.
    pub level: Level,
    /// The verdict.
    pub verdict: Verdict,
    /// What was done, in order.
    pub steps: Vec<StepRecord>,
    /// Milliseconds from first call to verdict, cleanup not counted.
    pub millis: u64,
    /// Milliseconds spent waiting for declared retries.
    #[serde(default)]
    pub waited_millis: u64,
    /// The command that repeats it.
    pub repeat: String,
}

/// One call of a case.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StepRecord {
    /// Index of the step in the case, from 0.
    pub step: usize,
    /// Row, repetition, page.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub at: String,
    /// Action.
    pub call: String,
    /// Who sent it, when it was not the main principal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub principal: Option<String>,
    /// Parameters as sent.
    pub params: Vec<(String, String)>,
    /// HTTP status; none: no response.
    pub status: Option<u16>,
    /// Error code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// Error message, or why there is no readable response.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// Result tree of a success.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result: Option<Value>,
    /// Milliseconds.
    pub millis: u64,
    /// The exchange as bytes; kept for cases that did not pass, or when asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exchange: Option<Exchange>,
}

/// A request and its response, redacted, as text.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Exchange {
    /// Method and path with query.
    pub request_line: String,
    /// Request headers.
    pub request_headers: Vec<(String, String)>,
    /// Request body.
    pub request_body: String,
    /// Response headers.
    pub response_headers: Vec<(String, String)>,
    /// Response body; bytes that are no UTF-8 as `\xNN`, cut after 64 KiB.
    pub response_body: String,
}

/// A free check that did not hold.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CheckRecord {
    /// Target name.
    pub target: String,
    /// `eim/xml`.
    pub configuration: String,
    /// Requirement id.
    pub requirement: String,
    /// Its level on the dialect.
    pub level: Level,
    /// The Action whose response was checked.
    pub action: String,
    /// Path in the tree, header or part of the envelope.
    pub at: String,
    /// Expected against seen.
    pub text: String,
    /// A case in which it was seen.
    pub case: String,
    /// In how many responses.
    pub count: usize,
    /// Known: declared in the profile or listed in the baseline.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub known: Option<String>,
    /// Where the baseline lists it, `targets/moto/baseline.toml:31`; none: it does not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entry: Option<String>,
}

impl CheckRecord {
    /// Where it was seen, whichever item of a list it was: `Users[].UserId`.
    pub fn place(&self) -> String {
        without_index(&self.at)
    }
}

/// A path with every index left out: `Users[].UserId` for `Users[3].UserId`.
pub fn without_index(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    for (i, part) in path.split('[').enumerate() {
        match part.split_once(']') {
            Some((index, rest)) if i > 0 && index.bytes().all(|b| b.is_ascii_digit()) => out.extend(["[]", rest]),
            _ if i > 0 => out.extend(["[", part]),
            _ => out.push_str(part),
        }
    }
    out
}

/// In the place of a case: what was made or seen before the cases, when each Action was tried once.
pub const CAPABILITY_PASS: &str = "capability-pass";

/// Something that could not be removed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Leftover {
    /// Target name.
    pub target: String,
    /// `user`, `group`, `policy`, `server-certificate`, `access-key`.
    pub kind: String,
    /// Name, ARN or id.
    pub name: String,
    /// What was tried and answered.
    pub why: String,
    /// The case that made it, or [`CAPABILITY_PASS`].
    pub case: String,
    /// Known: listed in the baseline, with its reason.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub known: Option<String>,
}

/// A departure that the fuzzer found, looked for again and shrunk.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FindingRecord {
    /// Name of the finding, the same in every run: `create-user-status-3fa0c811`.
    pub id: String,
    /// Target name.
    pub target: String,
    /// `eim/xml`.
    pub configuration: String,
    /// The fingerprint in one line.
    pub fingerprint: String,
    /// Who saw it: `lockstep`.
    pub oracle: String,
    /// The Action whose answer departs.
    pub action: String,
    /// What is wrong, in a sentence.
    pub text: String,
    /// `reproducible`, `flaky` or `state-dependent`; `unsettled`: it was not looked for again.
    pub stability: String,
    /// In how many of three further runs it was seen.
    pub seen: usize,
    /// The program in which it was seen first.
    pub program: String,
    /// Steps of that program.
    pub steps: usize,
    /// Steps of the smallest program that shows it.
    pub left: usize,
    /// Calls sent to look for it again, to shrink it and to write it down.
    pub calls: usize,
    /// The requirement that it breaks, where it became a case.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requirement: Option<String>,
    /// The case, check or entry of the list of known failures that says the same already.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repeats: Option<String>,
    /// The case file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// Why there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub without_file: Option<String>,
}

/// The run ended.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct RunFinished {
    /// Trials by verdict.
    pub passed: usize,
    /// Trials by verdict.
    pub failed: usize,
    /// Trials by verdict.
    pub errors: usize,
    /// Trials by verdict.
    pub skipped: usize,
    /// Trials by verdict.
    pub xfailed: usize,
    /// Trials by verdict.
    pub xpassed: usize,
    /// Passed trials whose answers differ from their snapshots.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub differing: usize,
    /// Calls sent, cleanup and capability pass included.
    pub calls: usize,
    /// Wall time in milliseconds.
    pub millis: u64,
    /// Why the run stopped early, if it did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stopped: Option<String>,
    /// Exit code of the command.
    pub exit: i32,
}

// serde hands out references.
#[allow(clippy::trivially_copy_pass_by_ref)]
fn is_zero(n: &usize) -> bool {
    *n == 0
}

#[cfg(test)]
mod tests {
    use super::without_index;

    #[test]
    fn only_indices_are_left_out() {
        for (path, place) in
            [("Users[3].Tags[12].Key", "Users[].Tags[].Key"), ("a[x]b", "a[x]b"), ("RequestId", "RequestId"), ("[", "["), ("", "")]
        {
            assert_eq!(without_index(path), place);
        }
    }
}
