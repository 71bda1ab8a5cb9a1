//! An evaluator of other policies: what would be if one of them were another.

use std::sync::Arc;

use crate::engine::reach::Evaluator;
use crate::engine::reach::network_policy::Policy;
use crate::model::resource::{AuthorizationPolicy, NetworkPolicy, PeerAuthentication};
use crate::model::{ObjectReference, Resource};

impl Evaluator<'_> {
    /// The same with an object of this JSON, new or instead of the one of its name; `None` for kinds that are no
    /// policies, and where it cannot be read.
    pub fn with(&self, resource: Resource, reference: &ObjectReference, json: &str) -> Option<Self> {
        let mut changed = self.clone();
        let namespace = reference.namespace.as_deref().unwrap_or_default();
        match resource {
            Resource::NetworkPolicy => {
                let policy: NetworkPolicy<'_> = serde_json::from_str(json).ok()?;
                Arc::make_mut(&mut changed.network_policies).put(Policy::new(&policy, namespace));
            }
            Resource::AuthorizationPolicy => {
                let policy: AuthorizationPolicy<'_> = serde_json::from_str(json).ok()?;
                let policies = Arc::make_mut(&mut changed.authorization_policies);
                policies.remove(reference);
                policies.add(namespace, &policy);
            }
            Resource::PeerAuthentication => {
                let policy: PeerAuthentication<'_> = serde_json::from_str(json).ok()?;
                let policies = Arc::make_mut(&mut changed.peer_authentications);
                policies.remove(reference);
                policies.add(namespace, &policy);
            }
            _ => return None,
        }
        Some(changed)
    }

    /// The same with a NetworkPolicy of this JSON, new or instead of the one of its name, or without it. As in a
    /// snapshot, one that cannot be read is there all the same.
    #[must_use]
    pub fn with_network_policy(&self, reference: &ObjectReference, json: Option<&str>) -> Self {
        let mut changed = self.clone();
        let policies = Arc::make_mut(&mut changed.network_policies);
        let (namespace, name) = (reference.namespace.as_deref().unwrap_or_default(), reference.name.as_str());
        match json.map(serde_json::from_str::<NetworkPolicy<'_>>) {
            None => policies.remove(namespace, name),
            Some(Ok(policy)) => policies.put(Policy::new(&policy, namespace)),
            Some(Err(error)) => policies.put(Policy::unreadable(namespace, name, error.to_string())),
        }
        changed
    }
}
