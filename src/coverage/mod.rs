//! What of the API a run reached: Actions, parameters, response elements, declared error codes, requirements, and the facts they say;
//! and, from what `iamspec strength` measured, which of those requirements something would notice the breaking of.
//!
//! "Reached" is what happened in trials that passed, taken from the run's events; the case files only say what was looked at.

mod collect;
mod kills;
mod show;

pub use kills::{FactKills, Kills, Measured, RuleKills, State};

pub use show::text;

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::api::fact::{Fact, facts};
use crate::api::requirement::{Kind, catalogue};
use crate::api::{Action, DialectId, Req, Requirement, model};
use crate::case::model::Case;
use crate::report::event::Event;
use collect::Reached;

/// Coverage of every dialect that was run, and of the catalogue.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Coverage {
    /// By dialect.
    pub dialects: BTreeMap<DialectId, DialectCoverage>,
    /// Requirements that a case that passed names.
    pub requirements_with_case: Vec<String>,
    /// Requirements that no case that passed names. Unreachable ones are not among them.
    pub requirements_without_case: BTreeMap<String, String>,
    /// Requirements that are held against every response.
    pub free_checks: Vec<String>,
    /// Requirements that the API alone cannot provoke, with the reason.
    pub unreachable: BTreeMap<String, String>,
    /// What is known of the API, as far as requirements say it.
    pub facts: FactCoverage,
    /// What strength measured, where reports of it were given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kills: Option<Kills>,
}

/// Facts by what has become of them. Those that the API alone cannot show are in none of the lists.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct FactCoverage {
    /// Facts each of whose requirements is named by a case that passed, or is held against every response.
    pub held: Vec<String>,
    /// Facts some of whose requirements are not, and which those are.
    pub open: BTreeMap<String, Vec<String>>,
    /// Facts that are no requirement, with the reason.
    pub no_requirement: BTreeMap<String, String>,
}

impl FactCoverage {
    /// `held`: whether something shows a requirement.
    fn of(facts: &[Fact], held: &dyn Fn(&Requirement) -> bool) -> FactCoverage {
        let mut coverage = FactCoverage::default();
        for fact in facts {
            let rules = fact.requirements.iter().filter_map(|id| Some(Req::find(id)?.get()));
            let rules: Vec<&Requirement> = rules.filter(|r| r.kind != Kind::Unreachable).collect();
            let open: Vec<String> = rules.iter().filter(|r| !held(r)).map(|r| r.id.clone()).collect();
            match &fact.reason {
                Some(reason) => drop(coverage.no_requirement.insert(fact.id.clone(), reason.clone())),
                None if rules.is_empty() => {}
                None if open.is_empty() => coverage.held.push(fact.id.clone()),
                None => drop(coverage.open.insert(fact.id.clone(), open)),
            }
        }
        coverage
    }
}

/// Coverage on one dialect.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct DialectCoverage {
    /// Actions that succeeded in a case that passed, one that is about them or looks at their answer.
    pub actions: Part,
    /// Request parameters (`CreateUser.Path`) that a case sent and whose effect it looked at.
    pub parameters: Part,
    /// Response elements (`GetUser.User.Path`) that an answer had, so that their shape was checked.
    pub elements: Part,
    /// Those of them that an expectation names.
    pub elements_expected: usize,
    /// Declared error codes (`DeleteUser.DeleteConflict`) that a case expected and got.
    pub errors: Part,
    /// Actions that a user that the suite made called with success: a policy allowed it.
    pub allowed: Part,
    /// Actions that such a user was denied.
    pub denied: Part,
    /// The last three Action by Action.
    pub by_action: BTreeMap<String, ActionCoverage>,
    /// Declared error codes that the API alone cannot provoke, with the reason.
    pub unreachable_errors: BTreeMap<String, String>,
    /// Why Actions, parameters, elements and errors are missing, where it is known.
    pub reasons: BTreeMap<String, String>,
    /// Actions that the dialect documents beyond those that are covered at all, by subject.
    pub beyond: BTreeMap<String, Vec<String>>,
}

/// Coverage of one Action on one dialect.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ActionCoverage {
    /// Declared error codes that the API can provoke.
    pub errors: Part,
    /// Whether a policy allowed it to a user.
    pub allowed: bool,
    /// Whether a user was denied it.
    pub denied: bool,
}

/// What there is, reached and not.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Part {
    /// How many were reached.
    pub reached: usize,
    /// How many there are.
    pub of: usize,
    /// The others.
    pub missing: Vec<String>,
}

impl Part {
    fn new(all: impl IntoIterator<Item = String>, reached: &BTreeSet<String>) -> Part {
        let (hit, missing): (Vec<String>, Vec<String>) = all.into_iter().partition(|name| reached.contains(name));
        Part { reached: hit.len(), of: hit.len() + missing.len(), missing }
    }
}

impl Coverage {
    /// The coverage of a run's events by a suite's cases.
    pub fn of(events: &[Event], cases: &[Case]) -> Coverage {
        let by_id: BTreeMap<&str, &Case> = cases.iter().map(|c| (c.id.as_str(), c)).collect();
        let mut reached: BTreeMap<DialectId, Reached> = BTreeMap::new();
        let mut named = BTreeSet::new();
        for event in events {
            let Event::Case(record) = event else { continue };
            let dialect = record.configuration.split('/').next().and_then(|d| d.parse().ok());
            if let (Some(case), Some(dialect)) = (by_id.get(record.case.as_str()), dialect) {
                let reached = reached.entry(dialect).or_insert_with(|| Reached::new(dialect));
                if reached.take(record, case) {
                    named.extend(collect::requirements(record, case, dialect));
                }
            }
        }
        let here = |r: &Requirement| reached.is_empty() || r.dialects.iter().any(|d| reached.contains_key(d));
        let reachable = || catalogue().iter().filter(|r| r.kind != Kind::Unreachable && !r.is_free_check() && here(r));
        let unreachable = catalogue().iter().filter(|r| r.kind == Kind::Unreachable);
        let (with, without): (Vec<_>, Vec<_>) = reachable().partition(|r| named.contains(&r.id));
        // What was not run says nothing of rules that exist elsewhere only.
        let held = |r: &Requirement| !here(r) || r.is_free_check() || named.contains(&r.id);
        Coverage {
            dialects: reached.iter().map(|(dialect, reached)| (*dialect, DialectCoverage::of(*dialect, reached))).collect(),
            requirements_with_case: with.into_iter().map(|r| r.id.clone()).collect(),
            requirements_without_case: without.into_iter().map(|r| (r.id.clone(), r.without_case.clone().unwrap_or_default())).collect(),
            free_checks: catalogue().iter().filter(|r| r.is_free_check()).map(|r| r.id.clone()).collect(),
            unreachable: unreachable.map(|r| (r.id.clone(), r.reason.clone().unwrap_or_default())).collect(),
            facts: FactCoverage::of(facts(), &held),
            kills: None,
        }
    }

    /// The same with what strength measured.
    pub fn with(self, measured: &Measured) -> Coverage {
        Coverage { kills: Some(measured.kills(facts())), ..self }
    }
}

impl DialectCoverage {
    fn of(dialect: DialectId, reached: &Reached) -> DialectCoverage {
        let actions = || model().actions.iter().filter(|a| a.dialects.contains(&dialect));
        let mut unreachable_errors = BTreeMap::new();
        for action in actions() {
            for code in &action.errors {
                if let Some(reason) = unreachable(action, code, dialect) {
                    unreachable_errors.insert(format!("{}.{code}", action.name), reason.to_owned());
                }
            }
        }
        let parameters = |a: &'static Action| a.parameters.iter().filter(|p| p.on(dialect)).map(|p| format!("{}.{}", a.name, p.name));
        let elements_of = |a: &'static Action| a.response_paths(dialect).into_iter().map(|path| format!("{}.{path}", a.name));
        let errors = |a: &'static Action| a.errors.iter().map(|code| format!("{}.{code}", a.name));
        let expected = reached.elements.intersection(&reached.expected).cloned().collect();
        let provokable = actions().flat_map(errors).filter(|e| reached.errors.contains(e) || !unreachable_errors.contains_key(e));
        let (elements, errors) = (Part::new(actions().flat_map(elements_of), &reached.elements), Part::new(provokable, &reached.errors));
        let parameters = Part::new(actions().flat_map(parameters), &reached.parameters);
        let [allowed, denied] = [&reached.allowed, &reached.denied].map(|set| Part::new(actions().map(|a| a.name.clone()), set));
        let of_action = |a: &'static Action| {
            let own = a.errors.iter().filter(|code| {
                let name = format!("{}.{code}", a.name);
                reached.errors.contains(&name) || !unreachable_errors.contains_key(&name)
            });
            let hit = a.errors.iter().filter(|code| reached.errors.contains(&format!("{}.{code}", a.name))).cloned().collect();
            let (allowed, denied) = (reached.allowed.contains(&a.name), reached.denied.contains(&a.name));
            ActionCoverage { errors: Part::new(own.cloned(), &hit), allowed, denied }
        };
        let by_action = actions().map(|a| (a.name.clone(), of_action(a))).collect();
        let actions_reached = Part::new(actions().map(|a| a.name.clone()), &reached.actions);
        let printed = |name: &str| {
            let (action, path) = name.split_once('.')?;
            let last = path.rsplit('.').next()?;
            unreachable(model().action(action)?, last, dialect).map(str::to_owned)
        };
        let in_name_only = actions().filter(|a| a.not_implemented.contains(&dialect));
        let mut known = reached.reasons.clone();
        known.extend(in_name_only.map(|a| (a.name.clone(), format!("{dialect} documents that it answers NotImplemented"))));
        let why = |name: &str| reason(name, &known).or_else(|| printed(name));
        let missing = [&actions_reached, &parameters, &elements, &errors, &allowed, &denied].into_iter().flat_map(|part| &part.missing);
        let reasons = missing.filter_map(|name| Some((name.clone(), why(name)?))).collect();
        DialectCoverage {
            actions: actions_reached,
            parameters,
            elements_expected: Part::new(actions().flat_map(elements_of), &expected).reached,
            elements,
            errors,
            allowed,
            denied,
            by_action,
            unreachable_errors: unreachable_errors.into_iter().filter(|(e, _)| !reached.errors.contains(e)).collect(),
            reasons,
            beyond: model().beyond(dialect).map(|(subject, actions)| (subject.to_owned(), actions.to_vec())).collect(),
        }
    }
}

/// Why something was not reached: its own reason, or that of what it would be part of.
fn reason(name: &str, reasons: &BTreeMap<String, String>) -> Option<String> {
    let whole = || reason(name.rsplit_once('.')?.0.trim_end_matches("[]"), reasons);
    reasons.get(name).cloned().or_else(whole)
}

/// Why an Action's declared error or element is not seen: the reason of its requirement that names it and that no case can show.
fn unreachable(action: &Action, code: &str, dialect: DialectId) -> Option<&'static str> {
    let names = |text: &str| text.split(|c: char| !c.is_ascii_alphanumeric()).any(|word| word == code);
    catalogue()
        .iter()
        .filter(|r| r.dialects.contains(&dialect) && r.action.as_deref().is_none_or(|a| a == action.name) && names(&r.text))
        .find_map(|r| r.reason.as_deref().or(r.without_case.as_deref()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_counts_what_there_is_and_names_the_rest() {
        let reached = BTreeSet::from(["a".to_owned(), "not there".to_owned()]);
        let part = Part::new(["a", "b"].map(str::to_owned), &reached);
        assert_eq!(part, Part { reached: 1, of: 2, missing: vec!["b".into()] });
    }

    #[test]
    fn parts_of_what_must_be_absent_have_its_reason() {
        let reasons = BTreeMap::from([("ListUsers.Users[].Tags".to_owned(), "absent".to_owned())]);
        assert_eq!(reason("ListUsers.Users[].Tags[].Key", &reasons).as_deref(), Some("absent"));
        assert_eq!(reason("ListUsers.Users[].Path", &reasons), None);
    }

    #[test]
    fn a_fact_is_held_when_all_that_can_be_shown_of_it_is() {
        let fact = |id: &str, requirements: &[&str], reason: Option<&str>| Fact {
            id: id.into(),
            text: "t".into(),
            requirements: requirements.iter().map(|r| (*r).into()).collect(),
            reason: reason.map(Into::into),
        };
        let facts = [
            fact("whole", &["create-user.name-unique", "get-user.role-session"], None),
            fact("half", &["create-user.name-unique", "get-user.unknown-user"], None),
            fact("elsewhere", &["get-user.role-session"], None),
            fact("none", &[], Some("a wording")),
        ];
        let coverage = FactCoverage::of(&facts, &|r| r.id == "create-user.name-unique");
        assert_eq!(coverage.held, ["whole"]);
        assert_eq!(coverage.open, BTreeMap::from([("half".to_owned(), vec!["get-user.unknown-user".to_owned()])]));
        assert_eq!(coverage.no_requirement, BTreeMap::from([("none".to_owned(), "a wording".to_owned())]));
    }

    #[test]
    fn cases_allow_and_deny_every_action_to_a_user() {
        let corpus = crate::case::Corpus::embedded().expect("the corpus is sound");
        let steps = || corpus.cases.iter().flat_map(|case| &case.steps).filter(|step| step.principal.is_some());
        for action in &model().actions {
            let of = |step: &&crate::case::Step| step.call == action.name;
            let denied = steps().filter(of).any(|step| {
                let expect = &step.expect;
                expect.error.iter().any(|code| code == "AccessDenied") || (expect.any_error && expect.status == [403])
            });
            let allowed = steps().filter(of).any(|step| step.expect.error.is_empty() && !step.expect.any_error && !step.expect.any);
            assert!(allowed && denied, "{}: allowed {allowed}, denied {denied}", action.name);
        }
    }

    #[test]
    fn an_empty_run_reaches_nothing() {
        let coverage = Coverage::of(&[], &[]);
        assert!(coverage.dialects.is_empty() && coverage.requirements_with_case.is_empty() && coverage.kills.is_none());
        let told = coverage.requirements_without_case.len() + coverage.free_checks.len() + coverage.unreachable.len();
        assert_eq!(told, catalogue().len());
    }
}
