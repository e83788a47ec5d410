//! What an account holds.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::context::{Principal, iso_date};
use crate::api::{DialectId, model};

/// How an account is set up.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// Whose rules apply.
    pub dialect: DialectId,
    /// Account number, or on ecs the namespace.
    pub account: String,
    /// SigV4 region.
    pub region: String,
    /// SigV4 services that are accepted.
    pub services: Vec<String>,
    /// Access key id of the account itself.
    pub root_key: String,
    /// Its secret.
    pub root_secret: String,
    /// Limits that replace the dialect's, by the names of model.toml.
    pub limits: BTreeMap<String, u64>,
    /// Seconds by which the account's own clock runs ahead with every change, so that no two things are made at the same time; 0: it
    /// shows the time.
    pub tick: i64,
}

impl Settings {
    /// Defaults of a dialect, with made-up credentials that a server replaces.
    pub fn new(dialect: DialectId) -> Settings {
        Settings {
            dialect,
            account: if dialect == DialectId::Ecs { "ns1".into() } else { "123456789012".into() },
            region: if dialect == DialectId::Eim { "eu-west-2".into() } else { "us-east-1".into() },
            services: if dialect == DialectId::Eim { vec!["eim".into(), "iam".into()] } else { vec!["iam".into()] },
            root_key: "AKIAIAMSPECREFERENCE".into(),
            root_secret: "0nly/for+loopback/and+the+reference+0000".into(),
            limits: BTreeMap::new(),
            tick: 0,
        }
    }
}

/// The state of one account (on ecs: namespace).
#[derive(Clone, Debug, PartialEq)]
pub struct Account {
    /// Set-up.
    pub settings: Settings,
    /// Users by folded name: names ignore case, and lists sort so.
    pub users: BTreeMap<String, User>,
    /// Groups by folded name.
    pub groups: BTreeMap<String, Group>,
    /// Managed policies by folded name.
    pub policies: BTreeMap<String, Policy>,
    /// Server certificates by folded name.
    pub certificates: BTreeMap<String, Certificate>,
    /// Access keys of the account itself, oldest first; the first one is that of the settings.
    pub root_keys: Vec<AccessKey>,
    /// When the account was made, seconds since 1970.
    pub created: i64,
    /// Seconds by which its clock is ahead of the time; see [`Settings::tick`].
    pub ahead: i64,
    /// What a renamed user or group was called before, by its id: what answers show where a rename is broken on purpose.
    pub former: BTreeMap<String, Former>,
    /// Key of the markers' check sum, so that foreign markers are refused.
    pub marker_seed: u64,
}

/// A name and ARN before a rename.
#[derive(Clone, Debug, PartialEq)]
pub struct Former {
    /// As it was stored.
    pub name: String,
    /// As it was answered.
    pub arn: String,
}

/// 2020-01-01T00:00:00Z: accounts are older than what is in them.
const ACCOUNT_CREATED: i64 = 1_577_836_800;

/// A name without regard to case.
pub fn fold(name: &str) -> String {
    name.to_lowercase()
}

/// A user.
#[derive(Clone, Debug, PartialEq)]
pub struct User {
    /// `UserId`.
    pub id: String,
    /// As given.
    pub name: String,
    /// Path.
    pub path: String,
    /// Seconds since 1970.
    pub created: i64,
    /// ARN of the permissions boundary.
    pub boundary: Option<String>,
    /// Tags in order.
    pub tags: Vec<(String, String)>,
    /// Inline documents by name.
    pub inline: BTreeMap<String, String>,
    /// ARNs of attached managed policies, the account's own and the provider's.
    pub attached: BTreeSet<String>,
    /// Access keys, oldest first.
    pub keys: Vec<AccessKey>,
}

/// An access key.
#[derive(Clone, Debug, PartialEq)]
pub struct AccessKey {
    /// `AccessKeyId`.
    pub id: String,
    /// Secret.
    pub secret: String,
    /// Active or not.
    pub active: bool,
    /// Seconds since 1970.
    pub created: i64,
}

/// A group.
#[derive(Clone, Debug, PartialEq)]
pub struct Group {
    /// `GroupId`.
    pub id: String,
    /// As given.
    pub name: String,
    /// Path.
    pub path: String,
    /// Seconds since 1970.
    pub created: i64,
    /// `UserId`s of its members.
    pub members: BTreeSet<String>,
    /// Inline documents by name.
    pub inline: BTreeMap<String, String>,
    /// ARNs of attached managed policies, the account's own and the provider's.
    pub attached: BTreeSet<String>,
}

/// A managed policy.
#[derive(Clone, Debug, PartialEq)]
pub struct Policy {
    /// `PolicyId`.
    pub id: String,
    /// As given.
    pub name: String,
    /// Path.
    pub path: String,
    /// Description; none when not given.
    pub description: Option<String>,
    /// Tags in order.
    pub tags: Vec<(String, String)>,
    /// Seconds since 1970.
    pub created: i64,
    /// Seconds since 1970.
    pub updated: i64,
    /// Versions, oldest first.
    pub versions: Vec<PolicyVersion>,
    /// Number of the default version.
    pub default: u32,
    /// Number of the next version: numbers only rise.
    pub next: u32,
}

/// A version of a managed policy.
#[derive(Clone, Debug, PartialEq)]
pub struct PolicyVersion {
    /// `v1` is 1.
    pub number: u32,
    /// The document as sent.
    pub document: String,
    /// Seconds since 1970.
    pub created: i64,
}

/// A server certificate.
#[derive(Clone, Debug, PartialEq)]
pub struct Certificate {
    /// `ServerCertificateId`.
    pub id: String,
    /// As given.
    pub name: String,
    /// Path.
    pub path: String,
    /// PEM of the certificate.
    pub body: String,
    /// PEM of the chain.
    pub chain: Option<String>,
    /// notAfter, seconds since 1970.
    pub expiration: i64,
    /// Seconds since 1970.
    pub uploaded: i64,
    /// Tags in order.
    pub tags: Vec<(String, String)>,
}

impl Account {
    /// An empty account.
    pub fn new(settings: Settings) -> Account {
        let root_key =
            AccessKey { id: settings.root_key.clone(), secret: settings.root_secret.clone(), active: true, created: ACCOUNT_CREATED };
        Account {
            settings,
            users: BTreeMap::new(),
            groups: BTreeMap::new(),
            policies: BTreeMap::new(),
            certificates: BTreeMap::new(),
            root_keys: vec![root_key],
            created: ACCOUNT_CREATED,
            ahead: 0,
            former: BTreeMap::new(),
            marker_seed: 0x1a35_bec5,
        }
    }

    /// A limit: the account's own, else the dialect's, else AWS's (for what the dialect leaves open).
    pub fn limit(&self, name: &str) -> u64 {
        let m = model();
        self.settings
            .limits
            .get(name)
            .copied()
            .or_else(|| m.limit(name, self.settings.dialect))
            .or_else(|| m.limit(name, DialectId::Aws))
            .unwrap_or(u64::MAX)
    }

    /// ARN of a resource: `kind` is user, group, policy or server-certificate.
    pub fn arn(&self, kind: &str, path: &str, name: &str) -> String {
        let account = &self.settings.account;
        match self.settings.dialect {
            DialectId::Ecs => format!("urn:ecs:iam::{account}:{kind}{path}{name}"),
            DialectId::Eim | DialectId::Aws => format!("arn:aws:iam::{account}:{kind}{path}{name}"),
        }
    }

    /// The user of that id.
    pub fn user_by_id(&self, id: &str) -> Option<&User> {
        self.users.values().find(|u| u.id == id)
    }

    /// The user and key of an access key id.
    pub fn key(&self, id: &str) -> Option<(&User, &AccessKey)> {
        self.users.values().find_map(|u| u.keys.iter().find(|k| k.id == id).map(|k| (u, k)))
    }

    /// The account's own key of that id.
    pub fn root_key(&self, id: &str) -> Option<&AccessKey> {
        self.root_keys.iter().find(|k| k.id == id)
    }

    /// The key of that id, the account's own or a user's.
    pub fn any_key(&self, id: &str) -> Option<&AccessKey> {
        self.root_key(id).or_else(|| self.key(id).map(|(_, key)| key))
    }

    /// Whom a key of that id acts as: its user, else the account itself.
    pub fn principal_of(&self, key_id: Option<&str>) -> Principal {
        let user = key_id.and_then(|id| self.key(id)).map(|(user, _)| user.id.clone());
        user.map_or(Principal::Root, |id| Principal::User { id })
    }

    /// Groups that a user is in, by name.
    pub fn groups_of(&self, user_id: &str) -> impl Iterator<Item = &Group> {
        self.groups.values().filter(move |g| g.members.contains(user_id))
    }

    /// How many users and groups a policy is attached to.
    pub fn attachments(&self, policy_arn: &str) -> usize {
        self.users.values().filter(|u| u.attached.contains(policy_arn)).count()
            + self.groups.values().filter(|g| g.attached.contains(policy_arn)).count()
    }

    /// How many users have a policy as their permissions boundary.
    pub fn boundary_uses(&self, policy_arn: &str) -> usize {
        self.users.values().filter(|u| u.boundary.as_deref() == Some(policy_arn)).count()
    }
}

/// Tags as the API lists them.
pub fn tags_tree(tags: &[(String, String)]) -> Value {
    Value::Array(tags.iter().map(|(k, v)| json!({ "Key": k, "Value": v })).collect())
}

/// A date as the API writes it.
pub fn date(seconds: i64) -> Value {
    Value::String(iso_date(seconds))
}
