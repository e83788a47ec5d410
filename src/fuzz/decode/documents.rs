//! Policy documents.

use std::sync::OnceLock;

use serde::Deserialize;
use serde_json::{Value, json};

use super::{Maker, braced};
use crate::case::generate::documents;

#[derive(Deserialize)]
struct File {
    texts: Vec<String>,
}

/// What the cases send, right and wrong.
fn texts() -> &'static [String] {
    static TEXTS: OnceLock<Vec<String>> = OnceLock::new();
    TEXTS.get_or_init(|| match toml::from_str::<File>(include_str!("documents.toml")) {
        Ok(file) => file.texts,
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
            1 => json!(self.bits.pick(texts()).cloned().unwrap_or_default()),
            2 => {
                let size = self.bits.text(&SIZES);
                json!(format!(" \t\n${{{size}}}\n "))
            }
            _ => braced(self.bits.text(&SIZES)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::case::template::Template;

    #[test]
    fn documents_are_templates_that_can_be_read() {
        assert!(texts().len() > 150);
        for text in texts() {
            assert!(Template::parse(text).is_ok(), "{text}");
        }
        for size in SIZES {
            assert!(Template::parse(&format!("${{{size}}}")).is_ok(), "{size}");
        }
    }
}
