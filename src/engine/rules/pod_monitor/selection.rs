//! What a monitor selects, and where.

use crate::engine::rules::Monitor;
use crate::engine::rules::findings::Findings;
use crate::engine::rules::monitor::shortened;
use crate::model::FieldPath;
use crate::model::guard::Guard;

pub(super) fn whole_cluster(monitor: &Monitor<'_, '_>, _: &Guard, findings: &mut Findings<'_>) {
    if monitor.selection().is_some_and(|(namespaces, selector)| namespaces.any && selector.is_empty()) {
        findings.report(
            FieldPath::of("spec.selector"),
            format!("selects every {} of the cluster", monitor.selected()),
            "narrow spec.selector or spec.namespaceSelector, or exempt this monitor in the guard with a reason",
        );
    }
}

pub(super) fn names_beside_any(monitor: &Monitor<'_, '_>, _: &Guard, findings: &mut Findings<'_>) {
    let ingresses = match monitor {
        Monitor::Probe(probe) => probe.spec.targets.ingress.as_ref(),
        _ => None,
    };
    let ingresses = ingresses.map(|targets| ("spec.targets.ingress.namespaceSelector", &targets.namespace_selector));
    let selection = monitor.selection().map(|(namespaces, _)| ("spec.namespaceSelector", namespaces));
    for (path, namespaces) in selection.into_iter().chain(ingresses) {
        if namespaces.any && !namespaces.match_names.is_empty() {
            findings.report(
                FieldPath::of(path).key("matchNames"),
                "any: true selects all namespaces, not only these",
                "remove any if these namespaces are meant, otherwise remove matchNames",
            );
        }
    }
}

/// The root namespace of the mesh belongs to whoever runs the cluster.
pub(super) fn reaches_out(monitor: &Monitor<'_, '_>, guard: &Guard, findings: &mut Findings<'_>) {
    let Some(namespace) = findings.object().namespace.clone() else { return };
    let trusted = namespace == guard.namespace || namespace == guard.mesh.root_namespace;
    if !trusted && monitor.selection().is_some_and(|(namespaces, _)| namespaces.any) {
        findings.report(
            FieldPath::of("spec.namespaceSelector.any"),
            format!("selects every namespace from outside {}", shortened(&guard.namespace, 20)),
            "remove namespaceSelector, or set ignoreNamespaceSelectors: true on the Prometheus resource",
        );
    }
}
