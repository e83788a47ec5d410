//! `iamspec check`: mistakes in case files, target profiles and baselines, before anything is sent.

use std::io::Write;
use std::path::{Path, PathBuf};

use super::fail::Failure;
use super::suite;
use crate::baseline::Baseline;
use crate::case::corpus::Corpus;
use crate::report::tally::exit;
use crate::report::text::count;
use crate::target::load;

/// Arguments.
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Examples:
  iamspec check                       everything built in, and targets/ here
  iamspec check cases                 a folder of case files
  iamspec check targets/moto/baseline.toml")]
pub struct Args {
    /// Case files or folders of them, target.toml, baseline.toml; none: everything built in
    #[arg(value_name = "PATH")]
    paths: Vec<PathBuf>,
}

/// Reads everything and reports every mistake.
pub fn run(args: &Args) -> Result<i32, Failure> {
    let mut checked = Checked::default();
    if args.paths.is_empty() {
        let corpus = suite::all(None)?;
        checked.cases += corpus.cases.len();
        for profile in suite::targets()? {
            checked.profiles += 1;
            if let Some((file, text)) = load::companion(&profile.name, "baseline.toml") {
                checked.baseline(&file, &text, &corpus);
            }
        }
    }
    for path in &args.paths {
        checked.path(path)?;
    }
    if !checked.mistakes.is_empty() {
        return Err(Failure::usage(checked.mistakes.join("\n")));
    }
    let mut out = std::io::stdout().lock();
    let parts = [(checked.cases, "case"), (checked.profiles, "target profile"), (checked.baselines, "baseline")];
    let parts: Vec<String> = parts.iter().filter(|(n, _)| *n > 0).map(|(n, noun)| count(*n, noun)).collect();
    writeln!(out, "{}: no mistakes", parts.join(", "))?;
    Ok(exit::OK)
}

#[derive(Default)]
struct Checked {
    cases: usize,
    profiles: usize,
    baselines: usize,
    mistakes: Vec<String>,
}

impl Checked {
    fn path(&mut self, path: &Path) -> Result<(), Failure> {
        let name = path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
        match name.as_str() {
            "target.toml" => match load::load(&path.display().to_string()) {
                Ok(_) => self.profiles += 1,
                Err(why) => self.mistakes.push(why.to_string()),
            },
            "baseline.toml" => {
                let text = std::fs::read_to_string(path)
                    .map_err(|why| Failure::usage(format!("cannot read the baseline {}: {why}", path.display())))?;
                self.baseline(&path.display().to_string(), &text, &suite::all(None)?);
            }
            _ => match suite::all(Some(path)) {
                Ok(corpus) => self.cases += corpus.cases.len(),
                Err(why) => self.mistakes.push(why.message),
            },
        }
        Ok(())
    }

    fn baseline(&mut self, file: &str, text: &str, corpus: &Corpus) {
        let ids: Vec<&str> = corpus.cases.iter().map(|c| c.id.as_str()).collect();
        match Baseline::parse(file, text, &ids) {
            Ok(_) => self.baselines += 1,
            Err(mistakes) => self.mistakes.push(mistakes.to_string()),
        }
    }
}
