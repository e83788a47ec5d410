//! XML answers: a strict reader for the client, a writer for the server.

mod read;
mod tree;
mod write;

pub(super) use read::{Metadata, Namespace, read};
pub(super) use write::{Layout, write};

#[cfg(test)]
mod tests;
