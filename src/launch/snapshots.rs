//! Which snapshots a run has to do with, and what happens to them when it is over.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::{LaunchError, variable};
use crate::report::text::count;
use crate::snapshot::{Mode, Settled, Snapshots, folder, index};

/// Where the snapshots of a checkout lie.
const OWN: &str = "snapshots";

/// What was asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Choice {
    /// What to do with snapshots; none: check where there are some that belong to the target.
    pub mode: Option<Wish>,
    /// Folder of snapshots of one's own; none: those of the reference.
    pub dir: Option<PathBuf>,
}

/// `--snapshots`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wish {
    /// Hold answers against them.
    Check,
    /// Let them be what is answered.
    Update,
    /// Have nothing to do with them.
    Off,
}

/// The snapshots of a run, and the folder where changes go.
#[derive(Clone, Debug)]
pub struct Book {
    /// The snapshots.
    pub snapshots: Arc<Snapshots>,
    /// None: built in, and no checkout here.
    dir: Option<PathBuf>,
}

impl Choice {
    /// Opens the snapshots; none: the run has nothing to do with any. `embedded`: it is on the reference; `own_cases`: with cases that
    /// somebody named a folder for, of which nothing is blessed.
    ///
    /// # Errors
    /// When the folder cannot be read, or nothing says which one to update.
    pub fn open(&self, embedded: bool, own_cases: bool) -> Result<Option<Book>, LaunchError> {
        let usual = if self.dir.is_some() || (embedded && !own_cases) { Wish::Check } else { Wish::Off };
        let mode = match self.mode.unwrap_or(usual) {
            Wish::Off => return Ok(None),
            Wish::Check => Mode::Check,
            Wish::Update => Mode::Update,
        };
        let checkout = || Path::new("cases").is_dir() && Path::new(OWN).is_dir();
        let dir = match &self.dir {
            Some(dir) => Some(dir.clone()),
            None if embedded && checkout() => Some(PathBuf::from(OWN)),
            None => None,
        };
        let name = self.dir.as_ref().map_or(OWN.to_owned(), |dir| dir.display().to_string());
        let failed = |text: String| Err(LaunchError::Snapshots(text));
        let blessed = match &dir {
            _ if mode == Mode::Check && self.dir.is_none() => folder::embedded(),
            Some(dir) if mode == Mode::Check && !dir.is_dir() => {
                return failed(format!("there is no folder {}: make one with --snapshots update --snapshot-dir {0}", dir.display()));
            }
            Some(dir) => match folder::read(dir) {
                Ok(blessed) => blessed,
                Err(why) => return failed(format!("cannot read the snapshots in {}: {why}", dir.display())),
            },
            None if embedded => {
                return failed("--snapshots update writes into a checkout of iamspec, and here is none: name a --snapshot-dir".to_owned());
            }
            None => {
                return failed("--snapshots update would bless this target's answers as the reference's: name a --snapshot-dir".to_owned());
            }
        };
        Ok(Some(Book { snapshots: Arc::new(Snapshots::new(mode, &name, blessed, index())), dir }))
    }
}

impl Book {
    /// Snapshots that belong to nothing, a line each, once a run is over in which every case was run in every configuration of the
    /// reference. An update removes them.
    pub fn orphans(&self) -> Vec<String> {
        match self.snapshots.mode() {
            Mode::Check => self.snapshots.settle(true).orphans,
            Mode::Update => Vec::new(),
        }
    }

    /// Writes what changed, or offers it for review, once a run is over; `whole`: as for [`Book::orphans`]. What was done, in a line;
    /// none: nothing.
    ///
    /// # Errors
    /// When a file cannot be written.
    pub fn close(&self, whole: bool) -> io::Result<Option<String>> {
        let Settled { changes, met, .. } = self.snapshots.settle(whole);
        let Some(dir) = &self.dir else { return Ok(None) };
        if self.snapshots.mode() == Mode::Update {
            folder::offer(dir, &[], met.iter())?;
            folder::write(dir, &changes)?;
            let gone = changes.iter().filter(|change| change.text.is_none()).count();
            return Ok(Some(format!("{}: {} written, {gone} removed", dir.display(), count(changes.len() - gone, "snapshot"))));
        }
        // As insta does it: who reviews is not there.
        if variable("CI").is_some() {
            return Ok(None);
        }
        folder::offer(dir, &changes, met.iter())?;
        let offered = changes.iter().filter(|change| change.text.is_some()).count();
        Ok((offered > 0).then(|| format!("{}: {} for review (*.snap.new): {}", dir.display(), count(offered, "snapshot"), how(dir))))
    }
}

/// What to do with what waits for review in a folder. cargo insta finds it below the packages of a Cargo project and nowhere else.
fn how(dir: &Path) -> String {
    let found = dir.canonicalize().is_ok_and(|dir| dir.ancestors().any(|above| above.join("Cargo.toml").is_file()));
    let look = if found { "look at it with `cargo insta review`" } else { "hold each against the .snap beside it" };
    let of_ones_own = if dir == Path::new(OWN) { String::new() } else { format!(" --snapshot-dir {}", dir.display()) };
    format!("{look}, or accept what is answered with --snapshots update{of_ones_own}")
}
