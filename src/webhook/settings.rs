//! Everything about the server that can be set, with defaults that suit a cluster.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use super::body::Limits;
use super::certificate::CertificateInUse;
use super::certificate::reload::CertificateFiles;
use super::connection::stream::SilenceLimits;

/// The settings of a server.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where reviews come in; port 0 takes any free port.
    pub listen: SocketAddr,
    /// Where probes and scrapes come in.
    pub health_listen: SocketAddr,
    /// The serving certificate.
    pub certificate: CertificateSource,
    /// Who may ask; everybody when absent.
    pub clients: Option<Clients>,
    /// The limits of one body.
    pub body: Limits,
    /// The most bytes of bodies in memory at once.
    pub body_budget: usize,
    /// The most time for a TLS handshake.
    pub handshake: Duration,
    /// How long a client may stay silent.
    pub silence: SilenceLimits,
    /// How often certificate files are read again.
    pub certificate_poll: Duration,
    /// How long to serve on after readiness fails, until load balancers have noticed.
    pub drain_delay: Duration,
    /// How long requests in flight may then take to end.
    pub drain_timeout: Duration,
}

/// Where the serving certificate comes from.
#[derive(Clone, Debug)]
pub enum CertificateSource {
    /// From files, which are followed.
    Files(CertificateFiles),
    /// Made at the start for these names besides those of the local machine, and kept in memory.
    SelfMade(Vec<String>),
    /// From another part of the program, which replaces it in time.
    Shared(Arc<CertificateInUse>),
}

/// Which clients may ask.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Clients {
    /// The authorities of client certificates, as PEM.
    pub ca: Vec<u8>,
    /// The names they may have; any when empty.
    pub names: Vec<String>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 8443)),
            health_listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 8080)),
            certificate: CertificateSource::SelfMade(Vec::new()),
            clients: None,
            // Two objects of 3 MB and what is around them; the API server stores nothing larger.
            body: Limits { size: 8 << 20, time: Duration::from_secs(10) },
            body_budget: 64 << 20,
            handshake: Duration::from_secs(5),
            // The API server closes idle connections after 90 seconds, and is to be the one who closes.
            silence: SilenceLimits { head: Duration::from_secs(5), idle: Duration::from_mins(2) },
            certificate_poll: Duration::from_secs(2),
            drain_delay: Duration::from_secs(5),
            drain_timeout: Duration::from_secs(15),
        }
    }
}
