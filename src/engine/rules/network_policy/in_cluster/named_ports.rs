//! Names of ports, held against those that the selected pods declare.

use std::collections::BTreeSet;

use crate::engine::rules::cluster::{Cluster, ClusterFindings, Policy};
use crate::engine::rules::network_policy::places::{Place, PolicyRule, ingress};
use crate::model::Protocol;
use crate::model::resource::NetworkPolicy;
use crate::model::resource::network_policy::PortReference;
use crate::model::snapshot::{ContainerRole, Pod};

/// The port that every sidecar declares, so that templates do not have it yet.
const OF_SIDECARS: &str = "http-envoy-prom";

pub(in crate::engine::rules::network_policy) fn undeclared(
    cluster: &Cluster<'_, '_>,
    findings: &mut ClusterFindings<'_>,
) {
    for policy in &cluster.written.network {
        let pods = selected(policy);
        for (place, name, protocol) in names(&policy.view).filter(|(_, name, _)| *name != OF_SIDECARS) {
            let is_undeclared = pods.iter().all(|pod| pod.port_named(name, protocol).is_none());
            if !pods.is_empty() && is_undeclared {
                findings.report(
                    policy.object,
                    place.path().key("port"),
                    format!("no selected pod has a {protocol} port of this name"),
                    format!("use one that they declare: {}", declared(&pods, protocol)),
                );
            }
        }
    }
}

pub(in crate::engine::rules::network_policy) fn ambiguous(
    cluster: &Cluster<'_, '_>,
    findings: &mut ClusterFindings<'_>,
) {
    for policy in &cluster.written.network {
        for (place, name, protocol) in names(&policy.view) {
            let numbers = |pod: &&Pod| numbers(pod, name, protocol);
            let Some(numbers) = selected(policy).iter().map(numbers).find(|numbers| numbers.len() > 1) else {
                continue;
            };
            let listed: Vec<String> = numbers.iter().map(u16::to_string).collect();
            findings.report(
                policy.object,
                place.path().key("port"),
                "several containers of a pod call a port so",
                format!("write the number that is meant: {}", listed.join(" or ")),
            );
        }
    }
}

/// The pods that a policy holds for. Whether it does on the host network, and for what has ended, does not matter.
fn selected<'s>(policy: &Policy<'s, NetworkPolicy<'_>>) -> Vec<&'s Pod> {
    policy.selected.iter().copied().filter(|pod| !pod.host_network && !pod.has_ended()).collect()
}

/// The names of ports that ingress rules admit to. Those of egress rules are names of other pods.
fn names<'p>(policy: &'p NetworkPolicy<'_>) -> impl Iterator<Item = (Place, &'p str, Protocol)> {
    ingress(policy).flat_map(PolicyRule::ports).filter_map(|(place, port)| match &port.port {
        Some(PortReference::Name(name)) => Some((place, name.as_str(), Protocol::parse(port.protocol())?)),
        _ => None,
    })
}

fn numbers(pod: &Pod, name: &str, protocol: Protocol) -> BTreeSet<u16> {
    let running = pod.containers.iter().filter(|container| container.role != ContainerRole::Init);
    let ports = running.flat_map(|container| &container.ports);
    ports
        .filter(|port| port.name.as_deref() == Some(name) && port.protocol == protocol)
        .map(|port| port.number)
        .collect()
}

fn declared(pods: &[&Pod], protocol: Protocol) -> String {
    let ports = pods.iter().flat_map(|pod| &*pod.containers).flat_map(|container| &container.ports);
    let ports = ports.filter(|port| port.protocol == protocol);
    let written = ports.map(|port| match &port.name {
        Some(name) => format!("{name} ({})", port.number),
        None => port.number.to_string(),
    });
    let mut written: Vec<String> = written.collect::<BTreeSet<_>>().into_iter().collect();
    written.truncate(6);
    if written.is_empty() { "they declare none, so write a number".to_owned() } else { written.join(", ") }
}
