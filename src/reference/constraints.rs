//! The model's constraints on one value, and the errors that say which of them are violated.
//!
//! Lengths, ranges and enumerations are findings: all of a call's are named in one error. Bad characters in names and paths, and
//! texts that are no ARN, have an error of their own each, which is only answered where there are no findings.

use serde_json::Value;

use super::Cx;
use super::context::error;
use crate::api::{Req, Scalar, req};
use crate::dialect::ApiError;

/// What is wrong with the parameters of a call.
#[derive(Default)]
pub(super) struct Findings {
    clauses: Vec<String>,
    texts: Vec<String>,
}

/// `UserName` as the API's texts write it: `userName`.
pub(super) fn lower_camel(name: &str) -> String {
    let mut chars = name.chars();
    chars.next().map(|first| first.to_ascii_lowercase()).into_iter().chain(chars).collect()
}

impl Findings {
    /// The ValidationError of the call, if anything is wrong.
    pub(super) fn answer(mut self, cx: &Cx<'_>) -> Result<(), ApiError> {
        if !cx.holds(req::PARAMETERS__ALL_FINDINGS) {
            self.clauses.truncate(1);
        }
        let message = match (self.clauses.as_slice(), self.texts.into_iter().next()) {
            ([], None) => return Ok(()),
            ([], Some(text)) => text,
            ([one], _) => format!("1 validation error detected: {one}"),
            (several, _) => format!("{} validation errors detected: {}", several.len(), several.join("; ")),
        };
        Err(error("ValidationError", message))
    }

    fn clause(&mut self, cx: &Cx<'_>, rule: Req, violated: bool, path: &str, clause: impl FnOnce() -> String) {
        if violated && cx.holds(rule) {
            self.clauses.push(format!("Value at '{path}' failed to satisfy constraint: Member must {}", clause()));
        }
    }

    /// A member that the call does not give.
    pub(super) fn missing(&mut self, cx: &Cx<'_>, required: bool, path: &str) {
        self.clause(cx, req::PARAMETERS__REQUIRED, required, path, || "not be null".into());
    }

    /// A value against its type. `stated`: the dialects' own documentation has the bounds of this very parameter.
    pub(super) fn scalar(&mut self, cx: &Cx<'_>, scalar: &Scalar, stated: bool, path: &str, value: &mut Value) {
        if let Some(number) = value.as_i64() {
            self.number(cx, scalar, path, number);
        } else if let Value::String(text) = value {
            if !cx.holds(req::PARAMETERS__ENUM_CASE)
                && let Some(known) = scalar.values.iter().find(|known| known.eq_ignore_ascii_case(text))
            {
                known.clone_into(text);
            }
            self.text(cx, scalar, stated, path, text);
        }
    }

    fn number(&mut self, cx: &Cx<'_>, scalar: &Scalar, path: &str, number: i64) {
        let bound = |bound: Option<u64>| bound.and_then(|b| i64::try_from(b).ok());
        if let Some(min) = bound(scalar.min) {
            self.clause(cx, req::PARAMETERS__RANGE_MIN, number < min, path, || format!("have value greater than or equal to {min}"));
        }
        if let Some(max) = bound(scalar.max) {
            self.clause(cx, req::PARAMETERS__RANGE_MAX, number > max, path, || format!("have value less than or equal to {max}"));
        }
    }

    fn text(&mut self, cx: &Cx<'_>, scalar: &Scalar, stated: bool, path: &str, text: &str) {
        let of_length = |rule| if stated { req::PARAMETERS__STATED_LENGTH } else { rule };
        let length = if cx.holds(req::PARAMETERS__LENGTH_IN_CHARACTERS) { text.chars().count() } else { text.len() } as u64;
        if let Some(min) = scalar.min {
            let rule = of_length(req::PARAMETERS__MIN_LENGTH);
            self.clause(cx, rule, length < min, path, || format!("have length greater than or equal to {min}"));
        }
        if let Some(max) = scalar.max {
            let rule = of_length(req::PARAMETERS__MAX_LENGTH);
            self.clause(cx, rule, length > max, path, || format!("have length less than or equal to {max}"));
        }
        let unknown = !scalar.values.is_empty() && !scalar.values.iter().any(|known| known == text);
        self.clause(cx, req::PARAMETERS__ENUM, unknown, path, || "satisfy enum value set".into());
        // Of the empty text its length says enough.
        if let Some(pattern) = scalar.pattern.as_ref().filter(|p| !text.is_empty() && !p.matches(text)) {
            match own_text(&scalar.name, stated) {
                Some((rule, must)) if cx.holds(rule) => {
                    self.texts.push(format!("The specified value for {path} is invalid. It must {must}"));
                }
                Some(_) => {}
                None => {
                    let clause = || format!("satisfy regular expression pattern: {}", pattern.source);
                    self.clause(cx, req::PARAMETERS__PATTERN, true, path, clause);
                }
            }
        }
        if scalar.name == "arn" && !is_arn(text) && cx.holds(req::PARAMETERS__ARN) {
            self.texts.push(format!("ARN {text} is not valid."));
        }
    }
}

/// Names and paths are refused with a text of their own: the rule and the end of its text, by scalar type.
fn own_text(scalar: &str, stated: bool) -> Option<(Req, &'static str)> {
    match scalar {
        "path" | "policy-path" => {
            Some((req::PARAMETERS__PATH, "begin and end with / and contain only alphanumeric characters and/or / characters."))
        }
        "path-prefix" => Some((req::PARAMETERS__PATH_PREFIX, "begin with / and contain only alphanumeric characters and/or / characters.")),
        name if name.ends_with("-name") => {
            let of_upload = stated && name == "certificate-name";
            let rule = if of_upload { req::UPLOAD_SERVER_CERTIFICATE__NAME_CHARACTERS } else { req::PARAMETERS__NAME_CHARACTERS };
            Some((rule, "contain only alphanumeric characters and/or the following: +=,.@_-"))
        }
        _ => None,
    }
}

/// Six fields at least, `arn:partition:service:region:account:resource`, the first as one of the dialects writes it and a resource
/// in the last.
fn is_arn(text: &str) -> bool {
    let fields: Vec<&str> = text.splitn(6, ':').collect();
    matches!(fields.as_slice(), ["arn" | "orn" | "urn", partition, service, _, _, resource]
        if !partition.is_empty() && !service.is_empty() && !resource.is_empty())
}
