//! AWS IAM and the servers that imitate it: the AWS query protocol, XML only.

use super::{ApiError, Call, Dialect, Format, Incoming, Outcome, Reply, Request, Response, Wire, query, reply, xml};
use crate::api::DialectId;

/// The dialect `aws`.
pub(super) struct Aws;

impl Dialect for Aws {
    fn id(&self) -> DialectId {
        DialectId::Aws
    }

    fn encode_request(&self, call: &Call, wire: &Wire) -> Request {
        query::encode_request(call, wire, "text/xml, application/xml")
    }

    fn decode_response(&self, action: &str, response: &Response, asked: Format) -> Reply {
        reply::read(DialectId::Aws, action, response, asked)
    }

    fn decode_request(&self, request: &Request) -> Result<Incoming, ApiError> {
        Ok(Incoming { call: query::decode_request(request)?, format: Format::Xml })
    }

    fn encode_response(&self, action: &str, outcome: &Outcome, request_id: &str, _format: Format) -> Response {
        answer(outcome, request_id, "text/xml", xml::write(action, outcome, request_id))
    }
}

/// A body with the status and headers that go with it.
pub(super) fn answer(outcome: &Outcome, request_id: &str, content_type: &str, body: Vec<u8>) -> Response {
    let status = match outcome {
        Outcome::Success(_) => 200,
        Outcome::Error(error) => error.status,
    };
    let headers = [("x-amzn-RequestId", request_id), ("Content-Type", content_type)];
    Response { status, headers: headers.map(|(n, v)| (n.to_owned(), v.to_owned())).to_vec(), body }
}
