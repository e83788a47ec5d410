//! Who may call what: evaluation of identity policies.
//!
//! The account itself may everything. A user may what a policy allows that is its own or one of its groups', inline or attached, unless
//! one of them denies it; with a permissions boundary only what that allows too.

use super::condition::{self, Context};
use super::context::{error, iso_date};
use super::pattern::{Pattern, Variables};
use super::policy_document::{Document, Statement};
use super::state::{User, fold};
use super::{Account, Cx, Principal};
use super::{managed_lookup, validate};
use crate::api::{Action, req};
use crate::dialect::{ApiError, Call};

/// Where calls to the reference come from: it serves this machine only.
const SOURCE_IP: &str = "127.0.0.1";

/// Whether the caller may make `call`, or 403 AccessDenied. Looks at the call as it was sent: permission is asked before parameters.
pub(super) fn authorize(account: &Account, cx: &Cx<'_>, action: &'static Action, call: &Call) -> Result<(), ApiError> {
    let Principal::User { id } = cx.caller else {
        let denied = || refusal(cx, &account.arn("root", "", ""), action, "*", "because no policy allows it");
        return if cx.holds(req::AUTHORIZATION__ROOT) { Ok(()) } else { Err(denied()) };
    };
    let Some(user) = account.user_by_id(id) else {
        return Err(refusal(cx, id, action, "*", "because the user does not exist any more"));
    };
    let question = Question {
        action: format!("iam:{}", action.name),
        resource: resource(account, user, action, call),
        context: context(account, cx, user, call),
    };
    let arn = account.arn("user", &user.path, &user.name);
    let deny = |why: String| {
        if !cx.holds(req::AUTHORIZATION__BEFORE_PARAMETERS) {
            validate::parameters(cx, action, call)?;
        }
        // A server that looks first and asks then gives away that a thing does not exist.
        if !cx.holds(req::AUTHORIZATION__BEFORE_EXISTENCE) && missing(account, cx, action, call) {
            return Ok(());
        }
        Err(refusal(cx, &arn, action, &question.resource, &why))
    };
    let documents = identity_policies(account, cx, user);
    if question.any(cx, &documents, "Deny") && cx.holds(req::AUTHORIZATION__EXPLICIT_DENY) {
        return deny("with an explicit deny in an identity-based policy".into());
    }
    if !question.any(cx, &documents, "Allow") && cx.holds(req::AUTHORIZATION__DEFAULT_DENY) {
        return deny(format!("because no identity-based policy allows the {} action", question.action));
    }
    if let Some(boundary) = user.boundary.as_ref().filter(|_| cx.holds(req::AUTHORIZATION__PERMISSIONS_BOUNDARY)) {
        let documents: Vec<Document> = default_document(account, cx, boundary).into_iter().collect();
        if question.any(cx, &documents, "Deny") {
            return deny("with an explicit deny in a permissions boundary".into());
        }
        if !question.any(cx, &documents, "Allow") {
            return deny(format!("because no permissions boundary allows the {} action", question.action));
        }
    }
    Ok(())
}

fn refusal(cx: &Cx<'_>, who: &str, action: &Action, resource: &str, why: &str) -> ApiError {
    if cx.holds(req::AUTHORIZATION__DENIAL_NAMES_WHAT) {
        error("AccessDenied", format!("User: {who} is not authorized to perform: iam:{} on resource: {resource} {why}", action.name))
    } else {
        error("AccessDenied", "Access denied.")
    }
}

/// Every identity policy that holds for a user.
fn identity_policies(account: &Account, cx: &Cx<'_>, user: &User) -> Vec<Document> {
    let mut documents = Vec::new();
    if cx.holds(req::AUTHORIZATION__USER_INLINE) {
        documents.extend(user.inline.values().map(|text| Document::parse(text)));
    }
    if cx.holds(req::AUTHORIZATION__USER_ATTACHED) {
        documents.extend(user.attached.iter().filter_map(|arn| default_document(account, cx, arn)));
    }
    for group in account.groups_of(&user.id) {
        if cx.holds(req::AUTHORIZATION__GROUP_INLINE) {
            documents.extend(group.inline.values().map(|text| Document::parse(text)));
        }
        if cx.holds(req::AUTHORIZATION__GROUP_ATTACHED) {
            documents.extend(group.attached.iter().filter_map(|arn| default_document(account, cx, arn)));
        }
    }
    documents
}

/// The operative version of a managed policy.
fn default_document(account: &Account, cx: &Cx<'_>, arn: &str) -> Option<Document> {
    let policy = managed_lookup::find(account, cx, arn)?;
    let operative = |number: u32| number == policy.default || !cx.holds(req::AUTHORIZATION__DEFAULT_VERSION);
    policy.versions.iter().rev().find(|v| operative(v.number)).map(|v| Document::parse(&v.document))
}

/// Parameters that name what a call is about, the first that an Action has decides: `AddUserToGroup` is about the group,
/// `AttachUserPolicy` about the user.
const NAMED_BY: [(&str, &str); 5] = [
    ("GroupName", "group"),
    ("UserName", "user"),
    ("ServerCertificateName", "server-certificate"),
    ("PolicyArn", "policy"),
    ("PolicyName", "policy"),
];

fn named_by(action: &Action) -> Option<(&'static str, &'static str)> {
    NAMED_BY.into_iter().find(|(parameter, _)| action.parameters.iter().any(|p| p.name == *parameter))
}

/// Path and spelling of an existing user, group or server certificate.
fn existing<'a>(account: &'a Account, kind: &str, name: &str) -> Option<(&'a str, &'a str)> {
    let key = fold(name);
    match kind {
        "user" => account.users.get(&key).map(|u| (u.path.as_str(), u.name.as_str())),
        "group" => account.groups.get(&key).map(|g| (g.path.as_str(), g.name.as_str())),
        "server-certificate" => account.certificates.get(&key).map(|c| (c.path.as_str(), c.name.as_str())),
        _ => None,
    }
}

/// ARN of what the call is about: of the thing named, whether it exists or not; of the caller where a user may be left out; `*`
/// where the call is about the account.
fn resource(account: &Account, caller: &User, action: &Action, call: &Call) -> String {
    let Some((parameter, kind)) = named_by(action) else { return "*".to_owned() };
    match call.param(parameter) {
        None if parameter == "UserName" => account.arn("user", &caller.path, &caller.name),
        None => "*".to_owned(),
        Some(arn) if parameter == "PolicyArn" => arn.to_owned(),
        Some(name) => {
            let creates = action.parameters.iter().any(|p| p.name == "Path");
            let found = existing(account, kind, name).filter(|_| !creates);
            let (path, name) = found.unwrap_or((call.param("Path").unwrap_or("/"), name));
            account.arn(kind, path, name)
        }
    }
}

/// Whether the call names something that does not exist.
fn missing(account: &Account, cx: &Cx<'_>, action: &Action, call: &Call) -> bool {
    let Some((parameter, kind)) = named_by(action) else { return false };
    match call.param(parameter) {
        Some(arn) if parameter == "PolicyArn" => managed_lookup::find(account, cx, arn).is_none(),
        Some(name) => existing(account, kind, name).is_none(),
        None => false,
    }
}

/// Condition keys of a call.
fn context(account: &Account, cx: &Cx<'_>, user: &User, call: &Call) -> Context {
    let mut context = Context::default();
    context.add("aws:username", &user.name);
    context.add("aws:userid", &user.id);
    context.add("aws:PrincipalArn", account.arn("user", &user.path, &user.name));
    context.add("aws:PrincipalAccount", &account.settings.account);
    context.add("aws:PrincipalType", "User");
    context.add("aws:CurrentTime", iso_date(cx.now));
    context.add("aws:EpochTime", cx.now.to_string());
    context.add("aws:SourceIp", SOURCE_IP);
    context.add("aws:ViaAWSService", "false");
    for (key, value) in &user.tags {
        context.add(&format!("aws:PrincipalTag/{key}"), value);
    }
    for (parameter, key) in [("PolicyArn", "iam:PolicyARN"), ("PermissionsBoundary", "iam:PermissionsBoundary")] {
        if let Some(arn) = call.param(parameter) {
            context.add(key, arn);
        }
    }
    for (name, key) in &call.params {
        let Some(number) = name.strip_prefix("Tags.member.").and_then(|n| n.strip_suffix(".Key")) else { continue };
        context.add("aws:TagKeys", key);
        if let Some(value) = call.param(&format!("Tags.member.{number}.Value")) {
            context.add(&format!("aws:RequestTag/{key}"), value);
        }
    }
    context
}

/// One call, as statements see it.
struct Question {
    action: String,
    resource: String,
    context: Context,
}

impl Question {
    /// Whether a statement of that effect applies.
    fn any(&self, cx: &Cx<'_>, documents: &[Document], effect: &str) -> bool {
        documents.iter().any(|d| d.statements.iter().any(|s| s.effect == effect && self.applies(cx, d, s)))
    }

    fn applies(&self, cx: &Cx<'_>, document: &Document, statement: &Statement) -> bool {
        let value = |key: &str| self.context.variable(key);
        let variables: Variables<'_> =
            if document.has_variables() && cx.holds(req::AUTHORIZATION__POLICY_VARIABLES) { Some(&value) } else { None };
        self.action_matches(cx, statement)
            && self.resource_matches(cx, statement, variables)
            && self.conditions_hold(cx, statement, variables)
    }

    fn action_matches(&self, cx: &Cx<'_>, statement: &Statement) -> bool {
        let matches = |pattern: &String| {
            let (pattern, action) = if cx.holds(req::AUTHORIZATION__ACTION_IGNORES_CASE) {
                (pattern.to_lowercase(), self.action.to_lowercase())
            } else {
                (pattern.clone(), self.action.clone())
            };
            if cx.holds(req::AUTHORIZATION__ACTION_WILDCARDS) {
                Pattern::new(&pattern, None).is_some_and(|p| p.matches(&action))
            } else {
                pattern == action
            }
        };
        match (&statement.action, &statement.not_action) {
            (Some(actions), _) => actions.iter().any(matches) || !cx.holds(req::AUTHORIZATION__ACTION),
            (None, Some(others)) => !others.iter().any(matches) && cx.holds(req::AUTHORIZATION__NOT_ACTION),
            (None, None) => false,
        }
    }

    fn resource_matches(&self, cx: &Cx<'_>, statement: &Statement, variables: Variables<'_>) -> bool {
        let matches = |pattern: &String| {
            if cx.holds(req::AUTHORIZATION__RESOURCE_WILDCARDS) {
                Pattern::new(pattern, variables).is_some_and(|p| p.matches(&self.resource))
            } else {
                *pattern == self.resource
            }
        };
        match (&statement.resource, &statement.not_resource) {
            (Some(resources), _) => resources.iter().any(matches) || !cx.holds(req::AUTHORIZATION__RESOURCE),
            (None, Some(others)) => !others.iter().any(matches) && cx.holds(req::AUTHORIZATION__NOT_RESOURCE),
            (None, None) => false,
        }
    }

    fn conditions_hold(&self, cx: &Cx<'_>, statement: &Statement, variables: Variables<'_>) -> bool {
        let mut conditions = statement.conditions.iter();
        let one = |c| condition::satisfied(cx, c, &self.context, variables);
        if !cx.holds(req::AUTHORIZATION__CONDITION) || statement.conditions.is_empty() {
            true
        } else if cx.holds(req::AUTHORIZATION__CONDITION_ALL_KEYS) {
            conditions.all(one)
        } else {
            conditions.any(one)
        }
    }
}

#[cfg(test)]
#[path = "authorize_tests.rs"]
mod tests;
