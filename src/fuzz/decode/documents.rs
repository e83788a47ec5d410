//! Policy documents.

use std::sync::OnceLock;

use serde::Deserialize;
use serde_json::{Value, json};

use super::{Maker, braced};
use crate::case::generate::documents;

#[derive(Deserialize)]
struct File {
    /// What the cases send, right and wrong.
    texts: Vec<String>,
    /// Statements about a user's own calls, without `Effect`.
    statements: Vec<String>,
}

fn file() -> &'static File {
    static FILE: OnceLock<File> = OnceLock::new();
    FILE.get_or_init(|| match toml::from_str(include_str!("documents.toml")) {
        Ok(file) => file,
        Err(why) => unreachable!("src/fuzz/decode/documents.toml, which the unit tests read: {why}"),
    })
}

/// Characters that count, around the limits of the API.
const SIZES: [&str; 9] = [
    "doc:limit.policy-size",
    "doc:limit.policy-size+1",
    "doc:limit.user-policy-size",
    "doc:limit.user-policy-size+1",
    "doc:limit.group-policy-size",
    "doc:limit.group-policy-size+1",
    "doc:2048",
    "doc:2049",
    "doc:5120",
];

impl Maker<'_> {
    /// A policy document: mostly one that every target takes.
    pub(super) fn document(&mut self) -> Value {
        let sizes = if self.ground.longest < 20_000 { 0 } else { 4 };
        match self.bits.weighted(&[58, 34, sizes, sizes]) {
            0 => {
                let names: Vec<&String> = documents().keys().collect();
                self.bits.pick(&names).map_or(json!("{}"), |name| braced(&format!("doc.{name}")))
            }
            1 => json!(self.bits.pick(&file().texts).cloned().unwrap_or_default()),
            2 => {
                let size = self.bits.text(&SIZES);
                json!(format!(" \t\n${{{size}}}\n "))
            }
            _ => braced(self.bits.text(&SIZES)),
        }
    }

    /// A policy document on which depends what a user may do: mostly one with a condition.
    pub(super) fn deciding(&mut self) -> Value {
        let statement = match self.bits.pick(&file().statements) {
            Some(statement) if self.bits.chance(65) => statement,
            _ => return self.document(),
        };
        let allow = |rest: &str| format!("{{\"Effect\":\"Allow\",{rest}}}");
        let statements = if self.bits.chance(20) {
            let all = allow("\"Action\":\"*\",\"Resource\":\"*\"");
            format!("{all},{{\"Effect\":\"Deny\",{statement}}}")
        } else {
            allow(statement)
        };
        json!(format!("{{\"Version\":\"2012-10-17\",\"Statement\":[{statements}]}}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::case::template::Template;

    #[test]
    fn documents_are_templates_that_can_be_read() {
        assert!(file().texts.len() > 150);
        for text in file().texts.iter().chain(&file().statements) {
            assert!(Template::parse(text).is_ok(), "{text}");
        }
        for size in SIZES {
            assert!(Template::parse(&format!("${{{size}}}")).is_ok(), "{size}");
        }
    }
}
