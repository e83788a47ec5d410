//! What an oracle saw: a firing, and the fingerprint by which it is known again.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::oracle::OracleId;
use crate::case::Step;
use crate::dialect::Outcome;
use crate::report::event::Exchange;

/// What two firings have in common that show the same departure. Nothing in it depends on names, ids, dates or the wording of messages.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Fingerprint {
    /// Who saw it.
    pub oracle: OracleId,
    /// The Action whose answer departs, as the API has it; one that the API does not know is `?`.
    pub action: String,
    /// What was expected: `200`, `404 NoSuchEntity`, or for a value its kind: `text`, `number`, `list of 2`, `absent`; of a free check the
    /// requirement.
    pub expected: String,
    /// What was seen, in the same form.
    pub observed: String,
    /// First path that differs, lists without indices (`Users[].Path`); `status` where that differs already.
    pub path: String,
    /// Class of the argument that the call is about: `UserName: length 65`, `PolicyArn: deleted`; empty where every argument is an
    /// ordinary one.
    pub class: String,
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Fingerprint { oracle, action, expected, observed, path, class } = self;
        write!(f, "{oracle}: {action} {path}: {expected} → {observed}")?;
        if class.is_empty() { Ok(()) } else { write!(f, " ({class})") }
    }
}

/// One departure, as an oracle saw it in one run of a program.
#[derive(Clone, Debug, PartialEq)]
pub struct Firing {
    /// By what it is known again.
    pub fingerprint: Fingerprint,
    /// Index of the program's step that it belongs to.
    pub step: usize,
    /// Steps that the oracle sent itself after that step, with templates like the program's own: the last of them shows the departure.
    /// Empty: the step itself does.
    pub probe: Vec<Step>,
    /// What is wrong, in a sentence for people, secrets masked.
    pub text: String,
    /// What was expected and what was seen.
    pub evidence: Evidence,
}

/// What stands behind a firing.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Evidence {
    /// What the reference answers; none where the oracle does not need it.
    pub expected: Option<Outcome>,
    /// Every outcome that would have been right where the order of checks is not promised, beside `expected`: error codes.
    pub also: Vec<String>,
    /// What the target answered; none: nothing that can be read.
    pub observed: Option<Outcome>,
    /// Path of the first difference with its indices: `Users[0].Path`.
    pub path: String,
    /// The value there that was expected; none: absent.
    pub expected_value: Option<Value>,
    /// The value there that was seen; none: absent.
    pub observed_value: Option<Value>,
    /// The requirement that a free check stands for.
    pub requirement: Option<String>,
    /// Every requirement whose breach would account for it, where there are several.
    pub rules: Vec<String>,
    /// The exchange that shows it, secrets masked.
    pub exchange: Option<Exchange>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fingerprints_read_well_and_are_kept_as_json() {
        let fingerprint = Fingerprint {
            oracle: OracleId::Lockstep,
            action: "CreateUser".into(),
            expected: "400 ValidationError".into(),
            observed: "200".into(),
            path: "status".into(),
            class: "UserName: length 65".into(),
        };
        assert_eq!(fingerprint.to_string(), "lockstep: CreateUser status: 400 ValidationError → 200 (UserName: length 65)");
        let json = serde_json::to_string(&fingerprint).unwrap();
        assert_eq!(serde_json::from_str::<Fingerprint>(&json).unwrap(), fingerprint);
    }
}
