//! How a request proves who sends it: by a signature, or by the token of a login, which is renewed when it has expired.

use std::io;
use std::time::SystemTime;

use super::{Manner, Session, SessionError};
use crate::auth::ecs_token::{NAMESPACE_HEADER, Token, is_expired, login_elsewhere};
use crate::dialect::{Request, Response};
use crate::runner::token::{self, TokenError};
use crate::runner::token_file::TokenFile;
use crate::target::tamper::{instead_of_token, sign_tampered};

/// A request that can be sent.
pub(super) struct Proven {
    /// The request.
    pub request: Request,
    /// The token that it carries, where it is to be let in with one.
    pub token: Option<Token>,
}

impl Session {
    /// Logs in where the target wants a login, so that a wrong password is known before anything else is sent.
    ///
    /// # Errors
    /// When the login fails or has no answer.
    pub async fn log_in(&self) -> Result<(), SessionError> {
        if let Some(shared) = &self.token {
            shared.get().await.map_err(SessionError::of_token)?;
        }
        Ok(())
    }

    /// Logs out the tokens that ended processes left, whoever logged in for them. How many there were, and why one is still there.
    ///
    /// # Errors
    /// When the endpoint's folder cannot be read.
    pub async fn give_back_idle(&self) -> io::Result<(usize, Option<TokenError>)> {
        let (mut idle, mut kept) = (0, None);
        for file in TokenFile::all(self.journal.state())? {
            if file.nobody_seated()? {
                idle += 1;
                kept = token::give_back(&file, &self.transport).await.err().or(kept);
            }
        }
        Ok((idle, kept))
    }

    /// The header that says which namespace a call is about: with a token only, since a key has a namespace of its own.
    pub(super) fn namespace(&self, manner: &Manner<'_>) -> Option<(String, String)> {
        let name = self.target.profile.namespace.clone().filter(|_| manner.by_token())?;
        Some((NAMESPACE_HEADER.to_owned(), name))
    }

    /// Signs a request or gives it the token, unless something is to be wrong with it.
    pub(super) async fn prove(&self, unsigned: &Request, manner: &Manner<'_>) -> Result<Proven, SessionError> {
        let mut request = unsigned.clone();
        if manner.by_token() {
            let token = match (manner.auth, &self.token) {
                (Some(fault), _) => instead_of_token(&mut request, fault).map(|()| None)?,
                (None, Some(shared)) => Some(shared.get().await.map_err(SessionError::of_token)?),
                (None, None) => None,
            };
            if let Some(token) = &token {
                token.authorize(&mut request);
            }
            return Ok(Proven { request, token });
        }
        if let Some(key) = manner.principal.or(self.target.proof.key()) {
            let (host, scope) = (self.target.host(), self.target.scope());
            sign_tampered(&mut request, &host, key, &scope, SystemTime::now(), manner.auth)?;
        }
        Ok(Proven { request, token: None })
    }

    /// The request with a new token, where a response says that the one it carried is no longer good and another may be.
    pub(super) async fn renewed(&self, turned: &Proven, response: &Response, action: &str) -> Result<Option<Proven>, SessionError> {
        let (Some(shared), Some(token)) = (&self.token, &turned.token) else { return Ok(None) };
        if self.heed(turned, response) {
            return Ok(None);
        }
        if let Some(host) = login_elsewhere(self.target.endpoint.as_str(), response) {
            return Err(SessionError::LoginElsewhere { action: action.to_owned(), host });
        }
        let token = shared.instead_of(token).await.map_err(SessionError::of_token)?;
        Ok(token.map(|token| {
            let mut request = turned.request.clone();
            token.authorize(&mut request);
            Proven { request, token: Some(token) }
        }))
    }

    /// Notes whether a token was good enough for a response; without a token there is nothing to be said against it.
    pub(super) fn heed(&self, proven: &Proven, response: &Response) -> bool {
        let good = !is_expired(response);
        if let (true, Some(shared), Some(token)) = (good, &self.token, &proven.token) {
            shared.let_in(token);
        }
        good
    }
}

impl Manner<'_> {
    /// Whether the request is to carry the login token: keys that cases made always sign.
    pub(super) fn by_token(&self) -> bool {
        self.principal.is_none() && self.configuration.by_token()
    }
}

impl SessionError {
    pub(super) fn of_token(why: TokenError) -> SessionError {
        match why {
            TokenError::Transport(why) => SessionError::Unreached(why),
            other => SessionError::Token(other),
        }
    }
}
