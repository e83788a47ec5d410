//! The keys of a case file: what the parser knows and what the JSON Schema offers, from one table.

use crate::api::{DialectId, model};
use crate::target::profile::CAPABILITIES;

/// A key of a table in a case file.
#[derive(Debug)]
pub struct Key {
    /// As written.
    pub name: &'static str,
    /// What it says, for editors.
    pub about: &'static str,
    /// What it holds.
    pub form: Form,
    /// Whether it must be there.
    pub required: bool,
}

/// What a key holds.
#[derive(Debug)]
pub enum Form {
    /// The version of the format.
    Format,
    /// Text.
    Text,
    /// A name in kebab-case.
    Id,
    /// A text or a list of texts.
    Texts,
    /// A list of texts.
    List,
    /// A list of these words.
    Words(fn() -> Vec<&'static str>),
    /// An Action.
    Action,
    /// `true` or `false`.
    Flag,
    /// `true`.
    True,
    /// A whole number.
    Number,
    /// A number from 0, or a template that becomes one.
    Count,
    /// A status or a list of statuses.
    Statuses,
    /// An error code, a list of them, or `*`.
    Codes,
    /// One of these words.
    OneOf(&'static [&'static str]),
    /// Parameters: any value by name.
    Parameters,
    /// Variables: a path by name.
    Saves,
    /// A word or a table with one key of [`AUTH_TABLES`].
    Auth,
    /// `all` or a table with `size`.
    Pages,
    /// A text, or `false` to leave the thing out.
    TextOrFalse,
    /// Headers to send: a text, or `false` to leave one out.
    SentHeaders,
    /// Matchers by header name.
    Headers,
    /// A matcher.
    Node,
    /// A value: text, number or boolean.
    Scalar,
    /// A list of values.
    Scalars,
    /// A list of matchers.
    Nodes,
    /// A table with these keys.
    Table(&'static [Key]),
    /// A list of tables with these keys.
    Tables(&'static [Key]),
    /// A list of rows: these keys and variables.
    Rows(&'static [Key]),
    /// A table by dialect, each with these keys.
    ByDialect(&'static [Key]),
}

const fn key(name: &'static str, form: Form, about: &'static str) -> Key {
    Key { name, about, form, required: false }
}

const fn required(name: &'static str, form: Form, about: &'static str) -> Key {
    Key { name, about, form, required: true }
}

fn dialects() -> Vec<&'static str> {
    DialectId::ALL.into_iter().map(DialectId::name).collect()
}

fn capabilities() -> Vec<&'static str> {
    CAPABILITIES.iter().map(|(name, _)| *name).collect()
}

/// Keys of the file.
pub const FILE: &[Key] = &[
    key("format", Form::Format, "Version of the format: 1."),
    key("action", Form::Action, "The Action that the file is about, as its name says. Not needed in auth, protocol and workflows."),
    required("case", Form::Tables(CASE), "The cases."),
];

/// Keys of `[[case]]`.
pub const CASE: &[Key] = &[
    required("id", Form::Id, "Stable name, unique in the file: `users/DeleteUser/attached-policy-blocks` ends with it."),
    required("title", Form::Text, "One sentence: what holds."),
    required("requirement", Form::Texts, "Ids of the requirements that the case checks. A mismatch is charged to the first."),
    key("tags", Form::List, "Free labels for selection."),
    key("requires", Form::Words(capabilities), "Capabilities that a target needs."),
    key("dialects", Form::Words(dialects), "Dialects that the case applies to; all if left out."),
    key("serial", Form::Flag, "Must not run beside other cases of the same endpoint."),
    key("row", Form::Rows(ROW), "Rows of variables: the steps run once per row, with `${row.NAME}`."),
    required("step", Form::Tables(STEP), "What to do, in order."),
];

/// Keys of `[[case.row]]` beside its variables.
pub const ROW: &[Key] = &[
    required("id", Form::Id, "Stable name, unique in the case."),
    key("dialects", Form::Words(dialects), "Dialects that the row applies to; all of the case's if left out."),
    key("requirement", Form::Text, "Id of the requirement that the expectations check in this row, where it is not the case's first."),
    key("with", Form::Parameters, "Parameters that replace or join those of the last step."),
    key("expect", Form::Table(EXPECT), "Replaces the last step's expectation."),
];

/// Keys of `[[case.step]]`.
pub const STEP: &[Key] = &[
    required("call", Form::Action, "The Action to call."),
    key(
        "with",
        Form::Parameters,
        "Parameters. A list becomes `member.N`, a key with dots is sent as it stands, `{ absent = true }` leaves one out.",
    ),
    key("unknown-parameters", Form::Flag, "Parameters that the API, or a dialect, does not know are sent on purpose."),
    key("save", Form::Saves, "Variables to take from the result: `arn = \"Policy.Arn\"`."),
    key("principal", Form::Text, "Who sends it: `${key}`, an access key saved from CreateAccessKey's `AccessKey`."),
    key("auth", Form::Auth, "What to do wrong when authenticating."),
    key("raw", Form::Table(RAW), "What to do differently on the wire."),
    key("repeat", Form::Count, "Run it that many times, `${i}` counting from 1."),
    key("pages", Form::Pages, "Follow markers and take all pages as one result; its `Pages` is the list of the single ones."),
    key("expect", Form::Table(EXPECT), "What must come back. Left out: success, as a prerequisite of the steps after it."),
    key("on", Form::ByDialect(ALTERNATIVE), "What a dialect's documentation says otherwise."),
];

/// Keys of `raw`.
pub const RAW: &[Key] = &[
    key("method", Form::Text, "HTTP method."),
    key("path", Form::Text, "Path."),
    key("headers", Form::SentHeaders, "Headers to set, or to leave out with `false`."),
    key("body", Form::Text, "The whole body or, with GET, query, sent as it stands and signed."),
    key("action", Form::TextOrFalse, "Another Action name, or none with `false`."),
    key("version", Form::TextOrFalse, "Another Version, or none with `false`."),
];

/// The outcome of a step that only tries.
pub const ANY: &str = "any";

/// The outcome of a call that is not refused for its form.
pub const UNDERSTOOD: &str = "understood";

/// The outcomes that are neither success nor one certain error.
pub const OUTCOMES: &[&str] = &[ANY, UNDERSTOOD];

/// Keys of `expect`.
pub const EXPECT: &[Key] = &[
    key("status", Form::Statuses, "Allowed HTTP statuses. Left out: the one that belongs to success or to the error code."),
    key("error", Form::Codes, "Allowed error codes; `*` for any."),
    key(
        "outcome",
        Form::OneOf(OUTCOMES),
        "`any`: anything will do, the step only tries; with `status`, that status, whatever comes with it. `understood`: the call is not \
         refused for its form; success, or any error but an undeclared one of status 400 or of the server.",
    ),
    key("message", Form::Node, "The error's message. Texts drift: use it rarely."),
    key("headers", Form::Headers, "Response headers, names in lower case."),
    key("result", Form::Node, "The result, as far as the case looks at it."),
    key("requirement", Form::Text, "Id of the requirement that this expectation checks, where it is not the case's first."),
];

/// Keys of `on.DIALECT`.
pub const ALTERNATIVE: &[Key] = &[
    key("with", Form::Parameters, "Parameters that replace or join those of the step."),
    key("expect", Form::Table(EXPECT), "Replaces the step's expectation."),
    key("skip", Form::Flag, "The step is left out on this dialect."),
    required("source", Form::Text, "Where the difference is documented."),
];

/// Keys of a matcher. Any other table is an object with at least these members.
pub const MATCHERS: &[Key] = &[
    key("equals", Form::Scalar, "Equal to this value."),
    key("not", Form::Scalar, "There, and not equal to this value."),
    key("matches", Form::Text, "The whole text matches this regular expression."),
    key("one-of", Form::Scalars, "One of these values."),
    key("near", Form::Text, "A date at most a second away from this one: that of the same call, read from another clock."),
    key("present", Form::True, "There, whatever it holds."),
    key("absent", Form::True, "Not there."),
    key("absent-or-empty", Form::True, "Not there, or an empty list or text."),
    key("optional", Form::Node, "Not there, or else as this says."),
    key("same-json", Form::Text, "JSON text that means the same."),
    key("same-pem", Form::Text, "PEM text with the same contents."),
    key("sorted", Form::Text, "A list in order of this member, ignoring case; empty: of the items themselves."),
    key("count", Form::Count, "A list of that many items."),
    key("items", Form::Nodes, "A list of exactly these items in any order, as a plain list is."),
    key("ordered", Form::Nodes, "A list of exactly these items in this order."),
    key("includes", Form::Nodes, "A list that has such items, perhaps among others."),
    key("excludes", Form::Nodes, "A list that has no such item."),
    key("requirement", Form::Text, "Id of the requirement that this value shows, where it is not that of the expectation."),
];

/// Deliberate faults in authentication that are a word.
pub const AUTH_WORDS: &[(&str, &str)] = &[
    ("none", "no proof at all: neither a signature nor a token"),
    ("wrong-secret", "right key id, wrong secret"),
    ("unknown-key", "a well-formed key id that nobody has"),
    ("altered-body", "body or query altered after signing"),
    ("unsigned-host", "the Host header, which must be signed, is not"),
    ("unsigned-date", "the header with the date, which must be signed, is not"),
    ("expired-query", "signature in the query string, good for a minute and made ten minutes ago"),
    ("other-action", "signature of another Action's body"),
    ("query", "signature in the query string; valid"),
];

/// Deliberate faults in authentication that are a table with one key.
pub const AUTH_TABLES: &[Key] = &[
    key("header", Form::Text, "This Authorization header instead of a true one."),
    key("token", Form::Text, "This login token instead of any other proof."),
    key("region", Form::Text, "Another region in the scope."),
    key("service", Form::Text, "Another service in the scope."),
    key("skew", Form::Number, "Signed that many seconds away from now; negative: in the past."),
];

/// Keys of `pages` as a table.
pub const PAGES: &[Key] = &[required("size", Form::Count, "MaxItems to ask for.")];

/// Folders whose files need not be about one Action. The others are those of the API model.
pub const FREE_FOLDERS: &[&str] = &["auth", "protocol", "workflows"];

/// Folders whose files are each about one Action.
pub fn action_folders() -> impl Iterator<Item = &'static str> {
    let actions = &model().actions;
    actions.iter().enumerate().filter(|(i, a)| actions[..*i].iter().all(|b| b.family != a.family)).map(|(_, a)| a.family.as_str())
}

/// The names of keys.
pub fn names(keys: &'static [Key]) -> impl Iterator<Item = &'static str> + Clone {
    keys.iter().map(|k| k.name)
}
