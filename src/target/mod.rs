//! Targets: profiles (pure), credentials and transport.

pub mod profile;

pub use profile::Profile;
