//! What is known of the API, fact by fact, and the requirements that say it.
//!
//! A requirement is a rule that can be broken; a fact is what a document or a recording says. The list in `src/api/facts.toml` shows
//! that nothing known was left out: each fact names its requirements, or the reason why it is none.

use std::sync::OnceLock;

use serde::Deserialize;

/// One thing that is known.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fact {
    /// Stable id: `<Action or area>.<what about>`, kebab-case.
    pub id: String,
    /// The fact, in a sentence of our own.
    pub text: String,
    /// Ids of the requirements that say it.
    #[serde(default)]
    pub requirements: Vec<String>,
    /// Why it is no requirement; only without any.
    #[serde(default)]
    pub reason: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    fact: Vec<Fact>,
}

/// Every fact, in the order of the file.
pub fn facts() -> &'static [Fact] {
    static FACTS: OnceLock<Vec<Fact>> = OnceLock::new();
    FACTS.get_or_init(|| match toml::from_str::<File>(include_str!("facts.toml")) {
        Ok(file) => file.fact,
        Err(why) => unreachable!("src/api/facts.toml, which the unit tests read: {why}"),
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::api::Req;

    #[test]
    fn every_fact_is_held_by_requirements_that_there_are_or_says_why_not() {
        let mut ids = BTreeSet::new();
        for fact in facts() {
            assert!(ids.insert(&fact.id), "{} is there twice", fact.id);
            assert!(!fact.text.is_empty());
            assert_ne!(fact.requirements.is_empty(), fact.reason.is_none(), "{}: requirements or a reason", fact.id);
            for id in &fact.requirements {
                assert!(Req::find(id).is_some(), "{}: no requirement {id}", fact.id);
            }
        }
    }
}
