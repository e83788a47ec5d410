//! The namespaces of the reference's ECS: an account each, and the rule which of them a request means. Pure, like the core.

use std::collections::BTreeMap;

use super::context::error;
use super::{Account, Faults, Settings};
use crate::api::req;
use crate::dialect::{ApiError, Request};

/// Header by which a management user names a namespace.
const HEADER: &str = "x-emc-namespace";

/// Accounts by namespace.
#[derive(Clone, Debug)]
pub struct Namespaces {
    accounts: BTreeMap<String, Account>,
}

impl Namespaces {
    /// An empty account for each of `names`, set up alike. The root key of `settings` is that of the first one; the others have none.
    pub fn new(settings: &Settings, names: &[&str]) -> Namespaces {
        let account = |(i, name): (usize, &&str)| {
            let mut account = Account::new(Settings { account: (*name).to_owned(), ..settings.clone() });
            if i > 0 {
                account.root_keys.clear();
            }
            ((*name).to_owned(), account)
        };
        Namespaces { accounts: names.iter().enumerate().map(account).collect() }
    }

    /// The account of a management user's request: the one that its header names.
    ///
    /// # Errors
    /// 404 NoSuchEntity when it names none, or one that does not exist.
    pub fn named(&mut self, request: &Request, faults: &Faults) -> Result<&mut Account, ApiError> {
        let holds = |rule| faults.broken != Some(rule);
        let fallback = self.accounts.keys().next().cloned().unwrap_or_default();
        let name = match request.header(HEADER).map(str::trim).filter(|name| !name.is_empty()) {
            Some(name) if self.accounts.contains_key(name) && holds(req::ECS__NAMESPACE_CHOSEN) => name,
            Some(name) if !self.accounts.contains_key(name) && holds(req::ECS__NAMESPACE_KNOWN) => {
                return Err(error("NoSuchEntity", format!("The namespace {name} cannot be found.")));
            }
            None if holds(req::ECS__NAMESPACE_REQUIRED) => {
                return Err(error("NoSuchEntity", format!("A management user must name a namespace in the header {HEADER}.")));
            }
            // Broken: whatever is asked for, it is the first one.
            _ => &fallback,
        };
        let missing = || error("NoSuchEntity", "There is no namespace.");
        self.accounts.get_mut(name).ok_or_else(missing)
    }

    /// The account that an access key belongs to; `None`: nobody has the key.
    pub fn of_key(&mut self, access_key_id: &str, faults: &Faults) -> Option<&mut Account> {
        let mut holders = self.accounts.values_mut();
        let has_key = |account: &&mut Account| account.root_key(access_key_id).is_some() || account.key(access_key_id).is_some();
        if faults.broken == Some(req::ECS__NAMESPACE_OF_KEY) { holders.next() } else { holders.find(has_key) }
    }

    /// Every account, by name.
    pub fn accounts(&self) -> impl Iterator<Item = (&str, &Account)> {
        self.accounts.iter().map(|(name, account)| (name.as_str(), account))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::DialectId;
    use crate::dialect::{Call, Outcome};
    use crate::reference::{Ids, Principal};

    fn request(namespace: Option<&str>) -> Request {
        let headers = namespace.map(|name| ("X-EMC-Namespace".to_owned(), name.to_owned())).into_iter().collect();
        Request { method: "POST".into(), path: "/iam".into(), query: String::new(), headers, body: Vec::new() }
    }

    fn namespaces() -> Namespaces {
        Namespaces::new(&Settings::new(DialectId::Ecs), &["ns1", "ns2"])
    }

    fn create(account: &mut Account, action: &str, name: &str) -> Outcome {
        let call = Call::new(action).with("UserName", name);
        account.apply(&Principal::Root, &call, 1_800_000_000, &mut Ids::new(account.users.len() as u64), &Faults::default())
    }

    #[test]
    fn namespaces_are_accounts_of_their_own() {
        let (mut namespaces, faults) = (namespaces(), Faults::default());
        for name in ["ns1", "ns2"] {
            let account = namespaces.named(&request(Some(name)), &faults).expect("it is there");
            let Outcome::Success(tree) = create(account, "CreateUser", "ann") else { panic!("the name is free here") };
            assert_eq!(tree["User"]["Arn"], format!("urn:ecs:iam::{name}:user/ann"));
        }
        assert_eq!(namespaces.accounts().map(|(name, account)| (name, account.users.len())).collect::<Vec<_>>(), [("ns1", 1), ("ns2", 1)]);
    }

    #[test]
    fn a_management_user_must_name_one_that_exists() {
        let mut namespaces = namespaces();
        for name in [None, Some(""), Some("ns3"), Some("NS1")] {
            let refusal = namespaces.named(&request(name), &Faults::default()).map(|_| ()).expect_err("refused");
            assert_eq!((refusal.status, refusal.code.as_str()), (404, "NoSuchEntity"));
        }
        for (rule, name) in
            [(req::ECS__NAMESPACE_REQUIRED, None), (req::ECS__NAMESPACE_KNOWN, Some("ns3")), (req::ECS__NAMESPACE_CHOSEN, Some("ns2"))]
        {
            let account = namespaces.named(&request(name), &Faults { broken: Some(rule) }).expect("let in");
            assert_eq!(account.settings.account, "ns1", "{rule:?}");
        }
    }

    #[test]
    fn a_key_acts_in_its_own_namespace() {
        let (mut namespaces, faults) = (namespaces(), Faults::default());
        let account = namespaces.named(&request(Some("ns2")), &faults).expect("it is there");
        create(account, "CreateUser", "ann");
        let Outcome::Success(tree) = create(account, "CreateAccessKey", "ann") else { panic!("a key") };
        let id = tree["AccessKey"]["AccessKeyId"].as_str().expect("an id").to_owned();
        let mut holder = |id: &str, faults: &Faults| namespaces.of_key(id, faults).map(|account| account.settings.account.clone());
        assert_eq!(holder(&id, &faults).as_deref(), Some("ns2"));
        assert_eq!(holder(&id, &Faults { broken: Some(req::ECS__NAMESPACE_OF_KEY) }).as_deref(), Some("ns1"));
        assert_eq!(holder(&Settings::new(DialectId::Ecs).root_key, &faults).as_deref(), Some("ns1"));
        assert_eq!(holder("AKIA0000000000000000", &faults), None);
    }
}
