//! Managed policies that belong to the provider: there from the start, the same in every account, attachable and read-only.
//!
//! A few, so that scopes and refusals can be exercised; names are the vendors', the documents say in short what the names promise.

use std::sync::OnceLock;

use super::context::Ids;
use super::state::{Policy, PolicyVersion};
use crate::api::DialectId;

struct Entry {
    name: &'static str,
    path: &'static str,
    description: &'static str,
    document: &'static str,
}

const EVERYTHING: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}"#;
const IAM: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"iam:*","Resource":"*"}]}"#;
const NOTHING: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"*","Resource":"*"}]}"#;
const S3: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*"}]}"#;
const READ_S3: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["s3:Get*","s3:List*"],"Resource":"*"}]}"#;
const READ_IAM: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["iam:Get*","iam:List*"],"Resource":"*"}]}"#;

/// Those of aws and eim.
const AWS: &[Entry] = &[
    Entry { name: "AdministratorAccess", path: "/", description: "Full access to everything.", document: EVERYTHING },
    Entry { name: "IAMFullAccess", path: "/", description: "Full access to identities and their policies.", document: IAM },
    Entry { name: "IAMReadOnlyAccess", path: "/", description: "Reads identities and their policies.", document: READ_IAM },
    Entry { name: "ReadOnlyAccess", path: "/", description: "Reads and lists, changes nothing.", document: READ_IAM },
    Entry { name: "ViewOnlyAccess", path: "/job-function/", description: "Lists what is there.", document: READ_IAM },
];

/// Those of ecs, where the only path is `/`: the names that Dell's example of ListPolicies has.
const ECS: &[Entry] = &[
    Entry { name: "ECSDenyAll", path: "/", description: "Denies everything.", document: NOTHING },
    Entry { name: "ECSS3FullAccess", path: "/", description: "Full access to buckets and what is in them.", document: S3 },
    Entry { name: "ECSS3ReadOnlyAccess", path: "/", description: "Reads buckets and what is in them.", document: READ_S3 },
    Entry { name: "IAMFullAccess", path: "/", description: "Full access to identities and their policies.", document: IAM },
    Entry { name: "IAMReadOnlyAccess", path: "/", description: "Reads identities and their policies.", document: READ_IAM },
];

/// 2015-02-06T00:00:00Z.
const CREATED: i64 = 1_423_180_800;

/// How the ARNs of the provider's policies begin, where an account's own have its number or namespace.
fn owner(dialect: DialectId) -> &'static str {
    match dialect {
        DialectId::Aws | DialectId::Eim => "arn:aws:iam::aws:policy",
        DialectId::Ecs => "urn:ecs:iam:::policy",
    }
}

/// The provider's policies of a dialect with their ARNs.
pub(in crate::reference) fn all(dialect: DialectId) -> &'static [(String, Policy)] {
    static TABLES: [OnceLock<Vec<(String, Policy)>>; 2] = [OnceLock::new(), OnceLock::new()];
    let (table, entries) = match dialect {
        DialectId::Aws | DialectId::Eim => (&TABLES[0], AWS),
        DialectId::Ecs => (&TABLES[1], ECS),
    };
    table.get_or_init(|| {
        let mut ids = Ids::new(0x0070_726f_7669_6465);
        entries.iter().map(|entry| (format!("{}{}{}", owner(dialect), entry.path, entry.name), policy(entry, &mut ids, dialect))).collect()
    })
}

fn policy(entry: &Entry, ids: &mut Ids, dialect: DialectId) -> Policy {
    Policy {
        id: ids.unique_id("ANPA", dialect),
        name: entry.name.to_owned(),
        path: entry.path.to_owned(),
        description: Some(entry.description.to_owned()),
        tags: Vec::new(),
        created: CREATED,
        updated: CREATED,
        versions: vec![PolicyVersion { number: 1, document: entry.document.to_owned(), created: CREATED }],
        default: 1,
        next: 2,
    }
}

/// Whether an ARN is one of the provider's, by its form.
pub(super) fn owns(dialect: DialectId, arn: &str) -> bool {
    arn.strip_prefix(owner(dialect)).is_some_and(|rest| rest.starts_with('/'))
}

/// The provider's policy of that ARN.
pub(super) fn find(dialect: DialectId, arn: &str) -> Option<&'static Policy> {
    all(dialect).iter().find(|(known, _)| known == arn).map(|(_, policy)| policy)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reference::policy_document::Document;

    #[test]
    fn the_table_is_sound() {
        for dialect in DialectId::ALL {
            assert!(all(dialect).len() >= 2);
            for (arn, policy) in all(dialect) {
                assert!(owns(dialect, arn) && find(dialect, arn).is_some_and(|p| p.id == policy.id), "{arn}");
                assert_eq!(Document::parse(&policy.versions[0].document).statements.len(), 1, "{arn}");
            }
        }
        assert!(!owns(DialectId::Aws, "arn:aws:iam::123456789012:policy/AdministratorAccess"));
    }
}
