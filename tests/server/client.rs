//! A client that shows what happens on one connection: certificate, protocol, headers.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::{HeaderMap, Request, Response, StatusCode};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

/// No test waits longer for one thing.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) type Anything = BoxBody<Bytes, io::Error>;

/// Knows where to connect, whom to trust and who it is.
#[derive(Clone)]
pub(crate) struct Client {
    address: SocketAddr,
    config: ClientConfig,
}

/// One TLS connection that has agreed on a protocol.
pub(crate) enum Connection {
    Http1(hyper::client::conn::http1::SendRequest<Anything>),
    Http2(hyper::client::conn::http2::SendRequest<Anything>),
}

/// A response that has been read.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Client {
    /// Trusts the authorities in these PEM texts and offers HTTP/1.1 only, as the API server does.
    pub(crate) fn new(address: SocketAddr, authorities: &[&str]) -> Self {
        Self { address, config: configured(authorities, None) }
    }

    /// Also presents this certificate.
    pub(crate) fn with_certificate(address: SocketAddr, authorities: &[&str], chain: &str, key: &str) -> Self {
        Self { address, config: configured(authorities, Some((chain, key))) }
    }

    pub(crate) fn offering(mut self, protocols: &[&str]) -> Self {
        self.config.alpn_protocols = protocols.iter().map(|protocol| protocol.as_bytes().to_vec()).collect();
        self
    }

    pub(crate) async fn stream(&self) -> io::Result<TlsStream<TcpStream>> {
        let stream = TcpStream::connect(self.address).await?;
        stream.set_nodelay(true)?;
        let connector = TlsConnector::from(Arc::new(self.config.clone()));
        connector.connect(ServerName::try_from("localhost").unwrap(), stream).await
    }

    /// The serving certificate that a new connection gets.
    pub(crate) async fn certificate(&self) -> CertificateDer<'static> {
        let stream = self.stream().await.unwrap();
        stream.get_ref().1.peer_certificates().unwrap()[0].clone().into_owned()
    }

    pub(crate) async fn connect(&self) -> io::Result<Connection> {
        Connection::over(self.stream().await?).await
    }

    /// One request on a connection of its own.
    pub(crate) async fn post(&self, path: &str, body: impl Into<Bytes>) -> Reply {
        self.connect().await.unwrap().post(path, body).await.unwrap()
    }
}

fn configured(authorities: &[&str], identity: Option<(&str, &str)>) -> ClientConfig {
    let mut roots = RootCertStore::empty();
    for authority in authorities {
        roots.add(CertificateDer::from_pem_slice(authority.as_bytes()).unwrap()).unwrap();
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let builder = builder.with_root_certificates(roots);
    let mut config = match identity {
        None => builder.with_no_client_auth(),
        Some((chain, key)) => {
            let chain = vec![CertificateDer::from_pem_slice(chain.as_bytes()).unwrap()];
            builder.with_client_auth_cert(chain, PrivateKeyDer::from_pem_slice(key.as_bytes()).unwrap()).unwrap()
        }
    };
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    config
}

impl Connection {
    pub(crate) async fn over(stream: TlsStream<TcpStream>) -> io::Result<Self> {
        let is_http2 = stream.get_ref().1.alpn_protocol() == Some(b"h2");
        let stream = TokioIo::new(stream);
        if is_http2 {
            let executor = TokioExecutor::new();
            let (sender, connection) =
                hyper::client::conn::http2::handshake(executor, stream).await.map_err(io::Error::other)?;
            tokio::spawn(connection);
            Ok(Self::Http2(sender))
        } else {
            let (sender, connection) = hyper::client::conn::http1::handshake(stream).await.map_err(io::Error::other)?;
            tokio::spawn(connection);
            Ok(Self::Http1(sender))
        }
    }

    pub(crate) async fn post(&mut self, path: &str, body: impl Into<Bytes>) -> io::Result<Reply> {
        let body = Full::new(body.into()).map_err(|never| match never {}).boxed();
        let request = Request::post(path).header("host", "localhost").header("content-type", "application/json");
        self.send(request.body(body).unwrap()).await
    }

    pub(crate) async fn send(&mut self, request: Request<Anything>) -> io::Result<Reply> {
        timeout(PATIENCE, self.answer(request)).await?
    }

    async fn answer(&mut self, mut request: Request<Anything>) -> io::Result<Reply> {
        let response = match self {
            Self::Http1(sender) => {
                sender.ready().await.map_err(io::Error::other)?;
                sender.send_request(request).await
            }
            Self::Http2(sender) => {
                let path = request.uri().path_and_query().unwrap().clone();
                *request.uri_mut() = format!("https://localhost{path}").parse().unwrap();
                request.headers_mut().remove("host");
                sender.ready().await.map_err(io::Error::other)?;
                sender.send_request(request).await
            }
        };
        Reply::read(response.map_err(io::Error::other)?).await
    }
}

impl Reply {
    async fn read(response: Response<Incoming>) -> io::Result<Self> {
        let (parts, body) = response.into_parts();
        let body = body.collect().await.map_err(io::Error::other)?.to_bytes();
        let body = String::from_utf8(body.to_vec()).map_err(io::Error::other)?;
        Ok(Self { status: parts.status, headers: parts.headers, body })
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }
}
