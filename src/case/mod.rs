//! Case files: format, diagnostics, variables, matchers and the embedded corpus.
//!
//! # The format
//!
//! A case file is TOML 1.1 and lies in `cases/<family>/<Action>.toml`; in `auth`, `protocol` and `workflows` it may have any name.
//! [`keys`] has every key with a line on each, `cases/case.schema.json` the same for editors.
//!
//! ```toml
//! action = "DeleteUser"                             # as the file's name says
//!
//! [[case]]
//! id = "attached-policy-blocks"                     # users/DeleteUser/attached-policy-blocks
//! title = "A user with an attached policy cannot be deleted"
//! requirement = "delete-user.no-attached-policy"    # or a list; a mismatch is charged to the first
//! requires = ["paths"]                              # capabilities, see target::profile::CAPABILITIES
//!
//! [[case.step]]                                     # a step without `expect` must succeed
//! call = "CreatePolicy"
//! with = { PolicyName = "${policy}", PolicyDocument = "${doc.allow-list-users}", Path = "${path}" }
//! save = { arn = "Policy.Arn" }
//!
//! [[case.step]]
//! call = "GetPolicy"
//! with = { PolicyArn = "${arn}" }
//! expect = { result = { Policy = { PolicyName = "${policy}", PolicyId = { matches = "ANPA.*" }, AttachmentCount = 0 } } }
//! on.eim = { expect = { status = 200 }, source = "EIM API reference, GetPolicy" }
//! ```
//!
//! **Parameters** (`with`): a list becomes `Tags.member.1` …, a table in it `.Key`; a key with dots is sent as it stands; an empty
//! list is `Tags=`; `{ absent = true }` leaves a parameter out, which is for rows and for `on`.
//!
//! **Rows** (`[[case.row]]`): the steps run once per row. A row has variables, or what its last step has otherwise, or both:
//!
//! ```toml
//! row = [
//!   { id = "missing", with = { UserName = { absent = true } }, requirement = "parameters.required" },
//!   { id = "longest", with = { UserName = "${name:128}" }, expect = { outcome = "understood" } },
//! ]
//! ```
//!
//! `with` joins or replaces parameters of the last step, `expect` replaces its expectation; both come before what `on` says.
//! `requirement` is what the row's mismatches are charged to.
//!
//! **Expectations**: `status` and `error` are one or several; a missing `status` is the one that belongs to success or to the code;
//! `error = "*"` takes any code; `outcome = "any"` takes anything, `outcome = "understood"` what is not refused for its form: success, or any
//! error but an undeclared one of status 400 or of the server. In `result`, and for `message` and `headers`, a value must be equal,
//! a list holds exactly these items in any order, a table at least these members. A table with words in lower case is a matcher:
//!
//! | matcher | holds |
//! |---|---|
//! | `equals` `not` `one-of` `matches` | compare a value that is there; `matches` the whole text |
//! | `present` `absent` `absent-or-empty` | with `true` |
//! | `optional` | absent, or as its value says |
//! | `same-json` `same-pem` | the same meaning in other bytes |
//! | `count` `sorted` `items` `ordered` `includes` `excludes` | lists |
//!
//! Several matchers in one table must all hold. `requirement` beside them says what this value shows, where that is not what the
//! expectation is about: `UserId = { equals = "${id}", requirement = "update-user.keeps-id" }`. Account-wide lists (users, groups, policies, server certificates) are cut down to what
//! the case made before they are compared. A step with `pages` has all items in its result, and in `Pages` the list of the single
//! pages as they came.
//!
//! **Variables** stand in every string but `id`, `title`, paths of `save` and the like:
//!
//! | expression | value |
//! |---|---|
//! | `${user}` `${group}` `${policy}` `${inline}` `${certificate}` `${name}` | a fresh name of at most 40 characters; `${user2}` and `${user-b}` are others. They sort by what stands in the braces |
//! | `${name:64}` | a fresh name of exactly 64 characters (any role) |
//! | `${path}` `${path:512}` | a path of this case: `/iamspec/<…>/` |
//! | `${text:16385}` `${digits:12}` `${blanks:100}` | letters, digits, blanks |
//! | `${upper:X}` `${lower:X}` `${swapcase:X}` `${prefix:X:5}` | of another expression, without its braces |
//! | `${limit.NAME}` `${limit.NAME+1}` | a limit of the target; a case that needs an unknown one does not run |
//! | `${doc.NAME}` `${doc:6144}` | a policy document of `documents.toml`; a valid one of that many characters, white space not counted |
//! | `${cert.NAME}` | a test certificate, chain or key in PEM form: [`generate::CERTIFICATES`] |
//! | `${arn.policy:NAME}` | ARN of a user, group, policy or server-certificate that need not exist; a fresh name stands for itself |
//! | `${account}` `${region}` `${second-namespace}` | of the target |
//! | `${i}` | number of the repetition, from 1, in a step with `repeat` |
//! | `${row.NAME}` | of the row; its `requirement` is no variable but what its mismatches are charged to |
//! | `${arn}` `${key.AccessKeyId}` | saved by an earlier step, and what is in it |
//!
//! A count may be a limit too: `${doc:limit.policy-size+1}`. `$${` is a literal `${`. A string that is one expression and nothing else
//! keeps its value's type. In `matches`, what a variable holds is matched literally.
//!
//! What can be wrong in a file is said before anything is sent, with the place and what was probably meant: [`parse()`].

#[cfg(feature = "net")]
pub(crate) mod bind;
pub mod corpus;
pub mod diagnostic;
mod expression;
pub mod filter;
pub mod generate;
pub mod keys;
mod list;
pub mod matcher;
pub mod model;
pub mod owned;
mod parse;
pub mod path;
mod places;
pub mod schema;
pub mod suggest;
pub mod template;
mod texts;
pub mod vars;
pub mod write;

pub use corpus::{Corpus, CorpusError};
pub use diagnostic::{Diagnostic, Diagnostics};
pub use filter::{Filter, NoMatch};
pub use generate::{CertSource, NoCertificates};
pub use matcher::{Difference, check};
pub use model::{Alternative, Case, Check, Expect, Node, Pages, Raw, Row, Step, Tamper};
pub use owned::{about_the_whole, filter_owned, keep_owned};
pub use parse::parse;
pub use path::lookup;
pub use vars::{Limits, RenderError, Scope, Setting};
