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

#[cfg(test)]
mod tests {
    use regex::Regex;

    use super::super::file::File;
    use super::super::variants::Variants;
    use super::*;

    #[test]
    fn nothing_that_depends_on_a_run_is_in_a_snapshot() {
        let forms = [
            ("a date", r"[0-9]{4}-[0-9]{2}-[0-9]{2}T"),
            ("a host or port", r"127\.0\.0\.1|localhost|https?://[^ ]*:[0-9]+"),
            ("a secret", r"[A-Za-z0-9+/]{40}|BEGIN [A-Z ]*KEY|<secret>"),
            ("a certificate", "BEGIN CERTIFICATE"),
            ("an access key id", r"\bAKIA[A-Z0-9]{16}\b"),
            ("a unique id", r"\bA(IDA|GPA|NPA|SCA)[A-Z0-9]{12,}\b"),
            ("a request id", r"[0-9a-f]{8}-[0-9a-f]{4}-|[0-9a-f]{8}:[0-9a-f]{11}:"),
            ("an account number", r"\b[0-9]{12}\b"),
            ("a name of the run", r"iamspec[-/][a-z0-9]{6}"),
        ]
        .map(|(what, form)| (what, Regex::new(form).expect("compiles")));
        let snapshots = embedded();
        assert!(snapshots.len() > 500, "{} snapshots", snapshots.len());
        for (path, text) in &snapshots {
            // Titles name cases, whose ids may be as long as a secret. Values of tags are what the case file says.
            let said = |line: &str| line.starts_with("===") || (line.contains(".Tags[") && line.contains("].Value = "));
            let contents = File::parse(text).expect("a header").contents;
            let contents: String = contents.lines().filter(|line| !said(line)).map(|line| format!("{line}\n")).collect();
            for (what, form) in &forms {
                assert!(!form.is_match(&contents), "{path} holds {what}: {:?}", form.find(&contents).map(|m| m.as_str()));
            }
        }
        for ((what, form), sample) in forms.iter().zip([
            "2026-01-31T00:00:00Z",
            "http://127.0.0.1:40000/",
            "wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEKEYzz",
            "-----BEGIN CERTIFICATE-----",
            "\"AKIAIOSFODNN7EXAMPLE\"",
            "AIDACKCEVSQ6C2EXAMPLE",
            "7a62c49f-347e-4fc4",
            "arn:aws:iam::123456789012:user/x",
            "iamspec-k3f9a0abcdefgh-user",
        ]) {
            assert!(form.is_match(sample), "{what} is not recognised");
        }
    }

    #[test]
    fn formats_of_a_dialect_are_answered_alike() {
        for (path, text) in embedded().iter().filter(|(path, _)| path.starts_with("cases/")) {
            let variants = File::parse(text).and_then(|file| Variants::parse(&file.contents)).unwrap_or_else(|why| panic!("{path}: {why}"));
            for column in variants.columns() {
                assert!(!column.contains('/'), "{path}: {column} differs from the dialect's other formats");
            }
        }
    }

    #[test]
    fn insta_reads_what_is_shipped() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("snapshots");
        for (path, text) in embedded() {
            let ours = File::parse(&text).expect("a header");
            assert_eq!(ours.to_string(), text, "{path}");
            let theirs = insta::Snapshot::from_file(&root.join(&path)).expect("insta's own reader");
            assert_eq!(theirs.as_text().map(ToString::to_string), Some(ours.contents), "{path}");
            assert_eq!(theirs.metadata().expression(), Some(ours.expression.as_str()), "{path}");
            assert_eq!(theirs.metadata().description().unwrap_or_default(), ours.description, "{path}");
        }
    }

    #[test]
    fn files_are_written_offered_and_removed() {
        let dir = std::env::temp_dir().join(format!("iamspec-snapshots-{}", std::process::id()));
        let path = "cases/users/GetUser/x.snap".to_owned();
        let change = |text: Option<&str>| [Change { path: path.clone(), text: text.map(str::to_owned) }];
        assert_eq!(read(&dir).unwrap(), BTreeMap::new());
        write(&dir, &change(Some("a"))).unwrap();
        offer(&dir, &change(Some("b")), [].iter()).unwrap();
        let pending = dir.join("cases/users/GetUser/x.snap.new");
        assert_eq!(fs::read_to_string(&pending).unwrap(), "b");
        assert_eq!(read(&dir).unwrap(), BTreeMap::from([(path.clone(), "a".to_owned())]), "what is offered is no snapshot");
        offer(&dir, &change(None), [&path].into_iter()).unwrap();
        assert!(!pending.exists() && dir.join(&path).exists());
        write(&dir, &change(None)).unwrap();
        write(&dir, &change(None)).unwrap();
        assert_eq!(read(&dir).unwrap(), BTreeMap::new());
        fs::remove_dir_all(&dir).unwrap();
    }
}
