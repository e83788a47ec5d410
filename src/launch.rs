//! From what was asked for to a run that can begin: which targets, in which configurations, with which options. Command line and test
//! harness share it.

mod snapshots;

use std::path::PathBuf;
use std::sync::Arc;

use crate::api::Level;
use crate::case::corpus::Corpus;
use crate::dialect::Configuration;
use crate::plan::{OptIn, Shard};
use crate::reference::Settings;
use crate::report::shell;
use crate::runner::embedded::{CONFIGURATIONS, Certificates, Embedded, profile};
use crate::runner::run::{Options, TargetRun, fresh_seed, run_part};
use crate::target::credentials::Sources;
use crate::target::resolve::{ResolveError, resolve};
use crate::target::{Profile, Target, TargetArgs};

pub use snapshots::{Book, Choice, Wish};

/// What to run against, and how.
#[derive(Clone, Debug)]
pub struct Launch {
    /// The target asked for, completed from the environment.
    pub args: TargetArgs,
    /// The foreign target; none: the embedded reference.
    pub foreign: Option<Target>,
    /// Cases at a time; none: what the profile says.
    pub jobs: Option<usize>,
    /// Seed of what is made up.
    pub seed: u64,
    /// From which level on a failure counts.
    pub level: Level,
    /// Leave what the cases create.
    pub keep: bool,
    /// Groups of cases asked for.
    pub opt_in: OptIn,
    /// Keep the exchanges of passing cases too.
    pub exchanges: bool,
    /// Use what another process learnt of the target a moment ago.
    pub cached_capabilities: bool,
    /// Which part of a run this is. Choosing the cases is the caller's part.
    pub shard: Option<Shard>,
    /// What to do with snapshots; none: nothing.
    pub snapshots: Option<Choice>,
}

/// A run that can begin. The embedded reference serves as long as this lives.
pub struct Ready {
    /// Where to run.
    pub targets: Vec<TargetRun>,
    /// How to run.
    pub options: Options,
    /// The snapshots, if the run has to do with any.
    pub book: Option<Book>,
    _embedded: Option<Embedded>,
}

/// Nothing can be run.
#[derive(Debug, thiserror::Error)]
pub enum LaunchError {
    /// What was asked for makes no sense, or credentials are missing.
    #[error(transparent)]
    Target(#[from] ResolveError),
    /// Flags leave nothing of the reference's configurations.
    #[error("the embedded reference has no such configuration: it has {0}")]
    Configuration(String),
    /// Snapshots cannot be read, or nothing says which.
    #[error("{0}")]
    Snapshots(String),
    /// The embedded reference cannot be started.
    #[error("cannot start the embedded reference: {0}")]
    Embedded(std::io::Error),
}

/// A variable of the environment; an empty one counts as not set.
pub fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

impl Launch {
    /// A run on what `args` and the environment name, with everything else as it usually is. Sends and starts nothing.
    ///
    /// # Errors
    /// When the target is unknown or has no credentials, or no configuration is left.
    pub fn new(args: TargetArgs) -> Result<Launch, LaunchError> {
        let args = args.or_environment(&variable)?;
        if args.embedded() {
            return Launch::embedded(args);
        }
        let foreign = resolve(&args, &Sources { env: &variable, profile: None, home: std::env::home_dir() })?;
        Ok(Launch::of(args, Some(foreign)))
    }

    /// A run on the embedded reference, whatever target the environment names.
    ///
    /// # Errors
    /// When no configuration is left.
    pub fn embedded(args: TargetArgs) -> Result<Launch, LaunchError> {
        let launch = Launch::of(args, None);
        if launch.configurations().is_empty() {
            return Err(LaunchError::Configuration(CONFIGURATIONS.map(|c| c.to_string()).join(", ")));
        }
        Ok(launch)
    }

    fn of(args: TargetArgs, foreign: Option<Target>) -> Launch {
        Launch {
            args,
            foreign,
            jobs: None,
            seed: fresh_seed(),
            level: Level::Should,
            keep: false,
            opt_in: OptIn::default(),
            exchanges: false,
            cached_capabilities: false,
            shard: None,
            snapshots: None,
        }
    }

    /// Whether this is the embedded reference in every configuration.
    pub fn is_whole_reference(&self) -> bool {
        self.foreign.is_none() && self.configurations().len() == CONFIGURATIONS.len()
    }

    /// The configurations that a run has, in order.
    pub fn configurations(&self) -> Vec<Configuration> {
        let args = &self.args;
        match &self.foreign {
            Some(target) => target.configurations(),
            None => CONFIGURATIONS
                .into_iter()
                .filter(|c| args.dialect.is_none_or(|d| d == c.dialect))
                .filter(|c| args.formats.is_empty() || args.formats.contains(&c.format))
                .filter(|c| args.styles.is_empty() || args.styles.contains(&c.style))
                .collect(),
        }
    }

    /// What a plan has to know of each target: its profile, whether it is on this machine, its configurations.
    pub fn places(&self) -> Vec<(Profile, bool, Vec<Configuration>)> {
        let all = self.configurations();
        match &self.foreign {
            Some(target) => vec![(target.profile.clone(), target.loopback(), all)],
            None => all
                .chunk_by(|a, b| a.dialect == b.dialect)
                .map(|own| {
                    let region = Settings::new(own[0].dialect).region;
                    (Profile { region, ..profile(own[0].dialect) }, true, own.to_vec())
                })
                .collect(),
        }
    }

    /// Starts the embedded reference, if that is what is meant, and puts everything together. `suite`: where the cases come from, and
    /// the folder that was named for it.
    ///
    /// # Errors
    /// When the reference cannot be started, or the snapshots cannot be read.
    pub fn start(&self, suite: &Corpus, folder: Option<&PathBuf>) -> Result<Ready, LaunchError> {
        let configurations = self.configurations();
        let book = match &self.snapshots {
            Some(choice) => choice.open(self.foreign.is_none(), folder.is_some())?,
            None => None,
        };
        let embedded = match &self.foreign {
            Some(_) => None,
            None => Some(Embedded::start(&configurations, self.seed).map_err(LaunchError::Embedded)?),
        };
        let targets = match (&self.foreign, &embedded) {
            (Some(target), _) => vec![TargetRun { target: target.clone(), configurations, state: None }],
            (None, Some(embedded)) => embedded.targets.clone(),
            (None, None) => Vec::new(),
        };
        let options = Options {
            // Parts of one run may be given the same seed and meet on one server.
            run: run_part(self.seed.wrapping_add(self.shard.map_or(0, |s| u64::from(s.index())))),
            seed: self.seed,
            jobs: self.jobs,
            level: self.level,
            keep: self.keep,
            exchanges: self.exchanges,
            cached_capabilities: self.cached_capabilities,
            opt_in: self.opt_in,
            certificates: Arc::new(Certificates),
            repeat: self.repeat(folder),
            suite: suite.digest.clone(),
            shard: self.shard,
            snapshots: book.as_ref().map(|book| Arc::clone(&book.snapshots)),
        };
        Ok(Ready { targets, options, book, _embedded: embedded })
    }

    /// The command that repeats a case of this run, up to the case's id.
    fn repeat(&self, folder: Option<&PathBuf>) -> String {
        let args = &self.args;
        let dialect = args.dialect.map(|d| d.to_string());
        let folder = folder.map(|f| f.display().to_string());
        // Whoever repeats the run may have another environment; a target's own profile says it again.
        let found = self.foreign.as_ref().filter(|_| args.target.is_none()).and_then(|target| target.profile.namespace.clone());
        let namespace = args.namespace.clone().or(found);
        let own = self.snapshots.as_ref().and_then(|choice| choice.dir.as_ref()).map(|dir| dir.display().to_string());
        let given = [
            ("--target", &args.target),
            ("--endpoint", &args.endpoint),
            ("--dialect", &dialect),
            ("--region", &args.region),
            ("--profile", &args.credentials),
            ("--namespace", &namespace),
            ("--ca", &args.ca),
            ("--cases", &folder),
            ("--snapshot-dir", &own),
        ];
        let mut words = vec!["iamspec run".to_owned()];
        words.extend(given.into_iter().filter_map(|(flag, value)| Some(format!("{flag} {}", shell::quote(value.as_ref()?)))));
        if args.insecure {
            words.push("--insecure".into());
        }
        words.join(" ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::DialectId;
    use crate::dialect::Format;

    #[test]
    fn without_a_target_every_configuration_of_the_reference_is_meant_and_flags_narrow_it() {
        let names = |args: TargetArgs| {
            Launch::embedded(args)
                .map(|l| l.configurations().iter().map(ToString::to_string).collect::<Vec<_>>())
                .map_err(|e| e.to_string())
        };
        assert_eq!(names(TargetArgs::default()).unwrap().len(), CONFIGURATIONS.len());
        let eim = TargetArgs { dialect: Some(DialectId::Eim), formats: vec![Format::Json], ..TargetArgs::default() };
        assert_eq!(names(eim).unwrap(), ["eim/json"]);
        let none = TargetArgs { dialect: Some(DialectId::Aws), formats: vec![Format::Json], ..TargetArgs::default() };
        assert!(names(none).unwrap_err().starts_with("the embedded reference has no such configuration: it has eim/xml"));
    }

    #[test]
    fn the_command_that_repeats_names_what_was_given() {
        let args = TargetArgs { dialect: Some(DialectId::Eim), insecure: true, ..TargetArgs::default() };
        let launch = Launch::embedded(args).unwrap();
        assert_eq!(launch.repeat(Some(&"my cases".into())), "iamspec run --dialect eim --cases 'my cases' --insecure");
    }
}
