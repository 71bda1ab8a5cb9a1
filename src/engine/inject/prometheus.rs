//! Prometheus and PrometheusAgent: what the operator hands on to their pods.

use crate::engine::inject::place::Place;
use crate::engine::inject::{Injection, certificates, mesh_label, selector_labels};
use crate::engine::rules::injection::MESH_CONFLICT;
use crate::engine::rules::prometheus::RESERVED_LABELS;
use crate::model::Resource;
use crate::model::guard::{Component, Guard};
use crate::model::resource::Prometheus;

/// What a Prometheus resource lacks, if it is one that the guard guards.
pub fn prometheus(prometheus: &Prometheus<'_>, resource: Resource, guard: &Guard) -> Injection {
    let Some(component) = component(prometheus, resource, guard) else { return Injection::default() };
    let mut injection = handed_on(prometheus, component, guard);
    let is_contested = injection.obstacles.iter().any(|obstacle| obstacle.rule == MESH_CONFLICT);
    if !is_contested && mesh(prometheus, component, guard) == Some((mesh_label::SIDECAR, "true")) {
        injection.concern(certificates::add(prometheus, guard));
    }
    injection
}

/// The labels that it lacks, which are handed on to its pods.
pub(super) fn handed_on(prometheus: &Prometheus<'_>, component: &Component, guard: &Guard) -> Injection {
    let mut injection = Injection::default();
    let place = Place::of_prometheus(prometheus);
    // The operator overwrites its own labels, and sets them on all pods.
    let mut wanted = selector_labels::missing(component, place.labels);
    wanted.retain(|(key, _)| !RESERVED_LABELS.contains(key));
    injection.concern(selector_labels::add(&place, component, &wanted));
    if let Some(wanted) = mesh(prometheus, component, guard) {
        injection.concern(mesh_label::add(&place, wanted, component));
    }
    injection
}

/// The label by which Istio decides, where it is certain.
fn mesh(prometheus: &Prometheus<'_>, component: &Component, guard: &Guard) -> Option<mesh_label::Wanted> {
    let host_network = prometheus.spec.as_ref().and_then(|spec| spec.host_network) == Some(true);
    mesh_label::wanted(guard, component, host_network)
}

/// Where the guard names its Prometheus, others of the namespace are none of its business.
fn component<'a>(prometheus: &Prometheus<'_>, resource: Resource, guard: &'a Guard) -> Option<&'a Component> {
    match resource {
        Resource::PrometheusAgent => guard.component("prometheus-agent"),
        Resource::Prometheus => {
            let named = guard.prometheus.as_deref();
            let is_meant = named.is_none_or(|name| prometheus.metadata.name.as_deref() == Some(name));
            guard.component("prometheus").filter(|_| is_meant)
        }
        _ => None,
    }
}
