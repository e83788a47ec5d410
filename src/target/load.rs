//! Finds a target profile: by name on disk, by name among those that ship with the crate, or by path.

use std::path::{Path, PathBuf};

use super::parse::{Problem, parse};
use super::profile::Profile;
use crate::case::suggest::{did_you_mean, one_of};

include!(concat!(env!("OUT_DIR"), "/targets.rs"));

/// File name of a profile in its folder.
const FILE: &str = "target.toml";

/// A profile and where it came from.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// The profile.
    pub profile: Profile,
    /// Path of the file, below `targets/` for one that ships with the crate: for messages.
    pub file: String,
    /// Folder of a profile on disk; what it names relatively (a CA file) is below it.
    pub folder: Option<PathBuf>,
}

/// A profile that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// There is none of that name.
    #[error("no target profile '{name}': looked for targets/{name}/{FILE} here and among those that ship with iamspec ({known}){hint}")]
    Unknown {
        /// The name.
        name: String,
        /// The names there are.
        known: String,
        /// Did you mean …?
        hint: String,
    },
    /// It cannot be read.
    #[error("cannot read the target profile {file}: {source}")]
    Unreadable {
        /// Its path.
        file: String,
        /// Why.
        source: std::io::Error,
    },
    /// It has mistakes.
    #[error("{}", render(file, text, problems))]
    Mistakes {
        /// Its path.
        file: String,
        /// Its text.
        text: String,
        /// What is wrong.
        problems: Vec<Problem>,
    },
}

fn render(file: &str, text: &str, problems: &[Problem]) -> String {
    problems.iter().map(|p| p.render(file, text)).collect::<Vec<_>>().join("\n")
}

/// The profile of that name or path. A path has a slash or ends in `.toml`; a folder stands for the `target.toml` in it.
///
/// # Errors
/// When there is none, or it cannot be read, or has mistakes.
pub fn load(name: &str) -> Result<Loaded, LoadError> {
    if name.contains(['/', std::path::MAIN_SEPARATOR]) || name.ends_with(".toml") {
        return from_disk(Path::new(name));
    }
    let here = Path::new("targets").join(name);
    if !name.is_empty() && here.join(FILE).is_file() {
        return from_disk(&here);
    }
    match companion(name, FILE) {
        Some((file, text)) => read(&file, &text, None),
        None => {
            let known: Vec<&str> = shipped().collect();
            let hint = did_you_mean(name, known.iter().copied()).map(|h| format!("; {h}")).unwrap_or_default();
            let known = if known.is_empty() { "none".to_owned() } else { one_of(known) };
            Err(LoadError::Unknown { name: name.to_owned(), known, hint })
        }
    }
}

/// Names of the profiles that ship with the crate.
pub fn shipped() -> impl Iterator<Item = &'static str> {
    PROFILES.iter().filter_map(|(path, _)| path.strip_suffix(FILE)?.strip_suffix('/'))
}

/// Path and text of another file of a target, `baseline.toml`: in `targets/<name>/` on disk, else as it ships with the crate.
pub fn companion(name: &str, file: &str) -> Option<(String, String)> {
    let path = format!("targets/{name}/{file}");
    if let Ok(text) = std::fs::read_to_string(&path) {
        return Some((path, text));
    }
    let below = format!("{name}/{file}");
    PROFILES.iter().find(|(p, _)| *p == below).map(|(_, text)| (path, (*text).to_owned()))
}

fn from_disk(path: &Path) -> Result<Loaded, LoadError> {
    let path = if path.is_dir() { path.join(FILE) } else { path.to_owned() };
    let file = path.display().to_string();
    match std::fs::read_to_string(&path) {
        Ok(text) => read(&file, &text, path.parent()),
        Err(source) => Err(LoadError::Unreadable { file, source }),
    }
}

fn read(file: &str, text: &str, folder: Option<&Path>) -> Result<Loaded, LoadError> {
    match parse(text) {
        Ok(mut profile) => {
            let folder = folder.map(Path::to_owned);
            if let (Some(folder), Some(ca)) = (&folder, &mut profile.tls.ca) {
                *ca = folder.join(&*ca).display().to_string();
            }
            Ok(Loaded { profile, file: file.to_owned(), folder })
        }
        Err(problems) => Err(LoadError::Mistakes { file: file.to_owned(), text: text.to_owned(), problems }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shipped_profile_is_sound_and_bears_its_folders_name() {
        for name in shipped() {
            let (file, text) = companion(name, FILE).unwrap();
            let loaded = read(&file, &text, None).unwrap_or_else(|e| panic!("{e}"));
            assert_eq!(loaded.profile.name, name);
        }
    }

    #[test]
    fn what_is_not_there_is_said() {
        let e = load("no-such-target").unwrap_err().to_string();
        assert!(e.contains("'no-such-target'") && e.contains("targets/no-such-target/target.toml"), "{e}");
        let e = load("./nowhere/target.toml").unwrap_err().to_string();
        assert!(e.contains("./nowhere/target.toml"), "{e}");
    }

    #[test]
    fn a_folder_is_read_and_its_ca_is_below_it() {
        let folder = std::env::temp_dir().join(format!("iamspec-load-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join(FILE), "name = \"t\"\n[tls]\nca = \"ca.pem\"\n").unwrap();
        let loaded = load(&format!("{}/", folder.display())).unwrap();
        assert_eq!(loaded.profile.tls.ca, Some(folder.join("ca.pem").display().to_string()));
        std::fs::write(folder.join(FILE), "nam = \"t\"\n").unwrap();
        let e = load(&folder.join(FILE).display().to_string()).unwrap_err().to_string();
        assert!(e.contains("did you mean `name`?"), "{e}");
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
