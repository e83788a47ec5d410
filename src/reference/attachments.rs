//! Attaching managed policies to users and groups.

use serde_json::{Map, json};

use super::context::error;
use super::managed_lookup::{self, Missing};
use super::owner::Owner;
use super::page::page;
use super::{Account, Answer, Cx, Params};
use crate::api::{Req, req};

/// The rules of one kind of owner.
struct Rules {
    owner: Owner,
    attach_unknown_owner: Req,
    attach_unknown_policy: Req,
    attach_idempotent: Req,
    attach_at_most: Req,
    limit: &'static str,
    quota: &'static str,
    detach_unknown_owner: Req,
    detach_not_attached: Req,
    detach_removes: Req,
    list_unknown_owner: Req,
    list_own_only: Req,
    list_path_prefix: Req,
}

const USER: Rules = Rules {
    owner: Owner::User,
    attach_unknown_owner: req::ATTACH_USER_POLICY__UNKNOWN_USER,
    attach_unknown_policy: req::ATTACH_USER_POLICY__UNKNOWN_POLICY,
    attach_idempotent: req::ATTACH_USER_POLICY__IDEMPOTENT,
    attach_at_most: req::ATTACH_USER_POLICY__AT_MOST,
    limit: "attached-policies-per-user",
    quota: "PoliciesPerUser",
    detach_unknown_owner: req::DETACH_USER_POLICY__UNKNOWN_USER,
    detach_not_attached: req::DETACH_USER_POLICY__NOT_ATTACHED,
    detach_removes: req::DETACH_USER_POLICY__REMOVES,
    list_unknown_owner: req::LIST_ATTACHED_USER_POLICIES__UNKNOWN_USER,
    list_own_only: req::LIST_ATTACHED_USER_POLICIES__OWN_ONLY,
    list_path_prefix: req::LIST_ATTACHED_USER_POLICIES__PATH_PREFIX,
};

const GROUP: Rules = Rules {
    owner: Owner::Group,
    attach_unknown_owner: req::ATTACH_GROUP_POLICY__UNKNOWN_GROUP,
    attach_unknown_policy: req::ATTACH_GROUP_POLICY__UNKNOWN_POLICY,
    attach_idempotent: req::ATTACH_GROUP_POLICY__IDEMPOTENT,
    attach_at_most: req::ATTACH_GROUP_POLICY__AT_MOST,
    limit: "attached-policies-per-group",
    quota: "PoliciesPerGroup",
    detach_unknown_owner: req::DETACH_GROUP_POLICY__UNKNOWN_GROUP,
    detach_not_attached: req::DETACH_GROUP_POLICY__NOT_ATTACHED,
    detach_removes: req::DETACH_GROUP_POLICY__REMOVES,
    list_unknown_owner: req::LIST_ATTACHED_GROUP_POLICIES__UNKNOWN_GROUP,
    list_own_only: req::LIST_ATTACHED_GROUP_POLICIES__OWN_ONLY,
    list_path_prefix: req::LIST_ATTACHED_GROUP_POLICIES__PATH_PREFIX,
};

pub(super) fn attach_user(account: &mut Account, cx: &mut Cx<'_>, p: &Params) -> Answer {
    attach(&USER, account, cx, p)
}

pub(super) fn attach_group(account: &mut Account, cx: &mut Cx<'_>, p: &Params) -> Answer {
    attach(&GROUP, account, cx, p)
}

pub(super) fn detach_user(account: &mut Account, cx: &mut Cx<'_>, p: &Params) -> Answer {
    detach(&USER, account, cx, p)
}

pub(super) fn detach_group(account: &mut Account, cx: &mut Cx<'_>, p: &Params) -> Answer {
    detach(&GROUP, account, cx, p)
}

pub(super) fn list_user(account: &mut Account, cx: &mut Cx<'_>, p: &Params) -> Answer {
    list(&USER, account, cx, p)
}

pub(super) fn list_group(account: &mut Account, cx: &mut Cx<'_>, p: &Params) -> Answer {
    list(&GROUP, account, cx, p)
}

fn attach(rules: &Rules, account: &mut Account, cx: &Cx<'_>, p: &Params) -> Answer {
    let arn = p.required("PolicyArn");
    let known = managed_lookup::find(account, cx, arn).is_some();
    let missing = || managed_lookup::missing(cx, rules.attach_unknown_policy, arn, Missing::NotAttachable);
    if !known && !cx.holds(req::MANAGED_POLICY__OWNER_FIRST) {
        return Err(missing());
    }
    let most = account.limit(rules.limit);
    let holder = rules.owner.find(account, cx, p, rules.attach_unknown_owner)?;
    if !known {
        return Err(missing());
    }
    if holder.attached.contains(arn) {
        let again = || error("EntityAlreadyExists", format!("Policy {arn} is already attached."));
        return if cx.holds(rules.attach_idempotent) { Ok(Map::new()) } else { Err(again()) };
    }
    cx.enforce(rules.attach_at_most, holder.attached.len() as u64 >= most, || {
        error("LimitExceeded", format!("Cannot exceed quota for {}: {most}", rules.quota))
    })?;
    holder.attached.insert(arn.to_owned());
    Ok(Map::new())
}

fn detach(rules: &Rules, account: &mut Account, cx: &Cx<'_>, p: &Params) -> Answer {
    let arn = p.required("PolicyArn");
    let holder = rules.owner.find(account, cx, p, rules.detach_unknown_owner)?;
    if !holder.attached.contains(arn) && cx.holds(rules.detach_not_attached) {
        return Err(managed_lookup::missing(cx, rules.detach_not_attached, arn, Missing::NotFound));
    }
    if cx.holds(rules.detach_removes) {
        holder.attached.remove(arn);
    }
    Ok(Map::new())
}

fn list(rules: &Rules, account: &mut Account, cx: &Cx<'_>, p: &Params) -> Answer {
    let mut attached = rules.owner.find(account, cx, p, rules.list_unknown_owner)?.attached.clone();
    if !cx.holds(rules.list_own_only) {
        let of_all = account.users.values().map(|u| &u.attached).chain(account.groups.values().map(|g| &g.attached));
        attached = of_all.flatten().cloned().collect();
    }
    let prefix = p.text("PathPrefix").filter(|_| cx.holds(rules.list_path_prefix)).unwrap_or("/");
    let policies = attached.iter().filter_map(|arn| Some((arn, managed_lookup::find(account, cx, arn)?)));
    let items = policies
        .filter(|(_, policy)| policy.path.starts_with(prefix))
        .map(|(arn, policy)| (managed_lookup::sort_key(cx, arn, policy), json!({ "PolicyName": policy.name, "PolicyArn": arn })));
    page(account, cx, p, items.collect(), "AttachedPolicies")
}

#[cfg(test)]
#[path = "attachments_tests.rs"]
mod tests;
