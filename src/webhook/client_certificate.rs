//! Who may ask: client certificates of the API server, by issuer and by name.

use std::collections::BTreeSet;
use std::sync::Arc;

use rustls::client::danger::HandshakeSignatureValid;
use rustls::crypto::aws_lc_rs::default_provider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, UnixTime};
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::server::{VerifierBuilderError, WebPkiClientVerifier};
use rustls::{CertificateError, DigitallySignedStruct, DistinguishedName, Error, RootCertStore, SignatureScheme};
use x509_parser::prelude::{FromDer, GeneralName, X509Certificate};

/// Why client authentication cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum ClientAuthenticationError {
    /// The PEM text has no usable certificate.
    #[error("there is no usable PEM certificate in the client CA")]
    NoCertificate,
    /// The certificates are not usable as authorities.
    #[error("the client CA is not usable")]
    Unusable(#[from] VerifierBuilderError),
}

/// Accepts client certificates of certain authorities and, when names are given, only with one of those names.
#[derive(Debug)]
pub struct NamedClients {
    issuer: Arc<dyn ClientCertVerifier>,
    names: BTreeSet<String>,
}

impl NamedClients {
    /// Trusts the authorities in this PEM text. Without names, whoever they certified may ask; otherwise the common
    /// name, or a DNS or URI name of the certificate, has to be one of the names.
    ///
    /// # Errors
    /// When there is no usable authority.
    pub fn new(ca: &[u8], names: impl IntoIterator<Item = String>) -> Result<Self, ClientAuthenticationError> {
        let mut roots = RootCertStore::empty();
        for certificate in CertificateDer::pem_slice_iter(ca) {
            let certificate = certificate.map_err(|_| ClientAuthenticationError::NoCertificate)?;
            roots.add(certificate).map_err(|_| ClientAuthenticationError::NoCertificate)?;
        }
        let provider = Arc::new(default_provider());
        let issuer = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build()?;
        Ok(Self { issuer, names: names.into_iter().collect() })
    }

    fn knows(&self, certificate: &CertificateDer<'_>) -> Result<bool, Error> {
        if self.names.is_empty() {
            return Ok(true);
        }
        let malformed = || Error::InvalidCertificate(CertificateError::BadEncoding);
        let (_rest, certificate) = X509Certificate::from_der(certificate).map_err(|_| malformed())?;
        let alternatives = certificate.subject_alternative_name().map_err(|_| malformed())?;
        let alternatives = alternatives.iter().flat_map(|extension| &extension.value.general_names);
        let alternatives = alternatives.filter_map(|name| match name {
            GeneralName::DNSName(name) | GeneralName::URI(name) => Some(*name),
            _ => None,
        });
        let common = certificate.subject().iter_common_name().filter_map(|name| name.as_str().ok());
        Ok(common.chain(alternatives).any(|name| self.names.contains(name)))
    }
}

impl ClientCertVerifier for NamedClients {
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        self.issuer.root_hint_subjects()
    }

    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        let verified = self.issuer.verify_client_cert(end_entity, intermediates, now)?;
        if self.knows(end_entity)? {
            Ok(verified)
        } else {
            Err(Error::InvalidCertificate(CertificateError::ApplicationVerificationFailure))
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.issuer.verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.issuer.verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.issuer.supported_verify_schemes()
    }
}
