//! `iamspec coverage` over a stored run and what `iamspec strength` wrote.

mod support;

use serde_json::Value;
use support::{Folder, command, told};

const RULE: &str = "create-user.name-unique";

#[test]
fn what_strength_measured_is_told_by_requirement_and_fact() {
    let folder = Folder::new("coverage");
    let iamspec = |args: &[&str]| told(&command(&folder, args).output().unwrap());
    let (text, code) = iamspec(&["run", "users/CreateUser", "--dialect", "aws", "--output", "ndjson=run.ndjson"]);
    assert_eq!(code, 0, "{text}");
    let (text, code) = iamspec(&["strength", &format!("requirement:{RULE}"), "--dialect", "aws", "--json", "strength.json"]);
    assert_eq!(code, 0, "{text}");

    let args = ["coverage", "--from", "run.ndjson", "--strength", "strength.json"];
    let (text, code) = iamspec(&args);
    assert_eq!(code, 0, "{text}");
    let counts = text.split("what strength measured\n").nth(1).unwrap_or_default();
    assert!(counts.starts_with("  requirements that are killed ") && counts.contains("\n    not measured "), "{text}");
    let (text, _) = iamspec(&[&args[..], &["--json"]].concat());
    let coverage: Value = serde_json::from_str(&text).expect("JSON");
    // It was broken, noticed in its own name, and the fact that says it is killed; others were left alone.
    let rule = &coverage["kills"]["requirements"][RULE];
    assert!(rule["killed"] == 1 && rule["survived"] == 0 && rule["kills"] == 1, "{rule}");
    assert_eq!(coverage["kills"]["requirements"]["delete-user.gone"]["killed"], 0);
    let facts = &coverage["kills"]["facts"];
    assert_eq!(facts["killed"], serde_json::json!(["create-user.duplicate"]), "a filter takes the rules that begin like it too");
    assert_eq!(facts["open"]["create-user.name-length"], serde_json::json!(["parameters.max-length (not measured)"]));
    // Codes by Action, of what the run reached.
    let create = &coverage["dialects"]["aws"]["by_action"]["CreateUser"];
    assert!(create["errors"]["of"] == 4 && create["allowed"].is_boolean() && create["denied"] == false, "{create}");

    // Files that are none, and a measurement of other case files.
    for (file, why) in [("run.ndjson", "no report of iamspec strength --json"), ("nowhere.json", "cannot read nowhere.json for --strength")]
    {
        let (text, code) = iamspec(&["coverage", "--from", "run.ndjson", "--strength", file]);
        assert!(code == 2 && text.contains(why), "{code} {text}");
    }
    let report = std::fs::read_to_string(folder.0.join("strength.json")).unwrap();
    let mut report: Value = serde_json::from_str(&report).unwrap();
    report["suite"] = "another".into();
    std::fs::write(folder.0.join("other.json"), report.to_string()).unwrap();
    let (text, code) = iamspec(&["coverage", "--from", "run.ndjson", "--strength", "other.json"]);
    assert!(code == 0 && text.contains("what was measured are other case files than these"), "{text}");
}
