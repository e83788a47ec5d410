//! How a case fails, so that one run can be compared with another.

use crate::report::text::printable;
use crate::verdict::Mismatch;

/// Longer values are not pinned: a person reads the file.
const LONGEST: usize = 80;

/// How a case fails: one mismatch. What is not given is not compared.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Pin {
    /// Step, from 1, as reports count.
    pub step: Option<usize>,
    /// Row or repetition, `row=empty`.
    pub at: Option<String>,
    /// Path of what differs.
    pub path: String,
    /// What is seen, exactly; several: one of them; none: anything.
    pub actual: Vec<String>,
}

impl Pin {
    /// A mismatch without what another run would show otherwise (names of this run, ids, dates, numbered repetitions) and without text
    /// that could do more than be read. `names`: the unique
    /// parts of the run's names, with commas.
    pub fn of(mismatch: &Mismatch, names: &str) -> Pin {
        let actual = mismatch.observed();
        let lower = actual.to_ascii_lowercase();
        let named = names.split(',').any(|name| !name.is_empty() && lower.contains(&name.to_ascii_lowercase()));
        let hostile = printable(actual) != actual;
        let volatile = named || hostile || actual.chars().count() > LONGEST || made_up(actual);
        Pin {
            step: Some(mismatch.step + 1),
            at: mismatch.at.starts_with("row=").then(|| mismatch.at.clone()),
            path: mismatch.path.clone(),
            actual: if volatile { Vec::new() } else { vec![actual.to_owned()] },
        }
    }

    /// Whether a mismatch is what this says.
    pub fn covers(&self, mismatch: &Mismatch) -> bool {
        self.path == mismatch.path
            && self.step.is_none_or(|step| step == mismatch.step + 1)
            && self.at.as_deref().is_none_or(|at| at == mismatch.at)
            && (self.actual.is_empty() || self.actual.iter().any(|a| a == mismatch.observed()))
    }
}

impl std::fmt::Display for Pin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if let Some(step) = self.step {
            write!(f, "step {step} ")?;
        }
        if let Some(at) = &self.at {
            write!(f, "[{at}] ")?;
        }
        match self.actual.as_slice() {
            [] => write!(f, "a difference in {}", self.path),
            actual => write!(f, "{} = {}", self.path, actual.join(" or ")),
        }
    }
}

/// Whether a value holds a date, or something like an id: a long word of letters and digits.
fn made_up(text: &str) -> bool {
    let id = |word: &str| word.len() >= 12 && word.contains(|c: char| c.is_ascii_digit());
    let date = |part: &[u8]| matches!(part, [a, b, c, d, b'-', e, f, b'-'] if [a, b, c, d, e, f].iter().all(|c| c.is_ascii_digit()));
    text.split(|c: char| !c.is_ascii_alphanumeric()).any(id) || text.as_bytes().windows(8).any(date)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::samples;

    #[test]
    fn what_another_run_shows_otherwise_is_not_pinned() {
        for (actual, kept) in [
            ("arn:aws:iam::123456789012:user/t-k3f9-user", false),
            ("2026-11-22T17:34:00Z", false),
            ("AIDAQWERTYUIO2ASDFGHJ", false),
            ("\"d7bn26dowwghwba5ycqy\"", false),
            ("T-K3F9-USER", false),
            ("MalformedPolicyDocument", true),
            ("NoSuchEntity\u{1b}[2J", false),
            ("NoSuchEntity", true),
            ("404 NoSuchEntity: t-k3f9-user is not there", true),
            ("200", true),
        ] {
            let mut mismatch = samples::failure().verdict.mismatches.remove(0);
            mismatch.actual = actual.into();
            assert_eq!(Pin::of(&mismatch, "0000x,k3f9").actual.len(), usize::from(kept), "{actual}");
        }
    }
}
