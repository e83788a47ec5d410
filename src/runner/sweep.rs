//! Removes what earlier runs left on an endpoint: runs that were killed, or could not remove something at the time.

use std::io;

use super::cleanup::{Caller, Left, clean};
use super::journal::orphans;
use super::state::State;

/// What a sweep did.
#[derive(Debug, Default)]
pub struct Swept {
    /// Runs whose journals were found.
    pub runs: Vec<String>,
    /// Trials whose leavings were looked for.
    pub trials: usize,
    /// What could not be removed; its journals stay.
    pub left: Vec<Left>,
}

/// Works off the journals of all runs on an endpoint that have ended; those of living processes are not touched.
///
/// # Errors
/// When journals cannot be read or removed.
pub async fn sweep(state: &State, caller: &mut impl Caller) -> io::Result<Swept> {
    let mut swept = Swept::default();
    for orphan in orphans(state)? {
        let mut trials: Vec<&str> = orphan.entries.iter().map(|e| e.trial.as_str()).collect();
        trials.dedup();
        trials.sort_unstable();
        trials.dedup();
        swept.trials += trials.len();
        let mut left = Vec::new();
        for trial in trials {
            let entries: Vec<_> = orphan.entries.iter().filter(|e| e.trial == trial).cloned().collect();
            left.extend(clean(&entries, caller).await);
        }
        swept.runs.push(orphan.run.clone());
        if left.is_empty() {
            orphan.remove()?;
        }
        swept.left.extend(left);
    }
    Ok(swept)
}
