//! `iamspec matrix`: stored runs side by side.

use std::fs;
use std::path::{Path, PathBuf};

use super::fail::Failure;
use crate::report::matrix::{Format, Matrix, Output, badges, changes};
use crate::report::runs::read_runs;
use crate::report::tally::exit;

/// Arguments.
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Examples:
  iamspec matrix moto.ndjson ministack.ndjson -o matrix.html
  iamspec matrix *.ndjson -o matrix.md -o matrix.csv -o matrix.json --badges badges
  iamspec matrix before.ndjson after.ndjson -o changes.html     two runs of one target: what changed
  iamspec matrix run.ndjson --summary -o md=$GITHUB_STEP_SUMMARY

Forms:
  html  a page without network access: search, filters, and each cell with its evidence
  md    GitHub-flavoured Markdown: counts, and the cases that depart; --summary: only what is not as known
  json  {v, columns: [target, version, dialect, run, date, counts, …], families: [{family, kind, counts, actions: [{action,
        counts, requirements: [{requirement, counts, rows: [{id, title, cells}]}]}]}], changes}; counts and cells are lists in
        the order of columns; a cell has an entry for each configuration, with its verdict
  csv   a line for each verdict: target, version, dialect, configuration, date, kind (case, check or leftover), family, action,
        requirement, case, level, verdict, change (against the run of the target before), found, reason

Exit codes: 0 written, 2 a file that is no run, or usage, 3 what was asked for cannot be written.")]
pub struct Args {
    /// Runs, as `iamspec run --output ndjson=FILE` writes them
    #[arg(value_name = "RUN.ndjson", required = true)]
    runs: Vec<PathBuf>,
    /// Where to, in the format of its extension (html, md, json, csv) or as FORMAT=FILE; repeatable [default: -, standard output]
    #[arg(short, long, value_name = "[FORMAT=]FILE")]
    output: Vec<Output>,
    /// Format of standard output
    #[arg(long, value_name = "FORMAT", default_value = "md")]
    format: Format,
    /// Markdown for a CI summary: what is known is counted, not listed
    #[arg(long)]
    summary: bool,
    /// Folder for a badge of each target: NAME-DIALECT.svg, and NAME-DIALECT.json for an endpoint badge of shields.io
    #[arg(long, value_name = "DIR")]
    badges: Option<PathBuf>,
}

/// Writes what is asked for.
pub fn run(args: &Args) -> Result<i32, Failure> {
    let runs = read_runs(&args.runs).map_err(|why| Failure::usage(why.to_string()))?;
    let matrix = Matrix::new(&runs).map_err(|why| Failure::usage(why.to_string()))?;
    let stdout = [Output { format: None, file: "-".into() }];
    let outputs = if args.output.is_empty() && args.badges.is_none() { &stdout[..] } else { &args.output };
    for output in outputs {
        output.write(&matrix, args.format, args.summary).map_err(|why| unwritten(&output.file, why))?;
    }
    if let Some(dir) = &args.badges {
        write_badges(dir, &matrix)?;
    }
    for pair in changes(&matrix) {
        let after = &matrix.columns[pair.after];
        eprintln!("iamspec: {} {}: {}", after.name(), after.target.dialect, pair.in_words());
    }
    Ok(exit::OK)
}

fn write_badges(dir: &Path, matrix: &Matrix<'_>) -> Result<(), Failure> {
    let cannot = |path: &Path, why| unwritten(&path.display().to_string(), why);
    fs::create_dir_all(dir).map_err(|why| cannot(dir, why))?;
    for (name, text) in badges(matrix).map_err(|why| cannot(dir, why))? {
        let path = dir.join(name);
        fs::write(&path, text).map_err(|why| cannot(&path, why))?;
    }
    Ok(())
}

fn unwritten(file: &str, why: std::io::Error) -> Failure {
    let what = if file == "-" { "standard output" } else { file };
    Failure { pipe: why.kind() == std::io::ErrorKind::BrokenPipe, ..Failure::broken(format!("cannot write the matrix to {what}: {why}")) }
}
