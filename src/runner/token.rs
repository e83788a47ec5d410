//! The login token of a run: asked for once, renewed when it has expired, given back by the last process that uses it.
//!
//! A user has a hundred tokens at most, so there is never more than one: before another is asked for the old one is given back. A
//! process that is killed leaves its token in the endpoint's folder, where the next run uses it up and `sweep` gives it back.

use std::cell::{Cell, RefCell};
use std::io;
use std::rc::Rc;

use tokio::sync::Mutex;

use super::redact::Redactor;
use super::state::Guard;
use super::token_file::TokenFile;
use crate::auth::ecs_token::{Login, LoginError, Step, Token, logout_request};
use crate::target::transport::{Connection, Transport, TransportError};

/// Set by cargo nextest in every process of a run: what one finds out about the password the others need not try.
const RUN_VARIABLE: &str = "NEXTEST_RUN_ID";

/// Why there is no token.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    /// The login failed.
    #[error(transparent)]
    Login(#[from] LoginError),
    /// The login had no answer.
    #[error(transparent)]
    Transport(#[from] TransportError),
    /// The token cannot be kept.
    #[error("the login token cannot be shared with other processes of this run: {0}")]
    File(#[from] io::Error),
}

/// The token of one user on one endpoint, as long as a session uses it.
pub struct SharedToken {
    login: Login,
    /// Base URL.
    endpoint: String,
    file: TokenFile,
    transport: Rc<Transport>,
    redactor: Rc<Redactor>,
    held: RefCell<Option<Held>>,
    /// Nobody else of this session asks for a token meanwhile.
    asking: Mutex<()>,
    /// A login was refused: it is not tried again, since servers count wrong passwords.
    refused: RefCell<Option<LoginError>>,
    /// What tells the processes of this run from others, where it has several.
    run: Option<String>,
}

struct Held {
    token: Token,
    /// Handed out to this session, and no call with it was let in yet.
    fresh: Cell<bool>,
    _seat: Guard,
}

impl SharedToken {
    /// No token yet. `endpoint` is a base URL.
    pub fn new(login: Login, endpoint: String, file: TokenFile, transport: Rc<Transport>, redactor: Rc<Redactor>) -> SharedToken {
        let (held, asking, refused) = (RefCell::default(), Mutex::new(()), RefCell::default());
        let run = std::env::var(RUN_VARIABLE).ok();
        SharedToken { login, endpoint, file, transport, redactor, held, asking, refused, run }
    }

    fn current(&self) -> Option<Token> {
        self.held.borrow().as_ref().map(|held| held.token.clone())
    }

    /// The token: the one in use, else another process's, else that of a new login.
    ///
    /// # Errors
    /// When the login fails, has no answer, or failed before; or when the token cannot be kept.
    pub async fn get(&self) -> Result<Token, TokenError> {
        if let Some(why) = self.refused.borrow().clone() {
            return Err(why.into());
        }
        let _alone = self.asking.lock().await;
        if let Some(token) = self.current() {
            return Ok(token);
        }
        let _turn = self.file.turn().await?;
        let seat = self.file.seat().await?;
        let (token, fresh) = match self.file.read() {
            Some(token) => (token, false),
            None => (self.log_in().await?, true),
        };
        Ok(self.hold(token, fresh, seat))
    }

    /// Another token in place of `old`, with which a call was turned away. `None`: `old` is a new one, and asking again would not help.
    ///
    /// # Errors
    /// As [`SharedToken::get`].
    pub async fn instead_of(&self, old: &Token) -> Result<Option<Token>, TokenError> {
        let alone = self.asking.lock().await;
        match self.held.borrow().as_ref() {
            Some(held) if held.token != *old => return Ok(Some(held.token.clone())),
            Some(held) if held.fresh.get() => return Ok(None),
            _ => {}
        }
        if let Some(why) = self.refused.borrow().clone() {
            return Err(why.into());
        }
        let _turn = self.file.turn().await?;
        let seat = self.file.seat().await?;
        let (token, fresh) = match self.file.read().filter(|token| token != old) {
            Some(token) => (token, false),
            None => {
                // It should be dead. If it is not, it would count among the user's hundred for hours.
                let _ = self.transport.send(&logout_request(old, false), Connection::Any).await;
                (self.log_in().await?, true)
            }
        };
        drop(alone);
        Ok(Some(self.hold(token, fresh, seat)))
    }

    fn hold(&self, token: Token, fresh: bool, seat: Guard) -> Token {
        self.redactor.register(token.expose());
        *self.held.borrow_mut() = Some(Held { token: token.clone(), fresh: Cell::new(fresh), _seat: seat });
        token
    }

    /// Notes that a call with that token was let in.
    pub fn let_in(&self, token: &Token) {
        if let Some(held) = self.held.borrow().as_ref().filter(|held| held.token == *token) {
            held.fresh.set(false);
        }
    }

    /// Logs in and keeps the token for other processes. In turn.
    async fn log_in(&self) -> Result<Token, TokenError> {
        if let Some(status) = self.run.as_ref().and_then(|run| self.file.refused_in(run)) {
            let (endpoint, user) = (self.endpoint.clone(), self.login.user.clone());
            return Err(LoginError::Refused { endpoint, user, status }.into());
        }
        let mut attempt = self.login.start(&self.endpoint);
        let token = loop {
            let response = self.transport.send(attempt.request(), Connection::Fresh).await?;
            attempt = match attempt.read(&response) {
                Ok(Step::In(token)) => break token,
                Ok(Step::Again(next)) => next,
                Err(why) => {
                    if let (LoginError::Refused { status, .. }, Some(run)) = (&why, &self.run) {
                        self.file.note_refusal(run, *status)?;
                    }
                    self.refused.replace(Some(why.clone()));
                    return Err(why.into());
                }
            };
        };
        if let Err(why) = self.file.write(&token) {
            let _ = self.transport.send(&logout_request(&token, false), Connection::Any).await;
            return Err(why.into());
        }
        Ok(token)
    }

    /// Ends the use of the token, and logs out if nobody else uses it.
    ///
    /// # Errors
    /// When that is not known to have worked: the token is still in its file, for `sweep`.
    pub async fn give_back(&self) -> Result<(), TokenError> {
        let _alone = self.asking.lock().await;
        self.held.replace(None);
        give_back(&self.file, &self.transport).await
    }
}

/// Logs out the token of a file if nobody uses it; whether it was there does not matter.
///
/// # Errors
/// When that is not known to have worked: the token is still in its file.
pub async fn give_back(file: &TokenFile, transport: &Transport) -> Result<(), TokenError> {
    let _turn = file.turn().await?;
    let Some(token) = file.read().filter(|_| file.nobody_seated().unwrap_or(false)) else { return Ok(()) };
    let response = transport.send(&logout_request(&token, false), Connection::Fresh).await?;
    if response.status >= 500 {
        return Err(io::Error::other(format!("the logout was answered with status {}", response.status)).into());
    }
    Ok(file.forget()?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::DialectId;
    use crate::reference::server::{Server, ServerOptions};
    use crate::runner::state::State;
    use crate::runner::state::tests::{Folder, block_on};
    use crate::target::{Profile, Proof, Target};

    /// What each process of a run has of its own, against one server and one folder.
    struct Process {
        transport: Rc<Transport>,
        shared: SharedToken,
    }

    fn process(server: &Server, folder: &Folder, password: Option<&str>) -> Process {
        let login = server.login.clone().expect("an ECS");
        let login = Login { password: password.map_or(login.password, str::to_owned), ..login };
        let proof = Proof::Login { login: login.clone(), key: None };
        let profile = Profile { dialect: DialectId::Ecs, ..Profile::default() };
        let target = Target::new(profile, &server.endpoint, proof, false).expect("a target");
        let transport = Rc::new(Transport::new(&target).expect("a client"));
        let file = TokenFile::of(&State::open(&server.endpoint, Some(&folder.0)).expect("a folder"), &login.user);
        let shared = SharedToken::new(login, server.endpoint.clone(), file, Rc::clone(&transport), Rc::new(Redactor::new()));
        Process { transport, shared }
    }

    impl Process {
        /// Whether the server takes a token.
        async fn good(&self, token: &Token) -> bool {
            let mut request = logout_request(token, false);
            (request.path, request.query) = ("/iam".into(), "Action=ListUsers".into());
            request.headers.push(("x-emc-namespace".into(), "ns1".into()));
            self.transport.send(&request, Connection::Any).await.expect("an answer").status == 200
        }
    }

    fn server(token_uses: Option<u32>) -> Server {
        Server::start(ServerOptions { token_uses, ..ServerOptions::new(DialectId::Ecs) }).expect("a free port")
    }

    #[test]
    fn processes_share_a_token_and_the_last_one_logs_out() {
        let (server, folder) = (server(None), Folder::new("token-shared"));
        let [one, other] = [(); 2].map(|()| process(&server, &folder, None));
        block_on(async {
            let token = one.shared.get().await.expect("a token");
            assert_eq!(other.shared.get().await.expect("the same"), token);
            one.shared.give_back().await.expect("given back");
            assert!(other.good(&token).await, "somebody still uses it");
            other.shared.give_back().await.expect("given back");
            assert!(!other.good(&token).await);
            other.shared.give_back().await.expect("there is nothing to give back");
            assert_ne!(one.shared.get().await.expect("another"), token);
            one.shared.give_back().await.expect("given back");
        });
    }

    #[test]
    fn a_token_that_expired_is_renewed_once_for_all_and_a_new_one_not_at_all() {
        let (server, folder) = (server(Some(1)), Folder::new("token-renewed"));
        let [one, other] = [(); 2].map(|()| process(&server, &folder, None));
        block_on(async {
            let old = one.shared.get().await.expect("a token");
            assert_eq!(one.shared.instead_of(&old).await.expect("an answer"), None, "no call was let in with it yet");
            assert!(one.good(&old).await && !one.good(&old).await, "good for one use");
            one.shared.let_in(&old);
            assert_eq!(other.shared.get().await.expect("the same"), old);
            let new = one.shared.instead_of(&old).await.expect("an answer").expect("another");
            assert_eq!(other.shared.instead_of(&old).await.expect("an answer"), Some(new.clone()));
            assert!(one.good(&new).await);
        });
    }

    #[test]
    fn a_token_of_a_killed_process_is_used_up() {
        let (server, folder) = (server(None), Folder::new("token-killed"));
        block_on(async {
            let killed = process(&server, &folder, None);
            let token = killed.shared.get().await.expect("a token");
            drop(killed);
            let next = process(&server, &folder, None);
            assert_eq!(next.shared.get().await.expect("a token"), token);
            next.shared.give_back().await.expect("given back");
            assert!(!next.good(&token).await);
        });
    }

    #[test]
    fn a_wrong_password_is_tried_by_one_process_of_a_run() {
        let (server, folder) = (server(None), Folder::new("token-refused-run"));
        let of = |run: &str| {
            let mut process = process(&server, &folder, Some("wrong"));
            process.shared.run = Some(run.to_owned());
            process
        };
        let (first, second) = (of("one"), of("one"));
        block_on(async {
            let why = first.shared.get().await.expect_err("refused").to_string();
            assert_eq!(second.shared.get().await.expect_err("known").to_string(), why);
            assert!(second.shared.refused.borrow().is_none(), "it did not ask");
        });
        let mut corrected = process(&server, &folder, None);
        corrected.shared.run = Some("two".into());
        block_on(async { drop(corrected.shared.get().await.expect("a token")) });
    }

    #[test]
    fn a_wrong_password_is_tried_once() {
        let (server, folder) = (server(None), Folder::new("token-refused"));
        let process = process(&server, &folder, Some("wrong"));
        block_on(async {
            let why = process.shared.get().await.expect_err("refused");
            assert!(matches!(why, TokenError::Login(LoginError::Refused { status: 401, .. })));
            drop(server);
            // The server is gone: whoever tried again would find out.
            let again = process.shared.get().await.expect_err("refused");
            assert_eq!(again.to_string(), why.to_string());
        });
    }
}
