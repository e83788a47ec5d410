//! Takes away what a case made: undoes it in reverse, and where the target refuses, climbs a ladder: look what is in the way, remove
//! that, make again what must exist for that, try again.

use std::collections::BTreeMap;

use serde_json::Value;

use super::journal::{Effect, Entry};
use super::ledger::{Kind, Undo, still_there};
use crate::dialect::{ApiError, Call, Outcome};

/// Sends calls as the main principal.
pub trait Caller {
    /// Sends a call and reads the answer; an error says why there is none.
    fn call(&mut self, call: &Call) -> impl Future<Output = Result<Outcome, String>>;
}

/// Something that could not be taken away.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Left {
    /// What it is.
    pub kind: &'static str,
    /// Its name, the ARN of a policy, or the id of an access key.
    pub name: String,
    /// What was tried last, and what came of it.
    pub why: String,
    /// The trial that made it.
    pub trial: String,
}

/// Takes away what may still be there after `entries`, newest first. What cannot be removed comes back, oldest first.
pub async fn clean(entries: &[Entry], caller: &mut impl Caller) -> Vec<Left> {
    let (mut work, mut left) = (Cleanup { caller }, Vec::new());
    let versions: Vec<&str> = entries
        .iter()
        .filter(|e| e.action == "CreatePolicyVersion" && e.effect != Effect::Refused)
        .filter_map(|e| e.param("PolicyArn"))
        .collect();
    let (mut things, mut keys) = (Vec::new(), Vec::new());
    for undo in still_there(entries).into_iter().rev() {
        match undo {
            Undo::Tie(call) => drop(work.caller.call(&call).await),
            Undo::Key { call, trial } => {
                if work.gone(&call).await.is_err() {
                    keys.push((call, trial));
                }
            }
            // What may have been made or not goes only if nobody else can have such a name.
            Undo::Thing { certain: false, name, .. } if !ours(&name) => {}
            Undo::Thing { kind, name, arn, trial, .. } => things.push((kind, name, arn, trial)),
        }
    }
    // What one thing is in the way of goes away with it: those that stayed are tried once more when all others have had their turn.
    for last in [false, true] {
        let mut stayed = Vec::new();
        for (kind, name, arn, trial) in things {
            if let Err(why) = work.remove(kind, &name, arn.as_deref(), &versions, entries).await {
                if last {
                    left.push(Left { kind: kind.word(), name: arn.unwrap_or(name), why, trial });
                } else {
                    stayed.push((kind, name, arn, trial));
                }
            }
        }
        things = stayed;
    }
    for (call, trial) in keys {
        if let Err(why) = work.gone(&call).await {
            let name = call.param("AccessKeyId").unwrap_or_default().to_owned();
            left.push(Left { kind: "access-key", name, why, trial });
        }
    }
    left.reverse();
    left
}

/// The Action that lists things of a kind, and the member of its answer that has them.
fn listing(kind: Kind) -> (&'static str, &'static str) {
    match kind {
        Kind::User => ("ListUsers", "Users"),
        Kind::Group => ("ListGroups", "Groups"),
        Kind::Policy => ("ListPolicies", "Policies"),
        Kind::ServerCertificate => ("ListServerCertificates", "ServerCertificateMetadataList"),
    }
}

struct Cleanup<'a, C> {
    caller: &'a mut C,
}

impl<C: Caller> Cleanup<'_, C> {
    /// Sends a call that removes something; what is not there is as good as removed.
    async fn gone(&mut self, call: &Call) -> Result<(), String> {
        match self.caller.call(call).await {
            Ok(Outcome::Success(_)) => Ok(()),
            Ok(Outcome::Error(e)) if missing(&e) => Ok(()),
            Ok(Outcome::Error(e)) => Err(format!("{} was answered {} {}: {}", call.action_name(), e.status, e.code, e.message)),
            Err(why) => Err(format!("{} had no answer: {why}", call.action_name())),
        }
    }

    /// Removes a thing; a policy whose ARN is not known is looked for by its name. `versions`: policies that had versions added.
    async fn remove(&mut self, kind: Kind, name: &str, arn: Option<&str>, versions: &[&str], entries: &[Entry]) -> Result<(), String> {
        let delete = match kind {
            Kind::Policy => {
                let arn = match arn {
                    Some(arn) => arn.to_owned(),
                    None => match self.find_policy(name).await? {
                        Some(arn) => arn,
                        None => return Ok(()),
                    },
                };
                Call::new("DeletePolicy").with("PolicyArn", arn)
            }
            Kind::User => Call::new("DeleteUser").with("UserName", name),
            Kind::Group => Call::new("DeleteGroup").with("GroupName", name),
            Kind::ServerCertificate => Call::new("DeleteServerCertificate").with("ServerCertificateName", name),
        };
        let arn = delete.param("PolicyArn").unwrap_or_default().to_owned();
        // With versions the first delete would always be refused.
        let laddered = versions.contains(&arn.as_str());
        if name.is_empty() {
            return self.remove_nameless(kind, &delete).await;
        }
        if !laddered && self.gone(&delete).await.is_ok() {
            return Ok(());
        }
        match kind {
            Kind::User => self.empty_user(name).await,
            Kind::Group => self.empty_group(name).await,
            Kind::Policy => {
                self.empty_policy(&arn).await;
                if self.gone(&delete).await.is_ok() {
                    return Ok(());
                }
                self.detach_from_the_dead(&arn, entries).await;
            }
            Kind::ServerCertificate => {}
        }
        self.gone(&delete).await
    }

    /// Something was made without a name, so that what is answered about the name says nothing: looks whether it is still listed. What is
    /// kept under no name may go away for a call that names none.
    async fn remove_nameless(&mut self, kind: Kind, delete: &Call) -> Result<(), String> {
        let mut removed = self.gone(delete).await;
        if !self.lists_nameless(kind).await? {
            return Ok(());
        }
        if kind != Kind::Policy {
            removed = self.gone(&Call::new(delete.action_name())).await;
            if !self.lists_nameless(kind).await? {
                return Ok(());
            }
        }
        removed?;
        Err(format!("it was made without a name and {} still lists it: there is no name to remove it by", listing(kind).0))
    }

    async fn lists_nameless(&mut self, kind: Kind) -> Result<bool, String> {
        let (list, member) = listing(kind);
        let items = self.pages(Call::new(list), member).await?;
        Ok(items.iter().any(|item| item.get(kind.parameter()).and_then(Value::as_str).is_none_or(str::is_empty)))
    }

    async fn empty_user(&mut self, user: &str) {
        let own = |action: &str| Call::new(action).with("UserName", user);
        for key in self.texts(own("ListAccessKeys"), "AccessKeyMetadata", "AccessKeyId").await {
            let _ = self.gone(&own("DeleteAccessKey").with("AccessKeyId", key)).await;
        }
        for policy in self.texts(own("ListUserPolicies"), "PolicyNames", "").await {
            let _ = self.gone(&own("DeleteUserPolicy").with("PolicyName", policy)).await;
        }
        for arn in self.texts(own("ListAttachedUserPolicies"), "AttachedPolicies", "PolicyArn").await {
            self.detach(own("DetachUserPolicy"), &arn).await;
        }
        for group in self.texts(own("ListGroupsForUser"), "Groups", "GroupName").await {
            let _ = self.gone(&own("RemoveUserFromGroup").with("GroupName", group)).await;
        }
    }

    async fn empty_group(&mut self, group: &str) {
        let own = |action: &str| Call::new(action).with("GroupName", group);
        for user in self.texts(own("GetGroup"), "Users", "UserName").await {
            let removal = own("RemoveUserFromGroup").with("UserName", user.as_str());
            if let Ok(Outcome::Error(e)) = self.caller.call(&removal).await
                && missing(&e)
                && ours(&user)
            {
                // The member was deleted while it was one: it must exist to be removed.
                if self.gone(&Call::new("CreateUser").with("UserName", user.as_str())).await.is_ok() {
                    let _ = self.gone(&removal).await;
                    let _ = self.gone(&Call::new("DeleteUser").with("UserName", user)).await;
                }
            }
        }
        for policy in self.texts(own("ListGroupPolicies"), "PolicyNames", "").await {
            let _ = self.gone(&own("DeleteGroupPolicy").with("PolicyName", policy)).await;
        }
        for arn in self.texts(own("ListAttachedGroupPolicies"), "AttachedPolicies", "PolicyArn").await {
            self.detach(own("DetachGroupPolicy"), &arn).await;
        }
    }

    async fn empty_policy(&mut self, arn: &str) {
        let own = |action: &str| Call::new(action).with("PolicyArn", arn);
        for item in self.items(own("ListPolicyVersions"), "Versions").await {
            if item.get("IsDefaultVersion").and_then(Value::as_bool) != Some(true)
                && let Some(version) = item.get("VersionId").and_then(Value::as_str)
            {
                let _ = self.gone(&own("DeletePolicyVersion").with("VersionId", version)).await;
            }
        }
    }

    /// Detaches a policy, which must exist for it: a policy that was deleted while attached is made again for the moment.
    async fn detach(&mut self, detach: Call, arn: &str) {
        let detach = detach.with("PolicyArn", arn);
        let Ok(Outcome::Error(refused)) = self.caller.call(&detach).await else { return };
        let Some((path, name)) = policy_of(arn).filter(|(_, name)| missing(&refused) && ours(name)) else { return };
        let document = r#"{"Version":"2012-10-17","Statement":{"Effect":"Deny","Action":"iam:GetUser","Resource":"*"}}"#;
        let mut create = Call::new("CreatePolicy").with("PolicyName", name).with("PolicyDocument", document);
        if path != "/" {
            create = create.with("Path", path);
        }
        if self.gone(&create).await.is_ok() {
            let _ = self.gone(&detach).await;
            let _ = self.gone(&Call::new("DeletePolicy").with("PolicyArn", arn)).await;
        }
    }

    /// A policy that counts as attached to somebody who was deleted: makes that user or group again for the moment, and detaches it.
    async fn detach_from_the_dead(&mut self, arn: &str, entries: &[Entry]) {
        let mut owners = BTreeMap::new();
        for entry in entries.iter().filter(|e| e.param("PolicyArn") == Some(arn)) {
            for (action, kind) in [("AttachUserPolicy", Kind::User), ("AttachGroupPolicy", Kind::Group)] {
                if entry.action == action
                    && let Some(name) = entry.param(kind.parameter())
                {
                    owners.insert((kind, name.to_owned()), ());
                }
            }
        }
        for (kind, name) in owners.into_keys().filter(|(_, name)| ours(name)) {
            let word = if kind == Kind::User { "User" } else { "Group" };
            let on = |action: String| Call::new(&action).with(kind.parameter(), name.as_str());
            let detach = on(format!("Detach{word}Policy")).with("PolicyArn", arn);
            if self.gone(&on(format!("Create{word}"))).await.is_ok() {
                if let Ok(Outcome::Error(_)) = self.caller.call(&detach).await {
                    let _ = self.gone(&on(format!("Attach{word}Policy")).with("PolicyArn", arn)).await;
                    let _ = self.gone(&detach).await;
                }
                let _ = self.gone(&on(format!("Delete{word}"))).await;
            }
        }
    }

    /// ARN of the account's own policy of that name.
    async fn find_policy(&mut self, name: &str) -> Result<Option<String>, String> {
        let items = self.pages(Call::new("ListPolicies"), "Policies").await?;
        let own = items.iter().find(|p| p.get("PolicyName").and_then(Value::as_str) == Some(name));
        Ok(own.and_then(|p| p.get("Arn")).and_then(Value::as_str).map(str::to_owned))
    }

    async fn texts(&mut self, list: Call, member: &str, of: &str) -> Vec<String> {
        let text = |item: &Value| if of.is_empty() { item.as_str() } else { item.get(of)?.as_str() }.map(str::to_owned);
        self.items(list, member).await.iter().filter_map(text).collect()
    }

    async fn items(&mut self, list: Call, member: &str) -> Vec<Value> {
        self.pages(list, member).await.unwrap_or_default()
    }

    /// Every item of a list, following markers; a marker that comes twice ends it.
    async fn pages(&mut self, list: Call, member: &str) -> Result<Vec<Value>, String> {
        let (mut items, mut marker) = (Vec::new(), None::<String>);
        loop {
            let mut call = list.clone();
            if let Some(marker) = &marker {
                call = call.with("Marker", marker.as_str());
            }
            let result = match self.caller.call(&call).await? {
                Outcome::Success(result) => result,
                Outcome::Error(e) => return Err(format!("{} was answered {} {}", call.action_name(), e.status, e.code)),
            };
            items.extend(result.get(member).and_then(Value::as_array).cloned().unwrap_or_default());
            let next = result.get("Marker").and_then(Value::as_str).map(str::to_owned);
            let more = result.get("IsTruncated").and_then(Value::as_bool) == Some(true);
            if !more || next.is_none() || next == marker {
                return Ok(items);
            }
            marker = next;
        }
    }
}

/// The answer says that there is nothing to remove: not that there is no such Action.
fn missing(e: &ApiError) -> bool {
    let no_action = e.code == "InvalidAction" || e.code.starts_with("Unknown");
    e.code == "NoSuchEntity" || (e.status == 404 && !no_action)
}

/// Whether a name is one that the suite makes up, which nobody else has.
fn ours(name: &str) -> bool {
    let begins = |prefix: &str| name.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix));
    begins(crate::case::generate::PREFIX) && name[crate::case::generate::PREFIX.len()..].starts_with('-')
}

/// Path and name in a policy's ARN.
fn policy_of(arn: &str) -> Option<(&str, &str)> {
    let rest = &arn[arn.find(":policy/")? + ":policy".len()..];
    let at = rest.rfind('/')? + 1;
    Some((&rest[..at], &rest[at..]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::{DialectId, req};
    use crate::reference::{Account, Faults, Ids, Principal, Settings};

    /// The embedded reference as a target.
    struct Reference {
        account: Account,
        ids: Ids,
        faults: Faults,
        entries: Vec<Entry>,
        calls: usize,
    }

    impl Reference {
        fn new() -> Reference {
            let account = Account::new(Settings::new(DialectId::Aws));
            Reference { account, ids: Ids::new(1), faults: Faults::default(), entries: Vec::new(), calls: 0 }
        }

        fn apply(&mut self, call: &Call) -> Outcome {
            self.calls += 1;
            self.account.apply(&Principal::Root, call, 1_700_000_000, &mut self.ids, &self.faults)
        }

        /// Sends a call as a case would: into the journal too.
        fn step(&mut self, action: &str, params: &[(&str, &str)]) -> String {
            let call = params.iter().fold(Call::new(action), |call, (k, v)| call.with(k, *v));
            let outcome = self.apply(&call);
            let (effect, arn) = match &outcome {
                Outcome::Success(result) => (Effect::Done, result.get("Policy").and_then(|p| p["Arn"].as_str()).map(str::to_owned)),
                Outcome::Error(_) => (Effect::Refused, None),
            };
            let made = arn.iter().map(|arn| ("Arn".to_owned(), arn.clone())).collect();
            self.entries.push(Entry { trial: "t".into(), action: action.into(), params: call.params, effect, made });
            arn.unwrap_or_default()
        }

        fn clean(&mut self) -> Vec<Left> {
            let entries = std::mem::take(&mut self.entries);
            let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
            runtime.block_on(clean(&entries, self))
        }

        fn is_empty(&self) -> bool {
            self.account.users.is_empty() && self.account.groups.is_empty() && self.account.policies.is_empty()
        }
    }

    impl Caller for Reference {
        async fn call(&mut self, call: &Call) -> Result<Outcome, String> {
            Ok(self.apply(call))
        }
    }

    const DOCUMENT: &str = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"iam:GetUser","Resource":"*"}}"#;

    fn team(r: &mut Reference) -> String {
        r.step("CreateUser", &[("UserName", "u")]);
        r.step("CreateGroup", &[("GroupName", "g"), ("Path", "/x/")]);
        let arn = r.step("CreatePolicy", &[("PolicyName", "p"), ("PolicyDocument", DOCUMENT)]);
        r.step("AttachUserPolicy", &[("UserName", "u"), ("PolicyArn", &arn)]);
        r.step("AttachGroupPolicy", &[("GroupName", "g"), ("PolicyArn", &arn)]);
        r.step("AddUserToGroup", &[("GroupName", "g"), ("UserName", "u")]);
        r.step("PutUserPolicy", &[("UserName", "u"), ("PolicyName", "i"), ("PolicyDocument", DOCUMENT)]);
        arn
    }

    #[test]
    fn undoes_everything_in_reverse() {
        let mut r = Reference::new();
        let arn = team(&mut r);
        r.step("CreatePolicyVersion", &[("PolicyArn", &arn), ("PolicyDocument", DOCUMENT), ("SetAsDefault", "true")]);
        r.step("UpdateUser", &[("UserName", "u"), ("NewUserName", "v")]);
        r.step("DeleteUser", &[("UserName", "v")]);
        assert_eq!(r.clean(), []);
        assert!(r.is_empty(), "{:?}", r.account);
    }

    #[test]
    fn what_is_kept_under_no_name_goes_for_a_call_without_one() {
        let mut r = Reference::new();
        r.faults = Faults::breaking(req::PARAMETERS__REQUIRED);
        r.step("CreateUser", &[]);
        r.step("CreateGroup", &[]);
        assert!(!r.is_empty());
        assert_eq!(r.clean(), []);
        assert!(r.is_empty(), "{:?}", r.account);
    }

    #[test]
    fn finds_what_the_journal_does_not_know() {
        let mut r = Reference::new();
        team(&mut r);
        r.step("CreateAccessKey", &[("UserName", "u")]);
        // Only the things, none of the ties; the policy without its ARN.
        r.entries.retain(|e| e.action.starts_with("Create"));
        r.entries.iter_mut().for_each(|e| e.made.clear());
        assert_eq!(r.clean(), []);
        assert!(r.is_empty(), "{:?}", r.account);
    }

    #[test]
    fn touches_nothing_else() {
        let mut r = Reference::new();
        r.apply(&Call::new("CreateUser").with("UserName", "somebody"));
        r.apply(&Call::new("CreatePolicy").with("PolicyName", "theirs").with("PolicyDocument", DOCUMENT));
        team(&mut r);
        assert_eq!(r.clean(), []);
        assert_eq!((r.account.users.len(), r.account.policies.len()), (1, 1));
    }

    #[test]
    fn what_may_have_been_made_goes_only_if_the_name_is_ours() {
        let mut r = Reference::new();
        for name in ["admin", "iamspec-r-user"] {
            r.step("CreateUser", &[("UserName", name)]);
        }
        r.entries.iter_mut().for_each(|e| e.effect = Effect::Unknown);
        assert_eq!(r.clean(), []);
        assert_eq!(r.account.users.len(), 1, "an admin who was there before");
    }

    #[test]
    fn what_was_deleted_while_it_was_attached_is_made_again_for_the_moment() {
        for (broken, delete) in [(req::DELETE_USER__NO_ATTACHED_POLICY, "DeleteUser"), (req::DELETE_POLICY__NOT_ATTACHED, "DeletePolicy")] {
            let mut r = Reference::new();
            r.step("CreateUser", &[("UserName", "iamspec-r-user")]);
            let arn = r.step("CreatePolicy", &[("PolicyName", "iamspec-r-policy"), ("PolicyDocument", DOCUMENT)]);
            r.step("AttachUserPolicy", &[("UserName", "iamspec-r-user"), ("PolicyArn", &arn)]);
            r.faults.broken = Some(broken);
            let parameter = if delete == "DeleteUser" { ("UserName", "iamspec-r-user") } else { ("PolicyArn", arn.as_str()) };
            r.step(delete, &[parameter]);
            r.faults.broken = None;
            assert_eq!(r.clean(), [], "{delete}");
            assert!(r.is_empty(), "{delete}: {:?}", r.account);
        }
    }

    #[test]
    fn an_action_that_is_not_there_has_removed_nothing() {
        let error = |status, code: &str| ApiError { status, code: code.into(), message: String::new() };
        assert!(missing(&error(404, "NoSuchEntity")) && missing(&error(404, "")));
        assert!(!missing(&error(404, "InvalidAction")) && !missing(&error(404, "UnknownOperationException")) && !missing(&error(409, "X")));
    }

    #[test]
    fn path_and_name_of_an_arn() {
        assert_eq!(policy_of("arn:aws:iam::1:policy/a/b/p"), Some(("/a/b/", "p")));
        assert_eq!(policy_of("arn:aws:iam::1:policy/p"), Some(("/", "p")));
        assert_eq!(policy_of("arn:aws:iam::1:user/p"), None);
    }
}
