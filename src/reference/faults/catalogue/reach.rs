//! Faults that no call can show in an account of a given size: those of a page that no list ever fills.

use super::{Fault, Flaw, Wrong};
use crate::api::{Action, DialectId, model, req};
use crate::reference::{Account, Settings, provider_policies};

/// The limit that bounds each list. Of inline policies it is their size: no document is shorter than [`SHORTEST`].
const BOUNDS: [(&str, &str); 12] = [
    ("GetGroup", "users"),
    ("ListAccessKeys", "access-keys-per-user"),
    ("ListAttachedGroupPolicies", "attached-policies-per-group"),
    ("ListAttachedUserPolicies", "attached-policies-per-user"),
    ("ListGroupPolicies", "group-policy-size"),
    ("ListGroups", "groups"),
    ("ListGroupsForUser", "groups-per-user"),
    ("ListPolicies", "policies"),
    ("ListPolicyVersions", "versions-per-policy"),
    ("ListServerCertificates", "server-certificates"),
    ("ListUserPolicies", "user-policy-size"),
    ("ListUsers", "users"),
];

/// A document with nothing but what every one must have.
const SHORTEST: &str = r#"{"Statement":{"Effect":"Deny","Action":"*","Resource":"*"}}"#;

/// Why nobody can see `fault` in an account with these settings, whatever is called. `None`: somebody might.
pub fn out_of_reach(fault: &Fault, settings: &Settings) -> Option<String> {
    let account = Account::new(settings.clone());
    let short = |action: &&'static Action| within_a_page(action, &account);
    match fault.faults.flaw.as_ref()? {
        Flaw { action: Some(name), what: Wrong::Rule(req::PAGINATION__DEFAULT_SIZE) } => {
            model().action(name).filter(short).map(|action| told(action, &account))
        }
        Flaw { what: Wrong::Quota { limit, .. }, .. } => {
            let mut filled = lists(settings.dialect).filter(|action| page_limit(action) == limit);
            let first = filled.next()?;
            (short(&first) && filled.all(|action| short(&action))).then(|| told(first, &account))
        }
        _ => None,
    }
}

fn lists(dialect: DialectId) -> impl Iterator<Item = &'static Action> {
    model().actions.iter().filter(move |action| action.paginates_on(dialect))
}

/// The limit that says how long a page is.
fn page_limit(action: &Action) -> &'static str {
    if action.family == "server-certificates" { "server-certificates-page" } else { "page" }
}

/// The limit that bounds an Action's list, and the number of items that it can have at most.
fn most(action: &Action, account: &Account) -> Option<(&'static str, u64)> {
    let (_, limit) = BOUNDS.iter().find(|(name, _)| *name == action.name)?;
    let most = account.limit(limit);
    Some((
        *limit,
        match action.name.as_str() {
            "ListPolicies" => most.saturating_add(provider_policies::all(account.settings.dialect).len() as u64),
            _ if limit.ends_with("-size") => most / SHORTEST.len() as u64,
            _ => most,
        },
    ))
}

fn within_a_page(action: &Action, account: &Account) -> bool {
    most(action, account).is_some_and(|(_, most)| most <= account.limit(page_limit(action)))
}

fn told(action: &Action, account: &Account) -> String {
    let (limit, most) = most(action, account).unwrap_or_default();
    format!("{} has {most} items at most (the limit {limit}), a page {}", action.name, account.limit(page_limit(action)))
}

#[cfg(test)]
mod tests {
    use std::sync::OnceLock;

    use super::*;
    use crate::reference::faults::catalogue::faults;
    use crate::reference::policy_testing::World;

    fn reason(dialect: DialectId, id: &str, limits: &[(&str, u64)]) -> Option<String> {
        let mut settings = Settings::new(dialect);
        settings.limits.extend(limits.iter().map(|(name, most)| ((*name).to_owned(), *most)));
        // The catalogue takes its time: once for each dialect.
        static ALL: [OnceLock<Vec<Fault>>; 3] = [OnceLock::new(), OnceLock::new(), OnceLock::new()];
        let all = ALL[DialectId::ALL.iter().position(|d| *d == dialect).unwrap()].get_or_init(|| faults(dialect));
        out_of_reach(all.iter().find(|f| f.id == id).unwrap(), &settings)
    }

    #[test]
    fn every_list_has_its_bound() {
        let known: Vec<&str> = BOUNDS.iter().map(|(name, _)| *name).collect();
        for dialect in DialectId::ALL {
            for action in lists(dialect) {
                assert!(known.contains(&action.name.as_str()), "{}", action.name);
            }
        }
        for (_, limit) in BOUNDS {
            assert!(model().limit_names().any(|name| name == limit), "{limit}");
        }
    }

    #[test]
    fn a_page_that_no_list_fills_shows_nothing() {
        let of =
            |action: &str, limits: &[(&str, u64)]| reason(DialectId::Aws, &format!("requirement:pagination.default-size@{action}"), limits);
        assert_eq!(of("ListAccessKeys", &[]).unwrap(), "ListAccessKeys has 2 items at most (the limit access-keys-per-user), a page 100");
        assert!(of("ListGroupPolicies", &[]).is_some() && of("ListUserPolicies", &[]).is_some());
        assert!(of("ListUsers", &[]).is_none() && of("ListPolicies", &[]).is_none());
        assert!(of("ListUsers", &[("users", 100)]).is_some() && of("ListUsers", &[("users", 101)]).is_none());
        assert!(reason(DialectId::Aws, "quota-wider:page", &[]).is_none() && reason(DialectId::Aws, "quota-wider:users", &[]).is_none());
        assert!(reason(DialectId::Aws, "requirement:pagination.no-gap@ListAccessKeys", &[]).is_none());
    }

    #[test]
    fn the_shortest_document_is_one() {
        let mut world = World::new(DialectId::Aws);
        world.ok("CreateUser", &[("UserName", "ann")]);
        world.ok("PutUserPolicy", &[("UserName", "ann"), ("PolicyName", "p"), ("PolicyDocument", SHORTEST)]);
    }
}
