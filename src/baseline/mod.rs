//! Known failures of one target: `targets/<name>/baseline.toml`.

pub mod file;
pub mod find;
pub mod judge;
mod parse;
#[cfg(feature = "cli")]
pub mod write;

pub use file::{Baseline, Judged, UNREVIEWED};
pub use judge::Judge;
