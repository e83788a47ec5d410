//! `iamspec run` and `iamspec probe` against an ECS: another process of `iamspec serve --dialect ecs`, with something between the two
//! that watches, and servers that do what no ECS should.

mod support;

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};

use iamspec::auth::ecs_token::{Login, TOKEN_HEADER};
use support::{Folder, Hand, command, request, told};

const USER: &str = "tester";
/// What no output may ever show.
const PASSWORD: &str = "Pass:word$ canary";
/// Tokens that a user may have.
const PER_USER: usize = 100;

/// A process of `iamspec serve --dialect ecs` with the namespaces ns1 and ns2.
struct Ecs {
    child: Child,
    base: String,
    folder: Folder,
}

impl Drop for Ecs {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Ecs {
    fn start(name: &str, more: &[&str]) -> Ecs {
        let folder = Folder::new(name);
        let args = [&["serve", "--dialect", "ecs", "--namespace", "ns1", "--namespace", "ns2"], more].concat();
        let mut serve = command(&folder, &args);
        serve.envs([("ECS_USERNAME", USER), ("ECS_PASSWORD", PASSWORD)]).stdout(Stdio::piped());
        let mut child = serve.spawn().expect("the built binary starts");
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("stdout is piped")).read_line(&mut line).expect("text");
        let base = line.split_whitespace().find(|word| word.contains("://")).expect("an endpoint").to_owned();
        Ecs { child, base, folder }
    }

    fn address(&self) -> SocketAddr {
        self.base.trim_start_matches("http://").parse().expect("a plain endpoint")
    }

    /// Tokens that the user has: as many as are missing from a hundred when no more are handed out. All are gone afterwards.
    fn tokens(&self) -> usize {
        let mut handed_out = Vec::new();
        loop {
            let answer = get(self.address(), "/login", &[("Authorization", &basic())]);
            match header(&answer, TOKEN_HEADER) {
                Some(token) => handed_out.push(token),
                None => break,
            }
        }
        let last = handed_out.last().expect("the user has room for one at least");
        get(self.address(), "/logout?force=true", &[(TOKEN_HEADER, last)]);
        PER_USER - handed_out.len()
    }

    /// Whether there is anything of the suite in a namespace.
    fn holds_something(&self, namespace: &str) -> bool {
        let token = header(&get(self.address(), "/login", &[("Authorization", &basic())]), TOKEN_HEADER).expect("a token");
        let list = |action: &str| {
            let headers = [(TOKEN_HEADER, token.as_str()), ("x-emc-namespace", namespace)];
            let answer = get(self.address(), &format!("/iam?Action={action}&MaxItems=1000"), &headers);
            assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
            answer.contains("iamspec-")
        };
        let found = ["ListUsers", "ListGroups", "ListPolicies"].map(list).contains(&true);
        get(self.address(), "/logout", &[(TOKEN_HEADER, &token)]);
        found
    }
}

/// The user's credentials as the Basic scheme has them.
fn basic() -> String {
    format!("Basic {}", Login { user: USER.into(), password: PASSWORD.into() }.basic())
}

/// The answer to a GET, headers included.
fn get(address: SocketAddr, path: &str, headers: &[(&str, &str)]) -> String {
    let mut stream = TcpStream::connect(address).expect("it listens");
    let headers: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    write!(stream, "GET {path} HTTP/1.1\r\nHost: {address}\r\n{headers}Connection: close\r\n\r\n").expect("it reads");
    String::from_utf8(request(&mut stream).expect("an answer")).expect("UTF-8")
}

fn header(message: &str, name: &str) -> Option<String> {
    let line = message.lines().find(|line| line.split(':').next().is_some_and(|n| n.eq_ignore_ascii_case(name)))?;
    Some(line.split_once(':')?.1.trim().to_owned())
}

/// What passed between a run and an ECS.
#[derive(Default)]
struct Seen {
    /// Tokens in the order in which they were handed out.
    tokens: Vec<String>,
    /// First lines of all requests.
    requests: Vec<String>,
    /// Tokens that were out at one time, at most.
    most: usize,
    out: usize,
    /// Bad things.
    wrong: Vec<String>,
}

/// Something between a run and an ECS that watches, and changes requests or answers as `change` says: it gets the number of the
/// request to the API, the request and a way to send one on, and gives the answer.
struct Watch {
    hand: Hand,
    seen: Arc<Mutex<Seen>>,
}

type Onward<'a> = &'a dyn Fn(&str) -> String;

impl Watch {
    fn new(ecs: &Ecs) -> Watch {
        Watch::changing(ecs, |_, message, onward| onward(message))
    }

    fn changing(ecs: &Ecs, change: impl Fn(usize, &str, Onward<'_>) -> String + Send + Sync + 'static) -> Watch {
        let (to, seen) = (ecs.address(), Arc::new(Mutex::new(Seen::default())));
        let noted = Arc::clone(&seen);
        let hand = Hand::new(move |mut client| {
            while let Some(bytes) = request(&mut client) {
                let message = String::from_utf8(bytes).expect("the suite sends UTF-8");
                let first = message.lines().next().unwrap_or_default().to_owned();
                let api = {
                    let mut seen = noted.lock().unwrap();
                    seen.heed(&first, &message);
                    seen.requests.iter().filter(|line| line.contains(" /iam")).count()
                };
                let onward = |message: &str| {
                    let mut server = TcpStream::connect(to).expect("it listens");
                    server.write_all(message.as_bytes()).expect("it reads");
                    String::from_utf8(request(&mut server).expect("an answer")).expect("UTF-8")
                };
                let answer = if first.contains(" /iam") { change(api, &message, &onward) } else { onward(&message) };
                if let Some(token) = header(&answer, TOKEN_HEADER) {
                    noted.lock().unwrap().hand_out(token);
                }
                if client.write_all(answer.as_bytes()).is_err() {
                    return;
                }
            }
        });
        Watch { hand, seen }
    }

    fn endpoint(&self) -> String {
        self.hand.endpoint()
    }

    fn requests(&self, part: &str) -> usize {
        self.seen.lock().unwrap().requests.iter().filter(|line| line.contains(part)).count()
    }

    /// Nothing was sent where it does not belong, and none of `texts` holds a password or a token.
    #[track_caller]
    fn assert_nothing_told(&self, texts: &[String]) {
        let seen = self.seen.lock().unwrap();
        assert_eq!(seen.wrong, [""; 0]);
        let basic = basic();
        let secrets = seen.tokens.iter().map(String::as_str).chain([PASSWORD, basic.trim_start_matches("Basic ")]);
        for secret in secrets {
            let escaped = secret.replace(' ', "%20").replace('$', "%24").replace(':', "%3A");
            assert!(texts.iter().all(|text| !text.contains(secret) && !text.contains(&escaped)), "{secret} is told");
        }
    }
}

impl Seen {
    fn heed(&mut self, first: &str, message: &str) {
        self.requests.push(first.to_owned());
        let login = first.starts_with("GET /login ");
        if login != message.contains(&basic()) {
            self.wrong.push(format!("the password where it does not belong, or not where it does: {first}"));
        }
        if first.starts_with("GET /logout ") {
            self.out = self.out.saturating_sub(1);
        }
    }

    fn hand_out(&mut self, token: String) {
        self.tokens.push(token);
        self.out += 1;
        self.most = self.most.max(self.out);
    }
}

/// `iamspec …` against an ECS, with what the environment must say for it.
fn iamspec(folder: &Folder, endpoint: &str, args: &[&str]) -> Command {
    let mut all = args.to_vec();
    all.extend(["--endpoint", endpoint, "--dialect", "ecs"]);
    let mut command = command(folder, &all);
    command.envs([("ECS_USERNAME", USER), ("ECS_PASSWORD", PASSWORD), ("ECS_NAMESPACE", "ns1")]).stdin(Stdio::null());
    command
}

/// Every file below a folder, but for those of its state.
fn files(folder: &std::path::Path) -> Vec<String> {
    let mut texts = Vec::new();
    for entry in std::fs::read_dir(folder).expect("a folder").flatten() {
        match entry.path() {
            path if path.is_dir() && entry.file_name() != "state" => texts.extend(files(&path)),
            path if path.is_file() => texts.push(std::fs::read_to_string(path).expect("text")),
            _ => {}
        }
    }
    texts
}

/// Files with a token in them below a folder's state.
fn kept_tokens(folder: &Folder) -> usize {
    let dirs = std::fs::read_dir(folder.0.join("state/iamspec")).into_iter().flatten().flatten();
    let names = dirs.flat_map(|dir| std::fs::read_dir(dir.path()).into_iter().flatten().flatten());
    names
        .map(|file| file.file_name().to_string_lossy().into_owned())
        .filter(|name| name.starts_with("token-") && !name.contains('.'))
        .count()
}

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
        watch.assert_nothing_told(&[told_run.0.clone()]);
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
