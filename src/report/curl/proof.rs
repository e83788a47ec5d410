//! How a script's calls prove who sends them: by curl's own signature, or by the token of a login that the script makes and ends.

use super::Script;
use crate::auth::ecs_token::TOKEN_HEADER;
use crate::case::model::{Step, Tamper};
use crate::report::event::{CaseRecord, StepRecord};
use crate::report::shell::{quote, variable};
use crate::report::text::printable;
use crate::target::profile::Tls;

/// Asks for what calls are signed with.
pub(super) const KEY_VARIABLES: &str = r#": "${AWS_ACCESS_KEY_ID:?}" "${AWS_SECRET_ACCESS_KEY:?}""#;

/// Asks for what a login needs.
pub(super) const LOGIN_VARIABLES: &str = r#": "${ECS_USERNAME:?}" "${ECS_PASSWORD:?}""#;

/// A login, and a logout however the script ends: a user has a hundred tokens at most.
pub(super) const LOG_IN: &str = r#"ECS=$(printf '%s' "$ENDPOINT" | cut -d/ -f1-3)
TOKEN=$(curl -sS -D - -o /dev/null -u "$ECS_USERNAME:$ECS_PASSWORD" "$ECS/login" | tr -d '\r' | awk 'tolower($1) == "x-sds-auth-token:" { print $2 }')
[ -n "$TOKEN" ] || { echo "no token from $ECS/login: are user and password right?" >&2; exit 1; }
trap 'curl -sS -o /dev/null -H "X-SDS-AUTH-TOKEN: $TOKEN" "$ECS/logout"' EXIT"#;

/// Options of every curl that say whom to trust.
pub(super) fn trust(tls: &Tls) -> Option<String> {
    match &tls.ca {
        Some(file) => Some(format!("--cacert {}", quote(file))),
        None => tls.insecure.then(|| "--insecure".to_owned()),
    }
}

/// Whether the main principal's calls carry a login token.
pub(super) fn by_token(record: &CaseRecord) -> bool {
    record.configuration.starts_with("ecs/") && !record.configuration.ends_with("/sigv4")
}

impl Script<'_> {
    /// The words of a call that prove who sends it.
    pub(super) fn auth(&self, sent: &StepRecord, step: Option<&Step>, record: &CaseRecord) -> Result<Vec<String>, &'static str> {
        let by_token = sent.principal.is_none() && by_token(record);
        let (mut region, mut service) = (self.scope.region.as_str(), self.scope.service.as_str());
        let saved = step.and_then(|s| s.principal.as_deref());
        let mut user = match (&sent.principal, saved) {
            (None, _) => "\"$AWS_ACCESS_KEY_ID:$AWS_SECRET_ACCESS_KEY\"".to_owned(),
            (Some(_), Some(name)) => format!("\"${0}_ID:${0}_SECRET\"", variable(name)),
            (Some(name), None) => {
                format!("\"${{{0}_ID:?an access key of principal {1}}}:${{{0}_SECRET:?}}\"", variable(name), printable(name))
            }
        };
        match step.and_then(|s| s.auth.as_ref()) {
            None if by_token => return Ok(vec![format!("-H \"{TOKEN_HEADER}: $TOKEN\"")]),
            None => {}
            Some(Tamper::None) => return Ok(Vec::new()),
            Some(Tamper::Token(text)) if text.contains("${") => return Err("its token is made by iamspec"),
            Some(Tamper::Token(text)) => return Ok(vec![format!("-H {}", quote(&format!("{TOKEN_HEADER}: {text}")))]),
            Some(Tamper::Header(text)) if text.contains("${") => return Err("its Authorization header is made by iamspec"),
            Some(Tamper::Header(text)) => return Ok(vec![format!("-H {}", quote(&format!("Authorization: {text}")))]),
            Some(Tamper::WrongSecret) => {
                let id = saved
                    .filter(|_| sent.principal.is_some())
                    .map_or_else(|| "AWS_ACCESS_KEY_ID".to_owned(), |name| variable(name) + "_ID");
                user = format!("\"${id}:not-the-secret\"");
            }
            Some(Tamper::UnknownKey) => user = "'AKIA0000000000000000:no-such-key'".into(),
            Some(Tamper::Region(other)) => region = other,
            Some(Tamper::Service(other)) => service = other,
            Some(Tamper::Skew(_)) => return Err("curl signs with the time it is"),
            Some(Tamper::AlteredBody | Tamper::OtherAction) => return Err("curl signs what it sends"),
            Some(Tamper::UnsignedHost | Tamper::UnsignedDate) => return Err("curl always signs host and date"),
            Some(Tamper::Query | Tamper::ExpiredQuery) => return Err("curl signs in a header, not in the query"),
        }
        Ok(vec![format!("--aws-sigv4 {}", quote(&format!("aws:amz:{region}:{service}"))), format!("--user {user}")])
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{case, parses, scope};
    use super::super::{Scope, script};
    use super::*;
    use crate::report::samples;

    fn record(configuration: &str) -> CaseRecord {
        CaseRecord { configuration: configuration.into(), ..samples::failure() }
    }

    #[test]
    fn tampering_is_expressed_or_refused_with_a_reason() {
        let mut record = samples::failure();
        record.steps.truncate(1);
        let mut case = case(&record);
        for (tamper, expected) in [
            (Tamper::None, "call \\\n  --data-urlencode Action=CreateUser"),
            (Tamper::WrongSecret, "--user \"$AWS_ACCESS_KEY_ID:not-the-secret\""),
            (Tamper::Region("mars".into()), "--aws-sigv4 aws:amz:mars:iam"),
            (Tamper::Header("Basic x".into()), "-H 'Authorization: Basic x'"),
            (Tamper::Token("of nobody".into()), "-H 'X-SDS-AUTH-TOKEN: of nobody'"),
            (Tamper::Skew(-1000), "# curl cannot send step 1 CreateUser: curl signs with the time it is"),
        ] {
            case.steps[0].auth = Some(tamper);
            let text = script(&record, &case, &scope());
            assert!(text.contains(expected) && parses(&text), "{expected} in {text}");
        }
    }

    #[test]
    fn keys_made_on_the_way_are_taken_from_the_answer() {
        for configuration in ["aws/xml", "ecs/json/form"] {
            let mut record = record(configuration);
            record.steps[1].call = "CreateAccessKey".into();
            record.steps[3].principal = Some("key of somebody".into());
            let mut case = case(&record);
            case.steps[3].principal = Some("the key".into());
            case.steps[1].save = vec![("the key".into(), "AccessKey".into(), crate::verdict::Loc::default())];
            let text = script(&record, &case, &scope());
            assert!(text.contains("THE_KEY_ID=$(value AccessKeyId 1) THE_KEY_SECRET=$(value SecretAccessKey 1)"), "{text}");
            assert!(text.contains("--user \"$THE_KEY_ID:$THE_KEY_SECRET\"") && parses(&text), "{text}");
        }
    }

    #[test]
    fn a_login_is_made_used_and_ended() {
        let scope = Scope {
            namespace: Some("ns 1".into()),
            headers: vec![("X-Team".into(), "us all".into())],
            tls: Tls { ca: Some("my ca.pem".into()), insecure: false },
            ..scope()
        };
        let record = record("ecs/xml/query");
        let text = script(&record, &case(&record), &scope);
        assert!(parses(&text), "{text}");
        for part in [
            LOGIN_VARIABLES,
            "command curl --cacert 'my ca.pem' \"$@\"",
            "\"$ECS/login\"",
            "\"$ECS/logout\"' EXIT",
            "-H 'X-Team: us all' \"$@\"",
            "-H \"X-SDS-AUTH-TOKEN: $TOKEN\" \\\n  --get -X POST \\\n  -H 'x-emc-namespace: ns 1' \\\n  --data-urlencode Action=",
        ] {
            assert!(text.contains(part), "{part} in\n{text}");
        }
        assert!(!text.contains("Version=") && !text.contains("AWS_"), "{text}");
        let signed = self::record("ecs/xml/sigv4");
        let text = script(&signed, &case(&signed), &scope);
        assert!(text.contains(KEY_VARIABLES) && !text.contains("TOKEN") && !text.contains("emc"), "{text}");
    }
}
