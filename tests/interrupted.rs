//! Runs that do not get to their end: interrupted by a person, or killed. What they made goes away, then or with a sweep.

#![cfg(unix)]

mod support;

use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use iamspec::api::DialectId;
use iamspec::reference::server::{Server, ServerOptions};
use support::{Folder, Hand, assert_nothing_left, signed, told};

/// A run against a slow target, in the middle of its cases.
struct Midway {
    server: Server,
    hand: Hand,
    folder: Folder,
    child: Child,
}

impl Midway {
    fn new(name: &str) -> Midway {
        // The capability pass alone takes half a hundred calls.
        Midway::of(name, &["run", "users/*", "groups/*"], 100, |to, passed| Hand::slow(to, Duration::from_millis(20), passed))
    }

    /// A command in the middle of what it does: after so much has passed the hand.
    fn of(name: &str, what: &[&str], much: usize, hand: impl Fn(&str, &Arc<AtomicUsize>) -> Hand) -> Midway {
        let server = Server::start(ServerOptions::new(DialectId::Aws)).unwrap();
        let passed = Arc::new(AtomicUsize::new(0));
        let hand = hand(&server.endpoint, &passed);
        let folder = Folder::new(name);
        let endpoint = hand.endpoint();
        let args = [what, &["--endpoint", &endpoint, "--dialect", "aws", "--region", &server.region]].concat();
        let mut command = signed(&folder, &server.credentials, &args);
        let child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let began = Instant::now();
        while passed.load(Ordering::SeqCst) < much {
            assert!(began.elapsed() < Duration::from_secs(60), "the run does not begin");
            std::thread::sleep(Duration::from_millis(5));
        }
        Midway { server, hand, folder, child }
    }

    fn signal(&self, name: &str) {
        let status = Command::new("kill").args([name, &self.child.id().to_string()]).status().unwrap();
        assert!(status.success());
    }

    /// What it told, and what came of a sweep afterwards.
    fn end(self) -> ((String, i32), Vec<String>, (String, i32)) {
        let run = told(&self.child.wait_with_output().unwrap());
        assert!(!run.0.contains(&self.server.credentials.secret));
        let journals = self.folder.journals();
        let endpoint = self.hand.endpoint();
        let args = ["sweep", "--endpoint", &endpoint, "--dialect", "aws", "--region", &self.server.region];
        let sweep = told(&signed(&self.folder, &self.server.credentials, &args).output().unwrap());
        assert_eq!(self.folder.journals(), [""; 0], "{}", sweep.0);
        assert_nothing_left(&self.server);
        (run, journals, sweep)
    }
}

#[test]
fn a_killed_run_is_swept() {
    let midway = Midway::new("killed");
    midway.signal("-KILL");
    let (_, journals, (text, code)) = midway.end();
    assert_eq!((journals.len(), code), (1, 0), "{text}");
    assert!(text.contains("of 1 ended run worked off"), "{text}");
}

/// Numbers of calls after which a process is killed: another one in each run of the tests.
fn moments(least: usize, most: usize) -> [usize; 3] {
    let clock = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().subsec_nanos() as usize;
    [1, 31, 977].map(|factor| least + (clock / 7 * factor) % (most - least))
}

#[test]
fn fuzzing_that_is_killed_at_any_moment_is_swept() {
    for (i, moment) in moments(70, 500).into_iter().enumerate() {
        let what = ["fuzz", "--time", "10m", "--seed", &moment.to_string()];
        let hand = |to: &str, passed: &Arc<AtomicUsize>| Hand::slow(to, Duration::from_millis(2), passed);
        let midway = Midway::of(&format!("fuzz-killed-{i}"), &what, moment, hand);
        midway.signal("-KILL");
        let (_, journals, (text, code)) = midway.end();
        assert_eq!((journals.len(), code), (1, 0), "killed after {moment} calls: {text}");
    }
}

#[test]
fn wire_fuzzing_that_is_killed_at_any_moment_is_swept() {
    for (i, moment) in moments(10, 400).into_iter().enumerate() {
        let what = ["fuzz", "--oracles", "wire", "--time", "10m", "--seed", &moment.to_string()];
        let midway = Midway::of(&format!("wire-killed-{i}"), &what, moment, Hand::tunnel);
        midway.signal("-KILL");
        let (_, journals, (text, code)) = midway.end();
        assert_eq!((journals.len(), code), (1, 0), "killed after {moment} connections: {text}");
    }
}

#[test]
fn an_interrupted_run_cleans_up_and_says_so() {
    let midway = Midway::new("interrupted");
    midway.signal("-INT");
    let ((text, code), journals, _) = midway.end();
    assert_eq!((code, journals.len()), (3, 0), "{text}");
    assert!(text.contains("interrupted"), "{text}");
}

#[test]
fn a_run_interrupted_twice_stops_at_once_and_leaves_a_journal() {
    let midway = Midway::new("twice");
    midway.signal("-INT");
    std::thread::sleep(Duration::from_millis(30));
    midway.signal("-INT");
    let began = Instant::now();
    let ((text, code), journals, _) = midway.end();
    assert_eq!((code, journals.len()), (3, 1), "{text}");
    assert!(began.elapsed() < Duration::from_secs(20));
}

#[test]
fn a_sweep_leaves_runs_alone_that_are_going_on() {
    let midway = Midway::new("living");
    let endpoint = midway.hand.endpoint();
    let args = ["sweep", "--endpoint", &endpoint, "--dialect", "aws", "--region", &midway.server.region];
    let (text, code) = told(&signed(&midway.folder, &midway.server.credentials, &args).output().unwrap());
    assert_eq!(code, 0, "{text}");
    assert!(text.contains("no run that has ended left a journal"), "{text}");
    midway.signal("-INT");
    let (_, journals, _) = midway.end();
    assert_eq!(journals.len(), 0);
}
