//! Executes a plan: steps, journal and cleanup. Emits events and prints nothing.

pub mod cleanup;
pub mod compare;
pub mod journal;
pub mod ledger;
pub mod pages;
pub mod redact;
pub mod session;
pub mod state;
pub mod sweep;
pub mod trial;
