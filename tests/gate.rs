//! The gate from outside: what each outcome ends with, on runs of the built command against a server.

mod support;

use std::path::PathBuf;

use iamspec::api::DialectId;
use iamspec::reference::server::{Server, ServerOptions};
use support::{Folder, Hand, signed, somebody, told};

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

/// What a hostile target answers: markup, commands of workflows and terminals.
const HOSTILE: &str = "<script>alert(1)</script>]]>\u{9b}2J ::error::x ##[group]y `|";
/// A secret that the target made, and says again where it should not.
const CANARY: &str = "c4n4ryS3cr3tAccessKeyThatNoReportMayShow";

/// A target that makes keys and puts their secret, and worse, into every message.
fn hostile() -> Hand {
    let respond = |action: &str, result: &str| {
        let text = format!(
            "<{action}Response xmlns=\"https://iam.amazonaws.com/doc/2010-05-08/\"><{action}Result>{result}</{action}Result>\
             <ResponseMetadata><RequestId>6b29fc40-ca47-1067-b31d-00dd010662da</RequestId></ResponseMetadata></{action}Response>"
        );
        ("200 OK", text)
    };
    Hand::new(move |mut stream| {
        let Some(request) = support::request(&mut stream) else { return };
        let request = String::from_utf8_lossy(&request).into_owned();
        let parameter =
            |name: &str| request.split(['&', '\n']).find_map(|p| p.trim().strip_prefix(name)?.strip_prefix('=')).unwrap_or_default();
        let (action, user) = (parameter("Action"), parameter("UserName"));
        let (status, body) = match action {
            "CreateUser" => respond(
                action,
                &format!(
                    "<User><Path>/</Path><UserName>{user}</UserName><UserId>AIDAQWERTYUIOPASDFGHJ</UserId>\
                     <Arn>arn:aws:iam::123456789012:user/{user}</Arn><CreateDate>2026-11-22T17:34:00Z</CreateDate></User>"
                ),
            ),
            "CreateAccessKey" => respond(
                action,
                &format!(
                    "<AccessKey><UserName>{user}</UserName><AccessKeyId>AKIAQWERTYUIOPASDFGHJ</AccessKeyId><Status>Active</Status>\
                     <SecretAccessKey>{CANARY}</SecretAccessKey><CreateDate>2026-11-22T17:34:00Z</CreateDate></AccessKey>"
                ),
            ),
            _ => {
                let said = HOSTILE.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
                let text = format!(
                    "<ErrorResponse xmlns=\"https://iam.amazonaws.com/doc/2010-05-08/\"><Error><Type>Sender</Type>\
                     <Code>{said}{CANARY}</Code><Message>{CANARY} {said}</Message></Error>\
                     <RequestId>{said}{CANARY}</RequestId></ErrorResponse>"
                );
                ("400 Bad Request", text)
            }
        };
        let head = format!("HTTP/1.1 {status}\r\nContent-Type: text/xml\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", body.len());
        let _ = std::io::Write::write_all(&mut stream, [head.as_bytes(), body.as_bytes()].concat().as_slice());
    })
}

#[test]
fn neither_a_secret_nor_a_command_gets_into_a_report() {
    let folder = Folder::new("gate-hostile");
    std::fs::create_dir_all(folder.0.join("cases/users")).unwrap();
    let case = "action = \"GetUser\"\n[[case]]\nid = \"x\"\ntitle = \"t\"\nrequirement = \"get-user.unknown-user\"\n\
                [[case.step]]\ncall = \"CreateUser\"\nwith = { UserName = \"${user}\" }\n\
                [[case.step]]\ncall = \"CreateAccessKey\"\nwith = { UserName = \"${user}\" }\n\
                [[case.step]]\ncall = \"GetUser\"\nwith = { UserName = \"${user}\" }\nexpect = { error = \"NoSuchEntity\" }\n";
    std::fs::write(folder.0.join("cases/users/GetUser.toml"), case).unwrap();
    let target = hostile();
    let told = |args: &[&str]| told(&signed(&folder, &somebody(), args).output().unwrap());
    let files = ["run.ndjson", "run.json", "run.xml", "run.txt", "gate.json", "gate.md", "gate.txt", "gate.xml", "known.toml"];
    let outputs =
        |of: &[(&str, &str)]| of.iter().flat_map(|(format, file)| ["--output".to_owned(), format!("{format}={file}")]).collect::<Vec<_>>();
    let call = |args: &[&str], of: &[(&str, &str)]| {
        let outputs = outputs(of);
        told(&args.iter().copied().chain(outputs.iter().map(String::as_str)).collect::<Vec<_>>())
    };
    let run = ["run", "--cases", "cases", "--endpoint", &target.endpoint(), "--dialect", "aws", "-v"];
    let (text, code) = call(&run, &[("ndjson", "run.ndjson"), ("json", "run.json"), ("junit", "run.xml"), ("github", "run.txt")]);
    assert_eq!(code, 1, "{text}");
    std::fs::write(folder.0.join("known.toml"), "format = 1\n").unwrap();
    let gate = ["gate", "run.ndjson", "--cases", "cases", "--baseline", "known.toml", "-v"];
    let (more, code) = call(&gate, &[("json", "gate.json"), ("markdown", "gate.md"), ("github", "gate.txt"), ("junit", "gate.xml")]);
    assert_eq!(code, 2, "{more}");
    let (update, _) = call(&[&gate[..], &["--update"]].concat(), &[]);
    let read = |file: &str| std::fs::read_to_string(folder.0.join(file)).unwrap();
    let mut all: Vec<(&str, String)> = files.iter().map(|file| (*file, read(file))).collect();
    all.extend([("run", text), ("gate", more), ("update", update)]);
    for (name, text) in &all {
        assert!(text.contains("users/GetUser/x"), "{name} tells nothing of the failure:\n{text}");
        assert!(!text.contains(CANARY) && !text.contains(support::SECRET), "{name} shows a secret:\n{text}");
        let json = name.ends_with("json");
        assert!(json || !text.contains("##[") && !text.contains('\u{9b}'), "{name} holds a command:\n{text}");
        let commands = text.lines().filter(|line| line.trim_start().starts_with("::"));
        assert!(name.ends_with(".txt") || commands.count() == 0, "{name} holds a command:\n{text}");
    }
    for name in ["run.txt", "gate.txt"] {
        let text = read(name);
        assert!(!text.is_empty() && text.lines().all(|line| line.starts_with("::error ")), "{text}");
    }
    for name in ["run.xml", "gate.xml"] {
        let text = read(name);
        let document = roxmltree::Document::parse(&text).unwrap();
        assert!(document.descendants().all(|node| !node.has_tag_name("script")), "{text}");
    }
    for name in ["run.json", "gate.json"] {
        assert!(serde_json::from_str::<serde_json::Value>(&read(name)).is_ok());
    }
}
