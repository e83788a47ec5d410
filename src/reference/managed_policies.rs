//! Managed policies: CreatePolicy, GetPolicy, ListPolicies, DeletePolicy.

use serde_json::{Map, Value};

use super::context::error;
use super::managed_lookup::{self, Missing, Shown};
use super::page::page;
use super::policy_document::{self, Use};
use super::state::{Policy, PolicyVersion, fold};
use super::{Account, Answer, Cx, Params};
use super::{provider_policies, tags};
use crate::api::{DialectId, Req, req};
use crate::dialect::ApiError;

/// An answer with one element.
pub(super) fn answer(name: &str, value: Value) -> Map<String, Value> {
    Map::from_iter([(name.to_owned(), value)])
}

/// Refuses a document that is too long for a managed policy.
pub(super) fn document_size(account: &Account, cx: &Cx<'_>, rule: Req, document: &str) -> Result<(), ApiError> {
    let most = account.limit("policy-size");
    cx.enforce(rule, policy_document::size(cx, document) > most, || {
        error("LimitExceeded", format!("Cannot exceed quota for PolicySize: {most}"))
    })
}

pub(super) fn create(account: &mut Account, cx: &mut Cx<'_>, p: &Params) -> Answer {
    let (name, document) = (p.required("PolicyName"), p.required("PolicyDocument"));
    let tags = tags::tags(account, cx, p)?;
    if p.text("Description") == Some("") && !cx.holds(req::CREATE_POLICY__EMPTY_DESCRIPTION) {
        return Err(error("ValidationError", "1 validation error detected: Value at 'description' must not be empty"));
    }
    policy_document::check(cx, document, Use::Managed)?;
    document_size(account, cx, req::CREATE_POLICY__DOCUMENT_SIZE, document)?;
    let path = p.text("Path").filter(|_| cx.holds(req::CREATE_POLICY__PATH)).unwrap_or("/");
    if let Some(other) = account.policies.get(&fold(name)) {
        let taken = || error("EntityAlreadyExists", format!("A policy called {name} already exists. Duplicate names are not allowed."));
        let rule = if other.name != name {
            req::CREATE_POLICY__NAME_IGNORES_CASE
        } else if other.path != path {
            req::CREATE_POLICY__NAME_UNIQUE_OVER_PATHS
        } else {
            req::CREATE_POLICY__NAME_UNIQUE
        };
        cx.enforce(rule, true, taken)?;
    }
    let most = account.limit("policies");
    cx.enforce(req::CREATE_POLICY__QUOTA, account.policies.len() as u64 >= most, || {
        error("LimitExceeded", format!("Cannot exceed quota for Policies: {most}"))
    })?;
    let first = if cx.holds(req::CREATE_POLICY__FIRST_VERSION) { 1 } else { 2 };
    let policy = Policy {
        id: cx.ids.unique_id("ANPA", cx.dialect),
        name: name.to_owned(),
        path: path.to_owned(),
        description: p.text("Description").map(str::to_owned),
        tags,
        created: cx.now,
        updated: if cx.holds(req::CREATE_POLICY__UPDATE_DATE) { cx.now } else { 0 },
        versions: vec![PolicyVersion { number: first, document: document.to_owned(), created: cx.now }],
        default: first,
        next: first + 1,
    };
    let arn = account.arn("policy", &policy.path, &policy.name);
    let shown = managed_lookup::tree(account, cx, &arn, &policy, Shown::Created);
    account.policies.insert(fold(name), policy);
    Ok(answer("Policy", shown))
}

pub(super) fn get(account: &mut Account, cx: &mut Cx<'_>, p: &Params) -> Answer {
    let arn = p.required("PolicyArn");
    let policy = managed_lookup::find(account, cx, arn)
        .ok_or_else(|| managed_lookup::missing(cx, req::GET_POLICY__UNKNOWN_POLICY, arn, Missing::NotFound))?;
    Ok(answer("Policy", managed_lookup::tree(account, cx, arn, policy, Shown::Alone)))
}

/// Which owners' policies a value of Scope asks for: the account's own, the provider's.
fn scope(cx: &Cx<'_>, value: Option<&str>) -> (bool, bool) {
    match value {
        Some("Local" | "local") => (true, !cx.holds(req::LIST_POLICIES__SCOPE_LOCAL)),
        Some("AWS" | "OWS" | "ECS") => (!cx.holds(req::LIST_POLICIES__SCOPE_PROVIDER), true),
        Some(_) => (true, cx.holds(req::LIST_POLICIES__SCOPE_ALL)),
        None => (true, cx.holds(req::LIST_POLICIES__SCOPE_DEFAULT)),
    }
}

pub(super) fn list(account: &mut Account, cx: &mut Cx<'_>, p: &Params) -> Answer {
    let (own, provided) = scope(cx, p.text("Scope"));
    let own = account.policies.values().filter(|_| own).map(|policy| (account.arn("policy", &policy.path, &policy.name), policy));
    let provided = provider_policies::all(cx.dialect).iter().filter(|_| provided).map(|(arn, policy)| (arn.clone(), policy));
    let only_attached = p.boolean("OnlyAttached") == Some(true) && cx.holds(req::LIST_POLICIES__ONLY_ATTACHED);
    let prefix = p.text("PathPrefix").filter(|_| cx.holds(req::LIST_POLICIES__PATH_PREFIX)).unwrap_or("/");
    let usage = p.text("PolicyUsageFilter").filter(|_| cx.holds(req::LIST_POLICIES__USAGE_FILTER));
    let wanted = |arn: &str, policy: &Policy| {
        let (attached, boundary) = (account.attachments(arn) > 0, account.boundary_uses(arn) > 0);
        let used = match usage {
            Some("PermissionsBoundary") => boundary,
            Some(_) => attached || !boundary,
            None => true,
        };
        used && (attached || !only_attached) && policy.path.starts_with(prefix)
    };
    let items = own.chain(provided).filter(|(arn, policy)| wanted(arn, policy));
    let items = items
        .map(|(arn, policy)| (managed_lookup::sort_key(cx, &arn, policy), managed_lookup::tree(account, cx, &arn, policy, Shown::Listed)));
    page(account, cx, p, items.collect(), "Policies")
}

pub(super) fn delete(account: &mut Account, cx: &mut Cx<'_>, p: &Params) -> Answer {
    let arn = p.required("PolicyArn");
    managed_lookup::refuse_provider_owned(cx, req::DELETE_POLICY__PROVIDER_OWNED, arn, "delete")?;
    let (attached, boundary) = (account.attachments(arn) > 0, account.boundary_uses(arn) > 0 && cx.dialect != DialectId::Eim);
    let policy = managed_lookup::own(account, cx, req::DELETE_POLICY__UNKNOWN_POLICY, arn, Missing::NotFound)?;
    let in_use = || error("DeleteConflict", "Cannot delete a policy attached to entities.");
    cx.enforce(req::DELETE_POLICY__NOT_ATTACHED, attached, in_use)?;
    cx.enforce(req::DELETE_POLICY__NOT_A_BOUNDARY, boundary, in_use)?;
    cx.enforce(req::DELETE_POLICY__NO_OTHER_VERSIONS, policy.versions.len() > 1, || {
        let text = "This policy has more than one version. Before you delete a policy, you must delete the policy's versions.";
        error("DeleteConflict", format!("{text} The default version is deleted with the policy."))
    })?;
    if !cx.holds(req::DELETE_POLICY__TAKES_DEFAULT_VERSION) {
        return Err(error("DeleteConflict", "This policy has versions."));
    }
    let key = fold(&policy.name);
    if cx.holds(req::DELETE_POLICY__REMOVES) {
        account.policies.remove(&key);
        // Attachments and boundaries can be left only where the rules above are broken; nothing may point into the void.
        account.users.values_mut().for_each(|u| _ = u.attached.remove(arn));
        account.groups.values_mut().for_each(|g| _ = g.attached.remove(arn));
    }
    Ok(Map::new())
}

#[cfg(test)]
#[path = "managed_policies_tests.rs"]
mod tests;
