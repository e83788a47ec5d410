//! Between the runner and the views: judges each event by the baseline, counts, and passes it on.

use std::io;

use crate::baseline::Judge;
use crate::report::event::Event;
use crate::report::tally::{Tally, exit, worse};
use crate::report::view::View;

/// Takes the runner's events one by one.
pub struct Stream<'a> {
    judge: Option<Judge<'a>>,
    /// The whole suite is run, so that a baseline's entry that meets nothing is stale.
    full: bool,
    tally: Tally,
    /// Each with what messages call it.
    views: Vec<(String, Box<dyn View + 'a>)>,
    kept: Option<Vec<Event>>,
    unwritten: Vec<String>,
    exit: i32,
}

impl<'a> Stream<'a> {
    /// A stream into `views`. Without `full` no entry of the judge's baseline counts as stale.
    pub fn new(judge: Option<Judge<'a>>, full: bool, views: Vec<(String, Box<dyn View + 'a>)>) -> Self {
        let tally = Tally::new(crate::api::Level::Should);
        Stream { judge, full, tally, views, kept: None, unwritten: Vec::new(), exit: exit::OK }
    }

    /// Keeps the events as well, for whoever needs the whole run.
    pub fn keeping(mut self) -> Self {
        self.kept = Some(Vec::new());
        self
    }

    /// Whether something happened that makes the run fail.
    pub fn has_failed(&self) -> bool {
        self.tally.exit() != exit::OK
    }

    /// Takes an event.
    pub fn event(&mut self, mut event: Event) {
        if let Some(judge) = &mut self.judge {
            judge.event(&mut event);
        }
        self.tally.add(&event);
        if let Event::RunFinished(finished) = &mut event {
            self.tally.settle(finished);
            if self.full && finished.stopped.is_none() {
                let stale = self.judge.as_ref().map(Judge::unused).unwrap_or_default();
                if !stale.is_empty() {
                    finished.exit = worse(finished.exit, exit::FAILURES);
                }
                for text in stale {
                    self.pass_on(Event::Note { text: format!("stale: {text}; remove the entry") });
                }
            }
            self.exit = finished.exit;
        }
        self.pass_on(event);
    }

    fn pass_on(&mut self, event: Event) {
        self.views.retain_mut(|(name, view)| match view.event(&event) {
            Ok(()) => true,
            // Whoever read it has seen enough.
            Err(why) if why.kind() == io::ErrorKind::BrokenPipe => false,
            Err(why) => {
                self.unwritten.push(format!("cannot write {name}: {why}"));
                false
            }
        });
        if let Some(kept) = &mut self.kept {
            kept.push(event);
        }
    }

    /// The kept events, the exit code of the run, and what could not be written.
    pub fn end(self) -> (Vec<Event>, i32, Vec<String>) {
        let exit = if self.unwritten.is_empty() { self.exit } else { worse(self.exit, exit::BROKEN) };
        (self.kept.unwrap_or_default(), exit, self.unwritten)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::baseline::Baseline;
    use crate::baseline::file::{Known, Why};
    use crate::report::samples;

    struct Fails(io::ErrorKind);

    impl View for Fails {
        fn event(&mut self, _: &Event) -> io::Result<()> {
            Err(self.0.into())
        }
    }

    fn run(judge: Option<Judge<'_>>, full: bool) -> (Vec<Event>, i32, Vec<String>) {
        let views: Vec<(String, Box<dyn View>)> = vec![
            ("pipe".into(), Box::new(Fails(io::ErrorKind::BrokenPipe))),
            ("r.xml".into(), Box::new(Fails(io::ErrorKind::StorageFull))),
        ];
        let mut stream = Stream::new(judge, full, views).keeping();
        samples::run().into_iter().for_each(|e| stream.event(e));
        stream.end()
    }

    #[test]
    fn a_closed_pipe_is_quiet_and_a_full_disk_is_not() {
        let (events, code, unwritten) = run(None, true);
        assert_eq!((events.len(), code), (samples::run().len(), exit::BROKEN));
        assert_eq!(unwritten.len(), 1);
        assert!(unwritten[0].starts_with("cannot write r.xml: "));
    }

    #[test]
    fn a_stale_entry_fails_a_full_run_only() {
        let known = Known {
            case: "users/GetUser/other".into(),
            configuration: None,
            requirement: "x.y".into(),
            fails: Vec::new(),
            why: Why { reason: "r".into(), line: 3, ..Why::default() },
        };
        let baseline = Baseline { file: "b.toml".into(), known: vec![known], ..Baseline::default() };
        let stale = |full| {
            let (events, ..) = run(Some(Judge::new(&baseline, "2026-11-22")), full);
            events.iter().any(|e| matches!(e, Event::Note { text } if text.starts_with("stale: b.toml:3: ")))
        };
        assert!(stale(true) && !stale(false));
    }
}
