//! Patterns of policy documents: `*`, `?` and policy variables.

/// Gives the value behind the variable `${name}`. `None`: there are no variables here, `${` is plain text.
pub(super) type Variables<'a> = Option<&'a dyn Fn(&str) -> Option<String>>;

/// A pattern, its variables already replaced.
pub(super) struct Pattern(Vec<Token>);

#[derive(Clone, Copy, PartialEq)]
enum Token {
    /// `*`: any characters, also none.
    Any,
    /// `?`: one character.
    One,
    /// This character. What a variable stands for is always literal: a user named `*` gains nothing by it.
    Literal(char),
}

impl Pattern {
    /// Reads a pattern. With a variable that has no value there is no pattern, and what carries it matches nothing.
    pub(super) fn new(text: &str, variables: Variables<'_>) -> Option<Pattern> {
        let mut tokens = Vec::new();
        let mut rest = text;
        while let Some(c) = rest.chars().next() {
            if let Some(value) = variables
                && let Some((name, after)) = rest.strip_prefix("${").and_then(|r| r.split_once('}'))
            {
                tokens.extend(expand(name, value)?.chars().map(Token::Literal));
                rest = after;
                continue;
            }
            tokens.push(match c {
                '*' => Token::Any,
                '?' => Token::One,
                _ => Token::Literal(c),
            });
            rest = &rest[c.len_utf8()..];
        }
        Some(Pattern(tokens))
    }

    /// A text in which nothing is special but variables, with these replaced.
    pub(super) fn literal(text: &str, variables: Variables<'_>) -> Option<String> {
        let Pattern(tokens) = Pattern::new(text, variables)?;
        Some(
            tokens
                .into_iter()
                .map(|t| match t {
                    Token::Any => '*',
                    Token::One => '?',
                    Token::Literal(c) => c,
                })
                .collect(),
        )
    }

    /// Whether the whole of `value` matches. Linear in practice: only the last `*` is ever gone back to.
    pub(super) fn matches(&self, value: &str) -> bool {
        let value: Vec<char> = value.chars().collect();
        let tokens = &self.0;
        let (mut t, mut v) = (0, 0);
        let mut star: Option<(usize, usize)> = None;
        while v < value.len() {
            match tokens.get(t) {
                Some(Token::Any) => {
                    star = Some((t, v));
                    t += 1;
                }
                Some(token) if *token == Token::One || *token == Token::Literal(value[v]) => {
                    t += 1;
                    v += 1;
                }
                _ => match star {
                    Some((at, from)) => {
                        star = Some((at, from + 1));
                        t = at + 1;
                        v = from + 1;
                    }
                    None => return false,
                },
            }
        }
        tokens[t..].iter().all(|token| *token == Token::Any)
    }
}

/// The text behind `${name}`, `${name, 'default'}` and the three escapes `${*}`, `${?}`, `${$}`.
fn expand(name: &str, value: &dyn Fn(&str) -> Option<String>) -> Option<String> {
    if matches!(name, "*" | "?" | "$") {
        return Some(name.to_owned());
    }
    let (name, default) = match name.split_once(',') {
        Some((name, default)) => (name, default.trim().strip_prefix('\'').and_then(|d| d.strip_suffix('\''))),
        None => (name, None),
    };
    value(name.trim()).or_else(|| default.map(str::to_owned))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(pattern: &str, value: &str) -> bool {
        Pattern::new(pattern, None).is_some_and(|p| p.matches(value))
    }

    #[test]
    fn wildcards() {
        for (pattern, value) in [
            ("*", ""),
            ("*", "anything"),
            ("iam:*", "iam:"),
            ("iam:Get*", "iam:GetUser"),
            ("iam:*User", "iam:GetUserUser"),
            ("a?c", "abc"),
            ("a*b*c", "aXbYbZc"),
            ("??", "éa"),
            ("", ""),
        ] {
            assert!(matches(pattern, value), "{pattern} matches {value}");
        }
        for (pattern, value) in [("", "a"), ("iam:Get*", "iam:ListUsers"), ("a?c", "ac"), ("a?c", "abbc"), ("*b", "a"), ("a*b*c", "acb")] {
            assert!(!matches(pattern, value), "{pattern} does not match {value}");
        }
    }

    #[test]
    fn many_stars_stay_cheap() {
        assert!(!matches(&("*a".repeat(40) + "b"), &"a".repeat(20_000)));
    }

    #[test]
    fn variables_are_literal_once_replaced() {
        let name = |n: &str| (n == "aws:username").then(|| "a*".to_owned());
        let pattern = Pattern::new("user/${aws:username}/*", Some(&name)).expect("the variable has a value");
        assert!(pattern.matches("user/a*/x") && !pattern.matches("user/ab/x"));
        assert!(Pattern::new("${aws:userid}", Some(&name)).is_none());
        assert!(Pattern::new("${aws:userid, 'none'}", Some(&name)).is_some_and(|p| p.matches("none")));
        assert!(Pattern::new("${*}x", Some(&name)).is_some_and(|p| p.matches("*x") && !p.matches("yx")));
        assert!(Pattern::new("${aws:username}", None).is_some_and(|p| p.matches("${aws:username}")));
        assert!(Pattern::new("${open", Some(&name)).is_some_and(|p| p.matches("${open")));
        assert_eq!(Pattern::literal("x*${aws:username}?", Some(&name)).as_deref(), Some("x*a*?"));
    }
}
