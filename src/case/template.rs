//! The syntax of `${…}`: what may stand in a string of a case file.
//!
//! Parsing knows nothing of values. [`Scope`](super::Scope) renders; the parser of case files looks at the expressions to find a
//! variable that nobody saved or a limit that does not exist.

use std::ops::Range;

use super::generate::{CERTIFICATES, documents};
use super::suggest::{did_you_mean, one_of};
use crate::api::model;

/// A string of a case file, taken apart.
#[derive(Clone, Debug, PartialEq)]
pub struct Template {
    /// Literal text and expressions in order.
    pub pieces: Vec<Piece>,
}

/// A part of a template.
#[derive(Clone, Debug, PartialEq)]
pub enum Piece {
    /// Text as it stands.
    Text(String),
    /// `${…}`, with its place in the template (bytes, braces included).
    Expr(Expr, Range<usize>),
}

/// What stands between `${` and `}`.
#[derive(Clone, Debug, PartialEq)]
pub enum Expr {
    /// A fresh name: `user`, `user2`, `group-b`; with a count of exactly that many characters.
    Fresh(String, Option<Count>),
    /// A fresh path; with a count of exactly that many characters.
    Path(Option<Count>),
    /// That many letters.
    Text(Count),
    /// That many decimal digits.
    Digits(Count),
    /// That many blanks.
    Blanks(Count),
    /// The same text in other letters.
    Twin(Twin, Box<Expr>),
    /// The first so many characters.
    Prefix(Box<Expr>, Count),
    /// A limit of the target, plus or minus something.
    Limit(String, i64),
    /// A policy document from the table.
    Document(String),
    /// A valid policy document of exactly that many characters that are not white space.
    SizedDocument(Count),
    /// A test certificate, chain or key in PEM form.
    Certificate(String),
    /// ARN of something of that kind and name, which need not exist.
    Arn(String, String),
    /// Account number, or namespace, of the target.
    Account,
    /// Region of the target.
    Region,
    /// Name of the target's second namespace.
    SecondNamespace,
    /// Number of the repetition, from 1.
    Index,
    /// A variable of the case's row.
    Row(String),
    /// A saved variable, and a path into it (empty: the whole).
    Saved(String, String),
}

/// How many.
#[derive(Clone, Debug, PartialEq)]
pub enum Count {
    /// A number.
    Fixed(usize),
    /// A limit of the target, plus or minus something.
    Limit(String, i64),
}

/// A twin of a text that differs in the case of its letters only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Twin {
    /// All upper case.
    Upper,
    /// All lower case.
    Lower,
    /// Each letter the other way round.
    Swapped,
}

/// Roles of fresh names: the variable's name without its suffix.
pub const ROLES: &[&str] = &["user", "group", "policy", "inline", "certificate", "name"];

/// Kinds of `${arn.KIND:NAME}`: resource types of the API.
pub const ARN_KINDS: &[&str] = &["user", "group", "policy", "server-certificate"];

/// Words that cannot be the name of a saved variable, beside fresh names.
pub const RESERVED: &[&str] = &[
    "path",
    "text",
    "digits",
    "blanks",
    "upper",
    "lower",
    "swapcase",
    "prefix",
    "limit",
    "doc",
    "cert",
    "account",
    "region",
    "second-namespace",
    "i",
    "row",
];

/// Longest text of a role with its suffix, so that a fresh name has at most 40 characters.
const ROLE_MAX: usize = 15;

/// Longest text that a generator makes, so that a slip of the pen does not fill the memory.
const COUNT_MAX: usize = 4 << 20;

/// Why a template cannot be read.
#[derive(Clone, Debug, PartialEq)]
pub struct TemplateError {
    /// Bytes of the template that are wrong.
    pub at: Range<usize>,
    /// What is wrong.
    pub what: String,
    /// What to do, where it can be said.
    pub help: Option<String>,
}

type Parsed<T> = Result<T, (String, Option<String>)>;

fn wrong<T>(what: impl Into<String>, help: Option<String>) -> Parsed<T> {
    Err((what.into(), help))
}

impl Template {
    /// Takes a string apart. `$${` stands for a literal `${`.
    pub fn parse(text: &str) -> Result<Template, TemplateError> {
        let mut pieces = Vec::new();
        let mut literal = String::new();
        let mut at = 0;
        while let Some(found) = text[at..].find("${") {
            let start = at + found;
            if let Some(before) = text[at..start].strip_suffix('$') {
                literal.push_str(before);
                literal.push_str("${");
                at = start + 2;
                continue;
            }
            literal.push_str(&text[at..start]);
            let Some(length) = text[start..].find('}') else {
                let what = "`${` without `}`".to_owned();
                return Err(TemplateError { at: start..text.len(), what, help: Some("write `$${` for a literal `${`".to_owned()) });
            };
            let end = start + length + 1;
            let expr = expression(&text[start + 2..end - 1]).map_err(|(what, help)| TemplateError { at: start..end, what, help })?;
            if !literal.is_empty() {
                pieces.push(Piece::Text(std::mem::take(&mut literal)));
            }
            pieces.push(Piece::Expr(expr, start..end));
            at = end;
        }
        literal.push_str(&text[at..]);
        if !literal.is_empty() {
            pieces.push(Piece::Text(literal));
        }
        Ok(Template { pieces })
    }

    /// Its expressions with their places.
    pub fn expressions(&self) -> impl Iterator<Item = (&Expr, Range<usize>)> {
        self.pieces.iter().filter_map(|p| match p {
            Piece::Expr(e, at) => Some((e, at.clone())),
            Piece::Text(_) => None,
        })
    }

    /// The expression, where the template is nothing else.
    pub fn single(&self) -> Option<&Expr> {
        match self.pieces.as_slice() {
            [Piece::Expr(e, _)] => Some(e),
            _ => None,
        }
    }

    /// The text, where the template has no expression.
    pub fn literal(&self) -> Option<&str> {
        match self.pieces.as_slice() {
            [] => Some(""),
            [Piece::Text(t)] => Some(t),
            _ => None,
        }
    }
}

impl Expr {
    /// The variables it reads: this one, or the one inside a twin or prefix.
    pub fn innermost(&self) -> &Expr {
        match self {
            Expr::Twin(_, inner) | Expr::Prefix(inner, _) => inner.innermost(),
            other => other,
        }
    }
}

/// Whether `word` is a fresh name: a role, perhaps with digits or `-word` after it.
pub fn is_fresh(word: &str) -> bool {
    ROLES.iter().any(|role| {
        word.strip_prefix(role).is_some_and(|suffix| {
            suffix.bytes().all(|b| b.is_ascii_digit())
                || suffix.strip_prefix('-').is_some_and(|w| !w.is_empty() && w.bytes().all(|b| b.is_ascii_alphanumeric()))
        })
    })
}

/// Whether a saved variable may have that name: letters, digits, `-` and `_`, beginning with a letter, and no word of the language.
pub fn is_variable_name(word: &str) -> bool {
    word.starts_with(|c: char| c.is_ascii_alphabetic())
        && word.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
        && !is_fresh(word)
        && !RESERVED.contains(&word)
}

/// Every word that an expression can begin with, for suggestions.
pub fn words() -> impl Iterator<Item = &'static str> {
    ROLES.iter().chain(RESERVED).copied()
}

fn expression(text: &str) -> Parsed<Expr> {
    if text.trim() != text || text.is_empty() {
        return wrong("an expression has no blanks and is not empty", Some("write `${user}`".to_owned()));
    }
    let (word, argument) = match text.split_once(':') {
        Some((word, argument)) => (word, Some(argument)),
        None => (text, None),
    };
    if let Some(argument) = argument {
        return generator(word, argument);
    }
    let (head, member) = text.split_once('.').unwrap_or((text, ""));
    match head {
        "limit" => limit(member).map(|(name, offset)| Expr::Limit(name, offset)),
        "doc" => document(member),
        "cert" => certificate(member),
        "row" if is_word(member) => Ok(Expr::Row(member.to_owned())),
        "row" => wrong("`row` needs the name of a variable of the row", Some("write `${row.value}`".to_owned())),
        "path" if member.is_empty() => Ok(Expr::Path(None)),
        "account" if member.is_empty() => Ok(Expr::Account),
        "region" if member.is_empty() => Ok(Expr::Region),
        "second-namespace" if member.is_empty() => Ok(Expr::SecondNamespace),
        "i" if member.is_empty() => Ok(Expr::Index),
        _ if is_fresh(head) && member.is_empty() => fresh(head).map(|name| Expr::Fresh(name, None)),
        _ if is_fresh(head) || ["path", "account", "region", "second-namespace", "i"].contains(&head) => {
            let help = "to look into something saved, save it under another name".to_owned();
            wrong(format!("`{head}` is a text that the suite makes, and has no members"), Some(help))
        }
        _ if RESERVED.contains(&head) => wrong(format!("`{head}` needs an argument"), Some(usage(head))),
        _ if is_variable_name(head) => Ok(Expr::Saved(head.to_owned(), member.to_owned())),
        _ => wrong(format!("`{head}` cannot be the name of a variable"), did_you_mean(head, words())),
    }
}

fn is_word(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
}

fn usage(word: &str) -> String {
    let example = match word {
        "text" => "${text:100}",
        "digits" => "${digits:12}",
        "blanks" => "${blanks:100}",
        "upper" => "${upper:user}",
        "lower" => "${lower:user}",
        "swapcase" => "${swapcase:user}",
        "prefix" => "${prefix:path:5}",
        _ => "${limit.access-keys-per-user}",
    };
    format!("write `{example}`")
}

fn fresh(name: &str) -> Parsed<String> {
    if name.len() > ROLE_MAX {
        return wrong(format!("`{name}` is too long for a fresh name"), Some(format!("at most {ROLE_MAX} characters")));
    }
    Ok(name.to_owned())
}

fn generator(word: &str, argument: &str) -> Parsed<Expr> {
    let twin = |twin| expression(argument).map(|inner| Expr::Twin(twin, Box::new(inner)));
    match word {
        "text" => count(argument).map(Expr::Text),
        "digits" => count(argument).map(Expr::Digits),
        "blanks" => count(argument).map(Expr::Blanks),
        "path" => count(argument).map(|n| Expr::Path(Some(n))),
        "doc" => count(argument).map(Expr::SizedDocument),
        "upper" => twin(Twin::Upper),
        "lower" => twin(Twin::Lower),
        "swapcase" => twin(Twin::Swapped),
        "prefix" => match argument.rsplit_once(':') {
            Some((inner, n)) => Ok(Expr::Prefix(Box::new(expression(inner)?), count(n)?)),
            None => wrong("`prefix` needs a variable and a number of characters", Some(usage("prefix"))),
        },
        _ if is_fresh(word) => Ok(Expr::Fresh(fresh(word)?, Some(count(argument)?))),
        _ => match word.strip_prefix("arn.") {
            Some(kind) if ARN_KINDS.contains(&kind) && !argument.is_empty() => Ok(Expr::Arn(kind.to_owned(), argument.to_owned())),
            Some(kind) => wrong(
                format!("`{kind}` is not a kind of thing that has an ARN"),
                did_you_mean(kind, ARN_KINDS.iter().copied()).or(Some(format!("one of {}", one_of(ARN_KINDS.iter().copied())))),
            ),
            None => wrong(
                format!("unknown generator `{word}`"),
                did_you_mean(word, words()).or(Some(format!("one of {}, arn.KIND or a fresh name", generators()))),
            ),
        },
    }
}

fn generators() -> String {
    ["text", "digits", "blanks", "path", "doc", "upper", "lower", "swapcase", "prefix"].join(", ")
}

fn count(text: &str) -> Parsed<Count> {
    if let Some(name) = text.strip_prefix("limit.") {
        return limit(name).map(|(name, offset)| Count::Limit(name, offset));
    }
    match text.parse::<usize>() {
        Ok(n) if n <= COUNT_MAX => Ok(Count::Fixed(n)),
        Ok(_) => wrong(format!("{text} is more than a generator makes"), Some(format!("at most {COUNT_MAX}"))),
        Err(_) => wrong(format!("`{text}` is not a number of characters"), Some("write a number or `limit.NAME+1`".to_owned())),
    }
}

/// `NAME`, `NAME+1`, `NAME-1`. Names of limits have letters after each `-`, so that a number after one is an offset.
fn limit(text: &str) -> Parsed<(String, i64)> {
    let (name, offset) = match text.rfind(['+', '-']) {
        Some(at) => match text[at..].parse::<i64>() {
            Ok(offset) => (&text[..at], offset),
            Err(_) => (text, 0),
        },
        None => (text, 0),
    };
    if model().limit_names().any(|known| known == name) {
        return Ok((name.to_owned(), offset));
    }
    wrong(
        format!("unknown limit `{name}`"),
        did_you_mean(name, model().limit_names()).or_else(|| Some(format!("one of {}", one_of(model().limit_names())))),
    )
}

fn document(name: &str) -> Parsed<Expr> {
    let known = || documents().keys().map(String::as_str);
    if documents().contains_key(name) {
        return Ok(Expr::Document(name.to_owned()));
    }
    wrong(format!("unknown policy document `{name}`"), did_you_mean(name, known()).or_else(|| Some(format!("one of {}", one_of(known())))))
}

fn certificate(name: &str) -> Parsed<Expr> {
    let known = || CERTIFICATES.iter().copied();
    if CERTIFICATES.contains(&name) {
        return Ok(Expr::Certificate(name.to_owned()));
    }
    wrong(format!("unknown certificate `{name}`"), did_you_mean(name, known()).or_else(|| Some(format!("one of {}", one_of(known())))))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn only(text: &str) -> Expr {
        Template::parse(text).unwrap().single().cloned().unwrap()
    }

    #[test]
    fn expressions_are_told_apart() {
        assert_eq!(only("${user}"), Expr::Fresh("user".into(), None));
        assert_eq!(only("${group-b}"), Expr::Fresh("group-b".into(), None));
        assert_eq!(only("${name2:64}"), Expr::Fresh("name2".into(), Some(Count::Fixed(64))));
        assert_eq!(only("${key.AccessKeyId}"), Expr::Saved("key".into(), "AccessKeyId".into()));
        assert_eq!(only("${arn}"), Expr::Saved("arn".into(), String::new()));
        assert_eq!(only("${arn.policy:nobody}"), Expr::Arn("policy".into(), "nobody".into()));
        assert_eq!(only("${limit.access-keys-per-user+1}"), Expr::Limit("access-keys-per-user".into(), 1));
        assert_eq!(only("${limit.policy-size-1}"), Expr::Limit("policy-size".into(), -1));
        assert_eq!(only("${doc:limit.policy-size}"), Expr::SizedDocument(Count::Limit("policy-size".into(), 0)));
        assert_eq!(
            only("${prefix:upper:user:3}"),
            Expr::Prefix(Box::new(Expr::Twin(Twin::Upper, Box::new(Expr::Fresh("user".into(), None)))), Count::Fixed(3))
        );
        assert_eq!(only("${row.value}"), Expr::Row("value".into()));
    }

    #[test]
    fn text_around_and_escapes_are_kept() {
        let t = Template::parse("a $${x} ${i} $ }").unwrap();
        assert_eq!(t.pieces[0], Piece::Text("a ${x} ".into()));
        assert_eq!(t.pieces[1], Piece::Expr(Expr::Index, 8..12));
        assert_eq!(t.pieces[2], Piece::Text(" $ }".into()));
        assert_eq!(Template::parse("").unwrap().literal(), Some(""));
    }

    #[test]
    fn mistakes_name_what_was_meant() {
        let e = Template::parse("x${limit.policy-sise}").unwrap_err();
        assert_eq!((e.at, e.help.as_deref()), (1..21, Some("did you mean `policy-size`?")));
        for bad in
            ["${", "${}", "${ user}", "${user.x}", "${text:x}", "${name:99999999999}", "${arn.role:x}", "${row}", "${text}", "${a b}"]
        {
            assert!(Template::parse(bad).is_err(), "{bad}");
        }
        assert!(Template::parse("${cert.laef}").unwrap_err().help.unwrap().contains("`leaf`"));
        assert!(Template::parse("${certificate-abcd}").unwrap_err().what.contains("too long"));
    }

    #[test]
    fn any_text_is_read_or_refused() {
        arbtest::arbtest(|u| {
            let text: String = u.arbitrary()?;
            if let Err(e) = Template::parse(&text) {
                assert!(text.get(e.at).is_some());
            }
            Ok(())
        });
    }
}
