//! Kinds that nothing here evaluates, although they have a say in who reaches what: where one of them may matter, the
//! answer is unknown.

use crate::model::snapshot::Kept;
use crate::model::snapshot::table::Named;

/// What objects of an unmodelled kind change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Affects {
    /// Who is let in and out by the network.
    Network,
    /// What proxies of the mesh do.
    Mesh,
}

/// An object of such a kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unmodelled {
    /// Its API group: kinds of several groups are called alike.
    pub group: String,
    /// What it may change.
    pub affects: Affects,
    /// The object.
    pub object: Kept,
}

impl Named for Unmodelled {
    fn names(&self) -> [&str; 4] {
        [&self.group, self.object.namespace(), &self.object.reference.name, &self.object.reference.kind]
    }
}

/// A kind that is known and not evaluated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct UnmodelledKind {
    group: &'static str,
    kind: &'static str,
    pub(super) affects: Affects,
    pub(super) is_namespaced: bool,
}

/// The group and kind of all that is known and not evaluated.
pub fn kinds() -> impl Iterator<Item = (&'static str, &'static str)> {
    KINDS.iter().map(|known| (known.group, known.kind))
}

impl UnmodelledKind {
    /// The kind of this group and name, in whatever version; `None` where it is not one that matters.
    pub(super) fn of(group: &str, kind: &str) -> Option<Self> {
        KINDS.iter().copied().find(|known| known.group == group && known.kind == kind)
    }
}

const fn network(group: &'static str, kind: &'static str) -> UnmodelledKind {
    UnmodelledKind { group, kind, affects: Affects::Network, is_namespaced: true }
}

const fn cluster_wide(group: &'static str, kind: &'static str) -> UnmodelledKind {
    UnmodelledKind { group, kind, affects: Affects::Network, is_namespaced: false }
}

const fn mesh(group: &'static str, kind: &'static str) -> UnmodelledKind {
    UnmodelledKind { group, kind, affects: Affects::Mesh, is_namespaced: true }
}

const KINDS: [UnmodelledKind; 29] = [
    cluster_wide("policy.networking.k8s.io", "AdminNetworkPolicy"),
    cluster_wide("policy.networking.k8s.io", "BaselineAdminNetworkPolicy"),
    cluster_wide("policy.networking.k8s.io", "ClusterNetworkPolicy"),
    network("cilium.io", "CiliumNetworkPolicy"),
    cluster_wide("cilium.io", "CiliumClusterwideNetworkPolicy"),
    network("projectcalico.org", "NetworkPolicy"),
    cluster_wide("projectcalico.org", "GlobalNetworkPolicy"),
    // The same objects, as Calico stores them.
    network("crd.projectcalico.org", "NetworkPolicy"),
    cluster_wide("crd.projectcalico.org", "GlobalNetworkPolicy"),
    network("crd.antrea.io", "NetworkPolicy"),
    cluster_wide("crd.antrea.io", "ClusterNetworkPolicy"),
    network("k8s.ovn.org", "EgressFirewall"),
    network("networking.gke.io", "FQDNNetworkPolicy"),
    network("k8s.cni.cncf.io", "MultiNetworkPolicy"),
    mesh("networking.istio.io", "EnvoyFilter"),
    mesh("networking.istio.io", "VirtualService"),
    mesh("networking.istio.io", "DestinationRule"),
    mesh("networking.istio.io", "Sidecar"),
    mesh("networking.istio.io", "ServiceEntry"),
    mesh("networking.istio.io", "Gateway"),
    mesh("networking.istio.io", "ProxyConfig"),
    mesh("security.istio.io", "RequestAuthentication"),
    mesh("extensions.istio.io", "WasmPlugin"),
    mesh("gateway.networking.k8s.io", "Gateway"),
    mesh("gateway.networking.k8s.io", "HTTPRoute"),
    mesh("gateway.networking.k8s.io", "GRPCRoute"),
    mesh("gateway.networking.k8s.io", "TCPRoute"),
    mesh("policy.linkerd.io", "Server"),
    mesh("policy.linkerd.io", "AuthorizationPolicy"),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Resource;

    #[test]
    fn a_kind_is_told_by_its_group_from_the_one_that_is_evaluated() {
        assert_eq!(UnmodelledKind::of("projectcalico.org", "NetworkPolicy").unwrap().affects, Affects::Network);
        assert_eq!(UnmodelledKind::of("networking.k8s.io", "NetworkPolicy"), None);
        for known in KINDS {
            assert_eq!(Resource::of(known.group, known.kind), None);
            assert_eq!(UnmodelledKind::of(known.group, known.kind), Some(known), "listed twice");
        }
    }
}
