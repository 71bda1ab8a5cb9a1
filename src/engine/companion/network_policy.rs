//! NetworkPolicies: the namespace is closed, and each component is opened for its connections.
//!
//! Ports are container ports, and peers of other namespaces are a namespace and pods in one item, which means both.
//! Semantics: `k8s.io/api/networking/v1/types.go`.

use serde::Serialize;

use super::admissions::{Admission, grouped};
use super::manifest::{LabelSelector, Manifest, Metadata};
use super::{Companion, Companions, PROMETHEUS, membership, names};
use crate::model::Protocol;
use crate::model::Truth;
use crate::model::guard::{Component, Connection, Guard, Purpose, Source};

/// The label that the API server puts on every namespace, and that nobody can change.
const NAMESPACE_NAME: &str = "kubernetes.io/metadata.name";
/// Envoy's own statistics, and the port of the agent that merges them with the application's. Both bypass the sidecar's
/// capture, so only a NetworkPolicy guards them (istio.io/istio `injection-template.yaml`).
const ENVOY_PORTS: [u16; 2] = [15090, 15020];
/// The port that ztunnel's tunnels arrive at, whatever port the caller dialled.
const HBONE_PORT: u16 = 15008;
/// Where the kubelet's probes come from in ambient mode (istio.io `ambient/usage/networkpolicy`).
const PROBE_ADDRESSES: [&str; 2] = ["169.254.7.127/32", "fd16:9254:7127:1337:ffff:ffff:ffff:ffff/128"];

/// What a NetworkPolicy selects and allows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NetworkPolicySpec {
    /// The pods that it holds for.
    pub pod_selector: LabelSelector,
    /// Always `Ingress`: what pods may call is nobody's business here.
    pub policy_types: [&'static str; 1],
    /// What may come in; nothing if empty.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub ingress: Vec<IngressRule>,
}

/// One element of `ingress`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct IngressRule {
    /// Who may come in; everybody if empty.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub from: Vec<Peer>,
    /// To which ports.
    pub ports: Vec<PolicyPort>,
}

/// One element of `from`: pods, or addresses.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Peer {
    /// The namespace of the pods; the policy's own if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub namespace_selector: Option<LabelSelector>,
    /// The pods; all of the namespace if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pod_selector: Option<LabelSelector>,
    /// Addresses.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ip_block: Option<IpBlock>,
}

/// A range of addresses.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct IpBlock {
    /// The range in CIDR notation.
    pub cidr: &'static str,
}

/// One element of `ports`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct PolicyPort {
    /// The container port.
    pub port: u16,
    /// Its protocol.
    pub protocol: Protocol,
}

/// Who may come in.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Admitted {
    /// Everybody: the kube-apiserver is no pod, and its addresses are not known.
    Everybody,
    /// One peer.
    Peer(Peer),
}

/// Adds the policies of all components.
pub(super) fn add(guard: &Guard, companions: &mut Companions) {
    if guard.companions.default_deny {
        let name = names::DEFAULT_DENY.to_owned();
        companions.objects.push(manifest(guard, name, LabelSelector::default(), Vec::new()));
    }
    for component in &guard.components {
        if component.host_network {
            note_host_network(guard, component, companions);
            continue;
        }
        let rules = rules(guard, component);
        // Where the whole namespace is closed, a component that listens nowhere, such as a Job, needs no policy.
        let listens = !component.ports.is_empty() || !rules.is_empty();
        if listens || !guard.companions.default_deny {
            let selector = LabelSelector::of(component.selector_labels.iter().cloned());
            let name = names::policy(guard, component).to_owned();
            companions.objects.push(manifest(guard, name, selector, rules));
        }
    }
}

fn manifest(guard: &Guard, name: String, pod_selector: LabelSelector, ingress: Vec<IngressRule>) -> Companion {
    Companion::NetworkPolicy(Manifest {
        api_version: "networking.k8s.io/v1",
        kind: "NetworkPolicy",
        metadata: Metadata::of(guard, name),
        spec: NetworkPolicySpec { pod_selector, policy_types: ["Ingress"], ingress },
    })
}

fn note_host_network(guard: &Guard, component: &Component, companions: &mut Companions) {
    let ports: Vec<String> = component.ports.iter().map(|port| port.number.to_string()).collect();
    let message = format!(
        "is on the host network, where NetworkPolicies do not hold; protect port {} by a host firewall or \
         kube-rbac-proxy",
        ports.join(", ")
    );
    companions.note(&component.name, message);
    let calls = |connection: &&Connection| connection.from == Source::Component(component.name.clone());
    for connection in guard.connections.iter().filter(calls) {
        let message = format!(
            "cannot be admitted to {}: it calls from the address of its node, which no pod selector means",
            connection.to
        );
        companions.note(&component.name, message);
    }
}

fn rules(guard: &Guard, component: &Component) -> Vec<IngressRule> {
    let mesh = envoy(guard, component).into_iter().chain(tunnels(guard, component));
    let called: Vec<_> = called(guard, component).into_iter().chain(mesh).collect();
    // Where everybody is admitted, nobody has to be named.
    let is_open = |port: PolicyPort| called.contains(&(Admitted::Everybody, port));
    let needed = |(from, port): &(Admitted, PolicyPort)| *from == Admitted::Everybody || !is_open(*port);
    let probes = grouped(probes(guard, component).into_iter().filter(needed));
    grouped(called.iter().filter(|permission| needed(permission)).cloned())
        .into_iter()
        .chain(probes)
        .map(rule)
        .collect()
}

fn rule(admission: Admission<Admitted, PolicyPort>) -> IngressRule {
    let peer = |admitted| match admitted {
        Admitted::Everybody => None,
        Admitted::Peer(peer) => Some(peer),
    };
    IngressRule { from: admission.callers.into_iter().filter_map(peer).collect(), ports: admission.ports }
}

/// The component's connections.
fn called(guard: &Guard, component: &Component) -> Vec<(Admitted, PolicyPort)> {
    let mut permissions = Vec::new();
    for connection in guard.connections_to(component) {
        let Some(from) = from(guard, &connection.from) else { continue };
        let ports = connection.ports.iter().map(|(port, protocol)| PolicyPort { port: *port, protocol: *protocol });
        permissions.extend(ports.map(|port| (from.clone(), port)));
    }
    permissions
}

/// Prometheus to the sidecar's own ports.
fn envoy(guard: &Guard, component: &Component) -> Vec<(Admitted, PolicyPort)> {
    let has_sidecar = membership::of_component(guard, component) == Truth::Yes && membership::may_have_sidecar(guard);
    if !has_sidecar || !guard.mesh.envoy_stats {
        return Vec::new();
    }
    let Some(prometheus) = from(guard, &Source::Component(PROMETHEUS.to_owned())) else { return Vec::new() };
    ENVOY_PORTS.iter().map(|port| (prometheus.clone(), tcp(*port))).collect()
}

/// In ambient mode, TCP between pods of the mesh arrives at one port, whatever port was dialled.
fn tunnels(guard: &Guard, component: &Component) -> Vec<(Admitted, PolicyPort)> {
    let callers = guard.connections_to(component).filter(|connection| {
        let tcp = connection.ports.iter().any(|(_, protocol)| *protocol == Protocol::Tcp);
        tcp && membership::of_source(guard, &connection.from) != Truth::No
    });
    let peers = callers.filter_map(|connection| from(guard, &connection.from));
    if is_ambient(guard, component) { peers.map(|peer| (peer, tcp(HBONE_PORT))).collect() } else { Vec::new() }
}

/// In ambient mode, the kubelet's probes come from an address that network plug-ins do not take for the node's.
fn probes(guard: &Guard, component: &Component) -> Vec<(Admitted, PolicyPort)> {
    if !is_ambient(guard, component) {
        return Vec::new();
    }
    let called = guard.connections_to(component).filter(|connection| connection.purpose != Purpose::Gossip);
    let called = called.flat_map(|connection| connection.ports.iter().copied());
    let first = component.ports.first().map(|port| (port.number, port.protocol));
    let probed = first.into_iter().chain(called).filter(|(_, protocol)| *protocol == Protocol::Tcp);
    probed.flat_map(|(port, _)| PROBE_ADDRESSES.map(|cidr| (Admitted::Peer(address(cidr)), tcp(port)))).collect()
}

fn is_ambient(guard: &Guard, component: &Component) -> bool {
    membership::of_component(guard, component) == Truth::Yes && membership::may_be_ambient(guard)
}

/// Who this source is to a NetworkPolicy; `None` if none can name it.
fn from(guard: &Guard, source: &Source) -> Option<Admitted> {
    match source {
        Source::ApiServer => Some(Admitted::Everybody),
        Source::Caller(caller) => {
            let namespace = LabelSelector::of([(NAMESPACE_NAME.to_owned(), caller.namespace.clone())]);
            let labels = LabelSelector::of(caller.pod_labels.clone());
            Some(Admitted::Peer(Peer {
                namespace_selector: Some(namespace),
                pod_selector: (!caller.pod_labels.is_empty()).then_some(labels),
                ip_block: None,
            }))
        }
        Source::Component(name) => {
            let component = guard.component(name).filter(|component| !component.host_network)?;
            let labels = LabelSelector::of(component.selector_labels.iter().cloned());
            Some(Admitted::Peer(Peer { pod_selector: Some(labels), ..Peer::default() }))
        }
    }
}

fn address(cidr: &'static str) -> Peer {
    Peer { ip_block: Some(IpBlock { cidr }), ..Peer::default() }
}

fn tcp(port: u16) -> PolicyPort {
    PolicyPort { port, protocol: Protocol::Tcp }
}
