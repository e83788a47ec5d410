//! Answers that break a requirement of what is around a result: envelope, headers, status, request id, encoding of documents.

use serde_json::{Value, json};

use super::escaping::{Sentinels, xml as escape};
use super::outgoing::Outgoing;
use super::tree::{Tree, scalar, structures};
use super::{Escaping, Wrong, xml};
use crate::api::{Req, model, req};
use crate::dialect::{Format, Outcome, Response};
use crate::reference::Ids;
use crate::reference::context::error;

/// More than any client holds.
const TOO_MUCH: usize = 16 << 20;

/// What is done before the answer is written.
pub(super) fn before(rule: Req, exchange: &mut Outgoing<'_>, outcome: &mut Outcome, sentinels: &mut Sentinels) {
    match rule {
        req::WIRE__FORMAT_AS_ASKED | req::ECS__FORMAT_FOLLOWS_ACCEPT => {
            exchange.format = if exchange.format == Format::Xml { Format::Json } else { Format::Xml };
        }
        req::TRANSPORT__REQUEST_ID_UNIQUE => exchange.request_id = one_id(exchange),
        req::WIRE__REQUEST_ID => exchange.request_id.clear(),
        req::WIRE__REQUEST_ID_FORM => exchange.request_id = "request".into(),
        req::WIRE__ESCAPED_ONCE => twice(exchange, outcome, sentinels),
        req::WIRE__DOCUMENT_ENCODED | req::WIRE__DOCUMENT_RFC3986 | req::ECS__DOCUMENT_RAW => documents(rule, exchange, outcome, sentinels),
        _ => {}
    }
    let Outcome::Error(refusal) = outcome else { return };
    match rule {
        req::TRANSPORT__NO_SERVER_ERROR | req::WIRE__ERROR_TYPE_RECEIVER => {
            *refusal = error("InternalFailure", "The request processing has failed.");
        }
        req::WIRE__STATUS_OF_CODE => refusal.status = if refusal.status == 400 { 409 } else { 400 },
        req::WIRE__ERROR_MESSAGE => refusal.message.clear(),
        _ => {}
    }
}

/// A request id that is missing, or always the same, in the answers that a flaw is about.
pub(super) fn request_id(wrong: &Wrong, exchange: &mut Outgoing<'_>, outcome: &Outcome) {
    let refused = matches!(outcome, Outcome::Error(_));
    match wrong {
        Wrong::NoRequestId { errors } if *errors == refused => exchange.request_id.clear(),
        Wrong::OneRequestId { errors } if *errors == refused => exchange.request_id = one_id(exchange),
        _ => {}
    }
}

fn one_id(exchange: &Outgoing<'_>) -> String {
    Ids::new(0).request_id(exchange.dialect.id())
}

/// Another content type, or none.
pub(super) fn content_type(response: &mut Response, value: Option<&str>) {
    response.headers.retain(|(name, _)| !name.eq_ignore_ascii_case("content-type"));
    if let Some(value) = value {
        response.headers.push(("Content-Type".into(), value.into()));
    }
}

/// Texts that are escaped twice: those of errors, and those of results whose type puts no bounds to what they hold.
fn twice(exchange: &Outgoing<'_>, outcome: &mut Outcome, sentinels: &mut Sentinels) {
    match outcome {
        Outcome::Error(error) => sentinels.put_message(error, Escaping::Twice, exchange.format),
        Outcome::Success(tree) => {
            let Some(action) = model().action(exchange.action) else { return };
            structures(action, exchange.dialect.id(), tree, &mut |_, part| {
                sentinels.put(part, "Description", Escaping::Twice, exchange.format);
            });
        }
    }
}

/// Policy documents as they are where they must be encoded, encoded in another way, or encoded where they must not be.
fn documents(rule: Req, exchange: &Outgoing<'_>, outcome: &mut Outcome, sentinels: &mut Sentinels) {
    let (Outcome::Success(tree), Some(action), dialect) = (outcome, model().action(exchange.action), exchange.dialect.id()) else { return };
    structures(action, dialect, tree, &mut |members, part: &mut Tree| {
        for member in members.iter().filter(|m| scalar(m) == Some("document")) {
            let Some(Value::String(text)) = part.get_mut(&member.name) else { continue };
            let written = match (rule, member.is_raw(dialect)) {
                (req::ECS__DOCUMENT_RAW, true) => percent_encoded(text, false),
                (req::WIRE__DOCUMENT_RFC3986, false) => percent_encoded(text, true),
                (req::WIRE__DOCUMENT_ENCODED, false) if exchange.format == Format::Xml => escape(text),
                (req::WIRE__DOCUMENT_ENCODED, false) => Value::from(text.as_str()).to_string().trim_matches('"').to_owned(),
                _ => continue,
            };
            sentinels.take(text, written);
        }
    });
}

fn percent_encoded(text: &str, lower_case: bool) -> String {
    let one = |byte: u8| match byte {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => char::from(byte).to_string(),
        _ if lower_case => format!("%{byte:02x}"),
        _ => format!("%{byte:02X}"),
    };
    text.bytes().map(one).collect()
}

/// What is done to the answer once it is written.
pub(super) fn after(rule: Req, exchange: &Outgoing<'_>, outcome: &Outcome, response: &mut Response) {
    let succeeded = matches!(outcome, Outcome::Success(_));
    match rule {
        req::WIRE__SUCCESS_STATUS if succeeded => response.status = 201,
        req::WIRE__CONTENT_TYPE => content_type(response, Some("text/plain")),
        req::WIRE__REQUEST_ID_HEADER => response.headers.retain(|(name, _)| !name.eq_ignore_ascii_case("x-amzn-RequestId")),
        req::WIRE__ENVELOPE if succeeded => response.body = b"<html><body>It works!</body></html>".to_vec(),
        req::TRANSPORT__RESPONSE_SIZE => response.body.resize(TOO_MUCH, b' '),
        req::WIRE__WELL_FORMED if exchange.format == Format::Xml => drop(response.body.pop()),
        req::WIRE__JSON_WELL_FORMED if exchange.format == Format::Json => drop(response.body.pop()),
        _ => rewrite(rule, exchange, succeeded, response),
    }
}

fn rewrite(rule: Req, exchange: &Outgoing<'_>, succeeded: bool, response: &mut Response) {
    let Ok(document) = std::str::from_utf8(&response.body) else { return };
    let written = match exchange.format {
        Format::Xml => in_xml(rule, exchange.action, succeeded, document),
        Format::Json => serde_json::from_str(document).ok().and_then(|top| in_json(rule, exchange, succeeded, top)).map(|v| v.to_string()),
    };
    if let Some(written) = written {
        response.body = written.into_bytes();
    }
}

/// An XML document that breaks a rule; `None`: it is as it was.
fn in_xml(rule: Req, action: &str, succeeded: bool, document: &str) -> Option<String> {
    let (root, result) = (format!("{action}Response"), format!("{action}Result"));
    let metadata = "ResponseMetadata";
    match rule {
        req::WIRE__NAMESPACE => Some(document.replace(&model().namespace, "https://example.com/")),
        req::ECS__XML_NAMESPACE => Some(document.replace("=\"none\"", "=\"some\"")),
        req::WIRE__ROOT_ELEMENT => Some(document.replace(&root, &format!("{action}AnswerResponse"))).filter(|_| succeeded),
        req::WIRE__RESULT_ELEMENT => Some(xml::rename(document, &result, &format!("{action}AnswerResult"))),
        req::WIRE__NO_RESULT_ELEMENT if succeeded && !document.contains(&format!("<{result}>")) => {
            xml::append(document, &format!("<{result}></{result}>"))
        }
        req::WIRE__LIST_MEMBER => Some(xml::rename(document, "member", "item")),
        req::WIRE__SINGLE_ELEMENT => xml::double(document, &xml::first_leaf(document).filter(|_| succeeded)?),
        req::WIRE__NO_MIXED_CONTENT => xml::insert(document, &result, "text"),
        req::WIRE__METADATA_LAST => {
            let (rest, metadata) = xml::cut(document, metadata)?;
            xml::prepend(&rest, &root, &metadata)
        }
        req::ECS__METADATA_FIRST => {
            let (rest, metadata) = xml::cut(document, metadata)?;
            xml::append(&rest, &metadata)
        }
        req::WIRE__REQUEST_ID_PLACE if succeeded => {
            let (rest, id) = xml::cut(document, "RequestId")?;
            xml::append(&rest, &id)
        }
        req::WIRE__REQUEST_ID_PLACE => {
            let (rest, id) = xml::cut(document, "RequestId")?;
            xml::insert(&rest, "Error", &id)
        }
        req::WIRE__ERROR_ENVELOPE if !succeeded => xml::cut(document, "Type").map(|(rest, _)| rest),
        req::WIRE__ERROR_TYPE_SENDER => Some(document.replace("<Type>Sender<", "<Type>Receiver<")),
        req::WIRE__ERROR_TYPE_RECEIVER => Some(document.replace("<Type>Receiver<", "<Type>Sender<")),
        _ => None,
    }
}

/// A JSON document that breaks a rule; `None`: it is as it was.
fn in_json(rule: Req, exchange: &Outgoing<'_>, succeeded: bool, mut top: Value) -> Option<Value> {
    let result = format!("{}Result", exchange.action);
    let object = top.as_object_mut()?;
    match rule {
        req::WIRE__JSON_FORM if succeeded && !object.contains_key(&result) && object.len() > 1 => {
            let metadata = object.remove("ResponseMetadata");
            Some(json!({ result: object, "ResponseMetadata": metadata }))
        }
        req::ECS__JSON_FORM if succeeded => {
            let inner = object.remove(&result)?;
            object.extend(inner.as_object()?.clone());
            Some(top)
        }
        req::WIRE__NO_RESULT_ELEMENT if succeeded && !object.contains_key(&result) => {
            object.insert(result, json!({}));
            Some(top)
        }
        req::WIRE__JSON_ERRORS | req::ECS__JSON_ERRORS if !succeeded => {
            let error = object.get("Error").or_else(|| object.get("Errors")?.get(0))?;
            Some(json!({ "__type": error.get("Code"), "message": "refused", "RequestId": exchange.request_id }))
        }
        req::WIRE__REQUEST_ID_PLACE if !succeeded => {
            let context = object.remove("ResponseContext").or_else(|| object.remove("RequestId").map(|id| json!({ "RequestId": id })))?;
            object.insert("ResponseMetadata".into(), context);
            Some(top)
        }
        req::WIRE__ERROR_TYPE_SENDER | req::WIRE__ERROR_TYPE_RECEIVER => {
            let error = object.get_mut("Error")?;
            error["Type"] = json!(if error.get("Type")? == "Sender" { "Receiver" } else { "Sender" });
            Some(top)
        }
        _ => None,
    }
}
