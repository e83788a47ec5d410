//! Elements of successful answers that are wrong: left out, of another value, of another type, in another order or form.

use serde_json::{Value, json};

use super::tree::{Tree, structures, type_at, visit};
use super::{Change, DateForm};
use crate::api::{Action, DialectId, Scalar, ScalarBase, Type, model};
use crate::reference::context::iso_date;

/// An element that no Action has.
pub(super) const UNKNOWN: &str = "Undocumented";

/// Changes what stands at `path` of a result. Escaping is not the tree's business.
pub(super) fn change(action: &'static Action, dialect: DialectId, tree: &mut Tree, path: &str, change: Change) {
    if change == Change::Extra && path.is_empty() {
        extra(tree);
        return;
    }
    let Some(ty) = type_at(action, path) else { return };
    let items = path.ends_with("[]");
    visit(tree, path, &mut |parent, name| {
        let Some(value) = parent.get_mut(name) else { return };
        match value {
            _ if change == Change::Missing => drop(parent.remove(name)),
            Value::Array(list) if items => list.iter_mut().for_each(|item| alter(item, ty, dialect, change)),
            Value::Array(list) if change == Change::Extra => list.iter_mut().filter_map(Value::as_object_mut).for_each(extra),
            value => alter(value, ty, dialect, change),
        }
    });
}

fn extra(tree: &mut Tree) {
    tree.insert(UNKNOWN.into(), json!("yes"));
}

fn alter(value: &mut Value, ty: &Type, dialect: DialectId, change: Change) {
    match change {
        Change::Other => {
            if let Some(other) = other(value, ty, dialect) {
                *value = other;
            }
        }
        Change::Type => *value = of_another_type(ty),
        Change::Order => {
            if let Value::Array(list) = value
                && list.len() > 1
            {
                list.rotate_left(1);
            }
        }
        Change::MemberLost => {
            if let Value::Array(list) = value {
                let items = std::mem::take(list).into_iter().enumerate();
                *value = items.map(|(i, item)| (format!("item{i}"), item)).collect();
            }
        }
        Change::Extra => {
            if let Value::Object(tree) = value {
                extra(tree);
            }
        }
        Change::Date(form) => {
            if let Some(text) = value.as_str().and_then(|text| date(text, form)) {
                *value = Value::String(text);
            }
        }
        Change::Missing | Change::Text(_) => {}
    }
}

/// Writes every date of a result in another form.
pub(super) fn dates(action: &'static Action, dialect: DialectId, tree: &mut Tree, form: DateForm) {
    structures(action, dialect, tree, &mut |members, part| {
        for member in members {
            if let (Type::Scalar(ty), Some(Value::String(text))) = (&member.ty, part.get_mut(&member.name))
                && model().base(ty) == ScalarBase::Date
                && let Some(odd) = date(text, form)
            {
                *text = odd;
            }
        }
    });
}

/// Another value that the type allows too; a list without one of its items. `None`: there is none.
fn other(value: &Value, ty: &Type, dialect: DialectId) -> Option<Value> {
    match (ty, value) {
        (Type::List(_), Value::Array(items)) => Some(items.split_last()?.1.to_vec().into()),
        (Type::Scalar(_), Value::Bool(flag)) => Some(json!(!flag)),
        (Type::Scalar(_), Value::Number(number)) => Some(json!(number.as_i64()? + 1)),
        (Type::Scalar(name), Value::String(text)) => other_text(model().constraints(name, dialect), text).map(Value::String),
        _ => None,
    }
}

/// Whether values of a type have alternatives at all: the path `/` has none where it is the only one.
pub(super) fn has_alternatives(ty: &Type, dialect: DialectId) -> bool {
    match ty {
        Type::Struct(_) => false,
        Type::List(_) => true,
        Type::Scalar(name) => {
            let scalar = model().constraints(name, dialect);
            let sample = if name.ends_with("path") { Some("/") } else { scalar.values.first().map(String::as_str) };
            sample.is_none_or(|sample| other_text(scalar, sample).is_some())
        }
    }
}

fn other_text(scalar: &Scalar, text: &str) -> Option<String> {
    if scalar.base == ScalarBase::Date {
        return Some(iso_date(seconds(text)? + 86_400));
    }
    if scalar.name == "boundary-type" {
        // The service model has the one word, its texts have the other: they say the same, so that neither is wrong.
        return None;
    }
    if !scalar.values.is_empty() {
        return scalar.values.iter().find(|value| *value != text).cloned();
    }
    match scalar.name.as_str() {
        "arn" => other_account(text),
        "document" => Some(r#"{"Version":"2012-10-17","Statement":[]}"#.to_owned()).filter(|document| document != text),
        "version-id" => text.strip_prefix('v')?.parse::<u32>().ok().map(|number| format!("v{}", number + 1)),
        "path" | "policy-path" => ["/other/", "/"].into_iter().find(|path| *path != text && allowed(scalar, path)).map(str::to_owned),
        "certificate-body" | "certificate-chain" => Some(replace(text, text.len() / 2)),
        _ => Some(replace(text, text.len().saturating_sub(1))),
    }
}

fn allowed(scalar: &Scalar, text: &str) -> bool {
    scalar.pattern.as_ref().is_none_or(|pattern| pattern.matches(text))
}

/// The same ARN in another account; the provider's own ARNs have none.
fn other_account(arn: &str) -> Option<String> {
    let mut fields: Vec<String> = arn.splitn(6, ':').map(str::to_owned).collect();
    let account = fields.get_mut(4).filter(|account| account.as_str() != "aws")?;
    *account = match account.pop()? {
        '1' => format!("{account}2"),
        _ => format!("{account}1"),
    };
    Some(fields.join(":"))
}

/// The text with another letter for its first ASCII letter or digit from the byte `at` on, or one more where it has none.
fn replace(text: &str, at: usize) -> String {
    let place = text.bytes().enumerate().skip(at).find(|(_, byte)| byte.is_ascii_alphanumeric());
    let Some((place, byte)) = place else { return format!("{text}A") };
    let letter = if byte == b'A' { "B" } else { "A" };
    [&text[..place], letter, &text[place + 1..]].concat()
}

fn of_another_type(ty: &Type) -> Value {
    match ty {
        Type::Scalar(name) if model().base(name) == ScalarBase::String => json!({ UNKNOWN: "yes" }),
        _ => json!("wrong"),
    }
}

fn seconds(text: &str) -> Option<i64> {
    let at = time::OffsetDateTime::parse(text, &time::format_description::well_known::Rfc3339).ok()?;
    Some(at.unix_timestamp())
}

/// A date of the API in another form.
pub(super) fn date(text: &str, form: DateForm) -> Option<String> {
    use time::format_description::well_known::{Rfc2822, Rfc3339};
    let (day, clock) = text.strip_suffix('Z')?.split_once('T')?;
    Some(match form {
        DateForm::Epoch => seconds(text)?.to_string(),
        DateForm::Fraction => format!("{day}T{clock}.000Z"),
        DateForm::Offset => format!("{day}T{clock}+00:00"),
        DateForm::NoZone => format!("{day}T{clock}"),
        DateForm::DayOnly => day.to_owned(),
        DateForm::Mail => time::OffsetDateTime::parse(text, &Rfc3339).ok()?.format(&Rfc2822).ok()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn changed(action: &str, mut tree: Value, path: &str, how: Change) -> Value {
        let action = model().action(action).unwrap();
        change(action, DialectId::Aws, tree.as_object_mut().unwrap(), path, how);
        tree
    }

    #[test]
    fn values_stay_right_by_type_and_form() {
        let patterns = crate::dialect::shape::Patterns::new(DialectId::Aws, &std::collections::BTreeMap::new()).unwrap();
        let user = json!({ "Path": "/", "UserName": "ann", "UserId": "AIDAQQQQQQQQQQQQQQQQA", "CreateDate": "2026-01-31T23:59:59Z",
            "Arn": "arn:aws:iam::123456789012:user/ann" });
        let get = model().action("GetUser").unwrap();
        for name in ["Path", "UserId", "Arn", "CreateDate", "UserName"] {
            let wrong = changed("GetUser", json!({ "User": user }), &format!("User.{name}"), Change::Other);
            assert_ne!(wrong["User"][name], user[name]);
            let findings = crate::dialect::shape::check(get, DialectId::Aws, wrong.as_object().unwrap(), &patterns);
            let own = findings.iter().filter(|f| f.at == format!("User.{name}") && name != "Arn").count();
            assert_eq!(own, 0, "{name}: {findings:?}");
        }
        let list = json!({ "PolicyNames": ["a", "b"], "IsTruncated": false });
        assert_eq!(changed("ListUserPolicies", list.clone(), "PolicyNames", Change::Other)["PolicyNames"], json!(["a"]));
        assert_eq!(changed("ListUserPolicies", list.clone(), "PolicyNames[]", Change::Other)["PolicyNames"], json!(["A", "A"]));
        assert_eq!(changed("ListUserPolicies", list, "IsTruncated", Change::Other)["IsTruncated"], json!(true));
    }

    #[test]
    fn what_has_one_value_only_has_no_other() {
        let path = Type::Scalar("path".into());
        assert!(has_alternatives(&path, DialectId::Aws) && !has_alternatives(&path, DialectId::Ecs));
        let kind = Type::Scalar("boundary-type".into());
        assert!(!has_alternatives(&kind, DialectId::Aws), "two words, one meaning");
    }

    #[test]
    fn elements_go_change_type_and_order() {
        let list = || json!({ "Users": [{ "UserName": "a" }, { "UserName": "b" }], "IsTruncated": false });
        assert_eq!(changed("ListUsers", list(), "Users[].UserName", Change::Missing)["Users"], json!([{}, {}]));
        assert_eq!(changed("ListUsers", list(), "IsTruncated", Change::Type)["IsTruncated"], "wrong");
        assert_eq!(changed("ListUsers", list(), "Users", Change::Order)["Users"][0]["UserName"], "b");
        assert_eq!(changed("ListUsers", list(), "Users", Change::MemberLost)["Users"]["item1"]["UserName"], "b");
        assert_eq!(changed("ListUsers", list(), "Users", Change::Extra)["Users"][1][UNKNOWN], "yes");
        assert_eq!(changed("ListUsers", list(), "", Change::Extra)[UNKNOWN], "yes");
    }

    #[test]
    fn dates_have_other_forms() {
        let of = |form| date("2026-01-31T23:59:59Z", form).unwrap();
        assert_eq!(
            [of(DateForm::Epoch), of(DateForm::Offset), of(DateForm::DayOnly)],
            ["1769903999", "2026-01-31T23:59:59+00:00", "2026-01-31"]
        );
        assert_eq!(of(DateForm::Mail), "Sat, 31 Jan 2026 23:59:59 +0000");
    }
}
