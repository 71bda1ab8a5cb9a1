//! Rules for PeerAuthentications that take a look at the rest of the cluster.

use std::collections::BTreeMap;

use crate::engine::reach::mesh::{Membership, PROXY_PORTS};
use crate::engine::reach::peer_authentication::Mode;
use crate::engine::rules::authorization_policy::in_cluster::callers::identity_field;
use crate::engine::rules::cluster::{Cluster, ClusterFindings, Policy};
use crate::model::guard::component::pairs;
use crate::model::guard::{Component, Guard};
use crate::model::resource::PeerAuthentication;
use crate::model::resource::peer_authentication::MutualTls;
use crate::model::snapshot::Pod;
use crate::model::{FieldPath, ObjectReference};

pub(super) fn service_port(cluster: &Cluster<'_, '_>, findings: &mut ClusterFindings<'_>) {
    for policy in &cluster.written.peer_authentication {
        for (written, _) in policy.view.spec.port_level_mtls.iter().flatten() {
            let Ok(number) = written.parse::<u16>() else { continue };
            let is_declared = policy.selected.iter().any(|pod| declares(pod, number));
            let Some(target) = behind_service(policy, number, cluster).filter(|_| !is_declared) else { continue };
            findings.report(
                policy.object,
                FieldPath::of("spec.portLevelMtls").key(written),
                format!("{number} is the Service port, pods listen on {target}"),
                format!("write {target}"),
            );
        }
    }
}

fn declares(pod: &Pod, number: u16) -> bool {
    pod.containers.iter().flat_map(|container| &container.ports).any(|port| port.number == number)
}

/// The other container port to which a Service of this port leads at a selected pod.
fn behind_service(policy: &Policy<'_, PeerAuthentication<'_>>, number: u16, cluster: &Cluster<'_, '_>) -> Option<u16> {
    let services = cluster.snapshot.services_in(policy.namespace());
    policy.selected.iter().find_map(|pod| {
        let mut ports = services.iter().filter(|service| service.selects(pod)).flat_map(|service| &service.ports);
        ports.find_map(|port| port.at(pod).filter(|target| port.number == number && *target != number))
    })
}

/// Of one namespace, a policy for all pods and one for the same labels.
pub(super) fn same_scope(cluster: &Cluster<'_, '_>, findings: &mut ClusterFindings<'_>) {
    let mut scopes = BTreeMap::<(&str, Vec<(&str, &str)>), Vec<&Policy<'_, PeerAuthentication<'_>>>>::new();
    for policy in &cluster.written.peer_authentication {
        let mut labels: Vec<_> = policy.view.spec.selector.iter().flat_map(|it| it.match_labels.iter()).collect();
        labels.sort_unstable();
        scopes.entry((policy.namespace(), labels)).or_default().push(policy);
    }
    for mut policies in scopes.into_values().filter(|policies| policies.len() > 1) {
        let age = |policy: &&Policy<'_, PeerAuthentication<'_>>| {
            let created = policy.view.metadata.creation_timestamp.as_ref().map(ToString::to_string);
            (created.is_none(), created, policy.object.name.clone())
        };
        policies.sort_by_key(age);
        let Some((first, others)) = policies.split_first() else { continue };
        for other in others {
            findings.report(
                other.object,
                FieldPath::of("spec"),
                "another policy is for the same pods: the oldest counts",
                format!("remove this one, or {}, and keep all settings in one", first.object.name),
            );
        }
    }
}

pub(super) fn disabled_in_ambient(cluster: &Cluster<'_, '_>, findings: &mut ClusterFindings<'_>) {
    for policy in &cluster.written.peer_authentication {
        let mut disabled = disabled(&policy.view).peekable();
        let is_ambient = |pod: &&Pod| matches!(cluster.evaluator.membership(pod), Membership::Ambient { .. });
        let Some(pod) = disabled.peek().and_then(|_| policy.selected.iter().copied().find(is_ambient)) else {
            continue;
        };
        for path in disabled {
            let message = "ambient mode knows no DISABLE, this is as PERMISSIVE";
            let fix = format!("write PERMISSIVE, or take {} out of the mesh", pod.full_name());
            findings.report(policy.object, path, message, fix);
        }
    }
}

/// Where a policy says `DISABLE`.
fn disabled<'p>(policy: &'p PeerAuthentication<'_>) -> impl Iterator<Item = FieldPath> + 'p {
    let is_disabled = |tls: Option<&MutualTls<'_>>| tls.and_then(|tls| tls.mode.as_deref()) == Some("DISABLE");
    let all = is_disabled(policy.spec.mtls.as_ref()).then(|| FieldPath::of("spec.mtls.mode"));
    let ports = policy.spec.port_level_mtls.iter().flatten().filter(move |(_, tls)| is_disabled(tls.as_ref()));
    all.into_iter().chain(ports.map(|(port, _)| FieldPath::of("spec.portLevelMtls").key(port).key("mode")))
}

/// The components with a web interface, at their first port.
const INTERFACES: [&str; 3] = ["prometheus", "alertmanager", "grafana"];

pub(super) fn downgrade(cluster: &Cluster<'_, '_>, findings: &mut ClusterFindings<'_>) {
    let mut found = BTreeMap::<(ObjectReference, String), (FieldPath, u16, String)>::new();
    for (pod, port) in cluster.guards.iter().flat_map(|guard| interfaces(guard, cluster)) {
        let effective = cluster.evaluator.mutual_tls(pod, port);
        let (Some(Mode::Disable | Mode::Permissive), Some((object, path))) = (effective.mode, effective.decided_by)
        else {
            continue;
        };
        if let Some(policy) = asks_for_identity(pod, port, cluster) {
            found.insert((object, path.to_string()), (path, port, policy.name.clone()));
        }
    }
    for ((object, _), (path, port, policy)) in found {
        let message = format!("takes plain text at {port}, where identities are asked for");
        findings.report(
            &object,
            path,
            message,
            format!("set STRICT for port {port}: AuthorizationPolicy {policy} relies on it"),
        );
    }
}

fn interfaces<'s>(guard: &Guard, cluster: &Cluster<'_, 's>) -> Vec<(&'s Pod, u16)> {
    let components = INTERFACES.into_iter().filter_map(|name| guard.component(name));
    let shapes = cluster.written.shapes.of(&guard.namespace);
    let of = |component: &Component| {
        let port = component.ports.first().map(|port| port.number)?;
        let is_one = |pod: &&Pod| !pod.has_ended() && pod.labels.contains_all(pairs(&component.selector_labels));
        let in_mesh = |pod: &&Pod| !matches!(cluster.evaluator.membership(pod), Membership::None(_));
        Some(shapes.iter().copied().filter(is_one).filter(in_mesh).map(|pod| (pod, port)).collect::<Vec<_>>())
    };
    components.filter_map(of).flatten().filter(|(_, port)| !PROXY_PORTS.contains(port)).collect()
}

/// A policy that holds for the pod and names identities for the port.
fn asks_for_identity<'s>(pod: &Pod, port: u16, cluster: &Cluster<'_, 's>) -> Option<&'s ObjectReference> {
    let root = cluster.evaluator.mesh().root_namespace.as_str();
    let here = cluster.written.authorization_in(&pod.namespace).iter();
    let mesh_wide = cluster.written.authorization_in(root).iter().filter(|_| root != pod.namespace);
    let mut policies = here.chain(mesh_wide).filter(|policy| policy.selected.iter().any(|it| std::ptr::eq(*it, pod)));
    policies
        .find(|policy| {
            policy.view.spec.rules.iter().any(|rule| {
                let mut sources = rule.from.iter().flatten().filter_map(|from| from.source.as_ref());
                let mut ports =
                    rule.to.iter().flatten().filter_map(|to| to.operation.as_ref()).flat_map(|it| &it.ports).peekable();
                let is_about = ports.peek().is_none() || ports.any(|written| written.number() == Some(port));
                is_about && sources.any(|source| identity_field(source).is_some())
            })
        })
        .map(|policy| policy.object)
}
