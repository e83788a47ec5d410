//! Follows the markers of a list to its end, and makes one result of the pages.

use serde_json::{Map, Value};

use super::session::{Manner, Sent, Session, SessionError};
use crate::api::{Action, Type, req};
use crate::case::path::PAGES;
use crate::dialect::{Call, Outcome};

/// Pages of a list that are followed at most: more than an account to test on has, even in pages of one item.
const MOST: usize = 5_000;

/// Pages without an item, one after the other: a target may filter after it has cut its pages, but not for ever.
const MOST_EMPTY: usize = 50;

/// Sends `call` and, for as long as the answers are truncated, the calls for the pages after it. What comes back is the last exchange,
/// its result replaced by the whole: the lists of all pages joined, and the single pages as `Pages`. Every exchange but the last goes
/// to `each`. Markers that lead nowhere are said in the last one's `astray`.
///
/// # Errors
/// As [`Session::call`].
pub async fn follow(
    session: &Session,
    action: &Action,
    call: &Call,
    manner: &Manner<'_>,
    mut each: impl FnMut(&Sent, &Call),
) -> Result<(Sent, Call), SessionError> {
    let mut pages: Vec<Map<String, Value>> = Vec::new();
    let mut markers: Vec<String> = Vec::new();
    let mut next = call.clone();
    let mut empty = 0;
    loop {
        let mut sent = session.call(&next, manner).await?;
        let Some(Ok(Outcome::Success(page))) = sent.reply.as_ref().map(|r| &r.outcome) else { return Ok((sent, next)) };
        let truncated = page.get("IsTruncated") == Some(&Value::Bool(true));
        let marker = page.get("Marker").and_then(Value::as_str).filter(|m| !m.is_empty()).map(str::to_owned);
        let items: usize = page.values().filter_map(Value::as_array).map(Vec::len).sum();
        empty = if items == 0 { empty + 1 } else { 0 };
        pages.push(page.clone());
        let ends = req::TRANSPORT__PAGES_END;
        sent.astray = match &marker {
            _ if !truncated => None,
            None => Some((req::PAGINATION__MARKER_WHEN_TRUNCATED, "IsTruncated is true and there is no Marker".to_owned())),
            Some(marker) if markers.contains(marker) => {
                Some((ends, format!("page {} ends with the marker of an earlier page", pages.len())))
            }
            _ if pages.len() >= MOST || empty >= MOST_EMPTY => {
                Some((ends, format!("it goes on after {} pages, the last {empty} of them without an item", pages.len())))
            }
            Some(_) => None,
        };
        match marker.filter(|_| truncated && sent.astray.is_none()) {
            Some(marker) => {
                each(&sent, &next);
                markers.push(marker.clone());
                next = call.clone();
                next.params.retain(|(name, _)| name != "Marker");
                next = next.with("Marker", marker);
            }
            None => {
                if let Some(reply) = &mut sent.reply {
                    reply.outcome = Ok(Outcome::Success(whole(action, pages)));
                }
                return Ok((sent, next));
            }
        }
    }
}

/// The first page with the lists of all pages in it.
fn whole(action: &Action, pages: Vec<Map<String, Value>>) -> Map<String, Value> {
    let mut whole = pages.first().cloned().unwrap_or_default();
    for list in action.response.iter().filter(|m| matches!(m.ty, Type::List(_))) {
        let mut items = Vec::new();
        for page in &pages {
            items.extend(page.get(&list.name).and_then(Value::as_array).cloned().unwrap_or_default());
        }
        if pages.iter().any(|page| page.get(&list.name).is_some_and(Value::is_array)) {
            whole.insert(list.name.clone(), Value::Array(items));
        }
    }
    if let Some(last) = pages.last() {
        for name in ["IsTruncated", "Marker"] {
            match last.get(name) {
                Some(value) => drop(whole.insert(name.into(), value.clone())),
                None => drop(whole.remove(name)),
            }
        }
    }
    whole.insert(PAGES.into(), Value::Array(pages.into_iter().map(Value::Object).collect()));
    whole
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::api::model;

    #[test]
    fn pages_become_one_result() {
        let page = |v: Value| v.as_object().cloned().expect("an object");
        let action = model().action("ListUsers").expect("an Action");
        let first = page(json!({ "Users": [{ "UserName": "a" }], "IsTruncated": true, "Marker": "m" }));
        let last = page(json!({ "Users": [{ "UserName": "b" }], "IsTruncated": false }));
        let result = whole(action, vec![first.clone(), last.clone()]);
        assert_eq!(result["Users"], json!([{ "UserName": "a" }, { "UserName": "b" }]));
        assert_eq!(result["IsTruncated"], json!(false));
        assert!(!result.contains_key("Marker"));
        assert_eq!(result[PAGES], json!([first, last]));
        assert!(!whole(action, vec![page(json!({}))]).contains_key("Users"), "a list that no page has stays absent");
    }
}
