//! What is still there of what a case made: worked out from its journal, in the order in which it was made.

use super::journal::{Effect, Entry};
use crate::dialect::Call;

/// A kind of thing that has a life of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// A user, by name.
    User,
    /// A group, by name.
    Group,
    /// A managed policy, by name (and ARN, where it is known).
    Policy,
    /// A server certificate, by name.
    ServerCertificate,
}

impl Kind {
    /// The word for reports.
    pub fn word(self) -> &'static str {
        match self {
            Kind::User => "user",
            Kind::Group => "group",
            Kind::Policy => "policy",
            Kind::ServerCertificate => "server-certificate",
        }
    }

    /// Name of the parameter that names it.
    pub fn parameter(self) -> &'static str {
        match self {
            Kind::User => "UserName",
            Kind::Group => "GroupName",
            Kind::Policy => "PolicyName",
            Kind::ServerCertificate => "ServerCertificateName",
        }
    }

    fn of_action(action: &str, verb: &str) -> Option<Kind> {
        match action.strip_prefix(verb)? {
            "User" => Some(Kind::User),
            "Group" => Some(Kind::Group),
            "Policy" => Some(Kind::Policy),
            "ServerCertificate" => Some(Kind::ServerCertificate),
            _ => None,
        }
    }
}

/// Something to take away again.
#[derive(Clone, Debug, PartialEq)]
pub enum Undo {
    /// A thing that was made.
    Thing {
        /// What it is.
        kind: Kind,
        /// Its name now.
        name: String,
        /// Its ARN, of policies.
        arn: Option<String>,
        /// The trial that made it.
        trial: String,
        /// An answer said that it was made. Otherwise the call may have been carried out or not.
        certain: bool,
    },
    /// A tie between things, or a part of one: the call that takes it away.
    Tie(Call),
    /// An access key: it must go even where the user it was made for is not the one that the target gave it to.
    Key {
        /// The call that removes it.
        call: Call,
        /// The trial that made it.
        trial: String,
    },
}

/// The calls that make and take away ties, with the parameters that identify one.
const TIES: [(&str, &str, &[&str]); 5] = [
    ("AddUserToGroup", "RemoveUserFromGroup", &["GroupName", "UserName"]),
    ("AttachUserPolicy", "DetachUserPolicy", &["UserName", "PolicyArn"]),
    ("AttachGroupPolicy", "DetachGroupPolicy", &["GroupName", "PolicyArn"]),
    ("PutUserPolicy", "DeleteUserPolicy", &["UserName", "PolicyName"]),
    ("PutGroupPolicy", "DeleteGroupPolicy", &["GroupName", "PolicyName"]),
];

/// What may still be there after these calls, oldest first. A call whose effect is unknown counts as done when it makes something and
/// as not done when it removes something: to remove what is not there does no harm.
pub fn still_there(entries: &[Entry]) -> Vec<Undo> {
    let mut there: Vec<Undo> = Vec::new();
    for entry in entries.iter().filter(|e| e.effect != Effect::Refused) {
        let done = entry.effect == Effect::Done;
        if let Some(kind) = Kind::of_action(&entry.action, "Create").or_else(|| Kind::of_action(&entry.action, "Upload")) {
            // Without a name it should have been refused; where it was not, there is something that nobody asked for by name.
            let name = entry.param(kind.parameter()).unwrap_or_default().to_owned();
            if done || !name.is_empty() {
                let arn = entry.made.get("Arn").cloned();
                there.push(Undo::Thing { kind, name, arn, trial: entry.trial.clone(), certain: done });
            }
        } else if let Some(kind) = Kind::of_action(&entry.action, "Update") {
            rename(&mut there, entry, kind, done);
        } else if let Some(kind) = Kind::of_action(&entry.action, "Delete") {
            if done {
                forget_thing(&mut there, entry, kind);
            }
        } else if entry.action == "CreateAccessKey" {
            // Without UserName it is the caller's; whose it became, the answer says better than the call.
            let user = entry.made.get("UserName").map(String::as_str).or(entry.param("UserName")).filter(|user| !user.is_empty());
            if let Some(id) = entry.made.get("AccessKeyId") {
                let call = user.iter().fold(Call::new("DeleteAccessKey"), |call, user| call.with("UserName", *user));
                there.push(Undo::Key { call: call.with("AccessKeyId", id.as_str()), trial: entry.trial.clone() });
            }
        } else if entry.action == "DeleteAccessKey" {
            if done {
                there.retain(
                    |u| !matches!(u, Undo::Key { call: c, .. } if c.param("AccessKeyId").is_some_and(|id| entry.param("AccessKeyId") == Some(id))),
                );
            }
        } else if let Some((_, inverse, names)) = TIES.iter().find(|(action, ..)| *action == entry.action) {
            let mut call = Call::new(inverse);
            for name in *names {
                call = call.with(name, entry.param(name).unwrap_or_default());
            }
            there.push(Undo::Tie(call));
        } else if let Some((_, inverse, names)) = TIES.iter().find(|(_, action, _)| *action == entry.action)
            && done
        {
            there.retain(
                |u| !matches!(u, Undo::Tie(c) if c.action_name() == *inverse && names.iter().all(|n| same(c.param(n), entry.param(n)))),
            );
        }
    }
    there
}

/// Names are compared without regard to case: on most targets they ignore it, and a tie removed twice does no harm.
fn same(a: Option<&str>, b: Option<&str>) -> bool {
    a.zip(b).is_some_and(|(a, b)| a.eq_ignore_ascii_case(b))
}

fn rename(there: &mut Vec<Undo>, entry: &Entry, kind: Kind, done: bool) {
    let parameter = kind.parameter();
    let (Some(old), Some(new)) = (entry.param(parameter), entry.param(&format!("New{parameter}"))) else { return };
    if !done {
        there.push(Undo::Thing { kind, name: new.to_owned(), arn: None, trial: entry.trial.clone(), certain: false });
        return;
    }
    // The exact spelling first: a target that tells names apart by case has two things.
    let exact = there.iter().any(|u| matches!(u, Undo::Thing { kind: k, name, .. } if *k == kind && name == old));
    for undo in there.iter_mut() {
        match undo {
            Undo::Thing { kind: k, name, .. } if *k == kind && (name == old || (!exact && name.eq_ignore_ascii_case(old))) => {
                new.clone_into(name);
            }
            Undo::Tie(call) | Undo::Key { call, .. } => {
                for (_, value) in call.params.iter_mut().filter(|(n, v)| n == parameter && v.eq_ignore_ascii_case(old)) {
                    new.clone_into(value);
                }
            }
            Undo::Thing { .. } => {}
        }
    }
}

fn forget_thing(there: &mut Vec<Undo>, entry: &Entry, kind: Kind) {
    let hit = |undo: &Undo, exact: bool| match undo {
        Undo::Thing { kind: k, arn, .. } if *k == kind && kind == Kind::Policy => arn.as_deref() == entry.param("PolicyArn"),
        Undo::Thing { kind: k, name, .. } if *k == kind => match entry.param(kind.parameter()) {
            Some(gone) if exact => name == gone,
            Some(gone) => name.eq_ignore_ascii_case(gone),
            None => false,
        },
        _ => false,
    };
    let at = there.iter().rposition(|u| hit(u, true)).or_else(|| there.iter().rposition(|u| hit(u, false)));
    if let Some(at) = at {
        there.remove(at);
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn entry(action: &str, params: &[(&str, &str)], effect: Effect) -> Entry {
        let params = params.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        Entry { trial: "t".into(), action: action.into(), params, effect, made: BTreeMap::new() }
    }

    fn shown(undo: &[Undo]) -> Vec<String> {
        let show = |u: &Undo| match u {
            Undo::Thing { kind, name, .. } => format!("{} {name}", kind.word()),
            Undo::Tie(call) | Undo::Key { call, .. } => {
                let values: Vec<&str> = call.params.iter().map(|(_, v)| v.as_str()).collect();
                format!("{} {}", call.action_name(), values.join(" "))
            }
        };
        undo.iter().map(show).collect()
    }

    #[test]
    fn what_was_made_and_not_removed_is_there_and_refused_calls_are_not() {
        let entries = [
            entry("CreateUser", &[("UserName", "a")], Effect::Done),
            entry("CreateUser", &[("UserName", "b")], Effect::Refused),
            entry("CreateUser", &[("UserName", "c")], Effect::Unknown),
            entry("CreateGroup", &[("GroupName", "g")], Effect::Done),
            entry("AddUserToGroup", &[("GroupName", "g"), ("UserName", "a")], Effect::Done),
            entry("DeleteUser", &[("UserName", "c")], Effect::Done),
            entry("RemoveUserFromGroup", &[("UserName", "A"), ("GroupName", "g")], Effect::Refused),
        ];
        assert_eq!(shown(&still_there(&entries)), ["user a", "group g", "RemoveUserFromGroup g a"]);
    }

    #[test]
    fn renames_are_followed_in_things_and_ties() {
        let entries = [
            entry("CreateUser", &[("UserName", "a")], Effect::Done),
            entry("PutUserPolicy", &[("UserName", "a"), ("PolicyName", "p"), ("PolicyDocument", "{}")], Effect::Done),
            entry("UpdateUser", &[("UserName", "a"), ("NewUserName", "b")], Effect::Done),
        ];
        assert_eq!(shown(&still_there(&entries)), ["user b", "DeleteUserPolicy b p"]);
    }

    #[test]
    fn a_rename_without_an_answer_leaves_both_names() {
        let entries = [
            entry("CreateGroup", &[("GroupName", "a")], Effect::Done),
            entry("UpdateGroup", &[("GroupName", "a"), ("NewGroupName", "b")], Effect::Unknown),
        ];
        assert_eq!(shown(&still_there(&entries)), ["group a", "group b"]);
    }

    #[test]
    fn names_that_differ_by_case_are_two_things_where_the_target_made_two() {
        let entries = [
            entry("CreateUser", &[("UserName", "a")], Effect::Done),
            entry("CreateUser", &[("UserName", "A")], Effect::Done),
            entry("DeleteUser", &[("UserName", "a")], Effect::Done),
        ];
        assert_eq!(shown(&still_there(&entries)), ["user A"]);
    }
}
