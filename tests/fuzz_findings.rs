//! The command from end to end: it fuzzes a server with a broken rule, and what it writes is replayed and moved into the suite.

#![cfg(unix)]

mod support;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use iamspec::api::DialectId;
use iamspec::case::Corpus;
use iamspec::reference::Faults;
use iamspec::reference::faults::catalogue::faults;
use iamspec::reference::server::{Server, ServerOptions};
use iamspec::report::event::{Event, FindingRecord};
use iamspec::report::ndjson::read_run;
use support::{Folder, Hand, assert_nothing_left, signed, somebody, told};

const RULE: &str = "create-user.name-unique-ignores-case";

/// A server whose reference breaks a rule; none: a sound one.
fn server(rule: Option<&str>) -> Server {
    let faults = match rule.map(|rule| format!("requirement:{rule}")) {
        Some(id) => faults(DialectId::Aws).into_iter().find(|f| f.id == id).unwrap_or_else(|| panic!("no fault {id}")).faults,
        None => Faults::default(),
    };
    Server::start(ServerOptions { faults, ..ServerOptions::new(DialectId::Aws) }).unwrap()
}

fn command(folder: &Folder, endpoint: &str, server: &Server, args: &[&str]) -> Command {
    let place = ["--endpoint", endpoint, "--dialect", "aws", "--region", &server.region];
    signed(folder, &server.credentials, &[args, &place].concat())
}

fn run(folder: &Folder, server: &Server, args: &[&str]) -> (String, i32) {
    told(&command(folder, &server.endpoint, server, args).output().unwrap())
}

/// Programs of few Actions, so that a rule of CreateUser is met soon.
const FUZZ: [&str; 9] = ["fuzz", "--actions", "CreateUser,GetUser", "--seed", "5", "--calls", "900", "--out", "findings"];

/// The findings of a stored run.
fn findings(path: &Path) -> Vec<FindingRecord> {
    let events = read_run(path).unwrap();
    events.into_iter().filter_map(|event| if let Event::Finding(found) = event { Some(*found) } else { None }).collect()
}

/// The case files in a folder of findings.
fn files(folder: &Path) -> Vec<PathBuf> {
    let all = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<PathBuf> = all.filter(|path| path.extension().is_some_and(|end| end == "toml")).collect();
    files.sort();
    files
}

#[test]
fn what_is_found_becomes_a_case_that_fails_there_and_nowhere_else() {
    let folder = Folder::new("fuzz-findings");
    let broken = server(Some(RULE));
    let (text, code) = run(&folder, &broken, &[&FUZZ[..], &["--output", "ndjson=run.ndjson", "--output", "junit=run.xml"]].concat());
    assert_eq!(code, 1, "{text}");
    let found = findings(&folder.0.join("run.ndjson"));
    let of_the_rule: Vec<&FindingRecord> = found.iter().filter(|f| f.requirement.as_deref() == Some(RULE)).collect();
    assert!(!of_the_rule.is_empty() && of_the_rule.len() <= 2, "one rule, few fingerprints: {found:?}");
    assert!(of_the_rule.iter().all(|f| f.stability == "reproducible" && f.left <= 3 && f.repeats.is_none()), "{found:?}");
    let file = of_the_rule[0].file.clone().expect("a case file");
    assert!(text.contains(&format!("NEW  {}  reproducible", of_the_rule[0].id)) && text.contains(&file), "{text}");
    let xml = fs::read_to_string(folder.0.join("run.xml")).unwrap();
    assert!(xml.contains("<failure") && xml.contains(&of_the_rule[0].id), "{xml}");
    let events = fs::read_to_string(folder.0.join("findings/events.ndjson")).unwrap();
    assert!(events.contains("\"event\":\"finding\""), "{events}");
    assert_nothing_left(&broken);

    let (text, code) = run(&folder, &broken, &["replay", &file]);
    assert!(code == 1 && text.starts_with("FAILED"), "{text}");
    let sound = server(None);
    let (text, code) = run(&folder, &sound, &["replay", &file]);
    assert!(code == 0 && text.starts_with("FIXED"), "{text}");

    // What is listed repeats: it is told apart, and is no failure.
    let list = |file: &Path| -> Vec<String> {
        let list = ["fuzz", "--promote", file.to_str().unwrap(), "--baseline", "list.toml", "--reason", "it compares letters"];
        list.map(str::to_owned).to_vec()
    };
    let promoted = fs::read_to_string(folder.0.join(&file)).unwrap();
    for file in files(&folder.0.join("findings")) {
        let (text, code) =
            told(&signed(&folder, &somebody(), &list(&file).iter().map(String::as_str).collect::<Vec<_>>()).output().unwrap());
        assert_eq!(code, 0, "{text}");
    }
    let again = ["fuzz", "--actions", "CreateUser,GetUser", "--seed", "5", "--calls", "900", "--baseline", "list.toml"];
    let (text, code) = run(&folder, &broken, &again);
    assert!(code == 0 && text.contains("REPEATS  it compares letters (list.toml:") && text.contains("\n0 new findings, "), "{text}");
    let (text, code) = run(&folder, &sound, &again);
    assert!(code == 0 && text.contains("\n0 new findings, 0 repeated"), "{text}");

    fs::write(folder.0.join(&file), promoted).unwrap();
    let (text, code) = told(&signed(&folder, &somebody(), &["fuzz", "--promote", &file]).output().unwrap());
    assert!(code == 0 && !folder.0.join(&file).exists(), "{text}");
    let suite = Corpus::from_dir(&folder.0.join("cases")).unwrap();
    assert_eq!(suite.cases.len(), 1);
    assert_eq!(suite.cases[0].requirements[0].id(), RULE);
}

#[test]
fn what_a_stored_run_failed_for_repeats() {
    let folder = Folder::new("fuzz-known");
    let broken = server(Some(RULE));
    let (text, code) = run(&folder, &broken, &["run", "users/CreateUser/*", "--output", "ndjson=suite.ndjson"]);
    assert_eq!(code, 1, "{text}");
    let fuzz = ["fuzz", "--actions", "CreateUser,GetUser", "--seed", "5", "--calls", "900", "--known", "suite.ndjson"];
    let (text, code) = run(&folder, &broken, &fuzz);
    assert!(code == 0 && text.contains("REPEATS  users/CreateUser/"), "{text}");
}

/// What is in the state of a run.
fn state(folder: &Folder) -> serde_json::Value {
    serde_json::from_str(&fs::read_to_string(folder.0.join("findings/state.json")).unwrap()).unwrap()
}

#[test]
fn an_interrupted_run_goes_on_with_its_programs_and_with_what_waits() {
    let folder = Folder::new("fuzz-interrupted");
    let broken = server(Some(RULE));
    let passed = Arc::new(AtomicUsize::new(0));
    let hand = Hand::slow(&broken.endpoint, Duration::from_millis(2), &passed);
    let endpoint = hand.endpoint();
    let mut command = command(&folder, &endpoint, &broken, &FUZZ);
    let child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let began = Instant::now();
    while passed.load(Ordering::SeqCst) < 500 {
        assert!(began.elapsed() < Duration::from_secs(60), "the run does not begin");
        std::thread::sleep(Duration::from_millis(5));
    }
    assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
    let (text, code) = told(&child.wait_with_output().unwrap());
    assert_eq!(code, 3, "{text}");
    assert!(text.contains("stopped: interrupted"), "{text}");
    assert_nothing_left(&broken);
    let first = state(&folder);
    assert!(first["findings"].as_array().unwrap().iter().all(|f| f["record"].is_null()), "nothing was looked for again: {first}");
    let programs = first["next"].as_u64().unwrap();
    assert!(first["calls"].as_u64().unwrap() < 900 && programs > 0, "{first}");

    let (text, code) = told(&self::command(&folder, &endpoint, &broken, &FUZZ).output().unwrap());
    assert_eq!(code, 1, "{text}");
    let second = state(&folder);
    assert!(second["next"].as_u64().unwrap() > programs && second["calls"].as_u64().unwrap() >= 900, "{second}");
    let all = second["findings"].as_array().unwrap();
    assert!(!all.is_empty() && all.iter().all(|f| f["record"]["seen"] == 3), "{second}");
    assert!(all.len() >= first["findings"].as_array().unwrap().len());
    assert_nothing_left(&broken);
}
