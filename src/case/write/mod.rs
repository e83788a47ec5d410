//! Cases as text: the way back from [`Case`](super::Case) to the format that [`parse`](super::parse()) reads.
//!
//! What is written looks as if by hand: a line a key where it fits, strings in the quotes that need no escapes, nothing said that is the
//! default. Order is kept wherever it means something. [`text`] always gives text; whether it says everything is what [`checked`] knows,
//! because not every [`Case`](super::Case) that a program can build has a form: a floating-point number has none.

mod file;
mod layout;
mod node;
#[cfg(test)]
mod tests;
mod toml;

pub use file::{Unwritable, checked, file_path, text};
pub use toml::quoted;
