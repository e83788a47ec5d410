//! The GitHub Action: what its shell steps do, with inputs that mean no good, and the YAML of the documentation.

#![cfg(unix)]

mod support;

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Output};

use iamspec::api::DialectId;
use iamspec::reference::server::{Server, ServerOptions};
use support::{Folder, told};
use yaml_rust2::{Yaml, YamlLoader};

fn yaml(text: &str) -> Yaml {
    let mut documents = YamlLoader::load_from_str(text).unwrap_or_else(|e| panic!("{e} in\n{text}"));
    assert_eq!(documents.len(), 1, "{text}");
    documents.remove(0)
}

fn action() -> Yaml {
    yaml(include_str!("../action.yml"))
}

/// The shell steps, by name.
fn scripts(action: &Yaml) -> BTreeMap<String, Yaml> {
    let steps = action["runs"]["steps"].as_vec().unwrap();
    let shell = steps.iter().filter(|step| step["uses"].is_badvalue());
    shell.map(|step| (step["name"].as_str().unwrap().to_owned(), step.clone())).collect()
}

#[test]
fn inputs_reach_scripts_by_the_environment_alone() {
    let action = action();
    assert_eq!(action["runs"]["using"].as_str(), Some("composite"));
    let inputs: Vec<&str> = action["inputs"].as_hash().unwrap().keys().filter_map(Yaml::as_str).collect();
    let scripts = scripts(&action);
    assert_eq!(scripts.keys().collect::<Vec<_>>(), ["Gate", "Install", "Matrix", "Run", "What iamspec is built from"]);
    for (name, step) in &scripts {
        assert_eq!(step["shell"].as_str(), Some("bash"), "{name}");
        assert!(!step["run"].as_str().unwrap().contains("${{"), "{name}: an expression in a script is code of whoever gives the input");
        for (_, value) in step["env"].as_hash().into_iter().flatten() {
            let value = value.as_str().unwrap();
            let input = value.strip_prefix("${{ inputs.").and_then(|rest| rest.strip_suffix(" }}"));
            assert!(input.is_none_or(|input| inputs.contains(&input)), "{name}: {value}");
        }
    }
}

/// A job: a folder, a runner's files, and the command on the path. `cargo` only notes what it is called with.
struct Job {
    folder: Folder,
    server: Server,
}

impl Job {
    fn new(name: &str) -> Job {
        let job =
            Job { folder: Folder::new(&format!("action-{name}")), server: Server::start(ServerOptions::new(DialectId::Aws)).unwrap() };
        for folder in ["bin", "temp", "repository/targets/my server"] {
            std::fs::create_dir_all(job.path(folder)).unwrap();
        }
        job.tool("iamspec", &format!("exec '{}' \"$@\"", env!("CARGO_BIN_EXE_iamspec")));
        job.tool("cargo", "printf '%s\\n' \"$@\" >\"$RUNNER_TEMP/cargo\"");
        let profile = format!("name = \"my server\"\nendpoint = \"{}\"\nregion = \"{}\"\n", job.server.endpoint, job.server.region);
        std::fs::write(job.path("repository/targets/my server/target.toml"), profile).unwrap();
        job
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.folder.0.join(name)
    }

    fn tool(&self, name: &str, script: &str) {
        let path = self.path("bin").join(name);
        std::fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    }

    fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap_or_default()
    }

    /// Runs a step as a runner would, with the inputs given.
    fn step(&self, name: &str, inputs: &[(&str, &str)]) -> Output {
        let action = action();
        let step = &scripts(&action)[name];
        let script = self.path("step.sh");
        std::fs::write(&script, step["run"].as_str().unwrap()).unwrap();
        let mut command = Command::new("bash");
        command.args(["--noprofile", "--norc", "-eo", "pipefail"]).arg(&script).env_clear().current_dir(self.path("repository"));
        let path = std::env::var("PATH").unwrap_or_default();
        command.env("PATH", format!("{}:{path}", self.path("bin").display())).env("HOME", self.path("temp"));
        for (name, file) in
            [("RUNNER_TEMP", "temp"), ("GITHUB_OUTPUT", "output"), ("GITHUB_PATH", "paths"), ("GITHUB_STEP_SUMMARY", "summary")]
        {
            command.env(name, self.path(file));
        }
        let credentials = &self.server.credentials;
        command.env("AWS_ACCESS_KEY_ID", &credentials.access_key_id).env("AWS_SECRET_ACCESS_KEY", &credentials.secret);
        for (name, value) in step["env"].as_hash().into_iter().flatten() {
            let (name, value) = (name.as_str().unwrap(), value.as_str().unwrap());
            let input = value.strip_prefix("${{ inputs.").and_then(|rest| rest.strip_suffix(" }}"));
            let given = inputs.iter().find(|(input_name, _)| Some(*input_name) == input).map(|(_, value)| *value);
            let context = if value.contains("github.action_path") { env!("CARGO_MANIFEST_DIR") } else { "" };
            command.env(name, given.unwrap_or(context));
        }
        command.output().unwrap()
    }

    #[track_caller]
    fn ends(&self, name: &str, inputs: &[(&str, &str)], expected: i32) -> String {
        let (text, code) = told(&self.step(name, inputs));
        assert_eq!(code, expected, "{text}");
        assert!(!text.contains(&self.server.credentials.secret), "{text}");
        text
    }
}

const TARGET: (&str, &str) = ("target", "my server");

#[test]
fn a_job_runs_gates_and_tells() {
    let job = Job::new("whole");
    let some = ("filters", "users/GetUser\nusers/DeleteUser\n");
    let text = job.ends("Gate", &[TARGET, ("runs", "none*.ndjson")], 2);
    assert!(text.contains("no stored run matches none*.ndjson"), "{text}");
    job.ends("Run", &[TARGET, some], 0);
    // A list is there before a gate is: made as the documentation says.
    let list = ["gate", "temp/iamspec-reports/run.ndjson", "--baseline", "known.toml", "--update"];
    let made = Command::new(env!("CARGO_BIN_EXE_iamspec")).args(list).current_dir(&job.folder.0).output().unwrap();
    assert_eq!(made.status.code(), Some(0), "{made:?}");
    let known = job.path("known.toml").display().to_string();
    let text = job.ends("Gate", &[TARGET, some, ("baseline", &known)], 0);
    assert!(text.contains("the gate passes") && !text.contains("::error"), "{text}");
    assert!(job.read("summary").starts_with("## IAM gate: passes"));
    job.ends("Matrix", &[], 0);
    for report in ["gate.json", "judged.ndjson", "junit.xml", "matrix.html", "run.ndjson"] {
        assert!(job.path("temp/iamspec-reports").join(report).is_file(), "{report}");
    }
    // Everything, where the list is of some: new cases are no news. Nothing, where it is of some: they are lost.
    let text = job.ends("Gate", &[("runs", "../temp/iamspec-reports/run.ndjson"), ("baseline", &known), ("filters", "users/GetUser")], 0);
    assert!(text.contains("only ") && text.contains(" cases looked at"), "{text}");
    job.ends("Run", &[TARGET, ("filters", "users/GetUser")], 0);
    let text = job.ends("Gate", &[("baseline", &known)], 1);
    assert!(text.lines().any(|line| line.starts_with("::error title=lost case%3A users/DeleteUser")), "{text}");
}

#[test]
fn shards_of_several_jobs_are_gated_as_one_run() {
    let job = Job::new("shards");
    let some = ("filters", "groups/");
    for shard in ["1/2", "2/2"] {
        job.ends("Run", &[TARGET, some, ("shard", shard)], 0);
    }
    let parts = ("runs", "../temp/iamspec-reports/shard-*.ndjson");
    let list = ["gate", "temp/iamspec-reports/shard-1-of-2.ndjson", "temp/iamspec-reports/shard-2-of-2.ndjson"];
    let list = list.into_iter().chain(["--baseline", "repository/targets/my server/baseline.toml", "--update"]);
    let made = Command::new(env!("CARGO_BIN_EXE_iamspec")).args(list).current_dir(&job.folder.0).output().unwrap();
    assert_eq!(made.status.code(), Some(0), "{made:?}");
    assert!(job.ends("Gate", &[TARGET, parts], 0).contains("the gate passes"));
    let text = job.ends("Gate", &[TARGET, ("runs", "../temp/iamspec-reports/shard-1-*.ndjson")], 2);
    assert!(text.contains("shard 2/2 is missing"), "{text}");
}

#[test]
fn a_target_that_is_not_there_fails_the_gate_or_the_part() {
    let job = Job::new("nowhere");
    let nowhere = [TARGET, ("endpoint", "http://127.0.0.1:9"), ("filters", "users/GetUser")];
    job.ends("Run", &nowhere, 0);
    std::fs::write(job.path("repository/targets/my server/baseline.toml"), "format = 1\n").unwrap();
    let text = job.ends("Gate", &nowhere, 2);
    assert!(text.contains("::error title=stopped early%3A the run::target my server was not reached"), "{text}");
    job.ends("Run", &[nowhere[0], nowhere[1], ("shard", "1/2")], 3);
}

#[test]
fn hostile_inputs_stay_values() {
    let job = Job::new("hostile");
    let hostile = "$(touch pwned)`touch pwned`'; touch pwned; \" && touch pwned #";
    for input in ["target", "endpoint", "dialect", "filters", "level", "shard"] {
        assert_ne!(told(&job.step("Run", &[(input, hostile)])).1, 0, "{input}");
    }
    for input in ["target", "baseline", "filters", "level", "runs"] {
        assert_ne!(told(&job.step("Gate", &[(input, hostile)])).1, 0, "{input}");
    }
    for flag in ["--help", "--output=ndjson=pwned"] {
        assert_ne!(told(&job.step("Run", &[TARGET, ("filters", flag)])).1, 0, "a filter is no flag");
    }
    let mut found = Vec::new();
    walk(&job.folder.0, &mut found);
    assert!(!found.iter().any(|name| name.contains("pwned")), "{found:?}");
}

fn walk(folder: &Path, found: &mut Vec<String>) {
    for entry in std::fs::read_dir(folder).unwrap().flatten() {
        found.push(entry.file_name().to_string_lossy().into_owned());
        if entry.path().is_dir() {
            walk(&entry.path(), found);
        }
    }
}

#[test]
fn it_is_built_once_for_the_same_sources() {
    let job = Job::new("install");
    job.ends("What iamspec is built from", &[], 0);
    let digest = job.read("output");
    assert!(digest.strip_prefix("digest=").is_some_and(|d| d.trim().len() == 64), "{digest}");
    job.ends("Install", &[], 0);
    assert!(job.read("temp/cargo").starts_with(&format!("install\n--locked\n--path\n{}\n--root\n", env!("CARGO_MANIFEST_DIR"))));
    assert_eq!(job.read("paths"), format!("{}/iamspec/bin\n", job.path("temp").display()));
}

#[test]
fn the_documentation_s_yaml_is_yaml_and_names_inputs_that_there_are() {
    let text = include_str!("../docs/gate.md");
    let inputs = &action()["inputs"];
    let blocks: Vec<&str> = text.split("```yaml\n").skip(1).filter_map(|rest| rest.split("```").next()).collect();
    let documents: Vec<Yaml> = blocks.iter().map(|block| yaml(block)).collect();
    let jobs = documents.iter().filter_map(|document| document["jobs"].as_hash());
    let steps: Vec<&Yaml> = jobs.flat_map(|jobs| jobs.values()).filter_map(|job| job["steps"].as_vec()).flatten().collect();
    let uses: Vec<&&Yaml> = steps.iter().filter(|step| step["uses"].as_str().is_some_and(|name| name.contains("/iamspec@"))).collect();
    assert!(uses.len() >= 3, "one job, and a matrix of parts with its gate");
    for step in uses {
        for (input, _) in step["with"].as_hash().into_iter().flatten() {
            assert!(!inputs[input.as_str().unwrap()].is_badvalue(), "{input:?}");
        }
    }
    let job = documents.iter().find(|document| document["kind"].as_str() == Some("Job")).expect("a Kubernetes Job");
    let spec = &job["spec"];
    assert_eq!((spec["completionMode"].as_str(), spec["completions"].as_i64()), (Some("Indexed"), Some(4)));
    let container = &spec["template"]["spec"]["containers"][0];
    assert!(container["args"][0].as_str().is_some_and(|script| script.contains("--shard \"$((JOB_COMPLETION_INDEX + 1))/4\"")));
}
