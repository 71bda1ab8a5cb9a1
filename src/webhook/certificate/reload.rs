//! Certificate files that change while the server runs.
//!
//! The kubelet replaces a mounted Secret by swapping the symbolic link `..data`, so that a watch on the file itself
//! misses all changes but the first. The files are small: they are simply read again every few seconds. A pair that is
//! half-written, or of which one file is old and the other new, does not go together and never replaces a good one.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::time::{MissedTickBehavior, interval};

use super::{Certificate, CertificateError, CertificateInUse};
use crate::telemetry::Metrics;

/// A certificate chain and its key in two PEM files, as in a Secret of type `kubernetes.io/tls`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CertificateFiles {
    /// The chain, the leaf first.
    pub certificate: PathBuf,
    /// The private key.
    pub key: PathBuf,
}

/// What the files contained when they were last read.
#[derive(PartialEq, Eq)]
struct Contents {
    certificate: Vec<u8>,
    key: Vec<u8>,
}

impl CertificateFiles {
    /// Reads the files once.
    ///
    /// # Errors
    /// When a file cannot be read, or the two do not make a certificate.
    pub async fn read(&self) -> Result<Certificate, CertificateError> {
        self.contents().await?.parse()
    }

    async fn contents(&self) -> Result<Contents, CertificateError> {
        Ok(Contents { certificate: read(&self.certificate).await?, key: read(&self.key).await? })
    }
}

impl Contents {
    fn parse(&self) -> Result<Certificate, CertificateError> {
        Certificate::from_pem(&self.certificate, &self.key)
    }
}

async fn read(path: &Path) -> Result<Vec<u8>, CertificateError> {
    let unreadable = |source| CertificateError::Read { path: path.display().to_string(), source };
    tokio::fs::read(path).await.map_err(unreadable)
}

/// Reads the files again and again, for as long as it is polled, and puts every good pair in use.
pub async fn follow(
    files: CertificateFiles,
    every: Duration,
    in_use: Arc<CertificateInUse>,
    metrics: Arc<Metrics>,
) -> std::convert::Infallible {
    let mut ticks = interval(every);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut last = None;
    let mut unreadable = false;
    loop {
        ticks.tick().await;
        match files.contents().await {
            Ok(contents) if last.as_ref() == Some(&contents) => {}
            Ok(contents) => {
                take(&contents, last.is_none(), &in_use, &metrics);
                last = Some(contents);
                unreadable = false;
            }
            Err(error) if !unreadable => {
                report(&error, &metrics);
                unreadable = true;
            }
            Err(_) => {}
        }
    }
}

fn take(contents: &Contents, first: bool, in_use: &CertificateInUse, metrics: &Metrics) {
    match contents.parse() {
        Ok(certificate) => {
            metrics.certificate_expiry.set(certificate.expires());
            if !first {
                metrics.certificate_reload("success");
                tracing::info!(expires = certificate.expires(), "certificate reloaded");
            }
            in_use.replace(certificate);
        }
        Err(error) => report(&error, metrics),
    }
}

fn report(error: &CertificateError, metrics: &Metrics) {
    metrics.certificate_reload("failure");
    tracing::warn!(error = error as &dyn std::error::Error, "certificate not reloaded, the old one stays in use");
}
