//! Pages of lists: MaxItems, markers, IsTruncated. One implementation for every list Action.
//!
//! A marker names the item to continue after, not a position, so that what is created or deleted between two pages makes nothing
//! else appear twice or go missing. It carries a check sum over account and Action: a marker that was not handed out here is refused.

use data_encoding::HEXLOWER;
use serde_json::{Map, Value};

use super::context::error;
use super::{Account, Answer, Cx, Params};
use crate::api::{Req, req};
use crate::dialect::ApiError;

/// The page of `items` that the call asks for, under `list`. `items` come with their sort key, by which they are ordered here: it
/// must be unique, must not change while the item lives, and is at most 128 bytes long (a marker has 320 characters at most).
/// Where the Action does not paginate on the dialect, the answer is the whole list and nothing else.
pub(super) fn page(account: &Account, cx: &Cx<'_>, p: &Params, mut items: Vec<(String, Value)>, list: &str) -> Answer {
    items.sort_by(|a, b| a.0.cmp(&b.0));
    if !p.action.paginates_on(cx.dialect) {
        if cx.holds(req::PAGINATION__WHOLE_WITHOUT_PAGES) {
            return Ok(tree(cx, items, list));
        }
        let more = items.len() > default_size(account, p);
        items.truncate(default_size(account, p));
        let mut answer = tree(cx, items, list);
        answer.insert("IsTruncated".into(), Value::Bool(more));
        return Ok(answer);
    }
    let start = match p.text("Marker") {
        Some(marker) => start_after(account, cx, p, &items, marker)?,
        None => 0,
    };
    let asked = p.integer("MaxItems").filter(|_| cx.holds(req::PAGINATION__MAX_ITEMS));
    let size = match asked {
        Some(n) => usize::try_from(n).unwrap_or(1).max(1),
        None if cx.holds(req::PAGINATION__DEFAULT_SIZE) => default_size(account, p),
        None => usize::MAX,
    };
    let end = start.saturating_add(size).min(items.len());
    let more = end < items.len();
    let next = items.get(end.wrapping_sub(1)).map(|(key, _)| marker(account, p, end, key));
    items.truncate(end);
    items.drain(..start);

    let mut answer = tree(cx, items, list);
    if more || cx.holds(req::PAGINATION__IS_TRUNCATED_ALWAYS) {
        answer.insert("IsTruncated".into(), Value::Bool(more && cx.holds(req::PAGINATION__IS_TRUNCATED_WHEN_MORE)));
    }
    let wanted = if more { cx.holds(req::PAGINATION__MARKER_WHEN_TRUNCATED) } else { !cx.holds(req::PAGINATION__NO_MARKER_AT_END) };
    if let Some(next) = next.filter(|_| wanted) {
        answer.insert("Marker".into(), Value::String(next));
    }
    Ok(answer)
}

/// Keeps the order of `list` that `rule` promises (and turns it round when the rule is broken).
pub(super) fn ordered(cx: &Cx<'_>, rule: Req, list: &str, mut answer: Map<String, Value>) -> Map<String, Value> {
    if !cx.holds(rule)
        && let Some(Value::Array(items)) = answer.get_mut(list)
    {
        items.reverse();
    }
    answer
}

fn tree(cx: &Cx<'_>, items: Vec<(String, Value)>, list: &str) -> Map<String, Value> {
    let mut answer = Map::new();
    if !items.is_empty() || cx.holds(req::PAGINATION__EMPTY_LIST_IS_THERE) {
        answer.insert(list.to_owned(), items.into_iter().map(|(_, item)| item).collect());
    }
    answer
}

fn default_size(account: &Account, p: &Params) -> usize {
    let limit = if p.action.family == "server-certificates" { "server-certificates-page" } else { "page" };
    usize::try_from(account.limit(limit)).unwrap_or(usize::MAX).max(1)
}

/// Index of the first item after the one that a marker names.
fn start_after(account: &Account, cx: &Cx<'_>, p: &Params, items: &[(String, Value)], marker: &str) -> Result<usize, ApiError> {
    let Some((position, key)) = read(account, cx, p, marker) else {
        return if cx.holds(req::PAGINATION__FOREIGN_MARKER) { Err(error("ValidationError", "Invalid Marker.")) } else { Ok(0) };
    };
    let after = if cx.holds(req::PAGINATION__STABLE) { items.partition_point(|(k, _)| *k <= key) } else { position.min(items.len()) };
    Ok(if !cx.holds(req::PAGINATION__NO_REPEAT) {
        after.saturating_sub(1)
    } else if !cx.holds(req::PAGINATION__NO_GAP) {
        (after + 1).min(items.len())
    } else {
        after
    })
}

/// A marker: check sum, position and key of the last item handed out, in hexadecimal. The position is only used where markers are
/// broken on purpose.
fn marker(account: &Account, p: &Params, position: usize, key: &str) -> String {
    let mut body = u32::try_from(position).unwrap_or(u32::MAX).to_be_bytes().to_vec();
    body.extend_from_slice(key.as_bytes());
    let sum = check_sum(account, &p.action.name, &body);
    HEXLOWER.encode(&[&sum.to_be_bytes(), &body[..]].concat())
}

fn read(account: &Account, cx: &Cx<'_>, p: &Params, marker: &str) -> Option<(usize, String)> {
    // Lower-case only, so that a marker has one spelling.
    let bytes = HEXLOWER.decode(marker.as_bytes()).ok()?;
    let (sum, body) = bytes.split_first_chunk::<8>()?;
    let (position, key) = body.split_first_chunk::<4>()?;
    let sum = u64::from_be_bytes(*sum);
    let own = sum == check_sum(account, &p.action.name, body);
    // Broken: any list Action's marker will do.
    let lent = || crate::api::model().actions.iter().any(|a| sum == check_sum(account, &a.name, body));
    if own || (!cx.holds(req::PAGINATION__MARKER_OF_ANOTHER_ACTION) && lent()) {
        Some((usize::try_from(u32::from_be_bytes(*position)).ok()?, String::from_utf8(key.to_vec()).ok()?))
    } else {
        None
    }
}

/// FNV-1a over the account's key, its number, the Action and the body. It tells damage and strangers, not a determined forger.
fn check_sum(account: &Account, action: &str, body: &[u8]) -> u64 {
    let seed = account.marker_seed.to_be_bytes();
    let parts = [&seed, account.settings.account.as_bytes(), action.as_bytes(), body];
    parts
        .iter()
        .flat_map(|part| part.iter().chain(&[0xff]))
        .fold(0xcbf2_9ce4_8422_2325, |sum: u64, byte| (sum ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}
