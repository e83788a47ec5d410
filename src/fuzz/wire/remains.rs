//! What a malformed request left under names that nobody foresaw: looked for by the mark that every name of the request has.

use serde_json::Value;

use crate::dialect::{Call, Outcome};
use crate::runner::cleanup::{Caller, Left};

/// The kinds of thing that a malformed request may make: how it is listed, and how it is removed.
const KINDS: [(&str, &str, &str, &str, &str, &str); 3] = [
    ("user", "ListUsers", "Users", "UserName", "DeleteUser", "UserName"),
    ("group", "ListGroups", "Groups", "GroupName", "DeleteGroup", "GroupName"),
    ("policy", "ListPolicies", "Policies", "Arn", "DeletePolicy", "PolicyArn"),
];

/// Pages of a list that are looked at: what was just made is on the first ones, or the account is not one to fuzz.
const PAGES: usize = 50;

/// Removes whatever has `stem` in its name. What stays comes back.
pub async fn remove(stem: &str, trial: &str, caller: &mut impl Caller) -> Vec<Left> {
    let mut left = Vec::new();
    for (kind, list, member, named, delete, parameter) in KINDS {
        for name in names(stem, list, member, named, caller).await {
            let why = match caller.call(&Call::new(delete).with(parameter, name.as_str())).await {
                Ok(Outcome::Success(_)) => continue,
                Ok(Outcome::Error(error)) => format!("{delete} was answered {} {}: {}", error.status, error.code, error.message),
                Err(why) => format!("{delete} had no answer: {why}"),
            };
            left.push(Left { kind, name, why, trial: trial.to_owned() });
        }
    }
    left
}

async fn names(stem: &str, list: &str, member: &str, named: &str, caller: &mut impl Caller) -> Vec<String> {
    let (mut names, mut marker) = (Vec::new(), None::<String>);
    for _ in 0..PAGES {
        let call = marker.iter().fold(Call::new(list), |call, marker| call.with("Marker", marker.as_str()));
        let Ok(Outcome::Success(result)) = caller.call(&call).await else { break };
        let items = result.get(member).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        let ours = |name: &&str| name.to_ascii_lowercase().contains(stem);
        names.extend(items.iter().filter_map(|item| item.get(named)?.as_str()).filter(ours).map(str::to_owned));
        let next = result.get("Marker").and_then(Value::as_str).map(str::to_owned);
        if next.is_none() || next == marker {
            break;
        }
        marker = next;
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::DialectId;
    use crate::reference::{Account, Faults, Ids, Principal, Settings};

    struct Reference(Account, Ids);

    impl Caller for Reference {
        async fn call(&mut self, call: &Call) -> Result<Outcome, String> {
            Ok(self.0.apply(&Principal::Root, call, 1_700_000_000, &mut self.1, &Faults::default()))
        }
    }

    #[tokio::test]
    async fn what_has_the_mark_goes_and_nothing_else() {
        let mut there = Reference(Account::new(Settings::new(DialectId::Aws)), Ids::new(1));
        let document = r#"{"Version":"2012-10-17","Statement":{"Effect":"Deny","Action":"*","Resource":"*"}}"#;
        for name in ["iamspec-m-name", "x-IAMSPEC-M", "somebody"] {
            there.call(&Call::new("CreateUser").with("UserName", name)).await.unwrap();
            there.call(&Call::new("CreateGroup").with("GroupName", name)).await.unwrap();
            there.call(&Call::new("CreatePolicy").with("PolicyName", name).with("PolicyDocument", document)).await.unwrap();
        }
        assert_eq!(remove("iamspec-m", "t", &mut there).await, []);
        let there = &there.0;
        assert_eq!((there.users.len(), there.groups.len(), there.policies.len()), (1, 1, 1));
        assert!(there.users.contains_key("somebody"));
    }
}
