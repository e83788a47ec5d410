//! How strong the suite is as an oracle: it is run against references with one fault each, and must notice every one.
//!
//! A fault counts as *killed* only by an assertion of a case that is charged to a requirement which the fault is about, or by the free
//! check that is that requirement. What else notices it is an *indirect* kill: shown, and outside the score. A prerequisite that fails
//! kills indirectly: it says that something is wrong, not what. Snapshots have no part in it.
//!
//! A fault is *skipped* where nothing of the configuration could show it, whatever the suite: the dialect's cases that bring it about all
//! need a capability, a limit or an Action that is not there, or the account is too small for it. Why is said with it, as it is with an
//! indirect kill of such a fault. That a case leaves out the dialect is no such reason: then the rule's own dialects are wrong, or a case
//! is missing. What no call can bring about at all is no fault: the catalogue derives it from the model and from what requirements say
//! that no answer has ([`hides`](crate::api::Requirement::hides)), and the sound reference is held to that.
//!
//! What a fault is about is part of the fault ([`Aim`](crate::reference::faults::catalogue::Aim)):
//! - of a broken requirement, that requirement and nothing else;
//! - of a parameter that is ignored or checked wrongly: a requirement of the Action (its own, or one whose text names the Action), or, at a
//!   call of it, one that belongs to no Action; for constraints the general rule of that kind (`parameters.max-length`) at a call of it;
//! - of an element that is wrong: the same, where the path that differs is the element, is in it, or it is in that;
//! - of an error's code or status: the same, at a call of the Action that answers it;
//! - of answers as such (dates, request ids, content types, leaks): the free check of that name.

mod kill;
mod order;
mod report;
mod run;
mod show;
mod trial;

pub use kill::Kill;
pub use report::{Counts, Judged, Outcome, Report};
pub use run::{Options, StrengthError, run, sound};
pub use show::{Detail, text};
