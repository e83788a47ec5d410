//! Makes a program that shows a departure as small as it gets while it still shows it.
//!
//! In this order, each with whatever is left of a budget of calls:
//! 1. what comes after the step that shows it is cut off;
//! 2. *slice*: steps that neither make what that step is about nor save what it reads are dropped, all at once: `flow.rs`;
//! 3. *chunks*: halves of the rest, then quarters, down to single steps (delta debugging after Zeller): `chunks.rs`;
//! 4. *arguments*: optional parameters, principals and oddities are dropped, values become the simplest of their kind, names are
//!    numbered anew: `arguments.rs`;
//!
//! and 3 and 4 again as long as something goes. If the budget suffices, the result is 1-minimal: no single step can be taken away (with
//! the steps that read what it saves), and none of those arguments can be simpler.
//!
//! Pure: what a candidate shows is asked of the caller, and the same answers give the same result. Nothing is asked twice.

mod arguments;
mod chunks;
mod flow;
mod search;
#[cfg(test)]
mod tests;

pub use flow::tidy;
pub use search::{Shrunk, Tried, shrink};
