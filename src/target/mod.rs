//! Targets: profiles (pure), credentials and transport.

pub mod credentials;
pub mod profile;
#[cfg(feature = "net")]
pub mod tamper;

pub use credentials::Credentials;
pub use profile::Profile;
