//! The stream of events as a file: one JSON object a line. Written as it goes, so that a killed run leaves what it had.

use std::io::{self, Write};
use std::path::Path;

use super::event::{Event, Line, VERSION};
use super::view::View;

/// Writes the stream.
pub struct Ndjson<W: Write> {
    to: W,
}

impl<W: Write> Ndjson<W> {
    /// A view that writes to `to`.
    pub fn new(to: W) -> Self {
        Ndjson { to }
    }
}

impl<W: Write> View for Ndjson<W> {
    fn event(&mut self, event: &Event) -> io::Result<()> {
        let line = serde_json::to_string(&Line { v: VERSION, event: event.clone() })?;
        writeln!(self.to, "{line}")?;
        self.to.flush()
    }
}

/// Why a stored run cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The file.
    #[error("cannot read {path}: {why}")]
    File {
        /// Its path.
        path: String,
        /// What the system says.
        why: io::Error,
    },
    /// A line of it.
    #[error("{path}:{line}: {why}")]
    Line {
        /// Path of the file.
        path: String,
        /// Line, from 1.
        line: usize,
        /// What is wrong with it.
        why: String,
    },
}

/// Reads a run back that `--output ndjson=FILE` wrote. A last line that was cut off (the run was killed) is dropped.
///
/// # Errors
/// When the file cannot be read, is no such stream, or is of another version.
pub fn read_run(path: &Path) -> Result<Vec<Event>, ReadError> {
    let name = path.display().to_string();
    let bytes = std::fs::read(path).map_err(|why| ReadError::File { path: name.clone(), why })?;
    parse_run(&name, &String::from_utf8_lossy(&bytes))
}

/// [`read_run`] of text; `name` is what errors call it.
///
/// # Errors
/// When it is no such stream, or is of another version.
pub fn parse_run(name: &str, text: &str) -> Result<Vec<Event>, ReadError> {
    let mut events = Vec::new();
    let mut lines = text.split_inclusive('\n').enumerate().peekable();
    while let Some((i, line)) = lines.next() {
        let wrong = |why: String| ReadError::Line { path: name.to_owned(), line: i + 1, why };
        if line.trim().is_empty() {
            continue;
        }
        let value: serde_json::Value = match serde_json::from_str(line) {
            Ok(value) => value,
            Err(_) if lines.peek().is_none() && !line.ends_with('\n') && !events.is_empty() => break,
            Err(why) => return Err(wrong(format!("not a line of a run, which `--output ndjson={name}` writes: {why}"))),
        };
        match value.get("v").and_then(serde_json::Value::as_u64) {
            Some(v) if v == u64::from(VERSION) => {}
            Some(v) => {
                return Err(wrong(format!(
                    "event format {v}, but this iamspec reads format {VERSION}; run again, or use the iamspec that wrote it"
                )));
            }
            None => return Err(wrong("no event of a run: it has no version \"v\"".to_owned())),
        }
        let line: Line = serde_json::from_value(value).map_err(|why| wrong(format!("not an event: {why}")))?;
        events.push(line.event);
    }
    if events.is_empty() {
        return Err(ReadError::Line { path: name.to_owned(), line: 1, why: "an empty run: no event in it".into() });
    }
    Ok(events)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::samples;

    fn written() -> String {
        let mut bytes = Vec::new();
        let mut view = Ndjson::new(&mut bytes);
        for event in samples::run() {
            view.event(&event).unwrap();
        }
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn what_is_written_is_read_back() {
        let text = written();
        assert!(text.lines().all(|l| l.starts_with("{\"v\":1,\"event\":\"")), "{text}");
        assert_eq!(parse_run("run", &text).unwrap(), samples::run());
    }

    #[test]
    fn a_cut_last_line_is_dropped_and_only_that() {
        let text = written();
        let cut = &text[..text.len() - 20];
        assert_eq!(parse_run("run", cut).unwrap().len(), samples::run().len() - 1);
        let hole = text.replacen("{\"v\":1,\"event\":\"capability\"", "{\"v\":1,\"event", 1);
        assert!(parse_run("run", &hole).unwrap_err().to_string().starts_with("run:2: not a line of a run"));
    }

    #[test]
    fn what_is_no_run_is_refused_with_its_line() {
        for (text, why) in [
            ("", "run:1: an empty run"),
            ("{\"v\":2,\"event\":\"note\",\"text\":\"x\"}\n", "run:1: event format 2, but this iamspec reads format 1"),
            ("{\"a\":1}\n", "run:1: no event of a run"),
            ("{\"v\":1,\"event\":\"dance\"}\n", "run:1: not an event"),
            ("<testsuites/>", "run:1: not a line of a run"),
        ] {
            let said = parse_run("run", text).unwrap_err().to_string();
            assert!(said.starts_with(why), "{said}");
        }
        assert!(read_run(Path::new("/nonexistent/run.ndjson")).unwrap_err().to_string().contains("cannot read /nonexistent/run.ndjson"));
    }
}
