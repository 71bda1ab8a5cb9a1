//! Pods and pod templates: labels, containers, their ports, mounts and users.

use serde::Deserialize;

use crate::model::Text;
use crate::model::labels::Labels;
use crate::model::resource::{Metadata, null_as_default, object};

/// What a pod is made from. A Pod has the same form as a template: metadata beside a spec.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct PodTemplate<'a> {
    /// Labels and annotations of the pods; a template may have none.
    #[serde(borrow, deserialize_with = "object")]
    pub metadata: Option<Metadata<'a>>,
    /// What runs in them.
    #[serde(borrow)]
    pub spec: PodSpec<'a>,
}

impl<'a> PodTemplate<'a> {
    /// The labels of the pods.
    pub fn labels(&self) -> &Labels<'a> {
        static NONE: Labels<'static> = Labels::none();
        self.metadata.as_ref().map_or(&NONE, |metadata| &metadata.labels)
    }

    /// The annotations of the pods.
    pub fn annotations(&self) -> &Labels<'a> {
        static NONE: Labels<'static> = Labels::none();
        self.metadata.as_ref().map_or(&NONE, |metadata| &metadata.annotations)
    }
}

/// The part of a pod's spec that decisions need.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PodSpec<'a> {
    /// Containers, without the ones that only initialise.
    #[serde(borrow, deserialize_with = "null_as_default")]
    pub containers: Vec<Container<'a>>,
    /// Whether the pod shares the network of its node.
    pub host_network: Option<bool>,
    /// As whom its containers run, unless they say otherwise.
    pub security_context: Option<SecurityContext>,
    /// Volumes.
    #[serde(borrow, deserialize_with = "null_as_default")]
    pub volumes: Vec<Named<'a>>,
    /// Containers that only initialise, and those that start before all others and stay.
    #[serde(borrow, deserialize_with = "null_as_default")]
    pub init_containers: Vec<Named<'a>>,
}

/// Something of which only the name matters.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Named<'a> {
    /// Its name.
    #[serde(borrow)]
    pub name: Text<'a>,
}

/// A container.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Container<'a> {
    /// Name of the container.
    #[serde(borrow)]
    pub name: Text<'a>,
    /// Ports that it declares.
    #[serde(borrow, default, deserialize_with = "null_as_default")]
    pub ports: Vec<ContainerPort<'a>>,
    /// Volumes that it sees.
    #[serde(borrow, default, rename = "volumeMounts", deserialize_with = "null_as_default")]
    pub volume_mounts: Vec<VolumeMount<'a>>,
    /// As whom it runs.
    #[serde(default, rename = "securityContext")]
    pub security_context: Option<SecurityContext>,
}

/// A volume as a container sees it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct VolumeMount<'a> {
    /// Name of the volume.
    #[serde(borrow)]
    pub name: Text<'a>,
    /// Directory at which the container sees it.
    #[serde(borrow)]
    pub mount_path: Text<'a>,
}

/// As whom a container runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct SecurityContext {
    /// User id.
    pub run_as_user: Option<i64>,
    /// Group id.
    pub run_as_group: Option<i64>,
}

/// A port that a container declares.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ContainerPort<'a> {
    /// Name of the port.
    #[serde(borrow, default)]
    pub name: Option<Text<'a>>,
    /// Number of the port.
    pub container_port: u16,
}
