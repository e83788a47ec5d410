//! The matrix as a page: one file that asks the network for nothing.
//!
//! A target's text must not run in it. Data are JSON in blocks that are no script; the page's own script writes text and never markup
//! (Trusted Types make anything else an error), and the policy allows that script alone, by its digest.

use std::io::{self, Write};

use minijinja::context;
use minijinja::value::Value;
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::model::{self, Matrix};
use super::{evidence, index, template};
use crate::auth::ecs_token::base64;

const STYLE: &str = concat!(include_str!("assets/page.css"), include_str!("assets/evidence.css"));

/// The page's script: its files make one function.
const SCRIPT: &str = concat!(
    "(() => {\n\"use strict\";\n",
    include_str!("assets/data.js"),
    include_str!("assets/state.js"),
    include_str!("assets/filter.js"),
    include_str!("assets/grid.js"),
    include_str!("assets/keys.js"),
    include_str!("assets/evidence.js"),
    include_str!("assets/views.js"),
    include_str!("assets/main.js"),
    "})();\n"
);

/// Writes it.
///
/// # Errors
/// When it cannot be written.
pub fn write(matrix: &Matrix<'_>, to: &mut dyn Write) -> io::Result<()> {
    let evidence: io::Result<Vec<String>> = (0..matrix.columns.len()).map(|c| embedded(&evidence::of_column(matrix, c))).collect();
    let page = template::render(
        "page.html",
        include_str!("assets/page.html"),
        context! {
            policy => policy(),
            style => Value::from_safe_string(STYLE.to_owned()),
            script => Value::from_safe_string(SCRIPT.to_owned()),
            index => Value::from_safe_string(embedded(&index::index_of(matrix))?),
            evidence => evidence?.into_iter().map(Value::from_safe_string).collect::<Vec<_>>(),
            columns => matrix.columns.iter().map(|c| context! { name => c.name(), dialect => c.target.dialect.name(), date => c.date() })
                .collect::<Vec<_>>(),
            families => plain(matrix),
        },
    )?;
    to.write_all(page.as_bytes())
}

/// The table for a reader without scripts: counts by family and Action.
fn plain(matrix: &Matrix<'_>) -> Vec<Value> {
    let cells = |rows: &[model::Row<'_>]| -> Vec<String> { (0..matrix.columns.len()).map(|c| model::counts(rows, c).in_words()).collect() };
    let family = |rows: &[model::Row<'_>]| {
        let actions: Vec<Value> = model::actions(rows).map(|a| context! { name => a[0].action.clone(), cells => cells(a) }).collect();
        context! { name => rows[0].family.clone(), cells => cells(rows), actions }
    };
    model::families(&matrix.rows).map(family).collect()
}

/// What the page may do: run this script, use this style, and nothing else.
fn policy() -> String {
    let digest = |text: &str| format!("'sha256-{}'", base64(&Sha256::digest(text.as_bytes())));
    format!(
        "default-src 'none'; script-src {}; style-src {}; base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'",
        digest(SCRIPT),
        digest(STYLE)
    )
}

/// JSON that can stand in a `script` element: nothing in it can end the element or begin a comment in it.
fn embedded(value: &impl Serialize) -> io::Result<String> {
    let json = serde_json::to_string(value)?;
    let mut out = String::with_capacity(json.len() + json.len() / 8);
    for c in json.chars() {
        match c {
            '<' => out.push_str("\\u003c"),
            '>' => out.push_str("\\u003e"),
            '&' => out.push_str("\\u0026"),
            '\u{2028}' => out.push_str("\\u2028"),
            '\u{2029}' => out.push_str("\\u2029"),
            c => out.push(c),
        }
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::Event;
    use crate::report::matrix::fixtures;

    #[test]
    fn nothing_in_embedded_data_can_end_its_element() {
        let hostile = "</script><!--<script>\u{2028}&amp;";
        let text = embedded(&hostile).unwrap();
        assert!(!text.contains(['<', '>', '&', '\u{2028}']), "{text}");
        assert_eq!(serde_json::from_str::<String>(&text).unwrap(), hostile);
    }

    #[test]
    fn the_page_asks_for_nothing_and_runs_one_script() {
        let hostile = "\"><script>alert(1)</script>";
        let run = fixtures::run(hostile, "a", |events| {
            for event in events {
                if let Event::Case(record) = event {
                    record.verdict.reason = hostile.into();
                    record.case = format!("users/{hostile}/x");
                }
            }
        });
        let runs = [run];
        let mut bytes = Vec::new();
        write(&Matrix::new(&runs).unwrap(), &mut bytes).unwrap();
        let page = String::from_utf8(bytes).unwrap();
        assert!(!page.contains("<script>alert"), "the text of a target is no markup");
        assert_eq!(page.matches("<script>").count(), 1);
        for asked in [" src=", "url(", "@import", "fetch(", "innerHTML", "XMLHttpRequest", "import("] {
            assert!(!page.contains(asked), "{asked}");
        }
        let script = page.split_once("<script>").unwrap().1.split_once("</script>").unwrap().0;
        assert_eq!(script, SCRIPT, "the digest is of what stands in the page");
        assert!(page.contains("require-trusted-types-for"));
    }
}
