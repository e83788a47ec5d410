//! The server's half: an HTTP request as a call. Transport only: whether Action, Version and parameters are known is asked later.

use crate::api::{DialectId, model};
use crate::dialect::{ApiError, Call, Format, Request};

/// Parameters that carry a signature in the query string: authentication, not part of the call.
const PRESIGNED: [&str; 7] = [
    "X-Amz-Algorithm",
    "X-Amz-Credential",
    "X-Amz-Date",
    "X-Amz-Expires",
    "X-Amz-SignedHeaders",
    "X-Amz-Signature",
    "X-Amz-Security-Token",
];

/// Where and how a dialect's server takes requests.
pub(in crate::dialect) struct Endpoint {
    /// Whose names of parameters are on the wire.
    pub dialect: DialectId,
    /// Paths of the API, the usual one first.
    pub paths: &'static [&'static str],
    /// A body is read as a form only when its content type says so; else whatever it says.
    pub form_type: bool,
}

/// The call in a request to the endpoint: GET with a query string or POST, with a form or without. What stands in the query string
/// comes first. All pairs are kept in order, also of a name that repeats; the first Action and Version are taken out.
pub(in crate::dialect) fn decode_request(endpoint: &Endpoint, request: &Request) -> Result<Call, ApiError> {
    if !endpoint.paths.contains(&request.path.as_str()) {
        return Err(ApiError {
            status: 404,
            code: "UnknownOperationException".into(),
            message: format!("There is nothing at {}; the API is at {}.", request.path, endpoint.paths.join(" and ")),
        });
    }
    let mut pairs = decode(request.query.as_bytes())?;
    pairs.retain(|(name, _)| !PRESIGNED.contains(&name.as_str()));
    match request.method.as_str() {
        "GET" => {}
        "POST" if is_form(request) || !endpoint.form_type => pairs.extend(decode(&request.body)?),
        "POST" => {}
        other => {
            return Err(ApiError {
                status: 405,
                code: "MethodNotAllowed".into(),
                message: format!("{other} is not a method of this API; use POST or GET."),
            });
        }
    }
    let action = take(&mut pairs, "Action");
    let version = take(&mut pairs, "Version");
    if let Some(action) = action.as_deref().and_then(|name| model().action(name)) {
        for (name, _) in &mut pairs {
            *name = action.renamed(name, endpoint.dialect).to_owned();
        }
    }
    Ok(Call { action, version, params: pairs })
}

/// Whether Accept names application/json and nothing else.
pub(in crate::dialect) fn wants_json_only(request: &Request) -> bool {
    let mut accepted = accepted(request).peekable();
    accepted.peek().is_some() && accepted.all(|range| range.eq_ignore_ascii_case("application/json"))
}

/// The first of the two formats that Accept names; XML where it names neither.
pub(in crate::dialect) fn accepted_first(request: &Request) -> Format {
    let format = |range: &str| match range.to_ascii_lowercase().as_str() {
        "application/json" => Some(Format::Json),
        "application/xml" | "text/xml" => Some(Format::Xml),
        _ => None,
    };
    accepted(request).find_map(format).unwrap_or(Format::Xml)
}

/// The media ranges that Accept names, in order, without their parameters.
fn accepted(request: &Request) -> impl Iterator<Item = &str> {
    let values = request.headers.iter().filter(|(name, _)| name.eq_ignore_ascii_case("accept"));
    values.flat_map(|(_, value)| value.split(',')).map(media_type).filter(|range| !range.is_empty())
}

fn is_form(request: &Request) -> bool {
    request.header("content-type").is_some_and(|v| media_type(v).eq_ignore_ascii_case("application/x-www-form-urlencoded"))
}

/// A media type or range without its parameters.
fn media_type(value: &str) -> &str {
    value.split(';').next().unwrap_or_default().trim()
}

fn take(pairs: &mut Vec<(String, String)>, name: &str) -> Option<String> {
    let at = pairs.iter().position(|(n, _)| n == name)?;
    Some(pairs.remove(at).1)
}

fn decode(raw: &[u8]) -> Result<Vec<(String, String)>, ApiError> {
    let mut pairs = Vec::new();
    for pair in raw.split(|byte| *byte == b'&').filter(|pair| !pair.is_empty()) {
        let mut sides = pair.splitn(2, |byte| *byte == b'=');
        let name = unescape(sides.next().unwrap_or_default())?;
        let value = unescape(sides.next().unwrap_or_default())?;
        pairs.push((name, value));
    }
    Ok(pairs)
}

fn unescape(raw: &[u8]) -> Result<String, ApiError> {
    let mut bytes = Vec::with_capacity(raw.len());
    let mut rest = raw;
    while let Some((first, tail)) = rest.split_first() {
        rest = tail;
        bytes.push(match first {
            b'+' => b' ',
            b'%' => {
                let digits = tail.first_chunk::<2>().and_then(|[high, low]| Some((digit(*high)? << 4) | digit(*low)?));
                let Some(byte) = digits else { return Err(malformed(raw, "a % without two hexadecimal digits")) };
                rest = &tail[2..];
                byte
            }
            other => *other,
        });
    }
    String::from_utf8(bytes).map_err(|_| malformed(raw, "bytes that are no UTF-8"))
}

fn digit(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|d| u8::try_from(d).ok())
}

/// The text at fault is not repeated in the message: it may be a private key.
fn malformed(raw: &[u8], what: &str) -> ApiError {
    const CODE: &str = "MalformedQueryString";
    ApiError {
        status: model().status_of(CODE).unwrap_or(400),
        code: CODE.into(),
        message: format!("The query string holds {what}, in a name or value of {} bytes.", raw.len()),
    }
}
