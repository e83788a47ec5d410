//! The reference as the fuzz targets ask it: an account with somebody in it, and calls as their outcomes.

use serde_json::{Map, Value};

use super::NOW;
use crate::api::{DialectId, model};
use crate::dialect::{ApiError, Call, Outcome};
use crate::reference::{Account, Faults, Ids, Principal, Settings};

/// An account under calls.
pub(super) struct Standing {
    pub account: Account,
    ids: Ids,
    faults: Faults,
}

impl Standing {
    /// An empty account.
    pub fn new(dialect: DialectId) -> Standing {
        Standing { account: Account::new(Settings::new(dialect)), ids: Ids::new(1), faults: Faults::default() }
    }

    /// What `principal` is answered.
    pub fn ask(&mut self, principal: &Principal, call: &Call) -> Outcome {
        self.account.apply(principal, call, NOW, &mut self.ids, &self.faults)
    }

    /// What the account itself is answered: a result, or a refusal that is looked at closely. A refusal is one of the 4xx that the API
    /// has, and it leaves the account as it was.
    ///
    /// # Errors
    /// Which of that does not hold.
    pub fn try_to(&mut self, call: &Call) -> Result<Result<Map<String, Value>, ApiError>, String> {
        let before = self.account.clone();
        match self.ask(&Principal::Root, call) {
            Outcome::Success(result) => Ok(Ok(result)),
            Outcome::Error(refusal) => {
                let known = model().status_on(&refusal.code, self.account.settings.dialect);
                if !(400..500).contains(&refusal.status) || known.is_none() {
                    return Err(format!("{} is refused with {} {}", call.action_name(), refusal.status, refusal.code));
                }
                if self.account != before {
                    return Err(format!("{} is refused with {} and changes the account", call.action_name(), refusal.code));
                }
                Ok(Err(refusal))
            }
        }
    }

    /// The result of a call that must succeed.
    ///
    /// # Errors
    /// When it does not.
    pub fn must(&mut self, call: &Call) -> Result<Map<String, Value>, String> {
        self.try_to(call)?.map_err(|e| format!("{} is refused with {} {}: {}", call.action_name(), e.status, e.code, e.message))
    }
}
