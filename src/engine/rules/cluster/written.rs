//! What rules over a cluster share: policies as they were written, read once, each with the pods that it selects.

use serde::Deserialize;

use crate::engine::rules::cluster::Shapes;
use crate::model::resource::{AuthorizationPolicy, NetworkPolicy, PeerAuthentication};
use crate::model::selector::LabelSelector;
use crate::model::snapshot::{Kept, Pod, Snapshot};
use crate::model::{ObjectReference, Resource};

/// All policies that can be read. Nobody knows what the others mean.
#[derive(Clone, Debug, Default)]
pub struct Written<'s> {
    /// One pod of each class.
    pub shapes: Shapes<'s>,
    /// NetworkPolicies, by namespace and name.
    pub network: Vec<Policy<'s, NetworkPolicy<'s>>>,
    /// AuthorizationPolicies, by namespace and name.
    pub authorization: Vec<Policy<'s, AuthorizationPolicy<'s>>>,
    /// PeerAuthentications, by namespace and name.
    pub peer_authentication: Vec<Policy<'s, PeerAuthentication<'s>>>,
}

/// A policy.
#[derive(Clone, Debug)]
pub struct Policy<'s, T> {
    /// Which one it is.
    pub object: &'s ObjectReference,
    /// What it says.
    pub view: T,
    /// Whom it selects: one pod of each class, also pods that have ended.
    pub selected: Vec<&'s Pod>,
}

impl<'s> Written<'s> {
    /// Reads all policies; those of Istio in `root_namespace` hold for pods of every namespace.
    pub fn new(snapshot: &'s Snapshot, root_namespace: &str) -> Self {
        let shapes = Shapes::new(snapshot);
        let network = read(snapshot, Resource::NetworkPolicy, |namespace, view: &NetworkPolicy<'_>| {
            shapes.selected(namespace, &view.spec.pod_selector)
        });
        let authorization =
            read(snapshot, Resource::AuthorizationPolicy, |namespace, view: &AuthorizationPolicy<'_>| {
                let everywhere = namespace == root_namespace;
                match &view.spec.selector {
                    _ if view.spec.has_targets() => Vec::new(),
                    Some(selector) if everywhere => shapes.selected_anywhere(&labels_of(selector)),
                    None if everywhere => shapes.all().to_vec(),
                    Some(selector) => shapes.selected(namespace, &labels_of(selector)),
                    None => shapes.of(namespace).to_vec(),
                }
            });
        let peer_authentication =
            read(snapshot, Resource::PeerAuthentication, |namespace, view: &PeerAuthentication<'_>| {
                match &view.spec.selector {
                    Some(selector) if !selector.is_empty() => shapes.selected(namespace, &labels_of(selector)),
                    _ if namespace == root_namespace => shapes.all().to_vec(),
                    _ => shapes.of(namespace).to_vec(),
                }
            });
        Self { shapes, network, authorization, peer_authentication }
    }

    /// The NetworkPolicies of a namespace.
    pub fn network_in(&self, namespace: &str) -> &[Policy<'s, NetworkPolicy<'s>>] {
        in_namespace(&self.network, namespace)
    }

    /// The AuthorizationPolicies of a namespace.
    pub fn authorization_in(&self, namespace: &str) -> &[Policy<'s, AuthorizationPolicy<'s>>] {
        in_namespace(&self.authorization, namespace)
    }
}

impl<T> Policy<'_, T> {
    /// Its namespace.
    pub fn namespace(&self) -> &str {
        self.object.namespace.as_deref().unwrap_or_default()
    }
}

fn in_namespace<'w, 's, T>(policies: &'w [Policy<'s, T>], namespace: &str) -> &'w [Policy<'s, T>] {
    let start = policies.partition_point(|policy| policy.namespace() < namespace);
    let end = policies.partition_point(|policy| policy.namespace() <= namespace);
    policies.get(start..end).unwrap_or_default()
}

fn read<'s, T: Deserialize<'s>>(
    snapshot: &'s Snapshot,
    resource: Resource,
    selected: impl Fn(&str, &T) -> Vec<&'s Pod>,
) -> Vec<Policy<'s, T>> {
    let policy = |kept: &'s Kept| {
        let view: T = serde_json::from_str(&kept.json).ok()?;
        Some(Policy { object: &kept.reference, selected: selected(kept.namespace(), &view), view })
    };
    snapshot.objects(resource).filter_map(policy).collect()
}

/// The schema of Istio's selectors has labels only: the API server prunes anything else.
fn labels_of<'a>(selector: &LabelSelector<'a>) -> LabelSelector<'a> {
    LabelSelector { match_labels: selector.match_labels.clone(), match_expressions: Vec::new() }
}
