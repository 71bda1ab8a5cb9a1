//! The floor: the least that a server on the same stack can do for a review.
//!
//! Same runtime, same TLS settings, same HTTP library. It reads the whole body and answers what scrapeguard would
//! answer to the Prometheus pod, byte for byte, without looking.

use std::fs;
use std::net::{Ipv4Addr, TcpListener};
use std::path::Path;
use std::sync::Arc;

use anyhow::Context;
use axum::Router;
use axum::body::Bytes;
use axum::extract::DefaultBodyLimit;
use axum::http::header;
use axum::routing::post;
use axum_server::accept::NoDelayAcceptor;
use axum_server::tls_rustls::{RustlsAcceptor, RustlsConfig};
use jiff::Timestamp;
use scrapeguard::model::guard::Guards;
use scrapeguard::webhook::certificate::{Certificate, CertificateInUse};
use scrapeguard::webhook::{answer, tls};

use crate::reviews::PROMETHEUS_POD;
use crate::servers::{CERTIFICATE_FILE, KEY_FILE};

/// The same cap as scrapeguard's.
const BODY_LIMIT: usize = 8 << 20;

/// Serves until it is killed. Prints its address first, in the form that `scrapeguard serve` has.
pub(crate) fn serve(directory: &Path) -> anyhow::Result<()> {
    let certificate = Certificate::from_pem(
        &fs::read(directory.join(CERTIFICATE_FILE)).context("no certificate")?,
        &fs::read(directory.join(KEY_FILE)).context("no key")?,
    )?;
    let config = tls::config(Arc::new(CertificateInUse::new(certificate)), None)?;
    let acceptor = RustlsAcceptor::new(RustlsConfig::from_config(Arc::new(config))).acceptor(NoDelayAcceptor::new());
    let answer = constant()?;
    let review = post(async move |_body: Bytes| ([(header::CONTENT_TYPE, "application/json")], answer));
    let router = Router::new()
        .route("/mutate", review.clone())
        .route("/validate", review)
        .layer(DefaultBodyLimit::max(BODY_LIMIT));

    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(async {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        listener.set_nonblocking(true)?;
        println!("admission  https://{}/mutate and /validate", listener.local_addr()?);
        Ok(axum_server::from_tcp(listener)?.acceptor(acceptor).serve(router.into_make_service()).await?)
    })
}

fn constant() -> anyhow::Result<Bytes> {
    let review = PROMETHEUS_POD;
    let answer = answer(review.body.as_bytes(), review.endpoint(), &Guards::built_in(), Timestamp::now())?;
    Ok(answer.body.into())
}
