//! Elements of answers that are missing, wrong, of another type, out of order, escaped wrongly or too many.

use super::{Aim, Fault, of_action};
use crate::api::requirement::catalogue;
use crate::api::{Action, DialectId, Member, Pattern, Req, ScalarBase, Type, model, req};
use crate::dialect::Format;
use crate::reference::faults::element::has_alternatives;
use crate::reference::faults::tree::{member, type_at};
use crate::reference::faults::{Change, DateForm, Escaping, Wrong};

pub(super) fn faults(action: &'static Action, dialect: DialectId) -> Vec<Fault> {
    let mut all = Vec::new();
    if !action.response.is_empty() {
        all.push(extra(action, ""));
    }
    for path in action.response_paths(dialect) {
        let Some(member) = member(action, &path).filter(|_| is_answered(action, &path, dialect)) else { continue };
        of_element(action, dialect, member, &path, &mut all);
        if let Type::List(item) = &member.ty
            && matches!(**item, Type::Scalar(_))
        {
            let path = format!("{path}[]");
            all.push(fault(action, &path, Change::Other));
            all.push(fault(action, &path, Change::Type));
        }
    }
    all
}

fn of_element(action: &'static Action, dialect: DialectId, member: &'static Member, path: &str, all: &mut Vec<Fault>) {
    all.push(fault(action, path, Change::Missing));
    if has_alternatives(&member.ty, dialect) {
        all.push(fault(action, path, Change::Other));
    }
    all.push(fault(action, path, Change::Type));
    match &member.ty {
        Type::List(item) => {
            all.push(Fault { only: Some(Format::Xml), ..fault(action, path, Change::MemberLost) });
            if order(action).is_some() && matches!(**item, Type::Struct(_)) {
                all.push(fault(action, path, Change::Order));
            }
            if matches!(**item, Type::Struct(_)) {
                all.push(extra(action, path));
            }
        }
        Type::Struct(_) => all.push(extra(action, path)),
        Type::Scalar(name) if model().base(name) == ScalarBase::Date => all.push(fault(action, path, Change::Date(DateForm::Epoch))),
        Type::Scalar(name) if takes_markup(name, dialect) && (name != "document" || member.is_raw(dialect)) => {
            all.push(fault(action, path, Change::Text(Escaping::None)));
            all.push(fault(action, path, Change::Text(Escaping::Twice)));
        }
        Type::Scalar(_) => {}
    }
}

/// Whether the reference ever answers an element: no requirement says that it must not be there, or that no call brings it about.
fn is_answered(action: &Action, path: &str, dialect: DialectId) -> bool {
    !catalogue().iter().any(|rule| rule.hides(&action.name, path, dialect))
}

/// The rule about the order of an Action's list.
fn order(action: &Action) -> Option<Req> {
    let of = |rule: &crate::api::Requirement| {
        rule.action.as_deref() == Some(&action.name) && (rule.id.ends_with(".order") || rule.id.ends_with(".newest-first"))
    };
    (0..).zip(catalogue()).find(|(_, rule)| of(rule)).map(|(number, _)| Req(number))
}

/// Whether texts of a type can hold what XML and JSON must escape. Numbers, booleans and dates are no texts, and what the service makes
/// itself, such as ids and ARNs, holds none of it.
fn takes_markup(scalar: &str, dialect: DialectId) -> bool {
    if model().base(scalar) != ScalarBase::String {
        return false;
    }
    let scalar = model().constraints(scalar, dialect);
    let free = |pattern: &Pattern| ["a&<\"b", "/a&<\"b/"].iter().any(|text| pattern.matches(text));
    let made = ["id", "arn", "access-key-id", "version-id", "secret", "response-marker", "certificate-body", "certificate-chain"];
    scalar.values.is_empty() && !made.contains(&scalar.name.as_str()) && scalar.pattern.as_ref().is_none_or(free)
}

fn extra(action: &'static Action, path: &str) -> Fault {
    let name = &action.name;
    let at = if path.is_empty() { name.clone() } else { format!("{name}.{path}") };
    let aim = Aim { requirements: vec![req::SHAPE__UNDECLARED_ELEMENT], calls: Some(name), ..Aim::default() };
    let what = Wrong::Element { path: path.to_owned(), change: Change::Extra };
    of_action(action, format!("element-extra:{at}"), format!("{at} has an element that the API does not know"), what, aim)
}

fn fault(action: &'static Action, path: &str, change: Change) -> Fault {
    let name = &action.name;
    let (word, about): (_, &str) = match change {
        Change::Missing => ("element-missing", "is left out"),
        Change::Other if ends_in_list(action, path) => ("element-wrong", "lacks its last item"),
        Change::Other => ("element-wrong", "has another value"),
        Change::Type => ("element-type", "is of another type"),
        Change::Order => ("list-unordered", "begins with its second item, the first comes last"),
        Change::MemberLost => ("member-lost", "has items that are not called member"),
        Change::Date(_) => ("date-form", "is in seconds since 1970"),
        Change::Text(Escaping::None) => ("text-unescaped", "is not escaped"),
        Change::Text(Escaping::Twice) => ("text-escaped-twice", "is escaped twice"),
        Change::Extra => ("element-extra", "has an element that the API does not know"),
    };
    let aim = Aim { requirements: free_checks(action, path, change), action: Some(name), calls: None, element: Some(path.to_owned()) };
    let aim = match path.rsplit('.').next() {
        // A wrong one leads elsewhere or nowhere: what the walk along the pages then meets is about it, wherever that shows.
        Some("Marker" | "IsTruncated") => Aim { calls: Some(name), element: None, ..aim },
        // Nobody can tell a wrong secret from a right one but by signing with it.
        Some("SecretAccessKey") if change == Change::Other => Aim { element: None, ..aim },
        _ => aim,
    };
    let what = Wrong::Element { path: path.to_owned(), change };
    of_action(action, format!("{word}:{name}.{path}"), format!("{path} of {name} {about}"), what, aim)
}

fn ends_in_list(action: &'static Action, path: &str) -> bool {
    matches!(type_at(action, path), Some(Type::List(_)))
}

/// Free checks that are about such a change.
fn free_checks(action: &'static Action, path: &str, change: Change) -> Vec<Req> {
    match change {
        Change::Missing => vec![req::SHAPE__REQUIRED_MEMBER, req::SHAPE__ALWAYS_MEMBER, req::SHAPE__LIST_PRESENT, req::SHAPE__MARKER],
        Change::Other if matches!(path, "Marker" | "IsTruncated") => vec![req::SHAPE__MARKER, req::TRANSPORT__PAGES_END],
        Change::Other => Vec::new(),
        Change::Type => vec![req::SHAPE__TYPE, req::SHAPE__DATE],
        Change::Order => order(action).into_iter().chain([req::SHAPE__NAMES_ORDER, req::SHAPE__VERSIONS_ORDER]).collect(),
        Change::MemberLost => vec![req::WIRE__LIST_MEMBER],
        Change::Date(_) => vec![req::SHAPE__DATE, req::SHAPE__DATE_WHOLE_SECONDS],
        Change::Text(Escaping::None) => vec![req::WIRE__WELL_FORMED, req::WIRE__JSON_WELL_FORMED, req::WIRE__NO_MIXED_CONTENT],
        Change::Text(Escaping::Twice) => vec![req::WIRE__ESCAPED_ONCE],
        Change::Extra => vec![req::SHAPE__UNDECLARED_ELEMENT],
    }
}
