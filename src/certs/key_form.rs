//! rcgen writes private keys in PKCS#8. Here they are unwrapped to the older forms: PKCS#1 (RSA) and SEC 1 (EC).

use x509_parser::asn1_rs::Any;
use x509_parser::prelude::FromDer;

const SEQUENCE: u8 = 0x30;
/// `[0]`, explicit: the curve of a SEC 1 key.
const CURVE: u8 = 0xa0;

/// PEM text.
pub(super) fn pem(label: &str, der: &[u8]) -> String {
    pem::encode_config(&pem::Pem::new(label, der), pem::EncodeConfig::new().set_line_ending(pem::LineEnding::LF))
}

/// The key inside a PKCS#8 document: what its octet string holds, and the DER of its algorithm's parameters.
fn unwrap(pkcs8: &[u8]) -> Option<(&[u8], &[u8])> {
    let (_, document) = Any::from_der(pkcs8).ok()?;
    let (rest, _version) = Any::from_der(document.data).ok()?;
    let (rest, algorithm) = Any::from_der(rest).ok()?;
    let (_, key) = Any::from_der(rest).ok()?;
    let (parameters, _oid) = Any::from_der(algorithm.data).ok()?;
    Some((key.data, parameters))
}

/// `BEGIN RSA PRIVATE KEY`: the PKCS#1 key in a PKCS#8 document.
pub(super) fn pkcs1(pkcs8: &[u8]) -> Option<String> {
    unwrap(pkcs8).map(|(key, _)| pem("RSA PRIVATE KEY", key))
}

/// `BEGIN EC PRIVATE KEY`: the SEC 1 key in a PKCS#8 document, to which the curve, there said outside, is added.
pub(super) fn sec1(pkcs8: &[u8]) -> Option<String> {
    let (key, curve) = unwrap(pkcs8)?;
    let (_, sequence) = Any::from_der(key).ok()?;
    let (rest, _version) = Any::from_der(sequence.data).ok()?;
    let (public, _secret) = Any::from_der(rest).ok()?;
    let (before, public) = sequence.data.split_at(sequence.data.len() - public.len());
    Some(pem("EC PRIVATE KEY", &tagged(SEQUENCE, &[before, &tagged(CURVE, &[curve]), public])))
}

/// One DER element.
fn tagged(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let content = parts.concat();
    let length = content.len();
    let mut out = vec![tag];
    if length < 0x80 {
        out.push(length as u8);
    } else {
        let bytes: Vec<u8> = length.to_be_bytes().into_iter().skip_while(|b| *b == 0).collect();
        out.push(0x80 | bytes.len() as u8);
        out.extend(bytes);
    }
    out.extend(content);
    out
}
