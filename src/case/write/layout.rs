//! Where a line ends: what fits stands in one, what does not becomes a table or a list over several.

use super::toml::{Fields, Toml, key};

/// Longest line that is not cut up, in characters.
const WIDTH: usize = 140;

/// Whether the order of a table's keys means something.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Order {
    /// Parameters, members of a result: as they come.
    Kept,
    /// Keys of a closed table.
    Free,
}

/// Header of a step.
pub(super) const STEP: &str = "case.step";

/// Writes the fields of the table `header` line by line; tables that are too long for a line come after them, under headers of their own.
pub(super) fn body(header: &str, fields: &Fields, order: Order, out: &mut String) {
    let mut later = Vec::new();
    // A table under its own header comes after the lines: where the order counts only what is last anyway can.
    let last = fields.len() - fields.iter().rev().take_while(|(_, v)| is_table(v)).count();
    for (i, (name, value)) in fields.iter().enumerate() {
        if header == STEP && name == "on" && each_in_a_line(value, out) {
            continue;
        }
        let may = is_table(value) && (order == Order::Free || i >= last);
        let must = order == Order::Kept && !later.is_empty();
        if may && (must || too_long(name, value)) {
            later.push((name, value));
        } else {
            line(name, value, out);
        }
    }
    for (name, value) in later {
        let Toml::Table(inner) = value else { continue };
        let mut header = format!("{header}.");
        key(name, &mut header);
        out.push_str(&format!("\n[{header}]\n"));
        body(&header, inner, if closed(&header) { Order::Free } else { Order::Kept }, out);
    }
}

/// `on.eim = …`, a line for each dialect, if all of them fit: a table begun by such a line cannot go on under a header.
fn each_in_a_line(on: &Toml, out: &mut String) -> bool {
    let Toml::Table(each) = on else { return false };
    let lines: Vec<String> = each.iter().map(|(dialect, other)| format!("on.{dialect} = {}", other.inline())).collect();
    let fit = lines.iter().all(|line| line.chars().count() <= WIDTH);
    if fit {
        lines.iter().for_each(|line| out.push_str(&format!("{line}\n")));
    }
    fit
}

/// Whether the keys of the table under that header have no order. What is in `with` or `result` has one.
fn closed(header: &str) -> bool {
    let Some(table) = header.strip_prefix("case.step.") else { return false };
    let table = match table.strip_prefix("on.") {
        Some(other) => other.split_once('.').map_or("on", |(_, table)| table),
        None => table,
    };
    ["expect", "raw", "on"].contains(&table)
}

/// Writes `key = value`; a list that is too long has a line an item.
pub(super) fn line(name: &str, value: &Toml, out: &mut String) {
    let long = too_long(name, value);
    key(name, out);
    out.push_str(" = ");
    match value {
        Toml::List(items) if long && items.len() > 1 => {
            out.push_str("[\n");
            for item in items {
                out.push_str(&format!("  {},\n", item.inline()));
            }
            out.push(']');
        }
        _ => out.push_str(&value.inline()),
    }
    out.push('\n');
}

fn is_table(value: &Toml) -> bool {
    matches!(value, Toml::Table(fields) if !fields.is_empty())
}

/// Whether `key = value` is longer than a line should be.
fn too_long(name: &str, value: &Toml) -> bool {
    name.chars().count() + 3 + value.inline().chars().count() > WIDTH
}
