//! The client's half: a call as an HTTP request.

use crate::api::{DialectId, model};
use crate::dialect::{Call, FormEncoding, Request, Style, Wire};

/// A call as an unsigned request: Action, Version, then the parameters as given, each by its name on the dialect's wire. `dialect_headers`
/// are the dialect's own; those of the wire replace them.
pub(in crate::dialect) fn encode_request(dialect: DialectId, call: &Call, wire: &Wire, dialect_headers: &[(&str, &str)]) -> Request {
    let action = model().action(call.action_name());
    let fixed = [("Action", &call.action), ("Version", &call.version)];
    let fixed = fixed.into_iter().filter_map(|(name, value)| value.as_deref().map(|v| (name, v)));
    let params = call.params.iter().map(|(name, v)| (action.map_or(name.as_str(), |a| a.renamed(name, dialect)), v.as_str()));
    let pairs = fixed.chain(params);

    let mut headers = Vec::new();
    let (method, query, body) = match wire.style {
        Style::Query => (wire.method.clone(), encode(pairs, FormEncoding::Rfc3986), String::new()),
        Style::Form | Style::Sigv4 => {
            set(&mut headers, "Content-Type", "application/x-www-form-urlencoded; charset=utf-8");
            ("POST".to_owned(), String::new(), encode(pairs, wire.form_encoding))
        }
    };
    for (name, value) in dialect_headers {
        set(&mut headers, name, value);
    }
    for (name, value) in &wire.headers {
        set(&mut headers, name, value);
    }
    Request { method, path: wire.path.clone(), query, headers, body: body.into_bytes() }
}

/// Sets a header, in place of one of that name.
fn set(headers: &mut Vec<(String, String)>, name: &str, value: &str) {
    headers.retain(|(n, _)| !n.eq_ignore_ascii_case(name));
    headers.push((name.to_owned(), value.to_owned()));
}

fn encode<'a>(pairs: impl Iterator<Item = (&'a str, &'a str)>, encoding: FormEncoding) -> String {
    let mut out = String::new();
    for (name, value) in pairs {
        if !out.is_empty() {
            out.push('&');
        }
        escape(name, encoding, &mut out);
        out.push('=');
        escape(value, encoding, &mut out);
    }
    out
}

fn escape(text: &str, encoding: FormEncoding, out: &mut String) {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => out.push(char::from(byte)),
            b' ' if encoding == FormEncoding::Plus => out.push('+'),
            _ => {
                out.push('%');
                out.push(char::from(HEX[usize::from(byte >> 4)]));
                out.push(char::from(HEX[usize::from(byte & 0xf)]));
            }
        }
    }
}
