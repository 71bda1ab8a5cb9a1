//! Ports in NetworkPolicies: container ports instead of Service ports, both protocols of gossip, nothing of Envoy's.

use super::places::{PolicyRule, covers, ingress, interfaces, protocol};
use crate::engine::rules::findings::Findings;
use crate::model::FieldPath;
use crate::model::Protocol;
use crate::model::guard::{Component, ComponentPort, Guard, Purpose};
use crate::model::resource::NetworkPolicy;
use crate::model::resource::network_policy::PortReference;

pub(super) fn service_port(policy: &NetworkPolicy<'_>, guard: &Guard, findings: &mut Findings<'_>) {
    for (place, port) in ingress(policy).flat_map(PolicyRule::ports).filter(|(_, port)| port.end_port.is_none()) {
        let Some(PortReference::Number(number)) = port.port else { continue };
        let Some(meant) = guard.port_meant_by(&policy.spec.pod_selector, number) else { continue };
        findings.report(
            place.path().key("port"),
            format!("{number} is the Service port, pods listen on {}", meant.number),
            format!("use port {} ({})", meant.number, meant.name),
        );
    }
}

pub(super) fn gossip_blocked(policy: &NetworkPolicy<'_>, guard: &Guard, findings: &mut Findings<'_>) {
    if !policy.spec.isolates_ingress() || policy.spec.ingress.is_empty() {
        return;
    }
    for component in guard.selected_by(&policy.spec.pod_selector) {
        let blocked = gossip_ports(guard, component).find(|port| !ingress(policy).any(|rule| rule.covers(port)));
        let Some(port) = blocked else { continue };
        let (number, protocol) = (port.number, protocol(port.protocol));
        let path = other_protocol(policy, port).unwrap_or_else(|| FieldPath::of("spec.ingress"));
        findings.report(
            path,
            format!("{number}/{protocol} between replicas of {} is blocked", component.name),
            format!("add {{port: {number}, protocol: {protocol}}} beside TCP, from the pods of {}", component.name),
        );
    }
}

/// The ports over which replicas gossip by UDP, which is what is forgotten.
fn gossip_ports<'g>(guard: &'g Guard, component: &'g Component) -> impl Iterator<Item = &'g ComponentPort> {
    let connections = guard.connections_to(component).filter(|connection| connection.purpose == Purpose::Gossip);
    let datagrams = connections.flat_map(|connection| &connection.ports).filter(|(_, it)| *it == Protocol::Udp);
    datagrams.filter_map(|written| component.ports.iter().find(|port| (port.number, port.protocol) == *written))
}

/// Where the same number is admitted for TCP.
fn other_protocol(policy: &NetworkPolicy<'_>, port: &ComponentPort) -> Option<FieldPath> {
    let tcp = ComponentPort { protocol: Protocol::Tcp, ..port.clone() };
    let found = ingress(policy).flat_map(PolicyRule::ports).find(|(_, written)| covers(written, &tcp));
    found.map(|(place, _)| place.path())
}

/// Ports of Envoy and the Istio agent that are for the pod itself: administration, captured traffic, debugging and DNS
/// (istio.io, "Ports used by Istio"). 15021 is not among them: load balancers ask it for the health of gateways.
const INTERNAL: [u16; 5] = [15000, 15001, 15004, 15006, 15053];

pub(super) fn proxy_internals(policy: &NetworkPolicy<'_>, _: &Guard, findings: &mut Findings<'_>) {
    for (place, port) in ingress(policy).flat_map(PolicyRule::ports) {
        let Some((number, _)) = port.numbers().filter(|(first, last)| first == last && INTERNAL.contains(first)) else {
            continue;
        };
        findings.report(
            place.path().key("port"),
            format!("{number} is internal to the sidecar"),
            "remove this port; metrics are at 15090 (Envoy) and 15020 (merged)",
        );
    }
}

/// How many ports a range may have before it is taken for careless.
const WIDEST: u16 = 100;

pub(super) fn wide_range(policy: &NetworkPolicy<'_>, guard: &Guard, findings: &mut Findings<'_>) {
    let is_here = findings.object().namespace.as_deref() == Some(&guard.namespace);
    if policy.spec.pod_selector.is_empty() && !is_here {
        return;
    }
    for (place, port) in ingress(policy).flat_map(PolicyRule::ports) {
        let wide = |(first, last): &(u16, u16)| last.saturating_sub(*first) >= WIDEST;
        let Some((first, last)) = port.numbers().filter(wide) else { continue };
        for (component, target) in interfaces(policy, guard) {
            findings.report(
                place.path().key("endPort"),
                format!("{} ports of {} are open", u32::from(last - first) + 1, component.name),
                format!("list the ports that are called, such as {} ({})", target.number, target.name),
            );
        }
    }
}
