//! Events and every view of them.
//!
//! A run is one stream of [`Event`]s. Each [`view::View`] shows all of it: nothing is in one report that another could not show.

#[cfg(feature = "net")]
pub mod curl;
pub mod event;
pub mod failure;
pub mod github;
pub mod json;
#[cfg(feature = "cli")]
pub mod junit;
#[cfg(feature = "cli")]
pub mod matrix;
pub mod ndjson;
#[cfg(feature = "cli")]
pub mod runs;
pub mod shards;
#[cfg(feature = "net")]
pub(crate) mod shell;
pub mod tally;
#[cfg(feature = "cli")]
pub mod terminal;
pub mod text;
pub mod view;

#[cfg(test)]
pub(crate) mod samples;

pub use event::Event;
pub use ndjson::{ReadError, read_run};
pub use tally::Tally;
pub use view::{Output, View};
