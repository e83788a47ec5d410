//! What came of it, fault by fault.

use std::collections::BTreeMap;

use serde::Serialize;

use super::kill::Kill;

/// A fault in a configuration, and what came of it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Judged {
    /// Id of the fault.
    pub fault: String,
    /// What the reference does.
    pub about: String,
    /// `eim/xml`.
    pub configuration: String,
    /// What came of it.
    pub result: Outcome,
    /// Why no case could notice it directly, where that is so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// What noticed it; of an indirect kill the first thing that did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by: Option<Kill>,
    /// Trials run: of cases that come to where the fault is. None: there is no such case.
    pub trials: usize,
}

/// What came of a fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// Noticed by what is about it.
    Killed,
    /// Noticed by something else only.
    Indirect,
    /// Noticed by nothing.
    Survived,
    /// Not there to be noticed: what could show it is missing in this configuration, as `why` says.
    Skipped,
}

/// Counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Killed directly.
    pub killed: usize,
    /// Killed by something else only.
    pub indirect: usize,
    /// Not noticed.
    pub survived: usize,
    /// Not there to be noticed.
    pub skipped: usize,
}

impl Counts {
    fn add(&mut self, outcome: Outcome) {
        match outcome {
            Outcome::Killed => self.killed += 1,
            Outcome::Indirect => self.indirect += 1,
            Outcome::Survived => self.survived += 1,
            Outcome::Skipped => self.skipped += 1,
        }
    }

    /// Everything.
    pub fn all(self) -> usize {
        self.killed + self.indirect + self.survived + self.skipped
    }

    /// Killed, of those that were killed or survived, in percent. Indirect kills count on neither side.
    pub fn score(self) -> f64 {
        let of = self.killed + self.survived;
        if of == 0 { 100.0 } else { 100.0 * self.killed as f64 / of as f64 }
    }
}

/// The whole: its JSON form is what `--json` writes.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// Version of this form: 1.
    pub format: u32,
    /// Version of iamspec.
    pub version: &'static str,
    /// Digest of the case files.
    pub suite: String,
    /// Configurations, as `eim/xml`.
    pub configurations: Vec<String>,
    /// Cases in the suite.
    pub cases: usize,
    /// All together.
    pub counts: Counts,
    /// Killed of killed and survived, in percent.
    pub score: f64,
    /// By family: what stands before the colon of a fault's id.
    pub families: BTreeMap<String, Counts>,
    /// Calls sent.
    pub calls: usize,
    /// Milliseconds.
    pub millis: u64,
    /// Each fault in each configuration, in the order of configurations and then of faults.
    pub faults: Vec<Judged>,
}

impl Report {
    /// Adds up.
    pub fn of(faults: Vec<Judged>, suite: String, configurations: Vec<String>, cases: usize, calls: usize, millis: u64) -> Report {
        let mut counts = Counts::default();
        let mut families: BTreeMap<String, Counts> = BTreeMap::new();
        for fault in &faults {
            counts.add(fault.result);
            families.entry(family(&fault.fault).to_owned()).or_default().add(fault.result);
        }
        let version = env!("CARGO_PKG_VERSION");
        Report { format: 1, version, suite, configurations, cases, counts, score: counts.score(), families, calls, millis, faults }
    }
}

/// What stands before the colon.
fn family(id: &str) -> &str {
    id.split(':').next().unwrap_or(id)
}
