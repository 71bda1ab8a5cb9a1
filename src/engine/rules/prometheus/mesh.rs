//! What pods say to Istio.

use crate::engine::rules::findings::Findings;
use crate::engine::rules::prometheus::pods::{Pods, Run};
use crate::model::guard::Guard;
use crate::model::resource::pod::{Container, SecurityContext};
use crate::model::sidecar::{self, EXCLUDE_OUTBOUND_RANGES, INCLUDE_OUTBOUND_RANGES, INJECT};
use crate::model::{FieldPath, Severity};

/// The user and group of the sidecar, whose traffic is not captured.
const PROXY_ID: i64 = 1337;

pub(super) fn injection_label(pods: &Pods<'_, '_>, _: &Guard, findings: &mut Findings<'_>) {
    let (label, annotation) = (pods.labels.get(INJECT), pods.annotations.get(INJECT));
    let said = [(label, pods.label(INJECT)), (annotation, pods.annotation(INJECT))];
    for (value, path) in said {
        // The empty value is how Istio says "whatever the namespace says".
        if let Some(value) = value.filter(|value| !matches!(*value, "true" | "false" | "")) {
            findings.report(path, format!("Istio does not understand {value:?}"), "write \"true\" or \"false\"");
        }
    }
    if let (Some(label), Some(annotation)) = (label, annotation)
        && label != annotation
    {
        findings.report_as(
            Severity::Warning,
            pods.annotation(INJECT),
            format!("the label says {label:?}, the annotation {annotation:?}"),
            "remove the annotation: the label counts",
        );
    }
}

/// Only where no range is given at all: others may well leave out the addresses of pods.
pub(super) fn outbound_is_captured(pods: &Pods<'_, '_>, _: &Guard, findings: &mut Findings<'_>) {
    let includes = pods.annotations.get(INCLUDE_OUTBOUND_RANGES).is_none_or(|ranges| ranges == "*");
    let excludes = pods.annotations.get(EXCLUDE_OUTBOUND_RANGES).is_some_and(|ranges| !ranges.is_empty());
    let mode = pods.annotations.get("sidecar.istio.io/interceptionMode");
    if pods.are_prometheus() && pods.are_injected() && includes && !excludes && mode != Some("NONE") {
        findings.report(
            pods.metadata_path.key("annotations"),
            "scrapes go through the sidecar, which knows no pod addresses",
            format!("add {EXCLUDE_OUTBOUND_RANGES}: 0.0.0.0/0, or {INCLUDE_OUTBOUND_RANGES}: \"\""),
        );
    }
}

pub(super) fn only_one_address_family(pods: &Pods<'_, '_>, guard: &Guard, findings: &mut Findings<'_>) {
    let Some(ranges) = pods.annotations.get(EXCLUDE_OUTBOUND_RANGES) else { return };
    let excludes = |wanted: &str| ranges.split(',').any(|range| range == wanted);
    let captures = pods.annotations.get(INCLUDE_OUTBOUND_RANGES) != Some("");
    let is_asked = pods.are_prometheus() && guard.mesh.dual_stack == Some(true);
    if is_asked && captures && excludes("0.0.0.0/0") && !excludes("::/0") {
        findings.report(
            pods.annotation(EXCLUDE_OUTBOUND_RANGES),
            "scrapes of IPv6 addresses go through the sidecar",
            format!("write {EXCLUDE_OUTBOUND_RANGES}: {ranges},::/0"),
        );
    }
}

type Id = fn(SecurityContext) -> Option<i64>;

pub(super) fn runs_as_the_proxy(pods: &Pods<'_, '_>, _: &Guard, findings: &mut Findings<'_>) {
    if !pods.are_injected() {
        return;
    }
    let ids: [(&str, Id); 2] = [("runAsUser", |it| it.run_as_user), ("runAsGroup", |it| it.run_as_group)];
    for (field, id) in ids {
        for place in places_of_proxy_id(pods, id) {
            findings.report(
                place.key("securityContext").key(field),
                "traffic of the sidecar's own id goes past the sidecar",
                format!("use another {field} than {PROXY_ID}"),
            );
        }
    }
}

/// What is said of the pod holds for the containers that say nothing themselves.
fn places_of_proxy_id(pods: &Pods<'_, '_>, id: Id) -> Vec<FieldPath> {
    let own = |container: &Container<'_>| container.security_context.and_then(id);
    let containers = pods.containers.iter().enumerate().filter(|(_, it)| it.name != sidecar::CONTAINER);
    let (silent, outspoken): (Vec<_>, Vec<_>) = containers.partition(|(_, container)| own(container).is_none());
    let inherited = pods.security_context.and_then(id) == Some(PROXY_ID)
        && (pods.run == Run::OperatorsPrometheus || !silent.is_empty());
    let own = outspoken.into_iter().filter(|(_, container)| own(container) == Some(PROXY_ID));
    let places = own.map(|(position, _)| pods.spec_path.key("containers").index(position));
    inherited.then(|| pods.spec_path.clone()).into_iter().chain(places).collect()
}

/// Ports of the sidecar itself, which the injector refuses as the application's (`istioReservedPorts` in
/// `pilot/cmd/pilot-agent/status/server.go`). It takes 15020 for the mark of a pod that it has seen before.
const RESERVED_PORTS: [u16; 8] = [15000, 15001, 15004, 15006, 15008, 15021, 15053, 15090];

pub(super) fn scrapes_the_proxy(pods: &Pods<'_, '_>, _: &Guard, findings: &mut Findings<'_>) {
    let annotation = |key| pods.annotations.get(key);
    let is_merged = annotation("prometheus.istio.io/merge-metrics").is_none()
        && annotation("prometheus.istio.io/scrape-targets").is_none()
        && annotation("prometheus.io/scrape") == Some("true");
    let is_done = pods.has_sidecar || annotation(sidecar::STATUS).is_some();
    let port = annotation("prometheus.io/port").and_then(|port| port.parse().ok());
    let Some(port) = port.filter(|port| RESERVED_PORTS.contains(port)) else { return };
    if is_merged && !is_done && pods.are_injected() {
        findings.report(
            pods.annotation("prometheus.io/port"),
            format!("port {port} belongs to the sidecar, the pod is refused"),
            "name the application's port; Istio merges its own metrics by itself",
        );
    }
}

pub(super) fn host_network(pods: &Pods<'_, '_>, _: &Guard, findings: &mut Findings<'_>) {
    if pods.host_network && pods.inject() == Some("true") {
        let path = if pods.labels.get(INJECT).is_some() { pods.label(INJECT) } else { pods.annotation(INJECT) };
        findings.report(
            path,
            "pods on the host network get no sidecar",
            "set it to \"false\", or take hostNetwork away",
        );
    }
}

pub(super) fn sidecar_and_ambient(pods: &Pods<'_, '_>, _: &Guard, findings: &mut Findings<'_>) {
    let key = "istio.io/dataplane-mode";
    if pods.labels.get(key) == Some("ambient") && pods.labels.get(INJECT) == Some("true") {
        findings.report(
            pods.label(key),
            "asks for ambient capture and for a sidecar; the sidecar wins",
            format!("remove {key}, or set {INJECT} to \"false\""),
        );
    }
}
