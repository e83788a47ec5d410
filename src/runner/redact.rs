//! Keeps secrets out of events: everything secret is registered here, and every string of an event goes through here.
//!
//! A secret is found however a request or a response writes it: as it is, percent-encoded (also twice), form-encoded, with XML
//! entities, with JSON escapes, or in any mixture of them.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};

use regex::Regex;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::api::model;
pub use crate::report::event::MASK;

/// A shorter secret is a word (people sign for emulators with `test`): replaced where it is a whole value, not inside other texts.
const TELLING: usize = 8;

/// A PEM key may come back wrapped otherwise: each of its lines from this length on is a secret of its own.
const PEM_LINE: usize = 16;

/// How often something may be percent-encoded, one on top of the other.
const LEVELS: usize = 3;

/// The secrets of one run.
#[derive(Default)]
pub struct Redactor {
    secrets: Mutex<Secrets>,
}

#[derive(Default)]
struct Secrets {
    all: BTreeSet<String>,
    /// Those to look for inside of texts, by their first byte: most bytes of a text begin none.
    by_first: BTreeMap<u8, Vec<String>>,
}

impl Secrets {
    fn add(&mut self, secret: &str) {
        let Some(first) = secret.bytes().next() else { return };
        if self.all.insert(secret.to_owned()) && secret.len() >= TELLING {
            self.by_first.entry(first).or_default().push(secret.to_owned());
        }
    }

    /// End of the longest secret that begins at a byte of the text.
    fn longest(&self, text: &[u8], at: usize) -> Option<usize> {
        let of = |first: u8| self.by_first.get(&first).into_iter().flatten().filter_map(|s| matched(text, at, s.as_bytes())).max();
        let first = *text.get(at)?;
        if !SPECIAL.contains(&first) {
            return of(first);
        }
        units(text, at).into_iter().filter_map(|(unit, _)| of(*unit.first()?)).max()
    }
}

impl Redactor {
    /// No secret is known yet.
    pub fn new() -> Redactor {
        Redactor::default()
    }

    fn secrets(&self) -> MutexGuard<'_, Secrets> {
        self.secrets.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes note of a secret. Of a private key in PEM form every line is one.
    pub fn register(&self, secret: &str) {
        let mut secrets = self.secrets();
        if secret.contains("-----BEGIN") {
            let lines = secret.lines().map(str::trim).filter(|l| l.len() >= PEM_LINE && !l.starts_with("-----"));
            lines.for_each(|line| secrets.add(line));
        } else {
            secrets.add(secret);
        }
    }

    /// Takes note of the secrets that an answer holds, readable or not, and of those in a result tree.
    pub fn learn(&self, body: &[u8], result: Option<&Map<String, Value>>) {
        let text = String::from_utf8_lossy(body);
        // The patterns are slow on a body that has nothing of the kind, as most have.
        let worth_a_look = text.contains("SecretAccessKey") || text.contains("PrivateKey");
        let text = if worth_a_look { text.as_ref() } else { "" };
        for found in ELEMENT.captures_iter(text).chain(MEMBER.captures_iter(text)) {
            if let Some(secret) = found.get(1) {
                self.register(secret.as_str());
            }
        }
        if let Some(result) = result {
            self.learn_members(result);
        }
    }

    fn learn_members(&self, members: &Map<String, Value>) {
        for (name, member) in members {
            match member {
                Value::String(text) if sensitive(name) => self.register(text),
                _ => self.learn_value(member),
            }
        }
    }

    fn learn_value(&self, value: &Value) {
        match value {
            Value::Object(members) => self.learn_members(members),
            Value::Array(items) => items.iter().for_each(|item| self.learn_value(item)),
            _ => {}
        }
    }

    /// The text with [`MASK`] in place of every secret and of every signature.
    pub fn redact(&self, text: &str) -> String {
        let secrets = self.secrets();
        if secrets.all.contains(text) {
            return MASK.to_owned();
        }
        let signed = ["ignature", "IGNATURE", "oken", "OKEN"].iter().any(|word| text.contains(word));
        let text = match signed {
            true => SIGNATURE.replace_all(text, |found: &regex::Captures<'_>| format!("{}{MASK}", &found[1])),
            false => Cow::Borrowed(text),
        };
        let bytes = text.as_bytes();
        let mut out = String::with_capacity(text.len());
        let (mut at, mut copied) = (0, 0);
        while at < bytes.len() {
            if let Some(end) = secrets.longest(bytes, at).filter(|_| text.is_char_boundary(at)) {
                out.push_str(&text[copied..at]);
                out.push_str(MASK);
                (at, copied) = (end, end);
            } else {
                at += 1;
            }
        }
        out.push_str(&text[copied..]);
        out
    }

    /// Every string of a value, keys included.
    pub fn redact_value(&self, value: &Value) -> Value {
        match value {
            Value::String(text) => Value::String(self.redact(text)),
            Value::Array(items) => Value::Array(items.iter().map(|item| self.redact_value(item)).collect()),
            Value::Object(members) => Value::Object(members.iter().map(|(k, v)| (self.redact(k), self.redact_value(v))).collect()),
            other => other.clone(),
        }
    }

    /// A record with every secret in its strings masked. None: it cannot be written as JSON and read again, and is better not shown.
    pub fn redact_record<T: Serialize + DeserializeOwned>(&self, record: &T) -> Option<T> {
        let value = serde_json::to_value(record).ok()?;
        serde_json::from_value(self.redact_value(&value)).ok()
    }
}

/// Whether the API model calls a parameter or element of that name sensitive.
fn sensitive(name: &str) -> bool {
    SENSITIVE.contains(name)
}

static SENSITIVE: LazyLock<BTreeSet<&'static str>> = LazyLock::new(|| {
    let model = model();
    let secret =
        |m: &&crate::api::Member| matches!(&m.ty, crate::api::Type::Scalar(s) if model.scalar(s, crate::api::DialectId::Aws).sensitive);
    let parameters = model.actions.iter().flat_map(|a| &a.parameters).filter(secret);
    let elements = model.structure("AccessKey").iter().filter(secret);
    parameters.chain(elements).map(|m| m.name.as_str()).collect()
});

fn pattern(text: &str) -> Regex {
    match Regex::new(text) {
        Ok(regex) => regex,
        Err(why) => unreachable!("a constant pattern, which the unit tests compile: {why}"),
    }
}

/// A secret in XML and in JSON that need not be well-formed otherwise.
static ELEMENT: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"<(?:[A-Za-z0-9_]+:)?(?:SecretAccessKey|PrivateKey)(?:[ \t\r\n][^>]*)?>([^<]+)"));
static MEMBER: LazyLock<Regex> = LazyLock::new(|| pattern(r#""(?:SecretAccessKey|PrivateKey)"[ \t\r\n]*:[ \t\r\n]*"([^"\\]+)"#));
/// Signatures and tokens, wherever they stand: they are good for some minutes.
static SIGNATURE: LazyLock<Regex> = LazyLock::new(|| pattern(r"((?i-u:\bSignature|X-Amz-Security-Token)(?:=|%3D))[0-9A-Za-z%+/=_.~-]+"));

/// Bytes that may begin something encoded.
const SPECIAL: [u8; 4] = [b'%', b'&', b'\\', b'+'];

/// End of `secret` in the text from `at` on, if it is there in some encoding.
fn matched(text: &[u8], at: usize, secret: &[u8]) -> Option<usize> {
    // What was read as one thing may have to be read as another: an ampersand can begin an entity or be itself.
    let mut open = vec![(at, 0)];
    while let Some((mut position, mut done)) = open.pop() {
        loop {
            // A text that was cut for display may end within the secret.
            let cut = position == text.len() || text[position..].starts_with("…".as_bytes());
            if done == secret.len() || (cut && done >= TELLING) {
                return Some(position);
            }
            let Some(byte) = text.get(position) else { break };
            if SPECIAL.contains(byte) {
                let meant = units(text, position).into_iter().filter(|(unit, _)| secret[done..].starts_with(unit));
                open.extend(meant.map(|(unit, end)| (end, done + unit.len())));
                break;
            }
            if *byte != secret[done] {
                break;
            }
            (position, done) = (position + 1, done + 1);
        }
    }
    None
}

/// What the text may mean at `at`, in each encoding: the bytes meant, and where the next begins.
fn units(text: &[u8], at: usize) -> Vec<(Vec<u8>, usize)> {
    let Some(first) = text.get(at) else { return Vec::new() };
    let mut units = vec![(vec![*first], at + 1)];
    match first {
        b'+' => units.push((vec![b' '], at + 1)),
        b'%' => {
            // `%41`, and each deeper level: `%2541`, `%252541`.
            let mut digits = at + 1;
            for _ in 0..LEVELS {
                let Some(byte) = text.get(digits..digits + 2).and_then(hex) else { break };
                units.push((vec![byte], digits + 2));
                if byte != b'%' {
                    break;
                }
                digits += 2;
            }
        }
        b'&' => {
            if let Some(length) = text[at..].iter().take(12).position(|b| *b == b';') {
                let meant = std::str::from_utf8(&text[at + 1..at + length]).ok().and_then(entity);
                units.extend(meant.map(|c| (c.to_string().into_bytes(), at + length + 1)));
            }
        }
        b'\\' => match text.get(at + 1) {
            Some(b'u') => {
                let code = text.get(at + 2..at + 6).and_then(|d| std::str::from_utf8(d).ok()).and_then(|d| u32::from_str_radix(d, 16).ok());
                units.extend(code.and_then(char::from_u32).map(|c| (c.to_string().into_bytes(), at + 6)));
            }
            Some(b'n') => units.push((vec![b'\n'], at + 2)),
            Some(b'r') => units.push((vec![b'\r'], at + 2)),
            Some(b't') => units.push((vec![b'\t'], at + 2)),
            Some(escaped) => units.push((vec![*escaped], at + 2)),
            None => {}
        },
        _ => {}
    }
    units
}

fn hex(digits: &[u8]) -> Option<u8> {
    let text = std::str::from_utf8(digits).ok().filter(|t| t.bytes().all(|b| b.is_ascii_hexdigit()))?;
    u8::from_str_radix(text, 16).ok()
}

fn entity(name: &str) -> Option<char> {
    match name {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        _ => {
            let number = name.strip_prefix('#')?;
            let code = match number.strip_prefix(['x', 'X']) {
                Some(digits) => u32::from_str_radix(digits, 16),
                None => number.parse(),
            };
            char::from_u32(code.ok()?)
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::dialect::{Call, FormEncoding, Format, Style, Wire, dialect};

    const SECRET: &str = "wJalr/XUtn+FEMI&K7<MDENG> b\"Px'RfiCY\\EX%41=";

    fn redactor() -> Redactor {
        let redactor = Redactor::new();
        redactor.register(SECRET);
        redactor
    }

    fn encodings(secret: &str) -> Vec<String> {
        let percent = |upper: bool, space: &str, text: &str| {
            text.bytes()
                .map(|b| match b {
                    b' ' => space.to_owned(),
                    b if b.is_ascii_alphanumeric() => char::from(b).to_string(),
                    b if upper => format!("%{b:02X}"),
                    b => format!("%{b:02x}"),
                })
                .collect::<String>()
        };
        let xml = secret.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;");
        let json = serde_json::to_string(secret).unwrap();
        let json = json[1..json.len() - 1].to_owned();
        let numeric = secret.chars().map(|c| format!("&#x{:x};", c as u32)).collect();
        let unicode = secret.chars().map(|c| format!("\\u{:04x}", c as u32)).collect();
        let (rfc, form) = (percent(true, "%20", secret), percent(false, "+", secret));
        vec![secret.into(), percent(true, "%20", &rfc), rfc, form, json.replace('/', "\\/"), json, xml, numeric, unicode]
    }

    #[test]
    fn every_encoding_is_found() {
        for encoded in encodings(SECRET) {
            let seen = redactor().redact(&format!("a {encoded} z"));
            assert_eq!(seen, format!("a {MASK} z"), "{encoded}");
        }
    }

    #[test]
    fn any_secret_is_found_in_any_encoding() {
        arbtest::arbtest(|u| {
            let secret: String = u.arbitrary()?;
            // White space is written in too many ways by forms and JSON for this test's own encoders.
            let secret: String = secret.chars().filter(|c| !c.is_control() && (*c as u32) < 0x1_0000).take(60).collect();
            let before: String = u.arbitrary()?;
            if secret.len() < TELLING {
                return Ok(());
            }
            let redactor = Redactor::new();
            redactor.register(&secret);
            for encoded in encodings(&secret) {
                let seen = redactor.redact(&format!("{before}\u{0}{encoded}"));
                assert!(seen.ends_with(MASK), "{secret:?} as {encoded:?} in {seen:?}");
            }
            Ok(())
        });
    }

    #[test]
    fn any_text_without_a_secret_stays_as_it_is() {
        arbtest::arbtest(|u| {
            let text: String = u.arbitrary()?;
            assert_eq!(Redactor::new().redact(&text), text);
            Ok(())
        });
    }

    #[test]
    fn requests_are_cleared_of_what_they_carry() {
        let key = "-----BEGIN RSA PRIVATE KEY-----\nMIIEpAIBAAKCAQEA7bq98DkqDrXyT7mB+/9u\nqL3D4hN0b6w5yJmT0RzGq0Ji/Xn5cQ==\n-----END RSA PRIVATE KEY-----\n";
        let call = Call::new("UploadServerCertificate").with("PrivateKey", key);
        let redactor = Redactor::new();
        redactor.register(key);
        let wire = Wire {
            format: Format::Xml,
            style: Style::Form,
            method: "POST".into(),
            path: "/".into(),
            form_encoding: FormEncoding::Plus,
            headers: vec![],
        };
        let request = dialect(crate::api::DialectId::Aws).unwrap().encode_request(&call, &wire);
        let body = redactor.redact(&String::from_utf8(request.body).unwrap());
        assert!(!body.contains("MIIE") && !body.contains("Xn5c") && body.contains("RSA"), "{body}");
    }

    #[test]
    fn secrets_of_answers_are_learnt_also_from_broken_ones() {
        let redactor = Redactor::new();
        redactor.learn(b"<AccessKey><SecretAccessKey>abcdefgh12345678</SecretAccessKey><Broken", None);
        redactor.learn(b"{\"SecretAccessKey\": \"ijklmnop12345678\"", None);
        redactor.learn(b"", json!({ "AccessKey": { "SecretAccessKey": "qrstuvwx12345678" } }).as_object());
        let seen = redactor.redact("abcdefgh12345678 ijklmnop12345678 qrstuvwx12345678");
        assert_eq!(seen, format!("{MASK} {MASK} {MASK}"));
    }

    #[test]
    fn signatures_go_and_words_stay() {
        let redactor = Redactor::new();
        redactor.register("test");
        assert_eq!(redactor.redact("test"), MASK);
        assert_eq!(redactor.redact("a test of Signature"), "a test of Signature");
        let header = "AWS4-HMAC-SHA256 Credential=A/20261122/r/iam/aws4_request, SignedHeaders=host, Signature=0123abcdef";
        assert!(redactor.redact(header).ends_with("SignedHeaders=host, Signature=<secret>"));
        assert_eq!(redactor.redact("/?X-Amz-Signature=0f&Action=GetUser"), "/?X-Amz-Signature=<secret>&Action=GetUser");
    }

    #[test]
    fn a_secret_that_was_cut_off_is_found_too() {
        let cut: String = SECRET.chars().take(20).collect();
        assert_eq!(redactor().redact(&format!("is {cut}… (300 more)")), format!("is {MASK}… (300 more)"));
        assert_eq!(redactor().redact(&format!("is {cut}")), format!("is {MASK}"));
    }

    #[test]
    fn a_record_is_masked_as_a_whole() {
        let record = vec![("see".to_owned(), SECRET.to_owned())];
        assert_eq!(redactor().redact_record(&record), Some(vec![("see".to_owned(), MASK.to_owned())]));
    }
}
