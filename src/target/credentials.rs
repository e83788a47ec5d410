//! Credentials of a target.

pub use crate::auth::Credentials;
