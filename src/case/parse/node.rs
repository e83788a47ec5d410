//! Matchers: expected trees, checked against the API model's response as they are read.

use regex::Regex;
use serde_json::Value;
use toml::de::DeValue;

use super::reader::{Field, Fields, Reader, Val};
use crate::api::{ScalarBase, model};
use crate::case::keys::{MATCHERS, names};
use crate::case::model::{Check, Node};
use crate::case::path::{Shape, is_known};
use crate::case::suggest::did_you_mean;
use crate::case::template::{Piece, Template};

/// Reads what is expected of a value of that shape; none: nothing is known of it.
pub(super) fn node<'t>(reader: &mut Reader<'t>, value: &Val<'t>, shape: Option<Shape<'static>>) -> Option<Node> {
    let check = match value.get_ref() {
        DeValue::Array(_) => Check::Items(nodes(reader, value, shape.as_ref(), "a list")?),
        DeValue::Table(_) => {
            let fields = reader.fields(value, "a matcher")?;
            if is_matcher(&fields) { matchers(reader, &fields, shape)? } else { members(reader, fields, shape)? }
        }
        _ => Check::Equals(scalar(reader, value, shape.as_ref())?),
    };
    Some(Node { check, loc: reader.loc(&value.span()) })
}

/// Names of API elements begin with a capital: a table with any other key is meant as a matcher.
fn is_matcher(fields: &Fields<'_, '_>) -> bool {
    fields.all.iter().any(|f| f.key.starts_with(|c: char| c.is_lowercase()))
}

fn members<'t>(reader: &mut Reader<'t>, fields: Fields<'_, 't>, shape: Option<Shape<'static>>) -> Option<Check> {
    if matches!(shape, Some(Shape::List(_))) {
        reader.wrong(fields.span, "an object is expected of a list", "the API answers a list here").help =
            Some("write `[{ … }]`, or `{ includes = [{ … }] }`".to_owned());
        return None;
    }
    let mut members = Vec::new();
    for field in fields.all {
        let inner = match shape.as_ref().map(|s| s.member(field.key)) {
            Some(Ok(inner)) => Some(inner),
            // That a secret is nowhere but in its one place is worth saying.
            Some(Err(_)) if says_absent(field.value) && is_known(field.key) => None,
            Some(Err(e)) => {
                reader.wrong(field.span.clone(), format!("unknown element `{}`", field.key), e.what).help = e.help;
                None
            }
            None => None,
        };
        if let Some(node) = node(reader, field.value, inner) {
            members.push((field.key.to_owned(), node));
        }
    }
    Some(Check::Members(members))
}

/// `{ absent = true }`.
fn says_absent(value: &Val<'_>) -> bool {
    value.get_ref().as_table().is_some_and(|t| t.len() == 1 && t.get("absent").is_some_and(|v| v.get_ref().as_bool() == Some(true)))
}

/// Several matchers in one table must all hold.
fn matchers<'t>(reader: &mut Reader<'t>, fields: &Fields<'_, 't>, shape: Option<Shape<'static>>) -> Option<Check> {
    let mut all = Vec::new();
    for field in fields.all.iter().filter(|f| f.key != "requirement") {
        if let Some(check) = matcher(reader, field, shape.clone()) {
            all.push(Node { check, loc: reader.loc(&field.span) });
        }
    }
    let check = if all.len() > 1 { Some(Check::All(all)) } else { all.pop().map(|node| node.check) };
    let Some(value) = fields.get("requirement") else { return check };
    if fields.all.len() == 1 {
        reader.wrong(fields.span.clone(), "a requirement without a matcher", "nothing is checked here").help =
            Some("write `{ equals = \"…\", requirement = \"…\" }`".to_owned());
    }
    let requirement = reader.requirement(value)?;
    Some(Check::Charged(requirement, Box::new(Node { check: check?, loc: reader.loc(&fields.span) })))
}

fn matcher<'t>(reader: &mut Reader<'t>, field: &Field<'_, 't>, shape: Option<Shape<'static>>) -> Option<Check> {
    let value = field.value;
    let of = shape.as_ref();
    match field.key {
        "equals" => scalar(reader, value, of).map(Check::Equals),
        "not" => scalar(reader, value, of).map(Check::Not),
        "matches" => regex(reader, value).map(Check::Matches),
        "one-of" => {
            let values = reader.list(value, "`one-of`")?;
            Some(Check::OneOf(values.into_iter().filter_map(|v| scalar(reader, v, of)).collect()))
        }
        "near" => reader.template(value, "`near`").map(Check::Near),
        "present" => yes(reader, field).map(|()| Check::Present),
        "absent" => yes(reader, field).map(|()| Check::Absent),
        "absent-or-empty" => yes(reader, field).map(|()| Check::AbsentOrEmpty),
        "optional" => node(reader, value, shape).map(|n| Check::Optional(Box::new(n))),
        "same-json" => json(reader, value).map(Check::SameJson),
        "same-pem" => reader.template(value, "`same-pem`").map(Check::SamePem),
        "sorted" => sorted(reader, value, of).map(Check::Sorted),
        "count" => reader.count(value, "`count`").map(Check::Count),
        "items" => nodes(reader, value, of, "`items`").map(Check::Items),
        "ordered" => nodes(reader, value, of, "`ordered`").map(Check::Ordered),
        "includes" => nodes(reader, value, of, "`includes`").map(Check::Includes),
        "excludes" => nodes(reader, value, of, "`excludes`").map(Check::Excludes),
        other if other.starts_with(|c: char| c.is_uppercase()) => {
            reader.wrong(field.span.clone(), format!("element `{other}` beside matchers"), "").help =
                Some("an object with such members is there anyway; other matchers go inside an element".to_owned());
            None
        }
        other => {
            let elements: Vec<&str> = match of {
                Some(Shape::Members(members) | Shape::Paged(members)) => members.iter().map(|m| m.name.as_str()).collect(),
                _ => Vec::new(),
            };
            let help = did_you_mean(other, names(MATCHERS).chain(elements))
                .unwrap_or_else(|| "names of elements begin with a capital, matchers are a closed list".to_owned());
            reader.wrong(field.span.clone(), format!("unknown matcher `{other}`"), "").help = Some(help);
            None
        }
    }
}

/// The word `true`; `false` would say the opposite of another matcher, and one word for a thing is enough.
fn yes(reader: &mut Reader<'_>, field: &Field<'_, '_>) -> Option<()> {
    if reader.flag(field.value, &format!("`{}`", field.key))? {
        return Some(());
    }
    let help = if field.key == "present" { "absent = true" } else { "present = true" };
    reader.wrong(field.value.span(), format!("`{}` can only be true", field.key), "").help = Some(format!("write `{help}`"));
    None
}

fn nodes<'t>(reader: &mut Reader<'t>, value: &Val<'t>, shape: Option<&Shape<'static>>, what: &str) -> Option<Vec<Node>> {
    let inner = match shape.map(Shape::item) {
        Some(Ok(inner)) => Some(inner),
        Some(Err(e)) => {
            reader.wrong(value.span(), "a list is expected of what is none", e.what);
            None
        }
        None => None,
    };
    let items = reader.list(value, what)?;
    Some(items.into_iter().filter_map(|item| node(reader, item, inner.clone())).collect())
}

/// A single value, of the kind that the model gives its place.
fn scalar<'t>(reader: &mut Reader<'t>, value: &Val<'t>, shape: Option<&Shape<'static>>) -> Option<Value> {
    let read = match value.get_ref() {
        DeValue::Array(_) | DeValue::Table(_) => {
            reader.wrong(value.span(), "a single value is wanted here", "");
            return None;
        }
        _ => reader.value(value, "an expected value")?,
    };
    let wanted = match shape {
        Some(Shape::Scalar(name)) => match model().base(name) {
            ScalarBase::Boolean => "a boolean",
            ScalarBase::Integer => "an integer",
            ScalarBase::String | ScalarBase::Date => "a string",
        },
        Some(Shape::Members(_) | Shape::Paged(_)) => "an object",
        Some(Shape::List(_)) => "a list",
        Some(Shape::Pages) | None => return Some(read),
    };
    let is = match &read {
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "an integer",
        // A lone expression may be of any type.
        Value::String(text) if Template::parse(text).is_ok_and(|t| t.single().is_some()) => wanted,
        _ => "a string",
    };
    if is != wanted {
        reader.wrong(value.span(), format!("{wanted} can never equal {is}"), format!("the API answers {wanted} here"));
        return None;
    }
    Some(read)
}

/// A regular expression; what its templates will hold is matched literally and so cannot break it.
fn regex(reader: &mut Reader<'_>, value: &Val<'_>) -> Option<String> {
    let text = reader.template(value, "`matches`")?;
    let pattern: String = Template::parse(&text)
        .ok()?
        .pieces
        .iter()
        .map(|piece| match piece {
            Piece::Text(literal) => literal.as_str(),
            Piece::Expr(..) => "x",
        })
        .collect();
    if let Err(e) = Regex::new(&pattern) {
        let why = e.to_string();
        let why = why.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned();
        reader.wrong(value.span(), "not a regular expression", why);
        return None;
    }
    Some(text)
}

fn json(reader: &mut Reader<'_>, value: &Val<'_>) -> Option<String> {
    let text = reader.template(value, "`same-json`")?;
    if let Some(literal) = Template::parse(&text).ok()?.literal()
        && let Err(why) = serde_json::from_str::<Value>(literal)
    {
        reader.wrong(value.span(), "not JSON", why.to_string());
        return None;
    }
    Some(text)
}

fn sorted(reader: &mut Reader<'_>, value: &Val<'_>, shape: Option<&Shape<'static>>) -> Option<String> {
    let member = reader.text(value, "`sorted`")?;
    if let Some(Ok(item)) = shape.map(Shape::item)
        && !member.is_empty()
        && let Err(e) = item.member(&member)
    {
        reader.wrong(value.span(), format!("unknown element `{member}`"), e.what).help = e.help;
        return None;
    }
    Some(member)
}
