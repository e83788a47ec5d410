//! What a call reached, for coverage.

use super::{Answers, Work, fnv};
use crate::case::Step;
use crate::dialect::Outcome;
use crate::fuzz::compare::label;
use crate::reference::Account;
use crate::reference::state::fold;
use serde_json::Value;

impl Work<'_> {
    /// Takes note of an answer.
    pub(super) fn reach(&mut self, step: &Step, answers: &Answers) {
        let coverage = &mut self.coverage;
        *coverage.actions.entry(step.call.clone()).or_default() += 1;
        let mut answer = format!("{} {}", step.call, label(&answers.observed));
        match &answers.observed {
            Outcome::Success(tree) => {
                let mut paths = std::collections::BTreeSet::new();
                tree.iter().for_each(|(name, value)| walk(name, value, &mut paths));
                let joined: String = paths.into_iter().collect();
                answer.push_str(&format!(" {:04x}", fnv(joined.as_bytes()) & 0xffff));
            }
            Outcome::Error(error) => *coverage.codes.entry(format!("{} {}", step.call, error.code)).or_default() += 1,
        }
        coverage.answers.insert(answer);
        if !matches!(answers.observed, Outcome::Success(_)) {
            return;
        }
        let now = self.model.account();
        for (kind, parameter) in
            [("user", "UserName"), ("group", "GroupName"), ("policy", "PolicyArn"), ("certificate", "ServerCertificateName")]
        {
            let Some(name) = answers.call.param(parameter) else { continue };
            let thing = format!("{kind} {}", fold(name));
            if let Some(before) = self.last.insert(thing, step.call.clone()) {
                coverage.pairs.insert(format!("{before} > {}", step.call));
            }
            if let Some(before) = &answers.before {
                let (old, new) = (state(before.account(), kind, name), state(now, kind, name));
                if old != new {
                    coverage.transitions.insert(format!("{kind}: {old} > {new}"));
                }
            }
        }
    }
}

fn walk(path: &str, value: &Value, paths: &mut std::collections::BTreeSet<String>) {
    match value {
        Value::Object(members) => members.iter().for_each(|(name, value)| walk(&format!("{path}.{name}"), value, paths)),
        Value::Array(items) if items.is_empty() => {
            paths.insert(format!("{path}[] none "));
        }
        Value::Array(items) => items.iter().for_each(|value| walk(&format!("{path}[]"), value, paths)),
        _ => {
            paths.insert(format!("{path} "));
        }
    }
}

/// The state of a thing in words: what hangs on it.
fn state(account: &Account, kind: &str, name: &str) -> String {
    let key = fold(name);
    let parts: Vec<(&str, bool)> = match kind {
        "user" => match account.users.get(&key) {
            None => return "absent".into(),
            Some(u) => vec![
                ("key", !u.keys.is_empty()),
                ("inline", !u.inline.is_empty()),
                ("attached", !u.attached.is_empty()),
                ("member", account.groups_of(&u.id).next().is_some()),
                ("boundary", u.boundary.is_some()),
            ],
        },
        "group" => match account.groups.get(&key) {
            None => return "absent".into(),
            Some(g) => vec![("inline", !g.inline.is_empty()), ("attached", !g.attached.is_empty()), ("members", !g.members.is_empty())],
        },
        "policy" => match account.policies.values().find(|p| account.arn("policy", &p.path, &p.name) == name) {
            None => return "absent".into(),
            Some(p) => vec![
                ("versions", p.versions.len() > 1),
                ("later default", p.default > 1),
                ("attached", account.attachments(name) > 0),
                ("boundary", account.boundary_uses(name) > 0),
            ],
        },
        _ => return if account.certificates.contains_key(&key) { "there".into() } else { "absent".into() },
    };
    let held: Vec<&str> = parts.into_iter().filter(|(_, held)| *held).map(|(word, _)| word).collect();
    if held.is_empty() { "empty".into() } else { held.join("+") }
}
