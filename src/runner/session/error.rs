//! Why nothing came of a call, by no fault of the target's that a case could be about.

use std::io;

use crate::runner::token::TokenError;
use crate::target::tamper::NotSigned;
use crate::target::transport::TransportError;

/// Why a call could not be sent, or why nothing can be said about its answer: the harness's or the network's doing.
#[derive(Debug, thiserror::Error)]
pub enum SessionError {
    /// The journal cannot be written: then nothing is sent.
    #[error("the journal cannot be written, so {action} was not sent: {why}")]
    Journal {
        /// The Action.
        action: String,
        /// What the system says.
        why: io::Error,
    },
    /// The case would touch the main principal's own keys.
    #[error("{action} without UserName would act on the access keys of the main principal itself, so it was not sent")]
    OwnKeys {
        /// The Action.
        action: String,
    },
    /// The request cannot be signed.
    #[error(transparent)]
    Sign(#[from] crate::auth::sigv4::SignError),
    /// The case wants a fault that this configuration's requests cannot have.
    #[error(transparent)]
    NotSigned(#[from] NotSigned),
    /// There is no login token.
    #[error(transparent)]
    Token(TokenError),
    /// The target wants a login at another host.
    #[error(
        "{action} was sent on to the login of another host, {host}, so neither token nor password was sent there; if that host is meant, \
         give it as the endpoint"
    )]
    LoginElsewhere {
        /// The Action.
        action: String,
        /// Scheme, host and port.
        host: String,
    },
    /// The target cannot be reached, and never was.
    #[error("{0}")]
    Unreached(TransportError),
    /// The target has gone away.
    #[error("the target no longer answers: {0}")]
    Gone(String),
}
