//! The reference's server over the network: signed calls as a client sends them, and everything that a client can do wrong.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, SystemTime};

use iamspec::api::DialectId;
use iamspec::auth::Credentials;
use iamspec::auth::sigv4::{Location, Scope};
use iamspec::case::model::Tamper;
use iamspec::certs;
use iamspec::dialect::{Call, Dialect, FormEncoding, Format, Outcome, Reply, Request, Response, Style, Wire, dialect};
use iamspec::reference::server::{Server, ServerOptions};
use iamspec::target::tamper::sign_tampered;

struct Client {
    dialect: &'static dyn Dialect,
    host: String,
    scope: Scope,
    credentials: Credentials,
    http: reqwest::Client,
    runtime: tokio::runtime::Runtime,
}

fn start(dialect: DialectId) -> (Server, Client) {
    let server = Server::start(ServerOptions::new(dialect)).unwrap();
    let client = Client::of(&server, dialect);
    (server, client)
}

impl Client {
    fn of(server: &Server, id: DialectId) -> Client {
        Client {
            dialect: dialect(id).unwrap(),
            host: server.endpoint.strip_prefix("http://").unwrap().to_owned(),
            scope: Scope { region: server.region.clone(), service: server.service.clone() },
            credentials: server.credentials.clone(),
            http: reqwest::Client::builder().tls_certs_only([]).no_proxy().build().unwrap(),
            runtime: tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap(),
        }
    }

    fn request(&self, call: &Call, format: Format, style: Style) -> Request {
        let method = if style == Style::Query { "GET" } else { "POST" }.to_owned();
        let wire = Wire { format, style, method, path: "/".into(), form_encoding: FormEncoding::default(), headers: Vec::new() };
        self.dialect.encode_request(call, &wire)
    }

    fn send(&self, request: &Request) -> Response {
        let query = if request.query.is_empty() { String::new() } else { format!("?{}", request.query) };
        let url = format!("http://{}{}{query}", self.host, request.path);
        let mut builder = self.http.request(request.method.parse().unwrap(), url).body(request.body.clone());
        for (name, value) in &request.headers {
            builder = builder.header(name, value);
        }
        self.runtime.block_on(async {
            let response = builder.send().await.unwrap();
            let status = response.status().as_u16();
            let headers = response.headers().iter().map(|(n, v)| (n.to_string(), v.to_str().unwrap_or_default().to_owned())).collect();
            Response { status, headers, body: response.bytes().await.unwrap().to_vec() }
        })
    }

    fn call(&self, call: &Call, tamper: Option<&Tamper>) -> Reply {
        let mut request = self.request(call, Format::Xml, Style::Form);
        sign_tampered(&mut request, &self.host, &self.credentials, &self.scope, SystemTime::now(), tamper).unwrap();
        self.dialect.decode_response(call.action_name(), &self.send(&request), Format::Xml)
    }

    /// The result of a call that must succeed, without a single finding.
    #[track_caller]
    fn ok(&self, call: &Call) -> serde_json::Value {
        let reply = self.call(call, None);
        assert_eq!(reply.findings, Vec::new());
        match reply.outcome {
            Ok(Outcome::Success(tree)) => serde_json::Value::Object(tree),
            other => panic!("{}: {other:?}", call.action_name()),
        }
    }

    /// Status and code of a call that must be refused, without a single finding.
    #[track_caller]
    fn refused(&self, call: &Call, tamper: Option<&Tamper>) -> (u16, String) {
        let reply = self.call(call, tamper);
        assert_eq!(reply.findings, Vec::new());
        match reply.outcome {
            Ok(Outcome::Error(error)) => (reply.status, error.code),
            other => panic!("{}: {other:?}", call.action_name()),
        }
    }
}

fn create_user(name: &str) -> Call {
    Call::new("CreateUser").with("UserName", name)
}

#[test]
fn signed_calls_are_carried_out() {
    for id in [DialectId::Eim, DialectId::Aws] {
        let (_server, client) = start(id);
        let user = client.ok(&create_user("ann"))["User"].clone();
        assert_eq!(user["Arn"], "arn:aws:iam::123456789012:user/ann");
        assert_eq!(client.ok(&Call::new("GetUser").with("UserName", "ann"))["User"]["UserId"], user["UserId"]);
        assert_eq!(client.refused(&create_user("ann"), None), (409, "EntityAlreadyExists".into()));
        client.ok(&Call::new("DeleteUser").with("UserName", "ann"));
        assert_eq!(client.refused(&Call::new("GetUser").with("UserName", "ann"), None), (404, "NoSuchEntity".into()));
    }
}

#[test]
fn a_certificate_survives_the_wire() {
    let (_server, client) = start(DialectId::Eim);
    let pem = |name: &str| certs::material(name).unwrap();
    let upload = Call::new("UploadServerCertificate")
        .with("ServerCertificateName", "site")
        .with("CertificateBody", pem("leaf"))
        .with("PrivateKey", pem("leaf.key"))
        .with("CertificateChain", pem("leaf.chain-3"));
    let metadata = client.ok(&upload)["ServerCertificateMetadata"].clone();
    assert_eq!(metadata["Expiration"], pem("leaf.not-after"));
    let got = client.ok(&Call::new("GetServerCertificate").with("ServerCertificateName", "site"))["ServerCertificate"].clone();
    assert_eq!(got["ServerCertificateMetadata"], metadata);
    assert_eq!((&got["CertificateBody"], &got["CertificateChain"]), (&pem("leaf").into(), &pem("leaf.chain-3").into()));
}

#[test]
fn a_users_own_key_signs_until_it_is_inactive() {
    let (server, root) = start(DialectId::Aws);
    root.ok(&create_user("ann"));
    let key = root.ok(&Call::new("CreateAccessKey").with("UserName", "ann"))["AccessKey"].clone();
    let text = |name: &str| key[name].as_str().unwrap().to_owned();
    let mut ann = Client::of(&server, DialectId::Aws);
    ann.credentials = Credentials { access_key_id: text("AccessKeyId"), secret: text("SecretAccessKey"), session_token: None };
    let refused = |client: &Client| match client.call(&Call::new("GetUser"), None).outcome {
        Ok(Outcome::Error(error)) => error.code == "InvalidClientTokenId",
        _ => false,
    };
    assert!(!refused(&ann));
    let status =
        |value| Call::new("UpdateAccessKey").with("UserName", "ann").with("AccessKeyId", text("AccessKeyId")).with("Status", value);
    root.ok(&status("Inactive"));
    assert!(refused(&ann));
    root.ok(&status("Active"));
    assert!(!refused(&ann));
}

#[test]
fn wrong_signatures_are_refused_and_change_nothing() {
    let (_server, client) = start(DialectId::Eim);
    for (tamper, status, code) in [
        (Tamper::None, 403, "MissingAuthenticationToken"),
        (Tamper::Header("AWS4-HMAC-SHA256 Credential=x".into()), 400, "IncompleteSignature"),
        (Tamper::WrongSecret, 403, "SignatureDoesNotMatch"),
        (Tamper::UnknownKey, 403, "InvalidClientTokenId"),
        (Tamper::AlteredBody, 403, "SignatureDoesNotMatch"),
        (Tamper::Region("us-east-2".into()), 403, "SignatureDoesNotMatch"),
        (Tamper::Service("s3".into()), 403, "SignatureDoesNotMatch"),
        (Tamper::Skew(-3600), 403, "SignatureDoesNotMatch"),
        (Tamper::Skew(3600), 403, "SignatureDoesNotMatch"),
        (Tamper::UnsignedHost, 403, "SignatureDoesNotMatch"),
        (Tamper::OtherAction, 403, "SignatureDoesNotMatch"),
    ] {
        assert_eq!(client.refused(&create_user("ann"), Some(&tamper)), (status, code.into()), "{tamper:?}");
    }
    assert_eq!(client.ok(&Call::new("ListUsers"))["Users"], serde_json::json!([]));
}

#[test]
fn both_services_and_query_signatures_are_accepted_on_eim() {
    let (_server, client) = start(DialectId::Eim);
    for (i, tamper) in [Tamper::Service("iam".into()), Tamper::Service("eim".into()), Tamper::Query].iter().enumerate() {
        let reply = client.call(&create_user(&format!("u{i}")), Some(tamper));
        assert!(matches!(reply.outcome, Ok(Outcome::Success(_))), "{tamper:?}: {:?}", reply.outcome);
    }
    let mut get = client.request(&Call::new("ListUsers"), Format::Xml, Style::Query);
    iamspec::auth::sigv4::sign(&mut get, &client.host, &client.credentials, &client.scope, SystemTime::now(), Location::Query).unwrap();
    let reply = client.dialect.decode_response("ListUsers", &client.send(&get), Format::Xml);
    let Ok(Outcome::Success(tree)) = reply.outcome else { panic!("{:?}", reply.outcome) };
    assert_eq!(tree["Users"].as_array().unwrap().len(), 3);
}

#[test]
fn eim_answers_json_to_those_who_want_nothing_else() {
    let (_server, client) = start(DialectId::Eim);
    for (call, signed, status) in [(create_user("ann"), true, 200), (create_user("ann"), true, 409), (create_user("bob"), false, 403)] {
        let mut request = client.request(&call, Format::Json, Style::Form);
        let tamper = (!signed).then_some(Tamper::None);
        sign_tampered(&mut request, &client.host, &client.credentials, &client.scope, SystemTime::now(), tamper.as_ref()).unwrap();
        let response = client.send(&request);
        let reply = client.dialect.decode_response("CreateUser", &response, Format::Json);
        assert_eq!((reply.status, reply.findings), (status, Vec::new()), "{}", String::from_utf8_lossy(&response.body));
        assert_eq!(response.header("content-type"), Some("application/json"));
    }
}

#[test]
fn a_body_that_is_too_long_is_413_without_a_body() {
    let (_server, client) = start(DialectId::Aws);
    let mut request = client.request(&create_user("ann"), Format::Xml, Style::Form);
    request.body.resize(10_000_001, b'x');
    let response = client.send(&request);
    assert_eq!((response.status, response.body.len()), (413, 0));
}

/// Writes bytes to a fresh connection and reads until its end, or until nothing more comes.
fn raw(host: &str, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(host).unwrap();
    stream.set_read_timeout(Some(Duration::from_millis(300))).unwrap();
    stream.write_all(bytes).unwrap();
    let mut answer = Vec::new();
    let mut buffer = [0; 4096];
    while let Ok(n @ 1..) = stream.read(&mut buffer) {
        answer.extend_from_slice(&buffer[..n]);
    }
    String::from_utf8_lossy(&answer).into_owned()
}

#[test]
fn a_connection_serves_several_requests() {
    let (_server, client) = start(DialectId::Aws);
    let one = format!("GET /?Action=ListUsers HTTP/1.1\r\nHost: {}\r\n\r\n", client.host);
    let answers = raw(&client.host, one.repeat(3).as_bytes());
    assert_eq!(answers.matches("HTTP/1.1 403").count(), 3, "{answers}");
    assert_eq!(answers.matches("<Code>MissingAuthenticationToken</Code>").count(), 3);
}

#[test]
fn nonsense_does_not_stop_the_server() {
    let (_server, client) = start(DialectId::Eim);
    for bytes in [
        &b"\r\n\r\n"[..],
        b"\x16\x03\x01\x02\x00\x01\x00",
        b"GET\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nab",
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: nine\r\n\r\n",
        b"GET /%zz?%zz=%e9&Action=%ff HTTP/1.1\r\nHost: \xff\r\nAuthorization: \xe9\r\n\r\n",
        b"DELETE /a/b HTTP/1.0\r\n\r\n",
    ] {
        let answer = raw(&client.host, bytes);
        assert!(!answer.starts_with("HTTP/1.1 2") && !answer.starts_with("HTTP/1.1 5"), "{answer}");
    }
    client.ok(&Call::new("ListUsers"));
}

#[test]
fn a_stopped_server_is_gone() {
    let (server, client) = start(DialectId::Aws);
    client.ok(&Call::new("ListUsers"));
    let idle = TcpStream::connect(&client.host).unwrap();
    let before = std::time::Instant::now();
    drop(server);
    assert!(before.elapsed() < Duration::from_secs(1), "an idle connection does not hold it up");
    assert!(TcpStream::connect(&client.host).is_err());
    drop(idle);
}

#[test]
fn a_port_that_is_taken_is_an_error_with_its_number() {
    let (server, _client) = start(DialectId::Aws);
    let port: u16 = server.endpoint.rsplit(':').next().unwrap().parse().unwrap();
    let error = Server::start(ServerOptions { port, ..ServerOptions::new(DialectId::Aws) }).map(drop).unwrap_err().to_string();
    assert!(error.starts_with(&format!("cannot listen on 127.0.0.1:{port}: ")), "{error}");
}

#[test]
fn the_same_seed_makes_the_same_ids() {
    let id = |seed| {
        let server = Server::start(ServerOptions { seed, ..ServerOptions::new(DialectId::Aws) }).unwrap();
        Client::of(&server, DialectId::Aws).ok(&create_user("ann"))["User"]["UserId"].clone()
    };
    assert_eq!(id(1), id(1));
    assert_ne!(id(1), id(2));
}
