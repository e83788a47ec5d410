//! Targets that are none, or break in the middle: a clear message, the right exit code, nothing left behind, no secret shown.

mod support;

use std::io::Write;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use iamspec::api::DialectId;
use iamspec::certs;
use iamspec::reference::server::{Server, ServerOptions};
use support::{Folder, Hand, SECRET, assert_nothing_left, command, request, signed, somebody, told};

/// One small case, which needs nothing.
const CASE: &str = "users/GetUser/unknown";

/// Runs one case against an endpoint; what was told, and the exit code. Nothing may be left, and no secret shown.
fn run(name: &str, endpoint: &str, more: &[&str]) -> (String, i32) {
    let folder = Folder::new(name);
    let file = folder.0.join("run.ndjson");
    let report = format!("ndjson={}", file.display());
    let mut args = vec!["run", CASE, "--endpoint", endpoint, "--dialect", "aws", "-v", "--output", &report];
    args.extend(more);
    let (text, code) = told(&signed(&folder, &somebody(), &args).output().unwrap());
    let events = std::fs::read_to_string(file).unwrap_or_default();
    assert!(!text.contains(SECRET) && !events.contains(SECRET), "{text}");
    (text, code)
}

#[track_caller]
fn assert_tells((text, code): (String, i32), expected: i32, parts: &[&str]) {
    assert_eq!(code, expected, "{text}");
    for part in parts {
        assert!(text.contains(part), "{part:?} is missing in\n{text}");
    }
}

#[test]
fn a_target_that_is_not_there_is_no_failure_of_its() {
    let endpoint = Hand::new(drop).endpoint();
    assert_tells(run("refuses", &endpoint, &[]), 3, &["was not reached", &endpoint, "is the target running"]);
    assert_tells(run("unresolved", "http://no-such-host.invalid:1", &[]), 3, &["was not reached", "no connection"]);
}

#[test]
fn a_target_that_hangs_is_waited_for_as_long_as_asked() {
    let silent = Hand::new(|mut stream| {
        request(&mut stream);
        // Far longer than the run may wait: had it waited for this, it would tell of a closed connection.
        std::thread::sleep(Duration::from_secs(60));
    });
    assert_tells(run("hangs", &silent.endpoint(), &["--timeout", "0.3"]), 3, &["did not answer within 0.3 s", "`timeout`"]);
}

#[test]
fn a_target_that_resets_every_connection_was_never_reached() {
    let reset = Hand::new(|mut stream| drop(request(&mut stream)));
    assert_tells(run("resets", &reset.endpoint(), &[]), 3, &["was not reached", "the connection broke"]);
}

#[test]
fn what_is_not_http_is_said() {
    let ssh = Hand::answering("SSH-2.0-OpenSSH_9.2\r\n\r\n");
    assert_tells(run("ssh", &ssh.endpoint(), &[]), 1, &["not HTTP", "transport.answers"]);
}

#[test]
fn answers_that_cannot_be_read_are_failures_with_their_bytes() {
    let html = Hand::saying("200 OK", "text/html", b"<!DOCTYPE html><html><body>It works!</body></html>");
    assert_tells(run("html", &html.endpoint(), &[]), 1, &["HTML", "It works!"]);
    let cut = Hand::saying("200 OK", "text/xml", b"<GetUserResponse><GetUserResult><User><Path>/</Pa");
    assert_tells(run("truncated", &cut.endpoint(), &[]), 1, &["<User><Path>/</Pa", "wire.well-formed"]);
    let latin = Hand::saying("200 OK", "text/xml", b"<GetUserResponse>\xff\xfe</GetUserResponse>");
    assert_tells(run("utf-8", &latin.endpoint(), &[]), 1, &["UTF-8", "\\xff\\xfe"]);
}

#[test]
fn redirects_are_never_followed() {
    let elsewhere = Hand::new(|_| panic!("a redirect was followed, and credentials went elsewhere"));
    let head =
        format!("HTTP/1.1 307 Temporary Redirect\r\nLocation: {}/\r\nContent-Length: 0\r\nConnection: close\r\n\r\n", elsewhere.endpoint());
    let redirecting = Hand::answering(head);
    assert_tells(run("redirects", &redirecting.endpoint(), &[]), 1, &["307", &elsewhere.endpoint()]);
    let circle = Hand::answering("HTTP/1.1 302 Found\r\nLocation: /\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    assert_tells(run("circle", &circle.endpoint(), &[]), 1, &["302"]);
}

#[test]
fn a_hundred_megabytes_are_not_read_to_the_end() {
    let large = Hand::new(|mut stream| {
        if request(&mut stream).is_some() {
            let _ =
                stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nContent-Length: 100000000\r\nConnection: close\r\n\r\n");
            let chunk = [b' '; 1 << 16];
            while stream.write_all(&chunk).is_ok() {}
        }
    });
    assert_tells(run("large", &large.endpoint(), &[]), 1, &["larger than 8388608 bytes", "transport.response-size"]);
}

#[test]
fn a_target_that_dies_fails_once_and_what_it_kept_can_be_swept() {
    let server = Server::start(ServerOptions::new(DialectId::Aws)).unwrap();
    let folder = Folder::new("dies");
    let endpoint = {
        let mortal = Hand::mortal(&server.endpoint, 90);
        let endpoint = mortal.endpoint();
        let args = ["run", "users/*", "groups/*", "--endpoint", &endpoint, "--dialect", "aws", "--region", &server.region];
        let (text, code) = told(&signed(&folder, &server.credentials, &args).output().unwrap());
        assert_eq!(code, 3, "{text}");
        assert!(text.contains("transport.answers") && text.contains("it went away after"), "{text}");
        assert!(!text.contains(&server.credentials.secret), "{text}");
        assert_eq!(folder.journals().len(), 1, "what was made is still there");
        endpoint
    };
    // The journal is of that endpoint: it must be there again, at the same port, to be swept.
    let _again = Hand::slow_at(&endpoint, &server.endpoint, Duration::ZERO, &Arc::default());
    let args = ["sweep", "--endpoint", &endpoint, "--dialect", "aws", "--region", &server.region];
    let (text, code) = told(&signed(&folder, &server.credentials, &args).output().unwrap());
    assert_eq!(code, 0, "{text}");
    assert!(text.contains("of 1 ended run worked off"), "{text}");
    assert_eq!(folder.journals(), [""; 0]);
    assert_nothing_left(&server);
}

#[test]
fn markers_that_lead_nowhere_fail_the_case() {
    let answer = |list: &str| {
        format!(
            "<ListUsersResponse xmlns=\"https://iam.amazonaws.com/doc/2010-05-08/\"><ListUsersResult>{list}</ListUsersResult>\
             <ResponseMetadata><RequestId>6b29fc40-ca47-1067-b31d-00dd010662da</RequestId></ResponseMetadata></ListUsersResponse>"
        )
    };
    let folder = Folder::new("markers");
    let cases = folder.0.join("cases/users");
    std::fs::create_dir_all(&cases).unwrap();
    let case = "format = 1\naction = \"ListUsers\"\n[[case]]\nid = \"all\"\ntitle = \"t\"\nrequirement = \"transport.pages-end\"\n\
                [[case.step]]\ncall = \"ListUsers\"\npages = \"all\"\nexpect = { status = 200 }\n";
    std::fs::write(cases.join("ListUsers.toml"), case).unwrap();
    let cases = folder.0.join("cases").display().to_string();
    for (list, requirement, says) in [
        ("<Users/><IsTruncated>true</IsTruncated><Marker>again</Marker>", "transport.pages-end", "ends with the marker of an earlier page"),
        ("<Users/><IsTruncated>true</IsTruncated>", "pagination.marker-when-truncated", "IsTruncated is true and there is no Marker"),
    ] {
        let endless = Hand::saying("200 OK", "text/xml", answer(list).as_bytes());
        let args = ["run", "--cases", &cases, "--endpoint", &endless.endpoint(), "--dialect", "aws"];
        assert_tells(told(&signed(&folder, &somebody(), &args).output().unwrap()), 1, &[requirement, says]);
    }
}

#[test]
fn a_certificate_of_somebody_else_is_not_trusted() {
    let identity = certs::server_identity().unwrap();
    let pem = |text: &str| rustls::pki_types::pem::PemObject::from_pem_slice(text.as_bytes()).unwrap();
    let chain: Vec<rustls::pki_types::CertificateDer<'static>> = vec![pem(&identity.chain)];
    let key: rustls::pki_types::PrivateKeyDer<'static> =
        rustls::pki_types::pem::PemObject::from_pem_slice(identity.key.as_bytes()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let config = Arc::new(config.with_no_client_auth().with_single_cert(chain, key).unwrap());
    let tls = Hand::new(move |stream| {
        let session = rustls::ServerConnection::new(Arc::clone(&config)).unwrap();
        let mut stream = rustls::StreamOwned::new(session, stream);
        if request(&mut stream).is_some() {
            let _ =
                stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 7\r\nConnection: close\r\n\r\n<html/>");
            let _ = stream.flush();
        }
    });
    let endpoint = tls.endpoint().replace("http://127.0.0.1", "https://localhost");
    let folder = Folder::new("authorities");
    let file = |name: &str, text: &str| {
        let path = folder.0.join(name);
        std::fs::write(&path, text).unwrap();
        path.display().to_string()
    };
    let (own, other) = (file("own.pem", &identity.ca), file("other.pem", &certs::material("self-signed").unwrap()));
    assert_tells(run("wrong-ca", &endpoint, &["--ca", &other]), 3, &["no TLS connection", "--ca FILE", "--insecure"]);
    assert_tells(run("own-ca", &endpoint, &["--ca", &own]), 1, &["HTML"]);
    assert_tells(run("insecure", &endpoint, &["--insecure"]), 1, &["HTML"]);
    assert_tells(run("no-ca", &endpoint, &["--ca", "nowhere.pem"]), 3, &["the CA file nowhere.pem cannot be read"]);
    assert_tells(run("plain", &tls.endpoint().replace("http", "https"), &["--ca", &file("empty.pem", "")]), 3, &["holds no certificate"]);
}

#[test]
fn credentials_that_are_missing_or_refused_are_said() {
    let folder = Folder::new("credentials");
    let args = ["run", CASE, "--endpoint", "http://127.0.0.1:1", "--dialect", "aws"];
    let none = told(&command(&folder, &args).output().unwrap());
    assert_tells(
        none,
        2,
        &["no credentials", "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (not set)", "OSC_ACCESS_KEY", ".aws/credentials"],
    );
    let half = told(&command(&folder, &args).env("AWS_SECRET_ACCESS_KEY", SECRET).output().unwrap());
    assert!(!half.0.contains(SECRET));
    assert_tells(half, 2, &["AWS_ACCESS_KEY_ID (not set, though AWS_SECRET_ACCESS_KEY is)"]);

    let server = Server::start(ServerOptions::new(DialectId::Aws)).unwrap();
    let refused = run("refused", &server.endpoint, &[]);
    assert_tells(refused, 3, &["refuses the credentials", "InvalidClientTokenId", "check the access key"]);
}

#[test]
fn profiles_with_mistakes_are_shown_with_the_line() {
    for (name, text, parts) in [
        ("key", "name = \"p\"\nformts = []\n", &["unknown key `formts`", "target.toml:2:1", "did you mean `formats`?"][..]),
        ("syntax", "name = \n", &["target.toml:1"][..]),
        ("version", "format = 9\n", &["unknown profile format", "reads format 1"][..]),
        ("capability", "[lacks]\npath = \"none\"\n", &["unknown capability `path`", "did you mean `paths`?"][..]),
        ("action", "unsupported = [\"GetUsr\"]\n", &["unknown Action `GetUsr`"][..]),
        ("pattern", "[patterns]\nid = \"A[\"\n", &["cannot be compiled"][..]),
        (
            "secret",
            "[headers]\nauthorization = \"wJalr7XUtnFEMIK7MDENGbPxRfiCYzEXAMPLEKEY\"\n",
            &["looks like a credential", "target.toml:2"][..],
        ),
        ("endpoint", "name = \"p\"\n", &["names no endpoint", "--endpoint"][..]),
        ("json", "endpoint = \"http://127.0.0.1:1\"\nformats = [\"json\"]\n", &["dialect aws has no JSON form"][..]),
    ] {
        let folder = Folder::new(&format!("profile-{name}"));
        std::fs::write(folder.0.join("target.toml"), text).unwrap();
        let told = told(&signed(&folder, &somebody(), &["run", CASE, "--target", "./target.toml"]).output().unwrap());
        assert!(!told.0.contains(SECRET), "{}", told.0);
        assert_tells(told, 2, parts);
    }
    let folder = Folder::new("profile-none");
    let none = told(&signed(&folder, &somebody(), &["run", "--target", "nowhere"]).output().unwrap());
    assert_tells(none, 2, &["no target profile 'nowhere'"]);
}

#[test]
fn an_endpoint_that_other_tools_are_set_to_is_not_used() {
    let trap = Hand::new(|_| panic!("AWS_ENDPOINT_URL was used"));
    let folder = Folder::new("trap");
    let mut command = signed(&folder, &somebody(), &["run", CASE, "--dialect", "aws"]);
    command.env("AWS_ENDPOINT_URL", trap.endpoint()).env("HTTP_PROXY", trap.endpoint()).env("ALL_PROXY", trap.endpoint());
    assert_tells(told(&command.stdin(Stdio::null()).output().unwrap()), 0, &["1 passed"]);
}
