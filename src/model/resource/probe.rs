//! Probe (`monitoring.coreos.com/v1`).

use serde::Deserialize;

use crate::model::Text;
use crate::model::labels::Labels;
use crate::model::relabeling::RelabelConfig;
use crate::model::resource::endpoint::NamespaceSelector;
use crate::model::resource::http_client::HttpClient;
use crate::model::resource::{Inlining, Metadata, null_as_default, tolerant};
use crate::model::selector::LabelSelector;

/// A Probe.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Probe<'a> {
    /// Name and labels.
    #[serde(borrow, default)]
    pub metadata: Metadata<'a>,
    /// Who probes what, and how Prometheus proves who it is to the prober.
    #[serde(borrow, default)]
    pub spec: Inlining<ProbeSpec<'a>, HttpClient<'a>>,
}

/// Who probes what.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ProbeSpec<'a> {
    /// The exporter that probes, and the proxy on the way to it.
    #[serde(borrow, deserialize_with = "null_as_default")]
    pub prober: Inlining<Prober<'a>, HttpClient<'a>>,
    /// What is probed.
    #[serde(borrow, deserialize_with = "null_as_default")]
    pub targets: ProbeTargets<'a>,
    /// The job of all targets.
    #[serde(borrow, deserialize_with = "tolerant")]
    pub job_name: Option<Text<'a>>,
    /// The module of the prober.
    #[serde(borrow, deserialize_with = "tolerant")]
    pub module: Option<Text<'a>>,
    /// Further parameters of the request.
    #[serde(borrow, deserialize_with = "tolerant")]
    pub params: Vec<ProbeParam<'a>>,
    /// The class of the Prometheus resource whose settings are the defaults here.
    #[serde(borrow, deserialize_with = "tolerant")]
    pub scrape_class: Option<Text<'a>>,
    /// Time between probes.
    #[serde(borrow, deserialize_with = "tolerant")]
    pub interval: Option<Text<'a>>,
    /// Time after which a probe is given up.
    #[serde(borrow, deserialize_with = "tolerant")]
    pub scrape_timeout: Option<Text<'a>>,
    /// Relabeling of the metrics that the prober answers with.
    #[serde(borrow, deserialize_with = "null_as_default")]
    pub metric_relabelings: Vec<RelabelConfig<'a>>,
}

/// The exporter that probes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Prober<'a> {
    /// Host and port, for all that the name says.
    #[serde(borrow)]
    pub url: Option<Text<'a>>,
    /// `http` or `https`, in upper or lower case.
    #[serde(borrow, deserialize_with = "tolerant")]
    pub scheme: Option<Text<'a>>,
    /// The path of the request; `/probe` if absent.
    #[serde(borrow, deserialize_with = "tolerant")]
    pub path: Option<Text<'a>>,
}

/// A parameter of the request to the prober.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct ProbeParam<'a> {
    /// Its name.
    #[serde(borrow)]
    pub name: Text<'a>,
    /// Its values.
    #[serde(borrow, deserialize_with = "null_as_default")]
    pub values: Vec<Text<'a>>,
}

/// What is probed: one of the two.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ProbeTargets<'a> {
    /// A list.
    #[serde(borrow)]
    pub static_config: Option<ProbeTargetGroup<'a>>,
    /// The hosts of Ingresses.
    #[serde(borrow)]
    pub ingress: Option<ProbeTargetGroup<'a>>,
}

/// What static targets and Ingresses have in common.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ProbeTargetGroup<'a> {
    /// The listed targets.
    #[serde(borrow, rename = "static", deserialize_with = "tolerant")]
    pub targets: Vec<Text<'a>>,
    /// Labels of the listed targets.
    #[serde(borrow)]
    pub labels: Labels<'a>,
    /// The Ingresses.
    #[serde(borrow, deserialize_with = "null_as_default")]
    pub selector: LabelSelector<'a>,
    /// The namespaces of the Ingresses.
    #[serde(borrow, deserialize_with = "null_as_default")]
    pub namespace_selector: NamespaceSelector<'a>,
    /// Relabeling of targets before they are probed.
    #[serde(borrow, deserialize_with = "null_as_default")]
    pub relabeling_configs: Vec<RelabelConfig<'a>>,
}
