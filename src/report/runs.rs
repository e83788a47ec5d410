//! Stored runs, several at a time: what the views that compare runs begin with.

use std::path::Path;

use super::event::{Event, RunStarted};
use super::shards::{self, RunsError, Stored};

/// A stored run.
#[derive(Clone, Debug, PartialEq)]
pub struct Run {
    /// The file that it was read from; of a run put together, the files of its parts.
    pub file: String,
    /// How it began.
    pub started: RunStarted,
    /// Its events in order, the beginning too.
    pub events: Vec<Event>,
}

/// Reads files as runs, in the order of each one's first file; the parts of a run that was divided are one run again.
///
/// # Errors
/// When a file cannot be read or has no beginning, and when a part of a run is missing or there twice.
pub fn read_runs<P: AsRef<Path>>(paths: &[P]) -> Result<Vec<Run>, RunsError> {
    shards::read(paths)?.into_iter().map(begun).collect()
}

fn begun(stored: Stored) -> Result<Run, RunsError> {
    let Stored { file, events } = stored;
    let started = events.iter().find_map(|event| if let Event::RunStarted(started) = event { Some(started.clone()) } else { None });
    match started {
        Some(started) => Ok(Run { file, started, events }),
        None => Err(RunsError::NoStart { file }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::samples;

    #[test]
    fn a_run_is_its_events_with_a_beginning() {
        let run = begun(Stored { file: "run.ndjson".into(), events: samples::run() }).unwrap();
        assert_eq!((run.started, run.events), (samples::started(), samples::run()));
        let headless = begun(Stored { file: "cut.ndjson".into(), events: samples::run().split_off(1) });
        assert!(headless.unwrap_err().to_string().starts_with("cut.ndjson has no beginning of a run"));
    }
}
