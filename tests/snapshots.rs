//! Snapshots end to end: changes of the reference's answers that no expectation sees are found, with step and path; a set of one's own;
//! nothing that depends on the run is in a file.

mod support;

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use iamspec::api::DialectId;
use iamspec::reference::server::{Server, ServerOptions};
use support::{Folder, Hand, command, signed, told};

/// CreateUser, and GetUser twice; it asserts no more than path and ARN.
const CASE: &str = "users/CreateUser/keeps-its-path";

/// Changes a body that answers a call of that Action.
fn only(action: &'static str, change: impl Fn(String) -> String) -> impl Fn(&str, String) -> String {
    move |request, body| if request.contains(&format!("Action={action}&")) { change(body) } else { body }
}

/// Another last letter of the first user's id.
fn another_id(body: String) -> String {
    let Some(at) = body.find("</UserId>").map(|end| end - 1) else { return body };
    format!("{}{}{}", &body[..at], if &body[at..=at] == "A" { "B" } else { "A" }, &body[at + 1..])
}

/// Runs a case against the reference with its answers changed, its built-in snapshots checked.
#[track_caller]
fn assert_found(
    name: &str,
    dialect: DialectId,
    case: &str,
    change: impl Fn(&str, String) -> String + Send + Sync + 'static,
    parts: &[&str],
) {
    let server = Server::start(ServerOptions::new(dialect)).unwrap();
    let hand = Hand::changing(&server.endpoint, change);
    let folder = Folder::new(name);
    let (endpoint, dialect, file) = (hand.endpoint(), dialect.to_string(), folder.0.join("run.ndjson").display().to_string());
    let output = [format!("ndjson={file}"), format!("junit={file}.xml")];
    let mut args = vec!["run", case, "--endpoint", &endpoint, "--dialect", &dialect, "--region", &server.region, "--output", &output[0]];
    args.extend(["--output", &output[1], "--snapshots", "check"]);
    if dialect == "eim" {
        args.extend(["--wire", "json"]);
    }
    let (text, code) = told(&signed(&folder, &server.credentials, &args).output().unwrap());
    assert_eq!(code, 1, "{text}");
    for part in [&["DIFFERS  ", case, "of them differing from snapshots"], parts].concat() {
        assert!(text.contains(part), "{part:?} is missing in\n{text}");
    }
    let (events, junit) = (std::fs::read_to_string(&file).unwrap(), std::fs::read_to_string(format!("{file}.xml")).unwrap());
    assert!(events.contains("\"differs\":[{\"snapshot\":\"snapshots/") && events.contains("\"differing\":"), "{events}");
    assert!(junit.contains("type=\"snapshot\""), "{junit}");
}

#[test]
fn a_renamed_element_is_found() {
    let change = only("GetUser", |body| body.replace("CreateDate>", "CreationDate>"));
    let parts = ["step 2 GetUser: User.CreateDate ", "expected <Date:1>", "actual   nothing", "step 2 GetUser: User.CreationDate "];
    assert_found("renamed", DialectId::Aws, CASE, change, &parts);
}

#[test]
fn another_valid_id_is_found() {
    let parts = ["step 3 GetUser: User.UserId ", "expected <UserId:1>", "actual   <UserId:2>"];
    assert_found("another-id", DialectId::Aws, CASE, only("GetUser", another_id), &parts);
}

#[test]
fn a_reordered_list_is_found() {
    let change = only("ListUsers", |body| {
        let items: Vec<&str> = body.split_inclusive("</member>").collect();
        let (Some(first), Some(list)) = (items.first(), body.find("<member>")) else { return body };
        match items.as_slice() {
            [_, second, rest] => format!("{}{second}{}{rest}", &body[..list], &first[list..]),
            _ => body,
        }
    });
    let parts = ["step 3 ListUsers: Users[0].UserName ", "expected <user-a>", "actual   <user-b>"];
    assert_found("reordered", DialectId::Aws, "users/ListUsers/lists-what-was-made", change, &parts);
}

#[test]
fn a_number_as_text_is_found() {
    let change = only("GetPolicy", |body| body.replace("\"AttachmentCount\":0", "\"AttachmentCount\":\"0\""));
    let parts = ["GetPolicy: Policy.AttachmentCount ", "expected 0", "actual   \"0\"", "success Policy.AttachmentCount "];
    assert_found("number", DialectId::Eim, "policies/CreatePolicy/description", change, &parts);
}

#[test]
fn a_set_of_ones_own_is_blessed_and_checked() {
    let server = Server::start(ServerOptions::new(DialectId::Aws)).unwrap();
    let folder = Folder::new("own-set");
    let own = folder.0.join("own").display().to_string();
    let run = |endpoint: &str, more: &[&str]| {
        let mut args = vec!["run", CASE, "--endpoint", endpoint, "--dialect", "aws", "--region", &server.region];
        args.extend(more);
        told(&signed(&folder, &server.credentials, &args).output().unwrap())
    };
    let assert_tells = |(text, code): (String, i32), expected: i32, part: &str| {
        assert_eq!(code, expected, "{text}");
        assert!(text.contains(part), "{part:?} is missing in\n{text}");
    };
    let checked = ["--snapshot-dir", own.as_str()];
    assert_tells(run(&server.endpoint, &checked), 2, "make one with --snapshots update --snapshot-dir");
    assert_tells(run(&server.endpoint, &["--snapshots", "update"]), 2, "name a --snapshot-dir");
    let update = ["--snapshots", "update", "--snapshot-dir", own.as_str()];

    // A case that fails leaves nothing.
    let broken = Hand::changing(&server.endpoint, only("GetUser", |body| body.replace("Path>", "Pfad>")));
    assert_tells(run(&broken.endpoint(), &update), 1, "own: 0 snapshots written");
    std::fs::create_dir_all(&own).unwrap();
    assert_tells(run(&server.endpoint, &checked), 1, "none: look at what it answers, then bless it with --snapshots update users/");
    let offered = folder.0.join("own/cases/users/CreateUser/keeps-its-path.snap.new");
    assert!(offered.is_file(), "what is missing waits for review");

    assert_tells(run(&server.endpoint, &update), 0, "own: 1 snapshot written, 0 removed");
    assert!(!offered.exists());
    let blessed = std::fs::read_to_string(folder.0.join("own/cases/users/CreateUser/keeps-its-path.snap")).unwrap();
    assert!(
        blessed.contains("\non aws\n") && blessed.contains("\n2 GetUser → 200\n  User.Arn = \"arn:<Account:1>:user<path><user>\"\n"),
        "{blessed}"
    );
    assert_tells(run(&server.endpoint, &checked), 0, "1 passed\n");

    let changed = Hand::changing(&server.endpoint, only("GetUser", another_id));
    assert_tells(run(&changed.endpoint(), &checked), 1, "own: 1 snapshot for review (*.snap.new)");
    let pending = insta::Snapshot::from_file(&offered).unwrap();
    assert!(pending.as_text().unwrap().to_string().contains("User.UserId = <UserId:2>"));
    assert_tells(run(&server.endpoint, &checked), 0, "1 passed\n");
    assert!(!offered.exists(), "there is nothing to review any more");
    assert_tells(run(&changed.endpoint(), &["--snapshots", "off", "--snapshot-dir", own.as_str()]), 0, "1 passed\n");
    assert_tells(run(&changed.endpoint(), &[]), 0, "1 passed\n");
}

/// Snapshots of a case and of the wire, offered for review in a Cargo project. Skipped, saying so, where cargo-insta is missing.
#[test]
fn cargo_insta_lists_rejects_and_accepts() {
    let folder = Folder::new("insta");
    let insta = |args: &[&str]| {
        let mut cargo = Command::new("cargo");
        told(&cargo.current_dir(&folder.0).arg("insta").args(args).output().unwrap())
    };
    if insta(&["--version"]).1 != 0 {
        eprintln!("skipped: cargo-insta is not there");
        return;
    }
    std::fs::create_dir_all(folder.0.join("src")).unwrap();
    std::fs::write(folder.0.join("src/lib.rs"), "").unwrap();
    std::fs::write(folder.0.join("Cargo.toml"), "[package]\nname = \"mine\"\nversion = \"0.1.0\"\n[workspace]\n").unwrap();
    let run = |more: &[&str]| {
        let args = ["run", "users/CreateUser/answers-the-user", "--dialect", "ecs", "--snapshot-dir", "golden"];
        told(&command(&folder, &[&args[..], more].concat()).output().unwrap())
    };
    assert_eq!(run(&["--snapshots", "update"]).1, 0);
    let [case, wire] = ["golden/cases/users/CreateUser/answers-the-user.snap", "golden/wire/ecs/xml/GetUser.snap"];
    let text = |path: &str| std::fs::read_to_string(folder.0.join(path)).unwrap();
    let blessed = [text(case), text(wire)];
    let edited = [blessed[0].replace("<UserId:1>", "<UserId:9>"), blessed[1].replace("Path>", "Pfad>")];
    assert!(edited[0] != blessed[0] && edited[1] != blessed[1]);
    std::fs::write(folder.0.join(case), &edited[0]).unwrap();
    std::fs::write(folder.0.join(wire), &edited[1]).unwrap();
    let (told, code) = run(&[]);
    assert!(code == 1 && told.contains("golden: 2 snapshots for review (*.snap.new): look at it with `cargo insta review`, or"), "{told}");
    assert!(told.contains("--snapshots update --snapshot-dir golden"), "{told}");

    let (pending, code) = insta(&["pending-snapshots"]);
    assert!(code == 0 && pending.contains(case) && pending.contains(wire), "{pending}");
    assert_eq!(insta(&["reject", "--snapshot", case]).1, 0);
    assert_eq!(text(case), edited[0]);
    assert_eq!(insta(&["accept"]).1, 0);
    assert_eq!(text(wire), blessed[1], "as iamspec writes it, byte for byte");
    assert!(insta(&["pending-snapshots"]).0.contains("No pending snapshots"));
    let (told, code) = run(&[]);
    assert!(code == 1 && told.contains("golden: 1 snapshot for review"), "{told}");
}

#[test]
fn another_seed_and_more_jobs_change_nothing() {
    let folder = Folder::new("seeds");
    let run = |name: &str, jobs: &str, seed: &str| {
        let own = folder.0.join(name);
        let dir = own.display().to_string();
        let args =
            ["run", "users/*", "groups/*", "access-keys/*", "--jobs", jobs, "--seed", seed, "--snapshots", "update", "--snapshot-dir"];
        let (text, code) = told(&command(&folder, &[&args[..], &[dir.as_str()]].concat()).output().unwrap());
        assert_eq!(code, 0, "{text}");
        let mut files = BTreeMap::new();
        read(&own, &own, &mut files);
        files
    };
    let (one, other) = (run("one", "1", "1"), run("other", "7", "987654321"));
    assert!(one.len() > 100 && one.keys().eq(other.keys()), "{} files", one.len());
    for (path, text) in &one {
        assert_eq!(*text, other[path], "{path}");
    }
    // And what is blessed is just that.
    let blessed = iamspec::snapshot::folder::embedded();
    for (path, text) in one.iter().filter(|(path, _)| path.starts_with("cases/")) {
        assert_eq!(Some(text), blessed.get(path), "{path}");
    }
}

fn read(root: &Path, dir: &Path, files: &mut BTreeMap<String, String>) {
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            read(root, &path, files);
        } else {
            let below = path.strip_prefix(root).unwrap().display().to_string();
            files.insert(below, std::fs::read_to_string(&path).unwrap());
        }
    }
}

#[test]
fn the_reference_is_blessed_in_a_checkout_only() {
    let folder = Folder::new("no-checkout");
    let (text, code) = told(&command(&folder, &["run", CASE, "--snapshots", "update"]).output().unwrap());
    assert_eq!(code, 2, "{text}");
    assert!(text.contains("writes into a checkout of iamspec, and here is none: name a --snapshot-dir"), "{text}");
    let (text, code) = told(&command(&folder, &["run", CASE]).output().unwrap());
    assert_eq!(code, 0, "an installed binary has its snapshots with it: {text}");
}
