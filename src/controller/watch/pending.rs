//! What has been told and is not in the snapshot yet.

use tokio::time::Instant;

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
}

impl Pending {
    /// We were told of changes then.
    pub(super) fn told(&mut self, at: Instant) {
        self.told.push(at);
    }

    /// A change of an object.
    pub(super) fn add(&mut self, change: Change) {
        self.guards_may_differ |= is_of_prometheus(&change);
        self.changes.push(change);
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
    use super::*;
    use crate::model::ObjectReference;

    #[test]
    fn guards_learn_again_when_a_prometheus_changes() {
        let put = |resource| Change::Put { resource, json: "{}".to_owned() };
        let mut pending = Pending::default();
        assert!(!pending.is_worth_publishing());
        pending.add(put(Resource::Pod));
        assert!(pending.is_worth_publishing() && !pending.guards_may_differ);
        pending.add(put(Resource::PrometheusAgent));
        assert!(pending.guards_may_differ);
        let gone = ObjectReference { kind: "Prometheus".to_owned(), ..ObjectReference::default() };
        let mut pending = Pending::default();
        pending.add(Change::Delete(gone));
        assert!(pending.guards_may_differ);
    }
}
