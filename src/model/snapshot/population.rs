//! All pods, and what is known of those who make them.

use std::sync::Arc;

use crate::model::ObjectReference;
use crate::model::snapshot::addresses::Addresses;
use crate::model::snapshot::class::Classes;
use crate::model::snapshot::record::{Owned, Placed, Record, kind_in_order};
use crate::model::snapshot::table::{Entry, Row, Table};
use crate::model::snapshot::terms::Terms;
use crate::model::snapshot::workload::{Chain, Workload};
use crate::model::snapshot::{Controller, Pod};

/// All pods and templates that stand for pods, in order.
#[derive(Clone, Debug, Default)]
pub(super) struct Population {
    pub(super) pods: Table<Placed>,
    pub(super) addresses: Addresses<Arc<Record>>,
    /// Those that are given, by who manages them.
    pub(super) owned: Table<Owned>,
    /// All of them, whether they stand for their pods or not: another pod may change that.
    pub(super) workloads: Table<Entry<Workload>>,
    pub(super) classes: Classes,
    /// What classes are told apart by.
    pub(super) terms: Terms,
}

impl Population {
    /// The pod or template that is meant; of those that are still to be named, the first.
    pub(super) fn find(&self, object: &ObjectReference) -> Option<&Arc<Record>> {
        let namespace = object.namespace.as_deref().unwrap_or_default();
        let placed = self.pods.named([namespace, &object.name, kind_in_order(&object.kind), ""])?;
        Some(&placed.record)
    }

    /// A pod of this population, by itself. Pods that are still to be named may be called alike.
    pub(super) fn placed(&self, pod: &Pod) -> Option<&Placed> {
        let names = [&pod.namespace, &pod.object.name, kind_in_order(&pod.object.kind), ""];
        let first = self.pods.named(names).filter(|placed| placed.record.pod.object == pod.object);
        if first.is_none_or(|first| std::ptr::eq(&raw const first.record.pod, pod)) {
            return first;
        }
        let mut alike = self.pods.within(&names).rows();
        alike.find(|placed| std::ptr::eq(&raw const placed.record.pod, pod)).or(first)
    }

    /// The workload that was given by this reference.
    pub(super) fn workload(&self, object: &ObjectReference) -> Option<&Workload> {
        let namespace = object.namespace.as_deref().unwrap_or_default();
        self.workloads.named([namespace, &object.name, &object.kind, ""]).map(Row::value)
    }

    /// The workload that manages something in this namespace, if it is given.
    pub(super) fn manager(&self, namespace: &str, controller: &Controller) -> Option<&Workload> {
        self.workloads.named([namespace, &controller.name, &controller.kind, ""]).map(Row::value)
    }

    /// The workloads that an owner of pods leads to for certain, from the nearest on; none where that is not known.
    pub(super) fn chain<'p>(&'p self, namespace: &str, owner: &'p Controller) -> Vec<&'p Workload> {
        let is_certain = |workload: &&Workload| workload.made_from.is_none() && !workload.reference.name.ends_with('*');
        let chain = Chain::of(Some(owner), |owner| self.manager(namespace, owner).filter(is_certain));
        if chain.lost.is_none() { chain.workloads } else { Vec::new() }
    }

    /// Whether a workload has pods that are given, of its own or of a workload that it manages.
    pub(super) fn has_pods(&self, workload: &Workload) -> bool {
        let namespace = workload.template.pod.namespace.as_str();
        let owns = |it: &Workload| !self.owned.within(&[namespace, &it.reference.kind, &it.reference.name]).is_empty();
        let is_managed = |it: &&Workload| {
            let manager = it.controller.as_deref();
            manager.is_some_and(|it| (&*it.kind, &*it.name) == (&workload.reference.kind, &workload.reference.name))
        };
        owns(workload) || self.workloads.within(&[namespace]).iter().filter(is_managed).any(owns)
    }
}
