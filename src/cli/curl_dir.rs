//! `run --curl DIR`: a script of curl calls for every trial.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::PathBuf;

use crate::api::DialectId;
use crate::case::corpus::Corpus;
use crate::reference::Settings;
use crate::report::curl::{Scope, script};
use crate::report::event::{CaseRecord, Event};
use crate::report::view::View;
use crate::runner::embedded::profile;
use crate::target::Target;

/// Region and service of signatures for the embedded reference.
fn embedded(dialect: DialectId) -> (String, String) {
    let settings = Settings::new(dialect);
    (settings.region, settings.services.into_iter().next().unwrap_or_default())
}

/// What the scripts of a run have to know beside each record.
pub struct Scopes {
    foreign: Option<Target>,
    run: String,
    urls: BTreeMap<(String, DialectId), String>,
}

impl Scopes {
    /// For a run on that target; none: on the embedded reference.
    pub fn new(foreign: Option<&Target>) -> Scopes {
        Scopes { foreign: foreign.cloned(), run: String::new(), urls: BTreeMap::new() }
    }

    /// Learns endpoints and names from the start of a run.
    pub fn learn(&mut self, event: &Event) {
        if let Event::RunStarted(started) = event {
            self.run.clone_from(&started.run);
            self.urls = started.targets.iter().map(|t| ((t.name.clone(), t.dialect), t.endpoint.clone())).collect();
        }
    }

    /// What a record's script has to know.
    pub fn of(&self, record: &CaseRecord) -> Scope {
        let dialect = record.configuration.split('/').next().and_then(|d| d.parse().ok()).unwrap_or(DialectId::Aws);
        let (region, service) = match &self.foreign {
            Some(target) => {
                let scope = target.scope();
                (scope.region, scope.service)
            }
            None => embedded(dialect),
        };
        let profile = self.foreign.as_ref().map_or_else(|| profile(dialect), |target| target.profile.clone());
        let (namespace, headers, tls) = (profile.namespace, profile.headers.into_iter().collect(), profile.tls);
        let url = self.urls.get(&(record.target.clone(), dialect)).cloned().unwrap_or_default();
        Scope { url, region, service, namespace, headers, tls, run: self.run.clone() }
    }
}

/// Writes the scripts.
pub struct CurlDir<'a> {
    dir: PathBuf,
    corpus: &'a Corpus,
    scopes: Scopes,
}

impl<'a> CurlDir<'a> {
    /// Makes the folder.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn new(dir: PathBuf, corpus: &'a Corpus, scopes: Scopes) -> io::Result<Self> {
        fs::create_dir_all(&dir)?;
        Ok(CurlDir { dir, corpus, scopes })
    }
}

impl View for CurlDir<'_> {
    fn event(&mut self, event: &Event) -> io::Result<()> {
        self.scopes.learn(event);
        let Event::Case(record) = event else { return Ok(()) };
        let (Some(case), false) = (self.corpus.case(&record.case), record.steps.is_empty()) else { return Ok(()) };
        let name = format!("{}.{}.sh", record.case.replace('/', "."), record.configuration.replace('/', "-"));
        fs::write(self.dir.join(name), script(record, case, &self.scopes.of(record)))
    }
}
