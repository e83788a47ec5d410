//! From the text of a case file to cases, or to every mistake in it.
//!
//! The parser walks `toml`'s dynamic tree, in which keys and values know their place, rather than deriving `Deserialize`: it must not
//! stop at the first mistake, and most of what can be wrong is wrong against the API model rather than in type.

mod expect;
mod file;
mod node;
mod reader;
mod step;
mod uses;
mod wire;

pub use file::parse;
