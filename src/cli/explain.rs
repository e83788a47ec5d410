//! `iamspec explain`: a requirement with its sources and cases, or a case with its steps.

use std::fmt::Write as _;
use std::io::Write as _;

use super::args::Selection;
use super::curl_dir::Scopes;
use super::fail::Failure;
use super::suite;
use crate::api::requirement::{Kind, catalogue};
use crate::api::{DialectId, Req, Requirement};
use crate::case::Case;
use crate::case::corpus::Corpus;
use crate::case::suggest;
use crate::dialect::Format;
use crate::launch::Launch;
use crate::report::event::Event;
use crate::report::tally::exit;
use crate::report::text::Paint;
use crate::report::{curl, failure};
use crate::runner::run::run as run_cases;
use crate::target::TargetArgs;

/// Arguments.
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Examples:
  iamspec explain delete-user.no-attached-policy
  iamspec explain users/DeleteUser/attached-policy-blocks
  iamspec explain users/DeleteUser/attached-policy-blocks --curl > case.sh")]
pub struct Args {
    /// Id of a requirement or of a case
    #[arg(value_name = "REQUIREMENT|CASE")]
    id: String,
    /// The case as a shell script of signed curl calls, with the values of a run on the embedded reference
    #[arg(long)]
    curl: bool,
    /// Dialect of the script
    #[arg(long, value_name = "DIALECT", default_value = "aws", requires = "curl")]
    dialect: DialectId,
}

/// Prints the explanation.
pub fn run(args: &Args) -> Result<i32, Failure> {
    let corpus = suite::load(&Selection::default())?;
    let cases = &corpus.cases;
    let text = if let Some(requirement) = Req::find(&args.id).map(Req::get) {
        if args.curl {
            return Err(Failure::usage(format!(
                "--curl is for a case, and {} is a requirement; its cases: iamspec list --requirement {0}",
                args.id
            )));
        }
        rule(requirement, cases)
    } else if let Some(case) = cases.iter().find(|c| c.id == args.id) {
        if args.curl { script(case, &corpus, args.dialect)? } else { told(case) }
    } else {
        let known = cases.iter().map(|c| c.id.as_str()).chain(catalogue().iter().map(|r| r.id.as_str()));
        let help = suggest::did_you_mean(&args.id, known).map(|h| format!(": {h}")).unwrap_or_default();
        return Err(Failure::usage(format!("'{}' is no requirement and no case{help}", args.id)));
    };
    std::io::stdout().write_all(text.as_bytes())?;
    Ok(exit::OK)
}

fn rule(requirement: &'static Requirement, cases: &[Case]) -> String {
    let mut out = format!("{}\n{}\n", requirement.id, failure::sources(requirement, Paint(false)));
    let kept = match requirement.kind {
        Kind::Enforced => "a line of the reference enforces it",
        Kind::Wire => "the reference's encoder keeps it",
        Kind::Invariant => "something that is kept over other calls",
        Kind::Unreachable => "the API alone cannot provoke it",
    };
    let _ = writeln!(out, "  kept by     {kept}");
    if let Some(reason) = &requirement.reason {
        let _ = writeln!(out, "              {reason}");
    }
    for dialect in &requirement.dialects {
        let _ = writeln!(out, "  on {:<9}{}", dialect.name(), requirement.level(*dialect));
    }
    let names = |c: &&Case| c.named_requirements().iter().any(|r| r.id() == requirement.id);
    let mut any = false;
    for case in cases.iter().filter(names) {
        any = true;
        let _ = writeln!(out, "  case        {}  {}", case.id, case.title);
    }
    if !any {
        let _ = writeln!(out, "  case        none");
    }
    out
}

fn told(case: &Case) -> String {
    let mut out = format!("{}  ({})\n  {}\n", case.id, case.loc, case.title);
    for requirement in &case.requirements {
        let _ = writeln!(out, "  requirement {}\n{}", requirement.id(), failure::sources(requirement.get(), Paint(false)));
    }
    let list =
        |label: &str, words: Vec<String>| if words.is_empty() { String::new() } else { format!("  {label:<12}{}\n", words.join(", ")) };
    out += &list("dialects", case.dialects.iter().map(ToString::to_string).collect());
    out += &list("requires", case.requires.clone());
    out += &list("tags", case.tags.clone());
    out += &list("rows", case.rows.iter().map(|r| r.id.clone()).collect());
    if case.serial {
        out += "  serial      it runs alone\n";
    }
    for (i, step) in case.steps.iter().enumerate() {
        let params: Vec<String> = step.with.iter().map(|(name, value)| format!(" {name}={value}")).collect();
        let expect = match (&step.expect.error[..], &step.expect.status[..]) {
            _ if step.expect.any => "anything".to_owned(),
            _ if step.expect.understood => "not refused for its form".to_owned(),
            ([], []) if step.expect.any_error => "an error".to_owned(),
            ([], []) => "success".to_owned(),
            ([], statuses) => statuses.iter().map(u16::to_string).collect::<Vec<_>>().join(" or "),
            (codes, _) => codes.join(" or "),
        };
        let _ = writeln!(out, "  {:>2}  {}{} → {expect}  ({})", i + 1, step.call, params.concat(), step.loc);
    }
    let _ = writeln!(out, "  run it      iamspec run {}", case.id);
    out
}

/// The script of a trial on the embedded reference.
fn script(case: &Case, corpus: &Corpus, dialect: DialectId) -> Result<String, Failure> {
    let launch = Launch::embedded(TargetArgs { dialect: Some(dialect), formats: vec![Format::Xml], ..TargetArgs::default() })?;
    let launch = Launch { exchanges: true, ..launch };
    let ready = launch.start(corpus, None)?;
    let (mut scopes, mut found) = (Scopes::new(None), None);
    run_cases(&ready.targets, &[case], &ready.options, &mut |event| {
        scopes.learn(&event);
        if let Event::Case(record) = event {
            found = Some(record);
        }
        true
    })?;
    match found {
        Some(record) if !record.steps.is_empty() => Ok(curl::script(&record, case, &scopes.of(&record))),
        Some(record) => Err(Failure::usage(format!("{} is not run on {dialect}: {}", case.id, record.verdict.reason))),
        None => Err(Failure::broken(format!("{} was not run on {dialect}", case.id))),
    }
}
