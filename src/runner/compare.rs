//! Compares what came back with what a step expects.

use serde_json::Value;

use super::session::Sent;
use crate::api::{Req, model, req};
use crate::case::{Difference, Expect, Scope, check};
use crate::dialect::{ApiError, Outcome, Response};
use crate::target::transport::TransportError;
use crate::verdict::Loc;

/// An expectation that did not hold, and whose requirement it is where that is not the step's own.
pub struct Departure {
    /// What differs.
    pub difference: Difference,
    /// The requirement that is broken whatever the step is about: that of an answer that cannot be read, or of none, or the one that
    /// the expectation gives for this very value.
    pub own: Option<Req>,
}

/// What a step's answer came to.
pub struct Comparison {
    /// What does not hold; empty: all does.
    pub departures: Vec<Departure>,
    /// It succeeded where it should have been refused, was refused where it should have succeeded, or has no readable answer: what
    /// later steps build on is not there.
    pub astray: bool,
}

/// Compares the answer to a call of the Action `call` with an expectation. `result` is the result tree to look at: other people's things are already dropped from it.
pub fn compare(call: &str, sent: &Sent, result: Option<&Value>, expect: &Expect, scope: &Scope) -> Comparison {
    let mut work = Work { expect, scope, departures: Vec::new() };
    let astray = match (&sent.broken, sent.reply.as_ref()) {
        (Some(why), _) => {
            let broken = if let TransportError::TooLarge { .. } = why { req::TRANSPORT__RESPONSE_SIZE } else { req::TRANSPORT__ANSWERS };
            work.own("response", "an answer", &why.to_string(), broken);
            true
        }
        (None, None) => true,
        (None, Some(_)) if sent.astray.is_some() => {
            if let Some((rule, why)) = &sent.astray {
                work.own("Marker", "the pages to end", why, *rule);
            }
            true
        }
        (None, Some(reply)) if expect.any && !expect.status.is_empty() => {
            work.status(reply.status, 200);
            false
        }
        (None, Some(reply)) => match &reply.outcome {
            Err(unreadable) => {
                let expected = "an answer that can be read";
                let seen = sent.response.as_ref().map(beginning).unwrap_or_default();
                work.own("response", expected, &format!("status {} and {}{seen}", reply.status, unreadable.why), unreadable.req);
                true
            }
            _ if expect.any => false,
            Ok(Outcome::Success(_)) if expect.understood => false,
            Ok(Outcome::Error(error)) if expect.understood => work.understood(error, call),
            Ok(Outcome::Success(_)) => work.success(reply.status, result),
            Ok(Outcome::Error(error)) => work.refusal(error),
        },
    };
    if !astray && let Some(response) = &sent.response {
        for (name, node) in &expect.headers {
            let value = response.header(name).map(Value::from);
            work.node(node, value.as_ref(), &format!("header.{name}"));
        }
    }
    Comparison { departures: work.departures, astray }
}

struct Work<'a> {
    expect: &'a Expect,
    scope: &'a Scope,
    departures: Vec<Departure>,
}

impl Work<'_> {
    fn refused(&self) -> bool {
        self.expect.any_error || !self.expect.error.is_empty()
    }

    fn success(&mut self, status: u16, result: Option<&Value>) -> bool {
        if self.refused() {
            self.differ("status", &self.refusal_text(), &status.to_string());
            return true;
        }
        self.status(status, 200);
        if let Some(node) = &self.expect.result {
            self.node(node, result, "");
        }
        false
    }

    fn refusal(&mut self, error: &ApiError) -> bool {
        let seen = format!("{} {}", error.status, error.code);
        if !self.refused() {
            let text = if error.message.is_empty() { seen } else { format!("{seen}: {}", error.message) };
            self.differ("status", &status_text(&self.expect.status, 200), &text);
            return true;
        }
        let codes = &self.expect.error;
        if !self.expect.any_error && !codes.contains(&error.code) {
            self.differ("error", &codes.join(" or "), &error.code);
        }
        // Of several codes that will do, the one that came decides which status goes with it.
        let code = codes.iter().find(|code| **code == error.code).or(codes.first());
        let of_code = code.and_then(|code| model().status_of(code));
        if self.expect.any_error && self.expect.status.is_empty() {
            if error.status < 300 {
                self.differ("status", "an error status", &error.status.to_string());
            }
        } else {
            self.status(error.status, of_code.unwrap_or(400));
        }
        if let Some(node) = &self.expect.message {
            self.node(node, Some(&Value::from(error.message.as_str())), "message");
        }
        false
    }

    /// Whether a call is refused for its form: an error of status 400 that its Action does not declare, or one of the server.
    fn understood(&mut self, error: &ApiError, call: &str) -> bool {
        let declared = model().action(call).is_some_and(|action| action.errors.contains(&error.code));
        let astray = error.status >= 500 || (error.status == 400 && !declared);
        if astray {
            let seen = format!("{} {}: {}", error.status, error.code, error.message);
            self.differ("status", "success, or an error that is not about the form of the call", &seen);
        }
        astray
    }

    fn status(&mut self, seen: u16, usual: u16) {
        let allowed = if self.expect.status.is_empty() { seen == usual } else { self.expect.status.contains(&seen) };
        if !allowed {
            self.differ("status", &status_text(&self.expect.status, usual), &seen.to_string());
        }
    }

    fn refusal_text(&self) -> String {
        let codes = if self.expect.any_error { "an error".to_owned() } else { self.expect.error.join(" or ") };
        let usual = self.expect.error.first().and_then(|code| model().status_of(code)).unwrap_or(400);
        format!("{} {codes}", status_text(&self.expect.status, usual))
    }

    fn node(&mut self, node: &crate::case::Node, value: Option<&Value>, path: &str) {
        let mut differences = Vec::new();
        check(node, value, path, self.scope, &mut differences);
        self.departures.extend(differences.into_iter().map(|difference| Departure { own: difference.requirement, difference }));
    }

    fn differ(&mut self, path: &str, expected: &str, actual: &str) {
        self.departures.push(Departure { difference: difference(path, expected, actual, &self.expect.loc), own: None });
    }

    fn own(&mut self, path: &str, expected: &str, actual: &str, own: Req) {
        self.departures.push(Departure { difference: difference(path, expected, actual, &self.expect.loc), own: Some(own) });
    }
}

fn difference(path: &str, expected: &str, actual: &str, loc: &Loc) -> Difference {
    let (path, expected, actual) = (path.to_owned(), expected.to_owned(), actual.to_owned());
    Difference { path, expected, actual, requirement: None, loc: loc.clone() }
}

/// Where a redirect leads, or how a body that cannot be read begins.
fn beginning(response: &Response) -> String {
    const SHOWN: usize = 120;
    if let Some(location) = response.header("location").filter(|_| (300..400).contains(&response.status)) {
        return format!(": a redirect to {location}, which is not followed");
    }
    let text: String = super::record::printable(&response.body).chars().take(SHOWN).collect();
    let more = if response.body.len() > text.len() { "…" } else { "" };
    if text.is_empty() { text } else { format!(": {} bytes, {text:?}{more}", response.body.len()) }
}

fn status_text(allowed: &[u16], usual: u16) -> String {
    if allowed.is_empty() {
        return usual.to_string();
    }
    allowed.iter().map(u16::to_string).collect::<Vec<_>>().join(" or ")
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use serde_json::json;

    use super::*;
    use crate::api::DialectId;
    use crate::case::{Check, NoCertificates, Node, Setting};
    use crate::dialect::{Reply, Request, Unreadable};

    fn sent(outcome: Result<Outcome, Unreadable>, status: u16, body: &str) -> Sent {
        let headers = vec![("content-type".to_owned(), "text/xml".to_owned()), ("location".to_owned(), "http://x/".to_owned())];
        Sent {
            request: Request { method: "POST".into(), path: "/".into(), query: String::new(), headers: vec![], body: vec![] },
            response: Some(Response { status, headers, body: body.into() }),
            reply: Some(Reply { status, outcome, request_id: None, findings: vec![] }),
            broken: None,
            findings: vec![],
            astray: None,
            took: Duration::ZERO,
            waited: Duration::ZERO,
        }
    }

    /// Path, expected, actual and own requirement.
    type Told = (String, String, String, Option<Req>);

    fn seen(expect: &Expect, sent: &Sent) -> (Vec<Told>, bool) {
        let setting = Setting {
            run: "r".into(),
            dialect: DialectId::Aws,
            region: "r".into(),
            account: None,
            second_namespace: None,
            limits: Arc::new(|_| None),
            certificates: Arc::new(NoCertificates),
        };
        let result = match sent.reply.as_ref().map(|r| &r.outcome) {
            Some(Ok(Outcome::Success(result))) => Some(Value::Object(result.clone())),
            _ => None,
        };
        let comparison = compare("CreateUser", sent, result.as_ref(), expect, &Scope::new(Arc::new(setting), "c", None));
        let tell = |d: Departure| (d.difference.path, d.difference.expected, d.difference.actual, d.own);
        (comparison.departures.into_iter().map(tell).collect(), comparison.astray)
    }

    fn ok() -> Sent {
        sent(Ok(Outcome::Success(json!({ "User": { "Path": "/" } }).as_object().cloned().unwrap_or_default())), 200, "")
    }

    fn refused(status: u16, code: &str) -> Sent {
        sent(Ok(Outcome::Error(ApiError { status, code: code.into(), message: "text".into() })), status, "")
    }

    #[test]
    fn of_several_codes_each_has_its_own_status() {
        let expect = Expect { error: vec!["NoSuchEntity".into(), "InvalidInput".into()], given: true, ..Expect::default() };
        assert_eq!(seen(&expect, &refused(404, "NoSuchEntity")), (vec![], false));
        assert_eq!(seen(&expect, &refused(400, "InvalidInput")), (vec![], false));
        assert_eq!(seen(&expect, &refused(409, "InvalidInput")).0[0].0, "status");
        assert_eq!(seen(&expect, &refused(404, "LimitExceeded")).0[0].0, "error");
        assert!(seen(&expect, &ok()).1, "later steps build on the refusal");
    }

    #[test]
    fn success_is_expected_unless_said_otherwise() {
        assert_eq!(seen(&Expect::default(), &ok()), (vec![], false));
        let (departures, astray) = seen(&Expect::default(), &refused(404, "NoSuchEntity"));
        assert!(astray && departures[0].2.contains("404 NoSuchEntity"), "{departures:?}");
        let any = Expect { any: true, ..Expect::default() };
        assert_eq!((seen(&any, &ok()).0, seen(&any, &refused(500, "X")).0), (vec![], vec![]));
    }

    #[test]
    fn a_call_is_understood_unless_it_is_refused_for_its_form() {
        let expect = Expect { understood: true, given: true, ..Expect::default() };
        for (status, code, understood) in [
            (404, "NoSuchEntity", true),
            (400, "InvalidInput", true),
            (403, "AccessDenied", true),
            (400, "ValidationError", false),
            (400, "MalformedCertificate", false),
            (500, "ServiceFailure", false),
        ] {
            let (departures, astray) = seen(&expect, &refused(status, code));
            assert_eq!((departures.is_empty(), astray), (understood, !understood), "{status} {code}");
        }
        assert_eq!(seen(&expect, &ok()), (vec![], false));
    }

    #[test]
    fn trees_and_headers_are_compared() {
        let node = |check| Node { check, loc: Loc::default() };
        let path = node(Check::Members(vec![("Path".into(), node(Check::Equals(json!("/x/"))))]));
        let tree = node(Check::Members(vec![("User".into(), path)]));
        let header = ("content-type".to_owned(), node(Check::Equals(json!("text/plain"))));
        let expect = Expect { result: Some(tree), headers: vec![header], ..Expect::default() };
        let (departures, astray) = seen(&expect, &ok());
        assert_eq!(departures.iter().map(|d| d.0.as_str()).collect::<Vec<_>>(), ["User.Path", "header.content-type"]);
        assert!(!astray);
    }

    #[test]
    fn what_is_no_answer_breaks_a_requirement_of_its_own() {
        let unreadable = || Err(Unreadable { why: "no root".into(), req: req::WIRE__WELL_FORMED });
        let (departures, astray) = seen(&Expect { any: true, ..Expect::default() }, &sent(unreadable(), 200, "<a"));
        assert!(astray && departures[0].3 == Some(req::WIRE__WELL_FORMED) && departures[0].2.contains("<a"), "{departures:?}");
        assert!(seen(&Expect::default(), &sent(unreadable(), 302, "")).0[0].2.contains("a redirect to http://x/"));
        let broken = |e| Sent { broken: Some(e), response: None, reply: None, ..ok() };
        let of = |e| seen(&Expect::default(), &broken(e)).0[0].3;
        assert_eq!(of(TransportError::TooLarge { max: 9 }), Some(req::TRANSPORT__RESPONSE_SIZE));
        assert_eq!(of(TransportError::Broken { why: "x".into() }), Some(req::TRANSPORT__ANSWERS));
        for rule in [req::TRANSPORT__PAGES_END, req::PAGINATION__MARKER_WHEN_TRUNCATED] {
            let astray = Sent { astray: Some((rule, "page 2 ends with …".into())), ..ok() };
            assert_eq!(seen(&Expect::default(), &astray).0[0].3, Some(rule));
        }
    }
}
