//! Why there is no response.

use std::error::Error;
use std::io;

/// A request without a whole response. The texts say what happened and what to do about it.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum TransportError {
    /// Nobody listens there, or the name is not known.
    #[error("no connection to {endpoint}: {why}; is the target running, and is this its address?")]
    Refused {
        /// Where.
        endpoint: String,
        /// What the system says.
        why: String,
    },
    /// The server's certificate is not trusted, or TLS failed otherwise.
    #[error("no TLS connection to {endpoint}: {why}; name its certification authority with --ca FILE, or try --insecure")]
    Tls {
        /// Where.
        endpoint: String,
        /// What is wrong.
        why: String,
    },
    /// The time is up.
    #[error("{endpoint} did not answer within {seconds} s; a slow target needs a longer `timeout` in its profile")]
    Timeout {
        /// Where.
        endpoint: String,
        /// How long.
        seconds: f64,
    },
    /// The connection ended before the response did.
    #[error("the connection broke before a whole response came: {why}")]
    Broken {
        /// What the system says.
        why: String,
    },
    /// What came back is not HTTP.
    #[error("what came back is not HTTP: {why}")]
    NotHttp {
        /// What is wrong.
        why: String,
    },
    /// The body is larger than the profile allows.
    #[error("the response is larger than {max} bytes and was not read further; `max-response` in the profile sets the bound")]
    TooLarge {
        /// Bytes allowed.
        max: usize,
    },
    /// A deliberately odd request that can only be written on a plain socket.
    #[error("{what} cannot be sent over TLS by this client; use an http endpoint for it")]
    Inexpressible {
        /// Method and path.
        what: String,
    },
    /// No client can be made.
    #[error("cannot talk to {endpoint}: {why}")]
    Client {
        /// Where.
        endpoint: String,
        /// What is wrong.
        why: String,
    },
}

impl TransportError {
    /// What reqwest says, in our terms.
    pub(super) fn of(endpoint: &str, e: &reqwest::Error) -> TransportError {
        let why = chain(e);
        let endpoint = endpoint.to_owned();
        if e.is_connect() {
            // rustls reports through io errors; what it says begins with its own words.
            let tls = ["certificate", "tls", "handshake"].iter().any(|w| why.to_lowercase().contains(w))
                || why.contains("HandshakeFailure")
                || why.contains("InvalidContentType");
            return if tls { TransportError::Tls { endpoint, why } } else { TransportError::Refused { endpoint, why } };
        }
        let parse = find::<hyper::Error>(e).is_some_and(hyper::Error::is_parse);
        if parse { TransportError::NotHttp { why } } else { TransportError::Broken { why } }
    }

    /// Of a raw socket.
    pub(super) fn io(e: &io::Error) -> TransportError {
        TransportError::Broken { why: e.to_string() }
    }

    /// The request may have been lost on the way: worth one more try on a new connection.
    pub fn broken(&self) -> bool {
        matches!(self, TransportError::Broken { .. } | TransportError::Refused { .. })
    }

    /// The target did answer, though not with a response that can be taken.
    pub fn answered(&self) -> bool {
        matches!(self, TransportError::TooLarge { .. } | TransportError::NotHttp { .. })
    }

    /// It says nothing about the target but something about this machine or the profile.
    pub fn ours(&self) -> bool {
        matches!(self, TransportError::Inexpressible { .. } | TransportError::Client { .. })
    }

    /// One word for reports.
    pub fn word(&self) -> &'static str {
        match self {
            TransportError::Refused { .. } => "no connection",
            TransportError::Tls { .. } => "no TLS connection",
            TransportError::Timeout { .. } => "no answer in time",
            TransportError::Broken { .. } => "connection broken",
            TransportError::NotHttp { .. } => "not HTTP",
            TransportError::TooLarge { .. } => "too large a response",
            TransportError::Inexpressible { .. } | TransportError::Client { .. } => "not sent",
        }
    }
}

fn find<'e, E: Error + 'static>(e: &'e (dyn Error + 'static)) -> Option<&'e E> {
    let mut at: Option<&'e (dyn Error + 'static)> = Some(e);
    while let Some(error) = at {
        if let Some(found) = error.downcast_ref::<E>() {
            return Some(found);
        }
        at = error.source();
    }
    None
}

/// An error and its causes in one line, without what is said twice. URLs are left out: a query string may hold a signature.
pub(super) fn chain(e: &(dyn Error + 'static)) -> String {
    let mut parts: Vec<String> = Vec::new();
    let mut at = Some(e);
    while let Some(error) = at {
        let text = error.to_string();
        // reqwest's own layer names the URL and says less than its cause.
        let outer = error.is::<reqwest::Error>() && error.source().is_some();
        if !outer && !parts.iter().any(|p| p.contains(&text)) {
            parts.push(text);
        }
        at = error.source();
    }
    parts.join(": ")
}
