//! What a case generates (names, paths, documents, certificates), by the words that the case file has for it.

use serde_json::Value;

use crate::case::template::{Expr, Template};
use crate::case::{Case, Row, Scope};

/// A generated text this long is found inside of other texts too; a shorter one could stand there by chance.
const TELLING: usize = 16;

/// Generated texts of a case and row, with their expressions.
#[derive(Clone, Debug, Default)]
pub struct Names {
    /// Text and expression, the longest text first.
    known: Vec<Name>,
}

#[derive(Clone, Debug)]
struct Name {
    text: String,
    /// `user-a`, `doc.allow-list-users`.
    expression: String,
    /// It stands for itself wherever it is found.
    inside: bool,
    /// It is a name or path of this run.
    of_run: bool,
}

impl Names {
    /// Every text that the strings of a case generate in this row and run. What cannot be rendered is never sent either.
    pub fn of(case: &Case, row: Option<&Row>, scope: &Scope) -> Names {
        let mut names = Names::default();
        let mut take = |text: &str| names.take(text, scope);
        for value in row.into_iter().flat_map(|row| row.vars.values()) {
            strings(value, &mut take);
        }
        for step in case.steps_in(row) {
            let others = step.on.values().flat_map(|other| &other.with);
            for (name, value) in step.with.iter().chain(others) {
                take(name);
                strings(value, &mut take);
            }
            let Some(raw) = &step.raw else { continue };
            raw.body.iter().chain(&raw.path).for_each(|text| take(text));
        }
        names.known.sort_by(|a, b| (b.text.len(), &a.text).cmp(&(a.text.len(), &b.text)));
        names
    }

    /// Takes the generators in a template.
    fn take(&mut self, text: &str, scope: &Scope) {
        let Ok(template) = Template::parse(text) else { return };
        for (expr, at) in template.expressions() {
            let Ok(value) = scope.render(&text[at.clone()]) else { continue };
            let expression = text[at].trim_start_matches("${").trim_end_matches('}').to_owned();
            if generates(expr) && !value.is_empty() {
                self.add(value, expression, scope);
            }
        }
    }

    fn add(&mut self, text: String, expression: String, scope: &Scope) {
        let of_run = scope.owns(&text);
        let inside = of_run || text.len() >= TELLING;
        match self.known.iter_mut().find(|known| known.text == text) {
            // Of two words for the same thing the plainer one.
            Some(known) if (expression.len(), &expression) < (known.expression.len(), &known.expression) => known.expression = expression,
            Some(_) => {}
            None => self.known.push(Name { text, expression, inside, of_run }),
        }
    }

    /// What the case file calls this text: `<user-a>`.
    pub fn whole(&self, text: &str) -> Option<String> {
        self.known.iter().find(|known| known.text == text).map(|known| format!("<{}>", known.expression))
    }

    /// A text with every generated text in it by name.
    pub fn in_text(&self, text: &str) -> String {
        self.replaced(text, |known| known.inside)
    }

    /// The same, but of documents and the like nothing is replaced.
    pub fn of_run(&self, text: &str) -> String {
        self.replaced(text, |known| known.of_run)
    }

    fn replaced(&self, text: &str, which: impl Fn(&Name) -> bool) -> String {
        let found = self.known.iter().filter(|known| which(known));
        found.fold(text.to_owned(), |text, known| match text.contains(&known.text) {
            true => text.replace(&known.text, &format!("<{}>", known.expression)),
            false => text,
        })
    }
}

/// Whether an expression makes something up that may come back.
fn generates(expr: &Expr) -> bool {
    let made = matches!(expr.innermost(), Expr::Fresh(..) | Expr::Path(_) | Expr::Document(_) | Expr::SizedDocument(_));
    made || matches!(expr, Expr::Certificate(_) | Expr::Text(_) | Expr::Digits(_) | Expr::Blanks(_) | Expr::Arn(..))
}

fn strings(value: &Value, take: &mut impl FnMut(&str)) {
    match value {
        Value::String(text) => take(text),
        Value::Array(items) => items.iter().for_each(|item| strings(item, take)),
        Value::Object(members) => members.values().for_each(|member| strings(member, take)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::case::parse;
    use crate::case::vars::tests::scope;

    const FILE: &str = r#"
        action = "CreateUser"
        [[case]]
        id = "example"
        title = "t"
        requirement = "create-user.path"
        [[case.row]]
        id = "r"
        short = "${name:3}"
        [[case.step]]
        call = "CreateUser"
        with = { UserName = "${user}", Path = "${path}", Tags = [{ Key = "${row.short}", Value = "${upper:user-b}-${i}" }] }
        repeat = "2"
        on.aws = { with = { PermissionsBoundary = "${arn.policy:nobody}", Path = "${doc.allow-list-users}" }, source = "s" }
    "#;

    #[test]
    fn generated_texts_have_the_names_of_the_case_file() {
        let cases = parse("users/CreateUser.toml", "f", FILE).unwrap_or_else(|wrong| panic!("{wrong}"));
        let scope = scope();
        let names = Names::of(&cases[0], cases[0].rows.first(), &scope);
        let made = |text: &str| scope.render(text).expect("a text");
        for (text, name) in [
            ("${user}", "<user>"),
            ("${upper:user-b}", "<upper:user-b>"),
            ("${path}", "<path>"),
            ("${name:3}", "<name:3>"),
            ("${arn.policy:nobody}", "<arn.policy:nobody>"),
            ("${doc.allow-list-users}", "<doc.allow-list-users>"),
        ] {
            assert_eq!(names.whole(&made(text)).as_deref(), Some(name), "{text}");
        }
        assert_eq!(names.whole("user"), None);
        let (user, short) = (made("${user}"), made("${name:3}"));
        assert_eq!(names.in_text(&format!("{user}-2 of {}x {short}", made("${path}"))), format!("<user>-2 of <path>x {short}"));
        assert_eq!(names.of_run(&made("${user} ${doc.allow-list-users}")), format!("<user> {}", made("${doc.allow-list-users}")));
    }
}
