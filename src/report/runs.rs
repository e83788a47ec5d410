//! Stored runs, several at a time: what the views that compare runs begin with.

use std::path::Path;

use super::event::{Event, RunStarted};
use super::ndjson::{ReadError, read_run};

/// A stored run.
#[derive(Clone, Debug, PartialEq)]
pub struct Run {
    /// The files that it was read from.
    pub files: Vec<String>,
    /// How it began.
    pub started: RunStarted,
    /// Its events in order, the beginning too.
    pub events: Vec<Event>,
}

/// Files that are no runs.
#[derive(Debug, thiserror::Error)]
pub enum RunsError {
    /// A file cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// A file without the event that begins a run.
    #[error("{file} has no beginning of a run, so nothing says what was run: was it cut?")]
    NoStart {
        /// The file.
        file: String,
    },
}

/// Reads each file as one run, in the order given.
///
/// # Errors
/// When a file cannot be read, or has no beginning.
pub fn read_runs<P: AsRef<Path>>(paths: &[P]) -> Result<Vec<Run>, RunsError> {
    paths.iter().map(|path| from_events(path.as_ref().display().to_string(), read_run(path.as_ref())?)).collect()
}

fn from_events(file: String, events: Vec<Event>) -> Result<Run, RunsError> {
    let started = events.iter().find_map(|event| if let Event::RunStarted(started) = event { Some(started.clone()) } else { None });
    match started {
        Some(started) => Ok(Run { files: vec![file], started, events }),
        None => Err(RunsError::NoStart { file }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::samples;

    #[test]
    fn a_run_is_its_events_with_a_beginning() {
        let run = from_events("run.ndjson".into(), samples::run()).unwrap();
        assert_eq!((run.started, run.events), (samples::started(), samples::run()));
        let headless = from_events("cut.ndjson".into(), samples::run().split_off(1));
        assert!(headless.unwrap_err().to_string().starts_with("cut.ndjson has no beginning of a run"));
    }
}
