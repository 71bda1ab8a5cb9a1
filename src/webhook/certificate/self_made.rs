//! Certificates that we make ourselves: a CA and one leaf, ECDSA P-256.

use jiff::Timestamp;
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa,
    KeyPair, KeyUsagePurpose,
};
use time::OffsetDateTime;

use super::{CertificateError, Validity};

const DAY: i64 = 24 * 60 * 60;
/// The last second that an X.509 certificate can name: the end of the year 9999.
const LAST: i64 = 253_402_300_799;

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
        let validity = whole_days(days, now);
        let parameters = authority_parameters("scrapeguard self-made CA", validity);
        let ca = CertifiedIssuer::self_signed(parameters, KeyPair::generate()?)?;
        let key = KeyPair::generate()?;
        let certificate = leaf_parameters(names, validity)?.signed_by(&key, &ca)?;
        Ok(Self { ca: ca.pem(), certificate: certificate.pem(), key: key.serialize_pem() })
    }
}

/// The private key stays out of logs.
impl std::fmt::Debug for SelfMade {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("SelfMade").field("ca", &self.ca).finish_non_exhaustive()
    }
}

/// What is in the certificate of an authority of this name, which signs leafs and nothing else.
pub fn authority_parameters(name: &str, validity: Validity) -> CertificateParams {
    let mut parameters = CertificateParams::default();
    set_subject(&mut parameters, name, validity);
    parameters.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    parameters.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    parameters
}

/// What is in a serving certificate for these DNS names and IP addresses.
///
/// # Errors
/// When a name is neither a DNS name nor an IP address.
pub fn leaf_parameters(names: &[String], validity: Validity) -> Result<CertificateParams, CertificateError> {
    let mut parameters = CertificateParams::new(names)?;
    set_subject(&mut parameters, "scrapeguard", validity);
    parameters.use_authority_key_identifier_extension = true;
    parameters.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    parameters.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    Ok(parameters)
}

fn set_subject(parameters: &mut CertificateParams, name: &str, validity: Validity) {
    parameters.distinguished_name = DistinguishedName::new();
    parameters.distinguished_name.push(DnType::CommonName, name);
    parameters.not_before = date(validity.from);
    parameters.not_after = date(validity.until);
}

fn date(second: i64) -> OffsetDateTime {
    // What is within the bounds can be represented.
    OffsetDateTime::from_unix_timestamp(second.clamp(0, LAST)).unwrap_or(OffsetDateTime::UNIX_EPOCH)
}

/// From the midnight before the last one to that after so many days.
fn whole_days(days: u16, now: Timestamp) -> Validity {
    let midnight = now.as_second().div_euclid(DAY) * DAY;
    Validity { from: midnight - DAY, until: midnight + i64::from(days) * DAY }
}
