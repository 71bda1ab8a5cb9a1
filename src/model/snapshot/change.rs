//! Changes of a cluster: what a snapshot would be if some of its objects were others.

use crate::model::snapshot::{Builder, Snapshot};
use crate::model::{ObjectReference, Resource};

/// A change of the cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// An object is there, new or instead of the one of the same name.
    Put {
        /// Its kind.
        resource: Resource,
        /// Its JSON, with name and namespace.
        json: String,
    },
    /// An object is no longer there.
    Delete(ObjectReference),
    /// An object of a kind that is not evaluated is there.
    PutUnmodelled {
        /// Its API group.
        group: String,
        /// Its kind.
        kind: String,
        /// Its JSON, with name and namespace.
        json: String,
    },
    /// An object of a kind that is not evaluated is no longer there.
    DeleteUnmodelled {
        /// Its API group: kinds of several groups are called alike.
        group: String,
        /// The object.
        object: ObjectReference,
    },
}

impl Snapshot {
    /// The snapshot with these changes, one after the other: the same as one that is built from all objects as they
    /// are afterwards. What is not changed is shared with this one, so a change of a policy costs little.
    ///
    /// Pods are as they are given: neither do they go with what manages them, nor are they made anew from a changed
    /// template. A template that stands for pods is one of those that change.
    #[must_use]
    pub fn with(&self, changes: &[Change]) -> Self {
        let mut builder = Builder::from(self.clone());
        for change in changes {
            match change {
                Change::Put { resource, json } => builder.put(*resource, json),
                Change::Delete(reference) => builder.remove(reference),
                Change::PutUnmodelled { group, kind, json } => builder.put_unmodelled(group, kind, json),
                Change::DeleteUnmodelled { group, object } => builder.remove_unmodelled(group, object),
            }
        }
        builder.finish()
    }
}
