//! PodMonitor (`monitoring.coreos.com/v1`).

use serde::Deserialize;

use crate::model::Text;
use crate::model::resource::endpoint::{AttachMetadata, NamespaceSelector, ScrapedEndpoint};
use crate::model::resource::{Metadata, null_as_default, tolerant};
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
    pub pod_metrics_endpoints: Vec<ScrapedEndpoint<'a>>,
    /// How the selector is applied: by relabeling (`RelabelConfig`) unless it says `RoleSelector`.
    #[serde(borrow, deserialize_with = "tolerant")]
    pub selector_mechanism: Option<Text<'a>>,
    /// The label whose value becomes the job.
    #[serde(borrow, deserialize_with = "tolerant")]
    pub job_label: Option<Text<'a>>,
    /// Labels of pods that become labels of targets.
    #[serde(borrow, deserialize_with = "tolerant")]
    pub pod_target_labels: Vec<Text<'a>>,
    /// Which labels are attached to targets besides their own.
    #[serde(deserialize_with = "tolerant")]
    pub attach_metadata: Option<AttachMetadata>,
    /// The class of the Prometheus resource whose settings are the defaults here.
    #[serde(borrow, deserialize_with = "tolerant")]
    pub scrape_class: Option<Text<'a>>,
    /// Most samples of one scrape.
    #[serde(deserialize_with = "tolerant")]
    pub sample_limit: Option<u64>,
    /// Most labels of one sample.
    #[serde(deserialize_with = "tolerant")]
    pub label_limit: Option<u64>,
}
