//! Goes through the trials of one dialect and notes what they reached.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::api::{DialectId, model};
use crate::case::model::{Case, Check, Expect, Node, Step};
use crate::report::event::{CaseRecord, StepRecord};
use crate::verdict::Status;

/// The code of what a user may not do.
const DENIED: &str = "AccessDenied";

/// What trials on one dialect reached; names as in [`super::DialectCoverage`].
pub struct Reached {
    dialect: DialectId,
    pub actions: BTreeSet<String>,
    pub parameters: BTreeSet<String>,
    pub elements: BTreeSet<String>,
    pub expected: BTreeSet<String>,
    pub errors: BTreeSet<String>,
    pub allowed: BTreeSet<String>,
    pub denied: BTreeSet<String>,
    /// Why something was not reached, where a case says so: it must be absent, or the case that would reach it was skipped.
    pub reasons: BTreeMap<String, String>,
}

/// The expectation of a step on a dialect.
fn expectation(step: &Step, dialect: DialectId) -> &Expect {
    step.on.get(&dialect).and_then(|alternative| alternative.expect.as_ref()).unwrap_or(&step.expect)
}

/// Requirements that a trial's case names, those of its expectations included, as far as the trial came to them.
pub fn requirements(record: &CaseRecord, case: &Case, dialect: DialectId) -> Vec<String> {
    let done: BTreeSet<usize> = record.steps.iter().map(|s| s.step).collect();
    let own = case.steps.iter().enumerate().filter(|(i, _)| done.contains(i));
    let rows = case.rows.iter().filter(|row| row.dialects.contains(&dialect));
    let rows = rows.flat_map(|row| row.requirement.into_iter().chain(row.expect.iter().flat_map(Expect::requirements)));
    let own = own.flat_map(|(_, s)| expectation(s, dialect).requirements()).chain(rows).map(|r| r.id().to_owned());
    record.requirements.iter().cloned().chain(own).collect()
}

impl Reached {
    /// Nothing yet.
    pub fn new(dialect: DialectId) -> Reached {
        Reached {
            dialect,
            actions: BTreeSet::new(),
            parameters: BTreeSet::new(),
            elements: BTreeSet::new(),
            expected: BTreeSet::new(),
            errors: BTreeSet::new(),
            allowed: BTreeSet::new(),
            denied: BTreeSet::new(),
            reasons: BTreeMap::new(),
        }
    }

    /// Takes a trial into account. False: it did not pass, and reached nothing.
    pub fn take(&mut self, record: &CaseRecord, case: &Case) -> bool {
        if record.verdict.status == Status::Skip {
            self.skipped(record, case);
        }
        if !matches!(record.verdict.status, Status::Pass | Status::Xpass) {
            return false;
        }
        for sent in &record.steps {
            let step = case.step_in(case.row_at(&sent.at), sent.step);
            let (Some(step), Some(action)) = (step, model().action(&sent.call)) else { continue };
            let expect = expectation(&step, self.dialect);
            let succeeded = sent.code.is_none() && sent.status.is_some_and(|status| (200..300).contains(&status));
            if succeeded && (expect.given || case.action.as_ref() == Some(&action.name)) {
                self.actions.insert(action.name.clone());
            }
            // Of a user with a key of its own: the account itself may everything.
            if succeeded && step.principal.is_some() {
                self.allowed.insert(action.name.clone());
            }
            // Most cases take a denial under any code, since its code is a rule of its own.
            let awaited = |code: &&String| expect.error.contains(code) || (expect.any_error && *code == DENIED);
            if let Some(code) = sent.code.as_ref().filter(awaited) {
                self.errors.insert(format!("{}.{code}", action.name));
                if step.principal.is_some() && code == DENIED {
                    self.denied.insert(action.name.clone());
                }
            }
            if let Some(result) = &sent.result {
                let mut paths = BTreeSet::new();
                seen(result, String::new(), &mut paths);
                self.elements.extend(paths.iter().map(|path| format!("{}.{path}", action.name)));
                let mut wanted = BTreeMap::new();
                if let Some(node) = &expect.result {
                    named(node, String::new(), &mut wanted);
                }
                for (path, absent) in wanted {
                    let name = format!("{}.{path}", action.name);
                    if absent {
                        self.reasons.insert(name, format!("must be absent, says {}", case.id));
                    } else {
                        self.expected.insert(name);
                    }
                }
            }
            for (name, value) in &sent.params {
                if looked_at(case, record, sent, name, value, self.dialect) {
                    let name = name.split('.').next().unwrap_or(name);
                    self.parameters.insert(format!("{}.{name}", action.name));
                }
            }
        }
        true
    }
}

impl Reached {
    /// Notes the errors that a skipped case would have provoked, with the reason to skip it.
    fn skipped(&mut self, record: &CaseRecord, case: &Case) {
        for step in case.rows_on(self.dialect).into_iter().flat_map(|row| case.steps_in(row)) {
            for code in &expectation(&step, self.dialect).error {
                let reason = format!("{} is skipped: {}", case.id, record.verdict.reason);
                self.reasons.entry(format!("{}.{code}", step.call)).or_insert(reason);
            }
        }
    }
}

/// Paths of a result tree, lists marked `[]`.
fn seen(value: &Value, path: String, paths: &mut BTreeSet<String>) {
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                paths.insert(path.clone());
                seen(member, path, paths);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| seen(item, format!("{path}[]"), paths)),
        _ => {}
    }
}

/// Paths that an expectation names, and whether it says that nothing may be there.
fn named(node: &Node, path: String, paths: &mut BTreeMap<String, bool>) {
    let below = |name: &str| if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
    match &node.check {
        Check::Members(members) => {
            for (name, node) in members {
                let path = below(name);
                paths.insert(path.clone(), says_absent(node));
                named(node, path, paths);
            }
        }
        Check::Items(nodes) | Check::Ordered(nodes) | Check::Includes(nodes) | Check::Excludes(nodes) => {
            nodes.iter().for_each(|node| named(node, format!("{path}[]"), paths));
        }
        Check::All(nodes) => nodes.iter().for_each(|node| named(node, path.clone(), paths)),
        Check::Optional(node) | Check::Charged(_, node) => named(node, path, paths),
        Check::Sorted(member) if !member.is_empty() => {
            paths.insert(format!("{path}[].{member}"), false);
        }
        _ => {}
    }
}

fn says_absent(node: &Node) -> bool {
    match &node.check {
        Check::Charged(_, node) => says_absent(node),
        check => matches!(check, Check::Absent),
    }
}

/// Whether a case looks at what a parameter does: its own step says what must come back (a result or an error), or a later step of
/// the trial that says so sends or expects the same value.
fn looked_at(case: &Case, record: &CaseRecord, sent: &StepRecord, name: &str, value: &str, dialect: DialectId) -> bool {
    let row = case.row_at(&sent.at);
    let says = |i: usize| {
        case.step_in(row, i).is_some_and(|s| {
            let expect = expectation(&s, dialect);
            expect.given && !expect.any && (expect.result.is_some() || !expect.error.is_empty() || expect.any_error)
        })
    };
    if says(sent.step) {
        return true;
    }
    let step = case.step_in(row, sent.step);
    let template = step.as_ref().and_then(|s| s.with.iter().find(|(n, _)| n == name)).map(|(_, v)| v);
    let later: BTreeSet<usize> = record.steps.iter().map(|s| s.step).filter(|i| *i > sent.step && says(*i)).collect();
    later.into_iter().any(|i| {
        let sends = record.steps.iter().any(|s| s.step == i && s.params.iter().any(|(_, v)| v == value));
        let expects = template.is_some_and(|template| {
            case.step_in(row, i).is_some_and(|s| expectation(&s, dialect).result.as_ref().is_some_and(|node| mentions(node, template)))
        });
        sends || expects
    })
}

/// Whether an expected tree has that value, or text with it (a template, not yet bound).
fn mentions(node: &Node, value: &Value) -> bool {
    let text = |t: &String| value.as_str().is_some_and(|value| t.contains(value));
    let scalar = |v: &Value| v == value || matches!(v, Value::String(t) if text(t));
    match &node.check {
        Check::Equals(v) | Check::Not(v) => scalar(v),
        Check::OneOf(values) => values.iter().any(scalar),
        Check::Members(members) => members.iter().any(|(_, node)| mentions(node, value)),
        Check::Items(nodes) | Check::Ordered(nodes) | Check::Includes(nodes) | Check::Excludes(nodes) | Check::All(nodes) => {
            nodes.iter().any(|node| mentions(node, value))
        }
        Check::Optional(node) | Check::Charged(_, node) => mentions(node, value),
        Check::Matches(t) | Check::Near(t) | Check::SameJson(t) | Check::SamePem(t) | Check::Count(t) => text(t),
        Check::Present | Check::Absent | Check::AbsentOrEmpty | Check::Sorted(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde_json::json;

    use super::*;
    use crate::report::samples;
    use crate::verdict::Loc;

    fn node(check: Check) -> Node {
        Node { check, loc: Loc::default() }
    }

    fn step(call: &str, with: &[(&str, &str)], expect: Expect) -> Step {
        Step {
            call: call.into(),
            with: with.iter().map(|(n, v)| ((*n).into(), json!(v))).collect(),
            unknown_parameters: false,
            save: Vec::new(),
            principal: None,
            auth: None,
            raw: None,
            repeat: None,
            pages: None,
            expect,
            on: BTreeMap::new(),
            loc: Loc::default(),
        }
    }

    /// CreateUser with a path, GetUser that expects it, DeleteUser of a name that nobody has.
    fn sample() -> (CaseRecord, Case) {
        let path = node(Check::Members(vec![("Path".into(), node(Check::Equals(json!("/a/"))))]));
        let result = node(Check::Members(vec![("User".into(), path)]));
        let looks = Expect { given: true, result: Some(result), ..Expect::default() };
        let refused = Expect { given: true, error: vec!["NoSuchEntity".into()], ..Expect::default() };
        let case = Case {
            id: "users/CreateUser/path".into(),
            family: "users".into(),
            action: Some("CreateUser".into()),
            title: String::new(),
            requirements: Vec::new(),
            tags: Vec::new(),
            requires: Vec::new(),
            dialects: DialectId::ALL.to_vec(),
            serial: false,
            rows: Vec::new(),
            steps: vec![
                step("CreateUser", &[("UserName", "${user}"), ("Path", "/a/"), ("Tags.member.1.Key", "k")], Expect::default()),
                step("GetUser", &[("UserName", "${user}")], looks),
                step("DeleteUser", &[("UserName", "${nobody}")], refused),
            ],
            loc: Loc::default(),
        };
        let mut record = samples::pass();
        let sent = |i: usize, call: &str, params: &[(&str, &str)]| {
            let mut s = samples::pass().steps.remove(0);
            (s.step, s.call) = (i, call.into());
            s.params = params.iter().map(|(n, v)| ((*n).into(), (*v).into())).collect();
            s
        };
        record.steps = vec![
            sent(0, "CreateUser", &[("UserName", "u"), ("Path", "/a/"), ("Tags.member.1.Key", "k")]),
            sent(1, "GetUser", &[("UserName", "u")]),
            sent(2, "DeleteUser", &[("UserName", "n")]),
        ];
        record.steps[1].result = Some(json!({ "User": { "Path": "/a/", "Tags": [{ "Key": "k" }] } }));
        (record.steps[2].status, record.steps[2].code) = (Some(404), Some("NoSuchEntity".into()));
        (record, case)
    }

    fn list(set: &BTreeSet<String>) -> Vec<&str> {
        set.iter().map(String::as_str).collect()
    }

    #[test]
    fn a_trial_that_passed_reaches_what_it_did() {
        let (record, case) = sample();
        let mut reached = Reached::new(DialectId::Aws);
        assert!(reached.take(&record, &case));
        assert_eq!(list(&reached.actions), ["CreateUser", "GetUser"]);
        assert_eq!(list(&reached.errors), ["DeleteUser.NoSuchEntity"]);
        // No step looks at the tag.
        assert_eq!(list(&reached.parameters), ["CreateUser.Path", "CreateUser.UserName", "DeleteUser.UserName", "GetUser.UserName"]);
        assert_eq!(list(&reached.elements), ["GetUser.User", "GetUser.User.Path", "GetUser.User.Tags", "GetUser.User.Tags[].Key"]);
        assert_eq!(list(&reached.expected), ["GetUser.User", "GetUser.User.Path"]);
    }

    #[test]
    fn what_a_user_may_and_may_not_is_told_from_what_the_account_may() {
        let (mut record, mut case) = sample();
        case.steps[2].expect.error = vec!["AccessDenied".into()];
        record.steps[2].code = Some("AccessDenied".into());
        let mut reached = Reached::new(DialectId::Aws);
        reached.take(&record, &case);
        assert!(reached.allowed.is_empty() && reached.denied.is_empty(), "the account itself called");
        case.steps.iter_mut().for_each(|step| step.principal = Some("key".into()));
        reached.take(&record, &case);
        assert_eq!((list(&reached.allowed), list(&reached.denied)), (vec!["CreateUser", "GetUser"], vec!["DeleteUser"]));
    }

    #[test]
    fn a_trial_that_did_not_pass_reaches_nothing() {
        let (mut record, case) = sample();
        for status in [Status::Fail, Status::Skip, Status::Error, Status::Xfail] {
            record.verdict.status = status;
            let mut reached = Reached::new(DialectId::Aws);
            assert!(!reached.take(&record, &case) && reached.actions.is_empty());
        }
    }

    #[test]
    fn what_must_be_absent_and_what_was_skipped_have_a_reason() {
        let (mut record, mut case) = sample();
        let absent = node(Check::Members(vec![("PasswordLastUsed".into(), node(Check::Absent))]));
        case.steps[1].expect.result = Some(node(Check::Members(vec![("User".into(), absent)])));
        let mut reached = Reached::new(DialectId::Aws);
        reached.take(&record, &case);
        assert_eq!(reached.reasons["GetUser.User.PasswordLastUsed"], "must be absent, says users/CreateUser/path");
        (record.verdict.status, record.verdict.reason) = (Status::Skip, "no quota".into());
        reached.take(&record, &case);
        assert_eq!(reached.reasons["DeleteUser.NoSuchEntity"], "users/CreateUser/path is skipped: no quota");
    }

    #[test]
    fn another_error_than_the_expected_one_is_not_reached() {
        let (mut record, case) = sample();
        record.steps[2].code = Some("ServiceFailure".into());
        let mut reached = Reached::new(DialectId::Aws);
        reached.take(&record, &case);
        assert!(reached.errors.is_empty());
    }
}
