//! How pins are written.

use toml_edit::{Array, InlineTable, Value};

use crate::baseline::pin::Pin;

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
