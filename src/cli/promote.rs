//! `iamspec fuzz --promote`: findings become cases of the suite, or known findings of a target.

use std::fs;
use std::path::{Path, PathBuf};

use super::fail::Failure;
use crate::api::model;
use crate::case::corpus::{Corpus, CorpusError};
use crate::case::keys::action_folders;
use crate::case::write::quoted;
use crate::case::{Case, parse};
use crate::fuzz::triage::recorded;
use crate::report::tally::exit;

/// Flags.
#[derive(clap::Args, Clone, Debug, Default)]
#[command(next_help_heading = "Findings; with --promote in place of a run")]
pub struct PromoteArgs {
    /// Move findings into the suite, or with --baseline into a target's list of known failures; their files are removed
    #[arg(long, value_name = "FILE", num_args = 1..)]
    pub promote: Vec<PathBuf>,
    /// With --promote: the case file that they go to [default: cases/<family>/<Action>.toml]
    #[arg(long, value_name = "FILE", requires = "promote")]
    into: Option<PathBuf>,
    /// The target's list of known failures [default: that of --target]; with --promote: the one that they go to, with --reason
    #[arg(long, value_name = "FILE", conflicts_with = "into")]
    pub baseline: Option<PathBuf>,
    /// With --promote --baseline: why the target fails, as the list is to say it
    #[arg(long, value_name = "TEXT", requires = "promote", requires = "baseline")]
    reason: Option<String>,
}

/// A finding's file: one case with what stands above it.
struct Finding {
    path: PathBuf,
    text: String,
    case: Case,
}

/// Moves the findings, one after the other.
///
/// # Errors
/// When a file has not one sound case, or what it goes to would not be sound. What was moved before stays moved.
pub fn run(args: &PromoteArgs) -> Result<i32, Failure> {
    for path in &args.promote {
        let finding = read(path)?;
        let said = match (&args.baseline, &args.reason) {
            (Some(list), Some(reason)) => into_list(&finding, list, reason)?,
            (Some(_), None) => return Err(Failure::usage("an entry in a list of known failures needs a --reason: why the target fails")),
            (None, _) => into_suite(&finding, args.into.as_deref())?,
        };
        fs::remove_file(path).map_err(|why| Failure::broken(format!("{said}, but cannot remove {}: {why}", path.display())))?;
        println!("{said}");
    }
    Ok(exit::OK)
}

fn read(path: &Path) -> Result<Finding, Failure> {
    let corpus = Corpus::from_dir(path).map_err(|why| match why {
        CorpusError::Mistakes(mistakes) => Failure::usage(format!("mistakes in a finding\n{mistakes}")),
        other => Failure::usage(other.to_string()),
    })?;
    let text = corpus.files.into_values().next().unwrap_or_default();
    match corpus.cases.as_slice() {
        [case] => Ok(Finding { path: path.to_owned(), text, case: case.clone() }),
        cases => Err(Failure::usage(format!("{} has {} cases; the file of a finding has one", path.display(), cases.len()))),
    }
}

/// Appends the case, with its comments, under an id that is free.
fn into_suite(finding: &Finding, into: Option<&Path>) -> Result<String, Failure> {
    let file = match into {
        Some(file) => file.to_owned(),
        None => home(&finding.case).ok_or_else(|| {
            Failure::usage(format!("{} is about no Action that has a file of its own: name one with --into", finding.path.display()))
        })?,
    };
    let cannot = |what: &str, why: &dyn std::fmt::Display| Failure::usage(format!("cannot {what} {}: {why}", file.display()));
    let below = below(&file).ok_or_else(|| cannot("promote into", &"a case file lies in cases/<family>/ and ends in .toml"))?;
    let there = match fs::read_to_string(&file) {
        Ok(text) => text,
        Err(why) if why.kind() == std::io::ErrorKind::NotFound => String::new(),
        Err(why) => return Err(cannot("read", &why)),
    };
    let shown = file.display().to_string();
    let taken: Vec<String> = if there.is_empty() {
        Vec::new()
    } else {
        let cases = parse(&below, &shown, &there).map_err(|mistakes| Failure::usage(format!("mistakes in case files\n{mistakes}")))?;
        cases.iter().filter_map(|case| case.id.rsplit('/').next().map(str::to_owned)).collect()
    };
    let old = finding.case.id.rsplit('/').next().unwrap_or_default();
    let free = |id: &String| !taken.contains(id);
    let id = std::iter::once(old.to_owned()).chain((2..).map(|n| format!("{old}-{n}"))).find(free).unwrap_or_default();
    let text = appended(&there, &head(&below), &body(finding, old, &id));
    let sound = parse(&below, &shown, &text)
        .map_err(|mistakes| Failure::usage(format!("the finding cannot be a case of that file\n{mistakes}")))?;
    if sound.len() != taken.len() + 1 {
        return Err(cannot("promote into", &"it would not have exactly one case more"));
    }
    if let Some(folder) = file.parent() {
        fs::create_dir_all(folder).map_err(|why| cannot("write", &why))?;
    }
    fs::write(&file, text).map_err(|why| cannot("write", &why))?;
    let full = format!("{}/{id}", below.trim_end_matches(".toml"));
    Ok(format!("{}: moved to {shown} as {full}; its snapshot: iamspec run --cases cases {full} --snapshots update", finding.path.display()))
}

/// Lists the finding as known.
fn into_list(finding: &Finding, list: &Path, reason: &str) -> Result<String, Failure> {
    let written = recorded(&finding.text, finding.case.loc.line)
        .ok_or_else(|| Failure::usage(format!("{} does not say what was found: no line begins with `#: `", finding.path.display())))?;
    let cannot = |what: &str, why: &dyn std::fmt::Display| Failure::usage(format!("cannot {what} {}: {why}", list.display()));
    let there = match fs::read_to_string(list) {
        Ok(text) => text,
        Err(why) if why.kind() == std::io::ErrorKind::NotFound => String::new(),
        Err(why) => return Err(cannot("read", &why)),
    };
    if reason.trim().is_empty() {
        return Err(Failure::usage("--reason says nothing: say why the target fails"));
    }
    let entry = format!(
        "[[known-finding]]\nfingerprint = {}\nconfiguration = {}\nreason = {}\n",
        quoted(&written.fingerprint.to_string()),
        quoted(&written.configuration),
        quoted(reason)
    );
    let text = appended(&there, "format = 1\n", &entry);
    let suite = Corpus::embedded().map_err(|mistakes| Failure::usage(format!("mistakes in the cases built in\n{mistakes}")))?;
    let ids: Vec<&str> = suite.cases.iter().map(|case| case.id.as_str()).collect();
    crate::baseline::Baseline::parse(&list.display().to_string(), &text, &ids)
        .map_err(|mistakes| Failure::usage(format!("mistakes in a list of known failures\n{mistakes}")))?;
    fs::write(list, text).map_err(|why| cannot("write", &why))?;
    Ok(format!("{}: listed in {}", finding.path.display(), list.display()))
}

/// A text with another at its end, an empty line between them; a new one begins with `head`.
fn appended(there: &str, head: &str, more: &str) -> String {
    let there = if there.trim().is_empty() { head } else { there };
    match there.trim_end() {
        "" => more.to_owned(),
        there => format!("{there}\n\n{more}"),
    }
}

/// The case with the comments above it, under its new id. The Action of the file is said by the file that it goes to.
fn body(finding: &Finding, old: &str, id: &str) -> String {
    let (is, will) = (format!("id = {}", quoted(old)), format!("id = {}", quoted(id)));
    let mut named = false;
    let mut out = String::new();
    for (n, line) in finding.text.lines().enumerate() {
        if line.starts_with("action = ") && n + 1 < finding.case.loc.line {
            continue;
        }
        // An empty line between comments and case would part them.
        if line.trim().is_empty() && n + 1 < finding.case.loc.line {
            continue;
        }
        if !named && line == is {
            named = true;
            out += &will;
        } else {
            out += line;
        }
        out.push('\n');
    }
    out
}

/// The file of the Action that the case is about: that of its last step.
fn home(case: &Case) -> Option<PathBuf> {
    let action = model().action(&case.steps.last()?.call)?;
    Some(Path::new("cases").join(&action.family).join(format!("{}.toml", action.name)))
}

/// A case file's path below the folder of cases: `users/CreateUser.toml`.
fn below(file: &Path) -> Option<String> {
    let name = file.file_name()?.to_str()?;
    let family = file.parent()?.file_name()?.to_str()?;
    name.ends_with(".toml").then(|| format!("{family}/{name}"))
}

/// How a new file begins.
fn head(below: &str) -> String {
    match below.split_once('/') {
        Some((family, name)) if action_folders().any(|folder| folder == family) => {
            format!("action = {}\n", quoted(name.trim_end_matches(".toml")))
        }
        _ => String::new(),
    }
}
