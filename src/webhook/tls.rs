//! The TLS side of the admission listener.

use std::sync::Arc;

use rustls::crypto::aws_lc_rs::default_provider;
use rustls::server::{NoServerSessionStorage, ServerConfig, WebPkiClientVerifier};
use rustls::version::{TLS12, TLS13};

use super::certificate::CertificateInUse;
use super::client_certificate::NamedClients;

/// TLS 1.2 and 1.3, HTTP/2 and HTTP/1.1.
///
/// The API server speaks HTTP/1.1 only, and rustls has no fallback for clients that offer a protocol which the server
/// does not name. Sessions are not resumed: a resumed session would skip the client certificate and outlive a rotated
/// serving certificate, and the API server does not ask for it.
///
/// # Errors
/// When the cryptographic provider does not know these versions.
pub fn config(
    certificate: Arc<CertificateInUse>,
    clients: Option<NamedClients>,
) -> Result<ServerConfig, rustls::Error> {
    let clients = clients.map_or_else(WebPkiClientVerifier::no_client_auth, |clients| Arc::new(clients));
    let mut config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
        .with_protocol_versions(&[&TLS13, &TLS12])?
        .with_client_cert_verifier(clients)
        .with_cert_resolver(certificate);
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    config.session_storage = Arc::new(NoServerSessionStorage {});
    config.send_tls13_tickets = 0;
    Ok(config)
}
