//! What a monitor selects, and where.

use std::collections::BTreeSet;

use crate::engine::rules::Monitor;
use crate::engine::rules::cluster::{Cluster, ClusterFindings};
use crate::engine::rules::findings::Findings;
use crate::engine::rules::monitor::{each_monitor, shortened};
use crate::model::guard::Guard;
use crate::model::snapshot::Namespace;
use crate::model::{FieldPath, Resource, suggestion};

/// Every cluster has it.
const SYSTEM_NAMESPACE: &str = "kube-system";

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

/// All namespaces are known where one is given that every cluster has.
pub(super) fn missing_namespace(cluster: &Cluster<'_, '_>, findings: &mut ClusterFindings<'_>) {
    let namespaces = cluster.snapshot.namespaces();
    if !namespaces.get(SYSTEM_NAMESPACE).is_given() || cluster.may_lack(&[Resource::Namespace]) {
        return;
    }
    let known: BTreeSet<&str> = namespaces.iter().map(Namespace::name).collect();
    each_monitor(cluster, |kept, monitor| {
        let selection = monitor.selection().filter(|(namespaces, _)| !namespaces.any);
        let names = selection.into_iter().flat_map(|(namespaces, _)| &namespaces.match_names).enumerate();
        for (index, name) in names.filter(|(_, name)| !known.contains(name.as_str())) {
            let closest = suggestion::did_you_mean(name, known.iter().copied());
            findings.report(
                &kept.reference,
                FieldPath::of("spec.namespaceSelector.matchNames").index(index),
                format!("there is no namespace {:?}", shortened(name, 30)),
                format!("remove {name} or create it{closest}"),
            );
        }
    });
}
