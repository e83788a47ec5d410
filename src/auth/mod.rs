//! Authentication: the client signs, the reference verifies.
//!
//! The two halves share no code, so that they cannot share a bug: `sigv4` signs with the `aws-sigv4` crate, [`verify`] is written
//! from the specification of Signature Version 4. [`ecs_token`] is the client's half of Dell's login.

mod canonical;
mod claim;
pub mod credentials;
pub mod ecs_token;
pub mod proof;
mod redirect;
#[cfg(feature = "sign")]
pub mod sigv4;
pub mod verify;

pub use credentials::Credentials;
pub use proof::Proof;
