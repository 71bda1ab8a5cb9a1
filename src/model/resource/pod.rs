//! Pods and pod templates: labels, containers and their ports.

use serde::Deserialize;

use crate::model::Text;
use crate::model::labels::Labels;
use crate::model::resource::{Metadata, null_as_default};

/// What a pod is made from. A Pod has the same form as a template: metadata beside a spec.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct PodTemplate<'a> {
    /// Labels and annotations of the pods; a template may have none.
    #[serde(borrow)]
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
