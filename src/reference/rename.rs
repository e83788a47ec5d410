//! What UpdateUser, UpdateGroup and their like have in common: a new name, a new path, or both.

use super::Cx;
use super::context::error;
use super::rules::exists;
use super::state::fold;
use crate::api::Req;
use crate::dialect::ApiError;

/// The requirements of one Action that renames.
pub(super) struct RenameRules {
    /// The new name takes effect.
    pub new_name: Req,
    /// The new path takes effect.
    pub new_path: Req,
    /// Both may be given together.
    pub name_and_path: Req,
    /// A new name alone leaves the path.
    pub keeps_path: Req,
    /// Neither need be given.
    pub nothing_to_change: Req,
    /// A name that another one has is refused.
    pub name_unique: Req,
    /// The refusal names the new name.
    pub taken_names_new: Req,
    /// The present name is no name that is taken.
    pub to_own_name: Req,
    /// Nor is it in another case.
    pub to_own_name_in_another_case: Req,
}

/// What is renamed.
pub(super) struct Present<'a> {
    /// `User` or `Group`, as the texts begin.
    pub kind: &'a str,
    /// Its key in the account.
    pub key: &'a str,
    /// Its name as stored.
    pub stored: &'a str,
    /// Its name as this call spells it.
    pub sent: &'a str,
}

/// What changes.
pub(super) struct Change<'a> {
    /// Key in the account from now on.
    pub key: String,
    /// New name, if any.
    pub name: Option<&'a str>,
    /// New path, if any.
    pub path: Option<&'a str>,
}

impl RenameRules {
    /// What the call changes; an error is 409 EntityAlreadyExists. `taken` says whether a key is in use.
    pub(super) fn change<'a>(
        &self,
        cx: &Cx<'_>,
        present: &Present<'_>,
        name: Option<&'a str>,
        path: Option<&'a str>,
        taken: impl Fn(&str) -> bool,
    ) -> Result<Change<'a>, ApiError> {
        if name.is_none() && path.is_none() && !cx.holds(self.nothing_to_change) {
            return Err(error("ValidationError", "Nothing to change."));
        }
        let mut path = path.filter(|_| cx.holds(self.new_path));
        let Some(name) = name.filter(|_| cx.holds(self.new_name)) else {
            return Ok(Change { key: present.key.to_owned(), name: None, path });
        };
        let refusal = || exists(present.kind, if cx.holds(self.taken_names_new) { name } else { present.sent });
        let key = fold(name);
        if key != present.key {
            cx.enforce(self.name_unique, taken(&key), refusal)?;
        } else {
            let own = if name == present.stored { self.to_own_name } else { self.to_own_name_in_another_case };
            if !cx.holds(own) {
                return Err(refusal());
            }
        }
        if path.is_some() && !cx.holds(self.name_and_path) {
            path = None;
        } else if path.is_none() && !cx.holds(self.keeps_path) {
            path = Some("/");
        }
        Ok(Change { key, name: Some(name), path })
    }
}
