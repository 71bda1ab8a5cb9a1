//! The server as a whole: started from settings, running, and shut down without losing a request.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum_server::Handle;
use jiff::Timestamp;
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep};
use tokio_rustls::TlsAcceptor;

use super::body::Budget;
use super::certificate::reload::{self, CertificateFiles};
use super::certificate::self_made::SelfMade;
use super::certificate::{Certificate, CertificateError, CertificateInUse};
use super::client_certificate::{ClientAuthenticationError, NamedClients};
use super::connection::{PlainAcceptor, SecureAcceptor, Terms};
use super::listener::{self, ClosableListener, Closer, ListenAddress};
use super::readiness::Readiness;
use super::routes::{self, Admission};
use super::settings::{CertificateSource, Settings};
use super::{health, tls};
use crate::state::{SharedState, State};
use crate::telemetry::Metrics;

/// How long a self-made serving certificate is valid.
const SELF_MADE_DAYS: u16 = 365;
/// The names that a self-made certificate always has.
pub const LOCAL_NAMES: [&str; 3] = ["localhost", "127.0.0.1", "::1"];
/// How long a connection that came in last has to send its request.
const LAST_REQUEST: Duration = Duration::from_secs(1);
/// How often the end of the last connections is looked for.
const STEP: Duration = Duration::from_millis(10);

/// Why a server does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// An address cannot be had.
    #[error("cannot listen on {address}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// Why.
        source: io::Error,
    },
    /// There is no usable serving certificate.
    #[error("no serving certificate")]
    Certificate(#[from] CertificateError),
    /// Client authentication cannot be set up.
    #[error("no client authentication")]
    Clients(#[from] ClientAuthenticationError),
    /// TLS cannot be set up.
    #[error("no TLS")]
    Tls(#[from] rustls::Error),
}

/// A server that answers requests. Dropping it stops it at once; [`RunningServer::shutdown`] does it gently.
#[derive(Debug)]
pub struct RunningServer {
    admission_address: SocketAddr,
    health_address: SocketAddr,
    ca: Option<String>,
    readiness: Arc<Readiness>,
    metrics: Arc<Metrics>,
    closer: Closer,
    admission: Handle<ListenAddress>,
    drain_delay: Duration,
    drain_timeout: Duration,
    tasks: Tasks,
}

/// Tasks that end with their owner.
#[derive(Debug, Default)]
struct Tasks(Vec<JoinHandle<()>>);

impl Drop for Tasks {
    fn drop(&mut self) {
        self.0.iter().for_each(JoinHandle::abort);
    }
}

/// What the server has in common with the rest of the program.
#[derive(Clone, Debug)]
pub struct Shared {
    /// What decisions are made with.
    pub state: Arc<SharedState>,
    /// Whether requests can be answered.
    pub readiness: Arc<Readiness>,
    /// Where everything is counted.
    pub metrics: Arc<Metrics>,
}

impl Shared {
    /// A server with this state alone, which is ready at once.
    pub fn new(state: State) -> Self {
        Self { state: Arc::new(SharedState::new(state)), readiness: Arc::default(), metrics: Arc::default() }
    }
}

/// Starts a server on the current tokio runtime. When this returns, requests can come.
///
/// # Errors
/// When an address is taken, or certificates are unusable.
pub async fn start(settings: Settings, shared: Shared) -> Result<RunningServer, StartError> {
    let terms = terms(&settings, &shared);
    let Shared { metrics, readiness, .. } = shared.clone();
    let (certificate, ca) = certificate_in_use(&settings.certificate, &metrics).await?;
    let tls = tls_acceptor(&settings, &certificate)?;
    let (listener, closer, admission_address) = bind(settings.listen).await?;
    let (health_listener, _closer, health_address) = bind(settings.health_listen).await?;

    let admission = Handle::new();
    let router = admission_router(&settings, shared.state, &terms);
    let mut tasks = Tasks::default();
    tasks.0.push(serve_admission(listener, SecureAcceptor { terms: terms.clone(), tls }, admission.clone(), router));
    let health_router = health::router(Arc::clone(&readiness), Arc::clone(&metrics));
    tasks.0.push(serve_health(health_listener, PlainAcceptor(terms), health_router));
    if let CertificateSource::Files(files) = settings.certificate {
        tasks.0.push(follow(files, settings.certificate_poll, certificate, Arc::clone(&metrics)));
    }
    tracing::info!(admission = %admission_address, health = %health_address, "listening");
    Ok(RunningServer {
        admission_address,
        health_address,
        ca,
        readiness,
        metrics,
        closer,
        admission,
        drain_delay: settings.drain_delay,
        drain_timeout: settings.drain_timeout,
        tasks,
    })
}

fn terms(settings: &Settings, shared: &Shared) -> Terms {
    Terms {
        readiness: Arc::clone(&shared.readiness),
        metrics: Arc::clone(&shared.metrics),
        handshake: settings.handshake,
        silence: settings.silence,
    }
}

fn tls_acceptor(settings: &Settings, certificate: &Arc<CertificateInUse>) -> Result<TlsAcceptor, StartError> {
    let clients = settings.clients.as_ref().map(|clients| NamedClients::new(&clients.ca, clients.names.clone()));
    Ok(TlsAcceptor::from(Arc::new(tls::config(Arc::clone(certificate), clients.transpose()?)?)))
}

fn admission_router(settings: &Settings, state: Arc<SharedState>, terms: &Terms) -> Router {
    routes::router(Arc::new(Admission {
        state,
        readiness: Arc::clone(&terms.readiness),
        metrics: Arc::clone(&terms.metrics),
        limits: settings.body,
        whole_effort: Arc::new(Semaphore::new(1)),
        budget: Budget::new(settings.body_budget, Arc::clone(&terms.metrics)),
    }))
}

fn follow(
    files: CertificateFiles,
    every: Duration,
    certificate: Arc<CertificateInUse>,
    metrics: Arc<Metrics>,
) -> JoinHandle<()> {
    tokio::spawn(async move {
        let _never = reload::follow(files, every, certificate, metrics).await;
    })
}

async fn certificate_in_use(
    source: &CertificateSource,
    metrics: &Metrics,
) -> Result<(Arc<CertificateInUse>, Option<String>), CertificateError> {
    let (certificate, ca) = match source {
        CertificateSource::Shared(certificate) => return Ok((Arc::clone(certificate), None)),
        CertificateSource::Files(files) => (files.read().await?, None),
        CertificateSource::SelfMade(names) => {
            let names: Vec<_> = LOCAL_NAMES.map(str::to_owned).into_iter().chain(names.iter().cloned()).collect();
            let made = SelfMade::make(&names, SELF_MADE_DAYS, Timestamp::now())?;
            let certificate = Certificate::from_pem(made.certificate.as_bytes(), made.key.as_bytes())?;
            (certificate, Some(made.ca))
        }
    };
    metrics.certificate_expiry.set(certificate.expires());
    Ok((Arc::new(CertificateInUse::new(certificate)), ca))
}

async fn bind(address: SocketAddr) -> Result<(ClosableListener, Closer, SocketAddr), StartError> {
    listener::bind(address).await.map_err(|source| StartError::Listen { address, source })
}

fn serve_admission(
    listener: ClosableListener,
    acceptor: SecureAcceptor,
    handle: Handle<ListenAddress>,
    router: Router,
) -> JoinHandle<()> {
    let server = axum_server::Server::<ListenAddress>::from_listener(listener).handle(handle).acceptor(acceptor);
    let serving = server.serve(router.into_make_service());
    tokio::spawn(async move {
        if let Err(error) = serving.await {
            tracing::error!(%error, "the admission listener failed");
        }
    })
}

fn serve_health(listener: ClosableListener, acceptor: PlainAcceptor, router: Router) -> JoinHandle<()> {
    let server = axum_server::Server::<ListenAddress>::from_listener(listener).acceptor(acceptor);
    let serving = server.serve(router.into_make_service());
    tokio::spawn(async move {
        if let Err(error) = serving.await {
            tracing::error!(%error, "the health listener failed");
        }
    })
}

impl RunningServer {
    /// Where reviews come in.
    pub const fn admission_address(&self) -> SocketAddr {
        self.admission_address
    }

    /// Where probes and scrapes come in.
    pub const fn health_address(&self) -> SocketAddr {
        self.health_address
    }

    /// The CA that clients have to trust, as PEM, when the certificate is self-made.
    pub fn ca_pem(&self) -> Option<&str> {
        self.ca.as_deref()
    }

    /// Whether requests can be answered; other parts of the program report here.
    pub const fn readiness(&self) -> &Arc<Readiness> {
        &self.readiness
    }

    /// What is counted.
    pub const fn metrics(&self) -> &Arc<Metrics> {
        &self.metrics
    }

    /// Stops without losing a request: fails readiness, serves on while load balancers notice and asks clients to
    /// close, then takes no more connections, and ends when the last request is answered or the time is over.
    pub async fn shutdown(mut self) {
        tracing::info!(delay_seconds = self.drain_delay.as_secs_f64(), "draining");
        self.readiness.start_draining();
        sleep(self.drain_delay).await;
        self.closer.close().await;
        let deadline = Instant::now() + self.drain_timeout;
        // Stopping closes connections that have not sent anything yet. The last ones get a moment for their request.
        self.wait_for_connections(deadline.min(Instant::now() + LAST_REQUEST)).await;
        self.admission.graceful_shutdown(Some(self.drain_timeout));
        self.wait_for_connections(deadline).await;
        self.admission.shutdown();
        tracing::info!(cut_off = self.admission.connection_count(), "stopped");
        drop(self.tasks);
    }

    async fn wait_for_connections(&self, deadline: Instant) {
        while self.admission.connection_count() > 0 && Instant::now() < deadline {
            sleep(STEP).await;
        }
    }
}
