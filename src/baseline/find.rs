//! Which list of known failures belongs to a target.

use std::io;
use std::path::{Path, PathBuf};

use super::file::Baseline;
use crate::case::diagnostic::Diagnostics;
use crate::target::load;

/// File name of a list beside a target's profile.
const FILE: &str = "baseline.toml";

/// A file with a list, or the place where one would be.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Found {
    /// Its path. Of a target that ships with iamspec and has no folder here: where the folder would be.
    pub file: PathBuf,
    /// Its text; none: there is no such file.
    pub text: Option<String>,
}

/// No list can be read.
#[derive(Debug, thiserror::Error)]
pub enum FindError {
    /// A file that is there, or was named, and cannot be read.
    #[error("cannot read the list of known failures {file}: {why}")]
    Unreadable {
        /// Its path.
        file: PathBuf,
        /// What the system says.
        why: io::Error,
    },
    /// It has mistakes.
    #[error("mistakes in a list of known failures\n{0}")]
    Mistakes(Diagnostics),
}

/// The list in the file `given`, else the one beside the profile of `target` (a name, or the path of a profile); none without either.
///
/// # Errors
/// When a file cannot be read. That it is not there is no error.
pub fn find(given: Option<&Path>, target: Option<&str>) -> Result<Option<Found>, FindError> {
    let beside = |target: &str| {
        let path = Path::new(target);
        let folder = if path.is_dir() { path } else { path.parent().unwrap_or(Path::new("")) };
        folder.join(FILE)
    };
    match (given, target) {
        (Some(file), _) => read(file.to_owned()).map(Some),
        (None, Some(name)) if name.contains(['/', std::path::MAIN_SEPARATOR]) || name.ends_with(".toml") => read(beside(name)).map(Some),
        (None, Some(name)) => Ok(Some(match load::companion(name, FILE) {
            Some((file, text)) => Found { file: file.into(), text: Some(text) },
            None => Found { file: Path::new("targets").join(name).join(FILE), text: None },
        })),
        (None, None) => Ok(None),
    }
}

fn read(file: PathBuf) -> Result<Found, FindError> {
    match std::fs::read_to_string(&file) {
        Ok(text) => Ok(Found { file, text: Some(text) }),
        Err(why) if why.kind() == io::ErrorKind::NotFound => Ok(Found { file, text: None }),
        Err(why) => Err(FindError::Unreadable { file, why }),
    }
}

impl Found {
    /// The list; none where there is no file. `cases`: the ids of the suite.
    ///
    /// # Errors
    /// Every mistake in it.
    pub fn parse<'a>(&self, cases: impl IntoIterator<Item = &'a str>) -> Result<Option<Baseline>, FindError> {
        let Some(text) = &self.text else { return Ok(None) };
        let ids: Vec<&str> = cases.into_iter().collect();
        Baseline::parse(&self.file.display().to_string(), text, &ids).map(Some).map_err(FindError::Mistakes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_named_or_beside_its_target() {
        let folder = std::env::temp_dir().join(format!("iamspec-find-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let path = |name: &str| folder.join(name);
        let found = |given: Option<&str>, target: Option<&Path>| {
            let given = given.map(path);
            find(given.as_deref(), target.and_then(Path::to_str)).unwrap()
        };
        let none = |file: &str| Some(Found { file: path(file), text: None });
        assert_eq!(found(None, None), None);
        assert_eq!(found(Some("mine.toml"), None), none("mine.toml"));
        assert_eq!(found(None, Some(&path("target.toml"))), none("baseline.toml"));
        std::fs::write(path("baseline.toml"), "format = 1\n").unwrap();
        let text = Some("format = 1\n".to_owned());
        for target in [folder.clone(), path("target.toml")] {
            assert_eq!(found(None, Some(&target)), Some(Found { file: path("baseline.toml"), text: text.clone() }));
        }
        assert_eq!(found(Some("mine.toml"), Some(&folder)), none("mine.toml"), "what is named comes first");
        assert!(
            found(None, Some(Path::new("moto"))).is_some_and(|f| f.file == Path::new("targets/moto/baseline.toml") && f.text.is_some())
        );
        assert!(matches!(find(Some(&folder), None), Err(FindError::Unreadable { .. })));
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
