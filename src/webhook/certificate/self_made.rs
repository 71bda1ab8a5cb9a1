//! Certificates that we make ourselves: a CA and one leaf, ECDSA P-256.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair,
    KeyUsagePurpose, date_time_ymd,
};

use super::CertificateError;

/// A CA and a leaf that it signed, all as PEM. The key of the CA is thrown away: nothing else can be signed by it.
#[derive(Clone)]
pub struct SelfMade {
    /// The certificate of the CA: what clients have to trust.
    pub ca: String,
    /// The serving certificate.
    pub certificate: String,
    /// The private key of the serving certificate.
    pub key: String,
}

impl SelfMade {
    /// Makes a certificate for these DNS names and IP addresses, valid for so many days from now.
    ///
    /// It is valid from the day before, for clients whose clock is behind.
    ///
    /// # Errors
    /// When a name is neither a DNS name nor an IP address.
    pub fn make(names: &[String], days: u16, now: Timestamp) -> Result<Self, CertificateError> {
        let ca = CertifiedIssuer::self_signed(ca_parameters(days, now), KeyPair::generate()?)?;
        let key = KeyPair::generate()?;
        let certificate = leaf_parameters(names, days, now)?.signed_by(&key, &ca)?;
        Ok(Self { ca: ca.pem(), certificate: certificate.pem(), key: key.serialize_pem() })
    }
}

/// The private key stays out of logs.
impl std::fmt::Debug for SelfMade {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("SelfMade").field("ca", &self.ca).finish_non_exhaustive()
    }
}

fn ca_parameters(days: u16, now: Timestamp) -> CertificateParams {
    let mut parameters = CertificateParams::default();
    set_validity(&mut parameters, days, now);
    parameters.distinguished_name.push(DnType::CommonName, "scrapeguard self-made CA");
    parameters.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    parameters.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    parameters
}

fn leaf_parameters(names: &[String], days: u16, now: Timestamp) -> Result<CertificateParams, CertificateError> {
    let mut parameters = CertificateParams::new(names)?;
    set_validity(&mut parameters, days, now);
    parameters.distinguished_name.push(DnType::CommonName, "scrapeguard");
    parameters.use_authority_key_identifier_extension = true;
    parameters.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    parameters.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    Ok(parameters)
}

fn set_validity(parameters: &mut CertificateParams, days: u16, now: Timestamp) {
    let today = now.to_zoned(TimeZone::UTC).date();
    parameters.distinguished_name = rcgen::DistinguishedName::new();
    parameters.not_before = midnight(today.saturating_sub(1.day()));
    parameters.not_after = midnight(today.saturating_add(i64::from(days).days()));
}

fn midnight(date: Date) -> time::OffsetDateTime {
    date_time_ymd(i32::from(date.year()), date.month().unsigned_abs(), date.day().unsigned_abs())
}
