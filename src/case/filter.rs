//! Selection of cases: by id, tag, Action and requirement.

use super::model::Case;
use super::suggest::did_you_mean;

/// What to select. Within one kind any will do; the kinds must all hold. Empty: everything.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// Patterns for ids.
    pub ids: Vec<String>,
    /// Tags.
    pub tags: Vec<String>,
    /// Patterns for the Action that a case is about; one that is about none: for the Actions that it calls.
    pub actions: Vec<String>,
    /// Patterns for the requirements that a case names.
    pub requirements: Vec<String>,
}

/// A part of a filter that selects nothing: a slip of the pen rather than a wish.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what} `{pattern}` matches no case{}", hint.as_ref().map(|h| format!("; {h}")).unwrap_or_default())]
pub struct NoMatch {
    /// `filter`, `tag`, `action` or `requirement`.
    pub what: &'static str,
    /// As given; empty: each part matches cases, but no case has them all.
    pub pattern: String,
    /// What was meant, perhaps.
    pub hint: Option<String>,
}

impl Filter {
    /// The cases selected, in their order; an error where a pattern, or all of them together, select none.
    pub fn select<'c>(&self, cases: &'c [Case]) -> Result<Vec<&'c Case>, NoMatch> {
        let kinds: [(&'static str, &[String], Names); 4] = [
            ("filter", &self.ids, |c| vec![&c.id]),
            ("tag", &self.tags, |c| c.tags.iter().map(String::as_str).collect()),
            ("action", &self.actions, actions),
            ("requirement", &self.requirements, requirements),
        ];
        let mut selected: Vec<&Case> = cases.iter().collect();
        for (what, patterns, names) in kinds {
            for pattern in patterns {
                if !cases.iter().any(|c| selects(what, pattern, &names(c))) {
                    let hint = did_you_mean(pattern, cases.iter().flat_map(names));
                    return Err(NoMatch { what, pattern: pattern.clone(), hint });
                }
            }
            if !patterns.is_empty() {
                selected.retain(|c| patterns.iter().any(|p| selects(what, p, &names(c))));
            }
        }
        if selected.is_empty() && !cases.is_empty() {
            let hint = Some("each of them matches cases, but no case matches all".to_owned());
            return Err(NoMatch { what: "the filters together", pattern: self.to_string(), hint });
        }
        Ok(selected)
    }
}

type Names = for<'c> fn(&'c Case) -> Vec<&'c str>;

impl std::fmt::Display for Filter {
    /// The patterns, one after the other.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let all: Vec<&str> = [&self.ids, &self.tags, &self.actions, &self.requirements].into_iter().flatten().map(String::as_str).collect();
        f.write_str(&all.join(" "))
    }
}

fn actions(case: &Case) -> Vec<&str> {
    match &case.action {
        Some(action) => vec![action],
        None => case.steps.iter().map(|s| s.call.as_str()).collect(),
    }
}

fn requirements(case: &Case) -> Vec<&str> {
    case.named_requirements().into_iter().map(|r| r.id()).collect()
}

fn selects(what: &str, pattern: &str, names: &[&str]) -> bool {
    names.iter().any(|name| match what {
        "filter" => picks(pattern, name),
        _ => glob(pattern, name),
    })
}

/// Whether a filter selects an id: it is a part of it or, with `*` or `?` in it, a glob for the whole.
pub fn picks(pattern: &str, id: &str) -> bool {
    if is_glob(pattern) { glob(pattern, id) } else { id.contains(pattern) }
}

/// Whether a pattern has `*` or `?` in it. Without them it selects ids that contain it.
fn is_glob(pattern: &str) -> bool {
    pattern.contains(['*', '?'])
}

/// Whether the whole of `text` is as `pattern` says: `*` stands for any characters, `/` too, `?` for one.
pub fn glob(pattern: &str, text: &str) -> bool {
    let (pattern, text): (Vec<char>, Vec<char>) = (pattern.chars().collect(), text.chars().collect());
    let (mut p, mut t) = (0, 0);
    // The last star, and the text from which it has not been tried yet.
    let mut star: Option<(usize, usize)> = None;
    while t < text.len() {
        match pattern.get(p) {
            Some('*') => {
                star = Some((p, t));
                p += 1;
            }
            Some(c) if *c == '?' || *c == text[t] => (p, t) = (p + 1, t + 1),
            _ => match star {
                Some((at, from)) => {
                    star = Some((at, from + 1));
                    (p, t) = (at + 1, from + 1);
                }
                None => return false,
            },
        }
    }
    pattern[p..].iter().all(|c| *c == '*')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::case::parse;

    fn cases() -> Vec<Case> {
        let head = |id: &str, tag: &str, requirement: &str| {
            format!("[[case]]\nid = \"{id}\"\ntitle = \"t\"\ntags = [\"{tag}\"]\nrequirement = \"{requirement}\"\n")
        };
        let step = "[[case.step]]\ncall = \"DeleteUser\"\nwith = { UserName = \"${user}\" }\nexpect = { error = \"*\", requirement = \"delete-user.unknown-user\" }\n";
        let users =
            format!("action = \"DeleteUser\"\n{}{step}{}{step}", head("a", "x", "delete-user.gone"), head("a-b", "y", "delete-user.gone"));
        let walk = format!("{}{step}", head("walk", "x", "delete-user.no-access-key"));
        let mut all = parse("users/DeleteUser.toml", "u", &users).unwrap_or_else(|e| panic!("{e}"));
        all.extend(parse("workflows/Walk.toml", "w", &walk).unwrap_or_else(|e| panic!("{e}")));
        all
    }

    fn ids(filter: &Filter) -> Result<Vec<String>, String> {
        filter.select(&cases()).map(|s| s.iter().map(|c| c.id.clone()).collect()).map_err(|e| e.to_string())
    }

    fn by_id(pattern: &str) -> Result<Vec<String>, String> {
        ids(&Filter { ids: vec![pattern.into()], ..Filter::default() })
    }

    #[test]
    fn ids_are_selected_by_glob_and_part() {
        assert_eq!(by_id("users/*").unwrap().len(), 2);
        assert_eq!(by_id("*/a").unwrap(), ["users/DeleteUser/a"]);
        assert_eq!(by_id("a-b").unwrap(), ["users/DeleteUser/a-b"]);
        assert_eq!(by_id("DeleteUser/a").unwrap().len(), 2);
        assert_eq!(ids(&Filter::default()).unwrap().len(), 3);
        let e = by_id("users/DeleteUser/ab").unwrap_err();
        assert_eq!(e, "filter `users/DeleteUser/ab` matches no case; did you mean `users/DeleteUser/a`?");
    }

    #[test]
    fn kinds_must_all_hold() {
        let filter = Filter { tags: vec!["x".into()], actions: vec!["Delete*".into()], ..Filter::default() };
        assert_eq!(ids(&filter).unwrap(), ["users/DeleteUser/a", "workflows/Walk/walk"]);
        let filter = Filter { requirements: vec!["*.no-access-key".into()], ..filter };
        assert_eq!(ids(&filter).unwrap(), ["workflows/Walk/walk"]);
        let filter = Filter { requirements: vec!["delete-user.unknown-user".into()], ..Filter::default() };
        assert_eq!(ids(&filter).unwrap().len(), 3);
        let apart = Filter { ids: vec!["walk".into()], tags: vec!["y".into()], ..Filter::default() };
        assert!(ids(&apart).unwrap_err().contains("no case matches all"));
        assert!(ids(&Filter { tags: vec!["z*".into()], ..Filter::default() }).is_err());
    }

    #[test]
    fn globs() {
        for (pattern, text, matches) in [
            ("*", "", true),
            ("a*c", "abc", true),
            ("a*c", "abcd", false),
            ("*b*b*", "abab", true),
            ("a?c", "abc", true),
            ("a?c", "ac", false),
            ("", "a", false),
            ("a**", "a", true),
        ] {
            assert_eq!(glob(pattern, text), matches, "{pattern} {text}");
        }
    }
}
