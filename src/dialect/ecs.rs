//! Dell ECS and ObjectScale: parameters in the query string or a form at `/iam`, answers in XML or JSON as Accept asks, both with forms
//! of their own. The login in front of it is [`auth::ecs_token`](crate::auth::ecs_token)'s business.

use super::response::respond;
use super::{ApiError, Call, Dialect, Format, Incoming, Outcome, Reply, Request, Response, Style, Wire, json, query, reply, xml};
use crate::api::{DialectId, model, req};

#[cfg(test)]
mod golden;
#[cfg(test)]
mod tests;

/// The dialect `ecs`.
pub(super) struct Ecs;

/// Dell's examples send bodies that are empty under a content type of XML: it means nothing.
const ENDPOINT: query::Endpoint = query::Endpoint { dialect: DialectId::Ecs, paths: &["/iam", "/iam/"], form_type: false };

const XML: xml::Layout =
    xml::Layout { dialect: DialectId::Ecs, declaration: true, root: Some(("ns2", "none")), metadata_first: true, by_name: true };

const JSON: json::Layout = json::Layout { dialect: DialectId::Ecs, form: json::Form::Layered };

const EXPECTED: reply::Expected = reply::Expected {
    dialect: DialectId::Ecs,
    xml_type: "application/xml",
    json: Some(json::Form::Layered),
    as_asked: Some(req::ECS__FORMAT_FOLLOWS_ACCEPT),
    management: true,
    repeats_request_id: false,
    namespace: xml::Namespace::RootOnly("none"),
    metadata: xml::Metadata::First,
};

fn media_type(format: Format) -> &'static str {
    match format {
        Format::Xml => "application/xml",
        Format::Json => "application/json",
    }
}

impl Dialect for Ecs {
    fn id(&self) -> DialectId {
        DialectId::Ecs
    }

    fn encode_request(&self, call: &Call, wire: &Wire) -> Request {
        let accept = ("Accept", media_type(wire.format));
        if wire.style != Style::Query {
            return query::encode_request(DialectId::Ecs, call, wire, &[accept]);
        }
        // Dell's examples never send Version. One that is not the API's own is sent: a case asks for it.
        let version = call.version.clone().filter(|version| *version != model().version);
        query::encode_request(DialectId::Ecs, &Call { version, ..call.clone() }, wire, &[accept, ("Content-Type", "application/xml")])
    }

    fn decode_response(&self, action: &str, response: &Response, asked: Format) -> Reply {
        reply::read(&EXPECTED, action, response, asked)
    }

    fn decode_request(&self, request: &Request) -> Result<Incoming, ApiError> {
        Ok(Incoming { call: query::decode_request(&ENDPOINT, request)?, format: self.format_asked(request) })
    }

    fn format_asked(&self, request: &Request) -> Format {
        query::accepted_first(request)
    }

    fn encode_response(&self, action: &str, outcome: &Outcome, request_id: &str, format: Format) -> Response {
        let body = match format {
            Format::Xml => xml::write(&XML, action, outcome, request_id),
            Format::Json => json::write(&JSON, action, outcome, request_id),
        };
        respond(outcome, &[("Content-Type", media_type(format))], body)
    }
}
