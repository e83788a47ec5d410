//! What holds of an account after any calls, as long as no rule is broken on purpose.

use std::collections::BTreeSet;

use super::provider_policies;
use super::state::{AccessKey, Account, Policy, fold};

/// Everything that should hold of `account` and does not, one sentence each; empty: it is sound. Pure, and takes time in proportion to
/// what the account holds.
pub fn broken(account: &Account) -> Vec<String> {
    let mut look = Look { account, broken: Vec::new() };
    look.names();
    look.ids();
    look.users();
    look.groups();
    look.account.policies.values().for_each(|policy| look.policy(policy));
    look.tags();
    look.quotas();
    look.broken
}

struct Look<'a> {
    account: &'a Account,
    broken: Vec<String>,
}

impl<'a> Look<'a> {
    fn demand(&mut self, holds: bool, otherwise: impl FnOnce() -> String) {
        if !holds {
            self.broken.push(otherwise());
        }
    }

    /// Names are unique without regard to case, and paths are paths.
    fn names(&mut self) {
        let account = self.account;
        let named = (account.users.iter().map(|(key, u)| ("user", key, &u.name, &u.path)))
            .chain(account.groups.iter().map(|(key, g)| ("group", key, &g.name, &g.path)))
            .chain(account.policies.iter().map(|(key, p)| ("policy", key, &p.name, &p.path)))
            .chain(account.certificates.iter().map(|(key, c)| ("server certificate", key, &c.name, &c.path)));
        for (kind, key, name, path) in named {
            self.demand(*key == fold(name), || format!("the {kind} {name:?} is kept under {key:?}"));
            self.demand(!name.is_empty(), || format!("a {kind} has no name"));
            self.demand(path.starts_with('/') && path.ends_with('/'), || format!("the {kind} {name:?} has the path {path:?}"));
        }
    }

    /// No two things share an id, no two keys a key id.
    fn ids(&mut self) {
        let account = self.account;
        let things = (account.users.values().map(|u| &u.id))
            .chain(account.groups.values().map(|g| &g.id))
            .chain(account.policies.values().map(|p| &p.id))
            .chain(account.certificates.values().map(|c| &c.id));
        let keys = account.root_keys.iter().chain(account.users.values().flat_map(|u| &u.keys)).map(|k| &k.id);
        let mut seen = BTreeSet::new();
        for id in things.chain(keys) {
            let new = seen.insert(id);
            self.demand(new, || format!("the id {id} is given twice"));
        }
    }

    fn users(&mut self) {
        for user in self.account.users.values() {
            let who = || format!("the user {:?}", user.name);
            self.attached(who, &user.attached);
            self.documents(who, user.inline.values());
            if let Some(arn) = &user.boundary {
                self.demand(self.policy_exists(arn), || format!("the user {:?} has the boundary {arn}, which does not exist", user.name));
            }
            let in_order = |keys: &[AccessKey]| keys.windows(2).all(|pair| pair[0].created <= pair[1].created);
            self.demand(in_order(&user.keys), || format!("the keys of the user {:?} are not in the order of their making", user.name));
        }
    }

    fn groups(&mut self) {
        let ids: BTreeSet<&String> = self.account.users.values().map(|u| &u.id).collect();
        for group in self.account.groups.values() {
            let who = || format!("the group {:?}", group.name);
            self.attached(who, &group.attached);
            self.documents(who, group.inline.values());
            for member in &group.members {
                self.demand(ids.contains(member), || format!("the group {:?} has the member {member}, who does not exist", group.name));
            }
        }
    }

    fn attached(&mut self, who: impl Fn() -> String, arns: &BTreeSet<String>) {
        for arn in arns {
            self.demand(self.policy_exists(arn), || format!("{} has the policy {arn}, which does not exist", who()));
        }
    }

    fn documents(&mut self, who: impl Fn() -> String, documents: impl Iterator<Item = &'a String>) {
        for document in documents {
            self.demand(is_object(document), || format!("{} has an inline policy that is no JSON object", who()));
        }
    }

    fn policy_exists(&self, arn: &str) -> bool {
        let account = self.account;
        let own = account.policies.values().any(|p| account.arn("policy", &p.path, &p.name) == arn);
        own || provider_policies::find(account.settings.dialect, arn).is_some()
    }

    /// There is a default version, version numbers rise and are never used again, and every version is a document.
    fn policy(&mut self, policy: &Policy) {
        let name = &policy.name;
        let numbers: Vec<u32> = policy.versions.iter().map(|v| v.number).collect();
        self.demand(numbers.contains(&policy.default), || {
            format!("the policy {name:?} has the default version {}, of {numbers:?}", policy.default)
        });
        self.demand(numbers.windows(2).all(|pair| pair[0] < pair[1]), || format!("the versions of the policy {name:?} are {numbers:?}"));
        self.demand(numbers.last().is_some_and(|last| *last < policy.next), || {
            format!("the next version of the policy {name:?} would be {}, after {numbers:?}", policy.next)
        });
        let documents = policy.versions.iter().all(|v| is_object(&v.document));
        self.demand(documents, || format!("a version of the policy {name:?} is no JSON object"));
        self.demand(policy.created <= policy.updated, || format!("the policy {name:?} was changed before it was made"));
    }

    fn tags(&mut self) {
        let account = self.account;
        let tagged = (account.users.values().map(|u| ("user", &u.name, &u.tags)))
            .chain(account.policies.values().map(|p| ("policy", &p.name, &p.tags)))
            .chain(account.certificates.values().map(|c| ("server certificate", &c.name, &c.tags)));
        for (kind, name, tags) in tagged {
            let keys: BTreeSet<&String> = tags.iter().map(|(key, _)| key).collect();
            self.demand(keys.len() == tags.len(), || format!("the {kind} {name:?} has two tags of one key"));
            self.within("tags-per-resource", tags.len(), || format!("tags of the {kind} {name:?}"));
        }
    }

    fn quotas(&mut self) {
        let account = self.account;
        self.within("users", account.users.len(), || "users".into());
        self.within("groups", account.groups.len(), || "groups".into());
        self.within("policies", account.policies.len(), || "policies".into());
        self.within("server-certificates", account.certificates.len(), || "server certificates".into());
        for user in account.users.values() {
            let of = |what: &str| format!("{what} of the user {:?}", user.name);
            self.within("access-keys-per-user", user.keys.len(), || of("keys"));
            self.within("attached-policies-per-user", user.attached.len(), || of("attached policies"));
            self.within("groups-per-user", account.groups_of(&user.id).count(), || of("groups"));
        }
        for group in account.groups.values() {
            self.within("attached-policies-per-group", group.attached.len(), || format!("attached policies of the group {:?}", group.name));
        }
        for policy in account.policies.values() {
            self.within("versions-per-policy", policy.versions.len(), || format!("versions of the policy {:?}", policy.name));
        }
    }

    fn within(&mut self, limit: &str, have: usize, what: impl FnOnce() -> String) {
        let most = self.account.limit(limit);
        self.demand(have as u64 <= most, || format!("there are {have} {}, of which {most} are allowed", what()));
    }
}

fn is_object(document: &str) -> bool {
    matches!(serde_json::from_str(document), Ok(serde_json::Value::Object(_)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::{DialectId, req};
    use crate::dialect::{Call, Outcome};
    use crate::reference::{Faults, Ids, Principal, Settings};

    const DOCUMENT: &str = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"iam:GetUser","Resource":"*"}}"#;

    struct Bench {
        account: Account,
        ids: Ids,
        faults: Faults,
    }

    impl Bench {
        fn new() -> Bench {
            Bench { account: Account::new(Settings::new(DialectId::Aws)), ids: Ids::new(1), faults: Faults::default() }
        }

        fn done(&mut self, action: &str, params: &[(&str, &str)]) {
            let call = params.iter().fold(Call::new(action), |call, (name, value)| call.with(name, *value));
            let outcome = self.account.apply(&Principal::Root, &call, 1_700_000_000, &mut self.ids, &self.faults);
            assert!(matches!(outcome, Outcome::Success(_)), "{action}: {outcome:?}");
        }

        fn team(&mut self) -> String {
            self.done("CreateUser", &[("UserName", "Ann"), ("Tags.member.1.Key", "k"), ("Tags.member.1.Value", "v")]);
            self.done("CreateGroup", &[("GroupName", "g"), ("Path", "/a/")]);
            self.done("CreatePolicy", &[("PolicyName", "p"), ("PolicyDocument", DOCUMENT)]);
            let arn = self.account.arn("policy", "/", "p");
            self.done("AttachUserPolicy", &[("UserName", "ann"), ("PolicyArn", &arn)]);
            self.done("AttachGroupPolicy", &[("GroupName", "g"), ("PolicyArn", "arn:aws:iam::aws:policy/ReadOnlyAccess")]);
            self.done("AddUserToGroup", &[("GroupName", "g"), ("UserName", "ann")]);
            self.done("CreateAccessKey", &[("UserName", "ann")]);
            self.done("PutUserPolicy", &[("UserName", "ann"), ("PolicyName", "i"), ("PolicyDocument", DOCUMENT)]);
            self.done("CreatePolicyVersion", &[("PolicyArn", &arn), ("PolicyDocument", DOCUMENT), ("SetAsDefault", "true")]);
            arn
        }
    }

    #[test]
    fn an_account_is_sound_with_all_rules_and_not_without() {
        let mut bench = Bench::new();
        let arn = bench.team();
        assert_eq!(broken(&bench.account), [""; 0]);

        let mut lax = Bench { account: bench.account.clone(), ids: bench.ids.clone(), faults: Faults::default() };
        lax.faults.broken = Some(req::CREATE_ACCESS_KEY__QUOTA);
        lax.done("CreateAccessKey", &[("UserName", "ann")]);
        assert_eq!(broken(&lax.account), [""; 0]);
        lax.done("CreateAccessKey", &[("UserName", "ann")]);
        assert_eq!(broken(&lax.account), ["there are 3 keys of the user \"Ann\", of which 2 are allowed"]);
        assert!(!arn.is_empty());
    }

    #[test]
    fn each_kind_of_damage_is_seen() {
        type Damage = fn(&mut Account);
        let damages: [(&str, Damage); 12] = [
            ("kept under", |a| a.users.get_mut("ann").unwrap().name = "bob".into()),
            ("has the path", |a| a.groups.get_mut("g").unwrap().path = "/a".into()),
            ("given twice", |a| a.groups.get_mut("g").unwrap().id = a.users["ann"].id.clone()),
            ("who does not exist", |a| drop(a.users.remove("ann"))),
            ("has the policy", |a| drop(a.policies.remove("p"))),
            ("has the boundary", |a| a.users.get_mut("ann").unwrap().boundary = Some("arn:x".into())),
            ("default version", |a| a.policies.get_mut("p").unwrap().default = 9),
            ("the versions of the policy", |a| a.policies.get_mut("p").unwrap().versions.reverse()),
            ("the next version", |a| a.policies.get_mut("p").unwrap().next = 2),
            ("no JSON object", |a| a.users.get_mut("ann").unwrap().inline.values_mut().for_each(String::clear)),
            ("two tags", |a| {
                let tags = &mut a.users.get_mut("ann").unwrap().tags;
                tags.push(tags[0].clone());
            }),
            ("before it was made", |a| a.policies.get_mut("p").unwrap().created = i64::MAX),
        ];
        let mut bench = Bench::new();
        bench.team();
        for (word, damage) in damages {
            let mut account = bench.account.clone();
            damage(&mut account);
            let found = broken(&account);
            assert!(found.iter().any(|text| text.contains(word)), "{word}: {found:?}");
        }
    }
}
