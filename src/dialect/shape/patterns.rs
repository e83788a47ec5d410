//! Forms of ids, ARNs and request ids: a dialect's own, or what a target profile declares instead.

use std::collections::BTreeMap;

use crate::api::{DialectId, Pattern, req};
use crate::dialect::Finding;

/// Names that a profile's `patterns` may have.
const NAMES: [&str; 4] = ["id", "arn", "access-key-id", "request-id"];

/// Patterns of one target. All match whole values.
#[derive(Clone, Debug)]
pub struct Patterns {
    /// Ids of users, groups, policies and certificates.
    pub id: Pattern,
    /// ARNs.
    pub arn: Pattern,
    /// Access key ids.
    pub access_key_id: Pattern,
    /// Request ids.
    pub request_id: Pattern,
}

impl Patterns {
    /// The patterns of `dialect` with those of a profile in their place. An error names the pattern that is unknown or cannot be
    /// compiled.
    pub fn new(dialect: DialectId, overrides: &BTreeMap<String, String>) -> Result<Patterns, String> {
        if let Some(name) = overrides.keys().find(|name| !NAMES.contains(&name.as_str())) {
            return Err(format!("unknown pattern '{name}': one of {}", NAMES.join(", ")));
        }
        let of = |name: &str| {
            let source = overrides.get(name).map_or_else(|| default(dialect, name), String::as_str);
            Pattern::new(source).map_err(|why| format!("pattern '{name}' cannot be compiled: {why}"))
        };
        Ok(Patterns { id: of("id")?, arn: of("arn")?, access_key_id: of("access-key-id")?, request_id: of("request-id")? })
    }
}

/// AWS: recorded ids. ECS: its documentation's examples, ObjectScale's included. EIM documents no forms: the bounds of the service
/// model, and for ARNs both forms that OUTSCALE's documentation has.
fn default(dialect: DialectId, name: &str) -> &'static str {
    use DialectId::{Aws, Ecs, Eim};
    match (name, dialect) {
        ("id", Aws) => "A[A-Z]{3}[A-Z2-7]{17}",
        ("id", Ecs) => "A[A-Z]{3}[0-9A-F]{16}",
        ("access-key-id", Aws) => "AKIA[A-Z2-7]{16}",
        ("access-key-id", Ecs) => "AKIA[0-9A-F]{16}",
        ("arn", Aws) => "arn:aws[a-z-]*:iam::([0-9]{12}:root|([0-9]{12}|aws):(user|group|policy|server-certificate)/[!-~]+)",
        ("arn", Eim) => {
            "arn:[a-z-]+:(iam|eim)::[0-9a-z]*:(root|(user|group|policy|server-certificate)/[!-~]+)\
             |orn:ows:idauth::[0-9]*:(root|(user|usergroup|policy|server-certificate)/[!-~]+)"
        }
        ("arn", Ecs) => "urn:(ecs|osc):iam::[^:]*:(root|(user|group|role|policy)/[!-~]+)",
        ("request-id", Aws) => "[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}",
        ("request-id", Ecs) => "[0-9a-f]{8}:[0-9a-f]{11}:[0-9a-f]{1,5}:[0-9a-f]{1,3}",
        ("request-id", _) => ".+",
        _ => "[A-Za-z0-9_]{16,128}",
    }
}

/// The form of a response's request id; one that is missing is the business of another check.
pub fn check_request_id(request_id: Option<&str>, patterns: &Patterns) -> Option<Finding> {
    let odd = request_id.filter(|id| !patterns.request_id.matches(id))?;
    let text = format!("expected the form {}, is {odd:?}", patterns.request_id.source);
    Some(Finding { req: req::WIRE__REQUEST_ID_FORM, at: "RequestId".into(), text })
}
