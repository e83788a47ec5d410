//! What a run comes to: the files as they should be, and what belongs to nothing.

use std::collections::{BTreeMap, BTreeSet};

use super::{Change, Run, Settled, Snapshots, case_path, wire_path};
use crate::snapshot::file::File;
use crate::snapshot::take::Taken;
use crate::snapshot::variants::Variants;
use crate::snapshot::wire::{Answers, Wanted};

impl Snapshots {
    /// What the run comes to. `whole`: every case was run in every configuration of the reference, so that what belongs to nothing can
    /// be told.
    pub fn settle(&self, whole: bool) -> Settled {
        let run = self.run();
        let mut files: BTreeMap<String, Option<String>> = BTreeMap::new();
        for (path, text) in self.cases(&run).into_iter().chain(self.wires(&run)) {
            files.insert(path, Some(text));
        }
        let mut settled = Settled { met: run.met.iter().map(|(path, _)| path.clone()).collect(), ..Settled::default() };
        if whole {
            for (path, text) in &self.blessed {
                let now = files.get(path).cloned().flatten().unwrap_or_else(|| text.clone());
                let (left, orphans) = without_orphans(path, &now, &run.met);
                settled.orphans.extend(orphans.into_iter().map(|what| format!("{}/{path}: {what}", self.folder)));
                if left.as_ref() != Some(&now) {
                    files.insert(path.clone(), left);
                }
            }
            let shown = |wanted: &&Wanted| {
                run.met.iter().any(|(path, title)| *title == wanted.title && path.ends_with(&format!("/{}.snap", wanted.action)))
            };
            let unshown = self.index.iter().filter(|wanted| !shown(wanted));
            settled.orphans.extend(unshown.map(|w| format!("src/snapshot/wire.toml: {} shows no {} of {}", w.case, w.title, w.action)));
        }
        let changed = |(path, text): (String, Option<String>)| {
            let differs = self.blessed.get(&path) != text.as_ref();
            differs.then_some(Change { path, text })
        };
        settled.changes = files.into_iter().filter_map(changed).collect();
        settled
    }

    /// The files of the cases taken, as they should be.
    fn cases(&self, run: &Run) -> Vec<(String, String)> {
        let mut by_case: BTreeMap<&str, Vec<&Taken>> = BTreeMap::new();
        run.taken.iter().for_each(|taken| by_case.entry(&taken.case).or_default().push(taken));
        let file = |(case, taken): (&str, Vec<&Taken>)| {
            let path = case_path(case);
            let mut variants = self.contents(&path).and_then(|text| Variants::parse(&text).ok()).unwrap_or_default();
            variants.update(taken.iter().map(|t| (t.configuration, t.transcript.clone())).collect());
            let first = taken.first()?;
            let file = File {
                source: first.source.clone(),
                description: first.title.clone(),
                expression: case.to_owned(),
                contents: variants.to_string(),
            };
            Some((path, file.to_string()))
        };
        by_case.into_iter().filter_map(file).collect()
    }

    /// The files of the answers taken, as they should be.
    fn wires(&self, run: &Run) -> Vec<(String, String)> {
        let mut files: BTreeMap<String, (File, Answers)> = BTreeMap::new();
        for taken in &run.taken {
            for answer in &taken.answers {
                let path = wire_path(&answer.action, taken.configuration);
                let (_, answers) = files.entry(path.clone()).or_insert_with(|| {
                    let answers = self.answers(&path).unwrap_or_default();
                    let head = File {
                        source: "src/snapshot/wire.toml".to_owned(),
                        description: String::new(),
                        expression: path.trim_start_matches("wire/").trim_end_matches(".snap").to_owned(),
                        contents: String::new(),
                    };
                    (head, answers)
                });
                answers.put(&taken.case, answer);
            }
        }
        let text = |(path, (head, answers)): (String, (File, Answers))| {
            let file = File { contents: answers.to_string(), ..head };
            (path, file.to_string())
        };
        files.into_iter().map(text).collect()
    }

    fn contents(&self, path: &str) -> Option<String> {
        self.blessed.get(path).and_then(|text| File::parse(text).ok()).map(|file| file.contents)
    }
}

/// A file without what belongs to no case (none: nothing is left), and what that is.
fn without_orphans(path: &str, text: &str, met: &BTreeSet<(String, String)>) -> (Option<String>, Vec<String>) {
    let of_path = |key: &str| met.contains(&(path.to_owned(), key.to_owned()));
    if !met.iter().any(|(met, _)| met == path) {
        return (None, vec!["belongs to no case that runs".to_owned()]);
    }
    // A file that cannot be read is told where it is compared.
    let Ok(file) = File::parse(text) else { return (Some(text.to_owned()), Vec::new()) };
    let mut orphans = Vec::new();
    let contents = if path.starts_with("cases/") {
        let Ok(mut variants) = Variants::parse(&file.contents) else { return (Some(text.to_owned()), orphans) };
        let runs = |column: &str| met.iter().any(|(met, c)| met == path && (c == column || c.split('/').next() == Some(column)));
        orphans.extend(variants.columns().filter(|c| !runs(c)).map(|c| format!("the case does not run on {c}")));
        variants.retain(runs);
        variants.to_string()
    } else {
        let Ok(mut answers) = Answers::parse(&file.contents) else { return (Some(text.to_owned()), orphans) };
        orphans.extend(answers.titles().filter(|title| !of_path(title)).map(|title| format!("no case shows the answer {title}")));
        answers.retain(of_path);
        answers.to_string()
    };
    if orphans.is_empty() {
        return (Some(text.to_owned()), orphans);
    }
    (Some(File { contents, ..file }.to_string()), orphans)
}
