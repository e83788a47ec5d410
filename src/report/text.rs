//! Text for people: escaping of what a target sent, shortening, colours.
//!
//! Whatever comes from a target is hostile until it is escaped: it must neither move a terminal's cursor nor break an XML report.

use std::borrow::Cow;
use std::fmt::Write as _;

/// Whether a character can be shown as it is: no control characters, nothing that reorders or hides text, nothing that XML forbids.
fn plain(c: char) -> bool {
    !(c.is_control()
        || matches!(c, '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
        || matches!(c, '\u{fdd0}'..='\u{fdef}')
        || u32::from(c) & 0xfffe == 0xfffe)
}

/// What the log of a GitHub workflow takes for a command, wherever in a line it stands.
const COMMAND: &str = "##[";

/// `text` on one line, with everything that could do more than be read written as an escape: `\n`, `\u{1b}`.
pub fn printable(text: &str) -> Cow<'_, str> {
    if text.chars().all(plain) && !text.contains(COMMAND) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        match c {
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '[' if out.ends_with("##") => out.push_str("\\u{5b}"),
            c if plain(c) => out.push(c),
            c => {
                let _ = write!(out, "\\u{{{:x}}}", u32::from(c));
            }
        }
    }
    Cow::Owned(out)
}

/// [`printable`] for text of several lines: line feeds (and the carriage return before one) stay line ends.
pub fn printable_lines(text: &str) -> impl Iterator<Item = Cow<'_, str>> {
    text.split('\n').map(|line| printable(line.strip_suffix('\r').unwrap_or(line)))
}

/// [`printable`] and at most `limit` characters, with the full length where something was cut.
pub fn short(text: &str, limit: usize) -> String {
    let shown = printable(text);
    match shown.char_indices().nth(limit) {
        None => shown.into_owned(),
        Some((end, _)) => format!("{}… ({} characters)", &shown[..end], text.chars().count()),
    }
}

/// A count with its noun: `1 case`, `2 cases`.
pub fn count(n: usize, noun: &str) -> String {
    if n == 1 { format!("1 {noun}") } else { format!("{n} {noun}s") }
}

/// Milliseconds as people say them: `340 ms`, `2.4 s`, `3 min 05 s`.
pub fn duration(millis: u64) -> String {
    match millis {
        0..=999 => format!("{millis} ms"),
        1_000..=59_999 => format!("{}.{} s", millis / 1000, millis % 1000 / 100),
        _ => format!("{} min {:02} s", millis / 60_000, millis % 60_000 / 1000),
    }
}

/// Whether output is coloured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Paint(pub bool);

impl Paint {
    /// What went wrong.
    pub fn bad(self, text: &str) -> String {
        self.wrap("1;31", text)
    }

    /// What is as it should be.
    pub fn good(self, text: &str) -> String {
        self.wrap("32", text)
    }

    /// What deserves a look.
    pub fn warn(self, text: &str) -> String {
        self.wrap("33", text)
    }

    /// A heading.
    pub fn bold(self, text: &str) -> String {
        self.wrap("1", text)
    }

    /// Labels and what matters less.
    pub fn dim(self, text: &str) -> String {
        self.wrap("2", text)
    }

    fn wrap(self, code: &str, text: &str) -> String {
        if self.0 { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_a_target_sends_reaches_the_terminal_as_a_command() {
        assert_eq!(printable("a\u{1b}[2Jb\r\n\u{9b}1A\u{202e}x\u{7f}\0"), "a\\u{1b}[2Jb\\r\\n\\u{9b}1A\\u{202e}x\\u{7f}\\u{0}");
        assert_eq!(printable("ü ☃ <&>"), "ü ☃ <&>");
        assert_eq!(printable("# ##[group]x"), "# ##\\u{5b}group]x");
        assert_eq!(printable("\u{ffff}\u{feff}"), "\\u{ffff}\\u{feff}");
        assert_eq!(printable_lines("a\r\nb\u{1b}").collect::<Vec<_>>(), ["a", "b\\u{1b}"]);
    }

    #[test]
    fn long_text_is_cut_at_a_character() {
        assert_eq!(short("ääää", 2), "ää… (4 characters)");
        assert_eq!(short("ääää", 4), "ääää");
    }

    #[test]
    fn times_and_counts_read_well() {
        assert_eq!((duration(7), duration(2_430), duration(185_000)), ("7 ms".into(), "2.4 s".into(), "3 min 05 s".into()));
        assert_eq!((count(1, "case"), count(0, "case")), ("1 case".into(), "0 cases".into()));
        assert_eq!((Paint(false).bad("x"), Paint(true).bad("x")), ("x".into(), "\x1b[1;31mx\x1b[0m".into()));
    }
}
