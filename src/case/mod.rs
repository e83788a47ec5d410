//! Case files: format, diagnostics, variables, matchers and the embedded corpus.

pub mod corpus;
pub mod diagnostic;
pub mod filter;
pub mod generate;
pub mod keys;
mod list;
pub mod matcher;
pub mod model;
pub mod owned;
mod parse;
pub mod path;
pub mod suggest;
pub mod template;
pub mod vars;

pub use corpus::{Corpus, CorpusError};
pub use diagnostic::{Diagnostic, Diagnostics};
pub use filter::{Filter, NoMatch};
pub use generate::{CertSource, NoCertificates};
pub use matcher::{Difference, check};
pub use model::{Alternative, Case, Check, Expect, Node, Pages, Raw, Row, Step, Tamper};
pub use owned::filter_owned;
pub use parse::parse;
pub use path::lookup;
pub use vars::{Limits, RenderError, Scope, Setting};
