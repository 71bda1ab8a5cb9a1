//! What has been told and is not in the snapshot yet.

use std::collections::HashSet;

use tokio::time::Instant;

use super::kinds::Kind;
use crate::model::Resource;
use crate::model::snapshot::Change;

/// Changes that wait.
#[derive(Debug, Default)]
pub(super) struct Pending {
    /// The changes, in the order in which they were told.
    pub(super) changes: Vec<Change>,
    /// Whether guards may be others: those that were written, or what they learn from their Prometheus.
    pub(super) guards_may_differ: bool,
    /// When we were told of each bundle of changes.
    pub(super) told: Vec<Instant>,
    kinds: HashSet<&'static Kind>,
}

impl Pending {
    /// We were told of changes then.
    pub(super) fn told(&mut self, at: Instant) {
        self.told.push(at);
    }

    /// A change of an object of a kind.
    pub(super) fn add(&mut self, kind: &'static Kind, change: Change) {
        self.kinds.insert(kind);
        self.guards_may_differ |= is_of_prometheus(&change);
        self.changes.push(change);
    }

    /// Whether changes of this kind wait.
    pub(super) fn concerns(&self, kind: &Kind) -> bool {
        self.kinds.contains(kind)
    }

    /// A guard is another one, or is gone.
    pub(super) const fn guards_changed(&mut self) {
        self.guards_may_differ = true;
    }

    /// Whether the next state would be another.
    pub(super) const fn is_worth_publishing(&self) -> bool {
        self.guards_may_differ || !self.changes.is_empty()
    }
}

fn is_of_prometheus(change: &Change) -> bool {
    const KINDS: [Resource; 2] = [Resource::Prometheus, Resource::PrometheusAgent];
    match change {
        Change::Put { resource, .. } => KINDS.contains(resource),
        Change::Delete(object) => KINDS.iter().any(|resource| resource.kind() == object.kind),
        Change::PutUnmodelled { .. } | Change::DeleteUnmodelled { .. } => false,
    }
}

#[cfg(test)]
mod tests {
    use super::super::kinds;
    use super::*;
    use crate::model::ObjectReference;

    fn kind(name: &str) -> &'static Kind {
        kinds::watched(true).find(|kind| kind.name == name).unwrap()
    }

    #[test]
    fn guards_learn_again_when_a_prometheus_changes() {
        let put = |resource| Change::Put { resource, json: "{}".to_owned() };
        let mut pending = Pending::default();
        assert!(!pending.is_worth_publishing());
        pending.add(kind("Pod"), put(Resource::Pod));
        assert!(pending.concerns(kind("Pod")) && !pending.concerns(kind("Node")));
        assert!(pending.is_worth_publishing() && !pending.guards_may_differ);
        pending.add(kind("PrometheusAgent"), put(Resource::PrometheusAgent));
        assert!(pending.guards_may_differ);
        let gone = ObjectReference { kind: "Prometheus".to_owned(), ..ObjectReference::default() };
        let mut pending = Pending::default();
        pending.add(kind("Prometheus"), Change::Delete(gone));
        assert!(pending.guards_may_differ);
    }
}
