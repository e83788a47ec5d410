//! Values of an answer as a case file would say them: names as variables, ids and dates as what an earlier step answered.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::case::template::{Expr, Template};
use crate::case::{Case, Check, Node, Scope, Step};
use crate::verdict::Loc;

/// Members by which an item of a list is told from the others, where their values are the case's own.
const NAMES: &[&str] = &["UserName", "GroupName", "PolicyName", "ServerCertificateName", "Key", "VersionId", "AccessKeyId"];

/// What a case and the reference's answers to it have words for.
pub(super) struct Words {
    /// Rendered texts and their templates, the longest first.
    texts: Vec<(String, String)>,
    /// Texts of answers, with step and path.
    answered: Vec<(String, usize, String)>,
    /// Variables that the expectation needs: name, step and path.
    saves: Vec<(String, usize, String)>,
    /// Names that the case saves itself.
    taken: Vec<String>,
}

impl Words {
    /// `answers`: result trees of the reference by step.
    pub(super) fn new(case: &Case, scope: &Scope, answers: &BTreeMap<usize, Value>) -> Words {
        let mut texts: Vec<(String, String)> = Vec::new();
        let mut learn = |template: String| {
            let known = Template::expressions_of(&template);
            let own = |expr: &Expr| !matches!(expr.innermost(), Expr::Saved(..) | Expr::Index | Expr::Row(_) | Expr::Certificate(_));
            if !known.is_empty()
                && known.iter().all(own)
                && let Ok(text) = scope.render(&template)
                && !text.is_empty()
            {
                texts.push((text, template));
            }
        };
        case.clone().each_text(&mut |text| {
            for expr in Template::expressions_of(text) {
                expr.fresh_name().into_iter().for_each(|name| learn(format!("${{{name}}}")));
                learn(format!("${{{expr}}}"));
            }
            learn(text.clone());
        });
        // The same text twice: the shorter template.
        texts.sort_by(|a, b| b.0.len().cmp(&a.0.len()).then_with(|| a.0.cmp(&b.0)).then_with(|| a.1.len().cmp(&b.1.len())));
        texts.dedup_by(|later, first| later.0 == first.0);
        let mut answered = Vec::new();
        for (step, answer) in answers {
            leaves(answer, "", &mut |path, text| answered.push((text.to_owned(), *step, path.to_owned())));
        }
        let taken = case.steps.iter().flat_map(|s| s.save.iter().map(|(name, _, _)| name.clone())).collect();
        Words { texts, answered, saves: Vec::new(), taken }
    }

    /// Adds to the steps what they must save for what was said so far.
    pub(super) fn save(&self, steps: &mut [Step]) {
        for (name, step, path) in &self.saves {
            if let Some(step) = steps.get_mut(*step) {
                step.save.push((name.clone(), path.clone(), Loc::default()));
            }
        }
    }

    /// What is expected of a value that step `at` answers under the name `element`.
    pub(super) fn check(&mut self, element: &str, value: &Value, at: usize) -> Check {
        match value {
            Value::String(text) => self.text(element, text, at),
            Value::Array(items) => Check::Items(items.iter().map(|item| node(self.check("", item, at))).collect()),
            Value::Object(members) => {
                Check::Members(members.iter().map(|(name, v)| (name.clone(), node(self.check(name, v, at)))).collect())
            }
            Value::Null => Check::Absent,
            scalar => Check::Equals(scalar.clone()),
        }
    }

    /// The members by which an item is known again: its name, else its id where an earlier step answered it.
    pub(super) fn identity(&mut self, item: &Value, at: usize) -> Vec<(String, Node)> {
        let mut known = Vec::new();
        for name in NAMES {
            if let Some(value) = item.get(name) {
                match self.check(name, value, at) {
                    Check::Present => {}
                    check => known.push(((*name).to_owned(), node(check))),
                }
            }
        }
        known
    }

    fn text(&mut self, element: &str, text: &str, at: usize) -> Check {
        let own = self.texts.iter().find(|(rendered, _)| rendered == text).map(|(_, template)| template.clone());
        if element.ends_with("Document") {
            return Check::SameJson(own.unwrap_or_else(|| literal(text)));
        }
        if let Some(template) = own {
            return Check::Equals(Value::String(template));
        }
        if changes(element) {
            return match self.saved(text, at) {
                Some(name) => Check::Equals(Value::String(format!("${{{name}}}"))),
                None if element.ends_with("Arn") => Check::Matches(self.resource(text)),
                None => Check::Present,
            };
        }
        Check::Equals(Value::String(self.templates(text, literal)))
    }

    /// The variable that holds what an earlier step answered.
    fn saved(&mut self, text: &str, at: usize) -> Option<String> {
        let (_, step, path) = self.answered.iter().find(|(answered, step, _)| answered == text && *step < at)?;
        let (step, path) = (*step, path.clone());
        if let Some((name, ..)) = self.saves.iter().find(|(_, s, p)| *s == step && *p == path) {
            return Some(name.clone());
        }
        let name = (1..).map(|n| format!("seen{n}")).find(|name| !self.taken.contains(name))?;
        self.taken.push(name.clone());
        self.saves.push((name.clone(), step, path));
        Some(name)
    }

    /// The end of an ARN as a regular expression: what comes before it depends on the target.
    fn resource(&self, arn: &str) -> String {
        let resource = arn.splitn(6, ':').nth(5).unwrap_or(arn);
        format!(".*:{}", self.templates(resource, |text| literal(&regex::escape(text))))
    }

    /// A text with the case's own names in it as variables; what is between them through `other`.
    fn templates(&self, text: &str, other: impl Fn(&str) -> String + Copy) -> String {
        // Short texts, a path `/` or a letter, would be found everywhere.
        for (rendered, template) in self.texts.iter().filter(|(rendered, _)| rendered.len() >= 8) {
            if let Some((before, after)) = text.split_once(rendered.as_str()) {
                return format!("{}{template}{}", self.templates(before, other), self.templates(after, other));
            }
        }
        other(text)
    }
}

pub(super) fn node(check: Check) -> Node {
    Node { check, loc: Loc::default() }
}

/// Elements whose values another run has otherwise.
fn changes(element: &str) -> bool {
    (element.ends_with("Id") && element != "VersionId" && element != "DefaultVersionId")
        || ["Arn", "Date", "Marker", "SecretAccessKey", "Expiration"].iter().any(|end| element.ends_with(end))
}

fn literal(text: &str) -> String {
    text.replace("${", "$${")
}

/// Every text of a tree with its path.
fn leaves(value: &Value, path: &str, each: &mut dyn FnMut(&str, &str)) {
    match value {
        Value::String(text) => each(path, text),
        Value::Array(items) => items.iter().enumerate().for_each(|(i, item)| leaves(item, &format!("{path}[{i}]"), each)),
        Value::Object(members) => {
            for (name, member) in members {
                let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                leaves(member, &path, each);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}
