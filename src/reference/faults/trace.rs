//! What a sound reference came across while it answered: a fault in anything else makes no difference to those calls.

use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde_json::Value;

use super::outgoing::Outgoing;
use super::{Faults, Flaw, Lapse, Wrong};
use crate::api::{Kind, Req, requirement::catalogue};
use crate::dialect::{Call, Outcome};

/// Everything that a reference came across. Names are those that the core marks as it goes.
#[derive(Debug)]
pub struct Trace {
    inner: Mutex<Inner>,
}

#[derive(Debug)]
struct Inner {
    /// Whether each requirement was asked for.
    rules: Vec<bool>,
    marks: BTreeSet<String>,
}

impl Default for Trace {
    fn default() -> Trace {
        Trace { inner: Mutex::new(Inner { rules: vec![false; catalogue().len()], marks: BTreeSet::new() }) }
    }
}

impl Trace {
    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes that a rule was asked for.
    pub(super) fn asked(&self, rule: Req) {
        if let Some(asked) = self.inner().rules.get_mut(usize::from(rule.0)) {
            *asked = true;
        }
    }

    /// Notes a call: `GetUser`, and `GetUser?UserName` for each parameter.
    pub(super) fn called(&self, call: &Call) {
        let (action, mut inner) = (call.action_name(), self.inner());
        inner.marks.insert(action.to_owned());
        for (name, _) in &call.params {
            inner.marks.insert(format!("{action}?{}", name.split('.').next().unwrap_or(name)));
        }
    }

    /// Notes an answer: `GetUser.User.Path` for each element, or `GetUser!NoSuchEntity` and `!NoSuchEntity`.
    pub(super) fn answered(&self, exchange: &Outgoing<'_>, outcome: &Outcome) {
        let mut inner = self.inner();
        match outcome {
            Outcome::Success(tree) => {
                let mut marks = Vec::new();
                tree.iter().for_each(|(name, value)| elements(value, format!("{}.{name}", exchange.action), &mut marks));
                inner.marks.insert(format!("{}.", exchange.action));
                inner.marks.extend(marks);
            }
            Outcome::Error(error) => {
                inner.marks.insert(format!("{}!{}", exchange.action, error.code));
                inner.marks.insert(format!("!{}", error.code));
            }
        }
    }

    /// Whether an answer had the element at a path: `GetUser.User.Path`.
    pub fn saw(&self, element: &str) -> bool {
        self.inner().marks.contains(element)
    }

    /// The rules that were asked for.
    pub fn rules(&self) -> Vec<Req> {
        let inner = self.inner();
        (0..).zip(&inner.rules).filter(|(_, asked)| **asked).map(|(number, _)| Req(number)).collect()
    }

    /// Whether a reference with these faults would have answered any of these calls otherwise. `true` may mean: perhaps.
    pub fn meets(&self, faults: &Faults) -> bool {
        let inner = self.inner();
        let asked = |rule: Req| rule.get().kind == Kind::Wire || inner.rules.get(usize::from(rule.0)).copied().unwrap_or(true);
        let marked = |flaw: &Flaw| mark(flaw).is_none_or(|mark| inner.marks.contains(&mark));
        faults.broken.is_none_or(asked)
            && faults.flaw.as_ref().is_none_or(|flaw| marked(flaw) && !matches!(flaw.what, Wrong::Rule(rule) if !asked(rule)))
    }
}

fn elements(value: &Value, path: String, marks: &mut Vec<String>) {
    match value {
        Value::Object(tree) => tree.iter().for_each(|(name, value)| elements(value, format!("{path}.{name}"), marks)),
        Value::Array(items) => items.iter().for_each(|item| elements(item, format!("{path}[]"), marks)),
        _ => {}
    }
    marks.push(path);
}

/// What a call or its answer must have for a flaw to show; `None`: it may show anywhere.
fn mark(flaw: &Flaw) -> Option<String> {
    let action = flaw.action.unwrap_or_default();
    let sent = |parameter: &str| format!("{action}?{}", parameter.split(['[', '.']).next().unwrap_or(parameter));
    Some(match &flaw.what {
        Wrong::Ignored(parameter) => sent(parameter),
        Wrong::Constraint { parameter, lapse } if *lapse != Lapse::NotRequired => sent(parameter),
        Wrong::Element { path, .. } => format!("{action}.{path}"),
        Wrong::Code { code, .. } | Wrong::Status { code, .. } => format!("{action}!{code}"),
        _ if flaw.action.is_some() => action.to_owned(),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::api::{DialectId, req};
    use crate::reference::faults::catalogue::faults;
    use crate::reference::faults::respond;
    use crate::reference::{Account, Ids, Principal, Settings};

    #[test]
    fn only_faults_in_what_was_come_across_can_make_a_difference() {
        let trace = Arc::new(Trace::default());
        let sound = Faults::traced(&trace);
        let mut account = Account::new(Settings::new(DialectId::Aws));
        let call = Call::new("CreateUser").with("UserName", "ann");
        trace.called(&call);
        let outcome = account.apply(&Principal::Root, &call, 0, &mut Ids::new(1), &sound);
        let dialect = crate::dialect::dialect(DialectId::Aws).unwrap();
        let format = crate::dialect::Format::Xml;
        let exchange = Outgoing { dialect, action: "CreateUser", call: Some(&call), format, request_id: "r".into(), account: &account };
        respond(&sound, exchange, outcome);

        let meets = |id: &str| trace.meets(&faults(DialectId::Aws).into_iter().find(|f| f.id == id).unwrap().faults);
        for id in [
            "requirement:create-user.default-path",
            "requirement:wire.well-formed",
            "parameter-ignored:CreateUser.UserName",
            "required-unchecked:CreateUser.Tags[].Key",
            "element-missing:CreateUser.User.Path",
            "element-extra:CreateUser",
            "date-form:epoch",
        ] {
            assert!(meets(id), "{id}");
        }
        for id in [
            "requirement:delete-user.gone",
            "parameter-ignored:CreateUser.Path",
            "max-higher:CreateUser.Tags[].Key",
            "element-missing:CreateUser.User.Tags",
            "element-missing:GetUser.User.Path",
            "code-exchanged:CreateUser.EntityAlreadyExists",
        ] {
            assert!(!meets(id), "{id}");
        }
        assert!(!trace.meets(&Faults::breaking(req::PAGINATION__NO_GAP)));
        assert!(trace.saw("CreateUser.User.Path") && !trace.saw("CreateUser.User.Tags"));
    }
}
