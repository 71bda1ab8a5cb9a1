//! A snapshot that is being changed, object by object. What a change has to do with is brought up to date at the end,
//! and nothing else is looked at.

mod classes;
mod namespaces;
mod objects;
mod pods;
mod problems;
mod slices;
mod stand_ins;

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use ipnet::IpNet;

use crate::model::ObjectReference;
use crate::model::snapshot::class::ClassId;
use crate::model::snapshot::commons::Commons;
use crate::model::snapshot::record::{Owned, Record};
use crate::model::snapshot::table::Table;
use crate::model::snapshot::terms::Mentions;
use crate::model::snapshot::{Controller, Problem, Snapshot};

/// A snapshot that is being changed.
#[derive(Debug)]
pub(super) struct Draft {
    snapshot: Snapshot,
    /// Whether anything is different from what it began with.
    is_changed: bool,
    /// Whether so much changes that indexes of pods are made anew in the end, and not kept up to date until then.
    is_large: bool,
    /// The labels of single pods that told pods apart in the beginning.
    mentions: Mentions,
    /// Whether ranges did.
    had_ranges: bool,
    /// The ranges that do now and did not, or do no more.
    moved: BTreeSet<IpNet>,
    /// Pods that are in no class. Some may have gone again.
    unclassed: Vec<Arc<Record>>,
    /// What is in a class that it is no longer in.
    gone: Vec<(Arc<Record>, ClassId)>,
    /// Where templates may begin or cease to stand for pods.
    namespaces: BTreeSet<String>,
    /// Owners whose pods came, went or changed, each with its namespace: the same, but only for what they lead to.
    owners: HashSet<(String, Arc<Controller>)>,
    /// Pods by their owners, as they were in the beginning.
    owned_before: Table<Owned>,
    /// Services whose slices have to be made again, by namespace and name.
    services: BTreeSet<[String; 2]>,
    /// Objects that are not what they were, as long as there is a problem with any, by the groups of those that nothing
    /// evaluates.
    touched: HashMap<Option<String>, HashSet<ObjectReference>>,
    problems: Vec<Problem>,
    /// What objects have in common, while much changes.
    commons: Commons,
}

impl Draft {
    /// Begins with a snapshot, to which about so many changes will be made.
    pub(super) fn of(snapshot: Snapshot, changes: usize) -> Self {
        let terms = &snapshot.population.terms;
        Self {
            is_changed: false,
            is_large: changes > snapshot.population.pods.len() / 2,
            mentions: terms.mentions(),
            had_ranges: terms.has_ranges(),
            moved: BTreeSet::new(),
            unclassed: Vec::new(),
            gone: Vec::new(),
            namespaces: BTreeSet::new(),
            owners: HashSet::new(),
            owned_before: snapshot.population.owned.clone(),
            services: BTreeSet::new(),
            touched: HashMap::new(),
            problems: Vec::new(),
            commons: Commons::default(),
            snapshot,
        }
    }

    /// The snapshot after all changes; the same one if nothing is different.
    pub(super) fn finish(mut self) -> Snapshot {
        self.settle_indexes();
        self.settle_stand_ins();
        self.settle_classes();
        self.settle_slices();
        self.settle_problems();
        if self.is_changed {
            self.snapshot.version = Arc::default();
        }
        self.snapshot
    }

    /// Files that objects come from.
    pub(super) fn set_sources(&mut self, sources: Arc<Vec<String>>, passed_over: usize) {
        self.is_changed |= *sources != *self.snapshot.sources || passed_over != self.snapshot.passed_over;
        self.snapshot.sources = sources;
        self.snapshot.passed_over = passed_over;
    }
}
