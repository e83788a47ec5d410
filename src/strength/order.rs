//! In which order cases are run against a fault, and which of them could kill it directly.

use crate::case::Case;
use crate::reference::faults::catalogue::{Aim, names};

/// A case in the order of one fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Turn {
    /// Index of the case.
    pub case: usize,
    /// Whether what it says could be a direct kill.
    pub direct: bool,
}

/// First the cases that name a requirement of the fault, then those that call its Action, then the rest; within each, short ones first.
pub fn order(aim: &Aim, cases: &[&Case]) -> Vec<Turn> {
    let by_free_check = aim.requirements.iter().any(|r| r.get().is_free_check());
    let action = aim.calls.or(aim.action);
    let turn = |(index, case): (usize, &&Case)| {
        let named = case.named_requirements();
        let calls = action.is_some_and(|action| case.steps.iter().any(|step| step.call == action));
        let about = aim.action.is_some_and(|action| named.iter().any(|r| names(r.get(), action)));
        let class = if named.iter().any(|r| aim.requirements.contains(r)) {
            0
        } else if action.is_some() && case.action.as_deref() == action {
            1
        } else if calls || about {
            2
        } else {
            3
        };
        let direct = class == 0 || by_free_check || (action.is_some() && class < 3);
        ((class, case.steps.len() * case.rows.len().max(1), index), Turn { case: index, direct })
    };
    let mut turns: Vec<_> = cases.iter().enumerate().map(turn).collect();
    turns.sort_unstable_by_key(|(key, _)| *key);
    turns.into_iter().map(|(_, turn)| turn).collect()
}
