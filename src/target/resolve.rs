//! Which endpoint a run is about: from flags, the environment and a profile to a [`Target`].
//!
//! An endpoint off this machine is used only when a flag, a profile or an `IAMSPEC_*` variable names it. `AWS_ENDPOINT_URL` is never
//! looked at: people have it set for other reasons.

use std::net::IpAddr;

use reqwest::Url;

use super::credentials::{NoCredentials, Sources};
use super::load::{LoadError, load};
use super::login::prove;
use super::parse::is_namespace;
use super::profile::Profile;
use crate::api::DialectId;
use crate::auth::Proof;
use crate::auth::sigv4::Scope;
use crate::case::suggest::{did_you_mean, one_of};
use crate::dialect::{Configuration, Format, Style, Wire};

/// What the command line says of the target. What is not given comes from the environment, then from the profile.
#[derive(Clone, Debug, Default)]
pub struct TargetArgs {
    /// Name or path of a profile.
    pub target: Option<String>,
    /// Base URL.
    pub endpoint: Option<String>,
    /// Dialect.
    pub dialect: Option<DialectId>,
    /// SigV4 region.
    pub region: Option<String>,
    /// Named profile of `~/.aws/credentials` or `~/.osc/config.json`.
    pub credentials: Option<String>,
    /// Namespace that calls are about; ecs only.
    pub namespace: Option<String>,
    /// Formats to run; empty: those of the profile.
    pub formats: Vec<Format>,
    /// Styles to run; empty: those of the profile.
    pub styles: Vec<Style>,
    /// PEM file of the certification authorities to trust.
    pub ca: Option<String>,
    /// Trust anybody.
    pub insecure: bool,
}

impl TargetArgs {
    /// Fills what is not given from `IAMSPEC_TARGET`, `IAMSPEC_ENDPOINT`, `IAMSPEC_DIALECT` and `IAMSPEC_NAMESPACE`. A target or
    /// endpoint that is given makes the environment's target and endpoint void.
    ///
    /// # Errors
    /// When `IAMSPEC_DIALECT` names no dialect.
    pub fn or_environment(mut self, env: &dyn Fn(&str) -> Option<String>) -> Result<TargetArgs, ResolveError> {
        if self.target.is_none() && self.endpoint.is_none() {
            self.target = env("IAMSPEC_TARGET");
            self.endpoint = env("IAMSPEC_ENDPOINT");
        }
        if let (None, Some(name)) = (self.dialect, env("IAMSPEC_DIALECT")) {
            self.dialect = Some(name.parse().map_err(|why| ResolveError::Variable { name: "IAMSPEC_DIALECT", why })?);
        }
        self.namespace = self.namespace.or_else(|| env("IAMSPEC_NAMESPACE"));
        Ok(self)
    }

    /// Whether they name no endpoint: then the embedded reference is meant.
    pub fn embedded(&self) -> bool {
        self.target.is_none() && self.endpoint.is_none()
    }
}

/// An endpoint with everything needed to talk to it.
#[derive(Clone, Debug)]
pub struct Target {
    /// What is known of it.
    pub profile: Profile,
    /// Where it is: scheme, host and port.
    pub endpoint: Url,
    /// Path of the API, starting with `/`.
    pub path: String,
    /// What the main principal proves itself with.
    pub proof: Proof,
    /// It is the embedded reference.
    pub embedded: bool,
}

/// No target can be made of what is given.
#[derive(Debug, thiserror::Error)]
pub enum ResolveError {
    /// The profile cannot be used.
    #[error(transparent)]
    Profile(#[from] LoadError),
    /// There are no credentials.
    #[error(transparent)]
    Credentials(#[from] NoCredentials),
    /// A profile without endpoint, and none given.
    #[error("target '{name}' names no endpoint: give its URL with --endpoint or in IAMSPEC_ENDPOINT")]
    NoEndpoint {
        /// Name of the target.
        name: String,
    },
    /// The target is not in that region.
    #[error("target '{name}' is not in region '{region}': there are {known}{hint}")]
    Region {
        /// Name of the target.
        name: String,
        /// The region asked for.
        region: String,
        /// The regions that the profile names.
        known: String,
        /// Did you mean …?
        hint: String,
    },
    /// The endpoint is no URL that can be used.
    #[error("endpoint '{endpoint}' {why}; write it as http://host:port or https://host/path")]
    Endpoint {
        /// As given.
        endpoint: String,
        /// What is wrong.
        why: String,
    },
    /// The namespace cannot be one.
    #[error("namespace {0:?} is none: a name has no blanks, and printable ASCII characters only")]
    Namespace(String),
    /// A request style for which there is no proof.
    #[error("style {style} needs {needs}, which this target was not given")]
    Unproven {
        /// The style.
        style: &'static str,
        /// What it needs.
        needs: &'static str,
    },
    /// An environment variable has no meaning.
    #[error("{name}: {why}")]
    Variable {
        /// Its name.
        name: &'static str,
        /// What is wrong.
        why: String,
    },
    /// The dialect has no such configuration.
    #[error("dialect {dialect} has no {what}: it can be asked for {there_is}")]
    Configuration {
        /// The dialect.
        dialect: DialectId,
        /// What is missing.
        what: String,
        /// What there is.
        there_is: &'static str,
    },
}

/// Stands for the region in an endpoint.
const REGION: &str = "{region}";

/// The foreign target that the arguments name; they have been completed with [`TargetArgs::or_environment`] and are not
/// [embedded](TargetArgs::embedded).
///
/// # Errors
/// When the profile, the endpoint or the credentials are missing or wrong; each says what to do.
pub fn resolve(args: &TargetArgs, sources: &Sources<'_>) -> Result<Target, ResolveError> {
    let mut profile = match &args.target {
        Some(name) => load(name)?.profile,
        None => Profile { name: "endpoint".into(), region: region(args, sources), ..Profile::default() },
    };
    if let Some(dialect) = args.dialect {
        profile.dialect = dialect;
    }
    if let Some(region) = &args.region {
        profile.region.clone_from(region);
    }
    if !args.formats.is_empty() {
        profile.formats.clone_from(&args.formats);
    }
    if !args.styles.is_empty() {
        profile.styles.clone_from(&args.styles);
    }
    if args.namespace.is_some() {
        profile.namespace.clone_from(&args.namespace);
    } else if profile.dialect == DialectId::Ecs && profile.namespace.is_none() {
        profile.namespace = (sources.env)("ECS_NAMESPACE");
    }
    if args.ca.is_some() {
        profile.tls.ca.clone_from(&args.ca);
    }
    profile.tls.insecure |= args.insecure;

    // A target that names no endpoint, such as an emulator on a free port, takes the environment's, whoever named the target.
    let text = args.endpoint.clone().or_else(|| profile.endpoint.clone()).or_else(|| (sources.env)("IAMSPEC_ENDPOINT"));
    let text = text.ok_or_else(|| ResolveError::NoEndpoint { name: profile.name.clone() })?;
    if text.contains(REGION) && !profile.regions.is_empty() && !profile.regions.contains(&profile.region) {
        let known = || profile.regions.iter().map(String::as_str);
        let hint = did_you_mean(&profile.region, known()).map(|h| format!("; {h}")).unwrap_or_default();
        return Err(ResolveError::Region { name: profile.name, region: profile.region, known: one_of(known()), hint });
    }
    let text = text.replace(REGION, &profile.region);
    if args.target.is_none() {
        // A name for reports; without credentials, which a URL never has here.
        profile.name = text.split_once("://").map_or(text.as_str(), |(_, rest)| rest).trim_end_matches('/').to_owned();
    }
    let sources = Sources { profile: args.credentials.as_deref().or(sources.profile), home: sources.home.clone(), env: sources.env };
    let proof = prove(&profile.name, profile.dialect, profile.styles(), &sources)?;
    Target::new(profile, &text, proof, false)
}

/// Region of a target that only flags name.
fn region(args: &TargetArgs, sources: &Sources<'_>) -> String {
    let names = if args.dialect == Some(DialectId::Eim) {
        ["OSC_REGION", "AWS_REGION", "AWS_DEFAULT_REGION"]
    } else {
        ["AWS_REGION", "AWS_DEFAULT_REGION", "OSC_REGION"]
    };
    names.into_iter().find_map(sources.env).unwrap_or_else(|| Profile::default().region)
}

impl Target {
    /// A target at `endpoint`.
    ///
    /// # Errors
    /// When the endpoint is no http or https URL, holds credentials or a query, or the profile has a configuration that its dialect
    /// lacks or that the proof does not suffice for.
    pub fn new(profile: Profile, endpoint: &str, proof: impl Into<Proof>, embedded: bool) -> Result<Target, ResolveError> {
        let proof = proof.into();
        let wrong = |why: &str| ResolveError::Endpoint { endpoint: without_password(endpoint), why: why.to_owned() };
        let url = Url::parse(endpoint).map_err(|e| wrong(&format!("is no URL ({e})")))?;
        if !["http", "https"].contains(&url.scheme()) || url.host_str().is_none_or(str::is_empty) {
            return Err(wrong("is neither http nor https"));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(wrong("holds a user name or a password, which belong into the environment"));
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(wrong("has a query or a fragment"));
        }
        for (format, style) in pairs(&profile) {
            let what = match (profile.dialect, format, style) {
                (DialectId::Aws, Format::Json, _) => Some(("JSON form", "xml")),
                (DialectId::Eim | DialectId::Aws, _, Style::Sigv4) => Some(("style sigv4", "form and query, both signed")),
                _ => None,
            };
            if let Some((what, there_is)) = what {
                return Err(ResolveError::Configuration { dialect: profile.dialect, what: what.into(), there_is });
            }
            unproven(Configuration { dialect: profile.dialect, format, style }, &proof)?;
        }
        if let Some(name) = profile.namespace.as_ref().filter(|name| !is_namespace(name)) {
            return Err(ResolveError::Namespace(name.clone()));
        }
        // A management endpoint of an ECS has more than the API on it.
        let usual = if profile.dialect == DialectId::Ecs && url.path() == "/" { "/iam" } else { url.path() };
        let path = profile.path.clone().unwrap_or_else(|| usual.to_owned());
        let path = if path.starts_with('/') { path } else { format!("/{path}") };
        let mut endpoint = url;
        endpoint.set_path("");
        Ok(Target { profile, endpoint, path, proof, embedded })
    }

    /// URL of the API as people write it, without a slash at the end.
    pub fn url(&self) -> String {
        format!("{}{}", self.endpoint.as_str().trim_end_matches('/'), self.path.trim_end_matches('/'))
    }

    /// The Host header: with the port, unless it is the scheme's own.
    pub fn host(&self) -> String {
        let host = self.endpoint.host_str().unwrap_or_default();
        self.endpoint.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
    }

    /// Whether it is on this machine.
    pub fn loopback(&self) -> bool {
        let host = self.endpoint.host_str().unwrap_or_default();
        let address = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
        address.map_or_else(|_| host == "localhost" || host.ends_with(".localhost"), |ip| ip.is_loopback())
    }

    /// What its signatures are good for.
    pub fn scope(&self) -> Scope {
        let service = if self.profile.dialect == DialectId::Eim { "eim" } else { "iam" };
        let service = self.profile.service.clone().unwrap_or_else(|| service.to_owned());
        Scope { region: self.profile.region.clone(), service }
    }

    /// The configurations that its profile names.
    pub fn configurations(&self) -> Vec<Configuration> {
        pairs(&self.profile).map(|(format, style)| Configuration { dialect: self.profile.dialect, format, style }).collect()
    }

    /// How requests are written in a configuration.
    pub fn wire(&self, configuration: Configuration) -> Wire {
        Wire {
            format: configuration.format,
            style: configuration.style,
            // A query string goes with GET, except on ecs, whose reference prints POST.
            method: if configuration.style == Style::Query && configuration.dialect != DialectId::Ecs { "GET" } else { "POST" }.into(),
            path: self.path.clone(),
            form_encoding: self.profile.form_encoding,
            headers: self.profile.headers.iter().map(|(n, v)| (n.clone(), v.clone())).collect(),
        }
    }

    /// Failed authentications that a run may cause; none: any number.
    pub fn auth_failures(&self) -> Option<u32> {
        self.profile.auth_failures.or(if self.loopback() { None } else { Some(0) })
    }
}

fn pairs(profile: &Profile) -> impl Iterator<Item = (Format, Style)> {
    profile.formats.iter().flat_map(|format| profile.styles().iter().map(|style| (*format, *style)))
}

/// Refuses a configuration in which the main principal could not prove who it is.
fn unproven(configuration: Configuration, proof: &Proof) -> Result<(), ResolveError> {
    let style = configuration.style.name();
    match configuration.by_token() {
        true if proof.login().is_none() => Err(ResolveError::Unproven { style, needs: "user and password for a login" }),
        false if proof.key().is_none() => Err(ResolveError::Unproven { style, needs: "an access key" }),
        _ => Ok(()),
    }
}

/// A URL for a message: what stands before an `@` is left out.
fn without_password(url: &str) -> String {
    match (url.split_once("://"), url.rsplit_once('@')) {
        (Some((scheme, _)), Some((_, rest))) => format!("{scheme}://…@{rest}"),
        _ => url.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    use crate::auth::Credentials;
    use crate::auth::ecs_token::Login;

    fn key() -> Credentials {
        Credentials { access_key_id: "A".into(), secret: "a".into(), session_token: None }
    }

    fn target(endpoint: &str) -> Result<Target, ResolveError> {
        Target::new(Profile::default(), endpoint, key(), false)
    }

    fn env(vars: &'static [(&'static str, &'static str)]) -> impl Fn(&str) -> Option<String> {
        move |name| vars.iter().find(|(n, _)| *n == name).map(|(_, v)| (*v).to_owned())
    }

    #[test]
    fn endpoints_are_taken_apart() {
        let t = target("https://iam.example.com:8443/iam/").unwrap();
        assert_eq!(
            (t.host().as_str(), t.path.as_str(), t.url().as_str()),
            ("iam.example.com:8443", "/iam/", "https://iam.example.com:8443/iam")
        );
        let t = target("http://localhost").unwrap();
        assert_eq!((t.host().as_str(), t.path.as_str(), t.loopback()), ("localhost", "/", true));
        for (endpoint, loopback) in
            [("http://127.0.0.3:1", true), ("http://[::1]:1", true), ("http://10.0.0.1", false), ("http://localhost.evil.com", false)]
        {
            assert_eq!(target(endpoint).unwrap().loopback(), loopback, "{endpoint}");
        }
    }

    #[test]
    fn bad_endpoints_are_refused_without_repeating_a_password() {
        for (endpoint, why) in [
            ("localhost:5000", "neither"),
            ("ftp://x", "neither"),
            ("nonsense", "no URL"),
            ("http://u:pw@x/", "password"),
            ("http://x/?a", "query"),
        ] {
            let e = target(endpoint).unwrap_err().to_string();
            assert!(e.contains(why) && !e.contains("pw@"), "{endpoint}: {e}");
        }
    }

    #[test]
    fn only_iamspec_variables_name_an_endpoint() {
        let env = env(&[("AWS_ENDPOINT_URL", "http://elsewhere"), ("AWS_ENDPOINT_URL_IAM", "http://elsewhere")]);
        assert!(TargetArgs::default().or_environment(&env).unwrap().embedded());
        let env = self::env(&[("IAMSPEC_ENDPOINT", "http://localhost:1"), ("IAMSPEC_DIALECT", "eim")]);
        let args = TargetArgs::default().or_environment(&env).unwrap();
        assert_eq!((args.endpoint.as_deref(), args.dialect), (Some("http://localhost:1"), Some(DialectId::Eim)));
        let given = TargetArgs { target: Some("moto".into()), ..TargetArgs::default() };
        assert_eq!(given.or_environment(&env).unwrap().endpoint, None);
        let env = self::env(&[("IAMSPEC_DIALECT", "amz")]);
        assert!(TargetArgs::default().or_environment(&env).unwrap_err().to_string().contains("IAMSPEC_DIALECT: unknown dialect 'amz'"));
    }

    #[test]
    fn flags_alone_make_a_target() {
        let env = env(&[("OSC_ACCESS_KEY", "O"), ("OSC_SECRET_KEY", "o"), ("OSC_REGION", "eu-west-2")]);
        let sources = Sources { env: &env, profile: None, home: None };
        let args = TargetArgs {
            endpoint: Some("http://localhost:1/".into()),
            dialect: Some(DialectId::Eim),
            formats: vec![Format::Json],
            ..TargetArgs::default()
        };
        let t = resolve(&args, &sources).unwrap();
        assert_eq!((t.profile.name.as_str(), t.scope().service.as_str(), t.scope().region.as_str()), ("localhost:1", "eim", "eu-west-2"));
        assert_eq!(t.configurations().iter().map(ToString::to_string).collect::<Vec<_>>(), ["eim/json"]);
        let args = TargetArgs { dialect: Some(DialectId::Aws), ..args };
        assert!(resolve(&args, &sources).unwrap_err().to_string().contains("dialect aws has no JSON form"));
    }

    #[test]
    fn each_region_of_outscale_has_its_host_and_another_one_is_refused() {
        let env = env(&[("OSC_ACCESS_KEY", "O"), ("OSC_SECRET_KEY", "o")]);
        let sources = Sources { env: &env, profile: None, home: None };
        let at = |region: Option<&str>| {
            let args = TargetArgs { target: Some("outscale-eim".into()), region: region.map(str::to_owned), ..TargetArgs::default() };
            resolve(&args, &sources)
        };
        for region in ["ap-northeast-1", "cloudgouv-eu-west-1", "eu-west-2", "us-east-2", "us-west-1"] {
            let t = at(Some(region)).unwrap();
            assert_eq!((t.url().as_str(), t.scope().region.as_str()), (format!("https://eim.{region}.outscale.com").as_str(), region));
            assert_eq!(t.configurations().iter().map(ToString::to_string).collect::<Vec<_>>(), ["eim/xml", "eim/json"]);
        }
        assert_eq!(at(None).unwrap().scope().region, "eu-west-2");
        let said = at(Some("us-west-2")).unwrap_err().to_string();
        assert!(
            said.starts_with("target 'outscale-eim' is not in region 'us-west-2': there are ap-northeast-1, ")
                && said.contains("us-west-1")
        );
        // An endpoint of one's own is in whatever region.
        let args = TargetArgs {
            target: Some("outscale-eim".into()),
            region: Some("lab".into()),
            endpoint: Some("http://127.0.0.1:1".into()),
            ..TargetArgs::default()
        };
        assert_eq!(resolve(&args, &sources).unwrap().scope().region, "lab");
    }

    const ECS: &[(&str, &str)] = &[("ECS_USERNAME", "root"), ("ECS_PASSWORD", "s3cret"), ("ECS_NAMESPACE", "ns1")];

    #[test]
    fn an_ecs_is_its_url_user_password_and_namespace() {
        let env = env(ECS);
        let sources = Sources { env: &env, profile: None, home: None };
        let args = TargetArgs { endpoint: Some("https://ecs1:4443".into()), dialect: Some(DialectId::Ecs), ..TargetArgs::default() };
        let t = resolve(&args, &sources).unwrap();
        assert_eq!((t.url().as_str(), t.profile.namespace.as_deref()), ("https://ecs1:4443/iam", Some("ns1")));
        assert_eq!(t.configurations().iter().map(ToString::to_string).collect::<Vec<_>>(), ["ecs/xml/query"]);
        assert_eq!(t.proof.login().map(|l| l.user.as_str()), Some("root"));
        let args = TargetArgs { namespace: Some("ns2".into()), endpoint: Some("https://ecs1:4443/iam/".into()), ..args };
        let t = resolve(&args, &sources).unwrap();
        assert_eq!((t.url().as_str(), t.path.as_str(), t.profile.namespace.as_deref()), ("https://ecs1:4443/iam", "/iam/", Some("ns2")));
        let args = TargetArgs { namespace: Some("ns\r\nX: y".into()), ..args };
        assert!(resolve(&args, &sources).unwrap_err().to_string().contains("printable ASCII"));
    }

    #[test]
    fn the_environments_own_namespace_wins_over_a_profiles_and_others_do_not() {
        let env = env(&[("IAMSPEC_NAMESPACE", "mine")]);
        assert_eq!(TargetArgs::default().or_environment(&env).unwrap().namespace.as_deref(), Some("mine"));
        let given = TargetArgs { namespace: Some("flag".into()), ..TargetArgs::default() };
        assert_eq!(given.or_environment(&env).unwrap().namespace.as_deref(), Some("flag"));
        let folder = std::env::temp_dir().join(format!("iamspec-resolve-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let text = "name = \"t\"\ndialect = \"ecs\"\nendpoint = \"https://ecs1:4443\"\nnamespace = \"profile\"\n";
        std::fs::write(folder.join("target.toml"), text).unwrap();
        let args = TargetArgs { target: Some(format!("{}/", folder.display())), ..TargetArgs::default() };
        let ecs = self::env(ECS);
        let t = resolve(&args, &Sources { env: &ecs, profile: None, home: None }).unwrap();
        assert_eq!(t.profile.namespace.as_deref(), Some("profile"));
        std::fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn a_style_without_its_proof_is_refused() {
        let of = |styles: &[Style], proof: Proof| {
            let profile = Profile { dialect: DialectId::Ecs, styles: styles.to_vec(), ..Profile::default() };
            Target::new(profile, "https://ecs1", proof, false).map(|t| t.configurations().len()).map_err(|e| e.to_string())
        };
        let login = |key| Proof::Login { login: Login { user: "u".into(), password: "p".into() }, key };
        assert_eq!(of(&[Style::Form, Style::Query, Style::Sigv4], login(Some(key()))), Ok(3));
        assert!(of(&[Style::Query], key().into()).unwrap_err().contains("style query needs user and password"));
        assert!(of(&[Style::Sigv4], login(None)).unwrap_err().contains("style sigv4 needs an access key"));
    }

    #[test]
    fn failed_authentications_are_free_on_this_machine_only() {
        assert_eq!(target("http://127.0.0.1:1").unwrap().auth_failures(), None);
        assert_eq!(target("http://10.0.0.1:1").unwrap().auth_failures(), Some(0));
    }
}
