//! Values as TOML writes them in a line: strings, keys, inline lists and tables.

use std::fmt::Write as _;

use serde_json::Value;

/// A value on its way to TOML.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Toml {
    /// A string.
    Text(String),
    /// A number or a boolean, in TOML's form.
    Plain(String),
    /// A list.
    List(Vec<Toml>),
    /// A table, in order.
    Table(Fields),
}

/// Keys and values in order.
pub(super) type Fields = Vec<(String, Toml)>;

impl Toml {
    pub(super) fn text(text: impl Into<String>) -> Toml {
        Toml::Text(text.into())
    }

    pub(super) fn flag(flag: bool) -> Toml {
        Toml::Plain(flag.to_string())
    }

    /// One value as itself, several as a list.
    pub(super) fn one_or_more(mut values: Vec<Toml>) -> Toml {
        match values.len() {
            1 => values.remove(0),
            _ => Toml::List(values),
        }
    }

    /// A table of one key.
    pub(super) fn only(key: &str, value: Toml) -> Toml {
        Toml::Table(vec![(key.to_owned(), value)])
    }

    /// A value of a parameter, a row or an expectation; nothing is `{ absent = true }`.
    pub(super) fn value(value: &Value) -> Toml {
        match value {
            Value::Null => Toml::only("absent", Toml::flag(true)),
            Value::Bool(b) => Toml::flag(*b),
            Value::Number(n) => Toml::Plain(n.to_string()),
            Value::String(text) => Toml::text(text),
            Value::Array(items) => Toml::List(items.iter().map(Toml::value).collect()),
            Value::Object(members) => Toml::Table(members.iter().map(|(key, member)| (key.clone(), Toml::value(member))).collect()),
        }
    }

    /// A count: a number where it is one, else a template.
    pub(super) fn count(text: &str) -> Toml {
        match text.parse::<u32>() {
            Ok(n) if n.to_string() == text => Toml::Plain(text.to_owned()),
            _ => Toml::text(text),
        }
    }

    /// The value in one line.
    pub(super) fn inline(&self) -> String {
        let mut out = String::new();
        self.write(&mut out);
        out
    }

    fn write(&self, out: &mut String) {
        match self {
            Toml::Text(text) => quote(text, out),
            Toml::Plain(text) => out.push_str(text),
            Toml::List(items) => {
                out.push('[');
                for (i, item) in items.iter().enumerate() {
                    out.push_str(if i > 0 { ", " } else { "" });
                    item.write(out);
                }
                out.push(']');
            }
            Toml::Table(fields) if fields.is_empty() => out.push_str("{}"),
            Toml::Table(fields) => {
                for (i, (name, value)) in fields.iter().enumerate() {
                    out.push_str(if i > 0 { ", " } else { "{ " });
                    key(name, out);
                    out.push_str(" = ");
                    value.write(out);
                }
                out.push_str(" }");
            }
        }
    }
}

/// A string as TOML writes it, quotes included.
pub fn quoted(text: &str) -> String {
    Toml::text(text).inline()
}

/// A key: bare where it may be.
pub(super) fn key(name: &str, out: &mut String) {
    let bare = !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
    if bare { out.push_str(name) } else { quote(name, out) }
}

/// A string: as it stands between double or single quotes if it can, else with escapes.
fn quote(text: &str, out: &mut String) {
    let seen = !text.chars().any(unseen);
    let (quote, escaped) = match text.contains(['"', '\\']) {
        false if seen => ('"', false),
        true if seen && !text.contains('\'') => ('\'', false),
        _ => ('"', true),
    };
    out.push(quote);
    if escaped {
        text.chars().for_each(|c| escape(c, out))
    } else {
        out.push_str(text)
    }
    out.push(quote);
}

fn escape(c: char, out: &mut String) {
    match c {
        '"' => out.push_str("\\\""),
        '\\' => out.push_str("\\\\"),
        '\n' => out.push_str("\\n"),
        '\r' => out.push_str("\\r"),
        '\t' => out.push_str("\\t"),
        c if unseen(c) => {
            let _ = match u32::from(c) {
                code @ ..=0xffff => write!(out, "\\u{code:04x}"),
                code => write!(out, "\\U{code:08x}"),
            };
        }
        c => out.push(c),
    }
}

/// What an editor does not show as it is: control characters, invisible ones, and those that turn the direction of the text.
fn unseen(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{e0000}'..='\u{e007f}')
}
