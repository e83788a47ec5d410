//! One answer as it is kept: status, the headers that matter, and the body as sent, indented, without what is made up.

use serde_json::Value;

use super::index::Wanted;
use super::tree;
use crate::api::{Action, DialectId, Member, Type, model};
use crate::case::Scope;
use crate::case::owned::{ACCOUNT_WIDE, keep_owned};
use crate::dialect::{Outcome, Reply, Response};
use crate::snapshot::mask::{Masks, Place, arn_parts, odd_unless};
use crate::snapshot::refs::Unknown;

/// Headers that are part of the API. Others belong to servers and proxies.
const HEADERS: [&str; 3] = ["content-type", "x-amzn-requestid", "location"];

/// Elements that hold the text of a refusal, over all dialects; the last two in front of the API on ECS.
const MESSAGES: [&str; 4] = ["Message", "Details", "description", "details"];

/// An answer of a run.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The Action.
    pub action: String,
    /// What it is called in the index: its kind, and perhaps what sets it apart.
    pub title: String,
    /// Index of the step that was answered so, from 0.
    pub step: usize,
    /// Row, repetition and page.
    pub at: String,
    /// What is kept of it.
    pub text: String,
}

impl Answer {
    /// Whether it is the one that is wanted.
    pub fn is(&self, wanted: &Wanted) -> bool {
        self.action == wanted.action && self.title == wanted.title
    }
}

/// Of which kind an answer is: `success`, of a list `empty`, `full` or `truncated`, or the error's code. None: of none of them, such
/// as a page of a list with nothing of the case's own on it.
pub fn kind(action: &Action, outcome: &Outcome, scope: &Scope) -> Option<String> {
    let result = match outcome {
        Outcome::Error(error) => return Some(error.code.clone()),
        Outcome::Success(result) => result,
    };
    let list = action.response.iter().find(|m| !action.paginates.is_empty() && matches!(m.ty, Type::List(_)));
    let Some(list) = list else { return Some("success".to_owned()) };
    let mut own = result.clone();
    keep_owned(&action.name, &mut own, Some(scope));
    let empty = own.get(&list.name).and_then(Value::as_array).is_none_or(Vec::is_empty);
    let truncated = result.get("IsTruncated") == Some(&Value::Bool(true));
    let kind = match (empty, truncated) {
        (true, true) => return None,
        (true, false) => "empty",
        (false, false) => "full",
        (false, true) => "truncated",
    };
    Some(kind.to_owned())
}

/// What is kept of an answer that could be read. `masks` are those of this answer alone: it is numbered by itself.
pub fn text(masks: &mut Masks<'_>, action: &Action, response: &Response, reply: &Reply, scope: &Scope) -> String {
    let mut text = format!("HTTP {}\n", response.status);
    for name in HEADERS {
        let Some(value) = response.header(name) else { continue };
        let value = if reply.request_id.as_deref() == Some(value) { request_id(masks, value) } else { masks.inside(value) };
        text.push_str(&format!("{name}: {value}\n"));
    }
    let body = String::from_utf8_lossy(&response.body);
    let json = body.trim_start().starts_with(['{', '[']);
    let nodes = if json { tree::json(&body) } else { tree::xml(&body) };
    let Some(mut nodes) = nodes.filter(|_| !body.trim().is_empty()) else {
        return text + "\n" + &masks.inside(body.trim());
    };
    if let Some((_, list)) = ACCOUNT_WIDE.iter().find(|(name, _)| *name == action.name) {
        nodes.iter_mut().for_each(|node| node.retain(list, &|value| scope.owns(value)));
    }
    let refused = matches!(reply.outcome, Ok(Outcome::Error(_)));
    for node in &mut nodes {
        node.mask(&mut |name, value| *value = masked(masks, action, refused, json, name, value));
    }
    text + "\n" + &tree::print(&nodes, if json { "," } else { "" })
}

/// The value of an element, as written, without what is made up. In XML references stand in braces, so that it stays XML.
fn masked(masks: &mut Masks<'_>, action: &Action, refused: bool, json: bool, name: &str, written: &str) -> String {
    let value = replaced(masks, action, refused, json, name, written);
    if json || value == written { value } else { value.replace('<', "{").replace('>', "}") }
}

fn replaced(masks: &mut Masks<'_>, action: &Action, refused: bool, json: bool, name: &str, written: &str) -> String {
    if refused && MESSAGES.contains(&name) && !written.is_empty() {
        return "<Text>".to_owned();
    }
    if name == "RequestId" && !written.is_empty() {
        return request_id(masks, written);
    }
    // Only PEM text has escapes among what is made up.
    let value: String = match json {
        true => serde_json::from_str(&format!("\"{written}\"")).unwrap_or_else(|_| written.to_owned()),
        false => written.to_owned(),
    };
    match scalar_type(&action.response, name, masks.dialect) {
        _ if value.is_empty() => value,
        Some("arn") => match arn_parts(&value).filter(|_| masks.patterns.arn.matches(&value)) {
            Some((head, account, resource)) => {
                let account = masks.account(account, Unknown::Number);
                format!("{head}{account}:{}", masks.resource(resource))
            }
            None => masks.inside(&value),
        },
        // What a document looks like on the wire is what is to be seen.
        Some("document") => masks.names.of_run(written),
        Some(ty @ ("id" | "access-key-id" | "secret" | "date" | "response-marker" | "certificate-body" | "certificate-chain")) => {
            masks.scalar(Some(ty), &Value::from(value), Place { element: name, ..Place::default() }, Unknown::Number)
        }
        _ => masks.inside(written),
    }
}

fn request_id(masks: &Masks<'_>, value: &str) -> String {
    odd_unless(masks.patterns.request_id.matches(value), "<RequestId>".to_owned())
}

/// The scalar type of the response element of that name; no two of an Action share a name and differ in type.
fn scalar_type<'m>(members: &'m [Member], name: &str, dialect: DialectId) -> Option<&'m str> {
    members.iter().filter(|m| m.on(dialect)).find_map(|member| {
        let mut ty = &member.ty;
        while let Type::List(inner) = ty {
            ty = inner;
        }
        match ty {
            Type::Struct(inner) => scalar_type(model().structure(inner), name, dialect),
            Type::Scalar(ty) if member.name == name => Some(ty.as_str()),
            _ => None,
        }
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::case::vars::tests::scope;
    use crate::dialect::shape::Patterns;
    use crate::dialect::{Configuration, Format, Style, dialect};
    use crate::snapshot::names::Names;
    use crate::snapshot::refs::Refs;

    /// What is kept of an answer in that configuration, and of which kind it is.
    fn kept(dialect_id: DialectId, format: Format, action: &str, outcome: &Outcome) -> (Option<String>, String) {
        let configuration = Configuration { dialect: dialect_id, format, style: Style::Form };
        let codec = dialect(configuration.dialect).expect("a dialect");
        let patterns = Patterns::new(dialect_id, &BTreeMap::new()).expect("compiles");
        let mut masks = Masks { dialect: dialect_id, patterns: &patterns, names: Names::default(), refs: Refs::default() };
        let (action, scope) = (model().action(action).expect("an Action"), scope());
        let response = codec.encode_response(&action.name, outcome, "7a62c49f-347e-4fc4-9331-6e8e00112233", format);
        let reply = codec.decode_response(&action.name, &response, format);
        (kind(action, outcome, &scope), text(&mut masks, action, &response, &reply, &scope))
    }

    fn success(tree: Value) -> Outcome {
        Outcome::Success(tree.as_object().cloned().expect("a result"))
    }

    fn users(names: &[&str], truncated: bool) -> Outcome {
        let user = |name: &&str| {
            let arn = format!("arn:aws:iam::123456789012:user/{name}");
            serde_json::json!({ "UserName": name, "UserId": "AIDAABCDEFGHIJKLMNOP2", "Arn": arn, "CreateDate": "2026-01-31T00:00:00Z" })
        };
        success(serde_json::json!({ "Users": names.iter().map(user).collect::<Vec<_>>(), "IsTruncated": truncated }))
    }

    #[test]
    fn xml_stays_xml_and_json_stays_json() {
        let own = scope().render("${user}").expect("a name");
        let (kind, xml) = kept(DialectId::Aws, Format::Xml, "ListUsers", &users(&["admin", &own], false));
        assert_eq!(kind.as_deref(), Some("full"));
        let (head, body) = xml.split_once("\n\n").expect("a body");
        assert_eq!(head, "HTTP 200\ncontent-type: text/xml\nx-amzn-requestid: <RequestId>");
        assert!(!body.contains("admin") && body.contains("<CreateDate>{Date}</CreateDate>"), "{body}");
        assert!(body.contains("<Arn>arn:aws:iam::{Account:1}:user/") && body.contains("<UserId>{UserId:1}</UserId>"), "{body}");
        assert!(roxmltree::Document::parse(body).is_ok(), "{body}");
        let (_, json) = kept(DialectId::Eim, Format::Json, "ListUsers", &users(&[&own], false));
        let body: Value = serde_json::from_str(json.split_once("\n\n").expect("a body").1).expect("JSON");
        assert_eq!(body["Users"][0]["UserId"], "<UserId:1>");
        assert_eq!(body["ResponseMetadata"]["RequestId"], "<RequestId>");
    }

    #[test]
    fn kinds_look_at_what_the_case_owns() {
        let own = scope().render("${user}").expect("a name");
        let of = |outcome: &Outcome| kept(DialectId::Aws, Format::Xml, "ListUsers", outcome).0;
        assert_eq!(of(&users(&["admin"], false)).as_deref(), Some("empty"));
        assert_eq!(of(&users(&["admin"], true)), None, "others' page");
        assert_eq!(of(&users(&[&own], true)).as_deref(), Some("truncated"));
        let error = crate::dialect::ApiError { status: 404, code: "NoSuchEntity".into(), message: "who?".into() };
        let (kind, text) = kept(DialectId::Aws, Format::Xml, "GetUser", &Outcome::Error(error));
        assert_eq!(kind.as_deref(), Some("NoSuchEntity"));
        assert!(text.contains("<Message>{Text}</Message>"), "{text}");
        assert_eq!(kept(DialectId::Aws, Format::Xml, "DeleteUser", &success(serde_json::json!({}))).0.as_deref(), Some("success"));
    }
}
