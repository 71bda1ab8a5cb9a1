//! What companions are called.

use crate::model::guard::resolve::is_object_name;
use crate::model::guard::{Component, Guard};

/// The NetworkPolicy that closes the namespace.
pub(super) const DEFAULT_DENY: &str = "default-deny-ingress";
/// The monitor of Envoy's statistics. The label `job` of its series is made of this name.
pub(super) const ENVOY_STATS: &str = "envoy-stats";

/// The name of a component's policies: what its pods are called by the first label that selects them, as people name
/// policies; the component's own name where that cannot be a name or another component has it too.
pub(super) fn policy<'a>(guard: &'a Guard, component: &'a Component) -> &'a str {
    let label = first_label(component);
    let taken = guard.components.iter().any(|other| {
        other.name != component.name && (first_label(other) == label || Some(other.name.as_str()) == label)
    });
    label.filter(|label| !taken && is_object_name(label) && *label != DEFAULT_DENY).unwrap_or(&component.name)
}

fn first_label(component: &Component) -> Option<&str> {
    component.selector_labels.first().map(|(_, value)| value.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn policies_are_called_like_the_pods() {
        let guard = Guard::built_in();
        let name = |component: &str| policy(&guard, guard.component(component).unwrap());
        assert_eq!(name("operator"), "kube-prometheus-stack-operator");
        assert_eq!(name("kube-state-metrics"), "kube-state-metrics");
    }

    #[test]
    fn two_components_never_share_a_name() {
        let mut guard = Guard::built_in();
        let mut query = guard.component("grafana").unwrap().clone();
        query.name = "second-grafana".to_owned();
        guard.components.push(query);
        let mut names: Vec<&str> = guard.components.iter().map(|component| policy(&guard, component)).collect();
        names.sort_unstable();
        let all = names.len();
        names.dedup();
        assert_eq!(names.len(), all);
    }
}
