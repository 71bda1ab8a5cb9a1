//! Workloads, and templates of theirs that stand for pods.

use std::sync::Arc;

use crate::model::ObjectReference;
use crate::model::snapshot::Controller;
use crate::model::snapshot::draft::Draft;
use crate::model::snapshot::record::{Owned, Record};
use crate::model::snapshot::table::{Entry, Named, Row, Table};
use crate::model::snapshot::workload::{self, Workload};

impl Draft {
    /// Puts a workload in its place.
    pub(super) fn put_workload(&mut self, mut workload: Workload) {
        let workloads = &self.snapshot.population.workloads;
        let is_nameless = workload.reference.name.ends_with('*');
        let number = if is_nameless { workloads.free_number(workload.names()) } else { 0 };
        Arc::make_mut(&mut workload.template).number = number;
        let before = workloads.named(workload.names()).filter(|_| !is_nameless).cloned();
        if before.as_ref().is_some_and(|before| *before.value == workload) {
            return;
        }
        self.is_changed = true;
        self.doubt_stand_ins(&workload.template.pod.namespace);
        if let Some(before) = before {
            self.withdraw(&before.value.template);
        }
        self.snapshot.population.workloads.insert(Entry { value: Arc::new(workload), number });
    }

    /// Removes the workloads that were given by this reference.
    pub(super) fn remove_workload(&mut self, object: &ObjectReference) {
        let namespace = object.namespace.as_deref().unwrap_or_default();
        let names = [namespace, &object.name, &object.kind, ""];
        let all: Vec<Entry<Workload>> = self.snapshot.population.workloads.within(&names).rows().cloned().collect();
        for entry in all {
            self.snapshot.population.workloads.remove(&entry.key());
            self.is_changed = true;
            self.doubt_stand_ins(namespace);
            self.withdraw(&entry.value.template);
        }
    }

    /// Notes that templates of this namespace may begin or cease to stand for pods.
    pub(super) fn doubt_stand_ins(&mut self, namespace: &str) {
        if !self.namespaces.contains(namespace) {
            self.namespaces.insert(namespace.to_owned());
        }
    }

    /// Notes the same of templates that this owner of pods leads to.
    pub(super) fn doubt_stand_ins_of(&mut self, namespace: &str, owner: Option<&Arc<Controller>>) {
        match owner {
            Some(owner) if !self.is_large => drop(self.owners.insert((namespace.to_owned(), Arc::clone(owner)))),
            // A pod without an owner may belong to any workload that selects it.
            _ => self.doubt_stand_ins(namespace),
        }
    }

    /// Places the templates that stand for pods, and no others.
    pub(super) fn settle_stand_ins(&mut self) {
        for (namespace, owner) in std::mem::take(&mut self.owners) {
            if !self.namespaces.contains(&namespace) {
                self.settle_stand_ins_of(&namespace, &owner);
            }
        }
        for namespace in std::mem::take(&mut self.namespaces) {
            let population = &self.snapshot.population;
            let workloads: Vec<Entry<Workload>> = population.workloads.within(&[&namespace]).rows().cloned().collect();
            if workloads.is_empty() {
                continue;
            }
            let stand = workload::without_pods(&namespace, &workloads, &population.owned);
            let all = || workloads.iter().zip(&stand);
            // Two may have the same name: what an operator would make, and what it has made.
            all().filter(|(_, stands)| !**stands).for_each(|(entry, _)| self.withdraw(&entry.value.template));
            all().filter(|(_, stands)| **stands).for_each(|(entry, _)| self.place(Arc::clone(&entry.value.template)));
        }
    }

    /// Withdraws the templates that an owner of pods leads to, if it has its first pods. Where it may have lost its last
    /// one, or where it leads is not known, all workloads of the namespace have to be looked at.
    fn settle_stand_ins_of(&mut self, namespace: &str, owner: &Controller) {
        let population = &self.snapshot.population;
        if population.workloads.within(&[namespace]).is_empty() {
            return;
        }
        let names = Owned::names_of(namespace, Some(owner));
        let first = |pods: &Table<Owned>| pods.within(&names).rows().next().cloned();
        let (before, after) = (first(&self.owned_before), first(&population.owned));
        if before.as_ref().map(workload::what_is_seen_of) == after.as_ref().map(workload::what_is_seen_of) {
            return;
        }
        let chain = population.chain(namespace, owner);
        match chain.last() {
            Some(last) if after.is_some() || population.has_pods(last) => {
                let templates: Vec<Arc<Record>> = chain.iter().map(|workload| Arc::clone(&workload.template)).collect();
                for template in &templates {
                    self.withdraw(template);
                }
            }
            _ => self.doubt_stand_ins(namespace),
        }
    }

    /// Takes a template away, if it stands for pods.
    fn withdraw(&mut self, template: &Arc<Record>) {
        let placed = self.snapshot.population.pods.get(&template.key());
        if placed.is_some_and(|placed| Arc::ptr_eq(&placed.record, template)) {
            self.unplace(&template.key());
        }
    }
}
