//! Services: a name and addresses for pods.

use std::net::IpAddr;

use crate::model::ObjectReference;
use crate::model::Protocol;
use crate::model::labels::Labels;
use crate::model::snapshot::table::Named;
use crate::model::snapshot::{Origin, Pod};

/// A Service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Service {
    /// The object.
    pub object: ObjectReference,
    /// Where it stands; `None` if it comes from no file.
    pub origin: Option<Origin>,
    /// Its labels, by which ServiceMonitors select it.
    pub labels: Labels<'static>,
    /// Its annotations.
    pub annotations: Labels<'static>,
    /// The labels of the pods behind it; empty where somebody else says who is behind it.
    pub selector: Labels<'static>,
    /// `spec.type`; `ClusterIP` where the object says nothing.
    pub service_type: String,
    /// Its addresses; none for a headless one.
    pub cluster_addresses: Vec<IpAddr>,
    /// Whether it has no address on purpose, and stands for the addresses of its pods.
    pub is_headless: bool,
    /// The name that a Service of type `ExternalName` stands for.
    pub external_name: Option<String>,
    /// `spec.ipFamilies`, such as `IPv4`; none where the API server has still to choose.
    pub ip_families: Vec<String>,
    /// `spec.ipFamilyPolicy`, such as `PreferDualStack`.
    pub ip_family_policy: Option<String>,
    /// Whether pods are behind it before they are ready (`spec.publishNotReadyAddresses`).
    pub publishes_not_ready: bool,
    /// The addresses that a load balancer has for it, or the one that it is to have.
    pub load_balancer_addresses: Vec<String>,
    /// Its ports.
    pub ports: Vec<ServicePort>,
}

/// A port of a Service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServicePort {
    /// Its name; empty for the only one.
    pub name: String,
    /// Its number.
    pub number: u16,
    /// Its protocol.
    pub protocol: Protocol,
    /// Where it leads to at the pod; the same number where the object says nothing.
    pub target: TargetPort,
    /// `appProtocol`.
    pub app_protocol: Option<String>,
}

/// The port of a pod that a port of a Service leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TargetPort {
    /// This one.
    Number(u16),
    /// The one of this name, which may be another number at every pod.
    Name(String),
}

impl Service {
    /// Its namespace.
    pub fn namespace(&self) -> &str {
        self.object.namespace.as_deref().unwrap_or_default()
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.object.name
    }

    /// Whether its selector selects this pod. A Service without one selects nothing, unlike a policy.
    pub fn selects(&self, pod: &Pod) -> bool {
        let selects = !self.selector.is_empty() && self.service_type != "ExternalName";
        selects && pod.namespace == self.namespace() && pod.labels.contains_all(self.selector.iter())
    }
}

impl Named for Service {
    fn names(&self) -> [&str; 4] {
        [self.namespace(), self.name(), "", ""]
    }
}

impl ServicePort {
    /// The number of the port at a pod; `None` if the pod has no port of that name.
    pub fn at(&self, pod: &Pod) -> Option<u16> {
        match &self.target {
            TargetPort::Number(number) => Some(*number),
            TargetPort::Name(name) => pod.port_named(name, self.protocol),
        }
    }
}
