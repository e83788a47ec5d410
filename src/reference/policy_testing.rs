//! An account to call, for the unit tests of policies and permissions.

use serde_json::{Map, Value};

use super::state::{AccessKey, User, fold};
use super::{Account, Faults, Ids, Principal, Settings};
use crate::api::{DialectId, Req};
use crate::dialect::{ApiError, Call, Outcome};

/// Allows what reads users.
pub(super) const DOCUMENT: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"iam:GetUser","Resource":"*"}]}"#;

pub(super) struct World {
    pub(super) account: Account,
    pub(super) caller: Principal,
    pub(super) now: i64,
    pub(super) faults: Faults,
    ids: Ids,
}

impl World {
    pub(super) fn new(dialect: DialectId) -> World {
        let account = Account::new(Settings::new(dialect));
        World { account, caller: Principal::Root, now: 1_800_000_000, faults: Faults::default(), ids: Ids::new(1) }
    }

    /// The same with one rule broken.
    pub(super) fn without(dialect: DialectId, rule: Req) -> World {
        World { faults: Faults::breaking(rule), ..World::new(dialect) }
    }

    pub(super) fn call(&mut self, action: &str, params: &[(&str, &str)]) -> Result<Map<String, Value>, ApiError> {
        let call = params.iter().fold(Call::new(action), |call, (name, value)| call.with(name, *value));
        match self.account.apply(&self.caller, &call, self.now, &mut self.ids, &self.faults) {
            Outcome::Success(tree) => Ok(tree),
            Outcome::Error(error) => Err(error),
        }
    }

    /// The answer of a call that succeeds.
    pub(super) fn ok(&mut self, action: &str, params: &[(&str, &str)]) -> Value {
        match self.call(action, params) {
            Ok(tree) => Value::Object(tree),
            Err(error) => panic!("{action} {params:?}: {error:?}"),
        }
    }

    /// Status and code, and the text, of a call that is refused.
    pub(super) fn refused(&mut self, action: &str, params: &[(&str, &str)]) -> (String, String) {
        match self.call(action, params) {
            Ok(tree) => panic!("{action} {params:?} succeeded: {tree:?}"),
            Err(error) => (format!("{} {}", error.status, error.code), error.message),
        }
    }

    /// Makes a user without asking the API.
    pub(super) fn user(&mut self, name: &str) -> Principal {
        let id = self.ids.unique_id("AIDA", self.account.settings.dialect);
        let user = User {
            id: id.clone(),
            name: name.to_owned(),
            path: "/".to_owned(),
            created: self.now,
            boundary: None,
            tags: Vec::new(),
            inline: Default::default(),
            attached: Default::default(),
            keys: Vec::<AccessKey>::new(),
        };
        self.account.users.insert(fold(name), user);
        Principal::User { id }
    }

    /// Makes a group with members without asking the API.
    pub(super) fn group(&mut self, name: &str, members: &[&Principal]) {
        let ids = members.iter().filter_map(|m| match m {
            Principal::User { id } => Some(id.clone()),
            Principal::Root => None,
        });
        let group = super::state::Group {
            id: self.ids.unique_id("AGPA", self.account.settings.dialect),
            name: name.to_owned(),
            path: "/".to_owned(),
            created: self.now,
            members: ids.collect(),
            inline: Default::default(),
            attached: Default::default(),
        };
        self.account.groups.insert(fold(name), group);
    }

    /// Makes a managed policy and gives its ARN.
    pub(super) fn policy(&mut self, name: &str, document: &str) -> String {
        let made = self.ok("CreatePolicy", &[("PolicyName", name), ("PolicyDocument", document)]);
        made["Policy"]["Arn"].as_str().expect("a policy has an ARN").to_owned()
    }
}
