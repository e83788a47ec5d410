//! Brings a baseline up to date with a run, in place: comments, reasons and order of what stays are kept.

use std::collections::{BTreeMap, BTreeSet};

use toml_edit::{Array, ArrayOfTables, DocumentMut, InlineTable, Item, Table, TomlError, Value, value};

use super::file::{FORMAT, Pin, UNREVIEWED};
use crate::case::filter::glob;
use crate::report::event::{CaseRecord, Event};
use crate::verdict::{Mismatch, Status};

/// Longer values are not pinned: a person reads the file.
const LONGEST: usize = 80;

/// How many entries an update touched.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Change {
    /// New ones, whose reason is still [`UNREVIEWED`].
    pub added: usize,
    /// Entries that now say otherwise how a case fails.
    pub changed: usize,
    /// Entries whose failure is gone.
    pub removed: usize,
}

impl std::fmt::Display for Change {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} added, {} changed, {} removed", self.added, self.changed, self.removed)
    }
}

/// One entry as the run wants it.
#[derive(Debug, PartialEq)]
struct Wanted {
    configuration: Option<String>,
    requirement: String,
    pins: Vec<Pin>,
}

/// `text` (a valid baseline, or empty for a new one) as the judged events of a run want it. Cases that are as known, that broke, or
/// that the run did not touch keep their entries, globs always stay. With `full`, findings and leftovers that were not seen go.
///
/// # Errors
/// When `text` is no TOML.
pub fn update(text: &str, run: &[Event], full: bool) -> Result<(String, Change), TomlError> {
    let mut document: DocumentMut = text.parse()?;
    let mut change = Change::default();
    document.entry("format").or_insert(value(i64::from(FORMAT)));
    let name = run.iter().find_map(|e| if let Event::RunStarted(s) = e { Some(s.run.as_str()) } else { None }).unwrap_or_default();

    let mut trials: BTreeMap<&str, Vec<&CaseRecord>> = BTreeMap::new();
    for event in run {
        if let Event::Case(record) = event {
            trials.entry(&record.case).or_default().push(record);
        }
    }
    let known = tables(&mut document, "known");
    for (case, records) in &trials {
        if records.iter().any(|r| r.verdict.status == Status::Error) || records.iter().all(|r| r.verdict.status == Status::Xfail) {
            continue;
        }
        reconcile(known, case, wanted(records, name), &mut change);
    }
    let mut checks = BTreeSet::new();
    let mut leftovers = BTreeSet::new();
    for event in run {
        match event {
            Event::Check(c) => checks.insert((vec![c.requirement.clone(), c.action.clone(), c.place()], c.known.is_some())),
            Event::Leftover(l) => leftovers.insert((vec![l.kind.clone(), l.case.clone()], l.known.is_some())),
            _ => continue,
        };
    }
    seen(tables(&mut document, "known-check"), &["requirement", "action", "at"], &checks, full, &mut change);
    seen(tables(&mut document, "known-leftover"), &["kind", "case"], &leftovers, full, &mut change);
    for key in ["known", "known-check", "known-leftover"] {
        if document.get(key).and_then(Item::as_array_of_tables).is_some_and(ArrayOfTables::is_empty) {
            document.remove(key);
        }
    }
    Ok((document.to_string(), change))
}

fn tables<'a>(document: &'a mut DocumentMut, key: &str) -> &'a mut ArrayOfTables {
    let item = document.entry(key).or_insert(Item::ArrayOfTables(ArrayOfTables::new()));
    if !item.is_array_of_tables() {
        *item = Item::ArrayOfTables(ArrayOfTables::new());
    }
    match item {
        Item::ArrayOfTables(tables) => tables,
        _ => unreachable!("it was just made one"),
    }
}

/// The entries that say how a case fails: one a requirement, and one a configuration where they differ.
fn wanted(records: &[&CaseRecord], name: &str) -> Vec<Wanted> {
    let mut ways: Vec<(BTreeMap<String, BTreeSet<Pin>>, &str)> = Vec::new();
    for record in records {
        let mut way: BTreeMap<String, BTreeSet<Pin>> = BTreeMap::new();
        if matches!(record.verdict.status, Status::Fail | Status::Xfail) {
            for mismatch in &record.verdict.mismatches {
                way.entry(mismatch.requirement.clone()).or_default().insert(pin(mismatch, name));
            }
        }
        ways.push((way, &record.configuration));
    }
    let same = ways.windows(2).all(|w| w[0].0 == w[1].0);
    if same {
        ways.truncate(1);
    }
    let mut all = Vec::new();
    for (way, configuration) in ways {
        for (requirement, pins) in way {
            let configuration = (!same).then(|| configuration.to_owned());
            all.push(Wanted { configuration, requirement, pins: pins.into_iter().collect() });
        }
    }
    all
}

/// A mismatch without what another run would show otherwise: names of this run, ids, dates, numbered repetitions.
fn pin(mismatch: &Mismatch, name: &str) -> Pin {
    let actual = mismatch.observed();
    let named = !name.is_empty() && actual.to_ascii_lowercase().contains(&name.to_ascii_lowercase());
    let volatile = named || actual.chars().count() > LONGEST || made_up(actual);
    Pin {
        step: Some(mismatch.step + 1),
        at: mismatch.at.starts_with("row=").then(|| mismatch.at.clone()),
        path: mismatch.path.clone(),
        actual: if volatile { Vec::new() } else { vec![actual.to_owned()] },
    }
}

/// Whether a value holds a date, or something like an id: a long word of letters and digits.
fn made_up(text: &str) -> bool {
    let id = |word: &str| word.len() >= 12 && word.contains(|c: char| c.is_ascii_digit());
    let date = |part: &[u8]| matches!(part, [a, b, c, d, b'-', e, f, b'-'] if [a, b, c, d, e, f].iter().all(|c| c.is_ascii_digit()));
    text.split(|c: char| !c.is_ascii_alphanumeric()).any(id) || text.as_bytes().windows(8).any(date)
}

fn text_of<'a>(table: &'a Table, key: &str) -> Option<&'a str> {
    table.get(key).and_then(Item::as_str)
}

/// Changes the entries of one case into those wanted.
fn reconcile(tables: &mut ArrayOfTables, case: &str, wanted: Vec<Wanted>, change: &mut Change) {
    let old = |t: &Table, w: &Wanted| text_of(t, "case") == Some(case) && text_of(t, "requirement") == Some(&w.requirement);
    let mut kept = BTreeSet::new();
    let mut new = Vec::new();
    for want in wanted {
        let exact = tables.iter().position(|t| old(t, &want) && text_of(t, "configuration") == want.configuration.as_deref());
        let found = exact.or_else(|| (0..tables.len()).find(|i| !kept.contains(i) && tables.get(*i).is_some_and(|t| old(t, &want))));
        match found.and_then(|i| tables.get_mut(i).map(|t| (i, t))) {
            Some((i, table)) => {
                kept.insert(i);
                let before = table.to_string();
                set_text(table, "configuration", want.configuration.as_deref());
                let fails = pins(&want.pins);
                if table.get("fails").and_then(Item::as_value).map(plain) != Some(plain(&fails)) {
                    table["fails"] = Item::Value(fails);
                }
                change.changed += usize::from(table.to_string() != before);
            }
            None => new.push(want),
        }
    }
    let mut i = 0;
    tables.retain(|table| {
        let keep = text_of(table, "case") != Some(case) || kept.contains(&i);
        change.removed += usize::from(!keep);
        i += 1;
        keep
    });
    for want in new {
        let mut table = Table::new();
        table["case"] = value(case);
        set_text(&mut table, "configuration", want.configuration.as_deref());
        table["requirement"] = value(&want.requirement);
        table["fails"] = Item::Value(pins(&want.pins));
        push(tables, table, change);
    }
}

/// Adds what was seen and is not known; with `full`, removes entries of what was not seen.
fn seen(tables: &mut ArrayOfTables, keys: &[&str], seen: &BTreeSet<(Vec<String>, bool)>, full: bool, change: &mut Change) {
    if full {
        tables.retain(|table| {
            let is = |row: &[String]| keys.iter().zip(row).all(|(k, v)| text_of(table, k).is_none_or(|t| glob(t, v)));
            let keep = seen.iter().any(|(row, _)| is(row));
            change.removed += usize::from(!keep);
            keep
        });
    }
    let mut done = BTreeSet::new();
    for (row, known) in seen {
        if !known && done.insert(row) {
            let mut table = Table::new();
            for (key, text) in keys.iter().zip(row) {
                table[*key] = value(text);
            }
            push(tables, table, change);
        }
    }
}

fn push(tables: &mut ArrayOfTables, mut table: Table, change: &mut Change) {
    table["reason"] = value(UNREVIEWED);
    table.decor_mut().set_prefix("\n");
    tables.push(table);
    change.added += 1;
}

fn set_text(table: &mut Table, key: &str, text: Option<&str>) {
    match text {
        Some(text) if text_of(table, key) != Some(text) => table[key] = value(text),
        Some(_) => {}
        None => {
            table.remove(key);
        }
    }
}

/// A value without its blanks, comments and line ends, for comparison.
fn plain(value: &Value) -> String {
    value.to_string().split_whitespace().collect::<String>().replace(",]", "]")
}

/// Pins as the file writes them: one as a table, several as a list with a line for each.
fn pins(pins: &[Pin]) -> Value {
    let table = |pin: &Pin| {
        let mut table = InlineTable::new();
        if let Some(step) = pin.step {
            table.insert("step", Value::from(step as i64));
        }
        if let Some(at) = &pin.at {
            table.insert("at", Value::from(at));
        }
        table.insert("path", Value::from(&pin.path));
        match pin.actual.as_slice() {
            [] => {}
            [one] => drop(table.insert("actual", Value::from(one))),
            many => drop(table.insert("actual", Value::Array(many.iter().collect()))),
        }
        table
    };
    if let [one] = pins {
        return Value::InlineTable(table(one));
    }
    let mut list = Array::new();
    for pin in pins {
        let mut item = Value::InlineTable(table(pin));
        item.decor_mut().set_prefix("\n    ");
        list.push_formatted(item);
    }
    list.set_trailing("\n");
    list.set_trailing_comma(true);
    Value::Array(list)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::samples;

    fn run(records: Vec<CaseRecord>) -> Vec<Event> {
        let mut events = vec![Event::RunStarted(samples::started())];
        events.extend(records.into_iter().map(|r| Event::Case(Box::new(r))));
        events
    }

    #[test]
    fn a_first_baseline_pins_every_failure() {
        let mut events = run(vec![samples::failure(), samples::pass(), samples::skip()]);
        events.extend([Event::Check(samples::check()), Event::Leftover(samples::leftover())]);
        let (text, change) = update("", &events, true).unwrap();
        assert_eq!(change, Change { added: 3, changed: 0, removed: 0 });
        insta::assert_snapshot!(text);
        assert_eq!(update(&text, &run(vec![samples::failure()]), false).unwrap(), (text, Change::default()), "nothing to do twice");
    }

    #[test]
    fn what_a_person_wrote_stays() {
        let old = r#"# Known failures of moto.
format = 1

# DeleteUser and its preconditions
[[known]]
case = "users/DeleteUser/attached-policy-blocks"
requirement = "example.attached-policy-blocks" # the rule
fails = { step = 4, path = "status", actual = "201" }
reason = "moto does not look at attachments"
link = "https://example.org/1"

[[known]]
case = "users/GetUser/by-name"
requirement = "example.whole-seconds"
fails = { path = "status" }
reason = "gone since 5.2"

[[known]]
case = "groups/*"
requirement = "example.whole-seconds"
fails = { path = "status" }
reason = "all of them"
"#;
        let (text, change) = update(old, &run(vec![samples::failure(), samples::pass()]), false).unwrap();
        assert_eq!(change, Change { added: 0, changed: 1, removed: 1 });
        insta::assert_snapshot!(text);
    }

    #[test]
    fn configurations_that_differ_get_entries_of_their_own() {
        let mut passes = samples::failure();
        passes.configuration = "aws/json".into();
        passes.verdict.status = Status::Pass;
        passes.verdict.mismatches.clear();
        let (text, _) = update("", &run(vec![samples::failure(), passes]), true).unwrap();
        assert!(text.contains("configuration = \"aws/xml\"") && !text.contains("aws/json"), "{text}");
    }

    #[test]
    fn what_another_run_shows_otherwise_is_not_pinned() {
        for (actual, kept) in [
            ("arn:aws:iam::123456789012:user/t-k3f9-user", false),
            ("2026-11-22T17:34:00Z", false),
            ("AIDAQWERTYUIO2ASDFGHJ", false),
            ("\"d7bn26dowwghwba5ycqy\"", false),
            ("T-K3F9-USER", false),
            ("MalformedPolicyDocument", true),
            ("NoSuchEntity", true),
            ("404 NoSuchEntity: t-k3f9-user is not there", true),
            ("200", true),
        ] {
            let mut mismatch = samples::failure().verdict.mismatches.remove(0);
            mismatch.actual = actual.into();
            assert_eq!(pin(&mismatch, "k3f9").actual.len(), usize::from(kept), "{actual}");
        }
    }

    #[test]
    fn a_broken_or_untouched_case_keeps_its_entry() {
        let (text, _) = update("", &run(vec![samples::failure()]), true).unwrap();
        let mut broken = samples::failure();
        broken.verdict.status = Status::Error;
        let mut known = samples::failure();
        known.verdict.status = Status::Xfail;
        for events in [run(vec![broken]), run(vec![known]), run(vec![])] {
            assert_eq!(update(&text, &events, true).unwrap(), (text.clone(), Change::default()));
        }
        let mut passes = samples::failure();
        passes.verdict.status = Status::Xpass;
        passes.verdict.mismatches.clear();
        let (text, change) = update(&text, &run(vec![passes]), false).unwrap();
        assert_eq!((text.as_str(), change.removed), ("format = 1\n", 1));
    }
}
