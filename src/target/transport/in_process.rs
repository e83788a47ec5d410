//! The way to something that answers in this process. What an HTTP server would refuse before it looks at the API is refused alike.

use std::cell::{Cell, RefCell};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{SystemTime, UNIX_EPOCH};

use super::TransportError;
use crate::dialect::{Request, Response};
use crate::reference::Answers;

/// Requests that are answered at most: more than any case sends. Something that makes its caller ask for ever must not hang it.
const MOST: usize = 50_000;

pub(super) struct InProcess {
    answers: RefCell<Box<dyn Answers>>,
    sent: Cell<usize>,
}

impl InProcess {
    pub(super) fn new(answers: Box<dyn Answers>) -> InProcess {
        InProcess { answers: RefCell::new(answers), sent: Cell::new(0) }
    }

    /// Asks, with a `Host` header if the request has none. What panics is a connection that broke.
    pub(super) fn send(&self, host: &str, request: &Request, max: usize) -> Result<Response, TransportError> {
        self.sent.set(self.sent.get() + 1);
        let broken = |why: &str| TransportError::Broken { why: why.to_owned() };
        if self.sent.get() > MOST {
            return Err(broken("the case has sent more requests than any case needs"));
        }
        let Some(request) = received(host, request) else {
            return Ok(Response { status: 400, headers: Vec::new(), body: Vec::new() });
        };
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| i64::try_from(d.as_secs()).unwrap_or(i64::MAX));
        let mut answers = self.answers.borrow_mut();
        match catch_unwind(AssertUnwindSafe(|| answers.answer(&request, now))) {
            Ok(Some(response)) if response.body.len() > max => Err(TransportError::TooLarge { max }),
            Ok(Some(response)) => Ok(response),
            Ok(None) => Err(broken("closed without an answer")),
            Err(_) => Err(broken("what answers in this process panicked")),
        }
    }
}

/// The request as an HTTP server hands it on; `None`: it is no HTTP.
fn received(host: &str, request: &Request) -> Option<Request> {
    let query = if request.query.is_empty() { String::new() } else { format!("?{}", request.query) };
    let uri: http::Uri = format!("{}{query}", request.path).parse().ok()?;
    http::Method::from_bytes(request.method.as_bytes()).ok()?;
    for (name, value) in &request.headers {
        http::HeaderName::from_bytes(name.as_bytes()).ok()?;
        http::HeaderValue::from_bytes(value.as_bytes()).ok()?;
    }
    let mut received = request.clone();
    uri.path().clone_into(&mut received.path);
    uri.query().unwrap_or_default().clone_into(&mut received.query);
    if received.header("host").is_none() {
        received.headers.push(("host".into(), host.into()));
    }
    Some(received)
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Echo;

    impl Answers for Echo {
        fn answer(&mut self, request: &Request, _now: i64) -> Option<Response> {
            match request.path.as_str() {
                "/panic" => panic!("on purpose"),
                "/close" => None,
                _ => Some(Response { status: 200, headers: request.headers.clone(), body: request.query.clone().into_bytes() }),
            }
        }
    }

    fn send(path: &str, query: &str) -> Result<Response, TransportError> {
        let request = Request { method: "GET".into(), path: path.into(), query: query.into(), headers: Vec::new(), body: Vec::new() };
        InProcess::new(Box::new(Echo)).send("reference", &request, 9)
    }

    #[test]
    fn what_a_server_does_to_a_request_is_done_here() {
        let answer = send("/", "a=b%20c").unwrap();
        assert_eq!((answer.header("host"), answer.body.as_slice()), (Some("reference"), b"a=b%20c".as_slice()));
        assert_eq!(send("/a b", "").unwrap().status, 400);
    }

    #[test]
    fn no_answer_and_too_much_of_one_are_the_target_s_failures() {
        assert!(matches!(send("/close", ""), Err(TransportError::Broken { .. })));
        assert!(matches!(send("/panic", ""), Err(TransportError::Broken { .. })));
        assert_eq!(send("/", "0123456789"), Err(TransportError::TooLarge { max: 9 }));
    }
}
