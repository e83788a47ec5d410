//! What must hold between members: an ARN and the path and name beside it, a marker and IsTruncated, the order of lists.

use serde_json::{Map, Value};

use super::check::quote;
use crate::api::{Action, DialectId, Req, Type, req};
use crate::dialect::Finding;

/// A structure that describes a resource.
struct Resource {
    structure: &'static str,
    name: &'static str,
    id: &'static str,
    id_prefix: &'static str,
    /// As ARNs write it; the second is OUTSCALE's own word.
    kinds: &'static [&'static str],
}

const RESOURCES: [Resource; 4] = [
    Resource { structure: "User", name: "UserName", id: "UserId", id_prefix: "AIDA", kinds: &["user"] },
    Resource { structure: "Group", name: "GroupName", id: "GroupId", id_prefix: "AGPA", kinds: &["group", "usergroup"] },
    Resource { structure: "Policy", name: "PolicyName", id: "PolicyId", id_prefix: "ANPA", kinds: &["policy"] },
    Resource {
        structure: "ServerCertificateMetadata",
        name: "ServerCertificateName",
        id: "ServerCertificateId",
        id_prefix: "ASCA",
        kinds: &["server-certificate"],
    },
];

fn finding(req: Req, path: &str, member: &str, text: String) -> Finding {
    let at = if path.is_empty() { member.to_owned() } else { format!("{path}.{member}") };
    Finding { req, at, text }
}

/// Checks a structure at `path` in itself.
pub(super) fn resource(structure: &str, dialect: DialectId, tree: &Map<String, Value>, path: &str) -> Vec<Finding> {
    let text = |name: &str| tree.get(name).and_then(Value::as_str);
    let mut findings = Vec::new();
    if structure == "AttachedPolicy" {
        if let (Some(arn), Some(name)) = (text("PolicyArn"), text("PolicyName"))
            && arn.rsplit('/').next() != Some(name)
        {
            let why = format!("expected an ARN that ends in /{name}, is {}", quote(arn));
            findings.push(finding(req::SHAPE__ARN_NAMES_RESOURCE, path, "PolicyArn", why));
        }
        return findings;
    }
    let Some(resource) = RESOURCES.iter().find(|r| r.structure == structure) else { return findings };
    let arn = text("Arn");
    if arn.is_some_and(|arn| arn.ends_with(":root")) {
        return findings;
    }
    if let (Some(arn), Some(at), Some(name)) = (arn, text("Path"), text(resource.name)) {
        let tail = format!("{at}{name}");
        let kind = arn.strip_suffix(&tail).and_then(|head| head.rsplit(':').next());
        if !kind.is_some_and(|kind| resource.kinds.contains(&kind)) {
            let why = format!("expected an ARN that ends in {}{tail}, is {}", resource.kinds[0], quote(arn));
            findings.push(finding(req::SHAPE__ARN_NAMES_RESOURCE, path, "Arn", why));
        }
    }
    if let Some(id) = text(resource.id) {
        if !id.starts_with(resource.id_prefix) {
            let why = format!("expected the prefix {}, is {}", resource.id_prefix, quote(id));
            findings.push(finding(req::SHAPE__ID_PREFIX, path, resource.id, why));
        }
        if structure == "Policy" && dialect == DialectId::Eim && !(16..=32).contains(&id.chars().count()) {
            let why = format!("expected 16 to 32 characters, is {}", quote(id));
            findings.push(finding(req::SHAPE__POLICY_ID_LENGTH, path, resource.id, why));
        }
    }
    findings
}

/// Checks an answer as a page of a list.
pub(super) fn page(action: &Action, dialect: DialectId, result: &Map<String, Value>) -> Vec<Finding> {
    let mut findings = Vec::new();
    if action.paginates_on(dialect) {
        let truncated = result.get("IsTruncated") == Some(&Value::Bool(true));
        // Dell's examples have an empty marker where there is no next page.
        let marker = result.get("Marker").filter(|m| dialect != DialectId::Ecs || m.as_str() != Some(""));
        if truncated != marker.is_some() {
            let why = if truncated { "IsTruncated is true, but there is no marker" } else { "a marker, although IsTruncated is not true" };
            findings.push(finding(req::SHAPE__MARKER, "", "Marker", why.into()));
        }
    }
    for member in &action.response {
        let (Type::List(inner), Some(Value::Array(items))) = (&member.ty, result.get(&member.name)) else { continue };
        let keys = |key: &str| items.iter().filter_map(|i| i.get(key)?.as_str().map(str::to_owned)).collect::<Vec<_>>();
        match order(inner) {
            Some(Order::ByName(name)) => {
                let names = keys(name);
                if let Some(pair) = names.windows(2).find(|pair| pair[0].to_lowercase() > pair[1].to_lowercase()) {
                    let why = format!("expected the order of names, {} stands before {}", quote(&pair[0]), quote(&pair[1]));
                    findings.push(finding(req::SHAPE__NAMES_ORDER, "", &member.name, why));
                }
            }
            Some(Order::NewestFirst) => {
                let ids = keys("VersionId");
                if let Some(pair) = ids.windows(2).find(|pair| number(&pair[0]) <= number(&pair[1])) {
                    let why = format!("expected the newest first, {} stands before {}", quote(&pair[0]), quote(&pair[1]));
                    findings.push(finding(req::SHAPE__VERSIONS_ORDER, "", &member.name, why));
                }
            }
            None => {}
        }
    }
    findings
}

/// An order of a list that the API promises.
enum Order {
    /// By this member, whatever the case of its letters.
    ByName(&'static str),
    /// Versions of a policy, the newest first.
    NewestFirst,
}

fn order(item: &Type) -> Option<Order> {
    match item {
        Type::Struct(name) if name == "User" => Some(Order::ByName("UserName")),
        Type::Struct(name) if name == "Group" => Some(Order::ByName("GroupName")),
        Type::Struct(name) if name == "PolicyVersion" => Some(Order::NewestFirst),
        _ => None,
    }
}

/// Whether the API promises an order of a list of such items.
pub fn promises_order(item: &Type) -> bool {
    order(item).is_some()
}

/// The number in a version id; `None` where it is none, which orders before every number.
fn number(version: &str) -> Option<u64> {
    version.strip_prefix('v')?.split('.').next()?.parse().ok()
}
