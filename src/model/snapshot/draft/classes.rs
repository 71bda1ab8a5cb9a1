//! The classes of pods that change, and of all pods where something else than before tells pods apart.

use std::sync::Arc;

use ipnet::IpNet;

use crate::model::snapshot::class::{ClassId, Classes};
use crate::model::snapshot::draft::Draft;
use crate::model::snapshot::record::{Placed, Record};
use crate::model::snapshot::table::{Row, Table};

impl Draft {
    /// Counts a range of addresses.
    pub(super) fn add_range(&mut self, range: IpNet) {
        if self.snapshot.population.terms.add_range(range) {
            self.moved.insert(range);
        }
    }

    /// Counts it no more.
    pub(super) fn remove_range(&mut self, range: IpNet) {
        if self.snapshot.population.terms.remove_range(range) {
            self.moved.insert(range);
        }
    }

    /// The class of a pod that takes the place of another; none where that has still to be found out.
    pub(super) fn class_of_next(&mut self, before: &Placed, record: &Arc<Record>) -> ClassId {
        let population = &mut self.snapshot.population;
        if before.class == ClassId::NONE {
            return ClassId::NONE;
        }
        // Which ranges an address is in may still change, so two addresses are never taken for alike here.
        if before.record.pod.addresses == record.pod.addresses
            && Classes::are_alike(&before.record, record, &population.terms)
        {
            population.classes.replace(record, before.class);
            return before.class;
        }
        self.gone.push((Arc::clone(&before.record), before.class));
        ClassId::NONE
    }

    /// Finds the classes of all pods that have none.
    pub(super) fn settle_classes(&mut self) {
        let population = &self.snapshot.population;
        let is_as_before =
            population.terms.mentions() == self.mentions && population.terms.has_ranges() == self.had_ranges;
        if is_as_before {
            self.doubt_those_in_moved_ranges();
        }
        let all = self.snapshot.population.pods.len();
        if !is_as_before || self.unclassed.len() > all / 2 {
            self.class_all();
        } else {
            self.class_some();
        }
    }

    fn doubt_those_in_moved_ranges(&mut self) {
        let population = &mut self.snapshot.population;
        for range in std::mem::take(&mut self.moved) {
            let within: Vec<Arc<Record>> = population.addresses.within(range).cloned().collect();
            for record in within {
                let Some(class) = population.pods.get(&record.key()).map(|placed| placed.class) else { continue };
                if class != ClassId::NONE {
                    population.pods.insert(Placed { record: Arc::clone(&record), class: ClassId::NONE });
                    self.gone.push((Arc::clone(&record), class));
                    self.unclassed.push(record);
                }
            }
        }
    }

    fn class_all(&mut self) {
        let population = &mut self.snapshot.population;
        let records: Vec<Arc<Record>> = population.pods.all().rows().map(|placed| Arc::clone(&placed.record)).collect();
        let (classes, numbers) = Classes::of(&records, &population.terms);
        let placed = records.into_iter().zip(numbers).map(|(record, class)| Placed { record, class });
        population.pods = Table::of_ordered(&placed.collect::<Vec<_>>());
        population.classes = classes;
    }

    fn class_some(&mut self) {
        let population = &mut self.snapshot.population;
        for (record, class) in self.gone.drain(..) {
            population.classes.remove(&record, class);
        }
        for record in self.unclassed.drain(..) {
            let is_there = population
                .pods
                .get(&record.key())
                .is_some_and(|placed| placed.class == ClassId::NONE && Arc::ptr_eq(&placed.record, &record));
            if is_there {
                let class = population.classes.add(&record, &population.terms);
                population.pods.insert(Placed { record, class });
            }
        }
    }
}
