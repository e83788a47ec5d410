//! A malformed request as data: a legal call, how it proves its sender, and what is wrong with it.

use serde::{Deserialize, Serialize};

use super::poison::{
    AUTHORIZATIONS, BODIES, BROKEN_HEADERS, CONTENT_TYPES, DATES, GARBAGE, HEADERS, METHODS, PAIRS, Poison, TARGETS, VALUES, VERSIONS,
};
use crate::dialect::Call;

/// A malformed request. The same value gives the same bytes, but for signature, date and names.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Malformed {
    /// The call that it would be.
    pub base: Base,
    /// How it proves its sender.
    pub proof: Proof,
    /// What is wrong with it; none: nothing.
    pub twists: Vec<Twist>,
}

/// A legal call, whatever becomes of which does no harm: it reads, or it makes something under a name of the suite's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[allow(missing_docs)]
pub enum Base {
    ListUsers,
    ListGroups,
    ListPolicies,
    GetUser,
    GetGroup,
    GetPolicy,
    ListGroupsForUser,
    CreateUser,
    CreateGroup,
    CreatePolicy,
    Unknown,
}

impl Base {
    /// Every one, the simplest first.
    pub const ALL: [Base; 11] = [
        Base::ListUsers,
        Base::ListGroups,
        Base::ListPolicies,
        Base::GetUser,
        Base::GetGroup,
        Base::GetPolicy,
        Base::ListGroupsForUser,
        Base::CreateUser,
        Base::CreateGroup,
        Base::CreatePolicy,
        Base::Unknown,
    ];

    /// The Action, `?` for one that no API has.
    pub fn action(self) -> &'static str {
        match self {
            Base::ListUsers => "ListUsers",
            Base::ListGroups => "ListGroups",
            Base::ListPolicies => "ListPolicies",
            Base::GetUser => "GetUser",
            Base::GetGroup => "GetGroup",
            Base::GetPolicy => "GetPolicy",
            Base::ListGroupsForUser => "ListGroupsForUser",
            Base::CreateUser => "CreateUser",
            Base::CreateGroup => "CreateGroup",
            Base::CreatePolicy => "CreatePolicy",
            Base::Unknown => "?",
        }
    }

    /// The call; `stem` begins every name in it. The parameter that a twist may spoil is the last one.
    pub fn call(self, stem: &str) -> Call {
        const DOCUMENT: &str = r#"{"Version":"2012-10-17","Statement":{"Effect":"Deny","Action":"iam:GetUser","Resource":"*"}}"#;
        let named = |action: &str, parameter: &str| Call::new(action).with(parameter, format!("{stem}-name"));
        match self {
            Base::ListUsers | Base::ListGroups => Call::new(self.action()).with("PathPrefix", format!("/{stem}/")),
            Base::ListPolicies => Call::new("ListPolicies").with("Scope", "Local"),
            Base::GetUser | Base::ListGroupsForUser => named(self.action(), "UserName"),
            Base::GetGroup => named("GetGroup", "GroupName"),
            Base::GetPolicy => Call::new("GetPolicy").with("PolicyArn", format!("arn:aws:iam::123456789012:policy/{stem}-name")),
            Base::CreateUser => named("CreateUser", "UserName").with("Path", "/"),
            Base::CreateGroup => named("CreateGroup", "GroupName").with("Path", "/"),
            Base::CreatePolicy => named("CreatePolicy", "PolicyName").with("PolicyDocument", DOCUMENT),
            Base::Unknown => named("IamspecNoSuchAction", "UserName"),
        }
    }
}

/// How a request proves its sender.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Proof {
    /// As the target's main principal does, over the request as it goes out, as far as that can be signed.
    Right,
    /// Not at all.
    None,
}

/// One thing that is wrong. Indices are of the tables in [`poison`](super::poison).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "twist")]
// Indices, lengths and counts need no words.
#[allow(missing_docs)]
pub enum Twist {
    /// The last parameter has another value.
    Value { index: usize },
    /// Action has another value.
    ActionValue { index: usize },
    /// A further pair.
    Pair { index: usize },
    /// The last parameter is that many characters long.
    LongValue { length: usize },
    /// A further parameter with a name of that many characters.
    LongName { length: usize },
    /// That many further parameters.
    Many { count: usize },
    /// That many further parameters of the same name.
    Repeated { count: usize },
    /// A further parameter whose name has that many levels.
    Deep { levels: usize },
    /// Another body.
    Body { index: usize },
    /// Another content type.
    ContentType { index: usize },
    /// A further header.
    Header { index: usize },
    /// A further header of that many bytes.
    LongHeader { length: usize },
    /// That many further headers.
    ManyHeaders { count: usize },
    /// No `Host`.
    NoHost,
    /// A header that is none.
    BrokenHeader { index: usize },
    /// Another Authorization.
    Authorization { index: usize },
    /// Another X-Amz-Date than the one that was signed.
    Date { index: usize },
    /// Another method.
    Method { index: usize },
    /// Another request target.
    Target { index: usize },
    /// A request target of that many bytes.
    LongTarget { length: usize },
    /// Another version of HTTP.
    Version { index: usize },
    /// How the body's end is told.
    Framing(Framing),
    /// No request at all.
    Garbage { index: usize },
}

/// How the end of a body is told, wrongly or unusually.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "framing")]
#[allow(missing_docs)]
pub enum Framing {
    /// A length beyond the body's, whose rest never comes.
    Truncated,
    /// A length short of the body's.
    TooShort,
    /// No length.
    NoLength,
    NegativeLength,
    LengthOfLetters,
    HugeLength,
    /// In chunks, rightly.
    Chunked,
    /// In chunks of a byte each.
    ManyChunks,
    /// In chunks without a last one.
    ChunksWithoutEnd,
    /// A chunk whose size is no number.
    ChunkOfLetters,
    /// A chunk whose size is beyond all measure.
    HugeChunk,
    /// In chunks, with a trailer after them.
    Trailer,
    /// In chunks, and a length beside.
    ChunksAndLength,
    /// A transfer coding that nobody knows.
    UnknownCoding,
    /// The client asks before it sends the body.
    ExpectContinue,
}

impl Framing {
    /// Every one.
    pub const ALL: [Framing; 15] = [
        Framing::Truncated,
        Framing::TooShort,
        Framing::NoLength,
        Framing::NegativeLength,
        Framing::LengthOfLetters,
        Framing::HugeLength,
        Framing::Chunked,
        Framing::ManyChunks,
        Framing::ChunksWithoutEnd,
        Framing::ChunkOfLetters,
        Framing::HugeChunk,
        Framing::Trailer,
        Framing::ChunksAndLength,
        Framing::UnknownCoding,
        Framing::ExpectContinue,
    ];

    /// HTTP allows it, and the request is whole.
    fn sound(self) -> bool {
        matches!(self, Framing::Chunked | Framing::ManyChunks | Framing::Trailer | Framing::ExpectContinue)
    }

    fn words(self) -> &'static str {
        match self {
            Framing::Truncated => "body cut short",
            Framing::TooShort => "length short of the body's",
            Framing::NoLength => "body without a length",
            Framing::NegativeLength => "negative length",
            Framing::LengthOfLetters => "length that is no number",
            Framing::HugeLength => "length beyond all measure",
            Framing::Chunked => "chunked",
            Framing::ManyChunks => "chunks of a byte",
            Framing::ChunksWithoutEnd => "chunks without an end",
            Framing::ChunkOfLetters => "chunk size that is no number",
            Framing::HugeChunk => "chunk size beyond all measure",
            Framing::Trailer => "trailer",
            Framing::ChunksAndLength => "chunks and a length",
            Framing::UnknownCoding => "unknown transfer coding",
            Framing::ExpectContinue => "Expect: 100-continue",
        }
    }
}

/// What becomes of a request by a twist.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Damage {
    /// It is a request of HTTP to the API's endpoint like any other, whatever it says: the API answers for it.
    Content,
    /// The HTTP server may refuse it in its own way before the API sees it: too long, an unknown method, another path, …
    Server,
    /// It is no request of HTTP, or not a whole one: it need not be answered at all.
    Broken,
}

fn entry(table: &'static [Poison], index: usize) -> &'static Poison {
    // Tables are never empty, and an index from a file may be beyond one.
    &table[index % table.len()]
}

impl Twist {
    /// The entry of a table that it stands for.
    pub fn poison(self) -> Option<&'static Poison> {
        let (table, index) = match self {
            Twist::Value { index } | Twist::ActionValue { index } => (VALUES, index),
            Twist::Pair { index } => (PAIRS, index),
            Twist::Body { index } => (BODIES, index),
            Twist::ContentType { index } => (CONTENT_TYPES, index),
            Twist::Header { index } => (HEADERS, index),
            Twist::BrokenHeader { index } => (BROKEN_HEADERS, index),
            Twist::Authorization { index } => (AUTHORIZATIONS, index),
            Twist::Date { index } => (DATES, index),
            Twist::Method { index } => (METHODS, index),
            Twist::Target { index } => (TARGETS, index),
            Twist::Version { index } => (VERSIONS, index),
            Twist::Garbage { index } => (GARBAGE, index),
            _ => return None,
        };
        Some(entry(table, index))
    }

    /// What is wrong, in words that do not depend on the run: `value: raw NUL`, `header of 65536 bytes`.
    pub fn class(self) -> String {
        let kind = match self {
            Twist::Value { .. } => "value",
            Twist::ActionValue { .. } => "Action",
            Twist::Pair { .. } => "parameter",
            Twist::Body { .. } => "body",
            Twist::ContentType { .. } => "content type",
            Twist::Header { .. } | Twist::BrokenHeader { .. } => "header",
            Twist::Authorization { .. } => "Authorization",
            Twist::Date { .. } => "X-Amz-Date",
            Twist::Method { .. } => "method",
            Twist::Target { .. } => "request target",
            Twist::Version { .. } => "HTTP version",
            Twist::Garbage { .. } => "no request",
            Twist::LongValue { length } => return format!("value of {length} characters"),
            Twist::LongName { length } => return format!("name of {length} characters"),
            Twist::Many { count } => return format!("{count} parameters"),
            Twist::Repeated { count } => return format!("a parameter {count} times"),
            Twist::Deep { levels } => return format!("name of {levels} levels"),
            Twist::LongHeader { length } => return format!("header of {length} bytes"),
            Twist::ManyHeaders { count } => return format!("{count} headers"),
            Twist::LongTarget { length } => return format!("request target of {length} bytes"),
            Twist::NoHost => return "no Host".into(),
            Twist::Framing(framing) => return format!("framing: {}", framing.words()),
        };
        format!("{kind}: {}", self.poison().map_or("", |poison| poison.name))
    }

    /// What becomes of the request.
    pub fn damage(self) -> Damage {
        let bytes = self.poison().map_or(&b""[..], |poison| poison.bytes);
        match self {
            Twist::Value { .. } | Twist::ActionValue { .. } | Twist::Pair { .. } | Twist::Body { .. } | Twist::ContentType { .. } => {
                Damage::Content
            }
            // What is longer than any call is refused by many servers before they look.
            Twist::LongValue { length } | Twist::LongName { length } if length <= LONG => Damage::Content,
            Twist::Many { count } | Twist::Repeated { count } if count <= MANY => Damage::Content,
            Twist::Deep { levels } if levels <= MANY => Damage::Content,
            Twist::Authorization { .. } | Twist::Date { .. } if bytes.is_ascii() => Damage::Content,
            Twist::Method { .. } if !bytes.iter().all(u8::is_ascii_alphabetic) || bytes.is_empty() => Damage::Broken,
            Twist::Target { .. } if !bytes.iter().all(u8::is_ascii_graphic) || !bytes.starts_with(b"/") => Damage::Broken,
            Twist::Framing(framing) if !framing.sound() => Damage::Broken,
            Twist::NoHost | Twist::BrokenHeader { .. } | Twist::Garbage { .. } => Damage::Broken,
            Twist::Version { .. } if bytes != b"HTTP/1.0" => Damage::Broken,
            _ => Damage::Server,
        }
    }

    /// The same at a smaller size, if it has one.
    pub fn halved(self) -> Option<Twist> {
        let half = |n: usize| (n > 1).then_some(n / 2);
        Some(match self {
            Twist::LongValue { length } => Twist::LongValue { length: half(length)? },
            Twist::LongName { length } => Twist::LongName { length: half(length)? },
            Twist::Many { count } => Twist::Many { count: half(count)? },
            Twist::Repeated { count } => Twist::Repeated { count: half(count)? },
            Twist::Deep { levels } => Twist::Deep { levels: half(levels)? },
            Twist::LongHeader { length } => Twist::LongHeader { length: half(length)? },
            Twist::ManyHeaders { count } => Twist::ManyHeaders { count: half(count)? },
            Twist::LongTarget { length } => Twist::LongTarget { length: half(length)? },
            _ => return None,
        })
    }
}

/// Characters up to which a text is an ordinary one for any server.
const LONG: usize = 4_096;

/// Parameters, or levels of a name, up to which a call is an ordinary one for any server.
const MANY: usize = 64;

impl Malformed {
    /// The worst of what its twists do.
    pub fn damage(&self) -> Damage {
        self.twists.iter().map(|twist| twist.damage()).max().unwrap_or(Damage::Content)
    }

    /// Whether it carries the right proof, or one that only its date spoils.
    pub fn is_proven(&self) -> bool {
        self.proof == Proof::Right && !self.twists.iter().any(|twist| matches!(twist, Twist::Authorization { .. }))
    }

    /// Whether it goes to the API's own path.
    pub fn is_home(&self) -> bool {
        !self.twists.iter().any(|twist| matches!(twist, Twist::Target { .. } | Twist::LongTarget { .. }))
    }

    /// What is wrong with it, for a fingerprint: the classes of its twists, in order.
    pub fn class(&self) -> String {
        let mut classes: Vec<String> = self.twists.iter().map(|twist| twist.class()).collect();
        classes.sort();
        classes.dedup();
        if self.proof == Proof::None {
            classes.push("no proof".into());
        }
        classes.join(", ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn damage_is_that_of_the_worst_twist() {
        let value = Twist::Value { index: 6 };
        let header = Twist::LongHeader { length: 100_000 };
        let cut = Twist::Framing(Framing::Truncated);
        for (twists, damage) in [
            (vec![], Damage::Content),
            (vec![value], Damage::Content),
            (vec![header, value], Damage::Server),
            (vec![value, cut, header], Damage::Broken),
            (vec![Twist::Date { index: 1 }], Damage::Content),
            (vec![Twist::Date { index: 5 }], Damage::Server),
            (vec![Twist::Version { index: 0 }], Damage::Server),
            (vec![Twist::Version { index: 1 }], Damage::Broken),
            (vec![Twist::Method { index: 0 }], Damage::Server),
            (vec![Twist::Method { index: 12 }], Damage::Broken),
        ] {
            let malformed = Malformed { base: Base::ListUsers, proof: Proof::Right, twists };
            assert_eq!(malformed.damage(), damage, "{malformed:?}");
        }
    }

    #[test]
    fn a_class_names_what_is_wrong_and_nothing_of_the_run() {
        let twists = vec![Twist::Value { index: 6 }, Twist::LongHeader { length: 9 }, Twist::Value { index: 6 }];
        let malformed = Malformed { base: Base::GetUser, proof: Proof::None, twists };
        assert_eq!(malformed.class(), "header of 9 bytes, value: raw NUL, no proof");
        assert!(!malformed.is_proven() && malformed.is_home());
        let elsewhere = Malformed { proof: Proof::Right, twists: vec![Twist::LongTarget { length: 1 }], ..malformed };
        assert!(elsewhere.is_proven() && !elsewhere.is_home());
    }

    #[test]
    fn halving_comes_to_an_end() {
        let mut twist = Twist::Many { count: 100_000 };
        let mut steps = 0;
        while let Some(smaller) = twist.halved() {
            (twist, steps) = (smaller, steps + 1);
        }
        assert_eq!((twist, steps), (Twist::Many { count: 1 }, 16));
        assert_eq!(Twist::NoHost.halved(), None);
    }

    #[test]
    fn every_malformed_request_can_be_kept() {
        let all = Malformed {
            base: Base::CreatePolicy,
            proof: Proof::Right,
            twists: vec![Twist::NoHost, Twist::Framing(Framing::HugeChunk), Twist::Pair { index: 3 }],
        };
        let text = toml::to_string(&all).unwrap();
        assert_eq!(toml::from_str::<Malformed>(&text).unwrap(), all, "{text}");
        assert!(Twist::Pair { index: usize::MAX }.poison().is_some());
    }
}
