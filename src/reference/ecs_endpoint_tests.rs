use std::time::{Duration, UNIX_EPOCH};

use super::*;
use crate::api::{Req, req};
use crate::auth::Credentials;
use crate::auth::ecs_token::{Login, NAMESPACE_HEADER, Step, Token, is_expired, logout_request};
use crate::auth::sigv4::{Location, Scope, sign};
use crate::dialect::{Call, FormEncoding, Format, Outcome, Reply, Style, Wire};
use crate::reference::tokens::{IDLE, LIFE};

const NOW: i64 = 1_800_000_000;

/// An ECS, and a client of it at a time of its own.
struct Ecs {
    endpoint: EcsEndpoint,
    token: Option<Token>,
    namespace: Option<&'static str>,
    key: Option<Credentials>,
    now: i64,
}

impl Ecs {
    fn new(broken: Option<Req>) -> Ecs {
        let manager = Manager { user: "root".into(), password: "pass".into() };
        let names = ["ns1", "ns2"].map(String::from);
        let endpoint = EcsEndpoint::new(Settings::new(DialectId::Ecs), manager, &names, 1, Faults::from(broken)).expect("settings of ecs");
        let mut ecs = Ecs { endpoint, token: None, namespace: Some("ns1"), key: None, now: NOW };
        ecs.log_in();
        ecs
    }

    fn log_in(&mut self) {
        let login = Login { user: "root".into(), password: "pass".into() };
        let attempt = login.start("https://localhost");
        let response = self.endpoint.answer(attempt.request(), self.now);
        let Ok(Step::In(token)) = attempt.read(&response) else { panic!("{response:?}") };
        self.token = Some(token);
    }

    fn request(&self, call: &Call, style: Style, format: Format) -> Request {
        let method = if style == Style::Query { "GET" } else { "POST" }.to_owned();
        let wire = Wire { format, style, method, path: "/iam".into(), form_encoding: FormEncoding::Plus, headers: Vec::new() };
        let mut request = self.endpoint.dialect.encode_request(call, &wire);
        request.headers.extend(self.namespace.map(|name| (NAMESPACE_HEADER.to_owned(), name.to_owned())));
        match &self.key {
            None => self.token.iter().for_each(|token| token.authorize(&mut request)),
            Some(key) => {
                let scope = Scope { region: self.endpoint.settings.region.clone(), service: "iam".into() };
                let now = UNIX_EPOCH + Duration::from_secs(self.now.unsigned_abs());
                sign(&mut request, "localhost", key, &scope, now, Location::Header).expect("signed");
            }
        }
        request.headers.push(("Host".into(), "localhost".into()));
        request
    }

    fn reply(&mut self, call: &Call, style: Style, format: Format) -> Reply {
        let response = self.endpoint.answer(&self.request(call, style, format), self.now);
        self.endpoint.dialect.decode_response(call.action_name(), &response, format)
    }

    #[track_caller]
    fn ok(&mut self, call: &Call) -> serde_json::Value {
        match self.reply(call, Style::Form, Format::Xml).outcome {
            Ok(Outcome::Success(tree)) => serde_json::Value::Object(tree),
            other => panic!("{}: {other:?}", call.action_name()),
        }
    }

    /// Status and code.
    #[track_caller]
    fn refused(&mut self, call: &Call) -> (u16, String) {
        match self.reply(call, Style::Form, Format::Xml).outcome {
            Ok(Outcome::Error(error)) => (error.status, error.code),
            other => panic!("{}: {other:?}", call.action_name()),
        }
    }

    /// A key of a new user of the namespace that calls are about.
    fn key_of(&mut self, name: &str) -> Credentials {
        self.ok(&Call::new("CreateUser").with("UserName", name));
        let key = self.ok(&Call::new("CreateAccessKey").with("UserName", name))["AccessKey"].clone();
        let text = |name: &str| key[name].as_str().expect("a text").to_owned();
        Credentials { access_key_id: text("AccessKeyId"), secret: text("SecretAccessKey"), session_token: None }
    }
}

fn get(name: &str) -> Call {
    Call::new("GetUser").with("UserName", name)
}

#[test]
fn every_style_and_format_is_answered_as_asked() {
    let mut ecs = Ecs::new(None);
    ecs.key = Some(root());
    ecs.ok(&Call::new("CreateUser").with("UserName", "ann"));
    for (style, signed) in [(Style::Query, false), (Style::Form, false), (Style::Sigv4, true), (Style::Query, true)] {
        ecs.key = signed.then(root);
        for format in [Format::Xml, Format::Json] {
            let reply = ecs.reply(&get("ann"), style, format);
            assert_eq!((reply.status, reply.findings), (200, vec![]), "{style:?} {format:?}");
            let Ok(Outcome::Success(tree)) = reply.outcome else { panic!("{:?}", reply.outcome) };
            assert_eq!(tree["User"]["Arn"], "urn:ecs:iam::ns1:user/ann");
            let reply = ecs.reply(&get("bob"), style, format);
            assert_eq!((reply.status, reply.findings), (404, vec![]), "{style:?} {format:?}");
        }
    }
}

/// The key of the first namespace.
fn root() -> Credentials {
    let settings = Settings::new(DialectId::Ecs);
    Credentials { access_key_id: settings.root_key, secret: settings.root_secret, session_token: None }
}

#[test]
fn a_token_is_needed_until_it_ends() {
    let mut ecs = Ecs::new(None);
    let token = ecs.token.take().expect("logged in");
    assert_eq!(ecs.refused(&get("ann")), (401, "1004".into()));
    ecs.token = Some(token.clone());
    assert_eq!(ecs.refused(&get("ann")), (404, "NoSuchEntity".into()));
    assert_eq!(ecs.endpoint.answer(&logout_request(&token, false), NOW).status, 200);
    assert_eq!(ecs.refused(&get("ann")), (401, "1004".into()));
    ecs.log_in();
    ecs.now += IDLE;
    let request = ecs.request(&get("ann"), Style::Form, Format::Xml);
    let answers = [(); 2].map(|()| ecs.endpoint.answer(&request, ecs.now));
    assert!(answers.iter().all(is_expired));
    assert_eq!(answers.map(|answer| answer.status), [302, 401]);
    ecs.log_in();
    ecs.now += LIFE;
    assert!(is_expired(&ecs.endpoint.answer(&ecs.request(&get("ann"), Style::Form, Format::Xml), ecs.now)));
}

#[test]
fn management_users_choose_a_namespace_and_keys_have_one() {
    let mut ecs = Ecs::new(None);
    ecs.namespace = Some("ns2");
    let ann = ecs.key_of("ann");
    ecs.namespace = Some("ns1");
    assert_eq!(ecs.refused(&get("ann")), (404, "NoSuchEntity".into()));
    for namespace in [None, Some("ns3")] {
        ecs.namespace = namespace;
        assert_eq!(ecs.refused(&Call::new("ListUsers")), (404, "NoSuchEntity".into()));
    }
    // Whatever namespace a request with a key names, or none.
    for namespace in [None, Some("ns1"), Some("ns2"), Some("ns3")] {
        ecs.namespace = namespace;
        ecs.key = Some(root());
        assert_eq!(ecs.ok(&Call::new("GetUser"))["User"]["Arn"], "urn:ecs:iam::ns1:root");
        ecs.key = Some(ann.clone());
        assert_eq!(ecs.refused(&Call::new("ListGroups")), (403, "AccessDenied".into()));
    }
    let allow = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"iam:GetUser","Resource":"*"}]}"#;
    (ecs.namespace, ecs.key) = (Some("ns2"), None);
    ecs.ok(&Call::new("PutUserPolicy").with("UserName", "ann").with("PolicyName", "p").with("PolicyDocument", allow));
    ecs.key = Some(ann);
    assert_eq!(ecs.ok(&Call::new("GetUser"))["User"]["Arn"], "urn:ecs:iam::ns2:user/ann");
}

#[test]
fn a_wrong_signature_is_refused_by_the_api() {
    let mut ecs = Ecs::new(None);
    ecs.key = Some(Credentials { secret: "another".into(), ..root() });
    assert_eq!(ecs.refused(&get("ann")), (403, "SignatureDoesNotMatch".into()));
    ecs.key = Some(Credentials { access_key_id: "AKIA0123456789ABCDEF".into(), ..root() });
    assert_eq!(ecs.refused(&get("ann")), (403, "InvalidClientTokenId".into()));
    // A token is looked at first, and does for the signature.
    let mut request = ecs.request(&get("ann"), Style::Form, Format::Xml);
    ecs.token.iter().for_each(|token| token.authorize(&mut request));
    assert_eq!(ecs.endpoint.answer(&request, NOW).status, 404);
}

#[test]
fn errors_of_unreadable_requests_follow_accept_too() {
    let mut ecs = Ecs::new(None);
    for (format, first) in [(Format::Xml, b'<'), (Format::Json, b'{')] {
        let mut request = ecs.request(&get("ann"), Style::Query, format);
        request.query.push_str("&Path=%");
        let response = ecs.endpoint.answer(&request, NOW);
        assert_eq!((response.status, response.body.first()), (404, Some(&first)));
    }
}

#[test]
fn rules_of_admission_can_be_broken() {
    for rule in [req::ECS__TOKEN_REQUIRED, req::ECS__NAMESPACE_REQUIRED, req::AUTH__BEFORE_PARAMETERS] {
        let mut ecs = Ecs::new(Some(rule));
        let call = if rule == req::AUTH__BEFORE_PARAMETERS { Call::new("NoSuchAction") } else { Call::new("ListUsers") };
        match rule {
            req::ECS__TOKEN_REQUIRED => ecs.token = None,
            req::ECS__NAMESPACE_REQUIRED => ecs.namespace = None,
            _ => ecs.key = Some(Credentials { secret: "another".into(), ..root() }),
        }
        let outcome = ecs.reply(&call, Style::Form, Format::Xml).outcome;
        match outcome.expect("readable") {
            Outcome::Success(_) => assert_ne!(rule, req::AUTH__BEFORE_PARAMETERS),
            Outcome::Error(error) => assert_eq!((rule, error.code.as_str()), (req::AUTH__BEFORE_PARAMETERS, "InvalidAction")),
        }
    }
}

#[test]
fn the_same_seed_makes_the_same_ids() {
    let id = || Ecs::new(None).ok(&Call::new("CreateUser").with("UserName", "ann"))["User"]["UserId"].clone();
    assert_eq!(id(), id());
}

#[test]
fn no_request_panics() {
    let mut ecs = Ecs::new(None);
    arbtest::arbtest(|u| {
        let path = *u.choose(&["/iam", "/iam/", "/login", "/logout", "/"])?;
        let mut request =
            Request { method: u.arbitrary()?, path: path.into(), query: u.arbitrary()?, headers: u.arbitrary()?, body: u.arbitrary()? };
        if u.arbitrary()? {
            ecs.token.iter().for_each(|token| token.authorize(&mut request));
        }
        assert!(ecs.endpoint.answer(&request, NOW).status >= 302);
        Ok(())
    });
}
