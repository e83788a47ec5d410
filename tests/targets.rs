//! The targets that ship with the suite: their profiles and lists, and what the scripts that start them promise.
#![cfg(unix)]

use std::ffi::OsStr;
use std::net::TcpListener;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use iamspec::baseline::Baseline;
use iamspec::case::corpus::Corpus;
use iamspec::target::parse::parse;

fn targets() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("targets")
}

/// The folders below `targets/` that are targets.
fn folders() -> Vec<PathBuf> {
    let all = std::fs::read_dir(targets()).unwrap().map(|entry| entry.unwrap().path());
    let mut found: Vec<PathBuf> = all.filter(|path| path.join("target.toml").exists()).collect();
    found.sort();
    assert!(found.len() >= 8, "{found:?}");
    found
}

/// A path in a folder of this test's own, where nothing is yet.
fn fresh(name: &str) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("iamspec-targets-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let path = folder.join(name);
    assert!(!path.exists(), "{} is this test's own", path.display());
    path
}

fn script(path: &Path, args: &[&OsStr]) -> Command {
    let mut command = Command::new("bash");
    command.arg(path).args(args).stdin(Stdio::null()).env_remove("LONG_BUILDS").env("IAMSPEC", env!("CARGO_BIN_EXE_iamspec"));
    command
}

fn ended(mut command: Command) -> (Option<i32>, String) {
    let Output { status, stdout, stderr } = command.output().unwrap();
    (status.code(), format!("{}{}", String::from_utf8_lossy(&stdout), String::from_utf8_lossy(&stderr)))
}

#[test]
fn every_profile_is_one_and_every_known_failure_has_a_reason() {
    let corpus = Corpus::embedded().unwrap();
    let cases: Vec<&str> = corpus.cases.iter().map(|c| c.id.as_str()).collect();
    for folder in folders() {
        let file = folder.join("target.toml");
        let text = std::fs::read_to_string(&file).unwrap();
        let profile = parse(&text).unwrap_or_else(|p| panic!("{}", p[0].render(&file.to_string_lossy(), &text)));
        assert_eq!(Some(OsStr::new(&profile.name)), folder.file_name());
        assert!(!profile.about.is_empty(), "{}", profile.name);
        assert_eq!(profile.version.is_some(), folder.join("server").exists(), "{}: a script starts one version", profile.name);
        let list = folder.join("baseline.toml");
        if let Ok(text) = std::fs::read_to_string(&list) {
            let baseline = Baseline::parse(&list.to_string_lossy(), &text, &cases).unwrap_or_else(|d| panic!("{d}"));
            let unreviewed: Vec<String> = baseline.unreviewed().into_iter().map(|(_, what)| what).collect();
            assert_eq!(unreviewed, Vec::<String>::new(), "{}", list.display());
        }
    }
}

#[test]
fn scripts_say_how_they_are_used_and_touch_nothing_that_was_never_started() {
    for server in folders().iter().map(|f| f.join("server")).filter(|s| s.exists()) {
        let nowhere = fresh("never-started");
        let dir = nowhere.as_os_str();
        for (args, code, said) in [
            (vec![], 2, "usage:"),
            (vec![OsStr::new("start")], 2, "usage:"),
            (vec![OsStr::new("restart"), dir], 2, "usage:"),
            (vec![OsStr::new("start"), dir, OsStr::new("http")], 2, "'http' is no port"),
            (vec![OsStr::new("status"), dir], 1, "down"),
            (vec![OsStr::new("stop"), dir], 0, ""),
        ] {
            let (status, out) = ended(script(&server, &args));
            assert_eq!(status, Some(code), "{} {args:?}: {out}", server.display());
            assert!(out.contains(said), "{} {args:?}: {out}", server.display());
        }
        assert!(!nowhere.exists(), "{}", server.display());
    }
}

#[test]
fn a_script_that_cannot_install_says_why_and_ends_with_3() {
    let (status, out) = ended(script(&targets().join("fakecloud/server"), &[OsStr::new("start"), fresh("unbuilt").as_os_str()]));
    assert_eq!(status, Some(3), "{out}");
    assert!(out.contains("fakecloud: it takes twenty minutes"), "{out}");

    // A machine with these programs and no others.
    let programs = fresh("programs");
    std::fs::create_dir_all(&programs).unwrap();
    for name in ["basename", "cat", "dirname", "mkdir", "rm", "sed"] {
        let found = std::env::split_paths(&std::env::var_os("PATH").unwrap()).map(|p| p.join(name)).find(|p| p.exists());
        symlink(found.unwrap_or_else(|| panic!("no {name}")), programs.join(name)).unwrap();
    }
    for (name, said) in [("moto", "moto: python3 is needed"), ("awsim", "awsim: cargo is needed"), ("ceph-rgw-16", "nor apt-get")] {
        let mut command = Command::new("/bin/bash");
        command.arg(targets().join(name).join("server")).arg("start").arg(fresh(name)).arg("1").env("PATH", &programs);
        let (status, out) = ended(command);
        assert_eq!(status, Some(3), "{out}");
        assert!(out.contains(said), "{out}");
    }
}

/// A target whose server is what `launch` says, with the scripts' common part.
fn target_of(name: &str, launch: &str) -> PathBuf {
    let folder = fresh(name);
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("target.toml"), "version = \"1\"\n").unwrap();
    let lib = targets().join("lib.sh");
    let text = format!(
        ". '{}'\ninstall_server() {{ :; }}\nlaunch_server() {{ {launch}; }}\ncredentials() {{ echo key:secret:with:colons; }}\ntarget_main \"$@\"\n",
        lib.display()
    );
    let server = folder.join("server");
    std::fs::write(&server, text).unwrap();
    server
}

#[test]
fn a_server_is_started_once_answered_for_and_ended_by_its_pid() {
    let server = target_of("lives", "background it \"$IAMSPEC\" serve --port \"$PORT\"");
    let dir = fresh("lives-here");
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port().to_string();
    let call = |command: &str, more: &[&str]| {
        let args: Vec<&OsStr> = [OsStr::new(command), dir.as_os_str()].into_iter().chain(more.iter().map(OsStr::new)).collect();
        ended(script(&server, &args))
    };
    let (status, out) = call("start", &[&port]);
    assert_eq!((status, out.as_str()), (Some(0), format!("lives 1 runs at http://127.0.0.1:{port}\n").as_str()));
    let env = std::fs::read_to_string(dir.join("env")).unwrap();
    assert!(env.contains(&format!("IAMSPEC_ENDPOINT=http://127.0.0.1:{port}\n")), "{env}");
    assert!(env.contains("AWS_ACCESS_KEY_ID=key\n") && env.contains("AWS_SECRET_ACCESS_KEY=secret:with:colons\n"), "{env}");
    assert_eq!(call("status", &[]), (Some(0), "up\n".into()));
    let (status, out) = call("start", &[]);
    assert!(status == Some(0) && out.contains("already runs at"), "{out}");

    // A pid that belongs to somebody else by now is left alone.
    let mut stranger = Command::new("sleep").arg("600").spawn().unwrap();
    let own = std::fs::read_to_string(dir.join("pids")).unwrap();
    std::fs::write(dir.join("pids"), format!("{own}{}\n", stranger.id())).unwrap();
    assert_eq!(call("status", &[]).0, Some(1));
    assert_eq!(call("stop", &[]), (Some(0), String::new()));
    assert!(stranger.try_wait().unwrap().is_none(), "a stranger was ended");
    stranger.kill().unwrap();
    stranger.wait().unwrap();
    assert_eq!(call("status", &[]), (Some(1), "down\n".into()));
    assert!(TcpListener::bind(format!("127.0.0.1:{port}")).is_ok(), "the server is still there");
    assert!(!dir.join("env").exists());
}

#[test]
fn a_server_that_ends_at_once_is_shown_with_its_log() {
    let server = target_of("dies", "background it bash -c 'echo no such luck; exit 1'");
    let (status, out) = ended(script(&server, &[OsStr::new("start"), fresh("dies-here").as_os_str(), OsStr::new("1")]));
    assert_eq!(status, Some(1), "{out}");
    assert!(out.contains("dies: it ended at once") && out.contains("no such luck"), "{out}");
}

#[test]
fn run_all_names_what_was_not_run_and_why() {
    let all = targets().join("run-all");
    assert_eq!(ended(script(&all, &[OsStr::new("--everything")])).0, Some(2));
    assert_eq!(ended(script(&all, &[OsStr::new("no-such-target")])).0, Some(2));
    let args = [OsStr::new("-o"), &fresh("out").into_os_string(), OsStr::new("fakecloud"), OsStr::new("aws")];
    let mut command = script(&all, &args);
    command.env("IAMSPEC_SERVERS", fresh("servers"));
    let (status, out) = ended(command);
    assert_eq!(status, Some(3), "nothing was run: {out}");
    assert!(out.contains("not run  fakecloud: it takes twenty minutes") && out.contains("not run  aws: it is a service"), "{out}");
}

/// A folder like `targets/` with one target whose server is the reference, and `run-all` in it.
fn only_the_reference(name: &str) -> PathBuf {
    let folder = fresh(name).join("targets");
    let mine = folder.join("mine");
    std::fs::create_dir_all(&mine).unwrap();
    for file in ["lib.sh", "run-all"] {
        std::fs::copy(targets().join(file), folder.join(file)).unwrap();
    }
    std::fs::write(mine.join("target.toml"), "name = \"mine\"\nversion = \"1\"\n").unwrap();
    let server = "#!/usr/bin/env bash\n. \"$(dirname \"$0\")/../lib.sh\"\ninstall_server() { :; }\n\
                  launch_server() { AWS_ACCESS_KEY_ID=key AWS_SECRET_ACCESS_KEY=secretsecret background it \"$IAMSPEC\" serve --dialect aws --port \"$PORT\"; }\n\
                  credentials() { echo key:secretsecret; }\ntarget_main \"$@\"\n";
    std::fs::write(mine.join("server"), server).unwrap();
    std::fs::set_permissions(mine.join("server"), std::fs::Permissions::from_mode(0o755)).unwrap();
    folder
}

#[test]
fn run_all_gates_every_target_and_makes_the_matrix_and_the_report() {
    let folder = only_the_reference("all");
    let (servers, out, report) = (fresh("all-servers"), fresh("all-out"), fresh("report.md"));
    let list = |judged: &str| {
        std::fs::write(folder.join("mine/baseline.toml"), format!("format = 1\n[judged.\"aws/xml\"]\n{judged}\n")).unwrap();
        let args = [OsStr::new("-o"), out.as_os_str(), OsStr::new("-m"), report.as_os_str()];
        let mut command = script(&folder.join("run-all"), &args);
        command.env("IAMSPEC_SERVERS", &servers);
        ended(command)
    };
    let (status, said) = list("\"users/GetUser\" = [\"unknown\"]");
    assert_eq!(status, Some(0), "{said}");
    assert!(said.contains("the gate passes") && said.contains("1 run, 0 not"), "{said}");
    let read = |name: &Path| std::fs::read_to_string(name).unwrap_or_else(|why| panic!("{}: {why}", name.display()));
    assert!(read(&out.join("mine.ndjson")).contains("\"event\":\"run-finished\""));
    assert!(read(&out.join("matrix.html")).starts_with("<!doctype html>"));
    let text = read(&report);
    assert!(
        text.contains("# IAM compatibility matrix") && text.contains("| mine 1 | aws |") && text.contains("## How this was made"),
        "{text}"
    );
    // What was lost is no more than a failure of the gate; a list with a mistake in it is told.
    let (status, said) = list("\"users/GetUser\" = [\"no-such-case\"]");
    assert!(status == Some(1) && said.contains("mine is not as targets/mine/baseline.toml says"), "{said}");
    let (status, said) = list("[[known]]");
    assert!(status == Some(3) && said.contains("0 run, 1 not"), "{said}");
    let (status, _) = ended(script(&folder.join("mine/server"), &[OsStr::new("status"), servers.join("mine").as_os_str()]));
    assert_eq!(status, Some(1), "its server was ended");
}

#[test]
fn scripts_are_clean_to_shellcheck_where_it_is() {
    let program = std::env::var_os("IAMSPEC_SHELLCHECK").unwrap_or_else(|| "shellcheck".into());
    let mut command = Command::new(&program);
    command.current_dir(targets()).args(["lib.sh", "ceph.sh", "run-all", "unchanged"]);
    command.args(folders().iter().map(|f| f.join("server")).filter(|s| s.exists()));
    match command.output() {
        Ok(out) => assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stdout)),
        Err(why) => eprintln!("not checked: {} does not start: {why}", program.to_string_lossy()),
    }
}
