//! PodMonitor (`monitoring.coreos.com/v1`).

use serde::Deserialize;

use crate::model::Text;
use crate::model::relabeling::RelabelConfig;
use crate::model::resource::{Metadata, null_as_default};
use crate::model::selector::LabelSelector;

/// A PodMonitor.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct PodMonitor<'a> {
    /// Name and labels.
    #[serde(borrow, default)]
    pub metadata: Metadata<'a>,
    /// What it selects and scrapes.
    #[serde(borrow, default)]
    pub spec: PodMonitorSpec<'a>,
}

/// What a PodMonitor selects and scrapes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PodMonitorSpec<'a> {
    /// The pods.
    #[serde(borrow, deserialize_with = "null_as_default")]
    pub selector: LabelSelector<'a>,
    /// The namespaces of the pods; the monitor's own if empty.
    #[serde(borrow, deserialize_with = "null_as_default")]
    pub namespace_selector: NamespaceSelector<'a>,
    /// What is scraped of each pod.
    #[serde(borrow, deserialize_with = "null_as_default")]
    pub pod_metrics_endpoints: Vec<PodMetricsEndpoint<'a>>,
}

/// The namespaces in which a monitor looks.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct NamespaceSelector<'a> {
    /// All namespaces.
    #[serde(deserialize_with = "null_as_default")]
    pub any: bool,
    /// These namespaces.
    #[serde(borrow, deserialize_with = "null_as_default")]
    pub match_names: Vec<Text<'a>>,
}

/// One endpoint of the selected pods.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PodMetricsEndpoint<'a> {
    /// Name of the container port.
    #[serde(borrow)]
    pub port: Option<Text<'a>>,
    /// Number of the container port.
    pub port_number: Option<u16>,
    /// Name or number of the container port, in the deprecated way.
    #[serde(borrow)]
    pub target_port: Option<crate::model::resource::network_policy::PortReference<'a>>,
    /// Relabeling of targets before they are scraped.
    #[serde(borrow, deserialize_with = "null_as_default")]
    pub relabelings: Vec<RelabelConfig<'a>>,
}
