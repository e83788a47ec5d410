//! Events and every view of them.

pub mod event;

pub use event::Event;
