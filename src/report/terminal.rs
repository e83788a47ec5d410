//! The run as a person follows it: progress on a terminal, then failures, findings and counts.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use super::event::{CaseRecord, CheckRecord, Event, Leftover, RunFinished, RunStarted};
use super::failure::{Options, failure};
use super::tally::Tally;
use super::text::{count, duration, printable};
use super::view::View;
use crate::api::Level;
use crate::verdict::Status;

/// Writes for a person.
pub struct Terminal<W: Write> {
    to: W,
    options: Options,
    bar: ProgressBar,
    started: Option<RunStarted>,
    tally: Tally,
    cases: BTreeSet<String>,
    /// Trials that a person should look at, in the order they ended.
    shown: Vec<CaseRecord>,
    skipped: BTreeMap<String, usize>,
    checks: Vec<CheckRecord>,
    leftovers: Vec<Leftover>,
    notes: Vec<String>,
}

impl<W: Write> Terminal<W> {
    /// A view that writes to `to`, with a progress bar on standard error if asked for.
    pub fn new(to: W, options: Options, progress: bool) -> Self {
        Terminal {
            to,
            options,
            bar: if progress { ProgressBar::new(0) } else { ProgressBar::hidden() },
            started: None,
            tally: Tally::new(Level::Should),
            cases: BTreeSet::new(),
            shown: Vec::new(),
            skipped: BTreeMap::new(),
            checks: Vec::new(),
            leftovers: Vec::new(),
            notes: Vec::new(),
        }
    }

    fn start(&mut self, started: &RunStarted) -> io::Result<()> {
        for target in &started.targets {
            let version = target.version.as_deref().map(|v| format!(" {v}")).unwrap_or_default();
            let name = format!("{}{version}", target.name);
            let what = format!("at {} ({})", printable(&target.endpoint), target.configurations.join(", "));
            writeln!(self.to, "{} {what}", self.options.paint.bold(&printable(&name)))?;
        }
        self.to.flush()?;
        self.bar.set_length(started.trials as u64);
        if let Ok(style) = ProgressStyle::with_template("{bar:30} {pos}/{len}  {msg}") {
            self.bar.set_style(style);
        }
        self.bar.enable_steady_tick(Duration::from_millis(200));
        self.started = Some(started.clone());
        Ok(())
    }

    fn case(&mut self, record: &CaseRecord) -> io::Result<()> {
        self.cases.insert(record.case.clone());
        match record.verdict.status {
            Status::Pass if record.verdict.differs.is_empty() => {}
            Status::Skip => *self.skipped.entry(record.verdict.reason.clone()).or_default() += 1,
            Status::Xfail if !self.options.verbose => {}
            _ => self.shown.push(record.clone()),
        }
        self.bar.inc(1);
        self.bar.set_message(format!("{} failed, {} broken", self.tally.failed + self.tally.xpassed, self.tally.errors));
        if self.options.verbose {
            let word = format!("{:?}", record.verdict.status).to_lowercase();
            let line = format!("{word:<5} {} {} {}", printable(&record.case), record.configuration, duration(record.millis));
            let to = &mut self.to;
            self.bar.suspend(|| writeln!(to, "{line}"))?;
        }
        Ok(())
    }

    fn finish(&mut self, finished: &RunFinished) -> io::Result<()> {
        self.bar.finish_and_clear();
        self.failures()?;
        self.findings()?;
        self.left_behind()?;
        self.skips()?;
        self.by_requirement()?;
        if !self.notes.is_empty() {
            writeln!(self.to, "\n{}", self.options.paint.bold("notes"))?;
            for note in &self.notes {
                writeln!(self.to, "  {}", printable(note))?;
            }
        }
        self.counts(finished)?;
        self.to.flush()
    }

    /// The trials that need a look, each kind of failure of a case once for all configurations in which it is the same.
    fn failures(&mut self) -> io::Result<()> {
        self.shown.sort_by(|a, b| (&a.case, &a.configuration).cmp(&(&b.case, &b.configuration)));
        let mut groups: Vec<(&CaseRecord, Vec<&str>)> = Vec::new();
        for record in &self.shown {
            let same = groups.iter_mut().find(|(first, _)| alike(first, record));
            match same {
                Some((_, also)) => also.push(&record.configuration),
                None => groups.push((record, Vec::new())),
            }
        }
        for (record, also) in groups {
            write!(self.to, "\n{}", failure(record, &also, &self.options))?;
        }
        Ok(())
    }

    fn findings(&mut self) -> io::Result<()> {
        let known = self.checks.iter().filter(|c| c.known.is_some()).count();
        if self.checks.is_empty() {
            return Ok(());
        }
        let heading = if known > 0 { format!("free checks ({known} known)") } else { "free checks".into() };
        writeln!(self.to, "\n{}", self.options.paint.bold(&heading))?;
        self.checks.sort_by(|a, b| (place(a), &a.action).cmp(&(place(b), &b.action)));
        let mut last = String::new();
        let shown: Vec<&CheckRecord> = self.checks.iter().filter(|c| c.known.is_none() || self.options.verbose).collect();
        for same in shown.chunk_by(|a, b| place(a) == place(b)) {
            let check = same[0];
            let head = format!("{} ({})", check.requirement, check.level);
            if head != last {
                writeln!(self.to, "  {}", self.options.paint.warn(&head))?;
                last = head;
            }
            let reason = check.known.as_ref().map(|k| format!("; known: {}", printable(k))).unwrap_or_default();
            let mut actions: Vec<_> = same.iter().map(|c| printable(&c.action)).collect();
            actions.dedup();
            let times: usize = same.iter().map(|c| c.count).sum();
            let seen = format!("({times}× in {}; {}{reason})", actions.join(" "), printable(&check.case));
            let text = format!("{} {}: {}", check.configuration, printable(&check.place()), printable(&check.text));
            writeln!(self.to, "    {text} {}", self.options.paint.dim(&seen))?;
        }
        Ok(())
    }

    fn left_behind(&mut self) -> io::Result<()> {
        if self.leftovers.is_empty() {
            return Ok(());
        }
        writeln!(self.to, "\n{}", self.options.paint.bold("left behind: the target would not let go of"))?;
        for left in &self.leftovers {
            let known = left.known.as_ref().map(|k| format!(" (known: {})", printable(k))).unwrap_or_default();
            writeln!(self.to, "  {} {} of {}{known}", left.kind, self.options.paint.bad(&printable(&left.name)), printable(&left.case))?;
            writeln!(self.to, "      {}", printable(&left.why))?;
        }
        Ok(())
    }

    fn skips(&mut self) -> io::Result<()> {
        if self.skipped.is_empty() {
            return Ok(());
        }
        writeln!(self.to, "\n{}", self.options.paint.bold("skipped"))?;
        let mut by_count: Vec<_> = self.skipped.iter().collect();
        by_count.sort_by_key(|(reason, n)| (usize::MAX - **n, reason.as_str()));
        for (reason, n) in by_count {
            writeln!(self.to, "  {n:>5}  {}", printable(reason))?;
        }
        Ok(())
    }

    fn by_requirement(&mut self) -> io::Result<()> {
        let mut broken: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for record in self.shown.iter().filter(|r| r.verdict.status == Status::Fail) {
            for mismatch in &record.verdict.mismatches {
                broken.entry(&mismatch.requirement).or_default().insert(&record.case);
            }
        }
        if broken.len() < 2 {
            return Ok(());
        }
        writeln!(self.to, "\n{}", self.options.paint.bold("requirements broken, with the cases that show it"))?;
        for (requirement, cases) in broken {
            let cases: Vec<_> = cases.into_iter().map(|c| printable(c)).collect();
            writeln!(self.to, "  {}  {}", self.options.paint.warn(&printable(requirement)), cases.join(" "))?;
        }
        Ok(())
    }

    fn counts(&mut self, finished: &RunFinished) -> io::Result<()> {
        let paint = self.options.paint;
        let mut parts = vec![paint.good(&format!("{} passed", finished.passed))];
        for (n, text, bad) in [
            (finished.differing, "of them differing from snapshots", true),
            (finished.failed, "failed", true),
            (finished.errors, "broken", true),
            (finished.xpassed, "passed though known to fail", true),
            (finished.xfailed, "failed as known", false),
            (finished.skipped, "skipped", false),
        ] {
            if n > 0 {
                let text = format!("{n} {text}");
                parts.push(if bad { paint.bad(&text) } else { paint.warn(&text) });
            }
        }
        let trials = count(self.tally.trials(), "trial");
        writeln!(self.to, "\n{} in {trials}: {}", count(self.cases.len(), "case"), parts.join(", "))?;
        let rate = (finished.calls as u64 * 1000).checked_div(finished.millis).map(|n| format!(", {n} calls/s")).unwrap_or_default();
        write!(self.to, "{} in {}{rate}", count(finished.calls, "call"), duration(finished.millis))?;
        if let Some(started) = &self.started {
            let hidden = self.tally.failed.min(usize::from(finished.exit == 0)) > 0;
            let note = if hidden { format!("; no failure is at level {} or above", started.level) } else { String::new() };
            write!(self.to, "; {}, seed {}{note}", count(started.jobs, "job"), started.seed)?;
        }
        writeln!(self.to)?;
        if let Some(why) = &finished.stopped {
            writeln!(self.to, "{} {}", paint.bad("stopped early:"), printable(why))?;
        }
        Ok(())
    }
}

/// What findings of several Actions have in common when they are told as one.
fn place(check: &CheckRecord) -> (&str, &str, String, &Option<String>) {
    (&check.requirement, &check.configuration, check.place(), &check.known)
}

/// Whether two trials of a case show the same departure. Names differ between trials, so values count only where they are codes.
fn alike(a: &CaseRecord, b: &CaseRecord) -> bool {
    let code = |path: &str| matches!(path, "status" | "error");
    a.case == b.case
        && a.target == b.target
        && a.verdict.status == b.verdict.status
        && a.verdict.reason == b.verdict.reason
        && a.verdict.differs == b.verdict.differs
        && a.verdict.mismatches.len() == b.verdict.mismatches.len()
        && a.verdict.mismatches.iter().zip(&b.verdict.mismatches).all(|(x, y)| {
            (x.step, &x.at, &x.requirement, &x.path) == (y.step, &y.at, &y.requirement, &y.path)
                && (!code(&x.path) || x.observed() == y.observed())
        })
}

impl<W: Write> View for Terminal<W> {
    fn event(&mut self, event: &Event) -> io::Result<()> {
        self.tally.add(event);
        match event {
            Event::RunStarted(started) => self.start(started)?,
            Event::Case(record) => self.case(record)?,
            Event::Check(check) => self.checks.push(check.clone()),
            Event::Leftover(leftover) => self.leftovers.push(leftover.clone()),
            Event::Finding(finding) => self.notes.push(format!("finding {}: {}", finding.id, finding.fingerprint)),
            Event::Note { text } => self.notes.push(text.clone()),
            Event::Capability(_) => {}
            Event::RunFinished(finished) => self.finish(finished)?,
        }
        Ok(())
    }
}

impl<W: Write> Drop for Terminal<W> {
    /// A run that broke off must not leave its bar on the screen.
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::samples;

    fn shown(events: Vec<Event>, options: Options) -> String {
        let mut bytes = Vec::new();
        let mut view = Terminal::new(&mut bytes, options, false);
        for event in events {
            view.event(&event).unwrap();
        }
        drop(view);
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn a_run_reads_like_this() {
        insta::assert_snapshot!(shown(samples::run(), Options::default()));
    }

    #[test]
    fn the_same_failure_in_two_configurations_is_told_once() {
        let mut other = samples::failure();
        other.configuration = "aws/json".into();
        let mut differs = samples::failure();
        differs.configuration = "aws/xml/query".into();
        differs.verdict.mismatches[0].actual = "500".into();
        let mut events = samples::run();
        events.insert(4, Event::Case(Box::new(other)));
        events.insert(5, Event::Case(Box::new(differs)));
        let text = shown(events, Options::default());
        assert_eq!(text.matches("FAIL  users/DeleteUser").count(), 2, "{text}");
        assert!(text.contains("moto · aws/json aws/xml\n"), "{text}");
    }

    #[test]
    fn hostile_text_is_escaped_everywhere() {
        let hostile = "x\u{1b}[2J\r\u{9b}0m".to_owned();
        let (mut fail, mut skip, mut check, mut left) = (samples::failure(), samples::skip(), samples::check(), samples::leftover());
        (fail.verdict.reason, fail.verdict.mismatches[1].expected) = (hostile.clone(), hostile.clone());
        fail.steps[1].message = Some(hostile.clone());
        skip.verdict.reason = hostile.clone();
        (check.text, check.at, check.known) = (hostile.clone(), hostile.clone(), Some(hostile.clone()));
        (left.name, left.why) = (hostile.clone(), hostile.clone());
        let mut finished = samples::finished();
        finished.stopped = Some(hostile.clone());
        let events = vec![
            Event::RunStarted(samples::started()),
            Event::Case(Box::new(fail)),
            Event::Case(Box::new(skip)),
            Event::Check(check),
            Event::Leftover(left),
            Event::Note { text: hostile },
            Event::RunFinished(finished),
        ];
        let text = shown(events, Options { verbose: true, ..Options::default() });
        assert!(!text.chars().any(|c| c.is_control() && c != '\n'), "{text:?}");
    }
}
