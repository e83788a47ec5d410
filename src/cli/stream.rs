//! Between the runner and the views: judges each event by the baseline, counts, and passes it on.

use std::io;

use crate::baseline::Judge;
use crate::launch::Book;
use crate::report::event::Event;
use crate::report::tally::{Tally, exit, worse};
use crate::report::view::View;

/// A view with what messages call it.
pub type Named<'a> = (String, Box<dyn View + 'a>);

/// Takes the runner's events one by one.
pub struct Stream<'a> {
    judge: Option<Judge<'a>>,
    /// The whole suite is run, so that a baseline's entry that meets nothing is stale.
    full: bool,
    fail_fast: bool,
    tally: Tally,
    views: Vec<Named<'a>>,
    kept: Option<Vec<Event>>,
    unwritten: Vec<String>,
    /// Where snapshots that belong to nothing are found, in a run in which they can be.
    book: Option<Book>,
    /// The whole suite was run, and to the end.
    ended_whole: bool,
    exit: i32,
}

impl<'a> Stream<'a> {
    /// A stream into `views`. Without `full` no entry of the judge's baseline counts as stale.
    pub fn new(judge: Option<Judge<'a>>, full: bool, views: Vec<Named<'a>>) -> Self {
        let tally = Tally::new(crate::api::Level::Should);
        Stream {
            judge,
            full,
            fail_fast: false,
            tally,
            views,
            kept: None,
            unwritten: Vec::new(),
            book: None,
            ended_whole: false,
            exit: exit::OK,
        }
    }

    /// Keeps the events as well, for whoever needs the whole run.
    pub fn keeping(mut self) -> Self {
        self.kept = Some(Vec::new());
        self
    }

    /// Lets the runner start no more cases once something has failed that counts.
    pub fn failing_fast(mut self, yes: bool) -> Self {
        self.fail_fast = yes;
        self
    }

    /// Lets snapshots that belong to nothing fail the run.
    pub fn looking_for_orphans(mut self, book: Option<Book>) -> Self {
        self.book = book;
        self
    }

    /// Whether the whole suite was run, and to the end.
    pub fn ended_whole(&self) -> bool {
        self.ended_whole
    }

    /// Takes an event. False: no more cases, please.
    pub fn event(&mut self, mut event: Event) -> bool {
        if let Some(judge) = &mut self.judge {
            judge.event(&mut event);
        }
        self.tally.add(&event);
        let enough = self.fail_fast && self.tally.exit() != exit::OK;
        if let Event::RunFinished(finished) = &mut event {
            self.tally.settle(finished);
            if enough {
                finished.stopped.get_or_insert_with(|| "at the first failure, as --fail-fast asks".into());
            }
            self.ended_whole = self.full && finished.stopped.is_none();
            if self.ended_whole {
                let stale = self.judge.as_ref().map(Judge::stale).unwrap_or_default();
                if !stale.is_empty() {
                    finished.exit = worse(finished.exit, exit::FAILURES);
                }
                for text in stale {
                    self.pass_on(Event::Note { text: format!("stale: {text}") });
                }
                let orphans = self.book.as_ref().map(Book::orphans).unwrap_or_default();
                if !orphans.is_empty() {
                    finished.exit = worse(finished.exit, exit::FAILURES);
                }
                for text in orphans {
                    self.pass_on(Event::Note { text: format!("orphan: {text}; --snapshots update removes it") });
                }
            }
            self.exit = finished.exit;
        }
        self.pass_on(event);
        !enough
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
        let views: Vec<Named<'_>> = vec![
            ("pipe".into(), Box::new(Fails(io::ErrorKind::BrokenPipe))),
            ("r.xml".into(), Box::new(Fails(io::ErrorKind::StorageFull))),
        ];
        let mut stream = Stream::new(judge, full, views).keeping();
        for event in samples::run() {
            stream.event(event);
        }
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
