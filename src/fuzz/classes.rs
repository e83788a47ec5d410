//! The class of each argument of a call, without its text: what coverage counts and what tells one departure from another.

use std::collections::BTreeSet;

use crate::api::{Action, Scalar, ScalarBase, Type, model};
use crate::dialect::{Call, Outcome};
use crate::reference::Account;
use crate::reference::state::fold;

/// An argument's class.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Class {
    /// Parameter, as the API has it.
    pub parameter: String,
    /// `live`, `deleted`, `unknown`, `longest`, `too long`, …
    pub class: String,
    /// Whether it is something other than an ordinary value.
    pub odd: bool,
}

/// Names that existed and do not any more are told from those that never did.
#[derive(Clone, Debug, Default)]
pub struct History(BTreeSet<String>);

impl History {
    /// Takes note of everything that an account has now.
    pub fn note(&mut self, account: &Account) {
        let users = account.users.iter().map(|(key, user)| (format!("user {key}"), user));
        for (name, user) in users {
            self.0.extend(user.keys.iter().map(|key| format!("key {}", key.id)));
            self.0.insert(name);
        }
        self.0.extend(account.groups.keys().map(|key| format!("group {key}")));
        self.0.extend(account.certificates.keys().map(|key| format!("certificate {key}")));
        self.0.extend(account.policies.values().map(|p| format!("policy {}", account.arn("policy", &p.path, &p.name))));
    }
}

/// The classes of a call's arguments, and of those that it should have. `answer`: what the model answers.
pub fn classes(action: &Action, call: &Call, account: &Account, history: &History, answer: &Outcome) -> Vec<Class> {
    let dialect = account.settings.dialect;
    let mut all = Vec::new();
    let mut add = |parameter: &str, class: String, odd: bool| all.push(Class { parameter: parameter.to_owned(), class, odd });
    if call.action.as_deref() != Some(action.name.as_str()) {
        add("Action", if call.action.is_none() { "missing" } else { "other" }.into(), true);
    }
    if call.version.as_deref() != Some(model().version.as_str()) {
        add("Version", if call.version.is_none() { "missing" } else { "other" }.into(), true);
    }
    for parameter in action.parameters.iter().filter(|p| p.on(dialect)) {
        let name = parameter.name.as_str();
        let values: Vec<&str> = call.params.iter().filter(|(n, _)| n == name).map(|(_, v)| v.as_str()).collect();
        match (&parameter.ty, values.as_slice()) {
            (Type::List(_), _) => {
                if let Some(class) = list(call, name) {
                    add(name, class.to_owned(), class != "ordinary");
                }
            }
            (_, []) if parameter.required => add(name, "missing".into(), true),
            (_, []) => {}
            (_, [_, _, ..]) => add(name, "twice".into(), true),
            (Type::Scalar(scalar), [value]) => {
                let scalar = model().constraints(scalar, dialect);
                if let Some(class) = form(scalar, value) {
                    add(name, class, true);
                } else if let Some(class) = thing(action, name, value, call, account, history) {
                    add(name, class.to_owned(), class != "live");
                } else if let Some(class) = content(name, value, answer) {
                    let odd = class != "valid";
                    add(name, class, odd);
                } else {
                    add(name, if scalar.values.is_empty() { "ordinary".into() } else { (*value).to_owned() }, false);
                }
            }
            (Type::Struct(_), _) => {}
        }
    }
    let known = |name: &str| action.parameters.iter().any(|p| p.on(dialect) && p.name == name.split('.').next().unwrap_or_default());
    if call.params.iter().any(|(name, _)| !known(name)) {
        add("another", "unknown".into(), true);
    }
    all
}

/// The odd ones in one text, for a fingerprint.
pub fn odd(classes: &[Class]) -> String {
    let odd: Vec<String> = classes.iter().filter(|c| c.odd).map(|c| format!("{}: {}", c.parameter, c.class)).collect();
    odd.join(", ")
}

/// Parameters that say which part of a list is wanted.
const SELECTING: [&str; 7] = ["PathPrefix", "MaxItems", "Marker", "Scope", "OnlyAttached", "PolicyUsageFilter", "EntityFilter"];

/// Classes at the edge of what is legal: they matter where something legal is refused.
const EDGES: [&str; 6] = ["longest", "shortest", "used before", "live, in other letters", "number in another form", "by a user"];

/// The odd arguments that a refusal of the model is about, in one text: those without which it would not refuse the call so, or not at all.
/// `answer`: what the model answers to a call, as status and code.
pub fn decisive(classes: &[Class], action: &Action, call: &Call, answer: &dyn Fn(&Call) -> String) -> String {
    let expected = answer(call);
    let mut left = call.clone();
    let mut kept: Vec<(&str, String)> = Vec::new();
    let odd: Vec<&Class> = classes.iter().filter(|c| c.odd).collect();
    for class in odd.iter().rev() {
        let Some(without) = without(class, action, &left) else {
            if !EDGES.contains(&class.class.as_str()) {
                kept.push((&class.parameter, class.class.clone()));
            }
            continue;
        };
        if answer(&without) == expected {
            left = without;
        } else {
            kept.push((&class.parameter, class.class.clone()));
        }
    }
    kept.reverse();
    // Without one that can be left out the call would not be refused so: then it is not about one that must be there.
    let optional = |name: &str| action.parameters.iter().any(|p| p.name == name && !p.required);
    if kept.iter().any(|(name, _)| optional(name)) {
        kept.retain(|(name, _)| optional(name));
    }
    for (parameter, class) in &mut kept {
        // What is there or not is what counts of a name that leads nowhere; of a marker, who handed it out.
        if expected.ends_with(" NoSuchEntity") && ["longest", "shortest", "of a user"].contains(&class.as_str()) {
            *class = "unknown".into();
        }
        if *parameter == "Marker" && ["empty", "bad characters", "longest", "shortest", "too long"].contains(&class.as_str()) {
            *class = "not handed out".into();
        }
    }
    // Body, key and chain are refused together and in the same words.
    let mut said: BTreeSet<String> = BTreeSet::new();
    kept.retain(|(_, class)| !class.contains(' ') || class.len() < 24 || said.insert(class.clone()));
    kept.into_iter().map(|(parameter, class)| format!("{parameter}: {class}")).collect::<Vec<_>>().join(", ")
}

/// The call without what is odd about an argument; none: it has to be there.
fn without(class: &Class, action: &Action, call: &Call) -> Option<Call> {
    let name = class.parameter.as_str();
    let mut left = call.clone();
    let belongs = |n: &str| n == name || n.strip_prefix(name).is_some_and(|rest| rest.starts_with('.'));
    match (name, action.parameters.iter().find(|p| p.name == name)) {
        ("Action", _) => return None,
        ("Version", _) => left.version = Some(model().version.clone()),
        ("another", None) => {
            let known = |n: &str| action.parameters.iter().any(|p| p.name == n.split('.').next().unwrap_or_default());
            left.params.retain(|(n, _)| known(n));
        }
        _ if class.class == "twice" => {
            let mut seen = false;
            left.params.retain(|(n, _)| !belongs(n) || !std::mem::replace(&mut seen, true));
        }
        (_, Some(parameter)) if !parameter.required => left.params.retain(|(n, _)| !belongs(n)),
        _ => return None,
    }
    Some(left)
}

/// The odd arguments that a difference in a result is about: those that stand in that place, or choose what a list holds.
pub fn at(classes: &[Class], path: &str) -> String {
    let segments: Vec<&str> = path.split('.').map(|s| s.trim_end_matches("[]")).collect();
    let listed = segments.len() == 1 && !path.ends_with(']');
    let of = |c: &&Class| {
        let own =
            segments.iter().any(|s| *s == c.parameter || (*s == "Arn" && (c.parameter.ends_with("Path") || c.parameter.ends_with("Name"))));
        own || (listed && SELECTING.contains(&c.parameter.as_str()))
    };
    let odd: Vec<String> = classes.iter().filter(|c| c.odd).filter(of).map(|c| format!("{}: {}", c.parameter, c.class)).collect();
    odd.join(", ")
}

/// What is wrong with the form of a value, or what edge it stands at; none: nothing.
fn form(scalar: &Scalar, value: &str) -> Option<String> {
    let text = |class: &str| Some(class.to_owned());
    match scalar.base {
        ScalarBase::Integer => match value.parse::<i64>() {
            Err(_) => text("no number"),
            Ok(n) if scalar.min.is_some_and(|min| n < min as i64) => text("too small"),
            Ok(n) if scalar.max.is_some_and(|max| n > max as i64) => text("too large"),
            Ok(n) if n.to_string() != value => text("number in another form"),
            Ok(_) => None,
        },
        ScalarBase::Boolean if ["true", "false"].contains(&value) => None,
        ScalarBase::Boolean if ["True", "False"].contains(&value) => text("capitalised"),
        ScalarBase::Boolean => text("no boolean"),
        ScalarBase::Date => None,
        ScalarBase::String => {
            let length = value.chars().count() as u64;
            let known = |v: &String| v == value;
            if value.is_empty() {
                return if scalar.min.is_some_and(|min| min > 0) || !scalar.values.is_empty() { text("empty") } else { None };
            }
            if !scalar.values.is_empty() && !scalar.values.iter().any(known) {
                let twin = scalar.values.iter().any(|v| v.eq_ignore_ascii_case(value));
                return text(if twin { "value in other letters" } else { "unknown value" });
            }
            if scalar.max.is_some_and(|max| length > max) {
                return text("too long");
            }
            if scalar.min.is_some_and(|min| length < min) {
                return text("too short");
            }
            if scalar.pattern.as_ref().is_some_and(|p| !p.matches(value)) {
                return text("bad characters");
            }
            if scalar.max == Some(length) {
                return text("longest");
            }
            if scalar.min == Some(length) && length > 0 && value != "/" {
                return text("shortest");
            }
            None
        }
    }
}

/// Whether what an argument names is there; none: it names nothing.
fn thing(action: &Action, name: &str, value: &str, call: &Call, account: &Account, history: &History) -> Option<&'static str> {
    let gone = |kind: &str, key: &str| if history.0.contains(&format!("{kind} {key}")) { "deleted" } else { "unknown" };
    let named = |there: Option<&str>, kind: &str| match there {
        Some(stored) if stored == value => "live",
        Some(_) => "live, in other letters",
        None => gone(kind, &fold(value)),
    };
    let inverted = |class: &'static str| match class {
        "live" => "taken",
        "live, in other letters" => "taken in other letters",
        "deleted" => "used before",
        // Free: what a new name should be.
        _ => "live",
    };
    let key = fold(value);
    let user = account.users.get(&key).map(|u| u.name.as_str());
    let group = account.groups.get(&key).map(|g| g.name.as_str());
    let certificate = account.certificates.get(&key).map(|c| c.name.as_str());
    Some(match (action.name.as_str(), name) {
        ("CreateUser", "UserName") | (_, "NewUserName") => inverted(named(user, "user")),
        ("CreateGroup", "GroupName") | (_, "NewGroupName") => inverted(named(group, "group")),
        ("UploadServerCertificate", "ServerCertificateName") | (_, "NewServerCertificateName") => {
            inverted(named(certificate, "certificate"))
        }
        (_, "UserName") => named(user, "user"),
        (_, "GroupName") => named(group, "group"),
        (_, "ServerCertificateName") => named(certificate, "certificate"),
        (_, "PolicyArn" | "PermissionsBoundary") => {
            let own = account.policies.values().any(|p| account.arn("policy", &p.path, &p.name) == value);
            match () {
                () if own => "live",
                () if value.contains("::aws:") || value.contains(":::") => "the provider's",
                () if value.contains(":user/") => "of a user",
                () => gone("policy", value),
            }
        }
        ("CreatePolicy", "PolicyName") => inverted(match account.policies.get(&key) {
            Some(p) if p.name == value => "live",
            Some(_) => "live, in other letters",
            None => "unknown",
        }),
        (_, "PolicyName") => {
            let user = call.param("UserName").and_then(|n| account.users.get(&fold(n))).map(|u| &u.inline);
            let inline = user.or_else(|| call.param("GroupName").and_then(|n| account.groups.get(&fold(n))).map(|g| &g.inline));
            match inline {
                Some(inline) if inline.contains_key(value) => "live",
                // To put a new one is what Put is for.
                _ if action.name.starts_with("Put") => "live",
                _ => "unknown",
            }
        }
        (_, "AccessKeyId") => {
            let of = call.param("UserName").map(fold);
            match account.key(value) {
                Some((user, _)) if of.as_ref().is_none_or(|of| *of == fold(&user.name)) => "live",
                Some(_) => "of another",
                None => gone("key", value),
            }
        }
        (_, "VersionId") => {
            let arn = call.param("PolicyArn").unwrap_or_default();
            let policy = account.policies.values().find(|p| account.arn("policy", &p.path, &p.name) == arn);
            let number = value.strip_prefix('v').and_then(|n| n.parse::<u32>().ok());
            match (policy, number) {
                (Some(p), Some(n)) if n == p.default => "default",
                (Some(p), Some(n)) if p.versions.iter().any(|v| v.number == n) => "live",
                (Some(p), Some(n)) if n < p.next => "deleted",
                _ => "unknown",
            }
        }
        (_, "Marker") => "live",
        _ => return None,
    })
}

/// What a document or certificate is like by itself; none: it is neither.
fn content(name: &str, value: &str, answer: &Outcome) -> Option<String> {
    match (name, answer) {
        ("PolicyDocument", Outcome::Error(error)) if error.code == "MalformedPolicyDocument" => Some(wording(&error.message)),
        ("PolicyDocument", Outcome::Error(error)) if error.code == "LimitExceeded" => Some("too large".into()),
        ("PolicyDocument", _) if serde_json::from_str::<serde_json::Value>(value).is_err() => Some("no JSON".into()),
        ("PolicyDocument", _) => Some("valid".into()),
        ("CertificateBody" | "CertificateChain" | "PrivateKey", Outcome::Error(error))
            if ["MalformedCertificate", "KeyPairMismatch"].contains(&error.code.as_str()) =>
        {
            Some(wording(&error.message))
        }
        ("CertificateBody" | "CertificateChain" | "PrivateKey", _) => Some("valid".into()),
        _ => None,
    }
}

/// The reference's own words for what is wrong, without what it repeats of the request: words of letters alone.
fn wording(message: &str) -> String {
    let outside: String = message.split('"').step_by(2).collect::<Vec<_>>().join(" ");
    let word = |word: &&str| word.chars().all(|c| c.is_ascii_alphabetic() || ".,()'".contains(c));
    let words: Vec<&str> = outside.split_whitespace().filter(word).take(8).collect();
    words.join(" ").trim_end_matches('.').to_lowercase()
}

/// What a list is like; none: it is not given.
fn list(call: &Call, name: &str) -> Option<&'static str> {
    let own: Vec<&(String, String)> =
        call.params.iter().filter(|(n, _)| n == name || n.strip_prefix(name).is_some_and(|r| r.starts_with('.'))).collect();
    let keys: Vec<&str> = own.iter().filter(|(n, _)| n.ends_with(".Key")).map(|(_, v)| v.as_str()).collect();
    let mut folded: Vec<String> = keys.iter().map(|k| k.to_lowercase()).collect();
    folded.sort();
    folded.dedup();
    let values = own.iter().filter(|(n, _)| n.ends_with(".Value")).count();
    let in_order =
        keys.len() * 2 == own.len() && own.iter().enumerate().all(|(i, (n, _))| n.starts_with(&format!("{name}.member.{}.", i / 2 + 1)));
    Some(match own.len() {
        0 => return None,
        1 if own[0].0 == name => "empty",
        _ if keys.len() > 50 => "too many",
        _ if keys.iter().any(|k| k.is_empty() || k.chars().count() > 128) => "key of a bad length",
        _ if own.iter().any(|(n, v)| n.ends_with(".Value") && v.chars().count() > 256) => "value too long",
        _ if keys.len() != values => "half a pair",
        _ if folded.len() < keys.len() => "the same key twice",
        _ if keys.iter().any(|k| k.to_lowercase().starts_with("aws:")) => "reserved key",
        _ if !in_order => "numbers with gaps or out of order",
        _ if own.iter().any(|(_, v)| v.contains(['<', '&'])) => "bad characters",
        _ => "ordinary",
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::DialectId;
    use crate::fuzz::model::{Caller, Model};
    use crate::reference::Settings;

    const MAIN: Caller<'static> = Caller { key: None, tamper: None };

    fn odd_of(model: &mut Model, history: &mut History, call: &Call) -> String {
        history.note(model.account());
        let before = model.clone();
        let answer = model.apply(call, MAIN);
        let action = crate::api::model().action(call.action_name()).unwrap();
        odd(&classes(action, call, before.account(), history, &answer))
    }

    #[test]
    fn a_refusal_is_about_the_arguments_without_which_it_would_not_be() {
        let model = Model::new(Settings::new(DialectId::Aws), crate::dialect::Format::Xml, 1_800_000_000, 1).unwrap();
        let decided = |call: &Call| {
            let action = crate::api::model().action(call.action_name()).unwrap();
            let answer = |call: &Call| crate::fuzz::compare::label(&model.clone().apply(call, MAIN));
            let expected = model.clone().apply(call, MAIN);
            decisive(&classes(action, call, model.account(), &History::default(), &expected), action, call, &answer)
        };
        let create = |name: &str| Call::new("CreateUser").with("UserName", name);
        let boundary = "arn:aws:iam::123456789012:policy/nothing";
        let twice = |call: Call| {
            let key = |call: Call, i: u8| call.with(&format!("Tags.member.{i}.Key"), "k").with(&format!("Tags.member.{i}.Value"), "v");
            key(key(call, 1), 2)
        };
        for (call, expected) in [
            (create("ann").with("PermissionsBoundary", boundary), "PermissionsBoundary: unknown"),
            (create(&"x".repeat(64)).with("PermissionsBoundary", boundary), "PermissionsBoundary: unknown"),
            (twice(create("ann").with("PermissionsBoundary", boundary)), "Tags: the same key twice"),
            (create("ann").with("Path", "x").with("PermissionsBoundary", boundary), "Path: bad characters"),
            (Call::new("ListUsers").with("Marker", ""), "Marker: not handed out"),
            (create("a b").with("Path", "x"), "UserName: bad characters"),
        ] {
            assert_eq!(decided(&call), expected, "{call:?}");
        }
        let paths = [("Path", "twice"), ("Tags", "empty"), ("MaxItems", "number in another form")];
        let of = |path: &str| at(&paths.map(|(p, c)| Class { parameter: p.into(), class: c.into(), odd: true }), path);
        assert_eq!((of("User.Arn").as_str(), of("User.Tags[].Key").as_str()), ("Path: twice", "Tags: empty"));
        assert_eq!((of("Users").as_str(), of("User.UserId").as_str()), ("MaxItems: number in another form", ""));
    }

    #[test]
    fn classes_tell_what_is_odd_and_nothing_of_its_name() {
        let settings = Settings::new(DialectId::Aws);
        let mut model = Model::new(settings, crate::dialect::Format::Xml, 1_800_000_000, 1).unwrap();
        let mut history = History::default();
        let user = |action: &str, name: &str| Call::new(action).with("UserName", name);
        for (call, expected) in [
            (user("CreateUser", "ann"), ""),
            (user("CreateUser", "ANN"), "UserName: taken in other letters"),
            (user("GetUser", "ann"), ""),
            (user("DeleteUser", "ann"), ""),
            (user("GetUser", "ann"), "UserName: deleted"),
            (user("GetUser", "bob"), "UserName: unknown"),
            (user("CreateUser", &"x".repeat(65)), "UserName: too long"),
            (user("CreateUser", &"x".repeat(64)), "UserName: longest"),
            (user("CreateUser", "a b"), "UserName: bad characters"),
            (Call::new("CreateUser"), "UserName: missing"),
            (user("CreateUser", "cy").with("UserName", "dee"), "UserName: twice"),
            (Call::new("ListUsers").with("MaxItems", "1001"), "MaxItems: too large"),
            (Call::new("ListUsers").with("maxItems", "1"), "another: unknown"),
            (
                user("CreateUser", "eve").with("Tags.member.2.Key", "a").with("Tags.member.2.Value", "b"),
                "Tags: numbers with gaps or out of order",
            ),
            (Call::new("CreatePolicy").with("PolicyName", "pp").with("PolicyDocument", "{]"), "PolicyDocument: syntax errors in policy"),
        ] {
            assert_eq!(odd_of(&mut model, &mut history, &call), expected, "{call:?}");
        }
    }
}
