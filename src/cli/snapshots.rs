//! `--snapshots` and `--snapshot-dir`.

use std::path::PathBuf;

use clap::ValueEnum;

use crate::launch::{Choice, Wish};

/// Flags.
#[derive(clap::Args, Clone, Debug, Default)]
#[command(next_help_heading = "Snapshots")]
pub struct SnapshotArgs {
    /// Hold answers against snapshots, or bless them [default: check on the embedded reference and with --snapshot-dir, else off]
    #[arg(long, value_name = "WHAT")]
    snapshots: Option<What>,
    /// Snapshots of your own target instead of the reference's
    #[arg(long, value_name = "DIR")]
    snapshot_dir: Option<PathBuf>,
}

/// `--snapshots`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum What {
    /// A difference fails the run
    Check,
    /// What passing cases are answered becomes the snapshot
    Update,
    /// No snapshots
    Off,
}

impl SnapshotArgs {
    /// What they ask for.
    pub fn choice(&self) -> Choice {
        let wish = |what| match what {
            What::Check => Wish::Check,
            What::Update => Wish::Update,
            What::Off => Wish::Off,
        };
        Choice { mode: self.snapshots.map(wish), dir: self.snapshot_dir.clone() }
    }
}
