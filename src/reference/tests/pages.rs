//! Pages of lists.

use serde_json::{Map, Value};

use super::{Scenario, World};
use crate::api::{DialectId, model};
use crate::reference::Params;
use crate::reference::page::page as page_of;

pub(super) const ALL: &[(&str, Scenario)] =
    &[("walk", walk), ("ends", ends), ("stable", stable), ("markers", markers), ("empty", empty), ("whole on eim", whole_on_eim)];

/// Nine keys of one user: a list that paginates on every dialect.
fn keys(w: &mut World) -> Vec<Value> {
    w.account.settings.limits.insert("access-keys-per-user".into(), 9);
    w.ok("CreateUser", &[("UserName", "a")]);
    (0..9)
        .map(|_| {
            w.now += 1;
            w.ok("CreateAccessKey", &[("UserName", "a")])["AccessKey"]["AccessKeyId"].clone()
        })
        .collect()
}

fn page(w: &mut World, size: Option<&str>, marker: Option<&str>) -> Value {
    let mut params = vec![("UserName", "a")];
    params.extend(size.map(|n| ("MaxItems", n)));
    params.extend(marker.map(|m| ("Marker", m)));
    w.ok("ListAccessKeys", &params)
}

fn ids(page: &Value) -> Vec<Value> {
    World::each(&page["AccessKeyMetadata"], "AccessKeyId")
}

fn walk(w: &mut World) {
    let all = keys(w);
    for (size, pages) in [(Some("1"), 9), (Some("2"), 5), (Some("9"), 1), (Some("1000"), 1), (None, 3)] {
        let (mut seen, mut count, mut marker) = (Vec::new(), 0, None::<String>);
        loop {
            let answer = page(w, size, marker.as_deref());
            seen.extend(ids(&answer));
            count += 1;
            marker = answer["Marker"].as_str().map(str::to_owned);
            w.same("truncated as long as there is a marker", answer["IsTruncated"].clone(), marker.is_some());
            if marker.is_none() || count > 20 {
                break;
            }
        }
        w.same("pages", count, pages);
        w.same("pages together", seen, all.clone());
    }
}

fn ends(w: &mut World) {
    keys(w);
    let first = page(w, Some("8"), None);
    w.same("more", first["IsTruncated"].clone(), true);
    let marker = first["Marker"].as_str().unwrap_or_default().to_owned();
    w.that("a marker fits its type", (1..=320).contains(&marker.len()));
    let last = page(w, Some("1"), Some(&marker));
    w.same("no more", last["IsTruncated"].clone(), false);
    w.that("no marker at the end", last.get("Marker").is_none());
}

fn stable(w: &mut World) {
    let all = keys(w);
    let first = page(w, Some("4"), None);
    let marker = first["Marker"].as_str().unwrap_or_default().to_owned();
    // The first key goes, and so does the one that the marker names.
    for gone in [&all[0], &all[3]] {
        w.ok("DeleteAccessKey", &[("UserName", "a"), ("AccessKeyId", gone.as_str().unwrap_or_default())]);
    }
    let rest = page(w, Some("1000"), Some(&marker));
    w.same("nothing else is lost", ids(&rest), all[4..].to_vec());
}

fn markers(w: &mut World) {
    keys(w);
    let own = page(w, Some("1"), None)["Marker"].as_str().unwrap_or_default().to_owned();
    let mut damaged = own.clone();
    damaged.pop();
    damaged.push(if own.ends_with('0') { '1' } else { '0' });
    for marker in [damaged.as_str(), "AAAA", "zz", &own.to_uppercase(), &own[..own.len().min(4)]] {
        let text = w.refused("ValidationError", "ListAccessKeys", &[("UserName", "a"), ("Marker", marker)]);
        w.same("text", text, "Invalid Marker.");
    }
    let other = model().action("ListGroupPolicies").expect("in the model");
    let p = Params { action: other, values: Map::from_iter([("Marker".into(), own.into())]) };
    let answer = w.with_cx(|account, cx| page_of(account, cx, &p, Vec::new(), "PolicyNames"));
    w.that("another Action's marker is refused", answer.is_err_and(|e| e.code == "ValidationError"));
}

fn empty(w: &mut World) {
    for (action, list) in [("ListUsers", "Users"), ("ListGroups", "Groups")] {
        let answer = w.ok(action, &[]);
        w.same("the list is there", answer[list].clone(), Value::Array(Vec::new()));
    }
}

fn whole_on_eim(w: &mut World) {
    for name in ["a", "b", "c", "d", "e"] {
        w.ok("CreateUser", &[("UserName", name)]);
    }
    if w.dialect == DialectId::Eim {
        // Neither is a parameter here, so neither is looked at.
        let answer = w.ok("ListUsers", &[("MaxItems", "2"), ("Marker", "nonsense")]);
        w.same("everything at once", World::each(&answer["Users"], "UserName").len(), 5);
        w.that("without IsTruncated", answer.get("IsTruncated").is_none() && answer.get("Marker").is_none());
    } else {
        let answer = w.ok("ListUsers", &[]);
        w.same("the default page", World::each(&answer["Users"], "UserName").len(), 4);
    }
}
