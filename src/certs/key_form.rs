//! rcgen writes private keys in PKCS#8. Here they are unwrapped to the older forms, PKCS#1 (RSA) and SEC 1 (EC), and protected by a
//! passphrase in the two forms that are in use.

use pkcs8::pkcs5::pbes2::Parameters;
use pkcs8::{EncryptedPrivateKeyInfo, PrivateKeyInfo};
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

/// What test keys are protected with, and how often it is hashed: nothing here is worth guarding.
const PASSPHRASE: &str = "iamspec";
const ROUNDS: u32 = 2048;
const SALT: [u8; 16] = *b"salt of iamspec.";
const IV: [u8; 16] = *b"iv of test keys.";

/// A PKCS#8 key, encrypted by PBES2 (PBKDF2 with HMAC-SHA-256, AES-256-CBC): the DER of an `EncryptedPrivateKeyInfo`.
fn encrypted(pkcs8: &[u8]) -> Option<pkcs8::SecretDocument> {
    let parameters = Parameters::pbkdf2_sha256_aes256cbc(ROUNDS, &SALT, &IV).ok()?;
    PrivateKeyInfo::try_from(pkcs8).ok()?.encrypt_with_params(parameters, PASSPHRASE).ok()
}

/// `BEGIN ENCRYPTED PRIVATE KEY`.
pub(super) fn encrypted_pkcs8(pkcs8: &[u8]) -> Option<String> {
    Some(pem("ENCRYPTED PRIVATE KEY", encrypted(pkcs8)?.as_bytes()))
}

/// `BEGIN RSA PRIVATE KEY` with the headers that say that it is encrypted, as OpenSSL wrote keys for long. What stands below them is
/// ciphertext, but not of that form's own key derivation: who has no passphrase cannot tell.
pub(super) fn encrypted_pkcs1(pkcs8: &[u8]) -> Option<String> {
    let document = encrypted(pkcs8)?;
    let ciphertext = EncryptedPrivateKeyInfo::try_from(document.as_bytes()).ok()?.encrypted_data;
    let iv: String = IV.iter().map(|byte| format!("{byte:02X}")).collect();
    let mut lines = pem("RSA PRIVATE KEY", ciphertext);
    let after_label = lines.find('\n')? + 1;
    lines.insert_str(after_label, &format!("Proc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,{iv}\n\n"));
    Some(lines)
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::certs::leaf_key;

    #[test]
    fn an_encrypted_key_is_the_key_to_who_has_the_passphrase_and_to_nobody_else() {
        let key = leaf_key().unwrap().serialized_der();
        let document = encrypted(key).unwrap();
        let info = EncryptedPrivateKeyInfo::try_from(document.as_bytes()).unwrap();
        assert_eq!(info.decrypt(PASSPHRASE).unwrap().as_bytes(), key);
        assert!(info.decrypt("another").is_err());
        let text = encrypted_pkcs8(key).unwrap();
        assert_eq!(pem::parse(&text).unwrap().contents(), document.as_bytes());
    }

    #[test]
    fn the_old_form_says_in_its_headers_that_it_is_encrypted() {
        let text = encrypted_pkcs1(leaf_key().unwrap().serialized_der()).unwrap();
        let read = pem::parse(&text).unwrap();
        assert_eq!((read.tag(), read.headers().get("Proc-Type")), ("RSA PRIVATE KEY", Some("4,ENCRYPTED")));
        assert!(read.contents().len().is_multiple_of(16), "whole blocks");
    }
}
