//! The canonical request, the string to sign and the signing key of Signature Version 4, as the server computes them.

use hmac::{Hmac, Mac};
use sha2::{Digest, Sha256};

use crate::dialect::Request;

/// The only algorithm there is here.
pub(super) const ALGORITHM: &str = "AWS4-HMAC-SHA256";

/// The last element of every credential scope.
pub(super) const TERMINATOR: &str = "aws4_request";

/// The query parameter that holds a signature, and that no signature covers.
pub(super) const SIGNATURE_PARAMETER: &str = "X-Amz-Signature";

const HEX: &[u8; 16] = b"0123456789abcdef";

/// Lower-case hexadecimal digits.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().flat_map(|b| [char::from(HEX[usize::from(b >> 4)]), char::from(HEX[usize::from(b & 15)])]).collect()
}

/// Bytes of hexadecimal digits; `None` when they are none.
pub(super) fn unhex(text: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<u8>> = text.chars().map(|c| c.to_digit(16).map(|d| d as u8)).collect();
    let digits = digits?;
    digits.chunks(2).map(|pair| if let [high, low] = pair { Some(high << 4 | low) } else { None }).collect()
}

/// SHA-256 in hexadecimal digits.
pub(super) fn sha256_hex(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

/// HMAC-SHA256, ready to be finished or compared in constant time.
fn hmac(key: &[u8], data: &[u8]) -> Option<Hmac<Sha256>> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).ok()?;
    mac.update(data);
    Some(mac)
}

/// Percent-encodes all but the unreserved characters of RFC 3986.
fn encode(bytes: &[u8], keep_slash: bool, out: &mut String) {
    for &b in bytes {
        if b.is_ascii_alphanumeric() || b"-._~".contains(&b) || (keep_slash && b == b'/') {
            out.push(char::from(b));
        } else {
            out.push('%');
            out.push(char::from(HEX[usize::from(b >> 4)].to_ascii_uppercase()));
            out.push(char::from(HEX[usize::from(b & 15)].to_ascii_uppercase()));
        }
    }
}

/// Decodes a form-encoded name or value. A `%` without two digits stands for itself.
pub(super) fn decode(text: &str) -> Vec<u8> {
    let bytes = text.as_bytes();
    let digit = |i: usize| bytes.get(i).and_then(|b| char::from(*b).to_digit(16)).map(|d| d as u8);
    let mut out = Vec::with_capacity(bytes.len());
    let mut i = 0;
    while i < bytes.len() {
        match (bytes[i], digit(i + 1), digit(i + 2)) {
            (b'%', Some(high), Some(low)) => {
                out.push(high << 4 | low);
                i += 2;
            }
            (b'+', ..) => out.push(b' '),
            (b, ..) => out.push(b),
        }
        i += 1;
    }
    out
}

/// Names and values of a query string, still encoded.
pub(super) fn pairs(query: &str) -> impl Iterator<Item = (&str, &str)> {
    query.split('&').filter(|p| !p.is_empty()).map(|p| p.split_once('=').unwrap_or((p, "")))
}

/// The path without dot segments and empty segments, percent-encoded once more than it was sent.
fn canonical_path(path: &str) -> String {
    let mut kept: Vec<&str> = Vec::new();
    for segment in path.split('/') {
        match segment {
            "" | "." => {}
            ".." => {
                kept.pop();
            }
            other => kept.push(other),
        }
    }
    let mut plain = format!("/{}", kept.join("/"));
    if !kept.is_empty() && ["/", "/.", "/.."].iter().any(|end| path.ends_with(end)) {
        plain.push('/');
    }
    let mut out = String::new();
    encode(plain.as_bytes(), true, &mut out);
    out
}

/// The parameters, newly encoded and in order, without the signature itself.
fn canonical_query(query: &str) -> String {
    let mut all: Vec<(String, String)> = pairs(query)
        .map(|(name, value)| {
            let mut pair = (String::new(), String::new());
            encode(&decode(name), false, &mut pair.0);
            encode(&decode(value), false, &mut pair.1);
            pair
        })
        .filter(|(name, _)| name != SIGNATURE_PARAMETER)
        .collect();
    all.sort();
    all.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("&")
}

/// All values of a header, each trimmed and with runs of spaces made one, joined by commas; `None` when there is none. Other white space
/// stays as it is: clients sign it so.
fn canonical_header(request: &Request, name: &str) -> Option<String> {
    let values: Vec<String> = request
        .headers
        .iter()
        .filter(|(n, _)| n.eq_ignore_ascii_case(name))
        .map(|(_, v)| v.split(' ').filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" "))
        .collect();
    (!values.is_empty()).then(|| values.join(","))
}

/// The canonical request over the headers named (lower case, in order); `None` when one of them is not there.
pub(super) fn canonical_request(request: &Request, signed_headers: &[String]) -> Option<String> {
    let mut out = format!("{}\n{}\n{}\n", request.method, canonical_path(&request.path), canonical_query(&request.query));
    for name in signed_headers {
        out.push_str(&format!("{name}:{}\n", canonical_header(request, name)?));
    }
    out.push_str(&format!("\n{}\n{}", signed_headers.join(";"), sha256_hex(&request.body)));
    Some(out)
}

/// What is signed: `moment` is `YYYYMMDDTHHMMSSZ`, `scope` all of the credential but the key id.
pub(super) fn string_to_sign(moment: &str, scope: &str, canonical_request: &str) -> String {
    format!("{ALGORITHM}\n{moment}\n{scope}\n{}", sha256_hex(canonical_request.as_bytes()))
}

/// Whether `signature` is that of `string_to_sign`; compared in constant time.
pub(super) fn matches(secret: &str, scope: &str, string_to_sign: &str, signature: &[u8]) -> bool {
    let mut key = format!("AWS4{secret}").into_bytes();
    for element in scope.split('/') {
        match hmac(&key, element.as_bytes()) {
            Some(mac) => key = mac.finalize().into_bytes().to_vec(),
            None => return false,
        }
    }
    hmac(&key, string_to_sign.as_bytes()).is_some_and(|mac| mac.verify_slice(signature).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_lose_dots_and_empty_segments_only() {
        for (sent, canonical) in [
            ("/", "/"),
            ("", "/"),
            ("//", "/"),
            ("/./", "/"),
            ("/example/..", "/"),
            ("/example1/example2/../..", "/"),
            ("/./example", "/example"),
            ("//example//", "/example/"),
            ("/a/b/.", "/a/b/"),
            ("/a/b/..", "/a/"),
            ("/a%20b", "/a%2520b"),
            ("/ሴ", "/%E1%88%B4"),
        ] {
            assert_eq!(canonical_path(sent), canonical, "{sent}");
        }
    }

    #[test]
    fn queries_are_decoded_encoded_and_sorted() {
        assert_eq!(canonical_query("b=2&a=x%2fy&a=1&&c"), "a=1&a=x%2Fy&b=2&c=");
        assert_eq!(canonical_query("a=1+2%2B3&X-Amz-Signature=0"), "a=1%202%2B3");
        assert_eq!(canonical_query("a=%zz%4"), "a=%25zz%254");
    }

    #[test]
    fn hexadecimal_digits_round_trip() {
        arbtest::arbtest(|u| {
            let bytes: Vec<u8> = u.arbitrary()?;
            assert_eq!(unhex(&hex(&bytes)), Some(bytes));
            Ok(())
        });
        assert_eq!((unhex("0"), unhex("0g")), (None, None));
    }
}
