//! Stored runs for the tests of this folder, made from the samples of the folder above.

use crate::report::Event;
use crate::report::runs::Run;
use crate::report::samples;

/// The sample run on a target of that name, as the run of that id, changed by `change`. Its first event is the start.
pub fn run(target: &str, id: &str, change: impl FnOnce(&mut Vec<Event>)) -> Run {
    let mut events = samples::run();
    for event in &mut events {
        match event {
            Event::RunStarted(started) => {
                started.run = id.into();
                started.targets[0].name = target.into();
            }
            Event::Case(record) => record.target = target.into(),
            Event::Check(check) => check.target = target.into(),
            Event::Leftover(leftover) => leftover.target = target.into(),
            Event::Capability(capability) => capability.target = target.into(),
            Event::Finding(finding) => finding.target = target.into(),
            Event::Note { .. } | Event::RunFinished(_) => {}
        }
    }
    change(&mut events);
    let Event::RunStarted(started) = events[0].clone() else { panic!("a run begins with its start") };
    Run { file: format!("{id}.ndjson"), started, events }
}
