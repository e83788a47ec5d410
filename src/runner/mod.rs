//! Executes a plan: steps, journal and cleanup. Emits events and prints nothing.

pub mod capability;
pub mod checks;
pub mod cleanup;
pub mod compare;
pub mod embedded;
pub mod in_process;
pub mod journal;
pub mod ledger;
pub mod memory;
pub mod pages;
pub mod probe;
pub mod record;
pub mod redact;
pub mod repeat;
pub mod run;
pub mod session;
pub mod state;
pub mod sweep;
pub mod token;
pub mod token_file;
pub mod trial;
