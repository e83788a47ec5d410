//! Expressions as text again, and templates with other expressions in them.

use std::fmt;

use super::template::{Count, Expr, Piece, Template, Twin, is_fresh};

impl fmt::Display for Count {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Count::Fixed(n) => write!(f, "{n}"),
            Count::Limit(name, offset) => limit(f, name, *offset),
        }
    }
}

/// `limit.NAME`, `limit.NAME+1`.
fn limit(f: &mut fmt::Formatter<'_>, name: &str, offset: i64) -> fmt::Result {
    match offset {
        0 => write!(f, "limit.{name}"),
        offset => write!(f, "limit.{name}{offset:+}"),
    }
}

impl fmt::Display for Twin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Twin::Upper => "upper",
            Twin::Lower => "lower",
            Twin::Swapped => "swapcase",
        })
    }
}

impl fmt::Display for Expr {
    /// As it stands between `${` and `}`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Expr::Fresh(name, None) => f.write_str(name),
            Expr::Fresh(name, Some(n)) => write!(f, "{name}:{n}"),
            Expr::Path(None) => f.write_str("path"),
            Expr::Path(Some(n)) => write!(f, "path:{n}"),
            Expr::Text(n) => write!(f, "text:{n}"),
            Expr::Digits(n) => write!(f, "digits:{n}"),
            Expr::Blanks(n) => write!(f, "blanks:{n}"),
            Expr::Twin(twin, inner) => write!(f, "{twin}:{inner}"),
            Expr::Prefix(inner, n) => write!(f, "prefix:{inner}:{n}"),
            Expr::Limit(name, offset) => limit(f, name, *offset),
            Expr::Document(name) => write!(f, "doc.{name}"),
            Expr::SizedDocument(n) => write!(f, "doc:{n}"),
            Expr::Certificate(name) => write!(f, "cert.{name}"),
            Expr::Arn(kind, name) => write!(f, "arn.{kind}:{name}"),
            Expr::Account => f.write_str("account"),
            Expr::Region => f.write_str("region"),
            Expr::SecondNamespace => f.write_str("second-namespace"),
            Expr::Index => f.write_str("i"),
            Expr::Row(name) => write!(f, "row.{name}"),
            Expr::Saved(name, path) if path.is_empty() => f.write_str(name),
            Expr::Saved(name, path) => write!(f, "{name}.{path}"),
        }
    }
}

impl Expr {
    /// The fresh name in it: its own, that of which it is a twin or prefix, or that of the thing whose ARN it is.
    pub fn fresh_name(&self) -> Option<&str> {
        match self.innermost() {
            Expr::Fresh(name, _) => Some(name),
            Expr::Arn(_, name) if is_fresh(name) => Some(name),
            _ => None,
        }
    }

    /// The same with another fresh name in it.
    pub fn with_fresh_name(&self, other: &str) -> Expr {
        match self {
            Expr::Fresh(_, n) => Expr::Fresh(other.to_owned(), n.clone()),
            Expr::Arn(kind, name) if is_fresh(name) => Expr::Arn(kind.clone(), other.to_owned()),
            Expr::Twin(twin, inner) => Expr::Twin(*twin, Box::new(inner.with_fresh_name(other))),
            Expr::Prefix(inner, n) => Expr::Prefix(Box::new(inner.with_fresh_name(other)), n.clone()),
            same => same.clone(),
        }
    }
}

impl Template {
    /// The expressions of a text; none where it cannot be read.
    pub fn expressions_of(text: &str) -> Vec<Expr> {
        Template::parse(text).map(|t| t.expressions().map(|(expr, _)| expr.clone()).collect()).unwrap_or_default()
    }

    /// A text with other expressions in it: what `other` gives for each, which stays where it gives none. What stands between them is
    /// kept as it is, and so is a text that cannot be read.
    pub fn replace(text: &str, mut other: impl FnMut(&Expr) -> Option<Expr>) -> String {
        let Ok(template) = Template::parse(text) else { return text.to_owned() };
        let (mut out, mut from) = (String::with_capacity(text.len()), 0);
        for piece in &template.pieces {
            let Piece::Expr(expr, at) = piece else { continue };
            let Some(new) = other(expr) else { continue };
            out.push_str(&text[from..at.start]);
            out.push_str(&format!("${{{new}}}"));
            from = at.end;
        }
        out.push_str(&text[from..]);
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: &[&str] = &[
        "user",
        "name2:64",
        "user:limit.groups+1",
        "path",
        "path:512",
        "text:9",
        "digits:12",
        "swapcase:group-b",
        "prefix:upper:user:5",
        "limit.access-keys-per-user",
        "limit.access-keys-per-user+1",
        "limit.policy-size-1",
        "doc.allow-all",
        "doc:limit.policy-size+1",
        "cert.leaf",
        "arn.policy:nobody",
        "arn.user:user3",
        "account",
        "region",
        "second-namespace",
        "i",
        "row.value",
        "key",
        "key.AccessKeyId",
    ];

    #[test]
    fn what_is_written_is_what_was_read() {
        for text in ALL {
            let read = Template::expressions_of(&format!("${{{text}}}"));
            assert_eq!(read.iter().map(Expr::to_string).collect::<Vec<_>>(), [*text]);
        }
    }

    #[test]
    fn names_are_found_and_replaced_wherever_they_stand() {
        let names: Vec<_> = ALL.iter().flat_map(|t| Template::expressions_of(&format!("${{{t}}}"))).collect();
        let names: Vec<_> = names.iter().filter_map(Expr::fresh_name).collect();
        assert_eq!(names, ["user", "name2", "user", "group-b", "user", "user3"]);
        let rename = |text: &str| Template::replace(text, |e| e.fresh_name().map(|_| e.with_fresh_name("user9")));
        assert_eq!(
            rename("a $${user} ${prefix:upper:user:5}/${arn.user:user3}${arn} z"),
            "a $${user} ${prefix:upper:user9:5}/${arn.user:user9}${arn} z"
        );
        assert_eq!(rename("${user"), "${user");
    }
}
