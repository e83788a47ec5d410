//! How a target that died is brought back.

use std::io;
use std::process::Stdio;
use std::time::{Duration, Instant};

/// A command that starts a target again, and how long to wait for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Restart {
    /// A line for `sh -c`. It may end at once, leaving the target running, or go on for as long as the target does.
    pub command: String,
    /// How long the target may take until it serves.
    pub wait: Duration,
    /// How often in one run.
    pub most: usize,
}

impl Restart {
    /// The command with the usual bounds: half a minute, a hundred times.
    pub fn new(command: &str) -> Restart {
        Restart { command: command.to_owned(), wait: Duration::from_secs(30), most: 100 }
    }

    /// Runs it: returns when it has ended, or when it has gone on for a while and so is the target itself, most likely. What it writes goes
    /// nowhere: a target that is the command's child would keep the pipes open.
    ///
    /// # Errors
    /// When there is no shell to run it.
    pub async fn run(&self) -> io::Result<()> {
        const A_WHILE: Duration = Duration::from_secs(10);
        let mut shell = std::process::Command::new("sh");
        shell.args(["-c", &self.command]).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let mut child = shell.spawn()?;
        let began = Instant::now();
        while began.elapsed() < A_WHILE.min(self.wait) {
            if child.try_wait()?.is_some() {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        Ok(())
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_command_that_ends_is_waited_for_and_one_that_goes_on_is_not() {
        let folder = std::env::temp_dir().join(format!("iamspec-restart-{}", std::process::id()));
        let done = Restart::new(&format!("mkdir {}", folder.display()));
        done.run().await.unwrap();
        assert!(folder.is_dir());
        std::fs::remove_dir(&folder).unwrap();
        let going_on = Restart { wait: Duration::from_millis(50), ..Restart::new("exec sleep 2") };
        let began = Instant::now();
        going_on.run().await.unwrap();
        assert!(began.elapsed() < Duration::from_secs(2));
    }
}
