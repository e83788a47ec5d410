//! Free checks that did not hold, put together: reported once per requirement, Action, configuration and place.

use std::collections::BTreeMap;

use crate::api::Req;
use crate::dialect::Finding;
use crate::report::event::{CaseRecord, CheckRecord};
use crate::target::Profile;

/// The findings of a run on one target.
#[derive(Debug, Default)]
pub struct Checks {
    found: BTreeMap<(Req, String, String, String), Seen>,
}

#[derive(Debug)]
struct Seen {
    text: String,
    case: String,
    count: usize,
}

impl Checks {
    /// Takes in what a case's responses showed.
    pub fn add(&mut self, record: &CaseRecord, findings: &[(String, Finding)]) {
        for (action, finding) in findings {
            let key = (finding.req, action.clone(), record.configuration.clone(), without_indices(&finding.at));
            let seen = self.found.entry(key).or_insert_with(|| Seen { text: finding.text.clone(), case: record.case.clone(), count: 0 });
            seen.count += 1;
        }
    }

    /// One record for each, in the order of requirement, Action and configuration. What the profile declares is marked as known.
    pub fn records(self, profile: &Profile) -> Vec<CheckRecord> {
        let record = |((req, action, configuration, at), seen): ((Req, String, String, String), Seen)| CheckRecord {
            target: profile.name.clone(),
            configuration,
            requirement: req.id().to_owned(),
            level: req.get().level(profile.dialect),
            action,
            at,
            text: seen.text,
            case: seen.case,
            count: seen.count,
            known: profile.deviations.get(req.id()).cloned(),
        };
        self.found.into_iter().map(record).collect()
    }
}

/// A path without positions in lists: which item it was changes from run to run.
fn without_indices(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    let mut inside = false;
    for c in path.chars() {
        inside = inside && c != ']';
        if !inside {
            out.push(c);
        }
        inside = inside || c == '[';
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_are_left_out() {
        assert_eq!(without_indices("Users[12].Tags[0].Key"), "Users[].Tags[].Key");
        assert_eq!(without_indices("header.content-type"), "header.content-type");
    }
}
