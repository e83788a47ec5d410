//! Programs against the reference in this process: a new account for each, so that no program sees what another has left.

use std::rc::Rc;
use std::sync::Arc;

use tokio::runtime::Runtime;

use super::executor::{Executor, Focus, Ran, Stop};
use super::live::{Live, Place};
use super::oracle::Oracles;
use super::place;
use crate::case::{Case, CertSource};
use crate::dialect::Configuration;
use crate::reference::Faults;
use crate::runner::in_process::{self, Folder};
use crate::target::Target;

/// Ids and secrets are the same in every run: what differs between two is the fault.
const SEED: u64 = 1;

/// Runs programs in one configuration, for as long as a thread likes.
pub struct Bench {
    /// What programs are made of, and how they are run.
    pub place: Place,
    target: Target,
    folder: Folder,
    runtime: Rc<Runtime>,
    faults: Faults,
}

impl Bench {
    /// A bench for a configuration, with a sound reference.
    ///
    /// # Errors
    /// When the reference cannot be a target there.
    pub fn new(
        configuration: Configuration,
        run: &str,
        certificates: Arc<dyn CertSource>,
        oracles: Oracles,
        runtime: Rc<Runtime>,
    ) -> Result<Bench, String> {
        let target = in_process::target(configuration.dialect)?;
        let place = place::embedded(configuration, &target, run, certificates, oracles);
        let folder = Folder::new().map_err(|why| format!("no folder for login tokens can be made: {why}"))?;
        Ok(Bench { place, target, folder, runtime, faults: Faults::default() })
    }

    /// From now on the reference has these faults.
    pub fn breaking(&mut self, faults: Faults) {
        self.faults = faults;
    }

    /// Runs a program and waits for it.
    ///
    /// # Errors
    /// As [`Executor::run`].
    pub fn wait(&mut self, program: &Case, focus: Focus) -> Result<Ran, Stop> {
        let runtime = Rc::clone(&self.runtime);
        runtime.block_on(self.run(program, focus))
    }
}

impl Executor for Bench {
    async fn run(&mut self, program: &Case, focus: Focus) -> Result<Ran, Stop> {
        let dialect = self.place.configuration.dialect;
        let reference = in_process::reference(dialect, SEED, self.faults.clone());
        let reference = reference.ok_or_else(|| Stop::Broken(format!("the dialect {dialect} has no reference")))?;
        let session = in_process::session(&self.target, reference, &self.folder).map_err(Stop::Broken)?;
        let ran = Live { session: &session, place: &self.place }.run(program, focus).await;
        // What a faulty reference does not take back goes away with it.
        let _ = session.close().await;
        ran
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fuzz::campaign::Source;
    use crate::fuzz::decode::program;
    use crate::fuzz::oracle::OracleId;
    use crate::reference::faults::catalogue::faults;
    use crate::runner::embedded::{CONFIGURATIONS, Certificates};

    fn runtime() -> Rc<Runtime> {
        Rc::new(tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime"))
    }

    fn bench(configuration: Configuration, runtime: &Rc<Runtime>) -> Bench {
        Bench::new(configuration, "fuzz", Arc::new(Certificates), Oracles::default(), Rc::clone(runtime)).expect("a bench")
    }

    #[test]
    fn a_sound_reference_has_no_findings() {
        let runtime = runtime();
        for configuration in CONFIGURATIONS {
            let mut bench = bench(configuration, &runtime);
            for index in 0..60 {
                let case = program(&Source::new(1, Vec::new()).bytes(index), &bench.place.ground, &format!("1/{index}"));
                let ran = bench.wait(&case, Focus::All).expect("runs");
                let seen: Vec<String> = ran.firings.iter().map(|f| format!("{} {}", f.fingerprint, f.text)).collect();
                assert_eq!(seen, Vec::<String>::new(), "{configuration} program {index}");
            }
        }
    }

    #[test]
    fn a_fault_is_found_and_seen_again_by_its_oracle_alone() {
        let runtime = runtime();
        let mut bench = bench(CONFIGURATIONS[2], &runtime);
        for (id, oracle) in [
            ("requirement:create-user.name-unique", OracleId::Lockstep),
            ("requirement:wire.request-id", OracleId::Envelope),
            ("element-extra:GetUser.User", OracleId::Shape),
        ] {
            let fault = faults(crate::api::DialectId::Aws).into_iter().find(|f| f.id == id).expect("a fault");
            bench.breaking(fault.faults);
            let found = (0..4000).find_map(|index| {
                let case = program(&Source::new(3, Vec::new()).bytes(index), &bench.place.ground, &format!("3/{index}"));
                let ran = bench.wait(&case, Focus::All).expect("runs");
                let firing = ran.firings.into_iter().find(|f| f.fingerprint.oracle == oracle && f.probe.is_empty())?;
                Some((case, firing))
            });
            let (case, firing) = found.unwrap_or_else(|| panic!("{id} is not found"));
            let again = crate::fuzz::program::renamed(&case, "again");
            let ran = bench.wait(&again, Focus::On(oracle)).expect("runs");
            assert!(ran.firings.iter().any(|f| f.fingerprint == firing.fingerprint), "{id}: {}", firing.fingerprint);
        }
    }
}
