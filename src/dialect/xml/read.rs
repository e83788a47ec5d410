//! The client's half: an XML body as an outcome. Documents that are not well-formed are refused.

use roxmltree::{Document, Node};
use serde_json::Map;

use super::tree::Tree;
use crate::api::{Action, Req, model, req};
use crate::dialect::reply::{Body, Expected, Source};
use crate::dialect::{ApiError, Finding, Outcome, Unreadable};

/// Deepest nesting of elements that is read; the API needs 7.
const DEPTH: usize = 64;

/// Namespace of AWS's answers to what no service understands.
const FAULT_NAMESPACE: &str = "http://webservices.amazon.com/AWSFault/2005-15-09";

/// In which namespace the elements of an answer are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::dialect) enum Namespace {
    /// In any.
    Any,
    /// All in the API's.
    Api,
    /// The root element in this one, what is in it in none.
    RootOnly(&'static str),
}

/// Where ResponseMetadata stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::dialect) enum Metadata {
    /// Before the result or after it.
    Anywhere,
    /// Before it.
    First,
    /// After it.
    Last,
}

/// What an XML answer to a call of `action` says.
pub(in crate::dialect) fn read(expected: &Expected, action: &str, status: u16, body: &[u8]) -> Result<Body, Unreadable> {
    let text = std::str::from_utf8(body)
        .map_err(|e| malformed(format!("the body is no UTF-8 from byte {} of {} on", e.valid_up_to(), body.len())))?;
    if is_page(text) {
        let why = "the body is an HTML page, not an answer of the API".into();
        return Err(Unreadable { why, req: req::WIRE__ENVELOPE });
    }
    let document = Document::parse(text).map_err(|e| malformed(explain(&e, text)))?;
    refuse_depth(&document)?;
    let mut reader = Reader { expected, action, status, findings: Vec::new() };
    let root = document.root_element();
    if let Some(body) = management(root, status).filter(|_| expected.management) {
        return Ok(body);
    }
    let is_answer = !action.is_empty() && name(root) == format!("{action}Response");
    let is_error = matches!(name(root), "ErrorResponse" | "Error") || (status >= 400 && !is_answer);
    let mut body = if is_error { reader.error(root)? } else { reader.success(root)? };
    reader.namespace(root);
    body.findings.append(&mut reader.findings);
    Ok(body)
}

/// Pages are seldom well-formed XML; that they are pages says more.
fn is_page(text: &str) -> bool {
    let start = text.trim_start_matches(|c: char| c.is_whitespace() || c == '\u{feff}');
    ["<!doctype html", "<html"].iter().any(|page| start.get(..page.len()).is_some_and(|s| s.eq_ignore_ascii_case(page)))
}

fn malformed(why: String) -> Unreadable {
    Unreadable { why, req: req::WIRE__WELL_FORMED }
}

/// The parser's complaint, with the place where it has none of its own.
fn explain(error: &roxmltree::Error, text: &str) -> String {
    use roxmltree::Error;
    match error {
        Error::UnclosedRootNode | Error::UnexpectedEndOfStream => {
            format!("malformed XML: the document ends after {} bytes, before its root element does", text.len())
        }
        Error::NoRootNode => "malformed XML: the document has no root element".into(),
        Error::DtdDetected => "the document has a DTD, which is never read".into(),
        other => format!("malformed XML: {other} (line:column)"),
    }
}

/// The parser takes any depth; what comes after it recurses.
fn refuse_depth(document: &Document<'_>) -> Result<(), Unreadable> {
    let mut level = vec![document.root_element()];
    for _ in 0..DEPTH {
        level = level.into_iter().flat_map(elements).collect();
    }
    let Some(deepest) = level.first() else { return Ok(()) };
    let at = document.text_pos_at(deepest.range().start);
    Err(malformed(format!("elements are nested more than {DEPTH} deep at {at} (line:column)")))
}

fn elements<'a, 'i>(node: Node<'a, 'i>) -> impl Iterator<Item = Node<'a, 'i>> {
    node.children().filter(Node::is_element)
}

fn name<'a>(node: Node<'a, '_>) -> &'a str {
    node.tag_name().name()
}

fn child<'a, 'i>(node: Node<'a, 'i>, named: &str) -> Option<Node<'a, 'i>> {
    elements(node).find(|n| name(*n) == named)
}

/// The text of an element, comments and the like left out.
pub(super) fn text(node: Node<'_, '_>) -> String {
    node.children().filter(Node::is_text).filter_map(|n| n.text()).collect()
}

/// An error of the layer in front of Dell's API, `<error>` with a number as its code: to be read, but no answer of the API.
fn management(root: Node<'_, '_>, status: u16) -> Option<Body> {
    let part = |named: &str| child(root, named).map(text).filter(|text| !text.trim().is_empty());
    let code = part("code").filter(|code| name(root) == "error" && code.bytes().all(|b| b.is_ascii_digit()))?;
    let message = [part("description"), part("details")].into_iter().flatten().collect::<Vec<_>>().join(": ");
    let outcome = Outcome::Error(ApiError { status, code, message });
    Some(Body { outcome, source: Source::Management, request_id: None, error_type: None, findings: Vec::new() })
}

struct Reader<'r> {
    expected: &'r Expected,
    action: &'r str,
    status: u16,
    findings: Vec<Finding>,
}

impl Reader<'_> {
    fn find(&mut self, req: Req, at: &str, text: impl Into<String>) {
        self.findings.push(Finding { req, at: at.to_owned(), text: text.into() });
    }

    fn namespace(&mut self, root: Node<'_, '_>) {
        let fault = name(root) == "ErrorResponse" && root.tag_name().namespace() == Some(FAULT_NAMESPACE);
        let (req, outside, inside) = match self.expected.namespace {
            Namespace::Any => return,
            Namespace::Api if fault => (req::WIRE__NAMESPACE, FAULT_NAMESPACE, Some(FAULT_NAMESPACE)),
            Namespace::Api => (req::WIRE__NAMESPACE, model().namespace.as_str(), Some(model().namespace.as_str())),
            Namespace::RootOnly(namespace) => (req::ECS__XML_NAMESPACE, namespace, None),
        };
        let expected = |n: &Node<'_, '_>| if *n == root { Some(outside) } else { inside };
        let odd = root.descendants().filter(Node::is_element).find(|n| n.tag_name().namespace() != expected(n));
        if let Some(node) = odd {
            let label = |namespace: Option<&str>| namespace.map_or("no namespace".to_owned(), |n| format!("namespace {n}"));
            let (expected, seen) = (label(expected(&node)), label(node.tag_name().namespace()));
            self.find(req, name(node), format!("expected {expected}, the element is in {seen}"));
        }
    }

    fn success(&mut self, root: Node<'_, '_>) -> Result<Body, Unreadable> {
        let expected = format!("{}Response", self.action);
        if name(root) != expected {
            // An answer of another make is read as far as it goes; a page or the like is no answer at all.
            if !name(root).ends_with("Response") {
                let why = format!("the root element is <{}>, neither <{expected}> nor <ErrorResponse>", name(root));
                return Err(Unreadable { why, req: req::WIRE__ENVELOPE });
            }
            self.find(req::WIRE__ROOT_ELEMENT, "root element", format!("expected <{expected}>, is <{}>", name(root)));
        }
        let metadata = child(root, "ResponseMetadata");
        let request_id = match (metadata.and_then(|m| child(m, "RequestId")), child(root, "RequestId")) {
            (Some(id), _) => Some(text(id)),
            (None, Some(id)) => {
                self.find(req::WIRE__REQUEST_ID_PLACE, "RequestId", "expected in ResponseMetadata, stands in the root element");
                Some(text(id))
            }
            (None, None) => None,
        };
        let outcome = Outcome::Success(self.result(root, metadata));
        Ok(Body { outcome, source: Source::Api, request_id, error_type: None, findings: Vec::new() })
    }

    fn result(&mut self, root: Node<'_, '_>, metadata: Option<Node<'_, '_>>) -> Map<String, serde_json::Value> {
        let action = model().action(self.action);
        let expected = format!("{}Result", self.action);
        let others: Vec<_> = elements(root).filter(|n| !matches!(name(*n), "ResponseMetadata" | "RequestId")).collect();
        let result = others.iter().find(|n| name(**n) == expected).or_else(|| others.iter().find(|n| name(**n).ends_with("Result")));
        let result = result.copied();

        let has_output = action.is_none_or(|a: &Action| !a.response.is_empty());
        match result {
            Some(node) if !has_output => {
                self.find(req::WIRE__NO_RESULT_ELEMENT, name(node), format!("{} has no output, the answer has a result", self.action));
            }
            Some(node) if name(node) != expected => {
                self.find(req::WIRE__RESULT_ELEMENT, name(node), format!("expected <{expected}>, is <{}>", name(node)));
            }
            Some(_) => {
                if let Some(extra) = others.iter().find(|n| Some(**n) != result) {
                    self.find(req::WIRE__RESULT_ELEMENT, name(*extra), format!("only <{expected}> is expected beside ResponseMetadata"));
                }
            }
            None if has_output => {
                self.find(req::WIRE__RESULT_ELEMENT, "root element", format!("expected <{expected}>, there is none"));
            }
            None => {}
        }
        if let (Some(result), Some(metadata)) = (result, metadata) {
            let first = metadata.range().start < result.range().start;
            match self.expected.metadata {
                Metadata::Last if first => {
                    self.find(req::WIRE__METADATA_LAST, "ResponseMetadata", "stands before the result, expected after it");
                }
                Metadata::First if !first => {
                    self.find(req::ECS__METADATA_FIRST, "ResponseMetadata", "stands after the result, expected before it");
                }
                _ => {}
            }
        }
        let declared = action.map(|a| a.response.as_slice()).unwrap_or_default();
        let mut tree = Tree { dialect: self.expected.dialect, findings: &mut self.findings };
        match result {
            Some(node) => tree.members(node, elements(node), declared, ""),
            None => tree.members(root, others.into_iter(), declared, ""),
        }
    }

    fn error(&mut self, root: Node<'_, '_>) -> Result<Body, Unreadable> {
        // The envelope of the API is <ErrorResponse><Error>; others are read too, so that what they say can be shown and compared.
        let descendants = || root.descendants().filter(Node::is_element);
        let envelope = (name(root) == "ErrorResponse").then(|| child(root, "Error")).flatten();
        let error = envelope.or_else(|| descendants().find(|n| name(*n) == "Error")).unwrap_or(root);
        let part = |suffix: &str| child(error, suffix).or_else(|| descendants().find(|n| name(*n).ends_with(suffix))).map(text);

        let code = match part("Code") {
            Some(code) => code,
            None if name(root).ends_with("Exception") => name(root).to_owned(),
            None => {
                let why = format!("status {}, and the root element <{}> holds no error code", self.status, name(root));
                return Err(Unreadable { why, req: req::WIRE__ENVELOPE });
            }
        };
        match envelope {
            None => self.find(
                req::WIRE__ERROR_ENVELOPE,
                "root element",
                format!("expected <ErrorResponse> with an <Error>, the root element is <{}>", name(root)),
            ),
            Some(error) => {
                if let Some(missing) = ["Type", "Code", "Message"].into_iter().find(|part| child(error, part).is_none()) {
                    self.find(req::WIRE__ERROR_ENVELOPE, missing, format!("<Error> has no <{missing}>"));
                }
            }
        }
        let request_id = match child(root, "RequestId") {
            Some(id) => Some(text(id)),
            None => {
                let elsewhere = descendants().find(|n| matches!(name(*n), "RequestId" | "RequestID"));
                if let Some(id) = elsewhere {
                    let parent = id.parent_element().map(name).unwrap_or_default();
                    self.find(req::WIRE__REQUEST_ID_PLACE, "RequestId", format!("expected beside <Error>, stands in <{parent}>"));
                }
                elsewhere.map(text)
            }
        };
        let message = part("Message").unwrap_or_default();
        let outcome = Outcome::Error(ApiError { status: self.status, code, message });
        Ok(Body { outcome, source: Source::Api, request_id, error_type: child(error, "Type").map(text), findings: Vec::new() })
    }
}
