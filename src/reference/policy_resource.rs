//! Resources of policy documents: the ARN half of the grammar.

use super::Cx;
use super::policy_syntax::malformed;
use crate::api::{DialectId, req};
use crate::dialect::ApiError;

/// What an ARN of IAM may name.
const IAM_KINDS: &[&str] = &[
    "user/",
    "federated-user/",
    "role/",
    "group/",
    "instance-profile/",
    "mfa/",
    "server-certificate/",
    "policy/",
    "sms-mfa/",
    "saml-provider/",
    "oidc-provider/",
    "report/",
    "access-report/",
];

/// First field of an ARN.
const SCHEMES: &[&str] = &["arn", "orn", "urn"];

/// Partitions that a dialect knows.
fn partitions(dialect: DialectId) -> &'static [&'static str] {
    match dialect {
        DialectId::Aws => &["aws", "aws-cn", "aws-us-gov", "*"],
        DialectId::Eim => &["aws", "ows", "*"],
        DialectId::Ecs => &["ecs", "osc", "aws", "*"],
    }
}

/// Scheme, partition, vendor, region, account and the rest, as far as they are there.
fn fields(resource: &str) -> Vec<&str> {
    resource.splitn(6, ':').collect()
}

/// Row 3: an ARN of a known partition that stops too early. One that ends with the vendor is not among them.
pub(super) fn fails_legacy_parsing(dialect: DialectId, resource: &str) -> bool {
    let fields = fields(resource);
    let ours = fields.len() > 2 && SCHEMES.contains(&fields[0]) && partitions(dialect).contains(&fields[1]);
    ours && (fields[2].is_empty() || (fields.len() < 6 && resource.contains("::")))
}

/// Rows 6 to 9 for one resource that is not `*`.
pub(super) fn check(cx: &Cx<'_>, resource: &str) -> Result<(), ApiError> {
    let fields = fields(resource);
    cx.enforce(req::POLICY_DOCUMENT__RESOURCE_FORM, fields.len() < 2, || {
        malformed(format!("Resource {resource} must be in ARN format or \"*\"."))
    })?;
    let field = |at: usize| fields.get(at).copied();
    let partition = field(1).unwrap_or("*");
    cx.enforce(req::POLICY_DOCUMENT__PARTITION, !partitions(cx.dialect).contains(&partition), || {
        let rest: Vec<&str> = (1..6).map(|at| field(at).unwrap_or("*")).collect();
        malformed(format!("Partition \"{partition}\" is not valid for resource \"arn:{}\".", rest.join(":")))
    })?;
    cx.enforce(req::POLICY_DOCUMENT__RESOURCE_VENDOR, fields.len() == 2, || {
        malformed("Resource vendor must be fully qualified and cannot contain regexes.")
    })?;
    if fields.len() == 3 && !cx.holds(req::POLICY_DOCUMENT__VENDOR_ONLY_ARN) {
        return Err(malformed("The policy failed legacy parsing"));
    }
    in_vendor(cx, resource, field(2).unwrap_or("*"), field(3).unwrap_or_default(), field(5).unwrap_or("*"))
}

/// Row 9: what two vendors want of region and path.
fn in_vendor(cx: &Cx<'_>, resource: &str, vendor: &str, region: &str, path: &str) -> Result<(), ApiError> {
    match vendor {
        // Access points are regional.
        "s3" => cx.enforce(req::POLICY_DOCUMENT__S3_REGION, !region.is_empty() && !path.starts_with("accesspoint/"), || {
            malformed(format!("Resource {resource} can not contain region information."))
        }),
        "iam" => {
            cx.enforce(req::POLICY_DOCUMENT__IAM_REGION, !region.is_empty(), || {
                malformed(format!("IAM resource {resource} cannot contain region information."))
            })?;
            let known = matches!(path, "*" | "root") || IAM_KINDS.iter().any(|kind| path.starts_with(kind));
            cx.enforce(req::POLICY_DOCUMENT__IAM_PATH, !known, || {
                malformed(format!("IAM resource path must either be \"*\", root, or start with {}.", IAM_KINDS.join(", ")))
            })
        }
        _ if !region.is_empty() && !cx.holds(req::POLICY_DOCUMENT__REGION_ELSEWHERE) => {
            Err(malformed(format!("Resource {resource} can not contain region information.")))
        }
        _ => Ok(()),
    }
}
