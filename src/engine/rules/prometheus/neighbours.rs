//! What a Prometheus resource says, held against the monitors and policies around it.

use super::given::{Given, given};
use crate::engine::rules::cluster::{Cluster, ClusterFindings};
use crate::engine::rules::monitor::shortened;
use crate::engine::rules::prometheus::pods::Pods;
use crate::model::resource::AuthorizationPolicy;
use crate::model::sidecar::INCLUDE_INBOUND_PORTS;
use crate::model::{FieldPath, Resource, Truth};

/// Says of an AuthorizationPolicy that it is only tried.
const DRY_RUN: &str = "istio.io/dry-run";

/// Several Prometheus resources may share the work: one that picks up a kind is enough.
pub(super) fn kind_is_passed_over(cluster: &Cluster<'_, '_>, findings: &mut ClusterFindings<'_>) {
    if cluster.may_lack(&[Resource::Prometheus, Resource::PrometheusAgent]) {
        return;
    }
    let all = given(cluster);
    for kind in [Resource::ServiceMonitor, Resource::PodMonitor, Resource::Probe, Resource::ScrapeConfig] {
        let Some(monitor) = cluster.snapshot.objects(kind).next() else { continue };
        if all.iter().any(|prometheus| picks_up(prometheus, kind)) {
            continue;
        }
        for prometheus in all.iter().filter(|prometheus| !is_unmanaged(prometheus)) {
            let field = selector_field(kind);
            let fix = format!(
                "set {field} to labels of {}, or to {{}} for all",
                shortened(&format!("{}/{}", monitor.namespace(), monitor.reference.name), 100)
            );
            let message = format!("no {} is picked up, though there are some", kind.kind());
            findings.report(&prometheus.kept.reference, FieldPath::of("spec").key(field), message, fix);
        }
    }
}

const fn selector_field(kind: Resource) -> &'static str {
    match kind {
        Resource::ServiceMonitor => "serviceMonitorSelector",
        Resource::PodMonitor => "podMonitorSelector",
        Resource::Probe => "probeSelector",
        _ => "scrapeConfigSelector",
    }
}

fn picks_up(prometheus: &Given<'_>, kind: Resource) -> bool {
    let Some(spec) = &prometheus.resource.spec else { return false };
    let selector = match kind {
        Resource::ServiceMonitor => &spec.service_monitor_selector,
        Resource::PodMonitor => &spec.pod_monitor_selector,
        Resource::Probe => &spec.probe_selector,
        _ => &spec.scrape_config_selector,
    };
    selector.is_some()
}

/// Whether it has no selector at all, which another rule speaks of.
fn is_unmanaged(prometheus: &Given<'_>) -> bool {
    let kinds = [Resource::ServiceMonitor, Resource::PodMonitor, Resource::Probe, Resource::ScrapeConfig];
    let is_server = prometheus.kept.reference.kind == Resource::Prometheus.kind();
    is_server && !kinds.into_iter().any(|kind| picks_up(prometheus, kind))
}

/// A policy for a whole namespace may well mean others; one that selects Prometheus means it.
pub(super) fn policy_is_not_enforced(cluster: &Cluster<'_, '_>, findings: &mut ClusterFindings<'_>) {
    for prometheus in given(cluster) {
        let Some(pods) = Pods::of_prometheus(&prometheus.resource).filter(|pods| !pods.stay_out()) else { continue };
        if pods.annotations.get(INCLUDE_INBOUND_PORTS) != Some("") {
            continue;
        }
        let policies = cluster.read::<AuthorizationPolicy<'_>>(Resource::AuthorizationPolicy);
        let mut policies = policies.filter(|(kept, policy)| {
            let selector = policy.spec.selector.as_ref().filter(|selector| !selector.is_empty());
            kept.namespace() == prometheus.namespace()
                && policy.metadata.annotations.get(DRY_RUN) != Some("true")
                && selector.is_some_and(|selector| prometheus.is_selected_by(selector) == Truth::Yes)
        });
        if let Some((policy, _)) = policies.next() {
            let name = shortened(&policy.reference.name, 20);
            findings.report(
                &prometheus.kept.reference,
                pods.annotation(INCLUDE_INBOUND_PORTS),
                format!("nothing is captured, so {name} is not enforced"),
                format!("remove {INCLUDE_INBOUND_PORTS}, so that the sidecar sees who calls; a NetworkPolicy holds in either case"),
            );
        }
    }
}
