//! Seed corpora for the fuzz targets, made from the suite: its files, and what goes over the wire when its cases run on the reference.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::sync::Arc;

use super::targets::{answer, case_file, certificate, policy_document, program, query, signature};
use crate::api::{DialectId, model};
use crate::case::{Case, Corpus};
use crate::dialect::{Call, Configuration, Format, Outcome, Request, Response, Style, dialect};
use crate::plan::{Disposition, OptIn, Place, plan};
use crate::reference::{Answers, Faults, Ids};
use crate::runner::embedded::Certificates;
use crate::runner::in_process::{self, Folder};
use crate::runner::run::setting;
use crate::runner::trial::{self, Manners};
use crate::snapshot::index;

/// Longest seed in bytes: libFuzzer works best on short ones.
const LONGEST: usize = 6_000;

/// Seeds of programs.
const PROGRAMS: usize = 54;

/// The formats of each dialect, in the style that shows most of it.
const CONFIGURATIONS: [Configuration; 5] = [
    Configuration { dialect: DialectId::Aws, format: Format::Xml, style: Style::Form },
    Configuration { dialect: DialectId::Eim, format: Format::Xml, style: Style::Query },
    Configuration { dialect: DialectId::Eim, format: Format::Json, style: Style::Form },
    Configuration { dialect: DialectId::Ecs, format: Format::Xml, style: Style::Query },
    Configuration { dialect: DialectId::Ecs, format: Format::Json, style: Style::Sigv4 },
];

/// Seeds by the name of their target.
pub type Seeds = BTreeMap<&'static str, Vec<Vec<u8>>>;

/// Seeds as they come together: the first of each kind, and of each kind one.
#[derive(Default)]
struct Collection {
    seeds: Seeds,
    kinds: BTreeSet<(&'static str, String)>,
}

impl Collection {
    fn add(&mut self, target: &'static str, kind: &str, seed: Option<Vec<u8>>) {
        if let Some(seed) = seed.filter(|seed| seed.len() <= LONGEST)
            && self.kinds.insert((target, kind.to_owned()))
        {
            self.seeds.entry(target).or_default().push(seed);
        }
    }
}

/// The seeds of every target. Takes some seconds: some hundred cases are run, without a network.
///
/// # Errors
/// When the embedded suite or the reference cannot be used, which the unit tests would have found.
pub fn seeds() -> Result<Seeds, String> {
    let corpus = Corpus::embedded().map_err(|e| e.to_string())?;
    let mut seeds = Collection::default();
    for (path, text) in &corpus.files {
        for (i, seed) in cases_of(path.strip_prefix("cases/").unwrap_or(path), text).into_iter().enumerate() {
            seeds.add("case_file", &format!("{path} {i}"), Some(seed));
        }
    }
    let shown: BTreeSet<&str> = index().iter().map(|wanted| wanted.case.as_str()).collect();
    let telling = ["policy-document", "server-certificates/"];
    let documents = |case: &&Case| shown.contains(case.id.as_str()) || telling.iter().any(|part| case.id.contains(part));
    let wanted: Vec<&Case> = corpus.cases.iter().filter(documents).collect();
    for configuration in CONFIGURATIONS {
        for exchange in exchanges(&wanted, configuration)? {
            of_exchange(&mut seeds, configuration, &exchange);
        }
    }
    // A program has no way back to its bytes: some that are as long as a program needs.
    let mut numbers = Ids::new(1);
    for (i, dialect) in DialectId::ALL.into_iter().cycle().take(PROGRAMS).enumerate() {
        let bytes = std::iter::repeat_with(|| numbers.next_u64().to_le_bytes()).flatten().take(16 << (i / 9));
        seeds.add("program", &i.to_string(), Some(program::seed(dialect, bytes)));
    }
    Ok(seeds.seeds)
}

/// Each case of a file as a file of its own.
fn cases_of(path: &str, text: &str) -> Vec<Vec<u8>> {
    let mut pieces = text.split("[[case]]");
    let head = pieces.next().unwrap_or_default();
    pieces.map(|piece| case_file::seed(path, &format!("{head}[[case]]{piece}"))).collect()
}

/// A request and what the reference answered.
type Exchange = (Request, Response);

/// What goes over the wire when cases run, one of each kind.
fn exchanges(cases: &[&Case], configuration: Configuration) -> Result<Vec<Exchange>, String> {
    let target = in_process::target(configuration.dialect)?;
    let folder = Folder::new().map_err(|e| format!("no folder for login tokens can be made: {e}"))?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().map_err(|e| e.to_string())?;
    let manners = Manners {
        settings: vec![(configuration, Arc::new(setting(&target, "seeds".into(), Arc::new(Certificates))))],
        keep: false,
        records: false,
        exchanges: false,
        repeat: String::new(),
        snapshots: None,
    };
    let place = Place { profile: &target.profile, loopback: true, opt_in: OptIn::default(), missing: &BTreeMap::new() };
    let log = Rc::new(RefCell::new(Vec::new()));
    for trial in plan(cases, &place, &[configuration]) {
        if trial.disposition != Disposition::Run || trial.case.tags.iter().any(|tag| tag == crate::plan::QUOTA) {
            continue;
        }
        let inner = in_process::reference(configuration.dialect, 1, Faults::default()).ok_or("the dialect has no reference")?;
        let session = in_process::session(&target, Box::new(Recorder { inner, log: Rc::clone(&log) }), &folder)?;
        runtime.block_on(async {
            trial::run(&session, trial.case, configuration, &manners).await;
            // Nothing outlives this process.
            let _ = session.close().await;
        });
    }
    Ok(log.take())
}

struct Recorder {
    inner: Box<dyn Answers>,
    log: Rc<RefCell<Vec<Exchange>>>,
}

impl Answers for Recorder {
    fn answer(&mut self, request: &Request, now: i64) -> Option<Response> {
        let response = self.inner.answer(request, now);
        if let Some(response) = &response {
            self.log.borrow_mut().push((request.clone(), response.clone()));
        }
        response
    }
}

fn of_exchange(seeds: &mut Collection, configuration: Configuration, (request, response): &Exchange) {
    let id = configuration.dialect;
    let Some(spoken) = dialect(id) else { return };
    let call = spoken.decode_request(request).map_or(Call { action: None, version: None, params: Vec::new() }, |incoming| incoming.call);
    let reply = spoken.decode_response(call.action_name(), response, configuration.format);
    let outcome = match &reply.outcome {
        Ok(Outcome::Error(error)) => error.code.clone(),
        _ => "success".into(),
    };
    let kind = format!("{configuration} {} {} {outcome}", call.action_name(), response.status);
    let target = if configuration.format == Format::Json { "json_answer" } else { "xml_answer" };
    if model().action(call.action_name()).is_some() {
        seeds.add(target, &kind, answer::seed(id, call.action_name(), configuration.format, response));
    }
    let proven = ["authorization", "x-amz-date", "x-sds-auth-token"];
    let mut bare = request.clone();
    bare.headers.retain(|(name, _)| !proven.iter().any(|own| name.eq_ignore_ascii_case(own)));
    seeds.add("query_request", &kind, query::seed(id, &bare));
    if let Some(document) = call.param("PolicyDocument") {
        seeds.add("policy_document", document, policy_document::seed(id, call.action_name().starts_with("Put"), document));
    }
    if let (Some(body), Some(key)) = (call.param("CertificateBody"), call.param("PrivateKey")) {
        let chain = call.param("CertificateChain");
        let texts = format!("{body}{key}{}", chain.unwrap_or_default());
        seeds.add("certificate", &texts, certificate::seed(id, body, key, chain));
    }
    let changes = seeds.seeds.get("signature").map_or(0, Vec::len);
    let change = u8::try_from(changes % signature::CHANGES).unwrap_or_default();
    let signed = signature::seed(changes.is_multiple_of(2), change, &bare);
    seeds.add("signature", &format!("{} {}", call.action_name(), configuration.style.name()), Some(signed));
}
