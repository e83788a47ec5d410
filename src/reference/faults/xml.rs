//! Edits of XML documents as the reference writes them: elements without attributes but the root's namespace.

/// The document with another name for an element, wherever it stands.
pub(super) fn rename(document: &str, from: &str, to: &str) -> String {
    let pairs =
        [(format!("<{from}>"), format!("<{to}>")), (format!("</{from}>"), format!("</{to}>")), (format!("<{from}/>"), format!("<{to}/>"))];
    pairs.iter().fold(document.to_owned(), |text, (from, to)| text.replace(from, to))
}

/// The first element of that name: where it begins and ends, and where what it holds begins and ends.
struct Place {
    begin: usize,
    inner: (usize, usize),
    end: usize,
}

fn find(document: &str, name: &str) -> Option<Place> {
    let (open, close) = (format!("<{name}>"), format!("</{name}>"));
    let begin = document.find(&open)?;
    let inner = begin + open.len();
    let close_at = inner + document[inner..].find(&close)?;
    Some(Place { begin, inner: (inner, close_at), end: close_at + close.len() })
}

/// The document without the first element of that name, and that element.
pub(super) fn cut(document: &str, name: &str) -> Option<(String, String)> {
    let place = find(document, name)?;
    Some(([&document[..place.begin], &document[place.end..]].concat(), document[place.begin..place.end].to_owned()))
}

/// The document with the first element of that name a second time.
pub(super) fn double(document: &str, name: &str) -> Option<String> {
    let place = find(document, name)?;
    Some([&document[..place.end], &document[place.begin..]].concat())
}

/// The document with `text` before what the first element of that name holds.
pub(super) fn insert(document: &str, name: &str, text: &str) -> Option<String> {
    let place = find(document, name)?;
    Some([&document[..place.inner.0], text, &document[place.inner.0..]].concat())
}

/// The document with `text` before the end of the root element.
pub(super) fn append(document: &str, text: &str) -> Option<String> {
    let end = document.rfind("</")?;
    Some([&document[..end], text, &document[end..]].concat())
}

/// The document with `text` after the beginning of the root element.
pub(super) fn prepend(document: &str, root: &str, text: &str) -> Option<String> {
    let begin = document.find(&format!("{root} "))?;
    let at = begin + document[begin..].find('>')? + 1;
    Some([&document[..at], text, &document[at..]].concat())
}

/// Name of the first element that holds text and nothing else, `RequestId` left aside.
pub(super) fn first_leaf(document: &str) -> Option<String> {
    let mut rest = document;
    while let Some(at) = rest.find('<') {
        rest = &rest[at + 1..];
        let name = &rest[..rest.find('>')?];
        let after = &rest[name.len() + 1..];
        let text = &after[..after.find('<')?];
        if name != "RequestId" && !text.is_empty() && after[text.len()..].starts_with(&format!("</{name}>")) {
            return Some(name.to_owned());
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    const DOCUMENT: &str = "<R xmlns=\"n\"><S><Path>/</Path><L><member>a</member></L></S><M><RequestId>r</RequestId></M></R>";

    #[test]
    fn elements_are_found_moved_and_renamed() {
        assert_eq!(first_leaf(DOCUMENT).as_deref(), Some("Path"));
        assert!(rename(DOCUMENT, "member", "item").contains("<item>a</item>"));
        let (without, metadata) = cut(DOCUMENT, "M").unwrap();
        assert_eq!(metadata, "<M><RequestId>r</RequestId></M>");
        assert_eq!(append(&without, &metadata).as_deref(), Some(DOCUMENT));
        assert!(prepend(&without, "<R", &metadata).unwrap().starts_with("<R xmlns=\"n\"><M>"));
        assert!(double(DOCUMENT, "Path").unwrap().contains("<Path>/</Path><Path>/</Path>"));
        assert!(insert(DOCUMENT, "S", "x").unwrap().contains("<S>x<Path>"));
        assert_eq!(cut(DOCUMENT, "None"), None);
    }
}
