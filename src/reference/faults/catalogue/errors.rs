//! Errors with another code or another status.

use super::{Aim, Fault, exists, of_action};
use crate::api::requirement::catalogue;
use crate::api::{Action, DialectId, Kind, Req, model, req};
use crate::reference::Faults;
use crate::reference::faults::{Flaw, Wrong};

/// The code of what is wrong with parameters: declared by no Action, met by all that have any.
const VALIDATION: &str = "ValidationError";

/// Errors that an Action can be made to answer.
pub(super) fn faults(action: &'static Action, dialect: DialectId) -> Vec<Fault> {
    let own = |(code, _): (&'static str, u16)| Some((code, rules(Some(action), code, dialect))).filter(|(_, rules)| !rules.is_empty());
    let mut codes: Vec<(&'static str, Vec<Req>)> = model().codes().filter_map(own).collect();
    if codes.iter().all(|(code, _)| *code != VALIDATION) && action.parameters.iter().any(|p| p.on(dialect)) {
        codes.push((VALIDATION, Vec::new()));
    }
    let mut all = Vec::new();
    for (code, shown_by) in codes {
        let name = &action.name;
        let aim = Aim { action: Some(name), calls: Some(name), ..Aim::default() };
        let [(other, code_flaw), (status, status_flaw)] = flaws(code, dialect);
        let about = format!("{name} answers {other} where {code} is right");
        let fault = of_action(action, format!("code-exchanged:{name}.{code}"), about, code_flaw, aim.clone());
        all.push(Fault { shown_by: shown_by.clone(), ..fault });
        let about = format!("{name} answers {code} with status {status}");
        let aim = Aim { requirements: vec![req::WIRE__STATUS_OF_CODE], ..aim };
        all.push(Fault { shown_by, ..of_action(action, format!("status-exchanged:{name}.{code}"), about, status_flaw, aim) });
    }
    all
}

/// Errors that a call of any Action can meet.
pub(super) fn of_every_action(dialect: DialectId) -> Vec<Fault> {
    let mut all = Vec::new();
    for (code, _) in model().codes() {
        let about_it = rules(None, code, dialect);
        if about_it.is_empty() {
            continue;
        }
        // Where every answer with the code is wrong, each Action's own rule about it shows that too.
        let own = model().actions.iter().filter(|a| exists(a, dialect)).flat_map(|a| rules(Some(a), code, dialect));
        let shown_by: Vec<Req> = about_it.into_iter().chain(own).collect();
        let aim = Aim { requirements: shown_by.clone(), ..Aim::default() };
        let [(other, code_flaw), (status, status_flaw)] = flaws(code, dialect);
        let fault = |word: &str, about: String, what: Wrong, aim: Aim| Fault {
            id: format!("{word}:{code}"),
            about,
            faults: Faults::with(Flaw { action: None, what }),
            aim,
            shown_by: shown_by.clone(),
            only: None,
        };
        all.push(fault("code-exchanged", format!("{other} is answered where {code} is right"), code_flaw, aim.clone()));
        let mut aim = aim;
        aim.requirements.push(req::WIRE__STATUS_OF_CODE);
        all.push(fault("status-exchanged", format!("{code} is answered with status {status}"), status_flaw, aim));
    }
    all
}

/// Requirements of an Action, or of none, that say when a code is answered and that a call can provoke.
fn rules(action: Option<&Action>, code: &str, dialect: DialectId) -> Vec<Req> {
    let about = |rule: &crate::api::Requirement| {
        let mut words = rule.text.split(|c: char| !c.is_ascii_alphanumeric());
        rule.kind == Kind::Enforced
            && rule.dialects.contains(&dialect)
            && rule.action.as_deref() == action.map(|a| a.name.as_str())
            && words.any(|word| word == code)
    };
    (0..).zip(catalogue()).filter(|(_, rule)| about(rule)).map(|(number, _)| Req(number)).collect()
}

/// The code exchanged for another of the same status, where there is one, and the status for another.
fn flaws(code: &'static str, dialect: DialectId) -> [(String, Wrong); 2] {
    let right = model().status_on(code, dialect).unwrap_or(400);
    let alike = model().codes().find(|(other, status)| *other != code && *status == right).map(|(other, _)| other);
    let other = alike.unwrap_or("InvalidInput");
    let status = if right == 400 { 409 } else { 400 };
    [(other.to_owned(), Wrong::Code { code, becomes: other }), (status.to_string(), Wrong::Status { code, becomes: status })]
}
