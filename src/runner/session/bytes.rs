//! Requests as bytes: what wire fuzzing sends. They go through the same journal as calls, and past everything that expects a call.

use std::collections::BTreeMap;

use super::{Manner, Session, SessionError};
use crate::dialect::{Call, Reply, Request};
use crate::runner::journal::Effect;
use crate::target::transport::{Connection, Heard, TransportError};

impl Session {
    /// A request as the main principal, or whom `manner` names, proves it.
    ///
    /// # Errors
    /// When it cannot be signed, or there is no login token.
    pub async fn proven(&self, request: &Request, manner: &Manner<'_>) -> Result<Request, SessionError> {
        self.prove(request, manner).await.map(|proven| proven.request)
    }

    /// Writes down the calls that bytes may be taken for, before they go out. What it gives back is for [`Session::settle`].
    ///
    /// # Errors
    /// When the journal cannot be written, or when one of the calls would act on the main principal's own keys.
    pub fn announce(&self, meant: &[Call], manner: &Manner<'_>) -> Result<Vec<u64>, SessionError> {
        let mut noted = Vec::new();
        for call in meant {
            self.refuse_own_keys(call, manner)?;
            noted.extend(self.note(call, manner)?);
        }
        Ok(noted)
    }

    /// Writes down what came of them.
    ///
    /// # Errors
    /// When the journal cannot be written.
    pub fn settle(&self, noted: Vec<u64>, effect: Effect) -> Result<(), SessionError> {
        for id in noted {
            let written = self.journal.end(id, effect, BTreeMap::new());
            written.map_err(|why| SessionError::Journal { action: "a malformed request".into(), why })?;
        }
        Ok(())
    }

    /// Sends bytes as they are; see [`Transport::send_bytes`](crate::target::transport::Transport::send_bytes).
    ///
    /// # Errors
    /// When there is no connection.
    pub async fn send_bytes(&self, bytes: &[u8], ends: bool, method: &str) -> Result<Option<Heard>, TransportError> {
        self.count();
        self.transport.send_bytes(bytes, ends, method).await
    }

    /// Whether a good call is served, on a new connection: what a reading Action is answered, whatever that is.
    ///
    /// # Errors
    /// When the request cannot be proven, for which no target is to blame.
    pub async fn control(&self, call: &Call, manner: &Manner<'_>) -> Result<Result<Reply, TransportError>, SessionError> {
        let proven = self.prove(&self.write(call, manner), manner).await?;
        self.count();
        let response = self.transport.send(&proven.request, Connection::Fresh).await;
        Ok(response.map(|response| self.dialect.decode_response(call.action_name(), &response, manner.configuration.format)))
    }

    /// Forgets that the target went away, because it is there again.
    pub fn revive(&self) {
        self.gone.replace(None);
        self.mourner.replace(None);
        self.answered.set(true);
    }

    /// The dialect that the target speaks.
    pub fn dialect(&self) -> &'static dyn crate::dialect::Dialect {
        self.dialect
    }
}
