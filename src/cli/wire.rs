//! `iamspec fuzz --oracles wire`: malformed requests, and what of their answers is told.

use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use sha2::{Digest, Sha256};

use super::fail::Failure;
use crate::case::Case;
use crate::case::generate::PREFIX;
use crate::dialect::{Call, Configuration, Outcome, dialect};
use crate::fuzz::wire::attach::{self, AttachError};
use crate::fuzz::wire::case;
use crate::fuzz::wire::drive::{Find, Plan, Report};
use crate::fuzz::wire::kept::{EXTENSION, Kept, Shown, text};
use crate::fuzz::wire::restart::Restart;
use crate::launch::Launch;
use crate::reference::Faults;
use crate::report::tally::exit;
use crate::report::text::{count, printable};
use crate::runner::embedded::Embedded;
use crate::runner::in_process::{self, Folder};
use crate::runner::run::{TargetRun, fresh_seed, run_part};
use crate::runner::session::Manner;

/// What was asked for.
pub struct Ask<'a> {
    /// How long on all targets together.
    pub time: Option<Duration>,
    /// How many malformed requests on each target.
    pub requests: Option<u64>,
    /// What decides which ones.
    pub seed: u64,
    /// A command that starts the target again.
    pub restart: Option<&'a str>,
    /// Folder for what is found.
    pub findings: Option<&'a Path>,
}

/// Sends malformed requests to each target and tells what was found.
///
/// # Errors
/// When a target cannot be spoken to, or a find cannot be written.
pub fn run(targets: &[TargetRun], ask: &Ask<'_>) -> Result<i32, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|why| Failure::broken(why.to_string()))?;
    let mut code = exit::OK;
    for on in targets {
        let profile = &on.target.profile;
        if !on.target.loopback() && !profile.fuzzing {
            return Err(Failure::usage(format!(
                "{} is not on this machine and its profile does not allow fuzzing, so nothing malformed was sent; where it may be fuzzed, \
                 write fuzzing = true into the profile of {}",
                on.target.url(),
                profile.name
            )));
        }
        let plan = Plan {
            run: run_part(fresh_seed()),
            seed: ask.seed,
            time: ask.time.map(|time| time / u32::try_from(targets.len()).unwrap_or(1)),
            requests: ask.requests,
            restart: ask.restart.map(Restart::new),
        };
        let mut progress = Progress::new();
        let report = runtime.block_on(attach::run(on, &plan, &mut |report| progress.told(report)));
        progress.end();
        let report = report.map_err(|why| broken(on, &why))?;
        let files = write_all(on, &report, ask.findings)?;
        tell(on, &report, &files, ask.seed)?;
        if report.stopped.is_some() {
            code = exit::BROKEN;
        }
        if !report.finds.is_empty() || !report.left.is_empty() {
            code = exit::FAILURES;
        }
    }
    Ok(code)
}

/// What is to be fuzzed: the foreign target, or servers of the embedded reference, which live as long as the value beside.
///
/// # Errors
/// When the reference cannot be started.
pub fn targets(launch: &Launch) -> Result<(Vec<TargetRun>, Option<Embedded>), Failure> {
    let configurations = launch.configurations();
    if let Some(target) = &launch.foreign {
        return Ok((vec![TargetRun { target: target.clone(), configurations, state: None }], None));
    }
    let failed = |why| Failure::broken(format!("cannot start the embedded reference: {why}"));
    let embedded = Embedded::start(&configurations, launch.seed).map_err(failed)?;
    Ok((embedded.targets.clone(), Some(embedded)))
}

/// Whether a file is a find of malformed requests.
pub fn is_kept(path: &Path) -> bool {
    path.to_string_lossy().ends_with(EXTENSION)
}

/// Sends the requests of kept finds again, and tells in a line each what became of it.
///
/// # Errors
/// When a file is none, the target does not speak its dialect, or cannot be spoken to.
pub fn replay_all(paths: &[PathBuf], launch: &Launch) -> Result<i32, Failure> {
    let (targets, _embedded) = targets(launch)?;
    let mut code = exit::OK;
    for path in paths {
        let kept = read(path)?;
        let speaks = |on: &&TargetRun| on.target.profile.dialect == kept.configuration.dialect;
        let Some(on) = targets.iter().find(speaks) else {
            let text = format!("{}: it is a request of {}, which the target does not speak", path.display(), kept.configuration.dialect);
            return Err(Failure::usage(text));
        };
        let (word, why) = match replay(on, &kept)? {
            Replayed::Fixed => ("FIXED", String::new()),
            Replayed::Failed(why) => ("FAILED", format!(": the target {why}")),
            Replayed::Changed(why) => ("CHANGED", format!(": the target {why}")),
        };
        if word != "FIXED" {
            code = exit::FAILURES;
        }
        writeln!(io::stdout().lock(), "{word:<8} {} {}{}", printable(&path.display().to_string()), kept.configuration, printable(&why))?;
    }
    Ok(code)
}

fn read(path: &Path) -> Result<Kept, Failure> {
    let named = |why: String| Failure::usage(format!("{}: {why}", path.display()));
    let text = std::fs::read_to_string(path).map_err(|why| named(format!("cannot be read: {why}")))?;
    Kept::read(&text).map_err(|why| named(why.to_string()))
}

/// What became of a kept find.
enum Replayed {
    /// Nothing is wrong any more.
    Fixed,
    /// It is as it was; what is wrong, in a sentence.
    Failed(String),
    /// Something else is wrong.
    Changed(String),
}

/// Sends the request of a kept find again.
fn replay(on: &TargetRun, kept: &Kept) -> Result<Replayed, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|why| Failure::broken(why.to_string()))?;
    let seen = runtime.block_on(attach::again(on, kept, &run_part(fresh_seed()))).map_err(|why| broken(on, &why))?;
    Ok(match seen {
        None => Replayed::Fixed,
        Some((departure, fingerprint)) if fingerprint == kept.fingerprint => Replayed::Failed(departure.text),
        Some((departure, _)) => Replayed::Changed(departure.text),
    })
}

fn broken(on: &TargetRun, why: &AttachError) -> Failure {
    Failure::broken(format!("malformed requests could not be sent to {}: {why}", on.target.url()))
}

/// A line about how far it is, on a terminal.
struct Progress {
    shown: bool,
    last: Instant,
    began: Instant,
}

impl Progress {
    fn new() -> Progress {
        Progress { shown: io::stderr().is_terminal(), last: Instant::now(), began: Instant::now() }
    }

    fn told(&mut self, report: &Report) {
        if !self.shown || self.last.elapsed() < Duration::from_millis(200) {
            return;
        }
        self.last = Instant::now();
        let (tally, seconds) = (&report.tally, self.began.elapsed().as_secs_f64());
        #[allow(clippy::cast_precision_loss)]
        let rate = tally.requests as f64 / seconds;
        eprint!("\r\x1b[Kwire: {} malformed requests, {rate:.0}/s, {} found", tally.requests, report.finds.len());
    }

    fn end(&self) {
        if self.shown {
            eprint!("\r\x1b[K");
        }
    }
}

/// The files of each find: the request, and where a case can say it, a case.
fn write_all(on: &TargetRun, report: &Report, dir: Option<&Path>) -> Result<Vec<Vec<PathBuf>>, Failure> {
    let Some(dir) = dir.filter(|_| !report.finds.is_empty()) else { return Ok(report.finds.iter().map(|_| Vec::new()).collect()) };
    let failed = |path: &Path, why: &dyn std::fmt::Display| Failure::broken(format!("cannot write {}: {why}", path.display()));
    std::fs::create_dir_all(dir).map_err(|why| failed(dir, &why))?;
    let mut all = Vec::new();
    for find in &report.finds {
        let id = id(find);
        let path = dir.join(format!("wire-{id}{EXTENSION}"));
        let host = on.target.host();
        let shown = Shown {
            fingerprint: &find.fingerprint,
            malformed: &find.malformed,
            configuration: find.configuration,
            text: &find.text,
            request: &find.request,
            answer: &find.answer,
            host: &host,
        };
        let text = text(&shown, &path.display().to_string()).map_err(|why| failed(&path, &why))?;
        std::fs::write(&path, text).map_err(|why| failed(&path, &why))?;
        let mut files = vec![path];
        if let Some(text) = as_case(find, &id) {
            let path = dir.join(format!("wire-{id}.toml"));
            std::fs::write(&path, text).map_err(|why| failed(&path, &why))?;
            files.push(path);
        }
        all.push(files);
    }
    Ok(all)
}

fn as_case(find: &Find, id: &str) -> Option<String> {
    // A case does not look at the call after its own.
    if find.fingerprint.path == "next call" {
        return None;
    }
    let case = case::case(&find.malformed, find.configuration, dialect(find.configuration.dialect)?, &format!("wire-{id}/malformed"))?;
    let case = match accepted(&case, find.configuration)? {
        true => case::expecting_success(case),
        false => case,
    };
    case::file(case, &find.fingerprint.path).ok()
}

/// Whether the reference takes the case's call for a legal one; none: it cannot be asked.
fn accepted(case: &Case, configuration: Configuration) -> Option<bool> {
    let step = case.steps.first()?;
    let mut raw = step.raw.clone()?;
    raw.body = raw.body.map(|body| body.replace("${name}", PREFIX).replace("$${", "${"));
    let folder = Folder::new().ok()?;
    let target = in_process::target(configuration.dialect).ok()?;
    let reference = in_process::reference(configuration.dialect, 1, Faults::default())?;
    let session = in_process::session(&target, reference, &folder).ok()?;
    let manner = Manner { configuration, principal: None, auth: step.auth.as_ref(), raw: Some(&raw), trial: "wire", scope: None };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().ok()?;
    let sent = runtime.block_on(session.call(&Call::new(&step.call), &manner)).ok()?;
    Some(matches!(sent.reply?.outcome, Ok(Outcome::Success(_))))
}

/// The same find has the same id in every run.
fn id(find: &Find) -> String {
    let digest = Sha256::digest(format!("{} {}", find.fingerprint, find.configuration));
    digest.iter().take(4).map(|byte| format!("{byte:02x}")).collect()
}

fn tell(on: &TargetRun, report: &Report, files: &[Vec<PathBuf>], seed: u64) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    let tally = &report.tally;
    let number = |n: u64| usize::try_from(n).unwrap_or(usize::MAX);
    let answers: Vec<String> = tally.answers.iter().map(|(kind, n)| format!("{kind} {n}")).collect();
    writeln!(
        out,
        "{}: {} with {} of fault, {} behind them, seed {seed}: {}",
        printable(&on.target.url()),
        count(number(tally.requests), "malformed request"),
        count(tally.classes.len(), "kind"),
        count(number(tally.controls), "good call"),
        if answers.is_empty() { "no answers".to_owned() } else { answers.join(", ") }
    )?;
    for (find, files) in report.finds.iter().zip(files) {
        writeln!(out, "  {}", printable(&find.fingerprint.to_string()))?;
        writeln!(out, "    the target {}; in {}, {}", printable(&find.text), find.configuration, count(number(find.met), "time"))?;
        for file in files {
            writeln!(out, "    {}", printable(&file.display().to_string()))?;
        }
    }
    if tally.unsteady > 0 {
        writeln!(out, "  {} not seen again when the same was sent once more, and not told", count(number(tally.unsteady), "departure"))?;
    }
    if tally.restarts > 0 {
        writeln!(out, "  the target was started again {}", count(tally.restarts, "time"))?;
    }
    for left in &report.left {
        writeln!(out, "  {} {} is still there: {}", left.kind, printable(&left.name), printable(&left.why))?;
    }
    if let Some(why) = &report.stopped {
        writeln!(out, "  stopped: {}", printable(why))?;
    }
    writeln!(out, "  {}", if report.finds.is_empty() { "nothing found".to_owned() } else { count(report.finds.len(), "finding") })?;
    Ok(())
}
