//! Parameters that are held against other constraints than the model's.

use std::borrow::Cow;

use super::{Faults, Lapse, Wrong};
use crate::api::{Action, Scalar};

impl Faults {
    fn lapse(&self, action: &Action, parameter: &str) -> Option<Lapse> {
        match self.wrong(&action.name) {
            Some(Wrong::Constraint { parameter: path, lapse }) if path == parameter => Some(*lapse),
            _ => None,
        }
    }

    /// Whether a required parameter is missed when it is not there. `parameter` is its path, `Tags[].Key`.
    pub(in crate::reference) fn misses(&self, action: &Action, parameter: &str) -> bool {
        self.lapse(action, parameter) != Some(Lapse::NotRequired)
    }

    /// The constraints that a parameter is held against.
    pub(in crate::reference) fn constraints<'s>(&self, action: &Action, parameter: &str, right: &'s Scalar) -> Cow<'s, Scalar> {
        let Some(lapse) = self.lapse(action, parameter) else { return Cow::Borrowed(right) };
        let mut scalar = right.clone();
        match lapse {
            Lapse::NotRequired => {}
            Lapse::NoPattern => {
                scalar.pattern = None;
                // Another name: what is an ARN is known by it.
                scalar.name = String::new();
            }
            Lapse::AnyValue => scalar.values.clear(),
            Lapse::LowerMin => scalar.min = scalar.min.map(|min| min.saturating_sub(1)),
            Lapse::HigherMin => scalar.min = scalar.min.map(|min| min + 1),
            Lapse::LowerMax => scalar.max = scalar.max.map(|max| max.saturating_sub(1)),
            Lapse::HigherMax => scalar.max = scalar.max.map(|max| max + 1),
        }
        Cow::Owned(scalar)
    }
}
