//! OUTSCALE EIM: the query protocol of AWS, and besides the JSON of the EIM reference for whoever accepts nothing else.

use super::{ApiError, Call, Dialect, Format, Incoming, Outcome, Reply, Request, Response, Wire, aws, json, query, reply, xml};
use crate::api::DialectId;

/// The dialect `eim`.
pub(super) struct Eim;

impl Dialect for Eim {
    fn id(&self) -> DialectId {
        DialectId::Eim
    }

    fn encode_request(&self, call: &Call, wire: &Wire) -> Request {
        let accept = match wire.format {
            Format::Xml => "text/xml, application/xml",
            Format::Json => "application/json",
        };
        query::encode_request(call, wire, accept)
    }

    fn decode_response(&self, action: &str, response: &Response, asked: Format) -> Reply {
        reply::read(DialectId::Eim, action, response, asked)
    }

    fn decode_request(&self, request: &Request) -> Result<Incoming, ApiError> {
        let format = if query::wants_json_only(request) { Format::Json } else { Format::Xml };
        Ok(Incoming { call: query::decode_request(request)?, format })
    }

    fn encode_response(&self, action: &str, outcome: &Outcome, request_id: &str, format: Format) -> Response {
        match format {
            Format::Xml => aws::answer(outcome, request_id, "text/xml", xml::write(action, outcome, request_id)),
            Format::Json => aws::answer(outcome, request_id, "application/json", json::write(action, outcome, request_id)),
        }
    }
}
