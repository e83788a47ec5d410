//! The gate from outside: what each outcome ends with, on runs of the built command against a server.

mod support;

use std::path::PathBuf;

use iamspec::api::DialectId;
use iamspec::reference::server::{Server, ServerOptions};
use support::{Folder, Hand, signed, told};

/// A server, a suite of a few cases and a folder for everything.
struct Desk {
    server: Server,
    folder: Folder,
}

/// Cases of GetUser of a user that is not there, by id and the status that is expected: the server answers 404.
type Cases<'a> = &'a [(&'a str, u16)];

/// One that passes, and one that fails.
const CASES: Cases<'_> = &[("right", 404), ("wrong", 409)];

impl Desk {
    fn new(name: &str) -> Desk {
        let desk =
            Desk { server: Server::start(ServerOptions::new(DialectId::Aws)).unwrap(), folder: Folder::new(&format!("gate-{name}")) };
        desk.cases(CASES);
        desk
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.0.join(name)
    }

    fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap()
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path(name), text).unwrap();
    }

    /// Makes the suite.
    fn cases(&self, cases: Cases<'_>) {
        let mut text = String::from("action = \"GetUser\"\n");
        for (id, status) in cases {
            text += &format!(
                "[[case]]\nid = \"{id}\"\ntitle = \"t\"\nrequirement = \"get-user.unknown-user\"\n[[case.step]]\ncall = \"GetUser\"\n"
            );
            text += &format!("with = {{ UserName = \"${{user}}\" }}\nexpect = {{ status = {status}, error = \"NoSuchEntity\" }}\n");
        }
        std::fs::create_dir_all(self.path("cases/users")).unwrap();
        self.write("cases/users/GetUser.toml", &text);
    }

    /// What the command says, and its exit code. Its secret must never show.
    #[track_caller]
    fn iamspec(&self, args: &[&str]) -> (String, i32) {
        let (text, code) = told(&signed(&self.folder, &self.server.credentials, args).output().unwrap());
        assert!(!text.contains(&self.server.credentials.secret), "{text}");
        (text, code)
    }

    /// A run, stored.
    #[track_caller]
    fn run(&self, file: &str, more: &[&str]) -> (String, i32) {
        let output = format!("ndjson={file}");
        let args = ["run", "--cases", "cases", "--endpoint", &self.server.endpoint, "--dialect", "aws", "--output", &output];
        self.iamspec(&[&args, more].concat())
    }

    /// The gate over stored runs.
    #[track_caller]
    fn gate(&self, args: &[&str]) -> (String, i32) {
        self.iamspec(&[&["gate", "--cases", "cases"], args].concat())
    }

    /// A stored run and the list that was made of it, every reason given.
    #[track_caller]
    fn listed(name: &str) -> Desk {
        let desk = Desk::new(name);
        desk.run("run.ndjson", &[]);
        let said = desk.gate(&["run.ndjson", "--baseline", "known.toml", "--update", "--reason", "the case expects too much"]);
        assert_tells(said, 0, &["known.toml: 1 added", "the gate passes"]);
        desk
    }

    fn change(&self, file: &str, from: &str, to: &str) {
        let text = self.read(file);
        assert!(text.contains(from), "{from} is not in {text}");
        self.write(file, &text.replace(from, to));
    }
}

#[track_caller]
fn assert_tells((text, code): (String, i32), expected: i32, parts: &[&str]) {
    assert_eq!(code, expected, "{text}");
    for part in parts {
        assert!(text.contains(part), "{part:?} is missing in\n{text}");
    }
}

const LIST: [&str; 3] = ["run.ndjson", "--baseline", "known.toml"];

#[test]
fn as_known_ends_with_0() {
    let desk = Desk::listed("known");
    assert_tells(desk.gate(&LIST), 0, &["1 failed as known", "1  as known", "the gate passes"]);
    // The same when the gate makes the run itself.
    let target = ["--endpoint", &desk.server.endpoint, "--dialect", "aws", "--baseline", "known.toml"];
    assert_tells(desk.gate(&target), 0, &["1 failed as known", "the gate passes"]);
}

#[test]
fn a_new_failure_ends_with_1() {
    let desk = Desk::listed("new");
    desk.cases(&[("right", 409), ("wrong", 409)]);
    desk.run("run.ndjson", &[]);
    let parts = ["new failure  users/GetUser/right  aws/xml (must)", "expected 409, actual 404", "repeat iamspec run --endpoint"];
    assert_tells(desk.gate(&LIST), 1, &parts);
}

#[test]
fn a_failure_of_another_kind_ends_with_1() {
    let desk = Desk::listed("differs");
    desk.change("known.toml", "\"404\"", "\"500\"");
    assert_tells(
        desk.gate(&LIST),
        1,
        &["failing otherwise  users/GetUser/wrong", "fails otherwise than known.toml:3 says: step 1 status is 404"],
    );
}

#[test]
fn a_stale_entry_ends_with_1_and_is_pointed_at() {
    let desk = Desk::listed("stale");
    desk.cases(&[("right", 404), ("wrong", 404)]);
    desk.run("run.ndjson", &[]);
    let parts = ["stale entry", "--> known.toml:4:8", "^^^^", "remove the entry"];
    assert_tells(desk.gate(&LIST), 1, &parts);
    // An entry that could not have met anything is one too.
    let desk = Desk::listed("nothing");
    let entry = "[[known]]\nrequirement = \"get-user.*\"\nfails = { path = \"User.Path\" }\nreason = \"r\"\n\n[judged";
    desk.change("known.toml", "[judged", entry);
    assert_tells(desk.gate(&LIST), 1, &["stale entry  known failures of get-user.*", "nothing like it happened", "^^^^"]);
}

#[test]
fn an_expired_entry_ends_with_1() {
    let desk = Desk::listed("expired");
    desk.change("known.toml", "reason =", "expires = \"2020-02-29\"\nreason =");
    assert_tells(desk.gate(&LIST), 1, &["expired entry  users/GetUser/wrong", "known.toml:3 was to excuse it until 2020-02-29"]);
    desk.change("known.toml", "2020-02-29", "9999-12-31");
    assert_tells(desk.gate(&LIST), 0, &["the gate passes"]);
}

#[test]
fn lost_cases_end_with_1() {
    let desk = Desk::listed("lost");
    desk.run("run.ndjson", &["users/GetUser/wrong"]);
    assert_tells(
        desk.gate(&LIST),
        1,
        &["lost case  1 trial judged before and not now: it is not in the run", "users/GetUser/right  aws/xml"],
    );
    // Nor does a suite that has become smaller help.
    desk.cases(&[("wrong", 409)]);
    assert_tells(desk.gate(&LIST), 1, &["lost case"]);
    // A part that was asked for is another matter.
    assert_tells(
        desk.gate(&["run.ndjson", "--baseline", "known.toml", "--only", "wrong"]),
        0,
        &["only 1 case looked at, 1 of the 2 trials"],
    );
}

#[test]
fn unknown_names_and_empty_patterns_end_with_2_with_line_and_caret() {
    let desk = Desk::listed("unknown");
    desk.change("known.toml", "users/GetUser/wrong", "users/GetUser/wrnog");
    let parts = ["unknown case 'users/GetUser/wrnog'", "known.toml:4:8", "^^^^", "did you mean `users/GetUser/wrong`?"];
    assert_tells(desk.gate(&LIST), 2, &parts);
    desk.change("known.toml", "users/GetUser/wrnog", "groups/*");
    assert_tells(desk.gate(&LIST), 2, &["no case matches 'groups/*'", "known.toml:4:8", "^^^^"]);
    desk.change("known.toml", "groups/*", "users/GetUser/wrong");
    desk.change("known.toml", "get-user.unknown-user", "get-user.unknown-usr");
    assert_tells(desk.gate(&LIST), 2, &["unknown requirement", "did you mean `get-user.unknown-user`?"]);
    desk.change("known.toml", "get-user.unknown-usr", "get-usr.*");
    assert_tells(desk.gate(&LIST), 2, &["no requirement matches 'get-usr.*'", "^^^^"]);
    desk.change("known.toml", "get-usr.*\"", "get-user.unknown-user\"\nconfiguration = \"aws/xlm\"");
    assert_tells(desk.gate(&LIST), 2, &["unknown configuration 'aws/xlm'", "did you mean `aws/xml`?"]);
}

#[test]
fn entries_without_a_reason_and_lists_without_cases_end_with_2() {
    let desk = Desk::new("unreviewed");
    desk.run("run.ndjson", &[]);
    let update = ["run.ndjson", "--baseline", "known.toml", "--update"];
    assert_tells(desk.gate(&update), 0, &["known.toml: 1 added", "entry without a reason"]);
    assert_tells(desk.gate(&LIST), 2, &["entry without a reason", "known.toml:4:8", "write into `reason` why the target fails"]);
    desk.change("known.toml", "reason = \"unreviewed\"", "reason = \" \"");
    assert_tells(desk.gate(&LIST), 2, &["an entry without a reason excuses nothing"]);
    let desk = Desk::listed("unrecorded");
    let text = desk.read("known.toml");
    desk.write("known.toml", text.split("# Cases").next().unwrap());
    assert_tells(desk.gate(&LIST), 2, &["cases not recorded", "`iamspec gate --update` writes them down"]);
}

#[test]
fn a_run_that_reached_nothing_or_stopped_never_passes() {
    let desk = Desk::listed("nowhere");
    let nowhere = Hand::new(drop).endpoint();
    let target = ["--endpoint", &nowhere, "--dialect", "aws", "--baseline", "known.toml"];
    assert_tells(desk.gate(&target), 3, &["stopped early", "was not reached", "the gate does not pass: exit 3"]);
    assert_tells(desk.gate(&[&target[..], &["--update"]].concat()), 3, &["known.toml stays as it is"]);
    // Everything skipped.
    desk.write("target.toml", "name = \"bare\"\nunsupported = [\"GetUser\"]\n");
    let bare = ["--target", "./target.toml", "--endpoint", &desk.server.endpoint, "--baseline", "known.toml"];
    assert_tells(desk.gate(&bare), 3, &["nothing judged", "2 trials skipped; 2 trials were when the list was made"]);
    // Cut in the middle, and without its last line.
    let text = desk.read("run.ndjson");
    let lines: Vec<&str> = text.lines().collect();
    desk.write("cut.ndjson", &lines[..lines.len() - 1].join("\n"));
    let cut = ["cut.ndjson", "--baseline", "known.toml"];
    assert_tells(desk.gate(&cut), 3, &["stopped early", "the run has no end"]);
    let without = |what: &str| lines.iter().filter(|line| !line.contains(what)).map(|line| format!("{line}\n")).collect::<String>();
    desk.write("cut.ndjson", &without("\"case\":\"users/GetUser/right\""));
    assert_tells(desk.gate(&cut), 3, &["1 of 2 trials are there"]);
    desk.write("cut.ndjson", &without("run-started"));
    assert_tells(desk.gate(&cut), 2, &["cut.ndjson has no beginning of a run"]);
    desk.write("cut.ndjson", "");
    assert_tells(desk.gate(&cut), 2, &["cut.ndjson:1: an empty run"]);
}

#[test]
fn a_broken_trial_ends_with_3() {
    let desk = Desk::listed("broken");
    let text = desk.read("run.ndjson");
    let broken = |line: &str| {
        let mut event: serde_json::Value = serde_json::from_str(line).unwrap();
        if event["case"] == "users/GetUser/right" {
            event["verdict"] = serde_json::json!({ "status": "error", "reason": "the connection could not be made" });
        }
        format!("{event}\n")
    };
    desk.write("run.ndjson", &text.lines().map(broken).collect::<String>());
    assert_tells(desk.gate(&LIST), 3, &["broken trial  users/GetUser/right", "the connection could not be made", "does not pass: exit 3"]);
}

#[test]
fn findings_and_leftovers_have_the_same_outcomes_as_cases() {
    let desk = Desk::listed("others");
    let last = desk.read("run.ndjson").lines().count() - 1;
    let finding = r#"{"v":1,"event":"check","target":"TARGET","configuration":"aws/xml","requirement":"shape.id","level":"must","action":"GetUser","at":"User.UserId","text":"is 1","case":"users/GetUser/right","count":3}"#;
    let leftover =
        r#"{"v":1,"event":"leftover","target":"TARGET","kind":"user","name":"x","why":"DeleteUser: 500","case":"users/GetUser/right"}"#;
    let target = desk.server.endpoint.trim_start_matches("http://").to_owned();
    let mut lines: Vec<String> = desk.read("run.ndjson").lines().map(str::to_owned).collect();
    let found = [finding, leftover].map(|line| line.replace("TARGET", &target));
    lines.splice(last..last, found);
    desk.write("run.ndjson", &(lines.join("\n") + "\n"));
    assert_tells(
        desk.gate(&LIST),
        1,
        &["new failure  shape.id in GetUser at User.UserId", "new failure  user left behind by users/GetUser/right"],
    );
    let update = ["run.ndjson", "--baseline", "known.toml", "--update", "--reason", "ids are numbers, and users are kept"];
    assert_tells(desk.gate(&update), 0, &["2 added", "the gate passes"]);
    assert_tells(desk.gate(&LIST), 0, &["3  as known"]);
    desk.change("known.toml", "action = \"GetUser\"", "action = \"GetUser\"\nexpires = \"2020-02-29\"");
    assert_tells(desk.gate(&LIST), 1, &["expired entry  shape.id in GetUser"]);
    lines.drain(last..last + 2);
    desk.write("run.ndjson", &(lines.join("\n") + "\n"));
    assert_tells(desk.gate(&LIST), 1, &["stale entry"]);
}

#[test]
fn mistakes_of_usage_end_with_2() {
    let desk = Desk::listed("usage");
    for (args, said) in [
        (vec!["run.ndjson", "--baseline", "none.toml"], "there is no list of known failures none.toml: the same command with --update"),
        (vec!["run.ndjson"], "no list of known failures to hold the run against"),
        (vec!["none.ndjson", "--baseline", "known.toml"], "cannot read none.ndjson"),
        (vec!["run.ndjson", "run.ndjson", "--baseline", "known.toml"], "2 runs, and the gate looks at one at a time"),
        (vec!["run.ndjson", "--baseline", "known.toml", "--jobs", "3"], "--jobs is for making a run"),
        (vec!["run.ndjson", "--baseline", "known.toml", "--only", "nothing"], "matches no case"),
        (vec!["run.ndjson", "--baseline", "known.toml", "--against", "run.ndjson"], "cannot be used with"),
        (vec!["run.ndjson", "--baseline", "known.toml", "--output", "html=x"], "json, markdown or github"),
        (vec!["run.ndjson", "--baseline", "known.toml", "--reason", "r"], "--update"),
        (vec!["--baseline", "known.toml"], "the embedded reference has no known failures"),
    ] {
        assert_tells(desk.gate(&args), 2, &[said]);
    }
}

#[test]
fn an_update_keeps_what_a_person_wrote() {
    let desk = Desk::listed("update");
    desk.change("known.toml", "[[known]]", "# Ticket 12\n[[known]]");
    desk.change("known.toml", "\"404\"", "\"500\"");
    desk.cases(&[("right", 404), ("wrong", 409), ("other", 409)]);
    desk.run("run.ndjson", &[]);
    let update = ["run.ndjson", "--baseline", "known.toml", "--update"];
    let parts =
        ["-fails = { step = 1, path = \"status\", actual = \"500\" }", "1 added, 1 changed, 0 removed", "see whether they still hold"];
    assert_tells(desk.gate(&update), 0, &parts);
    let text = desk.read("known.toml");
    for kept in ["# Ticket 12\n[[known]]", "reason = \"the case expects too much\"", "reason = \"unreviewed\"", "actual = \"404\""] {
        assert!(text.contains(kept), "{kept} in {text}");
    }
    assert_tells(desk.gate(&update), 0, &["known.toml: is up to date"]);
    assert_eq!(desk.read("known.toml"), text);
}

#[test]
fn two_runs_without_a_list() {
    let desk = Desk::new("against");
    desk.run("old.ndjson", &[]);
    let against = ["new.ndjson", "--against", "old.ndjson"];
    for (cases, code, said) in [
        (CASES, 0, "the gate passes"),
        (&[("right", 404), ("wrong", 404)], 0, "fixed  users/GetUser/wrong"),
        (&[("right", 409), ("wrong", 409)], 1, "new failure  users/GetUser/right"),
        (&[("right", 404)], 1, "lost case"),
        (&[("right", 404), ("wrong", 409), ("more", 404)], 0, "new case  users/GetUser/more"),
    ] {
        desk.cases(cases);
        desk.run("new.ndjson", &[]);
        assert_tells(desk.gate(&against), code, &[said]);
    }
}

#[test]
fn the_parts_of_a_run_are_one_run() {
    let desk = Desk::new("shards");
    let many: Vec<(String, u16)> = (0..20).map(|i| (format!("case-{i:02}"), 404)).collect();
    let many: Vec<(&str, u16)> = many.iter().map(|(id, status)| (id.as_str(), *status)).collect();
    desk.cases(&many);
    desk.run("whole.ndjson", &[]);
    let update = ["whole.ndjson", "--baseline", "known.toml", "--update"];
    assert_tells(desk.gate(&update), 0, &["20 trials more"]);
    let shards = ["1.ndjson", "2.ndjson", "3.ndjson"];
    for (i, file) in shards.iter().enumerate() {
        desk.run(file, &["--shard", &format!("{}/3", i + 1)]);
    }
    let cases = |file: &str| desk.read(file).matches("\"event\":\"case\"").count();
    assert_eq!(shards.iter().map(|file| cases(file)).sum::<usize>(), 20);
    assert!(shards.iter().all(|file| cases(file) > 0));
    let gate = |files: &[&str]| desk.gate(&[files, &["--baseline", "known.toml"]].concat());
    assert_tells(gate(&shards), 0, &["20 trials judged", "the gate passes"]);
    assert_tells(gate(&shards[..2]), 2, &["shard 3/3 is missing beside 1.ndjson, 2.ndjson"]);
    assert_tells(gate(&["1.ndjson", "2.ndjson", "2.ndjson", "3.ndjson"]), 2, &["shard 2/3 is there twice"]);
    desk.cases(&many[..19]);
    desk.run("3.ndjson", &["--shard", "3/3"]);
    assert_tells(gate(&shards), 2, &["shard 3/3 is missing", "3.ndjson is of another run: suite"]);
    assert_tells(desk.run("x.ndjson", &["--shard", "4/3"]), 2, &["there is no part 4 of 3"]);
}
