//! The command line: one file a subcommand. [`main`] parses, dispatches and gives the exit code.

mod args;
mod certs;
mod check;
mod completions;
mod coverage;
mod curl_dir;
mod explain;
mod fail;
mod fuzz;
mod gate;
mod known;
mod list;
mod matrix;
mod plan;
mod probe;
mod promote;
mod replay;
mod run;
mod serve;
mod snapshots;
mod stream;
mod strength;
mod suite;
mod sweep;
pub mod wire;

use clap::{Parser, Subcommand};

use crate::report::tally::exit;
use fail::Failure;

const AFTER: &str = "\
Examples:
  iamspec run                                           the suite against the embedded reference, every configuration
  iamspec run users/DeleteUser --dialect eim            some cases, one dialect
  iamspec run --endpoint http://127.0.0.1:5000 --dialect aws
  iamspec run --target moto --output junit=report.xml   a target with a profile and a list of known failures
  iamspec gate --target moto                            fails on whatever is not as that list says
  iamspec serve --dialect eim --port 4566               the reference, for clients to try
  iamspec explain delete-user.no-attached-policy        a rule, where it is known from, and the cases that show it

Exit codes: 0 as expected, 1 conformance failures, 2 usage or case-file error, 3 target not reached or harness broke.";

/// Conformance suite for IAM-compatible APIs: says where an endpoint departs from the API, and how to see it again.
#[derive(Parser)]
#[command(name = "iamspec", version, after_help = AFTER, propagate_version = true, max_term_width = 120)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run the suite, or some of it, against a target
    Run(Box<run::Args>),
    /// Hold a run against a list of known failures, or against an earlier run
    Gate(Box<gate::Args>),
    /// Run cases of files again, such as the fuzzer's findings: FIXED, FAILED, CHANGED or ERROR
    Replay(Box<replay::Args>),
    /// Serve the embedded reference
    Serve(serve::Args),
    /// List cases, requirements or targets
    List(list::Args),
    /// Check case files, profiles and baselines for mistakes, without sending anything
    Check(check::Args),
    /// Look at an unknown endpoint and write a first profile for it
    Probe(probe::Args),
    /// Show what of the API a run reaches
    Coverage(coverage::Args),
    /// Break the reference in every way there is, and see whether the suite notices
    Strength(strength::Args),
    /// Send random programs and see where the target and the reference part
    Fuzz(Box<fuzz::Args>),
    /// Remove what killed runs left behind, by their journal
    Sweep(sweep::Args),
    /// Put stored runs side by side: a page, Markdown, JSON, CSV, badges
    Matrix(matrix::Args),
    /// Explain a requirement or a case
    Explain(explain::Args),
    /// Write the test certificates that the cases use
    Certs(certs::Args),
    /// Print a completion script for a shell
    Completions(completions::Args),
}

/// Runs the command that the process was called with. The exit code is one of [`exit`].
pub fn main() -> i32 {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // Also --help and --version, which are no errors. A closed pipe is none either.
            let _ = error.print();
            return if error.use_stderr() { exit::USAGE } else { exit::OK };
        }
    };
    let result = match cli.command {
        Command::Run(args) => run::run(&args),
        Command::Gate(args) => gate::run(&args),
        Command::Replay(args) => replay::run(&args),
        Command::Serve(args) => serve::run(&args),
        Command::List(args) => list::run(&args),
        Command::Check(args) => check::run(&args),
        Command::Probe(args) => probe::run(&args),
        Command::Coverage(args) => coverage::run(&args),
        Command::Strength(args) => strength::run(&args),
        Command::Fuzz(args) => fuzz::run(&args),
        Command::Sweep(args) => sweep::run(&args),
        Command::Matrix(args) => matrix::run(&args),
        Command::Explain(args) => explain::run(&args),
        Command::Certs(args) => certs::run(&args),
        Command::Completions(args) => completions::run(&args),
    };
    match result {
        Ok(code) => code,
        Err(Failure { pipe: true, .. }) => exit::OK,
        Err(failure) => {
            eprintln!("iamspec: {failure}");
            failure.code
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_sound() {
        super::Cli::command().debug_assert();
    }
}
