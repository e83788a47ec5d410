//! The reference's HTTP server: a thread with its own runtime around an [`Endpoint`] or an [`EcsEndpoint`], on the loopback interface
//! only, with TLS or without.

mod tls;

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use http_body_util::{BodyExt, Full, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

use super::management::Manager;
use super::{EcsEndpoint, Endpoint, Faults, Ids, Settings};
use crate::api::DialectId;
use crate::auth::Credentials;
use crate::auth::ecs_token::Login;
use crate::dialect::{Request, Response};

/// Bytes of a body that are read at all. More than the API allows, so that a client that sends too much is told so.
const READ_AT_MOST: usize = 64 << 20;

/// How long requests under way may take once the server is stopped.
const GRACE: Duration = Duration::from_secs(1);

/// The one user of an ECS whose login nobody chose.
const MANAGER: &str = "root";

/// How a server is set up.
#[derive(Clone)]
pub struct ServerOptions {
    /// Dialect.
    pub dialect: DialectId,
    /// Port on 127.0.0.1; 0: a free one.
    pub port: u16,
    /// Id and secret of the account's own key, on ecs of the first namespace's; `None`: made up.
    pub root_key: Option<(String, String)>,
    /// Name and password of the management user, on ecs; `None`: made up.
    pub login: Option<(String, String)>,
    /// Namespaces, on ecs; none: one of a usual name.
    pub namespaces: Vec<String>,
    /// Uses after which a login token expires, on ecs; none: only time does it.
    pub token_uses: Option<u32>,
    /// With TLS, under a certificate of an authority that is made for it.
    pub tls: bool,
    /// Decides every id and secret that the account will make.
    pub seed: u64,
    /// Limits that replace the dialect's, by the names of model.toml.
    pub limits: std::collections::BTreeMap<String, u64>,
    /// Seconds between two changes, by the account's clock; 0: as many as there are. See [`Settings::tick`].
    pub tick: i64,
    /// Rules that do not hold.
    pub faults: Faults,
}

impl ServerOptions {
    /// A free port, a made-up key, no faults.
    pub fn new(dialect: DialectId) -> ServerOptions {
        ServerOptions {
            dialect,
            port: 0,
            root_key: None,
            login: None,
            namespaces: Vec::new(),
            token_uses: None,
            tls: false,
            seed: 0,
            limits: std::collections::BTreeMap::new(),
            tick: 0,
            faults: Faults::default(),
        }
    }
}

/// A running server. Dropping it stops it: it takes no more connections, answers what has come in, and is gone.
pub struct Server {
    /// Base URL, `http://127.0.0.1:40123`, with TLS `https://…`. On ecs the API is at `/iam` under it.
    pub endpoint: String,
    /// SigV4 region.
    pub region: String,
    /// SigV4 service, the usual one where several are accepted.
    pub service: String,
    /// The account's own key, on ecs the first namespace's.
    pub credentials: Credentials,
    /// The management user; on ecs only.
    pub login: Option<Login>,
    /// The first namespace; on ecs only.
    pub namespace: Option<String>,
    /// PEM of the authority that a client must trust; with TLS only.
    pub ca: Option<String>,
    stop: watch::Sender<bool>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    /// Starts a server; when this returns, connections are taken.
    ///
    /// # Errors
    /// When the port is taken, no certificate can be made, or the system gives no thread.
    pub fn start(mut options: ServerOptions) -> io::Result<Server> {
        let mut settings = Settings::new(options.dialect);
        if let Some((id, secret)) = options.root_key.take() {
            (settings.root_key, settings.root_secret) = (id, secret);
        }
        settings.limits = std::mem::take(&mut options.limits);
        settings.tick = options.tick;
        let region = settings.region.clone();
        let service = settings.services.first().cloned().unwrap_or_default();
        let credentials =
            Credentials { access_key_id: settings.root_key.clone(), secret: settings.root_secret.clone(), session_token: None };
        let (login, namespace) = match options.dialect {
            DialectId::Ecs => {
                let (user, password) = options.login.take().unwrap_or_else(|| (MANAGER.into(), Ids::new(!options.seed).secret()));
                settings.account = options.namespaces.first().cloned().unwrap_or(settings.account);
                (Some(Login { user, password }), Some(settings.account.clone()))
            }
            DialectId::Eim | DialectId::Aws => (None, None),
        };
        let answer = answerer(settings, login.as_ref(), &options).ok_or_else(|| {
            io::Error::new(io::ErrorKind::Unsupported, format!("the reference does not serve the dialect {}", options.dialect))
        })?;
        let (acceptor, ca) = if options.tls { tls::acceptor().map(|(acceptor, ca)| (Some(acceptor), Some(ca)))? } else { (None, None) };

        let wanted = SocketAddr::from((Ipv4Addr::LOCALHOST, options.port));
        let failed = |e: io::Error| io::Error::new(e.kind(), format!("cannot listen on {wanted}: {e}"));
        let listener = std::net::TcpListener::bind(wanted).map_err(failed)?;
        listener.set_nonblocking(true).map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let (stop, stopped) = watch::channel(false);
        let thread = std::thread::Builder::new().name("iamspec-reference".into()).spawn(move || {
            runtime.block_on(serve(listener, acceptor, Arc::new(Mutex::new(answer)), stopped));
        })?;
        let scheme = if ca.is_some() { "https" } else { "http" };
        let endpoint = format!("{scheme}://{address}");
        Ok(Server { endpoint, region, service, credentials, login, namespace, ca, stop, thread: Some(thread) })
    }

    /// Serves until Ctrl-C, then stops.
    ///
    /// # Errors
    /// When Ctrl-C cannot be waited for.
    pub fn wait(self) -> io::Result<()> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(tokio::signal::ctrl_c())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop.send_replace(true);
        if let Some(thread) = self.thread.take() {
            // A panic in there has been printed; there is nobody else to tell.
            let _ = thread.join();
        }
    }
}

/// Answers a request at a time, in seconds since 1970.
type Answerer = Box<dyn FnMut(&Request, i64) -> Response + Send>;

/// What is behind the server; `None`: the dialect is not implemented.
fn answerer(settings: Settings, login: Option<&Login>, options: &ServerOptions) -> Option<Answerer> {
    let (seed, faults) = (options.seed, options.faults.clone());
    Some(match login {
        Some(login) => {
            let manager = Manager { user: login.user.clone(), password: login.password.clone() };
            let endpoint = EcsEndpoint::new(settings, manager, &options.namespaces, seed, faults)?;
            let mut endpoint = endpoint.with_token_uses(options.token_uses);
            Box::new(move |request, now| endpoint.answer(request, now))
        }
        None => {
            let mut endpoint = Endpoint::new(settings, seed, faults)?;
            Box::new(move |request, now| endpoint.answer(request, now))
        }
    })
}

async fn serve(
    listener: std::net::TcpListener,
    acceptor: Option<TlsAcceptor>,
    answer: Arc<Mutex<Answerer>>,
    mut stopped: watch::Receiver<bool>,
) {
    let Ok(listener) = TcpListener::from_std(listener) else { return };
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            biased;
            _ = stopped.changed() => break,
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    connections.spawn(client(stream, acceptor.clone(), Arc::clone(&answer), stopped.clone()));
                }
                // Out of file descriptors, most likely: wait until there are some.
                Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
            },
            Some(_) = connections.join_next() => {}
        }
    }
    drop(listener);
    let _ = tokio::time::timeout(GRACE, async { while connections.join_next().await.is_some() {} }).await;
}

/// Serves one client, with TLS if there is an acceptor.
async fn client(stream: TcpStream, acceptor: Option<TlsAcceptor>, answer: Arc<Mutex<Answerer>>, mut stopped: watch::Receiver<bool>) {
    // Without it small answers wait for the client's delayed acknowledgement.
    let _ = stream.set_nodelay(true);
    let Some(acceptor) = acceptor else { return connection(stream, &answer, stopped).await };
    let accepted = tokio::select! {
        accepted = acceptor.accept(stream) => accepted,
        _ = stopped.changed() => return,
    };
    // A client that does not trust the certificate hangs up, and knows why.
    if let Ok(stream) = accepted {
        connection(stream, &answer, stopped).await;
    }
}

/// Serves one connection until the client closes it or the server stops.
async fn connection(stream: impl AsyncRead + AsyncWrite + Unpin, answer: &Mutex<Answerer>, mut stopped: watch::Receiver<bool>) {
    let service = service_fn(|request| exchange(request, answer));
    let mut connection = pin!(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
    loop {
        tokio::select! {
            // How a connection ends is the client's business.
            _ = connection.as_mut() => return,
            _ = stopped.changed() => connection.as_mut().graceful_shutdown(),
        }
    }
}

async fn exchange(request: hyper::Request<Incoming>, answer: &Mutex<Answerer>) -> Result<hyper::Response<Full<Bytes>>, http::Error> {
    let (head, body) = request.into_parts();
    let body = match Limited::new(body, READ_AT_MOST).collect().await {
        Ok(body) => body.to_bytes().to_vec(),
        Err(_) => return hyper::Response::builder().status(413).header("Connection", "close").body(Full::default()),
    };
    let header = |(name, value): (&http::HeaderName, &http::HeaderValue)| {
        (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned())
    };
    let request = Request {
        method: head.method.as_str().to_owned(),
        path: head.uri.path().to_owned(),
        query: head.uri.query().unwrap_or_default().to_owned(),
        headers: head.headers.iter().map(header).collect(),
        body,
    };
    let response = (answer.lock().unwrap_or_else(PoisonError::into_inner))(&request, now());
    write(response)
}

fn write(response: Response) -> Result<hyper::Response<Full<Bytes>>, http::Error> {
    let mut builder = hyper::Response::builder().status(response.status);
    for (name, value) in &response.headers {
        builder = builder.header(name, value);
    }
    builder.body(Full::from(response.body))
}

/// Seconds since 1970 by the clock of this machine.
fn now() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| i64::try_from(d.as_secs()).unwrap_or(i64::MAX))
}
