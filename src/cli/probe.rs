//! `iamspec probe`: looks at an unknown endpoint and writes a first profile for it.

use std::io::Write;
use std::path::PathBuf;

use super::args::TargetArgs;
use super::fail::Failure;
use crate::report::tally::exit;
use crate::runner::embedded::Certificates;
use crate::runner::probe::{Options, probe};
use crate::runner::run::{fresh_seed, run_part};

/// Arguments.
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Uses each Action once, with names of its own, and removes again what it made. The profile says of each guess what it was guessed from.

Examples:
  iamspec probe --endpoint http://127.0.0.1:5000 -o targets/mine/target.toml
  iamspec probe --endpoint https://ecs.example.com:4443 --dialect ecs --namespace ns1")]
pub struct Args {
    #[command(flatten)]
    target: TargetArgs,
    /// File for the profile [default: standard output]
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

/// Probes.
pub fn run(args: &Args) -> Result<i32, Failure> {
    let launch = args.target.launch()?;
    let Some(mut target) = launch.foreign else {
        return Err(Failure::usage("probe which endpoint? --endpoint URL; of the embedded reference everything is known"));
    };
    if let Some(path) = args.output.as_ref().filter(|path| path.exists()) {
        return Err(Failure::usage(format!("{} is there already: name another file, or move it away", path.display())));
    }
    // `--target NAME` will find it by the name of its folder.
    let folder = args.output.as_ref().and_then(|path| path.parent()?.file_name());
    if let Some(folder) = folder {
        target.profile.name = folder.to_string_lossy().into_owned();
    }
    let run = run_part(fresh_seed());
    let options = Options { dialect: launch.args.dialect, run: &run, certificates: &Certificates, state: None };
    let profile = probe(&target, &options)?;
    match &args.output {
        Some(path) => {
            let unwritten = |why| Failure::broken(format!("cannot write {}: {why}", path.display()));
            if let Some(folder) = path.parent() {
                std::fs::create_dir_all(folder).map_err(unwritten)?;
            }
            std::fs::write(path, profile).map_err(unwritten)?;
            eprintln!("iamspec: {} is written: look it through, it holds guesses", path.display());
        }
        None => {
            let mut out = std::io::stdout().lock();
            out.write_all(profile.as_bytes())?;
            out.flush()?;
        }
    }
    Ok(exit::OK)
}
