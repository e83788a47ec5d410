//! What a call brings with it: who calls, when, the ids it may use, and which rules hold.

use serde_json::{Map, Value};

use super::Faults;
use crate::api::{Action, DialectId, Req, model};
use crate::dialect::ApiError;

/// What an Action answers: its result tree or an error.
pub type Answer = Result<Map<String, Value>, ApiError>;

/// Who sends a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Principal {
    /// The account itself.
    Root,
    /// A user, by its id (which no rename changes).
    User {
        /// `UserId`.
        id: String,
    },
}

/// The circumstances of one call.
pub struct Cx<'a> {
    /// Who calls.
    pub caller: &'a Principal,
    /// Seconds since 1970, UTC.
    pub now: i64,
    /// Source of ids and secrets.
    pub ids: &'a mut Ids,
    /// Rules that do not hold.
    pub faults: &'a Faults,
    /// Whose rules apply.
    pub dialect: DialectId,
}

impl Cx<'_> {
    /// Whether a rule holds. Every rule is enforced behind this one question, at the line that enforces it:
    /// `if cx.holds(req::CREATE_USER__NAME_UNIQUE) && taken { return Err(…) }`.
    #[inline]
    pub fn holds(&self, rule: Req) -> bool {
        self.faults.holds(rule)
    }

    /// `Err(error)` if the rule holds and is violated.
    pub fn enforce(&self, rule: Req, violated: bool, error: impl FnOnce() -> ApiError) -> Result<(), ApiError> {
        if violated && self.holds(rule) { Err(error()) } else { Ok(()) }
    }
}

/// `2026-11-22T17:34:00Z`.
pub fn iso_date(seconds: i64) -> String {
    let at = time::OffsetDateTime::from_unix_timestamp(seconds).unwrap_or(time::OffsetDateTime::UNIX_EPOCH);
    format!("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", at.year(), u8::from(at.month()), at.day(), at.hour(), at.minute(), at.second())
}

/// An API error with the status that the model gives its code.
pub fn error(code: &str, message: impl Into<String>) -> ApiError {
    ApiError { status: model().status_of(code).unwrap_or(400), code: code.to_owned(), message: message.into() }
}

/// Validated parameters of a call: every one there is of its type, and required ones are there.
pub struct Params {
    /// The Action.
    pub action: &'static Action,
    /// Scalars by name, lists of structures by name; as sent.
    pub(super) values: Map<String, Value>,
}

impl Params {
    /// A text parameter.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.values.get(name).and_then(Value::as_str)
    }

    /// A required text parameter. (Validation has refused the call without it; with that rule broken it is empty.)
    pub fn required(&self, name: &str) -> &str {
        self.text(name).unwrap_or_default()
    }

    /// An integer parameter.
    pub fn integer(&self, name: &str) -> Option<i64> {
        self.values.get(name).and_then(Value::as_i64)
    }

    /// A boolean parameter.
    pub fn boolean(&self, name: &str) -> Option<bool> {
        self.values.get(name).and_then(Value::as_bool)
    }

    /// A list parameter; empty when it is not given.
    pub fn list(&self, name: &str) -> &[Value] {
        self.values.get(name).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
    }
}

/// Deterministic source of ids, secrets and markers: the same seed gives the same sequence.
#[derive(Clone, Debug)]
pub struct Ids {
    state: u64,
}

const BASE32: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
const BASE64: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

impl Ids {
    /// A source for `seed`.
    pub fn new(seed: u64) -> Ids {
        Ids { state: seed }
    }

    /// Next number (splitmix64).
    pub fn next_u64(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn text(&mut self, alphabet: &[u8], length: usize) -> String {
        (0..length).map(|_| char::from(alphabet[(self.next_u64() % alphabet.len() as u64) as usize])).collect()
    }

    /// An id with that prefix (AIDA, AGPA, ANPA, ASCA) in the dialect's form.
    pub fn unique_id(&mut self, prefix: &str, dialect: DialectId) -> String {
        match dialect {
            DialectId::Ecs => format!("{prefix}{}", self.text(b"0123456789ABCDEF", 16)),
            _ => format!("{prefix}{}", self.text(BASE32, 17)),
        }
    }

    /// An access key id.
    pub fn access_key_id(&mut self) -> String {
        format!("AKIA{}", self.text(BASE32, 16))
    }

    /// A secret access key.
    pub fn secret(&mut self) -> String {
        self.text(BASE64, 40)
    }

    /// A request id in the dialect's form.
    pub fn request_id(&mut self, dialect: DialectId) -> String {
        match dialect {
            DialectId::Ecs => {
                let (a, b) = (self.next_u64(), self.next_u64());
                format!("{:08x}:{:011x}:{:x}:{:x}", a >> 32, b >> 20, a & 0xf_ffff, b & 0xfff)
            }
            DialectId::Eim | DialectId::Aws => self.uuid(),
        }
    }

    /// A UUID.
    pub fn uuid(&mut self) -> String {
        let (a, b) = (self.next_u64(), self.next_u64());
        format!(
            "{:08x}-{:04x}-4{:03x}-{:04x}-{:012x}",
            a >> 32,
            (a >> 16) & 0xffff,
            a & 0xfff,
            0x8000 | ((b >> 48) & 0x3fff),
            b & 0xffff_ffff_ffff
        )
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::dialect::shape::{Patterns, check_request_id};

    #[test]
    fn ids_have_the_form_of_the_dialect_and_never_repeat() {
        let mut ids = Ids::new(1);
        for dialect in DialectId::ALL {
            let patterns = Patterns::new(dialect, &BTreeMap::new()).expect("defaults compile");
            let mut seen = std::collections::BTreeSet::new();
            for _ in 0..1000 {
                let request_id = ids.request_id(dialect);
                assert_eq!(check_request_id(Some(&request_id), &patterns), None);
                assert!(seen.insert(request_id));
                assert!(patterns.id.matches(&ids.unique_id("AIDA", dialect)));
            }
        }
    }
}
