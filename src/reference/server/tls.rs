//! TLS of the reference's server, under the identity that this process made for itself.

use std::io;
use std::sync::Arc;

use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::aws_lc_rs::default_provider;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

use crate::certs;

/// What accepts TLS connections, and the PEM of the authority that a client must trust.
///
/// # Errors
/// When no key or certificate can be made, for want of randomness.
pub(super) fn acceptor() -> io::Result<(TlsAcceptor, String)> {
    let failed = |why: &str| io::Error::other(format!("no certificate for TLS can be made: {why}"));
    let identity = certs::server_identity().ok_or_else(|| failed("the system gives no randomness"))?;
    let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(identity.chain.as_bytes()).collect();
    let chain = chain.map_err(|e| failed(&e.to_string()))?;
    let key = PrivateKeyDer::from_pem_slice(identity.key.as_bytes()).map_err(|e| failed(&e.to_string()))?;
    let config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .and_then(|builder| builder.with_no_client_auth().with_single_cert(chain, key))
        .map_err(|e| failed(&e.to_string()))?;
    Ok((TlsAcceptor::from(Arc::new(config)), identity.ca.clone()))
}
