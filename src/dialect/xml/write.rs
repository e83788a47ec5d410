//! The server's half: an outcome as an XML body.

use std::borrow::Cow;

use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesEnd, BytesStart, BytesText, Event};
use serde_json::{Map, Value};

use crate::api::{DialectId, Member, Type, model};
use crate::dialect::{ApiError, Outcome, document};

/// How a dialect's server writes XML.
pub(in crate::dialect) struct Layout {
    /// Which dialect: the model knows whose policy documents are not encoded.
    pub dialect: DialectId,
    /// Begins with an XML declaration.
    pub declaration: bool,
    /// Prefix and namespace of the root element, whose content then is in no namespace; none: all is in the API's, without a prefix.
    pub root: Option<(&'static str, &'static str)>,
    /// ResponseMetadata stands before the result.
    pub metadata_first: bool,
    /// Members stand in the order of their names; else in the API model's, and what the model does not know after them.
    pub by_name: bool,
}

/// An answer to a call of `action`; `null` is left out.
pub(in crate::dialect) fn write(layout: &Layout, action: &str, outcome: &Outcome, request_id: &str) -> Vec<u8> {
    let mut body = Body { layout, writer: Writer::new(Vec::new()) };
    if layout.declaration {
        body.event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), Some("yes"))));
    }
    match outcome {
        Outcome::Success(tree) => body.success(action, tree, request_id),
        Outcome::Error(error) => body.error(error, request_id),
    }
    body.writer.into_inner()
}

/// Answers to what no service understands have a namespace of their own on AWS.
fn error_namespace(code: &str) -> &'static str {
    match code {
        "InvalidAction" => "http://webservices.amazon.com/AWSFault/2005-15-09",
        _ => &model().namespace,
    }
}

/// Text as XML carries it: markup escaped, a carriage return as a reference (a reader would make it a line feed), characters that
/// XML 1.0 cannot carry at all replaced by U+FFFD.
fn escape(text: &str) -> Cow<'_, str> {
    let plain = |c: char| match c {
        '&' | '<' | '>' | '"' | '\r' => false,
        '\t' | '\n' => true,
        c => c >= ' ' && !matches!(c, '\u{FFFE}' | '\u{FFFF}'),
    };
    if text.chars().all(plain) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\r' => out.push_str("&#13;"),
            c if plain(c) => out.push(c),
            _ => out.push('\u{FFFD}'),
        }
    }
    Cow::Owned(out)
}

struct Body<'l> {
    layout: &'l Layout,
    writer: Writer<Vec<u8>>,
}

impl Body<'_> {
    fn event(&mut self, event: Event<'_>) {
        // The writer's only errors are those of the medium, and a Vec has none.
        let _ = self.writer.write_event(event);
    }

    /// The root element; `namespace` is the API's for such an answer.
    fn root(&mut self, name: &str, namespace: &str, content: impl FnOnce(&mut Self)) {
        let (name, declared, namespace) = match self.layout.root {
            None => (name.to_owned(), "xmlns".to_owned(), namespace),
            Some((prefix, namespace)) => (format!("{prefix}:{name}"), format!("xmlns:{prefix}"), namespace),
        };
        self.event(Event::Start(BytesStart::new(&name).with_attributes([(declared.as_str(), namespace)])));
        content(self);
        self.event(Event::End(BytesEnd::new(&name)));
    }

    fn element(&mut self, name: &str, content: impl FnOnce(&mut Self)) {
        self.event(Event::Start(BytesStart::new(name)));
        content(self);
        self.event(Event::End(BytesEnd::new(name)));
    }

    fn leaf(&mut self, name: &str, text: &str) {
        self.element(name, |body| body.event(Event::Text(BytesText::from_escaped(escape(text)))));
    }

    fn success(&mut self, action: &str, tree: &Map<String, Value>, request_id: &str) {
        let declared = model().action(action).map(|a| a.response.as_slice()).unwrap_or_default();
        let metadata = |body: &mut Self| body.element("ResponseMetadata", |body| body.leaf("RequestId", request_id));
        self.root(&format!("{action}Response"), &model().namespace, |body| {
            if body.layout.metadata_first {
                metadata(body);
            }
            if !declared.is_empty() || !tree.is_empty() {
                body.element(&format!("{action}Result"), |body| body.members(tree, declared));
            }
            if !body.layout.metadata_first {
                metadata(body);
            }
        });
    }

    fn error(&mut self, error: &ApiError, request_id: &str) {
        self.root("ErrorResponse", error_namespace(&error.code), |body| {
            body.element("Error", |body| {
                body.leaf("Type", if error.status < 500 { "Sender" } else { "Receiver" });
                body.leaf("Code", &error.code);
                body.leaf("Message", &error.message);
            });
            body.leaf("RequestId", request_id);
        });
    }

    fn members(&mut self, tree: &Map<String, Value>, declared: &[Member]) {
        let place = |name: &str| declared.iter().position(|m| m.name == name);
        let mut members: Vec<_> = tree.iter().map(|(name, value)| (place(name), name, value)).collect();
        if self.layout.by_name {
            members.sort_by_key(|(_, name, _)| *name);
        } else {
            members.sort_by_key(|(place, ..)| place.unwrap_or(usize::MAX));
        }
        for (place, name, value) in members {
            // A document that is not encoded is a text like any other.
            let member = place.and_then(|i| declared.get(i)).filter(|m| !m.is_raw(self.layout.dialect));
            self.value(name, value, member.map(|m| &m.ty));
        }
    }

    fn value(&mut self, name: &str, value: &Value, ty: Option<&Type>) {
        match value {
            Value::Null => {}
            Value::Bool(flag) => self.leaf(name, if *flag { "true" } else { "false" }),
            Value::Number(number) => self.leaf(name, &number.to_string()),
            Value::String(text) if is_document(ty) => self.leaf(name, &document::encode(text)),
            Value::String(text) => self.leaf(name, text),
            Value::Array(items) => {
                let inner = if let Some(Type::List(inner)) = ty { Some(&**inner) } else { None };
                self.element(name, |body| items.iter().for_each(|item| body.value("member", item, inner)));
            }
            Value::Object(members) => {
                let declared = if let Some(Type::Struct(name)) = ty { model().structure(name) } else { &[] };
                self.element(name, |body| body.members(members, declared));
            }
        }
    }
}

fn is_document(ty: Option<&Type>) -> bool {
    matches!(ty, Some(Type::Scalar(name)) if name == document::TYPE)
}
