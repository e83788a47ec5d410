//! The answers of one Action in one format, as a snapshot holds them, and where a new one differs.

use std::fmt;

use similar::{DiffTag, TextDiff};

use super::answer::Answer;
use super::index::kind;
use crate::snapshot::compare::NOTHING;
use crate::verdict::SnapshotDifference;

/// What begins the title of an answer.
const TITLE: &str = "=== ";

/// The contents of an Action's snapshot.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answers {
    kept: Vec<Kept>,
}

/// One answer.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Kept {
    title: String,
    case: String,
    text: String,
}

impl Answers {
    /// Reads the contents of a file.
    ///
    /// # Errors
    /// When a title has no case, or something stands in front of the first one.
    pub fn parse(text: &str) -> Result<Answers, String> {
        let mut answers = Answers::default();
        for (number, line) in text.lines().enumerate() {
            let wrong = |what: &str| format!("line {}: {what}", number + 1);
            if let Some(title) = line.strip_prefix(TITLE) {
                let (title, case) = title.split_once(": ").ok_or_else(|| wrong("expected a kind of answer and a case"))?;
                answers.kept.push(Kept { title: title.to_owned(), case: case.to_owned(), text: String::new() });
            } else {
                let last = answers.kept.last_mut().ok_or_else(|| wrong("expected a title"))?;
                last.text.push_str(line);
                last.text.push('\n');
            }
        }
        for kept in &mut answers.kept {
            kept.text.truncate(kept.text.trim_end().len());
        }
        Ok(answers)
    }

    /// Titles of the answers.
    pub fn titles(&self) -> impl Iterator<Item = &str> {
        self.kept.iter().map(|kept| kept.title.as_str())
    }

    /// Keeps only those with these titles.
    pub fn retain(&mut self, keep: impl Fn(&str) -> bool) {
        self.kept.retain(|kept| keep(&kept.title));
    }

    /// Takes an answer in place of the one with its title.
    pub fn put(&mut self, case: &str, answer: &Answer) {
        self.kept.retain(|kept| kept.title != answer.title);
        self.kept.push(Kept { title: answer.title.clone(), case: case.to_owned(), text: answer.text.trim_end().to_owned() });
        self.kept.sort_by(|a, b| (rank(&a.title), &a.title).cmp(&(rank(&b.title), &b.title)));
    }

    /// Where an answer differs from the one with its title. None: there is no such one.
    pub fn compare(&self, file: &str, answer: &Answer) -> Option<Vec<SnapshotDifference>> {
        let kept = self.kept.iter().find(|kept| kept.title == answer.title)?;
        let (old, new): (Vec<&str>, Vec<&str>) = (kept.text.lines().collect(), answer.text.trim_end().lines().collect());
        let changes = TextDiff::from_slices(&old, &new);
        let of = |op: &similar::DiffOp| {
            let side = |lines: &[&str], range: std::ops::Range<usize>| {
                let text = lines[range].iter().map(|line| line.trim()).collect::<Vec<_>>().join(" ");
                if text.is_empty() { NOTHING.to_owned() } else { text }
            };
            let path = if op.old_range().is_empty() { path(&new, op.new_range().start) } else { path(&old, op.old_range().start) };
            SnapshotDifference {
                snapshot: file.to_owned(),
                step: answer.step,
                at: answer.at.clone(),
                path: format!("{} {}", answer.title, path),
                expected: side(&old, op.old_range()),
                actual: side(&new, op.new_range()),
            }
        };
        Some(changes.ops().iter().filter(|op| op.tag() != DiffTag::Equal).map(of).collect())
    }
}

impl fmt::Display for Answers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, kept) in self.kept.iter().enumerate() {
            let gap = if i > 0 { "\n\n" } else { "" };
            write!(f, "{gap}{TITLE}{}: {}\n{}", kept.title, kept.case, kept.text)?;
        }
        Ok(())
    }
}

/// Successes come before refusals.
fn rank(title: &str) -> usize {
    ["success", "empty", "full", "truncated"].iter().position(|k| *k == kind(title)).unwrap_or(usize::MAX)
}

/// Where a line stands: the names of the elements around it, told by indentation.
fn path(lines: &[&str], at: usize) -> String {
    let indent = |line: &str| line.len() - line.trim_start().len();
    let Some(line) = lines.get(at) else { return "body".to_owned() };
    let body = lines.iter().position(|line| line.is_empty()).unwrap_or(lines.len());
    if at < body {
        return line.split_once(": ").map_or("status".to_owned(), |(header, _)| format!("header.{header}"));
    }
    let mut names = vec![name(line)];
    let mut depth = indent(line);
    for line in lines[body..at].iter().rev().filter(|line| !line.is_empty()) {
        if indent(line) < depth {
            depth = indent(line);
            names.push(name(line));
        }
    }
    let names: Vec<&str> = names.into_iter().rev().flatten().collect();
    if names.is_empty() { "body".to_owned() } else { names.join(".") }
}

/// Name of the element or member that a line begins or ends.
fn name(line: &str) -> Option<&str> {
    let line = line.trim_start();
    let xml = line.strip_prefix("</").or(line.strip_prefix('<')).and_then(|tag| tag.split([' ', '>']).next());
    let json = line.strip_prefix('"').and_then(|member| member.split_once("\":")).map(|(name, _)| name);
    xml.map(|name| name.rsplit(':').next().unwrap_or(name)).or(json)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(title: &str, text: &str) -> Answer {
        Answer { action: "GetUser".into(), title: title.into(), step: 1, at: String::new(), text: text.into() }
    }

    const XML: &str = "HTTP 200\ncontent-type: text/xml\n\n<ns2:R xmlns:ns2=\"none\">\n  <User>\n    <Path>/</Path>\n    \
        <UserId><UserId:1></UserId>\n  </User>\n</ns2:R>";
    const JSON: &str = "HTTP 404\ncontent-type: application/json\n\n{\n  \"Errors\": [\n    {\n      \"Code\": \"NoSuchEntity\"\n    \
        }\n  ]\n}";

    fn answers() -> Answers {
        let mut answers = Answers::default();
        answers.put("a/b/c", &answer("NoSuchEntity", JSON));
        answers.put("a/b/d", &answer("success", XML));
        answers
    }

    #[test]
    fn what_is_written_is_read_back() {
        assert_eq!(answers().titles().collect::<Vec<_>>(), ["success", "NoSuchEntity"]);
        assert_eq!(Answers::parse(&answers().to_string()), Ok(answers()));
        assert!(Answers::parse("x").is_err() && Answers::parse("=== x").is_err());
    }

    #[test]
    fn a_difference_names_its_element() {
        let differences = |kind: &str, text: &str| {
            let found = answers().compare("f", &answer(kind, text)).expect("the kind is there");
            found.into_iter().map(|d| [d.path, d.expected, d.actual].join(" | ")).collect::<Vec<_>>()
        };
        assert_eq!(differences("success", XML), [""; 0]);
        let renamed = XML.replace("Path>", "Pfad>");
        assert_eq!(differences("success", &renamed), ["success R.User.Path | <Path>/</Path> | <Pfad>/</Pfad>"]);
        let gone = XML.replace("    <Path>/</Path>\n", "");
        assert_eq!(differences("success", &gone), ["success R.User.Path | <Path>/</Path> | nothing"]);
        let typed = JSON.replace("\"NoSuchEntity\"", "404");
        assert_eq!(differences("NoSuchEntity", &typed), ["NoSuchEntity Errors.Code | \"Code\": \"NoSuchEntity\" | \"Code\": 404"]);
        let head = XML.replace("text/xml", "text/html").replace("200", "201");
        let both = "success status | HTTP 200 content-type: text/xml | HTTP 201 content-type: text/html";
        assert_eq!(differences("success", &head), [both]);
        assert_eq!(answers().compare("f", &answer("full", XML)), None);
    }
}
