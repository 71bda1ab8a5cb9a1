//! What Secrets and ConfigMaps have in them, by name alone: no value is ever kept.

use crate::model::ObjectReference;
use crate::model::Resource;
use crate::model::snapshot::given::Given;
use crate::model::snapshot::{Builder, Snapshot, stretch};

/// The names of the keys of a Secret or a ConfigMap.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Keys {
    /// The Secret or ConfigMap.
    pub(super) object: ObjectReference,
    /// The names, in order.
    names: Vec<String>,
}

impl From<Given<Vec<String>>> for Keys {
    fn from(given: Given<Vec<String>>) -> Self {
        Self { object: given.reference, names: given.value }
    }
}

impl From<Keys> for Given<Vec<String>> {
    fn from(keys: Keys) -> Self {
        Self { reference: keys.object, origin: None, value: keys.names }
    }
}

impl Snapshot {
    /// Whether a Secret or ConfigMap has this key; `None` where it was not given.
    pub fn has_key(&self, resource: Resource, namespace: &str, name: &str, key: &str) -> Option<bool> {
        let named = stretch(&self.keys, |keys| {
            let object = &keys.object;
            (object.namespace.as_deref().unwrap_or_default(), object.name.as_str()).cmp(&(namespace, name))
        });
        let keys = named.iter().find(|keys| keys.object.kind == resource.kind())?;
        Some(keys.names.iter().any(|known| known == key))
    }
}

impl Builder {
    /// Keeps the names of the keys of a Secret or ConfigMap.
    pub(super) fn add_keys(&mut self, given: Given<Vec<String>>) {
        self.keys.push(given);
    }
}
