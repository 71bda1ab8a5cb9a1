//! Fields about HTTP where nobody looks into HTTP: at ports of other protocols, and at ztunnels.

use crate::engine::reach::mesh::Membership;
use crate::engine::rules::authorization_policy::{parts, scope};
use crate::engine::rules::cluster::{Cluster, ClusterFindings, Policy};
use crate::model::resource::AuthorizationPolicy;
use crate::model::resource::authorization_policy::{Rule, WrittenPort};
use crate::model::snapshot::{Pod, ServicePort};
use crate::model::{FieldPath, Protocol, Truth};

/// Protocols by which a port of a Service is certainly none of plain HTTP for Istio (`pkg/config/protocol`). Without a
/// name that tells it the sidecar looks for itself.
const NOT_HTTP: [&str; 7] = ["https", "mongo", "mysql", "redis", "tcp", "tls", "udp"];

pub(in crate::engine::rules::authorization_policy) fn http_at_tcp(
    cluster: &Cluster<'_, '_>,
    findings: &mut ClusterFindings<'_>,
) {
    for policy in allowing(cluster) {
        for (path, rule) in parts::rules(&policy.view) {
            let Some(field) = http_field(&path, rule) else { continue };
            let mut ports =
                parts::operations_of(&path, rule).flat_map(|(_, it)| &it.ports).filter_map(WrittenPort::number);
            let at_tcp = |port: &u16| {
                policy.selected.iter().any(|pod| is_enforced(pod, *port, cluster) && is_tcp(pod, *port, cluster))
            };
            if let Some(port) = ports.find(at_tcp) {
                findings.report(
                    policy.object,
                    field,
                    format!("{port} is no port of HTTP, so the whole rule is ignored"),
                    "remove the field, or call the port http-... or set appProtocol: http in the Service",
                );
            }
        }
    }
}

fn allowing<'c, 's>(cluster: &'c Cluster<'c, 's>) -> impl Iterator<Item = &'c Policy<'s, AuthorizationPolicy<'s>>> {
    let counts =
        |policy: &&Policy<'_, AuthorizationPolicy<'_>>| policy.view.spec.allows() && !scope::is_dry_run(&policy.view);
    cluster.written.authorization.iter().filter(counts)
}

fn is_enforced(pod: &Pod, port: u16, cluster: &Cluster<'_, '_>) -> bool {
    matches!(cluster.evaluator.membership(pod), Membership::Sidecar(capture) if capture.inbound(port) == Truth::Yes)
}

/// Whether all Services that lead to a port of a pod say that it is none of HTTP.
fn is_tcp(pod: &Pod, port: u16, cluster: &Cluster<'_, '_>) -> bool {
    let services = cluster.snapshot.services_in(&pod.namespace).iter().filter(|service| service.selects(pod));
    let mut ports = services.flat_map(|service| &service.ports).filter(|it| it.at(pod) == Some(port)).peekable();
    ports.peek().is_some() && ports.all(says_tcp)
}

fn says_tcp(port: &ServicePort) -> bool {
    let name = port.name.split('-').next().unwrap_or_default();
    let protocol = port.app_protocol.as_deref().unwrap_or(name).to_ascii_lowercase();
    port.protocol == Protocol::Tcp && NOT_HTTP.contains(&protocol.as_str())
}

pub(in crate::engine::rules::authorization_policy) fn http_at_ztunnel(
    cluster: &Cluster<'_, '_>,
    findings: &mut ClusterFindings<'_>,
) {
    for policy in cluster.written.authorization.iter().filter(|policy| !scope::is_dry_run(&policy.view)) {
        let effect = match (policy.view.spec.allows(), policy.view.spec.has_action("DENY")) {
            (true, _) => "ignores this rule, which then admits nobody",
            (_, true) => "ignores this, and the rule may refuse nobody",
            (false, false) => continue,
        };
        let mut fields = parts::rules(&policy.view).filter_map(|(path, rule)| http_field(&path, rule)).peekable();
        let is_ambient = |pod: &&Pod| matches!(cluster.evaluator.membership(pod), Membership::Ambient { .. });
        let Some(pod) = fields.peek().and_then(|_| policy.selected.iter().copied().find(is_ambient)) else { continue };
        for field in fields {
            let fix =
                format!("put it into a policy with targetRefs to a waypoint: {} is in ambient mode", pod.full_name());
            findings.report(policy.object, field, format!("the ztunnel {effect}"), fix);
        }
    }
}

/// Where a rule first says something about HTTP.
fn http_field(path: &FieldPath, rule: &Rule<'_>) -> Option<FieldPath> {
    let operations = parts::operations_of(path, rule).find_map(|(path, operation)| {
        let (field, _) = operation.lists().into_iter().find(|(_, list)| !list.is_empty())?;
        Some(path.key(field))
    });
    let sources = || {
        parts::sources_of(path, rule).find_map(|(path, source)| {
            let field = match (source.request_principals.is_empty(), source.not_request_principals.is_empty()) {
                (false, _) => "requestPrincipals",
                (_, false) => "notRequestPrincipals",
                (true, true) => return None,
            };
            Some(path.key(field))
        })
    };
    let conditions = || {
        let index = rule.when.iter().position(|condition| condition.key.starts_with("request."))?;
        Some(path.key("when").index(index).key("key"))
    };
    operations.or_else(sources).or_else(conditions)
}
