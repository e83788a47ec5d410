//! The cases that a command is about, and the targets there are.

use std::path::Path;

use super::args::Selection;
use super::fail::Failure;
use crate::case::corpus::{Corpus, CorpusError};
use crate::case::filter::Filter;
use crate::target::Profile;
use crate::target::load;

/// Every case of a folder or file, or those built in.
pub fn all(from: Option<&Path>) -> Result<Corpus, Failure> {
    match from {
        Some(path) => Corpus::from_dir(path).map_err(|why| match why {
            CorpusError::Mistakes(mistakes) => Failure::usage(format!("mistakes in case files\n{mistakes}")),
            other => Failure::usage(other.to_string()),
        }),
        None => Corpus::embedded().map_err(|mistakes| Failure::usage(format!("mistakes in the cases built in\n{mistakes}"))),
    }
}

/// The cases selected. A filter that selects nothing is a mistake.
pub fn load(selection: &Selection) -> Result<Corpus, Failure> {
    let mut corpus = all(selection.cases.as_deref())?;
    let filter = Filter {
        ids: selection.filter.clone(),
        tags: selection.tag.clone(),
        actions: selection.action.clone(),
        requirements: selection.requirement.clone(),
    };
    let selected: Vec<_> = filter.select(&corpus.cases).map_err(|why| Failure::usage(why.to_string()))?.into_iter().cloned().collect();
    corpus.cases = selected;
    Ok(corpus)
}

/// The profiles that `--target NAME` finds: those in `targets/` here, and those built in.
pub fn targets() -> Result<Vec<Profile>, Failure> {
    let mut names: Vec<String> = load::shipped().map(str::to_owned).collect();
    if let Ok(folders) = std::fs::read_dir("targets") {
        names.extend(
            folders.flatten().filter(|f| f.path().join("target.toml").is_file()).map(|f| f.file_name().to_string_lossy().into_owned()),
        );
    }
    names.sort();
    names.dedup();
    names.iter().map(|name| load::load(name).map(|l| l.profile).map_err(|why| Failure::usage(why.to_string()))).collect()
}
