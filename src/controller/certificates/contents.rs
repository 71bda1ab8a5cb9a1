//! What the Secret holds: the authority that signs, the one that will, those that did, and the leaf that is served.

use std::collections::BTreeMap;

use k8s_openapi::ByteString;

use super::authority::{Aging, Authority, Leaf, Trusted};
use crate::webhook::certificate::CertificateError;

/// The leaf, as in a Secret of type `kubernetes.io/tls`.
const LEAF: Pair = Pair { certificate: "tls.crt", key: "tls.key" };
const AUTHORITY: Pair = Pair { certificate: "authority.crt", key: "authority.key" };
const NEXT: Pair = Pair { certificate: "next-authority.crt", key: "next-authority.key" };
const RETIRED: &str = "retired-authorities.crt";
/// More retired authorities than ever come together by themselves. It bounds what somebody causes who deletes the
/// Secret again and again.
const MOST_RETIRED: usize = 5;
/// What ends a certificate in PEM.
const END: &str = "-----END CERTIFICATE-----";

/// The fields of a Secret.
pub type Data = BTreeMap<String, ByteString>;

/// What the Secret holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contents {
    /// The authority of the leaf.
    pub authority: Authority,
    /// The authority of leafs to come. Callers are told to trust it before the first of them is served.
    pub next: Option<Authority>,
    /// Authorities that no longer sign, but whose leafs some replica may still serve. The newest is the last.
    pub retired: Vec<Trusted>,
    /// What is served.
    pub leaf: Leaf,
}

/// Why a Secret cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum Damage {
    /// There are no fields at all.
    #[error("it is empty")]
    Empty,
    /// A field is not there, or is not text.
    #[error("{0} is missing or no text")]
    Field(&'static str),
    /// A field cannot be used.
    #[error("{field} cannot be used")]
    Unusable {
        /// The field.
        field: &'static str,
        /// Why.
        source: CertificateError,
    },
}

struct Pair {
    certificate: &'static str,
    key: &'static str,
}

impl Contents {
    /// Reads the fields of a Secret.
    ///
    /// # Errors
    /// When anything is missing or unusable. Whether it has expired is not asked here.
    pub fn read(data: &Data) -> Result<Self, Damage> {
        let next = data.contains_key(NEXT.certificate).then(|| NEXT.read(data, Authority::from_pem)).transpose()?;
        let retired = if data.contains_key(RETIRED) { text(data, RETIRED)? } else { "" };
        Ok(Self {
            authority: AUTHORITY.read(data, Authority::from_pem)?,
            next,
            retired: certificates(retired).map_err(|source| Damage::Unusable { field: RETIRED, source })?,
            leaf: LEAF.read(data, Leaf::from_pem)?,
        })
    }

    /// The fields of a Secret.
    pub fn write(&self) -> Data {
        let mut data = Data::new();
        LEAF.write(&mut data, self.leaf.chain(), self.leaf.key());
        AUTHORITY.write(&mut data, self.authority.certificate().pem(), self.authority.key());
        if let Some(next) = &self.next {
            NEXT.write(&mut data, next.certificate().pem(), next.key());
        }
        let retired: String = self.retired.iter().map(Trusted::pem).collect();
        data.insert(RETIRED.to_owned(), bytes(&retired));
        data
    }

    /// All authorities that callers are to trust.
    pub fn trusted(&self) -> impl Iterator<Item = &Trusted> {
        let signing = [Some(&self.authority), self.next.as_ref()].into_iter().flatten().map(Authority::certificate);
        signing.chain(&self.retired)
    }

    /// The same as PEM: what belongs into every `caBundle`. It depends on nothing else, not even on the time, so that
    /// replicas whose clocks differ agree about it.
    pub fn bundle(&self) -> String {
        self.trusted().map(Trusted::pem).collect()
    }

    /// When the last of what is trusted now and signs expires, in seconds since the epoch.
    pub fn authority_expires(&self) -> i64 {
        self.authority.validity().until
    }

    /// Keeps this authority trusted, although it does not sign.
    pub fn retire(&mut self, authority: Trusted) {
        if self.trusted().any(|trusted| *trusted == authority) {
            return;
        }
        self.retired.push(authority);
        let surplus = self.retired.len().saturating_sub(MOST_RETIRED);
        self.retired.drain(..surplus);
    }
}

impl Pair {
    fn read<T>(&self, data: &Data, parse: fn(&str, &str) -> Result<T, CertificateError>) -> Result<T, Damage> {
        let parsed = parse(text(data, self.certificate)?, text(data, self.key)?);
        parsed.map_err(|source| Damage::Unusable { field: self.certificate, source })
    }

    fn write(&self, data: &mut Data, certificate: &str, key: &str) {
        data.insert(self.certificate.to_owned(), bytes(certificate));
        data.insert(self.key.to_owned(), bytes(key));
    }
}

fn text<'a>(data: &'a Data, field: &'static str) -> Result<&'a str, Damage> {
    let bytes = data.get(field).ok_or(Damage::Field(field))?;
    str::from_utf8(&bytes.0).map_err(|_| Damage::Field(field))
}

fn bytes(text: &str) -> ByteString {
    ByteString(text.as_bytes().to_owned())
}

fn certificates(pem: &str) -> Result<Vec<Trusted>, CertificateError> {
    let each = pem.split_inclusive(END).filter(|text| !text.trim().is_empty());
    each.map(Trusted::from_pem).collect()
}
