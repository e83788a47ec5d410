//! The API model and the requirements catalogue: what the API is, as data.
//!
//! [`model()`] holds the 45 Actions with their parameters, types, limits, response shapes and declared errors;
//! [`requirement::catalogue()`] the normative rules, [`fact::facts()`] the facts that they were made from. Nothing else in the crate
//! repeats an Action's shape.

pub mod fact;
pub mod model;
pub mod requirement;

pub use model::{Action, Member, Model, Pattern, Scalar, ScalarBase, Type, model};
pub use requirement::{Kind, Level, Req, Requirement, Source, req};

/// How one family of servers puts the API on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum DialectId {
    /// OUTSCALE Elastic Identity Management.
    Eim,
    /// Dell ECS and ObjectScale.
    Ecs,
    /// AWS IAM and the servers that imitate it.
    Aws,
}

impl DialectId {
    /// Every dialect, in the order in which reports show them.
    pub const ALL: [DialectId; 3] = [DialectId::Eim, DialectId::Ecs, DialectId::Aws];

    /// The name used in case files, on the command line and in reports.
    pub fn name(self) -> &'static str {
        match self {
            DialectId::Eim => "eim",
            DialectId::Ecs => "ecs",
            DialectId::Aws => "aws",
        }
    }
}

impl std::fmt::Display for DialectId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

impl std::str::FromStr for DialectId {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        DialectId::ALL.into_iter().find(|d| d.name() == text).ok_or_else(|| format!("unknown dialect '{text}': one of eim, ecs, aws"))
    }
}
