//! Conformance test suite and fuzzing harness for IAM-compatible identity APIs.
//!
//! ```text
//! cases/*.toml ─parse→ Case ─bind names, plan→ Call ─dialect.encode→ HTTP request ─sign→ target
//!                                                                                    │
//! report ←─events─ Verdict ←─expectations + shape + snapshot ←─ Outcome ←─dialect.decode─ HTTP response
//! ```
//!
//! The core ([`api`], [`dialect`], [`case`], [`reference`](mod@reference), [`verdict`]) does no I/O and compiles without default
//! features; feature `net` adds transport and runner, `cli` the command, `harness` a libtest-mimic trial for each case.

#![warn(missing_docs)]

pub mod api;
pub mod auth;
pub mod baseline;
pub mod case;
#[cfg(feature = "net")]
pub mod certs;
#[cfg(feature = "cli")]
pub mod cli;
pub mod coverage;
pub mod dialect;
pub mod fuzz;
#[cfg(feature = "harness")]
pub mod harness;
#[cfg(feature = "net")]
pub mod launch;
pub mod plan;
pub mod reference;
pub mod report;
#[cfg(feature = "net")]
pub mod runner;
pub mod snapshot;
#[cfg(feature = "net")]
pub mod strength;
pub mod target;
pub mod verdict;
