//! Targets: profiles (pure), credentials and transport.

#[cfg(feature = "net")]
pub mod credentials;
#[cfg(feature = "net")]
pub mod load;
#[cfg(feature = "net")]
pub mod login;
pub mod parse;
pub mod profile;
#[cfg(feature = "net")]
pub mod resolve;
#[cfg(feature = "net")]
pub mod tamper;
#[cfg(feature = "net")]
pub mod transport;

pub use crate::auth::{Credentials, Proof};
pub use parse::Problem;
pub use profile::Profile;
#[cfg(feature = "net")]
pub use resolve::{Target, TargetArgs};
