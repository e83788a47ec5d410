//! What a step must answer, taken from what the reference answers.

use std::collections::BTreeMap;

use serde_json::Value;

use super::words::{Words, node};
use crate::api::{DialectId, model};
use crate::case::{Check, Expect, Node, Step};
use crate::dialect::shape::Patterns;
use crate::report::event::StepRecord;
use crate::verdict::Loc;

/// Statuses of a request that is refused for what it is.
const REFUSALS: &[u16] = &[400, 403, 404, 405, 409, 411, 413, 414, 415, 431];

/// How an answer ended, as far as two runs can be compared by it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    /// It succeeded.
    Success(u16),
    /// It was refused with a code.
    Refusal(u16, String),
    /// Nothing came, or nothing that can be read.
    Nothing,
}

pub(super) fn ending(step: &StepRecord) -> Ending {
    match (step.status, &step.code, &step.result) {
        (Some(status), Some(code), _) => Ending::Refusal(status, code.clone()),
        (Some(status), None, Some(_)) => Ending::Success(status),
        _ => Ending::Nothing,
    }
}

/// The last answer to each step.
pub(super) fn last(steps: &[StepRecord]) -> BTreeMap<usize, &StepRecord> {
    steps.iter().map(|step| (step.step, step)).collect()
}

/// Expects of the steps before `at` that they succeed, where they do on both sides, and nothing of the others.
pub(super) fn prerequisites(
    steps: &mut [Step],
    at: usize,
    reference: &BTreeMap<usize, &StepRecord>,
    target: &BTreeMap<usize, &StepRecord>,
) {
    let fine = |step: Option<&&StepRecord>| step.is_some_and(|step| matches!(ending(step), Ending::Success(_)));
    for (i, step) in steps.iter_mut().enumerate() {
        let needed = i != at && fine(reference.get(&i)) && fine(target.get(&i));
        step.expect = if needed { Expect::default() } else { anything() };
    }
}

fn anything() -> Expect {
    Expect { any: true, given: true, ..Expect::default() }
}

/// A refusal, or a success as such; none: the reference answers nothing itself. `also`: codes that would be right too. `lax`: any
/// well-formed refusal will do.
pub(super) fn of_ending(ending: &Ending, also: &[String], lax: bool) -> Option<Expect> {
    let mut expect = Expect { given: true, ..Expect::default() };
    match ending {
        Ending::Success(status) => expect.status = vec![*status],
        Ending::Refusal(..) if lax => {
            expect.any_error = true;
            expect.status = REFUSALS.to_vec();
        }
        Ending::Refusal(status, code) => {
            expect.error = vec![code.clone()];
            expect.error.extend(also.iter().filter(|other| *other != code && model().status_of(other).is_some()).cloned());
            // With several codes, the one that comes says which status goes with it.
            if expect.error.len() == 1 {
                expect.status = vec![*status];
            }
            model().status_of(code)?;
        }
        Ending::Nothing => return None,
    }
    Some(expect)
}

/// How lists are to be held against the reference's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lists {
    /// The same items.
    AnyOrder,
    /// The same items in the same order.
    InOrder,
}

/// The tree along one path: what stands at its end, in every item of the lists on the way.
pub(super) fn along(words: &mut Words, tree: &Value, path: &str, lists: Lists, at: usize) -> Expect {
    let segments: Vec<&str> = path.split('.').filter(|s| !s.is_empty()).map(|s| s.split('[').next().unwrap_or_default()).collect();
    result(down(words, tree, "", &segments, lists, at))
}

/// The whole tree.
pub(super) fn whole(words: &mut Words, tree: &Value, lists: Lists, at: usize) -> Expect {
    let mut check = words.check("", tree, at);
    if lists == Lists::InOrder {
        in_order(&mut check);
    }
    result(check)
}

/// The form that an id, an ARN or a date at a path must have; none: what is there has no such form.
pub(super) fn form(tree: &Value, path: &str, dialect: DialectId, words: &mut Words, at: usize) -> Option<Expect> {
    let patterns = Patterns::new(dialect, &BTreeMap::new()).ok()?;
    let element = path.rsplit('.').next().unwrap_or_default().split('[').next().unwrap_or_default();
    let pattern = match element {
        "AccessKeyId" => &patterns.access_key_id.source,
        e if e.ends_with("Arn") => &patterns.arn.source,
        e if e.ends_with("Date") => r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ",
        e if e.ends_with("Id") && e != "VersionId" && e != "DefaultVersionId" => &patterns.id.source,
        _ => return None,
    };
    let mut expect = along(words, tree, path, Lists::AnyOrder, at);
    expect.result.iter_mut().for_each(|node| ends(node, &Check::Matches(pattern.replace("${", "$${"))));
    Some(expect)
}

/// Puts a check in the place of every `present = true` and every text.
fn ends(node: &mut Node, check: &Check) {
    match &mut node.check {
        Check::Members(members) => members.last_mut().into_iter().for_each(|(_, inner)| ends(inner, check)),
        Check::Items(nodes) | Check::Ordered(nodes) => nodes.iter_mut().for_each(|inner| ends(inner, check)),
        other => other.clone_from(check),
    }
}

fn result(check: Check) -> Expect {
    Expect { given: true, result: Some(node(check)), ..Expect::default() }
}

fn down(words: &mut Words, tree: &Value, name: &str, rest: &[&str], lists: Lists, at: usize) -> Check {
    match (tree, rest) {
        (Value::Array(items), _) => {
            let items = items.iter().map(|item| {
                let inner = match (item, rest) {
                    // The list itself differs: its items are told apart and no more is said of them.
                    (Value::Object(_), []) => match words.identity(item, at) {
                        known if known.is_empty() => Check::Present,
                        known => Check::Members(known),
                    },
                    _ => down(words, item, name, rest, lists, at),
                };
                Node { check: inner, loc: Loc::default() }
            });
            let items = items.collect();
            if lists == Lists::InOrder { Check::Ordered(items) } else { Check::Items(items) }
        }
        (Value::Object(members), [next, rest @ ..]) => {
            let mut known = words.identity(tree, at);
            known.retain(|(name, _)| name != next);
            let inner = members.get(*next).map_or(Check::Absent, |inner| down(words, inner, next, rest, lists, at));
            // Nothing at the top has a name of its own.
            if name.is_empty() {
                known.clear();
            }
            known.push(((*next).to_owned(), node(inner)));
            Check::Members(known)
        }
        (value, _) => words.check(name, value, at),
    }
}

fn in_order(check: &mut Check) {
    match check {
        Check::Items(nodes) => {
            nodes.iter_mut().for_each(|node| in_order(&mut node.check));
            *check = Check::Ordered(std::mem::take(nodes));
        }
        Check::Members(members) => members.iter_mut().for_each(|(_, node)| in_order(&mut node.check)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use serde_json::json;

    use super::*;
    use crate::case::{NoCertificates, Scope, Setting, write};
    use crate::fuzz::program;

    fn words(answers: &[Value]) -> (Words, Vec<Value>, crate::case::Case) {
        let step = |with: Vec<(&str, &str)>| program::step("CreateUser", with.into_iter().map(|(n, v)| (n.to_owned(), json!(v))).collect());
        let case = program::new(
            "x",
            DialectId::Aws,
            vec![step(vec![("UserName", "${user}"), ("Path", "${path}")]), step(vec![("UserName", "${user2}")])],
        );
        let setting = Setting {
            run: "r".into(),
            dialect: DialectId::Aws,
            region: "eu".into(),
            account: None,
            second_namespace: None,
            limits: Arc::new(|_| None),
            certificates: Arc::new(NoCertificates),
        };
        let scope = Scope::new(Arc::new(setting), &case.id, None);
        let answers: Vec<Value> = answers.iter().map(|a| scope.render_value(a).unwrap()).collect();
        let words = Words::new(&case, &scope, &answers.iter().cloned().enumerate().collect());
        (words, answers, case)
    }

    fn said(expect: &Expect) -> String {
        let mut case = program::new("x/x", DialectId::Aws, vec![program::step("GetUser", Vec::new())]);
        case.steps[0].expect = expect.clone();
        let text = write::text(&[&case]);
        text.split_once("expect = ").map_or(text.clone(), |(_, expect)| expect.trim().to_owned())
    }

    #[test]
    fn values_are_said_as_variables_and_ids_as_what_was_answered_before() {
        let user = json!({ "User": { "UserName": "${user}", "Path": "${path}", "UserId": "AIDA2QWERTYUIOPASDFGH", "Arn": "arn:aws:iam::123456789012:user${path}${user}" } });
        let (mut words, answers, mut case) = words(&[user.clone(), user]);
        let expect = along(&mut words, &answers[1], "User.UserId", Lists::AnyOrder, 1);
        assert_eq!(said(&expect), r#"{ result = { User = { UserName = "${user}", UserId = "${seen1}" } } }"#);
        words.save(&mut case.steps);
        assert_eq!(case.steps[0].save[0].1, "User.UserId");
        let (mut words, answers, _) = self::words(&[answers[0].clone()]);
        let path = along(&mut words, &answers[0], "User.Path", Lists::AnyOrder, 0);
        assert_eq!(said(&path), r#"{ result = { User = { UserName = "${user}", Path = "${path}" } } }"#);
        let arn = along(&mut words, &answers[0], "User.Arn", Lists::AnyOrder, 0);
        assert!(said(&arn).ends_with(r#"Arn = { matches = ".*:user${path}${user}" } } } }"#), "{}", said(&arn));
        let id = along(&mut words, &answers[0], "User.UserId", Lists::AnyOrder, 0);
        assert!(said(&id).ends_with("UserId = { present = true } } } }"));
        let tags = along(&mut words, &answers[0], "User.Tags", Lists::AnyOrder, 0);
        assert!(said(&tags).ends_with("Tags = { absent = true } } } }"));
        let form = form(&answers[0], "User.UserId", DialectId::Aws, &mut words, 0).unwrap();
        assert!(said(&form).ends_with(r#"UserId = { matches = "A[A-Z]{3}[A-Z2-7]{17}" } } } }"#), "{}", said(&form));
    }

    #[test]
    fn lists_are_said_by_the_names_of_their_items() {
        let list =
            json!({ "Users": [{ "UserName": "${user}", "Path": "/" }, { "UserName": "${user2}", "Path": "/" }], "IsTruncated": false });
        let (mut words, answers, _) = words(&[list]);
        let paths = along(&mut words, &answers[0], "Users[].Path", Lists::AnyOrder, 0);
        assert_eq!(
            said(&paths),
            r#"{ result = { Users = [{ UserName = "${user}", Path = "/" }, { UserName = "${user2}", Path = "/" }] } }"#
        );
        let order = along(&mut words, &answers[0], "Users", Lists::InOrder, 0);
        assert_eq!(said(&order), r#"{ result = { Users = { ordered = [{ UserName = "${user}" }, { UserName = "${user2}" }] } } }"#);
        let all = whole(&mut words, &answers[0], Lists::AnyOrder, 0);
        assert!(said(&all).starts_with("{ result = { IsTruncated = false, Users = ["));
    }

    #[test]
    fn refusals_are_said_by_their_codes() {
        let refusal = Ending::Refusal(409, "EntityAlreadyExists".into());
        assert_eq!(said(&of_ending(&refusal, &[], false).unwrap()), r#"{ status = 409, error = "EntityAlreadyExists" }"#);
        let either = of_ending(&refusal, &["ValidationError".into()], false).unwrap();
        assert_eq!(said(&either), r#"{ error = ["EntityAlreadyExists", "ValidationError"] }"#);
        assert!(of_ending(&refusal, &[], true).unwrap().any_error);
        assert_eq!(said(&of_ending(&Ending::Success(200), &[], false).unwrap()), "{ status = 200 }");
        assert!(of_ending(&Ending::Refusal(400, "NobodyKnowsIt".into()), &[], false).is_none(), "no file can name it");
        assert!(of_ending(&Ending::Nothing, &[], false).is_none());
    }
}
