//! The corpus: every case of the embedded files, or of a folder.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{fs, io};

use sha2::{Digest, Sha256};

use super::diagnostic::{Diagnostic, Diagnostics};
use super::model::Case;
use super::parse;
use crate::verdict::Loc;

include!(concat!(env!("OUT_DIR"), "/cases.rs"));

/// Cases, and the files they come from.
#[derive(Clone, Debug)]
pub struct Corpus {
    /// Every case, by file and then in the order of the file.
    pub cases: Vec<Case>,
    /// SHA-256 over paths and texts, in hex: two runs with the same digest ran the same cases.
    pub digest: String,
    /// Text of each file, by the path that a case's [`Loc`] names.
    pub files: BTreeMap<String, String>,
}

/// Why there is no corpus.
#[derive(Debug, thiserror::Error)]
pub enum CorpusError {
    /// A file or folder cannot be read.
    #[error("cannot read {path}: {source}")]
    Io {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A folder has no case file in it.
    #[error("no case file (*.toml) in {0}")]
    Empty(PathBuf),
    /// Case files with mistakes.
    #[error("{0}")]
    Mistakes(Diagnostics),
}

/// A case file before parsing.
struct File {
    /// Below the folder of cases, with `/`.
    path: String,
    /// As messages name it.
    shown: String,
    text: Vec<u8>,
}

impl Corpus {
    /// The cases that the crate ships with. An error would be a mistake in one of them, which the unit tests would have found.
    pub fn embedded() -> Result<Corpus, Diagnostics> {
        let file =
            |(path, text): &(&str, &str)| File { path: (*path).to_owned(), shown: format!("cases/{path}"), text: text.as_bytes().to_vec() };
        Corpus::of(FILES.iter().map(file).collect())
    }

    /// The cases below a folder (`users/DeleteUser.toml`), or those of a single file, such as an exported finding.
    pub fn from_dir(dir: &Path) -> Result<Corpus, CorpusError> {
        let mut paths = Vec::new();
        let root = if dir.is_file() {
            paths.push(dir.to_owned());
            dir.parent().unwrap_or(Path::new(""))
        } else {
            find(dir, &mut paths)?;
            dir
        };
        if paths.is_empty() {
            return Err(CorpusError::Empty(dir.to_owned()));
        }
        let mut files = Vec::new();
        for path in paths {
            let text = fs::read(&path).map_err(|source| CorpusError::Io { path: path.clone(), source })?;
            let below = path.strip_prefix(root).unwrap_or(&path).to_string_lossy().replace('\\', "/");
            files.push(File { path: below, shown: path.to_string_lossy().into_owned(), text });
        }
        Corpus::of(files).map_err(CorpusError::Mistakes)
    }

    fn of(mut files: Vec<File>) -> Result<Corpus, Diagnostics> {
        files.sort_by(|a, b| a.path.cmp(&b.path));
        let mut hash = Sha256::new();
        let mut corpus = Corpus { cases: Vec::new(), digest: String::new(), files: BTreeMap::new() };
        let mut mistakes = Diagnostics::default();
        for file in files {
            hash.update((file.path.len() as u64).to_be_bytes());
            hash.update(&file.path);
            hash.update((file.text.len() as u64).to_be_bytes());
            hash.update(&file.text);
            match parse_bytes(&file) {
                Ok((cases, text)) => {
                    corpus.cases.extend(cases);
                    corpus.files.insert(file.shown, text);
                }
                Err(wrong) => mistakes.extend(wrong),
            }
        }
        for byte in hash.finalize() {
            let _ = write!(corpus.digest, "{byte:02x}");
        }
        if mistakes.is_empty() { Ok(corpus) } else { Err(mistakes) }
    }

    /// The case of that exact id.
    pub fn case(&self, id: &str) -> Option<&Case> {
        self.cases.iter().find(|c| c.id == id)
    }
}

fn parse_bytes(file: &File) -> Result<(Vec<Case>, String), Diagnostics> {
    match std::str::from_utf8(&file.text) {
        Ok(text) => parse(&file.path, &file.shown, text).map(|cases| (cases, text.to_owned())),
        Err(e) => {
            let text = String::from_utf8_lossy(&file.text);
            let before = &file.text[..e.valid_up_to()];
            let line = before.iter().filter(|b| **b == b'\n').count() + 1;
            let loc = Loc { file: file.shown.clone(), line, column: 1 };
            let span = e.valid_up_to()..e.valid_up_to() + 1;
            let mistake = Diagnostic {
                loc,
                span,
                message: "the file is not UTF-8".to_owned(),
                label: "from here on".to_owned(),
                also: Vec::new(),
                help: None,
            };
            Err(Diagnostics::of(&file.shown, &text, vec![mistake]))
        }
    }
}

/// Adds the case files below a folder.
fn find(dir: &Path, paths: &mut Vec<PathBuf>) -> Result<(), CorpusError> {
    let failed = |source| CorpusError::Io { path: dir.to_owned(), source };
    for entry in fs::read_dir(dir).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        if path.is_dir() {
            find(&path, paths)?;
        } else if path.extension().is_some_and(|e| e == "toml") {
            paths.push(path);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::case::keys::{FREE_FOLDERS, action_folders};

    #[test]
    fn the_embedded_cases_are_sound() {
        let corpus = Corpus::embedded().unwrap_or_else(|wrong| panic!("{wrong}"));
        assert_eq!(corpus.digest.len(), 64);
        let mut ids: Vec<&str> = corpus.cases.iter().map(|c| c.id.as_str()).collect();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), corpus.cases.len());
        let folders: Vec<&str> = action_folders().chain(FREE_FOLDERS.iter().copied()).collect();
        for case in &corpus.cases {
            assert!(folders.contains(&case.family.as_str()), "{}: no such folder", case.id);
            assert!(corpus.files.contains_key(&case.loc.file), "{}", case.id);
        }
    }

    #[test]
    fn folders_and_files_are_read_and_what_cannot_be_is_said() {
        let dir = std::env::temp_dir().join(format!("iamspec-corpus-{}", std::process::id()));
        let clean = |dir: &Path| fs::remove_dir_all(dir);
        fs::create_dir_all(dir.join("workflows")).unwrap();
        assert!(matches!(Corpus::from_dir(&dir), Err(CorpusError::Empty(_))));
        assert!(matches!(Corpus::from_dir(&dir.join("none")), Err(CorpusError::Io { .. })));
        let case = "[[case]]\nid = \"a\"\ntitle = \"t\"\nrequirement = \"delete-user.gone\"\n[[case.step]]\ncall = \"ListUsers\"\n";
        let path = dir.join("workflows/Walk.toml");
        fs::write(&path, case).unwrap();
        let whole = Corpus::from_dir(&dir).unwrap();
        assert!(whole.case("workflows/Walk/a").is_some());
        assert_eq!(Corpus::from_dir(&path).unwrap().cases[0].id, "Walk/a");
        fs::write(&path, case.replace("ListUsers", "ListGroups")).unwrap();
        assert_ne!(Corpus::from_dir(&dir).unwrap().digest, whole.digest);
        fs::write(&path, b"a = 1\n\xff").unwrap();
        let Err(CorpusError::Mistakes(wrong)) = Corpus::from_dir(&dir) else { panic!() };
        assert_eq!(wrong.items()[0].loc.line, 2);
        assert!(wrong.to_string().contains("not UTF-8"));
        clean(&dir).unwrap();
    }
}
