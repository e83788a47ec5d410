//! The requirements catalogue: every normative rule of the API, by id.
//!
//! The texts live in `src/api/requirements/*.toml`. `build.rs` reads the ids and makes one constant of each in [`req`], so that a
//! line of the reference that names an unknown id does not compile.

use std::sync::OnceLock;

use serde::{Deserialize, Serialize};

use super::DialectId;

/// Index of a requirement in the catalogue. The constants are in [`req`].
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Req(pub u16);

impl Req {
    /// The catalogue's entry.
    pub fn get(self) -> &'static Requirement {
        &catalogue()[usize::from(self.0)]
    }

    /// Its id, `delete-user.no-attached-policy`.
    pub fn id(self) -> &'static str {
        &self.get().id
    }

    /// The requirement of that id.
    pub fn find(id: &str) -> Option<Req> {
        req::IDS.iter().position(|known| *known == id).map(|i| Req(i as u16))
    }
}

impl std::fmt::Debug for Req {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.id())
    }
}

/// One constant a requirement, named after its id: `delete-user.no-attached-policy` is `DELETE_USER__NO_ATTACHED_POLICY`.
pub mod req {
    #[allow(unused_imports, reason = "unused while the catalogue is empty")]
    use super::Req;
    include!(concat!(env!("OUT_DIR"), "/requirements.rs"));
}

/// What keeps a requirement, and so what breaks it in the reference.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// A line of the reference enforces it.
    Enforced,
    /// The server-side encoder keeps it.
    Wire,
    /// Something is kept, such as an id over a rename.
    Invariant,
    /// The API alone cannot provoke it; `reason` says why.
    Unreachable,
}

/// How strongly a dialect is held to a requirement; computed from its sources, see [`Requirement::level`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// Known from a client's code or by inference only.
    May,
    /// Known for AWS and claimed by compatibility, or reported from the field.
    Should,
    /// A source of that very system is its reference, its documentation or a recording.
    Must,
}

impl std::fmt::Display for Level {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Level::May => "may",
            Level::Should => "should",
            Level::Must => "must",
        })
    }
}

impl std::str::FromStr for Level {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "may" => Ok(Level::May),
            "should" => Ok(Level::Should),
            "must" => Ok(Level::Must),
            _ => Err(format!("unknown level '{text}': one of must, should, may")),
        }
    }
}

/// How a fact came to be known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Provenance {
    /// One of the documents that the project is built from.
    Seed,
    /// The vendor's documentation or service model.
    Documented,
    /// A stored answer of the real system.
    Recorded,
    /// A person's quoted answer of the real system.
    Field,
    /// A client, provider or emulator relies on it.
    ClientCode,
    /// By analogy with a sibling.
    Inferred,
}

/// Where a requirement is known from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// The system the source speaks of.
    pub system: DialectId,
    /// How it is known.
    pub provenance: Provenance,
    /// Where to read it: a document, a repository and file, an issue.
    pub reference: String,
}

/// One normative rule.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Requirement {
    /// Stable id: `<action or area>.<rule>`, kebab-case.
    pub id: String,
    /// The Action it belongs to; none for rules of every Action.
    #[serde(default)]
    pub action: Option<String>,
    /// What keeps it.
    pub kind: Kind,
    /// The rule, in one or two sentences of our own.
    pub text: String,
    /// Why the API alone cannot provoke it; only with [`Kind::Unreachable`].
    #[serde(default)]
    pub reason: Option<String>,
    /// Why no case shows it, although one could.
    #[serde(default)]
    pub without_case: Option<String>,
    /// It is held against every response, although not all of its area is.
    #[serde(default)]
    pub free_check: bool,
    /// Elements that by this rule no answer has, with what is in them: `ListUsers.Users[].Tags`. Nothing can be wrong with them but that
    /// they are there.
    #[serde(default)]
    pub hides: Vec<String>,
    /// Dialects on which the rule exists; none given: all.
    #[serde(default = "all_dialects")]
    pub dialects: Vec<DialectId>,
    /// Where it is known from, strongest first.
    pub sources: Vec<Source>,
}

fn all_dialects() -> Vec<DialectId> {
    DialectId::ALL.to_vec()
}

impl Requirement {
    /// Whether by this rule no answer of `action` on `dialect` has the element at `path`, or what that is in.
    pub fn hides(&self, action: &str, path: &str, dialect: DialectId) -> bool {
        let inside = |hidden: &str| path == hidden || path.strip_prefix(hidden).is_some_and(|rest| rest.starts_with(['.', '[']));
        let hidden = |entry: &String| entry.split_once('.').is_some_and(|(of, hidden)| of == action && inside(hidden));
        self.dialects.contains(&dialect) && self.hides.iter().any(hidden)
    }

    /// Whether it is a free check: held against every response of a run, or the cleanup of every case, whatever the case is about.
    pub fn is_free_check(&self) -> bool {
        let area = self.id.split('.').next().unwrap_or_default();
        self.free_check || matches!((self.kind, area), (Kind::Wire, "shape" | "wire" | "transport") | (Kind::Invariant, "cleanup"))
    }

    /// The level on `dialect`, from the sources alone: `must` where that very system's reference, documentation or recordings say so,
    /// `should` where it is so known for AWS (and claimed by compatibility) or reported from the field, else `may`.
    pub fn level(&self, dialect: DialectId) -> Level {
        let of = |s: &Source| match s.provenance {
            Provenance::Seed | Provenance::Documented | Provenance::Recorded if s.system == dialect => Level::Must,
            Provenance::Seed | Provenance::Documented | Provenance::Recorded if s.system == DialectId::Aws => Level::Should,
            Provenance::Field => Level::Should,
            _ => Level::May,
        };
        self.sources.iter().map(of).max().unwrap_or(Level::May)
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    requirement: Vec<Requirement>,
}

/// Every requirement, in the order of [`req::IDS`].
pub fn catalogue() -> &'static [Requirement] {
    static CATALOGUE: OnceLock<Vec<Requirement>> = OnceLock::new();
    CATALOGUE.get_or_init(|| {
        let mut all = Vec::new();
        for (name, text) in req::FILES {
            match toml::from_str::<File>(text) {
                Ok(file) => all.extend(file.requirement),
                Err(why) => unreachable!("src/api/requirements/{name}, which the unit tests read: {why}"),
            }
        }
        all
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::model;

    #[test]
    fn the_catalogue_is_sound() {
        assert_eq!(catalogue().len(), req::IDS.len(), "build.rs and the parser see the same entries");
        for (i, r) in catalogue().iter().enumerate() {
            assert_eq!(r.id, req::IDS[i]);
            assert_eq!(Req::find(&r.id), Some(Req(i as u16)), "{} is there once", r.id);
            assert!(!r.text.trim().is_empty() && !r.sources.is_empty(), "{} has a text and a source", r.id);
            assert_eq!(r.kind == Kind::Unreachable, r.reason.is_some(), "{}: a reason belongs to unreachable, and only there", r.id);
            if let Some(action) = &r.action {
                assert!(model().action(action).is_some(), "{}: unknown Action {action}", r.id);
            }
            for hidden in &r.hides {
                let path = hidden.split_once('.').and_then(|(action, path)| Some((model().action(action)?, path)));
                let here = |d: &DialectId| path.is_some_and(|(action, path)| action.response_paths(*d).iter().any(|known| known == path));
                assert!(r.dialects.iter().any(here), "{}: no answer could have {hidden}", r.id);
            }
        }
    }

    #[test]
    fn levels_follow_the_sources() {
        let mut r = Requirement {
            id: "x.y".into(),
            action: None,
            kind: Kind::Enforced,
            text: "t".into(),
            reason: None,
            without_case: None,
            free_check: false,
            hides: Vec::new(),
            dialects: all_dialects(),
            sources: vec![Source { system: DialectId::Aws, provenance: Provenance::Recorded, reference: "r".into() }],
        };
        assert_eq!((r.level(DialectId::Aws), r.level(DialectId::Eim)), (Level::Must, Level::Should));
        r.sources[0].provenance = Provenance::ClientCode;
        assert_eq!(r.level(DialectId::Aws), Level::May);
        r.sources.push(Source { system: DialectId::Eim, provenance: Provenance::Seed, reference: "r".into() });
        assert_eq!((r.level(DialectId::Aws), r.level(DialectId::Eim), r.level(DialectId::Ecs)), (Level::May, Level::Must, Level::May));
    }
}
