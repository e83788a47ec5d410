//! Stored runs, written by hand: what the views that read them are tried on.

use std::path::Path;

use serde_json::{Value, json};

/// What a case did in a stored run.
#[derive(Clone, Copy)]
pub struct Told<'a> {
    /// Case id.
    pub case: &'a str,
    /// What it checks.
    pub requirement: &'a str,
    /// `must`, `should` or `may`.
    pub level: &'a str,
    /// The verdict, as events name it.
    pub verdict: &'a str,
    /// What the target answered where `409 DeleteConflict` is expected.
    pub actual: &'a str,
}

/// A run on one target, to which events are added.
pub struct Stored {
    target: String,
    events: Vec<Value>,
}

impl Stored {
    /// The beginning of a run of that id on that day.
    pub fn new(target: &str, version: &str, run: &str, day: &str) -> Stored {
        let started = json!({
            "event": "run-started", "version": "0.1.0", "run": run, "seed": 7, "started": format!("{day}T17:34:00Z"),
            "targets": [{ "name": target, "version": version, "endpoint": "http://127.0.0.1:5000", "dialect": "aws",
                          "configurations": ["aws/xml"] }],
            "trials": 0, "jobs": 4, "level": "should", "suite": "5d41402a",
        });
        Stored { target: target.into(), events: vec![started] }
    }

    /// A case.
    pub fn case(mut self, told: Told<'_>) -> Stored {
        self.events.push(record(&self.target, told));
        self
    }

    /// A case that passes, and whose answer is not its snapshot's.
    pub fn differing(mut self, told: Told<'_>) -> Stored {
        let mut event = record(&self.target, Told { verdict: "pass", ..told });
        let file = format!("golden/cases/{}.snap", told.case);
        event["verdict"]["differs"] =
            json!([{ "snapshot": file, "step": 1, "path": "User.UserId", "expected": "<UserId:1>", "actual": "<UserId:2>" }]);
        self.events.push(event);
        self
    }

    /// A free check that did not hold.
    pub fn check(mut self, requirement: &str, action: &str, at: &str, text: &str) -> Stored {
        self.events.push(json!({
            "event": "check", "target": self.target, "configuration": "aws/xml", "requirement": requirement, "level": "must",
            "action": action, "at": at, "text": text, "case": "users/GetUser/by-name", "count": 3,
        }));
        self
    }

    /// Something left behind.
    pub fn leftover(mut self, name: &str, why: &str) -> Stored {
        let case = "users/DeleteUser/attached";
        self.events.push(json!({ "event": "leftover", "target": self.target, "kind": "policy", "name": name, "why": why, "case": case }));
        self
    }

    /// An Action that the target does not have, and what it answered.
    pub fn without(mut self, action: &str, evidence: &str) -> Stored {
        let (target, supported) = (&self.target, false);
        let event = json!({ "event": "capability", "target": target, "action": action, "supported": supported, "evidence": evidence });
        self.events.push(event);
        self
    }

    /// Ends the run and writes it to a file of that name in a folder. Returns the path.
    pub fn write(mut self, folder: &Path, name: &str) -> String {
        self.events.push(json!({
            "event": "run-finished", "passed": 0, "failed": 0, "errors": 0, "skipped": 0, "xfailed": 0, "xpassed": 0, "calls": 42,
            "millis": 2_100, "exit": 0,
        }));
        let lines: String = self
            .events
            .into_iter()
            .map(|mut event| {
                event["v"] = json!(1);
                format!("{event}\n")
            })
            .collect();
        let path = folder.join(name);
        std::fs::write(&path, lines).expect("a file");
        path.to_string_lossy().into_owned()
    }
}

/// A case of two steps, of which the second differs where the verdict says so.
fn record(target: &str, told: Told<'_>) -> Value {
    let Told { case, requirement, level, verdict, actual } = told;
    let action = case.split('/').nth(1).unwrap_or_default();
    let departs = matches!(verdict, "fail" | "xfail");
    let reason = match verdict {
        "skip" => "the target does not support UploadServerCertificate",
        "xfail" => "it does not look at attachments",
        "error" => "connection refused",
        _ => "",
    };
    let mismatch = json!({
        "step": 1, "requirement": requirement, "path": "status", "expected": "409 DeleteConflict", "actual": actual,
        "loc": { "file": format!("cases/{action}.toml"), "line": 31, "column": 10 },
    });
    let step = |step: usize, call: &str| {
        let mut out =
            json!({ "step": step, "call": call, "params": [["UserName", "t-k3f9-user"]], "status": 200, "message": actual, "millis": 3 });
        if departs {
            out["exchange"] = json!({
                "request_line": "POST /", "request_headers": [["authorization", "AWS4-HMAC-SHA256 Signature=<secret>"]],
                "request_body": format!("Action={call}&UserName=t-k3f9-user"), "response_headers": [["content-type", "text/xml"]],
                "response_body": format!("<{call}Response>{actual}</{call}Response>"),
            });
        }
        out
    };
    let steps = if verdict == "skip" { vec![] } else { vec![step(0, "CreateUser"), step(1, action)] };
    let mismatches = if departs { vec![mismatch] } else { vec![] };
    json!({
        "event": "case", "case": case, "configuration": "aws/xml", "target": target, "title": format!("Title of {case}"),
        "loc": format!("cases/{action}.toml:12"), "requirements": [requirement], "level": level,
        "verdict": { "status": verdict, "reason": reason, "mismatches": mismatches }, "steps": steps, "millis": 14,
        "repeat": format!("iamspec run --target {target} --wire xml {case}"),
    })
}
