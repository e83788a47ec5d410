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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_limit_of_the_model_has_its_requirements() {
        let known: Vec<&str> = LIMITS.iter().map(|(limit, _)| *limit).collect();
        assert_eq!(model().limit_names().filter(|name| !known.contains(name)).collect::<Vec<_>>(), [""; 0]);
        assert_eq!(known.len(), model().limit_names().count());
    }
}
