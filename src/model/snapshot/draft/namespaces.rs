//! Namespaces that are given.

use crate::model::snapshot::Namespace;
use crate::model::snapshot::draft::Draft;

impl Draft {
    pub(super) fn put_namespace(&mut self, namespace: Namespace) {
        if self.snapshot.namespaces.find(namespace.name()) != Some(&namespace) {
            self.is_changed = true;
            self.snapshot.namespaces.give(namespace);
        }
    }

    pub(super) fn remove_namespace(&mut self, name: &str) {
        self.is_changed |= self.snapshot.namespaces.take(name);
    }
}
