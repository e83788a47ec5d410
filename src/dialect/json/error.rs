//! The client's reading of JSON error bodies. Three forms are met: the list `Errors` that OUTSCALE's own client reads, `__type` of
//! the AWS JSON protocols, and RFC 9457 problem details.

use serde_json::{Map, Value};

use crate::api::{DialectId, req};
use crate::dialect::reply::Body;
use crate::dialect::{ApiError, Finding, Outcome};

/// What an error body says; `None`: it is no error.
pub(super) fn read(dialect: DialectId, status: u16, top: &Map<String, Value>) -> Option<Body> {
    let listed = listed(top);
    let is_listed = listed.is_some();
    let (code, message) = listed.or_else(|| typed(top)).or_else(|| problem(status, top))?;
    let id = |holder: &str| top.get(holder).and_then(|h| h.get("RequestId"));
    let request_id = id("ResponseContext").or_else(|| id("ResponseMetadata")).or_else(|| top.get("RequestId"));

    let mut findings = Vec::new();
    let mut find = |req, at: &str, text: &str| findings.push(Finding { req, at: at.to_owned(), text: text.to_owned() });
    if dialect == DialectId::Eim && !is_listed {
        find(req::WIRE__JSON_ERRORS, "body", "expected a list Errors, the error has another form");
    }
    if request_id.is_some() && id("ResponseContext").is_none() {
        find(req::WIRE__REQUEST_ID_PLACE, "RequestId", "expected in ResponseContext, stands elsewhere");
    }
    let request_id = request_id.and_then(text);
    let outcome = Outcome::Error(ApiError { status, code, message });
    Some(Body { outcome, request_id, error_type: None, findings })
}

/// Code and message. What `Type` holds beside them is not known well enough to be checked.
type Parts = (String, String);

/// `{"Errors": [{"Code": …, "Type": …, "Details": …}]}`; the first one counts.
fn listed(top: &Map<String, Value>) -> Option<Parts> {
    let first = top.get("Errors")?.as_array()?.first()?;
    let code = first.get("Code").and_then(text)?;
    let details = first.get("Details").or_else(|| first.get("Message")).and_then(text);
    Some((code, details.unwrap_or_default()))
}

/// `{"__type": "prefix#Code", "message": …}`.
fn typed(top: &Map<String, Value>) -> Option<Parts> {
    let name = top.get("__type")?.as_str()?;
    let code = name.rsplit('#').next().unwrap_or(name).to_owned();
    let message = top.get("message").or_else(|| top.get("Message")).and_then(text);
    Some((code, message.unwrap_or_default()))
}

/// `{"type": URI, "title": …, "status": …, "detail": …}`: the code is the end of the type's URI, else the title.
fn problem(status: u16, top: &Map<String, Value>) -> Option<Parts> {
    if status < 400 {
        return None;
    }
    let of = |key: &str| top.get(key).and_then(Value::as_str);
    let uri = of("type").filter(|uri| *uri != "about:blank");
    let code = uri.and_then(|uri| uri.rsplit(['/', '#', ':']).find(|part| !part.is_empty())).or_else(|| of("title"))?;
    Some((code.to_owned(), of("detail").or_else(|| of("title")).unwrap_or_default().to_owned()))
}

fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}
