//! Two outcomes of the same call, the model's and the target's, under a one-to-one binding of what each makes up by itself.
//!
//! Names are the same on both sides. Ids, access keys, the heads of ARNs and dates are not: the first time that a value of the one meets
//! a value of the other the two are bound, and stay so. What a member holds the API model says.

use std::collections::{BTreeMap, HashMap};

use serde_json::{Map, Value};

use crate::api::{Action, DialectId, Member, Type, model};
use crate::dialect::Outcome;
use crate::report::event::without_index;

/// How closely two outcomes must agree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Closeness {
    /// The target is our own reference: documents and certificates agree to the letter, lists in their order, and no two things are made
    /// at the same time.
    pub to_the_letter: bool,
    /// Lists of the whole account hold nothing but what the program made.
    pub alone: bool,
}

/// What is bound so far.
#[derive(Clone, Debug)]
pub struct Binding {
    dialect: DialectId,
    closeness: Closeness,
    there: HashMap<String, String>,
    back: HashMap<String, String>,
    /// Dates of the model in order, and what the target has for each.
    dates: BTreeMap<String, String>,
    part: Part,
    /// Members that are not looked at.
    without: Vec<&'static str>,
}

/// Which part of a list a call asks for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Part {
    /// All of it.
    #[default]
    Whole,
    /// The first page, of so many at most: how much is on it can be told, what is on it follows from an order that is a matter of its own.
    First(usize),
    /// A page from a marker on: where others have things too, even how much is on it follows from theirs.
    Later,
}

/// The first difference.
#[derive(Clone, Debug, PartialEq)]
pub struct Difference {
    /// Where, with indices; `status` where one succeeded and the other did not, or the codes differ.
    pub path: String,
    /// What was expected, without names: `404 NoSuchEntity`, `text`, `absent`.
    pub expected: String,
    /// What was seen, in the same form.
    pub observed: String,
    /// The expected value.
    pub expected_value: Option<Value>,
    /// The value seen.
    pub observed_value: Option<Value>,
}

impl Difference {
    /// The path without indices, for fingerprints.
    pub fn place(&self) -> String {
        without_index(&self.path)
    }
}

/// An outcome in a fingerprint: `200`, or status and code.
pub fn label(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Success(_) => "200".to_owned(),
        Outcome::Error(error) => format!("{} {}", error.status, error.code).trim_end().to_owned(),
    }
}

impl Binding {
    /// Nothing bound yet.
    pub fn new(dialect: DialectId, closeness: Closeness) -> Binding {
        Binding {
            dialect,
            closeness,
            there: HashMap::new(),
            back: HashMap::new(),
            dates: BTreeMap::new(),
            part: Part::Whole,
            without: Vec::new(),
        }
    }

    /// Does not look at these members.
    #[must_use]
    pub fn without(self, members: Vec<&'static str>) -> Binding {
        Binding { without: members, ..self }
    }

    /// From now on answers are of calls that ask for this part.
    pub fn asking(&mut self, part: Part) {
        self.part = part;
    }

    /// The first difference between what the model answers and what the target does; what is met for the first time is bound.
    pub fn compare(&mut self, action: &Action, expected: &Outcome, observed: &Outcome) -> Option<Difference> {
        match (expected, observed) {
            (Outcome::Success(expected), Outcome::Success(observed)) => self.members(&action.response, expected, observed, ""),
            (Outcome::Error(e), Outcome::Error(o)) if e.code == o.code && e.status == o.status => None,
            _ => Some(Difference {
                path: "status".into(),
                expected: label(expected),
                observed: label(observed),
                expected_value: None,
                observed_value: None,
            }),
        }
    }

    fn members(
        &mut self,
        declared: &[Member],
        expected: &Map<String, Value>,
        observed: &Map<String, Value>,
        path: &str,
    ) -> Option<Difference> {
        // A page of what is not ours alone ends where it ends.
        let whole = self.closeness.alone || !path.is_empty() || !is_account_wide(declared);
        let dialect = self.dialect;
        for member in declared.iter().filter(|m| m.on(dialect)) {
            if self.without.contains(&member.name.as_str()) {
                continue;
            }
            if !whole && ["IsTruncated", "Marker"].contains(&member.name.as_str()) {
                continue;
            }
            let find = |tree: &Map<String, Value>| {
                let name = tree.keys().find(|name| member.is_called(name, dialect))?;
                tree.get(name).cloned()
            };
            let at = if path.is_empty() { member.name.clone() } else { format!("{path}.{}", member.name) };
            let (e, o) = (find(expected).filter(there), find(observed).filter(there));
            let difference = match (e, o) {
                (None, None) => None,
                (e, o) if path.is_empty() && matches!(member.ty, Type::List(_)) && self.is_page(expected) => {
                    let (e, o) = (e.unwrap_or(Value::Array(Vec::new())), o.unwrap_or(Value::Array(Vec::new())));
                    self.page(&e, &o, whole, &at)
                }
                (Some(e), Some(o)) => self.value(&member.ty, &member.name, &e, &o, &at),
                (e, o) => Some(differ(&at, e.as_ref(), o.as_ref(), "other value")),
            };
            if difference.is_some() {
                return difference;
            }
        }
        None
    }

    /// Whether an answer is a page, and not compared to the letter.
    fn is_page(&self, expected: &Map<String, Value>) -> bool {
        !self.closeness.to_the_letter && (self.part != Part::Whole || expected.get("IsTruncated") == Some(&Value::Bool(true)))
    }

    /// How much two pages hold. `alone`: nothing of others comes in between.
    fn page(&self, expected: &Value, observed: &Value, alone: bool, path: &str) -> Option<Difference> {
        let length = |value: &Value| value.as_array().map_or(0, Vec::len);
        let (e, o) = (length(expected), length(observed));
        let right = match self.part {
            _ if alone => e == o,
            Part::Later => true,
            // Things of others, the provider's among them, take places on either side.
            Part::First(most) => o <= most.max(e),
            Part::Whole => true,
        };
        (!right).then(|| differ(path, Some(expected), Some(observed), if o > e { "longer list" } else { "shorter list" }))
    }

    fn value(&mut self, ty: &Type, name: &str, expected: &Value, observed: &Value, path: &str) -> Option<Difference> {
        match (ty, expected, observed) {
            (Type::Struct(structure), Value::Object(e), Value::Object(o)) => self.members(model().structure(structure), e, o, path),
            (Type::List(item), Value::Array(e), Value::Array(o)) => self.list(item, name, e, o, path),
            (Type::Scalar(scalar), e, o) => self.scalar(scalar, name, e, o).map(|what| differ(path, Some(e), Some(o), what)),
            (_, e, o) => Some(differ(path, Some(e), Some(o), "other type")),
        }
    }

    fn list(&mut self, item: &Type, name: &str, expected: &[Value], observed: &[Value], path: &str) -> Option<Difference> {
        if expected.len() != observed.len() {
            let (e, o) = (Value::from(expected.to_vec()), Value::from(observed.to_vec()));
            let longer = observed.len() > expected.len();
            return Some(differ(path, Some(&e), Some(&o), if longer { "longer list" } else { "shorter list" }));
        }
        let mut rest: Vec<&Value> = observed.iter().collect();
        for (i, e) in expected.iter().enumerate() {
            // The order of a list is a matter of its own, which free checks look at where it is promised.
            let at = if self.closeness.to_the_letter { 0 } else { self.likest(e, &rest) };
            let o = rest.remove(at);
            let difference = self.value(item, name, e, o, &format!("{path}[{i}]"));
            if difference.is_some() {
                return difference;
            }
        }
        None
    }

    /// Index of the one that has most in common with what is expected.
    fn likest(&self, expected: &Value, among: &[&Value]) -> usize {
        let alike = |observed: &Value| match (expected, observed) {
            (Value::Object(e), Value::Object(o)) => {
                e.iter().filter(|(name, value)| o.get(*name).is_some_and(|other| self.is_bound(value, other))).count()
            }
            (e, o) => usize::from(self.is_bound(e, o)),
        };
        // Of several alike the first.
        (0..among.len()).rev().max_by_key(|i| alike(among[*i])).unwrap_or_default()
    }

    fn is_bound(&self, expected: &Value, observed: &Value) -> bool {
        let text = |v: &Value| v.as_str().map(str::to_owned);
        expected == observed || text(expected).and_then(|e| self.there.get(&e).cloned()) == text(observed).filter(|_| expected.is_string())
    }

    /// What is wrong with a scalar; none: it agrees.
    fn scalar(&mut self, scalar: &str, name: &str, expected: &Value, observed: &Value) -> Option<&'static str> {
        let (Some(e), Some(o)) = (expected.as_str(), observed.as_str()) else {
            return (expected != observed).then_some("other value");
        };
        let right = match scalar {
            "id" | "access-key-id" => return (!self.bind(e, o)).then_some("other id"),
            "secret" => !o.is_empty(),
            "response-marker" => !o.is_empty(),
            "date" if name != "Expiration" => return (!self.date(e, o)).then_some("other date"),
            "arn" => return (!self.arn(e, o)).then_some("other ARN"),
            "document" if !self.closeness.to_the_letter => e == o || same_json(e, o),
            "certificate-body" | "certificate-chain" if !self.closeness.to_the_letter => bare(e) == bare(o),
            _ => e == o,
        };
        (!right).then_some("other text")
    }

    /// Binds two values; `false`: one of them is bound to another already.
    fn bind(&mut self, expected: &str, observed: &str) -> bool {
        match (self.there.get(expected), self.back.get(observed)) {
            (Some(o), Some(e)) => o == observed && e == expected,
            (None, None) => {
                self.there.insert(expected.to_owned(), observed.to_owned());
                self.back.insert(observed.to_owned(), expected.to_owned());
                true
            }
            _ => false,
        }
    }

    /// One date of the model has one date of the target, and later ones do not lie before it. Where the target's clock moves with every
    /// change as the model's does, different ones stay different.
    fn date(&mut self, expected: &str, observed: &str) -> bool {
        if let Some(bound) = self.dates.get(expected) {
            return bound == observed;
        }
        let before = self.dates.range(..expected.to_owned()).next_back().map(|(_, o)| o.as_str());
        let after = self.dates.range(expected.to_owned()..).next().map(|(_, o)| o.as_str());
        let strict = self.closeness.to_the_letter;
        // As texts: what has another form is not a date, which a free check says.
        let in_order = |a: &str, b: &str| a < b || (a == b && !strict);
        let right = before.is_none_or(|b| in_order(b, observed)) && after.is_none_or(|a| in_order(observed, a));
        if right {
            self.dates.insert(expected.to_owned(), observed.to_owned());
        }
        right
    }

    /// ARNs agree in kind, path and name; partition, account and the like are the target's own, always the same.
    fn arn(&mut self, expected: &str, observed: &str) -> bool {
        if expected == observed || self.closeness.to_the_letter {
            return expected == observed;
        }
        let (Some((e_head, e_rest)), Some((o_head, o_rest))) = (split(expected), split(observed)) else { return false };
        // The provider's own are the same everywhere.
        let account = e_head.rsplit(':').next().unwrap_or_default();
        e_rest == o_rest && account != "aws" && !account.is_empty() && self.bind(e_head, o_head)
    }
}

/// Whether a member counts as there: neither empty nor false-by-default.
fn there(value: &Value) -> bool {
    match value {
        Value::Array(items) => !items.is_empty(),
        Value::String(text) => !text.is_empty(),
        Value::Bool(b) => *b,
        Value::Null => false,
        Value::Object(_) | Value::Number(_) => true,
    }
}

fn is_account_wide(declared: &[Member]) -> bool {
    let has = |name: &str| declared.iter().any(|m| m.name == name);
    crate::case::owned::ACCOUNT_WIDE.iter().any(|(_, element)| has(element)) && !has("Group")
}

/// Head and resource of an ARN.
fn split(arn: &str) -> Option<(&str, &str)> {
    let (at, _) = arn.match_indices(':').nth(4)?;
    Some((&arn[..at], &arn[at..]))
}

fn same_json(a: &str, b: &str) -> bool {
    let read = |text: &str| serde_json::from_str::<Value>(text).ok();
    read(a).is_some_and(|a| Some(a) == read(b))
}

/// The base 64 of a PEM text.
fn bare(pem: &str) -> String {
    let inside = pem.split("-----").filter(|part| !part.contains("BEGIN") && !part.contains("END"));
    inside.flat_map(str::chars).filter(|c| !c.is_whitespace()).collect()
}

fn kind(value: Option<&Value>) -> &'static str {
    match value {
        None => "absent",
        Some(Value::Null) => "nothing",
        Some(Value::Bool(true)) => "true",
        Some(Value::Bool(false)) => "false",
        Some(Value::Number(_)) => "number",
        Some(Value::String(_)) => "text",
        Some(Value::Array(_)) => "list",
        Some(Value::Object(_)) => "structure",
    }
}

fn differ(path: &str, expected: Option<&Value>, observed: Option<&Value>, what: &str) -> Difference {
    let (e, o) = (kind(expected), kind(observed));
    let observed_kind = if e == o { what.to_owned() } else { o.to_owned() };
    Difference {
        path: path.to_owned(),
        expected: e.to_owned(),
        observed: observed_kind,
        expected_value: expected.cloned(),
        observed_value: observed.cloned(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn compare(binding: &mut Binding, action: &str, expected: Value, observed: Value) -> Option<(String, String, String)> {
        let tree = |v: Value| Outcome::Success(v.as_object().unwrap().clone());
        let difference = binding.compare(model().action(action).unwrap(), &tree(expected), &tree(observed))?;
        Some((difference.place(), difference.expected, difference.observed))
    }

    fn binding(to_the_letter: bool) -> Binding {
        Binding::new(DialectId::Aws, Closeness { to_the_letter, alone: true })
    }

    fn user(id: &str, arn: &str, date: &str) -> Value {
        json!({ "User": { "Path": "/", "UserName": "ann", "UserId": id, "Arn": arn, "CreateDate": date } })
    }

    #[test]
    fn ids_arns_and_dates_are_bound_one_to_one() {
        let mut b = binding(false);
        let (ours, theirs) =
            (user("AIDA1", "arn:aws:iam::1:user/ann", "2026-01-01"), user("AIDX", "arn:aws:iam::9:user/ann", "2027-01-01"));
        assert_eq!(compare(&mut b, "GetUser", ours.clone(), theirs.clone()), None);
        assert_eq!(compare(&mut b, "GetUser", ours.clone(), theirs), None);
        for (other, path) in [
            (user("AIDY", "arn:aws:iam::9:user/ann", "2027-01-01"), "User.UserId"),
            (user("AIDX", "arn:aws:iam::8:user/ann", "2027-01-01"), "User.Arn"),
            (user("AIDX", "arn:aws:iam::9:user/bob", "2027-01-01"), "User.Arn"),
            (user("AIDX", "arn:aws:iam::9:user/ann", "2027-01-02"), "User.CreateDate"),
        ] {
            assert_eq!(compare(&mut b, "GetUser", ours.clone(), other).map(|(p, ..)| p).as_deref(), Some(path));
        }
        let second = |date: &str, theirs: &str| {
            let mut b = b.clone();
            compare(&mut b, "GetUser", user("AIDA2", "arn:aws:iam::1:user/ann", date), user("AIDZ", "arn:aws:iam::9:user/ann", theirs))
        };
        assert_eq!(second("2026-01-02", "2027-01-01"), None, "made in the same second");
        assert_eq!(second("2026-01-02", "2026-12-31").map(|(p, ..)| p).as_deref(), Some("User.CreateDate"), "before what was made before");
    }

    #[test]
    fn lists_agree_in_any_order_unless_they_are_our_own() {
        let list = |names: &[&str]| json!({ "PolicyNames": names, "IsTruncated": false });
        assert_eq!(compare(&mut binding(false), "ListUserPolicies", list(&["a", "b"]), list(&["b", "a"])), None);
        assert!(compare(&mut binding(true), "ListUserPolicies", list(&["a", "b"]), list(&["b", "a"])).is_some());
        let shorter = compare(&mut binding(false), "ListUserPolicies", list(&["a", "b"]), list(&["b"]));
        assert_eq!(shorter, Some(("PolicyNames".into(), "list".into(), "shorter list".into())));
        assert_eq!(compare(&mut binding(false), "ListUserPolicies", list(&[]), json!({})), None, "empty is as good as absent");
    }

    #[test]
    fn what_a_target_lacks_is_not_looked_at() {
        let (ours, theirs) =
            (json!({ "User": { "UserName": "a", "Tags": [{ "Key": "k", "Value": "v" }] } }), json!({ "User": { "UserName": "a" } }));
        assert!(compare(&mut binding(false), "GetUser", ours.clone(), theirs.clone()).is_some());
        assert_eq!(compare(&mut binding(false).without(vec!["Tags"]), "GetUser", ours, theirs), None);
    }

    #[test]
    fn of_a_page_only_the_length_is_told() {
        let list = |names: &[&str]| json!({ "PolicyNames": names, "IsTruncated": false });
        let paged = |part: Part, observed: &[&str]| {
            let mut binding = binding(false);
            binding.asking(part);
            compare(&mut binding, "ListUserPolicies", list(&["a", "b"]), list(observed)).map(|(_, _, observed)| observed)
        };
        assert_eq!(paged(Part::First(2), &["c", "b"]), None, "in an order of its own");
        assert_eq!(paged(Part::First(2), &["a", "b", "c"]).as_deref(), Some("longer list"));
        assert_eq!(paged(Part::Later, &["a"]).as_deref(), Some("shorter list"));
        let users = |n: usize| json!({ "Users": vec![json!({ "UserName": "x" }); n], "IsTruncated": false });
        let shared = |part: Part, observed: usize| {
            let mut binding = Binding::new(DialectId::Aws, Closeness { to_the_letter: false, alone: false });
            binding.asking(part);
            compare(&mut binding, "ListUsers", users(2), users(observed)).map(|(_, _, observed)| observed)
        };
        assert_eq!((shared(Part::First(2), 1), shared(Part::Later, 3)), (None, None), "others' users are on the page too");
        assert_eq!(shared(Part::First(2), 3).as_deref(), Some("longer list"));
    }

    #[test]
    fn what_a_fingerprint_says_has_no_names_in_it() {
        let mut b = binding(false);
        let error = |status, code: &str| Outcome::Error(crate::dialect::ApiError { status, code: code.into(), message: "ann".into() });
        let action = model().action("GetUser").unwrap();
        let d = b.compare(action, &error(404, "NoSuchEntity"), &Outcome::Success(Map::new())).unwrap();
        assert_eq!((d.path.as_str(), d.expected.as_str(), d.observed.as_str()), ("status", "404 NoSuchEntity", "200"));
        assert_eq!(b.compare(action, &error(404, "NoSuchEntity"), &error(404, "NoSuchEntity")), None);
        assert!(b.compare(action, &error(404, "NoSuchEntity"), &error(400, "NoSuchEntity")).is_some());
    }

    #[test]
    fn documents_and_certificates_mean_the_same_in_other_bytes() {
        let policy = |text: &str| json!({ "UserName": "a", "PolicyName": "p", "PolicyDocument": text });
        assert_eq!(compare(&mut binding(false), "GetUserPolicy", policy("{\"a\": 1}"), policy("{\"a\":1}")), None);
        assert!(compare(&mut binding(true), "GetUserPolicy", policy("{\"a\": 1}"), policy("{\"a\":1}")).is_some());
        assert_eq!(bare("-----BEGIN X-----\nAB\nC=\n-----END X-----\n"), "ABC=");
    }
}
