//! Mistakes in case files: where, what, and what was meant.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};

use crate::verdict::Loc;

/// One mistake in a case file.
#[derive(Clone, Debug, PartialEq)]
pub struct Diagnostic {
    /// Where it is.
    pub loc: Loc,
    /// Bytes of the file that are wrong.
    pub span: Range<usize>,
    /// What is wrong, as a fragment in lower case.
    pub message: String,
    /// What stands beside the caret; empty: nothing.
    pub label: String,
    /// Other places that matter, with what they are.
    pub also: Vec<(Range<usize>, String)>,
    /// What to do.
    pub help: Option<String>,
}

/// The mistakes of one or more case files, with the texts that they point into.
#[derive(Clone, Debug, Default)]
pub struct Diagnostics {
    items: Vec<Diagnostic>,
    texts: BTreeMap<String, String>,
}

impl Diagnostics {
    /// The mistakes of one file, in order of place.
    pub fn of(file: &str, text: &str, mut items: Vec<Diagnostic>) -> Diagnostics {
        items.sort_by_key(|d| d.span.start);
        Diagnostics { items, texts: BTreeMap::from([(file.to_owned(), text.to_owned())]) }
    }

    /// Adds the mistakes of other files.
    pub fn extend(&mut self, other: Diagnostics) {
        self.items.extend(other.items);
        self.texts.extend(other.texts);
    }

    /// Every mistake.
    pub fn items(&self) -> &[Diagnostic] {
        &self.items
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// The mistakes as text: each with file, line, the line itself, a caret and what to do. `color`: with terminal colours.
    pub fn render(&self, color: bool) -> String {
        let renderer = if color { Renderer::styled() } else { Renderer::plain() };
        let mut out = String::new();
        for (i, d) in self.items.iter().enumerate() {
            if i > 0 {
                out.push('\n');
            }
            let text = self.texts.get(&d.loc.file).map_or("", String::as_str);
            out.push_str(&renderer.render(&report(d, text)));
            out.push('\n');
        }
        out
    }
}

impl fmt::Display for Diagnostics {
    /// As [`Diagnostics::render`] without colours.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.render(false))
    }
}

impl std::error::Error for Diagnostics {}

fn report<'a>(d: &'a Diagnostic, text: &'a str) -> Vec<Group<'a>> {
    let mut primary = AnnotationKind::Primary.span(within(text, &d.span));
    if !d.label.is_empty() {
        primary = primary.label(&d.label);
    }
    let mut snippet = Snippet::source(text).path(&d.loc.file).annotation(primary);
    for (span, label) in &d.also {
        snippet = snippet.annotation(AnnotationKind::Context.span(within(text, span)).label(label));
    }
    let mut group = Level::ERROR.primary_title(&d.message).element(snippet);
    if let Some(help) = &d.help {
        group = group.element(Level::HELP.message(help));
    }
    vec![group]
}

/// The span, cut to the text and to whole characters: a span that is off must not take the message down with it.
fn within(text: &str, span: &Range<usize>) -> Range<usize> {
    let floor = |at: usize| (0..=at.min(text.len())).rev().find(|i| text.is_char_boundary(*i)).unwrap_or(0);
    let start = floor(span.start);
    start..floor(span.end).max(start)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn diagnostic(span: Range<usize>) -> Diagnostic {
        let loc = Loc { file: "cases/users/X.toml".into(), line: 2, column: 1 };
        let (message, label) = ("unknown key `titel`".to_owned(), "not a key of a case".to_owned());
        Diagnostic { loc, span, message, label, also: vec![(0..8, "of this case".into())], help: Some("did you mean `title`?".into()) }
    }

    #[test]
    fn a_mistake_shows_its_line_and_what_was_meant() {
        let text = "[[case]]\ntitel = \"x\"\n";
        let shown = Diagnostics::of("cases/users/X.toml", text, vec![diagnostic(9..14)]).render(false);
        for part in
            ["error: unknown key `titel`", "cases/users/X.toml:2:1", "2 | titel = \"x\"", "^^^^^ not a key", "did you mean `title`?"]
        {
            assert!(shown.contains(part), "{part:?} in\n{shown}");
        }
        assert!(!shown.contains('\x1b') && Diagnostics::of("f", text, vec![diagnostic(9..14)]).render(true).contains('\x1b'));
    }

    #[test]
    fn spans_that_are_off_do_no_harm() {
        arbtest::arbtest(|u| {
            let text: String = u.arbitrary()?;
            let (a, b): (usize, usize) = (u.int_in_range(0..=60)?, u.int_in_range(0..=60)?);
            Diagnostics::of("f", &text, vec![diagnostic(a..b)]).render(false);
            Ok(())
        });
    }
}
