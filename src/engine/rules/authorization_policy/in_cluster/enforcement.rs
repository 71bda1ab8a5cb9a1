//! Whether policies are enforced on the pods that they select.

use crate::engine::reach::mesh::{Capture, Membership, PROXY_PORTS};
use crate::engine::rules::authorization_policy::{parts, scope};
use crate::engine::rules::cluster::clues::labels_meant;
use crate::engine::rules::cluster::{Cluster, ClusterFindings, Policy};
use crate::model::guard::document::IstioMode;
use crate::model::resource::AuthorizationPolicy;
use crate::model::resource::authorization_policy::WrittenPort;
use crate::model::snapshot::Pod;
use crate::model::{FieldPath, Protocol, Truth};

pub(in crate::engine::rules::authorization_policy) fn dead(
    cluster: &Cluster<'_, '_>,
    findings: &mut ClusterFindings<'_>,
) {
    for policy in cluster.written.authorization.iter().filter(|policy| policy.selected.is_empty()) {
        let Some(selector) = policy.view.spec.selector.as_ref().filter(|_| !policy.view.spec.has_targets()) else {
            continue;
        };
        let everywhere = policy.namespace() == cluster.evaluator.mesh().root_namespace;
        let shapes = &cluster.written.shapes;
        let pods = if everywhere { shapes.all() } else { shapes.of(policy.namespace()) };
        if !pods.is_empty() && !selector.match_labels.is_empty() {
            let fix =
                labels_meant(selector, pods).unwrap_or_else(|| "correct the labels, or remove the policy".to_owned());
            findings.report(policy.object, FieldPath::of("spec.selector"), "selects no pod, so it does nothing", fix);
        }
    }
}

pub(in crate::engine::rules::authorization_policy) fn not_enforced(
    cluster: &Cluster<'_, '_>,
    findings: &mut ClusterFindings<'_>,
) {
    if cluster.evaluator.mesh().mode == IstioMode::None {
        return;
    }
    for policy in cluster.written.authorization.iter().filter(|policy| names_pods(policy)) {
        let memberships: Vec<(&Pod, Membership)> = members(policy, cluster).collect();
        let outside = memberships.iter().find_map(|(pod, it)| match it {
            Membership::None(why) => Some((*pod, *why)),
            _ => None,
        });
        if let Some((pod, why)) = outside {
            findings.report(
                policy.object,
                FieldPath::of("spec.selector"),
                "selects pods outside the mesh, where nobody enforces it",
                format!("inject {}, or use a NetworkPolicy: it {why}", pod.full_name()),
            );
        }
        let captures: Vec<(&Pod, &Capture)> =
            memberships.iter().filter_map(|(pod, it)| Some((*pod, capture(it)?))).collect();
        if captures.len() == memberships.len() && !captures.is_empty() {
            uncaptured(policy, &captures, findings);
        }
    }
}

/// A policy for a whole namespace or mesh is also for what is still to come.
fn names_pods(policy: &Policy<'_, AuthorizationPolicy<'_>>) -> bool {
    !policy.view.spec.holds_for_whole_namespace() && !scope::is_dry_run(&policy.view)
}

/// The pods that a policy selects and that have not ended, and how they take part in the mesh.
fn members<'c, 's>(
    policy: &'c Policy<'s, AuthorizationPolicy<'s>>,
    cluster: &'c Cluster<'_, 's>,
) -> impl Iterator<Item = (&'s Pod, Membership)> {
    let pods = policy.selected.iter().copied().filter(|pod| !pod.has_ended());
    pods.map(|pod| (pod, cluster.evaluator.membership(pod)))
}

fn capture(membership: &Membership) -> Option<&Capture> {
    match membership {
        Membership::Sidecar(capture) => Some(capture),
        _ => None,
    }
}

/// Ports that no sidecar of the selected pods captures: those that rules name, or all where they name none.
fn uncaptured(
    policy: &Policy<'_, AuthorizationPolicy<'_>>,
    captures: &[(&Pod, &Capture)],
    findings: &mut ClusterFindings<'_>,
) {
    let is_open = |port: u16| captures.iter().all(|(_, capture)| capture.inbound(port) == Truth::No);
    let operations = parts::operations(&policy.view);
    let ports = operations.flat_map(|(path, operation)| parts::with_paths(&path.key("ports"), &operation.ports));
    let mut named = ports.filter_map(|(path, port)| Some((path, WrittenPort::number(port)?))).peekable();
    if named.peek().is_none() {
        let Some((pod, _)) = captures.first() else { return };
        let mut declared = captures.iter().flat_map(|(pod, _)| pod.declared_ports(Protocol::Tcp)).peekable();
        if declared.peek().is_some() && declared.all(is_open) {
            let fix = format!(
                "remove traffic.sidecar.istio.io/includeInboundPorts of {}, or use a NetworkPolicy",
                pod.full_name()
            );
            findings.report(
                policy.object,
                FieldPath::of("spec.selector"),
                "the sidecar captures no port, nothing is enforced",
                fix,
            );
        }
    }
    for (path, port) in named.filter(|(_, port)| !PROXY_PORTS.contains(port) && is_open(*port)) {
        let message = format!("the sidecar does not capture {port}, nothing is enforced");
        let fix = "have the sidecar capture it (annotations traffic.sidecar.istio.io/...), or use a NetworkPolicy";
        findings.report(policy.object, path, message, fix);
    }
}
