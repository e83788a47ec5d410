//! The client's reading of JSON error bodies. Five forms are met: the list `Errors` that OUTSCALE's own client reads, the object
//! `Error` of Dell's reference, `__type` of the AWS JSON protocols, RFC 9457 problem details, and the errors of the layer in front of
//! Dell's API.

use serde_json::{Map, Value};

use super::Form;
use crate::api::req;
use crate::dialect::reply::{Body, Expected, Source};
use crate::dialect::{ApiError, Finding, Outcome};

/// What an error body says; `None`: it is no error.
pub(super) fn read(expected: &Expected, status: u16, top: &Map<String, Value>) -> Option<Body> {
    let error = |(code, message)| Outcome::Error(ApiError { status, code, message });
    if let Some(parts) = management(top).filter(|_| expected.management) {
        let (outcome, source) = (error(parts), Source::Management);
        return Some(Body { outcome, source, request_id: None, error_type: None, findings: Vec::new() });
    }
    let (form, parts) = match (listed(top), wrapped(top)) {
        (Some(parts), _) => (Some(Form::Flat), parts),
        (None, Some(parts)) => (Some(Form::Layered), parts),
        (None, None) => (None, typed(top).or_else(|| problem(status, top))?),
    };
    let id = |holder: &str| top.get(holder).and_then(|h| h.get("RequestId"));
    let (in_context, beside) = (id("ResponseContext"), top.get("RequestId"));
    let request_id = in_context.or_else(|| id("ResponseMetadata")).or(beside);

    let mut findings = Vec::new();
    let mut find = |req, at: &str, text: &str| findings.push(Finding { req, at: at.to_owned(), text: text.to_owned() });
    match expected.json {
        Some(Form::Flat) if form != Some(Form::Flat) => {
            find(req::WIRE__JSON_ERRORS, "body", "expected a list Errors, the error has another form");
        }
        Some(Form::Layered) if form != Some(Form::Layered) => {
            find(req::ECS__JSON_ERRORS, "body", "expected an object Error, the error has another form");
        }
        _ => {}
    }
    let (place, right) = match expected.json {
        Some(Form::Layered) => ("beside Error", beside),
        Some(Form::Flat) | None => ("in ResponseContext", in_context),
    };
    if request_id.is_some() && right.is_none() {
        find(req::WIRE__REQUEST_ID_PLACE, "RequestId", &format!("expected {place}, stands elsewhere"));
    }
    let request_id = request_id.and_then(text);
    // What Type holds is known of Dell's form alone.
    let error_type = (form == Some(Form::Layered)).then(|| top.get("Error")?.get("Type").and_then(text)).flatten();
    Some(Body { outcome: error(parts), source: Source::Api, request_id, error_type, findings })
}

/// Code and message.
type Parts = (String, String);

/// `{"Error": {"Type": …, "Code": …, "Message": …}}`.
fn wrapped(top: &Map<String, Value>) -> Option<Parts> {
    let error = top.get("Error")?;
    Some((error.get("Code").and_then(text)?, error.get("Message").and_then(text).unwrap_or_default()))
}

/// `{"code": 1004, "description": …, "details": …, "retryable": …}`: no answer of the API.
fn management(top: &Map<String, Value>) -> Option<Parts> {
    let part = |name: &str| top.get(name).and_then(text).filter(|text| !text.trim().is_empty());
    let code = part("code").filter(|code| top.contains_key("retryable") && code.bytes().all(|b| b.is_ascii_digit()))?;
    Some((code, [part("description"), part("details")].into_iter().flatten().collect::<Vec<_>>().join(": ")))
}

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
