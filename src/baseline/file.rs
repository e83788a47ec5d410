//! The file: what is known to fail on one target, each entry pinning how it fails, with a reason.

use std::collections::BTreeSet;
use std::ops::Range;

use serde::Deserialize;
use toml::Spanned;

use crate::api::{Req, model, req};
use crate::case::diagnostic::{Diagnostic, Diagnostics};
use crate::case::filter::glob;
use crate::case::suggest::did_you_mean;
use crate::verdict::Loc;

/// The only version of the format.
pub const FORMAT: u32 = 1;
/// The reason that `run --update-baseline` writes. It says that no person has looked at the entry yet.
pub const UNREVIEWED: &str = "unreviewed";

/// What is known to fail on one target.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Baseline {
    /// Path of the file, for messages.
    pub file: String,
    /// Cases.
    pub known: Vec<Known>,
    /// Findings of free checks.
    pub checks: Vec<KnownCheck>,
    /// Things that the target will not let go of.
    pub leftovers: Vec<KnownLeftover>,
}

/// Why an entry is there.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Why {
    /// The reason; [`UNREVIEWED`] until a person has written one.
    pub reason: String,
    /// Where to read more, an issue of the target.
    pub link: Option<String>,
    /// Last day on which the entry excuses, `2027-01-01`.
    pub expires: Option<String>,
    /// Line of the entry, from 1.
    pub line: usize,
}

/// A case that is known to fail.
#[derive(Clone, Debug, PartialEq)]
pub struct Known {
    /// Case id, or a glob over ids.
    pub case: String,
    /// Configuration; none: every one.
    pub configuration: Option<String>,
    /// Id of the requirement that is broken.
    pub requirement: String,
    /// How it fails: every mismatch of a trial must be one of these, and with an exact id each of these must be seen.
    pub fails: Vec<Pin>,
    /// Why.
    pub why: Why,
}

/// How a case fails: one mismatch. What is not given is not compared.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Pin {
    /// Step, from 1, as reports count.
    pub step: Option<usize>,
    /// Row or repetition, `row=empty`.
    pub at: Option<String>,
    /// Path of what differs.
    pub path: String,
    /// What is seen, exactly; several: one of them; none: anything.
    pub actual: Vec<String>,
}

/// A finding of a free check that is known.
#[derive(Clone, Debug, PartialEq)]
pub struct KnownCheck {
    /// Id of the requirement that is broken.
    pub requirement: String,
    /// Configuration; none: every one.
    pub configuration: Option<String>,
    /// Action; none: every one.
    pub action: Option<String>,
    /// Path; none: every one.
    pub at: Option<String>,
    /// Why.
    pub why: Why,
}

/// Something that is known to stay behind.
#[derive(Clone, Debug, PartialEq)]
pub struct KnownLeftover {
    /// `user`, `group`, `policy`, `server-certificate`, `access-key`.
    pub kind: String,
    /// Case id, or a glob over ids.
    pub case: String,
    /// Why.
    pub why: Why,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct FileText {
    format: Spanned<u32>,
    #[serde(default)]
    known: Vec<Spanned<KnownText>>,
    #[serde(default)]
    known_check: Vec<Spanned<CheckText>>,
    #[serde(default)]
    known_leftover: Vec<Spanned<LeftoverText>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct KnownText {
    case: Spanned<String>,
    configuration: Option<String>,
    requirement: Spanned<String>,
    fails: OneOrMany<PinText>,
    reason: Spanned<String>,
    link: Option<String>,
    expires: Option<Spanned<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PinText {
    step: Option<Spanned<usize>>,
    at: Option<String>,
    path: String,
    actual: Option<OneOrMany<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CheckText {
    requirement: Spanned<String>,
    configuration: Option<String>,
    action: Option<Spanned<String>>,
    at: Option<String>,
    reason: Spanned<String>,
    link: Option<String>,
    expires: Option<Spanned<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LeftoverText {
    kind: Spanned<String>,
    case: Spanned<String>,
    reason: Spanned<String>,
    link: Option<String>,
    expires: Option<Spanned<String>>,
}

/// `x` or `[x, y]`. Written by hand because spans die in `untagged`.
struct OneOrMany<T>(Vec<T>);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for OneOrMany<T> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor<T>(std::marker::PhantomData<T>);
        impl<'de, T: Deserialize<'de>> serde::de::Visitor<'de> for Visitor<T> {
            type Value = OneOrMany<T>;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a value or a list of values")
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Self::Value, E> {
                T::deserialize(serde::de::value::StrDeserializer::new(text)).map(|one| OneOrMany(vec![one]))
            }

            fn visit_map<A: serde::de::MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
                T::deserialize(serde::de::value::MapAccessDeserializer::new(map)).map(|one| OneOrMany(vec![one]))
            }

            fn visit_seq<A: serde::de::SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
                let mut all = Vec::new();
                while let Some(one) = seq.next_element()? {
                    all.push(one);
                }
                Ok(OneOrMany(all))
            }
        }
        deserializer.deserialize_any(Visitor(std::marker::PhantomData))
    }
}

impl Baseline {
    /// Reads a baseline. `name` is what messages call the file, `cases` the ids of the suite.
    ///
    /// # Errors
    /// Every mistake: syntax, unknown keys, cases, requirements and Actions, missing reasons, entries given twice.
    pub fn parse(name: &str, text: &str, cases: &[&str]) -> Result<Baseline, Diagnostics> {
        let mut reader = Reader { name, text, cases, problems: Vec::new() };
        let file: FileText = match toml::from_str(text) {
            Ok(file) => file,
            Err(why) => {
                reader.problem(why.span().unwrap_or(0..0), why.message().to_owned(), None);
                return Err(Diagnostics::of(name, text, reader.problems));
            }
        };
        if *file.format.get_ref() != FORMAT {
            let message = format!("format {} of a baseline; this iamspec reads format {FORMAT}", file.format.get_ref());
            reader.problem(file.format.span(), message, None);
        }
        let baseline = Baseline {
            file: name.to_owned(),
            known: file.known.into_iter().map(|k| reader.known(k)).collect(),
            checks: file.known_check.into_iter().map(|k| reader.check(k)).collect(),
            leftovers: file.known_leftover.into_iter().map(|k| reader.leftover(k)).collect(),
        };
        reader.twice(&baseline);
        if reader.problems.is_empty() { Ok(baseline) } else { Err(Diagnostics::of(name, text, reader.problems)) }
    }

    /// The entries that no person has given a reason for yet, as `file:line: what`.
    pub fn unreviewed(&self) -> Vec<String> {
        let known = self.known.iter().map(|k| (&k.why, k.case.clone()));
        let checks = self.checks.iter().map(|k| (&k.why, k.requirement.clone()));
        let leftovers = self.leftovers.iter().map(|k| (&k.why, format!("{} of {}", k.kind, k.case)));
        let all = known.chain(checks).chain(leftovers);
        all.filter(|(why, _)| why.reason == UNREVIEWED).map(|(why, what)| format!("{}:{}: {what}", self.file, why.line)).collect()
    }
}

struct Reader<'a> {
    name: &'a str,
    text: &'a str,
    cases: &'a [&'a str],
    problems: Vec<Diagnostic>,
}

impl Reader<'_> {
    fn problem(&mut self, span: Range<usize>, message: String, help: Option<String>) {
        let before = self.text.get(..span.start).unwrap_or_default();
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().map_or(0, |l| l.chars().count()) + 1;
        let loc = Loc { file: self.name.to_owned(), line, column };
        self.problems.push(Diagnostic { loc, span, message, label: String::new(), also: Vec::new(), help });
    }

    fn known(&mut self, entry: Spanned<KnownText>) -> Known {
        let start = entry.span().start;
        let KnownText { case, configuration, requirement, fails, reason, link, expires } = entry.into_inner();
        self.case(&case);
        self.requirement(&requirement);
        for pin in &fails.0 {
            if let Some(step) = pin.step.as_ref().filter(|s| *s.get_ref() == 0) {
                self.problem(step.span(), "steps count from 1, as reports show them".into(), None);
            }
        }
        Known {
            case: case.into_inner(),
            configuration,
            requirement: requirement.into_inner(),
            fails: fails
                .0
                .into_iter()
                .map(|p| Pin {
                    step: p.step.map(Spanned::into_inner),
                    at: p.at,
                    path: p.path,
                    actual: p.actual.map(|a| a.0).unwrap_or_default(),
                })
                .collect(),
            why: self.why(start, &reason, link, expires),
        }
    }

    fn check(&mut self, entry: Spanned<CheckText>) -> KnownCheck {
        let start = entry.span().start;
        let CheckText { requirement, configuration, action, at, reason, link, expires } = entry.into_inner();
        self.requirement(&requirement);
        if let Some(action) = action.as_ref().filter(|a| model().action(a.get_ref()).is_none()) {
            let help = did_you_mean(action.get_ref(), model().actions.iter().map(|a| a.name.as_str()));
            self.problem(action.span(), format!("unknown Action '{}'", action.get_ref()), help);
        }
        KnownCheck {
            requirement: requirement.into_inner(),
            configuration,
            action: action.map(Spanned::into_inner),
            at,
            why: self.why(start, &reason, link, expires),
        }
    }

    fn leftover(&mut self, entry: Spanned<LeftoverText>) -> KnownLeftover {
        const KINDS: [&str; 5] = ["user", "group", "policy", "server-certificate", "access-key"];
        let start = entry.span().start;
        let LeftoverText { kind, case, reason, link, expires } = entry.into_inner();
        self.case(&case);
        if !KINDS.contains(&kind.get_ref().as_str()) {
            self.problem(kind.span(), format!("unknown kind '{}'", kind.get_ref()), Some(format!("one of {}", KINDS.join(", "))));
        }
        KnownLeftover { kind: kind.into_inner(), case: case.into_inner(), why: self.why(start, &reason, link, expires) }
    }

    fn why(&mut self, start: usize, reason: &Spanned<String>, link: Option<String>, expires: Option<Spanned<String>>) -> Why {
        if reason.get_ref().trim().is_empty() {
            self.problem(reason.span(), "an entry without a reason excuses nothing".into(), Some("say why the target fails".into()));
        }
        if let Some(day) = expires.as_ref().filter(|d| !is_date(d.get_ref())) {
            self.problem(day.span(), format!("'{}' is no date", day.get_ref()), Some("write it as 2027-01-31".into()));
        }
        let line = self.text.get(..start).map_or(1, |before| before.matches('\n').count() + 1);
        Why { reason: reason.get_ref().clone(), link, expires: expires.map(Spanned::into_inner), line }
    }

    fn case(&mut self, case: &Spanned<String>) {
        let id = case.get_ref();
        if !self.cases.iter().any(|known| glob(id, known)) {
            let help = did_you_mean(id, self.cases.iter().copied());
            let message = if is_glob(id) { format!("no case matches '{id}'") } else { format!("unknown case '{id}'") };
            self.problem(case.span(), message, help);
        }
    }

    fn requirement(&mut self, requirement: &Spanned<String>) {
        let id = requirement.get_ref();
        if Req::find(id).is_none() {
            let help = did_you_mean(id, req::IDS.iter().copied());
            self.problem(requirement.span(), format!("unknown requirement '{id}'"), help);
        }
    }

    fn twice(&mut self, baseline: &Baseline) {
        let mut seen = BTreeSet::new();
        for known in &baseline.known {
            if !seen.insert((&known.case, &known.configuration, &known.requirement)) {
                let start = self.text.split_inclusive('\n').take(known.why.line - 1).map(str::len).sum();
                self.problem(start..start, format!("'{}' with requirement '{}' is there twice", known.case, known.requirement), None);
            }
        }
    }
}

/// Whether `id` names cases by a pattern.
pub(super) fn is_glob(id: &str) -> bool {
    id.contains(['*', '?'])
}

fn is_date(text: &str) -> bool {
    time::Date::parse(text, time::macros::format_description!("[year]-[month]-[day]")).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const CASES: &[&str] = &["users/CreateUser/name-taken", "users/DeleteUser/attached-policy-blocks"];

    fn problems(text: &str) -> Vec<(String, String)> {
        let found = Baseline::parse("b.toml", text, CASES).unwrap_err();
        let told = |d: &Diagnostic| (text[d.span.clone()].to_owned(), format!("{} {}", d.message, d.help.clone().unwrap_or_default()));
        found.items().iter().map(told).collect()
    }

    #[test]
    fn an_empty_one_is_fine() {
        assert!(Baseline::parse("b.toml", "format = 1\n", CASES).unwrap().known.is_empty());
    }

    #[test]
    fn every_mistake_is_found_where_it_stands() {
        let text = r#"
format = 2
[[known]]
case = "users/CreateUser/name-takn"
requirement = "no.such"
fails = { step = 0, path = "status", actual = ["200", "201"] }
reason = " "
expires = "2027-13-01"
[[known-check]]
requirement = "no.such"
action = "GetUsr"
reason = "x"
[[known-leftover]]
kind = "polcy"
case = "groups/*"
reason = "x"
"#;
        let found = problems(text);
        let said: Vec<String> = found.iter().map(|(at, text)| format!("{at} -> {text}")).collect();
        for expected in [
            "2 -> format 2 of a baseline; this iamspec reads format 1",
            "\"users/CreateUser/name-takn\" -> unknown case 'users/CreateUser/name-takn' did you mean `users/CreateUser/name-taken`?",
            "\"no.such\" -> unknown requirement 'no.such'",
            "0 -> steps count from 1",
            "\" \" -> an entry without a reason",
            "\"2027-13-01\" -> '2027-13-01' is no date",
            "\"GetUsr\" -> unknown Action 'GetUsr' did you mean `GetUser`?",
            "\"polcy\" -> unknown kind 'polcy'",
            "\"groups/*\" -> no case matches 'groups/*'",
        ] {
            assert!(said.iter().any(|s| s.starts_with(expected)), "{expected} in {said:#?}");
        }
    }

    #[test]
    fn syntax_and_unknown_keys_have_a_place() {
        assert_eq!(problems("format = 1\nknwon = 3\n")[0].0, "knwon");
        assert!(!problems("format = ").is_empty());
        assert!(problems("format = 1\n[[known]]\ncase = \"users/*\"\n")[0].1.contains("missing field"));
    }
}
