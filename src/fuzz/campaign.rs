//! A fuzz run: programs by the thousand, until time or calls are used up, and what came of them.

mod files;
mod here;
mod seat;
mod settle;
mod source;
mod there;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use super::executor::{Coverage, Ran};
use super::finding::{Fingerprint, Firing};
use super::oracle::{OracleId, Oracles};
use super::triage::{Repeats, Stability, finding_id};
use crate::api::{Action, req};
use crate::case::{Case, CertSource};
use crate::dialect::Configuration;
use crate::reference::Faults;
use crate::report::event::FindingRecord;
use crate::report::text::printable;

pub use files::Files;
pub use here::on_reference;
pub use source::Source;
pub use there::on_target;

/// What to do, and for how long.
#[derive(Clone)]
pub struct Options {
    /// Decides every program, with the corpus that is there when the run begins.
    pub seed: u64,
    /// Until then.
    pub time: Option<Duration>,
    /// Until so many calls are sent.
    pub calls: Option<u64>,
    /// Only programs of these Actions, and of those that make what they need; empty: all.
    pub actions: Vec<String>,
    /// Oracles to ask.
    pub oracles: Oracles,
    /// Programs at a time.
    pub jobs: usize,
    /// Folder of programs that reached something new, as bytes; it is read, and written to.
    pub corpus: Option<PathBuf>,
    /// Folder for findings, events and the state of the run, by which it goes on where it stopped.
    pub out: Option<PathBuf>,
    /// Command that brings the target back.
    pub restart: Option<String>,
    /// Test certificates.
    pub certificates: Arc<dyn CertSource>,
    /// Leave everything where it is.
    pub keep: bool,
    /// What is said of where findings come from, and which are none of the fuzzer's own.
    pub about: About,
    /// What is wrong with the reference, where that is what is fuzzed.
    pub faults: Faults,
}

/// What is known of the target beside what it answers.
#[derive(Clone, Debug, Default)]
pub struct About {
    /// Name of its profile.
    pub name: String,
    /// Version of its software.
    pub version: Option<String>,
    /// What `iamspec replay FILE` needs beside the file to get to it: `--target moto`.
    pub flags: String,
    /// What the suite fails for already.
    pub repeats: Repeats,
}

/// A departure, once however often it is seen.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Found {
    /// By what it is known.
    pub fingerprint: Fingerprint,
    /// In words.
    pub text: String,
    /// `aws/xml`.
    pub configuration: String,
    /// Number of the program that showed it first, and of its step, from 0 and 1.
    pub program: u64,
    /// The step.
    pub step: usize,
    /// The requirement whose breach would account for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requirement: Option<String>,
    /// Programs that showed it.
    pub count: u64,
    /// Who says the same already: a case, a check, or the target's list.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repeats: Option<String>,
    /// What came of looking for it again; none: that was not done yet, or there is no folder to write it to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub record: Option<Box<FindingRecord>>,
}

impl Found {
    /// Whether nobody knew of it.
    pub fn is_new(&self) -> bool {
        self.repeats.is_none()
    }

    /// Whether it is still to be looked for again.
    pub fn waits(&self) -> bool {
        self.is_new() && self.record.is_none()
    }

    /// The event of the run that stands for it. One that was not looked for again says so.
    pub fn event(&self, about: &About) -> FindingRecord {
        if let Some(record) = &self.record {
            return (**record).clone();
        }
        FindingRecord {
            id: finding_id(&self.fingerprint),
            target: about.name.clone(),
            configuration: self.configuration.clone(),
            fingerprint: printable(&self.fingerprint.to_string()).into_owned(),
            oracle: self.fingerprint.oracle.to_string(),
            action: self.fingerprint.action.clone(),
            text: self.text.clone(),
            stability: Stability::Unsettled.to_string(),
            seen: 0,
            program: format!("fuzz/{}", self.program),
            steps: 0,
            left: 0,
            calls: 0,
            requirement: self.requirement.clone(),
            repeats: self.repeats.clone(),
            file: None,
            without_file: Some("it was not looked for again".into()),
        }
    }
}

/// What a run has come to so far: also what is kept on disk to go on from.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Tally {
    /// Name of the target.
    pub target: String,
    /// Configurations.
    pub configurations: Vec<String>,
    /// Seed.
    pub seed: u64,
    /// Number of the program that comes next.
    pub next: u64,
    /// Programs run.
    pub programs: u64,
    /// Calls sent, those of oracles and cleanup included.
    pub calls: u64,
    /// Milliseconds, of all parts of a run that was resumed.
    pub millis: u64,
    /// What was reached.
    pub coverage: Coverage,
    /// What was found, in the order in which it was seen.
    pub findings: Vec<Found>,
    /// Calls sent to look for findings again, beside those of the programs.
    #[serde(default)]
    pub triage: u64,
    /// Why it ended early, if it did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stopped: Option<String>,
}

/// What is told while a run goes on.
pub enum News<'n> {
    /// A departure that had not been seen before, and the program that shows it.
    Found(&'n Found, &'n Case),
    /// How far looking for findings again is: which one of how many is next.
    Settling(usize, usize, &'n Found),
    /// What came of looking for a finding again.
    Settled(&'n FindingRecord),
    /// How far it is.
    Progress(&'n Tally),
    /// Something for people.
    Note(&'n str),
}

/// Takes the news. Called from several threads.
pub type Sink<'s> = &'s (dyn Fn(News<'_>) + Sync);

/// No run can be made, or it cannot go on.
#[derive(Debug, thiserror::Error)]
pub enum CampaignError {
    /// Something that was asked for makes no sense.
    #[error("{0}")]
    Usage(String),
    /// The target was not reached, or something of ours broke.
    #[error("{0}")]
    Broken(String),
}

impl Tally {
    /// Takes in a program that was run. The findings that are new.
    fn take(&mut self, configuration: Configuration, number: u64, ran: &Ran, repeats: &Repeats) -> (Vec<Found>, bool) {
        self.programs += 1;
        self.calls += ran.calls as u64;
        let reached = self.coverage.merge(&ran.coverage);
        let mut new = Vec::new();
        for firing in &ran.firings {
            match self.findings.iter_mut().find(|f| same(&f.fingerprint, firing)) {
                Some(known) => known.count += 1,
                None => {
                    let evidence = &firing.evidence;
                    let rule = evidence.requirement.as_deref().unwrap_or(req::REFERENCE__AGREES.id());
                    let mut rules = std::iter::once(rule).chain(evidence.rules.iter().map(String::as_str));
                    let known = rules.find_map(|rule| repeats.find(&firing.fingerprint, rule));
                    let found = Found {
                        repeats: known.map(str::to_owned),
                        record: None,
                        fingerprint: firing.fingerprint.clone(),
                        text: firing.text.clone(),
                        configuration: configuration.to_string(),
                        program: number,
                        step: firing.step + 1,
                        requirement: firing.evidence.requirement.clone(),
                        count: 1,
                    };
                    self.findings.push(found.clone());
                    new.push(found);
                }
            }
        }
        (new, reached)
    }
}

/// Whether a firing shows what is known already: under its own oracle, or where a read that another oracle sent differs by itself.
fn same(known: &Fingerprint, firing: &Firing) -> bool {
    let new = &firing.fingerprint;
    let reads = |oracle: OracleId| matches!(oracle, OracleId::Lockstep | OracleId::Probe | OracleId::NoTrace);
    let by_itself = new.path != "status"
        || firing.evidence.requirement.is_some()
        || [&new.expected, &new.observed].iter().any(|what| *what == "absent");
    *known == *new
        || (by_itself && reads(known.oracle) && reads(new.oracle) && Fingerprint { oracle: known.oracle, ..new.clone() } == *known)
}

/// When a run ends.
struct Limits {
    began: Instant,
    time: Option<Duration>,
    calls: Option<u64>,
    stop: Arc<AtomicBool>,
}

impl Limits {
    fn new(options: &Options, earlier: &Tally) -> Limits {
        let stop = Arc::new(AtomicBool::new(false));
        let flag = Arc::clone(&stop);
        // Ctrl-C: no more programs are begun, those under way are finished and cleaned up; once more ends the process, and `sweep` does
        // the rest.
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            if let Ok(runtime) = runtime {
                runtime.block_on(async {
                    if tokio::signal::ctrl_c().await.is_ok() {
                        flag.store(true, Ordering::Relaxed);
                    }
                    if tokio::signal::ctrl_c().await.is_ok() {
                        std::process::exit(crate::report::tally::exit::BROKEN);
                    }
                });
            }
        });
        let spent = Duration::from_millis(earlier.millis);
        Limits { began: Instant::now(), time: options.time.map(|t| t.saturating_sub(spent)), calls: options.calls, stop }
    }

    fn interrupted(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    fn over(&self, calls: u64) -> bool {
        self.interrupted() || self.time.is_some_and(|t| self.began.elapsed() >= t) || self.calls.is_some_and(|most| calls >= most)
    }

    fn millis(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}

/// Those of `all` that are asked for, and those that make what they need.
fn only(all: &[&'static Action], wanted: &[String]) -> Result<Vec<&'static Action>, CampaignError> {
    if wanted.is_empty() {
        return Ok(all.to_vec());
    }
    let matches = |a: &Action| wanted.iter().any(|w| crate::case::filter::picks(w, &a.name) || a.name.eq_ignore_ascii_case(w));
    let own: Vec<&'static Action> = all.iter().copied().filter(|a| matches(a)).collect();
    if own.is_empty() {
        let hint = wanted.iter().find_map(|w| crate::case::suggest::did_you_mean(w, all.iter().map(|a| a.name.as_str())));
        let hint = hint.map(|h| format!("; {h}")).unwrap_or_default();
        return Err(CampaignError::Usage(format!("no Action of the target is called {}{hint}", wanted.join(" or "))));
    }
    const MAKERS: [&str; 9] = [
        "CreateUser",
        "CreateGroup",
        "CreatePolicy",
        "CreatePolicyVersion",
        "CreateAccessKey",
        "UploadServerCertificate",
        "PutUserPolicy",
        "PutGroupPolicy",
        "AddUserToGroup",
    ];
    let makes = |a: &Action| MAKERS.contains(&a.name.as_str());
    Ok(all.iter().copied().filter(|a| matches(a) || makes(a)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::model;

    #[test]
    fn actions_are_named_by_glob_and_bring_what_makes_things() {
        let all: Vec<&'static Action> = model().actions.iter().collect();
        let names = |wanted: &[&str]| {
            only(&all, &wanted.iter().map(|w| (*w).to_owned()).collect::<Vec<_>>())
                .map(|a| a.into_iter().map(|a| a.name.as_str()).collect::<Vec<_>>())
                .map_err(|e| e.to_string())
        };
        assert_eq!(names(&[]).unwrap().len(), 45);
        let some = names(&["Delete*User"]).unwrap();
        assert!(some.contains(&"DeleteUser") && some.contains(&"CreateUser") && !some.contains(&"ListUsers"), "{some:?}");
        assert!(names(&["DeleteUsr"]).unwrap_err().contains("did you mean `DeleteUser`"));
    }
}
