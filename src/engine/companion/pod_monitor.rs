//! The PodMonitor that collects the statistics of every Envoy: sidecars, gateways and waypoints.
//!
//! It names the container port, so that no other port of any pod enters relabeling, and relabels nothing: the address
//! of a declared port is already right (with IPv6, too), and `namespace`, `pod` and `container` are set by the operator
//! (prometheus-operator `pkg/prometheus/promcfg.go`).

use serde::Serialize;

use super::manifest::{LabelSelector, Manifest, Metadata, Requirement};
use super::{Companion, Companions, membership, names};
use crate::model::guard::Guard;

/// The name that Istio gives the port of Envoy's statistics (istio.io/istio `injection-template.yaml`).
const ENVOY_PORT: &str = "http-envoy-prom";
/// Pods with this label do not want to be scraped (istio.io/istio `samples/addons/extras/prometheus-operator.yaml`).
const OPT_OUT: &str = "istio-prometheus-ignore";
/// A bound for proxies whose series multiply without end, far above what one has in good health.
const SAMPLE_LIMIT: u32 = 100_000;

/// What a PodMonitor selects and scrapes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PodMonitorSpec {
    /// The namespaces of the pods.
    pub namespace_selector: NamespaceSelector,
    /// The pods.
    pub selector: LabelSelector,
    /// What is scraped from each of them.
    pub pod_metrics_endpoints: [PodMetricsEndpoint; 1],
    /// How many samples one scrape may bring at most.
    pub sample_limit: u32,
}

/// Which namespaces are looked through.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NamespaceSelector {
    /// All of them: sidecars are everywhere.
    pub any: bool,
}

/// One element of `podMetricsEndpoints`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PodMetricsEndpoint {
    /// Name of the container port.
    pub port: &'static str,
    /// Path of the metrics.
    pub path: &'static str,
}

/// Adds the monitor if there is a mesh and the guard wants its statistics.
pub(super) fn add(guard: &Guard, companions: &mut Companions) {
    if !guard.mesh.envoy_stats || !membership::is_present(guard) {
        return;
    }
    let mut metadata = Metadata::of(guard, names::ENVOY_STATS.to_owned());
    // The chart makes its Prometheus select monitors by this label.
    metadata.labels.insert("release".to_owned(), guard.release.clone());
    companions.objects.push(Companion::PodMonitor(Manifest {
        api_version: "monitoring.coreos.com/v1",
        kind: "PodMonitor",
        metadata,
        spec: PodMonitorSpec {
            namespace_selector: NamespaceSelector { any: true },
            selector: LabelSelector {
                match_expressions: vec![Requirement { key: OPT_OUT, operator: "DoesNotExist" }],
                ..LabelSelector::default()
            },
            pod_metrics_endpoints: [PodMetricsEndpoint { port: ENVOY_PORT, path: "/stats/prometheus" }],
            sample_limit: SAMPLE_LIMIT,
        },
    }));
}
