//! Versions of managed policies. Their documents are in the answers of GetPolicyVersion, on ecs also in those of the others.

use serde_json::Map;

use super::context::error;
use super::managed_lookup::{self, Missing};
use super::managed_policies::{answer, document_size};
use super::page::{ordered, page};
use super::policy_document::{self, Use};
use super::state::PolicyVersion;
use super::{Account, Answer, Cx, Params};
use crate::api::{DialectId, Req, req};

pub(super) fn create(account: &mut Account, cx: &mut Cx<'_>, p: &Params) -> Answer {
    let (arn, document) = (p.required("PolicyArn"), p.required("PolicyDocument"));
    managed_lookup::refuse_provider_owned(cx, req::CREATE_POLICY_VERSION__PROVIDER_OWNED, arn, "update")?;
    if managed_lookup::find(account, cx, arn).is_none() {
        return Err(managed_lookup::missing(cx, req::CREATE_POLICY_VERSION__UNKNOWN_POLICY, arn, Missing::NotAttachable));
    }
    policy_document::check(cx, document, Use::Managed)?;
    document_size(account, cx, req::CREATE_POLICY_VERSION__DOCUMENT_SIZE, document)?;
    let most = account.limit("versions-per-policy");
    let policy = managed_lookup::own(account, cx, req::CREATE_POLICY_VERSION__UNKNOWN_POLICY, arn, Missing::NotAttachable)?;
    cx.enforce(req::CREATE_POLICY_VERSION__AT_MOST, policy.versions.len() as u64 >= most, || {
        let text = format!("A managed policy can have up to {most} versions.");
        error("LimitExceeded", format!("{text} Before you create a new version, you must delete an existing version."))
    })?;
    let highest = policy.versions.last().map_or(0, |v| v.number);
    let number = if cx.holds(req::CREATE_POLICY_VERSION__NUMBERS_RISE) { policy.next } else { highest + 1 };
    let version = PolicyVersion { number, document: document.to_owned(), created: cx.now };
    let asked = p.boolean("SetAsDefault") == Some(true);
    let rule = if asked { req::CREATE_POLICY_VERSION__SET_AS_DEFAULT } else { req::CREATE_POLICY_VERSION__DEFAULT_STAYS };
    if asked == cx.holds(rule) {
        policy.default = number;
    }
    if cx.holds(req::CREATE_POLICY_VERSION__UPDATE_DATE) {
        policy.updated = cx.now;
    }
    policy.next = number + 1;
    policy.versions.push(version.clone());
    let document = shows_document(cx, req::CREATE_POLICY_VERSION__NO_DOCUMENT).then(|| version.document.clone().into());
    Ok(answer("PolicyVersion", managed_lookup::version_tree(policy, &version, document)))
}

/// Whether an answer that is not GetPolicyVersion's has the document: on `ecs` it has, elsewhere `rule` says that it has not.
fn shows_document(cx: &Cx<'_>, rule: Req) -> bool {
    if cx.dialect == DialectId::Ecs { cx.holds(req::ECS__VERSION_DOCUMENT) } else { !cx.holds(rule) }
}

pub(super) fn get(account: &mut Account, cx: &mut Cx<'_>, p: &Params) -> Answer {
    let (arn, id) = (p.required("PolicyArn"), p.required("VersionId"));
    let missing = |rule| managed_lookup::missing(cx, rule, arn, Missing::Version(id));
    let policy = managed_lookup::find(account, cx, arn).ok_or_else(|| missing(req::GET_POLICY_VERSION__UNKNOWN_POLICY))?;
    let version = managed_lookup::version(policy, id).ok_or_else(|| missing(req::GET_POLICY_VERSION__UNKNOWN_VERSION))?;
    let document = managed_lookup::stored(cx, req::GET_POLICY_VERSION__DOCUMENT, &version.document);
    Ok(answer("PolicyVersion", managed_lookup::version_tree(policy, version, Some(document))))
}

pub(super) fn list(account: &mut Account, cx: &mut Cx<'_>, p: &Params) -> Answer {
    let arn = p.required("PolicyArn");
    let policy = managed_lookup::find(account, cx, arn)
        .ok_or_else(|| managed_lookup::missing(cx, req::LIST_POLICY_VERSIONS__UNKNOWN_POLICY, arn, Missing::NotFound))?;
    let shows = shows_document(cx, req::LIST_POLICY_VERSIONS__NO_DOCUMENT);
    let items = policy.versions.iter().map(|version| {
        let document = shows.then(|| version.document.clone().into());
        // Counted from the top, the newest comes first.
        (format!("{:010}", u32::MAX - version.number), managed_lookup::version_tree(policy, version, document))
    });
    let page = page(account, cx, p, items.collect(), "Versions")?;
    Ok(ordered(cx, req::LIST_POLICY_VERSIONS__NEWEST_FIRST, "Versions", page))
}

pub(super) fn delete(account: &mut Account, cx: &mut Cx<'_>, p: &Params) -> Answer {
    let (arn, id) = (p.required("PolicyArn"), p.required("VersionId"));
    managed_lookup::refuse_provider_owned(cx, req::DELETE_POLICY_VERSION__PROVIDER_OWNED, arn, "delete")?;
    let how = Missing::Version(id);
    let policy = managed_lookup::own(account, cx, req::DELETE_POLICY_VERSION__UNKNOWN_POLICY, arn, how)?;
    let Some(number) = managed_lookup::version(policy, id).map(|v| v.number) else {
        return Err(managed_lookup::missing(cx, req::DELETE_POLICY_VERSION__UNKNOWN_VERSION, arn, how));
    };
    cx.enforce(req::DELETE_POLICY_VERSION__NOT_THE_DEFAULT, number == policy.default, || {
        error("DeleteConflict", "Cannot delete the default version of a policy.")
    })?;
    if cx.holds(req::DELETE_POLICY_VERSION__REMOVES) {
        policy.versions.retain(|v| v.number != number);
    }
    Ok(Map::new())
}

pub(super) fn set_default(account: &mut Account, cx: &mut Cx<'_>, p: &Params) -> Answer {
    let (arn, id) = (p.required("PolicyArn"), p.required("VersionId"));
    managed_lookup::refuse_provider_owned(cx, req::SET_DEFAULT_POLICY_VERSION__PROVIDER_OWNED, arn, "update")?;
    let how = Missing::Version(id);
    let policy = managed_lookup::own(account, cx, req::SET_DEFAULT_POLICY_VERSION__UNKNOWN_POLICY, arn, how)?;
    let Some(number) = managed_lookup::version(policy, id).map(|v| v.number) else {
        return Err(managed_lookup::missing(cx, req::SET_DEFAULT_POLICY_VERSION__UNKNOWN_VERSION, arn, how));
    };
    let rule = if number < policy.default { req::SET_DEFAULT_POLICY_VERSION__BACK } else { req::SET_DEFAULT_POLICY_VERSION__MOVES };
    if cx.holds(rule) {
        policy.default = number;
    }
    Ok(Map::new())
}

#[cfg(test)]
#[path = "policy_versions_tests.rs"]
mod tests;
