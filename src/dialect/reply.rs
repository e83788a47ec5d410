//! The client's reading of a whole response: which format it is in, what its body says, and the free checks on status and headers.

use crate::api::{DialectId, Req, model, req};

use super::{ApiError, Finding, Format, Outcome, Reply, Response, Unreadable, json, xml};

/// What the client expects of one dialect's answers.
pub(super) struct Expected {
    /// Which dialect.
    pub dialect: DialectId,
    /// Content type of an XML answer.
    pub xml_type: &'static str,
    /// Form of a JSON answer; none: there are no answers in JSON.
    pub json: Option<json::Form>,
    /// The rule by which an answer is in the format asked for, where there is one.
    pub as_asked: Option<Req>,
    /// What stands in front of the API answers with error documents of its own.
    pub management: bool,
    /// The header x-amzn-RequestId repeats the request id.
    pub repeats_request_id: bool,
    /// Namespace of an XML answer.
    pub namespace: xml::Namespace,
    /// Place of ResponseMetadata in an XML answer.
    pub metadata: xml::Metadata,
}

/// Who speaks in a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Source {
    /// The API.
    Api,
    /// What stands in front of it: its error documents owe the API nothing.
    Management,
}

/// What a body says.
#[derive(Debug)]
pub(super) struct Body {
    /// Success or error.
    pub outcome: Outcome,
    /// Who says so.
    pub source: Source,
    /// Request id, wherever it stands.
    pub request_id: Option<String>,
    /// `Type` of an error.
    pub error_type: Option<String>,
    /// What is wrong with it.
    pub findings: Vec<Finding>,
}

/// What decides how a body is read.
enum Shape {
    Empty,
    Json,
    Xml,
}

/// A response to a call of `action`, read strictly. JSON answers are taken where the dialect has them, JSON errors everywhere.
pub(super) fn read(expected: &Expected, action: &str, response: &Response, asked: Format) -> Reply {
    let shape = match response.body.iter().find(|byte| !byte.is_ascii_whitespace()) {
        None => Shape::Empty,
        Some(b'{' | b'[') => Shape::Json,
        Some(_) => Shape::Xml,
    };
    let status = response.status;
    let body = match shape {
        Shape::Empty => empty(status),
        Shape::Json if expected.json.is_none() && status < 400 => {
            Err(Unreadable { why: "the body is JSON, expected XML".into(), req: req::WIRE__ENVELOPE })
        }
        Shape::Json => json::read(expected, action, status, &response.body),
        Shape::Xml => xml::read(expected, action, status, &response.body),
    };
    if let Ok(Body { outcome, source: Source::Management, .. }) = body {
        return Reply { status, outcome: Ok(outcome), request_id: None, findings: Vec::new() };
    }
    let mut findings = Vec::new();
    let mut find = |req: Req, at: &str, text: String| findings.push(Finding { req, at: at.to_owned(), text });

    let answered = match shape {
        Shape::Empty => None,
        Shape::Json => Some(Format::Json),
        Shape::Xml => Some(Format::Xml),
    };
    if let Some(answered) = answered {
        if let Some(rule) = expected.as_asked.filter(|_| answered != asked && body.is_ok()) {
            find(rule, "body", format!("{} was asked for, the answer is {}", label(asked), label(answered)));
        }
        // A page that is no answer at all has its own name, whatever its type.
        if let Some(text) = odd_content_type(expected, response, answered).filter(|_| body.is_ok()) {
            find(req::WIRE__CONTENT_TYPE, "header.content-type", text);
        }
    }
    let body = match body {
        Ok(body) => body,
        Err(why) => return Reply { status, outcome: Err(why), request_id: None, findings },
    };

    match &body.outcome {
        Outcome::Success(_) if status != 200 => {
            find(req::WIRE__SUCCESS_STATUS, "status", format!("expected 200 with a successful answer, is {status}"));
        }
        Outcome::Error(error) if answered.is_some() => {
            if let Some(right) = model().status_on(&error.code, expected.dialect).filter(|right| *right != status) {
                find(req::WIRE__STATUS_OF_CODE, "status", format!("expected {right} with {}, is {status}", error.code));
            }
            if error.message.trim().is_empty() {
                find(req::WIRE__ERROR_MESSAGE, "Message", format!("{} has no message", error.code));
            }
            let (right, req) =
                if status < 500 { ("Sender", req::WIRE__ERROR_TYPE_SENDER) } else { ("Receiver", req::WIRE__ERROR_TYPE_RECEIVER) };
            if let Some(seen) = body.error_type.as_deref().filter(|seen| *seen != right) {
                find(req, "Type", format!("expected {right} with status {status}, is {seen:?}"));
            }
        }
        _ => {}
    }

    let request_id = body.request_id.filter(|id| !id.trim().is_empty());
    if request_id.is_none() && answered.is_some() {
        find(req::WIRE__REQUEST_ID, "RequestId", "the body has no request id".into());
    }
    if expected.repeats_request_id
        && let Some(id) = &request_id
        && response.header("x-amzn-requestid") != Some(id)
    {
        let seen = response.header("x-amzn-requestid").map_or("is not there".to_owned(), |v| format!("is {v:?}"));
        find(req::WIRE__REQUEST_ID_HEADER, "header.x-amzn-requestid", format!("expected {id:?} as in the body, {seen}"));
    }
    findings.extend(body.findings);
    Reply { status, outcome: Ok(body.outcome), request_id, findings }
}

/// An answer without a body: a refusal by status alone (a redirect, 413) is an error without a code.
fn empty(status: u16) -> Result<Body, Unreadable> {
    if status < 300 {
        return Err(Unreadable { why: format!("status {status} with an empty body"), req: req::WIRE__ENVELOPE });
    }
    let outcome = Outcome::Error(ApiError { status, code: String::new(), message: String::new() });
    let text = format!("status {status} with an empty body, expected an error document");
    // A redirect, and a body that is too long, are answered so by AWS itself.
    let told = matches!(status, 300..=399 | 413);
    let findings = if told { Vec::new() } else { vec![Finding { req: req::WIRE__ERROR_ENVELOPE, at: "body".into(), text }] };
    Ok(Body { outcome, source: Source::Api, request_id: None, error_type: None, findings })
}

fn odd_content_type(expected: &Expected, response: &Response, answered: Format) -> Option<String> {
    let allowed: &[&str] = match answered {
        Format::Xml => &[expected.xml_type],
        Format::Json => &["application/json", "application/problem+json"],
    };
    let Some(value) = response.header("content-type") else {
        return Some(format!("expected {}, there is no such header", allowed[0]));
    };
    let media_type = value.split(';').next().unwrap_or_default().trim();
    let odd = !allowed.iter().any(|a| a.eq_ignore_ascii_case(media_type));
    odd.then(|| format!("expected {}, is {value:?}", allowed[0]))
}

fn label(format: Format) -> &'static str {
    match format {
        Format::Xml => "XML",
        Format::Json => "JSON",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialect::{aws, eim};

    fn response(status: u16, headers: &[(&str, &str)], body: &str) -> Response {
        let headers = headers.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
        Response { status, headers, body: body.as_bytes().to_vec() }
    }

    fn ids(reply: &Reply) -> Vec<&'static str> {
        reply.findings.iter().map(|f| f.req.id()).collect()
    }

    const DELETED: &str = "<DeleteUserResponse xmlns=\"https://iam.amazonaws.com/doc/2010-05-08/\">\
        <ResponseMetadata><RequestId>r-1</RequestId></ResponseMetadata></DeleteUserResponse>";
    const CONFLICT: &str = "<ErrorResponse xmlns=\"https://iam.amazonaws.com/doc/2010-05-08/\"><Error><Type>Sender</Type>\
        <Code>DeleteConflict</Code><Message>m</Message></Error><RequestId>r-1</RequestId></ErrorResponse>";
    const GOOD: &[(&str, &str)] = &[("Content-Type", "text/xml;charset=utf-8"), ("X-Amzn-RequestId", "r-1")];

    #[test]
    fn a_good_answer_has_no_findings() {
        for (status, body) in [(200, DELETED), (409, CONFLICT)] {
            let reply = read(&aws::EXPECTED, "DeleteUser", &response(status, GOOD, body), Format::Xml);
            assert_eq!(ids(&reply), [""; 0]);
            assert_eq!(reply.request_id.as_deref(), Some("r-1"));
        }
    }

    #[test]
    fn headers_and_status_are_checked() {
        for (status, headers, body, expected) in [
            (201, GOOD, DELETED, "wire.success-status"),
            (400, GOOD, CONFLICT, "wire.status-of-code"),
            (200, GOOD, CONFLICT, "wire.status-of-code"),
            (200, &[("Content-Type", "text/html"), GOOD[1]], DELETED, "wire.content-type"),
            (200, &[GOOD[1]], DELETED, "wire.content-type"),
            (200, &[GOOD[0], ("x-amzn-RequestId", "r-2")], DELETED, "wire.request-id-header"),
            (200, &[GOOD[0]], DELETED, "wire.request-id-header"),
            (200, GOOD, &DELETED.replace("r-1", " "), "wire.request-id"),
            (409, GOOD, &CONFLICT.replace("Sender", "Receiver"), "wire.error-type-sender"),
            (409, GOOD, &CONFLICT.replace("<Message>m", "<Message>"), "wire.error-message"),
        ] {
            let reply = read(&aws::EXPECTED, "DeleteUser", &response(status, headers, body), Format::Xml);
            assert_eq!(ids(&reply), [expected]);
        }
        let failure = CONFLICT.replace("DeleteConflict", "ServiceFailure");
        let reply = read(&aws::EXPECTED, "DeleteUser", &response(500, GOOD, &failure), Format::Xml);
        assert_eq!(ids(&reply), ["wire.error-type-receiver"]);
    }

    #[test]
    fn an_empty_body_is_an_error_without_a_code_or_unreadable() {
        let reply = read(&aws::EXPECTED, "", &response(302, &[], ""), Format::Xml);
        assert_eq!(reply.outcome, Ok(Outcome::Error(ApiError { status: 302, code: String::new(), message: String::new() })));
        assert!(reply.findings.is_empty(), "AWS redirects so itself");
        assert_eq!(ids(&read(&aws::EXPECTED, "GetUser", &response(404, &[], ""), Format::Xml)), ["wire.error-envelope"]);
        let reply = read(&aws::EXPECTED, "GetUser", &response(200, GOOD, " \n"), Format::Xml);
        assert_eq!(reply.outcome.map_err(|u| u.req), Err(req::WIRE__ENVELOPE));
    }

    #[test]
    fn json_is_no_answer_on_aws_but_a_readable_error() {
        let reply = read(&aws::EXPECTED, "GetUser", &response(200, &[], "{\"User\":{}}"), Format::Xml);
        assert_eq!(reply.outcome.map_err(|u| u.why), Err("the body is JSON, expected XML".into()));
        let reply = read(&aws::EXPECTED, "GetUser", &response(404, &[], "{\"__type\":\"NoSuchEntity\",\"message\":\"m\"}"), Format::Xml);
        assert_eq!(reply.outcome, Ok(Outcome::Error(ApiError { status: 404, code: "NoSuchEntity".into(), message: "m".into() })));
    }

    #[test]
    fn eim_may_answer_in_the_other_format() {
        let json = response(200, &[("Content-Type", "application/json"), GOOD[1]], "{\"ResponseMetadata\":{\"RequestId\":\"r-1\"}}");
        assert_eq!(ids(&read(&eim::EXPECTED, "DeleteUser", &json, Format::Json)), [""; 0]);
        assert_eq!(ids(&read(&eim::EXPECTED, "DeleteUser", &json, Format::Xml)), ["wire.format-as-asked"]);
        let xml = response(200, GOOD, DELETED);
        assert_eq!(ids(&read(&eim::EXPECTED, "DeleteUser", &xml, Format::Json)), ["wire.format-as-asked"]);
    }
}
