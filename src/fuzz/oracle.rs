//! The oracles by name, and which of them are asked.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::case::suggest::did_you_mean;

/// What looks at answers and says what is wrong with them. The names are stable: fingerprints, flags and counts use them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OracleId {
    /// An answer comes, in time, on a connection that is not broken, and is no server error.
    Transport,
    /// The answer can be read as an answer of the dialect, and its envelope is right (free checks `wire.…`).
    Envelope,
    /// The result tree is of the API model (free checks `shape.…`).
    Shape,
    /// The reference, given the same calls, answers the same.
    Lockstep,
    /// After a change, what reads of the changed thing answer is what the reference answers.
    Probe,
    /// What sets something leaves, when repeated, what it left the first time.
    PutTwice,
    /// A refused call leaves no trace.
    NoTrace,
    /// Small pages together are the whole list.
    Pages,
    /// A list with a prefix is the whole list, filtered.
    Prefix,
    /// A rename keeps the id and the date of creation.
    KeepsId,
    /// Taking back leaves what was there before.
    Detach,
    /// GET answers as POST does.
    GetPost,
    /// The order of parameters is irrelevant.
    ParameterOrder,
    /// What was deleted is not found, until it is made again.
    StaysDeleted,
    /// A stranger's key, or the second account, sees nothing.
    Stranger,
    /// What was made can be removed.
    Cleanup,
    /// A malformed request is answered 4xx in a well-formed error, and the next good call is served.
    Wire,
}

impl OracleId {
    /// Every oracle, in the order of reports.
    pub const ALL: [OracleId; 17] = [
        OracleId::Transport,
        OracleId::Envelope,
        OracleId::Shape,
        OracleId::Lockstep,
        OracleId::Probe,
        OracleId::PutTwice,
        OracleId::NoTrace,
        OracleId::Pages,
        OracleId::Prefix,
        OracleId::KeepsId,
        OracleId::Detach,
        OracleId::GetPost,
        OracleId::ParameterOrder,
        OracleId::StaysDeleted,
        OracleId::Stranger,
        OracleId::Cleanup,
        OracleId::Wire,
    ];

    /// Its name: `put-twice`.
    pub fn name(self) -> &'static str {
        match self {
            OracleId::Transport => "transport",
            OracleId::Envelope => "envelope",
            OracleId::Shape => "shape",
            OracleId::Lockstep => "lockstep",
            OracleId::Probe => "probe",
            OracleId::PutTwice => "put-twice",
            OracleId::NoTrace => "no-trace",
            OracleId::Pages => "pages",
            OracleId::Prefix => "prefix",
            OracleId::KeepsId => "keeps-id",
            OracleId::Detach => "detach",
            OracleId::GetPost => "get-post",
            OracleId::ParameterOrder => "parameter-order",
            OracleId::StaysDeleted => "stays-deleted",
            OracleId::Stranger => "stranger",
            OracleId::Cleanup => "cleanup",
            OracleId::Wire => "wire",
        }
    }
}

impl fmt::Display for OracleId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for OracleId {
    type Err = String;

    fn from_str(text: &str) -> Result<OracleId, String> {
        OracleId::ALL.into_iter().find(|id| id.name() == text).ok_or_else(|| {
            let near = did_you_mean(text, OracleId::ALL.iter().map(|id| id.name()));
            format!("there is no oracle {text:?}{}", near.map(|near| format!("; {near}")).unwrap_or_default())
        })
    }
}

/// Which oracles are asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Oracles(BTreeSet<OracleId>);

impl Default for Oracles {
    /// All but `wire`, which sends what can take a server down.
    fn default() -> Oracles {
        Oracles(OracleId::ALL.into_iter().filter(|id| *id != OracleId::Wire).collect())
    }
}

impl Oracles {
    /// This one and no other.
    pub fn only(id: OracleId) -> Oracles {
        Oracles(BTreeSet::from([id]))
    }

    /// The others; none: it is the only one, or there is no other.
    pub fn without(&self, id: OracleId) -> Option<Oracles> {
        let others: BTreeSet<OracleId> = self.iter().filter(|other| *other != id).collect();
        (!others.is_empty()).then_some(Oracles(others))
    }

    /// Whether an oracle is asked.
    pub fn has(&self, id: OracleId) -> bool {
        self.0.contains(&id)
    }

    /// Those that are asked, in the order of reports.
    pub fn iter(&self) -> impl Iterator<Item = OracleId> {
        self.0.iter().copied()
    }
}

impl FromStr for Oracles {
    type Err = String;

    /// `lockstep,probe`: these and no others. `-shape`: the usual ones but this. `wire,-get-post` names one, so it is `wire` alone. `+wire`:
    /// the usual ones and this. `all`: every one.
    fn from_str(text: &str) -> Result<Oracles, String> {
        let parts: Vec<&str> = text.split(',').map(str::trim).filter(|part| !part.is_empty()).collect();
        if parts.is_empty() {
            return Err("no oracle is named".into());
        }
        let named = parts.iter().any(|part| !part.starts_with(['-', '+']));
        let mut chosen = if named { BTreeSet::new() } else { Oracles::default().0 };
        for part in parts {
            match part.strip_prefix('-') {
                Some(name) => {
                    chosen.remove(&name.parse()?);
                }
                None if part == "all" => chosen.extend(OracleId::ALL),
                None => {
                    chosen.insert(part.strip_prefix('+').unwrap_or(part).parse()?);
                }
            }
        }
        if chosen.is_empty() { Err(format!("{text:?} leaves no oracle")) } else { Ok(Oracles(chosen)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_the_serialised_form_and_read_back() {
        for id in OracleId::ALL {
            assert_eq!(serde_json::to_value(id).unwrap(), id.name());
            assert_eq!(id.name().parse(), Ok(id));
        }
        let error = "lock-step".parse::<OracleId>().unwrap_err();
        assert!(error.contains("did you mean `lockstep`?"), "{error}");
    }

    #[test]
    fn a_selection_names_adds_and_leaves_out() {
        let read = |text: &str| text.parse::<Oracles>().map(|o| o.iter().map(OracleId::name).collect::<Vec<_>>());
        assert_eq!(read("probe, lockstep"), Ok(vec!["lockstep", "probe"]));
        assert_eq!(read("all,-wire"), Ok(Oracles::default().iter().map(OracleId::name).collect()));
        assert_eq!(read("-shape").map(|o| o.len()), Ok(15));
        assert_eq!(read("+wire").map(|o| o.len()), Ok(17));
        assert!(read("shape,-shape").is_err() && read("").is_err() && read("x").is_err());
        assert!(!Oracles::default().has(OracleId::Wire));
        assert_eq!(Oracles::only(OracleId::Wire).without(OracleId::Wire), None);
        assert_eq!(read("all").map(|_| "all".parse::<Oracles>().unwrap().without(OracleId::Wire)), Ok(Some(Oracles::default())));
    }
}
