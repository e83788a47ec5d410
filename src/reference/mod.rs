//! The embedded reference: a pure core, [`Account::apply`], with a server around it.
//!
//! The core does no I/O and knows no global clock and no global randomness: time and ids come in through the call. Every rule is
//! enforced in one place, which asks [`Cx::holds`] first: that is where a rule can be broken on purpose.

pub mod answers;
pub mod context;
pub mod ecs_endpoint;
pub mod endpoint;
pub mod faults;
pub mod invariants;
pub mod management;
pub mod namespaces;
#[cfg(feature = "net")]
pub mod server;
pub mod state;
pub mod tokens;

mod access_keys;
mod attachments;
mod authorize;
mod certificate_intake;
mod certificates;
mod condition;
mod constraints;
#[cfg(test)]
mod ecs_tests;
mod groups;
mod inline_policies;
mod lookup;
mod managed_lookup;
mod managed_policies;
mod owner;
mod page;
mod parse;
mod pattern;
mod policy_date;
mod policy_document;
mod policy_resource;
mod policy_syntax;
#[cfg(test)]
mod policy_testing;
mod policy_versions;
mod private_key;
mod provider_policies;
mod rename;
mod rules;
mod tags;
#[cfg(test)]
mod tests;
mod trees;
mod users;
mod validate;

pub use answers::Answers;
pub use context::{Answer, Cx, Ids, Params, Principal};
pub use ecs_endpoint::EcsEndpoint;
pub use endpoint::Endpoint;
pub use faults::Faults;
pub use state::{Account, Settings};

use crate::api::req;
use crate::dialect::{Call, Outcome};

impl Account {
    /// Carries out `call` for `principal` at `now` (seconds since 1970, UTC). Signature and format are the caller's business;
    /// everything from the Action's name on is checked here, in the order of the API.
    pub fn apply(&mut self, principal: &Principal, call: &Call, now: i64, ids: &mut Ids, faults: &Faults) -> Outcome {
        let dialect = self.settings.dialect;
        let mut cx = Cx { caller: principal, now, ids, faults, dialect };
        match self.dispatch(&mut cx, call) {
            Ok(result) => Outcome::Success(result),
            Err(error) => Outcome::Error(error),
        }
    }

    fn dispatch(&mut self, cx: &mut Cx<'_>, call: &Call) -> Answer {
        let action = validate::action(cx, call)?;
        authorize::authorize(self, cx, action, call)?;
        let run = match action.name.as_str() {
            "CreateAccessKey" => access_keys::create,
            "DeleteAccessKey" => access_keys::delete,
            "ListAccessKeys" => access_keys::list,
            "UpdateAccessKey" => access_keys::update,
            "DeleteServerCertificate" => certificates::delete,
            "GetServerCertificate" => certificates::get,
            "ListServerCertificates" => certificates::list,
            "UpdateServerCertificate" => certificates::update,
            "UploadServerCertificate" => certificates::upload,
            "AddUserToGroup" => groups::add_user,
            "CreateGroup" => groups::create,
            "DeleteGroup" => groups::delete,
            "GetGroup" => groups::get,
            "ListGroups" => groups::list,
            "ListGroupsForUser" => groups::list_for_user,
            "RemoveUserFromGroup" => groups::remove_user,
            "UpdateGroup" => groups::update,
            "AttachGroupPolicy" => attachments::attach_group,
            "AttachUserPolicy" => attachments::attach_user,
            "CreatePolicy" => managed_policies::create,
            "CreatePolicyVersion" => policy_versions::create,
            "DeleteGroupPolicy" => inline_policies::delete_group,
            "DeletePolicy" => managed_policies::delete,
            "DeletePolicyVersion" => policy_versions::delete,
            "DeleteUserPolicy" => inline_policies::delete_user,
            "DetachGroupPolicy" => attachments::detach_group,
            "DetachUserPolicy" => attachments::detach_user,
            "GetGroupPolicy" => inline_policies::get_group,
            "GetPolicy" => managed_policies::get,
            "GetPolicyVersion" => policy_versions::get,
            "GetUserPolicy" => inline_policies::get_user,
            "ListAttachedGroupPolicies" => attachments::list_group,
            "ListAttachedUserPolicies" => attachments::list_user,
            "ListGroupPolicies" => inline_policies::list_group,
            "ListPolicies" => managed_policies::list,
            "ListPolicyVersions" => policy_versions::list,
            "ListUserPolicies" => inline_policies::list_user,
            "PutGroupPolicy" => inline_policies::put_group,
            "PutUserPolicy" => inline_policies::put_user,
            "SetDefaultPolicyVersion" => policy_versions::set_default,
            "CreateUser" => users::create,
            "DeleteUser" => users::delete,
            "GetUser" => users::get,
            "ListUsers" => users::list,
            "UpdateUser" => users::update,
            other => unreachable!("{other} is in the API model and a test calls every Action of it"),
        };
        match validate::parameters(cx, action, call) {
            Ok(p) => run(self, cx, &p),
            Err(refusal) if cx.holds(req::PARAMETERS__BEFORE_LOOK_UP) => Err(refusal),
            // Broken: what is missing is said before what is malformed. Nothing may change by a call that is refused in the end.
            Err(refusal) => match run(&mut self.clone(), cx, &validate::unchecked(action, call)) {
                Err(missing) if missing.code == "NoSuchEntity" => Err(missing),
                _ => Err(refusal),
            },
        }
    }
}
