//! What a request says of its signature: read from the Authorization header or from the query string, not yet believed.

use super::canonical::{ALGORITHM, SIGNATURE_PARAMETER, decode, pairs};
use super::verify::refuse;
use crate::api::{Req, req};
use crate::dialect::{ApiError, Request};

/// A signature with everything that is needed to recompute it.
#[derive(Debug)]
pub(super) struct Claim {
    /// Access key id.
    pub key_id: String,
    /// Day, region, service and terminator of the scope.
    pub scope: [String; 4],
    /// Names of the signed headers, lower case, sorted.
    pub signed_headers: Vec<String>,
    /// Hexadecimal digits.
    pub signature: String,
    /// When it was signed, `YYYYMMDDTHHMMSSZ`.
    pub moment: String,
    /// The same in seconds since 1970.
    pub signed_at: i64,
    /// How long it is good for, in seconds; only in query strings.
    pub expires: Option<i64>,
    /// The header that holds `moment`, lower case; none: the query string does.
    pub moment_header: Option<&'static str>,
}

impl Claim {
    /// The scope as it is signed.
    pub fn scope_text(&self) -> String {
        self.scope.join("/")
    }
}

/// Reads the claim. `Ok(None)`: there is none that can be read, and the rule that refuses the request is broken on purpose.
pub(super) fn read(request: &Request, holds: &dyn Fn(Req) -> bool) -> Result<Option<Claim>, ApiError> {
    if let Some(header) = request.header("Authorization") {
        return in_header(request, header, holds);
    }
    let in_query_string = pairs(&request.query).any(|(name, _)| name == SIGNATURE_PARAMETER || name == "X-Amz-Algorithm");
    if in_query_string && holds(req::AUTH__QUERY_SIGNATURE) {
        return in_query(request, holds);
    }
    refuse_if(holds(req::AUTH__TOKEN_REQUIRED), "MissingAuthenticationToken", || "Request is missing Authentication Token".into())
}

fn refuse_if(holds: bool, code: &str, message: impl FnOnce() -> String) -> Result<Option<Claim>, ApiError> {
    if holds { Err(refuse(code, message())) } else { Ok(None) }
}

const INCOMPLETE: &str = "IncompleteSignature";

fn in_header(request: &Request, header: &str, holds: &dyn Fn(Req) -> bool) -> Result<Option<Claim>, ApiError> {
    let (algorithm, rest) = header.trim().split_once(' ').unwrap_or((header.trim(), ""));
    let pairs: Option<Vec<(&str, &str)>> =
        rest.split(',').map(str::trim).filter(|p| !p.is_empty()).map(|part| part.split_once('=')).collect();
    let Some(pairs) = pairs.filter(|_| !algorithm.contains('=')) else {
        return refuse_if(holds(req::AUTH__KEY_VALUE_PAIRS), INCOMPLETE, || {
            "Authorization header is not an algorithm followed by valid key=value pairs (missing equal-sign)".into()
        });
    };
    if algorithm != ALGORITHM {
        return refuse_if(holds(req::AUTH__ALGORITHM), INCOMPLETE, || format!("Unsupported AWS 'algorithm': expected {ALGORITHM}"));
    }
    let part = |name: &str| pairs.iter().find(|(n, v)| *n == name && !v.is_empty()).map(|(_, v)| *v);
    let (moment_header, moment) = match (request.header("X-Amz-Date"), request.header("Date")) {
        (Some(moment), _) => ("x-amz-date", Some(moment)),
        (None, moment) => ("date", moment),
    };
    let (Some(credential), Some(signature), Some(signed_headers), Some(moment)) =
        (part("Credential"), part("Signature"), part("SignedHeaders"), moment)
    else {
        let mut missing: Vec<String> = ["Credential", "Signature", "SignedHeaders"]
            .iter()
            .filter(|name| part(name).is_none())
            .map(|name| format!("Authorization header requires '{name}' parameter."))
            .collect();
        if moment.is_none() {
            missing.push("Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.".into());
        }
        return refuse_if(holds(req::AUTH__PARTS), INCOMPLETE, || missing.join(" "));
    };
    assemble(Parts { credential, signature, signed_headers, moment, expires: None, moment_header: Some(moment_header) }, holds)
}

fn in_query(request: &Request, holds: &dyn Fn(Req) -> bool) -> Result<Option<Claim>, ApiError> {
    let part = |name: &str| {
        let value = pairs(&request.query).find(|(n, _)| *n == name).map(|(_, v)| String::from_utf8_lossy(&decode(v)).into_owned());
        value.filter(|v| !v.is_empty())
    };
    let names = ["X-Amz-Algorithm", "X-Amz-Credential", SIGNATURE_PARAMETER, "X-Amz-SignedHeaders", "X-Amz-Date"];
    let [Some(algorithm), Some(credential), Some(signature), Some(signed_headers), Some(moment)] = names.map(part) else {
        let missing: Vec<String> = names
            .iter()
            .filter(|name| part(name).is_none())
            .map(|name| format!("AWS query-string parameters must include '{name}'."))
            .collect();
        return refuse_if(holds(req::AUTH__QUERY_PARTS), INCOMPLETE, || missing.join(" "));
    };
    if algorithm != ALGORITHM {
        return refuse_if(holds(req::AUTH__ALGORITHM), INCOMPLETE, || format!("Unsupported AWS 'algorithm': expected {ALGORITHM}"));
    }
    let expires = match part("X-Amz-Expires").map(|text| text.parse::<i64>()) {
        None => None,
        Some(Ok(seconds @ 1..=604_800)) => Some(seconds),
        Some(_) => {
            return refuse_if(holds(req::AUTH__QUERY_EXPIRY_BOUND), INCOMPLETE, || {
                "X-Amz-Expires must be a number of seconds between 1 and 604800".into()
            });
        }
    };
    assemble(
        Parts {
            credential: &credential,
            signature: &signature,
            signed_headers: &signed_headers,
            moment: &moment,
            expires,
            moment_header: None,
        },
        holds,
    )
}

struct Parts<'a> {
    credential: &'a str,
    signature: &'a str,
    signed_headers: &'a str,
    moment: &'a str,
    expires: Option<i64>,
    moment_header: Option<&'static str>,
}

fn assemble(parts: Parts<'_>, holds: &dyn Fn(Req) -> bool) -> Result<Option<Claim>, ApiError> {
    let [key_id, day, region, service, terminator] = parts.credential.split('/').collect::<Vec<_>>()[..] else {
        return refuse_if(holds(req::AUTH__CREDENTIAL_FORM), INCOMPLETE, || {
            "Credential must have exactly 5 slash-delimited elements: key id, date, region, service, terminator".into()
        });
    };
    let Some(signed_at) = seconds(parts.moment, parts.moment_header == Some("date")) else {
        return refuse_if(holds(req::AUTH__DATE_FORM), INCOMPLETE, || "Date must be in ISO-8601 'basic format', YYYYMMDDTHHMMSSZ".into());
    };
    let mut signed_headers: Vec<String> = parts.signed_headers.split(';').map(str::to_ascii_lowercase).collect();
    signed_headers.sort();
    Ok(Some(Claim {
        key_id: key_id.to_owned(),
        scope: [day, region, service, terminator].map(str::to_owned),
        signed_headers,
        signature: parts.signature.to_owned(),
        moment: basic(signed_at),
        signed_at,
        expires: parts.expires,
        moment_header: parts.moment_header,
    }))
}

/// Seconds since 1970 of `YYYYMMDDTHHMMSSZ`, or, in a Date header, of HTTP's own form.
fn seconds(text: &str, http_form: bool) -> Option<i64> {
    let text = text.trim();
    let Some(digits) = text.strip_suffix('Z').filter(|t| t.len() == 15 && t.as_bytes()[8] == b'T') else {
        let at = time::OffsetDateTime::parse(text, &time::format_description::well_known::Rfc2822).ok()?;
        return http_form.then_some(at.unix_timestamp());
    };
    let number = |from: usize, to: usize| digits.get(from..to).filter(|d| d.bytes().all(|b| b.is_ascii_digit()))?.parse::<u16>().ok();
    let month = time::Month::try_from(number(4, 6)? as u8).ok()?;
    let day = time::Date::from_calendar_date(i32::from(number(0, 4)?), month, number(6, 8)? as u8).ok()?;
    let at = day.with_hms(number(9, 11)? as u8, number(11, 13)? as u8, number(13, 15)? as u8).ok()?;
    Some(at.assume_utc().unix_timestamp())
}

/// `YYYYMMDDTHHMMSSZ` of seconds since 1970.
pub(super) fn basic(seconds: i64) -> String {
    let at = time::OffsetDateTime::from_unix_timestamp(seconds).unwrap_or(time::OffsetDateTime::UNIX_EPOCH);
    let (day, clock) = (at.date(), at.time());
    format!("{:04}{:02}{:02}T{:02}{:02}{:02}Z", day.year(), u8::from(day.month()), day.day(), clock.hour(), clock.minute(), clock.second())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_read_strictly() {
        assert_eq!(seconds("20150830T123600Z", false), Some(1_440_938_160));
        assert_eq!(seconds("Sun, 30 Aug 2015 12:36:00 GMT", true), Some(1_440_938_160));
        assert_eq!(seconds("Sun, 30 Aug 2015 12:36:00 GMT", false), None);
        for wrong in ["", "20150830", "20150830T123600", "20150231T000000Z", "20150830T250000Z", "2015083éT12360Z", "+0150830T123600Z"] {
            assert_eq!(seconds(wrong, true), None, "{wrong}");
        }
        assert_eq!(basic(1_440_938_160), "20150830T123600Z");
    }

    #[test]
    fn nothing_that_a_client_can_send_panics() {
        arbtest::arbtest(|u| {
            let request = Request {
                method: "POST".into(),
                path: u.arbitrary()?,
                query: u.arbitrary()?,
                headers: vec![
                    ("Authorization".into(), format!("AWS4-HMAC-SHA256 {}", u.arbitrary::<String>()?)),
                    ("Date".into(), u.arbitrary()?),
                ],
                body: Vec::new(),
            };
            let _ = read(&request, &|_| true);
            let unsigned = Request { headers: Vec::new(), query: format!("X-Amz-Algorithm={}", request.query), ..request };
            assert!(read(&unsigned, &|_| true).is_err());
            Ok(())
        });
    }
}
