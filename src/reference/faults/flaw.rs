//! What can be wrong with an implementation of the API beside a requirement that does not hold.

use crate::api::Req;

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flaw {
    /// The Action whose calls or answers it concerns; none: every one.
    pub action: Option<&'static str>,
    /// What is wrong.
    pub what: Wrong,
}

/// What is wrong. Paths are those of the API model, lists marked `[]`: `Tags[].Key`, `Users[].UserName`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wrong {
    /// A rule does not hold.
    Rule(Req),
    /// A parameter counts as not sent.
    Ignored(String),
    /// A parameter is held against other constraints than the model's.
    Constraint {
        /// Its path.
        parameter: String,
        /// What is other.
        lapse: Lapse,
    },
    /// A quota or size is off.
    Quota {
        /// By the model's name.
        limit: String,
        /// By how much.
        by: i64,
    },
    /// An element of successful answers is wrong.
    Element {
        /// Its path.
        path: String,
        /// In what way.
        change: Change,
    },
    /// An error has another code.
    Code {
        /// The right one.
        code: &'static str,
        /// What is answered.
        becomes: &'static str,
    },
    /// An error has another status.
    Status {
        /// Its code.
        code: &'static str,
        /// What is answered.
        becomes: u16,
    },
    /// The texts of errors are escaped wrongly.
    Message(Escaping),
    /// Every date is written in another form.
    Dates(DateForm),
    /// Answers have this content type, or none.
    ContentType(Option<&'static str>),
    /// Errors, or else successes, have no request id.
    NoRequestId {
        /// Errors.
        errors: bool,
    },
    /// Errors, or else successes, all have the same request id.
    OneRequestId {
        /// Errors.
        errors: bool,
    },
    /// A secret stands in answers where none belongs.
    Leak {
        /// What leaks.
        secret: &'static str,
        /// Name of the element it is in.
        named: &'static str,
    },
}

/// How the constraints of a parameter are not those of the model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Lapse {
    /// It may be missing although it is required.
    NotRequired,
    /// Its pattern (or that it is an ARN) is not looked at.
    NoPattern,
    /// Any value will do, not only those of the set.
    AnyValue,
    /// One character shorter than allowed, or one number smaller, is taken.
    LowerMin,
    /// The shortest or smallest is refused.
    HigherMin,
    /// The longest or largest is refused.
    LowerMax,
    /// One character longer than allowed, or one number larger, is taken.
    HigherMax,
}

/// How an element is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Change {
    /// It is left out.
    Missing,
    /// It has another value that could be right by type and form; a list lacks an item.
    Other,
    /// It is of another type.
    Type,
    /// A list is not in its order.
    Order,
    /// The items of a list are not called `member`.
    MemberLost,
    /// A structure has an element that the API does not know.
    Extra,
    /// A text is not escaped, or twice.
    Text(Escaping),
    /// A date is written in another form.
    Date(DateForm),
}

/// How a text is escaped wrongly.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Escaping {
    /// Not at all.
    None,
    /// Once too often.
    Twice,
}

/// Forms of dates other than the API's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DateForm {
    /// Seconds since 1970.
    Epoch,
    /// Fractions of seconds.
    Fraction,
    /// An offset in place of Z.
    Offset,
    /// No zone.
    NoZone,
    /// The day alone.
    DayOnly,
    /// As HTTP and mail write dates.
    Mail,
}
