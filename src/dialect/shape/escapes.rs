//! Traces of a text that was escaped once too often.

/// Names of the entities of XML, without the numbered ones.
const ENTITIES: [&str; 5] = ["amp", "lt", "gt", "quot", "apos"];

/// The escapes in a text as a client has read it: entities of XML (`&lt;`, `&#13;`), and the `\"` of JSON.
pub fn escapes(text: &str) -> impl Iterator<Item = &str> {
    let entities = text.match_indices('&').filter_map(move |(at, _)| entity(&text[at..]));
    entities.chain(text.match_indices("\\\"").map(|(_, escape)| escape))
}

/// The entity that a text begins with.
fn entity(text: &str) -> Option<&str> {
    let end = text.bytes().take(12).position(|byte| byte == b';')?;
    let name = text.get(1..end)?;
    let number = |digits: &str| !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_hexdigit());
    (ENTITIES.contains(&name) || name.strip_prefix('#').is_some_and(|n| number(n.trim_start_matches('x')))).then_some(&text[..=end])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_are_found_and_plain_text_is_none() {
        assert_eq!(escapes("a &lt;b&gt; &#13; \\\"").collect::<Vec<_>>(), ["&lt;", "&gt;", "&#13;", "\\\""]);
        for plain in ["", "a & b; c", "&", "&;", "&nbsp", "AT&T", "&#;", "&é;", "\\n \""] {
            assert_eq!(escapes(plain).count(), 0, "{plain}");
        }
    }
}
