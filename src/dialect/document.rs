//! Percent-encoding of the policy documents in answers: the server's encoder, the client's decoder.

use serde_json::Value;

use super::Finding;
use crate::api::req;

/// Name of the scalar type whose values are percent-encoded in answers.
pub(super) const TYPE: &str = "document";

/// Server: RFC 3986, every byte but unreserved characters escaped.
pub(super) fn encode(text: &str) -> String {
    use std::fmt::Write as _;
    text.bytes().fold(String::with_capacity(text.len() * 2), |mut out, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            // Writing to a String cannot fail.
            let _ = write!(out, "%{byte:02X}");
        }
        out
    })
}

/// What a client makes of a document as received.
#[derive(Debug, PartialEq)]
struct Decoded {
    /// The text, decoded once; as received where it cannot be decoded.
    text: String,
    /// Why it is not an encoded document; none: it is one.
    not_encoded: Option<&'static str>,
    /// How its encoding departs from RFC 3986; none: it does not.
    odd: Option<String>,
}

/// Client: decodes once, as SDKs do; `+` is no blank.
fn decode(received: &str) -> Decoded {
    let raw = |why| Decoded { text: received.to_owned(), not_encoded: Some(why), odd: None };
    // A double quote or a brace never stands in encoded text: what looks like JSON is JSON.
    if received.contains(['"', '{']) {
        return raw("it is not percent-encoded");
    }
    let mut bytes = Vec::with_capacity(received.len());
    let mut odd = None;
    let mut pieces = received.split('%');
    let literal = |piece: &str, odd: &mut Option<String>| {
        if let Some(c) = piece.chars().find(|c| !matches!(c, 'A'..='Z' | 'a'..='z' | '0'..='9' | '-' | '.' | '_' | '~')) {
            odd.get_or_insert_with(|| format!("{c:?} is not escaped"));
        }
    };
    let first = pieces.next().unwrap_or_default();
    literal(first, &mut odd);
    bytes.extend_from_slice(first.as_bytes());
    for piece in pieces {
        let escape = piece.get(..2).filter(|two| two.bytes().all(|b| b.is_ascii_hexdigit()));
        let Some(byte) = escape.and_then(|two| u8::from_str_radix(two, 16).ok()) else {
            return raw("it has a % without two hexadecimal digits");
        };
        if piece[..2].contains(|c: char| c.is_ascii_lowercase()) {
            odd.get_or_insert_with(|| format!("%{} has hexadecimal digits in lower case", &piece[..2]));
        }
        literal(&piece[2..], &mut odd);
        bytes.push(byte);
        bytes.extend_from_slice(&piece.as_bytes()[2..]);
    }
    match String::from_utf8(bytes) {
        Ok(text) => Decoded { text, not_encoded: None, odd },
        Err(_) => raw("it decodes to bytes that are no UTF-8"),
    }
}

/// Client: the text of the document at `path`, with findings for what is wrong with its encoding.
pub(super) fn receive(received: &str, path: &str, findings: &mut Vec<Finding>) -> String {
    let decoded = decode(received);
    let mut find = |req, text: String| findings.push(Finding { req, at: path.to_owned(), text });
    if let Some(why) = decoded.not_encoded {
        find(req::WIRE__DOCUMENT_ENCODED, format!("expected a percent-encoded document, {why}"));
    }
    if let Some(odd) = decoded.odd {
        find(req::WIRE__DOCUMENT_RFC3986, format!("expected the encoding of RFC 3986, {odd}"));
    }
    decoded.text
}

/// Client: the text of a document that the dialect does not encode. One that is encoded all the same is decoded.
pub(super) fn receive_raw(received: &str, path: &str, findings: &mut Vec<Finding>) -> String {
    let is_object = |text: &str| matches!(serde_json::from_str(text), Ok(Value::Object(_)));
    let decoded = decode(received);
    if is_object(received) || decoded.not_encoded.is_some() || !is_object(&decoded.text) {
        return received.to_owned();
    }
    let text = "expected the document as it is, it is percent-encoded".to_owned();
    findings.push(Finding { req: req::ECS__DOCUMENT_RAW, at: path.to_owned(), text });
    decoded.text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encodes_as_rfc_3986() {
        assert_eq!(encode("{\"a\": \"*/%41+~é\"}"), "%7B%22a%22%3A%20%22%2A%2F%2541%2B~%C3%A9%22%7D");
    }

    #[test]
    fn decodes_once() {
        let d = decode("%7B%22a%22%3A%2241%2541%22%7D");
        assert_eq!((d.text.as_str(), d.not_encoded, d.odd), ("{\"a\":\"41%41\"}", None, None));
    }

    #[test]
    fn says_what_is_not_encoded() {
        for (received, why) in [
            ("{\"a\":1}", "it is not percent-encoded"),
            ("%7B%2", "it has a % without two hexadecimal digits"),
            ("%7B%+1", "it has a % without two hexadecimal digits"),
            ("%é1", "it has a % without two hexadecimal digits"),
            ("%FF", "it decodes to bytes that are no UTF-8"),
        ] {
            let d = decode(received);
            assert_eq!((d.text.as_str(), d.not_encoded), (received, Some(why)));
        }
    }

    #[test]
    fn says_what_rfc_3986_does_not_allow() {
        for (received, text, odd) in [
            ("%7B/%7D", "{/}", "'/' is not escaped"),
            ("%7B+%7D", "{+}", "'+' is not escaped"),
            ("%7b%7D", "{}", "%7b has hexadecimal digits in lower case"),
        ] {
            let d = decode(received);
            assert_eq!((d.text.as_str(), d.not_encoded, d.odd.as_deref()), (text, None, Some(odd)));
        }
    }

    #[test]
    fn raw_documents_are_taken_as_they_are_and_encoded_ones_are_found() {
        let mut findings = Vec::new();
        for text in ["{\"a\":\"%41\"}", "%41", "%", "[]", ""] {
            assert_eq!(receive_raw(text, "PolicyDocument", &mut findings), text);
        }
        assert_eq!(findings, []);
        assert_eq!(receive_raw("%7B%7D", "PolicyDocument", &mut findings), "{}");
        assert_eq!(findings.iter().map(|f| f.req).collect::<Vec<_>>(), [req::ECS__DOCUMENT_RAW]);
    }

    #[test]
    fn decoding_undoes_encoding() {
        arbtest::arbtest(|u| {
            let text: String = u.arbitrary()?;
            assert_eq!(decode(&encode(&text)), Decoded { text, not_encoded: None, odd: None });
            Ok(())
        });
    }
}
