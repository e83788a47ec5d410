//! Every fault that there is, by name: each requirement broken, and what the API model says done wrong in every way that it can be.
//!
//! A fault says what a *direct* kill is, its [`Aim`]: which requirements a case (or a free check) may charge it to, at which call and
//! about which element. Whatever else notices the fault is an indirect kill.

mod elements;
mod errors;
mod parameters;
mod quotas;
mod reach;
mod requirements;
mod wire;

pub use reach::out_of_reach;

use super::{Faults, Flaw, Wrong};
use crate::api::{Action, DialectId, Req, Requirement, model};
use crate::dialect::Format;

/// A fault with a name.
#[derive(Clone, Debug)]
pub struct Fault {
    /// Stable: `requirement:delete-user.no-attached-policy`, `element-missing:GetUser.User.Path`.
    pub id: String,
    /// What the reference does, in one line.
    pub about: String,
    /// The reference that has it.
    pub faults: Faults,
    /// What kills it directly.
    pub aim: Aim,
    /// Requirements whose cases bring it about: where none of them can run, nothing can show it. None: any call might.
    pub shown_by: Vec<Req>,
    /// The one format in which it exists; none: in all.
    pub only: Option<Format>,
}

/// What a direct kill is. Every part that is given must be met.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Aim {
    /// Requirements to charge it to.
    pub requirements: Vec<Req>,
    /// An Action whose requirements will do too: those that belong to it or name it in their text and, at a call of it, those that belong
    /// to no Action.
    pub action: Option<&'static str>,
    /// Only at a call of this Action.
    pub calls: Option<&'static str>,
    /// Only what is said of this element, of one that it is in, or of one that is in it. At a call of another Action: of one of the same
    /// name.
    pub element: Option<String>,
}

impl Aim {
    /// Whether a requirement, charged at a call of `call`, is one that the fault is about.
    pub fn takes(&self, requirement: Req, call: &str) -> bool {
        let rule = requirement.get();
        let of_action = self.action.is_some_and(|action| names(rule, action) || (rule.action.is_none() && call == action));
        self.requirements.contains(&requirement) || of_action
    }

    /// Whether `path` says something about the element that is wrong.
    pub fn meets(&self, path: &str, call: &str) -> bool {
        let Some(element) = &self.element else { return true };
        let path = bare(path);
        let within = |part: &str, whole: &str| part == whole || part.strip_prefix(whole).is_some_and(|rest| rest.starts_with('.'));
        let element = element.replace("[]", "");
        if self.action.is_none_or(|action| action == call) {
            return within(&path, &element) || within(&element, &path);
        }
        path.rsplit('.').next() == element.rsplit('.').next()
    }
}

/// Whether a requirement is about an Action: it is its own, or its text names it.
pub fn names(rule: &Requirement, action: &str) -> bool {
    let mut words = rule.text.split(|c: char| !c.is_ascii_alphanumeric());
    rule.action.as_deref() == Some(action) || words.any(|word| word == action)
}

/// `Pages[2].Users[0].Arn` as `Users.Arn`.
fn bare(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    let mut inside = false;
    for c in path.chars() {
        inside = (inside || c == '[') && c != ']';
        if !inside && c != ']' {
            out.push(c);
        }
    }
    out.strip_prefix("Pages.").map_or(out.clone(), str::to_owned)
}

/// Every fault of the reference on a dialect, by family and then in the order of the model.
pub fn faults(dialect: DialectId) -> Vec<Fault> {
    let mut all = requirements::faults(dialect);
    all.extend(quotas::faults(dialect));
    for action in model().actions.iter().filter(|a| exists(a, dialect)) {
        all.extend(parameters::faults(action, dialect));
        all.extend(elements::faults(action, dialect));
        all.extend(errors::faults(action, dialect));
    }
    all.extend(errors::of_every_action(dialect));
    all.extend(wire::faults(dialect));
    all
}

/// Whether an Action does anything on a dialect.
fn exists(action: &Action, dialect: DialectId) -> bool {
    action.dialects.contains(&dialect) && !action.not_implemented.contains(&dialect)
}

/// A fault that is one flaw of an Action.
fn of_action(action: &'static Action, id: String, about: String, what: Wrong, aim: Aim) -> Fault {
    let faults = Faults::with(Flaw { action: Some(&action.name), what });
    Fault { id, about, faults, aim, shown_by: Vec::new(), only: None }
}

#[cfg(test)]
mod tests;
