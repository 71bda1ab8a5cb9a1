//! Pods as the cluster sees them, whether they exist or would be made from a template.

use std::net::IpAddr;
use std::ops::Deref;
use std::sync::Arc;

use crate::model::ObjectReference;
use crate::model::Protocol;
use crate::model::labels::Labels;

/// A pod, or what a pod made from a template would be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pod {
    /// The object: the pod itself, or the workload whose template stands for its pods.
    pub object: Arc<ObjectReference>,
    /// What it has in common with all pods of its template.
    pub template: Arc<PodTemplate>,
    /// Its addresses; none while it has not been scheduled, and for a template.
    pub addresses: Box<[IpAddr]>,
    /// `status.phase`; `None` for a template.
    pub phase: Option<Arc<str>>,
}

/// What pods of one template are alike in. Hundreds of them share one value, so it is never changed in its place.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct PodTemplate {
    /// Its namespace.
    pub namespace: String,
    /// Its labels.
    pub labels: Labels<'static>,
    /// Its annotations.
    pub annotations: Labels<'static>,
    /// Its service account; `default` where the object names none.
    pub service_account: String,
    /// Whether it shares the network of its node.
    pub host_network: bool,
    /// All its containers, in the order in which Kubernetes starts them: those that initialise first.
    pub containers: Arc<[Container]>,
}

/// A container of a pod.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Container {
    /// Its name.
    pub name: String,
    /// When it runs.
    pub role: ContainerRole,
    /// The ports that it declares.
    pub ports: Vec<ContainerPort>,
}

/// When a container runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ContainerRole {
    /// Together with the pod.
    Regular,
    /// Before the pod, and ends.
    Init,
    /// From before the pod until after it: an init container with `restartPolicy: Always` (KEP-753).
    Sidecar,
}

/// A port that a container declares.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ContainerPort {
    /// Its name, if it has one.
    pub name: Option<String>,
    /// Its number.
    pub number: u16,
    /// Its protocol.
    pub protocol: Protocol,
}

/// Whatever a pod has of its template is its own as well.
impl Deref for Pod {
    type Target = PodTemplate;

    fn deref(&self) -> &PodTemplate {
        &self.template
    }
}

impl Pod {
    /// What it has of its template, to be changed for this pod alone.
    pub fn template_mut(&mut self) -> &mut PodTemplate {
        Arc::make_mut(&mut self.template)
    }

    /// The number of the port of this name, as its containers declare it. The first one counts, those of sidecars after
    /// all others, as in `k8s.io/kubernetes/pkg/api/v1/pod.FindPort`.
    pub fn port_named(&self, name: &str, protocol: Protocol) -> Option<u16> {
        let of = |role: ContainerRole| self.containers.iter().filter(move |container| container.role == role);
        let containers = of(ContainerRole::Regular).chain(of(ContainerRole::Sidecar));
        let mut named = containers
            .flat_map(|container| &container.ports)
            .filter(|port| port.name.as_deref() == Some(name) && port.protocol == protocol);
        named.next().map(|port| port.number)
    }

    /// The numbers of all ports of a protocol that its containers declare.
    pub fn declared_ports(&self, protocol: Protocol) -> impl Iterator<Item = u16> {
        let ports = self.containers.iter().flat_map(|container| &container.ports);
        ports.filter(move |port| port.protocol == protocol).map(|port| port.number)
    }

    /// How people name it in questions: namespace and name, without the kind.
    pub fn full_name(&self) -> String {
        [self.namespace.as_str(), "/", &self.object.name].concat()
    }

    /// Whether it has ended, so that no traffic can reach it.
    pub fn has_ended(&self) -> bool {
        matches!(self.phase.as_deref(), Some("Succeeded" | "Failed"))
    }
}
