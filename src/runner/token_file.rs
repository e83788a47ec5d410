//! A login token in its endpoint's folder, where every process finds it that talks to the endpoint as the same user.
//!
//! Who uses the token holds a seat, a shared lock that goes with the process, however it ends. Who leaves and finds no seat taken is
//! the last one out. Everything that reads or changes the file happens in turn, one process at a time. Only the owner can read it.

use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::path::PathBuf;

use sha2::{Digest as _, Sha256};

use super::state::{Guard, State};
use crate::auth::ecs_token::Token;

/// How the files begin; locks end in one of the other two.
const PREFIX: &str = "token-";
const TURN: &str = ".turn";
const SEATS: &str = ".seats";
const REFUSED: &str = ".refused";

/// The token of one user on one endpoint.
#[derive(Clone, Debug)]
pub struct TokenFile {
    state: State,
    name: String,
}

impl TokenFile {
    /// The file for that user, which need not be there.
    pub fn of(state: &State, user: &str) -> TokenFile {
        let digest: String = Sha256::digest(user).iter().take(8).map(|b| format!("{b:02x}")).collect();
        TokenFile { state: state.clone(), name: format!("{PREFIX}{digest}") }
    }

    /// The files of all users.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub fn all(state: &State) -> io::Result<Vec<TokenFile>> {
        let names = fs::read_dir(state.dir())?.map(|entry| entry.map(|e| e.file_name().to_string_lossy().into_owned()));
        let names = names.collect::<io::Result<Vec<_>>>()?;
        let tokens = names.into_iter().filter(|name| name.starts_with(PREFIX) && !name.contains('.'));
        Ok(tokens.map(|name| TokenFile { state: state.clone(), name }).collect())
    }

    fn path(&self) -> PathBuf {
        self.state.dir().join(&self.name)
    }

    /// Waits for its turn: until the guard is dropped nobody else reads, writes, sits down or leaves.
    ///
    /// # Errors
    /// When the lock file cannot be used.
    pub async fn turn(&self) -> io::Result<Guard> {
        self.state.lock(&format!("{}{TURN}", self.name)).await
    }

    /// Takes a seat. In turn.
    ///
    /// # Errors
    /// When the lock file cannot be used.
    pub async fn seat(&self) -> io::Result<Guard> {
        self.state.lock_shared(&format!("{}{SEATS}", self.name)).await
    }

    /// Whether no seat is taken. In turn, and after giving back one's own.
    ///
    /// # Errors
    /// When the lock file cannot be used.
    pub fn nobody_seated(&self) -> io::Result<bool> {
        self.state.is_free(&format!("{}{SEATS}", self.name))
    }

    /// The token, if there is one.
    pub fn read(&self) -> Option<Token> {
        Token::new(&fs::read_to_string(self.path()).ok()?)
    }

    /// Keeps a token, in place of another.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write(&self, token: &Token) -> io::Result<()> {
        let part = self.state.dir().join(format!("{}.{}", self.name, std::process::id()));
        let _ = fs::remove_file(&part);
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        options.open(&part)?.write_all(token.expose().as_bytes())?;
        fs::rename(part, self.path())
    }

    /// Notes for the other processes of that run that the login was refused with a status: servers count wrong passwords.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn note_refusal(&self, run: &str, status: u16) -> io::Result<()> {
        fs::write(self.state.dir().join(format!("{}{REFUSED}", self.name)), format!("{status} {run}"))
    }

    /// The status with which the login was refused to another process of that run.
    pub fn refused_in(&self, run: &str) -> Option<u16> {
        let text = fs::read_to_string(self.state.dir().join(format!("{}{REFUSED}", self.name))).ok()?;
        text.split_once(' ').filter(|(_, other)| *other == run).and_then(|(status, _)| status.parse().ok())
    }

    /// Removes the file.
    ///
    /// # Errors
    /// When it is there and cannot be removed.
    pub fn forget(&self) -> io::Result<()> {
        fs::remove_file(self.path()).or_else(|why| if why.kind() == io::ErrorKind::NotFound { Ok(()) } else { Err(why) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runner::state::tests::{Folder, block_on};

    fn file(folder: &Folder) -> TokenFile {
        TokenFile::of(&State::open("https://ecs1:4443/iam", Some(&folder.0)).expect("a folder"), "root")
    }

    #[test]
    fn a_token_is_kept_for_its_owner_alone() {
        let folder = Folder::new("token-kept");
        let file = file(&folder);
        assert_eq!(file.read(), None);
        for text in ["first", "second"] {
            let token = Token::new(text).expect("a token");
            file.write(&token).expect("written");
            assert_eq!(file.read(), Some(token));
        }
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            assert_eq!(fs::metadata(file.path()).expect("there").permissions().mode() & 0o777, 0o600);
        }
        assert_eq!(TokenFile::all(&file.state).expect("readable").len(), 1);
        assert_ne!(TokenFile::of(&file.state, "other").name, file.name);
        file.forget().expect("removed");
        file.forget().expect("nothing to remove");
        assert_eq!((file.read(), TokenFile::all(&file.state).expect("readable").len()), (None, 0));
    }

    #[test]
    fn a_refusal_is_known_to_its_own_run_alone() {
        let folder = Folder::new("token-refusal");
        let file = file(&folder);
        assert_eq!(file.refused_in("run 1"), None);
        file.note_refusal("run 1", 401).expect("written");
        assert_eq!((file.refused_in("run 1"), file.refused_in("run 2")), (Some(401), None));
        assert_eq!(TokenFile::all(&file.state).expect("readable").len(), 0, "it is no token");
    }

    #[test]
    fn the_last_one_out_finds_no_seat_taken() {
        let folder = Folder::new("token-seats");
        let (one, other) = (file(&folder), file(&folder));
        block_on(async {
            let turn = one.turn().await.expect("a turn");
            let first = one.seat().await.expect("a seat");
            let soon = std::time::Duration::from_millis(100);
            assert!(tokio::time::timeout(soon, other.turn()).await.is_err(), "one at a time");
            drop(turn);
            let turn = other.turn().await.expect("a turn");
            let second = other.seat().await.expect("seats do not exclude one another");
            drop(first);
            assert!(!one.nobody_seated().expect("a lock"));
            drop(second);
            assert!(other.nobody_seated().expect("a lock"));
            drop(turn);
        });
    }
}
