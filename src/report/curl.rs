//! A case as a shell script of signed curl calls, for people who have a target to mend and no iamspec at hand.
//!
//! The script repeats what a trial did: same calls, same values. Credentials are variables, and what a target made up (ARNs, ids,
//! markers, keys) is taken from the script's own answers. What curl cannot send is said at its step, with the reason.

mod proof;

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::Value;

use super::event::{CaseRecord, MASK, StepRecord};
use super::shell::{escaped, quote, variable};
use super::text::printable;
use crate::api::{Req, model};
use crate::auth::ecs_token::NAMESPACE_HEADER;
use crate::case::model::{Case, Raw, Step};
use crate::target::profile::Tls;

/// What a script needs to know of the target beside the record.
#[derive(Clone, Debug)]
pub struct Scope {
    /// URL of the API, path included.
    pub url: String,
    /// SigV4 region.
    pub region: String,
    /// SigV4 service.
    pub service: String,
    /// Namespace that calls with a login token are about.
    pub namespace: Option<String>,
    /// Further headers of every call.
    pub headers: Vec<(String, String)>,
    /// How the server is trusted.
    pub tls: Tls,
    /// The unique part of the run's names, which the script replaces by one of its own; empty: keep the names.
    pub run: String,
}

/// Shorter values are taken for words that two steps have in common by chance.
const TELLING: usize = 12;

/// The script. `case` says which steps tamper with authentication or send something raw.
pub fn script(record: &CaseRecord, case: &Case, scope: &Scope) -> String {
    let json = record.configuration.split('/').nth(1) == Some("json");
    let mut script = Script { out: String::new(), scope, json, taken: taken(&record.steps) };
    script.head(record);
    for (i, step) in record.steps.iter().enumerate() {
        script.step(i, step, case, record);
    }
    script.out
}

/// Where a value comes from: variable, and the element of the answer (name, how many of that name come before it) it is in.
struct Taken {
    value: String,
    variable: String,
    from: usize,
    element: String,
    nth: usize,
}

/// Values that a target made up and a later call sends.
fn taken(steps: &[StepRecord]) -> Vec<Taken> {
    let mut found: Vec<Taken> = Vec::new();
    for (i, step) in steps.iter().enumerate() {
        let mut leaves = Vec::new();
        if let Some(result) = &step.result {
            collect(result, "", &mut leaves);
        }
        let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
        for (name, value) in &leaves {
            let nth = seen.entry(name).or_default();
            *nth += 1;
            let own = steps[..=i].iter().flat_map(|s| &s.params).any(|(_, sent)| sent == value);
            let later = steps[i + 1..].iter().flat_map(|s| &s.params).any(|(_, sent)| sent.contains(value.as_str()));
            // The name goes into the script as it is, and it came from the target.
            let tame = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric());
            if tame && value.len() >= TELLING && value != MASK && !own && later && found.iter().all(|t| t.value != *value) {
                let variable = format!("{}_{}", name.to_lowercase(), found.len() + 1);
                found.push(Taken { value: value.clone(), variable, from: i, element: name.clone(), nth: *nth });
            }
        }
    }
    // Longest first, so that an id inside an ARN does not tear the ARN apart.
    found.sort_by_key(|t| usize::MAX - t.value.len());
    found
}

fn collect(value: &Value, name: &str, leaves: &mut Vec<(String, String)>) {
    match value {
        Value::Object(members) => members.iter().for_each(|(name, value)| collect(value, name, leaves)),
        Value::Array(items) => items.iter().for_each(|value| collect(value, name, leaves)),
        Value::String(text) => leaves.push((name.to_owned(), text.clone())),
        _ => {}
    }
}

struct Script<'a> {
    out: String,
    scope: &'a Scope,
    json: bool,
    taken: Vec<Taken>,
}

const XML_VALUE: &str = r#"printf '%s' "$answer" | grep -o "<\([A-Za-z0-9]*:\)\{0,1\}$1>[^<]*" | sed -n "${2}s/^[^>]*>//p""#;
const JSON_VALUE: &str = r#"printf '%s' "$answer" | grep -o "\"$1\" *: *\"[^\"]*\"" | sed -n "${2}s/^[^:]*: *\"\(.*\)\"\$/\1/p""#;

impl Script<'_> {
    fn line(&mut self, text: &str) {
        self.out.push_str(text);
        self.out.push('\n');
    }

    fn head(&mut self, record: &CaseRecord) {
        let by_token = proof::by_token(record);
        self.line("#!/usr/bin/env bash");
        self.line(&format!("# {} ({}): {}", printable(&record.case), record.configuration, printable(&record.title)));
        for id in &record.requirements {
            let text = Req::find(id).map(|r| format!(": {}", r.get().text)).unwrap_or_default();
            self.line(&format!("# requirement {id}{text}"));
        }
        self.line("# Needs curl 7.75 or newer, which signs. It leaves behind what it creates.");
        self.line("set -u");
        self.line(if by_token { proof::LOGIN_VARIABLES } else { proof::KEY_VARIABLES });
        self.line(&format!("ENDPOINT=\"${{ENDPOINT:-{}}}\"", escaped(&self.scope.url)));
        if let Some(trust) = proof::trust(&self.scope.tls) {
            self.line(&format!("curl() {{ command curl {trust} \"$@\"; }}"));
        }
        if by_token {
            self.line(proof::LOG_IN);
        }
        if !self.scope.run.is_empty() {
            let length = self.scope.run.len();
            self.line("# Part of every name, so that the script can run again.");
            self.line(&format!("RUN=$(LC_ALL=C tr -dc a-z0-9 </dev/urandom | head -c {length})"));
        }
        let accept = if self.json { "application/json" } else { "application/xml" };
        self.line("answer=");
        let headers: String = self.scope.headers.iter().map(|(n, v)| format!(" -H {}", quote(&format!("{n}: {v}")))).collect();
        self.line(&format!(
            "call() {{ answer=$(curl -sS -w '\\nHTTP %{{http_code}}\\n' -H 'Accept: {accept}'{headers} \"$@\"); printf '%s\\n\\n' \"$answer\"; }}"
        ));
        self.line("# value NAME N: the Nth value of that name in the last answer");
        self.line(&format!("value() {{ {}; }}", if self.json { JSON_VALUE } else { XML_VALUE }));
    }

    fn step(&mut self, i: usize, sent: &StepRecord, case: &Case, record: &CaseRecord) {
        let step = case.steps.get(sent.step);
        let at = if sent.at.is_empty() { String::new() } else { format!(" [{}]", printable(&sent.at)) };
        let title = format!("step {} {}{at}", sent.step + 1, printable(&sent.call));
        let _ = writeln!(self.out, "\necho {}", quote(&format!("# {title}")));
        match self.command(sent, step, record) {
            Ok(command) => {
                self.line(&command);
                let variables: Vec<String> =
                    self.taken.iter().filter(|t| t.from == i).map(|t| format!("{}=$(value {} {})", t.variable, t.element, t.nth)).collect();
                variables.iter().for_each(|v| self.line(v));
                self.keys(sent, step, case);
            }
            Err(why) => self.line(&format!("echo {}", quote(&format!("# curl cannot send {title}: {why}")))),
        }
        for m in record.verdict.mismatches.iter().filter(|m| m.step == sent.step && m.at == sent.at) {
            let text = format!("# {} should be {}; it was {}", printable(&m.path), printable(&m.expected), printable(&m.actual));
            self.line(&format!("echo {}", quote(&text)));
        }
    }

    /// The access key that a step created and a later one sends with.
    fn keys(&mut self, sent: &StepRecord, step: Option<&Step>, case: &Case) {
        if sent.call != "CreateAccessKey" {
            return;
        }
        for (name, _, _) in step.map(|s| s.save.as_slice()).unwrap_or_default() {
            if case.steps.iter().any(|s| s.principal.as_deref() == Some(name)) {
                let name = variable(name);
                self.line(&format!("{name}_ID=$(value AccessKeyId 1) {name}_SECRET=$(value SecretAccessKey 1)"));
            }
        }
    }

    fn command(&self, sent: &StepRecord, step: Option<&Step>, record: &CaseRecord) -> Result<String, &'static str> {
        let raw = step.and_then(|s| s.raw.clone()).unwrap_or_default();
        let mut words = vec!["call".to_owned()];
        words.extend(self.auth(sent, step, record)?);
        let in_query = record.configuration.ends_with("/query");
        match &raw.method {
            Some(method) if method == "GET" => words.push("--get".into()),
            Some(method) if method != "POST" => words.push(format!("-X {}", quote(method))),
            // Dell's reference posts a query string.
            _ if in_query && record.configuration.starts_with("ecs/") => words.push("--get -X POST".into()),
            _ if in_query => words.push("--get".into()),
            _ => {}
        }
        let by_token = sent.principal.is_none() && proof::by_token(record);
        let own = raw.headers.iter().any(|(header, _)| header.eq_ignore_ascii_case(NAMESPACE_HEADER));
        if let Some(name) = self.scope.namespace.as_ref().filter(|_| by_token && !own) {
            words.push(format!("-H {}", quote(&format!("{NAMESPACE_HEADER}: {name}"))));
        }
        for (name, value) in &raw.headers {
            words.push(match value {
                Some(value) if value.contains("${") => return Err("a header's value is made by iamspec"),
                Some(value) => format!("-H {}", quote(&format!("{name}: {value}"))),
                None => format!("-H {}", quote(&format!("{name}:"))),
            });
        }
        words.extend(self.body(sent, &raw, record)?);
        words.push(match &raw.path {
            Some(path) => format!("--path-as-is \"$ENDPOINT\"{}", quote(path)),
            None => "\"$ENDPOINT\"".into(),
        });
        Ok(words.join(" \\\n  "))
    }

    fn body(&self, sent: &StepRecord, raw: &Raw, record: &CaseRecord) -> Result<Vec<String>, &'static str> {
        if raw.body.is_some() {
            let body = sent.exchange.as_ref().map(|e| &e.request_body).ok_or("its body was not kept")?;
            return Ok(vec![format!("--data-raw {}", self.word(body)?)]);
        }
        let named = |name: &str, kept: &Option<Option<String>>, usual: &str| match kept {
            None => Some((name.to_owned(), usual.to_owned())),
            Some(other) => other.clone().map(|value| (name.to_owned(), value)),
        };
        let unversioned = record.configuration.starts_with("ecs/") && record.configuration.ends_with("/query");
        let version = named("Version", &raw.version, &model().version).filter(|(_, value)| !unversioned || *value != model().version);
        let head = [named("Action", &raw.action, &sent.call), version];
        let params = sent.params.iter().filter(|(name, _)| name != "Action" && name != "Version").cloned();
        let all = head.into_iter().flatten().chain(params);
        all.map(|(name, value)| Ok(format!("--data-urlencode {}", self.word(&format!("{name}={value}"))?))).collect()
    }

    /// A value as a word of the shell, with variables where the script has its own values.
    fn word(&self, text: &str) -> Result<String, &'static str> {
        if text.contains('\0') {
            return Err("a NUL byte cannot be an argument");
        }
        let mut marks: Vec<(&str, String)> = self.taken.iter().map(|t| (t.value.as_str(), format!("${{{}}}", t.variable))).collect();
        marks.push((MASK, "${PRIVATE_KEY:?the PEM text that belongs to the certificate}".into()));
        if !self.scope.run.is_empty() {
            marks.push((&self.scope.run, "${RUN}".into()));
        }
        let (mut word, mut rest, mut any) = (String::new(), text, false);
        while !rest.is_empty() {
            let hit = marks
                .iter()
                .filter_map(|(value, variable)| rest.find(value).map(|at| (at, *value, variable)))
                .min_by_key(|(at, value, _)| (*at, usize::MAX - value.len()));
            let (before, after) = match hit {
                Some((at, value, _)) => (&rest[..at], &rest[at + value.len()..]),
                None => (rest, ""),
            };
            word.push_str(&escaped(before));
            if let Some((_, _, variable)) = hit {
                word.push_str(variable);
                any = true;
            }
            rest = after;
        }
        Ok(if any { format!("\"{word}\"") } else { quote(text) })
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::api::DialectId;
    use crate::case::model::Expect;
    use crate::report::samples;
    use crate::verdict::Loc;

    pub fn scope() -> Scope {
        Scope {
            url: "http://127.0.0.1:5000/".into(),
            region: "us-east-1".into(),
            service: "iam".into(),
            namespace: None,
            headers: Vec::new(),
            tls: Tls::default(),
            run: "k3f9".into(),
        }
    }

    pub fn case(record: &CaseRecord) -> Case {
        let step = |s: &StepRecord| Step {
            call: s.call.clone(),
            with: Vec::new(),
            unknown_parameters: false,
            save: Vec::new(),
            principal: s.principal.clone(),
            auth: None,
            raw: None,
            repeat: None,
            pages: None,
            expect: Expect::default(),
            on: BTreeMap::new(),
            loc: Loc::default(),
        };
        Case {
            id: record.case.clone(),
            family: "users".into(),
            action: None,
            title: record.title.clone(),
            requirements: Vec::new(),
            tags: Vec::new(),
            requires: Vec::new(),
            dialects: DialectId::ALL.to_vec(),
            serial: false,
            rows: Vec::new(),
            steps: record.steps.iter().map(step).collect(),
            loc: Loc::default(),
        }
    }

    /// Whether bash takes it for a script; true where there is no bash to ask.
    pub fn parses(text: &str) -> bool {
        let check = std::process::Command::new("bash").args(["-n", "-c", text]).output();
        check.map_or(true, |out| out.status.success())
    }

    #[test]
    fn a_case_reads_like_this() {
        let record = samples::failure();
        let text = script(&record, &case(&record), &scope());
        assert!(parses(&text));
        insta::assert_snapshot!(text);
    }
}
