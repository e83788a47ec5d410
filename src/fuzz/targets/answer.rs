//! Answers as the client reads them.

use arbitrary::{Arbitrary, Unstructured};
use serde_json::{Map, Value};

use super::{Check, demand, http};
use crate::api::{Action, DialectId, Member, Type, model};
use crate::dialect::shape::{self, Patterns};
use crate::dialect::{Dialect, Format, Outcome, Reply, Response, dialect};

/// What precedes the answer's text.
#[derive(Arbitrary)]
struct Head {
    dialect: u8,
    action: u8,
    json_asked: bool,
}

/// Bytes before the text: dialect, Action, format asked for.
#[cfg(feature = "net")]
pub(in crate::fuzz) fn seed(dialect: DialectId, action: &str, asked: Format, answer: &Response) -> Option<Vec<u8>> {
    let dialect = u8::try_from(DialectId::ALL.iter().position(|d| *d == dialect)?).ok()?;
    let action = u8::try_from(model().actions.iter().position(|a| a.name == action)?).ok()?;
    Some([&[dialect, action, u8::from(asked == Format::Json)][..], &http::response_text(answer)].concat())
}

pub(super) fn xml(data: &[u8]) -> Check {
    check(data, Format::Xml)
}

pub(super) fn json(data: &[u8]) -> Check {
    check(data, Format::Json)
}

fn check(data: &[u8], format: Format) -> Check {
    let mut bytes = Unstructured::new(data);
    let Ok(head) = Head::arbitrary(&mut bytes) else { return Ok(()) };
    let response = http::response(bytes.take_rest());
    // Each format has a corpus of its own.
    let looks = response.body.iter().find(|byte| !byte.is_ascii_whitespace()).is_some_and(|byte| matches!(byte, b'{' | b'['));
    if looks != (format == Format::Json) {
        return Ok(());
    }
    let id = DialectId::ALL[usize::from(head.dialect) % DialectId::ALL.len()];
    let action = &model().actions[usize::from(head.action) % model().actions.len()];
    let Some(dialect) = dialect(id) else { return Ok(()) };
    let asked = if head.json_asked { Format::Json } else { Format::Xml };
    let reply = dialect.decode_response(&action.name, &response, asked);
    let again = |outcome: &Outcome| reread(dialect, action, outcome, format);
    match &reply.outcome {
        Err(unreadable) => demand(!unreadable.why.is_empty(), || "an answer is refused without a reason".into()),
        Ok(Outcome::Error(error)) => {
            // An error without a code is a status alone, and has no document to be written.
            if error.code.trim().is_empty() || !(400..600).contains(&error.status) {
                return Ok(());
            }
            let read = again(&Outcome::Error(error.clone()));
            let same = matches!(&read.outcome, Ok(Outcome::Error(e)) if e.code == error.code && e.status == error.status);
            demand(same, || format!("{error:?} is read again as {:?}", read.outcome))
        }
        Ok(Outcome::Success(tree)) => {
            let patterns = Patterns::new(id, &std::collections::BTreeMap::new())?;
            shape::check(action, id, tree, &patterns);
            let tree = declared(tree, &action.response);
            let read = again(&Outcome::Success(tree.clone()));
            demand(read.outcome == Ok(Outcome::Success(tree.clone())), || format!("{tree:?} is read again as {:?}", read.outcome))
        }
    }
}

/// Written by the server's half and read again.
fn reread(dialect: &dyn Dialect, action: &Action, outcome: &Outcome, format: Format) -> Reply {
    let written: Response = dialect.encode_response(&action.name, outcome, "r-1", format);
    dialect.decode_response(&action.name, &written, format)
}

/// What of a tree the model knows, in name and in type: only that can be written by the server's half.
fn declared(tree: &Map<String, Value>, members: &[Member]) -> Map<String, Value> {
    let known = |member: &Member| {
        let value = typed(tree.get(&member.name)?, &member.ty)?;
        Some((member.name.clone(), value))
    };
    members.iter().filter_map(known).collect()
}

fn typed(value: &Value, ty: &Type) -> Option<Value> {
    match (value, ty) {
        (Value::Object(tree), Type::Struct(name)) => Some(Value::Object(declared(tree, model().structure(name)))),
        (Value::Array(items), Type::List(inner)) => Some(items.iter().filter_map(|item| typed(item, inner)).collect()),
        // A number with a fraction is no value of the API, and need not come back to the last digit.
        (Value::Number(number), Type::Scalar(_)) if number.is_f64() => None,
        (Value::String(_) | Value::Bool(_) | Value::Number(_), Type::Scalar(_)) => Some(value.clone()),
        _ => None,
    }
}
