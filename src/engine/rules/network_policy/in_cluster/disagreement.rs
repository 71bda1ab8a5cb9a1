//! NetworkPolicies and AuthorizationPolicies that disagree about one caller: the path is only half built.

use std::collections::{BTreeMap, BTreeSet};

use crate::engine::reach::mesh::{ClientTls, Membership};
use crate::engine::reach::{Connection, End, Hop, Manner, Step, Verdict};
use crate::engine::rules::authorization_policy::{parts, scope};
use crate::engine::rules::cluster::{Cluster, ClusterFindings, Policy};
use crate::engine::rules::network_policy::places::ingress;
use crate::model::principal::Principal;
use crate::model::resource::authorization_policy::WrittenPort;
use crate::model::resource::network_policy::{Peer, PolicyPort};
use crate::model::resource::{AuthorizationPolicy, NetworkPolicy};
use crate::model::snapshot::Pod;
use crate::model::{FieldPath, ObjectReference, Protocol};

pub(in crate::engine::rules::network_policy) fn disagreeing(
    cluster: &Cluster<'_, '_>,
    findings: &mut ClusterFindings<'_>,
) {
    let mut accounts = BTreeMap::<(&str, &str), &Pod>::new();
    for pod in cluster.written.shapes.all().iter().filter(|pod| !pod.has_ended()) {
        accounts.entry((&pod.namespace, &pod.service_account)).or_insert(pod);
    }
    let allows =
        |policy: &&Policy<'_, AuthorizationPolicy<'_>>| policy.view.spec.allows() && !scope::is_dry_run(&policy.view);
    for policy in cluster.written.authorization.iter().filter(allows) {
        blocked(policy, &accounts, cluster, findings);
    }
    let mut told = BTreeSet::new();
    for policy in cluster.written.network.iter().filter(|policy| has_authorization(policy.namespace(), cluster)) {
        refused(policy, &mut told, cluster, findings);
    }
}

/// Callers that an AuthorizationPolicy admits and a NetworkPolicy does not let through.
fn blocked<'s>(
    policy: &Policy<'s, AuthorizationPolicy<'s>>,
    accounts: &BTreeMap<(&str, &str), &'s Pod>,
    cluster: &Cluster<'_, 's>,
    findings: &mut ClusterFindings<'_>,
) {
    for (path, rule) in parts::rules(&policy.view) {
        let operations = parts::operations_of(&path, rule).flat_map(|(_, operation)| &operation.ports);
        let ports: Vec<u16> = operations.filter_map(WrittenPort::number).collect();
        let principals = parts::sources_of(&path, rule)
            .flat_map(|(path, source)| parts::with_paths(&path.key("principals"), &source.principals));
        for (path, principal) in principals {
            let caller = Principal::parse(principal).and_then(|it| accounts.get(&(it.namespace, it.service_account)));
            let Some(caller) = caller else { continue };
            let ends = pairs(caller, &policy.selected, &ports);
            let mut steps = ends.into_iter().filter_map(|connection| blocking(&connection, cluster));
            if let Some((step, port)) = steps.next() {
                let by = step.object.map_or_else(|| "a NetworkPolicy".to_owned(), |object| object.to_string());
                let fix = format!("let {} through to port {port} in {by}, or remove it here", caller.full_name());
                findings.report(policy.object, path, "admits a caller whom a NetworkPolicy blocks", fix);
            }
        }
    }
}

/// The connections of a caller to ports that the called pods really have.
fn pairs<'s>(caller: &'s Pod, selected: &[&'s Pod], ports: &[u16]) -> Vec<Connection<'s>> {
    let others = selected.iter().copied().filter(|pod| !pod.has_ended() && pod.object != caller.object);
    others
        .flat_map(|pod| {
            let declared = pod.declared_ports(Protocol::Tcp).filter(|port| ports.contains(port));
            declared.map(move |port| Connection {
                from: End::Pod(caller),
                to: End::Pod(pod),
                port,
                protocol: Protocol::Tcp,
            })
        })
        .collect()
}

fn steps<'s>(connection: &Connection<'s>, tls: ClientTls, cluster: &Cluster<'_, 's>) -> Vec<Step> {
    cluster.evaluator.follow(connection, &Manner { tls, request: None }).steps
}

fn verdict(steps: &[Step], hop: Hop) -> Option<Verdict> {
    steps.iter().find(|step| step.hop == hop).map(|step| step.verdict)
}

/// The hop of NetworkPolicies that blocks what AuthorizationPolicies admit.
fn blocking<'s>(connection: &Connection<'s>, cluster: &Cluster<'_, 's>) -> Option<(Step, u16)> {
    let steps = steps(connection, ClientTls::Mesh, cluster);
    let is_admitted = verdict(&steps, Hop::Authorization) == Some(Verdict::Open);
    let is_network = |step: &Step| matches!(step.hop, Hop::Egress | Hop::Ingress) && step.verdict == Verdict::Blocked;
    steps.into_iter().find(is_network).filter(|_| is_admitted).map(|step| (step, connection.port))
}

fn has_authorization(namespace: &str, cluster: &Cluster<'_, '_>) -> bool {
    let root = cluster.evaluator.mesh().root_namespace.as_str();
    [namespace, root].into_iter().any(|namespace| !cluster.written.authorization_in(namespace).is_empty())
}

/// Callers that a NetworkPolicy names, with a port, and an AuthorizationPolicy refuses.
fn refused(
    policy: &Policy<'_, NetworkPolicy<'_>>,
    told: &mut BTreeSet<(ObjectReference, String)>,
    cluster: &Cluster<'_, '_>,
    findings: &mut ClusterFindings<'_>,
) {
    for rule in ingress(&policy.view) {
        let ports: Vec<u16> = rule.ports().filter_map(|(_, port)| number(port)).collect();
        for caller in rule.peers().filter_map(|(_, peer)| caller(peer, policy.namespace(), cluster)) {
            let Some((object, path)) = refusing(caller, policy, &ports, cluster) else { continue };
            if told.insert((object.clone(), policy.object.name.clone())) {
                let fix = format!(
                    "add the identity of {}, or take it out of NetworkPolicy {}",
                    caller.full_name(),
                    policy.object.name
                );
                findings.report(&object, path, "refuses a caller whom a NetworkPolicy lets in", fix);
            }
        }
    }
}

fn number(port: &PolicyPort<'_>) -> Option<u16> {
    port.numbers().filter(|(first, last)| first == last && port.protocol() == "TCP").map(|(first, _)| first)
}

/// The first pod in the mesh that a peer names by its labels.
fn caller<'s>(peer: &Peer<'_>, own: &str, cluster: &Cluster<'_, 's>) -> Option<&'s Pod> {
    let selector = peer.pod_selector.as_ref().filter(|selector| !selector.is_empty())?;
    let namespaces = super::selectors::namespaces_of(peer, own, cluster)?;
    let shapes = &cluster.written.shapes;
    let mut pods = namespaces.into_iter().flat_map(|namespace| shapes.selected(namespace, selector));
    pods.find(|pod| {
        let in_mesh = matches!(cluster.evaluator.membership(pod), Membership::Sidecar(_) | Membership::Ambient { .. });
        in_mesh && !pod.has_ended()
    })
}

fn refusing<'s>(
    caller: &'s Pod,
    policy: &Policy<'s, NetworkPolicy<'s>>,
    ports: &[u16],
    cluster: &Cluster<'_, 's>,
) -> Option<(ObjectReference, FieldPath)> {
    pairs(caller, &policy.selected, ports).into_iter().find_map(|connection| {
        let steps = steps(&connection, ClientTls::Mesh, cluster);
        // Prometheus may have a certificate of its own, and go past its proxy.
        let by_itself = self::steps(&connection, ClientTls::IstioCertificates, cluster);
        if verdict(&by_itself, Hop::Authorization) != Some(Verdict::Blocked) {
            return None;
        }
        let is_let_in = verdict(&steps, Hop::Ingress) == Some(Verdict::Open);
        let refused = |step: &Step| step.hop == Hop::Authorization && step.verdict == Verdict::Blocked;
        let step = steps.into_iter().find(refused).filter(|_| is_let_in)?;
        Some((step.object?, step.path))
    })
}
