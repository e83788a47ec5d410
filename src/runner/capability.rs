//! The capability pass: uses each Action of a foreign target once, legally, to learn which it has, and cleans up.

use std::collections::BTreeMap;

use serde_json::Value;

use super::cleanup::{Left, clean};
use super::session::{Manner, Session, SessionError};
use super::trial::Main;
use crate::api::{Action, model};
use crate::case::CertSource;
use crate::dialect::{Call, Configuration, Outcome};
use crate::report::event::{CAPABILITY_PASS, Capability};

/// What the journal calls the pass.
const TRIAL: &str = CAPABILITY_PASS;

/// Codes that say that an Action is not there, beside those of the profile.
const UNSUPPORTED: [&str; 2] = ["InvalidAction", "NotImplemented"];

/// Codes that say that the credentials are no good.
const REFUSED: [&str; 5] =
    ["InvalidClientTokenId", "SignatureDoesNotMatch", "IncompleteSignature", "MissingAuthenticationToken", "ExpiredToken"];

const DOCUMENT: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"iam:ListUsers","Resource":"*"}]}"#;

/// The calls in an order in which each finds what it needs: things are made, used, and taken away again. `{n}` stands for the name of
/// what the pass makes, `{arn}` and `{key}` for what the target answered, `{cert…}` for test certificates.
const CALLS: [(&str, &[(&str, &str)]); 45] = [
    ("CreateUser", &[("UserName", "{n}")]),
    ("GetUser", &[("UserName", "{n}")]),
    ("ListUsers", &[]),
    ("UpdateUser", &[("UserName", "{n}"), ("NewUserName", "{n}")]),
    ("CreateGroup", &[("GroupName", "{n}")]),
    ("GetGroup", &[("GroupName", "{n}")]),
    ("ListGroups", &[]),
    ("UpdateGroup", &[("GroupName", "{n}"), ("NewGroupName", "{n}")]),
    ("AddUserToGroup", &[("GroupName", "{n}"), ("UserName", "{n}")]),
    ("ListGroupsForUser", &[("UserName", "{n}")]),
    ("CreatePolicy", &[("PolicyName", "{n}"), ("PolicyDocument", DOCUMENT)]),
    ("GetPolicy", &[("PolicyArn", "{arn}")]),
    ("ListPolicies", &[("MaxItems", "1")]),
    ("CreatePolicyVersion", &[("PolicyArn", "{arn}"), ("PolicyDocument", DOCUMENT)]),
    ("GetPolicyVersion", &[("PolicyArn", "{arn}"), ("VersionId", "v1")]),
    ("ListPolicyVersions", &[("PolicyArn", "{arn}")]),
    ("SetDefaultPolicyVersion", &[("PolicyArn", "{arn}"), ("VersionId", "v1")]),
    ("AttachUserPolicy", &[("UserName", "{n}"), ("PolicyArn", "{arn}")]),
    ("ListAttachedUserPolicies", &[("UserName", "{n}")]),
    ("AttachGroupPolicy", &[("GroupName", "{n}"), ("PolicyArn", "{arn}")]),
    ("ListAttachedGroupPolicies", &[("GroupName", "{n}")]),
    ("PutUserPolicy", &[("UserName", "{n}"), ("PolicyName", "{n}"), ("PolicyDocument", DOCUMENT)]),
    ("GetUserPolicy", &[("UserName", "{n}"), ("PolicyName", "{n}")]),
    ("ListUserPolicies", &[("UserName", "{n}")]),
    ("PutGroupPolicy", &[("GroupName", "{n}"), ("PolicyName", "{n}"), ("PolicyDocument", DOCUMENT)]),
    ("GetGroupPolicy", &[("GroupName", "{n}"), ("PolicyName", "{n}")]),
    ("ListGroupPolicies", &[("GroupName", "{n}")]),
    ("CreateAccessKey", &[("UserName", "{n}")]),
    ("ListAccessKeys", &[("UserName", "{n}")]),
    ("UpdateAccessKey", &[("UserName", "{n}"), ("AccessKeyId", "{key}"), ("Status", "Inactive")]),
    ("UploadServerCertificate", &[("ServerCertificateName", "{n}"), ("CertificateBody", "{cert}"), ("PrivateKey", "{cert.key}")]),
    ("GetServerCertificate", &[("ServerCertificateName", "{n}")]),
    ("ListServerCertificates", &[]),
    ("UpdateServerCertificate", &[("ServerCertificateName", "{n}"), ("NewServerCertificateName", "{n}")]),
    ("DeleteServerCertificate", &[("ServerCertificateName", "{n}")]),
    ("DeleteAccessKey", &[("UserName", "{n}"), ("AccessKeyId", "{key}")]),
    ("DeleteGroupPolicy", &[("GroupName", "{n}"), ("PolicyName", "{n}")]),
    ("DeleteUserPolicy", &[("UserName", "{n}"), ("PolicyName", "{n}")]),
    ("DetachGroupPolicy", &[("GroupName", "{n}"), ("PolicyArn", "{arn}")]),
    ("DetachUserPolicy", &[("UserName", "{n}"), ("PolicyArn", "{arn}")]),
    ("DeletePolicyVersion", &[("PolicyArn", "{arn}"), ("VersionId", "v2")]),
    ("DeletePolicy", &[("PolicyArn", "{arn}")]),
    ("RemoveUserFromGroup", &[("GroupName", "{n}"), ("UserName", "{n}")]),
    ("DeleteGroup", &[("GroupName", "{n}")]),
    ("DeleteUser", &[("UserName", "{n}")]),
];

/// What a pass learnt.
#[derive(Debug, Default)]
pub struct Learnt {
    /// Every Action of the dialect, with the answer that decided.
    pub capabilities: Vec<Capability>,
    /// What the pass could not remove.
    pub left: Vec<Left>,
}

/// No pass can be made.
#[derive(Debug, thiserror::Error)]
pub enum PassError {
    /// The target could not be reached.
    #[error(transparent)]
    Session(#[from] SessionError),
    /// The target refuses the credentials, so that nothing can be learnt.
    #[error("{endpoint} refuses the credentials with {said}; check {check}")]
    Credentials {
        /// URL.
        endpoint: String,
        /// Status, code and message.
        said: String,
        /// What may be wrong.
        check: &'static str,
    },
    /// The target does not know the namespace, so that nothing can be learnt.
    #[error("{endpoint} has no such namespace ({said}): {named}; name one that is there with --namespace")]
    Namespace {
        /// URL.
        endpoint: String,
        /// Status, code and message.
        said: String,
        /// The one that was named.
        named: String,
    },
}

/// Uses each Action once.
///
/// # Errors
/// When the target cannot be reached or refuses the credentials.
pub async fn pass(session: &Session, configuration: Configuration, run: &str, certificates: &dyn CertSource) -> Result<Learnt, PassError> {
    let profile = &session.target.profile;
    let mut known = BTreeMap::from([
        ("{n}", format!("{}-{run}-capability", crate::case::generate::PREFIX)),
        ("{arn}", format!("arn:aws:iam::000000000000:policy/{run}-none")),
        ("{key}", "AKIAIOSFODNN7EXAMPLE".to_owned()),
        ("{cert}", certificates.pem("self-signed").unwrap_or_default()),
        ("{cert.key}", certificates.pem("self-signed.key").unwrap_or_default()),
    ]);
    let mut learnt = Learnt::default();
    for (name, with) in CALLS {
        let Some(action) = model().action(name).filter(|a| a.dialects.contains(&profile.dialect)) else { continue };
        let mut call = Call::new(name);
        for (parameter, value) in with {
            call = call.with(parameter, known.get(value).map_or(*value, String::as_str));
        }
        let manner = Manner { configuration, principal: None, auth: None, raw: None, trial: TRIAL, scope: None };
        let sent = session.call(&call, &manner).await?;
        let status = sent.response.as_ref().map(|r| r.status);
        let outcome = sent.reply.as_ref().map(|r| &r.outcome);
        let (mut code, mut message) = ("", "");
        if let Some(Ok(Outcome::Error(e))) = outcome {
            (code, message) = (&e.code, &e.message);
        }
        if learnt.capabilities.is_empty()
            && let Some(status) = status
            && let Some(why) = refusal(session, configuration, (status, code, message))
        {
            // Nothing was made.
            let _ = session.journal().cleaned(TRIAL);
            return Err(why);
        }
        if let Some(Ok(Outcome::Success(result))) = outcome {
            for (slot, thing, member) in [("{arn}", "Policy", "Arn"), ("{key}", "AccessKey", "AccessKeyId")] {
                if let Some(value) = result.get(thing).and_then(|t| t.get(member)).and_then(Value::as_str) {
                    known.insert(slot, value.to_owned());
                }
            }
        }
        let missing =
            UNSUPPORTED.contains(&code) || profile.unsupported_codes.iter().any(|c| c == code) || matches!(status, Some(501 | 405));
        learnt.capabilities.push(capability(session, action, !missing, status, code));
    }
    // At the end: a secret may have been handed out after an answer that already held it.
    for capability in &mut learnt.capabilities {
        capability.evidence = session.redactor.redact(&capability.evidence);
    }
    let entries = session.journal().entries(TRIAL);
    learnt.left = clean(&entries, &mut Main { session, configuration, trial: TRIAL }).await;
    if learnt.left.is_empty() {
        // A journal that cannot be written costs a sweep that finds nothing.
        let _ = session.journal().cleaned(TRIAL);
    }
    Ok(learnt)
}

/// What the answer to the first call says of credentials and namespace, where it is about them.
fn refusal(session: &Session, configuration: Configuration, (status, code, message): (u16, &str, &str)) -> Option<PassError> {
    let (endpoint, by_token) = (session.target.url(), configuration.by_token());
    let shown = |text: &str| session.redactor.redact(text);
    let mut said = format!("{status} {}", shown(code)).trim_end().to_owned();
    if !message.is_empty() {
        said = format!("{said}: {}", shown(message));
    }
    if REFUSED.contains(&code) || (by_token && matches!(status, 302 | 401)) {
        let check = if by_token { "what the user of the login may do" } else { "the access key, its secret, the region and the service" };
        return Some(PassError::Credentials { endpoint, said, check });
    }
    // Nothing that this call names could be missing but the namespace.
    let unknown = by_token && code == "NoSuchEntity";
    let named = session.target.profile.namespace.as_ref().map_or_else(|| "none was named".to_owned(), |name| format!("'{name}' was named"));
    unknown.then_some(PassError::Namespace { endpoint, said, named })
}

fn capability(session: &Session, action: &Action, supported: bool, status: Option<u16>, code: &str) -> Capability {
    let evidence = match status {
        Some(status) => format!("{status} {code}").trim().to_owned(),
        None => "no answer".to_owned(),
    };
    Capability { target: session.target.profile.name.clone(), action: action.name.clone(), supported, evidence }
}

/// The Actions that are missing, with the answer that said so.
pub fn missing(capabilities: &[Capability]) -> BTreeMap<String, String> {
    capabilities.iter().filter(|c| !c.supported).map(|c| (c.action.clone(), c.evidence.clone())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_action_is_used_once_with_its_required_parameters() {
        for action in &model().actions {
            let calls: Vec<_> = CALLS.iter().filter(|(name, _)| *name == action.name).collect();
            assert_eq!(calls.len(), 1, "{}", action.name);
            for parameter in action.parameters.iter().filter(|p| p.required) {
                assert!(calls[0].1.iter().any(|(name, _)| *name == parameter.name), "{}: {}", action.name, parameter.name);
            }
        }
    }
}
