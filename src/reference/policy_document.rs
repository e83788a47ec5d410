//! The grammar of policy documents: what a document is refused for, in which order, and what is accepted although a writer of
//! documents might not expect it.

use serde_json::{Map, Value};

use super::Cx;
use super::policy_syntax::malformed;
use super::{policy_date, policy_resource, policy_syntax};
use crate::api::{Req, req};
use crate::dialect::ApiError;

/// What a document is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Use {
    /// A version of a managed policy.
    Managed,
    /// An inline policy of a user or group.
    Inline,
}

/// A document, read.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Document {
    /// `Version`.
    pub(super) version: Option<String>,
    /// Its statements, one alone or a list.
    pub(super) statements: Vec<Statement>,
}

/// A statement. Of `Action` and `NotAction`, and of `Resource` and `NotResource`, one is there.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Statement {
    pub(super) sid: Option<String>,
    pub(super) effect: String,
    pub(super) action: Option<Vec<String>>,
    pub(super) not_action: Option<Vec<String>>,
    pub(super) resource: Option<Vec<String>>,
    pub(super) not_resource: Option<Vec<String>>,
    pub(super) conditions: Vec<Condition>,
    principal: bool,
}

/// One key of one operator of a `Condition`.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Condition {
    /// `ForAnyValue:StringLikeIfExists`.
    pub(super) operator: String,
    /// `aws:username`.
    pub(super) key: String,
    /// Operands, of which one must hold.
    pub(super) values: Vec<String>,
}

/// The value of `key`. Whoever gets this far with a key in another case has passed the rule that keys mind their case.
pub(super) fn keyed<'a>(map: &'a Map<String, Value>, key: &str) -> Option<&'a Value> {
    map.get(key).or_else(|| map.iter().find(|(k, _)| k.eq_ignore_ascii_case(key)).map(|(_, v)| v))
}

fn text(map: &Map<String, Value>, key: &str) -> Option<String> {
    keyed(map, key).and_then(Value::as_str).map(str::to_owned)
}

fn texts(value: &Value) -> Vec<String> {
    let one = |v: &Value| match v {
        Value::String(s) => Some(s.clone()),
        Value::Bool(_) | Value::Number(_) => Some(v.to_string()),
        _ => None,
    };
    value.as_array().map_or_else(|| one(value).into_iter().collect(), |items| items.iter().filter_map(one).collect())
}

impl Document {
    /// What a stored document says; of one that is no JSON (stored while that rule was broken), nothing.
    pub(super) fn parse(document: &str) -> Document {
        serde_json::from_str(document).ok().as_ref().map(Document::read).unwrap_or_default()
    }

    /// Leniently: what has the wrong type is left out. The syntax rules have seen it before.
    pub(super) fn read(top: &Map<String, Value>) -> Document {
        let statements = match keyed(top, "Statement") {
            Some(Value::Array(items)) => items.iter().filter_map(Value::as_object).map(Statement::read).collect(),
            Some(Value::Object(single)) => vec![Statement::read(single)],
            _ => Vec::new(),
        };
        Document { version: text(top, "Version"), statements }
    }

    /// Whether `${…}` are variables: not before version 2012-10-17.
    pub(super) fn has_variables(&self) -> bool {
        self.version.as_deref() == Some("2012-10-17")
    }
}

impl Statement {
    fn read(map: &Map<String, Value>) -> Statement {
        let list = |key| keyed(map, key).map(texts);
        let operators = keyed(map, "Condition").and_then(Value::as_object);
        let conditions = operators.into_iter().flatten().flat_map(|(operator, tests)| {
            tests.as_object().into_iter().flatten().map(|(key, operand)| Condition {
                operator: operator.clone(),
                key: key.clone(),
                values: texts(operand),
            })
        });
        Statement {
            sid: text(map, "Sid"),
            effect: text(map, "Effect").unwrap_or_default(),
            action: list("Action"),
            not_action: list("NotAction"),
            resource: list("Resource"),
            not_resource: list("NotResource"),
            conditions: conditions.collect(),
            principal: ["Principal", "NotPrincipal"].iter().any(|key| keyed(map, key).is_some()),
        }
    }

    fn actions(&self) -> impl Iterator<Item = &str> {
        self.action.iter().chain(&self.not_action).flatten().map(String::as_str)
    }

    fn resources(&self) -> impl Iterator<Item = &str> {
        self.resource.iter().chain(&self.not_resource).flatten().map(String::as_str)
    }
}

/// Size of a document as limits count it: in characters, without white space.
pub(super) fn size(cx: &Cx<'_>, document: &str) -> u64 {
    let counted = |c: &char| !c.is_whitespace() || !cx.holds(req::POLICY_DOCUMENT__WHITE_SPACE_NOT_COUNTED);
    document.chars().filter(counted).count() as u64
}

/// One row of the grammar, over all statements.
type Row = fn(&Cx<'_>, &Document, Use) -> Result<(), ApiError>;

/// The rows after syntax, in the order in which they are checked.
const ROWS: [Row; 8] = [principal, version, legacy, unique_sids, actions_present, resource_form, resources_present, action_form];

/// Refuses a document with the text of the first row that it breaks.
pub(super) fn check(cx: &Cx<'_>, document: &str, used: Use) -> Result<(), ApiError> {
    if !document.is_ascii() && !cx.holds(req::POLICY_DOCUMENT__LATIN_1) {
        return Err(malformed("Syntax errors in policy."));
    }
    let Some(parsed) = policy_syntax::check(cx, document)? else { return Ok(()) };
    let mut rows = ROWS;
    if !cx.holds(req::POLICY_DOCUMENT__ORDER_OF_CHECKS) {
        rows.reverse();
    }
    rows.iter().try_for_each(|row| row(cx, &parsed, used))
}

fn principal(cx: &Cx<'_>, document: &Document, _used: Use) -> Result<(), ApiError> {
    let named = document.statements.iter().any(|s| s.principal);
    cx.enforce(req::POLICY_DOCUMENT__NO_PRINCIPAL, named, || malformed("Policy document should not specify a principal."))
}

fn version(cx: &Cx<'_>, document: &Document, used: Use) -> Result<(), ApiError> {
    let old = document.version.as_deref().is_none_or(|v| v == "2008-10-17");
    let refused = match used {
        Use::Managed => cx.holds(req::POLICY_DOCUMENT__VERSION_2012),
        Use::Inline => !cx.holds(req::POLICY_DOCUMENT__INLINE_OLD_VERSION),
    };
    if old && refused { Err(malformed("Policy document must be version 2012-10-17 or greater.")) } else { Ok(()) }
}

fn legacy(cx: &Cx<'_>, document: &Document, _used: Use) -> Result<(), ApiError> {
    let fails = |rule: Req, fails: bool| cx.enforce(rule, fails, || malformed("The policy failed legacy parsing"));
    for statement in &document.statements {
        let other_case = !matches!(statement.effect.as_str(), "Allow" | "Deny")
            && ["Allow", "Deny"].iter().any(|e| e.eq_ignore_ascii_case(&statement.effect));
        fails(req::POLICY_DOCUMENT__EFFECT_CASE, other_case)?;
        for condition in statement.conditions.iter().filter(|c| c.operator.contains("Date")) {
            for operand in &condition.values {
                fails(req::POLICY_DOCUMENT__DATE_OPERAND, policy_date::parse(operand).is_none())?;
                let number = operand.parse::<i64>().is_ok();
                let accepted = if number { req::POLICY_DOCUMENT__DATE_AS_INTEGER } else { req::POLICY_DOCUMENT__DATE_FORMS };
                let plain = operand.ends_with('Z') && !operand.contains('.');
                if !plain && !cx.holds(accepted) {
                    return Err(malformed("The policy failed legacy parsing"));
                }
            }
        }
        let short = statement.resources().any(|r| policy_resource::fails_legacy_parsing(cx.dialect, r));
        fails(req::POLICY_DOCUMENT__ARN_FIELDS, short)?;
    }
    Ok(())
}

fn unique_sids(cx: &Cx<'_>, document: &Document, _used: Use) -> Result<(), ApiError> {
    let sids: Vec<&str> = document.statements.iter().filter_map(|s| s.sid.as_deref()).collect();
    for (_, sid) in sids.iter().enumerate().filter(|(i, sid)| sids[..*i].contains(sid)) {
        let refused =
            if sid.is_empty() { !cx.holds(req::POLICY_DOCUMENT__EMPTY_SIDS) } else { cx.holds(req::POLICY_DOCUMENT__UNIQUE_SIDS) };
        if refused {
            return Err(malformed("Statement IDs (SID) in a single policy must be unique."));
        }
    }
    Ok(())
}

fn actions_present(cx: &Cx<'_>, document: &Document, _used: Use) -> Result<(), ApiError> {
    let lacking = document.statements.iter().any(|s| s.actions().next().is_none());
    cx.enforce(req::POLICY_DOCUMENT__ACTIONS_PRESENT, lacking, || malformed("Policy statement must contain actions."))
}

fn resource_form(cx: &Cx<'_>, document: &Document, _used: Use) -> Result<(), ApiError> {
    let mut resources = document.statements.iter().flat_map(Statement::resources);
    resources.try_for_each(|r| if r == "*" { Ok(()) } else { policy_resource::check(cx, r) })
}

fn resources_present(cx: &Cx<'_>, document: &Document, _used: Use) -> Result<(), ApiError> {
    let lacking = document.statements.iter().any(|s| s.resources().next().is_none());
    cx.enforce(req::POLICY_DOCUMENT__RESOURCES_PRESENT, lacking, || malformed("Policy statement must contain resources."))
}

fn action_form(cx: &Cx<'_>, document: &Document, _used: Use) -> Result<(), ApiError> {
    for statement in &document.statements {
        if statement.not_action.is_some() && statement.resource.is_some() && !cx.holds(req::POLICY_DOCUMENT__NOT_ACTION_WITH_RESOURCE) {
            return Err(malformed("Syntax errors in policy."));
        }
        for action in statement.actions().filter(|a| *a != "*") {
            cx.enforce(req::POLICY_DOCUMENT__ACTION_VENDOR, !action.contains(':'), || {
                malformed("Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.")
            })?;
            cx.enforce(req::POLICY_DOCUMENT__ACTION_ONE_COLON, action.matches(':').count() > 1, || {
                malformed("Actions/Condition can contain only one colon.")
            })?;
            let vendor = action.split(':').next().unwrap_or_default();
            let strange = vendor.is_empty() || vendor.contains(char::is_whitespace);
            let strange = strange || (!cx.holds(req::POLICY_DOCUMENT__UNKNOWN_SERVICES) && !matches!(vendor, "iam" | "s3" | "ec2" | "sts"));
            cx.enforce(req::POLICY_DOCUMENT__ACTION_VENDOR_NAME, strange, || malformed(format!("Vendor {vendor} is not valid")))?;
        }
    }
    Ok(())
}

#[cfg(test)]
#[path = "policy_document_tests.rs"]
mod tests;
