//! Account-wide lists, cut down to what a case made: other people's things, and other cases', are dropped before comparing.

use serde_json::{Map, Value};

use super::model::{Check, Expect, Node};
use super::vars::Scope;

/// Actions that list a whole account, and the element with the list.
pub const ACCOUNT_WIDE: &[(&str, &str)] = &[
    ("ListUsers", "Users"),
    ("ListGroups", "Groups"),
    ("ListPolicies", "Policies"),
    ("ListServerCertificates", "ServerCertificateMetadataList"),
];

/// Drops from the result of an account-wide list what this case, row and run did not make. Other results stay as they are.
///
/// An item is the case's own when any text in it (name, path, ARN) is; one that is no object stays, so that it is seen to be wrong.
pub fn filter_owned(action: &str, result: &mut Value, scope: &Scope) {
    if let Value::Object(members) = result {
        keep_owned(action, members, Some(scope));
    }
}

/// The same; without a scope nobody owns anything.
pub fn keep_owned(action: &str, result: &mut Map<String, Value>, scope: Option<&Scope>) {
    let Some((_, element)) = ACCOUNT_WIDE.iter().find(|(name, _)| *name == action) else { return };
    if let Some(Value::Array(list)) = result.get_mut(*element) {
        list.retain(|item| match item {
            Value::Object(members) => scope.is_some_and(|s| members.values().filter_map(Value::as_str).any(|text| s.owns(text))),
            _ => true,
        });
    }
}

/// Whether an expectation is about a whole account-wide list: whether it has an item or not can be said of the whole, and only of the
/// whole where the item is not the case's own.
pub fn about_the_whole(action: &str, expect: &Expect) -> bool {
    let Some((_, element)) = ACCOUNT_WIDE.iter().find(|(name, _)| *name == action) else { return false };
    let Some(Check::Members(members)) = expect.result.as_ref().map(|node| &node.check) else { return false };
    members.iter().any(|(name, node)| name == element && names_some(node))
}

/// Whether a list is expected to have items, or not to have them, whatever else is in it.
fn names_some(node: &Node) -> bool {
    match &node.check {
        Check::Charged(_, node) => names_some(node),
        check => matches!(check, Check::Includes(_) | Check::Excludes(_)),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::api::model;
    use crate::case::path;
    use crate::case::vars::tests::scope;

    #[test]
    fn only_own_things_are_left() {
        let s = scope();
        let own = json!({ "UserName": s.render("${user}").unwrap() });
        let moved = json!({ "UserName": "x", "Path": s.render("${path}").unwrap() });
        let mut result = json!({ "Users": [{ "UserName": "admin" }, own, moved, 7], "IsTruncated": false });
        filter_owned("ListUsers", &mut result, &s);
        assert_eq!(result, json!({ "Users": [own, moved, 7], "IsTruncated": false }));
        let mut group = json!({ "Users": [{ "UserName": "admin" }] });
        filter_owned("GetGroup", &mut group, &s);
        assert_eq!(group["Users"].as_array().unwrap().len(), 1);
        filter_owned("ListUsers", &mut json!(null), &s);
    }

    #[test]
    fn the_lists_are_those_of_the_model() {
        for (action, element) in ACCOUNT_WIDE {
            assert!(path::check(model().action(action).unwrap(), &format!("{element}[0].Arn"), false).is_ok(), "{action}");
        }
    }
}
