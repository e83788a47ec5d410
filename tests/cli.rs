//! The command from outside: exit codes, where output goes, and what is said when something is wrong.

use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

/// The command in an environment that names no target and no credentials, with a folder of its own for journals.
fn iamspec(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_iamspec"));
    command.args(args).stdin(Stdio::null());
    for (name, _) in std::env::vars() {
        if ["IAMSPEC_", "AWS_", "OSC_"].iter().any(|prefix| name.starts_with(prefix)) {
            command.env_remove(name);
        }
    }
    command.env("HOME", scratch("home")).env("IAMSPEC_STATE", scratch("state"));
    command
}

fn run(args: &[&str]) -> Output {
    iamspec(args).output().expect("the built binary starts")
}

fn scratch(name: &str) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("iamspec-cli-{}-{name}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder for temporary files");
    folder
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn mistakes_of_usage_end_with_2_and_say_what_to_do() {
    let scrap = scratch("mistakes").join("run.ndjson");
    std::fs::write(&scrap, "{\"v\":9,\"event\":\"note\",\"text\":\"\"}\n").expect("a temporary file");
    for (args, said) in [
        (vec!["run", "users/DeleteUsr"], "users/DeleteUsr"),
        (vec!["run", "--requirement", "no.such"], "no.such"),
        (vec!["run", "--levl", "must"], "--level"),
        (vec!["run", "--output", "html=x"], "one of ndjson, json, junit, github"),
        (vec!["run", "--output", "json=/nonexistent/x.json"], "cannot write the report /nonexistent/x.json"),
        (vec!["run", "--dialect", "aws", "--wire", "json"], "the embedded reference has no such configuration"),
        (vec!["run", "--target", "motto"], "did you mean `moto`?"),
        (vec!["run", "--endpoint", "http://127.0.0.1:9", "--dialect", "aws"], "no credentials"),
        (vec!["run", "--update-baseline"], "--target"),
        (vec!["run", "--baseline", "/nonexistent/b.toml"], "cannot read the list of known failures /nonexistent/b.toml"),
        (vec!["run", "--failed-from", scrap.to_str().unwrap_or_default()], "event format 9, but this iamspec reads format 1"),
        (vec!["run", "--cases", "/nonexistent"], "/nonexistent"),
        (vec!["explain", "users/DeleteUser/attached-policy-block"], "did you mean `users/DeleteUser/attached-policy-blocks`?"),
        (vec!["sweep"], "--endpoint"),
    ] {
        let out = run(&args);
        let err = text(&out.stderr);
        assert_eq!(out.status.code(), Some(2), "{args:?}: {err}");
        assert!(err.contains(said), "{args:?}: {err}");
        assert!(out.stdout.is_empty(), "{args:?} sends nothing, so there is nothing to report");
    }
}

#[test]
fn a_target_that_is_not_there_ends_with_3() {
    let out = iamspec(&["run", "--endpoint", "http://127.0.0.1:9", "--dialect", "aws"])
        .env("AWS_ACCESS_KEY_ID", "AKIATESTTESTTESTTEST")
        .env("AWS_SECRET_ACCESS_KEY", "a-secret-that-must-not-show")
        .output()
        .expect("the built binary starts");
    let said = text(&out.stdout) + &text(&out.stderr);
    assert_eq!(out.status.code(), Some(3), "{said}");
    assert!(said.contains("127.0.0.1:9") && !said.contains("a-secret-that-must-not-show"), "{said}");
}

#[test]
fn reports_go_where_they_are_sent_and_pipes_stay_plain() {
    let folder = scratch("reports");
    let junit = folder.join("junit.xml");
    let out = run(&[
        "run",
        "users/DeleteUser",
        "--dialect",
        "aws",
        "--output",
        "ndjson=-",
        "--output",
        &format!("junit={}", junit.display()),
        "--curl",
        folder.join("curl").to_str().unwrap_or_default(),
    ]);
    let (stream, report) = (text(&out.stdout), text(&out.stderr));
    assert_eq!(out.status.code(), Some(0), "{report}");
    assert!(stream.lines().all(|line| line.starts_with("{\"v\":1,\"event\":\"")), "standard output belongs to the stream");
    assert!(report.contains("cases in") && !report.contains('\u{1b}'), "{report}");
    let junit = std::fs::read_to_string(junit).expect("the report is there");
    assert!(roxmltree::Document::parse(&junit).is_ok_and(|d| d.root_element().has_tag_name("testsuites")));
    assert!(std::fs::read_dir(folder.join("curl")).is_ok_and(|scripts| scripts.count() > 1));
}

#[test]
fn a_reader_that_has_seen_enough_is_no_failure() {
    for args in [["list", "--requirements"], ["completions", "bash"]] {
        let mut child = iamspec(&args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the built binary starts");
        drop(child.stdout.take());
        let out = child.wait_with_output().expect("it ends");
        assert_eq!((out.status.code(), text(&out.stderr).as_str()), (Some(0), ""), "{args:?}");
    }
}
