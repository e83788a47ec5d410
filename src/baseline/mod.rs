//! Known failures of one target: `targets/<name>/baseline.toml`.

pub mod file;
pub mod judge;
#[cfg(feature = "cli")]
pub mod write;

pub use file::{Baseline, UNREVIEWED};
pub use judge::Judge;
