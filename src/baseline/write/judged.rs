//! The part of the file that says which cases were judged.

use std::collections::{BTreeMap, BTreeSet};

use toml_edit::{Array, DocumentMut, Item, Table, Value};

use super::Change;
use crate::baseline::Judged;
use crate::baseline::judge::judged;
use crate::report::event::Event;
use crate::verdict::Status;

/// What stands above it.
const ABOUT: &str = "
# Cases that the target was judged by when this list was made. A run that judges fewer does not pass `iamspec gate`, and
# `iamspec gate --update` brings them up to date.
";
/// Characters of a line of ids.
const WIDTH: usize = 120;

/// Makes the cases that a run judged those that a later run must judge. A case that broke stays as it was: it will be judged again.
pub(super) fn set(document: &mut DocumentMut, before: Option<&Judged>, run: &[Event], change: &mut Change) {
    let mut now = judged(run);
    let none = BTreeSet::new();
    for event in run {
        if let Event::Case(record) = event
            && record.verdict.status == Status::Error
            && before.and_then(|b| b.get(&record.configuration)).unwrap_or(&none).contains(&record.case)
        {
            now.entry(record.configuration.clone()).or_default().insert(record.case.clone());
        }
    }
    if before == Some(&now) {
        return;
    }
    let trials = |judged: &Judged| -> BTreeSet<(String, String)> {
        judged.iter().flat_map(|(c, ids)| ids.iter().map(move |id| (c.clone(), id.clone()))).collect()
    };
    let (old, new) = (before.map(trials).unwrap_or_default(), trials(&now));
    change.gained = new.difference(&old).count();
    change.lost = old.difference(&new).count();
    write(document, &now);
}

fn write(document: &mut DocumentMut, judged: &Judged) {
    let position = document.get("judged").and_then(Item::as_table).and_then(|t| t.iter().find_map(|(_, t)| t.as_table()?.position()));
    let about = document.get("judged").and_then(Item::as_table).and_then(|t| {
        let (_, first) = t.iter().next()?;
        first.as_table()?.decor().prefix()?.as_str().map(str::to_owned)
    });
    let mut all = Table::new();
    all.set_implicit(true);
    for (i, (configuration, ids)) in judged.iter().enumerate() {
        let mut table = Table::new();
        table.set_position(position);
        let prefix = if i > 0 { "\n" } else { about.as_deref().unwrap_or(ABOUT) };
        table.decor_mut().set_prefix(prefix);
        let mut files: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for id in ids {
            let (file, name) = id.rsplit_once('/').unwrap_or(("", id));
            files.entry(file).or_default().push(name);
        }
        for (file, names) in files {
            table.insert(file, Item::Value(list(file, &names)));
        }
        all.insert(configuration, Item::Table(table));
    }
    document.insert("judged", Item::Table(all));
}

/// Names on one line, or on as many as they need.
fn list(file: &str, names: &[&str]) -> Value {
    let mut list = Array::new();
    let whole: usize = names.iter().map(|name| name.len() + 4).sum();
    let wrap = file.len() + 7 + whole > WIDTH;
    let mut column = WIDTH;
    for name in names {
        let mut value = Value::from(*name);
        column += name.len() + 4;
        let prefix = match (wrap, list.is_empty()) {
            (true, _) if column > WIDTH => {
                column = name.len() + 7;
                "\n    "
            }
            (false, true) => "",
            _ => " ",
        };
        value.decor_mut().set_prefix(prefix);
        list.push_formatted(value);
    }
    if wrap {
        list.set_trailing("\n");
        list.set_trailing_comma(true);
    }
    Value::Array(list)
}
