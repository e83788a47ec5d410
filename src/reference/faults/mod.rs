//! Faults planted in the reference on purpose, to see whether the suite notices: what can be wrong ([`Flaw`]), where the reference asks
//! for it ([`Faults`]), and every fault that there is ([`catalogue`]).
//!
//! Nothing here costs a sound reference more than one comparison at each question.

pub mod catalogue;

mod constraints;
mod element;
mod envelope;
mod escaping;
mod flaw;
mod leak;
mod outgoing;
mod shape;
mod trace;
mod tree;
mod xml;

pub use flaw::{Change, DateForm, Escaping, Flaw, Lapse, Wrong};
pub(super) use outgoing::{Outgoing, respond};
pub use trace::Trace;

use std::borrow::Cow;
use std::sync::Arc;

use super::{Account, Settings, context};
use crate::api::{Req, req};
use crate::dialect::{ApiError, Call, Dialect, Outcome, Request, Response};

/// What is wrong with a reference. In production nothing is.
#[derive(Clone, Debug, Default)]
pub struct Faults {
    /// A requirement that does not hold.
    pub broken: Option<Req>,
    /// Something made from the API model that is wrong.
    pub flaw: Option<Flaw>,
    /// Takes note of everything that could have been wrong.
    pub trace: Option<Arc<Trace>>,
}

impl From<Option<Req>> for Faults {
    fn from(broken: Option<Req>) -> Faults {
        Faults { broken, ..Faults::default() }
    }
}

impl Faults {
    /// One requirement broken, everywhere.
    pub fn breaking(rule: Req) -> Faults {
        Faults::from(Some(rule))
    }

    /// One flaw.
    pub fn with(flaw: Flaw) -> Faults {
        Faults { flaw: Some(flaw), ..Faults::default() }
    }

    /// None, and a note of everything that could have been wrong.
    pub fn traced(trace: &Arc<Trace>) -> Faults {
        Faults { trace: Some(Arc::clone(trace)), ..Faults::default() }
    }

    /// Whether a rule holds.
    #[inline]
    pub fn holds(&self, rule: Req) -> bool {
        if let Some(trace) = &self.trace {
            trace.asked(rule);
        }
        self.broken != Some(rule)
    }

    /// What is wrong with a call of `action`: a rule that is broken for one Action only holds for all others.
    pub(super) fn on(&self, action: &str) -> Cow<'_, Faults> {
        match &self.flaw {
            Some(Flaw { what: Wrong::Rule(rule), action: only }) if only.is_none_or(|only| only == action) => {
                Cow::Owned(Faults::breaking(*rule))
            }
            _ => Cow::Borrowed(self),
        }
    }

    /// What of a flaw concerns `action`.
    fn wrong(&self, action: &str) -> Option<&Wrong> {
        self.flaw.as_ref().filter(|flaw| flaw.action.is_none_or(|only| only == action)).map(|flaw| &flaw.what)
    }

    /// The set-up of an account, with the one limit that is off.
    pub(super) fn misjudge(&self, mut settings: Settings) -> Settings {
        if let Some(Flaw { what: Wrong::Quota { limit, by }, .. }) = &self.flaw {
            let off = Account::new(settings.clone()).limit(limit).saturating_add_signed(*by);
            settings.limits.insert(limit.clone(), off);
        }
        settings
    }

    /// The answer to a request that is refused before anybody reads it; `None`: it is read.
    pub(super) fn refuse(&self, request: &Request) -> Option<Response> {
        let refused = match self.broken? {
            req::DISPATCH__GET => request.method == "GET",
            req::ECS__CONTENT_TYPE_IGNORED => request.body.is_empty() && request.header("content-type").is_none_or(|value| !is_form(value)),
            req::DISPATCH__FORM_CHARSET => request.header("content-type").is_some_and(|value| value.contains("charset")),
            _ => false,
        };
        refused.then(|| Response { status: 400, headers: Vec::new(), body: Vec::new() })
    }

    /// A call without what is ignored.
    pub(super) fn forget(&self, mut call: Call) -> Call {
        if let Some(trace) = &self.trace {
            trace.called(&call);
        }
        if let Some(Wrong::Ignored(parameter)) = self.wrong(call.action_name()) {
            call.params.retain(|(name, _)| name.split('.').next() != Some(parameter));
        }
        if self.broken == Some(req::ECS__POLICY_SCOPE) && call.action_name() == "ListPolicies" {
            // The wire's name for the one of the API, and the other way round: now both are taken as they come.
            for (name, _) in &mut call.params {
                let other = match name.as_str() {
                    "Scope" => "PolicyScope",
                    "PolicyScope" => "Scope",
                    _ => continue,
                };
                *name = other.to_owned();
            }
        }
        call
    }

    /// The refusal of the layer in front of the API, in the form of its errors or, wrongly, of the API's.
    pub(super) fn turn_away(&self, refusal: Response, dialect: &dyn Dialect, request: &Request) -> Response {
        if self.broken != Some(req::ECS__MANAGEMENT_ERROR) {
            return refusal;
        }
        let error = ApiError { status: refusal.status, ..context::error("AccessDenied", "Authentication required.") };
        dialect.encode_response("", &Outcome::Error(error), "", dialect.format_asked(request))
    }

    /// Whether a response is never sent.
    pub(super) fn silences(&self, response: &Response) -> bool {
        self.broken == Some(req::TRANSPORT__ANSWERS) && response.status == 404
    }
}

fn is_form(content_type: &str) -> bool {
    content_type.to_ascii_lowercase().starts_with("application/x-www-form-urlencoded")
}
