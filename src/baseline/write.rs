//! Brings a baseline up to date with a run, in place: comments, reasons and order of what stays are kept.

mod judged;
mod pins;

use std::collections::{BTreeMap, BTreeSet};

use toml_edit::{ArrayOfTables, DocumentMut, Item, Table, TomlError, value};

use super::file::{Baseline, FORMAT};
use super::pin::Pin;
use crate::api::Level;
use crate::case::filter::glob;
use crate::report::event::{CaseRecord, Event};
use crate::report::text::count;
use crate::verdict::Status;
use pins::{pins, plain};

/// What an update touched.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Change {
    /// New entries, with the reason that the update was given.
    pub added: usize,
    /// Entries that now say otherwise how a case fails; their reasons were given for the old way.
    pub changed: usize,
    /// Entries whose failure is gone.
    pub removed: usize,
    /// Cases that a later run must judge, and need not have judged before.
    pub gained: usize,
    /// Cases that a later run need no longer judge.
    pub lost: usize,
}

impl std::fmt::Display for Change {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} added, {} changed, {} removed", self.added, self.changed, self.removed)?;
        let cases = |n: usize, word: &str| if n > 0 { format!("; {} {word}", count(n, "trial")) } else { String::new() };
        write!(f, "{}{}", cases(self.gained, "more that must be judged"), cases(self.lost, "fewer"))
    }
}

/// One entry as the run wants it.
#[derive(Debug, PartialEq)]
struct Wanted {
    configuration: Option<String>,
    requirement: String,
    pins: Vec<Pin>,
}

/// The text of `baseline` (an empty one for a new file) as the judged events of a run want it. New entries get `reason`, and there are
/// none for what is below the level that counts. Cases that are as known, that broke, or that the run did not touch keep their entries, patterns always stay. With `full`, a run of everything to its
/// end, findings and leftovers that were not seen go, and the list of cases that were judged becomes the run's.
///
/// # Errors
/// When the text is no TOML.
pub fn update(baseline: &Baseline, run: &[Event], full: bool, reason: &str) -> Result<(String, Change), TomlError> {
    let mut document: DocumentMut = baseline.text.parse()?;
    let mut change = Change::default();
    document.entry("format").or_insert(value(i64::from(FORMAT)));
    let started = run.iter().find_map(|e| if let Event::RunStarted(s) = e { Some(s) } else { None });
    let (names, level) = started.map_or(("", Level::Should), |s| (s.run.as_str(), s.level));

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
        let counts = records.iter().any(|r| r.level >= level);
        reconcile(known, case, wanted(baseline, records, names), counts.then_some(reason), &mut change);
    }
    let (mut checks, mut leftovers) = (Seen::new(), Seen::new());
    for event in run {
        match event {
            Event::Check(c) => {
                let known = c.known.is_some() || c.level < level;
                checks.insert((vec![c.requirement.clone(), c.action.clone(), c.place()], known))
            }
            Event::Leftover(l) => leftovers.insert((vec![l.kind.clone(), l.case.clone()], l.known.is_some())),
            _ => continue,
        };
    }
    for (key, keys, seen) in
        [("known-check", &["requirement", "action", "at"][..], &checks), ("known-leftover", &["kind", "case"][..], &leftovers)]
    {
        let tables = tables(&mut document, key);
        if full {
            forget(tables, keys, seen, &mut change);
        }
        add(tables, keys, seen, reason, &mut change);
    }
    for key in ["known", "known-check", "known-leftover"] {
        if document.get(key).and_then(Item::as_array_of_tables).is_some_and(ArrayOfTables::is_empty) {
            document.remove(key);
        }
    }
    if full {
        judged::set(&mut document, baseline.judged.as_ref(), run, &mut change);
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

/// The entries that say how a case fails: one a requirement, and one a configuration where they differ. What a pattern of the list
/// covers needs none. `names`: the unique parts of the run's names.
fn wanted(baseline: &Baseline, records: &[&CaseRecord], names: &str) -> Vec<Wanted> {
    let mut ways: Vec<(BTreeMap<String, BTreeSet<Pin>>, &str)> = Vec::new();
    for record in records {
        let patterns = baseline.known.iter().filter(|k| !k.exact() && k.concerns(&record.case, &record.configuration));
        let patterns: Vec<_> = patterns.collect();
        let mut way: BTreeMap<String, BTreeSet<Pin>> = BTreeMap::new();
        if matches!(record.verdict.status, Status::Fail | Status::Xfail) {
            for mismatch in record.verdict.mismatches.iter().filter(|m| !patterns.iter().any(|k| k.covers(m))) {
                way.entry(mismatch.requirement.clone()).or_default().insert(Pin::of(mismatch, names));
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

fn text_of<'a>(table: &'a Table, key: &str) -> Option<&'a str> {
    table.get(key).and_then(Item::as_str)
}

/// Changes the entries of one case into those wanted. Without a reason, none is added.
fn reconcile(tables: &mut ArrayOfTables, case: &str, wanted: Vec<Wanted>, reason: Option<&str>, change: &mut Change) {
    let about = |t: &Table, w: &Wanted| {
        text_of(t, "case") == Some(case) && text_of(t, "requirement").is_none_or(|pattern| glob(pattern, &w.requirement))
    };
    let mut kept: BTreeMap<usize, Vec<Wanted>> = BTreeMap::new();
    let mut new = Vec::new();
    for want in wanted {
        let exact = tables.iter().position(|t| about(t, &want) && text_of(t, "configuration") == want.configuration.as_deref());
        let free = |i: &usize| !kept.contains_key(i) && tables.get(*i).is_some_and(|t| about(t, &want));
        match exact.or_else(|| (0..tables.len()).find(free)) {
            Some(i) => kept.entry(i).or_default().push(want),
            None => new.push(want),
        }
    }
    for (i, wants) in &kept {
        let Some(table) = tables.get_mut(*i) else { continue };
        let before = table.to_string();
        set_text(table, "configuration", wants.first().and_then(|want| want.configuration.as_deref()));
        let all: BTreeSet<&Pin> = wants.iter().flat_map(|want| &want.pins).collect();
        let fails = pins(all);
        if table.get("fails").and_then(Item::as_value).map(plain) != Some(plain(&fails)) {
            table["fails"] = Item::Value(fails);
        }
        change.changed += usize::from(table.to_string() != before);
    }
    let mut i = 0;
    tables.retain(|table| {
        let keep = text_of(table, "case") != Some(case) || kept.contains_key(&i);
        change.removed += usize::from(!keep);
        i += 1;
        keep
    });
    let Some(reason) = reason else { return };
    for want in new {
        let mut table = Table::new();
        table["case"] = value(case);
        set_text(&mut table, "configuration", want.configuration.as_deref());
        table["requirement"] = value(&want.requirement);
        table["fails"] = Item::Value(pins(&want.pins));
        push(tables, table, reason, change);
    }
}

/// What was seen, by the values of an entry's keys, each with whether it is known, or does not count.
type Seen = BTreeSet<(Vec<String>, bool)>;

/// Removes entries of what was not seen.
fn forget(tables: &mut ArrayOfTables, keys: &[&str], seen: &Seen, change: &mut Change) {
    tables.retain(|table| {
        let is = |row: &[String]| keys.iter().zip(row).all(|(k, v)| text_of(table, k).is_none_or(|t| glob(t, v)));
        let keep = seen.iter().any(|(row, _)| is(row));
        change.removed += usize::from(!keep);
        keep
    });
}

/// Adds what was seen and is not known.
fn add(tables: &mut ArrayOfTables, keys: &[&str], seen: &Seen, reason: &str, change: &mut Change) {
    for (row, _) in seen.iter().filter(|(_, known)| !known) {
        let mut table = Table::new();
        for (key, text) in keys.iter().zip(row) {
            table[*key] = value(text);
        }
        push(tables, table, reason, change);
    }
}

fn push(tables: &mut ArrayOfTables, mut table: Table, reason: &str, change: &mut Change) {
    table["reason"] = value(reason);
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::baseline::UNREVIEWED;
    use crate::report::samples;

    /// An update of a text by a run.
    fn updated(text: &str, events: &[Event], full: bool) -> (String, Change) {
        let baseline = Baseline { text: text.into(), ..Baseline::default() };
        update(&baseline, events, full, UNREVIEWED).unwrap()
    }

    fn run(records: Vec<CaseRecord>) -> Vec<Event> {
        let mut events = vec![Event::RunStarted(samples::started())];
        events.extend(records.into_iter().map(|r| Event::Case(Box::new(r))));
        events
    }

    #[test]
    fn a_first_baseline_pins_every_failure() {
        let mut events = run(vec![samples::failure(), samples::pass(), samples::skip()]);
        events.extend([Event::Check(samples::check()), Event::Leftover(samples::leftover())]);
        let (text, change) = updated("", &events, true);
        assert_eq!(change, Change { added: 3, gained: 2, ..Change::default() });
        insta::assert_snapshot!(text);
        assert_eq!(updated(&text, &run(vec![samples::failure()]), false), (text, Change::default()), "nothing to do twice");
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
        let (text, change) = updated(old, &run(vec![samples::failure(), samples::pass()]), false);
        assert_eq!(change, Change { changed: 1, removed: 1, ..Change::default() });
        insta::assert_snapshot!(text);
    }

    #[test]
    fn what_does_not_count_gets_no_entry_and_keeps_the_one_it_has() {
        let weak = |actual: &str| {
            let mut record = samples::failure();
            record.level = Level::May;
            record.verdict.mismatches.truncate(1);
            record.verdict.mismatches[0].actual = actual.into();
            record
        };
        let mut check = samples::check();
        check.level = Level::May;
        let mut events = run(vec![weak("200")]);
        events.push(Event::Check(check));
        assert_eq!(updated("", &events, false).1, Change::default());
        let (listed, _) = updated("", &run(vec![samples::failure()]), false);
        let (text, change) = updated(&listed, &run(vec![weak("500")]), false);
        assert_eq!(change, Change { changed: 1, ..Change::default() });
        assert!(text.contains("\"500\""), "{text}");
    }

    #[test]
    fn configurations_that_differ_get_entries_of_their_own() {
        let mut passes = samples::failure();
        passes.configuration = "aws/json".into();
        passes.verdict.status = Status::Pass;
        passes.verdict.mismatches.clear();
        let (text, _) = updated("", &run(vec![samples::failure(), passes]), false);
        assert!(text.contains("configuration = \"aws/xml\"") && !text.contains("aws/json"), "{text}");
    }

    #[test]
    fn a_broken_or_untouched_case_keeps_its_entry() {
        let (text, _) = updated("", &run(vec![samples::failure()]), false);
        let mut broken = samples::failure();
        broken.verdict.status = Status::Error;
        let mut known = samples::failure();
        known.verdict.status = Status::Xfail;
        for events in [run(vec![broken]), run(vec![known]), run(vec![])] {
            assert_eq!(updated(&text, &events, false), (text.clone(), Change::default()));
        }
        let mut passes = samples::failure();
        passes.verdict.status = Status::Xpass;
        passes.verdict.mismatches.clear();
        let (text, change) = updated(&text, &run(vec![passes]), false);
        assert_eq!((text.as_str(), change.removed), ("format = 1\n", 1));
    }

    /// A record that breaks a requirement that there is.
    fn breaks(case: &str, status: Status) -> CaseRecord {
        let mut record = samples::failure();
        record.case = case.into();
        record.verdict.status = status;
        record.verdict.mismatches.truncate(if status == Status::Fail { 1 } else { 0 });
        record.verdict.mismatches.iter_mut().for_each(|m| m.requirement = "delete-user.no-attached-policy".into());
        record
    }

    fn parsed(text: &str) -> Baseline {
        Baseline::parse("b.toml", text, &["users/DeleteUser/a", "users/DeleteUser/b", "users/GetUser/c"]).unwrap_or_else(|e| panic!("{e}"))
    }

    #[test]
    fn a_pattern_stays_and_what_it_covers_needs_no_entry() {
        let text =
            "format = 1\n\n[[known]]\nrequirement = \"delete-user.*\"\nfails = { path = \"status\", actual = \"200\" }\nreason = \"r\"\n";
        let mut other = breaks("users/DeleteUser/b", Status::Fail);
        other.verdict.mismatches[0].actual = "500".into();
        let events = run(vec![breaks("users/DeleteUser/a", Status::Fail), other]);
        let (updated, change) = update(&parsed(text), &events, false, "seen today").unwrap();
        assert_eq!(change, Change { added: 1, ..Change::default() });
        assert!(updated.starts_with(text) && updated.contains("users/DeleteUser/b") && updated.contains("\"seen today\""), "{updated}");
        assert!(!updated.contains("users/DeleteUser/a"), "{updated}");
    }

    #[test]
    fn an_entry_that_names_a_case_alone_keeps_its_reason() {
        let text =
            "format = 1\n[[known]]\ncase = \"users/DeleteUser/a\"\nfails = { path = \"status\", actual = \"500\" }\nreason = \"mine\"\n";
        let (updated, change) = update(&parsed(text), &run(vec![breaks("users/DeleteUser/a", Status::Fail)]), false, "new").unwrap();
        assert_eq!(change, Change { changed: 1, ..Change::default() });
        assert!(updated.contains("reason = \"mine\"") && updated.contains("actual = \"200\""), "{updated}");
    }

    #[test]
    fn the_cases_that_were_judged_are_listed_after_a_full_run() {
        let a = || breaks("users/DeleteUser/a", Status::Pass);
        let mut skipped = samples::skip();
        skipped.case = "users/DeleteUser/b".into();
        let broken = breaks("users/GetUser/c", Status::Error);
        let (text, change) = update(&parsed("format = 1\n"), &run(vec![a(), skipped.clone(), broken.clone()]), true, "r").unwrap();
        assert_eq!((change.gained, change.lost), (1, 0));
        insta::assert_snapshot!(text);
        let mine = text.replace("# Cases", "# Mine. Cases");
        let (more, change) = update(&parsed(&mine), &run(vec![a(), breaks("users/GetUser/c", Status::Pass)]), true, "r").unwrap();
        assert_eq!((change.gained, change.lost), (1, 0));
        assert!(more.contains("# Mine.") && more.ends_with("\"users/GetUser\" = [\"c\"]\n"), "{more}");
        let (same, change) = update(&parsed(&more), &run(vec![a(), broken]), true, "r").unwrap();
        assert_eq!((same, change), (more.clone(), Change::default()), "a case that broke is expected again");
        let (_, change) = update(&parsed(&more), &run(vec![a(), skipped]), true, "r").unwrap();
        assert_eq!((change.gained, change.lost), (0, 1));
    }
}
