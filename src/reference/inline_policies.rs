//! Inline policies of users and groups.

use serde_json::{Map, Value, json};

use super::context::error;
use super::lookup;
use super::managed_lookup::stored;
use super::owner::Owner;
use super::page::page;
use super::policy_document::{self, Use};
use super::{Account, Answer, Cx, Params};
use crate::api::{Req, req};
use crate::dialect::ApiError;

/// The rules of one kind of owner.
struct Rules {
    owner: Owner,
    put_unknown_owner: Req,
    put_overwrites: Req,
    put_size: Req,
    limit: &'static str,
    get_unknown_owner: Req,
    get_unknown_policy: Req,
    get_document: Req,
    delete_unknown_owner: Req,
    delete_unknown_policy: Req,
    delete_removes: Req,
    list_unknown_owner: Req,
    list_inline_only: Req,
}

const USER: Rules = Rules {
    owner: Owner::User,
    put_unknown_owner: req::PUT_USER_POLICY__UNKNOWN_USER,
    put_overwrites: req::PUT_USER_POLICY__OVERWRITES,
    put_size: req::PUT_USER_POLICY__SIZE,
    limit: "user-policy-size",
    get_unknown_owner: req::GET_USER_POLICY__UNKNOWN_USER,
    get_unknown_policy: req::GET_USER_POLICY__UNKNOWN_POLICY,
    get_document: req::GET_USER_POLICY__DOCUMENT,
    delete_unknown_owner: req::DELETE_USER_POLICY__UNKNOWN_USER,
    delete_unknown_policy: req::DELETE_USER_POLICY__UNKNOWN_POLICY,
    delete_removes: req::DELETE_USER_POLICY__REMOVES,
    list_unknown_owner: req::LIST_USER_POLICIES__UNKNOWN_USER,
    list_inline_only: req::LIST_USER_POLICIES__INLINE_ONLY,
};

const GROUP: Rules = Rules {
    owner: Owner::Group,
    put_unknown_owner: req::PUT_GROUP_POLICY__UNKNOWN_GROUP,
    put_overwrites: req::PUT_GROUP_POLICY__OVERWRITES,
    put_size: req::PUT_GROUP_POLICY__SIZE,
    limit: "group-policy-size",
    get_unknown_owner: req::GET_GROUP_POLICY__UNKNOWN_GROUP,
    get_unknown_policy: req::GET_GROUP_POLICY__UNKNOWN_POLICY,
    get_document: req::GET_GROUP_POLICY__DOCUMENT,
    delete_unknown_owner: req::DELETE_GROUP_POLICY__UNKNOWN_GROUP,
    delete_unknown_policy: req::DELETE_GROUP_POLICY__UNKNOWN_POLICY,
    delete_removes: req::DELETE_GROUP_POLICY__REMOVES,
    list_unknown_owner: req::LIST_GROUP_POLICIES__UNKNOWN_GROUP,
    list_inline_only: req::LIST_GROUP_POLICIES__INLINE_ONLY,
};

pub(super) fn put_user(account: &mut Account, cx: &mut Cx<'_>, p: &Params) -> Answer {
    put(&USER, account, cx, p)
}

pub(super) fn put_group(account: &mut Account, cx: &mut Cx<'_>, p: &Params) -> Answer {
    put(&GROUP, account, cx, p)
}

pub(super) fn get_user(account: &mut Account, cx: &mut Cx<'_>, p: &Params) -> Answer {
    get(&USER, account, cx, p)
}

pub(super) fn get_group(account: &mut Account, cx: &mut Cx<'_>, p: &Params) -> Answer {
    get(&GROUP, account, cx, p)
}

pub(super) fn delete_user(account: &mut Account, cx: &mut Cx<'_>, p: &Params) -> Answer {
    delete(&USER, account, cx, p)
}

pub(super) fn delete_group(account: &mut Account, cx: &mut Cx<'_>, p: &Params) -> Answer {
    delete(&GROUP, account, cx, p)
}

pub(super) fn list_user(account: &mut Account, cx: &mut Cx<'_>, p: &Params) -> Answer {
    list(&USER, account, cx, p)
}

pub(super) fn list_group(account: &mut Account, cx: &mut Cx<'_>, p: &Params) -> Answer {
    list(&GROUP, account, cx, p)
}

fn put(rules: &Rules, account: &mut Account, cx: &Cx<'_>, p: &Params) -> Answer {
    let (name, document) = (p.required("PolicyName"), p.required("PolicyDocument"));
    let most = account.limit(rules.limit);
    let holder = rules.owner.find(account, cx, p, rules.put_unknown_owner)?;
    policy_document::check(cx, document, Use::Inline)?;
    let others = holder.inline.iter().filter(|(other, _)| *other != name).map(|(_, text)| policy_document::size(cx, text));
    let sum = others.sum::<u64>() + policy_document::size(cx, document);
    cx.enforce(rules.put_size, sum > most, || {
        let (word, owner) = (rules.owner.word(), holder.name);
        error("LimitExceeded", format!("Maximum policy size of {most} bytes exceeded for {word} {owner}"))
    })?;
    if !holder.inline.contains_key(name) || cx.holds(rules.put_overwrites) {
        holder.inline.insert(name.to_owned(), document.to_owned());
    }
    Ok(Map::new())
}

/// The error for an inline policy that its owner does not have.
fn missing(rules: &Rules, cx: &Cx<'_>, rule: Req, p: &Params) -> ApiError {
    lookup::missing(cx, rule, rules.owner.inline_kind(), p.required("PolicyName"))
}

fn get(rules: &Rules, account: &mut Account, cx: &Cx<'_>, p: &Params) -> Answer {
    let name = p.required("PolicyName");
    let unknown_policy = || missing(rules, cx, rules.get_unknown_policy, p);
    let holder = rules.owner.find(account, cx, p, rules.get_unknown_owner);
    let holder = holder.map_err(|e| if cx.holds(req::INLINE_POLICY__OWNER_FIRST) { e } else { unknown_policy() })?;
    let document = holder.inline.get(name).ok_or_else(unknown_policy)?;
    Ok(Map::from_iter([
        (rules.owner.parameter().to_owned(), json!(holder.name)),
        ("PolicyName".to_owned(), json!(name)),
        ("PolicyDocument".to_owned(), stored(cx, rules.get_document, document)),
    ]))
}

fn delete(rules: &Rules, account: &mut Account, cx: &Cx<'_>, p: &Params) -> Answer {
    let name = p.required("PolicyName");
    let holder = rules.owner.find(account, cx, p, rules.delete_unknown_owner)?;
    if !holder.inline.contains_key(name) {
        return Err(missing(rules, cx, rules.delete_unknown_policy, p));
    }
    if cx.holds(rules.delete_removes) {
        holder.inline.remove(name);
    }
    Ok(Map::new())
}

fn list(rules: &Rules, account: &mut Account, cx: &Cx<'_>, p: &Params) -> Answer {
    let holder = rules.owner.find(account, cx, p, rules.list_unknown_owner)?;
    let mut names: Vec<String> = holder.inline.keys().cloned().collect();
    if !cx.holds(rules.list_inline_only) {
        names.extend(holder.attached.iter().filter_map(|arn| arn.rsplit('/').next()).map(str::to_owned));
    }
    let items = names.into_iter().map(|name| (name.clone(), Value::String(name))).collect();
    page(account, cx, p, items, "PolicyNames")
}

#[cfg(test)]
#[path = "inline_policies_tests.rs"]
mod tests;
