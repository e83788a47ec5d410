//! Which case shows which kind of answer: `wire.toml`.

use std::collections::BTreeMap;
use std::sync::OnceLock;

/// An answer to keep.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// The Action.
    pub action: String,
    /// `success`, of a list `empty`, `full` or `truncated`, or an error code; of several of a kind with what sets it apart behind a
    /// comma: `success, with tags`.
    pub title: String,
    /// The case that shows it.
    pub case: String,
}

impl Wanted {
    /// Of which kind the answer is.
    pub fn kind(&self) -> &str {
        kind(&self.title)
    }
}

/// The kind in a title.
pub fn kind(title: &str) -> &str {
    title.split(',').next().unwrap_or(title)
}

/// Every answer to keep, by Action and title.
///
/// A mistake in the file cannot ship: the unit tests read it.
pub fn index() -> &'static [Wanted] {
    static INDEX: OnceLock<Vec<Wanted>> = OnceLock::new();
    INDEX.get_or_init(|| match toml::from_str::<BTreeMap<String, BTreeMap<String, String>>>(include_str!("../wire.toml")) {
        Ok(actions) => {
            let of = |(action, kinds): (String, BTreeMap<String, String>)| {
                kinds.into_iter().map(move |(title, case)| Wanted { action: action.clone(), title, case })
            };
            actions.into_iter().flat_map(of).collect()
        }
        Err(why) => unreachable!("src/snapshot/wire.toml, which the unit tests read: {why}"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::model;
    use crate::case::Corpus;

    #[test]
    fn every_action_shows_its_success_in_a_case_that_calls_it() {
        let corpus = Corpus::embedded().expect("the corpus is sound");
        for wanted in index() {
            let Wanted { action, title, case } = wanted;
            let case = corpus.case(case).unwrap_or_else(|| panic!("{action} {title}: there is no case {case}"));
            assert!(case.steps.iter().any(|s| s.call == *action), "{action} {title}: {} does not call it", case.id);
        }
        let has = |action: &str, kind: &str| index().iter().any(|w| w.action == action && w.title == kind);
        for action in &model().actions {
            let wanted: &[&str] = if action.paginates.is_empty() { &["success"] } else { &["full", "truncated"] };
            for kind in wanted {
                assert!(has(&action.name, kind), "{} {kind}", action.name);
            }
        }
    }
}
