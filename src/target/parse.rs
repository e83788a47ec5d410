//! Reads a `target.toml` and says what is wrong with it, and where.

use std::ops::Range;

use regex::Regex;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::profile::{CAPABILITIES, Profile};
use crate::api::{Req, model, req};
use crate::case::suggest::{did_you_mean, one_of};

/// The only version of the profile format.
pub const FORMAT: u32 = 1;

/// Names that `[patterns]` knows.
const PATTERNS: [&str; 4] = ["id", "arn", "request-id", "access-key-id"];

/// A mistake in a profile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Bytes of the file that it is about.
    pub span: Range<usize>,
    /// What is wrong.
    pub message: String,
    /// What to write instead.
    pub help: Option<String>,
    /// The line holds a credential and is not shown.
    pub withheld: bool,
}

impl Problem {
    fn new(span: Range<usize>, message: impl Into<String>) -> Problem {
        Problem { span, message: message.into(), help: None, withheld: false }
    }

    fn help(mut self, help: Option<String>) -> Problem {
        self.help = help;
        self
    }

    /// `file:line:column: message`, the line with a caret below it, and the help.
    pub fn render(&self, file: &str, text: &str) -> String {
        use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};
        if self.withheld {
            let line = 1 + text[..self.span.start].matches('\n').count();
            let help = self.help.as_deref().unwrap_or_default();
            return format!("error: {}\n --> {file}:{line}\n  = help: {help}", self.message);
        }
        let label = self.help.as_deref().unwrap_or_default();
        let mark = AnnotationKind::Primary.span(self.span.clone()).label(label);
        let report = [Level::ERROR.primary_title(self.message.as_str()).element(Snippet::source(text).path(file).annotation(mark))];
        Renderer::plain().render(&report)
    }
}

/// Reads a profile.
///
/// # Errors
/// Every mistake found, in the order of the file: bad TOML, unknown keys, a format that this version does not know, names of Actions,
/// capabilities, limits, patterns or requirements that do not exist, patterns that cannot be compiled, numbers out of range, and
/// anything that looks like a credential.
pub fn parse(text: &str) -> Result<Profile, Vec<Problem>> {
    let table = DeTable::parse(text).map_err(|e| vec![Problem::new(span(e.span(), text), e.message())])?;
    let tree = table.get_ref();
    let mut problems = Vec::new();
    secrets(tree, &mut problems);
    if !problems.is_empty() {
        // Alone: the lines that other messages show may hold it too.
        return Err(problems);
    }
    if let Some(format) = entry(tree, "format").filter(|(_, v)| v.get_ref().as_integer().is_none_or(|i| i.as_str() != "1")) {
        let help = Some(format!("this version of iamspec reads format {FORMAT}"));
        return Err(vec![Problem::new(format.1.span(), "unknown profile format").help(help)]);
    }
    let profile = match toml::from_str::<Profile>(text) {
        Ok(profile) => Some(profile),
        Err(e) => {
            problems.push(unknown_field(&e, span(e.span(), text)));
            None
        }
    };
    names(tree, &mut problems);
    if let Some(profile) = &profile {
        numbers(profile, tree, &mut problems);
    }
    problems.sort_by_key(|p| p.span.start);
    match profile {
        Some(profile) if problems.is_empty() => Ok(profile),
        _ => Err(problems),
    }
}

fn span(span: Option<Range<usize>>, text: &str) -> Range<usize> {
    span.unwrap_or(0..text.len().min(1))
}

/// serde lists what it expected: the closest of that is what was meant.
fn unknown_field(e: &toml::de::Error, at: Range<usize>) -> Problem {
    let message = e.message();
    let mut quoted = message.split('`').skip(1).step_by(2);
    match quoted.next() {
        Some(field) if message.starts_with("unknown field") => {
            let known: Vec<&str> = quoted.collect();
            let help = did_you_mean(field, known.iter().copied());
            Problem::new(at, format!("unknown key `{field}`")).help(help)
        }
        Some(word) if message.starts_with("unknown variant") => {
            let known: Vec<&str> = quoted.collect();
            let help = did_you_mean(word, known.iter().copied()).or_else(|| Some(format!("one of {}", one_of(known))));
            Problem::new(at, format!("unknown value `{word}`")).help(help)
        }
        _ => Problem::new(at, message),
    }
}

type Entry<'t, 'i> = (&'t Spanned<std::borrow::Cow<'i, str>>, &'t Spanned<DeValue<'i>>);

fn entry<'t, 'i>(table: &'t DeTable<'i>, key: &str) -> Option<Entry<'t, 'i>> {
    table.iter().find(|(k, _)| k.get_ref() == key)
}

/// Keys and values of a sub-table; nothing where there is none.
fn members<'t, 'i>(table: &'t DeTable<'i>, key: &str) -> impl Iterator<Item = Entry<'t, 'i>> {
    entry(table, key).and_then(|(_, v)| v.get_ref().as_table()).into_iter().flat_map(|t| t.iter())
}

/// Names that must exist elsewhere.
fn names(tree: &DeTable<'_>, problems: &mut Vec<Problem>) {
    let mut unknown = |what: &str, at: Range<usize>, name: &str, known: &mut dyn Iterator<Item = &str>| {
        let known: Vec<&str> = known.collect();
        if !known.contains(&name) {
            let help =
                did_you_mean(name, known.iter().copied()).or_else(|| (known.len() <= 12).then(|| format!("there are {}", one_of(known))));
            problems.push(Problem::new(at, format!("unknown {what} `{name}`")).help(help));
        }
    };
    for item in entry(tree, "unsupported").and_then(|(_, v)| v.get_ref().as_array()).into_iter().flat_map(|a| a.iter()) {
        if let Some(name) = item.get_ref().as_str() {
            unknown("Action", item.span(), name, &mut model().actions.iter().map(|a| a.name.as_str()));
        }
    }
    for (key, _) in members(tree, "lacks") {
        unknown("capability", key.span(), key.get_ref(), &mut CAPABILITIES.iter().map(|(name, _)| *name));
    }
    for (key, _) in members(tree, "limits") {
        unknown("limit", key.span(), key.get_ref(), &mut model().limit_names());
    }
    for (key, _) in members(tree, "patterns") {
        unknown("pattern", key.span(), key.get_ref(), &mut PATTERNS.into_iter());
    }
    for (key, _) in members(tree, "deviations") {
        if Req::find(key.get_ref()).is_none() {
            unknown("requirement", key.span(), key.get_ref(), &mut req::IDS.iter().copied());
        }
    }
    for (_, value) in members(tree, "patterns") {
        if let Some(Err(e)) = value.get_ref().as_str().map(Regex::new) {
            // The last line of a regex error says what is wrong, the others draw it.
            let why = e.to_string();
            let why = why.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned();
            problems.push(Problem::new(value.span(), format!("this pattern cannot be compiled: {why}")));
        }
    }
    for (table, what) in [("lacks", "say why it is missing"), ("deviations", "say what the target does instead")] {
        for (_, value) in members(tree, table) {
            if value.get_ref().as_str().is_some_and(|reason| reason.trim().is_empty()) {
                problems.push(Problem::new(value.span(), "the reason is empty").help(Some(what.to_owned())));
            }
        }
    }
}

const NAMESPACE: &str = "a name without blanks, of printable ASCII characters";

/// Whether a text can be the name of a namespace, which stands in a header.
pub fn is_namespace(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_graphic())
}

/// Values that would make a run hang or never begin.
fn numbers(profile: &Profile, tree: &DeTable<'_>, problems: &mut Vec<Problem>) {
    let seconds = |n: f64, least: f64| n.is_finite() && n >= least && n <= 86_400.0;
    for (key, ok, what) in [
        ("jobs", (1..=256).contains(&profile.jobs), "between 1 and 256"),
        ("rate", profile.rate.is_finite() && profile.rate >= 0.0, "0 (no bound) or a number of requests per second"),
        ("timeout", seconds(profile.timeout, 0.001), "seconds, more than 0 and at most a day"),
        ("consistency-window", seconds(profile.consistency_window, 0.0), "seconds, at most a day"),
        ("max-response", profile.max_response >= 1024, "bytes, at least 1024"),
        ("formats", !profile.formats.is_empty(), "at least one of xml, json"),
        ("styles", !profile.styles.is_empty(), "at least one of form, query, sigv4"),
        ("regions", profile.regions.is_empty() || profile.regions.contains(&profile.region), "a list in which `region` is"),
        ("namespace", profile.namespace.as_deref().is_none_or(is_namespace), NAMESPACE),
        ("second-namespace", profile.second_namespace.as_deref().is_none_or(is_namespace), NAMESPACE),
    ] {
        if let Some((_, value)) = entry(tree, key).filter(|_| !ok) {
            problems.push(Problem::new(value.span(), format!("`{key}` is out of range")).help(Some(what.to_owned())));
        }
    }
    if let Some((_, value)) =
        entry(tree, "retry").filter(|_| !seconds(profile.retry.pause, 0.0) || !(1..=20).contains(&profile.retry.attempts))
    {
        let help = Some("`attempts` from 1 to 20, `pause` in seconds".to_owned());
        problems.push(Problem::new(value.span(), "`retry` is out of range").help(help));
    }
    for key in ["endpoint", "proxy"] {
        let Some((_, value)) = entry(tree, key) else { continue };
        let url = value.get_ref().as_str().unwrap_or_default();
        if !(url.starts_with("http://") || url.starts_with("https://")) {
            problems.push(Problem::new(value.span(), format!("`{key}` is no URL")).help(Some("write http://… or https://…".into())));
        }
    }
}

/// Words that name a credential, in keys and header names.
const SECRET_WORDS: [&str; 9] =
    ["secret", "password", "passwd", "token", "credential", "authorization", "access-key", "private-key", "cookie"];

/// Finds what looks like a credential, wherever it stands: credentials come from the environment or from a named profile.
fn secrets(tree: &DeTable<'_>, problems: &mut Vec<Problem>) {
    for (key, value) in tree {
        let word = key.get_ref().to_lowercase().replace('_', "-");
        // The form of access key ids is no access key.
        let named = word != "access-key-id" && SECRET_WORDS.iter().any(|w| word.contains(w));
        match value.get_ref() {
            // Reasons by the name of a capability or requirement, of which some have such words.
            DeValue::Table(reasons) if matches!(key.get_ref().as_ref(), "lacks" | "deviations") => {
                let texts = reasons.iter().filter(|(_, reason)| reason.get_ref().as_str().is_some_and(credential));
                texts.for_each(|(_, reason)| refuse(reason.span(), problems));
            }
            DeValue::Table(inner) => secrets(inner, problems),
            DeValue::Array(items) => {
                items.iter().filter(|i| i.get_ref().as_str().is_some_and(credential)).for_each(|i| refuse(i.span(), problems))
            }
            DeValue::String(text) if named || credential(text) => refuse(if named { key.span() } else { value.span() }, problems),
            _ => {}
        }
    }
}

fn refuse(at: Range<usize>, problems: &mut Vec<Problem>) {
    let help = "give it in AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, OSC_ACCESS_KEY and OSC_SECRET_KEY, ECS_USERNAME and ECS_PASSWORD, or \
                a named profile";
    let problem = Problem::new(at, "this looks like a credential, which a target profile never holds").help(Some(help.into()));
    problems.push(Problem { withheld: true, ..problem });
}

/// Whether a text has the form of an access key id, of a secret access key, of a private key or of a URL with a password.
fn credential(text: &str) -> bool {
    let key_id = text.len() == 20
        && text.starts_with('A')
        && text[..4].ends_with(['A', 'P'])
        && text.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit());
    let base64 = |b: u8| b.is_ascii_alphanumeric() || b"+/=".contains(&b);
    let mixed = text.bytes().any(|b| b.is_ascii_lowercase())
        && text.bytes().any(|b| b.is_ascii_uppercase())
        && text.bytes().any(|b| b.is_ascii_digit());
    let secret = text.len() == 40 && text.bytes().all(base64) && mixed;
    let authority = text.split_once("://").map(|(_, rest)| rest.split(['/', '?']).next().unwrap_or_default());
    let url = authority.is_some_and(|a| a.split_once('@').is_some_and(|(user, _)| user.contains(':')));
    key_id || secret || url || text.contains("PRIVATE KEY-----")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn first(text: &str) -> (String, String, String) {
        let problems = parse(text).expect_err(text);
        let p = &problems[0];
        (text[p.span.clone()].to_owned(), p.message.clone(), p.help.clone().unwrap_or_default())
    }

    #[test]
    fn an_empty_profile_is_the_default_and_a_full_one_is_read() {
        assert_eq!(parse("").unwrap(), Profile::default());
        let text = "format = 1\nname = \"x\"\ndialect = \"eim\"\nformats = [\"xml\", \"json\"]\nunsupported = [\"GetUser\"]\n\
                    [lacks]\npaths = \"everything is in /\"\n[retry]\nattempts = 3\n[headers]\nx-emc-namespace = \"ns1\"\n";
        let profile = parse(text).unwrap();
        assert_eq!((profile.formats.len(), profile.retry.attempts, profile.retry.pause), (2, 3, 0.5));
        assert_eq!(profile.lacks["paths"], "everything is in /");
    }

    #[test]
    fn each_mistake_is_named_where_it_stands() {
        for (text, at, message, help) in [
            ("formts = []", "formts", "unknown key `formts`", "did you mean `formats`?"),
            ("dialect = \"amz\"", "\"amz\"", "unknown value `amz`", "one of"),
            ("format = 2", "2", "unknown profile format", "reads format 1"),
            ("unsupported = [\"GetUsr\"]", "\"GetUsr\"", "unknown Action `GetUsr`", "did you mean `GetUser`?"),
            ("[lacks]\npath = \"x\"", "path", "unknown capability `path`", "did you mean `paths`?"),
            ("[lacks]\npaths = \" \"", "\" \"", "the reason is empty", "why"),
            ("[patterns]\nid = \"A[\"", "\"A[\"", "cannot be compiled", ""),
            ("[patterns]\nids = \"A\"", "ids", "unknown pattern `ids`", "`id`"),
            ("[deviations]\n\"no.such\" = \"x\"", "\"no.such\"", "unknown requirement", ""),
            ("jobs = 0", "0", "`jobs` is out of range", "between 1 and 256"),
            ("timeout = inf", "inf", "`timeout` is out of range", "seconds"),
            ("endpoint = \"localhost:1\"", "\"localhost:1\"", "`endpoint` is no URL", "http://"),
            ("regions = [\"a\"]", "[\"a\"]", "`regions` is out of range", "`region` is"),
            ("namespace = \"a b\"", "\"a b\"", "`namespace` is out of range", "without blanks"),
            ("jobs = \"many\"", "\"many\"", "invalid type", ""),
            ("jobs = ", "", "", ""),
        ] {
            let (seen_at, seen, seen_help) = first(text);
            assert!(seen.contains(message), "{text}: {seen}");
            assert!(seen_help.contains(help), "{text}: {seen_help}");
            assert!(at.is_empty() || seen_at == at, "{text}: {seen_at}");
        }
    }

    #[test]
    fn credentials_are_refused_wherever_they_stand() {
        for text in [
            "secret-key = \"x\"",
            "[headers]\nAuthorization = \"Basic eA==\"",
            "[headers]\nX-Auth-Token = \"abc\"",
            "endpoint = \"https://root:pw@example.com/\"",
            "about = \"AKIAIOSFODNN7EXAMPLE\"",
            "unsupported-codes = [\"wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY\"]",
        ] {
            let problems = parse(text).expect_err(text);
            assert!(problems[0].message.contains("looks like a credential"), "{text}: {problems:?}");
            let shown = problems[0].render("target.toml", text);
            assert!(shown.contains("target.toml:") && ["EXAMPLE", "pw@", "eA==", "abc"].iter().all(|s| !shown.contains(s)), "{shown}");
        }
        assert!(parse("[patterns]\naccess-key-id = \"AKIA[0-9]+\"").is_ok());
    }

    #[test]
    fn a_problem_is_shown_with_its_line() {
        let text = "name = \"x\"\nformts = []\n";
        let shown = parse(text).unwrap_err()[0].render("targets/x/target.toml", text);
        for part in ["unknown key `formts`", "targets/x/target.toml:2:1", "did you mean `formats`?", "^^^^^^"] {
            assert!(shown.contains(part), "{part} in\n{shown}");
        }
    }

    #[test]
    fn any_text_parses_or_errs() {
        arbtest::arbtest(|u| {
            let text: String = u.arbitrary()?;
            for problem in parse(&text).err().unwrap_or_default() {
                problem.render("f", &text);
            }
            Ok(())
        });
    }
}
