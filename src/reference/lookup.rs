//! How an Action finds what a call names, and what it answers when that does not exist.
//!
//! A look-up takes the rule that it enforces, so that each Action's "unknown name" is a requirement of its own.

use super::context::error;
use super::state::{Group, User, fold};
use super::{Account, Cx};
use crate::api::{Req, req};
use crate::dialect::ApiError;

/// What is missing, for [`missing`]: the words that the API's texts use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    User,
    Group,
    UserPolicy,
    GroupPolicy,
    ServerCertificate,
    AccessKey,
}

impl Kind {
    fn words(self) -> (&'static str, &'static str) {
        match self {
            Kind::User => ("user", "name"),
            Kind::Group => ("group", "name"),
            Kind::UserPolicy => ("user policy", "name"),
            Kind::GroupPolicy => ("group policy", "name"),
            Kind::ServerCertificate => ("Server Certificate", "name"),
            Kind::AccessKey => ("Access Key", "id"),
        }
    }
}

/// The error for a name (or key id) that nothing has; `name` as sent. With `rule` broken it is the answer of a server that never
/// looked and fell over.
pub(super) fn missing(cx: &Cx<'_>, rule: Req, kind: Kind, name: &str) -> ApiError {
    let (what, by) = kind.words();
    let message = if cx.holds(req::NAMES__NOT_FOUND_TEXT) {
        format!("The {what} with {by} {name} cannot be found.")
    } else {
        "Not found.".to_owned()
    };
    not_found(cx, rule, message)
}

/// The same for what has a text of its own, such as managed policies.
pub(super) fn not_found(cx: &Cx<'_>, rule: Req, message: String) -> ApiError {
    if cx.holds(rule) {
        error("NoSuchEntity", message)
    } else {
        error("ServiceFailure", "The request processing has failed because of an unknown error.")
    }
}

/// Key in [`Account::users`] of the user that `name` means. Names ignore case.
pub(super) fn user_key(account: &Account, cx: &Cx<'_>, name: &str, rule: Req) -> Result<String, ApiError> {
    let key = fold(name);
    let found = account.users.get(&key).filter(|u| u.name == name || cx.holds(req::NAMES__USER_IGNORES_CASE));
    if found.is_some() { Ok(key) } else { Err(missing(cx, rule, Kind::User, name)) }
}

/// The user that `name` means; else the error that `rule` is about.
pub(super) fn user<'a>(account: &'a Account, cx: &Cx<'_>, name: &str, rule: Req) -> Result<&'a User, ApiError> {
    let key = user_key(account, cx, name, rule)?;
    account.users.get(&key).ok_or_else(|| missing(cx, rule, Kind::User, name))
}

/// The same, to be changed.
pub(super) fn user_mut<'a>(account: &'a mut Account, cx: &Cx<'_>, name: &str, rule: Req) -> Result<&'a mut User, ApiError> {
    let key = user_key(account, cx, name, rule)?;
    account.users.get_mut(&key).ok_or_else(|| missing(cx, rule, Kind::User, name))
}

/// Key in [`Account::groups`] of the group that `name` means. Names ignore case.
pub(super) fn group_key(account: &Account, cx: &Cx<'_>, name: &str, rule: Req) -> Result<String, ApiError> {
    let key = fold(name);
    let found = account.groups.get(&key).filter(|g| g.name == name || cx.holds(req::NAMES__GROUP_IGNORES_CASE));
    if found.is_some() { Ok(key) } else { Err(missing(cx, rule, Kind::Group, name)) }
}

/// The group that `name` means; else the error that `rule` is about.
pub(super) fn group<'a>(account: &'a Account, cx: &Cx<'_>, name: &str, rule: Req) -> Result<&'a Group, ApiError> {
    let key = group_key(account, cx, name, rule)?;
    account.groups.get(&key).ok_or_else(|| missing(cx, rule, Kind::Group, name))
}

/// The same, to be changed.
pub(super) fn group_mut<'a>(account: &'a mut Account, cx: &Cx<'_>, name: &str, rule: Req) -> Result<&'a mut Group, ApiError> {
    let key = group_key(account, cx, name, rule)?;
    account.groups.get_mut(&key).ok_or_else(|| missing(cx, rule, Kind::Group, name))
}

/// Key in [`Account::policies`] of the account's own policy with that ARN, which must be equal to the letter.
pub(super) fn policy_key<'a>(account: &'a Account, arn: &str) -> Option<&'a str> {
    let (key, policy) = account.policies.get_key_value(&fold(arn.rsplit('/').next()?))?;
    (account.arn("policy", &policy.path, &policy.name) == arn).then_some(key)
}
