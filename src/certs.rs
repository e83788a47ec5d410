//! Test certificates, made when they are first asked for and kept for the rest of the process.
//!
//! Nothing is on disk and nothing outlives the process: keys are new in each, names and dates are always the same.

mod key_form;

use std::sync::OnceLock;

use rcgen::{
    BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, PKCS_ECDSA_P256_SHA256, PKCS_ECDSA_P384_SHA384, PKCS_RSA_SHA256,
    RsaKeySize, SignatureAlgorithm, date_time_ymd,
};

/// One thing that a case file can name as `${cert.NAME}`.
struct Item {
    name: &'static str,
    about: &'static str,
    make: fn() -> Option<String>,
}

const fn item(name: &'static str, about: &'static str, make: fn() -> Option<String>) -> Item {
    Item { name, about, make }
}

/// Longest certificate body, in characters, of the API model.
const LONGEST_BODY: usize = 16_384;

#[rustfmt::skip]
static ITEMS: &[Item] = &[
    item("self-signed", "a certificate that is its own issuer (key: self-signed.key)", || self_signed(SELF_SIGNED)),
    item("self-signed.key", "its RSA key in PKCS#1 form", || key_form::pkcs1(leaf_key()?.serialized_der())),
    item("self-signed.not-after", "its last second of validity, as the API writes dates", || Some(SELF_SIGNED.iso_end())),
    item("leaf", "a certificate issued by the first of leaf.chain-3 (key: leaf.key)", || Some(pki()?.leaf.clone())),
    item("leaf.key", "its RSA key in PKCS#1 form", || key_form::pkcs1(leaf_key()?.serialized_der())),
    item("leaf.key-pkcs8", "the same key in PKCS#8 form", || Some(key_form::pem("PRIVATE KEY", leaf_key()?.serialized_der()))),
    item("leaf.key-encrypted", "the same key in PKCS#8 form, protected by a passphrase", || key_form::encrypted_pkcs8(leaf_key()?.serialized_der())),
    item("leaf.key-encrypted-pkcs1", "a key that says of itself, as PKCS#1 keys do, that a passphrase protects it", || key_form::encrypted_pkcs1(leaf_key()?.serialized_der())),
    item("leaf.not-after", "its last second of validity, as the API writes dates", || Some(LEAF.iso_end())),
    item("leaf.chain", "its issuer", || Some(pki()?.issuing.clone())),
    item("leaf.chain-3", "its issuer, the issuer's issuer and the root", || { let p = pki()?; Some([&*p.issuing, &p.middle, &p.root].concat()) }),
    item("leaf.chain-wrong-order", "the same three, the root first", || { let p = pki()?; Some([&*p.root, &p.middle, &p.issuing].concat()) }),
    item("leaf.chain-swapped", "its issuer, then the root before the one that the root issued", || { let p = pki()?; Some([&*p.issuing, &p.root, &p.middle].concat()) }),
    item("leaf.chain-without-issuer", "the issuer's issuer and the root, the issuer left out", || { let p = pki()?; Some([&*p.middle, &p.root].concat()) }),
    item("leaf.chain-stranger", "its issuer, then a certificate that has nothing to do with it", || { let p = pki()?; Some([&*p.issuing, &p.stranger].concat()) }),
    item("leaf.chain-namesake", "a certificate with the issuer's name and another key", || Some(pki()?.namesake.clone())),
    item("leaf.text-around", "leaf with a line of text before and after it", || Some(format!("Subject: leaf.example.com\n{}end of certificate\n", pki()?.leaf))),
    item("leaf.damaged", "leaf with the middle of its base64 cut out", || damaged(&pki()?.leaf)),
    item("leaf.16384", "leaf, filled up to 16,384 characters with line ends", || Some(filled(&pki()?.leaf, LONGEST_BODY))),
    item("leaf.16385", "leaf, filled up to 16,385 characters with line ends", || Some(filled(&pki()?.leaf, LONGEST_BODY + 1))),
    item("two-bodies", "leaf and self-signed, one after the other", || Some([pki()?.leaf.clone(), material("self-signed")?].concat())),
    item("expired", "a self-signed certificate whose validity is over (key: expired.key)", || self_signed(EXPIRED)),
    item("expired.key", "its RSA key in PKCS#1 form", || key_form::pkcs1(leaf_key()?.serialized_der())),
    item("expired.not-after", "its last second of validity, as the API writes dates", || Some(EXPIRED.iso_end())),
    item("not-yet-valid", "a self-signed certificate whose validity has not begun (key: not-yet-valid.key)", || self_signed(NOT_YET_VALID)),
    item("not-yet-valid.key", "its RSA key in PKCS#1 form", || key_form::pkcs1(leaf_key()?.serialized_der())),
    item("not-yet-valid.not-after", "its last second of validity, as the API writes dates", || Some(NOT_YET_VALID.iso_end())),
    item("ec", "a self-signed certificate with a P-256 key (key: ec.key)", || Some(ec()?.certificate.clone())),
    item("ec.key", "its key in SEC 1 form", || key_form::sec1(ec()?.key.serialized_der())),
    item("ec.key-pkcs8", "the same key in PKCS#8 form", || Some(key_form::pem("PRIVATE KEY", ec()?.key.serialized_der()))),
    item("ec-384", "a self-signed certificate with a P-384 key (key: ec-384.key)", || Some(ec_384()?.certificate.clone())),
    item("ec-384.key", "its key in SEC 1 form", || key_form::sec1(ec_384()?.key.serialized_der())),
    item("other.key", "an RSA key in PKCS#1 form that belongs to no certificate here", || key_form::pkcs1(other_key()?.serialized_der())),
    item("other-ec.key", "a P-256 key in SEC 1 form that belongs to no certificate here", || key_form::sec1(KeyPair::generate().ok()?.serialized_der())),
    item("other-ec-384.key", "a P-384 key in SEC 1 form that belongs to no certificate here", || key_form::sec1(KeyPair::generate_for(&PKCS_ECDSA_P384_SHA384).ok()?.serialized_der())),
    item("garbage", "text that is no PEM", || Some("this is not a certificate, and no key either".into())),
];

/// Name and description of everything that [`material`] has.
pub fn names() -> &'static [(&'static str, &'static str)] {
    static NAMES: OnceLock<Vec<(&str, &str)>> = OnceLock::new();
    NAMES.get_or_init(|| ITEMS.iter().map(|item| (item.name, item.about)).collect())
}

/// The text of `${cert.NAME}`, the same for the whole process. `None`: there is no such name (see [`names`]), or no key could be made
/// for want of randomness. The first certificate costs the making of an RSA key, some tenths of a second.
pub fn material(name: &str) -> Option<String> {
    static MADE: OnceLock<Vec<OnceLock<Option<String>>>> = OnceLock::new();
    let index = ITEMS.iter().position(|item| item.name == name)?;
    let made = MADE.get_or_init(|| ITEMS.iter().map(|_| OnceLock::new()).collect());
    made.get(index)?.get_or_init(ITEMS[index].make).clone()
}

/// What a TLS server on this machine shows: valid for `localhost`, `127.0.0.1` and `::1`.
#[derive(Clone)]
pub struct ServerIdentity {
    /// PEM of its certificate, then of the certification authority.
    pub chain: String,
    /// PEM of its key, PKCS#8.
    pub key: String,
    /// PEM of the certification authority: what a client must trust.
    pub ca: String,
}

/// A server identity with keys of its own, the same for the whole process; `None` for want of randomness.
pub fn server_identity() -> Option<&'static ServerIdentity> {
    static IDENTITY: OnceLock<Option<ServerIdentity>> = OnceLock::new();
    fn make() -> Option<ServerIdentity> {
        let ca_params = authority("iamspec test authority");
        let ca_key = KeyPair::generate().ok()?;
        let ca = ca_params.self_signed(&ca_key).ok()?.pem();
        let mut params = Subject { name: "localhost", ..LEAF }.params()?;
        params.subject_alt_names = CertificateParams::new(["localhost", "127.0.0.1", "::1"].map(String::from)).ok()?.subject_alt_names;
        let key = KeyPair::generate().ok()?;
        let certificate = params.signed_by(&key, &Issuer::new(ca_params, ca_key)).ok()?.pem();
        Some(ServerIdentity { chain: [certificate, ca.clone()].concat(), key: key.serialize_pem(), ca })
    }
    IDENTITY.get_or_init(make).as_ref()
}

/// Whom a certificate is for, and from which to which year (January 1st) it is valid.
#[derive(Clone, Copy)]
struct Subject {
    name: &'static str,
    from: i32,
    until: i32,
}

const LEAF: Subject = Subject { name: "leaf.example.com", from: 2020, until: 2041 };
const SELF_SIGNED: Subject = Subject { name: "self-signed.example.com", from: 2020, until: 2042 };
const EXPIRED: Subject = Subject { name: "expired.example.com", from: 2001, until: 2002 };
const NOT_YET_VALID: Subject = Subject { name: "not-yet-valid.example.com", from: 2045, until: 2046 };

impl Subject {
    fn params(self) -> Option<CertificateParams> {
        let mut params = CertificateParams::new([self.name.to_owned()]).ok()?;
        params.distinguished_name = rcgen::DistinguishedName::new();
        params.distinguished_name.push(DnType::CommonName, self.name);
        params.not_before = date_time_ymd(self.from, 1, 1);
        params.not_after = date_time_ymd(self.until, 1, 1);
        Some(params)
    }

    fn iso_end(self) -> String {
        format!("{}-01-01T00:00:00Z", self.until)
    }
}

fn authority(name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.not_before = date_time_ymd(2015, 1, 1);
    params.not_after = date_time_ymd(2049, 1, 1);
    params
}

fn rsa_key() -> Option<KeyPair> {
    KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, RsaKeySize::_2048).ok()
}

/// The one RSA key of all leaf certificates.
fn leaf_key() -> Option<&'static KeyPair> {
    static KEY: OnceLock<Option<KeyPair>> = OnceLock::new();
    KEY.get_or_init(rsa_key).as_ref()
}

fn other_key() -> Option<&'static KeyPair> {
    static KEY: OnceLock<Option<KeyPair>> = OnceLock::new();
    KEY.get_or_init(rsa_key).as_ref()
}

fn self_signed(subject: Subject) -> Option<String> {
    subject.params()?.self_signed(leaf_key()?).ok().map(|c| c.pem())
}

struct Ec {
    certificate: String,
    key: KeyPair,
}

impl Ec {
    fn new(curve: &'static SignatureAlgorithm) -> Option<Ec> {
        let key = KeyPair::generate_for(curve).ok()?;
        let certificate = Subject { name: "ec.example.com", ..LEAF }.params()?.self_signed(&key).ok()?.pem();
        Some(Ec { certificate, key })
    }
}

fn ec() -> Option<&'static Ec> {
    static EC: OnceLock<Option<Ec>> = OnceLock::new();
    EC.get_or_init(|| Ec::new(&PKCS_ECDSA_P256_SHA256)).as_ref()
}

fn ec_384() -> Option<&'static Ec> {
    static EC: OnceLock<Option<Ec>> = OnceLock::new();
    EC.get_or_init(|| Ec::new(&PKCS_ECDSA_P384_SHA384)).as_ref()
}

/// PEM of the leaf and of those above and beside it.
struct Pki {
    leaf: String,
    issuing: String,
    middle: String,
    root: String,
    stranger: String,
    namesake: String,
}

/// root → middle → issuing → leaf. The authorities share one RSA key: what tells them apart is their names.
fn pki() -> Option<&'static Pki> {
    static PKI: OnceLock<Option<Pki>> = OnceLock::new();
    fn make() -> Option<Pki> {
        const ISSUING: &str = "iamspec issuing authority";
        let key = rsa_key()?;
        let (root, middle, issuing) = (authority("iamspec root"), authority("iamspec middle authority"), authority(ISSUING));
        let (by_root, by_middle) = (Issuer::from_params(&root, &key), Issuer::from_params(&middle, &key));
        let strangers_key = KeyPair::generate().ok()?;
        Some(Pki {
            leaf: LEAF.params()?.signed_by(leaf_key()?, &Issuer::from_params(&issuing, &key)).ok()?.pem(),
            issuing: issuing.signed_by(&key, &by_middle).ok()?.pem(),
            middle: middle.signed_by(&key, &by_root).ok()?.pem(),
            root: root.self_signed(&key).ok()?.pem(),
            stranger: authority("somebody else").self_signed(&strangers_key).ok()?.pem(),
            namesake: authority(ISSUING).self_signed(&strangers_key).ok()?.pem(),
        })
    }
    PKI.get_or_init(make).as_ref()
}

fn damaged(pem: &str) -> Option<String> {
    let lines: Vec<&str> = pem.lines().collect();
    let middle = lines.len() / 2;
    Some(lines.get(..middle)?.iter().chain(lines.get(middle + 2..)?).map(|line| format!("{line}\n")).collect())
}

fn filled(pem: &str, length: usize) -> String {
    format!("{pem}{}", "\n".repeat(length.saturating_sub(pem.len())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_named_is_there_and_stays_the_same() {
        for (name, about) in names() {
            let made = material(name);
            assert!(made.is_some() && made == material(name), "{name}: {about}");
        }
        assert_eq!(material("nobody"), None);
        assert_eq!(material("leaf.16384").unwrap().len(), 16_384);
        assert_eq!(material("leaf.16385").unwrap().len(), 16_385);
    }

    #[test]
    fn keys_are_in_the_form_that_they_say() {
        for (name, header) in [
            ("leaf.key", "-----BEGIN RSA PRIVATE KEY-----"),
            ("leaf.key-pkcs8", "-----BEGIN PRIVATE KEY-----"),
            ("leaf.key-encrypted", "-----BEGIN ENCRYPTED PRIVATE KEY-----"),
            ("leaf.key-encrypted-pkcs1", "-----BEGIN RSA PRIVATE KEY-----"),
            ("ec.key", "-----BEGIN EC PRIVATE KEY-----"),
        ] {
            assert_eq!(material(name).unwrap().lines().next(), Some(header));
        }
        // rcgen's own reader takes the unwrapped key as the same key.
        let again = KeyPair::from_pem_and_sign_algo(&material("leaf.key").unwrap(), &PKCS_RSA_SHA256);
        assert_eq!(again.unwrap().public_key_raw(), leaf_key().unwrap().public_key_raw());
        let again = KeyPair::from_pem_and_sign_algo(&material("ec.key").unwrap(), &rcgen::PKCS_ECDSA_P256_SHA256);
        assert_eq!(again.unwrap().public_key_raw(), ec().unwrap().key.public_key_raw());
    }

    #[test]
    fn a_server_identity_names_this_machine() {
        let identity = server_identity().unwrap();
        assert!(identity.chain.ends_with(&identity.ca) && identity.chain.len() > identity.ca.len());
        assert!(identity.key.starts_with("-----BEGIN PRIVATE KEY-----"));
    }
}
