//! Hand-made servers that do what no server should, and the command run against them.

// Each test file uses its own part of this.
#![allow(dead_code)]

pub mod browser;
pub mod ecs;
pub mod stored;

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use iamspec::auth::Credentials;
use iamspec::dialect::Response;
use iamspec::reference::server::Server;

/// What no output may ever show.
pub const SECRET: &str = "wJalr7XUtnFEMIK7MDENGbPxRfiCYzEXAMPLEKEY";

/// A server of one's own on a free port. Dropping it closes the port.
pub struct Hand {
    pub address: SocketAddr,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Hand {
    /// Serves each connection with `behave`, in a thread of its own.
    pub fn new(behave: impl Fn(TcpStream) + Send + Sync + 'static) -> Hand {
        Hand::with_stop(Arc::default(), behave)
    }

    /// The same; setting `stop` closes the port.
    pub fn with_stop(stop: Arc<AtomicBool>, behave: impl Fn(TcpStream) + Send + Sync + 'static) -> Hand {
        Hand::listening(TcpListener::bind("127.0.0.1:0").unwrap(), stop, behave)
    }

    fn listening(listener: TcpListener, stop: Arc<AtomicBool>, behave: impl Fn(TcpStream) + Send + Sync + 'static) -> Hand {
        let address = listener.local_addr().unwrap();
        listener.set_nonblocking(true).unwrap();
        let (behave, stopped) = (Arc::new(behave), Arc::clone(&stop));
        let thread = std::thread::spawn(move || {
            while !stopped.load(Ordering::SeqCst) {
                match listener.accept() {
                    Ok((stream, _)) => {
                        stream.set_nonblocking(false).unwrap();
                        let behave = Arc::clone(&behave);
                        std::thread::spawn(move || behave(stream));
                    }
                    Err(e) if e.kind() == ErrorKind::WouldBlock => std::thread::sleep(Duration::from_millis(2)),
                    Err(_) => break,
                }
            }
        });
        Hand { address, stop, thread: Some(thread) }
    }

    /// Answers every request with these bytes, headers included, and closes the connection.
    pub fn answering(answer: impl Into<Vec<u8>>) -> Hand {
        let answer = answer.into();
        Hand::new(move |mut stream| {
            if request(&mut stream).is_some() {
                let _ = stream.write_all(&answer);
            }
        })
    }

    /// Answers every request with this body.
    pub fn saying(status: &str, content_type: &str, body: &[u8]) -> Hand {
        let head =
            format!("HTTP/1.1 {status}\r\nContent-Type: {content_type}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", body.len());
        Hand::answering([head.as_bytes(), body].concat())
    }

    /// Passes requests on to another server, `times` of them; then the port is closed in the middle of the next one.
    pub fn mortal(to: &str, times: usize) -> Hand {
        let stop = Arc::new(AtomicBool::new(false));
        let to: SocketAddr = to.trim_start_matches("http://").parse().unwrap();
        let (left, flag) = (AtomicUsize::new(times), Arc::clone(&stop));
        Hand::with_stop(stop, move |mut client| {
            while let Some(request) = request(&mut client) {
                let alive = left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |n| n.checked_sub(1)).is_ok();
                if !alive {
                    flag.store(true, Ordering::SeqCst);
                    return;
                }
                let Some(answer) = exchange(to, &request) else { return };
                if client.write_all(&answer).is_err() {
                    return;
                }
            }
        })
    }

    /// Passes requests on to another server, and its answers back with what `change` makes of their bodies. It sees the request too.
    pub fn changing(to: &str, change: impl Fn(&str, String) -> String + Send + Sync + 'static) -> Hand {
        let to: SocketAddr = to.trim_start_matches("http://").parse().unwrap();
        Hand::new(move |mut client| {
            while let Some(request) = request(&mut client) {
                let Some(answer) = exchange(to, &request) else { return };
                let at = answer.windows(4).position(|w| w == b"\r\n\r\n").unwrap() + 4;
                let (head, body) = answer.split_at(at);
                let body = change(&String::from_utf8_lossy(&request), String::from_utf8_lossy(body).into_owned());
                let head = String::from_utf8_lossy(head);
                let other = |line: &&str| !line.is_empty() && !line.to_lowercase().starts_with("content-length:");
                let head: String = head.lines().filter(other).map(|line| format!("{line}\r\n")).collect();
                let answer = format!("{head}Content-Length: {}\r\n\r\n{body}", body.len());
                if client.write_all(answer.as_bytes()).is_err() {
                    return;
                }
            }
        })
    }

    /// Passes requests on to another server, each after a while, and counts them.
    pub fn slow(to: &str, pause: Duration, passed: &Arc<AtomicUsize>) -> Hand {
        Hand::slow_at("http://127.0.0.1:0", to, pause, passed)
    }

    /// The same at a given place.
    pub fn slow_at(endpoint: &str, to: &str, pause: Duration, passed: &Arc<AtomicUsize>) -> Hand {
        let to: SocketAddr = to.trim_start_matches("http://").parse().unwrap();
        let (listener, passed) = (TcpListener::bind(endpoint.trim_start_matches("http://")).unwrap(), Arc::clone(passed));
        Hand::listening(listener, Arc::default(), move |mut client| {
            while let Some(answer) = request(&mut client).and_then(|bytes| exchange(to, &bytes)) {
                passed.fetch_add(1, Ordering::SeqCst);
                std::thread::sleep(pause);
                if client.write_all(&answer).is_err() {
                    return;
                }
            }
        })
    }

    /// Passes connections on to another server, whatever is sent over them, and counts them.
    pub fn tunnel(to: &str, passed: &Arc<AtomicUsize>) -> Hand {
        let (to, passed) = (to.trim_start_matches("http://").to_owned(), Arc::clone(passed));
        Hand::new(move |client| {
            passed.fetch_add(1, Ordering::SeqCst);
            tunnel(client, &to, b"");
        })
    }

    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }
}

impl Drop for Hand {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Passes on to another server what has come already and what comes from either side, until both have ended.
pub fn tunnel(mut client: TcpStream, to: &str, first: &[u8]) {
    let Ok(mut server) = TcpStream::connect(to) else { return };
    if server.write_all(first).is_err() {
        return;
    }
    let (mut from, mut into) = (client.try_clone().unwrap(), server.try_clone().unwrap());
    let up = std::thread::spawn(move || {
        let _ = std::io::copy(&mut from, &mut into);
        let _ = into.shutdown(Shutdown::Write);
    });
    let _ = std::io::copy(&mut server, &mut client);
    let _ = client.shutdown(Shutdown::Both);
    let _ = server.shutdown(Shutdown::Both);
    let _ = up.join();
}

/// Reads a whole request, or response, with a length.
pub fn request(stream: &mut impl Read) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        if let Some(end) = bytes.windows(4).position(|w| w == b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&bytes[..end]).to_lowercase();
            let length = head.lines().find_map(|l| l.strip_prefix("content-length:")).and_then(|l| l.trim().parse().ok()).unwrap_or(0);
            if bytes.len() >= end + 4 + length {
                return Some(bytes);
            }
        }
        match stream.read(&mut buffer) {
            Ok(n) if n > 0 => bytes.extend_from_slice(&buffer[..n]),
            _ => return None,
        }
    }
}

/// Sends a request to a server, and gives its answer back.
pub fn exchange(to: SocketAddr, bytes: &[u8]) -> Option<Vec<u8>> {
    let mut server = TcpStream::connect(to).ok()?;
    server.write_all(bytes).ok()?;
    request(&mut server)
}

/// A folder that goes away with the value.
pub struct Folder(pub PathBuf);

impl Folder {
    pub fn new(name: &str) -> Folder {
        let path = std::env::temp_dir().join(format!("iamspec-test-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Folder(path)
    }

    /// Names of the journals in it.
    pub fn journals(&self) -> Vec<String> {
        fn walk(dir: &Path, found: &mut Vec<String>) {
            for entry in std::fs::read_dir(dir).into_iter().flatten().flatten() {
                let name = entry.file_name().to_string_lossy().into_owned();
                if entry.path().is_dir() {
                    walk(&entry.path(), found);
                } else if name.starts_with("journal-") {
                    found.push(name);
                }
            }
        }
        let mut found = Vec::new();
        walk(&self.0, &mut found);
        found
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// The command with nothing of this process's environment but a folder for its state.
pub fn command(folder: &Folder, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_iamspec"));
    command.env_clear().env("HOME", &folder.0).env("XDG_STATE_HOME", folder.0.join("state")).args(args).current_dir(&folder.0);
    command
}

/// The command with credentials.
pub fn signed(folder: &Folder, credentials: &Credentials, args: &[&str]) -> Command {
    let mut command = command(folder, args);
    command.env("AWS_ACCESS_KEY_ID", &credentials.access_key_id).env("AWS_SECRET_ACCESS_KEY", &credentials.secret);
    command
}

/// Somebody's credentials.
pub fn somebody() -> Credentials {
    Credentials { access_key_id: "AKIAIOSFODNN7EXAMPLE".into(), secret: SECRET.into(), session_token: None }
}

/// Everything that a command wrote, and its exit code.
pub fn told(output: &Output) -> (String, i32) {
    let text = [output.stdout.as_slice(), output.stderr.as_slice()].concat();
    (String::from_utf8_lossy(&text).into_owned(), output.status.code().unwrap_or(-1))
}

/// Looks, as the account itself, whether a server of the reference has any user or group of anybody left.
#[track_caller]
pub fn assert_nothing_left(server: &Server) {
    use iamspec::auth::sigv4::{Location, Scope, sign};
    use iamspec::dialect::{Call, FormEncoding, Format, Outcome, Style, Wire, dialect};

    let dialect = dialect(iamspec::api::DialectId::Aws).unwrap();
    let address: SocketAddr = server.endpoint.trim_start_matches("http://").parse().unwrap();
    let wire = Wire {
        format: Format::Xml,
        style: Style::Form,
        method: "POST".into(),
        path: "/".into(),
        form_encoding: FormEncoding::Plus,
        headers: vec![],
    };
    let scope = Scope { region: server.region.clone(), service: server.service.clone() };
    for (action, list) in [
        ("ListUsers", "Users"),
        ("ListGroups", "Groups"),
        ("ListPolicies", "Policies"),
        ("ListServerCertificates", "ServerCertificateMetadataList"),
    ] {
        let call = Call::new(action);
        // The provider's own policies are always there.
        let call = if action == "ListPolicies" { call.with("Scope", "Local") } else { call };
        let mut request = dialect.encode_request(&call, &wire);
        let host = address.to_string();
        sign(&mut request, &host, &server.credentials, &scope, std::time::SystemTime::now(), Location::Header).unwrap();
        let mut bytes = format!("POST / HTTP/1.1\r\nHost: {host}\r\nContent-Length: {}\r\n", request.body.len());
        request.headers.iter().for_each(|(name, value)| bytes.push_str(&format!("{name}: {value}\r\n")));
        let answer = exchange(address, &[bytes.as_bytes(), b"\r\n", &request.body].concat()).unwrap();
        let at = answer.windows(4).position(|w| w == b"\r\n\r\n").unwrap() + 4;
        let response = Response { status: 200, headers: vec![], body: answer[at..].to_vec() };
        let outcome = dialect.decode_response(action, &response, Format::Xml).outcome.unwrap();
        let Outcome::Success(result) = outcome else { panic!("{outcome:?}") };
        assert_eq!(result[list], serde_json::json!([]), "{action}");
    }
}
