//! Authorities and the leafs that they sign: made, read from PEM, and held against what a caller would ask of them.

use jiff::Timestamp;
use rcgen::{Issuer, KeyPair, PublicKeyData};
use rustls::RootCertStore;
use rustls::client::{verify_server_cert_signed_by_trust_anchor, verify_server_name};
use rustls::crypto::aws_lc_rs::default_provider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use x509_parser::prelude::{FromDer, X509Certificate};

use super::profile::Profile;
use crate::webhook::certificate::self_made::{authority_parameters, leaf_parameters};
use crate::webhook::certificate::{Certificate, CertificateError, Validity};

/// For how long before it was made a certificate is valid, in seconds: for clocks that are behind by up to a day.
const BACKDATED: i64 = 24 * 60 * 60;

/// Something that has its time: two thirds of it are used.
pub trait Aging {
    /// When it is valid.
    fn validity(&self) -> Validity;

    /// Whether its last second has passed.
    fn is_expired(&self, now: Timestamp) -> bool {
        self.validity().until < now.as_second()
    }

    /// How many thirds and sixths of its life have passed, as a number of sixths. A life longer than `lifetime` seconds
    /// counts as that long, so that a shorter one can be asked for later.
    fn sixths(&self, lifetime: i64, now: Timestamp) -> i64 {
        let Validity { from, until } = self.validity();
        let made = from.saturating_add(BACKDATED);
        let life = until.saturating_sub(made).clamp(1, lifetime.max(1));
        now.as_second().saturating_sub(made).saturating_mul(6).div_euclid(life)
    }

    /// Whether two thirds of its life have passed, which is when its successor is made.
    fn is_due(&self, lifetime: i64, now: Timestamp) -> bool {
        self.sixths(lifetime, now) >= 4
    }
}

/// The certificate of an authority: what callers have to trust.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trusted {
    pem: String,
    validity: Validity,
}

/// An authority that can sign.
#[derive(Clone, PartialEq, Eq)]
pub struct Authority {
    certificate: Trusted,
    key: String,
}

/// A serving certificate with its key.
#[derive(Clone)]
pub struct Leaf {
    chain: String,
    key: String,
    certificate: Certificate,
}

impl Aging for Trusted {
    fn validity(&self) -> Validity {
        self.validity
    }
}

impl Aging for Authority {
    fn validity(&self) -> Validity {
        self.certificate.validity
    }
}

impl Aging for Leaf {
    fn validity(&self) -> Validity {
        self.certificate.validity()
    }
}

impl Trusted {
    /// Reads one certificate.
    ///
    /// # Errors
    /// When it is none.
    pub fn from_pem(pem: &str) -> Result<Self, CertificateError> {
        let certificate = one_certificate(pem)?;
        Ok(Self { pem: format!("{}\n", pem.trim()), validity: Validity::of(&certificate)? })
    }

    /// As PEM, with a line end.
    pub fn pem(&self) -> &str {
        &self.pem
    }
}

impl Authority {
    /// Makes one that is valid from now on.
    ///
    /// # Errors
    /// When the cryptographic provider fails.
    pub fn make(profile: &Profile, now: Timestamp) -> Result<Self, CertificateError> {
        let key = KeyPair::generate()?;
        // Each has a name of its own, so that one can be told from the other in a bundle.
        let name = format!("scrapeguard CA of {}", now.strftime("%Y-%m-%dT%H:%M:%SZ"));
        let parameters = authority_parameters(&name, validity(profile.authority_lifetime(), now));
        let certificate = parameters.self_signed(&key)?;
        Ok(Self { certificate: Trusted::from_pem(&certificate.pem())?, key: key.serialize_pem() })
    }

    /// Reads an authority.
    ///
    /// # Errors
    /// When the certificate or the key cannot be read, or do not go together.
    pub fn from_pem(certificate: &str, key: &str) -> Result<Self, CertificateError> {
        let pair = KeyPair::from_pem(key).map_err(|_| CertificateError::NoKey)?;
        let der = one_certificate(certificate)?;
        let (_rest, parsed) = X509Certificate::from_der(&der).map_err(|_| CertificateError::NotX509)?;
        if parsed.public_key().raw != pair.subject_public_key_info() {
            return Err(CertificateError::ForeignKey);
        }
        Ok(Self { certificate: Trusted::from_pem(certificate)?, key: key.to_owned() })
    }

    /// The certificate that callers trust.
    pub const fn certificate(&self) -> &Trusted {
        &self.certificate
    }

    /// The private key, as PEM.
    pub fn key(&self) -> &str {
        &self.key
    }

    /// Signs a new leaf. It never outlives the authority.
    ///
    /// # Errors
    /// When a name of the profile is neither a DNS name nor an IP address.
    pub fn sign(&self, profile: &Profile, now: Timestamp) -> Result<Leaf, CertificateError> {
        let issuer = Issuer::from_ca_cert_pem(self.certificate.pem(), KeyPair::from_pem(&self.key)?)?;
        let Validity { from, until } = validity(profile.lifetime(), now);
        let validity = Validity { from, until: until.min(self.certificate.validity.until) };
        let key = KeyPair::generate()?;
        let certificate = leaf_parameters(profile.names(), validity)?.signed_by(&key, &issuer)?;
        Leaf::from_pem(&certificate.pem(), &key.serialize_pem())
    }
}

impl Leaf {
    /// Reads a leaf.
    ///
    /// # Errors
    /// When something is missing or malformed, or the key is not that of the certificate.
    pub fn from_pem(chain: &str, key: &str) -> Result<Self, CertificateError> {
        let certificate = Certificate::from_pem(chain.as_bytes(), key.as_bytes())?;
        Ok(Self { chain: chain.to_owned(), key: key.to_owned(), certificate })
    }

    /// The certificate, as PEM.
    pub fn chain(&self) -> &str {
        &self.chain
    }

    /// The private key, as PEM.
    pub fn key(&self) -> &str {
        &self.key
    }

    /// Ready for use.
    pub const fn certificate(&self) -> &Certificate {
        &self.certificate
    }

    /// Whether a caller who trusts just these certificates would accept this one under each of these names, as the
    /// API server decides: chain, dates and names.
    pub fn is_accepted<'a>(
        &self,
        trusted: impl IntoIterator<Item = &'a Trusted>,
        names: &[String],
        now: Timestamp,
    ) -> bool {
        let trusted = trusted.into_iter().filter(|certificate| !certificate.is_expired(now));
        self.is_signed_by(trusted, now).is_some() && names.iter().all(|name| self.has(name).is_some())
    }

    fn is_signed_by<'a>(&self, trusted: impl Iterator<Item = &'a Trusted>, now: Timestamp) -> Option<()> {
        let mut roots = RootCertStore::empty();
        for certificate in trusted {
            roots.add(one_certificate(certificate.pem()).ok()?).ok()?;
        }
        let (leaf, intermediates) = self.certificate.chain().split_first()?;
        let leaf = ParsedCertificate::try_from(leaf).ok()?;
        let now = UnixTime::since_unix_epoch(std::time::Duration::from_secs(now.as_second().try_into().ok()?));
        let algorithms = default_provider().signature_verification_algorithms.all;
        verify_server_cert_signed_by_trust_anchor(&leaf, &roots, intermediates, now, algorithms).ok()
    }

    fn has(&self, name: &str) -> Option<()> {
        let leaf = ParsedCertificate::try_from(self.certificate.chain().first()?).ok()?;
        verify_server_name(&leaf, &ServerName::try_from(name).ok()?).ok()
    }
}

impl PartialEq for Leaf {
    fn eq(&self, other: &Self) -> bool {
        self.chain == other.chain && self.key == other.key
    }
}

impl Eq for Leaf {}

/// The private key stays out of logs.
impl std::fmt::Debug for Authority {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Authority").field("certificate", &self.certificate).finish_non_exhaustive()
    }
}

/// The private key stays out of logs.
impl std::fmt::Debug for Leaf {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Leaf").field("chain", &self.chain).finish_non_exhaustive()
    }
}

fn validity(lifetime: i64, now: Timestamp) -> Validity {
    let now = now.as_second();
    Validity { from: now.saturating_sub(BACKDATED), until: now.saturating_add(lifetime) }
}

fn one_certificate(pem: &str) -> Result<CertificateDer<'static>, CertificateError> {
    let mut certificates = CertificateDer::pem_slice_iter(pem.as_bytes());
    match (certificates.next(), certificates.next()) {
        (Some(Ok(certificate)), None) => Ok(certificate),
        _ => Err(CertificateError::NoCertificate),
    }
}
