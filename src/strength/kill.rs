//! What a trial against a faulty reference says about the fault.

use serde::Serialize;

use crate::api::{Req, req};
use crate::case::Case;
use crate::dialect::Finding;
use crate::reference::faults::catalogue::{Aim, Fault};
use crate::runner::trial::TrialResult;
use crate::verdict::{Mismatch, Status};

/// What noticed a fault.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Kill {
    /// The case.
    pub case: String,
    /// Number of the step, from 1; none: a free check, or the cleanup.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub step: Option<usize>,
    /// The Action that was called.
    pub call: String,
    /// The requirement that it is charged to.
    pub requirement: String,
    /// Path of what differs.
    pub path: String,
    /// What was expected against what came.
    pub seen: String,
    /// The expectation's place in its file; none: a free check, or the cleanup.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub loc: Option<String>,
    /// Whether the requirement, the call and the element are what the fault is about.
    pub direct: bool,
}

/// The kill in a trial: a direct one if there is any, else the first. `None`: the trial noticed nothing.
pub fn judge(fault: &Fault, case: &Case, result: &TrialResult) -> Option<Kill> {
    let aim = &fault.aim;
    let mut kills: Vec<Kill> = Vec::new();
    if result.record.verdict.status == Status::Fail {
        kills.extend(result.record.verdict.mismatches.iter().map(|m| assertion(aim, case, m)));
    }
    kills.extend(result.findings.iter().map(|(action, finding)| free_check(aim, case, action, finding)));
    kills.extend(result.left.iter().map(|left| Kill {
        case: case.id.clone(),
        step: None,
        call: "cleanup".into(),
        requirement: req::CLEANUP__DELETABLE.id().into(),
        path: left.kind.into(),
        seen: left.why.clone(),
        loc: None,
        direct: aim.requirements.contains(&req::CLEANUP__DELETABLE),
    }));
    let at = kills.iter().position(|kill| kill.direct).unwrap_or_default();
    kills.into_iter().nth(at)
}

fn assertion(aim: &Aim, case: &Case, mismatch: &Mismatch) -> Kill {
    let call = case.steps.get(mismatch.step).map(|step| step.call.as_str()).unwrap_or_default();
    let charged = Req::find(&mismatch.requirement);
    let here = aim.calls.is_none_or(|only| only == call);
    let direct = charged.is_some_and(|requirement| {
        if requirement.get().is_free_check() {
            // An answer that cannot be read, or none: whatever the step was for.
            return here && aim.requirements.contains(&requirement);
        }
        here && !mismatch.prerequisite && aim.takes(requirement, call) && aim.meets(&mismatch.path, call)
    });
    let at = if mismatch.at.is_empty() { String::new() } else { format!(" ({})", mismatch.at) };
    Kill {
        case: case.id.clone(),
        step: Some(mismatch.step + 1),
        call: call.to_owned(),
        requirement: mismatch.requirement.clone(),
        path: mismatch.path.clone(),
        seen: format!("expected {}, is {}{at}", mismatch.expected, mismatch.actual),
        loc: Some(mismatch.loc.to_string()),
        direct,
    }
}

fn free_check(aim: &Aim, case: &Case, action: &str, finding: &Finding) -> Kill {
    let here = aim.calls.is_none_or(|only| only == action);
    Kill {
        case: case.id.clone(),
        step: None,
        call: action.to_owned(),
        requirement: finding.req.id().to_owned(),
        path: finding.at.clone(),
        seen: finding.text.clone(),
        loc: None,
        direct: here && aim.requirements.contains(&finding.req) && aim.meets(&finding.at, action),
    }
}
