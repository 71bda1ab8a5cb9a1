//! Rules that let in more than anybody can have meant.

use super::places::{PolicyRule, held, ingress, interfaces};
use crate::engine::rules::findings::Findings;
use crate::model::Severity;
use crate::model::guard::{Component, ComponentPort, Guard, Purpose, Source};
use crate::model::resource::NetworkPolicy;
use crate::model::resource::network_policy::{Peer, PolicyPort, PortReference};
use crate::model::selector::LabelSelector;

pub(super) fn interface_open(policy: &NetworkPolicy<'_>, guard: &Guard, findings: &mut Findings<'_>) {
    if !policy.spec.isolates_ingress() {
        return;
    }
    for rule in ingress(policy).filter(|rule| rule.peers.is_empty() && !rule.ports.is_empty()) {
        for (component, port) in interfaces(policy, guard).filter(|(_, port)| rule.covers(port)) {
            findings.report(
                rule.path(),
                format!("everybody may reach port {} of {}", port.number, component.name),
                format!(
                    "add from with its callers ({}), each by podSelector, with a namespaceSelector in the same item \
                     if it is elsewhere",
                    callers(guard, component, port)
                ),
            );
        }
    }
}

fn callers(guard: &Guard, component: &Component, port: &ComponentPort) -> String {
    let connections = guard.connections_to(component);
    let calling = connections.filter(|connection| connection.ports.contains(&(port.number, port.protocol)));
    let names = calling.filter_map(|connection| match &connection.from {
        Source::Component(name) => Some(name.as_str()),
        Source::Caller(caller) => Some(caller.namespace.as_str()),
        Source::ApiServer => None,
    });
    names.collect::<Vec<_>>().join(", ")
}

pub(super) fn everything_open(policy: &NetworkPolicy<'_>, guard: &Guard, findings: &mut Findings<'_>) {
    if !policy.spec.isolates_ingress() {
        return;
    }
    let severity = if interfaces(policy, guard).next().is_some() {
        Severity::Error
    } else if held(policy, guard).any(|component| !is_only_called_by_the_api_server(guard, component)) {
        Severity::Warning
    } else {
        return;
    };
    for rule in ingress(policy).filter(|rule| rule.peers.is_empty() && rule.ports.is_empty()) {
        findings.report_as(
            severity,
            rule.path(),
            "this rule admits everybody to every port",
            "name the callers in from and the container ports in ports, or remove the rule",
        );
    }
}

/// Whether each port must be open to everybody anyway, because the API server is no pod that could be named. The
/// adapter of kube-prometheus is such a case.
fn is_only_called_by_the_api_server(guard: &Guard, component: &Component) -> bool {
    component.ports.iter().all(|port| {
        guard.connections_to(component).any(|connection| {
            connection.from == Source::ApiServer && connection.ports.contains(&(port.number, port.protocol))
        })
    })
}

pub(super) fn whole_cluster(policy: &NetworkPolicy<'_>, guard: &Guard, findings: &mut Findings<'_>) {
    for rule in ingress(policy) {
        let open =
            |peer: &Peer<'_>| is_any_namespace(peer) && peer.pod_selector.as_ref().is_none_or(LabelSelector::is_empty);
        for (place, _) in rule.peers().filter(|(_, peer)| open(peer)) {
            let on_interface = interfaces(policy, guard).any(|(_, port)| rule.covers(port));
            let severity = if on_interface { Severity::Error } else { Severity::Warning };
            findings.report_as(
                severity,
                place.path().key("namespaceSelector"),
                "every pod of the cluster may come in",
                "name the namespaces of the callers: matchLabels: {kubernetes.io/metadata.name: …}",
            );
        }
    }
}

pub(super) fn label_of_any_namespace(policy: &NetworkPolicy<'_>, guard: &Guard, findings: &mut Findings<'_>) {
    for (place, peer) in ingress(policy).flat_map(PolicyRule::peers) {
        let Some(pods) = peer.pod_selector.as_ref().filter(|pods| is_any_namespace(peer) && !pods.is_empty()) else {
            continue;
        };
        let meant = guard.selected_by(pods).next().map_or("…", |_| guard.namespace.as_str());
        findings.report(
            place.path().key("namespaceSelector"),
            "a pod of any namespace gets in by this label",
            format!("pin the namespace: matchLabels: {{kubernetes.io/metadata.name: {meant}}}"),
        );
    }
}

fn is_any_namespace(peer: &Peer<'_>) -> bool {
    let any = peer.namespace_selector.as_ref().is_some_and(LabelSelector::is_empty);
    any && peer.ip_block.is_none() && !peer.has_unknown_field
}

pub(super) fn whole_namespace(policy: &NetworkPolicy<'_>, guard: &Guard, findings: &mut Findings<'_>) {
    for rule in ingress(policy) {
        if !rule.ports.iter().any(|port| is_for_metrics(port, policy, guard)) {
            continue;
        }
        for (place, _) in rule.peers().filter(|(_, peer)| peer.only_pods().is_some_and(LabelSelector::is_empty)) {
            findings.report(
                place.path().key("podSelector"),
                "every pod of the namespace may read the metrics",
                "name the caller: podSelector: {matchLabels: {app.kubernetes.io/name: prometheus}}",
            );
        }
    }
}

/// Ports at which Envoy and the Istio agent show metrics.
const ISTIO_METRICS: [u16; 2] = [15090, 15020];

fn is_for_metrics(port: &PolicyPort<'_>, policy: &NetworkPolicy<'_>, guard: &Guard) -> bool {
    match &port.port {
        Some(PortReference::Name(name)) => name.contains("metrics") || name.ends_with("-envoy-prom"),
        Some(PortReference::Number(number)) => ISTIO_METRICS.contains(number) || is_scraped(*number, policy, guard),
        Some(PortReference::Impossible(_)) | None => false,
    }
}

fn is_scraped(number: u16, policy: &NetworkPolicy<'_>, guard: &Guard) -> bool {
    guard.selected_by(&policy.spec.pod_selector).any(|component| {
        guard.connections_to(component).any(|connection| {
            connection.purpose == Purpose::Metrics && connection.ports.iter().any(|(port, _)| *port == number)
        })
    })
}

pub(super) fn all_addresses(policy: &NetworkPolicy<'_>, guard: &Guard, findings: &mut Findings<'_>) {
    for rule in ingress(policy) {
        let Some((component, port)) = interfaces(policy, guard).find(|(_, port)| rule.covers(port)) else { continue };
        for (place, peer) in rule.peers() {
            let whole = |cidr: &str| matches!(cidr, "0.0.0.0/0" | "::/0");
            if peer.ip_block.as_ref().is_some_and(|block| whole(&block.cidr) && block.except.is_empty()) {
                findings.report(
                    place.path().key("ipBlock").key("cidr"),
                    format!("port {} of {} is open to every address", port.number, component.name),
                    "name the addresses that may come in, or select the pods of the ingress controller instead",
                );
            }
        }
    }
}
