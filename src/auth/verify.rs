//! The reference's verifier of Signature Version 4, in headers and in query strings.
//!
//! Order of the checks: form of the claim, scope, key, date, signature.

use super::canonical::{TERMINATOR, canonical_request, matches, sha256_hex, string_to_sign, unhex};
use super::claim::{self, Claim, basic};
use crate::api::{Req, model, req};
use crate::dialect::{ApiError, Request};

/// Seconds that a signature's date may be off, either way.
pub const TOLERANCE: i64 = 15 * 60;

/// What the verifier must know of an access key.
#[derive(Clone, Copy)]
pub struct KeyRecord<'a> {
    /// Its secret.
    pub secret: &'a str,
    /// Whether it may be used.
    pub active: bool,
}

/// The circumstances of a verification.
pub struct Verifier<'a> {
    /// The one region that a scope may name.
    pub region: &'a str,
    /// The services that a scope may name, the usual one first.
    pub services: &'a [String],
    /// Seconds since 1970, UTC.
    pub now: i64,
    /// Whether a rule is enforced; see [`Faults::holds`](crate::reference::Faults::holds).
    pub holds: &'a dyn Fn(Req) -> bool,
}

const MISMATCH: &str = "SignatureDoesNotMatch";

/// An error with the status that belongs to its code.
pub(super) fn refuse(code: &str, message: impl Into<String>) -> ApiError {
    ApiError { status: model().status_of(code).unwrap_or(403), code: code.to_owned(), message: message.into() }
}

impl Verifier<'_> {
    /// Verifies a request with its `Host` header; `key` looks up an access key id.
    ///
    /// Returns the access key id that signed it; `Ok(None)` only where a rule that is broken on purpose lets in a request without a
    /// signature.
    ///
    /// # Errors
    /// What the API answers: MissingAuthenticationToken, IncompleteSignature, InvalidClientTokenId or SignatureDoesNotMatch.
    pub fn verify<'k>(&self, request: &Request, key: &dyn Fn(&str) -> Option<KeyRecord<'k>>) -> Result<Option<String>, ApiError> {
        let Some(claim) = claim::read(request, self.holds)? else { return Ok(None) };
        let scope_first = (self.holds)(req::AUTH__SCOPE_BEFORE_KEY);
        if scope_first {
            self.scope(&claim)?;
        }
        let key_first = (self.holds)(req::AUTH__KEY_BEFORE_SIGNATURE);
        let known = key(&claim.key_id);
        self.enforce(req::AUTH__KEY_KNOWN, known.is_none(), invalid_key)?;
        let inactive = known.is_some_and(|k| !k.active);
        if key_first {
            self.enforce(req::AUTH__KEY_ACTIVE, inactive, invalid_key)?;
        }
        if !scope_first {
            self.scope(&claim)?;
        }
        self.date(&claim)?;
        if let Some(key) = known {
            self.signature(request, &claim, key.secret)?;
        }
        if !key_first {
            self.enforce(req::AUTH__KEY_ACTIVE, inactive, invalid_key)?;
        }
        Ok(Some(claim.key_id))
    }

    fn enforce(&self, rule: Req, violated: bool, error: impl FnOnce() -> ApiError) -> Result<(), ApiError> {
        if violated && (self.holds)(rule) { Err(error()) } else { Ok(()) }
    }

    /// All that is wrong with the scope is said at once.
    fn scope(&self, claim: &Claim) -> Result<(), ApiError> {
        let [day, region, service, terminator] = &claim.scope;
        // Without the rule that a second service is accepted, only the usual one is.
        let services =
            if (self.holds)(req::AUTH__SERVICE_EIM_OR_IAM) { self.services } else { &self.services[..self.services.len().min(1)] };
        let mut wrong = Vec::new();
        if region != self.region && (self.holds)(req::AUTH__SCOPE_REGION) {
            wrong.push(format!("Credential should be scoped to a valid region, not '{region}'."));
        }
        if !services.contains(service) && (self.holds)(req::AUTH__SCOPE_SERVICE) {
            let usual = services.first().map(String::as_str).unwrap_or_default();
            wrong.push(format!("Credential should be scoped to correct service: '{usual}'."));
        }
        if terminator != TERMINATOR && (self.holds)(req::AUTH__SCOPE_TERMINATOR) {
            wrong.push(format!("Credential should be scoped with a valid terminator: '{TERMINATOR}', not '{terminator}'."));
        }
        if !claim.moment.starts_with(&format!("{day}T")) && (self.holds)(req::AUTH__SCOPE_DATE) {
            wrong.push(format!(
                "Date in Credential scope does not match the day of the request's date: '{day}' against '{}'.",
                claim.moment
            ));
        }
        if wrong.is_empty() { Ok(()) } else { Err(refuse(MISMATCH, wrong.join(" "))) }
    }

    fn date(&self, claim: &Claim) -> Result<(), ApiError> {
        let (signed, now) = (&claim.moment, basic(self.now));
        let good_for = if (self.holds)(req::AUTH__QUERY_EXPIRY) { claim.expires.unwrap_or(TOLERANCE) } else { TOLERANCE };
        self.enforce(req::AUTH__NOT_EXPIRED, self.now - claim.signed_at > good_for, || {
            refuse(
                MISMATCH,
                format!("Signature expired: {signed} is now earlier than {} ({now} - {good_for} s.)", basic(self.now - good_for)),
            )
        })?;
        self.enforce(req::AUTH__NOT_YET_CURRENT, claim.signed_at - self.now > TOLERANCE, || {
            let bound = basic(self.now + TOLERANCE);
            refuse(MISMATCH, format!("Signature not yet current: {signed} is still later than {bound} ({now} + 15 min.)"))
        })
    }

    fn signature(&self, request: &Request, claim: &Claim, secret: &str) -> Result<(), ApiError> {
        let signed = |name: &str| claim.signed_headers.iter().any(|n| n == name);
        self.enforce(req::AUTH__HOST_SIGNED, !signed("host"), || {
            refuse(MISMATCH, "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.")
        })?;
        self.enforce(req::AUTH__DATE_SIGNED, claim.moment_header.is_some_and(|name| !signed(name)), || {
            refuse(MISMATCH, "the header that holds the date must be a 'SignedHeader' in the AWS Authorization.")
        })?;
        let foreign_hash =
            request.header("X-Amz-Content-Sha256").is_some_and(|sent| !sent.eq_ignore_ascii_case(&sha256_hex(&request.body)));
        self.enforce(req::AUTH__PAYLOAD_HASH, foreign_hash, || {
            refuse(MISMATCH, "The value of 'X-Amz-Content-Sha256' is not the hash of the request's body.")
        })?;
        let scope = claim.scope_text();
        let right = unhex(&claim.signature).is_some_and(|signature| {
            canonical_request(request, &claim.signed_headers)
                .is_some_and(|canonical| matches(secret, &scope, &string_to_sign(&claim.moment, &scope, &canonical), &signature))
        });
        self.enforce(req::AUTH__SIGNATURE, !right, || {
            refuse(
                MISMATCH,
                "The request signature we calculated does not match the signature you provided. Check your secret access key and \
                 signing method.",
            )
        })
    }
}

fn invalid_key() -> ApiError {
    refuse("InvalidClientTokenId", "The security token included in the request is invalid.")
}

#[cfg(test)]
mod tests;
