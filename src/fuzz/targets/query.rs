//! Requests as the server reads them.

use arbitrary::{Arbitrary, Unstructured};

use super::{Check, NOW, demand, http};
use crate::api::DialectId;
use crate::dialect::{Dialect, FormEncoding, Format, Outcome, Request, Response, Style, Wire, dialect};
use crate::reference::management::Manager;
use crate::reference::{EcsEndpoint, Endpoint, Faults, Settings};

/// What precedes the request's text.
#[derive(Arbitrary)]
struct Head {
    dialect: u8,
}

/// The byte before the text: the dialect.
#[cfg(feature = "net")]
pub(in crate::fuzz) fn seed(dialect: DialectId, request: &Request) -> Option<Vec<u8>> {
    let dialect = u8::try_from(DialectId::ALL.iter().position(|d| *d == dialect)?).ok()?;
    Some([&[dialect][..], &http::request_text(request)].concat())
}

pub(super) fn check(data: &[u8]) -> Check {
    let mut bytes = Unstructured::new(data);
    let Ok(head) = Head::arbitrary(&mut bytes) else { return Ok(()) };
    let id = DialectId::ALL[usize::from(head.dialect) % DialectId::ALL.len()];
    let Some(dialect) = dialect(id) else { return Ok(()) };
    let mut request = http::request(bytes.take_rest());
    if request.header("host").is_none() {
        request.headers.push(("Host".into(), "localhost".into()));
    }
    understood(dialect, &request)?;
    answered(dialect, &request)
}

/// A request is refused as the API refuses, or its call survives being written anew.
fn understood(dialect: &dyn Dialect, request: &Request) -> Check {
    let incoming = match dialect.decode_request(request) {
        Ok(incoming) => incoming,
        Err(refusal) => {
            let sound = (400..500).contains(&refusal.status) && !refusal.code.is_empty();
            return demand(sound, || format!("a request is refused with {refusal:?}"));
        }
    };
    let asked = dialect.format_asked(request);
    demand(incoming.format == asked, || format!("{asked:?} is asked for, the request is read as asking for {:?}", incoming.format))?;
    let path = if dialect.id() == DialectId::Ecs { "/iam" } else { "/" };
    for form_encoding in [FormEncoding::Plus, FormEncoding::Rfc3986] {
        let wire = Wire { format: asked, style: Style::Form, method: "POST".into(), path: path.into(), form_encoding, headers: Vec::new() };
        let again = dialect.decode_request(&dialect.encode_request(&incoming.call, &wire));
        let same = again.as_ref().is_ok_and(|again| again.call == incoming.call);
        demand(same, || format!("{:?} is read again as {again:?}", incoming.call))?;
    }
    Ok(())
}

/// Whatever a request says, the reference answers it without having let it in, in a document of the dialect.
fn answered(dialect: &dyn Dialect, request: &Request) -> Check {
    let settings = Settings::new(dialect.id());
    let response = if dialect.id() == DialectId::Ecs {
        let manager = Manager { user: "root".into(), password: "0nly for the fuzzer".into() };
        let namespaces = [settings.account.clone()];
        let Some(mut endpoint) = EcsEndpoint::new(settings, manager, &namespaces, 1, Faults::default()) else { return Ok(()) };
        endpoint.answer(request, NOW)
    } else {
        let Some(mut endpoint) = Endpoint::new(settings, 1, Faults::default()) else { return Ok(()) };
        endpoint.answer(request, NOW)
    };
    well_formed(dialect, &response, dialect.format_asked(request))
}

fn well_formed(dialect: &dyn Dialect, response: &Response, asked: Format) -> Check {
    demand((400..500).contains(&response.status), || format!("a request that proves nothing is answered with {}", response.status))?;
    // Login and logout answer what they answer; the API's own are held against its rules.
    let reply = dialect.decode_response("", response, asked);
    let readable = matches!(reply.outcome, Ok(Outcome::Error(_)));
    demand(readable, || format!("the answer cannot be read as an error: {:?}", reply.outcome))?;
    let api = response.header("content-type").is_some() && dialect.id() != DialectId::Ecs;
    demand(!api || reply.findings.is_empty(), || format!("the answer departs from the dialect: {:?}", reply.findings))
}
