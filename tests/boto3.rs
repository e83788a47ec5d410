//! A stock boto3 client walks all 45 Actions through `iamspec serve`, and uses an ECS with and without TLS. Skipped, saying so, where
//! Python or boto3 is missing: `IAMSPEC_PYTHON` names another interpreter than `python3`.

use std::io::{BufRead, BufReader};
use std::process::{Child, ChildStdout, Command, Stdio};

/// A server, with the rest of what it prints: it may not find its standard output closed while it does.
struct Served(Child, Option<BufReader<ChildStdout>>);

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn serve(args: &[&str]) -> (Served, String) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_iamspec"))
        .args(["serve", "--port", "0"])
        .args(args)
        .env("AWS_ACCESS_KEY_ID", "AKIATESTTESTTESTTEST")
        .env("AWS_SECRET_ACCESS_KEY", "test-secret")
        .stdout(Stdio::piped())
        .spawn()
        .expect("the built binary starts");
    let mut out = BufReader::new(child.stdout.take().expect("stdout is piped"));
    let mut served = Served(child, None);
    let mut line = String::new();
    while out.read_line(&mut line).expect("stdout is text") > 0 {
        if let Some(endpoint) = line.split_whitespace().find(|word| word.contains("://127.0.0.1:")) {
            let endpoint = endpoint.trim_end_matches('/').to_owned();
            served.1 = Some(out);
            return (served, endpoint);
        }
        line.clear();
    }
    panic!("serve printed no endpoint");
}

/// An interpreter that has boto3.
fn python() -> Option<String> {
    let python = std::env::var("IAMSPEC_PYTHON").unwrap_or_else(|_| "python3".into());
    let has_boto3 = Command::new(&python).args(["-c", "import boto3"]).stderr(Stdio::null()).status().is_ok_and(|s| s.success());
    if !has_boto3 {
        eprintln!("skipped: {python} with boto3 is not there");
    }
    has_boto3.then_some(python)
}

#[test]
fn boto3_walks_all_45_actions() {
    let Some(python) = python() else { return };
    let certs = std::env::temp_dir().join(format!("iamspec-boto3-{}", std::process::id()));
    let made = Command::new(env!("CARGO_BIN_EXE_iamspec")).args(["certs", "--out"]).arg(&certs).status().expect("the built binary starts");
    assert!(made.success());

    let (_served, endpoint) = serve(&["--dialect", "aws"]);
    let walk = Command::new(&python)
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/boto3_walk.py"))
        .arg(&endpoint)
        .arg(&certs)
        .env("AWS_ACCESS_KEY_ID", "AKIATESTTESTTESTTEST")
        .env("AWS_SECRET_ACCESS_KEY", "test-secret")
        .output()
        .expect("python starts");
    let _ = std::fs::remove_dir_all(&certs);
    let (out, err) = (String::from_utf8_lossy(&walk.stdout), String::from_utf8_lossy(&walk.stderr));
    assert!(walk.status.success(), "{out}{err}");
    assert_eq!(out.trim(), "45 Actions", "{err}");
}

#[test]
fn boto3_creates_reads_and_deletes_a_user_of_an_ecs() {
    let Some(python) = python() else { return };
    let ca = std::env::temp_dir().join(format!("iamspec-boto3-{}-ca.pem", std::process::id()));
    let path = ca.to_str().expect("a path that is text");
    for tls in [&[][..], &["--tls", "--ca-out", path]] {
        let (_served, endpoint) = serve(&[&["--dialect", "ecs"], tls].concat());
        let mut client = Command::new(&python);
        match tls {
            [] => client.env_remove("AWS_CA_BUNDLE"),
            _ => client.env("AWS_CA_BUNDLE", path),
        };
        let used = client
            .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/boto3_ecs.py"))
            .arg(format!("{endpoint}/iam"))
            .envs([("AWS_ACCESS_KEY_ID", "AKIATESTTESTTESTTEST"), ("AWS_SECRET_ACCESS_KEY", "test-secret")])
            .output()
            .expect("python starts");
        let (out, err) = (String::from_utf8_lossy(&used.stdout), String::from_utf8_lossy(&used.stderr));
        assert_eq!(out.trim(), "404 NoSuchEntity", "{tls:?}: {err}");
    }
    let _ = std::fs::remove_file(&ca);
}
