//! Hand-made events for the tests of this folder and of the baseline.

use serde_json::json;

use super::event::*;
use crate::api::{DialectId, Level};
use crate::verdict::{Loc, Mismatch, SnapshotDifference, Status, Verdict};

fn step(step: usize, call: &str, params: &[(&str, &str)], status: u16) -> StepRecord {
    StepRecord {
        step,
        at: String::new(),
        call: call.into(),
        principal: None,
        params: params.iter().map(|(n, v)| ((*n).into(), (*v).into())).collect(),
        status: Some(status),
        code: None,
        message: None,
        result: None,
        millis: 3,
        exchange: None,
    }
}

/// A start.
pub fn started() -> RunStarted {
    RunStarted {
        version: "0.1.0".into(),
        run: "k3f9".into(),
        seed: 7,
        started: "2026-11-22T17:34:00Z".into(),
        targets: vec![TargetRecord {
            name: "moto".into(),
            version: Some("5.2.5".into()),
            endpoint: "http://127.0.0.1:5000".into(),
            dialect: DialectId::Aws,
            configurations: vec!["aws/xml".into()],
        }],
        trials: 3,
        jobs: 4,
        level: Level::Should,
        suite: "5d41402a".into(),
        shard: None,
    }
}

/// A case that fails at its fourth step: an attached policy does not block DeleteUser.
pub fn failure() -> CaseRecord {
    let arn = "arn:aws:iam::123456789012:policy/t-k3f9-policy";
    let mut create = step(1, "CreatePolicy", &[("PolicyName", "t-k3f9-policy"), ("PolicyDocument", "{\"Version\":\"2012-10-17\"}")], 200);
    create.result = Some(json!({ "Policy": { "Arn": arn, "PolicyName": "t-k3f9-policy" } }));
    let mut delete = step(3, "DeleteUser", &[("UserName", "t-k3f9-user")], 200);
    delete.exchange = Some(Exchange {
        request_line: "POST /".into(),
        request_headers: vec![("Content-Type".into(), "application/x-www-form-urlencoded".into())],
        request_body: "Action=DeleteUser&Version=2010-05-08&UserName=t-k3f9-user".into(),
        response_headers: vec![("content-type".into(), "text/xml".into())],
        response_body: "<DeleteUserResponse>\n\u{1b}[2J</DeleteUserResponse>".into(),
    });
    let mismatch = |path: &str, expected: &str, actual: &str| Mismatch {
        step: 3,
        at: String::new(),
        requirement: "example.attached-policy-blocks".into(),
        path: path.into(),
        expected: expected.into(),
        actual: actual.into(),
        prerequisite: false,
        loc: Loc { file: "cases/users/DeleteUser.toml".into(), line: 31, column: 10 },
    };
    CaseRecord {
        case: "users/DeleteUser/attached-policy-blocks".into(),
        configuration: "aws/xml".into(),
        target: "moto".into(),
        title: "A user with an attached policy cannot be deleted".into(),
        loc: "cases/users/DeleteUser.toml:12".into(),
        requirements: vec!["example.attached-policy-blocks".into()],
        level: Level::Must,
        verdict: Verdict {
            status: Status::Fail,
            reason: String::new(),
            mismatches: vec![mismatch("status", "409", "200"), mismatch("error", "DeleteConflict", "success")],
            differs: Vec::new(),
        },
        steps: vec![
            step(0, "CreateUser", &[("UserName", "t-k3f9-user")], 200),
            create,
            step(2, "AttachUserPolicy", &[("UserName", "t-k3f9-user"), ("PolicyArn", arn)], 200),
            delete,
        ],
        millis: 14,
        waited_millis: 0,
        repeat: "iamspec run users/DeleteUser/attached-policy-blocks --target moto --wire xml".into(),
    }
}

/// A case that passes.
pub fn pass() -> CaseRecord {
    let mut record = failure();
    record.case = "users/GetUser/by-name".into();
    record.verdict = Verdict::new(Status::Pass, "");
    record.steps.truncate(1);
    record
}

/// A case that passes and is answered otherwise than its snapshot says.
pub fn differs() -> CaseRecord {
    let mut record = pass();
    record.verdict.differs = vec![SnapshotDifference {
        snapshot: "snapshots/cases/users/GetUser/by-name.snap".into(),
        step: 0,
        at: String::new(),
        path: "User.UserId".into(),
        expected: "<UserId:1>".into(),
        actual: "<UserId:2>".into(),
    }];
    record
}

/// A case that is skipped.
pub fn skip() -> CaseRecord {
    let mut record = pass();
    record.case = "server-certificates/GetServerCertificate/by-name".into();
    record.verdict.status = Status::Skip;
    record.verdict.reason = "the target does not support UploadServerCertificate".into();
    record.steps.clear();
    record
}

/// A free check that did not hold.
pub fn check() -> CheckRecord {
    CheckRecord {
        target: "moto".into(),
        configuration: "aws/xml".into(),
        requirement: "example.whole-seconds".into(),
        level: Level::Should,
        action: "GetUser".into(),
        at: "User.CreateDate".into(),
        text: "a date in whole seconds, seen 2026-11-22T17:34:00.123Z".into(),
        case: "users/GetUser/by-name".into(),
        count: 12,
        known: None,
        entry: None,
    }
}

/// Something that could not be removed.
pub fn leftover() -> Leftover {
    Leftover {
        target: "moto".into(),
        kind: "policy".into(),
        name: "arn:aws:iam::123456789012:policy/t-k3f9-policy".into(),
        why: "DeletePolicy: 409 DeleteConflict, although nothing is attached".into(),
        case: "users/DeleteUser/attached-policy-blocks".into(),
        known: None,
    }
}

/// The end of a run of [`pass`], [`failure`] and [`skip`].
pub fn finished() -> RunFinished {
    RunFinished { passed: 1, failed: 1, skipped: 1, calls: 42, millis: 2_100, exit: 1, ..RunFinished::default() }
}

/// A whole run.
pub fn run() -> Vec<Event> {
    vec![
        Event::RunStarted(started()),
        Event::Capability(Capability {
            target: "moto".into(),
            action: "UploadServerCertificate".into(),
            supported: false,
            evidence: "501 NotImplemented".into(),
        }),
        Event::Case(Box::new(pass())),
        Event::Case(Box::new(failure())),
        Event::Case(Box::new(skip())),
        Event::Check(check()),
        Event::Leftover(leftover()),
        Event::Note { text: "the target answers JSON errors as XML".into() },
        Event::RunFinished(finished()),
    ]
}
