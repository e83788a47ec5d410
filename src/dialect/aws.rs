//! AWS IAM and the servers that imitate it: the AWS query protocol, XML only.

use super::response::respond;
use super::{ApiError, Call, Dialect, Format, Incoming, Outcome, Reply, Request, Response, Wire, query, reply, xml};
use crate::api::DialectId;

/// The dialect `aws`.
pub(super) struct Aws;

const ENDPOINT: query::Endpoint = query::Endpoint { dialect: DialectId::Aws, paths: &["/"], form_type: true };

/// How its server writes XML.
pub(super) const XML: xml::Layout =
    xml::Layout { dialect: DialectId::Aws, declaration: false, root: None, metadata_first: false, by_name: false };

/// What its client expects of an answer.
pub(super) const EXPECTED: reply::Expected = reply::Expected {
    dialect: DialectId::Aws,
    xml_type: "text/xml",
    json: None,
    as_asked: None,
    management: false,
    repeats_request_id: true,
    namespace: xml::Namespace::Api,
    metadata: xml::Metadata::Last,
};

impl Dialect for Aws {
    fn id(&self) -> DialectId {
        DialectId::Aws
    }

    fn encode_request(&self, call: &Call, wire: &Wire) -> Request {
        query::encode_request(DialectId::Aws, call, wire, &[("Accept", "text/xml, application/xml")])
    }

    fn decode_response(&self, action: &str, response: &Response, asked: Format) -> Reply {
        reply::read(&EXPECTED, action, response, asked)
    }

    fn decode_request(&self, request: &Request) -> Result<Incoming, ApiError> {
        Ok(Incoming { call: query::decode_request(&ENDPOINT, request)?, format: self.format_asked(request) })
    }

    fn format_asked(&self, _request: &Request) -> Format {
        Format::Xml
    }

    fn encode_response(&self, action: &str, outcome: &Outcome, request_id: &str, _format: Format) -> Response {
        let headers = [("x-amzn-RequestId", request_id), ("Content-Type", "text/xml")];
        respond(outcome, &headers, xml::write(&XML, action, outcome, request_id))
    }
}
