//! `iamspec matrix` from outside: its forms, and what it refuses.

mod support;

use support::stored::{Stored, Told};
use support::{Folder, command, told};

const PASS: Told<'_> =
    Told { case: "users/GetUser/by-name", requirement: "get-user.unknown", level: "must", verdict: "pass", actual: "200" };
const FAIL: Told<'_> = Told {
    case: "users/DeleteUser/attached",
    requirement: "delete-user.no-attached-policy",
    level: "must",
    verdict: "fail",
    actual: "200",
};

fn read(folder: &Folder, name: &str) -> String {
    std::fs::read_to_string(folder.0.join(name)).unwrap_or_else(|why| panic!("{name}: {why}"))
}

#[test]
fn a_real_run_is_shown_in_every_form() {
    let folder = Folder::new("matrix-forms");
    let (text, code) = told(&command(&folder, &["run", "users/GetUser", "--output", "ndjson=run.ndjson"]).output().unwrap());
    assert_eq!(code, 0, "{text}");
    let outputs = ["-o", "m.html", "-o", "m.md", "-o", "m.json", "-o", "csv=m.txt", "--badges", "badges"];
    let (text, code) = told(&command(&folder, &[&["matrix", "run.ndjson"], &outputs[..]].concat()).output().unwrap());
    assert_eq!((text.as_str(), code), ("", 0));
    let json: serde_json::Value = serde_json::from_str(&read(&folder, "m.json")).unwrap();
    let columns: Vec<&str> = json["columns"].as_array().unwrap().iter().map(|c| c["dialect"].as_str().unwrap()).collect();
    assert_eq!(columns, ["eim", "ecs", "aws"], "the embedded reference is a column in each dialect");
    assert_eq!((&json["families"][0]["family"], &json["columns"][0]["counts"]["fail"]), (&"users".into(), &0.into()));
    assert!(read(&folder, "m.md").contains("| reference "), "{}", read(&folder, "m.md"));
    let csv = read(&folder, "m.txt");
    assert!(csv.starts_with("target,version,dialect,configuration,date,kind,") && csv.contains("reference,0.1.0,eim,eim/json,"));
    assert!(read(&folder, "m.html").starts_with("<!doctype html>"));
    assert!(read(&folder, "badges/reference-eim.json").contains("\"label\":\"IAM conformance\""));
    assert!(roxmltree::Document::parse(&read(&folder, "badges/reference-aws.svg")).is_ok());
}

#[test]
fn standard_output_is_markdown_unless_asked_otherwise() {
    let folder = Folder::new("matrix-stdout");
    let run = Stored::new("moto", "5.2.5", "a", "2026-11-22").case(PASS).case(FAIL).write(&folder.0, "run.ndjson");
    let out = command(&folder, &["matrix", &run]).output().unwrap();
    assert!(String::from_utf8_lossy(&out.stdout).starts_with("# IAM compatibility matrix\n"));
    let out = command(&folder, &["matrix", &run, "-o", "-", "--format", "csv"]).output().unwrap();
    assert!(String::from_utf8_lossy(&out.stdout).starts_with("target,version,"));
    let summary = command(&folder, &["matrix", &run, "--summary", "-o", "md=-"]).output().unwrap();
    assert!(String::from_utf8_lossy(&summary.stdout).contains("<summary>moto 5.2.5 aws: unexpected 1</summary>"));
}

#[test]
fn two_runs_of_a_target_say_what_changed() {
    let folder = Folder::new("matrix-changes");
    let before = Stored::new("moto", "5.2.4", "a", "2026-11-15").case(PASS).case(FAIL).write(&folder.0, "before.ndjson");
    let fixed = Told { verdict: "pass", ..FAIL };
    let broken = Told { verdict: "fail", actual: "500", ..PASS };
    let after = Stored::new("moto", "5.2.5", "b", "2026-11-22").case(broken).case(fixed).write(&folder.0, "after.ndjson");
    let out = command(&folder, &["matrix", &after, &before, "-o", "csv=-"]).output().unwrap();
    let (csv, said) = (String::from_utf8_lossy(&out.stdout).into_owned(), String::from_utf8_lossy(&out.stderr).into_owned());
    assert_eq!(said, "iamspec: moto 5.2.5 aws: 1 newly failing, 1 fixed, 0 as before\n");
    for (case, change) in [("users/GetUser/by-name", "newly-failing"), ("users/DeleteUser/attached", "fixed")] {
        assert!(csv.lines().any(|l| l.starts_with("moto,5.2.5,") && l.contains(case) && l.contains(change)), "{csv}");
    }
    assert_eq!(out.status.code(), Some(0), "a matrix tells; the gate judges");
}

#[test]
fn what_is_no_run_or_cannot_be_written_is_refused() {
    let folder = Folder::new("matrix-refused");
    let run = Stored::new("moto", "5.2.5", "a", "2026-11-22").case(PASS).write(&folder.0, "run.ndjson");
    std::fs::copy(&run, folder.0.join("copy.ndjson")).unwrap();
    std::fs::write(folder.0.join("junk"), "<html>").unwrap();
    std::fs::write(folder.0.join("headless"), "{\"v\":1,\"event\":\"note\",\"text\":\"x\"}\n").unwrap();
    for (args, code, said) in [
        (&["matrix"][..], 2, "RUN.ndjson"),
        (&["matrix", "none.ndjson"], 2, "cannot read none.ndjson"),
        (&["matrix", "junk"], 2, "junk:1: not a line of a run"),
        (&["matrix", "headless"], 2, "headless has no beginning of a run"),
        (&["matrix", "run.ndjson", "copy.ndjson"], 2, "copy.ndjson is the same run as run.ndjson"),
        (&["matrix", "run.ndjson", "-o", "m.pdf"], 2, "names no format"),
        (&["matrix", "run.ndjson", "-o", "/nonexistent/m.html"], 3, "cannot write the matrix to /nonexistent/m.html"),
        (&["matrix", "run.ndjson", "--badges", "/dev/null/x"], 3, "cannot write the matrix to /dev/null/x"),
    ] {
        let (text, got) = told(&command(&folder, args).output().unwrap());
        assert_eq!(got, code, "{args:?}: {text}");
        assert!(text.contains(said), "{args:?}: {text}");
    }
}

#[test]
fn shards_are_one_column_and_a_missing_or_doubled_one_is_refused() {
    let folder = Folder::new("matrix-shards");
    let shards = ["1.ndjson", "2.ndjson", "3.ndjson"];
    for (i, file) in shards.iter().enumerate() {
        let (shard, output) = (format!("{}/3", i + 1), format!("ndjson={file}"));
        let args = ["run", "groups/", "--dialect", "aws", "--shard", &shard, "--output", &output, "--snapshots", "off"];
        let (text, code) = told(&command(&folder, &args).output().unwrap());
        assert_eq!(code, 0, "{text}");
    }
    let (text, code) =
        told(&command(&folder, &["run", "groups/", "--dialect", "aws", "--output", "ndjson=whole.ndjson"]).output().unwrap());
    assert_eq!(code, 0, "{text}");
    let matrix = |files: &[&str]| {
        let out = command(&folder, &[&["matrix"], files, &["--format", "json"]].concat()).output().unwrap();
        (serde_json::from_slice::<serde_json::Value>(&out.stdout).unwrap_or_default(), told(&out))
    };
    let (parts, _) = matrix(&shards);
    let (whole, _) = matrix(&["whole.ndjson"]);
    assert_eq!(parts["columns"].as_array().unwrap().len(), 1);
    assert!(parts["columns"][0]["counts"]["pass"].as_u64().unwrap() > 20);
    assert_eq!(parts["columns"][0]["counts"], whole["columns"][0]["counts"]);
    let (_, (said, code)) = matrix(&shards[1..]);
    assert!(code == 2 && said.contains("shard 1/3 is missing beside 2.ndjson, 3.ndjson"), "{code}: {said}");
    let (_, (said, code)) = matrix(&["1.ndjson", "2.ndjson", "3.ndjson", "2.ndjson"]);
    assert!(code == 2 && said.contains("shard 2/3 is there twice"), "{code}: {said}");
}
