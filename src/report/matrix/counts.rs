//! Verdicts as a matrix counts and shows them.

use serde::ser::{Serialize, SerializeMap, Serializer};

use crate::verdict::Status;

/// Every verdict, in the order of columns and legends.
pub const ORDER: [Status; 6] = [Status::Pass, Status::Fail, Status::Error, Status::Xfail, Status::Xpass, Status::Skip];

/// How a verdict looks: never by colour alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Look {
    /// Its name in events, JSON and CSV.
    pub name: &'static str,
    /// Its name for people.
    pub word: &'static str,
    /// A sign for narrow cells.
    pub sign: &'static str,
    /// What it means.
    pub meaning: &'static str,
}

/// How a verdict looks.
pub fn look(status: Status) -> Look {
    let (name, word, sign, meaning) = match status {
        Status::Pass => ("pass", "pass", "✓", "keeps what the case asks for"),
        Status::Fail => ("fail", "fail", "✗", "departs from the API"),
        Status::Error => ("error", "error", "!", "the harness or the network broke; says nothing about the target"),
        Status::Xfail => ("xfail", "known", "◇", "departs as its list of known failures says"),
        Status::Xpass => ("xpass", "unlisted pass", "◆", "passes although listed as failing"),
        Status::Skip => ("skip", "skip", "○", "not run: a missing capability or a precondition"),
    };
    Look { name, word, sign, meaning }
}

/// Whether a verdict says that the target departs from the API, known or not.
pub fn departs(status: Status) -> bool {
    matches!(status, Status::Fail | Status::Xfail)
}

/// How many of each verdict.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts([usize; ORDER.len()]);

impl Counts {
    /// One more of a verdict.
    pub fn add(&mut self, status: Status) {
        self.0[index(status)] += 1;
    }

    /// How many of a verdict.
    pub fn of(&self, status: Status) -> usize {
        self.0[index(status)]
    }

    /// How many in all.
    pub fn total(&self) -> usize {
        self.0.iter().sum()
    }

    /// The verdicts that occur, in [`ORDER`], with how often.
    pub fn present(&self) -> impl Iterator<Item = (Status, usize)> + '_ {
        ORDER.iter().zip(self.0).filter(|(_, n)| *n > 0).map(|(status, n)| (*status, n))
    }

    /// In words: `235 pass, 129 known`.
    pub fn in_words(&self) -> String {
        self.present().map(|(status, n)| format!("{n} {}", look(status).word)).collect::<Vec<_>>().join(", ")
    }

    /// In signs: `✓ 235 ◇ 129`.
    pub fn in_signs(&self) -> String {
        self.present().map(|(status, n)| format!("{} {n}", look(status).sign)).collect::<Vec<_>>().join(" ")
    }
}

impl FromIterator<Status> for Counts {
    fn from_iter<I: IntoIterator<Item = Status>>(all: I) -> Counts {
        let mut counts = Counts::default();
        all.into_iter().for_each(|status| counts.add(status));
        counts
    }
}

/// As an object by name, with every verdict in it.
impl Serialize for Counts {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let mut map = to.serialize_map(Some(ORDER.len()))?;
        for (status, n) in ORDER.iter().zip(self.0) {
            map.serialize_entry(look(*status).name, &n)?;
        }
        map.end()
    }
}

/// Place of a verdict in [`ORDER`].
pub(super) fn index(status: Status) -> usize {
    ORDER.iter().position(|s| *s == status).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn verdicts_are_counted_apart() {
        let counts: Counts = [Status::Fail, Status::Pass, Status::Xfail, Status::Pass, Status::Skip, Status::Error].into_iter().collect();
        assert_eq!((counts.total(), counts.of(Status::Pass), counts.of(Status::Xpass)), (6, 2, 0));
        assert_eq!(counts.in_words(), "2 pass, 1 fail, 1 error, 1 known, 1 skip");
        assert_eq!(counts.in_signs(), "✓ 2 ✗ 1 ! 1 ◇ 1 ○ 1");
        let json = serde_json::to_value(counts).unwrap();
        assert_eq!(json, serde_json::json!({ "pass": 2, "fail": 1, "error": 1, "xfail": 1, "xpass": 0, "skip": 1 }));
    }

    #[test]
    fn names_are_those_of_events_and_looks_differ() {
        let mut signs: Vec<&str> = ORDER.iter().map(|s| look(*s).sign).collect();
        for (i, status) in ORDER.iter().enumerate() {
            assert_eq!(serde_json::to_value(status).unwrap(), look(*status).name);
            assert_eq!(index(*status), i);
        }
        signs.sort_unstable();
        signs.dedup();
        assert_eq!(signs.len(), ORDER.len());
    }
}
