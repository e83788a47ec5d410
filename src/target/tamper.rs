//! Deliberate faults in authentication: what a case's `auth = …` does to a request.

use std::time::{Duration, SystemTime};

use crate::auth::Credentials;
use crate::auth::ecs_token::TOKEN_HEADER;
use crate::auth::sigv4::{EXPIRES_IN, Location, Scope, SignError, Signing, sign_with};
use crate::case::model::Tamper;
use crate::dialect::Request;

/// A key id of the right form that no target gives out.
pub const UNKNOWN_KEY: &str = "AKIAIAMSPECUNKNOWN22";

/// A secret of the right form that is nobody's.
const OTHER_SECRET: &str = "iamspec+a/secret+that+is+not+of+this+key";

const MINUTE: Duration = Duration::from_secs(60);

/// Signs a request, wrongly if `tamper` says so. `host` is the Host header that will be sent.
///
/// # Errors
/// When path, query or a header is not one that HTTP allows.
pub fn sign_tampered(
    request: &mut Request,
    host: &str,
    credentials: &Credentials,
    scope: &Scope,
    now: SystemTime,
    tamper: Option<&Tamper>,
) -> Result<(), SignError> {
    let mut credentials = credentials.clone();
    let mut scope = scope.clone();
    let mut now = now;
    let mut location = Location::Header;
    let (mut good_for, mut unsigned) = (EXPIRES_IN, None);
    match tamper {
        Some(Tamper::None) => return Ok(()),
        Some(Tamper::Token(text)) => {
            request.headers.push((TOKEN_HEADER.into(), text.clone()));
            return Ok(());
        }
        Some(Tamper::WrongSecret) => OTHER_SECRET.clone_into(&mut credentials.secret),
        Some(Tamper::UnknownKey) => UNKNOWN_KEY.clone_into(&mut credentials.access_key_id),
        Some(Tamper::Region(region)) => scope.region.clone_from(region),
        Some(Tamper::Service(service)) => scope.service.clone_from(service),
        Some(Tamper::Skew(seconds)) => {
            let by = Duration::from_secs(seconds.unsigned_abs());
            now = if *seconds < 0 { now.checked_sub(by) } else { now.checked_add(by) }.unwrap_or(now);
        }
        Some(Tamper::Query) => location = Location::Query,
        Some(Tamper::ExpiredQuery) => {
            (location, good_for) = (Location::Query, MINUTE);
            now = now.checked_sub(10 * MINUTE).unwrap_or(now);
        }
        Some(Tamper::UnsignedHost) => unsigned = Some("host"),
        Some(Tamper::UnsignedDate) => unsigned = Some("x-amz-date"),
        Some(Tamper::Header(_) | Tamper::AlteredBody | Tamper::OtherAction) | None => {}
    }
    let signing = Signing { host, scope: &scope, now, location, good_for, unsigned };
    match tamper {
        Some(Tamper::OtherAction) => {
            let mut other = another_action(request);
            sign_with(&mut other, &credentials, &signing)?;
            request.headers = other.headers;
        }
        _ => sign_with(request, &credentials, &signing)?,
    }
    match tamper {
        Some(Tamper::Header(text)) => {
            request.headers.retain(|(name, _)| !name.eq_ignore_ascii_case("authorization"));
            request.headers.push(("authorization".into(), text.clone()));
        }
        Some(Tamper::AlteredBody) => alter(request),
        _ => {}
    }
    Ok(())
}

/// A fault of signatures where requests carry a token.
#[derive(Debug, thiserror::Error)]
#[error("this fault is one of signatures, and requests of this configuration carry a token: `requires = [\"signed-requests\"]`")]
pub struct NotSigned;

/// Gives a request what a fault says instead of the token of a login.
///
/// # Errors
/// When the fault is one that only a signature can have.
pub fn instead_of_token(request: &mut Request, fault: &Tamper) -> Result<(), NotSigned> {
    match fault {
        Tamper::None => {}
        Tamper::Token(text) => request.headers.push((TOKEN_HEADER.into(), text.clone())),
        Tamper::Header(text) => request.headers.push(("authorization".into(), text.clone())),
        _ => return Err(NotSigned),
    }
    Ok(())
}

/// Adds a parameter that no Action has, where the parameters are: a target that does not look at signatures carries the call out.
fn alter(request: &mut Request) {
    const ADDED: &str = "Altered=yes";
    if !request.body.is_empty() {
        request.body.push(b'&');
        request.body.extend_from_slice(ADDED.as_bytes());
    } else if request.query.is_empty() {
        ADDED.clone_into(&mut request.query);
    } else {
        request.query = format!("{}&{ADDED}", request.query);
    }
}

/// The same request for GetUser, or for ListUsers where it is GetUser already.
fn another_action(request: &Request) -> Request {
    let exchange = |parameters: &str| {
        let other = if parameters.split('&').any(|p| p == "Action=GetUser") { "Action=ListUsers" } else { "Action=GetUser" };
        let kept = parameters.split('&').filter(|p| !p.starts_with("Action=") && !p.is_empty());
        std::iter::once(other).chain(kept).collect::<Vec<_>>().join("&")
    };
    let mut changed = request.clone();
    if request.body.is_empty() {
        changed.query = exchange(&request.query);
    } else {
        changed.body = exchange(&String::from_utf8_lossy(&request.body)).into_bytes();
    }
    changed
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::auth::verify::{KeyRecord, Verifier};
    use std::time::UNIX_EPOCH;

    const NOW: u64 = 1_800_000_000;

    fn answer(tamper: Option<Tamper>, parameters_in_query: bool) -> Result<String, (String, String)> {
        let parameters = "Action=GetUser&Version=2010-05-08&UserName=a%20b";
        let mut request = Request {
            method: if parameters_in_query { "GET" } else { "POST" }.into(),
            path: "/".into(),
            query: if parameters_in_query { parameters.into() } else { String::new() },
            headers: vec![("Content-Type".into(), "application/x-www-form-urlencoded".into())],
            body: if parameters_in_query { Vec::new() } else { parameters.into() },
        };
        let credentials = Credentials { access_key_id: "AKIAEXAMPLE".into(), secret: "secret".into(), session_token: None };
        let scope = Scope { region: "eu-west-2".into(), service: "eim".into() };
        let now = UNIX_EPOCH + Duration::from_secs(NOW);
        sign_tampered(&mut request, "localhost", &credentials, &scope, now, tamper.as_ref()).unwrap();
        request.headers.push(("Host".into(), "localhost".into()));
        let services = ["eim".to_owned()];
        let verifier = Verifier { region: "eu-west-2", services: &services, now: NOW as i64, holds: &|_| true };
        match verifier.verify(&request, &|id| (id == "AKIAEXAMPLE").then_some(KeyRecord { secret: "secret", active: true })) {
            Ok(key) => Ok(key.unwrap()),
            Err(error) => Err((error.code, error.message)),
        }
    }

    #[test]
    fn every_fault_is_refused_for_its_own_reason() {
        for in_query in [false, true] {
            assert_eq!(answer(None, in_query), Ok("AKIAEXAMPLE".into()));
            assert_eq!(answer(Some(Tamper::Query), in_query), Ok("AKIAEXAMPLE".into()));
            assert_eq!(answer(Some(Tamper::Skew(-600)), in_query), Ok("AKIAEXAMPLE".into()));
            for (tamper, code, hint) in [
                (Tamper::None, "MissingAuthenticationToken", "missing"),
                (Tamper::Header("AWS4-HMAC-SHA256 SignedHeaders=host".into()), "IncompleteSignature", "'Credential'"),
                (Tamper::WrongSecret, "SignatureDoesNotMatch", "calculated"),
                (Tamper::UnknownKey, "InvalidClientTokenId", "security token"),
                (Tamper::AlteredBody, "SignatureDoesNotMatch", "calculated"),
                (Tamper::Region("mars".into()), "SignatureDoesNotMatch", "region"),
                (Tamper::Service("s3".into()), "SignatureDoesNotMatch", "service"),
                (Tamper::Skew(-960), "SignatureDoesNotMatch", "expired"),
                (Tamper::Skew(960), "SignatureDoesNotMatch", "not yet current"),
                (Tamper::UnsignedHost, "SignatureDoesNotMatch", "'Host'"),
                (Tamper::UnsignedDate, "SignatureDoesNotMatch", "the header that holds the date"),
                (Tamper::ExpiredQuery, "SignatureDoesNotMatch", "expired"),
                (Tamper::OtherAction, "SignatureDoesNotMatch", "calculated"),
            ] {
                let (got, message) = answer(Some(tamper.clone()), in_query).unwrap_err();
                assert!(got == code && message.contains(hint), "{tamper:?}: {got}: {message}");
            }
        }
    }

    #[test]
    fn in_place_of_a_token_there_can_be_nothing_another_one_or_a_header() {
        let with = |fault: Tamper| {
            let mut request = Request { method: "GET".into(), path: "/".into(), query: String::new(), headers: vec![], body: vec![] };
            instead_of_token(&mut request, &fault).map(|()| request.headers).map_err(|e| e.to_string())
        };
        let header = |name: &str, value: &str| Ok(vec![(name.to_owned(), value.to_owned())]);
        assert_eq!(with(Tamper::None), Ok(vec![]));
        assert_eq!(with(Tamper::Token("a b".into())), header(TOKEN_HEADER, "a b"));
        assert_eq!(with(Tamper::Header("Basic x".into())), header("authorization", "Basic x"));
        assert!(with(Tamper::WrongSecret).unwrap_err().contains("signed-requests"));
    }

    #[test]
    fn the_unknown_key_has_a_keys_form() {
        assert_eq!(UNKNOWN_KEY.len(), 20);
        assert!(UNKNOWN_KEY.bytes().all(|b| b.is_ascii_uppercase() || (b'2'..=b'7').contains(&b)));
    }
}
