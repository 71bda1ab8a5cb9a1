//! Identities of callers that do not arrive: behind waypoints, and where plain text is taken.

use crate::engine::reach::mesh::{Membership, PROXY_PORTS};
use crate::engine::reach::peer_authentication::Mode;
use crate::engine::rules::authorization_policy::{parts, scope};
use crate::engine::rules::cluster::{Cluster, ClusterFindings, Policy};
use crate::model::resource::AuthorizationPolicy;
use crate::model::resource::authorization_policy::{Rule, Source, WrittenPort};
use crate::model::snapshot::Pod;
use crate::model::{FieldPath, Protocol, Truth};

pub(in crate::engine::rules::authorization_policy) fn waypoints(
    cluster: &Cluster<'_, '_>,
    findings: &mut ClusterFindings<'_>,
) {
    for policy in cluster.written.authorization.iter().filter(|policy| !policy.view.spec.holds_for_whole_namespace()) {
        let members = || policy.selected.iter().map(|pod| (*pod, cluster.evaluator.membership(pod)));
        if let Some((pod, _)) = members().find(|(_, it)| *it == Membership::Waypoint) {
            findings.report(
                policy.object,
                FieldPath::of("spec.selector"),
                "selects a waypoint, which reads targetRefs only",
                format!("replace selector by targetRefs to the Gateway of {}", pod.full_name()),
            );
        }
        let behind = members().find(|(_, it)| matches!(it, Membership::Ambient { waypoint: Truth::Yes }));
        let Some((pod, path)) = behind.and_then(|(pod, _)| Some((pod, identity(policy)?))) else { continue };
        findings.report(
            policy.object,
            path,
            "behind a waypoint the caller is the waypoint",
            format!(
                "put it into a policy with targetRefs to the waypoint of {}, and name the waypoint here",
                pod.full_name()
            ),
        );
    }
}

/// Where a policy first names an identity.
fn identity(policy: &Policy<'_, AuthorizationPolicy<'_>>) -> Option<FieldPath> {
    let mut sources = parts::sources(&policy.view);
    sources.find_map(|(path, source)| Some(path.key(identity_field(source)?)))
}

/// The first field of a source that names identities which must be there.
pub(in crate::engine::rules) fn identity_field(source: &Source<'_>) -> Option<&'static str> {
    let lists = [
        ("principals", &source.principals),
        ("namespaces", &source.namespaces),
        ("serviceAccounts", &source.service_accounts),
    ];
    lists.into_iter().find(|(_, list)| !list.is_empty()).map(|(field, _)| field)
}

pub(in crate::engine::rules::authorization_policy) fn plain_text(
    cluster: &Cluster<'_, '_>,
    findings: &mut ClusterFindings<'_>,
) {
    for policy in cluster.written.authorization.iter().filter(|policy| !scope::is_dry_run(&policy.view)) {
        let refuses = policy.view.spec.has_action("DENY");
        if !refuses && !policy.view.spec.allows() {
            continue;
        }
        for (path, rule) in parts::rules(&policy.view) {
            let mut sources = parts::sources_of(&path, rule);
            let Some(field) = sources.find_map(|(path, source)| Some(path.key(identity_field(source)?))) else {
                continue;
            };
            if let Some((pod, port, mode)) = unsafe_port(policy, rule, refuses, cluster) {
                let message = match mode {
                    Mode::Disable => format!("port {port} takes no mutual TLS, this never matches"),
                    _ => format!("in plain text, callers of port {port} get past this"),
                };
                let fix = format!("set STRICT for port {port} of {} by a PeerAuthentication", pod.full_name());
                findings.report(policy.object, field, message, fix);
            }
        }
    }
}

/// A port of a selected pod that the rule is about and at which callers may come without an identity. Where the rule
/// admits, plain text does no harm: whoever has no identity stays out.
fn unsafe_port<'s>(
    policy: &Policy<'s, AuthorizationPolicy<'s>>,
    rule: &Rule<'_>,
    refuses: bool,
    cluster: &Cluster<'_, 's>,
) -> Option<(&'s Pod, u16, Mode)> {
    let named: Vec<u16> = parts::operations_of(&FieldPath::root(), rule)
        .flat_map(|(_, operation)| &operation.ports)
        .filter_map(WrittenPort::number)
        .collect();
    policy.selected.iter().copied().filter(|pod| !pod.has_ended()).find_map(|pod| {
        let Membership::Sidecar(capture) = cluster.evaluator.membership(pod) else { return None };
        let ports = if named.is_empty() { pod.declared_ports(Protocol::Tcp).collect() } else { named.clone() };
        let captured =
            ports.into_iter().filter(|port| !PROXY_PORTS.contains(port) && capture.inbound(*port) == Truth::Yes);
        captured.into_iter().find_map(|port| match cluster.evaluator.mutual_tls(pod, port).mode? {
            Mode::Permissive if refuses => Some((pod, port, Mode::Permissive)),
            Mode::Disable => Some((pod, port, Mode::Disable)),
            _ => None,
        })
    })
}
