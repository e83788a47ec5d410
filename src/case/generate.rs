//! What the generators of case files make: names, paths, texts, policy documents.
//!
//! Everything is a function of its arguments. A name made twice in one case is the same name; two cases, rows or runs never share one.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::OnceLock;

use serde::Deserialize;
use sha2::{Digest, Sha256};

/// Names that `${cert.NAME}` knows: PEM bodies, chains, with `.key` private keys, with `.not-after` the end of the validity as the API
/// writes dates. A [`CertSource`] has each of them.
pub const CERTIFICATES: &[&str] = &[
    "self-signed",
    "self-signed.key",
    "self-signed.not-after",
    "leaf",
    "leaf.key",
    "leaf.key-pkcs8",
    "leaf.key-encrypted",
    "leaf.key-encrypted-pkcs1",
    "leaf.not-after",
    "leaf.chain",
    "leaf.chain-3",
    "leaf.chain-wrong-order",
    "leaf.chain-swapped",
    "leaf.chain-without-issuer",
    "leaf.chain-stranger",
    "leaf.chain-namesake",
    "leaf.text-around",
    "leaf.damaged",
    "leaf.16384",
    "leaf.16385",
    "two-bodies",
    "expired",
    "expired.key",
    "expired.not-after",
    "not-yet-valid",
    "not-yet-valid.key",
    "not-yet-valid.not-after",
    "ec",
    "ec.key",
    "ec.key-pkcs8",
    "other.key",
    "other-ec.key",
    "ec-384",
    "ec-384.key",
    "other-ec-384.key",
    "garbage",
];

/// Where test certificates come from. The core has none: making keys needs a cryptographic library.
pub trait CertSource: Send + Sync {
    /// The text of that name, one of [`CERTIFICATES`]; none: this source makes no certificates.
    fn pem(&self, name: &str) -> Option<String>;
}

/// A source without certificates, for callers that run no case with one.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoCertificates;

impl CertSource for NoCertificates {
    fn pem(&self, _: &str) -> Option<String> {
        None
    }
}

/// Prefix of every name and first segment of every path that the suite makes.
pub const PREFIX: &str = "iamspec";

/// Characters of a run's part in names.
pub const RUN_PART: usize = 8;

/// Characters of a case's part in names.
const CASE_PART: usize = 8;

/// What marks the things of one case and row in one run: letters and digits, in lower case.
///
/// `run` is cut to 8 letters and digits. Case and row go in as a hash, so that the mark has the same length whatever they are called.
pub fn mark(run: &str, case: &str, row: Option<&str>) -> String {
    let run: String = run.chars().filter(char::is_ascii_alphanumeric).take(RUN_PART).collect();
    let digest = Sha256::new().chain_update(case).chain_update([0]).chain_update(row.unwrap_or_default()).finalize();
    run.to_ascii_lowercase() + &base32(&digest, CASE_PART)
}

/// `length` characters of lower-case base 32 from a digest.
fn base32(digest: &[u8], length: usize) -> String {
    const ALPHABET: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";
    // Five bits a byte: wasteful, and enough of a 256-bit digest for the lengths wanted here.
    digest.iter().cycle().map(|b| char::from(ALPHABET[usize::from(b & 31)])).take(length).collect()
}

/// A fresh name: sorts by role within a case, the same in every run. At most 40 characters where the role has at most 15.
pub fn fresh_name(mark: &str, role: &str) -> String {
    format!("{PREFIX}-{mark}-{role}")
}

/// A fresh name of exactly `length` characters. One too short to hold the mark is a hash of it: fresh by probability only.
pub fn sized_name(mark: &str, role: &str, length: usize) -> String {
    let mut name = fresh_name(mark, role);
    if let Some(missing) = length.checked_sub(name.len()) {
        name.extend(std::iter::repeat_n('x', missing));
        return name;
    }
    let digest = Sha256::digest(&name);
    match length.checked_sub(mark.len() + 2) {
        Some(rest) => format!("{mark}{}", base32(&digest, rest + 2)),
        None => base32(&digest, length),
    }
}

/// The path of a case: alphanumeric segments, which every target with paths takes.
pub fn fresh_path(mark: &str) -> String {
    format!("/{PREFIX}/{mark}/")
}

/// A path of exactly `length` characters in alphanumeric segments; none of length 0 or 2 exists.
pub fn sized_path(mark: &str, length: usize) -> Option<String> {
    const SEGMENT: usize = 60;
    match length {
        0 | 2 => return None,
        1 => return Some("/".to_owned()),
        _ => {}
    }
    let mut path = fresh_path(mark);
    if length < path.len() {
        return Some(format!("/{}/", base32(&Sha256::digest(mark), length - 2)));
    }
    while path.len() < length {
        // Never leave room for a lone slash, which would make an empty segment.
        let room = length - path.len();
        let segment = if room > SEGMENT + 2 { SEGMENT } else { room.saturating_sub(1) };
        if segment == 0 {
            path.insert(path.len() - 1, 'x');
        } else {
            path.extend(std::iter::repeat_n('x', segment));
            path.push('/');
        }
    }
    Some(path)
}

/// `length` letters.
pub fn letters(length: usize) -> String {
    ('a'..='z').cycle().take(length).collect()
}

/// `length` decimal digits.
pub fn digits(length: usize) -> String {
    ('1'..='9').cycle().take(length).collect()
}

/// The same text with every letter in the other case.
pub fn swap_case(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_uppercase() {
            out.extend(c.to_lowercase());
        } else {
            out.extend(c.to_uppercase());
        }
    }
    out
}

/// A valid policy document of exactly `size` characters that are not white space, or none where a statement does not fit (about 100).
pub fn sized_document(size: usize) -> Option<String> {
    let document = |sid: &str| {
        let mut text = String::from(r#"{"Version":"2012-10-17","Statement":[{"#);
        if !sid.is_empty() {
            let _ = write!(text, r#""Sid":"{sid}","#);
        }
        text.push_str(r#""Effect":"Allow","Action":"iam:ListUsers","Resource":"*"}]}"#);
        text
    };
    let bare = document("");
    if size == bare.len() {
        return Some(bare);
    }
    let shortest = document("a").len();
    Some(document(&letters(size.checked_sub(shortest)? + 1)))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DocumentFile {
    text: String,
}

/// The policy documents of `documents.toml`, by name.
pub fn documents() -> &'static BTreeMap<String, String> {
    static DOCUMENTS: OnceLock<BTreeMap<String, String>> = OnceLock::new();
    DOCUMENTS.get_or_init(|| match toml::from_str::<BTreeMap<String, DocumentFile>>(include_str!("documents.toml")) {
        Ok(files) => files.into_iter().map(|(name, file)| (name, file.text)).collect(),
        Err(why) => unreachable!("src/case/documents.toml, which the unit tests read: {why}"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_alike_in_length_and_differ_by_run_case_and_row() {
        let all = [mark("r1", "a/b/c", None), mark("r2", "a/b/c", None), mark("r1", "a/b/d", None), mark("r1", "a/b/c", Some("x"))];
        for (i, a) in all.iter().enumerate() {
            assert_eq!(a.len(), 2 + 8);
            assert!(a.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit()));
            assert!(all[..i].iter().all(|b| a != b));
        }
        assert_eq!(mark("ABCDEFGHIJK-", "c", None).len(), 16);
        assert!(fresh_name(&mark("12345678", "c", None), "certificate-old").len() <= 40);
    }

    #[test]
    fn sizes_are_exact() {
        let mark = mark("run", "case", None);
        for n in 0..700 {
            assert_eq!(sized_name(&mark, "user", n).len(), n);
            match sized_path(&mark, n) {
                Some(p) => {
                    assert_eq!(p.len(), n);
                    assert!(p.starts_with('/') && p.ends_with('/') && !p.contains("//"), "{p}");
                }
                None => assert!(n == 0 || n == 2),
            }
            assert_eq!((letters(n).len(), digits(n).len()), (n, n));
        }
        assert_ne!(sized_name(&mark, "user", 64), sized_name(&mark, "user2", 64));
    }

    #[test]
    fn sized_documents_are_json_of_that_size() {
        let bare = (0..).find_map(sized_document).unwrap().len();
        for n in (bare..bare + 3).chain(bare + 10..bare + 13).chain([2048, 5121, 6144]) {
            match sized_document(n) {
                Some(text) => {
                    assert_eq!(text.chars().filter(|c| !c.is_whitespace()).count(), n);
                    assert!(serde_json::from_str::<serde_json::Value>(&text).is_ok());
                }
                None => assert!((bare + 1..bare + 10).contains(&n), "{n}"),
            }
        }
    }

    #[test]
    fn documents_are_policies_of_allowed_characters() {
        for (name, text) in documents() {
            let json: serde_json::Value = serde_json::from_str(text).unwrap_or_else(|e| panic!("{name}: {e}"));
            assert_eq!(json["Version"], "2012-10-17", "{name}");
            assert!(text.chars().all(|c| matches!(c, '\t' | '\n' | '\r' | ' '..='ÿ')), "{name}");
            assert!(text.matches("iam:").count() >= 1, "{name}");
        }
        assert_eq!(swap_case("aB-é1"), "Ab-É1");
    }
}
