//! Quotas and sizes that are off by one.

use super::{Aim, Fault};
use crate::api::{DialectId, Req, model, req};
use crate::reference::Faults;
use crate::reference::faults::{Flaw, Wrong};

/// Each limit of the model with the requirements that are about it.
const LIMITS: &[(&str, &[Req])] = &[
    ("access-keys-per-user", &[req::CREATE_ACCESS_KEY__QUOTA, req::CREATE_ACCESS_KEY__QUOTA_COUNTS_INACTIVE]),
    ("groups-per-user", &[req::ADD_USER_TO_GROUP__QUOTA]),
    ("groups", &[req::CREATE_GROUP__QUOTA]),
    ("users", &[req::CREATE_USER__QUOTA]),
    ("policies", &[req::CREATE_POLICY__QUOTA]),
    ("server-certificates", &[req::UPLOAD_SERVER_CERTIFICATE__QUOTA]),
    ("tags-per-resource", &[req::TAGS__AT_MOST]),
    ("attached-policies-per-user", &[req::ATTACH_USER_POLICY__AT_MOST]),
    ("attached-policies-per-group", &[req::ATTACH_GROUP_POLICY__AT_MOST]),
    ("versions-per-policy", &[req::CREATE_POLICY_VERSION__AT_MOST]),
    ("policy-size", &[req::CREATE_POLICY__DOCUMENT_SIZE, req::CREATE_POLICY_VERSION__DOCUMENT_SIZE]),
    ("user-policy-size", &[req::PUT_USER_POLICY__SIZE]),
    ("group-policy-size", &[req::PUT_GROUP_POLICY__SIZE]),
    ("page", &[req::PAGINATION__DEFAULT_SIZE]),
    ("server-certificates-page", &[req::PAGINATION__DEFAULT_SIZE]),
];

pub(super) fn faults(dialect: DialectId) -> Vec<Fault> {
    let mut all = Vec::new();
    for (limit, requirements) in LIMITS {
        let Some(right) = model().limit(limit, dialect) else { continue };
        for (word, by) in [("wider", 1), ("narrower", -1)] {
            if !shows(limit, right, by, dialect) {
                continue;
            }
            let off = right.saturating_add_signed(by);
            all.push(Fault {
                id: format!("quota-{word}:{limit}"),
                about: format!("the limit {limit} is {off} instead of {right}"),
                faults: Faults::with(Flaw { action: None, what: Wrong::Quota { limit: (*limit).to_owned(), by } }),
                aim: Aim { requirements: requirements.to_vec(), ..Aim::default() },
                shown_by: requirements.to_vec(),
                only: None,
            });
        }
    }
    all
}

/// Whether a client could tell that a limit is off by that. Pages may be shorter than they need be; one that holds as much as an account
/// can have is never full. Where nothing is known of a dialect's quota it is AWS's, as in the reference.
fn shows(limit: &str, right: u64, by: i64, dialect: DialectId) -> bool {
    let quota = |name| model().limit(name, dialect).or_else(|| model().limit(name, DialectId::Aws));
    match limit {
        "page" => by > 0,
        "server-certificates-page" => by > 0 && quota("server-certificates").is_none_or(|most| most > right),
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_may_be_short_and_are_never_fuller_than_an_account() {
        let ids = |dialect| faults(dialect).into_iter().map(|f| f.id).filter(|id| id.ends_with("page")).collect::<Vec<_>>();
        for dialect in DialectId::ALL {
            assert_eq!(ids(dialect), ["quota-wider:page"], "{dialect}: 20 certificates at most, 100 a page");
        }
        assert!(shows("server-certificates-page", 10, 1, DialectId::Aws) && !shows("server-certificates-page", 10, -1, DialectId::Aws));
    }

    #[test]
    fn every_limit_of_the_model_has_its_requirements() {
        let known: Vec<&str> = LIMITS.iter().map(|(limit, _)| *limit).collect();
        assert_eq!(model().limit_names().filter(|name| !known.contains(name)).collect::<Vec<_>>(), [""; 0]);
        assert_eq!(known.len(), model().limit_names().count());
    }
}
