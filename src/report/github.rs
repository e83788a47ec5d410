//! Annotations of a GitHub workflow: lines on standard output that the runner of a job reads as commands.

use std::io::{self, Write};
use std::path::Path;

use super::event::{CaseRecord, Event};
use super::tally::Tally;
use super::text::{count, printable};
use super::view::View;
use crate::api::Level;
use crate::verdict::{Loc, SnapshotDifference, Status};

/// Errors of one step that GitHub shows; it drops the rest without a word.
const SHOWN: usize = 10;

/// Something that went wrong, for an annotation.
#[derive(Clone, Debug, PartialEq)]
pub struct Annotation {
    /// What it is about, in a few words.
    pub title: String,
    /// What happened; may be of several lines.
    pub message: String,
    /// Where to look.
    pub at: Option<Loc>,
}

impl Annotation {
    /// The command that shows it as an error. A place in a file that is not in the working folder (the cases built in, seen from another
    /// project) is told in the message: GitHub could not show it.
    pub fn command(&self) -> String {
        let here = self.at.as_ref().filter(|at| Path::new(&at.file).is_file());
        let place = match here {
            Some(at) if at.line > 0 => format!("file={},line={},", property(&at.file), at.line),
            Some(at) => format!("file={},", property(&at.file)),
            None => String::new(),
        };
        let mut lines: Vec<String> = self.message.split('\n').map(data).collect();
        lines.extend(self.at.as_ref().filter(|_| here.is_none()).map(|at| data(&at.to_string())));
        format!("::error {place}title={}::{}", property(&self.title), lines.join("%0A"))
    }
}

/// Text as the value of a command: what a target sent can neither end the line nor begin a command of its own.
fn data(text: &str) -> String {
    printable(text).replace('%', "%25")
}

/// Text as a property of a command.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

/// Writes as many as GitHub shows. Where there are more, the last one counts the rest.
///
/// # Errors
/// When they cannot be written.
pub fn write(to: &mut dyn Write, annotations: &[Annotation]) -> io::Result<()> {
    let shown = if annotations.len() > SHOWN { SHOWN - 1 } else { annotations.len() };
    for annotation in &annotations[..shown] {
        writeln!(to, "{}", annotation.command())?;
    }
    if annotations.len() > shown {
        let rest = annotations.len() - shown;
        let last = Annotation {
            title: format!("and {rest} more"),
            message: format!("{rest} of {} are not shown here; the log has all of them", count(annotations.len(), "finding")),
            at: None,
        };
        writeln!(to, "{}", last.command())?;
    }
    to.flush()
}

/// Writes an error for each trial, finding and leftover of a run that counts and is not known, when the run has finished.
pub struct Github<W: Write> {
    to: W,
    tally: Tally,
    cases: Vec<CaseRecord>,
    others: Vec<Annotation>,
}

impl<W: Write> Github<W> {
    /// A view that writes to `to`.
    pub fn new(to: W) -> Self {
        Github { to, tally: Tally::new(Level::Should), cases: Vec::new(), others: Vec::new() }
    }

    fn other(&mut self, title: String, message: &str) {
        // A line feed in what a target sent is no line of the message.
        self.others.push(Annotation { title, message: printable(message).into_owned(), at: None });
    }
}

impl<W: Write> View for Github<W> {
    fn event(&mut self, event: &Event) -> io::Result<()> {
        let counted = self.tally.counted;
        self.tally.add(event);
        let counts = self.tally.counted > counted;
        match event {
            Event::Case(record) if counts || record.verdict.status == Status::Error => self.cases.push((**record).clone()),
            Event::Check(check) if counts => {
                let message = format!("{} (in {}, as of {})", check.text, count(check.count, "response"), check.case);
                self.other(format!("{} {} {}", check.requirement, check.action, check.place()), &message);
            }
            Event::Finding(found) if counts => {
                let file = found.file.as_ref().map(|file| format!("; iamspec replay {file}")).unwrap_or_default();
                self.other(format!("{} {}", found.id, found.configuration), &format!("{}: {}{file}", found.fingerprint, found.text));
            }
            Event::Leftover(left) if counts => {
                self.other(format!("{} left behind by {}", left.kind, left.case), &format!("{}: {}", left.name, left.why));
            }
            Event::RunFinished(finished) => {
                self.cases.sort_by(|a, b| (&a.case, &a.configuration).cmp(&(&b.case, &b.configuration)));
                let stopped = finished.stopped.as_ref();
                let stopped = stopped.map(|why| Annotation { title: "the run stopped early".into(), message: why.clone(), at: None });
                let all: Vec<Annotation> =
                    stopped.into_iter().chain(self.cases.iter().map(case)).chain(self.others.iter().cloned()).collect();
                write(&mut self.to, &all)?;
            }
            _ => {}
        }
        Ok(())
    }
}

fn case(record: &CaseRecord) -> Annotation {
    let verdict = &record.verdict;
    let mut lines = vec![record.title.clone()];
    lines.extend(Some(&verdict.reason).filter(|reason| !reason.is_empty()).cloned());
    lines
        .extend(verdict.mismatches.iter().map(|m| format!("step {} {}: expected {}, actual {}", m.step + 1, m.path, m.expected, m.actual)));
    lines.extend(
        verdict.differs.iter().map(|d| format!("step {} {}: the snapshot has {}, actual {}", d.step + 1, d.path, d.expected, d.actual)),
    );
    lines.push(record.repeat.clone());
    Annotation {
        title: format!("{} {}", record.case, record.configuration),
        message: lines.iter().map(|line| printable(line).into_owned()).collect::<Vec<_>>().join("\n"),
        at: verdict.mismatches.first().map(|m| m.loc.clone()).or_else(|| verdict.differs.first().map(snapshot)),
    }
}

/// The file of a snapshot as a place.
fn snapshot(difference: &SnapshotDifference) -> Loc {
    Loc { file: difference.snapshot.clone(), ..Loc::default() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::samples;

    fn written(events: Vec<Event>) -> String {
        let mut bytes = Vec::new();
        let mut view = Github::new(&mut bytes);
        for event in events {
            view.event(&event).unwrap();
        }
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn a_run_reads_like_this() {
        insta::assert_snapshot!(written(samples::run()));
    }

    #[test]
    fn hostile_text_gives_no_command() {
        let hostile = "%0A::add-mask::x\n::stop-commands::y\r\n##[group]z,line=7::\u{1b}[2J";
        let mut record = samples::failure();
        (record.case, record.title) = (hostile.into(), hostile.into());
        record.verdict.mismatches[0].actual = hostile.into();
        let mut left = samples::leftover();
        (left.name, left.why, left.kind) = (hostile.into(), hostile.into(), hostile.into());
        let events = vec![Event::Case(Box::new(record)), Event::Leftover(left), Event::RunFinished(samples::finished())];
        let text = written(events);
        assert_eq!(text.lines().count(), 2, "{text}");
        assert!(text.lines().all(|line| line.starts_with("::error ") && line.matches("::error").count() == 1), "{text}");
        for broken in ["##[", "\u{1b}", "%0A::", "\r"] {
            assert!(!text.contains(broken), "{broken:?} in {text}");
        }
    }

    #[test]
    fn what_is_in_a_file_here_is_shown_there() {
        let at = |file: &str| Some(Loc { file: file.into(), line: 3, column: 1 });
        let annotation = |at| Annotation { title: "a, b: c".into(), message: "100 %".into(), at };
        assert_eq!(annotation(at("Cargo.toml")).command(), "::error file=Cargo.toml,line=3,title=a%2C b%3A c::100 %25");
        assert_eq!(annotation(at("no/such.toml")).command(), "::error title=a%2C b%3A c::100 %25%0Ano/such.toml:3");
    }

    #[test]
    fn the_last_one_counts_those_that_github_would_drop() {
        let many = |n: usize| {
            let mut bytes = Vec::new();
            let one = Annotation { title: "t".into(), message: "m".into(), at: None };
            write(&mut bytes, &vec![one; n]).unwrap();
            String::from_utf8(bytes).unwrap()
        };
        assert_eq!(many(10).lines().count(), 10);
        let text = many(12);
        assert_eq!(text.lines().count(), 10);
        assert!(text.lines().last().is_some_and(|l| l.starts_with("::error title=and 3 more::")), "{text}");
    }

    #[test]
    fn what_is_known_or_weak_is_no_error() {
        let mut weak = samples::failure();
        weak.level = Level::May;
        let mut check = samples::check();
        check.known = Some("declared".into());
        assert_eq!(written(vec![Event::Case(Box::new(weak)), Event::Check(check), Event::RunFinished(samples::finished())]), "");
    }
}
