//! The regression gate: a run held against its list of known failures, or against an earlier run.

mod earlier;
mod listed;
pub mod markdown;
#[cfg(test)]
mod tests;
pub mod text;

use std::collections::BTreeMap;

use serde::Serialize;

pub use earlier::compare;
pub use listed::{How, hold};

use crate::api::Level;
use crate::report::event::{CaseRecord, CheckRecord, Event, Leftover, RunFinished, RunStarted};
use crate::report::tally::{exit, worse};
use crate::verdict::{Loc, Mismatch};

/// Version of the JSON form of a [`Report`].
pub const VERSION: u32 = 1;

/// What came of one thing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// It fails as known.
    Known,
    /// It failed in the earlier run, and does not any more, or at fewer places.
    Fixed,
    /// It passes, and the earlier run did not judge it.
    Added,
    /// It fails, and nothing says that it does.
    New,
    /// It fails otherwise than known.
    Differs,
    /// It is known to fail, and does not.
    Stale,
    /// It is known to fail, by an entry that has expired.
    Expired,
    /// It was judged before, and is not any more.
    Lost,
    /// An entry that no person has given a reason.
    Unreviewed,
    /// A list that does not say with which cases it was made.
    Unrecorded,
    /// The harness or the network broke.
    Broken,
    /// Nothing was judged.
    Unreached,
    /// The run did not come to its end.
    Stopped,
}

impl Outcome {
    /// Every outcome.
    pub const ALL: [Outcome; 13] = [
        Outcome::Known,
        Outcome::Fixed,
        Outcome::Added,
        Outcome::New,
        Outcome::Differs,
        Outcome::Stale,
        Outcome::Expired,
        Outcome::Lost,
        Outcome::Unreviewed,
        Outcome::Unrecorded,
        Outcome::Broken,
        Outcome::Unreached,
        Outcome::Stopped,
    ];

    /// The exit code that it stands for.
    pub fn exit(self) -> i32 {
        match self {
            Outcome::Known | Outcome::Fixed | Outcome::Added => exit::OK,
            Outcome::New | Outcome::Differs | Outcome::Stale | Outcome::Expired | Outcome::Lost => exit::FAILURES,
            Outcome::Unreviewed | Outcome::Unrecorded => exit::USAGE,
            Outcome::Broken | Outcome::Unreached | Outcome::Stopped => exit::BROKEN,
        }
    }

    /// As reports call it.
    pub fn words(self) -> &'static str {
        match self {
            Outcome::Known => "as known",
            Outcome::Fixed => "fixed",
            Outcome::Added => "new case",
            Outcome::New => "new failure",
            Outcome::Differs => "failing otherwise",
            Outcome::Stale => "stale entry",
            Outcome::Expired => "expired entry",
            Outcome::Lost => "lost case",
            Outcome::Unreviewed => "entry without a reason",
            Outcome::Unrecorded => "cases not recorded",
            Outcome::Broken => "broken trial",
            Outcome::Unreached => "nothing judged",
            Outcome::Stopped => "stopped early",
        }
    }
}

/// Something that a person should know of.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Finding {
    /// What came of it.
    pub outcome: Outcome,
    /// A case id, a requirement with its Action, a thing left behind, or the entry's subject.
    pub what: String,
    /// Configuration, where it is about one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub configuration: Option<String>,
    /// Level of what is broken.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub level: Option<Level>,
    /// What happened, and what was expected. Not escaped: parts of it come from the target.
    pub text: String,
    /// The entry of the list, else the expectation that does not hold.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at: Option<Loc>,
    /// The command that repeats it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub repeat: Option<String>,
    /// The entry as it stands in the file, with a caret and what to do.
    #[serde(skip)]
    pub entry: Option<String>,
    /// The trial.
    #[serde(skip)]
    pub record: Option<Box<CaseRecord>>,
}

/// How many trials ended in which way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Trials {
    /// They ended in a verdict on the target.
    pub judged: usize,
    /// Of these, they passed.
    pub passed: usize,
    /// Of these, they failed as known.
    pub known: usize,
    /// They were skipped.
    pub skipped: usize,
    /// They failed below the level that counts.
    pub below: usize,
}

/// What came of a run.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Report {
    /// [`VERSION`].
    pub v: u32,
    /// Whether the run passes.
    pub passes: bool,
    /// The exit code: of the worst finding.
    pub exit: i32,
    /// The targets with their versions and configurations.
    pub targets: Vec<String>,
    /// What it was held against: a list, or files of an earlier run.
    pub against: String,
    /// Trials.
    pub trials: Trials,
    /// How often each outcome came about; those that did not are left out.
    pub outcomes: BTreeMap<Outcome, usize>,
    /// Everything but what is as known.
    pub findings: Vec<Finding>,
    /// What is worth knowing and has no bearing on the exit code.
    pub notes: Vec<String>,
}

impl Report {
    fn new(run: &[Event], against: &str) -> Report {
        let mut report = Report {
            v: VERSION,
            passes: false,
            exit: exit::OK,
            targets: Vec::new(),
            against: against.to_owned(),
            trials: Trials::default(),
            outcomes: BTreeMap::new(),
            findings: Vec::new(),
            notes: Vec::new(),
        };
        for target in started(run).iter().flat_map(|s| &s.targets) {
            let version = target.version.as_ref().map(|v| format!(" {v}")).unwrap_or_default();
            report.targets.push(format!("{}{version} ({})", target.name, target.configurations.join(", ")));
        }
        report
    }

    fn add(&mut self, finding: Finding) {
        self.count(finding.outcome);
        self.findings.push(finding);
    }

    fn count(&mut self, outcome: Outcome) {
        *self.outcomes.entry(outcome).or_default() += 1;
    }

    /// Sorts what was found and settles the exit code.
    fn close(mut self) -> Report {
        self.findings.sort_by(|a, b| (a.outcome, &a.what, &a.configuration).cmp(&(b.outcome, &b.what, &b.configuration)));
        self.exit = self.outcomes.keys().fold(exit::OK, |code, outcome| worse(code, outcome.exit()));
        self.passes = self.exit == exit::OK;
        self
    }
}

impl Finding {
    /// Where to look, unless the text says it already.
    fn place(&self) -> Option<String> {
        self.at.as_ref().map(Loc::to_string).filter(|at| !self.text.contains(at))
    }

    fn plain(outcome: Outcome, what: impl Into<String>, text: impl Into<String>) -> Finding {
        Finding {
            outcome,
            what: what.into(),
            configuration: None,
            level: None,
            text: text.into(),
            at: None,
            repeat: None,
            entry: None,
            record: None,
        }
    }

    fn case(outcome: Outcome, record: &CaseRecord, text: impl Into<String>) -> Finding {
        Finding {
            configuration: Some(record.configuration.clone()),
            level: Some(record.level),
            at: record.verdict.mismatches.first().map(|m| m.loc.clone()),
            repeat: Some(record.repeat.clone()),
            record: Some(Box::new(record.clone())),
            ..Finding::plain(outcome, &record.case, text)
        }
    }

    fn check(outcome: Outcome, check: &CheckRecord, text: impl Into<String>) -> Finding {
        let what = format!("{} in {} at {}", check.requirement, check.action, check.place());
        Finding { configuration: Some(check.configuration.clone()), level: Some(check.level), ..Finding::plain(outcome, what, text) }
    }

    fn leftover(outcome: Outcome, leftover: &Leftover, text: impl Into<String>) -> Finding {
        Finding::plain(outcome, format!("{} left behind by {}", leftover.kind, leftover.case), text)
    }
}

/// What does not hold in a trial, in one line.
fn told(mismatches: &[Mismatch]) -> String {
    let Some(first) = mismatches.first() else { return String::new() };
    let at = if first.at.is_empty() { String::new() } else { format!(" [{}]", first.at) };
    let more = if mismatches.len() > 1 { format!(" (and {} more)", mismatches.len() - 1) } else { String::new() };
    format!("step {}{at} {}: expected {}, actual {}{more}", first.step + 1, first.path, first.expected, first.actual)
}

fn started(run: &[Event]) -> Option<&RunStarted> {
    run.iter().find_map(|event| if let Event::RunStarted(started) = event { Some(started) } else { None })
}

fn finished(run: &[Event]) -> Option<&RunFinished> {
    run.iter().find_map(|event| if let Event::RunFinished(finished) = event { Some(finished) } else { None })
}

/// Why a run did not come to its end; none: it did.
fn incomplete(run: &[Event]) -> Option<String> {
    let planned = started(run).map_or(0, |s| s.trials);
    let trials = run.iter().filter(|event| matches!(event, Event::Case(_))).count();
    match finished(run) {
        None => Some(format!("the run has no end, and {trials} of {planned} trials: it was killed, or its file was cut")),
        Some(RunFinished { stopped: Some(why), .. }) => Some(why.clone()),
        Some(_) if trials < planned => Some(format!("{trials} of {planned} trials are there")),
        Some(_) => None,
    }
}
