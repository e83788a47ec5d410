//! A stock boto3 client walks all 45 Actions through `iamspec serve`. Skipped, saying so, where Python or boto3 is missing:
//! `IAMSPEC_PYTHON` names another interpreter than `python3`.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

struct Served(Child);

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn serve(dialect: &str) -> (Served, String) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_iamspec"))
        .args(["serve", "--dialect", dialect, "--port", "0"])
        .env("AWS_ACCESS_KEY_ID", "AKIATESTTESTTESTTEST")
        .env("AWS_SECRET_ACCESS_KEY", "test-secret")
        .stdout(Stdio::piped())
        .spawn()
        .expect("the built binary starts");
    let out = child.stdout.take().expect("stdout is piped");
    let served = Served(child);
    for line in BufReader::new(out).lines() {
        let line = line.expect("stdout is text");
        if let Some(endpoint) = line.split_whitespace().find(|word| word.starts_with("http://127.0.0.1:")) {
            return (served, endpoint.trim_end_matches('/').to_owned());
        }
    }
    panic!("serve printed no endpoint");
}

#[test]
fn boto3_walks_all_45_actions() {
    let python = std::env::var("IAMSPEC_PYTHON").unwrap_or_else(|_| "python3".into());
    let has_boto3 = Command::new(&python).args(["-c", "import boto3"]).stderr(Stdio::null()).status().is_ok_and(|s| s.success());
    if !has_boto3 {
        eprintln!("skipped: {python} with boto3 is not there");
        return;
    }
    let certs = std::env::temp_dir().join(format!("iamspec-boto3-{}", std::process::id()));
    let made = Command::new(env!("CARGO_BIN_EXE_iamspec")).args(["certs", "--out"]).arg(&certs).status().expect("the built binary starts");
    assert!(made.success());

    let (_served, endpoint) = serve("aws");
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
