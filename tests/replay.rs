//! From a departure of a server to a case file that shows it, and what becomes of the file: replayed, moved into the suite, listed as known.

mod support;

use std::fs;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;

use iamspec::api::DialectId;
use iamspec::case::{Case, Corpus, NoCertificates};
use iamspec::dialect::{Configuration, Format, Style};
use iamspec::fuzz::triage::{OnReference, OnTarget, Origin, Repeats, Triage, Trials};
use iamspec::fuzz::{Evidence, Executor, Fingerprint, Firing, Focus, OracleId, Ran, Stop, program};
use iamspec::reference::Faults;
use iamspec::reference::faults::catalogue::faults;
use iamspec::reference::server::{Server, ServerOptions};
use iamspec::report::event::{FindingRecord, StepRecord};
use iamspec::runner::journal::Journal;
use iamspec::runner::redact::Redactor;
use iamspec::runner::session::Session;
use iamspec::runner::state::State;
use iamspec::target::{Profile, Target};
use support::{Folder, assert_nothing_left, signed, told};

const AWS: Configuration = Configuration { dialect: DialectId::Aws, format: Format::Xml, style: Style::Form };

/// A server whose reference has the fault of that name; none: a sound one.
fn server(fault: Option<&str>) -> Server {
    let faults = match fault {
        Some(id) => faults(DialectId::Aws).into_iter().find(|f| f.id == id).unwrap_or_else(|| panic!("no fault {id}")).faults,
        None => Faults::default(),
    };
    Server::start(ServerOptions { faults, ..ServerOptions::new(DialectId::Aws) }).unwrap()
}

/// A small lock step: a server and the reference, and where they end otherwise.
struct LockStep<'s> {
    target: OnTarget<'s>,
    reference: OnReference,
}

impl Executor for LockStep<'_> {
    async fn run(&mut self, program: &Case, _: Focus) -> Result<Ran, Stop> {
        let expected = self.reference.trial(program).await.map_err(Stop::Broken)?.record.steps;
        let observed = self.target.trial(program).await.map_err(Stop::Broken)?.record.steps;
        let said = |s: &StepRecord| format!("{} {}", s.status.unwrap_or_default(), s.code.as_deref().unwrap_or_default()).trim().to_owned();
        let other = expected.iter().zip(&observed).find(|(a, b)| said(a) != said(b));
        let firings = other.map(|(a, b)| Firing {
            fingerprint: Fingerprint {
                oracle: OracleId::Lockstep,
                action: a.call.clone(),
                expected: said(a),
                observed: said(b),
                path: "status".into(),
                class: "UserName: case twin".into(),
            },
            step: a.step,
            probe: Vec::new(),
            text: "The two do not end alike.".into(),
            evidence: Evidence::default(),
        });
        Ok(Ran { firings: firings.into_iter().collect(), calls: observed.len(), ..Ran::default() })
    }
}

/// Goes through a program on a server, and writes what it finds into `out`.
fn find(server: &Server, folder: &Folder, out: &Path) -> FindingRecord {
    let profile =
        Profile { name: "faulty".into(), region: server.region.clone(), service: Some(server.service.clone()), ..Profile::default() };
    let profile = Profile { dialect: DialectId::Aws, ..profile };
    let target = Target::new(profile, &server.endpoint, server.credentials.clone(), false).unwrap();
    let state = State::open(&server.endpoint, Some(&folder.0.join("fuzz"))).unwrap();
    let journal = Journal::create(&state, &server.endpoint, "f1").unwrap();
    let session = Session::new(target, journal, Rc::new(Redactor::new())).unwrap();
    let reference = || OnReference::new(AWS, Arc::new(NoCertificates)).unwrap();
    let on_target = |run: &str| OnTarget::new(&session, AWS, run.to_owned(), Arc::new(NoCertificates));
    let flags = format!("--endpoint {} --dialect aws --region {}", server.endpoint, server.region);
    let origin = Origin { target: "faulty".into(), version: Some("9".into()), seed: 5, flags, ..Origin::default() };
    let mut triage = Triage::new(origin, reference());
    triage.out = Some(out.to_owned());
    triage.repeats = Repeats::default();
    let user = |call: &str, name: &str| program::step(call, vec![("UserName".into(), name.into())]);
    let mut steps: Vec<_> = (2..8).map(|n| user(if n % 2 == 0 { "CreateUser" } else { "GetUser" }, &format!("${{user{n}}}"))).collect();
    steps.insert(3, user("CreateUser", "${user9}"));
    steps.push(user("CreateUser", "${swapcase:user9}"));
    steps.push(program::step("ListUsers", Vec::new()));
    let program = program::new("5/1", DialectId::Aws, steps);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let found = runtime.block_on(async {
        let mut executor = LockStep { target: on_target("f2"), reference: reference() };
        let ran = executor.run(&program, Focus::All).await.unwrap();
        let firing = ran.firings.first().expect("the server departs");
        let found = triage.take(&mut executor, &mut on_target("f3"), (&program, firing), async || false).await;
        let again = triage.take(&mut executor, &mut on_target("f3"), (&program, firing), async || false).await;
        assert_eq!(again, None, "the same fingerprint is the same finding");
        found.expect("it is new")
    });
    runtime.block_on(session.close()).unwrap();
    found
}

/// `iamspec replay` of a file against a server; none: the embedded reference.
fn replay(folder: &Folder, file: &str, server: Option<&Server>, more: &[&str]) -> (String, i32) {
    let mut args = vec!["replay", file];
    if let Some(server) = server {
        args.extend(["--endpoint", &server.endpoint, "--dialect", "aws", "--region", &server.region]);
    }
    args.extend(more);
    let nobody = support::somebody();
    told(&signed(folder, server.map_or(&nobody, |s| &s.credentials), &args).output().unwrap())
}

const FAULT: &str = "requirement:create-user.name-unique-ignores-case";

#[test]
fn a_departure_becomes_a_file_that_fails_until_it_is_mended() {
    let folder = Folder::new("replay");
    let faulty = server(Some(FAULT));
    let out = folder.0.join("findings");
    let found = find(&faulty, &folder, &out);
    assert_eq!((found.steps, found.left, found.stability.as_str(), found.seen), (9, 2, "reproducible", 3));
    assert_eq!(found.requirement.as_deref(), Some("create-user.name-unique-ignores-case"));
    assert_eq!((found.repeats, found.without_file), (None, None));
    let file = found.file.expect("a file");
    assert_eq!(PathBuf::from(&file), out.join(format!("{}.toml", found.id)));
    let text = fs::read_to_string(&file).unwrap();
    assert!(text.contains("# target   faulty 9, aws/xml\n# program  seed 5, fuzz/5/1: 9 steps, of which 2 are left\n"), "{text}");
    assert!(!text.contains(&faulty.credentials.secret));

    let (told, code) = replay(&folder, &file, Some(&faulty), &[]);
    let place = faulty.endpoint.trim_start_matches("http://");
    assert_eq!(code, 1, "{told}");
    assert!(told.starts_with(&format!("FAILED  {0}/{0}  ", found.id)), "{told}");
    assert!(told.contains("step 2 CreateUser status: expected 409 EntityAlreadyExists, actual 200"), "{told}");
    assert!(told.contains(place) || told.contains("aws/xml"), "{told}");
    let (told, code) = replay(&folder, &file, None, &[]);
    assert!(code == 0 && told.starts_with("FIXED") && told.lines().count() == 1, "{told}");
    let (told, code) = replay(&folder, &file, Some(&server(None)), &["--output", "ndjson=run.ndjson"]);
    assert!(code == 0 && told.starts_with("FIXED"), "{told}");
    assert!(fs::read_to_string(folder.0.join("run.ndjson")).unwrap().contains(&found.id));
    let other = server(Some("code-exchanged:CreateUser.EntityAlreadyExists"));
    let (told, code) = replay(&folder, &file, Some(&other), &[]);
    assert!(code == 1 && told.starts_with("CHANGED"), "{told}");
    // The runner needs no fuzzer to see it.
    let args = ["run", "--cases", &file, "--endpoint", &faulty.endpoint, "--dialect", "aws", "--region", &faulty.region];
    let run = signed(&folder, &faulty.credentials, &args).output().unwrap();
    assert_eq!(run.status.code(), Some(1), "{}", support::told(&run).0);
    assert_nothing_left(&faulty);
    let endpoint = faulty.endpoint.clone();
    drop(faulty);
    let gone = signed(&folder, &support::somebody(), &["replay", &file, "--endpoint", &endpoint, "--dialect", "aws"]).output().unwrap();
    assert_eq!(gone.status.code(), Some(3), "{}", support::told(&gone).0);
}

/// A file that somebody wrote, which says nothing of how it failed.
const WRITTEN: &str = r#"[[case]]
id = "twice"
title = "A name that is there is refused"
requirement = "create-user.name-unique"

[[case.step]]
call = "CreateUser"
with = { UserName = "${user}" }

[[case.step]]
call = "CreateUser"
with = { UserName = "${user}" }
expect = { error = "EntityAlreadyExists" }

[[case]]
id = "of-ecs"
title = "It does not run on aws"
requirement = "create-user.name-unique"
dialects = ["ecs"]

[[case.step]]
call = "ListUsers"
"#;

#[test]
fn any_case_file_can_be_replayed() {
    let folder = Folder::new("replay-written");
    let file = folder.0.join("mine.toml");
    fs::write(&file, WRITTEN).unwrap();
    let file = file.to_str().unwrap();
    let faulty = server(Some("requirement:create-user.name-unique"));
    let (told, code) = replay(&folder, file, Some(&faulty), &["-v"]);
    assert_eq!(code, 3, "a case that cannot run says nothing: {told}");
    assert!(told.starts_with("FAILED  mine/twice  ") && told.contains("ERROR   mine/of-ecs  not run: applies to ecs only"), "{told}");
    assert!(told.contains("EntityAlreadyExists") && !told.contains(&faulty.credentials.secret), "{told}");
    let (told, code) = replay(&folder, file, None, &["--dialect", "ecs", "--style", "query"]);
    assert!(code == 0 && told.lines().count() == 4, "two cases in two formats: {told}");
    let (told, code) = replay(&folder, "none.toml", None, &[]);
    assert!(code == 2 && told.contains("none.toml"), "{told}");
    fs::write(folder.0.join("bad.toml"), "[[case]]\nid = 1\n").unwrap();
    let (told, code) = replay(&folder, "bad.toml", None, &[]);
    assert!(code == 2 && told.contains("bad.toml:2"), "{told}");
    let (told, code) = replay(&folder, file, None, &[file]);
    assert!(code == 2 && told.contains("has a case mine/twice"), "{told}");
}

#[test]
fn findings_move_into_the_suite_and_into_lists() {
    let folder = Folder::new("promote");
    let faulty = server(Some(FAULT));
    let out = folder.0.join("findings");
    let found = find(&faulty, &folder, &out);
    let file = found.file.expect("a file");
    let text = fs::read_to_string(&file).unwrap();
    let promote = |args: &[&str]| {
        fs::write(&file, &text).unwrap();
        let all: Vec<&str> = ["fuzz", "--promote", &file].iter().chain(args).copied().collect();
        told(&signed(&folder, &support::somebody(), &all).output().unwrap())
    };
    // Beside what is there, whose comments stay; twice, under another id.
    let home = folder.0.join("cases/users/CreateUser.toml");
    fs::create_dir_all(home.parent().unwrap()).unwrap();
    let before = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("cases/users/CreateUser.toml")).unwrap();
    fs::write(&home, format!("# mine\n{before}# the end\n")).unwrap();
    let cases = Corpus::from_dir(&folder.0.join("cases")).unwrap().cases.len();
    for (n, id) in [(1, found.id.clone()), (2, format!("{}-2", found.id))] {
        let (told, code) = promote(&[]);
        assert!(code == 0 && told.contains(&format!("as users/CreateUser/{id}; its snapshot: iamspec run")), "{told}");
        assert!(!Path::new(&file).exists(), "it was moved");
        let corpus = Corpus::from_dir(&folder.0.join("cases")).unwrap();
        assert_eq!(corpus.cases.len(), cases + n);
        assert!(corpus.case(&format!("users/CreateUser/{id}")).is_some());
    }
    let after = fs::read_to_string(&home).unwrap();
    assert!(after.starts_with("# mine\n") && after.contains("# the end\n") && after.contains("# target   faulty 9, aws/xml\n"), "{after}");
    // Into a file that is not there yet, and is about no Action; what is promoted can be replayed.
    let (told, code) = promote(&["--into", "cases/workflows/fuzzed.toml"]);
    assert!(code == 0, "{told}");
    let (told, code) = replay(&folder, "cases/workflows/fuzzed.toml", Some(&faulty), &[]);
    assert!(code == 1 && told.starts_with("FAILED"), "{told}");
    let (told, code) = promote(&["--into", "cases/groups/CreateUser.toml"]);
    assert!(code == 2 && told.contains("CreateUser is not an Action of groups") && Path::new(&file).exists(), "{told}");
    // Into a list, with a reason.
    let (told, code) = promote(&["--baseline", "baseline.toml"]);
    assert!(code == 2 && told.contains("--reason"), "{told}");
    let (told, code) = promote(&["--baseline", "baseline.toml", "--reason", "it compares \"letters\""]);
    assert!(code == 0 && told.contains("listed in baseline.toml"), "{told}");
    let list = fs::read_to_string(folder.0.join("baseline.toml")).unwrap();
    let entry = "[[known-finding]]\nfingerprint = \"lockstep: CreateUser status: 409 EntityAlreadyExists → 200 (UserName: case twin)\"\n";
    assert!(list.starts_with("format = 1\n") && list.contains(entry), "{list}");
    let (told, code) = support::told(&signed(&folder, &support::somebody(), &["check", "baseline.toml"]).output().unwrap());
    assert_eq!(code, 0, "{told}");
    fs::write(folder.0.join("mine.toml"), WRITTEN).unwrap();
    let (told, code) = support::told(&signed(&folder, &support::somebody(), &["fuzz", "--promote", "mine.toml"]).output().unwrap());
    assert!(code == 2 && told.contains("has 2 cases; the file of a finding has one"), "{told}");
}
