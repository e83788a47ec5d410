//! Badges: an SVG, and the JSON that shields.io asks for at an endpoint. They say what was counted and rank nobody.

use std::collections::BTreeMap;
use std::io;

use minijinja::context;
use serde::Serialize;

use super::counts::{Counts, Mark};
use super::model::{Column, Matrix};
use super::template;

const LABEL: &str = "IAM conformance";

/// What shields.io's endpoint badge reads: <https://shields.io/badges/endpoint-badge>.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Endpoint<'a> {
    schema_version: u32,
    label: &'a str,
    message: &'a str,
    color: &'a str,
}

/// File names and contents: `moto-aws.svg` and `moto-aws.json` for each target and dialect, of its latest run.
///
/// # Errors
/// When a template cannot be rendered.
pub fn badges(matrix: &Matrix<'_>) -> io::Result<Vec<(String, String)>> {
    let mut latest: BTreeMap<String, &Column<'_>> = BTreeMap::new();
    for column in &matrix.columns {
        let kept = latest.entry(stem(column)).or_insert(column);
        if column.run.started.started > kept.run.started.started {
            *kept = column;
        }
    }
    let mut files = Vec::new();
    for (stem, column) in latest {
        files.push((format!("{stem}.svg"), svg(&column.counts)?));
        files.push((format!("{stem}.json"), endpoint(&column.counts)?));
    }
    Ok(files)
}

/// A file name of its own for each target and dialect, whatever the target is called.
fn stem(column: &Column<'_>) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() || "._".contains(c) { c } else { '-' };
    let name: String = column.target.name.chars().map(plain).collect();
    format!("{}-{}", name.trim_start_matches('.'), column.target.dialect)
}

/// What is said, the colour of the SVG, and the same as shields.io names it: whether all is as expected, not how much passes.
fn message(counts: &Counts) -> (String, &'static str, &'static str) {
    if counts.total() == 0 {
        ("nothing ran".into(), "#6e7781", "lightgrey")
    } else if counts.of(Mark::Fail) + counts.of(Mark::Xpass) + counts.of(Mark::Differs) > 0 {
        (counts.in_words(), "#b3403a", "critical")
    } else if counts.of(Mark::Error) > 0 || counts.of(Mark::Pass) == 0 {
        (counts.in_words(), "#6e7781", "lightgrey")
    } else {
        (counts.in_words(), "#2a6f4e", "success")
    }
}

fn svg(counts: &Counts) -> io::Result<String> {
    let (message, fill, _) = message(counts);
    let (left, right) = (width(LABEL), width(&message));
    let values = context! { label => LABEL, message, fill, left, right, width => left + right };
    template::render("badge.svg", include_str!("assets/badge.svg"), values)
}

/// Pixels for a text of 11 px letters, with its margins. `textLength` makes the text fit whatever the font is.
fn width(text: &str) -> usize {
    let tenths: usize = text.chars().map(|c| if "il,: .1".contains(c) { 42 } else { 68 }).sum();
    tenths / 10 + 16
}

fn endpoint(counts: &Counts) -> io::Result<String> {
    let (message, _, color) = message(counts);
    Ok(serde_json::to_string(&Endpoint { schema_version: 1, label: LABEL, message: &message, color })? + "\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::matrix::fixtures;

    #[test]
    fn each_target_has_both_badges_of_its_latest_run() {
        let older = fixtures::run("moto", "a", |_| {});
        let newer = fixtures::run("moto", "b", |events| {
            let crate::report::Event::RunStarted(started) = &mut events[0] else { panic!() };
            started.started = "2026-11-23T00:00:00Z".into();
            events.retain(|e| !matches!(e, crate::report::Event::Case(r) if r.verdict.status == crate::verdict::Status::Fail));
        });
        let hostile = fixtures::run("../<x>", "c", |_| {});
        let runs = [older, newer, hostile];
        let files = badges(&Matrix::new(&runs).unwrap()).unwrap();
        let names: Vec<&str> = files.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["--x--aws.svg", "--x--aws.json", "moto-aws.svg", "moto-aws.json"]);
        assert_eq!(
            files[3].1,
            "{\"schemaVersion\":1,\"label\":\"IAM conformance\",\"message\":\"1 pass, 1 skip\",\"color\":\"success\"}\n"
        );
        let svg = roxmltree::Document::parse(&files[2].1).unwrap();
        assert_eq!(svg.root_element().attribute("aria-label"), Some("IAM conformance: 1 pass, 1 skip"));
    }

    #[test]
    fn the_colour_says_whether_all_is_as_expected() {
        let colour = |all: &[Mark]| message(&all.iter().copied().collect()).2;
        assert_eq!(colour(&[]), "lightgrey");
        assert_eq!(colour(&[Mark::Pass, Mark::Xfail, Mark::Skip]), "success");
        assert_eq!(colour(&[Mark::Pass, Mark::Fail]), "critical");
        assert_eq!(colour(&[Mark::Pass, Mark::Error]), "lightgrey");
        assert_eq!(colour(&[Mark::Skip]), "lightgrey", "a hole is no pass");
    }
}
