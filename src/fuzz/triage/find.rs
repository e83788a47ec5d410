//! The whole way of a firing: new or not, settled, drafted, held against what is known, and written to a folder.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::again::{Settled, settle};
use super::draft::{Draft, Origin, draft};
use super::id::finding_id;
use super::repeats::Repeats;
use super::trials::{OnReference, Trials};
use crate::case::Case;
use crate::fuzz::{Executor, Fingerprint, Firing};
use crate::report::event::FindingRecord;
use crate::report::text::printable;

/// Triage of one target in one configuration.
pub struct Triage {
    /// What files say of where they come from; the program is filled in.
    pub origin: Origin,
    /// Calls that shrinking one finding may cost.
    pub budget: usize,
    /// Folder for case files; none: none is written.
    pub out: Option<PathBuf>,
    /// What the suite fails for already.
    pub repeats: Repeats,
    /// What findings are compared with, and cases are filled from.
    pub reference: OnReference,
    seen: BTreeSet<Fingerprint>,
}

impl Triage {
    /// Triage against a reference, as it usually is: 400 calls a finding, no files, nothing known.
    pub fn new(origin: Origin, reference: OnReference) -> Triage {
        Triage { origin, budget: 400, out: None, repeats: Repeats::default(), reference, seen: BTreeSet::new() }
    }

    /// Takes a fingerprint for seen, as an earlier run has seen it. True: it is new.
    pub fn know(&mut self, fingerprint: &Fingerprint) -> bool {
        self.seen.insert(fingerprint.clone())
    }

    /// Goes the whole way with a firing of a program; none: its fingerprint was seen before.
    ///
    /// `executor` and `target` are two ways to the same target: for programs and for cases. `revive` brings it back where it went away:
    /// true, it is there again.
    pub async fn take<E: Executor, T: Trials>(
        &mut self,
        executor: &mut E,
        target: &mut T,
        (program, firing): (&Case, &Firing),
        revive: impl AsyncFnMut() -> bool,
    ) -> Option<FindingRecord> {
        if !self.know(&firing.fingerprint) {
            return None;
        }
        let settled = settle(executor, program, firing, self.budget, revive).await;
        let origin = Origin { program: program.id.clone(), ..self.origin.clone() };
        let drafted = match &settled.stopped {
            Some(stop) if settled.seen == 0 => Err(format!("it could not be looked for again: {stop}")),
            _ => draft(&settled, &origin, target, &self.reference).await,
        };
        Some(self.record(&settled, drafted, program))
    }

    fn record(&self, settled: &Settled, drafted: Result<Draft, String>, program: &Case) -> FindingRecord {
        let fingerprint = &settled.firing.fingerprint;
        let requirement = drafted.as_ref().ok().map(|draft| draft.requirement.id().to_owned());
        let rule = requirement.as_deref().or(settled.firing.evidence.requirement.as_deref());
        // Of a cleanup, or of what another oracle sent, the case says which Action departs.
        let call = drafted.as_ref().map_or(&fingerprint.action, |draft| &draft.recorded.call);
        let of_the_call = Fingerprint { action: call.clone(), ..fingerprint.clone() };
        let repeats = self.repeats.find(&of_the_call, rule.unwrap_or(crate::api::req::REFERENCE__AGREES.id()));
        let repeats = repeats.or_else(|| self.repeats.find(fingerprint, rule.unwrap_or(crate::api::req::REFERENCE__AGREES.id())));
        let left = drafted.as_ref().map_or(settled.program.steps.len(), |draft| draft.case.steps.len());
        let (file, without_file) = match (drafted, &self.out) {
            (Ok(draft), Some(folder)) => match write(folder, &draft) {
                Ok(path) => (Some(path.display().to_string()), None),
                Err(why) => (None, Some(why)),
            },
            (Ok(_), None) => (None, None),
            (Err(why), _) => (None, Some(printable(&why).into_owned())),
        };
        FindingRecord {
            id: finding_id(fingerprint),
            target: self.origin.target.clone(),
            configuration: self.reference.configuration().to_string(),
            fingerprint: printable(&fingerprint.to_string()).into_owned(),
            oracle: fingerprint.oracle.to_string(),
            action: fingerprint.action.clone(),
            text: settled.firing.text.clone(),
            stability: settled.stability.to_string(),
            seen: settled.seen,
            program: program.id.clone(),
            steps: settled.steps,
            left,
            calls: settled.calls,
            requirement,
            repeats: repeats.map(str::to_owned),
            file,
            without_file,
        }
    }
}

fn write(folder: &Path, draft: &Draft) -> Result<PathBuf, String> {
    let path = folder.join(format!("{}.toml", draft.id));
    let written = std::fs::create_dir_all(folder).and_then(|()| std::fs::write(&path, &draft.text));
    written.map(|()| path.clone()).map_err(|why| format!("cannot write {}: {why}", path.display()))
}
