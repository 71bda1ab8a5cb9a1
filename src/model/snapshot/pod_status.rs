//! What only service discovery asks about a pod, kept apart from the pod itself so that pods stay small.

use std::net::IpAddr;
use std::sync::Arc;

use crate::model::resource::OwnerReference;
use crate::model::snapshot::{RunningId, Uid};

/// What Prometheus tells of a pod besides what policies look at.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PodStatus {
    /// `metadata.uid`; empty for a template.
    pub uid: Uid,
    /// The node that it is on; empty while it is on none.
    pub node_name: Arc<str>,
    /// The address of that node.
    pub host_address: Option<IpAddr>,
    /// Its condition `Ready`; `None` where nothing is said.
    pub ready: Option<Readiness>,
    /// Whether it is being deleted.
    pub is_terminating: bool,
    /// Host name and subdomain, where it has a host name of its own.
    pub host_name: Option<Box<HostName>>,
    /// Who manages it.
    pub controller: Option<Arc<Controller>>,
    /// Of every container of the pod, in the same order.
    pub containers: Box<[ContainerStatus]>,
}

/// The status of the condition `Ready`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Readiness {
    /// `True`.
    Ready,
    /// `False`.
    NotReady,
    /// `Unknown`, as a node that is out of reach leaves it.
    Unknown,
}

/// The name that a pod has in the DNS, where its spec gives one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostName {
    /// `spec.hostname`.
    pub host: Box<str>,
    /// `spec.subdomain`.
    pub subdomain: Box<str>,
}

/// Who manages an object, in the same namespace.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Controller {
    /// Its kind.
    pub kind: Box<str>,
    /// Its name.
    pub name: Box<str>,
}

/// What there is to tell of a container.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ContainerStatus {
    /// The image, as the spec names it.
    pub image: Arc<str>,
    /// The container that runs, such as `containerd://4f5c...`; empty where none does.
    pub id: RunningId,
}

impl Readiness {
    /// As a condition's status writes it.
    pub fn parse(status: &str) -> Self {
        match status {
            "True" => Self::Ready,
            "False" => Self::NotReady,
            _ => Self::Unknown,
        }
    }

    /// In lower case, as meta labels have it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ready => "true",
            Self::NotReady => "false",
            Self::Unknown => "unknown",
        }
    }
}

impl From<&OwnerReference<'_>> for Controller {
    fn from(owner: &OwnerReference<'_>) -> Self {
        Self { kind: owner.kind.as_str().into(), name: owner.name.as_str().into() }
    }
}
