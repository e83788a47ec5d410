//! Why a command could not do what it was asked for.

use std::fmt;
use std::io;

use crate::launch::LaunchError;
use crate::report::tally::exit;
use crate::runner::run::RunError;

/// A message and the exit code that goes with it.
#[derive(Debug)]
pub struct Failure {
    /// Exit code.
    pub code: i32,
    /// What was attempted, on what, what happened, what to do.
    pub message: String,
    /// Whoever read standard output has seen enough: quiet, and no failure.
    pub pipe: bool,
}

impl Failure {
    /// A mistake in the command line or in a file that it names.
    pub fn usage(message: impl Into<String>) -> Failure {
        Failure { code: exit::USAGE, message: message.into(), pipe: false }
    }

    /// The target was not reached, or something of ours broke.
    pub fn broken(message: impl Into<String>) -> Failure {
        Failure { code: exit::BROKEN, message: message.into(), pipe: false }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

/// Writing to standard output.
impl From<io::Error> for Failure {
    fn from(why: io::Error) -> Failure {
        Failure { pipe: why.kind() == io::ErrorKind::BrokenPipe, ..Failure::broken(format!("cannot write to standard output: {why}")) }
    }
}

impl From<LaunchError> for Failure {
    fn from(why: LaunchError) -> Failure {
        match why {
            LaunchError::Target(_) | LaunchError::Configuration(_) | LaunchError::Snapshots(_) => Failure::usage(why.to_string()),
            LaunchError::Embedded(_) => Failure::broken(why.to_string()),
        }
    }
}

impl From<RunError> for Failure {
    fn from(why: RunError) -> Failure {
        Failure::broken(why.to_string())
    }
}
