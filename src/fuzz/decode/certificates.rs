//! Certificates, chains and keys from the closed list, right ones and such as break one rule.

use serde_json::{Value, json};

use super::{Maker, braced};

const BODIES: [&str; 8] =
    ["leaf.text-around", "leaf.damaged", "two-bodies", "expired", "not-yet-valid", "garbage", "leaf.16384", "leaf.key"];
const KEYS: [&str; 7] =
    ["leaf.key-pkcs8", "leaf.key-encrypted", "leaf.key-encrypted-pkcs1", "other.key", "garbage", "leaf", "self-signed.key"];
const CHAINS: [&str; 9] = [
    "leaf.chain",
    "leaf.chain-3",
    "leaf.chain-wrong-order",
    "leaf.chain-swapped",
    "leaf.chain-without-issuer",
    "leaf.chain-stranger",
    "leaf.chain-namesake",
    "garbage",
    "other.key",
];

impl Maker<'_> {
    /// A text for one of the parameters that hold PEM. They are chosen apart: mostly what belongs to `leaf`.
    pub(super) fn pem(&mut self, parameter: &str) -> Value {
        let (usual, others): (&str, &[&'static str]) = match parameter {
            "CertificateBody" => ("leaf", &BODIES),
            "PrivateKey" => ("leaf.key", &KEYS),
            _ => ("leaf.chain", &CHAINS),
        };
        if !self.ground.certificates {
            return json!("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----");
        }
        let odd = self.bits.chance(if parameter == "CertificateChain" { 60 } else { 14 });
        braced(&format!("cert.{}", if odd { self.bits.text(others) } else { usual }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::case::generate::CERTIFICATES;

    #[test]
    fn all_are_in_the_closed_list() {
        for name in BODIES.iter().chain(&KEYS).chain(&CHAINS) {
            assert!(CERTIFICATES.contains(name), "{name}");
        }
    }
}
