//! Where two transcripts differ: step, path, both sides.

use super::transcript::{Entry, Label, Line, Transcript};
use crate::verdict::SnapshotDifference;

/// What stands for the side that has nothing.
pub const NOTHING: &str = "nothing";

/// The differences between the transcript of a snapshot and that of a run, in order. `file`: the snapshot's.
pub fn compare(file: &str, expected: &Transcript, actual: &Transcript) -> Vec<SnapshotDifference> {
    let mut differences = Vec::new();
    let mut tell = |label: &Label, path: &str, expected: &str, actual: &str| {
        differences.push(SnapshotDifference {
            snapshot: file.to_owned(),
            step: label.step,
            at: label.at.clone(),
            path: path.to_owned(),
            expected: expected.to_owned(),
            actual: actual.to_owned(),
        });
    };
    let (mut old, mut new) = (expected.steps.as_slice(), actual.steps.as_slice());
    loop {
        match (old, new) {
            ([], []) => return differences,
            ([a, old_rest @ ..], [b, new_rest @ ..]) if a.label == b.label => {
                answers(a, b, &mut tell);
                (old, new) = (old_rest, new_rest);
            }
            // Whichever side has a call that the other one does not have later, either.
            (rest, [b, new_rest @ ..]) if !rest.iter().any(|a| a.label == b.label) => {
                tell(&b.label, "call", NOTHING, &b.head());
                new = new_rest;
            }
            ([a, old_rest @ ..], _) => {
                tell(&a.label, "call", &a.head(), NOTHING);
                old = old_rest;
            }
            ([], [b, new_rest @ ..]) => {
                tell(&b.label, "call", NOTHING, &b.head());
                new = new_rest;
            }
        }
    }
}

fn answers(old: &Entry, new: &Entry, tell: &mut impl FnMut(&Label, &str, &str, &str)) {
    if old.answer != new.answer {
        tell(&old.label, "status", &old.answer, &new.answer);
        return;
    }
    let text = |lines: &[Line], path: &str| lines.iter().find(|l| l.path == path).map_or(NOTHING.to_owned(), |l| l.text.clone());
    for line in &old.lines {
        let now = text(&new.lines, &line.path);
        if now != line.text {
            tell(&old.label, &line.path, &line.text, &now);
        }
    }
    for line in new.lines.iter().filter(|l| !old.lines.iter().any(|o| o.path == l.path)) {
        tell(&old.label, &line.path, NOTHING, &line.text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn transcript(steps: &[&str]) -> Transcript {
        let entry = |text: &&str| {
            let (head, values) = text.split_once(": ").unwrap_or((text, ""));
            Entry { lines: values.split("; ").filter_map(Line::parse).collect(), ..Entry::of_head(head).expect("a head") }
        };
        Transcript { steps: steps.iter().map(entry).collect() }
    }

    fn found(old: &[&str], new: &[&str]) -> Vec<String> {
        let of = |d: SnapshotDifference| format!("{}{} {}: {} | {}", d.step + 1, d.at, d.path, d.expected, d.actual);
        compare("f", &transcript(old), &transcript(new)).into_iter().map(of).collect()
    }

    #[test]
    fn a_difference_names_step_and_path() {
        let old = ["1 CreateUser → 200: User.Path = \"/\"; User.UserId = <UserId:1>", "2 [i=1] GetUser → 200: User.UserId = <UserId:1>"];
        assert_eq!(found(&old, &old), [""; 0]);
        let other_id = [old[0], "2 [i=1] GetUser → 200: User.UserId = <UserId:2>"];
        assert_eq!(found(&old, &other_id), ["2i=1 User.UserId: <UserId:1> | <UserId:2>"]);
        let renamed = ["1 CreateUser → 200: User.Pfad = \"/\"; User.UserId = <UserId:1>", old[1]];
        assert_eq!(found(&old, &renamed), ["1 User.Path: \"/\" | nothing", "1 User.Pfad: nothing | \"/\""]);
        let refused = [old[0], "2 [i=1] GetUser → 404 NoSuchEntity"];
        assert_eq!(found(&old, &refused), ["2i=1 status: 200 | 404 NoSuchEntity"]);
    }

    #[test]
    fn calls_that_one_side_lacks_are_told_once() {
        let (a, b, c) = ("1 CreateUser → 200", "2 GetUser → 200", "3 DeleteUser → 200");
        assert_eq!(found(&[a, b, c], &[a, c]), ["2 call: 2 GetUser → 200 | nothing"]);
        assert_eq!(found(&[a, c], &[a, b, c]), ["2 call: nothing | 2 GetUser → 200"]);
        assert_eq!(found(&[a], &[]), ["1 call: 1 CreateUser → 200 | nothing"]);
        assert_eq!(found(&[], &[a]), ["1 call: nothing | 1 CreateUser → 200"]);
        assert_eq!(found(&[a, b], &[c]).len(), 3);
    }
}
