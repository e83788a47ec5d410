//! Known failures of one target: `targets/<name>/baseline.toml`.

pub mod file;
#[cfg(feature = "net")]
pub mod find;
pub mod gate;
pub mod judge;
mod parse;
pub mod pin;
#[cfg(feature = "cli")]
pub mod write;

pub use file::{Baseline, Judged, KnownFinding, UNREVIEWED};
pub use judge::Judge;
pub use pin::Pin;
