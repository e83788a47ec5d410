//! How managed policies are found, and what they look like in answers.

use serde_json::{Map, Value, json};

use super::context::error;
use super::state::{Policy, PolicyVersion, date, fold, tags_tree};
use super::{Account, Cx};
use super::{lookup, provider_policies};
use crate::api::{DialectId, Req, model, req};
use crate::dialect::ApiError;

/// The policy of an ARN, the account's own or the provider's.
pub(super) fn find<'a>(account: &'a Account, cx: &Cx<'_>, arn: &str) -> Option<&'a Policy> {
    let own = own_key(account, cx, arn).and_then(|key| account.policies.get(&key));
    own.or_else(|| provider_policies::find(cx.dialect, arn))
}

/// Key in [`Account::policies`] of the account's own policy of that ARN.
fn own_key(account: &Account, cx: &Cx<'_>, arn: &str) -> Option<String> {
    if cx.holds(req::MANAGED_POLICY__WHOLE_ARN) {
        lookup::policy_key(account, arn).map(str::to_owned)
    } else {
        arn.rsplit('/').next().map(fold).filter(|key| account.policies.contains_key(key))
    }
}

/// The three ways to say that there is no such policy.
#[derive(Clone, Copy)]
pub(super) enum Missing<'a> {
    /// To those who would attach, read or extend it.
    NotAttachable,
    /// To those who would detach or delete it.
    NotFound,
    /// To those who ask for that version of it.
    Version(&'a str),
}

/// The error for an ARN that names no policy, or not that version of it.
pub(super) fn missing(cx: &Cx<'_>, rule: Req, arn: &str, how: Missing<'_>) -> ApiError {
    let text = match how {
        _ if !cx.holds(req::MANAGED_POLICY__NOT_FOUND_TEXTS) => "Not found.".to_owned(),
        Missing::NotAttachable => format!("Policy {arn} does not exist or is not attachable."),
        Missing::NotFound => format!("Policy {arn} was not found."),
        Missing::Version(id) => format!("Policy {arn} version {id} does not exist or is not attachable."),
    };
    lookup::not_found(cx, rule, text)
}

/// The account's own policy of that ARN, to be changed; else the error that `rule` is about.
pub(super) fn own<'a>(account: &'a mut Account, cx: &Cx<'_>, rule: Req, arn: &str, how: Missing<'_>) -> Result<&'a mut Policy, ApiError> {
    let key = own_key(account, cx, arn);
    key.and_then(|key| account.policies.get_mut(&key)).ok_or_else(|| missing(cx, rule, arn, how))
}

/// Refuses to change (`verb`: delete, update) what belongs to the provider, whether or not there is such a policy.
pub(super) fn refuse_provider_owned(cx: &Cx<'_>, rule: Req, arn: &str, verb: &str) -> Result<(), ApiError> {
    cx.enforce(rule, provider_policies::owns(cx.dialect, arn), || {
        error("AccessDenied", format!("Cannot {verb} policies outside your own account."))
    })
}

/// What lists of policies sort by: the name. One may be the account's and the provider's at once; a character that no name has keeps
/// the two apart.
pub(super) fn sort_key(cx: &Cx<'_>, arn: &str, policy: &Policy) -> String {
    format!("{}\u{1}{}", fold(&policy.name), u8::from(provider_policies::owns(cx.dialect, arn)))
}

/// The answer that a policy is shown in.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Shown {
    /// CreatePolicy.
    Created,
    /// GetPolicy.
    Alone,
    /// ListPolicies.
    Listed,
}

/// A policy in an answer.
pub(super) fn tree(account: &Account, cx: &Cx<'_>, arn: &str, policy: &Policy, shown: Shown) -> Value {
    let mut tree = Map::new();
    let mut put = |name: &str, value: Value| tree.insert(name.to_owned(), value);
    put("PolicyName", json!(policy.name));
    put("PolicyId", json!(policy.id));
    put("Arn", json!(arn));
    put("Path", json!(policy.path));
    put("DefaultVersionId", json!(version_id(policy.default)));
    put("AttachmentCount", json!(attachment_count(account, cx, arn)));
    let boundaries = if cx.holds(req::MANAGED_POLICY__COUNTS_BOUNDARIES) { account.boundary_uses(arn) } else { 0 };
    put("PermissionsBoundaryUsageCount", json!(boundaries));
    put("IsAttachable", json!(cx.holds(req::MANAGED_POLICY__ATTACHABLE)));
    let as_created = match shown {
        Shown::Created => true,
        Shown::Alone => cx.holds(req::GET_POLICY__AS_CREATED),
        Shown::Listed => cx.holds(req::LIST_POLICIES__AS_CREATED),
    };
    put("CreateDate", date(if as_created { policy.created } else { policy.created + 1 }));
    put("UpdateDate", date(policy.updated));
    let described = match shown {
        Shown::Alone => cx.holds(req::GET_POLICY__DESCRIPTION),
        Shown::Created | Shown::Listed if cx.dialect == DialectId::Ecs => cx.holds(req::ECS__POLICY_DESCRIPTION),
        Shown::Created => !cx.holds(req::CREATE_POLICY__NO_DESCRIPTION),
        Shown::Listed => !cx.holds(req::LIST_POLICIES__NO_DESCRIPTION),
    };
    if let Some(description) = policy.description.as_ref().filter(|_| described) {
        put("Description", json!(description));
    }
    let tagged = match shown {
        Shown::Created if policy.tags.is_empty() => !cx.holds(req::CREATE_POLICY__NO_TAGS_UNASKED),
        Shown::Created => cx.holds(req::CREATE_POLICY__TAGS),
        Shown::Alone => cx.holds(req::GET_POLICY__TAGS),
        Shown::Listed => !cx.holds(req::LIST_POLICIES__NO_TAGS),
    };
    if tagged {
        put("Tags", tags_tree(&policy.tags));
    }
    drop_foreign(&mut tree, "Policy", cx.dialect);
    Value::Object(tree)
}

/// Leaves out what the dialect's structure does not have.
fn drop_foreign(tree: &mut Map<String, Value>, structure: &str, dialect: DialectId) {
    let members = model().structure(structure);
    tree.retain(|name, _| members.iter().any(|m| m.name == *name && m.on(dialect)));
}

fn attachment_count(account: &Account, cx: &Cx<'_>, arn: &str) -> usize {
    let users = account.users.values().filter(|u| u.attached.contains(arn) && cx.holds(req::MANAGED_POLICY__COUNTS_USERS));
    let groups = account.groups.values().filter(|g| g.attached.contains(arn) && cx.holds(req::MANAGED_POLICY__COUNTS_GROUPS));
    users.count() + groups.count()
}

/// `v3`.
pub(super) fn version_id(number: u32) -> String {
    format!("v{number}")
}

/// The version that `id` names.
pub(super) fn version<'a>(policy: &'a Policy, id: &str) -> Option<&'a PolicyVersion> {
    policy.versions.iter().find(|v| version_id(v.number) == id)
}

/// A version in an answer; its document is there only with `document`.
pub(super) fn version_tree(policy: &Policy, version: &PolicyVersion, document: Option<Value>) -> Value {
    let mut tree = Map::new();
    if let Some(document) = document {
        tree.insert("Document".into(), document);
    }
    tree.insert("VersionId".into(), json!(version_id(version.number)));
    tree.insert("IsDefaultVersion".into(), json!(version.number == policy.default));
    tree.insert("CreateDate".into(), date(version.created));
    Value::Object(tree)
}

/// A stored document as it is handed out: to the letter as it was sent. With `rule` broken it is written anew.
pub(super) fn stored(cx: &Cx<'_>, rule: Req, document: &str) -> Value {
    if cx.holds(rule) {
        return Value::String(document.to_owned());
    }
    let anew = serde_json::from_str::<Value>(document).map(|v| format!("{v:#}"));
    Value::String(anew.unwrap_or_else(|_| document.to_lowercase()))
}
