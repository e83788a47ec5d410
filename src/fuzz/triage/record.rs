//! What the file of a finding says above its case: for people, and in one line for `replay`.

use serde::{Deserialize, Serialize};

use crate::fuzz::Fingerprint;
use crate::report::event::without_index;
use crate::verdict::Mismatch;

/// Begins the line that `replay` reads.
const MARK: &str = "#: ";

/// How a case failed when it was written down.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recorded {
    /// What was seen.
    pub fingerprint: Fingerprint,
    /// Name of the target.
    pub target: String,
    /// `aws/xml`.
    pub configuration: String,
    /// The Action of the step that fails.
    pub call: String,
    /// Path that differs, lists without indices.
    pub path: String,
    /// What was seen there: left out where another run would show something else, such as an id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actual: Option<String>,
    /// The free check that fires; left out where an expectation fails.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub check: Option<String>,
}

impl Recorded {
    /// The line for the file.
    pub fn line(&self) -> String {
        // Strings and nothing else: there is no way for it to fail.
        let json = serde_json::to_string(self).unwrap_or_default();
        format!("{MARK}{json}\n")
    }

    /// Whether a mismatch is what was written down.
    pub fn is(&self, mismatch: &Mismatch, call: &str) -> bool {
        self.call == call
            && self.path == without_index(&mismatch.path)
            && self.actual.as_deref().is_none_or(|actual| actual == mismatch.observed())
    }
}

/// What a case file has written down of the case that begins at `line`, from 1: the last such line before it and after the case before.
/// A line that cannot be read says nothing.
pub fn recorded(text: &str, line: usize) -> Option<Recorded> {
    let before: Vec<&str> = text.lines().take(line.saturating_sub(1)).collect();
    let above = before.iter().rev().take_while(|l| l.trim_start().starts_with('#') || l.trim().is_empty() || l.starts_with("action"));
    above.filter_map(|l| l.strip_prefix(MARK)).find_map(|json| serde_json::from_str(json).ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fuzz::OracleId;
    use crate::report::samples;

    fn sample(path: &str, actual: Option<&str>) -> Recorded {
        let fingerprint = Fingerprint {
            oracle: OracleId::Lockstep,
            action: "CreateUser".into(),
            expected: "409 EntityAlreadyExists".into(),
            observed: "200".into(),
            path: "status".into(),
            class: "\u{7}\n→".into(),
        };
        let (target, configuration, call) = ("moto".into(), "aws/xml".into(), "CreateUser".into());
        Recorded { fingerprint, target, configuration, call, path: path.into(), actual: actual.map(str::to_owned), check: None }
    }

    #[test]
    fn what_is_written_above_a_case_is_found_above_it_and_nowhere_else() {
        let (one, two) = (sample("status", Some("200")), sample("User.Path", None));
        let text = format!(
            "# a\n{}\n[[case]]\nid = \"x\"\n\n# b\n{}# c\n[[case]]\nid = \"y\"\n[[case]]\n#: not json\n[[case]]\n",
            one.line(),
            two.line()
        );
        let starts: Vec<usize> = text.lines().enumerate().filter(|(_, l)| *l == "[[case]]").map(|(i, _)| i + 1).collect();
        let found: Vec<_> = starts.iter().map(|line| recorded(&text, *line)).collect();
        assert_eq!(found, [Some(one), Some(two), None, None]);
        assert_eq!(text.matches("\n\n").count(), 2, "no line break gets out of the fingerprint");
    }

    #[test]
    fn a_mismatch_is_what_was_written_down_or_it_is_not() {
        let mut mismatch = samples::failure().verdict.mismatches.remove(0);
        (mismatch.path, mismatch.actual) = ("status".into(), "200".into());
        assert!(sample("status", Some("200")).is(&mismatch, "CreateUser"));
        assert!(!sample("status", Some("201")).is(&mismatch, "CreateUser") && !sample("status", None).is(&mismatch, "GetUser"));
        (mismatch.path, mismatch.actual) = ("Users[3].Path".into(), "absent".into());
        assert!(sample("Users[].Path", None).is(&mismatch, "CreateUser"));
    }
}
