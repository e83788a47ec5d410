//! Each requirement broken, one at a time; and rules of pages broken for one Action only.

use super::{Aim, Fault, exists, of_action};
use crate::api::requirement::catalogue;
use crate::api::{DialectId, Kind, Req, Requirement, model, req};
use crate::dialect::Format;
use crate::reference::Faults;
use crate::reference::faults::Wrong;

/// Requirements of XML answers alone.
const XML: [Req; 12] = [
    req::WIRE__WELL_FORMED,
    req::WIRE__NAMESPACE,
    req::WIRE__ROOT_ELEMENT,
    req::WIRE__RESULT_ELEMENT,
    req::WIRE__LIST_MEMBER,
    req::WIRE__SINGLE_ELEMENT,
    req::WIRE__NO_MIXED_CONTENT,
    req::WIRE__METADATA_LAST,
    req::WIRE__ERROR_ENVELOPE,
    req::WIRE__ESCAPED_ONCE,
    req::ECS__XML_NAMESPACE,
    req::ECS__METADATA_FIRST,
];

/// Requirements of JSON answers alone.
const JSON: [Req; 5] =
    [req::WIRE__JSON_WELL_FORMED, req::WIRE__JSON_FORM, req::WIRE__JSON_ERRORS, req::ECS__JSON_FORM, req::ECS__JSON_ERRORS];

/// Requirements that JSON answers on eim cannot break: what they are about has no place in their form.
const NOT_IN_FLAT_JSON: [Req; 3] = [req::WIRE__NO_RESULT_ELEMENT, req::WIRE__ERROR_TYPE_SENDER, req::WIRE__ERROR_TYPE_RECEIVER];

/// Rules of pages that belong to no Action, and hold of every list that is paginated.
const PAGES: [Req; 10] = [
    req::PAGINATION__MAX_ITEMS,
    req::PAGINATION__DEFAULT_SIZE,
    req::PAGINATION__IS_TRUNCATED_WHEN_MORE,
    req::PAGINATION__MARKER_WHEN_TRUNCATED,
    req::PAGINATION__NO_MARKER_AT_END,
    req::PAGINATION__NO_REPEAT,
    req::PAGINATION__NO_GAP,
    req::PAGINATION__STABLE,
    req::PAGINATION__FOREIGN_MARKER,
    req::PAGINATION__MARKER_OF_ANOTHER_ACTION,
];

fn only(rule: Req, dialect: DialectId) -> Option<Format> {
    match rule {
        rule if XML.contains(&rule) => Some(Format::Xml),
        rule if JSON.contains(&rule) => Some(Format::Json),
        rule if dialect == DialectId::Eim && NOT_IN_FLAT_JSON.contains(&rule) => Some(Format::Xml),
        _ => None,
    }
}

/// Whether a requirement can be broken on a dialect so that a client could see it.
fn breakable(rule: &Requirement, dialect: DialectId) -> bool {
    let action = rule.action.as_deref().and_then(|name| model().action(name));
    rule.kind != Kind::Unreachable && rule.dialects.contains(&dialect) && action.is_none_or(|action| exists(action, dialect))
}

pub(super) fn faults(dialect: DialectId) -> Vec<Fault> {
    let mut all = Vec::new();
    for (number, rule) in (0..).zip(catalogue()) {
        let req = Req(number);
        if breakable(rule, dialect) {
            let aim = Aim { requirements: vec![req], ..Aim::default() };
            let about = format!("broken: {}", rule.text);
            let (id, faults) = (format!("requirement:{}", rule.id), Faults::breaking(req));
            all.push(Fault { id, about, faults, aim, shown_by: vec![req], only: only(req, dialect) });
        }
    }
    for action in model().actions.iter().filter(|a| exists(a, dialect) && a.paginates_on(dialect)) {
        for rule in PAGES {
            let name = &action.name;
            let aim = Aim { requirements: vec![rule], calls: Some(name), ..Aim::default() };
            let id = format!("requirement:{}@{name}", rule.id());
            all.push(of_action(action, id, format!("{name} alone breaks: {}", rule.get().text), Wrong::Rule(rule), aim));
        }
    }
    all
}
