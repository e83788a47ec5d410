//! The reference's verifier of signatures against the client's signer: two implementations that share no code.

use std::time::{Duration, UNIX_EPOCH};

use arbitrary::{Arbitrary, Unstructured};

use super::{Check, NOW, demand, http};
use crate::auth::Credentials;
use crate::auth::sigv4::{EXPIRES_IN, Location, Scope, Signing, sign_with};
use crate::auth::verify::{KeyRecord, Verifier};
use crate::dialect::Request;

/// What precedes the request's text.
#[derive(Arbitrary)]
struct Head {
    in_query: bool,
    change: u8,
    at: u8,
}

/// Bytes before the text: where the signature goes, what is changed afterwards, and where.
#[cfg(feature = "net")]
pub(in crate::fuzz) fn seed(in_query: bool, change: u8, request: &Request) -> Vec<u8> {
    [&[u8::from(in_query), change, change][..], &http::request_text(request)].concat()
}

/// Kinds of change.
pub(in crate::fuzz) const CHANGES: usize = 11;

const HOST: &str = "localhost:4566";
const KEY_ID: &str = "AKIAIOSFODNN7EXAMPLE";
const SECRET: &str = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
const REGION: &str = "eu-west-2";
const SERVICES: [&str; 2] = ["eim", "iam"];

pub(super) fn check(data: &[u8]) -> Check {
    let mut bytes = Unstructured::new(data);
    let Ok(head) = Head::arbitrary(&mut bytes) else { return Ok(()) };
    let Some(mut request) = signable(http::request(bytes.take_rest())) else { return Ok(()) };
    let credentials = Credentials { access_key_id: KEY_ID.into(), secret: SECRET.into(), session_token: None };
    let scope = Scope { region: REGION.into(), service: SERVICES[usize::from(head.at) % 2].into() };
    let signing = Signing {
        host: HOST,
        scope: &scope,
        now: UNIX_EPOCH + Duration::from_secs(NOW.unsigned_abs()),
        location: if head.in_query { Location::Query } else { Location::Header },
        good_for: EXPIRES_IN,
        unsigned: None,
    };
    let unsigned = request.clone();
    if sign_with(&mut request, &credentials, &signing).is_err() {
        // What HTTP does not allow cannot be sent, with or without a signature.
        return Ok(());
    }
    request.headers.push(("Host".into(), HOST.into()));
    let circumstances = Circumstances::default();
    let answer = circumstances.verify(&request);
    demand(answer == Ok(Some(KEY_ID.into())), || format!("{request:?} is signed by the client and answered with {answer:?}"))?;

    let (mut changed, mut around) = (request.clone(), circumstances);
    let what = change(head, &mut changed, &mut around);
    let answer = around.verify(&changed);
    demand(answer.is_err(), || format!("{changed:?} is accepted although {what} was changed after it was signed"))?;

    let mut bare = unsigned;
    bare.headers.push(("Host".into(), HOST.into()));
    let answer = Circumstances::default().verify(&bare);
    demand(answer.is_err(), || format!("{bare:?} has no signature and is answered with {answer:?}"))
}

/// The request without anything of another signature, and as far as signer and verifier promise to agree: paths, queries and headers
/// that an HTTP client would send.
fn signable(mut request: Request) -> Option<Request> {
    let own = |name: &str| name.eq_ignore_ascii_case("host") || name.eq_ignore_ascii_case("x-amz-content-sha256");
    request.headers.retain(|(name, _)| !own(name) && !name.eq_ignore_ascii_case("date") && !name.eq_ignore_ascii_case("authorization"));
    let allowed = |text: &str| text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._~:/?[]@!$&'()*+,;=%".contains(&b));
    // The signer's library reads escapes as UTF-8, and replaces what is none.
    let mut bytes = Vec::new();
    let mut rest = request.query.as_bytes();
    while let Some((byte, tail)) = rest.split_first() {
        let escape = tail.get(..2).filter(|_| *byte == b'%').and_then(|two| u8::from_str_radix(std::str::from_utf8(two).ok()?, 16).ok());
        bytes.push(escape.unwrap_or(*byte));
        rest = if escape.is_some() { &tail[2..] } else { tail };
    }
    let text = String::from_utf8(bytes).is_ok();
    let foreign = request.query.to_ascii_lowercase().contains("amz-");
    let fits = request.path.starts_with('/') && allowed(&request.path) && allowed(&request.query) && !foreign && text;
    fits.then_some(request)
}

/// What a verifier knows.
struct Circumstances {
    secret: &'static str,
    active: bool,
    now: i64,
    region: &'static str,
}

impl Default for Circumstances {
    fn default() -> Circumstances {
        Circumstances { secret: SECRET, active: true, now: NOW, region: REGION }
    }
}

impl Circumstances {
    fn verify(&self, request: &Request) -> Result<Option<String>, String> {
        let services = SERVICES.map(str::to_owned);
        let verifier = Verifier { region: self.region, services: &services, now: self.now, holds: &|_| true };
        let key = |id: &str| (id == KEY_ID).then_some(KeyRecord { secret: self.secret, active: self.active });
        verifier.verify(request, &key).map_err(|e| e.code)
    }
}

/// Changes one thing that no valid signature leaves open; what it was.
fn change(head: Head, request: &mut Request, around: &mut Circumstances) -> &'static str {
    let at = usize::from(head.at);
    match usize::from(head.change) % CHANGES {
        0 => {
            around.secret = "another secret";
            "the secret"
        }
        1 => {
            around.active = false;
            "the key's status"
        }
        2 => {
            around.now += 901;
            "the time"
        }
        3 => {
            around.now -= 901;
            "the time"
        }
        4 => {
            around.region = "us-east-1";
            "the region"
        }
        5 => {
            request.method.push('X');
            "the method"
        }
        6 => {
            request.path.push('x');
            "the path"
        }
        7 => {
            request.query = if request.query.is_empty() { "zz=1".into() } else { format!("{}&zz=1", request.query) };
            "the query"
        }
        8 => {
            request.headers.retain(|(name, _)| !name.eq_ignore_ascii_case("host"));
            request.headers.push(("Host".into(), "elsewhere".into()));
            "the host"
        }
        9 if !request.body.is_empty() => {
            let at = at % request.body.len();
            request.body[at] ^= 1;
            "the body"
        }
        9 => {
            request.body.push(b'x');
            "the body"
        }
        _ => {
            flip(request, at);
            "the signature"
        }
    }
}

/// Another digit in the signature.
fn flip(request: &mut Request, at: usize) {
    let mark = "ignature=";
    let header = request.headers.iter_mut().find(|(name, _)| name.eq_ignore_ascii_case("authorization")).map(|(_, value)| value);
    let text = header.unwrap_or(&mut request.query);
    if let Some(start) = text.find(mark).map(|i| i + mark.len() + at % 64)
        && let Some(digit) = text.get(start..=start)
    {
        let other = if digit == "0" { "1" } else { "0" };
        text.replace_range(start..=start, other);
    }
}
