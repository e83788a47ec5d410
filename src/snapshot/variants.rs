//! One file for all configurations: the transcripts that it holds, what they share written once.

use std::fmt;

use super::runs::{gather, spread};
use super::transcript::{Entry, Line, Transcript};
use crate::api::DialectId;
use crate::dialect::Configuration;

/// The contents of a case's snapshot.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Variants {
    /// Transcripts by dialect, or by configuration where those of a dialect differ: `eim`, `aws/xml`.
    columns: Vec<(String, Transcript)>,
}

impl Variants {
    /// What a configuration answers.
    pub fn of(&self, configuration: Configuration) -> Option<&Transcript> {
        let find = |name: String| self.columns.iter().find(|(column, _)| *column == name).map(|(_, transcript)| transcript);
        find(configuration.to_string()).or_else(|| find(configuration.dialect.to_string()))
    }

    /// Whose transcripts there are.
    pub fn columns(&self) -> impl Iterator<Item = &str> {
        self.columns.iter().map(|(name, _)| name.as_str())
    }

    /// Takes the transcripts of a run in place of what was there for the same configurations. Where all those of a dialect agree,
    /// they become one.
    pub fn update(&mut self, taken: Vec<(Configuration, Transcript)>) {
        for dialect in DialectId::ALL {
            let fresh: Vec<_> = taken.iter().filter(|(c, _)| c.dialect == dialect).map(|(c, t)| (c.to_string(), t.clone())).collect();
            if fresh.is_empty() {
                continue;
            }
            let word = dialect.to_string();
            self.columns.retain(|(name, _)| *name != word && !fresh.iter().any(|(fresh, _)| fresh == name));
            self.columns.extend(fresh);
            let of_dialect = |name: &str| name.split('/').next() == Some(word.as_str());
            let mut own = self.columns.iter().filter(|(name, _)| of_dialect(name)).map(|(_, transcript)| transcript);
            let first = own.next().cloned().unwrap_or_default();
            if own.all(|other| *other == first) {
                self.columns.retain(|(name, _)| !of_dialect(name));
                self.columns.push((word, first));
            }
        }
        let place = |name: &str| DialectId::ALL.iter().position(|d| name.split('/').next() == Some(&d.to_string()));
        self.columns.sort_by_key(|(name, _)| (place(name), name.clone()));
    }

    /// Keeps only these columns.
    pub fn retain(&mut self, keep: impl Fn(&str) -> bool) {
        self.columns.retain(|(name, _)| keep(name));
    }

    /// Reads the contents of a file.
    ///
    /// # Errors
    /// When it is none: the line, and what is wrong with it.
    pub fn parse(text: &str) -> Result<Variants, String> {
        let mut lines = text.lines().enumerate();
        let names = lines.next().and_then(|(_, first)| first.strip_prefix("on ")).ok_or("line 1: expected `on` and dialects")?;
        let mut columns: Vec<_> = names.split_whitespace().map(|name| (name.to_owned(), Transcript::default())).collect();
        // Whose call the last one was: a value without marks belongs to all of them.
        let mut callers = names;
        for (number, line) in lines.filter(|(_, line)| !line.trim().is_empty()) {
            let wrong = |what: &str| format!("line {}: {what}", number + 1);
            let (value, line) = line.strip_prefix("  ").map_or((false, line), |value| (true, value));
            let (marks, line) = match line.strip_prefix('[') {
                Some(marked) => marked.split_once("] ").ok_or_else(|| wrong("`[` without `]`"))?,
                None => (if value { callers } else { names }, line),
            };
            if !value {
                callers = marks;
            }
            for mark in marks.split_whitespace() {
                let Some((_, transcript)) = columns.iter_mut().find(|(name, _)| name == mark) else {
                    return Err(wrong(&format!("`{mark}` is not in line 1")));
                };
                match (value, transcript.steps.last_mut()) {
                    (false, _) => transcript.steps.push(Entry::of_head(line).ok_or_else(|| wrong("expected a call and its answer"))?),
                    (true, Some(entry)) => entry.lines.push(Line::parse(line).ok_or_else(|| wrong("expected a path and a value"))?),
                    (true, None) => return Err(wrong("a value of no call")),
                }
            }
        }
        for (_, transcript) in &mut columns {
            transcript.steps = spread(std::mem::take(&mut transcript.steps));
        }
        Ok(Variants { columns })
    }

    fn marks(&self, who: &[usize], all: usize) -> String {
        if who.len() == all {
            return String::new();
        }
        let names: Vec<&str> = who.iter().map(|i| self.columns[*i].0.as_str()).collect();
        format!("[{}] ", names.join(" "))
    }
}

impl fmt::Display for Variants {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "on {}", self.columns().collect::<Vec<_>>().join(" "))?;
        let steps: Vec<Vec<Entry>> = self.columns.iter().map(|(_, transcript)| gather(&transcript.steps)).collect();
        let every: Vec<Vec<String>> = steps.iter().map(|steps| steps.iter().map(Entry::head).collect()).collect();
        // How far each column has been written.
        let mut next = vec![0; self.columns.len()];
        for (head, who) in merge(&every) {
            write!(f, "\n{}{head}", self.marks(&who, self.columns.len()))?;
            let mut values = vec![Vec::new(); self.columns.len()];
            for column in &who {
                let entry = &steps[*column][next[*column]];
                values[*column] = entry.lines.iter().map(Line::to_string).collect();
                next[*column] += 1;
            }
            for (value, whose) in merge(&values) {
                write!(f, "\n  {}{value}", self.marks(&whose, who.len()))?;
            }
        }
        Ok(())
    }
}

/// Sequences made one: each item once, with the indices of the sequences that have it, in an order that all of them keep.
fn merge(sequences: &[Vec<String>]) -> Vec<(String, Vec<usize>)> {
    let mut merged: Vec<(String, Vec<usize>)> = Vec::new();
    for (index, sequence) in sequences.iter().enumerate() {
        let mut at = 0;
        for item in sequence {
            match merged[at..].iter().position(|(have, who)| have == item && !who.contains(&index)) {
                Some(found) => {
                    merged[at + found].1.push(index);
                    at += found + 1;
                }
                None => {
                    merged.insert(at, (item.clone(), vec![index]));
                    at += 1;
                }
            }
        }
    }
    merged
}

#[cfg(test)]
mod tests {
    use super::super::transcript::Label;
    use super::*;
    use crate::dialect::{Format, Style};

    fn configuration(dialect: DialectId, format: Format) -> Configuration {
        Configuration { dialect, format, style: Style::Form }
    }

    const EIM: (DialectId, Format) = (DialectId::Eim, Format::Xml);
    const EIM_JSON: (DialectId, Format) = (DialectId::Eim, Format::Json);
    const AWS: (DialectId, Format) = (DialectId::Aws, Format::Xml);

    /// A transcript of `1 GetUser → 200: Path = "/"; Tags = []`, and so on.
    fn transcript(text: &str) -> Transcript {
        let entry = |line: &str| {
            let (head, values) = line.split_once(": ").unwrap_or((line, ""));
            let lines = values.split("; ").filter_map(Line::parse).collect();
            Entry { lines, ..Entry::of_head(head).expect("a head") }
        };
        Transcript { steps: text.lines().map(entry).collect() }
    }

    fn variants(of: &[((DialectId, Format), &str)]) -> Variants {
        let mut variants = Variants::default();
        variants.update(of.iter().map(|((d, f), text)| (configuration(*d, *f), transcript(text))).collect());
        variants
    }

    #[test]
    fn what_dialects_share_is_written_once() {
        let eim = "1 CreateUser → 200: User.Path = \"/\"\n2 ListUsers → 200: Users = []\n3 GetUser → 404 NoSuchEntity";
        let aws = "1 CreateUser → 200: User.Path = \"/\"; User.Tags = []\n2 ListUsers → 200: IsTruncated = false; Users = []\n\
            3 GetUser → 200: User.Path = \"/a/\"\n4 DeleteUser → 200";
        let both = variants(&[(EIM, eim), (EIM_JSON, eim), (AWS, aws)]);
        let text = "on eim aws\n\n1 CreateUser → 200\n  User.Path = \"/\"\n  [aws] User.Tags = []\n2 ListUsers → 200\n  \
            [aws] IsTruncated = false\n  Users = []\n[aws] 3 GetUser → 200\n  User.Path = \"/a/\"\n[aws] 4 DeleteUser → 200\n\
            [eim] 3 GetUser → 404 NoSuchEntity";
        assert_eq!(both.to_string(), text);
        assert_eq!(Variants::parse(text), Ok(both.clone()));
        assert_eq!(both.of(configuration(EIM_JSON.0, EIM_JSON.1)), Some(&transcript(eim)));
        assert_eq!(both.of(configuration(DialectId::Ecs, Format::Xml)), None);
    }

    #[test]
    fn configurations_of_a_dialect_stand_apart_only_where_they_differ() {
        let (one, two) = ("1 GetUser → 200", "1 GetUser → 500 ServiceFailure");
        let mut apart = variants(&[(EIM, one), (EIM_JSON, two)]);
        assert_eq!(apart.columns().collect::<Vec<_>>(), ["eim/json", "eim/xml"]);
        apart.update(vec![(configuration(EIM_JSON.0, EIM_JSON.1), transcript(one))]);
        assert_eq!(apart.columns().collect::<Vec<_>>(), ["eim"]);
        apart.update(vec![(configuration(AWS.0, AWS.1), transcript(two))]);
        assert_eq!(apart.columns().collect::<Vec<_>>(), ["eim", "aws"]);
        apart.update(vec![(configuration(EIM.0, EIM.1), transcript(two))]);
        assert_eq!(apart.columns().collect::<Vec<_>>(), ["eim", "aws"], "one format speaks for the dialect");
        apart.retain(|name| name == "aws");
        assert_eq!(apart.columns().collect::<Vec<_>>(), ["aws"]);
    }

    #[test]
    fn mistakes_in_a_file_are_named_with_their_line() {
        for (text, why) in [
            ("", "line 1: expected `on`"),
            ("on aws\n\n  a = 1", "line 3: a value of no call"),
            ("on aws\n\n1 GetUser", "line 3: expected a call and its answer"),
            ("on aws\n\n1 GetUser → 200\n  x", "line 4: expected a path and a value"),
            ("on aws\n\n[ecs] 1 GetUser → 200", "line 3: `ecs` is not in line 1"),
            ("on aws\n\n[ecs 1 GetUser → 200", "line 3: `[` without `]`"),
        ] {
            let said = Variants::parse(text).expect_err("a mistake");
            assert!(said.starts_with(why), "{said}");
        }
    }

    #[test]
    fn any_transcripts_are_read_back() {
        arbtest::arbtest(|u| {
            let mut of = Vec::new();
            for column in [EIM, EIM_JSON, AWS] {
                let mut steps = Vec::new();
                for step in 0..u.int_in_range(0..=6)? {
                    if u.ratio(1, 4)? {
                        continue;
                    }
                    let at = if u.ratio(1, 2)? { format!("i={step}") } else { String::new() };
                    let label = Label { step: if at.is_empty() { step } else { 0 }, at, call: "GetUser".into(), principal: None };
                    let answer = if u.ratio(1, 3)? { "404 NoSuchEntity" } else { "200" };
                    let mut lines = Vec::new();
                    for path in ["A", "B", "C"] {
                        if u.ratio(2, 3)? {
                            lines.push(Line { path: path.into(), text: u.int_in_range(0..=2)?.to_string() });
                        }
                    }
                    steps.push(Entry { label, answer: answer.into(), lines });
                }
                of.push((configuration(column.0, column.1), Transcript { steps }));
            }
            let mut variants = Variants::default();
            variants.update(of);
            assert_eq!(Variants::parse(&variants.to_string()), Ok(variants));
            Ok(())
        });
    }
}
