//! The core driven through [`Account::apply`], one scenario a matter.
//!
//! A scenario notes what is wrong instead of panicking. So the same scenarios serve twice: on the unbroken reference nothing may be
//! wrong, and with any one requirement broken, something must be.

use serde_json::Value;

use super::state::{Group, User};
use super::{Account, Cx, Faults, Ids, Principal, Settings};
use crate::api::{DialectId, Kind, Req, model, req};
use crate::dialect::{Call, Outcome};

mod access_keys;
mod groups;
mod names;
mod pages;
mod parameters;
mod users;

/// An account under test and what was found wrong with it.
pub(super) struct World {
    pub dialect: DialectId,
    pub account: Account,
    /// Who sends the next calls.
    pub caller: Principal,
    /// The time of the next calls.
    pub now: i64,
    ids: Ids,
    faults: Faults,
    failures: Vec<String>,
}

type Scenario = fn(&mut World);

/// Requirement files whose rules this part of the reference keeps.
const AREAS: &[&str] = &["access-keys.toml", "groups.toml", "names.toml", "pagination.toml", "parameters.toml", "tags.toml", "users.toml"];

fn scenarios() -> impl Iterator<Item = &'static (&'static str, Scenario)> {
    [access_keys::ALL, groups::ALL, names::ALL, pages::ALL, parameters::ALL, users::ALL].into_iter().flatten()
}

impl World {
    pub fn new(dialect: DialectId, broken: Option<Req>) -> World {
        let mut settings = Settings::new(dialect);
        for (limit, most) in [("users", 12), ("groups", 12), ("access-keys-per-user", 2), ("groups-per-user", 3), ("page", 4)] {
            settings.limits.insert(limit.into(), most);
        }
        World {
            dialect,
            account: Account::new(settings),
            caller: Principal::Root,
            now: 1_800_000_000,
            ids: Ids::new(7),
            faults: Faults::from(broken),
            failures: Vec::new(),
        }
    }

    pub fn has_paths(&self) -> bool {
        self.dialect != DialectId::Ecs
    }

    pub fn has_tags(&self) -> bool {
        self.dialect != DialectId::Eim
    }

    pub fn send(&mut self, call: &Call) -> Outcome {
        self.account.apply(&self.caller, call, self.now, &mut self.ids, &self.faults)
    }

    /// What the core does inside a call.
    pub fn with_cx<T>(&mut self, f: impl FnOnce(&Account, &Cx<'_>) -> T) -> T {
        let cx = Cx { caller: &self.caller, now: self.now, ids: &mut self.ids, faults: &self.faults, dialect: self.dialect };
        f(&self.account, &cx)
    }

    /// Changes a user beneath the API; it must be there.
    pub fn edit_user(&mut self, key: &str, edit: impl FnOnce(&mut User)) {
        match self.account.users.get_mut(key) {
            Some(user) => edit(user),
            None => self.failures.push(format!("no user {key}")),
        }
    }

    /// The same for a group.
    pub fn edit_group(&mut self, key: &str, edit: impl FnOnce(&mut Group)) {
        match self.account.groups.get_mut(key) {
            Some(group) => edit(group),
            None => self.failures.push(format!("no group {key}")),
        }
    }

    /// Lets a user send the next calls, and lets it do everything.
    pub fn act_as(&mut self, key: &str) {
        let document = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}"#;
        let mut id = String::new();
        self.edit_user(key, |user| {
            user.inline.insert("everything".into(), document.into());
            id.clone_from(&user.id);
        });
        self.caller = Principal::User { id };
    }

    /// A call that must be refused, with whatever code.
    pub fn refused_somehow(&mut self, action: &str, params: &[(&str, &str)]) {
        let outcome = self.send(&call(action, params));
        self.that(&format!("{action} {params:?} is refused"), matches!(outcome, Outcome::Error(_)));
    }

    /// A call that must succeed; its result, or null.
    pub fn ok(&mut self, action: &str, params: &[(&str, &str)]) -> Value {
        match self.send(&call(action, params)) {
            Outcome::Success(result) => Value::Object(result),
            Outcome::Error(e) => {
                self.failures.push(format!("{action} {params:?}: {} {}: {}", e.status, e.code, e.message));
                Value::Null
            }
        }
    }

    /// A call that must be refused with that code and the code's status; the message, or an empty one.
    pub fn refused(&mut self, code: &str, action: &str, params: &[(&str, &str)]) -> String {
        self.refused_call(code, &call(action, params))
    }

    pub fn refused_call(&mut self, code: &str, call: &Call) -> String {
        match self.send(call) {
            Outcome::Error(e) if e.code == code && Some(e.status) == model().status_of(code) => e.message,
            other => {
                self.failures.push(format!("{call:?}: {code} expected, got {other:?}"));
                String::new()
            }
        }
    }

    pub fn same(&mut self, what: &str, actual: impl Into<Value>, expected: impl Into<Value>) {
        let (actual, expected) = (actual.into(), expected.into());
        if actual != expected {
            self.failures.push(format!("{what}: {actual}, not {expected}"));
        }
    }

    pub fn that(&mut self, what: &str, holds: bool) {
        if !holds {
            self.failures.push(format!("not so: {what}"));
        }
    }

    /// Values of a member of each item of a list.
    pub fn each(list: &Value, member: &str) -> Vec<Value> {
        list.as_array().map(|items| items.iter().map(|item| item[member].clone()).collect()).unwrap_or_default()
    }
}

pub(super) fn call(action: &str, params: &[(&str, &str)]) -> Call {
    params.iter().fold(Call::new(action), |call, (name, value)| call.with(name, *value))
}

fn failures(scenario: Scenario, dialect: DialectId, broken: Option<Req>) -> Vec<String> {
    let mut world = World::new(dialect, broken);
    scenario(&mut world);
    world.failures
}

#[test]
fn the_reference_keeps_its_rules() {
    for (name, scenario) in scenarios() {
        for dialect in DialectId::ALL {
            assert_eq!(failures(*scenario, dialect, None), [""; 0], "{name} on {dialect}");
        }
    }
}

/// The rules that can be broken, of the files that are kept here.
fn breakable() -> impl Iterator<Item = Req> {
    let here = |id: &str| {
        let line = format!("id = \"{id}\"\n");
        req::FILES.iter().any(|(file, text)| AREAS.contains(file) && text.contains(&line))
    };
    let rules = req::IDS.iter().filter(move |id| here(id)).filter_map(|id| Req::find(id));
    rules.filter(|rule| matches!(rule.get().kind, Kind::Enforced | Kind::Invariant))
}

#[test]
fn every_broken_rule_is_noticed_where_it_exists_and_only_there() {
    let mut wrong = Vec::new();
    for rule in breakable() {
        for dialect in DialectId::ALL {
            let noticed = scenarios().any(|(_, scenario)| !failures(*scenario, dialect, Some(rule)).is_empty());
            if noticed != rule.get().dialects.contains(&dialect) {
                wrong.push(format!("{rule:?} broken on {dialect}: noticed: {noticed}"));
            }
        }
    }
    assert_eq!(wrong, [""; 0]);
}

#[test]
fn every_action_of_the_model_is_carried_out() {
    let document = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"iam:GetUser","Resource":"*"}}"#;
    for action in &model().actions {
        let mut world = World::new(DialectId::Aws, None);
        let mut call = Call::new(&action.name);
        for parameter in &action.parameters {
            let value = match parameter.name.as_str() {
                "PolicyArn" | "PermissionsBoundary" => "arn:aws:iam::123456789012:policy/p",
                "PolicyDocument" => document,
                "Status" => "Active",
                "Scope" => "All",
                "PolicyUsageFilter" => "PermissionsPolicy",
                "OnlyAttached" | "SetAsDefault" => "true",
                "MaxItems" => "10",
                "VersionId" => "v1",
                "AccessKeyId" => "AKIAAAAAAAAAAAAAAAAA",
                "Path" | "NewPath" | "PathPrefix" => "/",
                "Marker" | "Tags" => continue,
                _ => "name",
            };
            call = call.with(&parameter.name, value);
        }
        match world.send(&call) {
            Outcome::Success(_) => {}
            Outcome::Error(e) => assert!(
                !["InvalidAction", "ValidationError", "MalformedInput", "ServiceFailure", "InternalFailure"].contains(&e.code.as_str()),
                "{}: {e:?}",
                action.name
            ),
        }
    }
}

#[test]
fn the_same_seed_and_clock_give_the_same_outcomes() {
    let run = || {
        let mut world = World::new(DialectId::Aws, None);
        let mut seen = Vec::new();
        for (action, params) in [
            ("CreateUser", &[("UserName", "a")][..]),
            ("CreateGroup", &[("GroupName", "g")]),
            ("CreateAccessKey", &[("UserName", "a")]),
            ("ListUsers", &[("MaxItems", "1")]),
            ("GetUser", &[]),
        ] {
            seen.push(world.send(&call(action, params)));
        }
        seen
    };
    assert_eq!(run(), run());
}

#[test]
fn any_call_is_answered() {
    arbtest::arbtest(|u| {
        let dialect = *u.choose(&DialectId::ALL)?;
        let broken = if u.ratio(1, 2)? { Some(Req(u.choose_index(req::IDS.len())? as u16)) } else { None };
        let mut world = World::new(dialect, broken);
        for _ in 0..u.int_in_range(1..=12)? {
            let action = u.choose(&model().actions)?;
            let mut call = Call::new(&action.name);
            for parameter in &action.parameters {
                let value =
                    *u.choose(&["", "/", "/a/", "a", "A", "b", "1", "-1", "é", "Active", "true", "arn:aws:iam::123456789012:policy/a"])?;
                if u.ratio(3, 4)? {
                    call = call.with(&parameter.name, value);
                }
            }
            if u.ratio(1, 4)? {
                call = call.with("Tags.member.1.Key", "k").with("Tags.member.4294967295.Value", "v");
            }
            world.send(&call);
        }
        Ok(())
    });
}
