//! `iamspec serve --dialect ecs`, plain and with TLS, as a client of Dell's ECS uses it: login, the three styles of request, both
//! formats, namespaces, logout; and requests to the letter as Dell's pages print them.

mod support;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::SystemTime;

use iamspec::api::DialectId;
use iamspec::auth::Credentials;
use iamspec::auth::ecs_token::{NAMESPACE_HEADER, TOKEN_HEADER};
use iamspec::auth::sigv4::{Location, Scope, sign};
use iamspec::dialect::{Call, FormEncoding, Format, Outcome, Reply, Request, Response, Style, Wire, dialect};
use iamspec::reference::server::{Server, ServerOptions};
use serde_json::{Value, json};

use support::{Folder, SECRET, command, told};

const USER: &str = "root";
const PASSWORD: &str = "Pass:word$ 1";
const KEY: &str = "AKIAIOSFODNN7EXAMPLE";

/// `iamspec serve --dialect ecs` with the namespaces ns1 and ns2, and a client of it.
struct Ecs {
    child: Child,
    base: String,
    /// Everything that it printed.
    said: String,
    http: reqwest::Client,
    runtime: tokio::runtime::Runtime,
    folder: Folder,
}

impl Drop for Ecs {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Ecs {
    fn start(name: &str, tls: bool) -> Ecs {
        let folder = Folder::new(name);
        let mut args = vec!["serve", "--dialect", "ecs", "--namespace", "ns1", "--namespace", "ns2"];
        if tls {
            args.extend(["--tls", "--ca-out", "ca.pem"]);
        }
        let mut child = command(&folder, &args)
            .envs([("ECS_USERNAME", USER), ("ECS_PASSWORD", PASSWORD), ("AWS_ACCESS_KEY_ID", KEY), ("AWS_SECRET_ACCESS_KEY", SECRET)])
            .stdout(Stdio::piped())
            .spawn()
            .expect("the built binary starts");
        let mut said = String::new();
        let mut lines = BufReader::new(child.stdout.take().expect("stdout is piped"));
        while !said.contains("\nlog out ") {
            assert_ne!(lines.read_line(&mut said).expect("text"), 0, "{said}");
        }
        let base = said.split_whitespace().find(|word| word.contains("://127.0.0.1:")).expect("an endpoint").to_owned();
        let trusted = tls.then(|| std::fs::read(folder.0.join("ca.pem")).expect("the authority's certificate"));
        let trusted = trusted.iter().map(|pem| reqwest::Certificate::from_pem(pem).expect("PEM"));
        let policy = reqwest::redirect::Policy::none();
        let http = reqwest::Client::builder().tls_certs_only(trusted).no_proxy().redirect(policy).build().expect("a client");
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        Ecs { child, base, said, http, runtime, folder }
    }

    /// Sends a request to the letter.
    fn send(&self, request: &Request) -> Response {
        let query = if request.query.is_empty() { String::new() } else { format!("?{}", request.query) };
        let url = reqwest::Url::parse(&format!("{}{}{query}", self.base, request.path)).expect("a URL");
        assert_eq!(url.query().unwrap_or_default(), request.query, "sent as it is");
        let mut builder = self.http.request(request.method.parse().expect("a method"), url).body(request.body.clone());
        for (name, value) in &request.headers {
            builder = builder.header(name, value);
        }
        self.runtime.block_on(async {
            let response = builder.send().await.expect("an answer");
            let status = response.status().as_u16();
            let headers = response.headers().iter().map(|(n, v)| (n.to_string(), v.to_str().unwrap_or_default().to_owned())).collect();
            Response { status, headers, body: response.bytes().await.expect("a body").to_vec() }
        })
    }

    fn get(&self, path: &str, query: &str, headers: &[(&str, &str)]) -> Response {
        self.send(&request("GET", path, query, headers))
    }

    fn log_in(&self) -> String {
        let response = self.get("/login", "", &[("Authorization", &basic(PASSWORD))]);
        assert_eq!((response.status, text(&response).ends_with("<loggedIn><user>root</user></loggedIn>")), (200, true));
        response.header(TOKEN_HEADER).expect("a token").to_owned()
    }

    /// A call of the management user, as a form.
    fn call(&self, token: &str, namespace: Option<&str>, call: &Call) -> Reply {
        let mut request = encode(call, Style::Form, Format::Json);
        request.headers.push((TOKEN_HEADER.into(), token.into()));
        request.headers.extend(namespace.map(|name| (NAMESPACE_HEADER.to_owned(), name.to_owned())));
        read(call, &self.send(&request), Format::Json)
    }

    /// A signed call.
    fn signed(&self, key: &Credentials, call: &Call, format: Format) -> Reply {
        let mut request = encode(call, Style::Sigv4, format);
        let scope = Scope { region: "us-east-1".into(), service: "iam".into() };
        let host = self.base.split_once("://").map_or("", |(_, host)| host);
        sign(&mut request, host, key, &scope, SystemTime::now(), Location::Header).expect("signed");
        read(call, &self.send(&request), format)
    }
}

fn request(method: &str, path: &str, query: &str, headers: &[(&str, &str)]) -> Request {
    let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    Request { method: method.into(), path: path.into(), query: query.into(), headers, body: Vec::new() }
}

/// An Authorization header of the management user.
fn basic(password: &str) -> String {
    let login = iamspec::auth::ecs_token::Login { user: USER.into(), password: password.into() };
    login.start("https://localhost").request().header("authorization").expect("credentials").to_owned()
}

fn encode(call: &Call, style: Style, format: Format) -> Request {
    let method = if style == Style::Query { "GET" } else { "POST" }.into();
    let wire = Wire { format, style, method, path: "/iam".into(), form_encoding: FormEncoding::Plus, headers: Vec::new() };
    dialect(DialectId::Ecs).expect("it is there").encode_request(call, &wire)
}

fn read(call: &Call, response: &Response, format: Format) -> Reply {
    dialect(DialectId::Ecs).expect("it is there").decode_response(call.action_name(), response, format)
}

fn text(response: &Response) -> String {
    String::from_utf8_lossy(&response.body).into_owned()
}

#[track_caller]
fn tree(reply: Reply) -> Value {
    assert_eq!(reply.findings, []);
    match reply.outcome {
        Ok(Outcome::Success(tree)) => Value::Object(tree),
        other => panic!("{other:?}"),
    }
}

/// Status and code of a refusal.
#[track_caller]
fn refusal(reply: Reply) -> (u16, String) {
    assert_eq!(reply.findings, []);
    match reply.outcome {
        Ok(Outcome::Error(error)) => (error.status, error.code),
        other => panic!("{other:?}"),
    }
}

fn create(name: &str) -> Call {
    Call::new("CreateUser").with("UserName", name)
}

fn get_user(name: &str) -> Call {
    Call::new("GetUser").with("UserName", name)
}

fn account_key() -> Credentials {
    Credentials { access_key_id: KEY.into(), secret: SECRET.into(), session_token: None }
}

fn every_style_and_format(ecs: &Ecs) {
    let token = ecs.log_in();
    assert_eq!(tree(ecs.call(&token, Some("ns1"), &create("Ann")))["User"]["Arn"], "urn:ecs:iam::ns1:user/Ann");
    for format in [Format::Xml, Format::Json] {
        for (style, path, content_type) in
            [(Style::Query, "/iam", "application/xml"), (Style::Form, "/iam/", "application/json"), (Style::Form, "/iam", "text/plain")]
        {
            let call = get_user("ann");
            let mut request = Request { path: path.into(), ..encode(&call, style, format) };
            request.headers.retain(|(name, _)| !name.eq_ignore_ascii_case("content-type"));
            request.headers.extend([
                ("Content-Type".to_owned(), content_type.to_owned()),
                (TOKEN_HEADER.to_lowercase(), token.clone()),
                ("X-EMC-Namespace".to_owned(), "ns1".to_owned()),
            ]);
            assert_eq!(tree(read(&call, &ecs.send(&request), format))["User"]["UserName"], "Ann", "{style:?} {path} {format:?}");
            request.method = "POST".into();
            assert_eq!(ecs.send(&request).status, 200, "POST is as good as GET");
        }
        assert_eq!(tree(ecs.signed(&account_key(), &get_user("ann"), format))["User"]["UserName"], "Ann");
        assert_eq!(refusal(ecs.signed(&account_key(), &get_user("bob"), format)), (404, "NoSuchEntity".into()));
        let forged = Credentials { secret: "another".into(), ..account_key() };
        assert_eq!(refusal(ecs.signed(&forged, &get_user("ann"), format)), (403, "SignatureDoesNotMatch".into()));
    }
    assert_eq!(ecs.get("/logout", "", &[(TOKEN_HEADER, &token)]).status, 200);
    assert_eq!(refusal(ecs.call(&token, Some("ns1"), &get_user("ann"))), (401, "1004".into()));
}

#[test]
fn every_style_and_format_is_served_plain_and_with_tls() {
    for tls in [false, true] {
        let ecs = Ecs::start(if tls { "ecs-tls" } else { "ecs-plain" }, tls);
        assert_eq!(ecs.base.starts_with("https://"), tls);
        every_style_and_format(&ecs);
        for secret in [PASSWORD, SECRET] {
            assert!(!ecs.said.contains(secret), "what the environment gave is not repeated");
        }
    }
}

/// The query string of the page of PutUserPolicy, to the letter: the document encoded but for its `*`.
const PUT_USER_POLICY: &str = "UserName=tt1&PolicyName=InlinePolicy&PolicyDocument=%7B%0A%20%20%22Version%22%3A%20%222012-10-17%22%2C%0A%20%20%22Stat\
    ement%22%3A%20%5B%0A%20%20%20%20%7B%0A%20%20%20%20%20%20%22Sid%22%3A%20%22VisualEditor0%22%2C%0A%20%20%20%20%20%20%22E\
    ffect%22%3A%20%22Allow%22%2C%0A%20%20%20%20%20%20%22Action%22%3A%20%5B%0A%20%20%20%20%20%20%20%20%22iam%3AListAttached\
    GroupPolicies%22%2C%0A%20%20%20%20%20%20%20%20%22iam%3AListUsers%22%2C%0A%20%20%20%20%20%20%20%20%22iam%3AListPolicies\
    %22%2C%0A%20%20%20%20%20%20%20%20%22iam%3AListUserPolicies%22%0A%20%20%20%20%20%20%5D%2C%0A%20%20%20%20%20%20%22Resour\
    ce%22%3A%20%22*%22%0A%20%20%20%20%7D%0A%20%20%5D%0A%7D&Action=PutUserPolicy";

/// The four requests that Dell's pages of CreateUser and PutUserPolicy print, with what they say that the answer is.
#[test]
fn requests_as_dell_prints_them_are_served() {
    let ecs = Ecs::start("ecs-printed", true);
    let token = ecs.log_in();
    ecs.call(&token, Some("ns1"), &create("tt1"));
    let create_user = "UserName=payroll2&Path=/&Tags.member.1.Key=Department&Tags.member.1.Value=Finance&Action=CreateUser";
    let identity = [("X-SDS-AUTH-TOKEN", token.as_str()), ("x-emc-namespace", "ns1")];
    for (method, query, header, format) in [
        ("POST", create_user, ("Content-Type", "application/xml"), Format::Xml),
        ("POST", PUT_USER_POLICY, ("Accept", "application/xml"), Format::Xml),
        ("POST", PUT_USER_POLICY, ("Accept", "application/json"), Format::Json),
        ("GET", PUT_USER_POLICY, ("Content-Type", "application/xml"), Format::Xml),
    ] {
        let response = ecs.send(&request(method, "/iam", query, &[&identity[..], &[header]].concat()));
        assert_eq!(response.status, 200, "{}", text(&response));
        let action = query.rsplit('=').next().unwrap_or_default();
        let tree = tree(read(&Call::new(action), &response, format));
        if action == "CreateUser" {
            assert_eq!((&tree["User"]["Arn"], &tree["User"]["Path"]), (&json!("urn:ecs:iam::ns1:user/payroll2"), &json!("/")));
        } else {
            assert_eq!(tree, json!({}));
        }
    }
    let stored = Call::new("GetUserPolicy").with("UserName", "tt1").with("PolicyName", "InlinePolicy");
    let stored = tree(ecs.call(&token, Some("ns1"), &stored));
    let document: Value = serde_json::from_str(stored["PolicyDocument"].as_str().unwrap_or_default()).expect("JSON, not percent-encoded");
    assert_eq!(document["Statement"][0]["Resource"], "*");
}

#[test]
fn who_is_not_logged_in_is_told_so() {
    let ecs = Ecs::start("ecs-login", false);
    for authorization in [Some(basic("a guess")), Some("Basic ????".into()), None] {
        let headers: Vec<_> = authorization.iter().map(|value| ("Authorization", value.as_str())).collect();
        let response = ecs.get("/login", "", &headers);
        assert_eq!((response.status, response.header(TOKEN_HEADER)), (401, None), "{authorization:?}");
        assert!(text(&response).contains("<error><code>"), "{}", text(&response));
        assert!(!text(&response).contains("a guess"));
    }
    for headers in [&[][..], &[(TOKEN_HEADER, "BAAcT2xk")]] {
        let response = ecs.get("/iam", "Action=ListUsers", &[headers, &[("Accept", "application/json")]].concat());
        let body: Value = serde_json::from_slice(&response.body).expect("JSON");
        assert_eq!((response.status, &body["code"], &body["retryable"]), (401, &json!(1004), &json!(false)));
        assert_eq!(ecs.get("/logout", "", headers).status, 401);
    }
    let tokens = [(); 3].map(|()| ecs.log_in());
    let status = |token: &str| ecs.call(token, Some("ns1"), &Call::new("ListUsers")).status;
    assert_eq!(ecs.get("/logout", "", &[(TOKEN_HEADER, &tokens[0])]).status, 200);
    assert_eq!(tokens.each_ref().map(|token| status(token)), [401, 200, 200]);
    assert_eq!(ecs.get("/logout", "force=true", &[(TOKEN_HEADER, &tokens[1])]).status, 200);
    assert_eq!(tokens.each_ref().map(|token| status(token)), [401, 401, 401]);
}

#[test]
fn namespaces_do_not_see_each_other() {
    let ecs = Ecs::start("ecs-namespaces", false);
    let token = ecs.log_in();
    for namespace in ["ns1", "ns2"] {
        let user = tree(ecs.call(&token, Some(namespace), &create("ann")))["User"].clone();
        assert_eq!(user["Arn"], format!("urn:ecs:iam::{namespace}:user/ann"));
    }
    tree(ecs.call(&token, Some("ns2"), &create("only-there")));
    assert_eq!(refusal(ecs.call(&token, Some("ns1"), &get_user("only-there"))), (404, "NoSuchEntity".into()));
    for namespace in [None, Some("ns3")] {
        assert_eq!(refusal(ecs.call(&token, namespace, &Call::new("ListUsers"))), (404, "NoSuchEntity".into()), "{namespace:?}");
    }
    let key = tree(ecs.call(&token, Some("ns2"), &Call::new("CreateAccessKey").with("UserName", "ann")))["AccessKey"].clone();
    let part = |name: &str| key[name].as_str().unwrap_or_default().to_owned();
    let ann = Credentials { access_key_id: part("AccessKeyId"), secret: part("SecretAccessKey"), session_token: None };
    assert_eq!(refusal(ecs.signed(&ann, &get_user("ann"), Format::Xml)), (403, "AccessDenied".into()));
    let allow = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"iam:*","Resource":"*"}]}"#;
    let put = Call::new("PutUserPolicy").with("UserName", "ann").with("PolicyName", "all").with("PolicyDocument", allow);
    assert_eq!(tree(ecs.call(&token, Some("ns2"), &put)), json!({}));
    let users = tree(ecs.signed(&ann, &Call::new("ListUsers"), Format::Json))["Users"].clone();
    let names = users.as_array().map(|users| users.iter().map(|user| user["UserName"].clone()).collect::<Vec<_>>());
    assert_eq!(names, Some(vec![json!("ann"), json!("only-there")]));
}

/// The lines that `serve` prints, run as they are. Skipped, saying so, without bash and curl.
#[test]
fn the_printed_lines_can_be_pasted() {
    let there = |tool: &str| Command::new(tool).arg("--version").stdout(Stdio::null()).status().is_ok_and(|s| s.success());
    if !there("bash") || !there("curl") {
        eprintln!("skipped: bash or curl is not there");
        return;
    }
    let ecs = Ecs::start("ecs-paste", true);
    let line = |name: &str| ecs.said.lines().filter_map(|line| line.strip_prefix(name)).collect::<Vec<_>>().join("\n");
    let script = ["set -eu", &line("paste"), &line("log in"), &line("call"), "echo", &line("log out"), "echo", &line("call")].join("\n");
    let mut bash = Command::new("bash");
    bash.current_dir(&ecs.folder.0).args(["-c", &script]).env("ECS_USERNAME", USER).env("ECS_PASSWORD", PASSWORD);
    let (said, code) = told(&bash.output().expect("bash starts"));
    let [listed, left, refused] = said.lines().collect::<Vec<_>>()[..] else { panic!("{script}\n{said}") };
    assert!(code == 0 && listed.contains("<ListUsersResult>") && left.contains("<LoggedOut>"), "{said}");
    assert!(refused.contains("<code>1004</code>"), "{said}");
}

#[test]
fn every_dialect_is_served_with_tls_whatever_comes_in() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    for dialect in DialectId::ALL {
        let server = Server::start(ServerOptions { tls: true, ..ServerOptions::new(dialect) }).expect("it starts");
        let host = server.endpoint.strip_prefix("https://").expect("TLS");
        let idle = TcpStream::connect(host).expect("the port is open");
        let mut plain = TcpStream::connect(host).expect("the port is open");
        plain.write_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n").expect("sent");
        let mut answer = Vec::new();
        let _ = plain.read_to_end(&mut answer);
        assert!(!answer.starts_with(b"HTTP"), "{dialect} answers without TLS");
        let ca = server.ca.as_deref().expect("an authority");
        let ca = [reqwest::Certificate::from_pem(ca.as_bytes()).expect("PEM")];
        let status = |trusted: &[reqwest::Certificate]| {
            let client = reqwest::Client::builder().tls_certs_only(trusted.to_vec()).no_proxy().build().expect("a client");
            runtime.block_on(client.get(&server.endpoint).send()).map(|response| response.status().is_client_error())
        };
        assert!(status(&ca).is_ok_and(|refused| refused), "{dialect} wants to know who calls");
        assert!(status(&[]).is_err(), "nobody else vouches for it");
        let host = host.to_owned();
        drop(server);
        assert!(TcpStream::connect(host).is_err(), "an idle connection does not hold it up");
        drop(idle);
    }
}

#[test]
fn flags_that_make_no_sense_are_refused() {
    let folder = Folder::new("ecs-flags");
    for (args, complaint) in [
        (&["--dialect", "eim", "--namespace", "ns1"][..], "--namespace goes with --dialect ecs"),
        (&["--dialect", "ecs", "--namespace", "a/b"], "letters, digits"),
        (&["--dialect", "ecs", "--ca-out", "ca.pem"], "--tls"),
        (&["--dialect", "ecs", "--tls", "--ca-out", "nowhere/ca.pem"], "cannot write the authority's certificate into nowhere/ca.pem"),
    ] {
        let (said, code) = told(&command(&folder, &[&["serve"], args].concat()).output().expect("the built binary starts"));
        assert!(code == 2 && said.contains(complaint), "{args:?}: {code} {said}");
    }
    let mut colon = command(&folder, &["serve", "--dialect", "ecs"]);
    let (said, code) = told(&colon.envs([("ECS_USERNAME", "a:b"), ("ECS_PASSWORD", PASSWORD)]).output().expect("the built binary starts"));
    assert!(code == 2 && said.contains("holds a colon") && !said.contains(PASSWORD), "{code} {said}");
}
