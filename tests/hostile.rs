//! A hostile target: what it says has no effect in any report, and no report shows a secret that it repeats.

mod support;

use support::browser::{Browser, chromium};
use support::{Folder, Hand, SECRET, signed, somebody, told};

/// What it says: markup, a formula, commands of workflows and terminals.
const HOSTILE: &str =
    "</script><script>window.pwned=1</script><img src=x onerror=window.pwned=2>\u{2028}]]>\u{9b}2J ::error::x ##[group]y `|=1+1";
/// A secret that the target made, and says again where it should not.
const CANARY: &str = "c4n4ryS3cr3tAccessKeyThatNoReportMayShow";

/// A target that makes users and keys, and puts their secret, that of the caller and worse into every error.
fn target() -> Hand {
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
                     <Code>{said}{CANARY}</Code><Message>{CANARY} {said} {SECRET}</Message></Error>\
                     <RequestId>{said}{CANARY}</RequestId></ErrorResponse>"
                );
                ("400 Bad Request", text)
            }
        };
        let head = format!("HTTP/1.1 {status}\r\nContent-Type: text/xml\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", body.len());
        let _ = std::io::Write::write_all(&mut stream, [head.as_bytes(), body.as_bytes()].concat().as_slice());
    })
}

const CASE: &str = r#"action = "GetUser"
[[case]]
id = "x"
title = "t"
requirement = "get-user.unknown-user"
[[case.step]]
call = "CreateUser"
with = { UserName = "${user}" }
[[case.step]]
call = "CreateAccessKey"
with = { UserName = "${user}" }
[[case.step]]
call = "GetUser"
with = { UserName = "${user}" }
expect = { error = "NoSuchEntity" }
"#;

/// Every report of a run on the target, with what each is called: `run` and `gate` are what the commands print.
struct Reports {
    folder: Folder,
    all: Vec<(String, String)>,
}

impl Reports {
    fn new(name: &str) -> Reports {
        let folder = Folder::new(&format!("hostile-{name}"));
        std::fs::create_dir_all(folder.0.join("cases/users")).unwrap();
        std::fs::write(folder.0.join("cases/users/GetUser.toml"), CASE).unwrap();
        std::fs::write(folder.0.join("known.toml"), "format = 1\n").unwrap();
        let target = target();
        let mut reports = Reports { folder, all: Vec::new() };
        let run = ["run", "--cases", "cases", "--endpoint", &target.endpoint(), "--dialect", "aws", "-v"];
        let outputs = ["ndjson=run.ndjson", "json=run.json", "junit=run.xml", "github=run.txt"];
        reports.call("run", &[&run[..], &outputs.map(|o| ["--output", o]).concat()].concat(), 1);
        let gate = ["gate", "run.ndjson", "--cases", "cases", "--baseline", "known.toml", "-v"];
        let outputs = ["json=gate.json", "markdown=gate.md", "github=gate.txt", "junit=gate.xml", "ndjson=gate.ndjson"];
        reports.call("gate", &[&gate[..], &outputs.map(|o| ["--output", o]).concat()].concat(), 2);
        reports.call("update", &[&gate[..], &["--update"]].concat(), 0);
        let matrix = ["matrix", "run.ndjson", "-o", "m.html", "-o", "m.md", "-o", "m.json", "-o", "m.csv", "--badges", "."];
        reports.call("matrix", &matrix, 0);
        reports.call("summary", &["matrix", "run.ndjson", "--summary", "-o", "summary.md"], 0);
        for file in std::fs::read_dir(&reports.folder.0).unwrap().flatten().filter(|file| file.path().is_file()) {
            let text = std::fs::read_to_string(file.path()).unwrap();
            reports.all.push((file.file_name().to_string_lossy().into_owned(), text));
        }
        reports
    }

    fn call(&mut self, name: &str, args: &[&str], expected: i32) {
        let (text, code) = told(&signed(&self.folder, &somebody(), args).output().unwrap());
        assert_eq!(code, expected, "{args:?}: {text}");
        self.all.push((name.to_owned(), text));
    }

    #[track_caller]
    fn of(&self, name: &str) -> &str {
        &self.all.iter().find(|(n, _)| n == name).unwrap_or_else(|| panic!("no {name}")).1
    }
}

#[test]
fn neither_a_secret_nor_a_command_gets_into_a_report() {
    let reports = Reports::new("text");
    // What the commands print, the list, and each format of run, gate and matrix, two badges among them.
    assert_eq!(reports.all.len(), 5 + 1 + 4 + 5 + 5 + 2, "{:?}", reports.all.iter().map(|(name, _)| name).collect::<Vec<_>>());
    for (name, text) in &reports.all {
        let silent = name == "matrix" || name == "summary" || name.starts_with("127.0.0.1");
        assert!(silent || text.contains("users/GetUser/x"), "{name} tells nothing of the failure:\n{text}");
        assert!(!text.contains(CANARY) && !text.contains(SECRET), "{name} shows a secret:\n{text}");
        let json = name.ends_with("json");
        assert!(json || (!text.contains("##[") && !text.contains('\u{9b}')), "{name} holds a command:\n{text}");
        let commands = text.lines().filter(|line| line.trim_start().starts_with("::"));
        assert!(name.ends_with(".txt") || commands.count() == 0, "{name} holds a command:\n{text}");
    }
    for name in ["run.txt", "gate.txt"] {
        let text = reports.of(name);
        assert!(!text.is_empty() && text.lines().all(|line| line.starts_with("::error ")), "{text}");
    }
    for name in ["run.xml", "gate.xml"] {
        let text = reports.of(name);
        let document = roxmltree::Document::parse(text).unwrap();
        assert!(text.contains("pwned") && document.descendants().all(|n| !n.has_tag_name("script") && !n.has_tag_name("img")), "{text}");
    }
    for name in ["run.json", "gate.json", "m.json"] {
        assert!(serde_json::from_str::<serde_json::Value>(reports.of(name)).is_ok());
    }
    for name in ["m.md", "summary.md", "gate.md"] {
        assert!(reports.of(name).contains("pwned"), "{name}");
        for line in reports.of(name).lines().filter(|line| line.contains("pwned")) {
            let outside: String = line.split("``").step_by(2).collect();
            assert!(!outside.contains("pwned"), "{name}: outside of a code span: {line}");
        }
    }
    assert!(reports.of("m.csv").lines().all(|line| line.matches('"').count() % 2 == 0), "no field runs over its line");
    assert!(!reports.of("m.csv").contains(",=") && !reports.of("m.csv").contains(",\"="));
    let badges: Vec<_> = reports.all.iter().filter(|(name, _)| name.ends_with(".svg")).collect();
    assert!(
        badges.iter().all(|(_, text)| roxmltree::Document::parse(text).is_ok_and(|d| !d.descendants().any(|n| n.has_tag_name("script"))))
    );
    let page = reports.of("m.html");
    assert_eq!(page.matches("<script>").count(), 1, "the page's own");
    assert!(page.contains("pwned") && !page.contains("<img") && !page.contains('\u{2028}'));
}

#[test]
fn the_page_shows_what_was_said_and_runs_nothing_of_it() {
    let Some(chromium) = chromium() else { return };
    let reports = Reports::new("page");
    let mut browser = Browser::start(&chromium, "hostile-run");
    let file = reports.folder.0.join("m.html");
    for view in ["fold=4&cell=0:users/GetUser/x", "view=targets", "fold=4"] {
        browser.open(&format!("{}#{view}", file.display()));
        let shown = browser.text("document.documentElement.outerHTML");
        assert!(!shown.contains(CANARY) && !shown.contains(SECRET), "{view}");
        assert_eq!(browser.eval("typeof window.pwned"), "undefined", "{view}");
        assert_eq!(browser.eval("document.querySelectorAll('img').length"), 0, "{view}");
    }
    browser.open(&format!("{}#fold=4&cell=0:users/GetUser/x", file.display()));
    assert!(browser.text("document.querySelector('#evidence').innerText").contains("window.pwned=1"), "it is shown as text");
    assert_eq!(browser.complaints, Vec::<String>::new(), "the page's policy had nothing to stop");
}
