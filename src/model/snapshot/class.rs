//! Classes of pods that no policy tells apart, so that a question has to be asked once for all of them.

pub(super) mod ranges;
mod shape;

use std::collections::HashMap;
use std::sync::Arc;

use imbl::{OrdMap, OrdSet};

use crate::model::snapshot::Pod;
use crate::model::snapshot::record::Record;
use crate::model::snapshot::table::{Key, Row, Table};
use crate::model::snapshot::terms::Terms;
pub use ranges::Zone;
use shape::{Shape, Terse};

/// A class of one snapshot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ClassId(u64);

impl ClassId {
    /// That of a pod that is still to be classed.
    pub(super) const NONE: Self = Self(u64::MAX);
}

/// Labels that differ from pod to pod of one workload. They count only where somebody asks for them.
pub const LABELS_OF_ONE_POD: [&str; 9] = [
    "apps.kubernetes.io/pod-index",
    "batch.kubernetes.io/controller-uid",
    "batch.kubernetes.io/job-completion-index",
    "batch.kubernetes.io/job-name",
    "controller-revision-hash",
    "controller-uid",
    "job-name",
    "pod-template-hash",
    "statefulset.kubernetes.io/pod-name",
];

/// All classes.
#[derive(Clone, Debug, Default)]
pub(super) struct Classes {
    next: u64,
    all: OrdMap<ClassId, Class>,
    /// By what their shapes hash to. Several may hash to the same.
    by_hash: OrdSet<(u64, ClassId)>,
    /// By their first pods.
    in_order: Table<First>,
}

/// The pods of a class, and what their shape hashes to.
#[derive(Clone, Debug)]
struct Class {
    hash: u64,
    members: Table<Arc<Record>>,
}

/// The first pod of a class.
#[derive(Clone, Debug)]
pub(super) struct First {
    record: Arc<Record>,
    class: ClassId,
}

impl Row for First {
    type Value = ClassId;

    fn key(&self) -> Key<'_> {
        self.record.key()
    }

    fn value(&self) -> &ClassId {
        &self.class
    }
}

impl Classes {
    /// The classes of all pods, and that of each. The pods are in order.
    pub(super) fn of(pods: &[Arc<Record>], terms: &Terms) -> (Self, Vec<ClassId>) {
        let terse = Terse::new(terms);
        let mut known: HashMap<Shape<'_>, usize> = HashMap::new();
        let mut classes: Vec<(u64, Vec<Arc<Record>>)> = Vec::new();
        let mut numbers = Vec::with_capacity(pods.len());
        for record in pods {
            let shape = Shape::of(&record.pod, &terse);
            let hash = shape.hash();
            let number = *known.entry(shape).or_insert(classes.len());
            if number == classes.len() {
                classes.push((hash, Vec::new()));
            }
            classes.get_mut(number).into_iter().for_each(|(_, members)| members.push(Arc::clone(record)));
            numbers.push(ClassId(number as u64));
        }
        (Self::of_members(&classes), numbers)
    }

    fn of_members(all: &[(u64, Vec<Arc<Record>>)]) -> Self {
        let each = || all.iter().zip(0..).map(|((hash, members), number)| (*hash, members, ClassId(number)));
        let first = |members: &[Arc<Record>], class| Some(First { record: Arc::clone(members.first()?), class });
        let in_order: Vec<First> = each().filter_map(|(_, members, class)| first(members, class)).collect();
        Self {
            next: all.len() as u64,
            all: each()
                .map(|(hash, members, class)| (class, Class { hash, members: Table::of_ordered(members) }))
                .collect(),
            by_hash: each().map(|(hash, _, class)| (hash, class)).collect(),
            in_order: Table::of_ordered(&in_order),
        }
    }

    /// Puts a pod into its class, beside or instead of what has the same key there.
    pub(super) fn add(&mut self, record: &Arc<Record>, terms: &Terms) -> ClassId {
        let terse = Terse::new(terms);
        let shape = Shape::of(&record.pod, &terse);
        let hash = shape.hash();
        let is_alike = |class: &ClassId| {
            let first = self.all.get(class).and_then(|class| class.members.first());
            first.is_some_and(|first| Shape::of(&first.pod, &terse) == shape)
        };
        let mut same_hash = self.by_hash.range((hash, ClassId(0))..=(hash, ClassId::NONE)).map(|(_, class)| *class);
        let known = same_hash.find(is_alike);
        let class = known.unwrap_or_else(|| self.begin(hash));
        self.change(class, |members| members.insert(Arc::clone(record)));
        class
    }

    /// Whether nothing tells two pods apart.
    pub(super) fn are_alike(one: &Record, other: &Record, terms: &Terms) -> bool {
        let terse = Terse::new(terms);
        Shape::of(&one.pod, &terse) == Shape::of(&other.pod, &terse)
    }

    /// Puts a pod into a class, instead of the one of the same name that is in it.
    pub(super) fn replace(&mut self, record: &Arc<Record>, class: ClassId) {
        self.change(class, |members| members.insert(Arc::clone(record)));
    }

    /// Takes a pod out of its class.
    pub(super) fn remove(&mut self, record: &Arc<Record>, class: ClassId) {
        self.change(class, |members| members.remove(&record.key()));
    }

    fn begin(&mut self, hash: u64) -> ClassId {
        let class = ClassId(self.next);
        self.next += 1;
        self.all.insert(class, Class { hash, members: Table::default() });
        self.by_hash.insert((hash, class));
        class
    }

    fn change<T>(&mut self, id: ClassId, change: impl FnOnce(&mut Table<Arc<Record>>) -> T) {
        let Some(class) = self.all.get_mut(&id) else { return };
        let before = class.members.first().cloned();
        change(&mut class.members);
        let (after, hash) = (class.members.first().cloned(), class.hash);
        if let (Some(before), Some(after)) = (&before, &after)
            && Arc::ptr_eq(before, after)
        {
            return;
        }
        if let Some(before) = before {
            self.in_order.remove(&before.key());
        }
        if let Some(record) = after {
            self.in_order.insert(First { record, class: id });
        } else {
            self.all.remove(&id);
            self.by_hash.remove(&(hash, id));
        }
    }

    /// The pods of a class, in order.
    pub(super) fn members(&self, class: ClassId) -> Option<&Table<Arc<Record>>> {
        self.all.get(&class).map(|class| &class.members)
    }

    /// The first pods of all classes, in order.
    pub(super) fn first_pods(&self) -> impl Iterator<Item = (&Pod, ClassId)> {
        self.in_order.all().rows().map(|First { record, class }| (&record.pod, *class))
    }

    /// All classes, in the order of their first pods.
    pub(super) fn in_order(&self) -> &Table<First> {
        &self.in_order
    }
}
