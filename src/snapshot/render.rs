//! A result tree as lines, beside the API model: a line for each value, in the order of paths.

use std::mem::{replace, take};

use serde_json::{Map, Value};

use super::mask::{Masks, Place, arn_parts};
use super::refs::Unknown;
use super::transcript::Line;
use crate::api::{Action, Member, Type, model};
use crate::case::Scope;
use crate::case::owned::{ACCOUNT_WIDE, keep_owned};
use crate::case::path::PAGES;
use crate::dialect::Call;
use crate::dialect::shape::promises_order;

/// Counts that go up and down with what others do, where the thing counted belongs to the provider.
const SHARED_COUNTS: [&str; 2] = ["AttachmentCount", "PermissionsBoundaryUsageCount"];

/// The result of a successful call of `action`.
pub fn result(masks: &mut Masks<'_>, action: &Action, call: &Call, tree: &Map<String, Value>, scope: &Scope) -> Vec<Line> {
    let mut tree = tree.clone();
    let pages = tree.remove(PAGES).and_then(|pages| pages.as_array().map(Vec::len));
    keep_owned(&action.name, &mut tree, Some(scope));
    let narrowed = call.param("PathPrefix").is_some_and(|prefix| scope.owns(prefix));
    let shared = !narrowed && ACCOUNT_WIDE.iter().any(|(name, _)| *name == action.name);
    let cut = call.param("Marker").is_some() || call.param("MaxItems").is_some() || tree.get("IsTruncated") == Some(&Value::Bool(true));
    let mut walk = Walk {
        masks,
        scope,
        creates: action.name.starts_with("Create") || action.name.starts_with("Upload"),
        version_of: call.param("PolicyArn").map(str::to_owned),
        part: pages.is_none() && cut,
        shared,
        whole: pages.is_some(),
        unknown: Unknown::Number,
        lines: Vec::new(),
    };
    walk.members(&action.response, &tree, "", None);
    let mut lines = walk.lines;
    if let Some(count) = pages.filter(|_| !shared) {
        lines.push(Line { path: PAGES.to_owned(), text: counted(count) });
    }
    lines
}

struct Walk<'a, 'm> {
    masks: &'a mut Masks<'m>,
    scope: &'a Scope,
    /// The Action makes the thing that it answers.
    creates: bool,
    /// The policy whose versions these are.
    version_of: Option<String>,
    /// The lists are single pages.
    part: bool,
    /// The list has things of others, and it depends on them what is on a page.
    shared: bool,
    /// The lists are all pages together.
    whole: bool,
    unknown: Unknown,
    lines: Vec<Line>,
}

impl Walk<'_, '_> {
    fn push(&mut self, path: &str, text: impl Into<String>) {
        self.lines.push(Line { path: path.to_owned(), text: text.into() });
    }

    fn members(&mut self, declared: &[Member], tree: &Map<String, Value>, path: &str, structure: Option<&str>) {
        let text = |name: &str| tree.get(name).and_then(Value::as_str);
        let id = declared.iter().find(|m| matches!(&m.ty, Type::Scalar(ty) if ty == "id" || ty == "access-key-id"));
        let owner = match (structure, &self.version_of, text("VersionId")) {
            (Some("PolicyVersion"), Some(arn), Some(version)) => Some(format!("{arn} {version}")),
            _ => id.and_then(|m| text(&m.name)).map(str::to_owned),
        };
        let root = text("Arn").and_then(arn_parts).filter(|(_, _, resource)| *resource == "root");
        let provided = structure == Some("Policy") && !tree.values().filter_map(Value::as_str).any(|text| self.scope.owns(text));
        for (name, value) in tree {
            let at = join(path, name);
            if provided && SHARED_COUNTS.contains(&name.as_str()) && value.is_u64() {
                self.push(&at, "<count>");
                continue;
            }
            let place = Place {
                element: name,
                owner: owner.as_deref(),
                created: text("CreateDate").filter(|_| self.creates),
                account: root.map(|(_, account, _)| account),
            };
            let ty = declared.iter().find(|m| m.name == *name).map(|m| &m.ty);
            match name.as_str() {
                "Marker" if path.is_empty() && self.shared && !self.whole => {}
                "IsTruncated" if path.is_empty() && self.shared && !self.whole && value.is_boolean() => self.push(&at, "<boolean>"),
                _ => self.value(ty, value, &at, place),
            }
        }
    }

    fn value(&mut self, ty: Option<&Type>, value: &Value, path: &str, place: Place<'_>) {
        match (ty, value) {
            (_, Value::Object(tree)) if tree.is_empty() => self.push(path, "{}"),
            (Some(Type::Struct(name)), Value::Object(tree)) => self.members(model().structure(name), tree, path, Some(name)),
            (_, Value::Object(tree)) => self.members(&[], tree, path, None),
            (_, Value::Array(items)) if items.is_empty() && !(self.part && self.shared) => self.push(path, "[]"),
            (Some(Type::List(inner)), Value::Array(items)) => self.list(inner, items, path, place),
            (_, Value::Array(items)) => items.iter().enumerate().for_each(|(i, v)| self.value(None, v, &format!("{path}[{i}]"), place)),
            (ty, scalar) => {
                let ty = if let Some(Type::Scalar(name)) = ty { Some(name.as_str()) } else { None };
                let text = self.masks.scalar(ty, scalar, place, self.unknown);
                self.push(path, text);
            }
        }
    }

    fn list(&mut self, inner: &Type, items: &[Value], path: &str, place: Place<'_>) {
        let ordered = promises_order(inner);
        if self.part && self.shared {
            return self.push(path, "<a page>");
        }
        if self.part && !ordered {
            return self.push(path, counted(items.len()));
        }
        let mut items: Vec<(String, &Value)> =
            items.iter().map(|item| if ordered { (String::new(), item) } else { (self.sketch(inner, item), item) }).collect();
        items.sort_by(|a, b| a.0.cmp(&b.0));
        for (i, (_, item)) in items.into_iter().enumerate() {
            self.value(Some(inner), item, &format!("{path}[{i}]"), place);
        }
    }

    /// An item as it would be shown, but that nothing new gets a number: what to sort by.
    fn sketch(&mut self, ty: &Type, item: &Value) -> String {
        let (lines, unknown) = (take(&mut self.lines), replace(&mut self.unknown, Unknown::Leave));
        self.value(Some(ty), item, "", Place::default());
        self.unknown = unknown;
        let sketch = replace(&mut self.lines, lines);
        sketch.into_iter().map(|line| format!("{} {}\n", line.path, line.text)).collect()
    }
}

fn join(path: &str, name: &str) -> String {
    // A target may call its elements what it likes; a path must stay one.
    let plain = !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"_:-".contains(&b));
    let name = if plain { name.to_owned() } else { Value::from(name).to_string().replace('=', "\\u003d") };
    if path.is_empty() { name } else { format!("{path}.{name}") }
}

fn counted(items: usize) -> String {
    if items == 1 { "<1 item>".to_owned() } else { format!("<{items} items>") }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde_json::json;

    use super::*;
    use crate::api::DialectId;
    use crate::case::vars::tests::scope;
    use crate::dialect::shape::Patterns;
    use crate::snapshot::names::Names;
    use crate::snapshot::refs::Refs;

    const DATE: &str = "2026-01-31T23:59:59Z";

    fn id(prefix: &str, n: u8) -> String {
        format!("{prefix}AAAAAAAAAAAAAAAA{}", char::from(b'A' + n))
    }

    fn user(name: &str, n: u8) -> Value {
        let arn = format!("arn:aws:iam::123456789012:user/{name}");
        json!({ "UserName": name, "Path": "/", "UserId": id("AIDA", n), "Arn": arn, "CreateDate": DATE })
    }

    /// Answers to one case after the other, as lines.
    fn lines(answers: &[(Call, Value)]) -> Vec<Vec<String>> {
        let patterns = Patterns::new(DialectId::Aws, &BTreeMap::new()).expect("compiles");
        let mut masks = Masks { dialect: DialectId::Aws, patterns: &patterns, names: Names::default(), refs: Refs::default() };
        let mut shown = |(call, tree): &(Call, Value)| {
            let action = model().action(call.action_name()).expect("an Action");
            let lines = result(&mut masks, action, call, tree.as_object().expect("a result"), &scope());
            lines.iter().map(Line::to_string).collect()
        };
        answers.iter().map(&mut shown).collect()
    }

    fn own(role: &str) -> String {
        scope().render(&format!("${{{role}}}")).expect("a name")
    }

    #[test]
    fn values_are_checked_and_replaced() {
        let mut odd = user("ann", 0);
        (odd["UserId"], odd["CreateDate"]) = (json!("X-1"), json!("2026-01-31T23:59:59.5Z"));
        let shown = lines(&[(Call::new("GetUser"), json!({ "User": user("ann", 0) })), (Call::new("GetUser"), json!({ "User": odd }))]);
        let good = [
            "User.Arn = \"arn:<Account:1>:user/ann\"",
            "User.CreateDate = <Date:1>",
            "User.Path = \"/\"",
            "User.UserId = <UserId:1>",
            "User.UserName = \"ann\"",
        ];
        assert_eq!(shown[0], good);
        assert_eq!(shown[1][1..4], ["User.CreateDate = <Date:2?>", "User.Path = \"/\"", "User.UserId = <UserId:2?>"]);
        let wrong = json!({ "User": { "UserId": 7, "CreateDate": "today", "Arn": "me", "Nick=name": { "a": [1, "x"] } } });
        let shown = lines(&[(Call::new("GetUser"), wrong)]);
        let kept = ["User.Arn = \"me\"", "User.CreateDate = \"today\"", "User.\"Nick\\u003dname\".a[0] = 1"];
        assert_eq!(shown[0][..3], kept);
        assert_eq!(shown[0][4], "User.UserId = 7");
    }

    #[test]
    fn order_is_kept_where_it_is_promised() {
        let group = |users: [Value; 2]| json!({ "Group": {}, "Users": users, "IsTruncated": false });
        let of = |users| lines(&[(Call::new("GetGroup"), group(users))]).remove(0);
        assert_ne!(of([user("ann", 0), user("bob", 1)]), of([user("bob", 1), user("ann", 0)]));
        let key =
            |n| json!({ "AccessKeyId": id("AKIA", n).replacen("AA", "A", 1), "UserName": "ann", "Status": "Active", "CreateDate": DATE });
        let made = |n| (Call::new("CreateAccessKey"), json!({ "AccessKey": key(n) }));
        let list = |keys: [Value; 2]| (Call::new("ListAccessKeys"), json!({ "AccessKeyMetadata": keys, "IsTruncated": false }));
        let one = lines(&[made(0), made(1), list([key(0), key(1)])]);
        assert_eq!(one, lines(&[made(0), made(1), list([key(1), key(0)])]), "nobody promises an order of keys");
        assert_eq!(one[2][0], "AccessKeyMetadata[0].AccessKeyId = <AccessKeyId:1>");
        let mut other = list([key(0), key(1)]);
        other.1["AccessKeyMetadata"][1] = key(2);
        assert_eq!(lines(&[made(0), made(1), other])[2][4], "AccessKeyMetadata[1].AccessKeyId = <AccessKeyId:3>");
    }

    #[test]
    fn pages_show_what_can_be_said_of_them() {
        let names = json!({ "PolicyNames": ["a"], "IsTruncated": true, "Marker": "m" });
        let shown = lines(&[(Call::new("ListUserPolicies").with("MaxItems", "1"), names)]).remove(0);
        assert_eq!(shown, ["IsTruncated = true", "Marker = <Marker:1>", "PolicyNames = <1 item>"]);
        let mine = user(&own("user"), 0);
        let users = json!({ "Users": [user("admin", 1), mine], "IsTruncated": true, "Marker": "m" });
        let shared = lines(&[(Call::new("ListUsers"), users.clone())]).remove(0);
        assert_eq!(shared, ["IsTruncated = <boolean>", "Users = <a page>"]);
        let prefix = scope().render("${path}").expect("a path");
        let narrowed = lines(&[(Call::new("ListUsers").with("PathPrefix", prefix), users.clone())]).remove(0);
        assert_eq!(narrowed[..2], ["IsTruncated = true", "Marker = <Marker:1>"]);
        assert_eq!(narrowed.len(), 7, "one user, the case's own: {narrowed:?}");
        let mut whole = users;
        whole[PAGES] = json!([{}, {}]);
        let whole = lines(&[(Call::new("ListUsers").with("MaxItems", "1"), whole)]).remove(0);
        assert!(whole[0] == "IsTruncated = true" && whole.len() == 7 && !whole.concat().contains(PAGES), "{whole:?}");
    }

    #[test]
    fn what_others_do_to_the_providers_policies_is_not_shown() {
        let policy = |arn: &str| json!({ "Policy": { "Arn": arn, "PolicyId": id("ANPA", 0), "AttachmentCount": 3 } });
        let shown = |arn: &str| lines(&[(Call::new("GetPolicy"), policy(arn))]).remove(0);
        assert_eq!(shown("arn:aws:iam::aws:policy/X")[..2], ["Policy.Arn = \"arn:aws:policy/X\"", "Policy.AttachmentCount = <count>"]);
        assert_eq!(shown(&format!("arn:aws:iam::123456789012:policy/{}", own("policy")))[1], "Policy.AttachmentCount = 3");
    }

    #[test]
    fn dates_of_updates_are_compared_where_a_thing_is_made() {
        let policy = |date: &str| json!({ "Policy": { "PolicyId": id("ANPA", 0), "CreateDate": DATE, "UpdateDate": date } });
        let made = |date| lines(&[(Call::new("CreatePolicy"), policy(date))]).remove(0).remove(2);
        assert_eq!(made(DATE), "Policy.UpdateDate = <Date:1>");
        assert_eq!(made("2026-01-31T23:59:58Z"), "Policy.UpdateDate = <Date:2>");
        let later = lines(&[(Call::new("GetPolicy"), policy("2026-02-01T00:00:00Z"))]).remove(0);
        assert_eq!(later[2], "Policy.UpdateDate = <Date>");
        let version = |arn: &str| {
            let tree = json!({ "PolicyVersion": { "VersionId": "v1", "CreateDate": DATE } });
            (Call::new("GetPolicyVersion").with("PolicyArn", arn), tree)
        };
        let dates: Vec<_> = lines(&[version("a"), version("a"), version("b")]).into_iter().map(|mut lines| lines.remove(0)).collect();
        assert_eq!(dates, ["<Date:1>", "<Date:1>", "<Date:2>"].map(|date| format!("PolicyVersion.CreateDate = {date}")));
    }
}
