//! Elements as a canonical tree, typed by the API model. What an element holds of another type than declared stays as it is: the
//! shape check, which sees the trees of every format, says so.

use roxmltree::Node;
use serde_json::{Map, Value};

use super::read::text;
use crate::api::{DialectId, Member, Req, ScalarBase, Type, model, req};
use crate::dialect::{Finding, document};

/// Reads trees, and notes what a tree cannot show.
pub(super) struct Tree<'f> {
    pub dialect: DialectId,
    pub findings: &'f mut Vec<Finding>,
}

fn elements<'a, 'i>(node: Node<'a, 'i>) -> impl Iterator<Item = Node<'a, 'i>> {
    node.children().filter(Node::is_element)
}

impl Tree<'_> {
    fn find(&mut self, req: Req, at: &str, text: String) {
        self.findings.push(Finding { req, at: at.to_owned(), text });
    }

    /// The `children` of `node` as members of a structure, each under its name in the API. Of a member that repeats the first counts.
    pub fn members<'a, 'i: 'a>(
        &mut self,
        node: Node<'a, 'i>,
        children: impl Iterator<Item = Node<'a, 'i>>,
        declared: &[Member],
        path: &str,
    ) -> Map<String, Value> {
        self.refuse_mixed(node, path);
        let mut members = Map::new();
        for child in children {
            let name = child.tag_name().name();
            let member = declared.iter().find(|m| m.is_called(name, self.dialect));
            let name = member.map_or(name, |m| &m.name);
            let at = if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
            let raw = member.is_some_and(|m| m.is_raw(self.dialect)) && elements(child).next().is_none();
            let value = if raw {
                Value::String(document::receive_raw(&text(child), &at, self.findings))
            } else {
                self.value(child, member.map(|m| &m.ty), &at)
            };
            if members.contains_key(name) {
                self.find(req::WIRE__SINGLE_ELEMENT, &at, "the element is there more than once".into());
            } else {
                members.insert(name.to_owned(), value);
            }
        }
        members
    }

    fn value(&mut self, node: Node<'_, '_>, ty: Option<&Type>, path: &str) -> Value {
        let leaf = elements(node).next().is_none();
        match ty {
            Some(Type::Scalar(scalar)) if leaf => self.scalar(text(node), scalar, path),
            Some(Type::Struct(_) | Type::List(_)) if leaf && !text(node).trim().is_empty() => Value::String(text(node)),
            Some(Type::Struct(name)) => Value::Object(self.members(node, elements(node), model().structure(name), path)),
            Some(Type::List(inner)) => Value::Array(self.items(node, Some(inner), path)),
            Some(Type::Scalar(_)) | None => self.undeclared(node, path),
        }
    }

    fn items(&mut self, node: Node<'_, '_>, inner: Option<&Type>, path: &str) -> Vec<Value> {
        self.refuse_mixed(node, path);
        let mut items = Vec::new();
        for (i, item) in elements(node).enumerate() {
            let at = format!("{path}[{i}]");
            let name = item.tag_name().name();
            if name != "member" {
                self.find(req::WIRE__LIST_MEMBER, &at, format!("expected <member>, is <{name}>"));
            }
            items.push(self.value(item, inner, &at));
        }
        items
    }

    /// An element that the model does not know there: text, a list where all it holds is `member`, else a structure.
    fn undeclared(&mut self, node: Node<'_, '_>, path: &str) -> Value {
        if elements(node).next().is_none() {
            Value::String(text(node))
        } else if elements(node).all(|n| n.tag_name().name() == "member") {
            Value::Array(self.items(node, None, path))
        } else {
            Value::Object(self.members(node, elements(node), &[], path))
        }
    }

    fn scalar(&mut self, text: String, scalar: &str, path: &str) -> Value {
        match model().base(scalar) {
            ScalarBase::Boolean if text == "true" => Value::Bool(true),
            ScalarBase::Boolean if text == "false" => Value::Bool(false),
            ScalarBase::Integer if !text.starts_with('+') => text.parse::<i64>().map_or(Value::String(text), Value::from),
            ScalarBase::String if scalar == document::TYPE => Value::String(document::receive(&text, path, self.findings)),
            _ => Value::String(text),
        }
    }

    fn refuse_mixed(&mut self, node: Node<'_, '_>, path: &str) {
        let text = text(node);
        if elements(node).next().is_some() && !text.trim().is_empty() {
            let at = if path.is_empty() { node.tag_name().name() } else { path };
            self.find(
                req::WIRE__NO_MIXED_CONTENT,
                at,
                format!("{} characters of text stand between its elements", text.trim().chars().count()),
            );
        }
    }
}
