//! The answer to one call on its way out, and everything that a fault does to it there.

use super::escaping::Sentinels;
use super::tree::Tree;
use super::{Change, Faults, Flaw, Wrong, element, envelope, leak, shape};
use crate::api::{Action, Req, model};
use crate::dialect::{ApiError, Call, Dialect, Format, Outcome, Response};
use crate::reference::Account;

/// A call that was carried out or refused.
pub(in crate::reference) struct Outgoing<'a> {
    /// The dialect that the answer is written in.
    pub dialect: &'static dyn Dialect,
    /// The Action, as sent.
    pub action: &'a str,
    /// The call, where the request could be read.
    pub call: Option<&'a Call>,
    /// Format to answer in.
    pub format: Format,
    /// Id of the request.
    pub request_id: String,
    /// The account after the call.
    pub account: &'a Account,
}

/// The answer to a call.
pub(in crate::reference) fn respond(faults: &Faults, exchange: Outgoing<'_>, outcome: Outcome) -> Response {
    if let Some(trace) = &faults.trace {
        trace.answered(&exchange, &outcome);
    }
    match (faults.broken, &faults.flaw) {
        (None, None) => exchange.encode(&outcome),
        (Some(rule), _) => break_rule(rule, exchange, outcome),
        (None, Some(flaw)) => apply_flaw(flaw, exchange, outcome),
    }
}

impl Outgoing<'_> {
    pub(super) fn encode(&self, outcome: &Outcome) -> Response {
        self.dialect.encode_response(self.action, outcome, &self.request_id, self.format)
    }
}

fn break_rule(rule: Req, mut exchange: Outgoing<'_>, mut outcome: Outcome) -> Response {
    if let (Outcome::Success(tree), Some(action)) = (&mut outcome, model().action(exchange.action)) {
        shape::spoil(rule, action, &exchange, tree);
    }
    let mut sentinels = Sentinels::default();
    envelope::before(rule, &mut exchange, &mut outcome, &mut sentinels);
    let mut response = exchange.encode(&outcome);
    sentinels.replace(&mut response);
    envelope::after(rule, &exchange, &outcome, &mut response);
    response
}

fn apply_flaw(flaw: &Flaw, mut exchange: Outgoing<'_>, mut outcome: Outcome) -> Response {
    let mut sentinels = Sentinels::default();
    let concerned = flaw.action.is_none_or(|only| only == exchange.action);
    if concerned {
        match &mut outcome {
            Outcome::Success(tree) => {
                if let Some(action) = model().action(exchange.action) {
                    in_result(&flaw.what, &exchange, action, tree, &mut sentinels);
                }
            }
            Outcome::Error(error) => in_error(&flaw.what, exchange.format, error, &mut sentinels),
        }
        envelope::request_id(&flaw.what, &mut exchange, &outcome);
    }
    let mut response = exchange.encode(&outcome);
    sentinels.replace(&mut response);
    if let Wrong::ContentType(content_type) = flaw.what {
        envelope::content_type(&mut response, content_type);
    }
    response
}

fn in_result(wrong: &Wrong, exchange: &Outgoing<'_>, action: &'static Action, tree: &mut Tree, sentinels: &mut Sentinels) {
    let dialect = exchange.dialect.id();
    match wrong {
        Wrong::Element { path, change: Change::Text(escaping) } => sentinels.put(tree, path, *escaping, exchange.format),
        Wrong::Element { path, change } => element::change(action, dialect, tree, path, *change),
        Wrong::Dates(form) => element::dates(action, dialect, tree, *form),
        Wrong::Leak { secret, named } => leak::leak(exchange, action, tree, secret, named),
        _ => {}
    }
}

fn in_error(wrong: &Wrong, format: Format, error: &mut ApiError, sentinels: &mut Sentinels) {
    match wrong {
        Wrong::Message(escaping) => sentinels.put_message(error, *escaping, format),
        Wrong::Code { code, becomes } if error.code == *code => (*becomes).clone_into(&mut error.code),
        Wrong::Status { code, becomes } if error.code == *code => error.status = *becomes,
        _ => {}
    }
}
