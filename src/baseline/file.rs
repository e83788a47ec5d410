//! What is known to fail on one target: a list of entries, each pinning how something fails, with a reason.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use super::parse;
use super::pin::Pin;
use crate::case::diagnostic::{Diagnostic, Diagnostics};
use crate::case::filter::glob;
use crate::verdict::{Loc, Mismatch};

/// The only version of the format.
pub const FORMAT: u32 = 1;
/// The reason that an update writes. It says that no person has looked at the entry yet.
pub const UNREVIEWED: &str = "unreviewed";

/// What is known to fail on one target.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Baseline {
    /// Path of the file, for messages.
    pub file: String,
    /// Its text, for messages that point into it.
    pub text: String,
    /// Cases.
    pub known: Vec<Known>,
    /// Findings of free checks.
    pub checks: Vec<KnownCheck>,
    /// Things that the target will not let go of.
    pub leftovers: Vec<KnownLeftover>,
    /// Findings of the fuzzer.
    pub findings: Vec<KnownFinding>,
    /// The cases that ended in a verdict on the target when the list was made; none: the list does not say.
    pub judged: Option<Judged>,
}

/// Ids of cases, by configuration.
pub type Judged = BTreeMap<String, BTreeSet<String>>;

/// Why an entry is there.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Why {
    /// The reason; [`UNREVIEWED`] until a person has written one.
    pub reason: String,
    /// Where to read more, an issue of the target.
    pub link: Option<String>,
    /// Last day on which the entry excuses, `2027-01-01`.
    pub expires: Option<String>,
    /// Line of the entry, from 1.
    pub line: usize,
    /// Bytes of the file that name what the entry is about.
    pub span: Range<usize>,
}

/// A case that is known to fail, or every case that breaks a requirement.
#[derive(Clone, Debug, PartialEq)]
pub struct Known {
    /// Case id, or a glob over ids; `*` where the entry names a requirement alone.
    pub case: String,
    /// Configuration; none: every one.
    pub configuration: Option<String>,
    /// Id of the requirement that is broken, or a glob over ids; `*` where the entry names a case alone.
    pub requirement: String,
    /// How it fails: every mismatch of a trial must be one of these, and with an exact case each of these must be seen.
    pub fails: Vec<Pin>,
    /// Why.
    pub why: Why,
}

/// A finding of a free check that is known.
#[derive(Clone, Debug, PartialEq)]
pub struct KnownCheck {
    /// Id of the requirement that is broken, or a glob over ids.
    pub requirement: String,
    /// Configuration; none: every one.
    pub configuration: Option<String>,
    /// Action; none: every one.
    pub action: Option<String>,
    /// Path; none: every one.
    pub at: Option<String>,
    /// Why.
    pub why: Why,
}

/// Something that is known to stay behind.
#[derive(Clone, Debug, PartialEq)]
pub struct KnownLeftover {
    /// `user`, `group`, `policy`, `server-certificate`, `access-key`.
    pub kind: String,
    /// Case id, or a glob over ids.
    pub case: String,
    /// Why.
    pub why: Why,
}

/// A finding of the fuzzer that is known. Runs of the suite have nothing to do with it.
#[derive(Clone, Debug, PartialEq)]
pub struct KnownFinding {
    /// Its fingerprint as text, or a glob over such texts.
    pub fingerprint: String,
    /// Configuration; none: every one.
    pub configuration: Option<String>,
    /// Why.
    pub why: Why,
}

impl Baseline {
    /// Reads a baseline. `name` is what messages call the file, `cases` the ids of the suite.
    ///
    /// # Errors
    /// Every mistake: syntax, unknown keys, cases, requirements, configurations and Actions, patterns that match none of them, missing
    /// reasons, entries given twice.
    pub fn parse(name: &str, text: &str, cases: &[&str]) -> Result<Baseline, Diagnostics> {
        parse::parse(name, text, cases)
    }

    /// Every entry's reason with what the entry is about, in the order of the file.
    pub fn entries(&self) -> Vec<(&Why, String)> {
        let known = self.known.iter().map(|k| (&k.why, k.to_string()));
        let checks = self.checks.iter().map(|k| (&k.why, k.to_string()));
        let leftovers = self.leftovers.iter().map(|k| (&k.why, k.to_string()));
        let findings = self.findings.iter().map(|k| (&k.why, k.to_string()));
        let mut all: Vec<_> = known.chain(checks).chain(leftovers).chain(findings).collect();
        all.sort_by_key(|(why, _)| why.line);
        all
    }

    /// The entries that no person has given a reason for yet, with what each is about.
    pub fn unreviewed(&self) -> Vec<(&Why, String)> {
        self.entries().into_iter().filter(|(why, _)| why.reason == UNREVIEWED).collect()
    }

    /// Where an entry stands.
    pub fn place(&self, why: &Why) -> Loc {
        Loc { file: self.file.clone(), line: why.line, column: 1 }
    }

    /// Remarks on entries, each with the entry's line, a caret and what to do.
    pub fn point<'a>(&self, remarks: impl IntoIterator<Item = (&'a Why, String, String)>) -> Diagnostics {
        let told = |(why, message, help): (&'a Why, String, String)| Diagnostic {
            loc: self.place(why),
            span: why.span.clone(),
            message,
            label: String::new(),
            also: Vec::new(),
            help: Some(help),
        };
        Diagnostics::of(&self.file, &self.text, remarks.into_iter().map(told).collect())
    }
}

impl Known {
    /// Whether the entry is about one case, by its id.
    pub fn exact(&self) -> bool {
        !is_glob(&self.case)
    }

    /// Whether the entry is about a case in a configuration.
    pub fn concerns(&self, case: &str, configuration: &str) -> bool {
        glob(&self.case, case) && self.configuration.as_deref().is_none_or(|c| c == configuration)
    }

    /// Whether a mismatch is charged to what the entry says is broken.
    pub fn charges(&self, mismatch: &Mismatch) -> bool {
        glob(&self.requirement, &mismatch.requirement)
    }

    /// Whether a mismatch of a case that the entry is about is as the entry says.
    pub fn covers(&self, mismatch: &Mismatch) -> bool {
        self.charges(mismatch) && self.fails.iter().any(|pin| pin.covers(mismatch))
    }
}

impl std::fmt::Display for Known {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match (self.case.as_str(), self.requirement.as_str()) {
            ("*", requirement) => write!(f, "known failures of {requirement}"),
            (case, "*") => write!(f, "known failure of {case}"),
            (case, requirement) => write!(f, "known failure of {case} ({requirement})"),
        }
    }
}

impl std::fmt::Display for KnownCheck {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "known finding of {}", self.requirement)?;
        self.action.as_ref().map_or(Ok(()), |action| write!(f, " in {action}"))?;
        self.at.as_ref().map_or(Ok(()), |at| write!(f, " at {at}"))
    }
}

impl std::fmt::Display for KnownLeftover {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "known {} left by {}", self.kind, self.case)
    }
}

impl std::fmt::Display for KnownFinding {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "known finding of the fuzzer: {}", self.fingerprint)
    }
}

/// Whether a name stands for others by a pattern.
pub(super) fn is_glob(name: &str) -> bool {
    name.contains(['*', '?'])
}
