//! Pods, and templates that stand for pods, with what they are found by.

use std::sync::Arc;

use crate::model::labels::Labels;
use crate::model::snapshot::Controller;
use crate::model::snapshot::addresses::Addresses;
use crate::model::snapshot::class::{ClassId, ranges};
use crate::model::snapshot::draft::Draft;
use crate::model::snapshot::record::{Owned, Placed, Record};
use crate::model::snapshot::table::{Key, Row, Table};

impl Draft {
    /// Puts a pod in its place, instead of what has the same name there.
    pub(super) fn place(&mut self, record: Arc<Record>) {
        let before = self.snapshot.population.pods.get(&record.key()).cloned();
        if before.as_ref().is_some_and(|before| before.record == record) {
            return;
        }
        self.is_changed = true;
        self.note_pod(before.as_ref().map(|before| &*before.record), Some(&record));
        let class = match &before {
            Some(before) => self.class_of_next(before, &record),
            None => ClassId::NONE,
        };
        if let Some(before) = &before {
            self.unlink(&before.record, Some(&record));
        }
        self.link(&record);
        if class == ClassId::NONE {
            self.unclassed.push(Arc::clone(&record));
        }
        self.snapshot.population.pods.insert(Placed { record, class });
    }

    /// Takes a pod out of its place.
    pub(super) fn unplace(&mut self, key: &Key<'_>) {
        let Some(Placed { record, class }) = self.snapshot.population.pods.remove(key) else { return };
        self.is_changed = true;
        self.note_pod(Some(&record), None);
        self.unlink(&record, None);
        if class != ClassId::NONE {
            self.gone.push((record, class));
        }
    }

    /// Notes what hangs on a pod that changes.
    fn note_pod(&mut self, before: Option<&Record>, after: Option<&Record>) {
        let Some(any) = after.or(before) else { return };
        let namespace = any.pod.namespace.as_str();
        if before.and_then(what_workloads_see) != after.and_then(what_workloads_see) {
            for record in before.into_iter().chain(after).filter(|record| record.is_given()) {
                self.doubt_stand_ins_of(namespace, record.status.controller.as_ref());
            }
        }
        self.doubt_slices(before, after);
        for range in before.into_iter().flat_map(|record| ranges::of_pod(&record.pod)) {
            self.remove_range(range);
        }
        for range in after.into_iter().flat_map(|record| ranges::of_pod(&record.pod)) {
            self.add_range(range);
        }
        match (before, after) {
            (None, Some(_)) => self.snapshot.namespaces.enter(namespace),
            (Some(_), None) => self.snapshot.namespaces.leave(namespace),
            _ => {}
        }
    }

    fn link(&mut self, record: &Arc<Record>) {
        if self.is_large {
            return;
        }
        let population = &mut self.snapshot.population;
        for address in &record.pod.addresses {
            population.addresses.insert(*address, Arc::clone(record));
        }
        if record.is_given() {
            population.owned.insert(Owned(Arc::clone(record)));
        }
    }

    /// Takes a pod out of where the next one will not take its place.
    fn unlink(&mut self, record: &Arc<Record>, next: Option<&Record>) {
        if self.is_large {
            return;
        }
        let population = &mut self.snapshot.population;
        let stays = |address| next.is_some_and(|next| next.pod.addresses.contains(address));
        for address in record.pod.addresses.iter().filter(|address| !stays(address)) {
            population.addresses.remove(*address, Arc::clone(record));
        }
        if record.is_given() && next.is_none_or(|next| next.status.controller != record.status.controller) {
            population.owned.remove(&Owned(Arc::clone(record)).key());
        }
    }

    /// Makes all that pods are found by anew, if that was left until now.
    pub(super) fn settle_indexes(&mut self) {
        if !std::mem::take(&mut self.is_large) || !self.is_changed {
            return;
        }
        let population = &mut self.snapshot.population;
        let records = || population.pods.all().rows().map(|placed| &placed.record);
        let at = |record: &Arc<Record>| {
            let addresses = record.pod.addresses.iter();
            addresses.map(|address| (*address, Arc::clone(record))).collect::<Vec<_>>()
        };
        let addresses = Addresses::of(records().flat_map(at));
        let given = records().filter(|record| record.is_given());
        let mut owned: Vec<Owned> = given.map(|record| Owned(Arc::clone(record))).collect();
        owned.sort_by(|a, b| a.key().cmp(&b.key()));
        population.owned = Table::of_ordered(&owned);
        population.addresses = addresses;
    }
}

/// What tells a workload whether a pod is one of its own; nothing of a template.
fn what_workloads_see(record: &Record) -> Option<(&Labels<'_>, Option<&Controller>)> {
    record.is_given().then_some((&record.pod.labels, record.status.controller.as_deref()))
}
