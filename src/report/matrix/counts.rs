//! Verdicts as a matrix counts and shows them.

use serde::ser::{Serialize, SerializeMap, Serializer};

use crate::verdict::{Status, Verdict};

/// What a verdict counts as in a cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    /// Every expectation held.
    Pass,
    /// The target departs from the API.
    Fail,
    /// The harness or the network broke.
    Error,
    /// It passes, but its answers are not those of its snapshot.
    Differs,
    /// The target departs as its list of known failures says.
    Xfail,
    /// It passed although listed as failing.
    Xpass,
    /// It was not run.
    Skip,
}

impl From<&Verdict> for Mark {
    fn from(verdict: &Verdict) -> Mark {
        match verdict.status {
            Status::Pass if !verdict.differs.is_empty() => Mark::Differs,
            Status::Pass => Mark::Pass,
            Status::Fail => Mark::Fail,
            Status::Error => Mark::Error,
            Status::Skip => Mark::Skip,
            Status::Xfail => Mark::Xfail,
            Status::Xpass => Mark::Xpass,
        }
    }
}

/// Every mark, in the order of columns and legends.
pub const ORDER: [Mark; 7] = [Mark::Pass, Mark::Fail, Mark::Error, Mark::Differs, Mark::Xfail, Mark::Xpass, Mark::Skip];

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
pub fn look(mark: Mark) -> Look {
    let (name, word, sign, meaning) = match mark {
        Mark::Pass => ("pass", "pass", "✓", "keeps what the case asks for"),
        Mark::Fail => ("fail", "fail", "✗", "departs from the API"),
        Mark::Error => ("error", "error", "!", "the harness or the network broke; says nothing about the target"),
        Mark::Differs => ("differs", "differs", "≠", "passes, and its answers are not those of its snapshot"),
        Mark::Xfail => ("xfail", "known", "◇", "departs as its list of known failures says"),
        Mark::Xpass => ("xpass", "unexpected pass", "◆", "passes although listed as failing"),
        Mark::Skip => ("skip", "skip", "○", "not run: a missing capability or a precondition"),
    };
    Look { name, word, sign, meaning }
}

/// Whether a verdict says that the target departs from the API, known or not.
pub fn departs(mark: Mark) -> bool {
    matches!(mark, Mark::Fail | Mark::Xfail)
}

/// How many of each verdict.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts([usize; ORDER.len()]);

impl Counts {
    /// One more of a verdict.
    pub fn add(&mut self, mark: Mark) {
        self.0[index(mark)] += 1;
    }

    /// How many of a verdict.
    pub fn of(&self, mark: Mark) -> usize {
        self.0[index(mark)]
    }

    /// How many in all.
    pub fn total(&self) -> usize {
        self.0.iter().sum()
    }

    /// The verdicts that occur, in [`ORDER`], with how often.
    pub fn present(&self) -> impl Iterator<Item = (Mark, usize)> + '_ {
        ORDER.iter().zip(self.0).filter(|(_, n)| *n > 0).map(|(mark, n)| (*mark, n))
    }

    /// In words: `235 pass, 129 known`.
    pub fn in_words(&self) -> String {
        self.present().map(|(mark, n)| format!("{n} {}", look(mark).word)).collect::<Vec<_>>().join(", ")
    }

    /// In signs: `✓ 235 ◇ 129`.
    pub fn in_signs(&self) -> String {
        self.present().map(|(mark, n)| format!("{} {n}", look(mark).sign)).collect::<Vec<_>>().join(" ")
    }
}

impl FromIterator<Mark> for Counts {
    fn from_iter<I: IntoIterator<Item = Mark>>(all: I) -> Counts {
        let mut counts = Counts::default();
        all.into_iter().for_each(|mark| counts.add(mark));
        counts
    }
}

/// As an object by name, with every verdict in it.
impl Serialize for Counts {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let mut map = to.serialize_map(Some(ORDER.len()))?;
        for (mark, n) in ORDER.iter().zip(self.0) {
            map.serialize_entry(look(*mark).name, &n)?;
        }
        map.end()
    }
}

/// Place of a verdict in [`ORDER`].
pub(super) fn index(mark: Mark) -> usize {
    ORDER.iter().position(|s| *s == mark).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn verdicts_are_counted_apart() {
        let counts: Counts = [Mark::Fail, Mark::Pass, Mark::Xfail, Mark::Pass, Mark::Skip, Mark::Error].into_iter().collect();
        assert_eq!((counts.total(), counts.of(Mark::Pass), counts.of(Mark::Xpass)), (6, 2, 0));
        assert_eq!(counts.in_words(), "2 pass, 1 fail, 1 error, 1 known, 1 skip");
        assert_eq!(counts.in_signs(), "✓ 2 ✗ 1 ! 1 ◇ 1 ○ 1");
        let json = serde_json::to_value(counts).unwrap();
        assert_eq!(json, serde_json::json!({ "pass": 2, "fail": 1, "error": 1, "differs": 0, "xfail": 1, "xpass": 0, "skip": 1 }));
    }

    #[test]
    fn names_are_those_of_events_and_looks_differ() {
        let mut signs: Vec<&str> = ORDER.iter().map(|s| look(*s).sign).collect();
        for (i, mark) in ORDER.iter().enumerate() {
            assert_eq!(index(*mark), i);
        }
        for name in ["pass", "fail", "error", "skip", "xfail", "xpass"] {
            let verdict: Verdict = serde_json::from_value(serde_json::json!({ "status": name })).unwrap();
            assert_eq!(look(Mark::from(&verdict)).name, name);
        }
        let differs: Verdict = serde_json::from_value(serde_json::json!({ "status": "pass", "differs": [
            { "snapshot": "x.snap", "step": 0, "path": "status", "expected": "200", "actual": "201" }] }))
        .unwrap();
        assert_eq!((Mark::from(&differs), departs(Mark::Differs)), (Mark::Differs, false));
        signs.sort_unstable();
        signs.dedup();
        assert_eq!(signs.len(), ORDER.len());
    }
}
