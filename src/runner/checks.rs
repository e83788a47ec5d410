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
            if record.case < seen.case {
                // The first by its id, not by the clock: cases run side by side.
                seen.case.clone_from(&record.case);
                seen.text.clone_from(&finding.text);
            }
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
            entry: None,
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
    use crate::api::req;
    use crate::report::samples;

    #[test]
    fn positions_are_left_out() {
        assert_eq!(without_indices("Users[12].Tags[0].Key"), "Users[].Tags[].Key");
        assert_eq!(without_indices("header.content-type"), "header.content-type");
    }

    #[test]
    fn a_finding_is_told_once_whatever_the_order_of_cases() {
        let tell = |order: [&str; 3]| {
            let mut checks = Checks::default();
            for case in order {
                let mut record = samples::pass();
                record.case = case.into();
                let finding = Finding { req: req::TRANSPORT__NO_SERVER_ERROR, at: "status".into(), text: format!("seen in {case}") };
                checks.add(&record, &[("GetUser".into(), finding)]);
            }
            let profile = Profile { deviations: [("transport.no-server-error".into(), "old".into())].into(), ..Profile::default() };
            checks.records(&profile)
        };
        let records = tell(["b", "a", "c"]);
        assert_eq!(records, tell(["c", "b", "a"]));
        let [record] = records.as_slice() else { panic!("{records:?}") };
        assert_eq!((record.count, record.case.as_str(), record.text.as_str()), (3, "a", "seen in a"));
        assert_eq!(record.known.as_deref(), Some("old"));
    }
}
