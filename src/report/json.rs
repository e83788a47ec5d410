//! A run as one JSON document: the events, sorted by kind.

use std::io::{self, Write};

use serde::Serialize;

use super::event::{Capability, CaseRecord, CheckRecord, Event, FindingRecord, Leftover, RunFinished, RunStarted, VERSION};
use super::view::View;

#[derive(Serialize)]
struct Document {
    v: u32,
    run: Option<RunStarted>,
    capabilities: Vec<Capability>,
    cases: Vec<CaseRecord>,
    checks: Vec<CheckRecord>,
    leftovers: Vec<Leftover>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    findings: Vec<FindingRecord>,
    notes: Vec<String>,
    finished: Option<RunFinished>,
}

/// Writes the document when the run has finished.
pub struct Json<W: Write> {
    to: W,
    document: Document,
}

impl<W: Write> Json<W> {
    /// A view that writes to `to`.
    pub fn new(to: W) -> Self {
        let document = Document {
            v: VERSION,
            run: None,
            capabilities: Vec::new(),
            cases: Vec::new(),
            checks: Vec::new(),
            leftovers: Vec::new(),
            findings: Vec::new(),
            notes: Vec::new(),
            finished: None,
        };
        Json { to, document }
    }
}

impl<W: Write> View for Json<W> {
    fn event(&mut self, event: &Event) -> io::Result<()> {
        let document = &mut self.document;
        match event.clone() {
            Event::RunStarted(started) => document.run = Some(started),
            Event::Capability(capability) => document.capabilities.push(capability),
            Event::Case(record) => document.cases.push(*record),
            Event::Check(check) => document.checks.push(check),
            Event::Leftover(leftover) => document.leftovers.push(leftover),
            Event::Finding(finding) => document.findings.push(*finding),
            Event::Note { text } => document.notes.push(text),
            Event::RunFinished(finished) => {
                document.finished = Some(finished);
                document.cases.sort_by(|a, b| (&a.case, &a.configuration).cmp(&(&b.case, &b.configuration)));
                serde_json::to_writer_pretty(&mut self.to, &self.document)?;
                writeln!(self.to)?;
                self.to.flush()?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::samples;

    #[test]
    fn every_event_is_in_the_document() {
        let mut bytes = Vec::new();
        let mut view = Json::new(&mut bytes);
        for event in samples::run() {
            view.event(&event).unwrap();
        }
        let read: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
        assert_eq!(read["v"], 1);
        assert_eq!(read["run"]["run"], "k3f9");
        assert_eq!(read["cases"][1]["case"], "users/DeleteUser/attached-policy-blocks");
        for (list, len) in [("capabilities", 1), ("cases", 3), ("checks", 1), ("leftovers", 1), ("notes", 1)] {
            assert_eq!(read[list].as_array().unwrap().len(), len, "{list}");
        }
        assert_eq!(read["finished"]["exit"], 1);
    }
}
