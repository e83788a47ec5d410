//! What the suite fails for already on a target: a finding that says the same is none of the fuzzer's own.

use crate::api::model;
use crate::baseline::Baseline;
use crate::case::Corpus;
use crate::case::filter::glob;
use crate::fuzz::{Fingerprint, OracleId};
use crate::report::event::{Event, without_index};
use crate::verdict::Status;

/// Known failures of a target, by Action and place.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Repeats {
    known: Vec<Known>,
    /// Findings that are listed: fingerprint or a glob, and who says so.
    findings: Vec<(String, String)>,
}

#[derive(Clone, Debug, PartialEq)]
struct Known {
    /// The Action; none: whichever.
    call: Option<String>,
    /// Path that differs, without indices; none: whichever.
    path: Option<String>,
    /// What is seen there; empty: whatever.
    actual: Vec<String>,
    /// Requirement, or a glob over ids.
    requirement: String,
    /// Who says so.
    says: String,
}

impl Repeats {
    /// What a list of known failures and stored runs say.
    pub fn new(corpus: &Corpus, baseline: Option<&Baseline>, run: &[Event]) -> Repeats {
        let mut all = Repeats::default();
        if let Some(baseline) = baseline {
            all.listed(corpus, baseline);
        }
        all.failed(run);
        all
    }

    fn listed(&mut self, corpus: &Corpus, baseline: &Baseline) {
        for entry in &baseline.known {
            let says = format!("{} ({})", entry.case, baseline.place(&entry.why));
            let steps = corpus.case(&entry.case).map(|case| case.steps.as_slice()).unwrap_or_default();
            for pin in &entry.fails {
                let step = pin.step.and_then(|step| steps.get(step.checked_sub(1)?));
                self.known.push(Known {
                    call: step.map(|step| step.call.clone()),
                    path: Some(without_index(&pin.path)),
                    actual: pin.actual.clone(),
                    requirement: entry.requirement.clone(),
                    says: says.clone(),
                });
            }
        }
        for finding in &baseline.findings {
            self.findings.push((finding.fingerprint.clone(), format!("{} ({})", finding.why.reason, baseline.place(&finding.why))));
        }
        for check in &baseline.checks {
            self.known.push(Known {
                call: check.action.clone(),
                path: check.at.as_deref().map(without_index),
                actual: Vec::new(),
                requirement: check.requirement.clone(),
                says: format!("{} ({})", check.requirement, baseline.place(&check.why)),
            });
        }
    }

    fn failed(&mut self, run: &[Event]) {
        for event in run {
            match event {
                Event::Case(record) if matches!(record.verdict.status, Status::Fail | Status::Xfail) => {
                    for mismatch in &record.verdict.mismatches {
                        let call = record.steps.iter().find(|step| step.step == mismatch.step).map(|step| step.call.clone());
                        self.known.push(Known {
                            call,
                            path: Some(without_index(&mismatch.path)),
                            actual: vec![mismatch.observed().to_owned()],
                            requirement: mismatch.requirement.clone(),
                            says: record.case.clone(),
                        });
                    }
                }
                Event::Check(check) => self.known.push(Known {
                    call: Some(check.action.clone()),
                    path: Some(check.place()),
                    actual: Vec::new(),
                    requirement: check.requirement.clone(),
                    says: format!("{} of {}", check.requirement, check.action),
                }),
                _ => {}
            }
        }
    }

    /// Who fails for the same already: the same requirement at the same Action or, where none was named that says more than that the
    /// reference answers otherwise, the same place of the same Action with the same in it.
    pub fn find(&self, fingerprint: &Fingerprint, requirement: &str) -> Option<&str> {
        let text = fingerprint.to_string();
        if let Some((_, says)) = self.findings.iter().find(|(pattern, _)| glob(pattern, &text)) {
            return Some(says);
        }
        let of = |call: &String| *call == fingerprint.action || fingerprint.action == "*";
        let here = |known: &&Known| known.call.as_ref().is_none_or(of);
        let value = |known: &&Known| known.actual.is_empty() || known.actual.iter().any(|actual| same_value(actual, &fingerprint.observed));
        let general = requirement == crate::api::req::REFERENCE__AGREES.id();
        // What no rule accounts for can be one that a relation is about.
        let about = related(fingerprint);
        let rule = |known: &&Known| {
            let area = about.is_some_and(|(area, any)| known.call.is_some() && known.requirement.contains(area) && (any || value(known)));
            area || (!general && glob(&known.requirement, requirement) && known.requirement != "*")
        };
        let place = |known: &&Known| {
            let path = known.path.as_deref();
            known.call.is_some() && path.is_some_and(|path| same_place(path, &fingerprint.path))
        };
        let by_rule = self.known.iter().filter(here).find(rule);
        let by_place = || self.known.iter().filter(here).filter(place).find(value);
        // The same member of the same kind of thing in the answer of another Action.
        let family = |call: &str| model().action(call).map(|action| action.family.as_str());
        let member = |known: &&Known| {
            let call = known.call.as_deref();
            call.is_some_and(|call| family(call).is_some() && family(call) == family(&fingerprint.action))
                && known.path.as_deref().is_some_and(|path| same_member(path, &fingerprint.path))
        };
        let by_member = || self.known.iter().filter(member).find(value);
        by_rule.or_else(|| if general { by_place().or_else(by_member) } else { None }).map(|known| known.says.as_str())
    }
}

/// What requirements are called that a departure is about whatever accounts for it, and whether any of them will do: otherwise one that
/// fails with the same answer.
fn related(fingerprint: &Fingerprint) -> Option<(&'static str, bool)> {
    match (fingerprint.oracle, fingerprint.path.as_str(), fingerprint.class.as_str()) {
        (OracleId::Pages, ..) | (OracleId::Lockstep, "IsTruncated" | "Marker", _) => Some(("pagination.", true)),
        (OracleId::Prefix, ..) => Some(("path-prefix", true)),
        (OracleId::GetPost, ..) | (OracleId::Lockstep, _, "by GET") => Some(("dispatch.get", true)),
        (OracleId::Lockstep, _, class) if class.starts_with("proof: ") => Some(("auth.", false)),
        _ => None,
    }
}

/// Whether two paths below the top end in the same member: `Policy.AttachmentCount`, `Policies[].AttachmentCount`.
fn same_member(path: &str, seen: &str) -> bool {
    matches!((path.rsplit_once('.'), seen.rsplit_once('.')), (Some((_, a)), Some((_, b))) if a == b)
}

/// `error` is said of a refusal that has the wrong code; a fingerprint calls both `status`.
fn same_place(path: &str, seen: &str) -> bool {
    path == seen || (path == "error" && seen == "status")
}

/// `404 NoSuchEntity` of a fingerprint against what a pin says of status or code.
fn same_value(actual: &str, observed: &str) -> bool {
    // Of a value that is another one, a fingerprint says no more than that.
    let other = ["other", "text", "list", "longer", "shorter", "structure"].contains(&observed.split(' ').next().unwrap_or_default());
    (other && actual != "absent") || observed == actual || observed.split(' ').any(|word| word == actual)
}

#[cfg(test)]
mod tests {
    use super::*;

    const BASELINE: &str = r#"format = 1
[[known]]
case = "groups/DeleteGroup/member-blocks"
requirement = "delete-group.no-members"
fails = { step = 4, path = "status", actual = "200" }
reason = "it looks at nothing"

[[known]]
requirement = "parameters.enum"
fails = { path = "status", actual = "200" }
reason = "it checks no list of values"

[[known]]
case = "policies/GetPolicy/counts-boundaries"
requirement = "managed-policy.counts-boundaries"
fails = { step = 3, path = "Policy.PermissionsBoundaryUsageCount", actual = "absent" }
reason = "it counts none"

[[known]]
case = "groups/ListGroups/pages"
requirement = "pagination.max-items"
fails = { step = 4, path = "Groups", actual = "3 items" }
reason = "it has no pages"

[[known-finding]]
fingerprint = "lockstep: TagUser status: * → 500"
reason = "it dies"

[[known-check]]
requirement = "shape.date"
action = "GetUser"
reason = "fractions"
"#;

    fn print(action: &str, path: &str, observed: &str) -> Fingerprint {
        Fingerprint {
            oracle: OracleId::Lockstep,
            action: action.into(),
            expected: "409 DeleteConflict".into(),
            observed: observed.into(),
            path: path.into(),
            class: String::new(),
        }
    }

    #[test]
    fn the_same_member_of_another_answer_and_what_a_relation_is_about_are_repetitions() {
        let repeats = known();
        let find = |print: &Fingerprint| repeats.find(print, "reference.agrees").map(str::to_owned);
        assert!(find(&print("ListPolicies", "Policies[].PermissionsBoundaryUsageCount", "absent")).unwrap().contains("counts-boundaries"));
        assert_eq!(find(&print("ListPolicies", "Policies[].PermissionsBoundaryUsageCount", "other value")), None, "it is there");
        assert_eq!(find(&print("ListPolicies", "Policies[].AttachmentCount", "absent")), None);
        let pages = |action: &str| Fingerprint { oracle: OracleId::Pages, ..print(action, "Groups", "other") };
        assert!(find(&pages("ListGroups")).unwrap().contains("groups/ListGroups/pages"));
        assert_eq!(find(&pages("ListUsers")), None);
        let everywhere = print("*", "RequestId", "broken");
        assert_eq!(repeats.find(&everywhere, "shape.date"), Some("shape.date (targets/x/baseline.toml:29)"));
    }

    fn known() -> Repeats {
        let corpus = Corpus::embedded().unwrap_or_else(|e| panic!("{e}"));
        let ids: Vec<&str> = corpus.cases.iter().map(|c| c.id.as_str()).collect();
        let baseline = Baseline::parse("targets/x/baseline.toml", BASELINE, &ids).unwrap_or_else(|e| panic!("{e}"));
        Repeats::new(&corpus, Some(&baseline), &[])
    }

    #[test]
    fn the_same_rule_or_the_same_place_is_a_repetition() {
        let repeats = known();
        let find = |print: &Fingerprint, rule: &str| repeats.find(print, rule).map(str::to_owned);
        let deleted = print("DeleteGroup", "status", "200");
        assert_eq!(find(&deleted, "delete-group.no-members").unwrap(), "groups/DeleteGroup/member-blocks (targets/x/baseline.toml:2)");
        assert!(find(&deleted, "reference.agrees").is_some(), "nothing better is known of it");
        assert_eq!(find(&deleted, "delete-group.no-attached-policy"), None, "another rule");
        assert_eq!(find(&print("DeleteGroup", "status", "500"), "reference.agrees"), None);
        assert_eq!(find(&print("DeleteUser", "status", "200"), "reference.agrees"), None);
        assert!(find(&print("UpdateAccessKey", "status", "200"), "parameters.enum").unwrap().contains(":8"), "a rule of every Action");
        assert_eq!(find(&print("TagUser", "status", "500"), "reference.agrees").unwrap(), "it dies (targets/x/baseline.toml:25)");
        assert!(find(&print("GetUser", "User.CreateDate", "text"), "shape.date").is_some());
        assert_eq!(find(&print("ListUsers", "Users[].CreateDate", "text"), "shape.date"), None);
    }
}
