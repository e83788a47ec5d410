//! Snapshots on disk, and those that the crate ships with.

use std::collections::BTreeMap;
use std::path::Path;
use std::{fs, io};

use super::store::Change;

include!(concat!(env!("OUT_DIR"), "/snapshots.rs"));

/// What a file is called that a person has not looked at yet: `cargo insta review` finds it by this name.
const PENDING: &str = ".snap.new";

/// The snapshots that the crate ships with, by path below `snapshots/`.
pub fn embedded() -> BTreeMap<String, String> {
    FILES.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect()
}

/// The snapshots in a folder, by path below it; none where there is no such folder.
///
/// # Errors
/// When something in it cannot be read.
pub fn read(dir: &Path) -> io::Result<BTreeMap<String, String>> {
    let mut found = BTreeMap::new();
    for part in ["cases", "wire"] {
        if dir.join(part).is_dir() {
            walk(dir, &dir.join(part), &mut found)?;
        }
    }
    Ok(found)
}

fn walk(root: &Path, dir: &Path, found: &mut BTreeMap<String, String>) -> io::Result<()> {
    for entry in fs::read_dir(dir)? {
        let path = entry?.path();
        if path.is_dir() {
            walk(root, &path, found)?;
        } else if path.extension().is_some_and(|e| e == "snap") {
            let below = path.strip_prefix(root).unwrap_or(&path).to_string_lossy().replace('\\', "/");
            found.insert(below, fs::read_to_string(&path)?);
        }
    }
    Ok(())
}

/// Makes the changes. What was waiting for a review of the same files is gone.
///
/// # Errors
/// When a file cannot be written or removed.
pub fn write(dir: &Path, changes: &[Change]) -> io::Result<()> {
    for change in changes {
        let path = dir.join(&change.path);
        match &change.text {
            Some(text) => {
                fs::create_dir_all(path.parent().unwrap_or(dir))?;
                fs::write(&path, text)?;
            }
            None => absent(&path)?,
        }
    }
    Ok(())
}

/// Offers the changes for review, each in a file beside the snapshot. Offers of an earlier run to the same snapshots (`met`) go.
///
/// # Errors
/// When a file cannot be written or removed.
pub fn offer<'p>(dir: &Path, changes: &[Change], met: impl Iterator<Item = &'p String>) -> io::Result<()> {
    let pending = |path: &str| dir.join(format!("{}{PENDING}", path.trim_end_matches(".snap")));
    for path in met {
        absent(&pending(path))?;
    }
    for change in changes {
        // Removing a file is no matter of a review: it is told as an orphan.
        let Some(text) = &change.text else { continue };
        let path = pending(&change.path);
        fs::create_dir_all(path.parent().unwrap_or(dir))?;
        fs::write(&path, text)?;
    }
    Ok(())
}

fn absent(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(why) if why.kind() != io::ErrorKind::NotFound => Err(why),
        _ => Ok(()),
    }
}
