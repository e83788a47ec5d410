//! What stands in front of the API on ECS: login, logout, and who a request with a token is. Pure, like the core.
//!
//! Its errors have a form of their own, in which the API has no part.

use data_encoding::BASE64;
use serde_json::json;

use super::tokens::{Standing, Tokens, TooMany};
use super::{Faults, Ids};
use crate::api::{DialectId, req};
use crate::dialect::{Format, Request, Response, dialect};

/// Where a token is handed out and where it comes in.
const TOKEN: &str = "X-SDS-AUTH-TOKEN";

/// The one user that there is.
#[derive(Clone)]
pub struct Manager {
    /// Name.
    pub user: String,
    /// Password.
    pub password: String,
}

impl std::fmt::Debug for Manager {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Manager").field("user", &self.user).finish_non_exhaustive()
    }
}

/// The management layer of the reference's ECS.
#[derive(Debug)]
pub struct Management {
    manager: Manager,
    tokens: Tokens,
}

/// Who may pass to the API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pass {
    /// The management user, by a token.
    Manager,
    /// Whoever signed the request: the signature is still to be verified.
    Signer,
}

impl Management {
    /// A layer that knows `manager` and has handed out nothing.
    pub fn new(manager: Manager) -> Management {
        Management { manager, tokens: Tokens::default() }
    }

    /// The same, with tokens that expire after so many uses; none: only time does it.
    pub fn with_token_uses(self, uses: Option<u32>) -> Management {
        Management { tokens: Tokens::lasting(uses), ..self }
    }

    /// Answers a request to `/login` or `/logout` at `now` (seconds since 1970, UTC); `None`: it is for the API.
    pub fn answer(&mut self, request: &Request, now: i64, ids: &mut Ids) -> Option<Response> {
        let response = match request.path.trim_end_matches('/') {
            "/login" if request.method == "GET" => self.login(request, now, ids),
            "/logout" if request.method == "GET" => self.logout(request, now),
            "/login" | "/logout" => refuse(request, 405, "Method not supported", "Use GET."),
            _ => return None,
        };
        Some(response)
    }

    /// Who sends a request to the API.
    ///
    /// # Errors
    /// The response that turns the request away.
    pub fn admit(&mut self, request: &Request, now: i64, faults: &Faults) -> Result<Pass, Response> {
        let holds = |rule| faults.holds(rule);
        let Some(token) = request.header(TOKEN) else {
            return match is_signed(request) {
                true => Ok(Pass::Signer),
                false if holds(req::ECS__TOKEN_REQUIRED) => Err(refuse(request, 401, NOT_AUTHENTICATED, "The request has no token.")),
                false => Ok(Pass::Manager),
            };
        };
        match self.tokens.check(token, now) {
            Standing::Good(_) => Ok(Pass::Manager),
            Standing::Expired => Err(to_login()),
            Standing::Unknown if holds(req::ECS__TOKEN_KNOWN) => {
                Err(refuse(request, 401, NOT_AUTHENTICATED, "The token is not known, or has expired."))
            }
            Standing::Unknown => Ok(Pass::Manager),
        }
    }

    fn login(&mut self, request: &Request, now: i64, ids: &mut Ids) -> Response {
        let given = request.header("authorization").and_then(basic);
        if given != Some((self.manager.user.clone(), self.manager.password.clone())) {
            return refuse(request, 401, NOT_AUTHENTICATED, "User or password is wrong.");
        }
        match self.tokens.issue(&self.manager.user, now, ids) {
            Ok(token) => {
                let mut response = user_is(request, "loggedIn", &self.manager.user);
                response.headers.push((TOKEN.into(), token));
                response
            }
            Err(TooMany) => refuse(request, 403, "Too many tokens", "The user has as many tokens as a user can have."),
        }
    }

    fn logout(&mut self, request: &Request, now: i64) -> Response {
        let token = request.header(TOKEN).unwrap_or_default();
        match self.tokens.check(token, now) {
            Standing::Good(user) => {
                if request.query.split('&').any(|pair| pair == "force=true") {
                    self.tokens.drop_all(&user);
                } else {
                    self.tokens.drop_one(token);
                }
                user_is(request, "LoggedOut", &user)
            }
            Standing::Expired => to_login(),
            Standing::Unknown => refuse(request, 401, NOT_AUTHENTICATED, "There is no such token to end."),
        }
    }
}

const NOT_AUTHENTICATED: &str = "Authentication required";

fn to_login() -> Response {
    Response { status: 302, headers: vec![("Location".into(), "/login".into())], body: Vec::new() }
}

/// Whether a request bears a signature, valid or not.
fn is_signed(request: &Request) -> bool {
    let scheme = request.header("authorization").map(|value| value.split(' ').next().unwrap_or_default());
    let in_query = || request.query.split('&').any(|pair| SIGNED_BY.iter().any(|name| pair.starts_with(name)));
    scheme.is_some_and(|scheme| !scheme.eq_ignore_ascii_case("basic")) || in_query()
}

/// Parameters that say that the query string bears a signature.
const SIGNED_BY: [&str; 2] = ["X-Amz-Algorithm=", "X-Amz-Signature="];

const XML: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>";

fn response(request: &Request, status: u16, json: &serde_json::Value, xml: &str) -> Response {
    let format = dialect(DialectId::Ecs).map_or(Format::Xml, |ecs| ecs.format_asked(request));
    let (content_type, body) = match format {
        Format::Json => ("application/json", json.to_string()),
        Format::Xml => ("application/xml", format!("{XML}{xml}")),
    };
    Response { status, headers: vec![("Content-Type".into(), content_type.into())], body: body.into_bytes() }
}

/// What has become of a user, as Dell's pages spell it.
fn user_is(request: &Request, what: &str, user: &str) -> Response {
    let escaped = user.replace('&', "&amp;").replace('<', "&lt;");
    response(request, 200, &json!({ "user": user }), &format!("<{what}><user>{escaped}</user></{what}>"))
}

/// An error of this layer. Both texts are ours and need no escape. The code's meaning is not documented; it is the one that Dell's
/// clients show.
fn refuse(request: &Request, status: u16, description: &str, details: &str) -> Response {
    const CODE: u32 = 1004;
    let json = json!({ "code": CODE, "description": description, "details": details, "retryable": false });
    let parts = format!("<code>{CODE}</code><description>{description}</description><details>{details}</details>");
    response(request, status, &json, &format!("<error>{parts}<retryable>false</retryable></error>"))
}

/// User and password of an Authorization header.
fn basic(header: &str) -> Option<(String, String)> {
    let (scheme, encoded) = header.split_once(' ')?;
    let decoded = String::from_utf8(BASE64.decode(encoded.trim().as_bytes()).ok()?).ok()?;
    let (user, password) = decoded.split_once(':')?;
    scheme.eq_ignore_ascii_case("basic").then(|| (user.to_owned(), password.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::auth::ecs_token::{Attempt, Login, LoginError, Step, Token, is_expired, logout_request};
    use crate::dialect::Outcome;
    use crate::reference::tokens::{IDLE, PER_USER};

    const NOW: i64 = 1_800_000_000;
    const ENDPOINT: &str = "https://ecs.example.com:4443";

    fn management() -> (Management, Ids) {
        (Management::new(Manager { user: "root".into(), password: "pass:wörd".into() }), Ids::new(1))
    }

    fn log_in((management, ids): &mut (Management, Ids), password: &str, now: i64) -> Result<Token, LoginError> {
        let login = Login { user: "root".into(), password: password.into() };
        let attempt: Attempt<'_> = login.start(ENDPOINT);
        let response = management.answer(attempt.request(), now, ids).expect("it is a login");
        match attempt.read(&response)? {
            Step::In(token) => Ok(token),
            Step::Again(_) => panic!("no redirect"),
        }
    }

    fn call(token: Option<&Token>) -> Request {
        let mut request =
            Request { method: "POST".into(), path: "/iam".into(), query: "Action=ListUsers".into(), headers: Vec::new(), body: Vec::new() };
        if let Some(token) = token {
            token.authorize(&mut request);
        }
        request
    }

    fn admit((management, _): &mut (Management, Ids), token: Option<&Token>, now: i64) -> Result<Pass, Response> {
        management.admit(&call(token), now, &Faults::default())
    }

    #[test]
    fn the_clients_login_is_understood_and_its_token_admits() {
        let mut ecs = management();
        let token = log_in(&mut ecs, "pass:wörd", NOW).expect("a token");
        assert_eq!(admit(&mut ecs, Some(&token), NOW), Ok(Pass::Manager));
        let logout = ecs.0.answer(&logout_request(&token, false), NOW, &mut ecs.1).expect("it is a logout");
        assert_eq!(logout.status, 200);
        assert!(logout.body.ends_with(b"<LoggedOut><user>root</user></LoggedOut>"));
        assert!(admit(&mut ecs, Some(&token), NOW).is_err_and(|refusal| is_expired(&refusal)));
        let again = ecs.0.answer(&logout_request(&token, false), NOW, &mut ecs.1).expect("it is a logout");
        assert_eq!(again.status, 401);
    }

    #[test]
    fn a_forced_logout_ends_all_tokens() {
        let mut ecs = management();
        let tokens = [(); 3].map(|()| log_in(&mut ecs, "pass:wörd", NOW).expect("a token"));
        ecs.0.answer(&logout_request(&tokens[0], true), NOW, &mut ecs.1).expect("it is a logout");
        assert!(tokens.iter().all(|token| admit(&mut ecs, Some(token), NOW).is_err()));
    }

    #[test]
    fn a_wrong_password_and_the_hundred_and_first_login_are_refused() {
        let mut ecs = management();
        for password in ["", "pass", "PASS:WÖRD"] {
            assert!(matches!(log_in(&mut ecs, password, NOW), Err(LoginError::Refused { status: 401, .. })));
        }
        for _ in 0..PER_USER {
            log_in(&mut ecs, "pass:wörd", NOW).expect("a token");
        }
        assert!(matches!(log_in(&mut ecs, "pass:wörd", NOW), Err(LoginError::Refused { status: 403, .. })));
        log_in(&mut ecs, "pass:wörd", NOW + IDLE).expect("the others have expired");
    }

    #[test]
    fn an_expired_token_is_sent_to_the_login_once() {
        let mut ecs = management();
        let token = log_in(&mut ecs, "pass:wörd", NOW).expect("a token");
        let refusals = [(); 2].map(|()| admit(&mut ecs, Some(&token), NOW + IDLE).expect_err("refused"));
        assert_eq!(refusals.each_ref().map(|r| r.status), [302, 401]);
        assert!(refusals.iter().all(is_expired));
    }

    #[test]
    fn a_request_without_token_passes_only_signed_and_each_rule_can_be_broken() {
        let mut ecs = management();
        let unknown = Token::new("unknown").expect("a token");
        assert_eq!(admit(&mut ecs, None, NOW).map_err(|r| r.status), Err(401));
        assert_eq!(admit(&mut ecs, Some(&unknown), NOW).map_err(|r| r.status), Err(401));
        let mut request = call(None);
        request.headers.push(("authorization".into(), "AWS4-HMAC-SHA256 nonsense".into()));
        assert_eq!(ecs.0.admit(&request, NOW, &Faults::default()), Ok(Pass::Signer));
        for (rule, token) in [(req::ECS__TOKEN_REQUIRED, None), (req::ECS__TOKEN_KNOWN, Some(&unknown))] {
            assert_eq!(ecs.0.admit(&call(token), NOW, &Faults::breaking(rule)), Ok(Pass::Manager));
        }
    }

    #[test]
    fn refusals_are_read_as_errors_in_both_formats() {
        let (mut management, mut ids) = management();
        for (format, accept) in [(Format::Json, "application/json"), (Format::Xml, "application/xml")] {
            let mut request = call(None);
            request.headers.push(("Accept".into(), accept.into()));
            let response = management.admit(&request, NOW, &Faults::default()).expect_err("refused");
            let reply = dialect(DialectId::Ecs).expect("it is there").decode_response("ListUsers", &response, format);
            let Ok(Outcome::Error(error)) = reply.outcome else { panic!("{:?}", reply.outcome) };
            assert_eq!((error.status, error.code.as_str(), reply.findings), (401, "1004", vec![]));
            assert_eq!(error.message, "Authentication required: The request has no token.");
        }
        let mut request = call(None);
        assert_eq!(management.answer(&request, NOW, &mut ids), None);
        (request.method, request.path) = ("POST".into(), "/login/".into());
        assert_eq!(management.answer(&request, NOW, &mut ids).map(|r| r.status), Some(405));
    }

    #[test]
    fn no_header_panics() {
        arbtest::arbtest(|u| {
            let text: String = u.arbitrary()?;
            let _ = basic(&text);
            Ok(())
        });
        let pair = |user: &str, password: &str| Some((user.to_owned(), password.to_owned()));
        for (header, expected) in [
            ("Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==", pair("Aladdin", "open sesame")),
            ("basic Og==", pair("", "")),
            ("Basic Og", None),
            ("Basic Zg==", None),
            ("Bearer Og==", None),
            ("Basic", None),
        ] {
            assert_eq!(basic(header), expected, "{header}");
        }
    }
}
