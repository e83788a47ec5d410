//! Finding one's way in a result tree beside the API model.

use serde_json::{Map, Value};

use crate::api::{Action, DialectId, Member, Type, model};

/// A result tree, or a structure in it.
pub(super) type Tree = Map<String, Value>;

/// Calls `each` for every place in `tree` that `path` (`Users[].UserName`) names: with the structure that it is in and its name there,
/// whether it is there or not.
pub(super) fn visit(tree: &mut Tree, path: &str, each: &mut dyn FnMut(&mut Tree, &str)) {
    let Some((first, rest)) = path.split_once('.') else {
        return each(tree, path.trim_end_matches("[]"));
    };
    match tree.get_mut(first.trim_end_matches("[]")) {
        Some(Value::Object(inner)) => visit(inner, rest, each),
        Some(Value::Array(items)) => items.iter_mut().filter_map(Value::as_object_mut).for_each(|item| visit(item, rest, each)),
        _ => {}
    }
}

/// The member of the API model at a path of an Action's result, as response elements name it. `PolicyNames[]` is the list's.
pub(super) fn member(action: &'static Action, path: &str) -> Option<&'static Member> {
    let mut members = action.response.as_slice();
    let mut names = path.split('.').peekable();
    loop {
        let name = names.next()?;
        let member = members.iter().find(|m| m.name == name.trim_end_matches("[]"))?;
        if names.peek().is_none() {
            return Some(member);
        }
        members = structure(&member.ty)?;
    }
}

/// Type of what stands at a path: of an item where it ends in `[]`.
pub(super) fn type_at(action: &'static Action, path: &str) -> Option<&'static Type> {
    match &member(action, path)?.ty {
        Type::List(item) if path.ends_with("[]") => Some(item),
        ty => Some(ty),
    }
}

fn structure(ty: &'static Type) -> Option<&'static [Member]> {
    match ty {
        Type::List(item) => structure(item),
        Type::Struct(name) => Some(model().structure(name)),
        Type::Scalar(_) => None,
    }
}

/// Calls `each` for every structure of a result, the result itself first (its members are the Action's).
pub(super) fn structures(action: &'static Action, dialect: DialectId, tree: &mut Tree, each: &mut dyn FnMut(&'static [Member], &mut Tree)) {
    walk(&action.response, dialect, tree, each);
}

fn walk(members: &'static [Member], dialect: DialectId, tree: &mut Tree, each: &mut dyn FnMut(&'static [Member], &mut Tree)) {
    each(members, tree);
    for member in members.iter().filter(|m| m.on(dialect)) {
        let Some(inner) = structure(&member.ty) else { continue };
        match tree.get_mut(&member.name) {
            Some(Value::Object(part)) => walk(inner, dialect, part, each),
            Some(Value::Array(items)) => {
                items.iter_mut().filter_map(Value::as_object_mut).for_each(|item| walk(inner, dialect, item, each))
            }
            _ => {}
        }
    }
}

/// Name of the scalar type of a member.
pub(super) fn scalar(member: &Member) -> Option<&str> {
    match &member.ty {
        Type::Scalar(name) => Some(name),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn paths_lead_to_every_item_and_to_what_is_not_there() {
        let mut tree = json!({ "Users": [{ "UserName": "a" }, { "Path": "/" }], "IsTruncated": true }).as_object().cloned().unwrap();
        let mut seen = Vec::new();
        visit(&mut tree, "Users[].UserName", &mut |parent, name| seen.push(parent.get(name).cloned()));
        assert_eq!(seen, [Some(json!("a")), None]);
        let mut lists = 0;
        visit(&mut tree, "Users[]", &mut |parent, name| lists += usize::from(parent[name].is_array()));
        assert_eq!(lists, 1);
    }

    #[test]
    fn every_path_of_the_model_has_its_member() {
        for action in &model().actions {
            for path in action.response_paths(DialectId::Aws) {
                assert_eq!(member(action, &path).map(|m| m.name.as_str()), path.rsplit('.').next(), "{}.{path}", action.name);
            }
        }
        let names = model().action("ListUserPolicies").unwrap();
        assert_eq!(type_at(names, "PolicyNames[]"), Some(&Type::Scalar("policy-name".into())));
    }
}
