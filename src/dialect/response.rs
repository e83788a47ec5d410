//! The server's half of a response that every dialect has: a body with the status and headers that go with it.

use super::{Outcome, Response};

/// A response with that body: status 200, or that of the error.
pub(super) fn respond(outcome: &Outcome, headers: &[(&str, &str)], body: Vec<u8>) -> Response {
    let status = match outcome {
        Outcome::Success(_) => 200,
        Outcome::Error(error) => error.status,
    };
    Response { status, headers: headers.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect(), body }
}
