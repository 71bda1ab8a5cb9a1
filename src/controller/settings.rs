//! Who and where this replica is, and what it manages by itself.

use std::time::Duration;

/// The settings of a controller.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// The namespace that we run in: of our Service, Secret and Leases.
    pub namespace: String,
    /// The name of our Service, by which the API server calls us; also that of both webhook configurations.
    pub service: String,
    /// The name of this replica, unlike that of any other: the pod's name.
    pub identity: String,
    /// The port of our Service.
    pub service_port: u16,
    /// Where guards come from: from ScrapeGuard objects, or from a file.
    pub guards: Management,
    /// Who makes the serving certificate.
    pub certificates: Management,
    /// Who makes the webhook configurations.
    pub registration: Management,
    /// For how long a leaf that we make is valid. It is renewed after two thirds of this time.
    pub certificate_lifetime: Duration,
    /// How long a watch may be broken before nothing is decided with what it told.
    pub staleness: Duration,
}

/// Who makes something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Management {
    /// We do, with what the cluster tells us.
    Own,
    /// Somebody else does: files, cert-manager, manifests.
    Given,
}

impl Settings {
    /// The name that the API server asks for in TLS, and verifies: `<service>.<namespace>.svc`.
    pub fn service_host(&self) -> String {
        format!("{}.{}.svc", self.service, self.namespace)
    }
}
