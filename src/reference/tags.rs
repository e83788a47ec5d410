//! Tags of users, policies and server certificates.

use serde_json::Value;

use super::context::error;
use super::state::fold;
use super::{Account, Cx, Params};
use crate::api::req;
use crate::dialect::ApiError;

/// The tags that a call gives, in order. Validation has seen keys and values; here they are looked at together.
pub(super) fn tags(account: &Account, cx: &Cx<'_>, p: &Params) -> Result<Vec<(String, String)>, ApiError> {
    let text = |tag: &Value, member: &str| tag.get(member).and_then(Value::as_str).unwrap_or_default().to_owned();
    let tags: Vec<(String, String)> = p.list("Tags").iter().map(|tag| (text(tag, "Key"), text(tag, "Value"))).collect();
    let most = account.limit("tags-per-resource");
    cx.enforce(req::TAGS__AT_MOST, tags.len() as u64 > most, || {
        let clause = format!("Member must have length less than or equal to {most}");
        error("ValidationError", format!("1 validation error detected: Value at 'tags' failed to satisfy constraint: {clause}"))
    })?;
    let twice = |same: fn(&str, &str) -> bool| tags.iter().enumerate().any(|(i, (key, _))| tags[..i].iter().any(|(k, _)| same(k, key)));
    let refusal = || error("InvalidInput", "Duplicate tag keys found.");
    cx.enforce(req::TAGS__NO_DUPLICATE_KEYS, twice(|a, b| a == b), refusal)?;
    // Of users only: policies and certificates tell such keys apart.
    let of_a_user = p.action.family == "users";
    cx.enforce(req::TAGS__KEYS_IGNORE_CASE, of_a_user && twice(|a, b| a != b && fold(a) == fold(b)), refusal)?;
    Ok(tags)
}
