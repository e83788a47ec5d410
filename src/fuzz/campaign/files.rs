//! What a run keeps on disk: its state, its events, the programs that showed something, and the corpus.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::{CampaignError, Found, Options, Tally};
use crate::case::Case;
use crate::case::write;
use crate::report::event::{Event, FindingRecord, Line, VERSION};

/// File with the state of a run, by which it goes on.
const STATE: &str = "state.json";

/// File with its events.
const EVENTS: &str = "events.ndjson";

/// Largest program of a corpus that is read, in bytes.
const LARGEST: u64 = 64 << 10;

/// The folders of a run.
#[derive(Clone, Debug)]
pub struct Files {
    out: Option<PathBuf>,
    corpus: Option<PathBuf>,
}

impl Files {
    /// Makes the folders that are asked for.
    ///
    /// # Errors
    /// When one cannot be made.
    pub fn open(options: &Options) -> Result<Files, CampaignError> {
        for dir in [&options.out, &options.corpus].into_iter().flatten() {
            fs::create_dir_all(dir).map_err(|e| CampaignError::Usage(format!("cannot make the folder {}: {e}", dir.display())))?;
        }
        Ok(Files { out: options.out.clone(), corpus: options.corpus.clone() })
    }

    /// Where an earlier run with this seed on this target stopped; none: there was none.
    ///
    /// # Errors
    /// When the folder belongs to another run, or its state cannot be read.
    pub fn resume(&self, seed: u64, target: &str, configurations: &[String]) -> Result<Option<Tally>, CampaignError> {
        let Some(path) = self.out.as_ref().map(|out| out.join(STATE)) else { return Ok(None) };
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(e) => return Err(CampaignError::Usage(format!("cannot read the state of the run in {}: {e}", path.display()))),
        };
        let tally: Tally = serde_json::from_str(&text)
            .map_err(|e| CampaignError::Usage(format!("{} is not the state of a fuzz run: {e}; name another --out", path.display())))?;
        if tally.seed == seed && tally.target == target && tally.configurations == configurations {
            return Ok(Some(Tally { stopped: None, ..tally }));
        }
        Err(CampaignError::Usage(format!(
            "{} belongs to a run with seed {} on {} ({}); go on with that seed and target, or name another --out",
            path.display(),
            tally.seed,
            tally.target,
            tally.configurations.join(", ")
        )))
    }

    /// The seed of an earlier run there, to go on with.
    pub fn seed(out: &Path) -> Option<u64> {
        let tally: Tally = serde_json::from_str(&fs::read_to_string(out.join(STATE)).ok()?).ok()?;
        Some(tally.seed)
    }

    /// Programs of the corpus, in the order of their names.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub fn programs(&self) -> Result<Vec<Vec<u8>>, CampaignError> {
        let Some(dir) = &self.corpus else { return Ok(Vec::new()) };
        let failed = |e: io::Error| CampaignError::Usage(format!("cannot read the corpus {}: {e}", dir.display()));
        let mut files: Vec<PathBuf> = Vec::new();
        for entry in fs::read_dir(dir).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            if entry.metadata().is_ok_and(|m| m.is_file() && m.len() <= LARGEST) {
                files.push(entry.path());
            }
        }
        files.sort();
        files.iter().map(|path| fs::read(path).map_err(failed)).collect()
    }

    /// Keeps a program that reached something new.
    pub fn keep(&self, bytes: &[u8]) -> io::Result<()> {
        let Some(dir) = &self.corpus else { return Ok(()) };
        let digest: String = Sha256::digest(bytes).iter().take(10).map(|b| format!("{b:02x}")).collect();
        fs::write(dir.join(digest), bytes)
    }

    /// Writes the state, so that nothing of it is lost when the process ends at any moment.
    pub fn store(&self, tally: &Tally) -> io::Result<()> {
        let Some(out) = &self.out else { return Ok(()) };
        let new = out.join("state.json.new");
        fs::write(&new, serde_json::to_string(tally)?)?;
        fs::rename(new, out.join(STATE))
    }

    /// Writes what was found and the program that shows it, for people and as the bytes that it was made from.
    pub fn found(&self, number: usize, found: &Found, program: &Case, bytes: &[u8]) -> io::Result<()> {
        let Some(out) = &self.out else { return Ok(()) };
        fs::create_dir_all(out.join("programs"))?;
        fs::write(out.join("programs").join(format!("{number:04}.bytes")), bytes)?;
        let name = format!("{number:04}.toml");
        fs::write(out.join("programs").join(&name), write::text(&[program]))?;
        let mut event = serde_json::to_value(found)?;
        if let Value::Object(members) = &mut event {
            members.insert("file".into(), json!(format!("programs/{name}")));
        }
        self.event("found", &event)
    }

    /// The bytes of the program that showed finding `number` first, from 1.
    pub fn program(&self, number: usize) -> io::Result<Vec<u8>> {
        let out = self.out.as_ref().ok_or(io::ErrorKind::NotFound)?;
        fs::read(out.join("programs").join(format!("{number:04}.bytes")))
    }

    /// Adds what came of looking for a finding again: the same line as in the stream of a run.
    pub fn settled(&self, record: &FindingRecord) -> io::Result<()> {
        let event = Event::Finding(Box::new(record.clone()));
        self.line(&serde_json::to_string(&Line { v: VERSION, event })?)
    }

    /// Adds an event to the stream.
    pub fn event<T: Serialize>(&self, name: &str, what: &T) -> io::Result<()> {
        self.line(&json!({ "event": name, "data": what }).to_string())
    }

    fn line(&self, line: &str) -> io::Result<()> {
        let Some(out) = &self.out else { return Ok(()) };
        let mut file = fs::OpenOptions::new().create(true).append(true).open(out.join(EVENTS))?;
        writeln!(file, "{line}")
    }
}
