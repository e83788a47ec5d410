//! What runs a drafted case: a target in its session, and the reference in this process.

use std::sync::Arc;

use crate::case::{Case, CertSource, Scope, Setting};
use crate::dialect::Configuration;
use crate::reference::Faults;
use crate::runner::in_process::{self, Folder};
use crate::runner::run::setting;
use crate::runner::session::Session;
use crate::runner::trial::{self, Manners, TrialResult};
use crate::target::Target;

/// Runs cases on a target, each time under fresh names, and removes what they make.
pub trait Trials {
    /// Runs a case; an error says why nothing can be said about it.
    fn trial(&mut self, case: &Case) -> impl Future<Output = Result<TrialResult, String>>;
}

/// A target, in a session with it.
pub struct OnTarget<'s> {
    session: &'s Session,
    configuration: Configuration,
    manners: Manners,
    runs: usize,
}

fn manners(configuration: Configuration, setting: &Arc<Setting>) -> Manners {
    Manners {
        settings: vec![(configuration, Arc::clone(setting))],
        keep: false,
        records: true,
        exchanges: false,
        repeat: String::new(),
        snapshots: None,
    }
}

impl<'s> OnTarget<'s> {
    /// The target of a session. `run` is part of every name.
    pub fn new(session: &'s Session, configuration: Configuration, run: String, certificates: Arc<dyn CertSource>) -> OnTarget<'s> {
        let setting = Arc::new(setting(&session.target, run, certificates));
        OnTarget { session, configuration, manners: manners(configuration, &setting), runs: 0 }
    }
}

impl Trials for OnTarget<'_> {
    async fn trial(&mut self, case: &Case) -> Result<TrialResult, String> {
        self.runs += 1;
        // The id goes into the names.
        let named = Case { id: format!("{}-{}", case.id, self.runs), ..case.clone() };
        Ok(trial::run(self.session, &named, self.configuration, &self.manners).await)
    }
}

/// The reference, with a new account for each trial.
pub struct OnReference {
    target: Target,
    configuration: Configuration,
    setting: Arc<Setting>,
    manners: Manners,
    folder: Folder,
    faults: Faults,
}

/// Ids and secrets are the same in every trial.
const SEED: u64 = 1;

impl OnReference {
    /// The reference in a configuration.
    ///
    /// # Errors
    /// When the dialect has none, or no folder for login tokens can be made.
    pub fn new(configuration: Configuration, certificates: Arc<dyn CertSource>) -> Result<OnReference, String> {
        let target = in_process::target(configuration.dialect)?;
        let setting = Arc::new(setting(&target, "reference".into(), certificates));
        let folder = Folder::new().map_err(|why| format!("no folder for login tokens can be made: {why}"))?;
        let manners = manners(configuration, &setting);
        Ok(OnReference { target, configuration, setting, manners, folder, faults: Faults::default() })
    }

    /// The same, with something wrong with it.
    pub fn faulty(self, faults: Faults) -> OnReference {
        OnReference { faults, ..self }
    }

    /// Where it runs.
    pub fn configuration(&self) -> Configuration {
        self.configuration
    }

    /// The variables of a case as its trials have them.
    pub fn scope(&self, case: &Case) -> Scope {
        Scope::new(Arc::clone(&self.setting), &case.id, None)
    }

    /// Runs a case against a reference with these faults.
    ///
    /// # Errors
    /// When there is no such reference.
    pub async fn with(&self, case: &Case, faults: Faults) -> Result<TrialResult, String> {
        let dialect = self.configuration.dialect;
        let reference = in_process::reference(dialect, SEED, faults).ok_or_else(|| format!("the dialect {dialect} has no reference"))?;
        let session = in_process::session(&self.target, reference, &self.folder)?;
        let result = trial::run(&session, case, self.configuration, &self.manners).await;
        // Whatever is left goes away with the account.
        let _ = session.close().await;
        Ok(result)
    }
}

impl Trials for OnReference {
    async fn trial(&mut self, case: &Case) -> Result<TrialResult, String> {
        self.with(case, self.faults.clone()).await
    }
}
