//! `scrapeguard serve`: the admission server, from its flags to its exit.

use std::io::Write;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, bail};
use clap::ValueEnum;
use tokio::signal::unix::{SignalKind, signal};

use super::Ending;
use crate::controller::{self, Controller};
use crate::model::guard::Guards;
use crate::state::State;
use crate::telemetry::logs;
use crate::webhook::certificate::reload::CertificateFiles;
use crate::webhook::settings::{CertificateSource, Clients, Settings};
use crate::webhook::{self, RunningServer, Shared};

mod cluster;
mod greeting;

/// Answer admission reviews over TLS.
///
/// Without flags it starts with the built-in guard and a self-made certificate, and prints a request to try.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Where the API server sends reviews; port 0 takes any free port.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8443")]
    listen: SocketAddr,
    /// Where /livez, /readyz and /metrics are, without TLS.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8080")]
    health_listen: SocketAddr,
    /// YAML file with ScrapeGuard objects, instead of those of the cluster; without a cluster, instead of
    /// the built-in guard for kube-prometheus-stack.
    #[arg(long, value_name = "FILE")]
    guard: Option<PathBuf>,
    #[command(flatten)]
    tls: TlsArguments,
    #[command(flatten)]
    cluster: cluster::ClusterArguments,
    #[command(flatten)]
    limits: LimitArguments,
    #[command(flatten)]
    logs: LogArguments,
}

#[derive(Debug, clap::Args)]
#[command(next_help_heading = "TLS")]
struct TlsArguments {
    /// Certificate chain in PEM. Read again when it changes, as after a rotation of a mounted Secret.
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    tls_cert: Option<PathBuf>,
    /// Private key in PEM.
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    tls_key: Option<PathBuf>,
    /// Further name for the self-made certificate, such as scrapeguard.monitoring.svc; may be repeated.
    #[arg(long, value_name = "NAME", conflicts_with = "tls_cert")]
    tls_san: Vec<String>,
    /// Write the CA of the self-made certificate here, for clients that are to trust it.
    #[arg(long, value_name = "FILE", conflicts_with = "tls_cert")]
    ca_out: Option<PathBuf>,
    /// Ask for client certificates of the authorities in this PEM file, and refuse everybody else.
    #[arg(long, value_name = "FILE")]
    client_ca: Option<PathBuf>,
    /// Common, DNS or URI name that a client certificate must have; may be repeated.
    #[arg(long, value_name = "NAME", requires = "client_ca")]
    client_name: Vec<String>,
}

#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Limits")]
struct LimitArguments {
    /// The most mebibytes of request bodies in memory at once; beyond, the API server is asked to try again.
    #[arg(long, value_name = "MIB", default_value_t = 64, value_parser = clap::value_parser!(u16).range(8..))]
    body_budget: u16,
    /// Seconds to serve on after a stop signal while readiness fails, so that load balancers notice.
    #[arg(long, value_name = "SECONDS", default_value = "5", value_parser = seconds)]
    drain_delay: Duration,
    /// Seconds that requests in flight then have to end.
    #[arg(long, value_name = "SECONDS", default_value = "15", value_parser = seconds)]
    drain_timeout: Duration,
}

#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Logs")]
struct LogArguments {
    /// How log lines on standard error are written.
    #[arg(long, value_enum, default_value = "text")]
    log_format: LogFormat,
    /// A level, or a list such as info,scrapeguard=debug.
    #[arg(long, value_name = "FILTER", env = "SCRAPEGUARD_LOG", default_value = "info")]
    log_level: String,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// Serves until it is told to stop.
///
/// # Errors
/// What kept the server from starting, or that a second signal cut the shutdown short.
pub fn run(arguments: &Arguments) -> anyhow::Result<Ending> {
    arguments.logs.init()?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().context("cannot start threads")?;
    let result = runtime.block_on(serve(arguments));
    // Whoever is still busy here has had its time.
    runtime.shutdown_background();
    result.map(|()| Ending::Clean)
}

async fn serve(arguments: &Arguments) -> anyhow::Result<()> {
    let stop_asked = stop_signals()?;
    let mut settings = arguments.settings()?;
    let ca_out = arguments.tls.ca_out.as_deref();
    let with_client_certificate = settings.clients.is_some();
    let shared = Shared::new(State::of(arguments.guards()?));
    let controller = arguments.controller(&shared).await?;
    if let Some(certificate) = controller.as_ref().and_then(Controller::certificate) {
        settings.certificate = CertificateSource::Shared(certificate);
    }
    let server = webhook::start(settings, shared).await?;
    if let (Some(path), Some(ca)) = (ca_out, server.ca_pem()) {
        std::fs::write(path, ca).with_context(|| format!("cannot write {}", path.display()))?;
    }
    greet(&server, ca_out, with_client_certificate);
    stop(server, controller, stop_asked).await
}

/// What is printed when nobody reads it is nobody's loss: a closed standard output does not stop the server.
fn greet(server: &RunningServer, ca: Option<&Path>, with_client_certificate: bool) {
    let trust = match (ca, server.ca_pem()) {
        (Some(path), Some(_)) => greeting::Trust::File(path),
        (None, Some(_)) => greeting::Trust::Blind,
        (_, None) => greeting::Trust::System,
    };
    let text = greeting::text(server.admission_address(), server.health_address(), trust, with_client_certificate);
    let _printed = anstream::stdout().write_all(text.as_bytes());
}

async fn stop(
    server: RunningServer,
    controller: Option<Controller>,
    mut asked: impl AsyncFnMut() -> &'static str,
) -> anyhow::Result<()> {
    let signal = asked().await;
    tracing::info!(signal, "asked to stop");
    tokio::select! {
        () = shut_down(server, controller) => Ok(()),
        signal = asked() => bail!("stopped at once by a second {signal}"),
    }
}

/// The controller leaves first, as nobody may wait for a server that does not listen any more.
async fn shut_down(server: RunningServer, controller: Option<Controller>) {
    if let Some(mut controller) = controller {
        controller.withdraw().await;
    }
    server.shutdown().await;
}

fn stop_signals() -> anyhow::Result<impl AsyncFnMut() -> &'static str> {
    let mut terminate = signal(SignalKind::terminate()).context("cannot listen to SIGTERM")?;
    let mut interrupt = signal(SignalKind::interrupt()).context("cannot listen to SIGINT")?;
    Ok(async move || {
        tokio::select! {
            _ = terminate.recv() => "SIGTERM",
            _ = interrupt.recv() => "SIGINT",
        }
    })
}

impl Arguments {
    fn guards(&self) -> anyhow::Result<Guards> {
        let Some(path) = &self.guard else {
            return Ok(if self.cluster.is_in_cluster() { Guards::none() } else { Guards::built_in() });
        };
        let source = read_text(path)?;
        Guards::parse(&source)
            .map_err(|error| anyhow::anyhow!("{}:{}:{}: {}", path.display(), error.line, error.column, error.message))
    }

    async fn controller(&self, shared: &Shared) -> anyhow::Result<Option<Controller>> {
        if !self.cluster.is_in_cluster() {
            return Ok(None);
        }
        let settings = self.cluster.settings(self.guard.is_some(), self.tls.tls_cert.is_some());
        let controller = controller::start(self.cluster.kubeconfig.as_deref(), settings, shared.clone()).await;
        controller.map(Some).context("cannot work in a cluster")
    }

    fn settings(&self) -> anyhow::Result<Settings> {
        Ok(Settings {
            listen: self.listen,
            health_listen: self.health_listen,
            certificate: self.tls.certificate(),
            clients: self.tls.clients()?,
            body_budget: usize::from(self.limits.body_budget) << 20,
            drain_delay: self.limits.drain_delay,
            drain_timeout: self.limits.drain_timeout,
            ..Settings::default()
        })
    }
}

impl TlsArguments {
    fn certificate(&self) -> CertificateSource {
        match (&self.tls_cert, &self.tls_key) {
            (Some(certificate), Some(key)) => {
                CertificateSource::Files(CertificateFiles { certificate: certificate.clone(), key: key.clone() })
            }
            _ => CertificateSource::SelfMade(self.tls_san.clone()),
        }
    }

    fn clients(&self) -> anyhow::Result<Option<Clients>> {
        let Some(path) = &self.client_ca else {
            return Ok(None);
        };
        let ca = std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
        Ok(Some(Clients { ca, names: self.client_name.clone() }))
    }
}

impl LogArguments {
    fn init(&self) -> anyhow::Result<()> {
        let format = match self.log_format {
            LogFormat::Text => logs::Format::Text,
            LogFormat::Json => logs::Format::Json,
        };
        Ok(logs::init(format, &self.log_level)?)
    }
}

fn read_text(path: &Path) -> anyhow::Result<String> {
    std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))
}

fn seconds(text: &str) -> Result<Duration, String> {
    let seconds: f64 = text.parse().map_err(|_| "not a number of seconds".to_owned())?;
    Duration::try_from_secs_f64(seconds).map_err(|error| error.to_string())
}

/// Where this machine reaches an address that a server listens on: an unspecified address is not one to connect to.
fn reachable(address: SocketAddr) -> SocketAddr {
    let ip = if address.ip().is_unspecified() { IpAddr::V4(Ipv4Addr::LOCALHOST) } else { address.ip() };
    SocketAddr::new(ip, address.port())
}
