//! What came of a malformed request, and whether that is how a server behaves.

use super::twist::Damage;
use crate::dialect::{Dialect, Format, Outcome, Response};

/// What came back.
#[derive(Clone, Debug, PartialEq)]
pub enum Seen {
    /// A whole answer.
    Answer(Response),
    /// The connection was closed, without an answer.
    Closed,
    /// The connection broke, without an answer.
    Reset(String),
    /// An answer that was cut short.
    Short(String),
    /// Neither an answer nor a close within the time.
    Silent,
    /// Something that is no HTTP.
    NotHttp(String),
    /// An answer longer than the profile allows.
    TooLarge,
    /// There was no connection.
    Refused(String),
}

/// How a server did not behave.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Departure {
    /// What would have been right: `4xx`.
    pub expected: String,
    /// What was seen, without anything of the run: `500 InternalFailure`.
    pub observed: String,
    /// Where: `status`, `body`, `connection`, `next call`.
    pub path: &'static str,
    /// The same in a sentence.
    pub text: String,
}

impl Departure {
    fn new(path: &'static str, expected: &str, observed: impl Into<String>, text: impl Into<String>) -> Departure {
        Departure { expected: expected.to_owned(), observed: observed.into(), path, text: text.into() }
    }

    /// The next good call was not served.
    pub fn unserved(observed: impl Into<String>, text: impl Into<String>) -> Departure {
        Departure::new("next call", "200", observed, text)
    }

    /// Whether two are the same, whatever the words.
    pub fn same(&self, other: &Departure) -> bool {
        (self.path, &self.expected, &self.observed) == (other.path, &other.expected, &other.observed)
    }
}

/// What a request asks for, as far as its answer must fit.
#[derive(Clone, Copy)]
pub struct Asked<'a> {
    /// The target's dialect.
    pub dialect: &'static dyn Dialect,
    /// The Action that it nearly is.
    pub action: &'a str,
    /// Format asked for.
    pub format: Format,
    /// What it does to be malformed.
    pub damage: Damage,
    /// It carries a proof, right or nearly right, by which a server of several services knows whose request it is.
    pub proven: bool,
    /// It goes to the API's own path.
    pub home: bool,
    /// A request was begun at all: more than line breaks was sent.
    pub begun: bool,
    /// Statuses that the profile declares to be answered under load.
    pub busy: &'a [u16],
}

const REFUSAL: &str = "4xx";
const ANSWER: &str = "an answer";
const ANSWER_OR_CLOSE: &str = "an answer or a close";

/// Statuses that refuse by themselves: too long a body, address or head, and every redirect.
fn told(status: u16) -> bool {
    matches!(status, 300..=399 | 413 | 414 | 431)
}

/// How the server did not behave; none: it did.
pub fn judge(asked: Asked<'_>, seen: &Seen) -> Option<Departure> {
    let content = asked.damage == Damage::Content;
    match seen {
        Seen::Answer(response) => answer(asked, response),
        Seen::Silent if asked.begun => {
            let text = "neither answered nor closed the connection in time";
            Some(Departure::new("connection", ANSWER_OR_CLOSE, "neither in time", text))
        }
        Seen::Closed if content => {
            Some(Departure::new("connection", ANSWER, "closed", "closed the connection without an answer to a whole request"))
        }
        Seen::Reset(why) if content => Some(Departure::new(
            "connection",
            ANSWER,
            "broken",
            format!("broke the connection without an answer to a whole request: {why}"),
        )),
        Seen::Short(why) if content => {
            Some(Departure::new("connection", ANSWER, "cut short", format!("answered with something that is cut short: {why}")))
        }
        Seen::NotHttp(why) if asked.damage != Damage::Broken => {
            Some(Departure::new("connection", ANSWER, "not HTTP", format!("answered with what is no HTTP: {why}")))
        }
        Seen::Refused(why) => Some(Departure::unserved("no connection", format!("took no connection: {why}"))),
        // Nobody need hang up on a client that has said nothing.
        Seen::Silent | Seen::Closed | Seen::Reset(_) | Seen::Short(_) | Seen::NotHttp(_) | Seen::TooLarge => None,
    }
}

fn answer(asked: Asked<'_>, response: &Response) -> Option<Departure> {
    let status = response.status;
    let reply = asked.dialect.decode_response(asked.action, response, asked.format);
    let code = match &reply.outcome {
        Ok(Outcome::Error(error)) if !error.code.is_empty() => format!(" {}", error.code),
        _ => String::new(),
    };
    // What is not implemented may be said so, and what HTTP is not spoken.
    let honest = status == 501 || (status == 505 && asked.damage != Damage::Content);
    // What stands at other paths is not this API's.
    if status >= 500 && asked.home && !honest && !asked.busy.contains(&status) {
        return Some(Departure::new("status", REFUSAL, format!("{status}{code}"), format!("answered with status {status}{code}")));
    }
    // Without a proof a server of several services may take it for another one's.
    if asked.damage != Damage::Content || !asked.proven || status >= 500 || told(status) {
        return None;
    }
    match &reply.outcome {
        Err(why) => {
            let expected = if status < 300 { "a result" } else { "an error document" };
            let observed = format!("{}xx unreadable", status / 100);
            Some(Departure::new("body", expected, observed, format!("answered {status} with what cannot be read: {}", why.why)))
        }
        Ok(Outcome::Error(error)) if status < 300 => {
            Some(Departure::new("status", REFUSAL, format!("{status}{code}"), format!("answered {} with status {status}", error.code)))
        }
        Ok(Outcome::Error(error)) if error.code.is_empty() => {
            let text = format!("answered {status} without an error document");
            Some(Departure::new("body", "an error document", format!("{status} without one"), text))
        }
        Ok(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::DialectId;
    use crate::dialect::dialect;

    const ERROR: &str = "<ErrorResponse xmlns=\"https://iam.amazonaws.com/doc/2010-05-08/\"><Error><Type>Sender</Type>\
        <Code>MalformedQueryString</Code><Message>m</Message></Error><RequestId>r</RequestId></ErrorResponse>";

    fn seen(status: u16, body: &str) -> Seen {
        Seen::Answer(Response { status, headers: vec![("content-type".into(), "text/xml".into())], body: body.as_bytes().to_vec() })
    }

    fn judged(damage: Damage, seen: &Seen) -> Option<String> {
        let dialect = dialect(DialectId::Aws).unwrap();
        let asked = Asked { dialect, action: "GetUser", format: Format::Xml, damage, proven: true, home: true, begun: true, busy: &[503] };
        judge(asked, seen).map(|d| format!("{}: {} → {}", d.path, d.expected, d.observed))
    }

    #[test]
    fn the_api_answers_for_content_in_its_own_documents() {
        let content = |seen| judged(Damage::Content, &seen);
        for fine in [seen(404, ERROR), seen(413, ""), seen(302, ""), seen(503, "busy"), seen(501, ""), Seen::TooLarge] {
            assert_eq!(content(fine), None);
        }
        for (odd, departure) in [
            (seen(500, ERROR), "status: 4xx → 500 MalformedQueryString"),
            (seen(500, "<html>oops</html>"), "status: 4xx → 500"),
            (seen(400, "<html>oops</html>"), "body: an error document → 4xx unreadable"),
            (seen(400, ""), "body: an error document → 400 without one"),
            (seen(200, "oops"), "body: a result → 2xx unreadable"),
            (seen(200, ERROR), "status: 4xx → 200 MalformedQueryString"),
            (Seen::Closed, "connection: an answer → closed"),
            (Seen::Reset("x".into()), "connection: an answer → broken"),
            (Seen::Short("x".into()), "connection: an answer → cut short"),
            (Seen::NotHttp("x".into()), "connection: an answer → not HTTP"),
            (Seen::Silent, "connection: an answer or a close → neither in time"),
            (Seen::Refused("x".into()), "next call: 200 → no connection"),
        ] {
            assert_eq!(content(odd).as_deref(), Some(departure));
        }
    }

    #[test]
    fn the_http_server_may_refuse_in_its_own_way_and_need_not_answer_what_is_no_request() {
        for damage in [Damage::Server, Damage::Broken] {
            for fine in [seen(400, "<html>no</html>"), seen(431, ""), seen(405, ""), seen(505, ""), Seen::Closed, Seen::Reset("x".into())] {
                assert_eq!(judged(damage, &fine), None);
            }
            assert_eq!(judged(damage, &seen(500, "")).as_deref(), Some("status: 4xx → 500"));
            assert!(judged(damage, &Seen::Silent).is_some());
        }
        assert!(judged(Damage::Server, &Seen::NotHttp("x".into())).is_some());
        assert_eq!(judged(Damage::Broken, &Seen::NotHttp("x".into())), None);
    }

    #[test]
    fn what_may_be_another_services_is_not_judged_by_this_one_s_documents() {
        let dialect = dialect(DialectId::Aws).unwrap();
        let with = |proven, home, seen: Seen| {
            let asked =
                Asked { dialect, action: "GetUser", format: Format::Xml, damage: Damage::Content, proven, home, begun: true, busy: &[] };
            judge(asked, &seen).map(|d| d.observed)
        };
        assert_eq!(with(false, true, seen(200, "<ListAllMyBucketsResult/>")), None);
        assert_eq!(with(false, true, seen(500, "")).as_deref(), Some("500"));
        assert_eq!(with(true, false, seen(500, "")), None);
    }

    #[test]
    fn a_client_that_says_nothing_may_be_waited_for() {
        let dialect = dialect(DialectId::Aws).unwrap();
        let asked = Asked {
            dialect,
            action: "GetUser",
            format: Format::Xml,
            damage: Damage::Broken,
            proven: true,
            home: true,
            begun: false,
            busy: &[],
        };
        assert_eq!(judge(asked, &Seen::Silent), None);
    }
}
