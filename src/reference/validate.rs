//! Checks every call meets before its Action looks at anything: the Action's name, the version, the parameters.

use std::borrow::Cow;

use serde_json::{Map, Value};

use super::constraints::{Findings, lower_camel};
use super::context::error;
use super::{Cx, Params, parse};
use crate::api::{Action, DialectId, Member, Type, model, req};
use crate::dialect::{ApiError, Call};

/// The Action that a call names. On `aws` the call must name the API's version too; the others take any, or none.
pub(super) fn action(cx: &Cx<'_>, call: &Call) -> Result<&'static Action, ApiError> {
    let version = call.version.as_deref().filter(|v| !v.is_empty());
    let refused = || {
        let (name, version) = (call.action_name(), version.unwrap_or("NO_VERSION_SPECIFIED"));
        error("InvalidAction", format!("Could not find operation {name} for version {version}"))
    };
    let checks_version = match cx.dialect {
        DialectId::Aws => cx.holds(req::DISPATCH__VERSION),
        DialectId::Eim | DialectId::Ecs => !cx.holds(req::DISPATCH__ANY_VERSION),
    };
    if checks_version && version != Some(&model().version) {
        return Err(refused());
    }
    let action = find(cx, call.action_name()).ok_or_else(|| {
        let rule = match call.action.as_deref() {
            None => req::DISPATCH__MISSING_ACTION,
            Some("") => req::DISPATCH__EMPTY_ACTION,
            Some(_) => req::DISPATCH__UNKNOWN_ACTION,
        };
        if cx.holds(rule) { refused() } else { error("InternalFailure", "The request processing has failed.") }
    })?;
    cx.enforce(req::ECS__NOT_IMPLEMENTED, action.not_implemented.contains(&cx.dialect), || not_implemented(cx, action))?;
    Ok(action)
}

/// The error of an Action that is there in name only. Its status is the dialect's own.
fn not_implemented(cx: &Cx<'_>, action: &Action) -> ApiError {
    const CODE: &str = "NotImplemented";
    let mut refusal = error(CODE, format!("{} is not implemented.", action.name));
    if cx.holds(req::ECS__NOT_IMPLEMENTED_STATUS) {
        refusal.status = model().status_on(CODE, cx.dialect).unwrap_or(refusal.status);
    }
    refusal
}

fn find(cx: &Cx<'_>, name: &str) -> Option<&'static Action> {
    let any_case = !cx.holds(req::DISPATCH__ACTION_CASE);
    let same = |a: &&Action| a.name == name || (any_case && a.name.eq_ignore_ascii_case(name));
    model().actions.iter().find(same).filter(|a| a.dialects.contains(&cx.dialect))
}

/// The parameters of a call: first read as their types (what cannot be read ends the call at once), then held against the model's
/// constraints, whose findings are answered together.
pub(super) fn parameters(cx: &Cx<'_>, action: &'static Action, call: &Call) -> Result<Params, ApiError> {
    let members = || action.parameters.iter().filter(|m| m.on(cx.dialect));
    let head = |name: &str| name.split('.').next().unwrap_or_default().to_owned();
    if !cx.holds(req::PARAMETERS__UNKNOWN_IGNORED)
        && let Some((name, _)) = call.params.iter().find(|(name, _)| !members().any(|m| m.name == head(name)))
    {
        return Err(error("ValidationError", format!("{name} is not a parameter of {}.", action.name)));
    }
    let mut values = Map::new();
    let mut findings = Findings::default();
    for member in members() {
        let mut value = parse::member(cx, call, member)?;
        let spot = Spot { action, path: Cow::Borrowed(&member.name), text: lower_camel(&member.name) };
        check(cx, member, &spot, value.as_mut(), &mut findings);
        if let Some(value) = value {
            values.insert(member.name.clone(), value);
        }
    }
    findings.answer(cx)?;
    Ok(Params { action, values })
}

/// The parameters as texts, unchecked: what an Action sees on a server that looks things up before it validates.
pub(super) fn unchecked(action: &'static Action, call: &Call) -> Params {
    let texts = call.params.iter().rev().map(|(name, value)| (name.clone(), Value::String(value.clone())));
    Params { action, values: texts.collect() }
}

/// Where a value stands in a call.
struct Spot<'a> {
    action: &'static Action,
    /// By the API model: `Tags[].Key`.
    path: Cow<'a, str>,
    /// As the API's texts write it: `tags.1.member.key`.
    text: String,
}

/// Holds a member, and what is in it, against the model.
fn check(cx: &Cx<'_>, member: &Member, spot: &Spot<'_>, value: Option<&mut Value>, findings: &mut Findings) {
    match (&member.ty, value) {
        (_, None) => findings.missing(cx, member.required && cx.faults.misses(spot.action, &spot.path), &spot.text),
        (Type::Scalar(ty), Some(value)) => {
            let constraints = cx.faults.constraints(spot.action, &spot.path, model().constraints(ty, cx.dialect));
            findings.scalar(cx, &constraints, !member.stated.is_empty(), &spot.text, value);
        }
        (Type::List(item), Some(Value::Array(items))) => {
            let Type::Struct(item) = &**item else { return };
            for (i, value) in items.iter_mut().enumerate() {
                for inner in model().structure(item).iter().filter(|m| m.on(cx.dialect)) {
                    let text = format!("{}.{}.member.{}", spot.text, i + 1, lower_camel(&inner.name));
                    let spot = Spot { action: spot.action, path: format!("{}[].{}", spot.path, inner.name).into(), text };
                    check(cx, inner, &spot, value.get_mut(&inner.name), findings);
                }
            }
        }
        // No request parameter of the API is a structure by itself, and a list is always read as one.
        (Type::Struct(_) | Type::List(_), Some(_)) => {}
    }
}
