//! A client that costs little and behaves like the API server: HTTP/1.1 over TLS 1.3, connections kept.
//!
//! It writes what Go's `net/http` writes (`transport.go`: a buffer of 4 KiB is flushed when it is full, the rest of a
//! body follows in a write of its own), so a review of 6 KB comes in two TLS records.

use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::{Context, bail, ensure};
use rustls::crypto::aws_lc_rs::default_provider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::version::TLS13;
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use scrapeguard::webhook::endpoint::Step;

/// The name that the API server calls a webhook by: `<service>.<namespace>.svc`.
pub(crate) const SERVER_NAME: &str = "scrapeguard.scrapeguard-system.svc";

/// The buffer of Go's HTTP client.
const WRITE_BUFFER: usize = 4096;

/// Everything that is needed to connect to a server.
#[derive(Clone)]
pub(crate) struct Target {
    address: SocketAddr,
    connector: TlsConnector,
}

/// A request as it goes over the wire.
#[derive(Clone)]
pub(crate) struct Request(Arc<[u8]>);

/// A connection that has shaken hands.
pub(crate) struct Connection {
    stream: TlsStream<TcpStream>,
    received: Vec<u8>,
}

impl Target {
    /// A server at this address, with a certificate of this authority.
    pub(crate) fn new(address: SocketAddr, authority: &str) -> anyhow::Result<Self> {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(authority.as_bytes())?)?;
        let mut config = ClientConfig::builder_with_provider(Arc::new(default_provider()))
            .with_protocol_versions(&[&TLS13])?
            .with_root_certificates(roots)
            .with_no_client_auth();
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Self { address, connector: TlsConnector::from(Arc::new(config)) })
    }

    /// Connects and shakes hands.
    pub(crate) async fn connect(&self) -> anyhow::Result<Connection> {
        let stream = TcpStream::connect(self.address).await?;
        stream.set_nodelay(true)?;
        let stream = self.connector.connect(ServerName::try_from(SERVER_NAME)?, stream).await?;
        Ok(Connection { stream, received: Vec::with_capacity(WRITE_BUFFER) })
    }
}

impl Request {
    /// The request in which the API server sends this review. The headers are those that it sends.
    pub(crate) fn new(step: Step, review: &str) -> Self {
        let (step, length) = (step.label(), review.len());
        let request = format!(
            "POST /{step}?timeout=3s HTTP/1.1\r\nHost: {SERVER_NAME}\r\nUser-Agent: kube-apiserver-admission\r\n\
             Content-Length: {length}\r\nAccept: application/json, */*\r\nContent-Type: application/json\r\n\
             Accept-Encoding: gzip\r\n\r\n{review}"
        );
        Self(request.into_bytes().into())
    }
}

impl Connection {
    /// Sends a request and reads the answer to its end; the body of the answer.
    pub(crate) async fn exchange(&mut self, request: &Request) -> anyhow::Result<&[u8]> {
        let (first, rest) = request.0.split_at_checked(WRITE_BUFFER).unwrap_or((&request.0, &[]));
        for part in [first, rest] {
            self.stream.write_all(part).await?;
        }
        self.stream.flush().await?;
        let body = self.receive().await?;
        self.received.get(body..).context("the answer has no body")
    }

    /// Reads one response and returns the position of its body.
    async fn receive(&mut self) -> anyhow::Result<usize> {
        self.received.clear();
        let mut end = None;
        while end.is_none_or(|(_, end)| self.received.len() < end) {
            ensure!(self.stream.read_buf(&mut self.received).await? > 0, "the server closed the connection");
            if end.is_none() {
                end = extent(&self.received)?;
            }
        }
        Ok(end.map_or(0, |(body, _)| body))
    }
}

/// Where the body of a response begins and ends, once its head is complete.
fn extent(received: &[u8]) -> anyhow::Result<Option<(usize, usize)>> {
    const END_OF_HEAD: &[u8] = b"\r\n\r\n";
    let Some(head) = received.windows(END_OF_HEAD.len()).position(|window| window == END_OF_HEAD) else {
        return Ok(None);
    };
    let body = head + END_OF_HEAD.len();
    let head = std::str::from_utf8(received.get(..head).unwrap_or_default())?;
    if !head.starts_with("HTTP/1.1 200 ") {
        bail!("the server answered {head:?}");
    }
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().ok())?
    });
    Ok(Some((body, body + length.context("the answer has no length")?)))
}
