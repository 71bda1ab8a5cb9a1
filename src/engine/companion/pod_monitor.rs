//! The PodMonitor that collects the statistics of every Envoy: sidecars, gateways and waypoints.
//!
//! It names the container port, so that no other port of any pod enters relabeling, and relabels nothing: the address
//! of a declared port is already right (with IPv6, too), and `namespace`, `pod` and `container` are set by the operator
//! (prometheus-operator `pkg/prometheus/promcfg.go`).

use serde::Serialize;

use super::manifest::{LabelSelector, Manifest, Metadata, Requirement};
use super::{Companion, Companions, membership, names};
use crate::engine::inject::certain_labels;
use crate::model::guard::Guard;
use crate::model::{Resource, Truth};

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
    metadata.labels.extend(wanted_labels(guard));
    if !is_picked_up(guard, &metadata) {
        companions.note(names::ENVOY_STATS, "no labels are certain to make Prometheus pick it up: add them yourself");
    }
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

/// The labels that the guarded Prometheus selects monitors by.
fn wanted_labels(guard: &Guard) -> impl Iterator<Item = (String, String)> {
    let selector = guard.monitors.selector(Resource::PodMonitor);
    let labels = selector.into_iter().flat_map(certain_labels);
    labels.map(|(key, value)| (key.to_owned(), value.to_owned()))
}

fn is_picked_up(guard: &Guard, metadata: &Metadata) -> bool {
    let selector = guard.monitors.selector(Resource::PodMonitor);
    let labels = metadata.labels.iter().map(|(key, value)| (key.as_str(), value.as_str()));
    selector.is_some_and(|selector| selector.matches(&labels.collect()) == Truth::Yes)
}
