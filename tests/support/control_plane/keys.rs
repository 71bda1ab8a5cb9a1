//! Certificates and keys for one run; nothing of them is ever stored in the repository.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Result;
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose,
};

/// A certificate authority.
pub(crate) struct Authority {
    issuer: Issuer<'static, KeyPair>,
    certificate: String,
}

/// The files of a certificate and its key, in PEM.
pub(crate) struct KeyFiles {
    pub(crate) certificate: PathBuf,
    pub(crate) key: PathBuf,
}

impl Authority {
    /// A new authority with this common name.
    pub(crate) fn new(common_name: &str) -> Result<Self> {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, common_name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let key = KeyPair::generate()?;
        let certificate = params.self_signed(&key)?.pem();
        Ok(Self { issuer: Issuer::new(params, key), certificate })
    }

    /// The authority's own certificate, in PEM.
    pub(crate) fn certificate(&self) -> &str {
        &self.certificate
    }

    /// Writes `<name>.crt` and `<name>.key` for a server with these DNS names and addresses.
    pub(crate) fn server(&self, directory: &Path, name: &str, addresses: &[&str]) -> Result<KeyFiles> {
        let names: Vec<String> = addresses.iter().map(ToString::to_string).collect();
        let mut params = CertificateParams::new(names)?;
        params.distinguished_name.push(DnType::CommonName, name);
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        self.issue(&params, directory, name)
    }

    /// Writes `<name>.crt` and `<name>.key` for a Kubernetes user of this name, in this group.
    pub(crate) fn client(&self, directory: &Path, name: &str, group: &str) -> Result<KeyFiles> {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, name);
        params.distinguished_name.push(DnType::OrganizationName, group);
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        self.issue(&params, directory, name)
    }

    fn issue(&self, params: &CertificateParams, directory: &Path, name: &str) -> Result<KeyFiles> {
        let key = KeyPair::generate()?;
        let certificate = params.signed_by(&key, &self.issuer)?;
        write_pair(directory, name, &certificate.pem(), &key.serialize_pem())
    }
}

/// Writes a key pair without certificate, for signing service account tokens: the public half takes the place of the
/// certificate.
pub(crate) fn signing_key(directory: &Path, name: &str) -> Result<KeyFiles> {
    let key = KeyPair::generate()?;
    write_pair(directory, name, &key.public_key_pem(), &key.serialize_pem())
}

fn write_pair(directory: &Path, name: &str, public: &str, private: &str) -> Result<KeyFiles> {
    let files =
        KeyFiles { certificate: directory.join(format!("{name}.crt")), key: directory.join(format!("{name}.key")) };
    fs::write(&files.certificate, public)?;
    fs::write(&files.key, private)?;
    Ok(files)
}
