//! The snapshots of a run: holds each trial against what is blessed, and says in the end what would have to change.

mod settle;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::compare::{NOTHING, compare};
use super::file::File;
use super::take::Taken;
use super::variants::Variants;
use super::wire::{Answers, Wanted};
use crate::dialect::{Configuration, Format};
use crate::verdict::SnapshotDifference;

/// What a run does with snapshots.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Answers are held against them.
    Check,
    /// They become what is answered.
    Update,
}

/// The snapshots of a run. Paths are those below the folder: `cases/users/CreateUser/duplicate.snap`.
#[derive(Debug)]
pub struct Snapshots {
    mode: Mode,
    /// How messages call the folder.
    folder: String,
    /// Answers to keep as they are on the wire.
    index: Vec<Wanted>,
    blessed: BTreeMap<String, String>,
    run: Mutex<Run>,
}

/// What happened so far.
#[derive(Debug, Default)]
struct Run {
    /// What is to be written, now or by a person.
    taken: Vec<Taken>,
    /// Path and configuration, or path and title of an answer, of whatever belongs to something.
    met: BTreeSet<(String, String)>,
}

/// What a run comes to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settled {
    /// Files to write, or to offer for review.
    pub changes: Vec<Change>,
    /// Snapshots that belong to nothing, one line each.
    pub orphans: Vec<String>,
    /// Paths of every snapshot that the run had to do with.
    pub met: BTreeSet<String>,
}

/// A file as it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Below the folder.
    pub path: String,
    /// Its text; none: it should not be there.
    pub text: Option<String>,
}

impl Snapshots {
    /// The snapshots `blessed`, by path, of a folder that messages call `folder`.
    pub fn new(mode: Mode, folder: &str, blessed: BTreeMap<String, String>, index: &[Wanted]) -> Snapshots {
        Snapshots { mode, folder: folder.to_owned(), index: index.to_vec(), blessed, run: Mutex::default() }
    }

    /// What a run does with them.
    pub fn mode(&self) -> Mode {
        self.mode
    }

    /// Answers to keep as they are on the wire.
    pub fn index(&self) -> &[Wanted] {
        &self.index
    }

    fn run(&self) -> MutexGuard<'_, Run> {
        self.run.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A case did not pass: its snapshots stay as they are.
    pub fn spare(&self, case: &str, configuration: Configuration) {
        let mut run = self.run();
        run.met.insert((case_path(case), configuration.to_string()));
        for wanted in self.index.iter().filter(|wanted| wanted.case == case) {
            run.met.insert((wire_path(&wanted.action, configuration), wanted.title.clone()));
        }
    }

    /// A case passed: where its answers differ from what is blessed. With [`Mode::Update`] nothing ever differs.
    pub fn judge(&self, taken: Taken) -> Vec<SnapshotDifference> {
        let differences = match self.mode {
            Mode::Check => self.case(&taken).into_iter().chain(self.wire(&taken)).collect(),
            Mode::Update => Vec::new(),
        };
        let mut run = self.run();
        run.met.insert((case_path(&taken.case), taken.configuration.to_string()));
        for answer in &taken.answers {
            run.met.insert((wire_path(&answer.action, taken.configuration), answer.title.clone()));
        }
        if self.mode == Mode::Update || !differences.is_empty() {
            run.taken.push(taken);
        }
        differences
    }

    fn case(&self, taken: &Taken) -> Vec<SnapshotDifference> {
        let path = case_path(&taken.case);
        let none = || vec![self.difference(&path, "snapshot", &format!("one of {}", taken.configuration), &self.unblessed(taken))];
        let Some(text) = self.blessed.get(&path) else { return none() };
        match File::parse(text).and_then(|file| Variants::parse(&file.contents)) {
            Err(why) => vec![self.difference(&path, "snapshot", "a file that can be read", &why)],
            Ok(variants) => match variants.of(taken.configuration) {
                Some(expected) => compare(&format!("{}/{path}", self.folder), expected, &taken.transcript),
                None => none(),
            },
        }
    }

    fn wire(&self, taken: &Taken) -> Vec<SnapshotDifference> {
        let mut differences = Vec::new();
        for answer in &taken.answers {
            let path = wire_path(&answer.action, taken.configuration);
            match self.answers(&path) {
                Err(why) => differences.push(self.difference(&path, "snapshot", "a file that can be read", &why)),
                Ok(answers) => match answers.compare(&format!("{}/{path}", self.folder), answer) {
                    Some(found) => differences.extend(found),
                    None => {
                        let expected = format!("one of the answer {}", answer.title);
                        differences.push(self.difference(&path, "snapshot", &expected, &self.unblessed(taken)));
                    }
                },
            }
        }
        for wanted in &taken.unseen {
            let path = wire_path(&wanted.action, taken.configuration);
            if self.answers(&path).is_ok_and(|answers| answers.titles().any(|title| title == wanted.title)) {
                differences.push(self.difference(&path, "answer", &wanted.title, NOTHING));
            }
        }
        differences
    }

    /// The answers blessed at that path; none of them is blessed where there is no file.
    fn answers(&self, path: &str) -> Result<Answers, String> {
        match self.blessed.get(path) {
            Some(text) => File::parse(text).and_then(|file| Answers::parse(&file.contents)),
            None => Ok(Answers::default()),
        }
    }

    fn unblessed(&self, taken: &Taken) -> String {
        format!("none: look at what it answers, then bless it with --snapshots update {}", taken.case)
    }

    fn difference(&self, path: &str, what: &str, expected: &str, actual: &str) -> SnapshotDifference {
        SnapshotDifference {
            snapshot: format!("{}/{path}", self.folder),
            step: 0,
            at: String::new(),
            path: what.to_owned(),
            expected: expected.to_owned(),
            actual: actual.to_owned(),
        }
    }
}

fn case_path(case: &str) -> String {
    format!("cases/{case}.snap")
}

/// Request styles are answered alike: only dialect and format tell files apart.
fn wire_path(action: &str, configuration: Configuration) -> String {
    let format = match configuration.format {
        Format::Xml => "xml",
        Format::Json => "json",
    };
    format!("wire/{}/{format}/{action}.snap", configuration.dialect)
}

#[cfg(test)]
mod tests {
    use super::super::transcript::{Entry, Line, Transcript};
    use super::super::wire::Answer;
    use super::*;
    use crate::api::DialectId;
    use crate::dialect::Style;

    const CASE: &str = "users/GetUser/x";
    const FILE: &str = "cases/users/GetUser/x.snap";
    const WIRE: &str = "wire/aws/xml/GetUser.snap";

    fn on(dialect: DialectId, format: Format) -> Configuration {
        Configuration { dialect, format, style: Style::Form }
    }

    fn aws() -> Configuration {
        on(DialectId::Aws, Format::Xml)
    }

    fn index() -> Vec<Wanted> {
        let wanted = |kind: &str| Wanted { action: "GetUser".into(), title: kind.into(), case: CASE.into() };
        vec![wanted("success"), wanted("NoSuchEntity")]
    }

    /// The case answered with that path and success, seen in that configuration.
    fn taken(configuration: Configuration, path: &str) -> Taken {
        let line = Line { path: "User.Path".into(), text: format!("\"{path}\"") };
        let entry = Entry { lines: vec![line], ..Entry::of_head("1 GetUser → 200").expect("a head") };
        let text = format!("HTTP 200\n\n<R>\n  <Path>{path}</Path>\n</R>");
        let answer = Answer { action: "GetUser".into(), title: "success".into(), step: 0, at: String::new(), text };
        Taken {
            case: CASE.into(),
            title: "A user is answered".into(),
            source: "cases/users/GetUser.toml".into(),
            configuration,
            transcript: Transcript { steps: vec![entry] },
            answers: vec![answer],
            unseen: index().split_off(1),
        }
    }

    /// What a run with these answers writes over `blessed`.
    fn updated(mut blessed: BTreeMap<String, String>, all: Vec<Taken>, whole: bool) -> BTreeMap<String, String> {
        let snapshots = Snapshots::new(Mode::Update, "snapshots", blessed.clone(), &index());
        for taken in all {
            assert_eq!(snapshots.judge(taken), []);
        }
        for Change { path, text } in snapshots.settle(whole).changes {
            match text {
                Some(text) => drop(blessed.insert(path, text)),
                None => drop(blessed.remove(&path)),
            }
        }
        blessed
    }

    fn blessed() -> BTreeMap<String, String> {
        updated(BTreeMap::new(), vec![taken(aws(), "/"), taken(on(DialectId::Eim, Format::Json), "/")], true)
    }

    fn checked(blessed: &BTreeMap<String, String>) -> Snapshots {
        Snapshots::new(Mode::Check, "snapshots", blessed.clone(), &index())
    }

    fn told(differences: &[SnapshotDifference]) -> Vec<String> {
        differences.iter().map(|d| format!("{} {}: {} | {}", d.snapshot, d.path, d.expected, d.actual)).collect()
    }

    #[test]
    fn what_is_blessed_is_held_against_every_answer() {
        let blessed = blessed();
        assert_eq!(blessed.keys().collect::<Vec<_>>(), [FILE, WIRE, "wire/eim/json/GetUser.snap"]);
        let snapshots = checked(&blessed);
        assert_eq!(snapshots.judge(taken(aws(), "/")), []);
        assert_eq!(snapshots.settle(false).changes, []);
        let both = snapshots.judge(taken(aws(), "/a/"));
        let expected = [
            format!("snapshots/{FILE} User.Path: \"/\" | \"/a/\""),
            format!("snapshots/{WIRE} success R.Path: <Path>/</Path> | <Path>/a/</Path>"),
        ];
        assert_eq!(told(&both), expected);
        let settled = snapshots.settle(false);
        assert_eq!(settled.changes.iter().map(|c| c.path.as_str()).collect::<Vec<_>>(), [FILE, WIRE]);
        let offered = settled.changes[0].text.clone().expect("a text");
        assert!(offered.contains("[eim] User.Path = \"/\"\n") && offered.contains("[aws] User.Path = \"/a/\"\n"), "{offered}");
        assert_eq!(updated(blessed.clone(), vec![taken(aws(), "/")], true).len(), 2, "eim was not run: nothing of it is left");
    }

    #[test]
    fn what_nobody_blessed_is_told_with_what_to_do() {
        let text = "none: look at what it answers, then bless it with --snapshots update users/GetUser/x";
        let none = told(&checked(&BTreeMap::new()).judge(taken(aws(), "/")));
        let expected = [
            format!("snapshots/{FILE} snapshot: one of aws/xml | {text}"),
            format!("snapshots/{WIRE} snapshot: one of the answer success | {text}"),
        ];
        assert_eq!(none, expected);
        let of_ecs = checked(&blessed()).judge(taken(on(DialectId::Ecs, Format::Xml), "/"));
        assert_eq!(of_ecs.len(), 2, "a dialect that the file does not have");
        let mut broken = blessed();
        broken.insert(FILE.into(), "---\nsource: x\n---\nnonsense\n".into());
        let found = told(&checked(&broken).judge(taken(aws(), "/")));
        assert!(found[0].ends_with("snapshot: a file that can be read | line 1: expected `on` and dialects"), "{found:?}");
    }

    #[test]
    fn an_answer_that_no_longer_comes_is_missed() {
        let mut silent = taken(aws(), "/");
        silent.unseen.extend(index().into_iter().take(1));
        silent.answers.clear();
        assert_eq!(told(&checked(&blessed()).judge(silent)), [format!("snapshots/{WIRE} answer: success | nothing")]);
    }

    #[test]
    fn what_belongs_to_nothing_is_an_orphan_of_a_whole_run() {
        let mut blessed = blessed();
        blessed.insert("cases/users/GetUser/gone.snap".into(), blessed[FILE].clone());
        let snapshots = checked(&blessed);
        snapshots.judge(taken(aws(), "/"));
        assert_eq!(snapshots.settle(false).orphans, [""; 0]);
        let orphans = snapshots.settle(true).orphans;
        let expected = [
            "snapshots/cases/users/GetUser/gone.snap: belongs to no case that runs",
            "snapshots/cases/users/GetUser/x.snap: the case does not run on eim",
            "snapshots/wire/eim/json/GetUser.snap: belongs to no case that runs",
            "src/snapshot/wire.toml: users/GetUser/x shows no NoSuchEntity of GetUser",
        ];
        assert_eq!(orphans, expected);
        assert_eq!(updated(blessed.clone(), vec![taken(aws(), "/")], true).keys().collect::<Vec<_>>(), [FILE, WIRE]);
        assert_eq!(updated(blessed.clone(), vec![taken(aws(), "/")], false), blessed);
    }

    #[test]
    fn a_case_that_does_not_pass_keeps_its_snapshots() {
        let blessed = blessed();
        let snapshots = checked(&blessed);
        for configuration in [aws(), on(DialectId::Eim, Format::Json)] {
            snapshots.spare(CASE, configuration);
        }
        assert_eq!(snapshots.settle(true), Settled { met: snapshots.settle(true).met, ..Settled::default() });
        let update = Snapshots::new(Mode::Update, "snapshots", blessed, &index());
        update.spare(CASE, aws());
        update.spare(CASE, on(DialectId::Eim, Format::Json));
        assert_eq!(update.settle(true).changes, []);
    }
}
