//! Reading a baseline: every mistake with its place and what was meant.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use serde::Deserialize;
use toml::Spanned;

use super::file::{Baseline, FORMAT, Judged, Known, KnownCheck, KnownFinding, KnownLeftover, Why, is_glob};
use super::pin::Pin;
use crate::api::{DialectId, model, req};
use crate::case::diagnostic::{Diagnostic, Diagnostics};
use crate::case::filter::glob;
use crate::case::suggest::did_you_mean;
use crate::dialect::{Configuration, Format, Style};
use crate::report::event::CAPABILITY_PASS;
use crate::verdict::Loc;

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
    #[serde(default)]
    known_finding: Vec<Spanned<FindingText>>,
    judged: Option<JudgedText>,
}

/// By configuration, and below it by the part of the ids before the last `/`.
type JudgedText = BTreeMap<Spanned<String>, BTreeMap<String, Vec<String>>>;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct KnownText {
    case: Option<Spanned<String>>,
    configuration: Option<Spanned<String>>,
    requirement: Option<Spanned<String>>,
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
    configuration: Option<Spanned<String>>,
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

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FindingText {
    fingerprint: Spanned<String>,
    configuration: Option<Spanned<String>>,
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

/// As [`Baseline::parse`].
pub(super) fn parse(name: &str, text: &str, cases: &[&str]) -> Result<Baseline, Diagnostics> {
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
        text: text.to_owned(),
        known: file.known.into_iter().map(|k| reader.known(k)).collect(),
        checks: file.known_check.into_iter().map(|k| reader.check(k)).collect(),
        leftovers: file.known_leftover.into_iter().map(|k| reader.leftover(k)).collect(),
        findings: file.known_finding.into_iter().map(|k| reader.finding(k)).collect(),
        judged: file.judged.map(|judged| reader.judged(judged)),
    };
    reader.twice(&baseline);
    if reader.problems.is_empty() { Ok(baseline) } else { Err(Diagnostics::of(name, text, reader.problems)) }
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
        let span = entry.span();
        let KnownText { case, configuration, requirement, fails, reason, link, expires } = entry.into_inner();
        let about = case.as_ref().or(requirement.as_ref()).map(Spanned::span);
        if about.is_none() {
            let message = "an entry that names neither a case nor a requirement".into();
            self.problem(span.clone(), message, Some("add `case` or `requirement`, an id or a glob".into()));
        }
        if let Some(case) = &case {
            self.case(case);
        }
        if let Some(requirement) = &requirement {
            self.requirement(requirement);
        }
        for pin in &fails.0 {
            if let Some(step) = pin.step.as_ref().filter(|s| *s.get_ref() == 0) {
                self.problem(step.span(), "steps count from 1, as reports show them".into(), None);
            }
        }
        let any = |name: Option<Spanned<String>>| name.map_or_else(|| "*".to_owned(), Spanned::into_inner);
        Known {
            case: any(case),
            configuration: configuration.map(|c| self.configuration(c)),
            requirement: any(requirement),
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
            why: self.why(span.start, about.unwrap_or(span), &reason, link, expires),
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
        let about = requirement.span();
        KnownCheck {
            requirement: requirement.into_inner(),
            configuration: configuration.map(|c| self.configuration(c)),
            action: action.map(Spanned::into_inner),
            at,
            why: self.why(start, about, &reason, link, expires),
        }
    }

    fn leftover(&mut self, entry: Spanned<LeftoverText>) -> KnownLeftover {
        const KINDS: [&str; 5] = ["user", "group", "policy", "server-certificate", "access-key"];
        let start = entry.span().start;
        let LeftoverText { kind, case, reason, link, expires } = entry.into_inner();
        if case.get_ref() != CAPABILITY_PASS {
            self.case(&case);
        }
        if !KINDS.contains(&kind.get_ref().as_str()) {
            self.problem(kind.span(), format!("unknown kind '{}'", kind.get_ref()), Some(format!("one of {}", KINDS.join(", "))));
        }
        let about = case.span();
        KnownLeftover { kind: kind.into_inner(), case: case.into_inner(), why: self.why(start, about, &reason, link, expires) }
    }

    fn finding(&mut self, entry: Spanned<FindingText>) -> KnownFinding {
        let start = entry.span().start;
        let FindingText { fingerprint, configuration, reason, link, expires } = entry.into_inner();
        if fingerprint.get_ref().trim_matches(['*', '?', ' ']).is_empty() {
            self.problem(
                fingerprint.span(),
                "this would be every finding".into(),
                Some("write the fingerprint, as the finding's file begins".into()),
            );
        }
        let about = fingerprint.span();
        KnownFinding {
            fingerprint: fingerprint.into_inner(),
            configuration: configuration.map(|c| self.configuration(c)),
            why: self.why(start, about, &reason, link, expires),
        }
    }

    /// A case that the suite no longer has is no mistake of the file: the gate says that it is lost.
    fn judged(&mut self, judged: JudgedText) -> Judged {
        let ids = |files: BTreeMap<String, Vec<String>>| {
            files.into_iter().flat_map(|(file, ids)| ids.into_iter().map(move |id| format!("{file}/{id}"))).collect()
        };
        judged.into_iter().map(|(configuration, files)| (self.configuration(configuration), ids(files))).collect()
    }

    fn why(
        &mut self,
        start: usize,
        span: Range<usize>,
        reason: &Spanned<String>,
        link: Option<String>,
        expires: Option<Spanned<String>>,
    ) -> Why {
        if reason.get_ref().trim().is_empty() {
            self.problem(reason.span(), "an entry without a reason excuses nothing".into(), Some("say why the target fails".into()));
        }
        if let Some(day) = expires.as_ref().filter(|d| !is_date(d.get_ref())) {
            self.problem(day.span(), format!("'{}' is no date", day.get_ref()), Some("write it as 2027-01-31".into()));
        }
        let line = self.text.get(..start).map_or(1, |before| before.matches('\n').count() + 1);
        Why { reason: reason.get_ref().clone(), link, expires: expires.map(Spanned::into_inner), line, span }
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
        if !req::IDS.iter().any(|known| glob(id, known)) {
            let help = did_you_mean(id, req::IDS.iter().copied());
            let message = if is_glob(id) { format!("no requirement matches '{id}'") } else { format!("unknown requirement '{id}'") };
            self.problem(requirement.span(), message, help);
        }
    }

    fn configuration(&mut self, configuration: Spanned<String>) -> String {
        let known = configurations();
        if !known.contains(configuration.get_ref()) {
            let help = did_you_mean(configuration.get_ref(), known.iter().map(String::as_str));
            self.problem(configuration.span(), format!("unknown configuration '{}'", configuration.get_ref()), help);
        }
        configuration.into_inner()
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

fn is_date(text: &str) -> bool {
    time::Date::parse(text, time::macros::format_description!("[year]-[month]-[day]")).is_ok()
}

/// The names of all configurations.
fn configurations() -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for dialect in DialectId::ALL {
        for format in [Format::Xml, Format::Json] {
            for style in [Style::Form, Style::Query, Style::Sigv4] {
                names.insert(Configuration { dialect, format, style }.to_string());
            }
        }
    }
    names
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
[[known]]
fails = { path = "status" }
reason = "x"
[[known-check]]
requirement = "no.such"
action = "GetUsr"
configuration = "awz/xml"
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
            "\"awz/xml\" -> unknown configuration 'awz/xml' did you mean `aws/xml`?",
            "\"polcy\" -> unknown kind 'polcy'",
            "\"groups/*\" -> no case matches 'groups/*'",
        ] {
            assert!(said.iter().any(|s| s.starts_with(expected)), "{expected} in {said:#?}");
        }
        assert!(said.iter().any(|s| s.contains("an entry that names neither a case nor a requirement")), "{said:#?}");
    }

    #[test]
    fn a_case_or_a_requirement_is_enough_and_patterns_will_do() {
        let text = r#"
format = 1
[[known]]
requirement = "delete-user.*"
fails = { path = "status" }
reason = "x"
[[known]]
case = "users/*"
fails = [{ path = "status", actual = ["200", "204"] }]
reason = "x"
[judged."aws/xml"]
"users/CreateUser" = ["name-taken", "gone-since"]
"#;
        let baseline = Baseline::parse("b.toml", text, CASES).unwrap_or_else(|e| panic!("{e}"));
        let names: Vec<_> = baseline.known.iter().map(|k| (k.case.as_str(), k.requirement.as_str(), k.exact())).collect();
        assert_eq!(names, [("*", "delete-user.*", false), ("users/*", "*", false)]);
        assert_eq!(baseline.known[1].fails[0].actual, ["200", "204"]);
        let judged = &baseline.judged.as_ref().unwrap()["aws/xml"];
        assert_eq!(judged.iter().collect::<Vec<_>>(), ["users/CreateUser/gone-since", "users/CreateUser/name-taken"]);
        assert_eq!(baseline.place(&baseline.known[1].why).to_string(), "b.toml:7");
    }

    #[test]
    fn what_the_capability_pass_left_behind_can_be_listed() {
        let text = "format = 1\n[[known-leftover]]\nkind = \"user\"\ncase = \"capability-pass\"\nreason = \"x\"\n";
        assert_eq!(Baseline::parse("b.toml", text, CASES).unwrap_or_else(|e| panic!("{e}")).leftovers[0].case, CAPABILITY_PASS);
        let asked = text.replace("capability-pass", "capability-pas");
        assert!(problems(&asked)[0].1.contains("unknown case"));
    }

    #[test]
    fn syntax_and_unknown_keys_have_a_place() {
        assert_eq!(problems("format = 1\nknwon = 3\n")[0].0, "knwon");
        assert!(!problems("format = ").is_empty());
        assert!(problems("format = 1\n[[known]]\ncase = \"users/*\"\n")[0].1.contains("missing field"));
    }
}
