//! Snapshots: what a case was answered, and what an Action's answers look like on the wire, kept in files that a person reviews.
//!
//! # A case
//!
//! `snapshots/cases/users/CreateUser/duplicate.snap` holds the canonical transcript of a case that passed, one for all configurations:
//!
//! ```text
//! on eim aws
//!
//! 1 CreateUser → 200
//!   User.Arn = "arn:<Account:1>:user/<user>"
//!   User.CreateDate = <Date:1>
//!   User.Path = "/"
//!   User.UserId = <UserId:1>
//!   User.UserName = <user>
//! 2 CreateUser → 409 EntityAlreadyExists
//! [aws] 3 ListUsers → 200
//!   [aws] IsTruncated = false
//! ```
//!
//! A line for each value of the result tree, in the order of paths. A step that was repeated is written once where it can be, with what
//! counts up as `1‥10`. In front of what not every dialect of the first line has stands
//! which ones do; configurations of a dialect (formats, request styles) answer the same, or are named one by one.
//!
//! Nothing in it depends on the run. What the target makes up is checked against the form that dialect or profile documents, then
//! replaced by a numbered reference: `<UserId:1>`, the same value always by the same one, so that identity over the steps is compared;
//! `<UserId:1?>` does not have the form. What the case generates stands by the name it has in the case file: `<user>`, `<path>`,
//! `<doc.allow-list-users>`, `<cert.leaf>`; it came back to the letter. Of an ARN, what stands in front of the account is left out.
//!
//! - A date belongs to a thing: `<Date:1>` is one element of one thing, so that two things made in the same second do not look alike
//!   by chance. The date of an update is compared with the creation date where a thing is made; later it is only `<Date>`.
//! - A list keeps its order where the API promises one, and is sorted otherwise. One page of a list without a promised order is
//!   counted (`<2 items>`): which items are on it is not promised either.
//! - Of an account-wide list only what the case made is shown, and of a page of it nothing: others are on it.
//! - The text of a refusal is left out unless the case asserts it.
//!
//! # The wire
//!
//! `snapshots/wire/aws/xml/CreateUser.snap` has one answer of each kind that the Action gives, headers and body as sent, indented: the
//! success, an empty, a full and a truncated list, and each error. `wire.toml` beside this file says which case shows it. Values are
//! replaced as above, in XML with braces (`{UserId:1}`); dates are not numbered.
//!
//! # Files
//!
//! The files are in insta's format, so that `cargo insta review` handles what differs (`.snap.new`). [`Snapshots`] holds those of a run;
//! only [`folder`] reads and writes.

mod compare;
mod file;
pub mod folder;
mod mask;
mod names;
mod refs;
mod render;
mod runs;
mod store;
mod take;
mod transcript;
mod variants;
mod wire;

pub use file::File;
pub use store::{Change, Mode, Settled, Snapshots};
pub use take::{At, Taken, Taker};
pub use wire::{Wanted, index};
