//! The fuzzer: programs made from bytes, oracles that look at what a target answers to them, and findings.
//!
//! ```text
//! bytes ─decode→ Case (a program) ─Executor→ Ran { firings, calls, coverage } ─triage→ case file
//! ```
//!
//! A *program* is a [`Case`](crate::case::Case) whose steps expect nothing: [`mod@program`]. One total decoder makes it from any bytes
//! ([`decode()`]), so that seeded random numbers, corpus files and libFuzzer drive the same thing. An [`Executor`] runs a program against
//! a target and says what the oracles saw; a *firing* is one departure, its *fingerprint* is what stays of it when it is seen again under
//! other names.
//!
//! Programs, decoder and the model that answers in lock step need no network; what drives a target is behind feature `net`.

#[cfg(feature = "net")]
pub mod bench;
#[cfg(feature = "net")]
pub mod campaign;
pub mod classes;
pub mod compare;
pub mod decode;
pub mod executor;
pub mod finding;
#[cfg(feature = "net")]
pub mod live;
pub mod model;
pub mod oracle;
#[cfg(feature = "net")]
pub mod place;
#[cfg(feature = "net")]
pub mod power;
pub mod program;
pub mod reads;
#[cfg(feature = "net")]
pub mod seeds;
pub mod shrink;
pub mod targets;
pub mod triage;
pub mod wire;

pub use decode::{Ground, program as decode};
pub use executor::{Coverage, Executor, Focus, Ran, Stop};
pub use finding::{Evidence, Fingerprint, Firing};
pub use oracle::{OracleId, Oracles};
