//! Keeps secrets out of events: every secret is registered as soon as it is known, and replaced in every string that is emitted.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

pub use crate::report::event::MASK;

/// Shorter texts are not taken for secrets: they would mask half of every report.
const SHORTEST: usize = 8;

/// The secrets of a run, in every form in which they can appear.
#[derive(Default)]
pub struct Redactor {
    /// Longest first, so that a secret that contains another one is masked as a whole.
    forms: Mutex<Vec<String>>,
}

impl Redactor {
    /// A redactor that knows no secret yet.
    pub fn new() -> Redactor {
        Redactor::default()
    }

    fn forms(&self) -> MutexGuard<'_, Vec<String>> {
        self.forms.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes note of a secret: as it is, percent-encoded, form-encoded, XML-escaped and JSON-escaped. Each line of a secret of several
    /// lines (a PEM key) is a secret too, since reports may show lines by themselves.
    pub fn register(&self, secret: &str) {
        let mut found = BTreeSet::new();
        let lines = secret.lines().map(str::trim).filter(|line| !line.starts_with("-----"));
        for text in std::iter::once(secret.trim()).chain(lines) {
            if text.chars().count() >= SHORTEST {
                found.extend(spellings(text));
            }
        }
        let mut forms = self.forms();
        forms.extend(found);
        forms.sort_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
        forms.dedup();
    }

    /// The text with every secret in it masked.
    pub fn redact(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for form in self.forms().iter() {
            if text.contains(form.as_str()) {
                text = text.replace(form.as_str(), MASK);
            }
        }
        text
    }

    /// The value with every secret in its strings and keys masked.
    pub fn redact_value(&self, value: &Value) -> Value {
        match value {
            Value::String(text) => Value::String(self.redact(text)),
            Value::Array(items) => items.iter().map(|item| self.redact_value(item)).collect(),
            Value::Object(members) => members.iter().map(|(k, v)| (self.redact(k), self.redact_value(v))).collect(),
            other => other.clone(),
        }
    }

    /// A record with every secret in its strings masked. A record that cannot be written as JSON and read again is dropped: better
    /// no record than one with a secret.
    pub fn redact_record<T: Serialize + DeserializeOwned>(&self, record: &T) -> Option<T> {
        let value = serde_json::to_value(record).ok()?;
        serde_json::from_value(self.redact_value(&value)).ok()
    }
}

/// The spellings of a text on the wire and in reports.
fn spellings(text: &str) -> [String; 7] {
    let percent = percent_encoded(text, "-._~");
    let json = serde_json::to_string(text).unwrap_or_default();
    [
        text.to_owned(),
        percent.replace("%20", "+"),
        percent_encoded(text, "-._~/"),
        percent.to_lowercase(),
        percent,
        text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;"),
        json.trim_matches('"').to_owned(),
    ]
}

fn percent_encoded(text: &str, unreserved: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || unreserved.as_bytes().contains(&byte) {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use arbitrary::Unstructured;

    use super::*;

    #[test]
    fn every_spelling_is_masked() {
        let r = Redactor::new();
        r.register("ab/cd+ef==\"<&>gh");
        for text in [
            "x ab/cd+ef==\"<&>gh y",
            "s=ab%2Fcd%2Bef%3D%3D%22%3C%26%3Egh&t=1",
            "s=ab/cd%2Bef%3D%3D%22%3C%26%3Egh",
            "<S>ab/cd+ef==&quot;&lt;&amp;&gt;gh</S>",
            r#"{"s":"ab/cd+ef==\"<&>gh"}"#,
        ] {
            let masked = r.redact(text);
            assert!(masked.contains(MASK) && !masked.contains("gh"), "{masked}");
        }
    }

    #[test]
    fn lines_of_a_key_are_masked_and_its_frame_is_not() {
        let r = Redactor::new();
        r.register("-----BEGIN RSA PRIVATE KEY-----\nMIIEowIBAAKCAQEA\nabcdefgh12345678\n-----END RSA PRIVATE KEY-----\n");
        assert_eq!(r.redact("line: abcdefgh12345678"), "line: <secret>");
        assert_eq!(r.redact("-----BEGIN RSA PRIVATE KEY-----"), "-----BEGIN RSA PRIVATE KEY-----");
    }

    #[test]
    fn short_texts_are_no_secrets() {
        let r = Redactor::new();
        r.register("test");
        assert_eq!(r.redact("a test"), "a test");
    }

    #[test]
    fn no_registered_secret_survives_in_a_value() {
        arbtest::arbtest(|u: &mut Unstructured<'_>| {
            let secret: String = u.arbitrary::<String>()?.trim().to_owned();
            if secret.chars().count() < SHORTEST || MASK.contains(&secret) || secret.lines().count() != 1 {
                return Ok(());
            }
            let r = Redactor::new();
            r.register(&secret);
            let value = serde_json::json!({ "a": [format!("x{secret}y")], secret.clone(): 1 });
            let masked = r.redact_value(&value);
            assert!(masked["a"][0] == format!("x{MASK}y") && masked[MASK] == 1, "{masked}");
            Ok(())
        });
    }
}
