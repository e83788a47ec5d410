//! Every string of a case that can hold expressions.

use std::collections::BTreeSet;

use serde_json::Value;

use super::model::{Case, Check, Expect, Node, Step, Tamper};
use super::template::{Expr, Template};

impl Step {
    /// Calls `each` with every template of the step: parameters and their names, what goes on the wire, what is expected.
    pub fn each_text(&mut self, each: &mut dyn FnMut(&mut String)) {
        parameters(&mut self.with, each);
        if let Some(Tamper::Token(text) | Tamper::Header(text) | Tamper::Region(text) | Tamper::Service(text)) = &mut self.auth {
            each(text);
        }
        if let Some(raw) = &mut self.raw {
            raw.path.iter_mut().chain(&mut raw.body).for_each(&mut *each);
            raw.headers.iter_mut().filter_map(|(_, value)| value.as_mut()).for_each(&mut *each);
            [&mut raw.action, &mut raw.version].into_iter().filter_map(|maybe| maybe.as_mut()?.as_mut()).for_each(&mut *each);
        }
        self.repeat.iter_mut().for_each(&mut *each);
        self.pages.iter_mut().filter_map(|pages| pages.size.as_mut()).for_each(&mut *each);
        expect(&mut self.expect, each);
        for other in self.on.values_mut() {
            parameters(&mut other.with, each);
            other.expect.iter_mut().for_each(|other| expect(other, each));
        }
    }

    /// The expressions of all its templates.
    pub fn expressions(&self) -> Vec<Expr> {
        let mut all = Vec::new();
        self.clone().each_text(&mut |text| all.extend(Template::expressions_of(text)));
        all
    }

    /// The saved variables that it reads, that of its principal among them.
    pub fn reads(&self) -> BTreeSet<String> {
        let principal = self.principal.as_ref().map(|p| p.split('.').next().unwrap_or_default().to_owned());
        let saved = self.expressions().into_iter().filter_map(|expr| match expr.innermost() {
            Expr::Saved(name, _) => Some(name.clone()),
            _ => None,
        });
        saved.chain(principal).collect()
    }
}

impl Case {
    /// Calls `each` with every template of the case, those of its rows among them.
    pub fn each_text(&mut self, each: &mut dyn FnMut(&mut String)) {
        for row in &mut self.rows {
            row.vars.values_mut().for_each(|v| value(v, each));
            parameters(&mut row.with, each);
            row.expect.iter_mut().for_each(|own| expect(own, each));
        }
        self.steps.iter_mut().for_each(|step| step.each_text(each));
    }
}

fn parameters(with: &mut [(String, Value)], each: &mut dyn FnMut(&mut String)) {
    for (name, v) in with {
        each(name);
        value(v, each);
    }
}

fn value(at: &mut Value, each: &mut dyn FnMut(&mut String)) {
    match at {
        Value::String(text) => each(text),
        Value::Array(items) => items.iter_mut().for_each(|item| value(item, each)),
        Value::Object(members) => {
            for (mut key, mut member) in std::mem::take(members) {
                each(&mut key);
                value(&mut member, each);
                members.insert(key, member);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

fn expect(expect: &mut Expect, each: &mut dyn FnMut(&mut String)) {
    let headers = expect.headers.iter_mut().map(|(_, at)| at);
    expect.message.iter_mut().chain(&mut expect.result).chain(headers).for_each(|at| node(at, each));
}

fn node(at: &mut Node, each: &mut dyn FnMut(&mut String)) {
    match &mut at.check {
        Check::Equals(v) | Check::Not(v) => value(v, each),
        Check::OneOf(values) => values.iter_mut().for_each(|v| value(v, each)),
        Check::Matches(text) | Check::SameJson(text) | Check::SamePem(text) | Check::Count(text) | Check::Near(text) => each(text),
        Check::Members(members) => members.iter_mut().for_each(|(_, inner)| node(inner, each)),
        Check::Items(nodes) | Check::Ordered(nodes) | Check::Includes(nodes) | Check::Excludes(nodes) | Check::All(nodes) => {
            nodes.iter_mut().for_each(|inner| node(inner, each));
        }
        Check::Optional(inner) | Check::Charged(_, inner) => node(inner, each),
        Check::Present | Check::Absent | Check::AbsentOrEmpty | Check::Sorted(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use crate::case::Corpus;

    #[test]
    fn every_expression_of_the_corpus_is_come_across() {
        let corpus = Corpus::embedded().unwrap_or_else(|wrong| panic!("{wrong}"));
        for (path, text) in &corpus.files {
            let written = text
                .lines()
                .filter(|l| !l.trim_start().starts_with('#'))
                .map(|l| l.replace("$${", "").matches("${").count())
                .sum::<usize>();
            let mut found = 0;
            for case in corpus.cases.iter().filter(|c| c.loc.file == *path) {
                found += case.steps.iter().filter(|s| s.principal.is_some()).count();
                case.clone().each_text(&mut |text| found += text.replace("$${", "").matches("${").count());
            }
            assert_eq!(found, written, "{path}");
        }
    }
}
