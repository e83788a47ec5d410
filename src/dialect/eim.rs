//! OUTSCALE EIM: the query protocol of AWS, and besides the JSON of the EIM reference for whoever accepts nothing else.

use super::response::respond;
use super::{ApiError, Call, Dialect, Format, Incoming, Outcome, Reply, Request, Response, Wire, json, query, reply, xml};
use crate::api::{DialectId, req};

/// The dialect `eim`.
pub(super) struct Eim;

const ENDPOINT: query::Endpoint = query::Endpoint { dialect: DialectId::Eim, paths: &["/"], form_type: true };

const XML: xml::Layout = xml::Layout { dialect: DialectId::Eim, declaration: false, root: None, metadata_first: false, by_name: false };

/// How its server writes JSON.
pub(super) const JSON: json::Layout = json::Layout { dialect: DialectId::Eim, form: json::Form::Flat };

/// What its client expects of an answer. The namespace of its XML is documented nowhere.
pub(super) const EXPECTED: reply::Expected = reply::Expected {
    dialect: DialectId::Eim,
    xml_type: "text/xml",
    json: Some(json::Form::Flat),
    as_asked: Some(req::WIRE__FORMAT_AS_ASKED),
    management: false,
    repeats_request_id: true,
    namespace: xml::Namespace::Any,
    metadata: xml::Metadata::Anywhere,
};

impl Dialect for Eim {
    fn id(&self) -> DialectId {
        DialectId::Eim
    }

    fn encode_request(&self, call: &Call, wire: &Wire) -> Request {
        let accept = match wire.format {
            Format::Xml => "text/xml, application/xml",
            Format::Json => "application/json",
        };
        query::encode_request(DialectId::Eim, call, wire, &[("Accept", accept)])
    }

    fn decode_response(&self, action: &str, response: &Response, asked: Format) -> Reply {
        reply::read(&EXPECTED, action, response, asked)
    }

    fn decode_request(&self, request: &Request) -> Result<Incoming, ApiError> {
        Ok(Incoming { call: query::decode_request(&ENDPOINT, request)?, format: self.format_asked(request) })
    }

    fn format_asked(&self, request: &Request) -> Format {
        if query::wants_json_only(request) { Format::Json } else { Format::Xml }
    }

    fn encode_response(&self, action: &str, outcome: &Outcome, request_id: &str, format: Format) -> Response {
        let (content_type, body) = match format {
            Format::Xml => ("text/xml", xml::write(&XML, action, outcome, request_id)),
            Format::Json => ("application/json", json::write(&JSON, action, outcome, request_id)),
        };
        respond(outcome, &[("x-amzn-RequestId", request_id), ("Content-Type", content_type)], body)
    }
}
