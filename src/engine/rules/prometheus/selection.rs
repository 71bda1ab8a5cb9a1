//! What a Prometheus picks up, and what those who write monitors can do with it.

use crate::engine::rules::findings::Findings;
use crate::model::FieldPath;
use crate::model::guard::Guard;
use crate::model::resource::Prometheus;
use crate::model::resource::prometheus::PrometheusSpec;
use crate::model::selector::LabelSelector;

type Selector<'m, 'a> = Option<&'m LabelSelector<'a>>;

/// Each selector of monitors, and the selector of their namespaces.
fn selectors<'m, 'a>(spec: &'m PrometheusSpec<'a>) -> [(&'static str, Selector<'m, 'a>, Selector<'m, 'a>); 4] {
    [
        ("serviceMonitor", spec.service_monitor_selector.as_ref(), spec.service_monitor_namespace_selector.as_ref()),
        ("podMonitor", spec.pod_monitor_selector.as_ref(), spec.pod_monitor_namespace_selector.as_ref()),
        ("probe", spec.probe_selector.as_ref(), spec.probe_namespace_selector.as_ref()),
        ("scrapeConfig", spec.scrape_config_selector.as_ref(), spec.scrape_config_namespace_selector.as_ref()),
    ]
}

/// The agent has no such mode (`unmanagedPrometheusConfiguration` is in `pkg/prometheus/server` only).
pub(super) fn selects_nothing(prometheus: &Prometheus<'_>, _: &Guard, findings: &mut Findings<'_>) {
    let is_server = prometheus.kind.as_ref().is_none_or(|kind| *kind == "Prometheus");
    let Some(spec) = prometheus.spec.as_ref().filter(|_| is_server) else { return };
    if selectors(spec).iter().all(|(_, selector, _)| selector.is_none()) {
        findings.report(
            FieldPath::of("spec"),
            "no monitor selector is set, so nothing is configured",
            "set podMonitorSelector or serviceMonitorSelector, for instance to {} for all of the namespace",
        );
    }
}

pub(super) fn selects_everything(prometheus: &Prometheus<'_>, _: &Guard, findings: &mut Findings<'_>) {
    let Some(spec) = &prometheus.spec else { return };
    let is_empty = |selector: Selector<'_, '_>| selector.is_some_and(LabelSelector::is_empty);
    for (kind, _, _) in
        selectors(spec).iter().filter(|(_, own, of_namespaces)| is_empty(*own) && is_empty(*of_namespaces))
    {
        findings.report(
            FieldPath::of("spec").key(&format!("{kind}Selector")),
            "everybody in the cluster can configure this Prometheus",
            format!("narrow {kind}Selector or {kind}NamespaceSelector to the teams that it serves"),
        );
    }
}

/// A ServiceMonitor can name any file that Prometheus can read as the token that it sends to its target.
pub(super) fn reads_files_for_tenants(prometheus: &Prometheus<'_>, _: &Guard, findings: &mut Findings<'_>) {
    let Some(spec) = &prometheus.spec else { return };
    let denied = spec.file_access.is_some_and(|access| access.deny == Some(true));
    let has_tenants = spec.service_monitor_selector.is_some() && spec.service_monitor_namespace_selector.is_some();
    if has_tenants && !denied {
        findings.report(
            FieldPath::of("spec.arbitraryFSAccessThroughSMs"),
            "ServiceMonitors of others can send files of Prometheus out",
            "set arbitraryFSAccessThroughSMs: {deny: true}, and let monitors use Secrets",
        );
    }
}

/// A proxy beside Prometheus, as a container with ports of its own, is a good reason to listen on loopback.
pub(super) fn listens_on_loopback(prometheus: &Prometheus<'_>, guard: &Guard, findings: &mut Findings<'_>) {
    let Some(spec) = prometheus.spec.as_ref().filter(|spec| spec.listen_local == Some(true)) else { return };
    let has_proxy = spec.containers.iter().any(|container| !container.ports.is_empty());
    let callers = guard.component("prometheus").is_some_and(|component| guard.connections_to(component).count() > 0);
    if callers && !has_proxy {
        findings.report(
            FieldPath::of("spec.listenLocal"),
            "listens on loopback only and declares no port",
            "set listenLocal: false, or add a container that takes requests for it",
        );
    }
}

/// What the operator sets is the same as what somebody wrote: no harm is done.
pub(super) fn reserved_labels(prometheus: &Prometheus<'_>, _: &Guard, findings: &mut Findings<'_>) {
    let Some(metadata) = prometheus.pod_metadata() else { return };
    for (key, value) in metadata.labels.iter().filter(|(key, _)| super::RESERVED_LABELS.contains(key)) {
        if !is_what_the_operator_sets(prometheus, key, value) {
            findings.report(
                FieldPath::of("spec.podMetadata.labels").key(key),
                format!("the operator overwrites {value:?}"),
                format!("remove {key}; use a label of another name"),
            );
        }
    }
}

fn is_what_the_operator_sets(prometheus: &Prometheus<'_>, key: &str, value: &str) -> bool {
    match key {
        "app.kubernetes.io/managed-by" => value == "prometheus-operator",
        "app.kubernetes.io/name" => matches!(value, "prometheus" | "prometheus-agent"),
        "operator.prometheus.io/shard" => value == "0",
        _ => prometheus.metadata.name.as_deref() == Some(value),
    }
}
