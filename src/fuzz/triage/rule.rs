//! Which requirement a finding breaks: the one that, broken in the reference, makes its case fail there as it fails on the target.

use std::sync::Arc;

use super::trials::OnReference;
use crate::api::requirement::catalogue;
use crate::api::{Kind, Req, req};
use crate::case::Case;
use crate::reference::Faults;
use crate::reference::faults::Trace;
use crate::reference::faults::catalogue::names;
use crate::report::event::without_index;
use crate::verdict::Mismatch;

/// The requirement that a case shows to be broken, which fails on the target by `seen` at step `at`.
///
/// Tried are all requirements that the reference asks itself for in this case, the Action's own before those of every Action. Of those
/// that make the same step fail in the same place the one wins that is answered with the same; then the Action's own; then the one whose
/// words are in `about`, what the finding's fingerprint says of the call. None that does: [`req::REFERENCE__AGREES`].
pub(super) async fn name(case: &Case, at: usize, seen: &Mismatch, about: &str, reference: &OnReference) -> Result<Req, String> {
    let trace = Arc::new(Trace::default());
    reference.with(case, Faults::traced(&trace)).await?;
    let call = case.steps.get(at).map(|step| step.call.as_str()).unwrap_or_default();
    let dialect = reference.configuration().dialect;
    let mut best: Option<((bool, bool, usize), Req)> = None;
    for (rule, req) in catalogue().iter().zip(0..).map(|(rule, i)| (rule, Req(i))) {
        let own = rule.action.as_deref() == Some(call) || names(rule, call);
        if rule.kind == Kind::Unreachable
            || rule.is_free_check()
            || !rule.dialects.contains(&dialect)
            || !(own || rule.action.is_none())
            || !trace.meets(&Faults::breaking(req))
        {
            continue;
        }
        let broken = reference.with(case, Faults::breaking(req)).await?;
        let here = |m: &&Mismatch| m.step == at && without_index(&m.path) == without_index(&seen.path);
        let Some(found) = broken.record.verdict.mismatches.iter().find(here) else { continue };
        // Who may not call is refused whatever the call is about.
        let gate = ["auth.", "authorization."].iter().any(|area| rule.id.starts_with(area));
        if gate && found.observed() != seen.observed() {
            continue;
        }
        let score = (found.observed() == seen.observed(), own, common(&rule.id, about));
        if best.is_none_or(|(top, _)| score > top) {
            best = Some((score, req));
        }
    }
    Ok(best.map_or(req::REFERENCE__AGREES, |(_, req)| req))
}

/// How many words of a requirement's id are in a text.
fn common(id: &str, about: &str) -> usize {
    let about = about.to_ascii_lowercase();
    let words = id.split(['.', '-']).filter(|word| word.len() > 2);
    words.filter(|word| about.contains(word)).count()
}
