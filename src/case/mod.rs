//! Case files: format, diagnostics, variables, matchers and the embedded corpus.

pub mod generate;
mod list;
pub mod matcher;
pub mod model;
pub mod owned;
pub mod path;
pub mod suggest;
pub mod template;
pub mod vars;

pub use generate::{CertSource, NoCertificates};
pub use matcher::{Difference, check};
pub use model::{Alternative, Case, Check, Expect, Node, Pages, Raw, Row, Step, Tamper};
pub use owned::filter_owned;
pub use path::lookup;
pub use vars::{Limits, RenderError, Scope, Setting};
