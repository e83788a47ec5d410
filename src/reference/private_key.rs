//! Private keys in the forms that certificates are uploaded with: PKCS#1, SEC 1 and PKCS#8, unencrypted.

use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P384_SHA384_ASN1_SIGNING, EcdsaKeyPair};
use x509_parser::asn1_rs::{Any, Oid, Tag};
use x509_parser::oid_registry::{OID_EC_P256, OID_KEY_TYPE_EC_PUBLIC_KEY, OID_NIST_EC_P384, OID_PKCS1_RSAENCRYPTION};
use x509_parser::prelude::FromDer;
use x509_parser::public_key::PublicKey;
use x509_parser::x509::SubjectPublicKeyInfo;

/// Label of a PEM block with a PKCS#1 key, which is always RSA.
pub(super) const PKCS1: &str = "RSA PRIVATE KEY";

/// What of a private key tells which certificate it belongs to.
pub(super) enum PrivateKey {
    /// Modulus and public exponent, as DER writes numbers: equal ones alike.
    Rsa { modulus: Vec<u8>, exponent: Vec<u8> },
    /// The secret number.
    Ec { secret: Vec<u8> },
}

impl PrivateKey {
    /// Reads the contents of a PEM block with that label; `None`: not a key of a known form and kind.
    pub(super) fn read(label: &str, der: &[u8]) -> Option<PrivateKey> {
        match label {
            PKCS1 => PrivateKey::pkcs1(der),
            "EC PRIVATE KEY" => PrivateKey::sec1(der),
            "PRIVATE KEY" => PrivateKey::pkcs8(der),
            _ => None,
        }
    }

    /// RFC 8017: version, modulus, public exponent, and six more numbers.
    fn pkcs1(der: &[u8]) -> Option<PrivateKey> {
        let items = sequence(der)?;
        let [_version, modulus, exponent, _, _, _, _, _, _, ..] = &items[..] else { return None };
        if items.iter().take(9).any(|item| item.tag() != Tag::Integer) {
            return None;
        }
        Some(PrivateKey::Rsa { modulus: modulus.as_bytes().to_vec(), exponent: exponent.as_bytes().to_vec() })
    }

    /// RFC 5915: version, secret, and optionally curve and public point.
    fn sec1(der: &[u8]) -> Option<PrivateKey> {
        let items = sequence(der)?;
        let secret = items.get(1).filter(|item| item.tag() == Tag::OctetString)?.as_bytes().to_vec();
        Some(PrivateKey::Ec { secret })
    }

    /// RFC 5958: version, algorithm, and one of the above in an octet string.
    fn pkcs8(der: &[u8]) -> Option<PrivateKey> {
        let items = sequence(der)?;
        let [_version, algorithm, key, ..] = &items[..] else { return None };
        let (_, oid) = Oid::from_der(algorithm.as_bytes()).ok()?;
        let inner = (algorithm.tag() == Tag::Sequence && key.tag() == Tag::OctetString).then_some(key.as_bytes())?;
        if oid == OID_PKCS1_RSAENCRYPTION {
            PrivateKey::pkcs1(inner)
        } else if oid == OID_KEY_TYPE_EC_PUBLIC_KEY {
            PrivateKey::sec1(inner)
        } else {
            None
        }
    }

    /// Whether it is the other half of a certificate's public key.
    pub(super) fn belongs_to(&self, public: &SubjectPublicKeyInfo<'_>) -> bool {
        match (self, public.parsed()) {
            (PrivateKey::Rsa { modulus, exponent }, Ok(PublicKey::RSA(rsa))) => rsa.modulus == *modulus && rsa.exponent == *exponent,
            (PrivateKey::Ec { secret }, Ok(PublicKey::EC(ec))) => {
                let curve = public.algorithm.parameters.as_ref().and_then(|p| p.as_oid().ok());
                let algorithm = match curve {
                    Some(oid) if oid == OID_EC_P256 => &ECDSA_P256_SHA256_ASN1_SIGNING,
                    Some(oid) if oid == OID_NIST_EC_P384 => &ECDSA_P384_SHA384_ASN1_SIGNING,
                    // Whether a key on another curve belongs to it cannot be told here.
                    _ => return true,
                };
                // ring checks that the halves belong together. The random source is for signatures, which nobody makes here.
                EcdsaKeyPair::from_private_key_and_public_key(algorithm, secret, ec.data(), &SystemRandom::new()).is_ok()
            }
            _ => false,
        }
    }
}

/// What a DER sequence, which must be all there is, holds.
fn sequence(der: &[u8]) -> Option<Vec<Any<'_>>> {
    let (rest, whole) = Any::from_der(der).ok()?;
    if !rest.is_empty() || whole.tag() != Tag::Sequence {
        return None;
    }
    let mut items = Vec::new();
    let mut inside = whole.data;
    while !inside.is_empty() {
        let (rest, item) = Any::from_der(inside).ok()?;
        items.push(item);
        inside = rest;
    }
    Some(items)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_a_client_can_send_panics() {
        arbtest::arbtest(|u| {
            let label = *u.choose(&[PKCS1, "EC PRIVATE KEY", "PRIVATE KEY"])?;
            let body: Vec<u8> = u.arbitrary()?;
            let der = [&[0x30, body.len().min(127) as u8][..], &body].concat();
            let _ = (PrivateKey::read(label, &der), PrivateKey::read(label, &body));
            Ok(())
        });
    }

    #[test]
    fn other_labels_are_no_keys() {
        assert!(PrivateKey::read("OPENSSH PRIVATE KEY", &[]).is_none());
        assert!(PrivateKey::read("CERTIFICATE", &[0x30, 0]).is_none());
    }
}
