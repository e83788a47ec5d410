//! The journal: every call that can change the target, on disk before it goes out, with what came of it.
//!
//! Cleanup works from it, after each case and, when a run was killed, in `iamspec sweep`. One JSON object a line; a line that was cut off
//! is left out. The process that writes a journal holds a lock on it for as long as it lives.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};

use super::state::State;
use crate::dialect::Call;

/// A call and what is known of its end.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// The trial that sent it: case id and configuration.
    pub trial: String,
    /// The Action.
    pub action: String,
    /// Its parameters, secrets masked.
    pub params: Vec<(String, String)>,
    /// Whether it took effect.
    pub effect: Effect,
    /// What the answer called the thing: `Arn`, `AccessKeyId`.
    pub made: BTreeMap<String, String>,
}

impl Entry {
    /// First value of a parameter.
    pub fn param(&self, name: &str) -> Option<&str> {
        self.params.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str())
    }
}

/// Whether a call took effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Effect {
    /// It succeeded.
    Done,
    /// It was refused.
    Refused,
    /// No answer, one that cannot be read, or a server error: it may have.
    Unknown,
}

#[derive(Serialize, Deserialize)]
#[serde(tag = "line", rename_all = "lowercase")]
enum Line {
    Run { v: u32, run: String, endpoint: String },
    Call { id: u64, trial: String, action: String, params: Vec<(String, String)> },
    End { id: u64, effect: Effect, made: BTreeMap<String, String> },
    Clean { trial: String },
}

/// The journal of a running process.
pub struct Journal {
    state: State,
    path: PathBuf,
    inner: Mutex<Inner>,
}

struct Inner {
    /// None: nothing outlives the process, so that there is nothing to remove after it.
    file: Option<File>,
    entries: BTreeMap<u64, Entry>,
    next: u64,
}

impl Journal {
    /// Starts a journal in the endpoint's folder.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn create(state: &State, endpoint: &str, run: &str) -> io::Result<Journal> {
        let path = state.dir().join(format!("journal-{run}-{}.ndjson", std::process::id()));
        let file = OpenOptions::new().create(true).append(true).open(&path)?;
        file.lock()?;
        let inner = Inner { file: Some(file), entries: BTreeMap::new(), next: 0 };
        let journal = Journal { state: state.clone(), path, inner: Mutex::new(inner) };
        journal.lock().write(&Line::Run { v: 1, run: run.to_owned(), endpoint: endpoint.to_owned() })?;
        Ok(journal)
    }

    /// A journal that is not on disk, for a target that ends with the process. `state`: the folder for everything else.
    pub fn in_memory(state: &State) -> Journal {
        let inner = Inner { file: None, entries: BTreeMap::new(), next: 0 };
        Journal { state: state.clone(), path: PathBuf::new(), inner: Mutex::new(inner) }
    }

    /// The folder that it is kept in.
    pub fn state(&self) -> &State {
        &self.state
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes a call down, before it goes out. `call` must be free of secrets.
    ///
    /// # Errors
    /// When the file cannot be written: then the call must not be sent.
    pub fn begin(&self, trial: &str, call: &Call) -> io::Result<u64> {
        let mut inner = self.lock();
        let id = inner.next;
        inner.next += 1;
        let (action, params) = (call.action_name().to_owned(), call.params.clone());
        inner.write(&Line::Call { id, trial: trial.to_owned(), action: action.clone(), params: params.clone() })?;
        let entry = Entry { trial: trial.to_owned(), action, params, effect: Effect::Unknown, made: BTreeMap::new() };
        inner.entries.insert(id, entry);
        Ok(id)
    }

    /// Writes down how a call ended.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn end(&self, id: u64, effect: Effect, made: BTreeMap<String, String>) -> io::Result<()> {
        let mut inner = self.lock();
        inner.write(&Line::End { id, effect, made: made.clone() })?;
        if let Some(entry) = inner.entries.get_mut(&id) {
            (entry.effect, entry.made) = (effect, made);
        }
        Ok(())
    }

    /// The calls of a trial that is not cleaned up yet, in order.
    pub fn entries(&self, trial: &str) -> Vec<Entry> {
        self.lock().entries.values().filter(|e| e.trial == trial).cloned().collect()
    }

    /// Notes that nothing of a trial is left.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn cleaned(&self, trial: &str) -> io::Result<()> {
        let mut inner = self.lock();
        inner.entries.retain(|_, e| e.trial != trial);
        inner.write(&Line::Clean { trial: trial.to_owned() })
    }

    /// Ends the journal. The file goes away when nothing is left that it could remove.
    ///
    /// # Errors
    /// When it cannot be removed.
    pub fn close(self) -> io::Result<()> {
        let inner = self.lock();
        if inner.file.is_some() && inner.entries.is_empty() { fs::remove_file(&self.path) } else { Ok(()) }
    }
}

impl Inner {
    /// One write a line: a process that is killed leaves whole lines, or a cut last one.
    fn write(&mut self, line: &Line) -> io::Result<()> {
        let Some(file) = &mut self.file else { return Ok(()) };
        let mut text = serde_json::to_string(line).map_err(io::Error::other)?;
        text.push('\n');
        file.write_all(text.as_bytes())
    }
}

/// The journal of a run that is over, with what it left behind.
#[derive(Debug)]
pub struct Orphan {
    path: PathBuf,
    /// Unique part of the run's names.
    pub run: String,
    /// Calls of trials that were not cleaned up, in order.
    pub entries: Vec<Entry>,
    _lock: File,
}

impl Orphan {
    /// Removes the file, once nothing is left.
    ///
    /// # Errors
    /// When it cannot be removed.
    pub fn remove(self) -> io::Result<()> {
        fs::remove_file(&self.path)
    }
}

/// The journals in an endpoint's folder whose processes have ended. Those of living processes are not touched.
///
/// # Errors
/// When the folder or a file in it cannot be read.
pub fn orphans(state: &State) -> io::Result<Vec<Orphan>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(state.dir())? {
        let path = entry?.path();
        let name = path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
        if !name.starts_with("journal-") {
            continue;
        }
        let file = OpenOptions::new().read(true).write(true).open(&path)?;
        if file.try_lock().is_ok() {
            let (run, entries) = read(&path)?;
            found.push(Orphan { path, run, entries, _lock: file });
        }
    }
    found.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(found)
}

fn read(path: &Path) -> io::Result<(String, Vec<Entry>)> {
    let text = String::from_utf8_lossy(&fs::read(path)?).into_owned();
    let (mut name, mut entries) = (String::new(), BTreeMap::<u64, Entry>::new());
    for line in text.lines().filter_map(|line| serde_json::from_str(line).ok()) {
        match line {
            Line::Run { run, .. } => name = run,
            Line::Call { id, trial, action, params } => {
                entries.insert(id, Entry { trial, action, params, effect: Effect::Unknown, made: BTreeMap::new() });
            }
            Line::End { id, effect, made } => {
                if let Some(entry) = entries.get_mut(&id) {
                    (entry.effect, entry.made) = (effect, made);
                }
            }
            Line::Clean { trial } => entries.retain(|_, e| e.trial != trial),
        }
    }
    Ok((name, entries.into_values().collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state(name: &str) -> (PathBuf, State) {
        let root = std::env::temp_dir().join(format!("iamspec-journal-{name}-{}", std::process::id()));
        let state = State::open("http://127.0.0.1:1", Some(&root)).expect("a folder");
        (root, state)
    }

    #[test]
    fn a_journal_outlives_its_process_and_a_clean_one_does_not() {
        let (root, state) = state("outlives");
        let journal = Journal::create(&state, "http://127.0.0.1:1", "r1").expect("a journal");
        let first = journal.begin("a", &Call::new("CreateUser").with("UserName", "u")).expect("written");
        journal.end(first, Effect::Done, BTreeMap::from([("Arn".into(), "arn:x".into())])).expect("written");
        journal.begin("b", &Call::new("CreateGroup").with("GroupName", "g")).expect("written");
        assert!(orphans(&state).expect("readable").is_empty(), "its process lives");
        journal.cleaned("b").expect("written");
        drop(journal);

        let mut left = orphans(&state).expect("readable");
        assert_eq!(left.len(), 1);
        let orphan = left.remove(0);
        assert_eq!((orphan.run.as_str(), orphan.entries.len()), ("r1", 1));
        assert_eq!((orphan.entries[0].action.as_str(), orphan.entries[0].effect), ("CreateUser", Effect::Done));
        assert_eq!(orphan.entries[0].made["Arn"], "arn:x");
        orphan.remove().expect("removed");

        let journal = Journal::create(&state, "http://127.0.0.1:1", "r2").expect("a journal");
        journal.begin("a", &Call::new("CreateUser")).expect("written");
        journal.cleaned("a").expect("written");
        journal.close().expect("removed");
        assert!(orphans(&state).expect("readable").is_empty());
        let _ = fs::remove_dir_all(root);
    }

    #[test]
    fn a_line_that_was_cut_off_is_left_out() {
        let (root, state) = state("cut");
        let journal = Journal::create(&state, "http://127.0.0.1:1", "r1").expect("a journal");
        journal.begin("a", &Call::new("CreateUser").with("UserName", "u")).expect("written");
        let path = journal.path.clone();
        drop(journal);
        let mut text = fs::read_to_string(&path).expect("readable");
        text.push_str("{\"line\":\"call\",\"id\":1,\"tri");
        fs::write(&path, text).expect("writable");
        assert_eq!(orphans(&state).expect("readable")[0].entries.len(), 1);
        let _ = fs::remove_dir_all(root);
    }
}
