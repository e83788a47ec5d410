//! Free checks of the shape of a successful answer: what must hold of every result, whatever the case asks. They never fail a case.

mod check;
mod escapes;
mod patterns;
mod relations;

pub use check::check;
pub use escapes::escapes;
pub use patterns::{Patterns, check_request_id};
pub use relations::promises_order;

#[cfg(test)]
mod tests;
