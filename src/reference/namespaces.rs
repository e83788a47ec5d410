//! The namespaces of the reference's ECS: an account each, and the rule which of them a request means. Pure, like the core.

use super::context::error;
use super::{Account, Faults, Settings};
use crate::api::req;
use crate::dialect::{ApiError, Request};

/// Header by which a management user names a namespace.
const HEADER: &str = "x-emc-namespace";

/// Accounts by namespace. There is always one.
#[derive(Clone, Debug)]
pub struct Namespaces {
    first: Account,
    others: Vec<Account>,
}

impl Namespaces {
    /// An empty account for each of `names`, set up alike; without names one for the account of `settings`. The root key of `settings`
    /// is that of the first one; the others have none.
    pub fn new(settings: &Settings, names: &[String]) -> Namespaces {
        let account = |name: &String| Account::new(Settings { account: name.clone(), ..settings.clone() });
        let first = names.first().map_or_else(|| Account::new(settings.clone()), account);
        let mut others: Vec<Account> = Vec::new();
        for name in names.iter().skip(1) {
            if *name != first.settings.account && others.iter().all(|other| other.settings.account != *name) {
                others.push(Account { root_keys: Vec::new(), ..account(name) });
            }
        }
        Namespaces { first, others }
    }

    /// Every account, in the order of the names.
    pub fn accounts(&self) -> impl Iterator<Item = &Account> {
        std::iter::once(&self.first).chain(&self.others)
    }

    /// The account of a namespace; the first one where there is none of that name.
    pub fn account(&mut self, name: &str) -> &mut Account {
        self.others.iter_mut().find(|account| account.settings.account == name).unwrap_or(&mut self.first)
    }

    /// The namespace that a management user's request means: the one that its header names.
    ///
    /// # Errors
    /// 404 NoSuchEntity when it names none, or one that does not exist.
    pub fn named<'a>(&'a self, request: &'a Request, faults: &Faults) -> Result<&'a str, ApiError> {
        let Some(name) = request.header(HEADER).map(str::trim).filter(|name| !name.is_empty()) else {
            let refusal = || error("NoSuchEntity", format!("A management user must name a namespace in the header {HEADER}."));
            return if faults.holds(req::ECS__NAMESPACE_REQUIRED) { Err(refusal()) } else { Ok(&self.first.settings.account) };
        };
        if self.names().any(|known| known == name) {
            return Ok(if faults.holds(req::ECS__NAMESPACE_CHOSEN) { name } else { self.other_than(name) });
        }
        let refusal = || error("NoSuchEntity", format!("The namespace {name} cannot be found."));
        if faults.holds(req::ECS__NAMESPACE_KNOWN) { Err(refusal()) } else { Ok(&self.first.settings.account) }
    }

    /// The namespace that an access key belongs to; `None`: nobody has the key.
    pub fn of_key(&self, access_key_id: &str, faults: &Faults) -> Option<&str> {
        let holder = self.accounts().find(|account| account.any_key(access_key_id).is_some())?;
        let name = &holder.settings.account;
        Some(if faults.holds(req::ECS__NAMESPACE_OF_KEY) { name } else { self.other_than(name) })
    }

    fn names(&self) -> impl Iterator<Item = &str> {
        self.accounts().map(|account| account.settings.account.as_str())
    }

    /// Where a call ends up that goes astray on purpose.
    fn other_than(&self, name: &str) -> &str {
        self.names().find(|other| *other != name).unwrap_or(&self.first.settings.account)
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
        Namespaces::new(&Settings::new(DialectId::Ecs), &["ns1", "ns2", "ns1"].map(String::from))
    }

    fn create(account: &mut Account, action: &str, name: &str) -> Outcome {
        let call = Call::new(action).with("UserName", name);
        account.apply(&Principal::Root, &call, 1_800_000_000, &mut Ids::new(account.users.len() as u64), &Faults::default())
    }

    #[test]
    fn namespaces_are_accounts_of_their_own() {
        let (mut namespaces, faults) = (namespaces(), Faults::default());
        for name in ["ns1", "ns2"] {
            let request = request(Some(name));
            let chosen = namespaces.named(&request, &faults).expect("it is there").to_owned();
            let Outcome::Success(tree) = create(namespaces.account(&chosen), "CreateUser", "ann") else { panic!("the name is free here") };
            assert_eq!(tree["User"]["Arn"], format!("urn:ecs:iam::{name}:user/ann"));
        }
        let accounts = namespaces.accounts().map(|account| (account.settings.account.as_str(), account.users.len()));
        assert_eq!(accounts.collect::<Vec<_>>(), [("ns1", 1), ("ns2", 1)]);
        let alone = Namespaces::new(&Settings::new(DialectId::Ecs), &[]);
        assert_eq!(alone.names().collect::<Vec<_>>(), ["ns1"]);
    }

    #[test]
    fn a_management_user_must_name_one_that_exists() {
        let namespaces = namespaces();
        for name in [None, Some(""), Some("ns3"), Some("NS1")] {
            let request = request(name);
            let refusal = namespaces.named(&request, &Faults::default()).expect_err("refused");
            assert_eq!((refusal.status, refusal.code.as_str()), (404, "NoSuchEntity"));
        }
        for (rule, name, chosen) in [
            (req::ECS__NAMESPACE_REQUIRED, None, "ns1"),
            (req::ECS__NAMESPACE_KNOWN, Some("ns3"), "ns1"),
            (req::ECS__NAMESPACE_CHOSEN, Some("ns2"), "ns1"),
            (req::ECS__NAMESPACE_CHOSEN, Some("ns1"), "ns2"),
        ] {
            assert_eq!(namespaces.named(&request(name), &Faults::breaking(rule)), Ok(chosen), "{rule:?}");
        }
    }

    #[test]
    fn a_key_acts_in_its_own_namespace() {
        let (mut namespaces, faults) = (namespaces(), Faults::default());
        let account = namespaces.account("ns2");
        create(account, "CreateUser", "ann");
        let Outcome::Success(tree) = create(account, "CreateAccessKey", "ann") else { panic!("a key") };
        let id = tree["AccessKey"]["AccessKeyId"].as_str().expect("an id").to_owned();
        assert_eq!(namespaces.of_key(&id, &faults), Some("ns2"));
        assert_eq!(namespaces.of_key(&id, &Faults::breaking(req::ECS__NAMESPACE_OF_KEY)), Some("ns1"));
        assert_eq!(namespaces.of_key(&Settings::new(DialectId::Ecs).root_key, &faults), Some("ns1"));
        assert_eq!(namespaces.of_key("AKIA0000000000000000", &faults), None);
    }
}
