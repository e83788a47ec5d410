//! What `iamspec strength` measured, requirement by requirement and fact by fact: whether breaking a rule was noticed by what is about it.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::api::fact::Fact;
use crate::api::requirement::{Kind, catalogue};
use crate::api::{Req, Requirement};

/// Version of the report that is read.
const FORMAT: u32 = 1;

/// Family of the faults that are a broken requirement, as their ids begin.
const BROKEN: &str = "requirement:";

/// Reports of `iamspec strength --json`, of a whole or of its shards, as far as they are of use here.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Measured {
    /// Digests of the case files that were measured.
    pub suites: BTreeSet<String>,
    faults: Vec<Fault>,
}

#[derive(Deserialize)]
struct File {
    format: u32,
    suite: String,
    faults: Vec<Fault>,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
struct Fault {
    fault: String,
    result: Outcome,
    #[serde(default)]
    by: Option<By>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Outcome {
    Killed,
    Indirect,
    Survived,
    Skipped,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
struct By {
    requirement: String,
}

impl Measured {
    /// Adds a report.
    ///
    /// # Errors
    /// When the text is none, or one of another format: what is wrong.
    pub fn add(&mut self, text: &str) -> Result<(), String> {
        let file: File = serde_json::from_str(text).map_err(|why| format!("no report of iamspec strength --json: {why}"))?;
        if file.format != FORMAT {
            return Err(format!("a report of format {}, and this version reads format {FORMAT}", file.format));
        }
        self.suites.insert(file.suite);
        self.faults.extend(file.faults);
        Ok(())
    }

    /// What it says of every requirement that can be broken, and of the facts.
    pub fn kills(&self, facts: &[Fact]) -> Kills {
        let mut requirements: BTreeMap<String, RuleKills> = BTreeMap::new();
        for fault in &self.faults {
            if let Some(rule) = fault.fault.strip_prefix(BROKEN) {
                // What is broken for one Action alone is called `rule@Action`.
                let rule = rule.split('@').next().unwrap_or(rule);
                requirements.entry(rule.to_owned()).or_default().add(fault.result);
            }
            if let Some(by) = fault.by.as_ref().filter(|_| fault.result == Outcome::Killed) {
                requirements.entry(by.requirement.clone()).or_default().kills += 1;
            }
        }
        let breakable = |r: &&Requirement| r.kind != Kind::Unreachable;
        for rule in catalogue().iter().filter(breakable) {
            requirements.entry(rule.id.clone()).or_default();
        }
        let facts = FactKills::of(facts, &requirements);
        Kills { requirements, facts }
    }
}

/// Kills by requirement and by fact.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Kills {
    /// By id: each requirement that is not unreachable.
    pub requirements: BTreeMap<String, RuleKills>,
    /// What is known of the API.
    pub facts: FactKills,
}

impl Kills {
    /// Ids of the requirements of which that is so.
    pub fn that(&self, state: State) -> Vec<&str> {
        self.requirements.iter().filter(|(_, kills)| kills.state() == state).map(|(id, _)| id.as_str()).collect()
    }
}

/// What came of one requirement. Counts are of faults times configurations.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct RuleKills {
    /// Breaking it was noticed by an assertion or a free check that is about it.
    pub killed: usize,
    /// It was noticed by something else only.
    pub indirect: usize,
    /// It was not noticed.
    pub survived: usize,
    /// Its cases do not run there.
    pub skipped: usize,
    /// Faults of any kind that were killed in its name.
    pub kills: usize,
}

/// What a requirement's counts come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Noticed wherever it can be broken and its cases run.
    Killed,
    /// Noticed everywhere, and somewhere by something else only.
    Indirect,
    /// Not noticed somewhere.
    Survived,
    /// Its cases run nowhere.
    Skipped,
    /// The reports do not speak of it.
    NotMeasured,
}

impl State {
    /// The state in a word.
    pub fn word(self) -> &'static str {
        match self {
            State::Killed => "killed",
            State::Indirect => "indirect",
            State::Survived => "survived",
            State::Skipped => "skipped",
            State::NotMeasured => "not measured",
        }
    }
}

impl RuleKills {
    fn add(&mut self, outcome: Outcome) {
        match outcome {
            Outcome::Killed => self.killed += 1,
            Outcome::Indirect => self.indirect += 1,
            Outcome::Survived => self.survived += 1,
            Outcome::Skipped => self.skipped += 1,
        }
    }

    /// What the counts come to.
    pub fn state(self) -> State {
        match self {
            RuleKills { survived: 1.., .. } => State::Survived,
            RuleKills { indirect: 1.., .. } => State::Indirect,
            RuleKills { killed: 1.., .. } => State::Killed,
            RuleKills { skipped: 1.., .. } => State::Skipped,
            _ => State::NotMeasured,
        }
    }
}

/// Facts by whether breaking what they say was noticed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct FactKills {
    /// Facts all of whose requirements are killed.
    pub killed: Vec<String>,
    /// Facts some of whose requirements are not, and which, each with its state.
    pub open: BTreeMap<String, Vec<String>>,
}

impl FactKills {
    fn of(facts: &[Fact], kills: &BTreeMap<String, RuleKills>) -> FactKills {
        let mut found = FactKills::default();
        for fact in facts {
            let rules = fact.requirements.iter().filter(|id| Req::find(id).is_some_and(|r| r.get().kind != Kind::Unreachable));
            let states: Vec<(&String, State)> = rules.map(|id| (id, kills.get(id).copied().unwrap_or_default().state())).collect();
            let open: Vec<String> =
                states.iter().filter(|(_, state)| *state != State::Killed).map(|(id, state)| format!("{id} ({})", state.word())).collect();
            match states.is_empty() {
                // No requirement, or only such as the API alone cannot show.
                true => {}
                false if open.is_empty() => found.killed.push(fact.id.clone()),
                false => drop(found.open.insert(fact.id.clone(), open)),
            }
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn report(faults: &[(&str, &str, Option<&str>)]) -> String {
        let of = |(fault, result, by): &(&str, &str, Option<&str>)| {
            let mut one = json!({ "fault": fault, "about": "a", "configuration": "aws/xml", "result": result, "trials": 1 });
            if let Some(by) = by {
                one["by"] = json!({ "case": "c", "call": "CreateUser", "requirement": by, "path": "p", "seen": "s", "direct": true });
            }
            one
        };
        json!({ "format": 1, "version": "0.1.0", "suite": "d", "faults": faults.iter().map(of).collect::<Vec<Value>>() }).to_string()
    }

    fn measured(texts: &[String]) -> Measured {
        let mut measured = Measured::default();
        texts.iter().for_each(|text| measured.add(text).expect("a report"));
        measured
    }

    const UNIQUE: &str = "create-user.name-unique";
    const UNKNOWN: &str = "get-user.unknown-user";

    #[test]
    fn kills_are_counted_by_the_requirement_that_is_broken_and_by_the_one_that_noticed() {
        let one = report(&[
            ("requirement:create-user.name-unique", "killed", Some(UNIQUE)),
            ("requirement:get-user.unknown-user", "indirect", Some(UNIQUE)),
            ("code-exchanged:CreateUser.EntityAlreadyExists", "killed", Some(UNIQUE)),
        ]);
        let other = report(&[
            ("requirement:create-user.name-unique", "skipped", None),
            ("requirement:pagination.no-gap@ListUsers", "survived", None),
            ("requirement:pagination.no-gap@ListGroups", "killed", Some("pagination.no-gap")),
        ]);
        let kills = measured(&[one, other]).kills(&[]);
        assert_eq!(kills.requirements[UNIQUE], RuleKills { killed: 1, skipped: 1, kills: 2, ..RuleKills::default() });
        assert_eq!(kills.requirements[UNIQUE].state(), State::Killed);
        assert_eq!(kills.that(State::Indirect), [UNKNOWN]);
        assert_eq!(kills.that(State::Survived), ["pagination.no-gap"]);
        assert!(kills.that(State::NotMeasured).contains(&"create-user.path"));
        assert!(!kills.requirements.contains_key("get-user.role-session"), "unreachable");
    }

    #[test]
    fn a_fact_is_killed_when_all_that_can_be_broken_of_it_is() {
        let fact = |id: &str, requirements: &[&str]| Fact {
            id: id.into(),
            text: "t".into(),
            requirements: requirements.iter().map(|r| (*r).into()).collect(),
            reason: None,
        };
        let facts = [fact("whole", &[UNIQUE, "get-user.role-session"]), fact("half", &[UNIQUE, UNKNOWN]), fact("none", &[])];
        let kills = measured(&[report(&[("requirement:create-user.name-unique", "killed", Some(UNIQUE))])]).kills(&facts);
        assert_eq!(kills.facts.killed, ["whole"]);
        assert_eq!(kills.facts.open, BTreeMap::from([("half".to_owned(), vec!["get-user.unknown-user (not measured)".to_owned()])]));
    }

    #[test]
    fn what_is_no_report_is_said() {
        let mut measured = Measured::default();
        for (text, why) in [
            ("", "no report of iamspec strength --json"),
            ("{\"format\":1}", "missing field"),
            (&report(&[]).replace("\"format\":1", "\"format\":2"), "format 2, and this version reads format 1"),
            (&report(&[("x", "dead", None)]), "unknown variant `dead`"),
        ] {
            let said = measured.add(text).expect_err("no report");
            assert!(said.contains(why), "{said}");
        }
        assert_eq!(measured, Measured::default());
    }
}
