//! What UploadServerCertificate makes of the PEM texts it is given: one certificate, its private key, its chain.
//!
//! Order of the checks: body, key, pair, chain. Validity dates are read, not judged: an expired certificate is accepted.

use x509_parser::certificate::X509Certificate;
use x509_parser::pem::Pem;
use x509_parser::prelude::FromDer;

use super::Cx;
use super::context::error;
use super::private_key::{PKCS1, PrivateKey};
use crate::api::{DialectId, req};
use crate::dialect::ApiError;

/// The PEM texts of one upload.
pub(super) struct Submission<'a> {
    /// `CertificateBody`.
    pub body: &'a str,
    /// `PrivateKey`.
    pub key: &'a str,
    /// `CertificateChain`.
    pub chain: Option<&'a str>,
}

/// What is known of a certificate that was taken.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Intake {
    /// notAfter, seconds since 1970.
    pub expiration: i64,
}

const CERTIFICATE: &str = "CERTIFICATE";

fn malformed(text: &str) -> ApiError {
    error("MalformedCertificate", text)
}

fn not_pem() -> ApiError {
    malformed("Unable to parse certificate. Please ensure the certificate is in PEM format.")
}

/// Looks at everything that was sent.
///
/// # Errors
/// MalformedCertificate or KeyPairMismatch. A broken rule lets pass what it is about; what cannot be read then expires at once.
pub(super) fn examine(cx: &Cx<'_>, sent: &Submission<'_>) -> Result<Intake, ApiError> {
    let body_pem = blocks(cx, sent.body).unwrap_or_default();
    cx.enforce(req::UPLOAD_SERVER_CERTIFICATE__ONE_CERTIFICATE, body_pem.len() > 1, || {
        malformed("Unable to parse certificate. The certificate body must contain exactly one certificate.")
    })?;
    let body = body_pem.first().and_then(certificate);
    cx.enforce(req::UPLOAD_SERVER_CERTIFICATE__BODY_IS_CERTIFICATE, body.is_none(), not_pem)?;

    let key = private_key(cx, sent.key)?;
    if let (Some(body), Some(key)) = (&body, key) {
        cx.enforce(req::UPLOAD_SERVER_CERTIFICATE__KEY_PAIR_MATCHES, !key.belongs_to(body.public_key()), || {
            error("KeyPairMismatch", "The private key does not belong to the certificate.")
        })?;
    }
    if let Some(body) = &body {
        let self_signed = body.subject().as_raw() == body.issuer().as_raw();
        // Broken: an issuer of its own is demanded.
        if self_signed && !cx.holds(req::UPLOAD_SERVER_CERTIFICATE__SELF_SIGNED) {
            return Err(malformed("Self-signed certificates are not accepted."));
        }
    }
    if let (Some(body), Some(chain)) = (&body, sent.chain) {
        examine_chain(cx, body, chain)?;
    }
    Ok(Intake { expiration: body.map_or(cx.now, |body| body.validity().not_after.timestamp()) })
}

/// The first certificate of the chain must have issued the body, and each further one the one before it.
fn examine_chain(cx: &Cx<'_>, body: &X509Certificate<'_>, text: &str) -> Result<(), ApiError> {
    let pem = blocks(cx, text).unwrap_or_default();
    let chain: Option<Vec<X509Certificate<'_>>> = pem.iter().map(certificate).collect();
    let chain = chain.unwrap_or_default();
    cx.enforce(req::UPLOAD_SERVER_CERTIFICATE__CHAIN_IS_CERTIFICATES, chain.is_empty(), not_pem)?;
    for (i, issuer) in chain.iter().enumerate() {
        let (rule, subject) = match i.checked_sub(1) {
            None => (req::UPLOAD_SERVER_CERTIFICATE__CHAIN_STARTS_WITH_ISSUER, body),
            Some(before) => (req::UPLOAD_SERVER_CERTIFICATE__CHAIN_IN_ORDER, &chain[before]),
        };
        cx.enforce(rule, !issued(issuer, subject), || {
            malformed(&format!(
                "Unable to validate certificate chain. The certificate chain must start with the immediate signing certificate, followed \
                 by any intermediaries in order. The index within the chain of the invalid certificate is: {}",
                i as i64 - 1
            ))
        })?;
    }
    Ok(())
}

/// By name and by signature.
fn issued(issuer: &X509Certificate<'_>, subject: &X509Certificate<'_>) -> bool {
    issuer.subject().as_raw() == subject.issuer().as_raw() && subject.verify_signature(Some(issuer.public_key())).is_ok()
}

/// The key that was sent; `None`: it cannot be read, and the rule that refuses it is broken.
fn private_key(cx: &Cx<'_>, text: &str) -> Result<Option<PrivateKey>, ApiError> {
    let encrypted = text.contains("ENCRYPTED");
    cx.enforce(req::UPLOAD_SERVER_CERTIFICATE__KEY_NOT_ENCRYPTED, encrypted, || {
        malformed("Unable to parse private key. The private key must not be encrypted with a password or passphrase.")
    })?;
    if encrypted {
        return Ok(None);
    }
    let pem = blocks(cx, text).unwrap_or_default();
    let key = if let [one] = &pem[..] { PrivateKey::read(&one.label, &one.contents) } else { None };
    cx.enforce(req::UPLOAD_SERVER_CERTIFICATE__KEY_IS_PEM, key.is_none(), not_pem)?;
    let other_form = key.is_some() && pem.first().is_some_and(|one| one.label != PKCS1);
    if cx.dialect == DialectId::Eim {
        cx.enforce(req::UPLOAD_SERVER_CERTIFICATE__PKCS1_ONLY, other_form, || {
            malformed("Unable to parse private key. It must be an RSA key in PKCS#1 form: BEGIN RSA PRIVATE KEY.")
        })?;
    } else if other_form && !cx.holds(req::UPLOAD_SERVER_CERTIFICATE__ANY_KEY_FORM) {
        return Err(not_pem());
    }
    Ok(key)
}

/// The PEM blocks of a text; `None` when one is damaged. Text around them is ignored.
fn blocks(cx: &Cx<'_>, text: &str) -> Option<Vec<Pem>> {
    let mut open: Option<&str> = None;
    for line in text.lines().map(str::trim_end) {
        let begin = line.strip_prefix("-----BEGIN ").and_then(|rest| rest.strip_suffix("-----"));
        let end = line.strip_prefix("-----END ").and_then(|rest| rest.strip_suffix("-----"));
        match (begin, end, open) {
            (Some(label), _, None) => open = Some(label),
            (_, Some(label), Some(opened)) if label == opened => open = None,
            (None, None, None) if !line.is_empty() && !cx.holds(req::UPLOAD_SERVER_CERTIFICATE__TEXT_AROUND_PEM) => return None,
            (None, None, _) => {}
            _ => return None,
        }
    }
    if open.is_some() { None } else { Pem::iter_from_buffer(text.as_bytes()).collect::<Result<_, _>>().ok() }
}

/// The certificate in a block, which must hold nothing else.
fn certificate(pem: &Pem) -> Option<X509Certificate<'_>> {
    let (rest, certificate) = X509Certificate::from_der(&pem.contents).ok()?;
    (pem.label == CERTIFICATE && rest.is_empty()).then_some(certificate)
}
