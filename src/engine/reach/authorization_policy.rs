//! AuthorizationPolicies: whether the called pod admits who calls it.
//!
//! Semantics: `istio.io/istio` `pilot/pkg/security/authz` for sidecars, `pilot/pkg/serviceregistry/ambient/authorization.go`
//! with `istio/ztunnel` `src/rbac.rs` for ambient mode. Both are followed where they differ from their documentation.

mod asked;
mod decision;
mod mentioned;
mod pattern;
mod policy;
mod rule;
mod step;
mod value;

pub use asked::HttpRequest;
pub use mentioned::Mentioned;
pub use step::authorization;

use std::collections::BTreeMap;

use crate::engine::reach::MeshSettings;
use crate::model::ObjectReference;
use crate::model::resource::AuthorizationPolicy;
use crate::model::snapshot::Pod;
use policy::Policy;

/// All AuthorizationPolicies that are enforced, by namespace.
#[derive(Clone, Debug)]
pub struct AuthorizationPolicies {
    settings: MeshSettings,
    policies: BTreeMap<String, Vec<Policy>>,
}

impl AuthorizationPolicies {
    /// None yet, in this mesh.
    pub const fn new(settings: MeshSettings) -> Self {
        Self { settings, policies: BTreeMap::new() }
    }

    /// Adds one of this namespace, unless it is only tried out (`istio.io/dry-run`) or only writes to a log.
    pub fn add(&mut self, namespace: &str, policy: &AuthorizationPolicy<'_>) {
        if let Some(policy) = Policy::new(namespace, policy, &self.settings) {
            self.insert(namespace, policy);
        }
    }

    /// Adds one that is there but cannot be read: whatever it could decide is not known.
    pub fn add_unreadable(&mut self, object: ObjectReference) {
        let namespace = object.namespace.clone().unwrap_or_default();
        self.insert(&namespace, Policy::unreadable(object));
    }

    /// Takes one away, if it is there.
    pub fn remove(&mut self, object: &ObjectReference) {
        let namespace = object.namespace.as_deref().unwrap_or_default();
        if let Some(policies) = self.policies.get_mut(namespace) {
            policies.retain(|policy| policy.object != *object);
        }
    }

    fn insert(&mut self, namespace: &str, policy: Policy) {
        self.policies.entry(namespace.to_owned()).or_default().push(policy);
    }

    /// Those that hold for the proxy of this pod: of its namespace and of the root namespace, by their selectors.
    fn selecting<'p>(&'p self, pod: &'p Pod) -> impl Iterator<Item = &'p Policy> {
        self.about(pod).filter(|policy| policy.selects(pod))
    }

    /// Whether there are any that name gateways or Services, and so may hold for a waypoint before this pod.
    fn has_targeting(&self, pod: &Pod) -> bool {
        self.about(pod).any(Policy::has_targets)
    }

    fn about<'p>(&'p self, pod: &'p Pod) -> impl Iterator<Item = &'p Policy> {
        let root = self.settings.root_namespace.as_str();
        let namespaces = [Some(pod.namespace.as_str()), (root != pod.namespace).then_some(root)];
        namespaces.into_iter().flatten().filter_map(|namespace| self.policies.get(namespace)).flatten()
    }
}

#[cfg(test)]
mod tests;
