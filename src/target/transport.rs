//! Sends requests to one target and reads what comes back: bounded in time, in size and in rate.
//!
//! Redirects are answers like any other and are never followed: a call must not go where its signature was not meant for.

mod error;
mod in_process;
mod raw;

use std::cell::Cell;
use std::time::Duration;

use reqwest::redirect::Policy;
use reqwest::{Certificate, Client, Method, Proxy, Url};
use tokio::time::{Instant, sleep_until, timeout};

pub use error::TransportError;
pub use raw::Heard;

use super::resolve::Target;
use crate::dialect::{Request, Response};
use crate::reference::Answers;
use in_process::InProcess;

/// The way to one target. Belongs to one runtime.
pub struct Transport {
    way: Way,
    base: Url,
    host: String,
    timeout: Duration,
    max: usize,
    /// Least time between the beginnings of two requests.
    spacing: Duration,
    next: Cell<Option<Instant>>,
}

enum Way {
    Http {
        /// Keeps connections.
        pooled: Client,
        /// Makes a new connection for each request.
        fresh: Client,
    },
    /// No network at all.
    InProcess(InProcess),
}

/// Which connection to use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Connection {
    /// One that is open, if there is one.
    Any,
    /// A new one.
    Fresh,
}

impl Transport {
    /// A client for `target`, which sends nothing yet.
    ///
    /// # Errors
    /// When the CA file or the proxy cannot be used, or when an https target needs the system's certificates and there are none.
    pub fn new(target: &Target) -> Result<Transport, TransportError> {
        Ok(Transport::by(Way::Http { pooled: client(target, true)?, fresh: client(target, false)? }, target))
    }

    /// A way to `answers`, which stands for `target` in this process: no socket is opened.
    pub fn in_process(target: &Target, answers: Box<dyn Answers>) -> Transport {
        Transport::by(Way::InProcess(InProcess::new(answers)), target)
    }

    fn by(way: Way, target: &Target) -> Transport {
        let profile = &target.profile;
        let spacing = if profile.rate > 0.0 { Duration::from_secs_f64(1.0 / profile.rate) } else { Duration::ZERO };
        Transport {
            way,
            base: target.endpoint.clone(),
            host: target.host(),
            timeout: Duration::from_secs_f64(profile.timeout),
            max: profile.max_response,
            spacing,
            next: Cell::new(None),
        }
    }

    /// Sends a request as it is, with a `Host` header if it has none, and reads the whole response. Whatever the response says, it is
    /// no error here.
    ///
    /// # Errors
    /// When there is no whole response: see [`TransportError`].
    pub async fn send(&self, request: &Request, connection: Connection) -> Result<Response, TransportError> {
        self.pace().await;
        let (pooled, fresh) = match &self.way {
            Way::Http { pooled, fresh } => (pooled, fresh),
            Way::InProcess(way) => return way.send(&self.host, request, self.max),
        };
        let exchange = async {
            match self.express(request) {
                Some(expressed) => {
                    let client = if connection == Connection::Fresh { fresh } else { pooled };
                    self.receive(client, expressed).await
                }
                None if self.base.scheme() == "http" => raw::send(&self.base, &self.host, request, self.max).await,
                None => Err(TransportError::Inexpressible { what: format!("{} {}", request.method, request.path) }),
            }
        };
        match timeout(self.timeout, exchange).await {
            Ok(result) => result,
            Err(_) => Err(TransportError::Timeout { endpoint: self.endpoint(), seconds: self.timeout.as_secs_f64() }),
        }
    }

    /// Sends bytes as they are on a new connection, and gives back what comes of it. `method` is that of the request that they are, or
    /// nearly are; `ends`: the client says that it sends no more after them. `Ok(None)`: nothing came in time.
    ///
    /// # Errors
    /// When there is no connection, or when this target is not spoken to over a plain socket.
    pub async fn send_bytes(&self, bytes: &[u8], ends: bool, method: &str) -> Result<Option<Heard>, TransportError> {
        self.pace().await;
        if self.base.scheme() != "http" || matches!(self.way, Way::InProcess(_)) {
            return Err(TransportError::Inexpressible { what: "a malformed request".into() });
        }
        timeout(self.timeout, raw::exchange(&self.base, bytes, ends, method, self.max)).await.ok().transpose()
    }

    /// Waits until the rate allows another request.
    async fn pace(&self) {
        if self.spacing.is_zero() {
            return;
        }
        let now = Instant::now();
        let slot = self.next.get().map_or(now, |next| next.max(now));
        self.next.set(Some(slot + self.spacing));
        sleep_until(slot).await;
    }

    fn endpoint(&self) -> String {
        self.base.as_str().trim_end_matches('/').to_owned()
    }

    /// The request as reqwest's, unless that would change it: then it goes over a raw socket.
    fn express(&self, request: &Request) -> Option<reqwest::Request> {
        let method = Method::from_bytes(request.method.as_bytes()).ok()?;
        let query = if request.query.is_empty() { String::new() } else { format!("?{}", request.query) };
        let url = Url::parse(&format!("{}{}{query}", self.endpoint(), request.path)).ok()?;
        let kept = url.path() == request.path && url.query().unwrap_or_default() == request.query && url.fragment().is_none();
        if !kept {
            return None;
        }
        let mut expressed = reqwest::Request::new(method, url);
        for (name, value) in &request.headers {
            let name = reqwest::header::HeaderName::from_bytes(name.as_bytes()).ok()?;
            expressed.headers_mut().append(name, reqwest::header::HeaderValue::from_bytes(value.as_bytes()).ok()?);
        }
        if !request.body.is_empty() || request.method == "POST" {
            *expressed.body_mut() = Some(request.body.clone().into());
        }
        Some(expressed)
    }

    async fn receive(&self, client: &Client, request: reqwest::Request) -> Result<Response, TransportError> {
        let broken = |e: reqwest::Error| TransportError::of(&self.endpoint(), &e);
        let mut response = client.execute(request).await.map_err(broken)?;
        let status = response.status().as_u16();
        let text = |value: &reqwest::header::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
        let headers = response.headers().iter().map(|(n, v)| (n.as_str().to_owned(), text(v))).collect();
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(broken)? {
            if body.len() + chunk.len() > self.max {
                return Err(TransportError::TooLarge { max: self.max });
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Response { status, headers, body })
    }
}

/// The system's certification authorities are read only where they are needed: reading them takes milliseconds, and fails on a
/// machine that has none.
fn client(target: &Target, keep: bool) -> Result<Client, TransportError> {
    let profile = &target.profile;
    let unusable = |why: String| TransportError::Client { endpoint: target.url(), why };
    let mut builder = Client::builder().redirect(Policy::none()).referer(false).no_proxy().tcp_nodelay(true).retry(reqwest::retry::never());
    if !keep {
        builder = builder.pool_max_idle_per_host(0);
    }
    if let Some(path) = &profile.tls.ca {
        let pem = std::fs::read(path).map_err(|e| unusable(format!("the CA file {path} cannot be read: {e}")))?;
        let authorities = Certificate::from_pem_bundle(&pem).map_err(|e| unusable(format!("the CA file {path} is no PEM: {e}")))?;
        if authorities.is_empty() {
            return Err(unusable(format!("the CA file {path} holds no certificate")));
        }
        builder = builder.tls_certs_only(authorities);
    } else if target.endpoint.scheme() == "http" || profile.tls.insecure {
        builder = builder.tls_certs_only([]);
    }
    if profile.tls.insecure {
        builder = builder.tls_danger_accept_invalid_certs(true);
    }
    if let Some(url) = profile.proxy.as_ref().filter(|_| !target.embedded && !target.loopback()) {
        builder = builder.proxy(Proxy::all(url).map_err(|e| unusable(format!("the proxy {url} cannot be used: {}", error::chain(&e))))?);
    }
    builder.build().map_err(|e| unusable(error::chain(&e)))
}
