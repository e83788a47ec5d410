//! Exchanges as the report shows them: as text, cut, without secrets.

use std::fmt::Write as _;

use super::redact::{MASK, Redactor};
use super::session::Sent;
use crate::report::event::Exchange;

/// Bytes of a body that a record keeps.
const KEPT: usize = 64 << 10;

/// Looked at beyond that, so that a secret is not cut in half before it is found. Longer than any secret.
const SLACK: usize = 8 << 10;

/// Headers whose value proves who sends it.
const PROOFS: [&str; 3] = ["x-amz-security-token", "x-sds-auth-token", "cookie"];

/// The exchange as text, secrets and signatures masked.
pub fn exchange(sent: &Sent, redactor: &Redactor) -> Exchange {
    let masked = |(name, value): &(String, String)| {
        let proof = PROOFS.iter().any(|proof| name.eq_ignore_ascii_case(proof));
        (name.clone(), if proof { MASK.to_owned() } else { redactor.redact(value) })
    };
    let request = &sent.request;
    let query = if request.query.is_empty() { String::new() } else { format!("?{}", request.query) };
    let response = sent.response.as_ref();
    Exchange {
        request_line: redactor.redact(&format!("{} {}{query}", request.method, request.path)),
        request_headers: request.headers.iter().map(masked).collect(),
        request_body: body(&request.body, redactor),
        response_headers: response.map(|r| r.headers.iter().map(masked).collect()).unwrap_or_default(),
        response_body: response.map(|r| body(&r.body, redactor)).unwrap_or_default(),
    }
}

/// A body as text without secrets, cut after 64 KiB.
fn body(bytes: &[u8], redactor: &Redactor) -> String {
    let text = redactor.redact(&printable(&bytes[..bytes.len().min(KEPT + SLACK)]));
    match text.char_indices().find(|(at, _)| *at >= KEPT) {
        Some((at, _)) => format!("{}… ({} bytes in all)", &text[..at], bytes.len()),
        None => text,
    }
}

/// Bytes as text: what is no UTF-8 as `\xNN`.
pub fn printable(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        out.push_str(chunk.valid());
        for byte in chunk.invalid() {
            let _ = write!(out, "\\x{byte:02x}");
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_shown_as_text() {
        assert_eq!(printable(b"a\xffb\xc3\xa9"), "a\\xffbé");
    }

    #[test]
    fn a_long_body_is_cut_and_holds_no_half_secret() {
        let redactor = Redactor::new();
        redactor.register("0123456789abcdef");
        let long = format!("{}0123456789abcdef{}", "x".repeat(KEPT - 8), "y".repeat(KEPT));
        let shown = body(long.as_bytes(), &redactor);
        assert!(shown.len() < KEPT + 100 && !shown.contains("01234567"), "{}", &shown[KEPT - 20..]);
        assert!(shown.ends_with("bytes in all)"));
    }
}
