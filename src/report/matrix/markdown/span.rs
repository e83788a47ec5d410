//! Text inside of Markdown: what a target sent is a code span, or nothing that Markdown or HTML reads.

use std::fmt::Write as _;

use crate::report::text::{printable, short};

/// Characters of a value that are shown.
const VALUE: usize = 200;

/// [`short`] for a value.
pub fn short_of(text: &str) -> String {
    short(text, VALUE)
}

/// A code span, with a fence longer than any in the text.
pub fn code(text: &str) -> String {
    let text = printable(text);
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or_default();
    let fence = "`".repeat(longest + 1);
    let pad = if text.starts_with(['`', ' ']) || text.ends_with(['`', ' ']) { " " } else { "" };
    match text.is_empty() {
        true => "(empty)".into(),
        false => format!("{fence}{pad}{text}{pad}{fence}"),
    }
}

/// A cell of a table: bare where every character is plain, else a code span in which a pipe does not end the cell.
pub fn cell(text: &str) -> String {
    let bare = |c: char| c.is_ascii_alphanumeric() || " .-_/:".contains(c);
    let link = text.contains("//") || text.contains("www.");
    if text.chars().all(bare) && !link && !text.contains("__") { text.into() } else { code(text).replace('|', "\\|") }
}

/// Text inside of HTML.
pub fn html(text: &str) -> String {
    entities(text, ".-")
}

/// A sentence: read as it is, whatever Markdown or HTML would make of it. No link is made of a part of it, and an underscore means nothing
/// inside of a word.
pub fn prose(text: &str) -> String {
    if text.contains("www.") || text.contains("://") {
        return html(text);
    }
    let word = |c: Option<&u8>| c.is_some_and(u8::is_ascii_alphanumeric);
    let inside = text.match_indices('_').all(|(at, _)| at > 0 && word(text.as_bytes().get(at - 1)) && word(text.as_bytes().get(at + 1)));
    entities(text, if inside { ".,:;'()/-=?+%_" } else { ".,:;'()/-=?+%" })
}

/// `text` with an entity for everything but letters, digits, blanks and `plain`.
fn entities(text: &str, plain: &str) -> String {
    let entity =
        |c: char| if c.is_alphanumeric() || c == ' ' || plain.contains(c) { c.to_string() } else { format!("&#{};", u32::from(c)) };
    printable(text).chars().map(entity).collect()
}

/// A line of a table.
pub fn row(out: &mut String, cells: impl Iterator<Item = String>) {
    let _ = writeln!(out, "| {} |", cells.collect::<Vec<_>>().join(" | "));
}

/// Begins a part that is folded; `summary` is HTML.
pub fn open(out: &mut String, summary: &str) {
    let _ = writeln!(out, "<details><summary>{summary}</summary>\n");
}

/// Ends it.
pub fn close(out: &mut String) {
    out.truncate(out.trim_end().len());
    out.push_str("\n\n</details>\n\n");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_target_sent_is_code_or_nothing() {
        assert_eq!(code("a`b``c"), "```a`b``c```");
        assert_eq!(code("`"), "`` ` ``");
        assert_eq!(code("a\n<img onerror=x>"), "`a\\n<img onerror=x>`");
        assert_eq!(cell("a|b"), "`a\\|b`");
        assert_eq!((cell("moto 5.2.5"), cell("https://x")), ("moto 5.2.5".into(), "`https://x`".into()));
        assert_eq!(html("<b>&"), "&#60;b&#62;&#38;");
        assert_eq!(prose("A user's name, of 64"), "A user's name, of 64");
        assert_eq!(prose("[a](b) *c* |"), "&#91;a&#93;(b) &#42;c&#42; &#124;");
        assert_eq!(prose("http://x @y <z>"), "http&#58;&#47;&#47;x &#64;y &#60;z&#62;");
        assert_eq!(prose("www.a/b"), "www.a&#47;b");
        assert_eq!((prose("so: aws4_request"), prose("_so_")), ("so: aws4_request".into(), "&#95;so&#95;".into()));
    }
}
