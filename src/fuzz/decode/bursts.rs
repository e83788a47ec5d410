//! Beginnings of programs that fill something up: quotas and pages.

use serde_json::{Value, json};

use super::Maker;
use crate::case::Step;
use crate::fuzz::program;

const DOCUMENT: &str = "${doc.allow-list-users}";

impl Maker<'_> {
    /// Fills something to its limit and one further.
    pub(super) fn burst(&mut self) {
        if !self.ground.quotas {
            return;
        }
        let user = || call("CreateUser", &[("UserName", "${user}")], None);
        let group = || call("CreateGroup", &[("GroupName", "${group}")], None);
        let policies = |limit: &str| call("CreatePolicy", &[("PolicyName", "${policy}-${i}"), ("PolicyDocument", DOCUMENT)], Some(limit));
        let arn = ("PolicyArn", "${arn.policy:policy}-${i}");
        // Those that fill an account come last: only where it is ours alone.
        let burst = self.bits.below(if self.ground.alone { 10 } else { 5 });
        let steps = match burst {
            0 => vec![user(), call("CreateAccessKey", &[("UserName", "${user}")], Some("${limit.access-keys-per-user+1}"))],
            1 => {
                let limit = "${limit.groups-per-user+1}";
                vec![
                    user(),
                    call("CreateGroup", &[("GroupName", "${group}-${i}")], Some(limit)),
                    call("AddUserToGroup", &[("GroupName", "${group}-${i}"), ("UserName", "${user}")], Some(limit)),
                ]
            }
            2 => {
                let limit = "${limit.attached-policies-per-user+1}";
                vec![user(), policies(limit), call("AttachUserPolicy", &[("UserName", "${user}"), arn], Some(limit))]
            }
            3 => {
                let limit = "${limit.attached-policies-per-group+1}";
                vec![group(), policies(limit), call("AttachGroupPolicy", &[("GroupName", "${group}"), arn], Some(limit))]
            }
            4 => vec![
                call("CreatePolicy", &[("PolicyName", "${policy}"), ("PolicyDocument", DOCUMENT)], None),
                call(
                    "CreatePolicyVersion",
                    &[("PolicyArn", "${arn.policy:policy}"), ("PolicyDocument", DOCUMENT)],
                    Some("${limit.versions-per-policy+1}"),
                ),
            ],
            5 => vec![call("CreateUser", &[("UserName", "${user}-${i}")], Some("${limit.users+1}"))],
            6 => vec![call("CreateGroup", &[("GroupName", "${group}-${i}")], Some("${limit.groups+1}"))],
            7 => vec![policies("${limit.policies+1}")],
            8 if self.ground.certificates => vec![call(
                "UploadServerCertificate",
                &[
                    ("ServerCertificateName", "${certificate}-${i}"),
                    ("CertificateBody", "${cert.leaf}"),
                    ("PrivateKey", "${cert.leaf.key}"),
                ],
                Some("${limit.server-certificates+1}"),
            )],
            _ => vec![
                policies("${limit.page+1}"),
                call("ListPolicies", &[("Scope", if self.ground.dialect == crate::api::DialectId::Eim { "local" } else { "Local" })], None),
            ],
        };
        let there = |step: &Step| self.ground.action(&step.call).is_some();
        if steps.iter().all(there) {
            self.steps.extend(steps);
        }
    }
}

fn call(action: &str, with: &[(&str, &str)], repeat: Option<&str>) -> Step {
    let with = with.iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect::<Vec<(String, Value)>>();
    Step { repeat: repeat.map(str::to_owned), ..program::step(action, with) }
}
