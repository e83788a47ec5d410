//! Reading of typed values from the spanned tree; mistakes are collected, never thrown.

use std::ops::Range;

use serde_json::{Map, Value};
use toml::Spanned;
use toml::de::DeValue;

use super::uses::{Use, Used};
use crate::api::{DialectId, Req, req};
use crate::case::diagnostic::Diagnostic;
use crate::case::keys::{Key, names};
use crate::case::suggest::{closest, did_you_mean, one_of};
use crate::case::template::{Expr, Template};
use crate::verdict::Loc;

/// A value with its place.
pub(super) type Val<'t> = Spanned<DeValue<'t>>;

/// A key and its value.
#[derive(Clone)]
pub(super) struct Field<'v, 't> {
    pub(super) key: &'v str,
    pub(super) span: Range<usize>,
    pub(super) value: &'v Val<'t>,
}

/// A table's fields in the order of the file.
pub(super) struct Fields<'v, 't> {
    pub(super) span: Range<usize>,
    pub(super) all: Vec<Field<'v, 't>>,
}

impl<'v, 't> Fields<'v, 't> {
    pub(super) fn get(&self, key: &str) -> Option<&'v Val<'t>> {
        self.all.iter().find(|f| f.key == key).map(|f| f.value)
    }
}

/// The file being read, what was found wrong in it, and the variables that its templates use.
pub(super) struct Reader<'t> {
    shown: &'t str,
    text: &'t str,
    lines: Vec<usize>,
    pub(super) found: Vec<Diagnostic>,
    uses: Vec<Use>,
}

impl<'t> Reader<'t> {
    pub(super) fn new(shown: &'t str, text: &'t str) -> Self {
        let lines = std::iter::once(0).chain(text.match_indices('\n').map(|(i, _)| i + 1)).collect();
        Reader { shown, text, lines, found: Vec::new(), uses: Vec::new() }
    }

    /// Line and column of a place, both from 1; the column counts characters.
    pub(super) fn loc(&self, span: &Range<usize>) -> Loc {
        let line = self.lines.partition_point(|start| *start <= span.start);
        let start = self.lines.get(line.saturating_sub(1)).copied().unwrap_or(0);
        let column = self.text.get(start..span.start).map_or(1, |before| before.chars().count() + 1);
        Loc { file: self.shown.to_owned(), line, column }
    }

    /// Notes a mistake; the caller may add to it.
    pub(super) fn wrong(&mut self, span: Range<usize>, message: impl Into<String>, label: impl Into<String>) -> &mut Diagnostic {
        let (loc, message, label) = (self.loc(&span), message.into(), label.into());
        self.found.push(Diagnostic { loc, span, message, label, also: Vec::new(), help: None });
        let last = self.found.len() - 1;
        &mut self.found[last]
    }

    fn mistyped<T>(&mut self, value: &Val<'_>, what: &str, wanted: &str) -> Option<T> {
        let is = match value.get_ref() {
            DeValue::Integer(_) | DeValue::Array(_) => format!("an {}", value.get_ref().type_str()),
            other => format!("a {}", other.type_str()),
        };
        self.wrong(value.span(), format!("{what} must be {wanted}"), format!("this is {is}"));
        None
    }

    /// The variables used since the last call.
    pub(super) fn take_uses(&mut self) -> Vec<Use> {
        std::mem::take(&mut self.uses)
    }

    /// The fields of a table.
    pub(super) fn fields<'v>(&mut self, value: &'v Val<'t>, what: &str) -> Option<Fields<'v, 't>> {
        let Some(table) = value.get_ref().as_table() else {
            return self.mistyped(value, what, "a table");
        };
        let mut all: Vec<Field<'v, 't>> = table.iter().map(|(key, value)| Field { key: key.get_ref(), span: key.span(), value }).collect();
        all.sort_by_key(|f| f.span.start);
        Some(Fields { span: value.span(), all })
    }

    /// The fields of a table that has no other keys than these.
    pub(super) fn closed<'v>(&mut self, value: &'v Val<'t>, keys: &'static [Key], what: &str) -> Option<Fields<'v, 't>> {
        let fields = self.fields(value, what)?;
        self.only(&fields, keys, what);
        Some(fields)
    }

    /// Notes every key that is not one of these.
    pub(super) fn only(&mut self, fields: &Fields<'_, 't>, keys: &'static [Key], what: &str) {
        for field in fields.all.iter().filter(|f| keys.iter().all(|k| k.name != f.key)) {
            let help = did_you_mean(field.key, names(keys)).unwrap_or_else(|| format!("there are {}", one_of(names(keys))));
            self.wrong(field.span.clone(), format!("unknown key `{}`", field.key), format!("not a key of {what}")).help = Some(help);
        }
    }

    /// A text, as it stands.
    pub(super) fn text(&mut self, value: &Val<'_>, what: &str) -> Option<String> {
        match value.get_ref() {
            DeValue::String(text) => Some(text.to_string()),
            _ => self.mistyped(value, what, "a string"),
        }
    }

    /// A text that is not empty.
    pub(super) fn sentence(&mut self, value: &Val<'_>, what: &str) -> Option<String> {
        let text = self.text(value, what)?;
        if text.trim().is_empty() {
            self.wrong(value.span(), format!("{what} is empty"), "");
            return None;
        }
        Some(text)
    }

    /// A text with expressions, which are checked here and noted as uses.
    pub(super) fn template(&mut self, value: &Val<'_>, what: &str) -> Option<String> {
        let text = self.text(value, what)?;
        self.parse_template(&text, &value.span());
        Some(text)
    }

    /// Checks a template that stands somewhere in `span` and notes its uses.
    pub(super) fn parse_template(&mut self, text: &str, span: &Range<usize>) -> Option<Template> {
        match Template::parse(text) {
            Ok(template) => {
                for (expr, at) in template.expressions() {
                    let used = match expr.innermost() {
                        Expr::Saved(name, _) => Used::Saved(name.clone()),
                        Expr::Row(name) => Used::Row(name.clone()),
                        Expr::Index => Used::Index,
                        _ => continue,
                    };
                    let span = self.place(text, at, span);
                    self.uses.push(Use { used, span });
                }
                Some(template)
            }
            Err(e) => {
                let place = self.place(text, e.at, span);
                self.wrong(place, e.what, "").help = e.help;
                None
            }
        }
    }

    /// Where the part `at` of a string is in the file. Escapes may move it: then the string as a whole.
    fn place(&self, text: &str, at: Range<usize>, span: &Range<usize>) -> Range<usize> {
        let found = || {
            let part = text.get(at.clone())?;
            let nth = text.get(..at.start)?.matches(part).count();
            let (i, _) = self.text.get(span.clone())?.match_indices(part).nth(nth)?;
            Some(span.start + i..span.start + i + part.len())
        };
        found().unwrap_or_else(|| span.clone())
    }

    /// `true` or `false`.
    pub(super) fn flag(&mut self, value: &Val<'_>, what: &str) -> Option<bool> {
        match value.get_ref() {
            DeValue::Boolean(b) => Some(*b),
            _ => self.mistyped(value, what, "true or false"),
        }
    }

    /// A whole number.
    pub(super) fn number(&mut self, value: &Val<'_>, what: &str) -> Option<i64> {
        match value.get_ref() {
            DeValue::Integer(i) => match i64::from_str_radix(i.as_str(), i.radix()) {
                Ok(n) => Some(n),
                Err(_) => {
                    self.wrong(value.span(), format!("{what} is out of range"), "");
                    None
                }
            },
            _ => self.mistyped(value, what, "an integer"),
        }
    }

    /// A number from 0, or a template that becomes one.
    pub(super) fn count(&mut self, value: &Val<'_>, what: &str) -> Option<String> {
        if value.get_ref().is_str() {
            let text = self.template(value, what)?;
            if Template::parse(&text).is_ok_and(|t| t.literal().is_some()) && text.parse::<u64>().is_err() {
                self.wrong(value.span(), format!("{what} must be a number"), "").help =
                    Some("write `${limit.NAME}` or a number".to_owned());
                return None;
            }
            return Some(text);
        }
        let n = self.number(value, what)?;
        if n < 0 {
            self.wrong(value.span(), format!("{what} must not be negative"), "");
            return None;
        }
        Some(n.to_string())
    }

    /// The items of a list.
    pub(super) fn list<'v>(&mut self, value: &'v Val<'t>, what: &str) -> Option<Vec<&'v Val<'t>>> {
        match value.get_ref() {
            DeValue::Array(items) => Some(items.iter().collect()),
            _ => self.mistyped(value, what, "a list"),
        }
    }

    /// The items of a list, or the one thing as a list of itself.
    pub(super) fn one_or_more<'v>(&mut self, value: &'v Val<'t>) -> Vec<&'v Val<'t>> {
        match value.get_ref() {
            DeValue::Array(items) => items.iter().collect(),
            _ => vec![value],
        }
    }

    /// A list of words from a closed list.
    pub(super) fn words(&mut self, value: &Val<'t>, what: &str, known: &[&'static str]) -> Vec<&'static str> {
        let mut words = Vec::new();
        for item in self.list(value, &format!("`{what}`")).unwrap_or_default() {
            let Some(word) = self.text(item, &format!("an item of `{what}`")) else { continue };
            match known.iter().find(|k| **k == word) {
                Some(known) => words.push(*known),
                None => {
                    let help = did_you_mean(&word, known.iter().copied())
                        .unwrap_or_else(|| format!("there are {}", one_of(known.iter().copied())));
                    self.wrong(item.span(), format!("unknown word `{word}` in `{what}`"), "").help = Some(help);
                }
            }
        }
        words
    }

    /// A list of dialects; all where there is none.
    pub(super) fn dialects(&mut self, value: Option<&Val<'t>>) -> Vec<DialectId> {
        let Some(value) = value else { return DialectId::ALL.to_vec() };
        let before = self.found.len();
        let words = self.words(value, "dialects", &DialectId::ALL.map(DialectId::name));
        if words.is_empty() && self.found.len() == before {
            self.wrong(value.span(), "`dialects` is empty", "runs nowhere");
        }
        DialectId::ALL.into_iter().filter(|d| words.contains(&d.name())).collect()
    }

    /// The requirement of that id.
    pub(super) fn requirement(&mut self, value: &Val<'_>) -> Option<Req> {
        let id = self.text(value, "a requirement")?;
        let found = Req::find(&id);
        if found.is_none() {
            let help = requirement_help(&id);
            self.wrong(value.span(), format!("unknown requirement `{id}`"), "").help = Some(help);
        }
        found
    }

    /// A value for a parameter or a row: text with expressions, number, boolean, list, table; `{ absent = true }` is nothing.
    pub(super) fn value(&mut self, value: &Val<'t>, what: &str) -> Option<Value> {
        Some(match value.get_ref() {
            DeValue::String(_) => Value::String(self.template(value, what)?),
            DeValue::Integer(_) => self.number(value, what)?.into(),
            DeValue::Boolean(b) => Value::Bool(*b),
            DeValue::Float(_) | DeValue::Datetime(_) => return self.mistyped(value, what, "a string, integer, boolean, list or table"),
            DeValue::Array(items) => Value::Array(items.iter().filter_map(|item| self.value(item, what)).collect()),
            DeValue::Table(_) => {
                let fields = self.fields(value, what)?;
                if let [only] = fields.all.as_slice()
                    && only.key == "absent"
                    && matches!(only.value.get_ref(), DeValue::Boolean(true))
                {
                    return Some(Value::Null);
                }
                let mut members = Map::new();
                for field in fields.all {
                    self.parse_template(field.key, &field.span);
                    if let Some(member) = self.value(field.value, what) {
                        members.insert(field.key.to_owned(), member);
                    }
                }
                Value::Object(members)
            }
        })
    }
}

/// What was meant by an unknown requirement. Ids of one area all begin alike, so only the rest is compared.
fn requirement_help(id: &str) -> String {
    let (area, rule) = id.split_once('.').unwrap_or((id, ""));
    let rules = || req::IDS.iter().filter_map(|known| known.split_once('.')).filter(|(a, _)| *a == area).map(|(_, rule)| rule);
    if let Some(close) = closest(rule, rules()) {
        return format!("did you mean `{area}.{close}`?");
    }
    if rules().next().is_some() {
        return format!("{area} has {}", one_of(rules()));
    }
    let areas = || req::IDS.iter().filter_map(|known| known.split_once('.')).map(|(a, _)| a);
    let catalogue = || "the catalogue is src/api/requirements/*.toml".to_owned();
    closest(area, areas()).map_or_else(catalogue, |a| format!("did you mean `{a}.…`?"))
}
