//! Ports in NetworkPolicies are container ports, not Service ports.

use crate::engine::rules::findings::Findings;
use crate::model::FieldPath;
use crate::model::guard::{Component, ComponentPort, Guard};
use crate::model::resource::NetworkPolicy;
use crate::model::resource::network_policy::{PolicyPort, PortReference};

pub(super) fn service_port(policy: &NetworkPolicy<'_>, guard: &Guard, findings: &mut Findings<'_>) {
    let selected: Vec<&Component> = guard.selected_by(&policy.spec.pod_selector).collect();
    for (rule_index, rule) in policy.spec.ingress.iter().enumerate() {
        for (port_index, port) in rule.ports.iter().enumerate() {
            let Some((number, target)) = mistaken(port, &selected) else { continue };
            let path = FieldPath::of("spec.ingress").index(rule_index).key("ports").index(port_index).key("port");
            findings.report(
                path,
                format!("{number} is the Service port, pods listen on {}", target.number),
                format!("use port {} ({})", target.number, target.name),
            );
        }
    }
}

/// The Service port that was written, and the container port that was meant, if no selected component listens on the
/// number that was written.
fn mistaken<'a>(port: &PolicyPort<'_>, selected: &[&'a Component]) -> Option<(u16, &'a ComponentPort)> {
    let Some(PortReference::Number(number)) = port.port else { return None };
    if port.end_port.is_some() || selected.iter().any(|component| component.port(number).is_some()) {
        return None;
    }
    let target = selected.iter().find_map(|component| component.port_behind_service(number))?;
    Some((number, target))
}
