//! Wire fuzzing: requests that are wrong as bytes rather than as calls, and what a server must make of them.
//!
//! ```text
//! bytes ─decode→ Malformed (a legal call, and twists) ─write→ Written { bytes, … } ─send→ Seen ─judge→ departure
//! ```
//!
//! A server answers what it cannot take with 4xx in a well-formed error, or closes the connection; it may also take it for the legal call
//! that it nearly is. It does not answer 5xx, hang, write something that cannot be read, or die. [`decode()`] is total, [`write()`] and
//! [`judge()`] are pure; what sends is behind feature `net`.

#[cfg(feature = "net")]
pub mod attach;
pub mod case;
pub mod decode;
#[cfg(feature = "net")]
pub mod drive;
pub mod judge;
pub mod kept;
pub mod poison;
#[cfg(feature = "net")]
mod remains;
#[cfg(feature = "net")]
pub mod restart;
pub mod shrink;
pub mod twist;
pub mod write;

pub use decode::decode;
pub use judge::{Departure, Seen, judge};
pub use twist::{Base, Malformed, Proof, Twist};
pub use write::{Written, write};
