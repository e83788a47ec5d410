//! Rules that several Actions share in kind, each with a requirement of its own: quotas, unique names, path prefixes, obstacles to a deletion.

use super::context::error;
use super::state::fold;
use super::{Account, Cx, Ids};
use crate::api::{Req, req};
use crate::dialect::ApiError;

/// 409 LimitExceeded when there are as many as the account may have. `limit` is the model's name for it, `quota` the API's.
pub(super) fn quota(account: &Account, cx: &Cx<'_>, rule: Req, limit: &str, quota: &str, have: usize) -> Result<(), ApiError> {
    let most = account.limit(limit);
    cx.enforce(rule, have as u64 >= most, || error("LimitExceeded", format!("Cannot exceed quota for {quota}: {most}")))
}

/// The three sides of "names are unique in the account": to the letter, whatever the case, whatever the path.
pub(super) struct Unique {
    pub to_the_letter: Req,
    pub ignoring_case: Req,
    pub across_paths: Req,
}

impl Unique {
    /// 409 EntityAlreadyExists for a new name and path when the name is taken by a resource of that name and path.
    pub(super) fn enforce(&self, cx: &Cx<'_>, kind: &str, new: (&str, &str), taken: Option<(&str, &str)>) -> Result<(), ApiError> {
        let Some((name, path)) = taken else { return Ok(()) };
        let rule = if name != new.0 {
            self.ignoring_case
        } else if path != new.1 {
            self.across_paths
        } else {
            self.to_the_letter
        };
        cx.enforce(rule, true, || exists(kind, new.0))
    }
}

/// The error for a name that is taken; `kind` as the text begins.
pub(super) fn exists(kind: &str, name: &str) -> ApiError {
    error("EntityAlreadyExists", format!("{kind} with name {name} already exists."))
}

/// The id that a server gives which makes ids from names, so that what is deleted and made again has the old one.
pub(super) fn id_of_name(cx: &Cx<'_>, prefix: &str, name: &str) -> String {
    let seed = fold(name).bytes().fold(0, |seed: u64, byte| seed.wrapping_mul(31).wrapping_add(u64::from(byte)));
    Ids::new(seed).unique_id(prefix, cx.dialect)
}

/// What a list's PathPrefix lets through.
pub(super) struct Prefix<'a> {
    /// As sent.
    pub prefix: Option<&'a str>,
    /// The prefix filters at all.
    pub filters: Req,
    /// It is a start of the path's text and may end inside an element.
    pub may_end_inside: Req,
    /// Without one everything is listed.
    pub all_without: Req,
}

impl Prefix<'_> {
    /// Whether a resource with that path is in the list.
    pub(super) fn lets_through(&self, cx: &Cx<'_>, path: &str) -> bool {
        match self.prefix {
            None => path == "/" || cx.holds(self.all_without),
            Some(_) if !cx.holds(self.filters) => true,
            Some(prefix) => path.strip_prefix(prefix).is_some_and(|rest| {
                let inside = !prefix.ends_with('/') && !rest.starts_with('/');
                !inside || cx.holds(self.may_end_inside)
            }),
        }
    }
}

/// What keeps something from being deleted: a rule and what to do first, as the API's text ends.
pub(super) type Obstacle = (Req, bool, &'static str);

/// 409 DeleteConflict for the first obstacle there is, in that order. With `says_why` broken the text does not say what to do.
pub(super) fn deletable(cx: &Cx<'_>, says_why: Req, obstacles: &[Obstacle]) -> Result<(), ApiError> {
    if !cx.holds(req::CLEANUP__DELETABLE) {
        return Err(error("DeleteConflict", "Nothing is ever deleted."));
    }
    for (rule, present, first) in obstacles {
        cx.enforce(*rule, *present, || {
            let text = if cx.holds(says_why) { format!("Cannot delete entity, must {first} first.") } else { "Conflict.".to_owned() };
            error("DeleteConflict", text)
        })?;
    }
    Ok(())
}
