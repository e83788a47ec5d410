//! Client-side signing with Signature Version 4, by the `aws-sigv4` crate.

use std::borrow::Cow;
use std::time::{Duration, SystemTime};

use aws_sigv4::http_request::{SignableBody, SignableRequest, SignatureLocation, SigningSettings, sign as sign_request};
use aws_sigv4::sign::v4::SigningParams;
use aws_smithy_runtime_api::client::identity::Identity;

use super::Credentials;
use crate::dialect::Request;

/// How long a signature in a query string is usually good for.
pub const EXPIRES_IN: Duration = Duration::from_secs(900);

/// What a signature is good for, beside its day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scope {
    /// Region, `eu-west-2`.
    pub region: String,
    /// Service, `eim` or `iam`.
    pub service: String,
}

/// Where a signature goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Location {
    /// The Authorization header.
    Header,
    /// The query string.
    Query,
}

/// A request that cannot be signed.
#[derive(Debug, thiserror::Error)]
#[error("cannot sign {method} {url}: {why}")]
pub struct SignError {
    /// Method of the request.
    pub method: String,
    /// Its URL.
    pub url: String,
    /// What is wrong.
    pub why: String,
}

/// Everything about a signature but the request and the key.
pub struct Signing<'a> {
    /// The Host header that will be sent.
    pub host: &'a str,
    /// Region and service.
    pub scope: &'a Scope,
    /// When.
    pub now: SystemTime,
    /// Where the signature goes.
    pub location: Location,
    /// How long it is good for, in a query string.
    pub good_for: Duration,
    /// A header, in lower case, that is not among the signed ones although it must be: for refusals.
    pub unsigned: Option<&'static str>,
}

/// Headers of earlier signatures, which a new one replaces.
const OWN_HEADERS: [&str; 3] = ["authorization", "x-amz-date", "x-amz-security-token"];

/// Signs a request: adds `authorization`, `x-amz-date` and, for temporary credentials, `x-amz-security-token`, or the corresponding
/// query parameters. `Host`, `Content-Type` and every `X-Amz-…` header are signed, others are not, since proxies may change them.
///
/// # Errors
/// When path, query or a header is not one that HTTP allows.
pub fn sign(
    request: &mut Request,
    host: &str,
    credentials: &Credentials,
    scope: &Scope,
    now: SystemTime,
    location: Location,
) -> Result<(), SignError> {
    sign_with(request, credentials, &Signing { host, scope, now, location, good_for: EXPIRES_IN, unsigned: None })
}

/// Like [`sign`], with everything that can be wrong about a signature in the caller's hands.
///
/// # Errors
/// As [`sign`].
pub fn sign_with(request: &mut Request, credentials: &Credentials, signing: &Signing<'_>) -> Result<(), SignError> {
    request.headers.retain(|(name, _)| !OWN_HEADERS.iter().any(|own| name.eq_ignore_ascii_case(own)));
    let mut url = format!("http://{}{}", signing.host, request.path);
    if !request.query.is_empty() {
        url = format!("{url}?{}", request.query);
    }
    let failed = |why: &dyn std::error::Error| SignError { method: request.method.clone(), url: url.clone(), why: chain(why) };

    let mut settings = SigningSettings::default();
    if signing.location == Location::Query {
        settings.signature_location = SignatureLocation::QueryParams;
        settings.expires_in = Some(signing.good_for);
    }
    if let Some(name) = signing.unsigned {
        settings.excluded_headers.get_or_insert_default().push(Cow::Borrowed(name));
    }
    let identity: Identity = aws_credential_types::Credentials::new(
        credentials.access_key_id.as_str(),
        credentials.secret.as_str(),
        credentials.session_token.clone(),
        None,
        "iamspec",
    )
    .into();
    let params = SigningParams::builder()
        .identity(&identity)
        .region(&signing.scope.region)
        .name(&signing.scope.service)
        .time(signing.now)
        .settings(settings)
        .build()
        .map_err(|e| failed(&e))?
        .into();
    let signed = |name: &str| name.eq_ignore_ascii_case("content-type") || name.to_ascii_lowercase().starts_with("x-amz-");
    let others = request.headers.iter().filter(|(name, _)| signed(name)).map(|(name, value)| (name.as_str(), value.as_str()));
    let headers = std::iter::once(("host", signing.host)).chain(others);
    let signable =
        SignableRequest::new(&request.method, url.as_str(), headers, SignableBody::Bytes(&request.body)).map_err(|e| failed(&e))?;
    let (added_headers, added_params) = sign_request(signable, &params).map_err(|e| failed(&e))?.into_parts().0.into_parts();

    for header in added_headers {
        request.headers.push((header.name().to_owned(), header.value().to_owned()));
    }
    for (name, value) in added_params {
        if !request.query.is_empty() {
            request.query.push('&');
        }
        request.query.push_str(name);
        request.query.push('=');
        encode(value.as_bytes(), &mut request.query);
    }
    Ok(())
}

fn encode(bytes: &[u8], out: &mut String) {
    for &b in bytes {
        match b {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => out.push(char::from(b)),
            _ => out.push_str(&format!("%{b:02X}")),
        }
    }
}

/// An error with its causes.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        text = format!("{text}: {inner}");
        cause = inner.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::auth::verify::{KeyRecord, Verifier};
    use std::time::UNIX_EPOCH;

    const NOW: u64 = 1_800_000_000;

    fn credentials() -> Credentials {
        Credentials { access_key_id: "AKIDEXAMPLE".into(), secret: "a/secret+of=ours".into(), session_token: None }
    }

    fn scope() -> Scope {
        Scope { region: "eu-west-2".into(), service: "eim".into() }
    }

    fn request() -> Request {
        Request {
            method: "POST".into(),
            path: "/".into(),
            query: String::new(),
            headers: vec![("Content-Type".into(), "application/x-www-form-urlencoded; charset=utf-8".into())],
            body: b"Action=ListUsers&Version=2010-05-08".to_vec(),
        }
    }

    fn verifies(request: &Request, host: &str) -> bool {
        let mut request = request.clone();
        request.headers.push(("Host".into(), host.into()));
        let services = ["eim".to_owned()];
        let verifier = Verifier { region: "eu-west-2", services: &services, now: NOW as i64, holds: &|_| true };
        let key = credentials();
        let answer = verifier.verify(&request, &|id| (id == key.access_key_id).then_some(KeyRecord { secret: &key.secret, active: true }));
        answer == Ok(Some(key.access_key_id.clone()))
    }

    fn at() -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(NOW)
    }

    /// Text that may stand in a URL as it is, with escapes and with reserved characters.
    fn url_text(u: &mut arbitrary::Unstructured<'_>, alphabet: &[&str]) -> arbitrary::Result<String> {
        (0..u.int_in_range(0..=20)?).map(|_| u.choose(alphabet).copied()).collect()
    }

    #[test]
    fn the_verifier_accepts_what_is_signed_here() {
        arbtest::arbtest(|u| {
            let mut r = request();
            r.method = (*u.choose(&["GET", "POST", "PUT"])?).to_owned();
            r.path = format!("/{}", url_text(u, &["a", "B", "/", ".", "..", "~", "%2F", "%20", "%C3%A9", "@", ":", "+", "="])?);
            r.query = url_text(u, &["a", "B", "=", "&", "%2F", "%20", "%C3%A9", "+", "%2B", "*", "%2A", "~", "'", "/"])?;
            r.body = u.arbitrary()?;
            r.headers.push(("X-Amz-Meta".into(), url_text(u, &["a", " ", "  ", "b,", "\"", "="])?));
            let host = *u.choose(&["localhost", "127.0.0.1:4566", "eim.eu-west-2.outscale.com"])?;
            let location = *u.choose(&[Location::Header, Location::Query])?;
            sign(&mut r, host, &credentials(), &scope(), at(), location).unwrap();
            assert!(verifies(&r, host), "{r:#?}");
            r.body.push(b'x');
            assert!(!verifies(&r, host));
            Ok(())
        });
    }

    #[test]
    fn a_new_signature_replaces_the_old_one() {
        let mut r = request();
        let temporary = Credentials { session_token: Some("token".into()), ..credentials() };
        sign(&mut r, "localhost", &temporary, &scope(), UNIX_EPOCH, Location::Header).unwrap();
        assert_eq!(r.header("X-Amz-Security-Token"), Some("token"));
        sign(&mut r, "localhost", &credentials(), &scope(), at(), Location::Header).unwrap();
        assert_eq!(r.headers.len(), 3, "{:?}", r.headers);
        assert!(verifies(&r, "localhost") && !verifies(&r, "elsewhere"));
    }

    #[test]
    fn a_header_can_be_left_unsigned() {
        for (name, rest) in [("host", "content-type;x-amz-date"), ("x-amz-date", "content-type;host")] {
            let mut r = request();
            let signing = Signing {
                host: "localhost",
                scope: &scope(),
                now: at(),
                location: Location::Header,
                good_for: EXPIRES_IN,
                unsigned: Some(name),
            };
            sign_with(&mut r, &credentials(), &signing).unwrap();
            assert!(r.header("Authorization").unwrap().contains(&format!("SignedHeaders={rest},")));
            assert!(r.header("X-Amz-Date").is_some() && !verifies(&r, "localhost"));
        }
    }

    #[test]
    fn what_http_does_not_allow_is_an_error() {
        let mut r = request();
        r.path = "/a b".into();
        let error = sign(&mut r, "localhost", &credentials(), &scope(), at(), Location::Header).unwrap_err().to_string();
        assert!(error.starts_with("cannot sign POST http://localhost/a b: "), "{error}");
        let mut r = request();
        r.headers.push(("X-Amz-Odd".into(), "a\nb".into()));
        assert!(sign(&mut r, "localhost", &credentials(), &scope(), at(), Location::Header).is_err());
    }
}
