//! From arguments to a run: which targets, in which configurations, and the runner's events into the stream.

use std::sync::Arc;

use super::args::TargetArgs;
use super::fail::Failure;
use super::stream::Stream;
use crate::api::{DialectId, Level};
use crate::case::Case;
use crate::case::corpus::Corpus;
use crate::dialect::{Configuration, Format, Style};
use crate::plan::OptIn;
use crate::runner::embedded::{CONFIGURATIONS, Certificates, Embedded, profile};
use crate::runner::run::{self, Options, RunError, TargetRun, fresh_seed, run_part};
use crate::target::{Profile, Target};

/// What a run is about, apart from its cases.
pub struct Setup {
    /// The arguments that name the target.
    pub target: TargetArgs,
    /// The foreign target; none: the embedded reference.
    pub foreign: Option<Target>,
    /// Cases at a time; none: what the profile says.
    pub jobs: Option<usize>,
    /// Stop at the first failure that counts.
    pub fail_fast: bool,
    /// Leave what the cases create.
    pub keep: bool,
    /// Seed; none: from the clock.
    pub seed: Option<u64>,
    /// From which level on a failure counts.
    pub level: Level,
    /// Groups of cases that off this machine run only when asked for.
    pub opt_in: OptIn,
    /// Keep the exchanges of passing cases too.
    pub exchanges: bool,
}

/// A target as it will be run: name, profile, whether it is on this machine, configurations.
pub type Place = (String, Profile, bool, Vec<Configuration>);

impl Setup {
    /// The embedded reference in every configuration.
    pub fn embedded() -> Setup {
        Setup {
            target: TargetArgs::default(),
            foreign: None,
            jobs: None,
            fail_fast: false,
            keep: false,
            seed: None,
            level: Level::Should,
            opt_in: OptIn::default(),
            exchanges: false,
        }
    }

    /// The configurations of the embedded reference that the arguments leave.
    fn configurations(&self) -> Result<Vec<Configuration>, Failure> {
        let args = &self.target;
        let format = args.wire.map(Format::from);
        let style = args.style.map(Style::from);
        let dialect = args.completed()?.dialect;
        let left: Vec<Configuration> = CONFIGURATIONS
            .into_iter()
            .filter(|c| {
                dialect.is_none_or(|d| d == c.dialect) && format.is_none_or(|f| f == c.format) && style.is_none_or(|s| s == c.style)
            })
            .collect();
        if left.is_empty() {
            let all: Vec<String> = CONFIGURATIONS.iter().map(Configuration::to_string).collect();
            return Err(Failure::usage(format!("the embedded reference has no such configuration; it has {}", all.join(", "))));
        }
        Ok(left)
    }

    /// The targets as they will be run, without starting anything.
    ///
    /// # Errors
    /// When the arguments leave no configuration.
    pub fn places(&self) -> Result<Vec<Place>, Failure> {
        if let Some(target) = &self.foreign {
            return Ok(vec![(target.profile.name.clone(), target.profile.clone(), target.loopback(), target.configurations())]);
        }
        let all = self.configurations()?;
        let of = |dialect: DialectId| -> Vec<Configuration> { all.iter().copied().filter(|c| c.dialect == dialect).collect() };
        let place = |dialect| ("reference".to_owned(), profile(dialect), true, of(dialect));
        Ok(DialectId::ALL.into_iter().map(place).filter(|(.., configurations)| !configurations.is_empty()).collect())
    }
}

/// Runs the cases of a corpus and feeds the events to `stream`.
///
/// # Errors
/// When a run cannot be begun: nothing was reached, or the harness is broken.
pub fn run(setup: &Setup, corpus: &Corpus, stream: &mut Stream<'_>) -> Result<(), Failure> {
    let seed = setup.seed.unwrap_or_else(fresh_seed);
    let broken = |why: std::io::Error| Failure::broken(format!("cannot start the embedded reference: {why}"));
    let (targets, _embedded) = match &setup.foreign {
        Some(target) => {
            let configurations = target.configurations();
            (vec![TargetRun { target: target.clone(), configurations, state: None }], None)
        }
        None => {
            let embedded = Embedded::start(&setup.configurations()?, seed).map_err(broken)?;
            (embedded.targets.clone(), Some(embedded))
        }
    };
    let options = Options {
        run: run_part(seed),
        seed,
        jobs: setup.jobs,
        level: setup.level,
        keep: setup.keep,
        exchanges: setup.exchanges,
        cached_capabilities: false,
        opt_in: setup.opt_in,
        certificates: Arc::new(Certificates),
        repeat: repeat(setup),
        suite: corpus.digest.clone(),
    };
    let cases: Vec<&Case> = corpus.cases.iter().collect();
    let result = run::run(&targets, &cases, &options, &mut |event| {
        stream.event(event);
        !(setup.fail_fast && stream.has_failed())
    });
    match result {
        Ok(()) => Ok(()),
        Err(why @ (RunError::Unreached { .. } | RunError::Pass(_) | RunError::Client { .. } | RunError::State { .. })) => {
            Err(Failure::broken(why.to_string()))
        }
    }
}

/// The command that repeats a case of this run, up to the case's id.
fn repeat(setup: &Setup) -> String {
    let args = &setup.target;
    let mut words = vec!["iamspec".to_owned(), "run".to_owned()];
    let mut flag = |name: &str, value: Option<String>| words.extend(value.into_iter().flat_map(|v| [name.to_owned(), v]));
    let completed = args.completed().unwrap_or_default();
    flag("--target", completed.target);
    flag("--endpoint", completed.endpoint);
    flag("--dialect", completed.dialect.map(|d| d.to_string()));
    flag("--region", args.region.clone());
    flag("--service", args.service.clone());
    flag("--ca", args.ca.clone());
    if args.insecure {
        words.push("--insecure".into());
    }
    words.join(" ")
}
