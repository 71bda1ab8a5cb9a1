//! Who is shut out by isolation, and what is left without it.

use super::places::{PolicyRule, ingress};
use crate::engine::rules::findings::Findings;
use crate::model::guard::{Component, ComponentPort, Guard, Source};
use crate::model::resource::NetworkPolicy;
use crate::model::{FieldPath, Truth};

pub(super) fn api_server_locked_out(policy: &NetworkPolicy<'_>, guard: &Guard, findings: &mut Findings<'_>) {
    if !policy.spec.isolates_ingress() {
        return;
    }
    for component in guard.selected_by(&policy.spec.pod_selector) {
        for port in webhook_ports(guard, component) {
            if ingress(policy).any(|rule| admits_api_server(rule, port)) {
                continue;
            }
            findings.report(
                FieldPath::of("spec.ingress"),
                format!("locks the API server out of webhook port {}", port.number),
                format!(
                    "add an ingress rule without from: {{ports: [{{port: {}, protocol: TCP}}]}}, for the API server is \
                     no pod",
                    port.number
                ),
            );
        }
    }
}

fn webhook_ports<'a>(guard: &'a Guard, component: &'a Component) -> impl Iterator<Item = &'a ComponentPort> {
    guard
        .connections_to(component)
        .filter(|connection| connection.from == Source::ApiServer)
        .flat_map(|connection| &connection.ports)
        .filter_map(|(number, _)| component.port(*number))
}

/// Whether a rule may admit the API server: from everywhere, or from addresses, of which we cannot tell whose they are.
fn admits_api_server(rule: PolicyRule<'_, '_>, port: &ComponentPort) -> bool {
    let from = rule.peers.is_empty() || rule.peers.iter().any(|peer| peer.ip_block.is_some() || peer.has_unknown_field);
    from && rule.covers(port)
}

pub(super) fn unprotected_components(policies: &[NetworkPolicy<'_>], guard: &Guard, findings: &mut Findings<'_>) {
    let isolating: Vec<_> = policies.iter().filter(|policy| policy.spec.isolates_ingress()).collect();
    if isolating.is_empty() {
        return;
    }
    let is_open = |component: &&Component| !isolating.iter().any(|policy| may_protect(policy, component, guard));
    let demanded = guard.components.iter().filter(|component| !component.optional && !component.host_network);
    let open: Vec<&str> = demanded.filter(is_open).map(|component| component.name.as_str()).collect();
    if !open.is_empty() {
        findings.report(
            FieldPath::root(),
            format!("{} components are open to the whole cluster", open.len()),
            format!(
                "add a default-deny {{podSelector: {{}}, policyTypes: [Ingress]}}, and an allow for each of {}",
                open.join(", ")
            ),
        );
    }
}

/// Whether a policy may select a component. One that certainly selects some component is about that one: what it says
/// of labels that are not known of the others is not counted for them.
fn may_protect(policy: &NetworkPolicy<'_>, component: &Component, guard: &Guard) -> bool {
    let selector = &policy.spec.pod_selector;
    match component.is_selected_by(selector) {
        Truth::Yes => true,
        Truth::No => false,
        Truth::Unknown => guard.selected_by(selector).next().is_none(),
    }
}
