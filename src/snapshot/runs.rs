//! A step that was repeated many times, written once: what counts up with the repetition as `1‥128`.

use super::transcript::{Entry, Label, Line};

/// Between the first and the last number of a run.
const TO: &str = "‥";

/// Fewer repetitions than this are written one by one.
const WORTH: usize = 3;

/// The entries with every run of repetitions as one. [`spread`] undoes it.
pub fn gather(entries: &[Entry]) -> Vec<Entry> {
    let mut gathered = Vec::new();
    let mut rest = entries;
    while let Some((first, after)) = rest.split_first() {
        let run = 1 + after.iter().enumerate().take_while(|(i, next)| continues(first, &rest[1], next, *i as u64 + 1)).count();
        if run >= WORTH {
            gathered.push(joined(first, &rest[run - 1]));
        } else {
            gathered.extend_from_slice(&rest[..run]);
        }
        rest = &rest[run..];
    }
    gathered
}

/// Whether `next` is `first` again, `nth` repetitions later, when `second` was the next one.
fn continues(first: &Entry, second: &Entry, next: &Entry, nth: u64) -> bool {
    let (Some((row, from)), Some((other_row, number))) = (repetition(&first.label.at), repetition(&next.label.at)) else { return false };
    let same = row == other_row
        && number == from + nth
        && (first.label.step, &first.label.call, &first.label.principal) == (next.label.step, &next.label.call, &next.label.principal)
        && first.answer == next.answer
        && first.lines.len() == next.lines.len()
        && first.lines.len() == second.lines.len();
    let lines = || first.lines.iter().zip(&second.lines).zip(&next.lines);
    same && lines().all(|((a, b), n)| a.path == n.path && counts(&a.text, &b.text, &n.text, nth))
}

/// Whether a text goes on as it began: each number in it stays as it is, or grows by one each time.
fn counts(first: &str, second: &str, next: &str, nth: u64) -> bool {
    let (a, b, n) = (pieces(first), pieces(second), pieces(next));
    a.len() == n.len()
        && a.len() == b.len()
        && a.iter().zip(&b).zip(&n).all(|((a, b), n)| match (a.parse::<u64>(), b.parse::<u64>(), n.parse::<u64>()) {
            (Ok(a), Ok(b), Ok(n)) => (b == a && n == a) || (b == a + 1 && n == a + nth),
            _ => a == n,
        })
}

/// A text taken apart into numbers and what stands between them.
fn pieces(text: &str) -> Vec<&str> {
    let mut pieces = Vec::new();
    let mut start = 0;
    let bytes = text.as_bytes();
    for at in 1..bytes.len() {
        if bytes[at].is_ascii_digit() != bytes[at - 1].is_ascii_digit() {
            pieces.push(&text[start..at]);
            start = at;
        }
    }
    pieces.push(&text[start..]);
    // A number with zeros in front would lose them.
    if pieces.iter().any(|p| p.len() > 1 && p.starts_with('0')) { vec![text] } else { pieces }
}

fn joined(first: &Entry, last: &Entry) -> Entry {
    let join = |a: &str, b: &str| -> String {
        let pairs = pieces(a).into_iter().zip(pieces(b));
        pairs.map(|(a, b)| if a == b { a.to_owned() } else { format!("{a}{TO}{b}") }).collect()
    };
    let lines = first.lines.iter().zip(&last.lines).map(|(a, b)| Line { path: a.path.clone(), text: join(&a.text, &b.text) });
    Entry {
        label: Label { at: join(&first.label.at, &last.label.at), ..first.label.clone() },
        answer: first.answer.clone(),
        lines: lines.collect(),
    }
}

/// The entries with every run written out.
pub fn spread(entries: Vec<Entry>) -> Vec<Entry> {
    let mut spread = Vec::new();
    for entry in entries {
        let range = entry.label.at.rsplit_once("i=").and_then(|(row, range)| {
            let (from, to) = range.split_once(TO)?;
            Some((row, from.parse::<u64>().ok()?, to.parse::<u64>().ok()?))
        });
        let Some((row, from, to)) = range.filter(|(_, from, to)| from <= to && to - from < 1 << 16) else {
            spread.push(entry);
            continue;
        };
        spread.extend((0..=to - from).map(|nth| Entry {
            label: Label { at: format!("{row}i={}", from + nth), ..entry.label.clone() },
            answer: entry.answer.clone(),
            lines: entry.lines.iter().map(|l| Line { path: l.path.clone(), text: nth_of(&l.text, nth, to - from) }).collect(),
        }));
    }
    spread
}

/// A text with its ranges of that length at their `nth` number.
fn nth_of(text: &str, nth: u64, length: u64) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once(TO) {
        let head = before.trim_end_matches(|c: char| c.is_ascii_digit());
        let tail = after.trim_start_matches(|c: char| c.is_ascii_digit());
        let (from, to) = (&before[head.len()..], &after[..after.len() - tail.len()]);
        match (from.parse::<u64>(), to.parse::<u64>()) {
            (Ok(from), Ok(to)) if to == from + length => out.push_str(&format!("{head}{}", from + nth)),
            _ => out.push_str(&format!("{before}{TO}{to}")),
        }
        rest = tail;
    }
    out + rest
}

fn repetition(at: &str) -> Option<(&str, u64)> {
    let (row, number) = at.rsplit_once("i=")?;
    Some((row, number.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(at: &str, name: &str, id: usize) -> Entry {
        let line = |path: &str, text: String| Line { path: path.into(), text };
        let label = Label { step: 0, at: at.into(), call: "CreateUser".into(), principal: None };
        let lines = vec![line("User.UserId", format!("<UserId:{id}>")), line("User.UserName", format!("\"<user2>-{name}\""))];
        Entry { label, answer: "200".into(), lines }
    }

    #[test]
    fn a_run_is_written_once_and_read_back() {
        let all: Vec<Entry> = (1..=12).map(|i| entry(&format!("row=a i={i}"), &i.to_string(), i + 2)).collect();
        let gathered = gather(&all);
        assert_eq!(gathered.len(), 1);
        assert_eq!(gathered[0].label.at, "row=a i=1‥12");
        let texts: Vec<&str> = gathered[0].lines.iter().map(|l| l.text.as_str()).collect();
        assert_eq!(texts, ["<UserId:3‥14>", "\"<user2>-1‥12\""]);
        assert_eq!(spread(gathered), all);
    }

    #[test]
    fn what_breaks_the_row_stands_apart() {
        let mut all: Vec<Entry> = (1..=9).map(|i| entry(&format!("i={i}"), &i.to_string(), i)).collect();
        all[4] = entry("i=5", "5", 2);
        let gathered = gather(&all);
        assert_eq!(gathered.iter().map(|e| e.label.at.as_str()).collect::<Vec<_>>(), ["i=1‥4", "i=5", "i=6‥9"]);
        assert_eq!(spread(gathered), all);
        let short = &all[..2];
        assert_eq!(gather(short), short);
        let padded: Vec<Entry> = (1..=9).map(|i| entry(&format!("i={i}"), &format!("{i:03}"), 1)).collect();
        assert_eq!(gather(&padded), padded);
        let unlike = [entry("", "1", 1), entry("row=b", "2", 2), entry("i=1", "3", 3)];
        assert_eq!(gather(&unlike), unlike);
    }

    #[test]
    fn any_transcript_survives() {
        arbtest::arbtest(|u| {
            let mut all = Vec::new();
            for i in 1..u.int_in_range(1..=12)? {
                let (name, id): (u8, u8) = (u.int_in_range(0..=12)?, u.int_in_range(0..=3)?);
                all.push(entry(&format!("i={i}"), &name.to_string(), usize::from(id)));
            }
            assert_eq!(spread(gather(&all)), all);
            Ok(())
        });
    }
}
