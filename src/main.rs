//! The `iamspec` command.

use std::process::ExitCode;

fn main() -> ExitCode {
    ExitCode::from(u8::try_from(iamspec::cli::main()).unwrap_or(u8::MAX))
}
