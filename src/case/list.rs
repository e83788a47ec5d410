//! Matchers of lists: which items are there, in which order.

use serde_json::Value;

use super::matcher::{Comparison, Difference, check, show};
use super::model::{Check, Node};
use super::vars::Scope;

/// Exactly these items, in any order.
pub(super) fn items(c: &Comparison<'_>, nodes: &[Node], out: &mut Vec<Difference>) {
    let Some(list) = c.list(out) else { return };
    let pairs = pairing(nodes, list, c.scope);
    let missing: Vec<&Node> = pairs.iter().zip(nodes).filter(|(p, _)| p.is_none()).map(|(_, n)| n).collect();
    let spare: Vec<usize> = (0..list.len()).filter(|i| !pairs.contains(&Some(*i))).collect();
    if let ([node], [i]) = (missing.as_slice(), spare.as_slice()) {
        // Most likely the same item with something wrong in it: say what.
        return check(node, Some(&list[*i]), &format!("{}[{i}]", c.path), c.scope, out);
    }
    for node in missing {
        out.push(none_such(c, node, list));
    }
    for i in spare {
        out.push(at(c, i, "no such item".to_owned(), show(&list[i])));
    }
}

/// Exactly these items in this order.
pub(super) fn ordered(c: &Comparison<'_>, nodes: &[Node], out: &mut Vec<Difference>) {
    let Some(list) = c.list(out) else { return };
    for (i, node) in nodes.iter().enumerate() {
        match list.get(i) {
            Some(item) => check(node, Some(item), &format!("{}[{i}]", c.path), c.scope, out),
            None => out.push(at(c, i, describe(node, c.scope), "the end of the list".to_owned())),
        }
    }
    for (i, item) in list.iter().enumerate().skip(nodes.len()) {
        out.push(at(c, i, "the end of the list".to_owned(), show(item)));
    }
}

/// Such items, perhaps among others; one item does not stand for two.
pub(super) fn includes(c: &Comparison<'_>, nodes: &[Node], out: &mut Vec<Difference>) {
    let Some(list) = c.list(out) else { return };
    for (pair, node) in pairing(nodes, list, c.scope).iter().zip(nodes) {
        if pair.is_none() {
            out.push(none_such(c, node, list));
        }
    }
}

/// No such items.
pub(super) fn excludes(c: &Comparison<'_>, nodes: &[Node], out: &mut Vec<Difference>) {
    let Some(list) = c.list(out) else { return };
    for (i, item) in list.iter().enumerate() {
        for node in nodes.iter().filter(|n| fits(n, item, c.scope)) {
            out.push(at(c, i, format!("no item like {}", describe(node, c.scope)), show(item)));
        }
    }
}

/// In order of a member, or of the items themselves, ignoring case.
pub(super) fn sorted(c: &Comparison<'_>, member: &str, out: &mut Vec<Difference>) {
    let Some(list) = c.list(out) else { return };
    let key = |item: &Value| {
        let key = if member.is_empty() { Some(item) } else { item.get(member) };
        key.and_then(Value::as_str).map(str::to_lowercase)
    };
    let order = if member.is_empty() { "order".to_owned() } else { format!("order of {member}") };
    let mut last: Option<String> = None;
    for (i, item) in list.iter().enumerate() {
        match key(item) {
            Some(key) if last.as_ref().is_some_and(|last| *last > key) => {
                out.push(at(c, i, format!("the items in {order}"), format!("{key:?} after {:?}", last.unwrap_or_default())));
                return;
            }
            Some(key) => last = Some(key),
            None => return out.push(at(c, i, format!("a text to put in {order}"), show(item))),
        }
    }
}

/// Which item each node takes, so that as many nodes as possible have one (a maximum matching by augmenting paths: a node that fits
/// everything must not take the only item that fits another).
fn pairing(nodes: &[Node], list: &[Value], scope: &Scope) -> Vec<Option<usize>> {
    let fitting: Vec<Vec<usize>> = nodes.iter().map(|n| (0..list.len()).filter(|i| fits(n, &list[*i], scope)).collect()).collect();
    let mut taken_by: Vec<Option<usize>> = vec![None; list.len()];
    for node in 0..nodes.len() {
        augment(node, &fitting, &mut taken_by, &mut vec![false; list.len()]);
    }
    let mut pairs = vec![None; nodes.len()];
    for (item, node) in taken_by.iter().enumerate() {
        if let Some(node) = node {
            pairs[*node] = Some(item);
        }
    }
    pairs
}

fn augment(node: usize, fitting: &[Vec<usize>], taken_by: &mut [Option<usize>], seen: &mut [bool]) -> bool {
    for &item in &fitting[node] {
        if std::mem::replace(&mut seen[item], true) {
            continue;
        }
        let free = match taken_by[item] {
            Some(other) => augment(other, fitting, taken_by, seen),
            None => true,
        };
        if free {
            taken_by[item] = Some(node);
            return true;
        }
    }
    false
}

fn fits(node: &Node, item: &Value, scope: &Scope) -> bool {
    let mut out = Vec::new();
    check(node, Some(item), "", scope, &mut out);
    out.is_empty()
}

fn at(c: &Comparison<'_>, index: usize, expected: String, actual: String) -> Difference {
    Difference { path: format!("{}[{index}]", c.path), ..c.difference(expected, actual) }
}

fn none_such(c: &Comparison<'_>, node: &Node, list: &[Value]) -> Difference {
    let actual = match list.len() {
        0 => "an empty list".to_owned(),
        n => format!("none of {n} items: {}", c.seen()),
    };
    Difference { loc: node.loc.clone(), ..c.difference(format!("an item like {}", describe(node, c.scope)), actual) }
}

/// What a node expects, as short as the case file says it.
fn describe(node: &Node, scope: &Scope) -> String {
    let value = |v: &Value| show(&scope.render_value(v).unwrap_or_else(|_| v.clone()));
    let text = |t: &str| scope.render(t).unwrap_or_else(|_| t.to_owned());
    let list = |nodes: &[Node]| nodes.iter().map(|n| describe(n, scope)).collect::<Vec<_>>().join(", ");
    match &node.check {
        Check::Equals(v) => value(v),
        Check::Members(members) => {
            let members: Vec<String> = members.iter().map(|(name, n)| format!("{name}: {}", describe(n, scope))).collect();
            format!("{{{}}}", members.join(", "))
        }
        Check::Matches(pattern) => format!("/{}/", text(pattern)),
        Check::Near(date) => format!("a date within a second of {}", text(date)),
        Check::OneOf(values) => values.iter().map(value).collect::<Vec<_>>().join(" or "),
        Check::Not(v) => format!("not {}", value(v)),
        Check::Present => "anything".to_owned(),
        Check::Absent => "absent".to_owned(),
        Check::AbsentOrEmpty => "absent or empty".to_owned(),
        Check::Optional(inner) => format!("absent or {}", describe(inner, scope)),
        Check::Charged(_, inner) => describe(inner, scope),
        Check::SameJson(t) => format!("JSON {}", show(&Value::String(text(t)))),
        Check::SamePem(_) => "a PEM text".to_owned(),
        Check::Sorted(_) => "a sorted list".to_owned(),
        Check::Count(n) => format!("{} items", text(n)),
        Check::Items(nodes) | Check::Ordered(nodes) => format!("[{}]", list(nodes)),
        Check::Includes(nodes) => format!("a list with {}", list(nodes)),
        Check::Excludes(nodes) => format!("a list without {}", list(nodes)),
        Check::All(nodes) => nodes.iter().map(|n| describe(n, scope)).collect::<Vec<_>>().join(" and "),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::case::vars::tests::scope;
    use crate::verdict::Loc;

    fn node(check: Check) -> Node {
        Node { check, loc: Loc::default() }
    }

    fn equals(values: &[&str]) -> Vec<Node> {
        values.iter().map(|v| node(Check::Equals(json!(v)))).collect()
    }

    fn differences(check_: Check, actual: Value) -> Vec<String> {
        let mut out = Vec::new();
        check(&node(check_), Some(&actual), "L", &scope(), &mut out);
        out.into_iter().map(|d| format!("{} | {} | {}", d.path, d.expected, d.actual)).collect()
    }

    #[test]
    fn items_in_any_order() {
        assert!(differences(Check::Items(equals(&["a", "b"])), json!(["b", "a"])).is_empty());
        assert_eq!(differences(Check::Items(equals(&["a", "b"])), json!(["c", "a"])), ["L[0] | \"b\" | \"c\""]);
        assert_eq!(differences(Check::Items(equals(&["a"])), json!([])), ["L | an item like \"a\" | an empty list"]);
        assert_eq!(differences(Check::Items(vec![]), json!(["a"])), ["L[0] | no such item | \"a\""]);
        assert_eq!(differences(Check::Items(equals(&["a", "a"])), json!(["a"])).len(), 1);
        assert_eq!(differences(Check::Items(vec![]), json!({})), ["L | a list | {}"]);
    }

    #[test]
    fn a_greedy_node_leaves_the_only_item_to_another() {
        let nodes = vec![node(Check::Present), node(Check::Present), node(Check::Equals(json!("a")))];
        assert!(differences(Check::Items(nodes), json!(["a", "b", "c"])).is_empty());
    }

    #[test]
    fn one_wrong_item_is_looked_into() {
        let user = node(Check::Members(vec![("Path".into(), node(Check::Equals(json!("/")))), ("Id".into(), node(Check::Present))]));
        assert_eq!(differences(Check::Items(vec![user]), json!([{ "Path": "/x/", "Id": "1" }])), ["L[0].Path | \"/\" | \"/x/\""]);
    }

    #[test]
    fn order_and_length() {
        assert!(differences(Check::Ordered(equals(&["a", "b"])), json!(["a", "b"])).is_empty());
        assert_eq!(differences(Check::Ordered(equals(&["a", "b"])), json!(["b", "a"])).len(), 2);
        assert_eq!(differences(Check::Ordered(equals(&["a"])), json!(["a", "b"])), ["L[1] | the end of the list | \"b\""]);
        assert_eq!(differences(Check::Ordered(equals(&["a", "b"])), json!(["a"])), ["L[1] | \"b\" | the end of the list"]);
        assert!(differences(Check::Sorted("N".into()), json!([{ "N": "a" }, { "N": "B" }, { "N": "b" }])).is_empty());
        assert_eq!(differences(Check::Sorted(String::new()), json!(["b", "A"])), ["L[1] | the items in order | \"a\" after \"b\""]);
        assert_eq!(differences(Check::Sorted("N".into()), json!([{}])).len(), 1);
        assert_eq!(differences(Check::Count("${limit.access-keys-per-user}".into()), json!([1])), ["L | 2 items | 1 items: [1]"]);
    }

    #[test]
    fn inclusion_and_exclusion() {
        assert!(differences(Check::Includes(equals(&["a"])), json!(["b", "a"])).is_empty());
        assert_eq!(differences(Check::Includes(equals(&["a", "a"])), json!(["b", "a"])).len(), 1);
        assert!(differences(Check::Excludes(equals(&["a"])), json!(["b"])).is_empty());
        assert_eq!(differences(Check::Excludes(equals(&["a"])), json!(["b", "a"])), ["L[1] | no item like \"a\" | \"a\""]);
    }
}
