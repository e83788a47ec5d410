//! From a firing to a case file: whether it can be seen again, how little shows it, which rule it breaks, and what the reference answers
//! instead.
//!
//! ```text
//! Firing ─new?→ again under fresh names → shrunk → drafted as a case → named requirement → FILE.toml, which passes on the reference and
//!                                                                                          fails on the target
//! ```
//!
//! A firing is known by its [`Fingerprint`](super::Fingerprint); one that was seen before costs nothing. [`settle`] runs a new one three
//! times under fresh names and shrinks it; [`draft`] makes a case of it with what the reference answers as expectations, tries it on both
//! sides, and gives it up, with a reason, where the two do not differ as the file would say. [`Repeats`] knows what the suite fails for
//! already. [`Triage`] does all of it and writes the file.

mod again;
#[cfg(feature = "net")]
mod draft;
#[cfg(feature = "net")]
mod expect;
#[cfg(feature = "net")]
mod find;
mod id;
mod record;
#[cfg(feature = "net")]
mod repeats;
#[cfg(feature = "net")]
mod rule;
#[cfg(all(test, feature = "net"))]
mod tests;
#[cfg(feature = "net")]
mod trials;
#[cfg(feature = "net")]
mod words;

pub use again::{Settled, Stability, settle};
#[cfg(feature = "net")]
pub use draft::{Draft, Origin, draft};
#[cfg(feature = "net")]
pub use find::Triage;
pub use id::finding_id;
pub use record::{Recorded, recorded};
#[cfg(feature = "net")]
pub use repeats::Repeats;
#[cfg(feature = "net")]
pub use trials::{OnReference, OnTarget, Trials};
