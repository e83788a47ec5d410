//! The 45 Actions as data: reads `model.toml` once per process.

mod file;

use std::collections::BTreeMap;
use std::sync::OnceLock;

use regex::Regex;
use serde::Deserialize;

use super::DialectId;

/// The whole API model. Get it with [`model()`].
#[derive(Debug)]
pub struct Model {
    /// API version, the `Version` parameter of every call.
    pub version: String,
    /// XML namespace of AWS answers.
    pub namespace: String,
    /// Every Action, in the order of the EIM reference.
    pub actions: Vec<Action>,
    status: BTreeMap<String, u16>,
    status_on: BTreeMap<DialectId, BTreeMap<String, u16>>,
    scalars: BTreeMap<String, ScalarTable>,
    structs: BTreeMap<String, Vec<Member>>,
    limits: BTreeMap<String, BTreeMap<DialectId, u64>>,
    beyond: BTreeMap<DialectId, BTreeMap<String, Vec<String>>>,
}

/// One operation of the API.
#[derive(Debug)]
pub struct Action {
    /// `CreateUser`.
    pub name: String,
    /// The folder of its cases: users, groups, policies, access-keys, server-certificates.
    pub family: String,
    /// One line on what it does.
    pub about: String,
    /// The corresponding method of the OUTSCALE API, where the EIM reference names one.
    pub outscale: Option<String>,
    /// Whether a successful call can change the account.
    pub mutates: bool,
    /// Dialects on which it takes Marker and MaxItems.
    pub paginates: Vec<DialectId>,
    /// Dialects that have it.
    pub dialects: Vec<DialectId>,
    /// Dialects that have it, but answer NotImplemented whatever the call.
    pub not_implemented: Vec<DialectId>,
    /// Declared error codes; ServiceFailure and ValidationError can always happen and are not listed.
    pub errors: Vec<String>,
    /// Request parameters.
    pub parameters: Vec<Member>,
    /// Top level of the result tree; empty where the answer has no result element.
    pub response: Vec<Member>,
}

/// A request parameter, a response element or a member of a structure.
#[derive(Clone, Debug, PartialEq)]
pub struct Member {
    /// Name in the API, and on the wire of every dialect that has no other in `wire`.
    pub name: String,
    /// What it holds.
    pub ty: Type,
    /// A call must give it; an answer that has its parent should have it.
    pub required: bool,
    /// AWS puts it in every successful answer although its model does not promise it.
    pub always: bool,
    /// Dialects that have it.
    pub dialects: Vec<DialectId>,
    /// Names of a parameter on the wire of dialects that call it otherwise.
    pub wire: Vec<(DialectId, String)>,
    /// Names under which a dialect's documentation has a response element too.
    pub also: Vec<(DialectId, String)>,
    /// Members of its structures that a dialect's documentation prints it without.
    pub lacks: Vec<(DialectId, String)>,
    /// Dialects that state the length of this very parameter, rather than have it from AWS's type.
    pub stated: Vec<DialectId>,
    /// Dialects that answer this policy document as it is instead of percent-encoded.
    pub raw: Vec<DialectId>,
}

/// Type of a member.
#[derive(Clone, Debug, PartialEq)]
pub enum Type {
    /// Name of a [`Scalar`]: [`Model::scalar`] has its constraints.
    Scalar(String),
    /// Name of a structure: [`Model::structure`] has its members.
    Struct(String),
    /// A list; on the wire each item is a `member`.
    List(Box<Type>),
}

/// JSON-level kind of a scalar.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ScalarBase {
    /// Text.
    String,
    /// Decimal, 32-bit signed.
    Integer,
    /// `true` or `false`.
    Boolean,
    /// ISO 8601 in UTC, whole seconds.
    Date,
}

/// Constraints of a scalar type on one dialect.
#[derive(Clone, Debug)]
pub struct Scalar {
    /// Its name in the model.
    pub name: String,
    /// Kind of value.
    pub base: ScalarBase,
    /// Shortest length in characters, or smallest value of an integer.
    pub min: Option<u64>,
    /// Longest length in characters, or largest value of an integer.
    pub max: Option<u64>,
    /// Regular expression for the whole value.
    pub pattern: Option<Pattern>,
    /// The only values allowed; empty: any.
    pub values: Vec<String>,
    /// Must never appear in output.
    pub sensitive: bool,
}

/// A scalar type on each dialect, patterns compiled.
#[derive(Debug)]
struct ScalarTable {
    eim: Scalar,
    ecs: Scalar,
    aws: Scalar,
}

impl ScalarTable {
    fn on(&self, dialect: DialectId) -> &Scalar {
        match dialect {
            DialectId::Eim => &self.eim,
            DialectId::Ecs => &self.ecs,
            DialectId::Aws => &self.aws,
        }
    }
}

/// A compiled pattern that must match a whole value.
#[derive(Clone, Debug)]
pub struct Pattern {
    /// As written in the model.
    pub source: String,
    regex: Regex,
}

impl Pattern {
    /// Compiles a pattern; an error says what is wrong with it.
    pub fn new(source: &str) -> Result<Self, String> {
        let regex = Regex::new(&format!("^(?:{source})$")).map_err(|e| format!("pattern {source}: {e}"))?;
        Ok(Pattern { source: source.to_owned(), regex })
    }

    /// Whether the whole of `value` matches.
    pub fn matches(&self, value: &str) -> bool {
        self.regex.is_match(value)
    }
}

impl Model {
    /// The Action of that exact name.
    pub fn action(&self, name: &str) -> Option<&Action> {
        self.actions.iter().find(|a| a.name == name)
    }

    /// HTTP status that belongs to an error code; `None` for a code that the model does not know.
    pub fn status_of(&self, code: &str) -> Option<u16> {
        self.status.get(code).copied()
    }

    /// The same on `dialect`, where its documentation has another status for the code.
    pub fn status_on(&self, code: &str, dialect: DialectId) -> Option<u16> {
        self.status_on.get(&dialect).and_then(|table| table.get(code)).copied().or_else(|| self.status_of(code))
    }

    /// Every error code the model knows, with its status.
    pub fn codes(&self) -> impl Iterator<Item = (&str, u16)> {
        self.status.iter().map(|(code, status)| (code.as_str(), *status))
    }

    /// Constraints of a scalar type as `dialect` documents them.
    pub fn constraints(&self, name: &str, dialect: DialectId) -> &Scalar {
        self.scalars[name].on(dialect)
    }

    /// The same as a value of its own.
    pub fn scalar(&self, name: &str, dialect: DialectId) -> Scalar {
        self.constraints(name, dialect).clone()
    }

    /// Kind of a scalar type, which no dialect changes.
    pub fn base(&self, name: &str) -> ScalarBase {
        self.scalars[name].aws.base
    }

    /// Names of the Actions that `dialect` documents beyond those of the model, by subject: what is not covered yet.
    pub fn beyond(&self, dialect: DialectId) -> impl Iterator<Item = (&str, &[String])> {
        let subjects = self.beyond.get(&dialect).into_iter().flatten();
        subjects.map(|(subject, actions)| (subject.as_str(), actions.as_slice()))
    }

    /// A quota or size that `dialect` documents; `None`: not known there. See `[limit]` in model.toml for the names.
    pub fn limit(&self, name: &str, dialect: DialectId) -> Option<u64> {
        self.limits.get(name).and_then(|by| by.get(&dialect)).copied()
    }

    /// The names of all limits.
    pub fn limit_names(&self) -> impl Iterator<Item = &str> {
        self.limits.keys().map(String::as_str)
    }

    /// Members of a structure.
    pub fn structure(&self, name: &str) -> &[Member] {
        &self.structs[name]
    }
}

impl Member {
    /// Whether `dialect` has it.
    pub fn on(&self, dialect: DialectId) -> bool {
        self.dialects.contains(&dialect)
    }

    /// Whether answers of `dialect` may have it under `name`.
    pub fn is_called(&self, name: &str, dialect: DialectId) -> bool {
        self.name == name || self.also.iter().any(|(d, also)| *d == dialect && also == name)
    }

    /// Members that its structures need not have in answers of `dialect`, though they have them elsewhere.
    pub fn lacking(&self, dialect: DialectId) -> Vec<&str> {
        self.lacks.iter().filter(|(d, _)| *d == dialect).map(|(_, name)| name.as_str()).collect()
    }

    /// Whether answers of `dialect` have it as it is, not percent-encoded (policy documents only).
    pub fn is_raw(&self, dialect: DialectId) -> bool {
        self.raw.contains(&dialect)
    }
}

impl Action {
    /// The request parameter of that name, where `dialect` has it.
    pub fn parameter(&self, name: &str, dialect: DialectId) -> Option<&Member> {
        self.parameters.iter().find(|p| p.name == name && p.on(dialect))
    }

    /// The other name of a parameter: what `dialect` has on its wire for a name of the API, and the name of the API for one on the
    /// wire. The two change places, so that a name which means nothing on one side means nothing on the other.
    pub fn renamed<'a>(&'a self, name: &'a str, dialect: DialectId) -> &'a str {
        let pairs = self.parameters.iter().flat_map(|p| p.wire.iter().map(|(d, wire)| (*d, wire.as_str(), p.name.as_str())));
        let mut pairs = pairs.filter(|(d, ..)| *d == dialect);
        let other = pairs.find_map(|(_, wire, api)| match name {
            name if name == api => Some(wire),
            name if name == wire => Some(api),
            _ => None,
        });
        other.unwrap_or(name)
    }

    /// Paths of every response element on `dialect`, lists marked `[]`: `Users[].UserName`.
    pub fn response_paths(&self, dialect: DialectId) -> Vec<String> {
        let mut paths = Vec::new();
        for member in self.response.iter().filter(|m| m.on(dialect)) {
            walk(member, String::new(), dialect, &mut paths);
        }
        paths
    }

    /// Whether it takes Marker and MaxItems on `dialect`.
    pub fn paginates_on(&self, dialect: DialectId) -> bool {
        self.paginates.contains(&dialect)
    }
}

fn walk(member: &Member, prefix: String, dialect: DialectId, paths: &mut Vec<String>) {
    let path = format!("{prefix}{}", member.name);
    paths.push(path.clone());
    let (mut ty, mut path) = (&member.ty, path);
    while let Type::List(inner) = ty {
        ty = inner;
        path.push_str("[]");
    }
    if let Type::Struct(name) = ty {
        for m in model().structure(name).iter().filter(|m| m.on(dialect)) {
            walk(m, format!("{path}."), dialect, paths);
        }
    }
}

/// The model that ships with the crate. A mistake in the data file is a build mistake: a unit test reads it, so that it cannot ship.
pub fn model() -> &'static Model {
    static MODEL: OnceLock<Model> = OnceLock::new();
    MODEL.get_or_init(|| match Model::parse(include_str!("model.toml")) {
        Ok(model) => model,
        Err(why) => unreachable!("src/api/model.toml, which the unit tests read: {why}"),
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn counts_are_those_of_the_eim_reference() {
        let m = model();
        let parameters: Vec<&Member> = m.actions.iter().flat_map(|a| &a.parameters).filter(|p| p.on(DialectId::Eim)).collect();
        assert_eq!(m.actions.len(), 45);
        assert_eq!(parameters.len(), 100);
        assert_eq!(parameters.iter().filter(|p| p.required).count(), 60);
        // The page prints 164; one of them is the extra layer of ListUserPolicies' JSON form, which the canonical tree does not have.
        let paths: usize = m.actions.iter().map(|a| a.response_paths(DialectId::Eim).len()).sum();
        assert_eq!(paths + 1, 164);
        assert_eq!(m.actions.iter().filter(|a| a.paginates_on(DialectId::Eim)).count(), 7);
        assert_eq!(m.actions.iter().filter(|a| a.paginates_on(DialectId::Aws)).count(), 12);
        assert_eq!(m.actions.iter().filter(|a| a.response.is_empty()).count(), 21);
        assert_eq!(m.actions.iter().filter(|a| a.dialects.contains(&DialectId::Ecs)).count(), 40);
    }

    #[test]
    fn with_those_beyond_ecs_has_the_74_actions_that_dell_publishes() {
        let beyond: BTreeSet<&String> = model().beyond(DialectId::Ecs).flat_map(|(_, actions)| actions).collect();
        assert_eq!(beyond.len() + 40, 74);
        assert!(beyond.iter().all(|name| model().action(name).is_none()));
        assert_eq!(model().beyond(DialectId::Eim).count(), 0);
    }

    #[test]
    fn counts_are_those_of_the_aws_model() {
        let parameters = model().actions.iter().flat_map(|a| &a.parameters).filter(|p| p.on(DialectId::Aws)).count();
        assert_eq!(parameters, 115);
    }

    #[test]
    fn pagination_and_its_parameters_agree() {
        for a in &model().actions {
            for d in DialectId::ALL {
                assert_eq!(a.paginates_on(d), a.parameter("Marker", d).is_some(), "{} on {d}", a.name);
                assert_eq!(a.paginates_on(d), a.response.iter().any(|m| m.name == "IsTruncated" && m.on(d)), "{} on {d}", a.name);
            }
        }
    }

    #[test]
    fn every_declared_error_has_a_status() {
        for a in &model().actions {
            for code in &a.errors {
                assert!(model().status_of(code).is_some(), "{}: {code}", a.name);
            }
        }
    }

    #[test]
    fn dialects_replace_names_and_statuses() {
        let list = model().action("ListPolicies").expect("an Action");
        assert_eq!((list.renamed("Scope", DialectId::Ecs), list.renamed("PolicyScope", DialectId::Ecs)), ("PolicyScope", "Scope"));
        assert_eq!((list.renamed("Scope", DialectId::Aws), list.renamed("Marker", DialectId::Ecs)), ("Scope", "Marker"));
        let versions = &model().action("ListPolicyVersions").expect("an Action").response[0];
        assert!(versions.is_called("PolicyVersions", DialectId::Ecs) && !versions.is_called("PolicyVersions", DialectId::Aws));
        let groups = &model().action("ListGroupsForUser").expect("an Action").response[0];
        assert_eq!((groups.lacking(DialectId::Ecs), groups.lacking(DialectId::Aws)), (vec!["CreateDate"], vec![]));
        let raw = |action: &str, d| model().action(action).expect("an Action").response.iter().any(|m| m.is_raw(d));
        assert!(raw("GetUserPolicy", DialectId::Ecs) && raw("GetGroupPolicy", DialectId::Ecs) && !raw("GetUserPolicy", DialectId::Aws));
        let status = |d| model().status_on("NotImplemented", d);
        assert_eq!((status(DialectId::Ecs), status(DialectId::Aws)), (Some(200), Some(501)));
        assert_eq!(model().status_on("NoSuchEntity", DialectId::Ecs), Some(404));
        let refusing = model().actions.iter().filter(|a| a.not_implemented.contains(&DialectId::Ecs)).map(|a| a.name.as_str());
        assert_eq!(refusing.collect::<Vec<_>>(), ["UpdateGroup", "UpdateUser"]);
    }

    #[test]
    fn dialects_replace_limits() {
        assert_eq!(model().scalar("policy-scope", DialectId::Eim).values, ["ALL", "OWS", "local"]);
        assert_eq!(model().scalar("inline-owner-name", DialectId::Eim).max, Some(64));
        assert_eq!(model().scalar("inline-owner-name", DialectId::Aws).max, Some(128));
        assert!(model().scalar("path", DialectId::Aws).pattern.is_some_and(|p| p.matches("/a b/") != p.matches("/a-b/")));
    }
}
