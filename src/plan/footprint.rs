//! What a run would do to a target, before it does it: for `run --plan`.

use std::collections::{BTreeMap, BTreeSet};

use super::needs::steps;
use super::{AUTH_FAILURE, Disposition, Trial};
use crate::api::model;
use crate::case::model::{Case, Step};
use crate::case::template::{Expr, Template};
use crate::target::Profile;

/// An estimate, from the steps of the cases alone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Footprint {
    /// Trials that would run.
    pub run: usize,
    /// Reasons to skip, with how many trials each concerns.
    pub skipped: BTreeMap<String, usize>,
    /// Calls, cleanup included.
    pub calls: u64,
    /// Kinds of things made (`user`), with how many in all.
    pub made: BTreeMap<&'static str, u64>,
    /// The most of each kind that would be there at one time.
    pub at_once: BTreeMap<&'static str, u64>,
    /// Permissions that the main principal needs: `iam:CreateUser`.
    pub permissions: BTreeSet<String>,
    /// Authentications that would fail on purpose.
    pub auth_failures: u64,
}

/// Actions that make something that counts against a quota, with its kind.
const MAKES: [(&str, &str); 6] = [
    ("CreateUser", "user"),
    ("CreateGroup", "group"),
    ("CreatePolicy", "policy"),
    ("CreatePolicyVersion", "policy version"),
    ("CreateAccessKey", "access key"),
    ("UploadServerCertificate", "server certificate"),
];

/// What the trials would do, with `jobs` cases at a time.
pub fn footprint(trials: &[Trial<'_>], profile: &Profile, jobs: usize) -> Footprint {
    let mut sum = Footprint::default();
    let mut peaks: BTreeMap<&'static str, Vec<u64>> = BTreeMap::new();
    for trial in trials {
        if let Disposition::Skip(why) = &trial.disposition {
            *sum.skipped.entry(why.clone()).or_default() += 1;
            continue;
        }
        sum.run += 1;
        for (kind, made) in of_case(trial, profile, &mut sum) {
            peaks.entry(kind).or_default().push(made);
        }
    }
    for (kind, mut each) in peaks {
        each.sort_unstable_by(|a, b| b.cmp(a));
        sum.at_once.insert(kind, each.iter().take(jobs).sum());
    }
    sum
}

/// Adds one trial; what it makes, by kind.
fn of_case(trial: &Trial<'_>, profile: &Profile, sum: &mut Footprint) -> BTreeMap<&'static str, u64> {
    let dialect = trial.configuration.dialect;
    let rows = rows(trial.case, dialect);
    let mut made = BTreeMap::new();
    for step in steps(trial.case, dialect) {
        let times = rows * repetitions(step, profile);
        sum.calls += times;
        if step.auth.is_some() && trial.case.tags.iter().any(|t| t == AUTH_FAILURE) {
            sum.auth_failures += times;
        }
        let Some(action) = model().action(&step.call) else { continue };
        if step.principal.is_none() {
            sum.permissions.insert(format!("iam:{}", action.name));
        }
        if let Some((_, kind)) = MAKES.iter().find(|(name, _)| *name == action.name) {
            *made.entry(*kind).or_default() += times;
            *sum.made.entry(kind).or_default() += times;
        }
        if action.mutates && undoes(&action.name, &mut sum.permissions) {
            sum.calls += times;
        }
    }
    made
}

/// The Action that undoes another is needed for cleanup. Whether there is one.
fn undoes(action: &str, permissions: &mut BTreeSet<String>) -> bool {
    let pairs = [("Create", "Delete"), ("Upload", "Delete"), ("Put", "Delete"), ("Attach", "Detach"), ("Add", "Remove")];
    let Some((verb, undo)) = pairs.iter().find(|(verb, _)| action.starts_with(verb)) else { return false };
    let rest = action[verb.len()..].replace("UserToGroup", "UserFromGroup");
    permissions.insert(format!("iam:{undo}{rest}"));
    true
}

fn rows(case: &Case, dialect: crate::api::DialectId) -> u64 {
    if case.rows.is_empty() { 1 } else { case.rows.iter().filter(|r| r.dialects.contains(&dialect)).count() as u64 }
}

/// How often a step runs: its `repeat`, a second page where it follows markers, else once.
fn repetitions(step: &Step, profile: &Profile) -> u64 {
    let Some(text) = &step.repeat else { return if step.pages.is_some() { 2 } else { 1 } };
    let limit = |template: Template| match template.single() {
        Some(Expr::Limit(name, offset)) => profile.limit(name).and_then(|n| n.checked_add_signed(*offset)),
        _ => None,
    };
    text.parse().ok().or_else(|| Template::parse(text).ok().and_then(limit)).unwrap_or(1)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::super::tests::{case, step};
    use super::super::{OptIn, Place, plan};
    use super::*;
    use crate::api::DialectId;
    use crate::dialect::{Configuration, Format, Style};

    #[test]
    fn calls_things_and_permissions_are_added_up() {
        let mut big = case(vec![step("CreateUser", &[]), step("CreateAccessKey", &[]), step("GetUser", &[])]);
        big.steps[1].repeat = Some("${limit.access-keys-per-user+1}".into());
        let small = case(vec![step("CreateUser", &[]), step("AddUserToGroup", &[])]);
        let mut skipped = case(vec![]);
        skipped.dialects = vec![DialectId::Ecs];
        let (mut profile, missing) = (Profile::default(), BTreeMap::new());
        profile.limits.insert("access-keys-per-user".into(), 2);
        let place = Place { profile: &profile, loopback: true, opt_in: OptIn::default(), missing: &missing };
        let configuration = Configuration { dialect: DialectId::Aws, format: Format::Xml, style: Style::Form };
        let f = footprint(&plan(&[&big, &small, &skipped], &place, &[configuration]), &profile, 1);
        assert_eq!((f.run, f.skipped.values().sum::<usize>()), (2, 1));
        assert_eq!(f.calls, (1 + 1) + (3 + 3) + 1 + (1 + 1) + (1 + 1));
        assert_eq!((f.made["user"], f.made["access key"], f.at_once["user"]), (2, 3, 1));
        for permission in ["iam:CreateUser", "iam:DeleteUser", "iam:GetUser", "iam:DeleteAccessKey", "iam:RemoveUserFromGroup"] {
            assert!(f.permissions.contains(permission), "{permission}");
        }
    }

    #[test]
    fn every_undoing_action_is_in_the_model() {
        for action in &model().actions {
            let mut permissions = BTreeSet::new();
            undoes(&action.name, &mut permissions);
            assert!(permissions.iter().all(|p| model().action(p.trim_start_matches("iam:")).is_some()), "{permissions:?}");
        }
    }
}
