//! JSON answers in the form of the EIM reference: members at the top level beside ResponseMetadata. A strict reader for the client, a
//! writer for the server.

mod error;
mod read;
mod write;

pub(super) use read::read;
pub(super) use write::write;

/// The one Action whose members stand in a Result layer.
const LAYERED: &str = "ListUserPolicies";

#[cfg(test)]
mod tests;
