//! Flags that several subcommands share.

use clap::{Args, ValueEnum};

use super::fail::Failure;
use crate::api::DialectId;
use crate::dialect::{Format, Style};
use crate::launch::Launch;
use crate::plan::OptIn;
use crate::runner::run::fresh_seed;
use crate::target::resolve;

/// What to run against. Nothing given: the embedded reference.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Target (also IAMSPEC_TARGET, IAMSPEC_ENDPOINT, IAMSPEC_DIALECT; none: the embedded reference)")]
pub struct TargetArgs {
    /// Target with a profile: a name (see `iamspec list --targets`), or the path of a target.toml
    #[arg(long, value_name = "NAME")]
    pub target: Option<String>,
    /// URL of the endpoint
    #[arg(long, value_name = "URL")]
    pub endpoint: Option<String>,
    /// How it puts the API on the wire; without a target: run only this dialect
    #[arg(long, value_name = "DIALECT")]
    pub dialect: Option<DialectId>,
    /// Run only this wire format
    #[arg(long, value_name = "FORMAT")]
    pub wire: Option<WireFormat>,
    /// Run only this request style
    #[arg(long, value_name = "STYLE")]
    pub style: Option<RequestStyle>,
    /// Region of the signature
    #[arg(long, value_name = "REGION")]
    pub region: Option<String>,
    /// Service of the signature
    #[arg(long, value_name = "NAME")]
    pub service: Option<String>,
    /// Namespace that calls are about, on ecs (also IAMSPEC_NAMESPACE, ECS_NAMESPACE)
    #[arg(long, value_name = "NAME")]
    pub namespace: Option<String>,
    /// Credentials: a profile of the shared AWS files instead of AWS_* and OSC_*
    #[arg(long, value_name = "NAME")]
    pub profile: Option<String>,
    /// Trust the authorities in this PEM file instead of the system's
    #[arg(long, value_name = "FILE")]
    pub ca: Option<String>,
    /// Trust any certificate
    #[arg(long, conflicts_with = "ca")]
    pub insecure: bool,
    /// Seconds until a call counts as unanswered
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    pub timeout: Option<f64>,
}

impl TargetArgs {
    /// The run that these ask for, as far as the target goes.
    ///
    /// # Errors
    /// When what is named cannot be used.
    pub fn launch(&self) -> Result<Launch, Failure> {
        let mut launch = Launch::new(resolve::TargetArgs {
            target: self.target.clone(),
            endpoint: self.endpoint.clone(),
            dialect: self.dialect,
            region: self.region.clone(),
            credentials: self.profile.clone(),
            namespace: self.namespace.clone(),
            formats: self.wire.into_iter().map(Format::from).collect(),
            styles: self.style.into_iter().map(Style::from).collect(),
            ca: self.ca.clone(),
            insecure: self.insecure,
        })?;
        if let Some(target) = &mut launch.foreign {
            target.profile.service = self.service.clone().or(target.profile.service.take());
            target.profile.timeout = self.timeout.unwrap_or(target.profile.timeout);
        }
        Ok(launch)
    }
}

/// A positive number of seconds.
fn seconds(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(seconds) if seconds > 0.0 && seconds <= 86_400.0 => Ok(seconds),
        _ => Err("not a number of seconds between 0 and 86400".into()),
    }
}

/// `--wire`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum WireFormat {
    /// XML
    Xml,
    /// JSON
    Json,
}

impl From<WireFormat> for Format {
    fn from(format: WireFormat) -> Format {
        match format {
            WireFormat::Xml => Format::Xml,
            WireFormat::Json => Format::Json,
        }
    }
}

/// `--style`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum RequestStyle {
    /// Form body
    Form,
    /// Query string
    Query,
    /// Form body signed with SigV4 where the dialect has a login token
    Sigv4,
}

impl From<RequestStyle> for Style {
    fn from(style: RequestStyle) -> Style {
        match style {
            RequestStyle::Form => Style::Form,
            RequestStyle::Query => Style::Query,
            RequestStyle::Sigv4 => Style::Sigv4,
        }
    }
}

/// Which cases.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Cases")]
pub struct Selection {
    /// Case id, part of one (`users/DeleteUser`), or a glob (`*/name-*`); several: any of them
    #[arg(value_name = "FILTER")]
    pub filter: Vec<String>,
    /// Cases with this tag
    #[arg(long, value_name = "TAG")]
    pub tag: Vec<String>,
    /// Cases about this Action, or that call it
    #[arg(long, value_name = "ACTION")]
    pub action: Vec<String>,
    /// Cases that check this requirement: an id or a glob
    #[arg(long, value_name = "ID")]
    pub requirement: Vec<String>,
    /// Case files to use instead of those built in
    #[arg(long, value_name = "DIR")]
    pub cases: Option<std::path::PathBuf>,
}

/// How to run. Flags that follow it in a command stand below the same heading.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "How to run and report")]
pub struct Manner {
    /// Also cases that annoy: failed authentications and full quotas off this machine, changes of what the provider owns anywhere
    #[arg(long, value_name = "WHAT", help_heading = "Cases")]
    pub allow: Vec<Allow>,
    /// Cases at a time [default: what the profile says]
    #[arg(short, long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    pub jobs: Option<u16>,
    /// Seed of names and of everything else that is made up [default: from the clock]
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,
}

impl Manner {
    /// That run, done so.
    pub fn apply(&self, launch: Launch) -> Launch {
        let allowed = |what| self.allow.contains(&what);
        Launch {
            jobs: self.jobs.map(usize::from),
            seed: self.seed.unwrap_or_else(fresh_seed),
            opt_in: OptIn {
                auth_failures: allowed(Allow::AuthFailures),
                quotas: allowed(Allow::Quotas),
                provider_policies: allowed(Allow::ProviderPolicies),
            },
            ..launch
        }
    }
}

/// `--allow`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Allow {
    /// Cases that fail authentication on purpose
    AuthFailures,
    /// Cases that fill a quota
    Quotas,
    /// Cases that try to change policies of the provider
    ProviderPolicies,
}
