//! Property tests: on every dialect, in every format and style, the client reads what the server wrote and the other way round.

use arbitrary::{Result, Unstructured};
use arbtest::arbtest;
use serde_json::{Map, Value};

use super::{ApiError, Call, Dialect, FormEncoding, Format, Outcome, Style, Wire, dialect};
use crate::api::{DialectId, Member, ScalarBase, Type, model};

/// Every configuration there is: dialect and format.
fn configurations() -> Vec<(&'static dyn Dialect, Format)> {
    const ALL: [(DialectId, Format); 5] = [
        (DialectId::Aws, Format::Xml),
        (DialectId::Eim, Format::Xml),
        (DialectId::Eim, Format::Json),
        (DialectId::Ecs, Format::Xml),
        (DialectId::Ecs, Format::Json),
    ];
    ALL.into_iter().filter_map(|(id, format)| Some((dialect(id)?, format))).collect()
}

const AWKWARD: [&str; 17] =
    ["{}", "", " ", "\t", "\n", "\r\n", "<", "&", "]]>", "\"'", "&amp;", "%", "%41", "é ÿ", "\u{2028}", "日本", "<!--x-->"];

fn awkward(u: &mut Unstructured) -> Result<String> {
    let mut text = String::new();
    for _ in 0..u.int_in_range(0..=4)? {
        if u.arbitrary()? {
            text.push_str(u.choose(&AWKWARD)?);
        } else {
            text.extend(u.arbitrary::<char>());
        }
    }
    Ok(text)
}

/// The same without what XML 1.0 cannot carry.
fn xml_text(u: &mut Unstructured) -> Result<String> {
    let carried = |c: &char| matches!(c, '\t' | '\n' | '\r') || (*c >= ' ' && !matches!(c, '\u{FFFE}' | '\u{FFFF}'));
    Ok(awkward(u)?.chars().filter(carried).collect())
}

fn tree(u: &mut Unstructured, members: &[Member], dialect: DialectId) -> Result<Map<String, Value>> {
    let mut tree = Map::new();
    for member in members.iter().filter(|m| m.on(dialect)) {
        if u.ratio(3, 4)? {
            // A document that is not encoded can hold what XML can, and no more.
            let value = if member.is_raw(dialect) { xml_text(u)?.into() } else { value(u, &member.ty, dialect)? };
            tree.insert(member.name.clone(), value);
        }
    }
    Ok(tree)
}

fn value(u: &mut Unstructured, ty: &Type, dialect: DialectId) -> Result<Value> {
    Ok(match ty {
        Type::Struct(name) => Value::Object(tree(u, model().structure(name), dialect)?),
        Type::List(inner) => {
            let length = u.int_in_range(0..=3)?;
            Value::Array((0..length).map(|_| value(u, inner, dialect)).collect::<Result<_>>()?)
        }
        Type::Scalar(name) if name == "document" => awkward(u)?.into(),
        Type::Scalar(name) => match model().base(name) {
            ScalarBase::Boolean => u.arbitrary::<bool>()?.into(),
            ScalarBase::Integer => u.arbitrary::<i32>()?.into(),
            ScalarBase::Date | ScalarBase::String => xml_text(u)?.into(),
        },
    })
}

#[test]
fn clients_read_the_results_that_servers_write() {
    for action in &model().actions {
        for (dialect, format) in configurations() {
            arbtest(|u| {
                let outcome = Outcome::Success(tree(u, &action.response, dialect.id())?);
                let response = dialect.encode_response(&action.name, &outcome, "r-1", format);
                let reply = dialect.decode_response(&action.name, &response, format);
                assert_eq!(reply.outcome, Ok(outcome), "{} on {} in {format:?}", action.name, dialect.id());
                assert_eq!(reply.request_id.as_deref(), Some("r-1"));
                assert_eq!(reply.findings, []);
                Ok(())
            })
            .budget_ms(15);
        }
    }
}

#[test]
fn clients_read_the_errors_that_servers_write() {
    for (code, _) in model().codes() {
        for (dialect, format) in configurations() {
            let status = model().status_on(code, dialect.id()).expect("every code has a status");
            arbtest(|u| {
                let message = format!("m{}", xml_text(u)?);
                let outcome = Outcome::Error(ApiError { status, code: code.to_owned(), message });
                let response = dialect.encode_response("CreateUser", &outcome, "r-1", format);
                let reply = dialect.decode_response("CreateUser", &response, format);
                assert_eq!(reply.outcome, Ok(outcome), "{code} on {} in {format:?}", dialect.id());
                assert_eq!((reply.status, reply.request_id.as_deref()), (status, Some("r-1")));
                assert_eq!(reply.findings, []);
                Ok(())
            })
            .budget_ms(10);
        }
    }
}

/// A name of a parameter: any text, or one that a dialect has otherwise on its wire.
fn parameter(u: &mut Unstructured) -> Result<String> {
    if u.ratio(1, 4)? { Ok((*u.choose(&["Scope", "PolicyScope"])?).to_owned()) } else { awkward(u) }
}

fn paths(dialect: DialectId) -> &'static [&'static str] {
    match dialect {
        DialectId::Ecs => &["/iam", "/iam/"],
        DialectId::Eim | DialectId::Aws => &["/"],
    }
}

#[test]
fn servers_read_the_calls_that_clients_write() {
    const STYLES: [(Style, &str); 4] = [(Style::Form, "POST"), (Style::Sigv4, "POST"), (Style::Query, "GET"), (Style::Query, "POST")];
    for (dialect, format) in configurations() {
        for (style, method) in STYLES {
            for form_encoding in [FormEncoding::Plus, FormEncoding::Rfc3986] {
                arbtest(|u| {
                    let path = u.choose(paths(dialect.id()))?;
                    let wire = Wire { format, style, method: method.into(), path: (*path).into(), form_encoding, headers: Vec::new() };
                    let mut call = Call { action: None, version: None, params: Vec::new() };
                    call.action = match u.int_in_range(0..=2)? {
                        0 => None,
                        1 => Some("ListPolicies".into()),
                        _ => Some(awkward(u)?),
                    };
                    call.version = u.arbitrary::<bool>()?.then(|| awkward(u)).transpose()?;
                    for _ in 0..u.int_in_range(0..=5)? {
                        let call = &mut call;
                        call.params.push((parameter(u)?, awkward(u)?));
                    }
                    let request = dialect.encode_request(&call, &wire);
                    let incoming = dialect.decode_request(&request).expect("what the client writes is well-formed");
                    assert_eq!((incoming.call, incoming.format), (call, format));
                    Ok(())
                })
                .budget_ms(40);
            }
        }
    }
}

#[test]
fn no_bytes_make_a_reader_panic() {
    for (dialect, format) in configurations() {
        arbtest(|u| {
            let status = *u.choose(&[200, 302, 400, 500])?;
            let start = *u.choose(&["", "{", "<", "<ErrorResponse>", "<GetUserResponse><GetUserResult>"])?;
            let mut body = start.as_bytes().to_vec();
            body.extend(u.bytes(u.len().min(200))?);
            let response = super::Response { status, headers: Vec::new(), body: body.clone() };
            let _ = dialect.decode_response("GetUser", &response, format);
            let headers = vec![("Content-Type".to_owned(), "application/x-www-form-urlencoded".to_owned())];
            let path = paths(dialect.id())[0].into();
            let request = super::Request { method: "POST".into(), path, query: String::new(), headers, body };
            let _ = dialect.decode_request(&request);
            Ok(())
        });
    }
}
