//! Capabilities that are missing by what is known beforehand: a dialect's documentation, a configuration's way of proving who sends a
//! request, what a profile says and what it does not.

use crate::api::DialectId;
use crate::dialect::Configuration;
use crate::target::Profile;
use crate::target::profile::CAPABILITIES;

/// Capabilities that a dialect lacks by its documentation, whatever the target.
const OF_DIALECTS: &[(DialectId, &str, &str)] = &[
    (DialectId::Eim, "tags", "its reference has no tags"),
    (DialectId::Eim, "permissions-boundary", "its reference has no permissions boundaries"),
    (DialectId::Aws, "pkcs1-only", "it takes other forms of private keys too"),
    (DialectId::Ecs, "paths", "its reference allows the path / only"),
    (DialectId::Ecs, "pkcs1-only", "it has no server certificates"),
];

/// Whether the dialect lacks a capability whatever the target, and why.
pub fn of_dialect(capability: &str, dialect: DialectId) -> Option<&'static str> {
    OF_DIALECTS.iter().find(|(d, name, _)| *d == dialect && *name == capability).map(|(_, _, why)| *why)
}

/// Why a capability is missing there; none: it is not known to be.
pub(super) fn lack(capability: &str, profile: &Profile, configuration: Configuration) -> Option<String> {
    let dialect = configuration.dialect;
    if let Some(why) = of_dialect(capability, dialect) {
        return Some(format!("{dialect} lacks {capability}: {why}"));
    }
    let by_token = configuration.by_token();
    let why = match capability {
        "signed-requests" if by_token => "its requests carry a login token",
        "login-token" | "management-user" | "second-namespace" if !by_token => "its requests are signed",
        _ => "",
    };
    if !why.is_empty() {
        return Some(format!("{configuration} lacks {capability}: {why}"));
    }
    let unnamed = match capability {
        "management-user" if profile.namespace.is_none() => Some("no namespace was named, as a management user must"),
        "account-principal" if !profile.account_principal => Some("account-principal in the profile would say so"),
        "empty-account" if !profile.empty_account => Some("empty-account in the profile would say so"),
        "second-namespace" if profile.second_namespace.is_none() => Some("its profile names none"),
        _ => None,
    };
    let why = profile.lacks.get(capability).map(String::as_str).or(unnamed)?;
    let means = CAPABILITIES.iter().find(|(name, _)| *name == capability).map_or("", |(_, means)| means);
    Some(format!("the target lacks {capability} ({means}): {why}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialect::{Format, Style};

    #[test]
    fn each_lack_has_its_reason() {
        let on = |dialect, style| Configuration { dialect, format: Format::Xml, style };
        let (ecs, signed, aws) = (on(DialectId::Ecs, Style::Query), on(DialectId::Ecs, Style::Sigv4), on(DialectId::Aws, Style::Form));
        let bare = Profile::default();
        let full = Profile { namespace: Some("a".into()), second_namespace: Some("b".into()), ..Profile::default() };
        for (capability, profile, configuration, expected) in [
            ("paths", &bare, ecs, "ecs lacks paths: its reference"),
            ("signed-requests", &bare, ecs, "ecs/xml/query lacks signed-requests: its requests carry a login token"),
            ("signed-requests", &bare, signed, ""),
            ("signed-requests", &bare, aws, ""),
            ("login-token", &bare, signed, "ecs/xml/sigv4 lacks login-token: its requests are signed"),
            ("login-token", &bare, aws, "aws/xml lacks login-token"),
            ("login-token", &bare, ecs, ""),
            ("management-user", &bare, ecs, "the target lacks management-user"),
            ("management-user", &full, ecs, ""),
            ("second-namespace", &bare, ecs, "its profile names none"),
            ("second-namespace", &full, ecs, ""),
            ("account-principal", &bare, aws, "the target lacks account-principal"),
            ("account-principal", &Profile { account_principal: true, ..Profile::default() }, aws, ""),
            ("empty-account", &bare, aws, "the target lacks empty-account"),
            ("empty-account", &Profile { empty_account: true, ..Profile::default() }, aws, ""),
            ("second-namespace", &full, signed, "ecs/xml/sigv4 lacks second-namespace"),
        ] {
            let why = lack(capability, profile, configuration).unwrap_or_default();
            assert!(if expected.is_empty() { why.is_empty() } else { why.contains(expected) }, "{capability} {configuration}: {why}");
        }
    }
}
