//! Companions as they are written to a cluster: what `render` prints, with a label that names the guard and an owner
//! reference to it, so that they go when it goes.
//!
//! These two are all that differs. `render` leaves them out because a manifest cannot know the unique identifier of an
//! object that may not exist yet.

use serde_json::{Value, json};

use crate::engine::companion::manifest::{MANAGED_BY, Metadata};
use crate::engine::companion::{Companion, CompanionMode};
use crate::model::guard::{Guard, document};
use crate::model::{ObjectReference, Resource};

/// The label with the name of the guard. Whoever puts it on an object of their own lets us take the object over.
pub const GUARD_LABEL: &str = "scrapeguard.io/guard";
/// The longest value of a label (kubernetes.io `working-with-objects/labels`).
const LONGEST_LABEL: usize = 63;

/// A guard that is an object of the cluster, and so can own others.
#[derive(Clone, Copy, Debug)]
pub struct Owner<'a> {
    /// The guard.
    pub guard: &'a Guard,
    /// The unique identifier of its `ScrapeGuard`.
    pub uid: &'a str,
}

impl Owner<'_> {
    /// A companion of this guard as it is written to the cluster.
    pub fn object(&self, companion: &Companion) -> Value {
        let mut object = serde_json::to_value(companion).unwrap_or_default();
        if let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) {
            metadata.insert("ownerReferences".to_owned(), json!([self.reference()]));
            let labels = metadata.get_mut("labels").and_then(Value::as_object_mut);
            if let (Some(labels), Some(value)) = (labels, label_value(&self.guard.name)) {
                labels.insert(GUARD_LABEL.to_owned(), value.into());
            }
        }
        object
    }

    fn reference(&self) -> Value {
        json!({
            "apiVersion": document::API_VERSION, "kind": document::KIND, "name": self.guard.name, "uid": self.uid,
            "controller": true,
        })
    }
}

/// The name of a guard as the value of a label; `None` where it is too long for one, so that the owner reference alone
/// tells.
pub fn label_value(guard: &str) -> Option<&str> {
    (guard.len() <= LONGEST_LABEL).then_some(guard)
}

impl Companion {
    /// Its kind.
    pub const fn resource(&self) -> Resource {
        match self {
            Self::NetworkPolicy(_) => Resource::NetworkPolicy,
            Self::AuthorizationPolicy(_) => Resource::AuthorizationPolicy,
            Self::PodMonitor(_) => Resource::PodMonitor,
        }
    }

    /// Which object it is.
    pub fn reference(&self) -> ObjectReference {
        let Metadata { name, namespace, .. } = self.metadata();
        let kind = self.resource().kind().to_owned();
        ObjectReference { kind, namespace: Some(namespace.clone()), name: name.clone() }
    }

    /// What the guard wants done about it.
    pub const fn mode(&self, guard: &Guard) -> CompanionMode {
        mode(guard, self.resource())
    }

    const fn metadata(&self) -> &Metadata {
        match self {
            Self::NetworkPolicy(manifest) => &manifest.metadata,
            Self::AuthorizationPolicy(manifest) => &manifest.metadata,
            Self::PodMonitor(manifest) => &manifest.metadata,
        }
    }
}

/// The kinds that companions are of.
pub const KINDS: [Resource; 3] = [Resource::NetworkPolicy, Resource::AuthorizationPolicy, Resource::PodMonitor];

/// What a guard wants done about companions of a kind.
pub const fn mode(guard: &Guard, resource: Resource) -> CompanionMode {
    match resource {
        Resource::NetworkPolicy => guard.companions.network_policies,
        Resource::AuthorizationPolicy => guard.companions.authorization_policies,
        Resource::PodMonitor => guard.companions.pod_monitors,
        _ => CompanionMode::Ignore,
    }
}

/// The guard that an object says it is a companion of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Belonging<'a> {
    /// The name of the guard.
    pub(super) guard: &'a str,
    /// Whether the guard owns it. Where the guard was deleted and what it owned was not, only the label is left.
    pub(super) is_owned: bool,
}

/// Whether an object says of itself that it is a companion.
pub fn is_companion(object: &Value) -> bool {
    belonging(object).is_some()
}

/// Whether an object says of itself that it is a companion, and of which guard: by its owner, or by its labels.
pub(super) fn belonging(object: &Value) -> Option<Belonging<'_>> {
    let metadata = object.get("metadata")?;
    let (key, value) = MANAGED_BY;
    let labels = metadata.get("labels")?;
    labels.get(key).filter(|known| *known == value)?;
    match owner(metadata) {
        Some(guard) => Some(Belonging { guard, is_owned: true }),
        None => Some(Belonging { guard: labels.get(GUARD_LABEL)?.as_str()?, is_owned: false }),
    }
}

fn owner(metadata: &Value) -> Option<&str> {
    let text = |reference: &Value, key: &str| reference.get(key).and_then(Value::as_str).map(str::to_owned);
    let group = document::API_VERSION.split('/').next().unwrap_or_default();
    let is_guard = |reference: &&Value| {
        text(reference, "kind").as_deref() == Some(document::KIND)
            && text(reference, "apiVersion").is_some_and(|version| version.split('/').next() == Some(group))
    };
    metadata.get("ownerReferences")?.as_array()?.iter().find(is_guard)?.get("name")?.as_str()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::companion::companions;

    #[test]
    fn only_owner_and_label_differ_from_what_is_rendered() {
        let guard = Guard::built_in();
        let owner = Owner { guard: &guard, uid: "u" };
        for companion in companions(&guard).objects {
            let mut object = owner.object(&companion);
            assert_eq!(belonging(&object), Some(Belonging { guard: "monitoring", is_owned: true }));
            let metadata = object["metadata"].as_object_mut().unwrap();
            assert_eq!(metadata.remove("ownerReferences").unwrap()[0]["uid"], "u");
            assert_eq!(metadata["labels"].as_object_mut().unwrap().remove(GUARD_LABEL), Some(json!("monitoring")));
            assert_eq!(object, serde_json::to_value(&companion).unwrap());
        }
    }

    #[test]
    fn a_name_that_is_too_long_for_a_label_is_told_by_the_owner() {
        let guard = Guard { name: "long.".repeat(20) + "name", ..Guard::built_in() };
        let object = Owner { guard: &guard, uid: "u" }.object(&companions(&guard).objects[0]);
        assert_eq!(object["metadata"]["labels"].get(GUARD_LABEL), None);
        assert_eq!(belonging(&object).unwrap().guard, guard.name);
    }

    #[test]
    fn what_is_rendered_and_applied_by_hand_is_of_no_guard() {
        let rendered = serde_json::to_value(&companions(&Guard::built_in()).objects[0]).unwrap();
        assert_eq!(belonging(&rendered), None);
    }
}
