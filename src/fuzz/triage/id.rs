//! Names of findings.

use sha2::{Digest, Sha256};

use crate::fuzz::Fingerprint;

/// The name of a finding, in kebab-case, the same in every run: what it is about, and eight hexadecimal digits of its fingerprint.
/// `create-user-status-3fa0c811`.
pub fn finding_id(fingerprint: &Fingerprint) -> String {
    let digest = Sha256::digest(fingerprint.to_string());
    let hex: String = digest.iter().take(4).map(|byte| format!("{byte:02x}")).collect();
    let words = [kebab(&fingerprint.action), kebab(fingerprint.path.rsplit('.').next().unwrap_or_default()), hex];
    words.into_iter().filter(|word| !word.is_empty()).collect::<Vec<_>>().join("-")
}

/// `CreateUser` as `create-user`, whatever else is in it left out.
fn kebab(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        let starts = c.is_ascii_uppercase() || !c.is_ascii_alphanumeric();
        if starts && !out.is_empty() && !out.ends_with('-') {
            out.push('-');
        }
        if c.is_ascii_alphanumeric() {
            out.push(c.to_ascii_lowercase());
        }
    }
    out.trim_end_matches('-').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fuzz::OracleId;

    #[test]
    fn names_say_what_it_is_about_and_tell_fingerprints_apart() {
        let one = Fingerprint {
            oracle: OracleId::Lockstep,
            action: "CreateUser".into(),
            expected: "400 ValidationError".into(),
            observed: "200".into(),
            path: "Users[].Path".into(),
            class: String::new(),
        };
        let id = finding_id(&one);
        assert!(id.starts_with("create-user-path-") && id.len() == "create-user-path-".len() + 8, "{id}");
        assert_ne!(id, finding_id(&Fingerprint { class: "UserName: length 65".into(), ..one.clone() }));
        let odd = finding_id(&Fingerprint { action: "?".into(), path: String::new(), ..one });
        assert!(odd.bytes().all(|b| b.is_ascii_hexdigit()) && odd.len() == 8, "{odd}");
        assert_eq!(kebab("header.x-amzn-RequestId[]"), "header-x-amzn-request-id");
    }
}
