//! What Secrets and ConfigMaps have in them, by name alone: no value is ever kept.

use crate::model::ObjectReference;
use crate::model::Resource;
use crate::model::snapshot::Snapshot;
use crate::model::snapshot::table::Named;

/// The names of the keys of a Secret or a ConfigMap.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Keys {
    /// The Secret or ConfigMap.
    pub(super) object: ObjectReference,
    /// The names, in order.
    pub(super) names: Vec<String>,
}

impl Named for Keys {
    fn names(&self) -> [&str; 4] {
        [self.object.namespace.as_deref().unwrap_or_default(), &self.object.name, &self.object.kind, ""]
    }
}

impl Snapshot {
    /// Whether a Secret or ConfigMap has this key; `None` where it was not given.
    pub fn has_key(&self, resource: Resource, namespace: &str, name: &str, key: &str) -> Option<bool> {
        let keys = self.keys.named([namespace, name, resource.kind(), ""])?;
        Some(keys.value.names.iter().any(|known| known == key))
    }
}
