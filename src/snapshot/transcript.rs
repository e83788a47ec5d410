//! A canonical transcript: what was called, what came back, a line for each value.

use std::fmt;

/// What one configuration answered in a case.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Transcript {
    /// The calls in order.
    pub steps: Vec<Entry>,
}

/// A call and its answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Which call.
    pub label: Label,
    /// Status, and the code of a refusal: `200`, `409 DeleteConflict`.
    pub answer: String,
    /// The result, in the order of paths.
    pub lines: Vec<Line>,
}

/// Which call of a case: unique in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    /// Index of the step, from 0.
    pub step: usize,
    /// Row and repetition: `row=empty i=3`.
    pub at: String,
    /// Action.
    pub call: String,
    /// The variable that holds the key it is sent with; none: the main principal.
    pub principal: Option<String>,
}

/// A value of a result tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// `User.Path`, `Users[0].UserId`.
    pub path: String,
    /// A reference, or the value as JSON.
    pub text: String,
}

impl fmt::Display for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.step + 1)?;
        if !self.at.is_empty() {
            write!(f, " [{}]", self.at)?;
        }
        write!(f, " {}", self.call)?;
        match &self.principal {
            Some(principal) => write!(f, " as {principal}"),
            None => Ok(()),
        }
    }
}

impl Entry {
    /// The line above its values: `3 [row=empty] GetUser as key → 200`.
    pub fn head(&self) -> String {
        format!("{} → {}", self.label, self.answer)
    }

    /// Reads [`Entry::head`].
    pub fn of_head(text: &str) -> Option<Entry> {
        let (label, answer) = text.split_once(" → ")?;
        let (number, rest) = label.split_once(' ')?;
        let (at, rest) = match rest.strip_prefix('[') {
            Some(rest) => rest.split_once("] ")?,
            None => ("", rest),
        };
        let (call, principal) = match rest.split_once(" as ") {
            Some((call, principal)) => (call, Some(principal.to_owned())),
            None => (rest, None),
        };
        let step = number.parse::<usize>().ok()?.checked_sub(1)?;
        let label = Label { step, at: at.to_owned(), call: call.to_owned(), principal };
        Some(Entry { label, answer: answer.to_owned(), lines: Vec::new() })
    }
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} = {}", self.path, self.text)
    }
}

impl Line {
    /// Reads a line as [`Display`](fmt::Display) writes it.
    pub fn parse(text: &str) -> Option<Line> {
        let (path, text) = text.split_once(" = ")?;
        Some(Line { path: path.to_owned(), text: text.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heads_are_read_as_they_are_written() {
        for (at, call, principal) in [("", "GetUser", None), ("row=a-b i=3", "ListUsers", Some("key")), ("", "", None)] {
            let label = Label { step: 2, at: at.into(), call: call.into(), principal: principal.map(str::to_owned) };
            let entry = Entry { label, answer: "409 DeleteConflict".into(), lines: Vec::new() };
            assert_eq!(Entry::of_head(&entry.head()), Some(entry));
        }
        for none in ["", "3 GetUser", "x GetUser → 200", "0 GetUser → 200", "3 [a GetUser → 200"] {
            assert_eq!(Entry::of_head(none), None, "{none}");
        }
    }
}
