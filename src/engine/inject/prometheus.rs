//! Prometheus and PrometheusAgent: what the operator hands on to their pods.

use crate::engine::inject::place::Place;
use crate::engine::inject::{Injection, certificates, mesh_label, selector_labels};
use crate::engine::rules::prometheus::RESERVED_LABELS;
use crate::model::Resource;
use crate::model::guard::{Component, Guard};
use crate::model::resource::Prometheus;

/// What a Prometheus resource lacks, if it is one that the guard guards.
pub fn prometheus(prometheus: &Prometheus<'_>, resource: Resource, guard: &Guard) -> Injection {
    let mut injection = Injection::default();
    let Some(component) = component(prometheus, resource, guard) else { return injection };
    let place = Place::of_prometheus(prometheus);
    // The operator overwrites its own labels, and sets them on all pods.
    let mut wanted = selector_labels::missing(component, place.labels);
    wanted.retain(|(key, _)| !RESERVED_LABELS.contains(key));
    injection.concern(selector_labels::add(&place, component, &wanted));
    let host_network = prometheus.spec.as_ref().and_then(|spec| spec.host_network) == Some(true);
    if let Some(wanted) = mesh_label::wanted(guard, component, host_network) {
        let label = mesh_label::add(&place, wanted, component);
        let in_mesh = label.is_ok() && wanted == (mesh_label::SIDECAR, "true");
        injection.concern(label);
        if in_mesh {
            injection.concern(certificates::add(prometheus, guard));
        }
    }
    injection
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
