//! The login of Dell ECS, the client's half: what to send and how to read what comes back. Pure; whoever sends keeps the token, and
//! logs out in the end, since a user has a hundred tokens at most.
//!
//! Credentials go to the endpoint and to nowhere else: a redirect is followed by its path alone, and refused when it names another
//! host.

use super::redirect::{path_of, target};
use crate::dialect::{Request, Response};

/// Header that hands out a token and that carries it from then on; servers write it in any case.
pub const TOKEN_HEADER: &str = "X-SDS-AUTH-TOKEN";

/// Header that says which namespace a management user's call is about.
pub const NAMESPACE_HEADER: &str = "x-emc-namespace";

/// Redirects of one login that are followed.
pub const MAX_REDIRECTS: usize = 3;

const LOGIN: &str = "/login";

/// User and password of the management API. The password never appears in output.
#[derive(Clone, PartialEq, Eq)]
pub struct Login {
    /// Name of the management user, or of a namespace's own user.
    pub user: String,
    /// Password.
    pub password: String,
}

impl std::fmt::Debug for Login {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Login").field("user", &self.user).finish_non_exhaustive()
    }
}

/// A login token. It never appears in output.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(String);

impl Token {
    /// The token as the header carries it; for whoever must keep it out of output, and for the file that a run's processes share.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// A token as [`expose`](Token::expose) gave it; `None`: it cannot stand in a header.
    pub fn new(text: &str) -> Option<Token> {
        let text = text.trim();
        let legal = !text.is_empty() && text.bytes().all(|b| b.is_ascii_graphic());
        legal.then(|| Token(text.to_owned()))
    }

    /// Gives a request the token, in place of another.
    pub fn authorize(&self, request: &mut Request) {
        request.headers.retain(|(name, _)| !name.eq_ignore_ascii_case(TOKEN_HEADER));
        request.headers.push((TOKEN_HEADER.to_owned(), self.0.clone()));
    }
}

impl std::fmt::Debug for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Token(…)")
    }
}

/// Why a login got no token. None of these says the password, or repeats what the server wrote.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LoginError {
    /// Wrong user or password, or too many tokens.
    #[error(
        "the login of {user} at {endpoint} was refused with status {status}: check user and password; a user who has 100 tokens already \
         must log out first (GET /logout?force=true ends all of them)"
    )]
    Refused {
        /// Base URL.
        endpoint: String,
        /// User.
        user: String,
        /// HTTP status.
        status: u16,
    },
    /// Something else than a login answered.
    #[error(
        "the login of {user} at {endpoint} was answered with status {status} and no {TOKEN_HEADER} header: is this the management endpoint \
         of an ECS (port 4443 by default)?"
    )]
    NoToken {
        /// Base URL.
        endpoint: String,
        /// User.
        user: String,
        /// HTTP status.
        status: u16,
    },
    /// The server points somewhere else.
    #[error(
        "the login at {endpoint} is redirected to another host, {host}, so the credentials were not sent on; if that host is meant, give \
         it as the endpoint"
    )]
    OtherHost {
        /// Base URL.
        endpoint: String,
        /// Scheme, host and port.
        host: String,
    },
    /// The server keeps pointing on.
    #[error("the login at {endpoint} was redirected more than {MAX_REDIRECTS} times and given up")]
    Redirects {
        /// Base URL.
        endpoint: String,
    },
}

/// One login under way.
pub struct Attempt<'a> {
    endpoint: &'a str,
    user: &'a str,
    request: Request,
    redirects: usize,
}

/// What an answer to a login leads to.
pub enum Step<'a> {
    /// Logged in.
    In(Token),
    /// A redirect on the same host: to be sent as well.
    Again(Attempt<'a>),
}

impl Login {
    /// Starts a login at `endpoint`, a base URL.
    pub fn start<'a>(&'a self, endpoint: &'a str) -> Attempt<'a> {
        let authorization = format!("Basic {}", self.basic());
        let headers = vec![("Authorization".to_owned(), authorization), ("Accept".to_owned(), "application/json".to_owned())];
        let request = Request { method: "GET".into(), path: LOGIN.into(), query: String::new(), headers, body: Vec::new() };
        Attempt { endpoint, user: &self.user, request, redirects: 0 }
    }

    /// User and password as the Basic scheme writes them (RFC 7617); as secret as the password.
    pub fn basic(&self) -> String {
        base64(format!("{}:{}", self.user, self.password).as_bytes())
    }
}

impl<'a> Attempt<'a> {
    /// The request to send to the endpoint, whatever its path.
    pub fn request(&self) -> &Request {
        &self.request
    }

    /// Reads the answer to [`request`](Attempt::request).
    ///
    /// # Errors
    /// When the login failed: see [`LoginError`].
    pub fn read(self, response: &Response) -> Result<Step<'a>, LoginError> {
        let (endpoint, user, status) = (self.endpoint.to_owned(), self.user.to_owned(), response.status);
        match status {
            200..=299 => match response.header(TOKEN_HEADER).and_then(Token::new) {
                Some(token) => Ok(Step::In(token)),
                None => Err(LoginError::NoToken { endpoint, user, status }),
            },
            301 | 302 | 303 | 307 | 308 => match response.header("location").map(|location| target(self.endpoint, location)) {
                None => Err(LoginError::NoToken { endpoint, user, status }),
                Some(Err(host)) => Err(LoginError::OtherHost { endpoint, host }),
                Some(Ok(_)) if self.redirects == MAX_REDIRECTS => Err(LoginError::Redirects { endpoint }),
                Some(Ok((path, query))) => {
                    Ok(Step::Again(Attempt { request: Request { path, query, ..self.request }, redirects: self.redirects + 1, ..self }))
                }
            },
            401 | 403 | 429 => Err(LoginError::Refused { endpoint, user, status }),
            _ => Err(LoginError::NoToken { endpoint, user, status }),
        }
    }
}

/// Whether a response to a call that carried a token says that the token is no longer good: 401, or a redirect to the login.
pub fn is_expired(response: &Response) -> bool {
    let to_login = |location: &str| path_of(location).trim_end_matches('/') == LOGIN;
    match response.status {
        401 => true,
        301 | 302 | 303 | 307 | 308 => response.header("location").is_some_and(to_login),
        _ => false,
    }
}

/// The host that a redirect to the login leads to, where that is another one than the endpoint's.
pub fn login_elsewhere(endpoint: &str, response: &Response) -> Option<String> {
    let location = response.header("location").filter(|_| response.status != 401 && is_expired(response))?;
    target(endpoint, location).err()
}

/// The request that gives a token back, or with `all` every token of its user.
pub fn logout_request(token: &Token, all: bool) -> Request {
    let query = if all { "force=true".to_owned() } else { String::new() };
    let mut request = Request { method: "GET".into(), path: "/logout".into(), query, headers: Vec::new(), body: Vec::new() };
    token.authorize(&mut request);
    request
}

pub(crate) fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::new();
    for chunk in bytes.chunks(3) {
        let at = |i: usize| u32::from(chunk.get(i).copied().unwrap_or_default());
        let bits = at(0) << 16 | at(1) << 8 | at(2);
        for i in 0..4 {
            let digit = ALPHABET[(bits >> (18 - 6 * i) & 63) as usize];
            out.push(if i <= chunk.len() { char::from(digit) } else { '=' });
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    const ENDPOINT: &str = "https://ecs.example.com:4443";

    fn login() -> Login {
        Login { user: "root".into(), password: "hush".into() }
    }

    fn response(status: u16, headers: &[(&str, &str)]) -> Response {
        let headers = headers.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
        Response { status, headers, body: b"{\"description\":\"root:hush\"}".to_vec() }
    }

    fn refused(login: &Login, status: u16, headers: &[(&str, &str)]) -> LoginError {
        login.start(ENDPOINT).read(&response(status, headers)).map(|_| ()).expect_err("refused")
    }

    #[test]
    fn a_login_is_a_get_with_basic_credentials() {
        let login = Login { user: "Aladdin".into(), password: "open sesame".into() };
        let attempt = login.start(ENDPOINT);
        let request = attempt.request();
        assert_eq!((request.method.as_str(), request.path.as_str(), request.body.len()), ("GET", "/login", 0));
        // The example of RFC 7617.
        assert_eq!(request.header("authorization"), Some("Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="));
        for (text, expected) in
            [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("\u{fb}\u{ff}", "w7vDvw==")]
        {
            assert_eq!(base64(text.as_bytes()), expected);
        }
    }

    #[test]
    fn the_token_is_in_a_header_of_any_case() {
        for name in [TOKEN_HEADER, "x-sds-auth-token", "X-Sds-Auth-Token"] {
            let login = login();
            let Ok(Step::In(token)) = login.start(ENDPOINT).read(&response(200, &[(name, " t0k/+= ")])) else { panic!("{name}") };
            assert_eq!(token.expose(), "t0k/+=");
            let mut request = logout_request(&token, false);
            assert_eq!((request.path.as_str(), request.query.as_str(), request.header(name)), ("/logout", "", Some("t0k/+=")));
            Token::new("other").expect("a token").authorize(&mut request);
            assert_eq!(request.headers, [(TOKEN_HEADER.to_owned(), "other".to_owned())]);
            assert_eq!(logout_request(&token, true).query, "force=true");
        }
    }

    #[test]
    fn failures_say_what_to_do() {
        for (status, headers, expected) in [
            (401, &[][..], "refused with status 401: check user and password"),
            (403, &[], "refused with status 403"),
            (200, &[], "no X-SDS-AUTH-TOKEN header"),
            (200, &[(TOKEN_HEADER, " ")], "no X-SDS-AUTH-TOKEN header"),
            (200, &[(TOKEN_HEADER, "a\r\nb")], "no X-SDS-AUTH-TOKEN header"),
            (302, &[], "status 302 and no X-SDS-AUTH-TOKEN header"),
            (404, &[(TOKEN_HEADER, "t")], "status 404"),
            (500, &[], "port 4443"),
        ] {
            let text = refused(&login(), status, headers).to_string();
            assert!(text.contains(expected) && text.contains(ENDPOINT) && !text.contains("hush"), "{text}");
        }
    }

    #[test]
    fn a_redirect_to_another_host_is_refused() {
        for (location, host) in [
            ("https://evil.example/login", "https://evil.example"),
            ("http://ecs.example.com:4443/login", "http://ecs.example.com:4443"),
            ("https://ecs.example.com/login", "https://ecs.example.com"),
            ("//evil.example:4443/login", "https://evil.example:4443"),
            ("/\\evil.example", "https://evil.example"),
            ("\\\\evil.example", "https://evil.example"),
            ("https:evil.example", "https://evil.example"),
            ("https:///evil.example", "https://evil.example"),
            ("https://ecs.example.com:4443@evil.example/login", "https://evil.example"),
            ("https://ecs.example.com:4443.evil.example/", "https://ecs.example.com:4443.evil.example"),
            ("javascript:alert(1)", "javascript://alert(1)"),
        ] {
            for status in [301, 302, 303, 307, 308] {
                let error = refused(&login(), status, &[("Location", location)]);
                assert_eq!(error, LoginError::OtherHost { endpoint: ENDPOINT.into(), host: host.into() }, "{location}");
            }
        }
    }

    #[test]
    fn a_redirect_on_the_same_host_is_followed_by_its_path() {
        for (location, path, query) in [
            ("/login?using-cookies=true", "/login", "using-cookies=true"),
            ("https://ECS.example.com:4443/sso/login?a=b:c#x", "/sso/login", "a=b:c"),
            ("//ecs.example.com:4443/x", "/x", ""),
            ("login2", "/login2", ""),
            ("?again", "/", "again"),
            ("", "/", ""),
        ] {
            let login = login();
            let Ok(Step::Again(attempt)) = login.start(ENDPOINT).read(&response(302, &[("location", location)])) else {
                panic!("{location}")
            };
            assert_eq!((attempt.request().path.as_str(), attempt.request().query.as_str()), (path, query), "{location}");
            assert!(attempt.request().header("authorization").is_some());
        }
    }

    #[test]
    fn redirects_end() {
        let login = login();
        let mut attempt = login.start(ENDPOINT);
        for _ in 0..MAX_REDIRECTS {
            let Ok(Step::Again(next)) = attempt.read(&response(302, &[("Location", "/login")])) else { panic!("followed") };
            attempt = next;
        }
        let error = attempt.read(&response(302, &[("Location", "/login")])).map(|_| ()).expect_err("given up");
        assert_eq!(error, LoginError::Redirects { endpoint: ENDPOINT.into() });
    }

    #[test]
    fn an_expired_token_is_recognised() {
        for (status, headers, expected) in [
            (401, &[][..], true),
            (302, &[("Location", "/login")], true),
            (302, &[("location", "https://10.0.0.1:4443/login?x")], true),
            (302, &[("Location", "/elsewhere")], false),
            (302, &[], false),
            (403, &[], false),
            (200, &[("Location", "/login")], false),
        ] {
            assert_eq!(is_expired(&response(status, headers)), expected, "{status} {headers:?}");
        }
    }

    #[test]
    fn a_login_on_another_host_is_told_apart() {
        for (status, location, host) in [
            (302, "/login", None),
            (302, "https://ecs.example.com:4443/login", None),
            (302, "https://10.0.0.1:4443/login", Some("https://10.0.0.1:4443")),
            (302, "//evil.example/login?x", Some("https://evil.example")),
            (302, "https://evil.example/elsewhere", None),
            (401, "https://evil.example/login", None),
        ] {
            let response = response(status, &[("Location", location)]);
            assert_eq!(login_elsewhere(ENDPOINT, &response).as_deref(), host, "{location}");
        }
    }

    #[test]
    fn debug_hides_password_and_token() {
        let text = format!("{:?} {:?}", login(), Token::new("t0ken"));
        assert_eq!(text, "Login { user: \"root\", .. } Some(Token(…))");
    }
}
