//! JSON answers: a strict reader for the client, a writer for the server.

mod error;
mod read;
mod write;

pub(super) use read::read;
pub(super) use write::{Layout, write};

/// Where the members of a result and the parts of an error stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// As the EIM reference prints it: members beside ResponseMetadata, and of all Actions only ListUserPolicies has a Result layer.
    /// An error is the first of a list `Errors`.
    Flat,
    /// As Dell's reference prints it: members in a Result layer beside ResponseMetadata. An error is an object `Error` with the request
    /// id beside it.
    Layered,
}

impl Form {
    /// Whether the result of `action` has a layer of its own.
    fn has_layer(self, action: &str) -> bool {
        self == Form::Layered || action == "ListUserPolicies"
    }
}

#[cfg(test)]
mod tests;
