//! XML answers: a strict reader for the client, a writer for the server.

mod read;
mod tree;
mod write;

pub(super) use read::read;
pub(super) use write::write;

#[cfg(test)]
mod tests;
