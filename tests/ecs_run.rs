//! `iamspec run` and `iamspec probe` against an ECS: another process of `iamspec serve --dialect ecs`, with something between the two
//! that watches, and servers that do what no ECS should.

mod support;

use std::process::{Child, Command, Stdio};

use support::ecs::{Ecs, PASSWORD, USER, Watch, files, iamspec, kept_tokens, token_of};
use support::{Folder, Hand, command, signed, somebody, told};

#[track_caller]
fn assert_tells((text, code): &(String, i32), expected: i32, parts: &[&str]) {
    assert_eq!(*code, expected, "{text}");
    for part in parts {
        assert!(text.contains(part), "{part:?} is missing in\n{text}");
    }
}

#[test]
fn the_suite_passes_with_one_login_leaves_nothing_and_tells_no_secret() {
    let ecs = Ecs::start("ecs-suite", &[]);
    let watch = Watch::new(&ecs);
    let folder = &ecs.folder;
    let reports = ["ndjson=run.ndjson", "json=run.json", "junit=run.xml"].map(|report| ["--output", report]).concat();
    let args = [&["run", "-v", "--curl", "scripts"], reports.as_slice()].concat();
    let told = told(&iamspec(folder, &watch.endpoint(), &args).output().unwrap());
    assert_tells(&told, 0, &["(ecs/xml/query)", " passed"]);
    assert!(!told.0.contains(" failed"), "{}", told.0);
    assert_eq!((watch.requests(" /login "), watch.requests(" /logout ")), (1, 1));
    watch.assert_nothing_told(&[&[told.0], files(&folder.0).as_slice()].concat());
    assert_eq!((kept_tokens(folder), folder.journals().len()), (0, 0));
    assert!(!ecs.holds_something("ns1") && !ecs.holds_something("ns2"));
    assert_eq!(ecs.tokens(), 0);
}

#[test]
fn every_style_and_format_is_spoken() {
    let ecs = Ecs::start("ecs-styles", &[]);
    for (wire, style) in [("json", "query"), ("xml", "form"), ("json", "form")] {
        let args = ["run", "users/CreateUser", "auth", "protocol/formats", "--wire", wire, "--style", style];
        let told = told(&iamspec(&ecs.folder, &ecs.base, &args).output().unwrap());
        assert_tells(&told, 0, &[&format!("(ecs/{wire}/{style})"), " passed"]);
    }
    assert_eq!(ecs.tokens(), 0);

    // With a key alone there is no login, and with neither it is said what is missing.
    let args = ["run", "users/CreateUser", "auth", "--style", "sigv4", "--endpoint", &ecs.base, "--dialect", "ecs"];
    let key = somebody();
    let told_signed = told(&signed(&ecs.folder, &key, &args).output().unwrap());
    assert_tells(&told_signed, 0, &["(ecs/xml/sigv4)", " passed"]);
    assert!(!told_signed.0.contains(&key.secret));
    let none = told(&command(&ecs.folder, &args).output().unwrap());
    assert_tells(&none, 2, &["AWS_ACCESS_KEY_ID"]);
    let none = told(&command(&ecs.folder, &[&args[..2], &args[5..]].concat()).output().unwrap());
    assert_tells(&none, 2, &["ECS_USERNAME and ECS_PASSWORD", "--style sigv4"]);
}

#[test]
fn tls_is_trusted_by_its_authority_or_blindly() {
    let ecs = Ecs::start("ecs-tls", &["--tls", "--ca-out", "ca.pem"]);
    let told = |more: &[&str]| {
        told(&iamspec(&ecs.folder, &ecs.base, &[&["run", "users/GetUser", "--namespace", "ns2"], more].concat()).output().unwrap())
    };
    assert_tells(&told(&[]), 3, &["no TLS connection", "--ca FILE"]);
    assert_tells(&told(&["--ca", "ca.pem"]), 0, &["https://127.0.0.1", " passed"]);
    assert_tells(&told(&["--insecure"]), 0, &[" passed"]);
}

#[test]
fn a_wrong_password_is_said_once_and_nothing_is_tried() {
    let ecs = Ecs::start("ecs-password", &[]);
    let watch = Watch::new(&ecs);
    for args in [["run", "users"].as_slice(), &["probe"]] {
        let mut command = iamspec(&ecs.folder, &watch.endpoint(), args);
        let told = told(&command.env("ECS_PASSWORD", "another-canary").output().unwrap());
        let login = format!("the login of {USER} at {} was refused with status 401: check user and password", watch.endpoint());
        assert_tells(&told, 3, &[&login]);
        assert!(!told.0.contains("another-canary"), "{}", told.0);
    }
    assert_eq!((watch.requests(" /login "), watch.requests(" /iam"), watch.requests(" /logout")), (2, 0, 0));
}

#[test]
fn a_namespace_that_is_missing_or_unknown_is_said() {
    let ecs = Ecs::start("ecs-namespace", &[]);
    let unknown = iamspec(&ecs.folder, &ecs.base, &["run", "users", "--namespace", "nowhere"]).output().unwrap();
    assert_tells(&told(&unknown), 3, &["has no such namespace", "'nowhere' was named", "--namespace"]);
    let none = iamspec(&ecs.folder, &ecs.base, &["run", "users"]).env_remove("ECS_NAMESPACE").output().unwrap();
    assert_tells(&told(&none), 3, &["none was named", "--namespace"]);
    assert_eq!(ecs.tokens(), 0);
}

#[test]
fn tokens_that_expire_are_renewed_and_the_calls_sent_again() {
    let ecs = Ecs::start("ecs-expiry", &["--token-uses", "60"]);
    let watch = Watch::new(&ecs);
    let told = told(&iamspec(&ecs.folder, &watch.endpoint(), &["run", "users", "groups", "auth", "-v"]).output().unwrap());
    assert_tells(&told, 0, &[" passed"]);
    let logins = watch.requests(" /login ");
    assert!(logins > 3, "{logins}");
    watch.assert_nothing_told(&[told.0]);
    assert_eq!(watch.seen.lock().unwrap().most, 1, "never two at a time");
    assert!(!ecs.holds_something("ns1"));
    assert_eq!(ecs.tokens(), 0);
}

#[test]
fn processes_of_one_run_never_have_two_tokens() {
    let ecs = Ecs::start("ecs-processes", &[]);
    let watch = Watch::new(&ecs);
    let run = |case: &str| iamspec(&ecs.folder, &watch.endpoint(), &["run", case]).stdout(Stdio::piped()).spawn().unwrap();
    let children: Vec<Child> = ["users/GetUser", "groups/GetGroup", "users/DeleteUser", "groups/DeleteGroup"].map(run).into();
    for child in children {
        assert_tells(&told(&child.wait_with_output().unwrap()), 0, &[" passed"]);
    }
    assert_eq!(watch.seen.lock().unwrap().most, 1);
    assert_eq!((kept_tokens(&ecs.folder), ecs.tokens()), (0, 0));
}

#[test]
fn a_login_that_leads_to_another_host_is_not_followed() {
    let elsewhere = Hand::new(|_| panic!("credentials went elsewhere"));
    let location = format!("{}/login", elsewhere.endpoint());
    let redirect = format!("HTTP/1.1 302 Found\r\nLocation: {location}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    let folder = Folder::new("ecs-elsewhere");
    let told_of = |endpoint: &str| told(&iamspec(&folder, endpoint, &["run", "users/*", "-j", "1"]).output().unwrap());

    let hand = Hand::answering(redirect.clone());
    assert_tells(&told_of(&hand.endpoint()), 3, &["is redirected to another host", &elsewhere.endpoint(), "were not sent on"]);

    let ecs = Ecs::start("ecs-midway", &[]);
    for (after, expected) in [(0, "iamspec: "), (60, "ERROR")] {
        let redirect = redirect.clone();
        let watch = Watch::changing(&ecs, move |n, message, onward| if n > after { redirect.clone() } else { onward(message) });
        let told = told_of(&watch.endpoint());
        assert_tells(&told, 3, &["was sent on to the login of another host", &elsewhere.endpoint(), "give it as the endpoint"]);
        assert!(after == 0 || told.0.contains(expected), "{}", told.0);
        watch.assert_nothing_told(&[told.0]);
    }
}

#[test]
fn json_where_xml_was_asked_for_is_a_failure() {
    let ecs = Ecs::start("ecs-json", &[]);
    let told_of =
        |watch: &Watch| told(&iamspec(&ecs.folder, &watch.endpoint(), &["run", "protocol/formats", "--wire", "xml"]).output().unwrap());
    let watch = Watch::changing(&ecs, |_, message, onward| {
        let asking = message.lines().map(|line| if line.to_lowercase().starts_with("accept:") { "Accept: application/json" } else { line });
        onward(&(asking.collect::<Vec<_>>().join("\r\n") + "\r\n\r\n"))
    });
    let parts = ["FAIL  protocol/formats/as-accept-asks", "ecs.format-follows-accept", "application/xml", "application/json"];
    assert_tells(&told_of(&watch), 1, &parts);

    let body = r#"["hello"]"#;
    let odd = format!("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}", body.len());
    let watch = Watch::changing(&ecs, move |_, _, _| odd.clone());
    assert_tells(&told_of(&watch), 1, &["FAIL  protocol/formats/no-accept", "hello"]);
}

#[test]
fn what_a_server_repeats_of_a_request_is_masked() {
    let ecs = Ecs::start("ecs-echo", &[]);
    let watch = Watch::changing(&ecs, |n, message, onward| match n {
        0..60 => onward(message),
        _ => {
            let body = format!("<html>{message}</html>");
            format!("HTTP/1.1 400 Bad Request\r\nX-Echo: {}\r\nContent-Length: {}\r\n\r\n{body}", token_of(message), body.len())
        }
    });
    let told = told(&iamspec(&ecs.folder, &watch.endpoint(), &["run", "users/*", "-v", "--output", "ndjson=run.ndjson"]).output().unwrap());
    assert_tells(&told, 1, &["FAIL", "x-echo: <secret>", "<html>POST /iam"]);
    watch.assert_nothing_told(&[&[told.0], files(&ecs.folder.0).as_slice()].concat());
}

#[test]
fn a_probe_writes_a_profile_that_a_run_can_use() {
    let ecs = Ecs::start("ecs-probe", &[]);
    let watch = Watch::new(&ecs);
    let probe = told(&iamspec(&ecs.folder, &watch.endpoint(), &["probe", "-o", "targets/mine/target.toml"]).output().unwrap());
    assert_tells(&probe, 0, &[]);
    let profile = std::fs::read_to_string(ecs.folder.0.join("targets/mine/target.toml")).unwrap();
    for line in ["dialect = \"ecs\"", "namespace = \"ns1\""] {
        assert!(profile.contains(line), "{profile}");
    }
    assert!(!profile.contains("[lacks]") && !profile.contains("[patterns]") && !profile.contains("left behind"), "{profile}");
    watch.assert_nothing_told(&[probe.0, profile]);
    let mut run = command(&ecs.folder, &["run", "users/GetUser", "auth", "--target", "mine"]);
    let run = run.envs([("ECS_USERNAME", USER), ("ECS_PASSWORD", PASSWORD)]).output().unwrap();
    assert_tells(&told(&run), 0, &[" passed"]);
    assert_eq!(ecs.tokens(), 0);
}

#[test]
fn scripts_log_in_act_and_log_out() {
    let has = |program: &str| Command::new(program).arg("--version").stdout(Stdio::null()).status().is_ok();
    if !has("curl") || !has("bash") {
        return;
    }
    let ecs = Ecs::start("ecs-curl", &[]);
    let case = "access-keys/ListAccessKeys/of-the-caller";
    let told_run = told(&iamspec(&ecs.folder, &ecs.base, &["run", case, "--curl", "scripts"]).output().unwrap());
    assert_tells(&told_run, 0, &["1 passed"]);
    let scripts: Vec<_> = std::fs::read_dir(ecs.folder.0.join("scripts")).unwrap().flatten().map(|e| e.path()).collect();
    assert_eq!(scripts.len(), 1);
    let mut bash = Command::new("bash");
    bash.arg(&scripts[0]).envs([("ECS_USERNAME", USER), ("ECS_PASSWORD", PASSWORD)]);
    let told = told(&bash.output().unwrap());
    assert!(!told.0.contains("HTTP 4") && told.0.matches("HTTP 200").count() >= 4, "{}", told.0);
    assert!(ecs.holds_something("ns1"), "a script leaves what it makes");
    assert_eq!(ecs.tokens(), 0);
}

#[cfg(unix)]
mod interrupted {
    use std::time::{Duration, Instant};

    use super::*;

    /// A run in the middle of its cases, and the signal that ends it.
    fn ended_by(name: &str, signals: &[&str]) -> (Ecs, (String, i32)) {
        let ecs = Ecs::start(name, &[]);
        let watch = Watch::changing(&ecs, |_, message, onward| {
            std::thread::sleep(Duration::from_millis(20));
            onward(message)
        });
        let mut run = iamspec(&ecs.folder, &watch.endpoint(), &["run", "users", "groups"]);
        let child = run.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let began = Instant::now();
        while watch.requests(" /iam") < 100 {
            assert!(began.elapsed() < Duration::from_secs(60), "the run does not begin");
            std::thread::sleep(Duration::from_millis(5));
        }
        for &signal in signals {
            let status = Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap();
            assert!(status.success());
            std::thread::sleep(Duration::from_millis(30));
        }
        let told_run = told(&child.wait_with_output().unwrap());
        let kept = kept_tokens(&ecs.folder);
        if signals == ["-KILL"] {
            assert_eq!(kept, 1, "a killed run cannot log out");
            let sweep = told(&iamspec(&ecs.folder, &watch.endpoint(), &["sweep"]).output().unwrap());
            assert_tells(&sweep, 0, &["1 login token of ended runs logged out", "of 1 ended run worked off"]);
        }
        assert_eq!(kept_tokens(&ecs.folder), 0, "{}", told_run.0);
        watch.assert_nothing_told(std::slice::from_ref(&told_run.0));
        (ecs, told_run)
    }

    #[test]
    fn an_interrupted_run_logs_out() {
        let (ecs, told) = ended_by("ecs-interrupted", &["-INT"]);
        assert_tells(&told, 3, &["interrupted"]);
        assert!(!ecs.holds_something("ns1"));
        assert_eq!(ecs.tokens(), 0);
    }

    #[test]
    fn a_run_that_is_interrupted_twice_logs_out_too() {
        let (ecs, told) = ended_by("ecs-twice", &["-INT", "-INT"]);
        assert_tells(&told, 3, &["interrupted twice"]);
        assert_eq!(ecs.tokens(), 0);
    }

    #[test]
    fn what_a_killed_run_leaves_a_sweep_removes_and_logs_out() {
        let (ecs, _) = ended_by("ecs-killed", &["-KILL"]);
        assert!(!ecs.holds_something("ns1"));
        assert_eq!(ecs.tokens(), 0);
    }
}
