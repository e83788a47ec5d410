//! A target profile: what is known of an endpoint beforehand. Pure data; credentials are never part of it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::api::DialectId;
use crate::dialect::{FormEncoding, Format, Style};

/// Capabilities that a case can require beside the Actions it calls, and what each means.
pub const CAPABILITIES: &[(&str, &str)] = &[
    ("paths", "users, groups and policies can have a path other than /"),
    ("tags", "tags can be given to what is created"),
    ("permissions-boundary", "users can have a permissions boundary"),
    ("signatures", "signatures are verified: a wrong one is refused"),
    ("signed-requests", "the main principal's requests are signed"),
    ("login-token", "the main principal's requests carry the token of a login"),
    ("management-user", "the main principal is in no namespace and names one in each call"),
    ("second-namespace", "there is a second namespace, which the profile names"),
    ("authorization", "a user's calls are allowed or denied by its policies"),
    ("principals", "access keys of users that the suite made can send calls"),
    ("account-principal", "the main credentials are the account's own, not a user's: to be said in the profile, since no answer shows it"),
    ("empty-account", "the account has nothing but what the run makes: to be said in the profile, since it must stay so"),
    ("markers", "the list Actions that the dialect paginates do so"),
    ("quotas", "quotas may be filled"),
    ("provider-policies", "the provider has managed policies of its own"),
    ("pkcs1-only", "private keys are taken in PKCS#1 form only"),
];

/// What is known of a target beforehand. Every key of `target.toml`; each has a default.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct Profile {
    /// Version of the profile format: 1.
    pub format: u32,
    /// Name, of the folder below `targets/`.
    pub name: String,
    /// One line for `iamspec list --targets`.
    pub about: String,
    /// Version of the software, for reports.
    pub version: Option<String>,
    /// Dialect.
    pub dialect: DialectId,
    /// Base URL; none: to be given on the command line or in the environment. `{region}` is replaced.
    pub endpoint: Option<String>,
    /// Path of the API below the endpoint.
    pub path: Option<String>,
    /// SigV4 region.
    pub region: String,
    /// The regions that `{region}` may stand for; none: any.
    pub regions: Vec<String>,
    /// SigV4 service.
    pub service: Option<String>,
    /// Formats to run.
    pub formats: Vec<Format>,
    /// Request styles to run; none: see [`Profile::styles`].
    pub styles: Vec<Style>,
    /// Percent-encoding of form bodies.
    pub form_encoding: FormEncoding,
    /// Send `Version`.
    pub send_version: bool,
    /// Namespace that the calls of a management user are about; ecs only.
    pub namespace: Option<String>,
    /// Another namespace, for cases that show that the two are apart: they look into it and make nothing there.
    pub second_namespace: Option<String>,
    /// Further headers of every request.
    pub headers: BTreeMap<String, String>,
    /// Cases at a time.
    pub jobs: usize,
    /// Requests per second at most; 0: no bound.
    pub rate: f64,
    /// Seconds until a call counts as unanswered.
    pub timeout: f64,
    /// Bytes of a response body at most.
    pub max_response: usize,
    /// Seconds during which a changed thing may still be seen as it was (0: none): expectations are tried again for so long.
    pub consistency_window: f64,
    /// Error codes and statuses after which a call is repeated.
    pub retry: Retry,
    /// Failed authentications allowed in a run; none: no bound on loopback, 0 elsewhere.
    pub auth_failures: Option<u32>,
    /// Actions that it does not have.
    pub unsupported: Vec<String>,
    /// Error codes that mean "not supported", beside InvalidAction and NotImplemented.
    pub unsupported_codes: Vec<String>,
    /// Capabilities that it lacks: names from [`CAPABILITIES`], each with a reason.
    pub lacks: BTreeMap<String, String>,
    /// The main credentials are the account's own, not a user's.
    pub account_principal: bool,
    /// The account has nothing but what the run makes, so that its quotas can be filled exactly.
    pub empty_account: bool,
    /// Limits that differ from the dialect's.
    pub limits: BTreeMap<String, u64>,
    /// Patterns that differ from the dialect's: `id`, `arn`, `request-id`, `access-key-id`, each a regular expression.
    pub patterns: BTreeMap<String, String>,
    /// Free checks that the target is known to break, requirement id to reason.
    pub deviations: BTreeMap<String, String>,
    /// TLS.
    pub tls: Tls,
    /// Proxy URL; none: none, whatever the environment says.
    pub proxy: Option<String>,
    /// May be fuzzed although it is not on this machine.
    pub fuzzing: bool,
}

/// When a call is repeated.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct Retry {
    /// Error codes.
    pub codes: Vec<String>,
    /// Statuses.
    pub statuses: Vec<u16>,
    /// Attempts at most.
    pub attempts: u32,
    /// Seconds before the first repetition; doubled each time.
    pub pause: f64,
}

impl Default for Retry {
    fn default() -> Self {
        Retry { codes: vec!["Throttling".into(), "RequestLimitExceeded".into()], statuses: vec![429], attempts: 5, pause: 0.5 }
    }
}

/// How a server is trusted.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct Tls {
    /// PEM file of the certification authorities to trust instead of the system's.
    pub ca: Option<String>,
    /// Trust anybody.
    pub insecure: bool,
}

impl Default for Profile {
    fn default() -> Self {
        Profile {
            format: 1,
            name: "unnamed".into(),
            about: String::new(),
            version: None,
            dialect: DialectId::Aws,
            endpoint: None,
            path: None,
            region: "us-east-1".into(),
            regions: Vec::new(),
            service: None,
            formats: vec![Format::Xml],
            styles: Vec::new(),
            form_encoding: FormEncoding::default(),
            send_version: true,
            namespace: None,
            second_namespace: None,
            headers: BTreeMap::new(),
            jobs: 4,
            rate: 0.0,
            timeout: 20.0,
            max_response: 8 << 20,
            consistency_window: 0.0,
            retry: Retry::default(),
            auth_failures: None,
            unsupported: Vec::new(),
            unsupported_codes: Vec::new(),
            lacks: BTreeMap::new(),
            account_principal: false,
            empty_account: false,
            limits: BTreeMap::new(),
            patterns: BTreeMap::new(),
            deviations: BTreeMap::new(),
            tls: Tls::default(),
            proxy: None,
            fuzzing: false,
        }
    }
}

impl Profile {
    /// Request styles to run: its own, else the one that the dialect's reference prints.
    pub fn styles(&self) -> &[Style] {
        match self.dialect {
            _ if !self.styles.is_empty() => &self.styles,
            DialectId::Ecs => &[Style::Query],
            DialectId::Eim | DialectId::Aws => &[Style::Form],
        }
    }

    /// A limit: the profile's own, else the dialect's, else none.
    pub fn limit(&self, name: &str) -> Option<u64> {
        self.limits.get(name).copied().or_else(|| crate::api::model().limit(name, self.dialect))
    }
}
