//! What answers look like on the wire: one of each kind that an Action gives, as `wire.toml` says which case shows it.

pub mod answer;
mod file;
mod index;
mod tree;

pub use answer::Answer;
pub use file::Answers;
pub use index::{Wanted, index};
