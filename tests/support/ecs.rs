//! A process that serves ECS, the command run against it, and something between the two that watches.

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};

use iamspec::auth::ecs_token::{Login, TOKEN_HEADER};

use super::{Folder, Hand, command, request, somebody};

pub const USER: &str = "tester";
/// What no output may ever show.
pub const PASSWORD: &str = "Pass:word$ canary";
/// Tokens that a user may have.
const PER_USER: usize = 100;

/// A process of `iamspec serve --dialect ecs` with the namespaces ns1 and ns2, and [`somebody`]'s key for ns1.
pub struct Ecs {
    child: Child,
    pub base: String,
    pub folder: Folder,
}

impl Drop for Ecs {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Ecs {
    pub fn start(name: &str, more: &[&str]) -> Ecs {
        let folder = Folder::new(name);
        let args = [&["serve", "--dialect", "ecs", "--namespace", "ns1", "--namespace", "ns2"], more].concat();
        let mut serve = command(&folder, &args);
        let key = somebody();
        serve.envs([("ECS_USERNAME", USER), ("ECS_PASSWORD", PASSWORD)]).stdout(Stdio::piped());
        serve.envs([("AWS_ACCESS_KEY_ID", key.access_key_id), ("AWS_SECRET_ACCESS_KEY", key.secret)]);
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
    pub fn tokens(&self) -> usize {
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
    pub fn holds_something(&self, namespace: &str) -> bool {
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

/// The token that a request carries.
pub fn token_of(message: &str) -> String {
    header(message, TOKEN_HEADER).unwrap_or_default()
}

/// What passed between a run and an ECS.
#[derive(Default)]
pub struct Seen {
    /// Tokens in the order in which they were handed out.
    tokens: Vec<String>,
    /// First lines of all requests.
    requests: Vec<String>,
    /// Tokens that were out at one time, at most.
    pub most: usize,
    out: usize,
    /// Bad things.
    wrong: Vec<String>,
}

/// Something between a run and an ECS that watches, and changes requests or answers as `change` says: it gets the number of the
/// request to the API, the request and a way to send one on, and gives the answer.
pub struct Watch {
    hand: Hand,
    pub seen: Arc<Mutex<Seen>>,
}

type Onward<'a> = &'a dyn Fn(&str) -> String;

impl Watch {
    pub fn new(ecs: &Ecs) -> Watch {
        Watch::changing(ecs, |_, message, onward| onward(message))
    }

    pub fn changing(ecs: &Ecs, change: impl Fn(usize, &str, Onward<'_>) -> String + Send + Sync + 'static) -> Watch {
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

    pub fn endpoint(&self) -> String {
        self.hand.endpoint()
    }

    pub fn requests(&self, part: &str) -> usize {
        self.seen.lock().unwrap().requests.iter().filter(|line| line.contains(part)).count()
    }

    /// Nothing was sent where it does not belong, and none of `texts` holds a password or a token.
    #[track_caller]
    pub fn assert_nothing_told(&self, texts: &[String]) {
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
pub fn iamspec(folder: &Folder, endpoint: &str, args: &[&str]) -> Command {
    let mut all = args.to_vec();
    all.extend(["--endpoint", endpoint, "--dialect", "ecs"]);
    let mut command = command(folder, &all);
    command.envs([("ECS_USERNAME", USER), ("ECS_PASSWORD", PASSWORD), ("ECS_NAMESPACE", "ns1")]).stdin(Stdio::null());
    command
}

/// Every file below a folder, but for those of its state.
pub fn files(folder: &std::path::Path) -> Vec<String> {
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
pub fn kept_tokens(folder: &Folder) -> usize {
    let dirs = std::fs::read_dir(folder.0.join("state/iamspec")).into_iter().flatten().flatten();
    let names = dirs.flat_map(|dir| std::fs::read_dir(dir.path()).into_iter().flatten().flatten());
    names
        .map(|file| file.file_name().to_string_lossy().into_owned())
        .filter(|name| name.starts_with("token-") && !name.contains('.'))
        .count()
}
