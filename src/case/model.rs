//! What a case is, after parsing: every node that can be violated or be wrong carries its place in the file.
//!
//! Strings hold `${…}` expressions, see `vars.rs`; they are rendered when a step is bound.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::api::{DialectId, Req};
use crate::verdict::Loc;

/// A named sequence of steps with expectations. A fuzz finding and a shrunk reproducer are the same thing.
#[derive(Clone, Debug, PartialEq)]
pub struct Case {
    /// `users/DeleteUser/attached-policy-blocks`: folder, file, id.
    pub id: String,
    /// Folder: users, groups, policies, access-keys, server-certificates, auth, protocol, workflows.
    pub family: String,
    /// The Action the file is about; none in files of workflows and protocol matters.
    pub action: Option<String>,
    /// One sentence, what holds.
    pub title: String,
    /// What it checks. The first one is what a mismatch is charged to unless the expectation names its own.
    pub requirements: Vec<Req>,
    /// Free labels for selection.
    pub tags: Vec<String>,
    /// Capabilities that a target needs: names from [`crate::target::profile::CAPABILITIES`].
    pub requires: Vec<String>,
    /// Dialects it applies to.
    pub dialects: Vec<DialectId>,
    /// Must not run beside other cases of the same endpoint.
    pub serial: bool,
    /// Variables by row: the steps run once per row. Empty: once, without.
    pub rows: Vec<Row>,
    /// What to do.
    pub steps: Vec<Step>,
    /// Where it starts.
    pub loc: Loc,
}

impl Case {
    /// Every requirement that it names: its own first, then those of single expectations.
    pub fn named_requirements(&self) -> Vec<Req> {
        let mut named = self.requirements.clone();
        named.extend(self.rows.iter().filter_map(|row| row.requirement));
        named.extend(self.rows.iter().filter_map(|row| row.expect.as_ref()).flat_map(Expect::requirements));
        for step in &self.steps {
            for expect in std::iter::once(&step.expect).chain(step.on.values().filter_map(|a| a.expect.as_ref())) {
                named.extend(expect.requirements());
            }
        }
        let mut seen = BTreeSet::new();
        named.retain(|req| seen.insert(*req));
        named
    }

    /// A step as it is in a row: the last one with the row's own parameters and expectation, which come before those of a dialect.
    pub fn step_in(&self, row: Option<&Row>, index: usize) -> Option<Cow<'_, Step>> {
        let step = self.steps.get(index)?;
        let last = index + 1 == self.steps.len();
        let Some(row) = row.filter(|row| last && !(row.with.is_empty() && row.expect.is_none())) else { return Some(Cow::Borrowed(step)) };
        let mut step = step.clone();
        for other in step.on.values_mut() {
            other.with.retain(|(name, _)| !row.with.iter().any(|(own, _)| own == name));
            if row.expect.is_some() {
                other.expect = None;
            }
        }
        for (name, value) in &row.with {
            match step.with.iter_mut().find(|(n, _)| n == name) {
                Some(at) => at.1 = value.clone(),
                None => step.with.push((name.clone(), value.clone())),
            }
        }
        if let Some(expect) = &row.expect {
            step.expect = expect.clone();
        }
        Some(Cow::Owned(step))
    }

    /// The steps as they are in a row.
    pub fn steps_in<'c>(&'c self, row: Option<&'c Row>) -> impl Iterator<Item = Cow<'c, Step>> {
        (0..self.steps.len()).filter_map(move |index| self.step_in(row, index))
    }

    /// The rows that apply to a dialect; a case without rows has one that is none.
    pub fn rows_on(&self, dialect: DialectId) -> Vec<Option<&Row>> {
        if self.rows.is_empty() {
            return vec![None];
        }
        self.rows.iter().filter(|row| row.dialects.contains(&dialect)).map(Some).collect()
    }

    /// The row that a mark such as `row=empty i=3` names.
    pub fn row_at(&self, at: &str) -> Option<&Row> {
        let id = at.split(' ').find_map(|word| word.strip_prefix("row="))?;
        self.rows.iter().find(|row| row.id == id)
    }
}

/// One line of a case's table.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// Stable name, unique in the case.
    pub id: String,
    /// Variables, as `${row.NAME}`; templates themselves.
    pub vars: BTreeMap<String, Value>,
    /// Dialects it applies to.
    pub dialects: Vec<DialectId>,
    /// The requirement that the expectations check in this row; none: the case's first.
    pub requirement: Option<Req>,
    /// Parameters that replace or join those of the last step; null leaves one out.
    pub with: Vec<(String, Value)>,
    /// Replaces the last step's expectation.
    pub expect: Option<Expect>,
    /// Where it stands.
    pub loc: Loc,
}

/// One Action call.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// The Action, sent as written (a case may send an unknown one on purpose, with `raw`).
    pub call: String,
    /// Parameters in order. Arrays and tables become `member.N`; a key with dots is sent as it stands; null leaves a parameter out.
    pub with: Vec<(String, Value)>,
    /// Parameters that the API, or a dialect, does not know are sent on purpose.
    pub unknown_parameters: bool,
    /// Variables to take from the result: name and path (`Policy.Arn`, `Users[0].UserId`).
    pub save: Vec<(String, String, Loc)>,
    /// Who sends it: name of a variable saved from CreateAccessKey's `AccessKey` (an object), or of the profile's further principals.
    pub principal: Option<String>,
    /// What to do wrong when authenticating.
    pub auth: Option<Tamper>,
    /// What to do differently on the wire.
    pub raw: Option<Raw>,
    /// Run it that many times, `${i}` counting from 1.
    pub repeat: Option<String>,
    /// Follow markers and yield the whole, with `pages` of the result counted.
    pub pages: Option<Pages>,
    /// What must come back.
    pub expect: Expect,
    /// What differs on a dialect.
    pub on: BTreeMap<DialectId, Alternative>,
    /// Where it starts.
    pub loc: Loc,
}

/// How a list step follows its markers.
#[derive(Clone, Debug, PartialEq)]
pub struct Pages {
    /// MaxItems to ask for; none: the target's own default.
    pub size: Option<String>,
}

/// Deliberate faults in authentication.
#[derive(Clone, Debug, PartialEq)]
pub enum Tamper {
    /// No proof at all: neither a signature nor a token.
    None,
    /// This login token instead of any other proof.
    Token(String),
    /// This Authorization header instead of a true one.
    Header(String),
    /// Right key id, wrong secret.
    WrongSecret,
    /// A well-formed key id that nobody has.
    UnknownKey,
    /// Body or query altered after signing.
    AlteredBody,
    /// Another region in the scope.
    Region(String),
    /// Another service in the scope.
    Service(String),
    /// Signed that many seconds away from now (negative: in the past).
    Skew(i64),
    /// The Host header, which must be signed, is not.
    UnsignedHost,
    /// The header with the date, which must be signed, is not.
    UnsignedDate,
    /// Signature in the query string, whose time is over.
    ExpiredQuery,
    /// Signature of another Action's body.
    OtherAction,
    /// Signature in the query string; valid.
    Query,
}

/// Deliberate oddities of a request. What is absent stays as the dialect writes it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Raw {
    /// HTTP method.
    pub method: Option<String>,
    /// Path.
    pub path: Option<String>,
    /// Headers to set (value) or to leave out (none).
    pub headers: Vec<(String, Option<String>)>,
    /// The whole body or, with GET, query, sent as it stands and signed.
    pub body: Option<String>,
    /// Another Action name, or none at all.
    pub action: Option<Option<String>>,
    /// Another Version, or none at all.
    pub version: Option<Option<String>>,
}

/// What a dialect's documentation says otherwise.
#[derive(Clone, Debug, PartialEq)]
pub struct Alternative {
    /// Parameters that replace or join those of the step; null leaves one out.
    pub with: Vec<(String, Value)>,
    /// Replaces the step's expectation.
    pub expect: Option<Expect>,
    /// The step is left out on this dialect.
    pub skip: bool,
    /// Why: the source of the difference.
    pub source: String,
    /// Where it stands.
    pub loc: Loc,
}

/// What must come back. Nothing given: success.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Expect {
    /// Allowed HTTP statuses; empty: the one that belongs to success or to the error code.
    pub status: Vec<u16>,
    /// Allowed error codes; empty: success, unless `any_error`.
    pub error: Vec<String>,
    /// Any error code will do (`error = "*"`), `status` decides.
    pub any_error: bool,
    /// Anything will do (`outcome = "any"`): the step only tries, or looks at the status alone where `status` is given.
    pub any: bool,
    /// The call is not refused for its form (`outcome = "understood"`): success, or any error but an undeclared one of status 400 or of
    /// the server.
    pub understood: bool,
    /// Matcher for the error's message. Texts drift: use it rarely.
    pub message: Option<Node>,
    /// Matchers for response headers, names in lower case.
    pub headers: Vec<(String, Node)>,
    /// Partial result tree.
    pub result: Option<Node>,
    /// Whether the case file says `expect` at all: a step without is a prerequisite.
    pub given: bool,
    /// The requirement that this expectation checks; none: the case's first.
    pub requirement: Option<Req>,
    /// Where it stands.
    pub loc: Loc,
}

impl Expect {
    /// The requirements that it names, those of single values included.
    pub fn requirements(&self) -> Vec<Req> {
        let mut named: Vec<Req> = self.requirement.into_iter().collect();
        let headers = self.headers.iter().map(|(_, node)| node);
        for node in self.message.iter().chain(&self.result).chain(headers) {
            node.requirements(&mut named);
        }
        named
    }
}

impl Node {
    fn requirements(&self, named: &mut Vec<Req>) {
        match &self.check {
            Check::Charged(req, node) => {
                named.push(*req);
                node.requirements(named);
            }
            Check::Members(members) => members.iter().for_each(|(_, node)| node.requirements(named)),
            Check::Items(nodes) | Check::Ordered(nodes) | Check::Includes(nodes) | Check::Excludes(nodes) | Check::All(nodes) => {
                nodes.iter().for_each(|node| node.requirements(named));
            }
            Check::Optional(node) => node.requirements(named),
            Check::Equals(_)
            | Check::Matches(_)
            | Check::Near(_)
            | Check::OneOf(_)
            | Check::Present
            | Check::Absent
            | Check::AbsentOrEmpty
            | Check::SameJson(_)
            | Check::SamePem(_)
            | Check::Sorted(_)
            | Check::Count(_)
            | Check::Not(_) => {}
        }
    }
}

/// A node of an expected tree.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// What must hold.
    pub check: Check,
    /// Where it stands.
    pub loc: Loc,
}

/// What must hold of a value.
#[derive(Clone, Debug, PartialEq)]
pub enum Check {
    /// Equal to this scalar (a template where it is a string).
    Equals(Value),
    /// An object with at least these members.
    Members(Vec<(String, Node)>),
    /// A list with exactly these items, in any order (account-wide lists: after other people's items are dropped).
    Items(Vec<Node>),
    /// A list with exactly these items in this order.
    Ordered(Vec<Node>),
    /// A list that has such items, perhaps among others.
    Includes(Vec<Node>),
    /// A list that has no such item.
    Excludes(Vec<Node>),
    /// The whole text matches this regular expression (a template).
    Matches(String),
    /// One of these values.
    OneOf(Vec<Value>),
    /// There, whatever it holds.
    Present,
    /// Not there.
    Absent,
    /// Not there, or an empty list or text.
    AbsentOrEmpty,
    /// Absent, or else as this says.
    Optional(Box<Node>),
    /// JSON text equal to this JSON text as a value.
    SameJson(String),
    /// PEM text with the same certificates, by DER.
    SamePem(String),
    /// A list in order of this member ignoring case (empty: of the items themselves).
    Sorted(String),
    /// A list of that many items (a template), after filtering.
    Count(String),
    /// A date at most a second away from this one (a template).
    Near(String),
    /// Not equal to this value.
    Not(Value),
    /// All of these.
    All(Vec<Node>),
    /// What this says; it checks that requirement, whatever the expectation as a whole is about.
    Charged(Req, Box<Node>),
}
