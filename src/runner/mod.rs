//! Executes a plan: steps, journal and cleanup. Emits events and prints nothing.

pub mod cleanup;
pub mod journal;
pub mod ledger;
pub mod redact;
pub mod state;
pub mod sweep;
