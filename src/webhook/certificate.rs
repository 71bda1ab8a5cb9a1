//! The serving certificate: read from PEM, checked against its key, and swapped while connections come in.

use std::sync::Arc;

use arc_swap::ArcSwapOption;
use rustls::crypto::aws_lc_rs::default_provider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use x509_parser::prelude::{FromDer, X509Certificate};

pub mod reload;
pub mod self_made;

/// Why a certificate cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum CertificateError {
    /// A file is missing or unreadable.
    #[error("cannot read {path}")]
    Read {
        /// The file.
        path: String,
        /// Why.
        source: std::io::Error,
    },
    /// The PEM text has no certificate.
    #[error("there is no PEM certificate in the certificate file")]
    NoCertificate,
    /// The PEM text has no private key.
    #[error("there is no PEM private key in the key file")]
    NoKey,
    /// The certificate is not X.509.
    #[error("the certificate is not valid X.509")]
    NotX509,
    /// The key is of an unknown kind, or not the key of the certificate.
    #[error("the certificate and the key do not go together")]
    Mismatch(#[source] rustls::Error),
    /// The key is not that of the authority.
    #[error("the authority and the key do not go together")]
    ForeignKey,
    /// A certificate could not be made.
    #[error("cannot make a certificate")]
    Make(#[from] rcgen::Error),
}

/// When a certificate is valid: two moments in seconds since the epoch, both included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Validity {
    /// Not before this second.
    pub from: i64,
    /// Not after this second.
    pub until: i64,
}

impl Validity {
    /// What this certificate (DER) says.
    ///
    /// # Errors
    /// When it is not X.509.
    pub fn of(certificate: &CertificateDer<'_>) -> Result<Self, CertificateError> {
        let (_rest, certificate) = X509Certificate::from_der(certificate).map_err(|_| CertificateError::NotX509)?;
        let validity = certificate.validity();
        Ok(Self { from: validity.not_before.timestamp(), until: validity.not_after.timestamp() })
    }
}

/// A certificate chain with its key, ready for use.
#[derive(Clone, Debug)]
pub struct Certificate {
    key: Arc<CertifiedKey>,
    validity: Validity,
}

impl Certificate {
    /// Reads a chain (the leaf first) and its key from PEM.
    ///
    /// # Errors
    /// When something is missing or malformed, or the key is not that of the leaf.
    pub fn from_pem(chain: &[u8], key: &[u8]) -> Result<Self, CertificateError> {
        let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(chain).collect();
        let chain = chain.map_err(|_| CertificateError::NoCertificate)?;
        let leaf = chain.first().ok_or(CertificateError::NoCertificate)?;
        let validity = Validity::of(leaf)?;
        let key = PrivateKeyDer::from_pem_slice(key).map_err(|_| CertificateError::NoKey)?;
        let key = CertifiedKey::from_der(chain, key, &default_provider()).map_err(CertificateError::Mismatch)?;
        Ok(Self { key: Arc::new(key), validity })
    }

    /// When it expires, in seconds since the epoch.
    pub const fn expires(&self) -> i64 {
        self.validity.until
    }

    /// When it is valid.
    pub const fn validity(&self) -> Validity {
        self.validity
    }

    /// The chain in DER, the leaf first.
    pub fn chain(&self) -> &[CertificateDer<'static>] {
        &self.key.cert
    }
}

/// The certificate that new connections get; none are taken while there is none. Swapped without a lock.
#[derive(Debug, Default)]
pub struct CertificateInUse(ArcSwapOption<CertifiedKey>);

impl CertificateInUse {
    /// Starts with this certificate.
    pub fn new(certificate: Certificate) -> Self {
        Self(ArcSwapOption::new(Some(certificate.key)))
    }

    /// From now on, new connections get this certificate.
    pub fn replace(&self, certificate: Certificate) {
        self.0.store(Some(certificate.key));
    }
}

impl ResolvesServerCert for CertificateInUse {
    fn resolve(&self, _hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        self.0.load_full()
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::self_made::SelfMade;
    use super::*;

    fn made() -> SelfMade {
        SelfMade::make(&["localhost".to_owned()], 90, Timestamp::now()).unwrap()
    }

    #[test]
    fn a_pair_is_ready_for_use() {
        let made = made();
        let certificate = Certificate::from_pem(made.certificate.as_bytes(), made.key.as_bytes()).unwrap();
        let days = (certificate.expires() - Timestamp::now().as_second()) / 86_400;
        assert!((88..=90).contains(&days), "{days}");
    }

    #[test]
    fn the_key_of_another_certificate_is_refused() {
        let error = Certificate::from_pem(made().certificate.as_bytes(), made().key.as_bytes()).unwrap_err();
        assert!(matches!(error, CertificateError::Mismatch(_)), "{error:?}");
    }

    #[test]
    fn half_a_file_is_refused() {
        let made = made();
        let (half, _) = made.certificate.split_at(made.certificate.len() / 3);
        assert!(Certificate::from_pem(half.as_bytes(), made.key.as_bytes()).is_err());
        let (half, _) = made.key.split_at(made.key.len() / 2);
        assert!(Certificate::from_pem(made.certificate.as_bytes(), half.as_bytes()).is_err());
        assert!(Certificate::from_pem(b"", b"").is_err());
    }
}
