//! Users and groups as owners of policies: what attachments and inline policies have in common.

use std::collections::{BTreeMap, BTreeSet};

use super::lookup::{self, Kind};
use super::{Account, Cx, Params};
use crate::api::Req;
use crate::dialect::ApiError;

/// Which kind of owner.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Owner {
    /// A user.
    User,
    /// A group.
    Group,
}

/// What an owner holds.
pub(super) struct Holder<'a> {
    /// Its name in the stored spelling.
    pub(super) name: &'a str,
    /// Inline documents by name.
    pub(super) inline: &'a mut BTreeMap<String, String>,
    /// ARNs of attached policies.
    pub(super) attached: &'a mut BTreeSet<String>,
}

impl Owner {
    /// The parameter that names it.
    pub(super) fn parameter(self) -> &'static str {
        match self {
            Owner::User => "UserName",
            Owner::Group => "GroupName",
        }
    }

    /// `user`, for texts.
    pub(super) fn word(self) -> &'static str {
        match self {
            Owner::User => "user",
            Owner::Group => "group",
        }
    }

    /// Its inline policies, for texts.
    pub(super) fn inline_kind(self) -> Kind {
        match self {
            Owner::User => Kind::UserPolicy,
            Owner::Group => Kind::GroupPolicy,
        }
    }

    /// The owner that a call names; else the error that `rule` is about.
    pub(super) fn find<'a>(self, account: &'a mut Account, cx: &Cx<'_>, p: &Params, rule: Req) -> Result<Holder<'a>, ApiError> {
        let name = p.required(self.parameter());
        Ok(match self {
            Owner::User => {
                let user = lookup::user_mut(account, cx, name, rule)?;
                Holder { name: &user.name, inline: &mut user.inline, attached: &mut user.attached }
            }
            Owner::Group => {
                let group = lookup::group_mut(account, cx, name, rule)?;
                Holder { name: &group.name, inline: &mut group.inline, attached: &mut group.attached }
            }
        })
    }
}
