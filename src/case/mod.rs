//! Case files: format, diagnostics, variables, matchers and the embedded corpus.

pub mod model;

pub use model::{Alternative, Case, Check, Expect, Node, Pages, Raw, Row, Step, Tamper};
