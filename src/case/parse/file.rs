//! The file, its cases and their rows.

use std::collections::BTreeMap;
use std::ops::Range;

use toml::de::DeTable;

use super::expect;
use super::reader::{Fields, Reader, Val};
use super::step::{self, Known};
use super::uses::{self, RowUses};
use crate::api::{Action, DialectId, model};
use crate::case::diagnostic::Diagnostics;
use crate::case::keys::{CASE, FILE, ROW, action_folders};
use crate::case::model::{Case, Row};
use crate::case::suggest::did_you_mean;
use crate::target::profile::CAPABILITIES;

/// Reads a case file.
///
/// `path` is where it lies below the folder of cases, with `/`: `users/DeleteUser.toml`. It decides the family and the ids. `shown` is
/// the path to name in messages. A file with any mistake gives no cases, but all its mistakes.
pub fn parse(path: &str, shown: &str, text: &str) -> Result<Vec<Case>, Diagnostics> {
    let mut reader = Reader::new(shown, text);
    let (table, errors) = DeTable::parse_recoverable(text);
    // What stands in a file that is not TOML is guesswork: say only what is wrong with the syntax.
    for error in &errors {
        let span = error.span().unwrap_or(0..0);
        reader.wrong(span, error.message(), "");
    }
    let mut cases = Vec::new();
    if errors.is_empty() {
        let span = table.span();
        let root = toml::Spanned::new(span, toml::de::DeValue::Table(table.into_inner()));
        cases = file(&mut reader, path, &root);
    }
    if reader.found.is_empty() { Ok(cases) } else { Err(Diagnostics::of(shown, text, reader.found)) }
}

/// What the path of a file says of its cases.
struct Home<'p> {
    family: &'p str,
    name: &'p str,
}

impl<'p> Home<'p> {
    fn of(path: &'p str) -> Home<'p> {
        let stem = path.strip_suffix(".toml").unwrap_or(path);
        let (family, name) = stem.rsplit_once('/').unwrap_or(("", stem));
        Home { family, name }
    }

    /// The start of its cases' ids.
    fn prefix(&self) -> String {
        if self.family.is_empty() { self.name.to_owned() } else { format!("{}/{}", self.family, self.name) }
    }
}

fn file<'t>(reader: &mut Reader<'t>, path: &str, root: &Val<'t>) -> Vec<Case> {
    let home = Home::of(path);
    let Some(fields) = reader.closed(root, FILE, "a case file") else { return Vec::new() };
    if let Some(value) = fields.get("format")
        && let Some(version) = reader.number(value, "`format`")
        && version != 1
    {
        reader.wrong(value.span(), format!("format {version} is not known"), "this iamspec reads format 1");
    }
    let action = file_action(reader, &home, &fields);
    let mut ids = BTreeMap::new();
    let mut cases = Vec::new();
    let tables = fields.get("case").map(|v| reader.list(v, "`case`").unwrap_or_default());
    if tables.as_ref().is_none_or(Vec::is_empty) {
        reader.wrong(0..0, "a case file without cases", "").help = Some("write `[[case]]` and below it `id = \"…\"`".to_owned());
    }
    for table in tables.unwrap_or_default() {
        if let Some(case) = case(reader, &home, action, table, &mut ids) {
            cases.push(case);
        }
    }
    cases
}

/// The Action of the file: there, known and as the file's name says, where its folder wants one.
fn file_action<'t>(reader: &mut Reader<'t>, home: &Home<'_>, fields: &Fields<'_, 't>) -> Option<&'static Action> {
    let bound = action_folders().any(|f| f == home.family);
    let Some(value) = fields.get("action") else {
        if bound {
            reader.wrong(0..0, "no `action`", "").help = Some(format!("write `action = \"{}\"` at the top", home.name));
        }
        return None;
    };
    let name = reader.text(value, "`action`")?;
    let Some(action) = model().action(&name) else {
        let help = did_you_mean(&name, model().actions.iter().map(|a| a.name.as_str()));
        reader.wrong(value.span(), format!("unknown Action `{name}`"), "").help = help;
        return None;
    };
    if bound && name != home.name {
        let label = format!("the file is {}.toml", home.name);
        reader.wrong(value.span(), "`action` is not what the file's name says", label).help =
            Some("one file holds the cases of one Action".to_owned());
    } else if bound && action.family != home.family {
        let label = format!("its cases belong into {}/", action.family);
        reader.wrong(value.span(), format!("{name} is not an Action of {}", home.family), label);
    }
    Some(action)
}

/// Ids already taken, with their places.
type Taken = BTreeMap<String, Range<usize>>;

fn case<'t>(reader: &mut Reader<'t>, home: &Home<'_>, action: Option<&Action>, table: &Val<'t>, taken: &mut Taken) -> Option<Case> {
    let fields = reader.closed(table, CASE, "a case")?;
    let id = id(reader, &fields, "case", taken);
    let title = match fields.get("title") {
        Some(value) => reader.sentence(value, "`title`"),
        None => missing(reader, &fields, "a case without a title", "title = \"…\""),
    };
    let mut requirements = Vec::new();
    match fields.get("requirement") {
        Some(value) => {
            let values = reader.one_or_more(value);
            if values.is_empty() {
                reader.wrong(value.span(), "`requirement` is empty", "names none");
            }
            for value in values {
                requirements.extend(reader.requirement(value));
            }
        }
        None => missing(reader, &fields, "a case without a requirement", "requirement = \"…\"").unwrap_or_default(),
    }
    let mut tags = Vec::new();
    for value in fields.get("tags").and_then(|v| reader.list(v, "`tags`")).unwrap_or_default() {
        tags.extend(kebab(reader, value, "a tag"));
    }
    let capabilities: Vec<&'static str> = CAPABILITIES.iter().map(|(name, _)| *name).collect();
    let requires = fields.get("requires").map(|v| reader.words(v, "requires", &capabilities)).unwrap_or_default();
    let dialects = reader.dialects(fields.get("dialects"));
    let serial = fields.get("serial").and_then(|v| reader.flag(v, "`serial`")).unwrap_or_default();

    let mut steps = Vec::new();
    let mut step_uses = Vec::new();
    let mut last = Known::default();
    for value in fields.get("step").and_then(|v| reader.list(v, "`step`")).unwrap_or_default() {
        let (step, uses, known) = step::step(reader, value, &dialects);
        steps.extend(step);
        step_uses.push(uses);
        last = known;
    }
    if step_uses.is_empty() {
        missing::<()>(reader, &fields, "a case without steps", "[[case.step]]");
    }
    let (rows, row_uses) = rows(reader, &fields, &dialects, &last);
    uses::check(reader, &row_uses, &step_uses);

    Some(Case {
        id: format!("{}/{}", home.prefix(), id?),
        family: home.family.to_owned(),
        action: action.map(|a| a.name.clone()),
        title: title?,
        requirements,
        tags,
        requires: requires.into_iter().map(str::to_owned).collect(),
        dialects,
        serial,
        rows,
        steps,
        loc: reader.loc(&fields.span),
    })
}

/// The rows. `last`: what is known of the last step, whose parameters and expectation a row may replace.
fn rows<'t>(reader: &mut Reader<'t>, case: &Fields<'_, 't>, dialects: &[DialectId], last: &Known) -> (Vec<Row>, Vec<RowUses>) {
    let (mut rows, mut uses) = (Vec::new(), Vec::new());
    let mut taken = Taken::new();
    for value in case.get("row").and_then(|v| reader.list(v, "`row`")).unwrap_or_default() {
        let Some(fields) = reader.fields(value, "a row") else { continue };
        let id = id(reader, &fields, "row", &mut taken).unwrap_or_default();
        let here = fields.get("dialects").map_or_else(|| dialects.to_vec(), |v| reader.dialects(Some(v)));
        let requirement = fields.get("requirement").and_then(|v| reader.requirement(v));
        let mut vars = BTreeMap::new();
        let mut var_uses = Vec::new();
        reader.take_uses();
        let with = fields.get("with").map(|v| step::parameters(reader, v, last)).unwrap_or_default();
        let expect = fields.get("expect").map(|v| expect::expect(reader, v, last));
        let own = reader.take_uses();
        for field in fields.all.iter().filter(|f| ROW.iter().all(|k| k.name != f.key)) {
            if let Some(v) = reader.value(field.value, "a variable") {
                vars.insert(field.key.to_owned(), v);
            }
            var_uses.push((field.key.to_owned(), field.span.clone(), reader.take_uses()));
        }
        rows.push(Row { id: id.clone(), vars, dialects: here, requirement, with, expect, loc: reader.loc(&fields.span) });
        uses.push(RowUses { id, span: fields.span.clone(), vars: var_uses, own });
    }
    (rows, uses)
}

/// The `id` of a case or row: there, in kebab-case, and not taken.
fn id<'t>(reader: &mut Reader<'t>, fields: &Fields<'_, 't>, what: &str, taken: &mut Taken) -> Option<String> {
    let Some(value) = fields.get("id") else {
        return missing(reader, fields, &format!("a {what} without an id"), "id = \"…\"");
    };
    let id = kebab(reader, value, "`id`")?;
    if let Some(first) = taken.get(&id) {
        let first = first.clone();
        reader.wrong(value.span(), format!("duplicate {what} id `{id}`"), "taken").also.push((first, "first here".to_owned()));
    } else {
        taken.insert(id.clone(), value.span());
    }
    Some(id)
}

fn kebab(reader: &mut Reader<'_>, value: &Val<'_>, what: &str) -> Option<String> {
    let text = reader.text(value, what)?;
    let well = !text.is_empty()
        && text.split('-').all(|word| !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit()));
    if well {
        return Some(text);
    }
    let words: Vec<String> =
        text.split(|c: char| !c.is_ascii_alphanumeric()).filter(|w| !w.is_empty()).map(str::to_ascii_lowercase).collect();
    let better = words.join("-");
    let d = reader.wrong(value.span(), format!("{what} must be in kebab-case"), "lower-case letters, digits and single `-` only");
    d.help = (!better.is_empty()).then(|| format!("write `{better}`"));
    None
}

fn missing<T>(reader: &mut Reader<'_>, fields: &Fields<'_, '_>, what: &str, add: &str) -> Option<T> {
    reader.wrong(fields.span.clone(), what, "").help = Some(format!("add `{add}`"));
    None
}
