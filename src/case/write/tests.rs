//! What is written says what was there: of arbitrary cases and of the whole corpus.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use arbitrary::{Arbitrary as _, Result, Unstructured};
use serde_json::{Value, json};

use super::*;
use crate::api::{DialectId, Req, model};
use crate::case::model::{Alternative, Case, Check, Expect, Node, Pages, Raw, Row, Step, Tamper};
use crate::case::{Corpus, parse};
use crate::target::profile::CAPABILITIES;
use crate::verdict::Loc;

type U<'a, 'b> = &'a mut Unstructured<'b>;

/// Strings that are sound templates.
fn text(u: U) -> Result<String> {
    const POOL: &[&str] = &[
        "",
        "x",
        "${user}",
        "${swapcase:user}",
        "$${x}",
        "a \"b\"",
        "it's",
        "'\"\\",
        "C:\\x",
        "\t\r\n\u{0}\u{7f}\u{85}",
        "line\nline\n",
        "é ü 😀 \u{200b}\u{202e}\u{feff}\u{e0041}",
        "#",
        "'''",
        "\"\"\"",
        " = [",
        "$",
        "}",
        "{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Action\":\"iam:ListUsers\",\"Resource\":\"*\"}]}",
    ];
    Ok(match u.int_in_range(0..=3)? {
        0 => String::arbitrary(u)?.replace("${", "$${"),
        _ => (*u.choose(POOL)?).to_owned(),
    })
}

fn some<T>(u: &mut Unstructured, make: impl Fn(&mut Unstructured) -> Result<T>) -> Result<Option<T>> {
    if u.ratio(1, 3)? { Ok(Some(make(u)?)) } else { Ok(None) }
}

fn up_to<T>(u: &mut Unstructured, most: usize, make: impl Fn(&mut Unstructured) -> Result<T>) -> Result<Vec<T>> {
    (0..u.int_in_range(0..=most)?).map(|_| make(u)).collect()
}

/// Pairs of which no two have the same key.
fn pairs<T>(
    u: &mut Unstructured,
    most: usize,
    key: impl Fn(&mut Unstructured) -> Result<String>,
    make: impl Fn(&mut Unstructured) -> Result<T>,
) -> Result<Vec<(String, T)>> {
    let mut taken = BTreeSet::new();
    let pairs = up_to(u, most, |u| Ok((key(u)?, make(u)?)))?;
    Ok(pairs.into_iter().filter(|(key, _)| taken.insert(key.clone())).collect())
}

fn scalar(u: U) -> Result<Value> {
    Ok(match u.int_in_range(0..=3)? {
        0 => json!(i64::arbitrary(u)?),
        1 => json!(bool::arbitrary(u)?),
        _ => json!(text(u)?),
    })
}

fn value(u: &mut Unstructured, depth: usize) -> Result<Value> {
    Ok(match u.int_in_range(0..=if depth == 0 { 4 } else { 6 })? {
        0 => Value::Null,
        1..=4 => scalar(u)?,
        5 => Value::Array(up_to(u, 3, |u| value(u, depth - 1))?),
        _ => Value::Object(pairs(u, 3, text, |u| value(u, depth - 1))?.into_iter().collect()),
    })
}

fn requirement(u: U) -> Result<Req> {
    Ok(Req(u.int_in_range(0..=u16::try_from(crate::api::req::IDS.len() - 1).unwrap())?))
}

fn count(u: U) -> Result<String> {
    Ok((*u.choose(&["0", "3", "007", "${limit.groups}", "${limit.groups+1}", "4294967296", "9223372036854775807"])?).to_owned())
}

fn node(u: &mut Unstructured, depth: usize) -> Result<Node> {
    let check = match u.int_in_range(0..=9)? {
        0 | 1 if depth > 0 => Check::Members(pairs(
            u,
            3,
            |u| Ok((*u.choose(&["A", "B", "User.Path", "Ünicode", "X-Y \"z\""])?).to_owned()),
            |u| node(u, depth - 1),
        )?),
        2 => Check::Equals(scalar(u)?),
        3 if depth > 0 => Check::Items(up_to(u, 3, |u| node(u, depth - 1))?),
        4 => {
            let mut seen = HashSet::new();
            let mut all = up_to(u, 4, |u| matcher(u, depth.saturating_sub(1)))?;
            all.retain(|check| seen.insert(std::mem::discriminant(check)));
            if all.len() < 2 { Check::Present } else { Check::All(all.into_iter().map(at).collect()) }
        }
        5 => Check::Charged(requirement(u)?, Box::new(at(matcher(u, depth.saturating_sub(1))?))),
        _ => matcher(u, depth)?,
    };
    Ok(at(check))
}

fn at(check: Check) -> Node {
    Node { check, loc: Loc::default() }
}

/// What may stand beside other matchers.
fn matcher(u: &mut Unstructured, depth: usize) -> Result<Check> {
    Ok(match u.int_in_range(0..=if depth == 0 { 10 } else { 15 })? {
        0 => Check::Not(scalar(u)?),
        1 => Check::Matches((*u.choose(&["", "AIDA[A-Z0-9]{16}", ".*\\.\"'${user}", "(a|b)"])?).to_owned()),
        2 => Check::OneOf(up_to(u, 3, scalar)?),
        3 => Check::Present,
        4 => Check::Absent,
        5 => Check::AbsentOrEmpty,
        6 => Check::SameJson((*u.choose(&["{\"a\": [1, \"x\"]}", "${doc.allow-all}", "null"])?).to_owned()),
        7 => Check::SamePem(text(u)?),
        8 => Check::Sorted(text(u)?),
        9 => Check::Count(count(u)?),
        10 => Check::Near(text(u)?),
        11 => Check::Optional(Box::new(node(u, depth - 1)?)),
        12 => Check::Items(up_to(u, 3, |u| node(u, depth - 1))?),
        13 => Check::Ordered(up_to(u, 3, |u| node(u, depth - 1))?),
        14 => Check::Includes(up_to(u, 3, |u| node(u, depth - 1))?),
        _ => Check::Excludes(up_to(u, 3, |u| node(u, depth - 1))?),
    })
}

fn expect(u: U) -> Result<Expect> {
    let mut expect = Expect { given: true, status: up_to(u, 2, |u| u.int_in_range(100..=599))?, ..Expect::default() };
    let codes: Vec<&str> = model().codes().map(|(code, _)| code).collect();
    match u.int_in_range(0..=4)? {
        0 => {
            expect.any_error = bool::arbitrary(u)?;
            expect.error = up_to(u, 2, |u| Ok((*u.choose(&codes)?).to_owned()))?;
            if expect.any_error || !expect.error.is_empty() {
                expect.message = some(u, |u| node(u, 1))?;
            }
        }
        1 => expect.any = true,
        2 => expect.result = some(u, |u| node(u, 3))?,
        3 => (expect.understood, expect.status) = (true, Vec::new()),
        _ => {}
    }
    let header = |u: &mut Unstructured| Ok((*u.choose(&["content-type", "x-amzn-requestid", "a b"])?).to_owned());
    expect.headers = pairs(u, 2, header, |u| node(u, 1))?;
    expect.requirement = some(u, requirement)?;
    Ok(expect)
}

fn tamper(u: U) -> Result<Tamper> {
    Ok(match u.int_in_range(0..=13)? {
        0 => Tamper::None,
        1 => Tamper::Token(text(u)?),
        2 => Tamper::Header(text(u)?),
        3 => Tamper::WrongSecret,
        4 => Tamper::UnknownKey,
        5 => Tamper::AlteredBody,
        6 => Tamper::Region(text(u)?),
        7 => Tamper::Service(text(u)?),
        8 => Tamper::Skew(i64::arbitrary(u)?),
        9 => Tamper::UnsignedHost,
        10 => Tamper::UnsignedDate,
        11 => Tamper::ExpiredQuery,
        12 => Tamper::OtherAction,
        _ => Tamper::Query,
    })
}

/// A step of an Action that nobody knows, so that nothing is held against the model.
fn step(u: U, number: usize, dialects: &[DialectId], saved: &[String]) -> Result<Step> {
    let mut with = pairs(u, 4, text, |u| value(u, 2))?;
    let raw = Raw {
        method: some(u, |_| Ok("PUT".to_owned()))?,
        path: some(u, text)?,
        headers: pairs(u, 2, text, |u| some(u, text))?,
        body: some(u, text)?,
        action: Some(some(u, text)?),
        version: some(u, |u| some(u, text))?,
    };
    let repeat = some(u, count)?;
    if repeat.is_some() {
        with.retain(|(name, _)| name != "Index");
        with.push(("Index".into(), json!("n${i}")));
    }
    let mut on = BTreeMap::new();
    for dialect in dialects {
        if u.ratio(1, 4)? {
            let source = format!("s{}", text(u)?);
            let other = Alternative {
                with: pairs(u, 3, text, |u| value(u, 1))?,
                expect: some(u, expect)?,
                skip: bool::arbitrary(u)?,
                source,
                loc: Loc::default(),
            };
            on.insert(*dialect, other);
        }
    }
    Ok(Step {
        call: "Nonsense".into(),
        with,
        unknown_parameters: bool::arbitrary(u)?,
        save: if bool::arbitrary(u)? { vec![(format!("v{number}"), "A.B[0]".into(), Loc::default())] } else { Vec::new() },
        principal: if saved.is_empty() { None } else { some(u, |u| Ok(format!("{}.Key", u.choose(saved)?)))? },
        auth: some(u, tamper)?,
        raw: Some(raw),
        repeat,
        pages: some(u, |u| Ok(Pages { size: some(u, count)? }))?,
        expect: some(u, expect)?.unwrap_or_default(),
        on,
        loc: Loc::default(),
    })
}

fn subset<T: Clone>(u: U, of: &[T]) -> Result<Vec<T>> {
    let mut some = of.to_vec();
    let keep = u8::arbitrary(u)?;
    let mut i = 0;
    some.retain(|_| {
        i += 1;
        keep >> (i % 8) & 1 == 1
    });
    Ok(some)
}

fn case(u: U, id: &str) -> Result<Case> {
    let mut dialects = subset(u, &DialectId::ALL)?;
    if dialects.is_empty() {
        dialects = DialectId::ALL.to_vec();
    }
    let (mut steps, mut saved) = (Vec::new(), Vec::new());
    for number in 0..u.int_in_range(0..=3)? {
        let step = step(u, number, &dialects, &saved)?;
        saved.extend(step.save.iter().map(|(name, _, _)| name.clone()));
        steps.push(step);
    }
    let vars = pairs(u, 2, |u| Ok((*u.choose(&["name", "a-b", "with space"])?).to_owned()), |_| Ok(()))?;
    let mut rows = Vec::new();
    for row in ["one", "two-2"].into_iter().take(u.int_in_range(0..=2)?) {
        let vars = vars.iter().map(|(name, ())| Ok((name.replace(' ', "_"), value(u, 2)?))).collect::<Result<_>>()?;
        let own = subset(u, &DialectId::ALL)?;
        let dialects = if own.is_empty() { dialects.clone() } else { own };
        let (with, expect) = (pairs(u, 2, text, |u| value(u, 1))?, some(u, expect)?);
        rows.push(Row { id: row.to_owned(), vars, dialects, requirement: some(u, requirement)?, with, expect, loc: Loc::default() });
    }
    let uses = rows.first().iter().flat_map(|row| row.vars.keys()).map(|name| format!("${{row.{name}}}")).collect::<Vec<_>>();
    let uses = uses.into_iter().chain(saved.iter().map(|name| format!("x ${{{name}.Arn}}")));
    let with = uses.enumerate().map(|(i, text)| (format!("Use{i}"), json!(text))).collect();
    let step = step(u, 9, &dialects, &saved)?;
    steps.push(Step { with, save: Vec::new(), repeat: None, ..step });
    let mut requirements = vec![requirement(u)?];
    requirements.extend(up_to(u, 2, requirement)?);
    let capabilities: Vec<String> = CAPABILITIES.iter().map(|(name, _)| (*name).to_owned()).collect();
    Ok(Case {
        id: format!("workflows/Arbitrary/{id}"),
        family: "workflows".into(),
        action: None,
        title: format!("t{}", text(u)?),
        requirements,
        tags: up_to(u, 2, |u| Ok((*u.choose(&["quota", "a-1"])?).to_owned()))?,
        requires: subset(u, &capabilities)?,
        dialects,
        serial: bool::arbitrary(u)?,
        rows,
        steps,
        loc: Loc::default(),
    })
}

#[test]
fn what_is_written_is_read_back() {
    arbtest::arbtest(|u| {
        let cases = [case(u, "one")?, case(u, "two-2")?];
        let text = text_of(&cases);
        let back = parse(&file_path(&cases[0]), "arbitrary", &text).unwrap_or_else(|wrong| panic!("{wrong}\n{text}"));
        for (case, back) in cases.iter().zip(&back) {
            assert_eq!(*case, back.without_places(), "{text}");
        }
        assert_eq!(cases.len(), back.len());
        Ok(())
    })
    .budget_ms(1_000);
}

fn text_of(cases: &[Case]) -> String {
    super::text(&cases.iter().collect::<Vec<_>>())
}

#[test]
fn every_file_of_the_corpus_is_read_back_as_it_was() {
    let corpus = Corpus::embedded().unwrap_or_else(|wrong| panic!("{wrong}"));
    let mut files: BTreeMap<String, Vec<&Case>> = BTreeMap::new();
    for case in &corpus.cases {
        files.entry(file_path(case)).or_default().push(case);
    }
    assert_eq!(files.len(), corpus.files.len());
    for (path, cases) in &files {
        assert!(corpus.files.contains_key(&format!("cases/{path}")), "{path}");
        let text = checked(cases).unwrap_or_else(|wrong| panic!("{path}: {wrong}"));
        assert_eq!(text.matches("[[case]]").count(), cases.len());
    }
}

#[test]
fn it_looks_as_if_by_hand() {
    let corpus = Corpus::embedded().unwrap_or_else(|wrong| panic!("{wrong}"));
    let read = |id: &str| checked(&[corpus.case(id).unwrap()]).unwrap();
    assert_eq!(
        read("groups/CreateGroup/one-too-many"),
        r#"action = "CreateGroup"

[[case]]
id = "one-too-many"
title = "An account can have so many groups and no more"
requirement = "create-group.quota"
tags = ["quota"]
requires = ["quotas"]
serial = true

[[case.step]]
call = "CreateGroup"
with = { GroupName = "${group}-${i}" }
repeat = "${limit.groups}"
expect = { outcome = "any" }

[[case.step]]
call = "CreateGroup"
with = { GroupName = "${group}" }
expect = { status = 409, error = "LimitExceeded" }
"#
    );
    let rows = read("users/DeleteUser/bounds");
    assert!(rows.contains("\n  { id = \"user-empty\", with = { UserName = \"\" }, requirement = \"parameters.min-length\" },\n"), "{rows}");
    let long = read("groups/CreateGroup/answers-the-group");
    assert!(long.contains("\n[case.step.expect.result]\nGroup = { GroupName = \"${group}\","), "{long}");
    assert!(long.lines().all(|line| line.chars().count() <= 180), "{long}");
    let document = read("protocol/policy-document-rules/old-version");
    assert!(document.contains("\ndocument = '{\"Version\":\"2008-10-17\",\"Statement\":[{"), "{document}");
}

#[test]
fn what_has_no_form_is_said() {
    let corpus = Corpus::embedded().unwrap_or_else(|wrong| panic!("{wrong}"));
    let sound = corpus.case("groups/CreateGroup/duplicate").unwrap();
    let with = |name: &str, value: Value| {
        let mut case = sound.clone();
        case.steps[0].with.push((name.to_owned(), value));
        checked(&[&case])
    };
    assert!(with("Path", json!("/")).is_ok());
    assert!(matches!(with("Path", json!(1.5)), Err(Unwritable::Refused(_))));
    assert!(matches!(with("Path", json!({ "absent": true })), Err(Unwritable::Otherwise(_))));
    assert!(matches!(with("GroupName", json!("twice")), Err(Unwritable::Refused(_))));
}
