//! Prometheus and PrometheusAgent (`monitoring.coreos.com/v1` and `v1alpha1`): what injection and rules read of them.

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::model::Text;
use crate::model::labels::Labels;
use crate::model::resource::pod::{Container, Named, SecurityContext, VolumeMount};
use crate::model::resource::{Metadata, null_as_default, object};
use crate::model::selector::LabelSelector;

/// A Prometheus or PrometheusAgent.
#[derive(Clone, Debug, Deserialize)]
pub struct Prometheus<'a> {
    /// `Prometheus` or `PrometheusAgent`; the API server always says which.
    #[serde(borrow, default)]
    pub kind: Option<Text<'a>>,
    /// Name and labels.
    #[serde(borrow, default)]
    pub metadata: Metadata<'a>,
    /// What it runs and selects.
    #[serde(borrow, default, deserialize_with = "object")]
    pub spec: Option<PrometheusSpec<'a>>,
}

/// What a Prometheus runs and selects.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PrometheusSpec<'a> {
    /// Labels and annotations that the operator puts on the pods.
    #[serde(borrow, deserialize_with = "object")]
    pub pod_metadata: Option<PodMetadata<'a>>,
    /// Further volumes of the pods.
    #[serde(borrow)]
    pub volumes: Option<Vec<Named<'a>>>,
    /// Further mounts of the container `prometheus`.
    #[serde(borrow)]
    pub volume_mounts: Option<Vec<VolumeMount<'a>>>,
    /// Further containers, and changes to those of the operator by name.
    #[serde(borrow, deserialize_with = "null_as_default")]
    pub containers: Vec<Container<'a>>,
    /// Which ServiceMonitors it picks up: none where this is absent, all where it is empty.
    #[serde(borrow)]
    pub service_monitor_selector: Option<LabelSelector<'a>>,
    /// In which namespaces: its own where this is absent, all where it is empty.
    #[serde(borrow)]
    pub service_monitor_namespace_selector: Option<LabelSelector<'a>>,
    /// Which PodMonitors it picks up.
    #[serde(borrow)]
    pub pod_monitor_selector: Option<LabelSelector<'a>>,
    /// In which namespaces.
    #[serde(borrow)]
    pub pod_monitor_namespace_selector: Option<LabelSelector<'a>>,
    /// Which Probes it picks up.
    #[serde(borrow)]
    pub probe_selector: Option<LabelSelector<'a>>,
    /// In which namespaces.
    #[serde(borrow)]
    pub probe_namespace_selector: Option<LabelSelector<'a>>,
    /// Which ScrapeConfigs it picks up.
    #[serde(borrow)]
    pub scrape_config_selector: Option<LabelSelector<'a>>,
    /// In which namespaces.
    #[serde(borrow)]
    pub scrape_config_namespace_selector: Option<LabelSelector<'a>>,
    /// Whether it listens on loopback only.
    pub listen_local: Option<bool>,
    /// Whether its pods share the network of their node.
    pub host_network: Option<bool>,
    /// As whom its containers run.
    pub security_context: Option<SecurityContext>,
    /// Whether ServiceMonitors may name files of the pod.
    #[serde(rename = "arbitraryFSAccessThroughSMs")]
    pub file_access: Option<FileAccess>,
}

/// Labels and annotations that the operator puts on pods.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct PodMetadata<'a> {
    /// Labels.
    #[serde(borrow)]
    pub labels: Labels<'a>,
    /// Annotations.
    #[serde(borrow)]
    pub annotations: Labels<'a>,
}

/// Whether ServiceMonitors may name files of the pod.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct FileAccess {
    /// They may not.
    pub deny: Option<bool>,
}

#[derive(Deserialize)]
struct TextObject<'a> {
    #[serde(borrow)]
    spec: &'a RawValue,
}

impl<'a> Prometheus<'a> {
    /// Labels and annotations that the operator puts on the pods.
    pub fn pod_metadata(&self) -> Option<&PodMetadata<'a>> {
        self.spec.as_ref()?.pod_metadata.as_ref()
    }

    /// The text of the spec. Equal texts are equal specs: the API server writes old and new object in the same way.
    pub fn spec_text(json: &'a str) -> Option<&'a str> {
        Some(serde_json::from_str::<TextObject<'a>>(json).ok()?.spec.get())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_absent_selector_is_not_an_empty_one() {
        let json = r#"{"spec": {"podMonitorSelector": {}, "probeSelector": null, "volumes": [{"name": "v", "emptyDir": {}}],
            "arbitraryFSAccessThroughSMs": {"deny": true}}}"#;
        let spec = serde_json::from_str::<Prometheus<'_>>(json).unwrap().spec.unwrap();
        assert_eq!(spec.pod_monitor_selector, Some(LabelSelector::default()));
        assert_eq!(spec.probe_selector, None);
        assert_eq!(spec.file_access, Some(FileAccess { deny: Some(true) }));
    }

    #[test]
    fn a_list_is_not_taken_for_an_object() {
        for json in [r#"{"spec": []}"#, r#"{"spec": {"podMetadata": [{"a": "b"}]}}"#] {
            assert!(serde_json::from_str::<Prometheus<'_>>(json).is_err(), "{json}");
        }
    }
}
