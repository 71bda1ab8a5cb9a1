//! ServiceMonitor (`monitoring.coreos.com/v1`).

use serde::Deserialize;

use crate::model::Text;
use crate::model::resource::endpoint::{AttachMetadata, NamespaceSelector, ScrapedEndpoint};
use crate::model::resource::{Metadata, null_as_default, tolerant};
use crate::model::selector::LabelSelector;

/// A ServiceMonitor.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct ServiceMonitor<'a> {
    /// Name and labels.
    #[serde(borrow, default)]
    pub metadata: Metadata<'a>,
    /// What it selects and scrapes.
    #[serde(borrow, default)]
    pub spec: ServiceMonitorSpec<'a>,
}

/// What a ServiceMonitor selects and scrapes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ServiceMonitorSpec<'a> {
    /// The Services, by their own labels.
    #[serde(borrow, deserialize_with = "null_as_default")]
    pub selector: LabelSelector<'a>,
    /// The namespaces of the Services; the monitor's own if empty.
    #[serde(borrow, deserialize_with = "null_as_default")]
    pub namespace_selector: NamespaceSelector<'a>,
    /// What is scraped behind each Service.
    #[serde(borrow, deserialize_with = "null_as_default")]
    pub endpoints: Vec<ScrapedEndpoint<'a>>,
    /// How the selector is applied: by relabeling (`RelabelConfig`) unless it says `RoleSelector`.
    #[serde(borrow, deserialize_with = "tolerant")]
    pub selector_mechanism: Option<Text<'a>>,
    /// The label whose value becomes the job.
    #[serde(borrow, deserialize_with = "tolerant")]
    pub job_label: Option<Text<'a>>,
    /// Labels of Services that become labels of targets.
    #[serde(borrow, deserialize_with = "tolerant")]
    pub target_labels: Vec<Text<'a>>,
    /// Labels of pods that become labels of targets.
    #[serde(borrow, deserialize_with = "tolerant")]
    pub pod_target_labels: Vec<Text<'a>>,
    /// Which labels are attached to targets besides their own.
    #[serde(deserialize_with = "tolerant")]
    pub attach_metadata: Option<AttachMetadata>,
    /// `EndpointSlice` or `Endpoints`; as the Prometheus resource says if this is absent.
    #[serde(borrow, deserialize_with = "tolerant")]
    pub service_discovery_role: Option<Text<'a>>,
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
