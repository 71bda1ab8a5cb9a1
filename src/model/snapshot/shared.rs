//! Values that many objects have in common, each kept once: a thousand pods have one ReplicaSet.

use std::collections::HashSet;
use std::hash::Hash;
use std::sync::Arc;

/// All values of a kind that were shared so far.
#[derive(Debug)]
pub(super) struct Shared<T: ?Sized>(HashSet<Arc<T>>);

impl<T: ?Sized + Eq + Hash> Shared<T> {
    /// The same value, in the memory of the one that was shared before if there is such.
    pub(super) fn share(&mut self, value: Arc<T>) -> Arc<T> {
        if let Some(known) = self.0.get(&value) {
            return Arc::clone(known);
        }
        self.0.insert(Arc::clone(&value));
        value
    }

    /// Takes note of a value that is shared already.
    pub(super) fn learn(&mut self, value: &Arc<T>) {
        self.0.insert(Arc::clone(value));
    }

    /// The value that was shared before.
    pub(super) fn get(&self, value: &T) -> Option<Arc<T>> {
        self.0.get(value).cloned()
    }
}

// Derived, these would ask the same of the values.
impl<T: ?Sized> Clone for Shared<T> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<T: ?Sized> Default for Shared<T> {
    fn default() -> Self {
        Self(HashSet::new())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_values_are_shared() {
        let mut shared = Shared::<str>::default();
        let (one, two) = (shared.share("node-a".into()), shared.share("node-a".into()));
        assert!(Arc::ptr_eq(&one, &two));
        assert_eq!((&*one, &*shared.share("node-b".into())), ("node-a", "node-b"));
    }
}
