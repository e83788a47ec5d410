//! `iamspec completions`: a completion script for a shell.

use std::io::Write;

use clap::CommandFactory;
use clap_complete::Shell;

use super::fail::Failure;
use crate::report::tally::exit;

/// Arguments.
#[derive(clap::Args, Debug)]
#[command(after_help = "Example:\n  iamspec completions bash > ~/.local/share/bash-completion/completions/iamspec")]
pub struct Args {
    /// The shell
    shell: Shell,
}

/// Prints the script.
pub fn run(args: &Args) -> Result<i32, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut super::Cli::command(), "iamspec", &mut script);
    std::io::stdout().write_all(&script)?;
    Ok(exit::OK)
}
