//! The reference as an HTTP endpoint without the network: decode, authenticate, apply, encode. Pure, like the core.

use super::faults::{Outgoing, respond};
use super::state::AccessKey;
use super::{Account, Faults, Ids, Principal, Settings};
use crate::api::{model, req};
use crate::auth::verify::{KeyRecord, Verifier};
use crate::dialect::{ApiError, Call, Dialect, Format, Outcome, Request, Response, dialect};

/// Longest request body in bytes.
pub const MAX_BODY: usize = 10_000_000;

/// One account behind one dialect.
pub struct Endpoint {
    dialect: &'static dyn Dialect,
    account: Account,
    ids: Ids,
    faults: Faults,
}

impl Endpoint {
    /// An endpoint with an empty account. `seed` decides every id and secret that it will make. `None`: the dialect is not
    /// implemented.
    pub fn new(settings: Settings, seed: u64, faults: Faults) -> Option<Endpoint> {
        let account = Account::new(faults.misjudge(settings));
        Some(Endpoint { dialect: dialect(account.settings.dialect)?, account, ids: Ids::new(seed), faults })
    }

    /// The account as it is now.
    pub fn account(&self) -> &Account {
        &self.account
    }

    /// Answers a request, which must have its `Host` header, at `now` (seconds since 1970, UTC).
    pub fn answer(&mut self, request: &Request, now: i64) -> Response {
        if let Some(refusal) = too_long(request, &self.faults).or_else(|| self.faults.refuse(request)) {
            return refusal;
        }
        let exchange = Exchange::read(self.dialect, request, &mut self.ids, &self.faults);
        let sender = self.authenticate(request, now);
        exchange.carry_out(&mut self.account, sender, now, &mut self.ids, &self.faults)
    }

    /// Whether a response is kept back on purpose.
    pub(super) fn keeps_back(&self, response: &Response) -> bool {
        self.faults.silences(response)
    }

    /// Who sends a request.
    fn authenticate(&self, request: &Request, now: i64) -> Result<Principal, ApiError> {
        let (account, settings) = (&self.account, &self.account.settings);
        let key = signer(request, settings, now, &self.faults, &|id| account.any_key(id))?;
        Ok(account.principal_of(key.as_deref()))
    }
}

/// 413 for a request whose body is longer than any may be.
pub(super) fn too_long(request: &Request, faults: &Faults) -> Option<Response> {
    let refused = request.body.len() > MAX_BODY && faults.holds(req::PROTOCOL__BODY_LIMIT);
    refused.then(|| Response { status: 413, headers: Vec::new(), body: Vec::new() })
}

/// The access key that signed a request, among those that `key` finds; `None` only with a rule broken on purpose.
pub(super) fn signer<'a>(
    request: &Request,
    settings: &Settings,
    now: i64,
    faults: &Faults,
    key: &dyn Fn(&str) -> Option<&'a AccessKey>,
) -> Result<Option<String>, ApiError> {
    let holds = |rule| faults.holds(rule);
    let verifier = Verifier { region: &settings.region, services: &settings.services, now, holds: &holds };
    verifier.verify(request, &|id| key(id).map(|key| KeyRecord { secret: &key.secret, active: key.active }))
}

/// A request that has been read, and is owed an answer.
pub(super) struct Exchange {
    dialect: &'static dyn Dialect,
    request_id: String,
    format: Format,
    call: Result<Call, ApiError>,
}

impl Exchange {
    pub(super) fn read(dialect: &'static dyn Dialect, request: &Request, ids: &mut Ids, faults: &Faults) -> Exchange {
        let request_id = ids.request_id(dialect.id());
        let call = dialect.decode_request(request).map(|incoming| faults.forget(incoming.call));
        Exchange { dialect, request_id, format: dialect.format_asked(request), call }
    }

    /// Carries out the call in `account` if `sender` may send one, and answers.
    pub(super) fn carry_out(
        self,
        account: &mut Account,
        sender: Result<Principal, ApiError>,
        now: i64,
        ids: &mut Ids,
        faults: &Faults,
    ) -> Response {
        let outcome = self.outcome(account, sender, now, ids, &faults.on(self.action()));
        let call = self.call.as_ref().ok();
        let Exchange { dialect, format, request_id, .. } = &self;
        respond(
            faults,
            Outgoing { dialect: *dialect, action: self.action(), call, format: *format, request_id: request_id.clone(), account },
            outcome,
        )
    }

    fn action(&self) -> &str {
        self.call.as_ref().map(Call::action_name).unwrap_or_default()
    }

    fn outcome(&self, account: &mut Account, sender: Result<Principal, ApiError>, now: i64, ids: &mut Ids, faults: &Faults) -> Outcome {
        if !faults.holds(req::AUTH__BEFORE_PARAMETERS) {
            // Broken: whatever else is wrong with the call is said first. What is refused in the end must change nothing.
            let tried = self.call.as_ref().map_err(ApiError::clone);
            let tried = tried.map(|call| account.clone().apply(&Principal::Root, call, now, &mut ids.clone(), faults));
            if let Ok(Outcome::Error(error)) | Err(error) = tried {
                return Outcome::Error(error);
            }
        }
        match (sender, &self.call) {
            (Ok(principal), Ok(call)) => {
                let outcome = account.apply(&principal, call, now.saturating_add(account.ahead), ids, faults);
                if matches!(outcome, Outcome::Success(_)) && model().action(call.action_name()).is_some_and(|action| action.mutates) {
                    account.ahead += account.settings.tick;
                }
                outcome
            }
            (Err(error), _) => Outcome::Error(error),
            (_, Err(error)) => Outcome::Error(error.clone()),
        }
    }
}

#[cfg(all(test, feature = "net"))]
mod tests {
    use super::*;
    use crate::api::{DialectId, Req};
    use crate::auth::Credentials;
    use crate::auth::sigv4::{Location, Scope, sign};
    use crate::dialect::{FormEncoding, Reply, Style, Wire};
    use std::time::{Duration, UNIX_EPOCH};

    const NOW: u64 = 1_800_000_000;

    fn endpoint(dialect: DialectId, broken: Option<Req>) -> Endpoint {
        Endpoint::new(Settings::new(dialect), 1, Faults::from(broken)).unwrap()
    }

    fn root(endpoint: &Endpoint) -> Credentials {
        let settings = &endpoint.account.settings;
        Credentials { access_key_id: settings.root_key.clone(), secret: settings.root_secret.clone(), session_token: None }
    }

    fn request(endpoint: &Endpoint, call: &Call, credentials: Option<&Credentials>) -> Request {
        let wire = Wire {
            format: Format::Xml,
            style: Style::Form,
            method: "POST".into(),
            path: "/".into(),
            form_encoding: FormEncoding::Plus,
            headers: Vec::new(),
        };
        let mut request = endpoint.dialect.encode_request(call, &wire);
        if let Some(credentials) = credentials {
            let settings = &endpoint.account.settings;
            let scope = Scope { region: settings.region.clone(), service: settings.services[0].clone() };
            let now = UNIX_EPOCH + Duration::from_secs(NOW);
            sign(&mut request, "localhost", credentials, &scope, now, Location::Header).unwrap();
        }
        request.headers.push(("Host".into(), "localhost".into()));
        request
    }

    fn read(endpoint: &mut Endpoint, call: &Call, credentials: Option<&Credentials>) -> Reply {
        let request = request(endpoint, call, credentials);
        let response = endpoint.answer(&request, NOW as i64);
        endpoint.dialect.decode_response(call.action_name(), &response, Format::Xml)
    }

    fn code(reply: Reply) -> String {
        match reply.outcome.unwrap() {
            Outcome::Success(_) => "success".into(),
            Outcome::Error(error) => error.code,
        }
    }

    #[test]
    fn signed_calls_are_answered_as_the_dialect_writes() {
        for dialect in [DialectId::Eim, DialectId::Aws] {
            let mut endpoint = endpoint(dialect, None);
            let root = root(&endpoint);
            let reply = read(&mut endpoint, &Call::new("CreateUser").with("UserName", "ann"), Some(&root));
            assert_eq!((reply.status, reply.findings), (200, Vec::new()), "on {dialect}");
            let Ok(Outcome::Success(tree)) = reply.outcome else { panic!("{:?}", reply.outcome) };
            assert_eq!(tree["User"]["UserName"], "ann");
            assert_eq!(code(read(&mut endpoint, &Call::new("ListUsers"), None)), "MissingAuthenticationToken");
        }
    }

    #[test]
    fn a_users_key_is_that_users() {
        let mut endpoint = endpoint(DialectId::Eim, None);
        let root = root(&endpoint);
        read(&mut endpoint, &Call::new("CreateUser").with("UserName", "ann"), Some(&root));
        let Ok(Outcome::Success(tree)) = read(&mut endpoint, &Call::new("CreateAccessKey").with("UserName", "ann"), Some(&root)).outcome
        else {
            panic!("no key")
        };
        let text = |name: &str| tree["AccessKey"][name].as_str().unwrap().to_owned();
        let ann = Credentials { access_key_id: text("AccessKeyId"), secret: text("SecretAccessKey"), session_token: None };
        let as_ann = request(&endpoint, &Call::new("GetUser"), Some(&ann));
        let id = endpoint.account.users["ann"].id.clone();
        assert_eq!(endpoint.authenticate(&as_ann, NOW as i64), Ok(Principal::User { id }));
        let as_root = request(&endpoint, &Call::new("GetUser"), Some(&root));
        assert_eq!(endpoint.authenticate(&as_root, NOW as i64), Ok(Principal::Root));

        let deactivate =
            Call::new("UpdateAccessKey").with("UserName", "ann").with("AccessKeyId", &ann.access_key_id).with("Status", "Inactive");
        assert_eq!(code(read(&mut endpoint, &deactivate, Some(&root))), "success");
        assert_eq!(code(read(&mut endpoint, &Call::new("GetUser"), Some(&ann))), "InvalidClientTokenId");
        let delete = Call::new("DeleteAccessKey").with("UserName", "ann").with("AccessKeyId", &ann.access_key_id);
        assert_eq!(code(read(&mut endpoint, &delete, Some(&root))), "success");
        assert_eq!(code(read(&mut endpoint, &Call::new("GetUser"), Some(&ann))), "InvalidClientTokenId");
    }

    #[test]
    fn authentication_precedes_the_rest() {
        for call in [Call::new("CreateUser"), Call::new("GetUser").with("UserName", "nobody"), Call::new("NoSuchAction")] {
            let mut sound = endpoint(DialectId::Aws, None);
            assert_eq!(code(read(&mut sound, &call, None)), "MissingAuthenticationToken");
            let mut broken = endpoint(DialectId::Aws, Some(req::AUTH__BEFORE_PARAMETERS));
            assert_ne!(code(read(&mut broken, &call, None)), "MissingAuthenticationToken");
        }
        let mut broken = endpoint(DialectId::Aws, Some(req::AUTH__BEFORE_PARAMETERS));
        assert_eq!(code(read(&mut broken, &Call::new("CreateUser").with("UserName", "ann"), None)), "MissingAuthenticationToken");
        assert!(broken.account.users.is_empty(), "what is refused changes nothing");
    }

    #[test]
    fn request_ids_differ() {
        let mut endpoint = endpoint(DialectId::Eim, None);
        let first = read(&mut endpoint, &Call::new("ListUsers"), None).request_id;
        assert!(first.is_some() && first != read(&mut endpoint, &Call::new("ListUsers"), None).request_id);
    }

    #[test]
    fn a_body_has_a_limit() {
        let mut endpoint = endpoint(DialectId::Aws, None);
        let mut request = request(&endpoint, &Call::new("ListUsers"), None);
        request.body.resize(MAX_BODY, b'x');
        assert_eq!(endpoint.answer(&request, NOW as i64).status, 403);
        request.body.push(b'x');
        assert_eq!(endpoint.answer(&request, NOW as i64), Response { status: 413, headers: Vec::new(), body: Vec::new() });
    }

    #[test]
    fn no_request_panics() {
        let mut endpoint = endpoint(DialectId::Eim, None);
        arbtest::arbtest(|u| {
            let request = Request {
                method: u.arbitrary()?,
                path: if u.arbitrary()? { "/".into() } else { u.arbitrary()? },
                query: u.arbitrary()?,
                headers: u.arbitrary()?,
                body: u.arbitrary()?,
            };
            assert!(endpoint.answer(&request, NOW as i64).status >= 400);
            Ok(())
        });
    }
}
