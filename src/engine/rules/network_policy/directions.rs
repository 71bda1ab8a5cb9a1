//! Directions: which rules count at all, and who can no longer get out.

use super::places::{PolicyRule, egress};
use crate::engine::rules::findings::Findings;
use crate::model::FieldPath;
use crate::model::guard::{Component, Guard, Source};
use crate::model::resource::NetworkPolicy;
use crate::model::resource::network_policy::PortReference;

pub(super) fn no_way_out(policy: &NetworkPolicy<'_>, guard: &Guard, findings: &mut Findings<'_>) {
    if !policy.spec.isolates_egress() || !policy.spec.egress.is_empty() {
        return;
    }
    for component in guard.selected_by(&policy.spec.pod_selector).filter(|component| calls_out(component, guard)) {
        findings.report(
            FieldPath::of("spec.policyTypes"),
            format!("{} can reach nothing, not even DNS", component.name),
            "remove Egress from policyTypes, or add egress rules for DNS, the API server and what it calls",
        );
    }
}

/// Components that watch the API server.
const WATCHERS: [&str; 5] = ["prometheus", "operator", "kube-state-metrics", "grafana", "prometheus-adapter"];

fn calls_out(component: &Component, guard: &Guard) -> bool {
    let calls = |source: &Source| matches!(source, Source::Component(name) if *name == component.name);
    WATCHERS.contains(&component.name.as_str()) || guard.connections.iter().any(|it| calls(&it.from))
}

pub(super) fn egress_ignored(policy: &NetworkPolicy<'_>, _: &Guard, findings: &mut Findings<'_>) {
    let spec = &policy.spec;
    if !spec.policy_types.is_empty() && !spec.names_type("Egress") && !spec.egress.is_empty() {
        findings.report(
            FieldPath::of("spec.policyTypes"),
            "the egress rules are ignored without the type Egress",
            "add Egress to policyTypes, or remove the egress rules",
        );
    }
}

pub(super) fn ingress_ignored(policy: &NetworkPolicy<'_>, _: &Guard, findings: &mut Findings<'_>) {
    let spec = &policy.spec;
    if !spec.isolates_ingress() && !spec.ingress.is_empty() {
        findings.report(
            FieldPath::of("spec.policyTypes"),
            "the ingress rules are ignored: everybody may come in",
            "add Ingress to policyTypes",
        );
    }
}

pub(super) fn no_dns(policy: &NetworkPolicy<'_>, _: &Guard, findings: &mut Findings<'_>) {
    if !policy.spec.isolates_egress() || policy.spec.egress.is_empty() {
        return;
    }
    let admits = |protocol| egress(policy).any(|rule| may_be_for_dns(rule, protocol));
    let message = match (admits("UDP"), admits("TCP")) {
        (true, true) => return,
        (false, false) if only_addresses(policy) => return,
        (false, false) => "DNS is blocked: nothing admits port 53",
        (true, false) => "DNS is admitted over UDP only: long answers fail",
        (false, true) => "DNS is admitted over TCP only: it asks over UDP first",
    };
    findings.report(
        FieldPath::of("spec.egress"),
        message,
        "add an egress rule with ports: [{port: 53, protocol: UDP}, {port: 53, protocol: TCP}]",
    );
}

/// Ports that DNS servers listen on: the well-known one, and that of OpenShift's, which runs without privileges.
const DNS: [u16; 2] = [53, 5353];

/// Whether a rule may be for DNS, as far as its ports tell. A name may stand for any number.
fn may_be_for_dns(rule: PolicyRule<'_, '_>, protocol: &str) -> bool {
    rule.ports.is_empty()
        || rule.ports.iter().filter(|port| port.protocol() == protocol).any(|port| match &port.port {
            None | Some(PortReference::Name(_)) => true,
            Some(_) => DNS.iter().any(|number| port.covers(protocol, *number, std::iter::empty())),
        })
}

/// Whether all that may be reached is given by its address, so that no name need be looked up.
fn only_addresses(policy: &NetworkPolicy<'_>) -> bool {
    egress(policy).all(|rule| !rule.peers.is_empty() && rule.peers.iter().all(|peer| peer.ip_block.is_some()))
}
