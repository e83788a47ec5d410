//! What runs a program against a target: the seam between programs, oracles and triage.

use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;

use serde::{Deserialize, Serialize};

use super::finding::Firing;
use super::oracle::OracleId;
use crate::case::Case;

/// Runs programs against one target in one configuration, and cleans up after each.
pub trait Executor {
    /// Runs a program. The names of what it makes follow from its id: the same program again sees nothing of the run before.
    ///
    /// # Errors
    /// When nothing can be said about the target any more: see [`Stop`].
    fn run(&mut self, program: &Case, focus: Focus) -> impl Future<Output = Result<Ran, Stop>>;
}

/// What a run is after.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Focus {
    /// Whatever the oracles that are switched on see. Those that cost calls of their own are asked at some steps only, which follow from
    /// the step itself.
    #[default]
    All,
    /// What this oracle sees, at every step where it can be asked, whatever else is wrong: to see a firing again.
    On(OracleId),
}

/// A program that was run.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Ran {
    /// What the oracles saw, in the order in which they saw it. Of departures in a row that follow from one another only the first is there.
    pub firings: Vec<Firing>,
    /// Calls sent, those of oracles and cleanup included.
    pub calls: usize,
    /// What the program reached.
    pub coverage: Coverage,
}

/// Why a program could not be run to its end.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Stop {
    /// The target was gone when the program began, or went away in the middle; the firing that says so comes with [`Ran`] of the program
    /// that it went away at. Whoever can should start it again.
    #[error("the target is gone: {0}")]
    Gone(String),
    /// The harness broke.
    #[error("{0}")]
    Broken(String),
}

/// What programs reached. Every part says what the generator can steer by, or a reader wants to know about the oracles.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Coverage {
    /// Action × status × code × hash of the paths in the answer: `CreateUser 200 1f2e`. A new one makes a program worth keeping.
    pub answers: BTreeSet<String>,
    /// How often each Action was called.
    pub actions: BTreeMap<String, u64>,
    /// How often each class of argument was sent: `CreateUser.UserName: length 64`.
    pub classes: BTreeMap<String, u64>,
    /// How often each error code was answered: `CreateUser EntityAlreadyExists`.
    pub codes: BTreeMap<String, u64>,
    /// Ordered pairs of Actions that succeeded on one thing: `CreateUser > UpdateUser`.
    pub pairs: BTreeSet<String>,
    /// Transitions of a thing's state: `user: absent > empty`, `user: empty > key`.
    pub transitions: BTreeSet<String>,
    /// How often each oracle was asked.
    pub asked: BTreeMap<OracleId, u64>,
    /// How often each oracle fired.
    pub fired: BTreeMap<OracleId, u64>,
}

impl Coverage {
    /// Takes in what another program reached. True: there was an answer that had not been seen before.
    pub fn merge(&mut self, other: &Coverage) -> bool {
        let before = self.answers.len();
        self.answers.extend(other.answers.iter().cloned());
        self.pairs.extend(other.pairs.iter().cloned());
        self.transitions.extend(other.transitions.iter().cloned());
        for (into, from) in [(&mut self.actions, &other.actions), (&mut self.classes, &other.classes), (&mut self.codes, &other.codes)] {
            add(into, from);
        }
        add(&mut self.asked, &other.asked);
        add(&mut self.fired, &other.fired);
        self.answers.len() > before
    }
}

fn add<K: Ord + Clone>(into: &mut BTreeMap<K, u64>, from: &BTreeMap<K, u64>) {
    for (key, count) in from {
        match into.get_mut(key) {
            Some(sum) => *sum += count,
            None => {
                into.insert(key.clone(), *count);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn merging_adds_up_and_tells_new_answers() {
        let one = Coverage {
            answers: ["CreateUser 200 1f2e".to_owned()].into(),
            actions: [("CreateUser".to_owned(), 2)].into(),
            asked: [(OracleId::Lockstep, 3)].into(),
            ..Coverage::default()
        };
        let mut all = Coverage::default();
        assert!(all.merge(&one));
        assert!(!all.merge(&one));
        assert_eq!((all.actions["CreateUser"], all.asked[&OracleId::Lockstep]), (4, 6));
    }
}
