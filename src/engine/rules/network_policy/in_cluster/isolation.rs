//! What pods lose by being isolated: the API server, istiod, the kubelet; and what they do not gain.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};

use crate::engine::reach::mesh::{ClientTls, Membership};
use crate::engine::reach::network_policy::Direction;
use crate::engine::reach::{Connection, End, Hop, Manner, Step, Verdict};
use crate::engine::rules::cluster::{Cluster, ClusterFindings, Policy};
use crate::engine::rules::network_policy::places::{PolicyRule, ingress};
use crate::model::guard::Guard;
use crate::model::guard::component::pairs;
use crate::model::resource::NetworkPolicy;
use crate::model::selector::LabelSelector;
use crate::model::snapshot::Pod;
use crate::model::{FieldPath, ObjectReference, Protocol};

/// Where the kube-apiserver listens: behind its Service, and by itself.
const API_SERVER: [u16; 2] = [443, 6443];
/// Where istiod hands out certificates and configuration.
const ISTIOD: u16 = 15012;
/// From where the kubelet's probes come to pods of ambient mode (istio.io, "Ambient and Kubernetes NetworkPolicy").
const PROBES: IpAddr = IpAddr::V4(Ipv4Addr::new(169, 254, 7, 127));

pub(in crate::engine::rules::network_policy) fn prometheus_calls(
    cluster: &Cluster<'_, '_>,
    findings: &mut ClusterFindings<'_>,
) {
    for pod in cluster.guards.iter().flat_map(|guard| prometheus(guard, cluster)) {
        let to_world = |port| Connection { from: End::Pod(pod), to: End::World, port, protocol: Protocol::Tcp };
        let is_blocked =
            |port| cluster.evaluator.network_verdict(Direction::Egress, &to_world(port)) == Verdict::Blocked;
        if API_SERVER.into_iter().all(is_blocked) {
            let fix = "add an egress rule with ports 443 and 6443 and no to: the API server is no pod";
            report_egress(cluster, &to_world(443), "keeps Prometheus from the API server", fix, findings);
        }
        let Some(istiod) = istiod(cluster).filter(|_| is_injected(pod, cluster)) else { continue };
        let to_istiod = Connection { to: End::Pod(istiod), port: ISTIOD, ..to_world(ISTIOD) };
        if cluster.evaluator.network_verdict(Direction::Egress, &to_istiod) == Verdict::Blocked {
            let fix = format!("add an egress rule to {} with port {ISTIOD}", istiod.full_name());
            report_egress(cluster, &to_istiod, "keeps the sidecar of Prometheus from istiod", &fix, findings);
        }
    }
}

/// Policies without any egress rule are for another rule.
fn report_egress<'s>(
    cluster: &Cluster<'_, 's>,
    connection: &Connection<'s>,
    message: &str,
    fix: &str,
    findings: &mut ClusterFindings<'_>,
) {
    let manner = Manner { tls: ClientTls::None, request: None };
    let steps = cluster.evaluator.follow(connection, &manner).steps;
    let Some(Step { object: Some(object), path, rule: None, .. }) =
        steps.into_iter().find(|step| step.hop == Hop::Egress)
    else {
        return;
    };
    findings.report(&object, path, message, fix);
}

/// The pods of a guarded Prometheus, one of each class.
fn prometheus<'s>(guard: &Guard, cluster: &Cluster<'_, 's>) -> Vec<&'s Pod> {
    let components = ["prometheus", "prometheus-agent"].into_iter().filter_map(|name| guard.component(name));
    let labels: Vec<_> = components.map(|component| &component.selector_labels).collect();
    let is_one = |pod: &&Pod| labels.iter().any(|labels| pod.labels.contains_all(pairs(labels)));
    cluster.written.shapes.of(&guard.namespace).iter().copied().filter(is_one).collect()
}

fn istiod<'s>(cluster: &Cluster<'_, 's>) -> Option<&'s Pod> {
    let here = cluster.written.shapes.of(&cluster.evaluator.mesh().root_namespace);
    here.iter().copied().find(|pod| pod.labels.get("app") == Some("istiod"))
}

fn is_injected(pod: &Pod, cluster: &Cluster<'_, '_>) -> bool {
    matches!(cluster.evaluator.membership(pod), Membership::Sidecar(_))
}

pub(in crate::engine::rules::network_policy) fn probes(cluster: &Cluster<'_, '_>, findings: &mut ClusterFindings<'_>) {
    let mut unprobed = BTreeMap::<ObjectReference, (FieldPath, usize)>::new();
    for pod in cluster.written.shapes.all().iter().filter(|pod| is_unprobed(pod, cluster)) {
        let Some(port) = pod.declared_ports(Protocol::Tcp).next() else { continue };
        let manner = Manner { tls: ClientTls::None, request: None };
        let steps = cluster.evaluator.follow(&probe(pod, port), &manner).steps;
        let ingress = steps.into_iter().find(|step| step.hop == Hop::Ingress);
        if let Some((object, path)) = ingress.and_then(|step| Some((step.object?, step.path))) {
            unprobed.entry(object).or_insert((path, 0)).1 += 1;
        }
    }
    for (object, (path, number)) in unprobed {
        let message = format!("the kubelet may not probe {number} kinds of ambient pods");
        let fix =
            "admit ipBlock 169.254.7.127/32 (and fd16:9254:7127:1337:ffff:ffff:ffff:ffff/128) to the ports of probes";
        findings.report(&object, path, message, fix);
    }
}

/// Whether a pod is in ambient mode and the kubelet reaches none of its ports. Which of them it probes is not known.
fn is_unprobed(pod: &Pod, cluster: &Cluster<'_, '_>) -> bool {
    let is_blocked =
        |port| cluster.evaluator.network_verdict(Direction::Ingress, &probe(pod, port)) == Verdict::Blocked;
    let has_policies = || !cluster.written.network_in(&pod.namespace).is_empty();
    let is_ambient = || matches!(cluster.evaluator.membership(pod), Membership::Ambient { .. });
    !pod.has_ended() && has_policies() && is_ambient() && pod.declared_ports(Protocol::Tcp).all(is_blocked)
}

const fn probe(pod: &Pod, port: u16) -> Connection<'_> {
    Connection { from: End::Address(PROBES), to: End::Pod(pod), port, protocol: Protocol::Tcp }
}

pub(in crate::engine::rules::network_policy) fn same_namespace(
    cluster: &Cluster<'_, '_>,
    findings: &mut ClusterFindings<'_>,
) {
    for policy in &cluster.written.network {
        let Some(path) = admits_the_namespace(policy) else { continue };
        let others =
            cluster.written.network_in(policy.namespace()).iter().filter(|other| other.object != policy.object);
        if let Some(tighter) = others.into_iter().find(|other| picks_neighbours(other)) {
            findings.report(
                policy.object,
                path,
                "admits the whole namespace, which tighter policies avoid",
                format!("remove this policy, or {} and others like it mean nothing", tighter.object.name),
            );
        }
    }
}

/// Where a policy for all pods admits all pods of the namespace to every port.
fn admits_the_namespace(policy: &Policy<'_, NetworkPolicy<'_>>) -> Option<FieldPath> {
    let spec = &policy.view.spec;
    if !spec.pod_selector.is_empty() || !spec.isolates_ingress() {
        return None;
    }
    let mut peers = ingress(&policy.view).filter(|rule| rule.ports.is_empty()).flat_map(PolicyRule::peers);
    peers.find(|(_, peer)| peer.only_pods().is_some_and(LabelSelector::is_empty)).map(|(place, _)| place.path())
}

/// Whether a policy admits only some pods of its own namespace.
fn picks_neighbours(policy: &Policy<'_, NetworkPolicy<'_>>) -> bool {
    let mut peers = ingress(&policy.view).flat_map(PolicyRule::peers);
    policy.view.spec.isolates_ingress()
        && !policy.selected.is_empty()
        && peers.any(|(_, peer)| peer.only_pods().is_some_and(|pods| !pods.is_empty()))
}
