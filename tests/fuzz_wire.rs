//! Malformed requests: the reference takes each as it should, and servers that do not are found out.

mod support;

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use iamspec::api::DialectId;
use iamspec::dialect::{Configuration, Format, Style};
use iamspec::fuzz::wire::attach;
use iamspec::fuzz::wire::drive::{Plan, Report};
use iamspec::fuzz::wire::restart::Restart;
use iamspec::fuzz::wire::{Base, Malformed, Proof, Twist};
use iamspec::reference::server::{Server, ServerOptions};
use iamspec::runner::embedded::{CONFIGURATIONS, Embedded};
use iamspec::runner::run::TargetRun;
use iamspec::target::{Profile, Target};
use support::{Folder, Hand, assert_nothing_left, tunnel};

fn plan(requests: u64) -> Plan {
    Plan { run: "wiretest".into(), seed: 7, time: None, requests: Some(requests), restart: None }
}

fn sent(on: &TargetRun, plan: &Plan) -> Report {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(attach::run(on, plan, &mut |_| {})).unwrap()
}

#[test]
fn the_reference_takes_malformed_requests_as_it_should() {
    let embedded = Embedded::start(&CONFIGURATIONS, 4711).unwrap();
    for on in &embedded.targets {
        let report = sent(on, &plan(700));
        let told: Vec<String> = report.finds.iter().map(|find| format!("{} {}", find.fingerprint, find.text)).collect();
        assert_eq!(told, [""; 0], "{}", on.target.profile.dialect);
        let tally = &report.tally;
        assert_eq!((tally.requests, tally.unsteady, report.left.len(), &report.stopped), (700, 0, 0, &None));
        assert!(tally.answers["4xx"] > 300 && tally.answers["2xx"] > 10, "{:?}", tally.answers);
        assert!(tally.classes.len() > 150, "{}", tally.classes.len());
    }
}

/// A server of the reference behind something that spoils it.
struct Behind {
    server: Server,
    hand: Hand,
    folder: Folder,
}

impl Behind {
    fn new(name: &str, hand: impl FnOnce(&str) -> Hand) -> Behind {
        let server = Server::start(ServerOptions::new(DialectId::Aws)).unwrap();
        let hand = hand(&server.endpoint);
        Behind { server, hand, folder: Folder::new(name) }
    }

    fn on(&self) -> TargetRun {
        let profile = Profile {
            name: "hand".into(),
            dialect: DialectId::Aws,
            region: self.server.region.clone(),
            timeout: 2.0,
            ..Profile::default()
        };
        let target = Target::new(profile, &self.hand.endpoint(), self.server.credentials.clone(), false).unwrap();
        let configuration = Configuration { dialect: DialectId::Aws, format: Format::Xml, style: Style::Form };
        TargetRun { target, configurations: vec![configuration], state: Some(self.folder.0.clone()) }
    }
}

/// Passes connections on whose first bytes have none of these, and does something else with the others.
fn unless(to: &str, bytes: &'static [u8], otherwise: impl Fn(&mut TcpStream) + Send + Sync + 'static) -> Hand {
    let to = to.trim_start_matches("http://").to_owned();
    Hand::new(move |mut client| {
        let mut first = [0; 32 << 10];
        let Ok(n) = client.read(&mut first) else { return };
        if first[..n].windows(bytes.len()).any(|window| window == bytes) {
            otherwise(&mut client);
        } else {
            tunnel(client, &to, &first[..n]);
        }
    })
}

fn found(report: &Report) -> Vec<String> {
    report.finds.iter().map(|find| find.fingerprint.to_string()).collect()
}

#[test]
fn a_server_error_is_found_once_and_shrunk_to_what_causes_it() {
    let behind = Behind::new("wire-500", |to| {
        unless(to, b"%00", |client| {
            let _ = client.write_all(b"HTTP/1.1 500 Oops\r\nContent-Length: 4\r\nConnection: close\r\n\r\noops");
        })
    });
    let report = sent(&behind.on(), &plan(300));
    let found = found(&report);
    assert!(found.contains(&"wire: ? status: 4xx → 500 (Action: escaped NUL)".to_owned()), "{found:?}");
    assert!(found.iter().all(|f| f.starts_with("wire: ? status: 4xx → 500 (")), "{found:?}");
    for find in &report.finds {
        assert_eq!(find.malformed.twists.len(), 1, "{found:?}");
        assert!(find.text.contains("status 500") && find.request.windows(3).any(|w| w == b"%00"));
    }
    assert_nothing_left(&behind.server);
    assert_eq!(behind.folder.journals(), [""; 0]);
}

#[test]
fn silence_and_a_closed_connection_are_found() {
    let silent = Behind::new("wire-silent", |to| unless(to, b"=%zz", |_| std::thread::sleep(std::time::Duration::from_secs(4))));
    let closed = Behind::new("wire-closed", |to| unless(to, b"=%zz", |_| {}));
    let only = [
        ("a silent server", &silent, "connection: an answer or a close → neither in time"),
        ("a closing one", &closed, "connection: an answer → closed"),
    ];
    for (name, behind, departure) in only {
        let kept = kept(Twist::Value { index: 2 });
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let seen = runtime.block_on(attach::again(&behind.on(), &kept, "wiretest")).unwrap();
        let seen = seen.map(|(departure, _)| format!("{}: {} → {}", departure.path, departure.expected, departure.observed));
        assert_eq!(seen.as_deref(), Some(departure), "{name}");
    }
}

fn kept(twist: Twist) -> iamspec::fuzz::wire::kept::Kept {
    let malformed = Malformed { base: Base::GetUser, proof: Proof::Right, twists: vec![twist] };
    let fingerprint = iamspec::fuzz::Fingerprint {
        oracle: iamspec::fuzz::OracleId::Wire,
        action: "GetUser".into(),
        expected: "4xx".into(),
        observed: "500".into(),
        path: "status".into(),
        class: malformed.class(),
    };
    let configuration = Configuration { dialect: DialectId::Aws, format: Format::Xml, style: Style::Form };
    iamspec::fuzz::wire::kept::Kept { format: 1, configuration, class: malformed.class(), fingerprint, malformed }
}

/// A server that dies of one request, and comes back when a file appears.
fn mortal(to: &str, bytes: &'static [u8], sign: PathBuf, deaths: Arc<AtomicUsize>) -> Hand {
    let to = to.trim_start_matches("http://").to_owned();
    let dead = AtomicBool::new(false);
    Hand::new(move |mut client| {
        if dead.load(Ordering::SeqCst) && std::fs::remove_file(&sign).is_ok() {
            dead.store(false, Ordering::SeqCst);
        }
        let mut first = [0; 32 << 10];
        let Some(n) = client.read(&mut first).ok().filter(|_| !dead.load(Ordering::SeqCst)) else { return };
        if first[..n].windows(bytes.len()).any(|window| window == bytes) {
            deaths.fetch_add(1, Ordering::SeqCst);
            dead.store(true, Ordering::SeqCst);
        } else {
            tunnel(client, &to, &first[..n]);
        }
    })
}

#[test]
fn a_target_that_dies_is_found_with_what_killed_it_and_brought_back() {
    let sign = std::env::temp_dir().join(format!("iamspec-wire-sign-{}", std::process::id()));
    let deaths = Arc::new(AtomicUsize::new(0));
    let behind = Behind::new("wire-mortal", |to| mortal(to, b"%ED%A0%80", sign.clone(), Arc::clone(&deaths)));
    let restart = Some(Restart::new(&format!("touch {}", sign.display())));
    let report = sent(&behind.on(), &Plan { restart, seed: 1, ..plan(400) });
    let found = found(&report);
    assert!(found.iter().any(|f| f == "wire: ? next call: 200 → connection broken (value: escaped surrogate)"), "{found:?}");
    assert_eq!(report.tally.restarts, deaths.load(Ordering::SeqCst), "each death is told apart from the next");
    assert_eq!((report.stopped, report.tally.requests), (None, 400));
    assert_nothing_left(&behind.server);
}

#[test]
fn without_a_way_to_bring_it_back_a_death_ends_the_run_and_is_told() {
    let sign = PathBuf::from("/nowhere/at/all");
    let behind = Behind::new("wire-dead", |to| mortal(to, b"%ED%A0%80", sign, Arc::default()));
    let report = sent(&behind.on(), &Plan { seed: 1, ..plan(400) });
    assert_eq!(report.finds.len(), 1, "{:?}", found(&report));
    assert!(report.stopped.is_some_and(|why| why.contains("--restart-command")));
    assert!(report.tally.requests < 400);
}
