//! What is kept on disk for an endpoint: journals, locks and counters, so that several processes respect one another.
//!
//! The folder is `$XDG_STATE_HOME/iamspec/<digest of the endpoint>/`, else below `~/.local/state`. `IAMSPEC_STATE` names another root.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Seek as _, Write as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use sha2::{Digest as _, Sha256};

/// How long a process waits before it asks again for a lock.
const PAUSE: Duration = Duration::from_millis(20);

/// How long what a capability pass learnt may be used by other processes.
const CAPABILITIES_LAST: Duration = Duration::from_secs(600);

/// How long failed authentications count against the budget: servers forget them too.
const FAILURES_LAST: Duration = Duration::from_secs(900);

/// The folder of one endpoint.
#[derive(Clone, Debug)]
pub struct State {
    dir: PathBuf,
}

/// A held lock; dropping it gives it back, as the end of the process does.
#[derive(Debug)]
pub struct Guard {
    _file: File,
}

impl State {
    /// The folder of `endpoint` below `root`, by default the user's own; made if missing.
    ///
    /// # Errors
    /// When it cannot be made or written.
    pub fn open(endpoint: &str, root: Option<&Path>) -> io::Result<State> {
        let root = root
            .map(Path::to_path_buf)
            .or_else(default_root)
            .ok_or_else(|| io::Error::other("no folder for journals and locks: set IAMSPEC_STATE (or HOME) to one that can be written"))?;
        let digest = Sha256::digest(endpoint.trim_end_matches('/').as_bytes());
        let dir = root.join(digest.iter().take(8).map(|b| format!("{b:02x}")).collect::<String>());
        fs::create_dir_all(&dir).map_err(|e| io::Error::new(e.kind(), format!("cannot make {}: {e}", dir.display())))?;
        fs::write(dir.join("endpoint"), endpoint)?;
        Ok(State { dir })
    }

    /// The folder.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    fn file(&self, name: &str) -> io::Result<File> {
        OpenOptions::new().read(true).write(true).create(true).truncate(false).open(self.dir.join(name))
    }

    /// Waits until no serial case runs against the endpoint, and keeps one from starting.
    ///
    /// # Errors
    /// When the lock file cannot be used.
    pub async fn shared(&self) -> io::Result<Guard> {
        // A serial case that waits holds the gate, so that a stream of others cannot keep it waiting for ever.
        let gate = self.lock_shared("gate").await?;
        let guard = self.lock_shared("lock").await;
        drop(gate);
        guard
    }

    /// Waits until nothing else runs against the endpoint, and keeps everything else from starting.
    ///
    /// # Errors
    /// When the lock file cannot be used.
    pub async fn exclusive(&self) -> io::Result<Guard> {
        let gate = self.lock("gate").await?;
        let guard = self.lock("lock").await;
        drop(gate);
        guard
    }

    /// Waits for a lock of that name, for oneself.
    ///
    /// # Errors
    /// When the lock file cannot be used.
    pub(super) async fn lock(&self, name: &str) -> io::Result<Guard> {
        self.wait(name, File::try_lock).await
    }

    /// Waits for a lock of that name, with others.
    ///
    /// # Errors
    /// When the lock file cannot be used.
    pub(super) async fn lock_shared(&self, name: &str) -> io::Result<Guard> {
        self.wait(name, File::try_lock_shared).await
    }

    /// Whether nobody holds the lock of that name.
    ///
    /// # Errors
    /// When the lock file cannot be used.
    pub(super) fn is_free(&self, name: &str) -> io::Result<bool> {
        match self.file(name)?.try_lock() {
            Ok(()) => Ok(true),
            Err(fs::TryLockError::WouldBlock) => Ok(false),
            Err(fs::TryLockError::Error(why)) => Err(why),
        }
    }

    async fn wait(&self, name: &str, lock: fn(&File) -> Result<(), fs::TryLockError>) -> io::Result<Guard> {
        let file = self.file(name)?;
        loop {
            match lock(&file) {
                Ok(()) => return Ok(Guard { _file: file }),
                Err(fs::TryLockError::WouldBlock) => tokio::time::sleep(PAUSE).await,
                Err(fs::TryLockError::Error(why)) => return Err(why),
            }
        }
    }

    /// Takes one failed authentication from a budget that every process shares; `false`: it is used up.
    ///
    /// # Errors
    /// When the counter cannot be read or written.
    pub fn spend_auth_failure(&self, budget: u32) -> io::Result<bool> {
        let mut file = self.file("auth-failures")?;
        file.lock()?;
        let mut text = String::new();
        file.read_to_string(&mut text)?;
        let now = seconds(SystemTime::now());
        let mut spent: Vec<u64> = text.lines().filter_map(|line| line.parse().ok()).collect();
        spent.retain(|at| at + FAILURES_LAST.as_secs() > now);
        let allowed = spent.len() < budget as usize;
        if allowed {
            spent.push(now);
        }
        file.set_len(0)?;
        file.rewind()?;
        for at in spent {
            writeln!(file, "{at}")?;
        }
        Ok(allowed)
    }

    /// Text that another process stored with [`State::store_capabilities`] no more than ten minutes ago.
    pub fn cached_capabilities(&self) -> Option<String> {
        let path = self.dir.join("capabilities");
        let age = fs::metadata(&path).ok()?.modified().ok()?.elapsed().ok()?;
        if age < CAPABILITIES_LAST { fs::read_to_string(path).ok() } else { None }
    }

    /// Keeps what a capability pass learnt, for other processes.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn store_capabilities(&self, text: &str) -> io::Result<()> {
        let part = self.dir.join(format!("capabilities.{}", std::process::id()));
        fs::write(&part, text)?;
        fs::rename(part, self.dir.join("capabilities"))
    }
}

fn default_root() -> Option<PathBuf> {
    let var = |name| std::env::var_os(name).filter(|v| !v.is_empty()).map(PathBuf::from);
    var("IAMSPEC_STATE")
        .or_else(|| var("XDG_STATE_HOME").map(|d| d.join("iamspec")))
        .or_else(|| var("HOME").map(|d| d.join(".local/state/iamspec")))
}

fn seconds(at: SystemTime) -> u64 {
    at.duration_since(SystemTime::UNIX_EPOCH).map(|d| d.as_secs()).unwrap_or_default()
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A folder below the system's temporary one that goes away with the value.
    pub struct Folder(pub PathBuf);

    impl Folder {
        pub fn new(name: &str) -> Folder {
            Folder(std::env::temp_dir().join(format!("iamspec-state-{name}-{}", std::process::id())))
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    pub fn block_on<T>(future: impl Future<Output = T>) -> T {
        tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime").block_on(future)
    }

    #[test]
    fn exclusive_waits_for_shared_and_keeps_newcomers_out() {
        let folder = Folder::new("locks");
        let state = State::open("http://127.0.0.1:1", Some(&folder.0)).expect("a folder");
        block_on(async {
            let first = state.shared().await.expect("a lock");
            let second = state.shared().await.expect("shared locks do not exclude one another");
            let mut waiting = Box::pin(state.exclusive());
            let soon = Duration::from_millis(100);
            assert!(tokio::time::timeout(soon, &mut waiting).await.is_err(), "excluded while others run");
            assert!(tokio::time::timeout(soon, state.shared()).await.is_err(), "newcomers wait behind the one that waits");
            drop((first, second));
            let alone = waiting.await.expect("a lock");
            assert!(tokio::time::timeout(soon, state.shared()).await.is_err());
            drop(alone);
            assert!(state.shared().await.is_ok());
        });
    }

    #[test]
    fn endpoints_do_not_share_a_folder_and_a_slash_at_the_end_is_none() {
        let folder = Folder::new("endpoints");
        let dir = |endpoint| State::open(endpoint, Some(&folder.0)).expect("a folder").dir().to_owned();
        assert_ne!(dir("http://127.0.0.1:1"), dir("http://127.0.0.1:2"));
        assert_eq!(dir("http://127.0.0.1:1"), dir("http://127.0.0.1:1/"));
    }

    #[test]
    fn the_budget_is_shared_and_ends() {
        let folder = Folder::new("budget");
        let spend = || State::open("http://127.0.0.1:1", Some(&folder.0)).and_then(|s| s.spend_auth_failure(2)).expect("a counter");
        assert_eq!([spend(), spend(), spend()], [true, true, false]);
    }
}
