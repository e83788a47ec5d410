//! A body as a tree of what was sent, token for token, so that it can be indented, cut down and masked without being written anew.

use std::fmt::Write as _;

/// Deeper bodies are shown as they are. Answers have a depth of ten.
const DEEPEST: usize = 64;

/// An element or member with the tokens around it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Node {
    /// Without anything inside but a value.
    Leaf {
        /// Name of the element or member; empty: an item of a list.
        name: String,
        /// `<Path>`, `"Path": "`.
        before: String,
        /// As it is written, escapes and all.
        value: String,
        /// `</Path>`, `"`.
        after: String,
    },
    /// With others inside.
    Branch {
        /// Name of the element or member; empty: an item of a list, or the whole.
        name: String,
        /// `<User>`, `"User": {`.
        open: String,
        /// What is inside.
        children: Vec<Node>,
        /// `</User>`, `}`.
        close: String,
    },
}

impl Node {
    /// Calls `mask` with the name and value of every leaf.
    pub fn mask(&mut self, mask: &mut impl FnMut(&str, &mut String)) {
        match self {
            Node::Leaf { name, value, .. } => mask(name, value),
            Node::Branch { children, .. } => children.iter_mut().for_each(|child| child.mask(mask)),
        }
    }

    /// Drops the items of the lists of that name that are not to be kept: those with no value for which `keep` is true.
    pub fn retain(&mut self, list: &str, keep: &impl Fn(&str) -> bool) {
        let Node::Branch { name, children, .. } = self else { return };
        if name == list {
            children.retain_mut(|item| {
                let mut kept = false;
                item.mask(&mut |_, value| kept |= keep(value));
                kept
            });
        }
        children.iter_mut().for_each(|child| child.retain(list, keep));
    }

    fn print(&self, depth: usize, separator: &str, out: &mut String) {
        let indent = "  ".repeat(depth);
        match self {
            Node::Leaf { before, value, after, .. } => {
                let _ = write!(out, "{indent}{before}{value}{after}");
            }
            Node::Branch { open, children, close, .. } if children.is_empty() => {
                let _ = write!(out, "{indent}{open}{close}");
            }
            Node::Branch { open, children, close, .. } => {
                let _ = writeln!(out, "{indent}{open}");
                for (i, child) in children.iter().enumerate() {
                    child.print(depth + 1, separator, out);
                    out.push_str(if i + 1 < children.len() { separator } else { "" });
                    out.push('\n');
                }
                let _ = write!(out, "{indent}{close}");
            }
        }
    }
}

/// Nodes as indented text; `separator` stands between neighbours.
pub fn print(nodes: &[Node], separator: &str) -> String {
    let mut out = String::new();
    for (i, node) in nodes.iter().enumerate() {
        out.push_str(if i > 0 { "\n" } else { "" });
        node.print(0, separator, &mut out);
    }
    out
}

/// An XML document that is known to be well-formed. `<X/>` is read as `<X></X>`. None: it is nothing of what answers are made of.
pub fn xml(text: &str) -> Option<Vec<Node>> {
    // Name, opening tag and children so far of each element that is open; the first is the document.
    let mut open: Vec<(String, String, Vec<Node>)> = vec![Default::default()];
    let mut rest = text.trim();
    let mut value = String::new();
    while !rest.is_empty() {
        let Some(tag) = rest.strip_prefix('<') else {
            let end = rest.find('<').unwrap_or(rest.len());
            value = rest[..end].to_owned();
            rest = &rest[end..];
            continue;
        };
        let end = tag_end(tag)?;
        let (tag, after) = (&tag[..end], &tag[end + 1..]);
        rest = after;
        if tag.starts_with('?') {
            open.last_mut()?.2.push(leaf("", format!("<{tag}>"), String::new(), String::new()));
        } else if let Some(name) = tag.strip_prefix('/') {
            let (opened, start, children) = open.pop()?;
            let local = local(&opened).to_owned();
            let close = format!("</{name}>");
            let node = match children.is_empty() {
                true => leaf(&local, start, std::mem::take(&mut value), close),
                false => Node::Branch { name: local, open: start, children, close },
            };
            open.last_mut()?.2.push(node);
        } else if tag.starts_with('!') || open.len() > DEEPEST {
            return None;
        } else {
            let name = tag.split(|c: char| c.is_whitespace() || c == '/').next()?;
            match tag.strip_suffix('/') {
                Some(empty) => {
                    let start = format!("<{}>", empty.trim_end());
                    open.last_mut()?.2.push(leaf(local(name), start, String::new(), format!("</{name}>")));
                }
                None => open.push((name.to_owned(), format!("<{tag}>"), Vec::new())),
            }
        }
        value.clear();
    }
    let (.., nodes) = open.pop()?;
    open.is_empty().then_some(nodes)
}

/// Where a tag ends: at the `>` that stands in no attribute.
fn tag_end(tag: &str) -> Option<usize> {
    let mut quote = None;
    tag.char_indices().find_map(|(at, c)| {
        match (quote, c) {
            (None, '>') => return Some(at),
            (None, '"' | '\'') => quote = Some(c),
            (Some(open), c) if c == open => quote = None,
            _ => {}
        }
        None
    })
}

fn local(name: &str) -> &str {
    name.rsplit(':').next().unwrap_or(name)
}

fn leaf(name: &str, before: String, value: String, after: String) -> Node {
    Node::Leaf { name: name.to_owned(), before, value, after }
}

/// A JSON document that is known to be one.
pub fn json(text: &str) -> Option<Vec<Node>> {
    let (node, rest) = json_value(text.trim(), "", "", 0)?;
    rest.trim().is_empty().then(|| vec![node])
}

/// A value behind `key`, as printed, and what comes after it.
fn json_value<'t>(text: &'t str, name: &str, key: &str, depth: usize) -> Option<(Node, &'t str)> {
    let text = text.trim_start();
    let first = text.chars().next().filter(|_| depth <= DEEPEST)?;
    match first {
        '{' | '[' => {
            let close = if first == '{' { "}" } else { "]" };
            let (mut rest, mut children) = (text[1..].trim_start(), Vec::new());
            while !rest.starts_with(close) {
                let (mut name, mut key) = (String::new(), String::new());
                if first == '{' {
                    let end = string_end(rest)?;
                    name = serde_json::from_str(&rest[..end]).ok()?;
                    key = format!("{}: ", &rest[..end]);
                    rest = rest[end..].trim_start().strip_prefix(':')?;
                }
                let (child, after) = json_value(rest, &name, &key, depth + 1)?;
                children.push(child);
                rest = after.trim_start();
                rest = rest.strip_prefix(',').unwrap_or(rest).trim_start();
            }
            let node = Node::Branch { name: name.to_owned(), open: format!("{key}{first}"), children, close: close.to_owned() };
            Some((node, &rest[1..]))
        }
        '"' => {
            let end = string_end(text)?;
            let node = leaf(name, format!("{key}\""), text[1..end - 1].to_owned(), "\"".to_owned());
            Some((node, &text[end..]))
        }
        _ => {
            let end = text.find(|c: char| c.is_whitespace() || ",]}".contains(c)).unwrap_or(text.len());
            Some((leaf(name, key.to_owned(), text[..end].to_owned(), String::new()), &text[end..])).filter(|_| end > 0)
        }
    }
}

/// Where a string that begins the text ends, quotes included.
fn string_end(text: &str) -> Option<usize> {
    let mut escaped = false;
    let inside = text.strip_prefix('"')?;
    let end = inside.find(|c: char| {
        let ends = c == '"' && !escaped;
        escaped = c == '\\' && !escaped;
        ends
    })?;
    Some(end + 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    const XML: &str = "<?xml version=\"1.0\"?>\n<ns2:R xmlns:ns2=\"a>b\"><L><member><N>a &amp; b</N></member><member><N>c</N></member></L>\
        <E/><F></F></ns2:R>";
    const JSON: &str = "{\"L\":[{\"N\":\"a \\\"b\\\"\"},{\"N\":\"c\"}],\"E\":[],\"n\":1,\"m\" : {\"t\":true}}";

    #[test]
    fn xml_is_indented_as_it_was_sent() {
        let mut nodes = xml(XML).expect("well-formed");
        let lines = "<?xml version=\"1.0\"?>\n<ns2:R xmlns:ns2=\"a>b\">\n  <L>\n    <member>\n      <N>a &amp; b</N>\n    </member>\n    \
            <member>\n      <N>c</N>\n    </member>\n  </L>\n  <E></E>\n  <F></F>\n</ns2:R>";
        assert_eq!(print(&nodes, ""), lines);
        nodes.iter_mut().for_each(|n| n.retain("L", &|value| value == "c"));
        assert!(!print(&nodes, "").contains("amp") && print(&nodes, "").contains("<N>c</N>"));
        nodes.iter_mut().for_each(|n| n.retain("L", &|_| false));
        assert!(print(&nodes, "").contains("  <L></L>\n"));
    }

    #[test]
    fn json_is_indented_as_it_was_sent() {
        let mut nodes = json(JSON).expect("JSON");
        let lines = "{\n  \"L\": [\n    {\n      \"N\": \"a \\\"b\\\"\"\n    },\n    {\n      \"N\": \"c\"\n    }\n  ],\n  \
            \"E\": [],\n  \"n\": 1,\n  \"m\": {\n    \"t\": true\n  }\n}";
        assert_eq!(print(&nodes, ","), lines);
        nodes[0].retain("L", &|value| value == "c");
        assert_eq!(print(&nodes, ",").matches("\"N\"").count(), 1);
        let mut seen = Vec::new();
        nodes[0].mask(&mut |name, value| seen.push(format!("{name}={value}")));
        assert_eq!(seen, ["N=c", "n=1", "t=true"]);
    }

    #[test]
    fn what_is_neither_is_none() {
        for text in ["<a>", "<a", "</a>", "<!DOCTYPE a><a/>", "<a></a></b>"] {
            assert_eq!(xml(text), None, "{text}");
        }
        for text in ["{", "[1", "{\"a\"}", "\"a", "", "[1] 2"] {
            assert_eq!(json(text), None, "{text}");
        }
        assert_eq!(json(&"[".repeat(100_000)), None);
        arbtest::arbtest(|u| {
            let text: String = u.arbitrary()?;
            let _ = (xml(&text), json(&text));
            Ok(())
        });
    }
}
