//! How a connection arrives: with mutual TLS or without, and as whom.

use crate::engine::reach::mesh::{Membership, MeshSettings};
use crate::engine::reach::{Connection, End};
use crate::model::snapshot::Pod;
use crate::model::{Resource, Truth};

/// What the caller does about TLS by itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum ClientTls {
    /// It calls a Service and leaves TLS to the mesh.
    Mesh,
    /// It calls the pod by its address without a certificate of the mesh, as Prometheus does. A ztunnel encrypts that
    /// all the same; a sidecar passes it on as it is, unless a headless Service stands for the address.
    None,
    /// It presents certificates of the mesh itself.
    IstioCertificates,
    /// That is not known.
    #[default]
    Unknown,
}

/// Who calls, as the called proxy sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Identity<'a> {
    /// A workload of the mesh.
    Workload(&'a str),
    /// Nobody: there is no certificate.
    Nobody,
    /// Either this workload or nobody.
    Perhaps(&'a str),
    /// Anybody.
    Unknown,
}

/// A connection and what the mesh makes of it.
#[derive(Clone, Copy, Debug)]
pub struct Call<'a> {
    /// Who calls whom.
    pub connection: &'a Connection<'a>,
    /// How the caller takes part in the mesh.
    pub caller: &'a Membership,
    /// How the called takes part in the mesh.
    pub called: &'a Membership,
    /// What the caller does about TLS by itself.
    pub tls: ClientTls,
    /// The mesh.
    pub settings: &'a MeshSettings,
}

/// How a connection arrives at the proxy of the called pod.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Arrival {
    /// Whether with mutual TLS of the mesh.
    pub mutual: Truth,
    /// The identity behind the certificate, as SPIFFE writes it; `None` where it is not known.
    uri: Option<String>,
}

impl Arrival {
    /// Who calls, as the called proxy sees it.
    pub fn identity(&self) -> Identity<'_> {
        match (self.mutual, &self.uri) {
            (Truth::No, _) => Identity::Nobody,
            (Truth::Yes, Some(uri)) => Identity::Workload(uri),
            (Truth::Unknown, Some(uri)) => Identity::Perhaps(uri),
            (_, None) => Identity::Unknown,
        }
    }
}

impl Call<'_> {
    /// How it arrives. `is_disabled` says whether the called proxy is told to take no mutual TLS, which proxies that
    /// call it know.
    pub fn arrival(&self, is_disabled: Truth) -> Arrival {
        let heeds_it = self.tls != ClientTls::IstioCertificates && !self.is_ambient();
        let is_refused = if heeds_it { is_disabled } else { Truth::No };
        Arrival { mutual: self.mutual().and(!is_refused), uri: self.uri() }
    }

    /// Whether it comes to the called pod inside another, at TCP port 15008 (HBONE), which is then all that
    /// NetworkPolicies see of it.
    pub fn is_tunnelled(&self) -> Truth {
        match (self.caller, self.called) {
            (Membership::None(_), _) | (_, Membership::None(_)) | (Membership::Sidecar(_), Membership::Sidecar(_)) => {
                Truth::No
            }
            (Membership::Ambient { .. }, Membership::Ambient { .. }) => Truth::Yes,
            (Membership::Ambient { .. }, Membership::Sidecar(capture)) => capture.takes_tunnels(),
            _ => Truth::Unknown,
        }
    }

    /// Whether a pod may be calling itself, which does not leave it: what proxies make of that is not modelled.
    pub fn may_stay_inside(&self) -> bool {
        match (self.connection.from, self.connection.to) {
            (End::Pod(from), End::Pod(to)) => from.object == to.object,
            _ => false,
        }
    }

    /// Whether a pod with a sidecar calls itself by its address. The sidecar takes no part in that: what a pod sends to
    /// itself is not redirected (`tools/istio-iptables/pkg/capture/run.go`, the rule for `lo`).
    pub fn passes_its_sidecar_by(&self) -> bool {
        let is_one_pod = matches!(self.connection.to, End::Pod(pod) if pod.object.kind == Resource::Pod.kind());
        let by_address = matches!(self.tls, ClientTls::None | ClientTls::IstioCertificates);
        is_one_pod && by_address && self.may_stay_inside() && matches!(self.called, Membership::Sidecar(_))
    }

    fn is_ambient(&self) -> bool {
        matches!((self.caller, self.called), (Membership::Ambient { .. }, Membership::Ambient { .. }))
    }

    fn mutual(&self) -> Truth {
        match (self.caller, self.called, self.tls) {
            (Membership::Ambient { .. }, Membership::Ambient { .. }, _) => Truth::Yes,
            (_, _, ClientTls::Unknown) => Truth::Unknown,
            (_, _, ClientTls::IstioCertificates) => self.mutual_by_itself(),
            (Membership::None(_), _, _) | (_, Membership::None(_), _) => Truth::No,
            (Membership::Ambient { .. }, Membership::Sidecar(capture), _) => capture.takes_tunnels(),
            (Membership::Sidecar(_), Membership::Sidecar(_), ClientTls::Mesh) => self.leaves_through_sidecar(),
            (Membership::Sidecar(_), _, _) => self.leaves_through_sidecar().and(Truth::Unknown),
            _ => Truth::Unknown,
        }
    }

    /// A ztunnel takes no TLS but its own. A sidecar on the way out would wrap TLS into TLS.
    fn mutual_by_itself(&self) -> Truth {
        match (self.caller, self.called) {
            (_, Membership::Ambient { .. }) => Truth::No,
            (Membership::Sidecar(_), _) => !self.leaves_through_sidecar().and(Truth::Unknown),
            (Membership::Unknown(_) | Membership::Ambient { .. }, _) => Truth::Unknown,
            _ => Truth::Yes,
        }
    }

    fn leaves_through_sidecar(&self) -> Truth {
        let addresses = match self.connection.to {
            End::Pod(pod) => &*pod.addresses,
            End::Address(_) | End::World => &[],
        };
        match self.caller {
            _ if self.passes_its_sidecar_by() => Truth::No,
            Membership::Sidecar(capture) => capture.outbound(addresses, self.connection.port),
            _ => Truth::No,
        }
    }

    /// Behind a waypoint it is the waypoint that calls.
    fn uri(&self) -> Option<String> {
        let may_be_another = matches!(self.called, Membership::Ambient { waypoint: Truth::Yes | Truth::Unknown });
        match self.connection.from {
            End::Pod(pod) if !may_be_another => Some(uri(pod, self.settings)),
            _ => None,
        }
    }
}

fn uri(pod: &Pod, settings: &MeshSettings) -> String {
    format!("spiffe://{}/ns/{}/sa/{}", settings.trust_domain, pod.namespace, pod.service_account)
}
