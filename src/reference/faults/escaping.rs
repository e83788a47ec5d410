//! Texts in an answer that are escaped otherwise than the encoder escapes them.
//!
//! A text is replaced before encoding by a sentinel that no encoder changes, and in the document by what shall stand there.

use serde_json::Value;

use super::Escaping;
use super::tree::{Tree, visit};
use crate::dialect::{ApiError, Format, Response};

/// Letters and digits only, so that it is the same in XML, in JSON and percent-encoded.
const SENTINEL: &str = "IAMSPECSENTINEL";

/// Sentinels in a tree, and what is written in their place.
#[derive(Default)]
pub(super) struct Sentinels {
    written: Vec<String>,
}

impl Sentinels {
    /// Puts a sentinel in place of a text; the document will have `written` there.
    pub(super) fn take(&mut self, text: &mut String, written: String) {
        *text = format!("{SENTINEL}{}END", self.written.len());
        self.written.push(written);
    }

    /// Sentinels in place of the texts at a path.
    pub(super) fn put(&mut self, tree: &mut Tree, path: &str, escaping: Escaping, format: Format) {
        visit(tree, path, &mut |parent, name| {
            if let Some(Value::String(text)) = parent.get_mut(name) {
                let written = write(text, escaping, format);
                self.take(text, written);
            }
        });
    }

    /// A sentinel in place of an error's message.
    pub(super) fn put_message(&mut self, error: &mut ApiError, escaping: Escaping, format: Format) {
        let written = write(&error.message, escaping, format);
        self.take(&mut error.message, written);
    }

    /// Writes what shall stand in the place of the sentinels.
    pub(super) fn replace(self, response: &mut Response) {
        if self.written.is_empty() {
            return;
        }
        let mut body = String::from_utf8_lossy(&response.body).into_owned();
        for (number, written) in self.written.iter().enumerate() {
            body = body.replace(&format!("{SENTINEL}{number}END"), written);
        }
        response.body = body.into_bytes();
    }
}

fn write(text: &str, escaping: Escaping, format: Format) -> String {
    match (escaping, format) {
        (Escaping::None, _) => text.to_owned(),
        (Escaping::Twice, Format::Xml) => xml(&xml(text)),
        (Escaping::Twice, Format::Json) => json(&json(text)),
    }
}

pub(super) fn xml(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;").replace('\r', "&#13;")
}

fn json(text: &str) -> String {
    let quoted = Value::from(text).to_string();
    quoted[1..quoted.len() - 1].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_written_as_they_are_or_escaped_twice() {
        assert_eq!(write("a<b", Escaping::None, Format::Xml), "a<b");
        assert_eq!(write("a<b", Escaping::Twice, Format::Xml), "a&amp;lt;b");
        assert_eq!(write("a\"b", Escaping::Twice, Format::Json), "a\\\\\\\"b");
    }
}
