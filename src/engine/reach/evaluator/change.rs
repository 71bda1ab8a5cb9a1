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

    /// The same with a policy of this JSON, new or instead of the one of its name, or without it; as it is for kinds that
    /// are no policies. As in a snapshot, one that cannot be read is there all the same.
    #[must_use]
    pub fn changed(&self, resource: Resource, reference: &ObjectReference, json: Option<&str>) -> Self {
        if let Some(changed) = json.and_then(|json| self.with(resource, reference, json)) {
            return changed;
        }
        let mut changed = self.clone();
        let (namespace, name) = (reference.namespace.as_deref().unwrap_or_default(), reference.name.as_str());
        let unreadable = json.map(|json| why_unreadable(resource, json));
        match resource {
            Resource::NetworkPolicy => {
                let policies = Arc::make_mut(&mut changed.network_policies);
                match unreadable {
                    None => policies.remove(namespace, name),
                    Some(why) => policies.put(Policy::unreadable(namespace, name, why)),
                }
            }
            Resource::AuthorizationPolicy => {
                let policies = Arc::make_mut(&mut changed.authorization_policies);
                policies.remove(reference);
                if unreadable.is_some() {
                    policies.add_unreadable(reference.clone());
                }
            }
            Resource::PeerAuthentication => {
                let policies = Arc::make_mut(&mut changed.peer_authentications);
                policies.remove(reference);
                if unreadable.is_some() {
                    policies.add_unreadable(reference.clone());
                }
            }
            _ => {}
        }
        changed
    }
}

fn why_unreadable(resource: Resource, json: &str) -> String {
    let error = match resource {
        Resource::NetworkPolicy => serde_json::from_str::<NetworkPolicy<'_>>(json).err(),
        _ => None,
    };
    error.map(|error| error.to_string()).unwrap_or_default()
}
