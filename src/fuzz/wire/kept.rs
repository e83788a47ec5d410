//! A find as a file: what was sent, what came of it, and how to see it again.

use std::fmt::Write as _;

use serde::{Deserialize, Serialize};

use super::twist::{Malformed, Proof};
use crate::dialect::Configuration;
use crate::fuzz::finding::Fingerprint;

/// Ending of the name of such a file: TOML, but no case file.
pub const EXTENSION: &str = ".wire";

/// Version of the format.
const FORMAT: u32 = 1;

/// Bytes of a request that stand in the file for people; the rest of a longer one is left out.
const SHOWN: usize = 4_096;

/// The contents of a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Kept {
    /// Version of the format.
    pub format: u32,
    /// The configuration that the request is sent in.
    pub configuration: Configuration,
    /// What is wrong with the request, in words: other words for the same file would mean that the tables have changed since.
    pub class: String,
    /// By what the find is known.
    pub fingerprint: Fingerprint,
    /// The request.
    pub malformed: Malformed,
}

/// Why a file is no find.
#[derive(Debug, thiserror::Error)]
pub enum NotKept {
    /// It is not of the format.
    #[error("{0}")]
    Format(String),
    /// It was written by a version that sends something else under these words.
    #[error("the request of this file is {now:?} here and was {then:?} to whoever wrote it: it was written by another version")]
    Otherwise {
        /// What it is now.
        now: String,
        /// What it was.
        then: String,
    },
}

impl Kept {
    /// What a file says.
    ///
    /// # Errors
    /// When it is no such file.
    pub fn read(text: &str) -> Result<Kept, NotKept> {
        let kept: Kept = toml::from_str(text).map_err(|e| NotKept::Format(e.to_string()))?;
        if kept.format != FORMAT {
            return Err(NotKept::Format(format!("format {} is not known; this iamspec reads format {FORMAT}", kept.format)));
        }
        let now = kept.malformed.class();
        if now == kept.class { Ok(kept) } else { Err(NotKept::Otherwise { now, then: kept.class }) }
    }
}

/// A find with all that a file shows of it.
pub struct Shown<'a> {
    /// By what it is known.
    pub fingerprint: &'a Fingerprint,
    /// The request.
    pub malformed: &'a Malformed,
    /// In which configuration it is sent.
    pub configuration: Configuration,
    /// What is wrong, in a sentence.
    pub text: &'a str,
    /// The request as it went out, secrets masked.
    pub request: &'a [u8],
    /// The answer, secrets masked; empty: none.
    pub answer: &'a str,
    /// Host and port of the target.
    pub host: &'a str,
}

/// The text of a find's file; `name` is what the file will be called.
///
/// # Errors
/// When it has no form in TOML, which would be a mistake here.
pub fn text(shown: &Shown<'_>, name: &str) -> Result<String, toml::ser::Error> {
    let kept = Kept {
        format: FORMAT,
        configuration: shown.configuration,
        class: shown.malformed.class(),
        fingerprint: shown.fingerprint.clone(),
        malformed: shown.malformed.clone(),
    };
    let mut out = String::new();
    let mut say = |line: &str| {
        // Writing to a String cannot fail.
        let _ = writeln!(out, "# {line}");
    };
    say(&format!("{}: the target {}", kept.class, shown.text.replace(['\n', '\r'], " ")));
    say(&format!("Again, newly signed: iamspec replay {name} --target NAME"));
    if let Some(line) = shell(shown) {
        say(&format!("Again, as it was: {line}"));
    }
    say("");
    for line in escaped(shown.request).split("\\n") {
        say(&format!("> {}", line.strip_suffix("\\r").unwrap_or(line)));
    }
    if shown.request.len() > SHOWN {
        say(&format!("> … {} bytes in all", shown.request.len()));
    }
    for line in shown.answer.lines() {
        say(&format!("< {}", line.escape_debug()));
    }
    Ok(format!("{out}\n{}", toml::to_string(&kept)?))
}

/// The first bytes as text, whatever is no printable ASCII as an escape.
fn escaped(bytes: &[u8]) -> String {
    bytes.iter().take(SHOWN).flat_map(|byte| byte.escape_ascii()).map(char::from).collect()
}

/// A line of shell that sends the very bytes; none where they are too many, or prove somebody by what is not shown or soon over.
fn shell(shown: &Shown<'_>) -> Option<String> {
    if shown.malformed.proof == Proof::Right || shown.request.len() > SHOWN || shown.request.is_empty() {
        return None;
    }
    let bytes = shown.request.iter().fold(String::new(), |mut out, byte| {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b' ' | b'.' | b',' | b'/' | b':' | b';' | b'=' | b'&' | b'-' | b'_' => {
                out.push(char::from(*byte));
            }
            _ => {
                let _ = write!(out, "\\{byte:03o}");
            }
        }
        out
    });
    let (host, port) = shown.host.rsplit_once(':').unwrap_or((shown.host, "80"));
    Some(format!("printf '{bytes}' | nc -w 5 {host} {port}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::DialectId;
    use crate::dialect::{Format, Style};
    use crate::fuzz::oracle::OracleId;
    use crate::fuzz::wire::{Base, Twist};

    fn malformed(proof: Proof) -> Malformed {
        Malformed { base: Base::GetUser, proof, twists: vec![Twist::Value { index: 6 }, Twist::NoHost] }
    }

    fn written(proof: Proof) -> String {
        let malformed = malformed(proof);
        let fingerprint = Fingerprint {
            oracle: OracleId::Wire,
            action: "GetUser".into(),
            expected: "4xx".into(),
            observed: "500".into(),
            path: "status".into(),
            class: malformed.class(),
        };
        let configuration = Configuration { dialect: DialectId::Aws, format: Format::Xml, style: Style::Form };
        let request = b"POST / HTTP/1.1\r\n\r\na'\0%\xff";
        let (text_of, answer) = ("answered with status 500", "500\nserver: x\n\n<html>\u{1b}</html>");
        let shown = Shown { fingerprint: &fingerprint, malformed: &malformed, configuration, text: text_of, request, answer, host: "h:81" };
        text(&shown, "a.wire").unwrap()
    }

    #[test]
    fn a_file_says_what_was_sent_and_is_read_again() {
        let text = written(Proof::None);
        for line in [
            "# no Host, value: raw NUL, no proof: the target answered with status 500",
            "# Again, newly signed: iamspec replay a.wire --target NAME",
            r"# Again, as it was: printf 'POST / HTTP/1.1\015\012\015\012a\047\000\045\377' | nc -w 5 h 81",
            "# > POST / HTTP/1.1",
            r"# > a\'\x00%\xff",
            r"# < <html>\u{1b}</html>",
        ] {
            assert!(text.contains(line), "{line}\n{text}");
        }
        let kept = Kept::read(&text).unwrap();
        assert_eq!((kept.malformed, kept.fingerprint.observed.as_str()), (malformed(Proof::None), "500"));
        assert!(!written(Proof::Right).contains("as it was"), "a signature is soon over");
    }

    #[test]
    fn a_file_of_another_version_is_refused() {
        let text = written(Proof::None);
        let other = text.replace("class = \"no Host, value: raw NUL", "class = \"no Host, value: a thing");
        assert!(matches!(Kept::read(&other), Err(NotKept::Otherwise { .. })));
        assert!(Kept::read(&text.replace("format = 1", "format = 2")).unwrap_err().to_string().contains("format 2 is not known"));
        assert!(Kept::read("x = 1").is_err());
    }
}
