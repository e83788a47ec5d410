//! The compatibility matrix: what stored runs say of the same cases, side by side.
//!
//! Rows are family → Action → requirement → case, columns the targets of the runs, cells counts by verdict. There is no score across
//! targets: they differ in what they set out to do.

mod badge;
pub mod changes;
mod counts;
mod csv;
mod evidence;
#[cfg(test)]
mod fixtures;
mod html;
mod index;
mod json;
mod markdown;
mod model;
mod output;
mod template;

pub use badge::badges;
pub use changes::{Change, Changed, Changes, changes};
pub use counts::{Counts, Mark, ORDER, departs, look};
pub use model::{Column, Entry, Matrix, MatrixError, Record, Row, RowKind};
pub use output::{Format, Output, render};
