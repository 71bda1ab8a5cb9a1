//! One connection from accept to close: handshake in time, then requests, with a limit on silence in between.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use axum_server::accept::Accept;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use super::readiness::Readiness;
use crate::telemetry::Metrics;

pub mod service;
pub mod stream;

use service::ConnectionService;
use stream::{Activity, SilenceLimits, TimedStream};

/// What all connections of a listener share.
#[derive(Clone, Debug)]
pub struct Terms {
    /// Tells when clients are to be sent elsewhere.
    pub readiness: Arc<Readiness>,
    /// Where failures are counted.
    pub metrics: Arc<Metrics>,
    /// The most time for the TLS handshake.
    pub handshake: Duration,
    /// How long a client may stay silent.
    pub silence: SilenceLimits,
}

/// Accepts connections without TLS.
#[derive(Clone, Debug)]
pub struct PlainAcceptor(pub Terms);

/// Accepts connections with TLS.
#[derive(Clone)]
pub struct SecureAcceptor {
    /// What all connections share.
    pub terms: Terms,
    /// The TLS side.
    pub tls: TlsAcceptor,
}

type Accepting<Stream, Service> =
    Pin<Box<dyn Future<Output = io::Result<(TimedStream<Stream>, ConnectionService<Service>)>> + Send>>;

impl<Service: Send + 'static> Accept<TcpStream, Service> for PlainAcceptor {
    type Stream = TimedStream<TcpStream>;
    type Service = ConnectionService<Service>;
    type Future = Accepting<TcpStream, Service>;

    fn accept(&self, stream: TcpStream, service: Service) -> Self::Future {
        let terms = self.0.clone();
        Box::pin(async move {
            stream.set_nodelay(true)?;
            Ok(terms.watched(stream, service, terms.silence))
        })
    }
}

impl<Service: Send + 'static> Accept<TcpStream, Service> for SecureAcceptor {
    type Stream = TimedStream<TlsStream<TcpStream>>;
    type Service = ConnectionService<Service>;
    type Future = Accepting<TlsStream<TcpStream>, Service>;

    fn accept(&self, stream: TcpStream, service: Service) -> Self::Future {
        let Self { terms, tls } = self.clone();
        Box::pin(async move {
            stream.set_nodelay(true)?;
            let stream = terms.shake_hands(&tls, stream).await?;
            let silence = terms.silence_of(&stream);
            Ok(terms.watched(stream, service, silence))
        })
    }
}

impl Terms {
    async fn shake_hands(&self, tls: &TlsAcceptor, stream: TcpStream) -> io::Result<TlsStream<TcpStream>> {
        let failure = match timeout(self.handshake, tls.accept(stream)).await {
            Ok(Ok(stream)) => return Ok(stream),
            Ok(Err(error)) => error,
            Err(_) => io::ErrorKind::TimedOut.into(),
        };
        let reason = reason(&failure);
        self.metrics.handshake_failure(reason);
        tracing::debug!(reason, error = %failure, "tls handshake failed");
        Err(failure)
    }

    /// HTTP/2 has frames that belong to no request, so half a request head cannot be told from a ping there.
    fn silence_of(&self, stream: &TlsStream<TcpStream>) -> SilenceLimits {
        match stream.get_ref().1.alpn_protocol() {
            Some(b"h2") => SilenceLimits { head: self.silence.idle, ..self.silence },
            _ => self.silence,
        }
    }

    fn watched<Stream, Service>(
        &self,
        stream: Stream,
        service: Service,
        silence: SilenceLimits,
    ) -> (TimedStream<Stream>, ConnectionService<Service>) {
        let activity = Arc::new(Activity::default());
        let service = ConnectionService::new(
            service,
            Arc::clone(&activity),
            Arc::clone(&self.readiness),
            Arc::clone(&self.metrics),
        );
        (TimedStream::new(stream, activity, silence), service)
    }
}

fn reason(error: &io::Error) -> &'static str {
    let tls = error.get_ref().and_then(|error| error.downcast_ref::<rustls::Error>());
    match tls {
        Some(rustls::Error::NoCertificatesPresented) => "no_client_certificate",
        Some(rustls::Error::InvalidCertificate(_)) => "client_certificate_refused",
        Some(rustls::Error::AlertReceived(_)) => "refused_by_client",
        Some(_) => "protocol",
        None if error.kind() == io::ErrorKind::TimedOut => "timeout",
        None => "connection",
    }
}
