//! One case against one reference, in this process: a new account each time, so that no case sees what another has left.

use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::sync::Arc;

use tokio::runtime::Runtime;

use crate::api::DialectId;
use crate::case::{Case, CertSource};
use crate::dialect::{Configuration, Request, Response};
use crate::reference::{Answers, Faults};
use crate::runner::in_process::{self, Folder};
use crate::runner::run::setting;
use crate::runner::trial::{self, Manners, TrialResult};
use crate::target::Target;

/// Runs trials in one configuration, for as long as a thread likes.
pub struct Bench {
    configuration: Configuration,
    target: Target,
    manners: Manners,
    runtime: Rc<Runtime>,
    folder: Folder,
}

/// A trial that was run.
pub struct Ran {
    /// What it came to.
    pub result: TrialResult,
    /// Calls sent, cleanup included.
    pub calls: usize,
}

/// A reference that fell over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Panicked(pub String);

impl Bench {
    /// A bench for a configuration.
    ///
    /// # Errors
    /// When the reference cannot be a target there.
    pub fn new(configuration: Configuration, certificates: Arc<dyn CertSource>, runtime: Rc<Runtime>) -> Result<Bench, String> {
        let target = in_process::target(configuration.dialect)?;
        let setting = setting(&target, "strength".into(), certificates);
        let manners = Manners {
            settings: vec![(configuration, Arc::new(setting))],
            keep: false,
            records: false,
            exchanges: false,
            repeat: String::new(),
            snapshots: None,
        };
        let folder = Folder::new().map_err(|why| format!("no folder for login tokens can be made: {why}"))?;
        Ok(Bench { configuration, target, manners, runtime, folder })
    }

    /// Runs a case against a reference with `faults`.
    ///
    /// # Errors
    /// When the reference panics: then nothing can be said about the case.
    pub fn run(&self, case: &Case, faults: &Faults) -> Result<Ran, Panicked> {
        let panic = Rc::new(RefCell::new(None));
        let reference = self.reference(faults, &panic).map_err(Panicked)?;
        let session = in_process::session(&self.target, Box::new(reference), &self.folder).map_err(Panicked)?;
        let (result, calls) = self.runtime.block_on(async {
            let result = trial::run(&session, case, self.configuration, &self.manners).await;
            let calls = session.calls.get();
            // What a faulty reference does not take back goes away with it.
            let _ = session.close().await;
            (result, calls)
        });
        match panic.take() {
            Some(why) => Err(Panicked(format!("{} in {}: the reference panicked: {why}", case.id, self.configuration))),
            None => Ok(Ran { result, calls }),
        }
    }

    fn reference(&self, faults: &Faults, panic: &Rc<RefCell<Option<String>>>) -> Result<Watched, String> {
        let dialect: DialectId = self.configuration.dialect;
        let inner = in_process::reference(dialect, SEED, faults.clone());
        let inner = inner.ok_or_else(|| format!("the dialect {dialect} has no reference"))?;
        Ok(Watched { inner, panic: Rc::clone(panic) })
    }
}

/// Ids and secrets are the same in every trial: what differs between two runs is the fault.
const SEED: u64 = 1;

/// A reference whose panics are noted.
struct Watched {
    inner: Box<dyn Answers>,
    panic: Rc<RefCell<Option<String>>>,
}

impl Answers for Watched {
    fn answer(&mut self, request: &Request, now: i64) -> Option<Response> {
        let inner = &mut self.inner;
        match catch_unwind(AssertUnwindSafe(|| inner.answer(request, now))) {
            Ok(response) => response,
            Err(why) => {
                let text = why.downcast_ref::<String>().cloned().or_else(|| why.downcast_ref::<&str>().map(|s| (*s).to_owned()));
                self.panic.replace(Some(text.unwrap_or_default()));
                None
            }
        }
    }
}
