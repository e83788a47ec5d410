//! How a failure is pinned, and how a pin is written.

use toml_edit::{Array, InlineTable, Value};

use crate::baseline::file::Pin;
use crate::verdict::Mismatch;

/// Longer values are not pinned: a person reads the file.
const LONGEST: usize = 80;

/// A mismatch without what another run would show otherwise: names of this run, ids, dates, numbered repetitions. `names`: the unique
/// parts of the run's names, with commas.
pub(super) fn pin(mismatch: &Mismatch, names: &str) -> Pin {
    let actual = mismatch.observed();
    let lower = actual.to_ascii_lowercase();
    let named = names.split(',').any(|name| !name.is_empty() && lower.contains(&name.to_ascii_lowercase()));
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

/// A value without its blanks, comments and line ends, for comparison.
pub(super) fn plain(value: &Value) -> String {
    value.to_string().split_whitespace().collect::<String>().replace(",]", "]")
}

/// Pins as the file writes them: one as a table, several as a list with a line for each.
pub(super) fn pins<'p>(pins: impl IntoIterator<Item = &'p Pin>) -> Value {
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
    let mut tables: Vec<InlineTable> = pins.into_iter().map(table).collect();
    if tables.len() == 1 {
        return Value::InlineTable(tables.remove(0));
    }
    let mut list = Array::new();
    for table in tables {
        let mut item = Value::InlineTable(table);
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
            assert_eq!(pin(&mismatch, "0000x,k3f9").actual.len(), usize::from(kept), "{actual}");
        }
    }
}
