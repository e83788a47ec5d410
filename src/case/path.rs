//! Paths into a result tree: `Policy.Arn`, `Users[0].UserId`.

use serde_json::Value;

use super::suggest::{did_you_mean, one_of};
use crate::api::{Action, DialectId, Member, Type, model};

/// Member that a step with `pages` adds to its result: the list of the pages, each as the target answered it.
pub const PAGES: &str = "Pages";

/// What is at `path` in a result; none where a member or item on the way is missing, or the path is no path.
pub fn lookup(result: &Value, path: &str) -> Option<Value> {
    let mut at = result;
    for segment in path.split('.') {
        let (name, indices) = split(segment)?;
        at = at.get(name)?;
        for index in indices {
            at = at.get(index)?;
        }
    }
    Some(at.clone())
}

/// `Users[0][1]` as name and indices.
fn split(segment: &str) -> Option<(&str, Vec<usize>)> {
    let (name, mut rest) = segment.split_at(segment.find('[').unwrap_or(segment.len()));
    let mut indices = Vec::new();
    while !rest.is_empty() {
        let (index, after) = rest.strip_prefix('[')?.split_once(']')?;
        indices.push(index.parse().ok()?);
        rest = after;
    }
    Some((name, indices))
}

/// A place in the API model's response of an Action, over all dialects.
#[derive(Clone, Debug)]
pub enum Shape<'m> {
    /// The result itself or a structure: its members.
    Members(&'m [Member]),
    /// The result of a step with `pages`: its members and [`PAGES`].
    Paged(&'m [Member]),
    /// A list of that.
    List(&'m Type),
    /// A scalar type, by name.
    Scalar(&'m str),
    /// The list of pages of a step with `pages`, or one of them: not looked into.
    Pages,
}

impl<'m> Shape<'m> {
    /// The result of an Action, called once or for all its pages.
    pub fn of(action: &'m Action, pages: bool) -> Shape<'m> {
        if pages { Shape::Paged(&action.response) } else { Shape::Members(&action.response) }
    }

    /// A type of the model.
    pub fn of_type(ty: &'m Type) -> Shape<'m> {
        match ty {
            Type::Scalar(name) => Shape::Scalar(name),
            Type::Struct(name) => Shape::Members(model().structure(name)),
            Type::List(inner) => Shape::List(inner),
        }
    }

    /// The member of that name; an error says what is there instead.
    pub fn member(&self, name: &str) -> Result<Shape<'m>, NoMember> {
        let what = match self {
            Shape::Paged(_) if name == PAGES => return Ok(Shape::Pages),
            Shape::Members(members) | Shape::Paged(members) => {
                return match members.iter().find(|m| m.name == name) {
                    Some(m) => Ok(Shape::of_type(&m.ty)),
                    None => {
                        let known = || members.iter().map(|m| m.name.as_str());
                        let help = did_you_mean(name, known()).or_else(|| match members.len() {
                            0 => None,
                            _ => Some(format!("there are {}", one_of(known()))),
                        });
                        let what = if members.is_empty() { "the Action answers nothing but its success" } else { "not in the response" };
                        Err(NoMember { what: what.to_owned(), help })
                    }
                };
            }
            Shape::Pages => return Ok(Shape::Pages),
            Shape::List(_) => "a list has items, not members",
            Shape::Scalar(_) => "a single value has no members",
        };
        Err(NoMember { what: what.to_owned(), help: None })
    }

    /// An item of the list.
    pub fn item(&self) -> Result<Shape<'m>, NoMember> {
        match self {
            Shape::List(inner) => Ok(Shape::of_type(inner)),
            Shape::Pages => Ok(Shape::Pages),
            _ => Err(NoMember { what: "not a list".to_owned(), help: None }),
        }
    }
}

/// Why a path leads nowhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoMember {
    /// What is wrong.
    pub what: String,
    /// What was meant, perhaps.
    pub help: Option<String>,
}

/// Whether the API knows an element or parameter of that name at all. A case may say that it is absent where it does not belong.
pub fn is_known(name: &str) -> bool {
    let ends_with = |path: &String| path.rsplit('.').next().is_some_and(|last| last.trim_end_matches("[]") == name);
    model()
        .actions
        .iter()
        .any(|a| a.parameters.iter().any(|p| p.name == name) || DialectId::ALL.iter().any(|d| a.response_paths(*d).iter().any(ends_with)))
}

/// Checks a path against the response of `action`. `pages`: the step follows markers and so has [`PAGES`].
pub fn check(action: &Action, path: &str, pages: bool) -> Result<(), NoMember> {
    let mut shape = Shape::of(action, pages);
    for segment in path.split('.') {
        let Some((name, indices)) = split(segment).filter(|(name, _)| !name.is_empty()) else {
            let help = Some("write `Policy.Arn` or `Users[0].UserId`".to_owned());
            return Err(NoMember { what: format!("`{segment}` is no step of a path"), help });
        };
        let here = |e: NoMember| NoMember { what: format!("`{name}`: {}", e.what), ..e };
        shape = shape.member(name).map_err(here)?;
        for _ in indices {
            shape = shape.item().map_err(here)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn paths_lead_through_members_and_items() {
        let tree = json!({ "Users": [{ "UserId": "A" }, { "UserId": "B" }], "IsTruncated": false });
        assert_eq!(lookup(&tree, "Users[1].UserId"), Some(json!("B")));
        assert_eq!(lookup(&tree, "IsTruncated"), Some(json!(false)));
        for none in ["Users[2]", "Users.UserId", "", "Users[x]", "Users[0", "User", "Users[0]x"] {
            assert_eq!(lookup(&tree, none), None, "{none}");
        }
    }

    #[test]
    fn paths_are_checked_against_the_model() {
        let action = |name| model().action(name).unwrap();
        assert_eq!(check(action("ListUsers"), "Users[0].Tags[1].Key", false), Ok(()));
        assert_eq!(check(action("ListUsers"), "Pages[0].IsTruncated", true), Ok(()));
        assert!(is_known("SecretAccessKey") && is_known("Users") && is_known("PrivateKey") && !is_known("SecretAcessKey"));
        assert_eq!(check(action("CreatePolicy"), "Policy.Arm", false).unwrap_err().help.as_deref(), Some("did you mean `Arn`?"));
        for (name, bad) in [("DeleteUser", "User"), ("ListUsers", "Users.UserId"), ("GetUser", "User[0]"), ("GetUser", "User.Path.x")] {
            assert!(check(action(name), bad, false).is_err(), "{bad}");
        }
    }
}
