//! Dialects: four pure functions each that mirror one another, encode and decode × request and response.
//!
//! `encode_request`/`decode_response` are the client's half, `decode_request`/`encode_response` the reference's. The two halves share
//! no code, so that they cannot share a bug.

pub mod shape;

mod aws;
mod document;
mod ecs;
mod eim;
mod json;
mod query;
mod reply;
mod response;
mod xml;

#[cfg(test)]
mod roundtrip;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::api::{DialectId, Req};

/// An HTTP request, unsigned or signed, as bytes that can be sent. Header names keep their case; look-up ignores it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// `POST`, `GET`, …
    pub method: String,
    /// Percent-encoded path, starting with `/`.
    pub path: String,
    /// Raw query string without the `?`; empty: none.
    pub query: String,
    /// Names and values in sending order. `Host` is added by whoever sends.
    pub headers: Vec<(String, String)>,
    /// Body bytes.
    pub body: Vec<u8>,
}

/// An HTTP response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    /// Status code.
    pub status: u16,
    /// Names and values in the order received.
    pub headers: Vec<(String, String)>,
    /// Body bytes.
    pub body: Vec<u8>,
}

fn header<'a>(headers: &'a [(String, String)], name: &str) -> Option<&'a str> {
    headers.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, v)| v.as_str())
}

impl Request {
    /// First value of a header, name in any case.
    pub fn header(&self, name: &str) -> Option<&str> {
        header(&self.headers, name)
    }
}

impl Response {
    /// First value of a header, name in any case.
    pub fn header(&self, name: &str) -> Option<&str> {
        header(&self.headers, name)
    }
}

/// One Action call, before it is put on the wire. Parameters are flat, as every dialect has them: `Tags.member.1.Key`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// `Action`, as sent; `None`: the parameter is left out.
    pub action: Option<String>,
    /// `Version`; `None`: left out.
    pub version: Option<String>,
    /// Everything else in sending order; a name may occur twice.
    pub params: Vec<(String, String)>,
}

impl Call {
    /// A call of `action` in the API's version.
    pub fn new(action: &str) -> Call {
        Call { action: Some(action.to_owned()), version: Some(crate::api::model().version.clone()), params: Vec::new() }
    }

    /// The same with one more parameter.
    pub fn with(mut self, name: &str, value: impl Into<String>) -> Call {
        self.params.push((name.to_owned(), value.into()));
        self
    }

    /// First value of a parameter.
    pub fn param(&self, name: &str) -> Option<&str> {
        self.params.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str())
    }

    /// Name of the Action, empty where it is left out.
    pub fn action_name(&self) -> &str {
        self.action.as_deref().unwrap_or_default()
    }
}

/// Wire format of a response.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// XML.
    Xml,
    /// JSON.
    Json,
}

/// Where a request puts its parameters, and how it proves who sends it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Style {
    /// POST with a form body; SigV4, or on ecs the login token.
    Form,
    /// Everything in the query string.
    Query,
    /// ecs only: a form body signed with SigV4 instead of the login token.
    Sigv4,
}

impl Style {
    /// The word for it on the command line and in profiles.
    pub fn name(self) -> &'static str {
        match self {
            Style::Form => "form",
            Style::Query => "query",
            Style::Sigv4 => "sigv4",
        }
    }
}

/// How a form body is percent-encoded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FormEncoding {
    /// RFC 3986: all but unreserved characters escaped, space `%20`.
    Rfc3986,
    /// The same, but space `+`, as Python's `urlencode` writes it: the strictest form that every known server accepts.
    #[default]
    Plus,
}

/// A configuration: what a verdict belongs to beside its case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Configuration {
    /// Dialect.
    pub dialect: DialectId,
    /// Wire format asked for.
    pub format: Format,
    /// Request style.
    pub style: Style,
}

impl Configuration {
    /// Whether the main principal's requests carry a login token; else they are signed.
    pub fn by_token(self) -> bool {
        self.dialect == DialectId::Ecs && self.style != Style::Sigv4
    }
}

impl std::fmt::Display for Configuration {
    /// `eim/xml`, `eim/json`, `aws/xml`; on ecs with the style, `ecs/xml/query`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let format = match self.format {
            Format::Xml => "xml",
            Format::Json => "json",
        };
        write!(f, "{}/{format}", self.dialect)?;
        match (self.dialect, self.style) {
            (DialectId::Ecs, style) | (_, style @ Style::Query) => write!(f, "/{}", style.name()),
            _ => Ok(()),
        }
    }
}

/// How a client writes a request: what a target profile and a configuration decide.
#[derive(Clone, Debug)]
pub struct Wire {
    /// Format asked for with Accept.
    pub format: Format,
    /// Where parameters go.
    pub style: Style,
    /// `POST` or `GET` (with [`Style::Query`]).
    pub method: String,
    /// Path of the endpoint, `/` or `/iam`.
    pub path: String,
    /// Percent-encoding of a form body.
    pub form_encoding: FormEncoding,
    /// Further headers, already rendered.
    pub headers: Vec<(String, String)>,
}

/// What came back, free of dialect.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// The Action succeeded; the tree has strings, integers, booleans, arrays and objects as the API model types them
    /// (dates stay strings, policy documents are percent-decoded). Empty where the Action has no result.
    Success(Map<String, Value>),
    /// The Action was refused.
    Error(ApiError),
}

/// An API error.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiError {
    /// HTTP status.
    pub status: u16,
    /// Error code, `NoSuchEntity`.
    pub code: String,
    /// Text for people.
    pub message: String,
}

/// A response, decoded.
#[derive(Clone, Debug, PartialEq)]
pub struct Reply {
    /// HTTP status.
    pub status: u16,
    /// What it says, or why it cannot be read (then the target's failure).
    pub outcome: Result<Outcome, Unreadable>,
    /// Request id in the body.
    pub request_id: Option<String>,
    /// Wire requirements that this response breaks: free checks, which never fail the case they were seen in.
    pub findings: Vec<Finding>,
}

/// Why a response cannot be read as an answer of the dialect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unreadable {
    /// What is wrong, with the position where there is one.
    pub why: String,
    /// The requirement it breaks.
    pub req: Req,
}

/// A free check that did not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The requirement it breaks.
    pub req: Req,
    /// Path in the result tree, or the header or part of the envelope.
    pub at: String,
    /// Expected against seen, in words.
    pub text: String,
}

/// A request as the server side understood it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Incoming {
    /// The call.
    pub call: Call,
    /// Format to answer in.
    pub format: Format,
}

/// The implementation of a dialect; `None`: it has none.
pub fn dialect(id: DialectId) -> Option<&'static dyn Dialect> {
    match id {
        DialectId::Eim => Some(&eim::Eim),
        DialectId::Ecs => Some(&ecs::Ecs),
        DialectId::Aws => Some(&aws::Aws),
    }
}

/// One dialect. Implementations are stateless; get them with [`dialect`].
pub trait Dialect: Send + Sync {
    /// Which one.
    fn id(&self) -> DialectId;

    /// Client: a call as an unsigned request.
    fn encode_request(&self, call: &Call, wire: &Wire) -> Request;

    /// Client: a response to a call of `action`, read strictly.
    fn decode_response(&self, action: &str, response: &Response, asked: Format) -> Reply;

    /// Server: a request's call; an error is the dispatch error to answer.
    fn decode_request(&self, request: &Request) -> Result<Incoming, ApiError>;

    /// Server: the format that a request is answered in, whether its call can be read or not.
    fn format_asked(&self, request: &Request) -> Format;

    /// Server: the answer to a call of `action`.
    fn encode_response(&self, action: &str, outcome: &Outcome, request_id: &str, format: Format) -> Response;
}
