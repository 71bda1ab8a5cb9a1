//! Workloads, and which of them have to stand for their pods because no pods of theirs are given.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use crate::model::labels::Labels;
use crate::model::selector::LabelSelector;
use crate::model::snapshot::record::{Owned, Record};
use crate::model::snapshot::table::{Entry, List, Named, Table};
use crate::model::snapshot::{Controller, Origin, Pod};
use crate::model::{ObjectReference, Truth};

/// Owners of owners are followed this far; Kubernetes has chains of two. Manifests may have circles.
const LONGEST_CHAIN: usize = 5;

/// An object that makes pods.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Workload {
    /// The object that was given: itself, or the resource that an operator would make it of.
    pub(super) reference: Arc<ObjectReference>,
    /// What its pods would be.
    pub(super) template: Arc<Record>,
    /// How it tells its pods.
    pub(super) selector: Option<LabelSelector<'static>>,
    /// Who manages it.
    pub(super) controller: Option<Arc<Controller>>,
    /// The resource that an operator would make it of; `None` for one that is given itself.
    pub(super) made_from: Option<Controller>,
    /// Whether it makes any pods: it does not where it is scaled to zero, suspended or done.
    pub(super) makes_pods: bool,
}

impl Named for Workload {
    fn names(&self) -> [&str; 4] {
        [&self.template.pod.namespace, &self.reference.name, &self.reference.kind, ""]
    }
}

/// A pod and the last of its owners that is known, if that one is not given itself.
type Astray<'p> = (&'p Pod, Option<&'p Controller>);

/// Of every workload of a namespace, whether its template stands for its pods: whether it makes pods, of which none is
/// given. One that an operator would make does not where it is given: then the operator has made it.
///
/// A pod belongs to a workload if its owners lead there. Where they lead to something that is not given, or there are
/// none, the selector decides.
pub(super) fn without_pods(namespace: &str, workloads: &[Entry<Workload>], pods: &Table<Owned>) -> Vec<bool> {
    let known = Known::of(namespace, workloads, pods);
    workloads.iter().map(|entry| known.stands_for_pods(&entry.value)).collect()
}

/// What decides whether the first pod of an owner belongs to a workload: its name and its labels.
pub(super) fn what_is_seen_of(Owned(record): &Owned) -> (&str, &Labels<'static>) {
    (&record.pod.object.name, &record.pod.labels)
}

/// The workloads that an owner of pods leads to, by way of theirs, and the owner after the last of them.
pub(super) struct Chain<'w> {
    /// From the nearest on.
    pub(super) workloads: Vec<&'w Workload>,
    /// What is not given, or too far away.
    pub(super) lost: Option<&'w Controller>,
}

impl<'w> Chain<'w> {
    /// Follows owners as far as they are known.
    pub(super) fn of(owner: Option<&'w Controller>, workload: impl Fn(&'w Controller) -> Option<&'w Workload>) -> Self {
        let mut chain = Self { workloads: Vec::new(), lost: owner };
        while let Some(next) = chain.lost.filter(|_| chain.workloads.len() < LONGEST_CHAIN).and_then(&workload) {
            chain.workloads.push(next);
            chain.lost = next.controller.as_deref();
        }
        chain
    }
}

type Key<'a> = (&'a str, &'a str);

/// What is known of the owners of all pods of a namespace.
struct Known<'p> {
    /// All workloads by kind and name: those that are given, and those that operators would make besides.
    given: HashMap<Key<'p>, &'p Workload>,
    /// The managers of those that are given.
    managers: HashSet<Key<'p>>,
    /// Those of them that have pods.
    with_pods: HashSet<Key<'p>>,
    /// Pods without an owner.
    bare: List<'p, Owned>,
    /// Pods whose owners lead nowhere. One pod of an owner is enough.
    astray: Vec<Astray<'p>>,
}

impl<'p> Known<'p> {
    fn of(namespace: &'p str, workloads: &'p [Entry<Workload>], pods: &'p Table<Owned>) -> Self {
        let all = || workloads.iter().map(|entry| &*entry.value);
        let (made, given) = (all().filter(|it| it.made_from.is_some()), all().filter(|it| it.made_from.is_none()));
        let managers = given.clone().filter_map(|it| Some(key(it.controller.as_ref()?))).collect();
        // What is given comes last, and takes the place of what would be made.
        let given = made.chain(given).map(|workload| (workload.key(), workload)).collect();
        let bare = pods.within(&Owned::names_of(namespace, None));
        let mut known = Self { given, managers, with_pods: HashSet::new(), bare, astray: Vec::new() };
        let mut next = pods.after(&Owned::names_of(namespace, None));
        while let Some(Owned(record)) = next.filter(|first| first.0.pod.namespace == namespace) {
            let controller = record.status.controller.as_deref();
            known.add(&record.pod, controller);
            next = pods.after(&Owned::names_of(namespace, controller));
        }
        known
    }

    fn add(&mut self, pod: &'p Pod, controller: Option<&'p Controller>) {
        let chain = Chain::of(controller, |owner| self.given.get(&key(owner)).copied());
        self.with_pods.extend(chain.workloads.iter().map(|workload| workload.key()));
        if chain.lost.is_some() || chain.workloads.is_empty() {
            self.astray.push((pod, chain.lost));
        }
    }

    fn stands_for_pods(&self, workload: &Workload) -> bool {
        let is_managed = workload.controller.as_ref().is_some_and(|it| self.given.contains_key(&key(it)));
        let has_pods = || self.with_pods.contains(&workload.key()) || self.has_selected_pods(workload);
        workload.makes_pods && !is_managed && !self.is_made(workload) && !has_pods()
    }

    /// Whether it is one that an operator would make, and has made.
    fn is_made(&self, workload: &Workload) -> bool {
        let Some(resource) = &workload.made_from else { return false };
        let is_other = self.given.get(&workload.key()).is_some_and(|given| given.made_from.is_none());
        is_other || self.managers.contains(&key(resource))
    }

    fn has_selected_pods(&self, workload: &Workload) -> bool {
        let bare = self.bare.iter().map(|pod| (pod, None));
        let astray = self.astray.iter().copied().chain(bare);
        let mut possible = astray.filter(|(_, owner)| workload.may_own(*owner));
        match &workload.selector {
            Some(selector) => possible
                .any(|(pod, _)| selector.matches(&pod.labels) == Truth::Yes || workload.would_name(&pod.object.name)),
            None => possible.any(|(_, owner)| owner.is_some_and(|owner| workload.names_like(&owner.name))),
        }
    }
}

fn key(controller: &Controller) -> Key<'_> {
    (&controller.kind, &controller.name)
}

impl Workload {
    /// The same, which stands there.
    pub(super) fn at(mut self, origin: Option<Origin>) -> Self {
        Arc::make_mut(&mut self.template).origin = origin.map(Into::into);
        self
    }

    fn object(&self) -> &ObjectReference {
        &self.template.pod.object
    }

    fn key(&self) -> Key<'_> {
        (&self.object().kind, &self.object().name)
    }

    /// Whether it may be behind an owner that is not given itself.
    fn may_own(&self, owner: Option<&Controller>) -> bool {
        match owner.map(|owner| &*owner.kind) {
            None => true,
            Some("ReplicaSet") => self.object().kind == "Deployment",
            Some("Job") => self.object().kind == "CronJob",
            // Of another shard.
            Some(kind) => self.made_from.is_some() && self.object().kind == kind,
        }
    }

    /// Whether a pod has the name that an operator's StatefulSet would give it. It may be all that somebody has written
    /// down of it.
    fn would_name(&self, pod: &str) -> bool {
        self.made_from.is_some() && self.names_like(pod)
    }

    /// Whether it gives names like this: a CronJob to its Jobs, a StatefulSet to its pods.
    fn names_like(&self, name: &str) -> bool {
        let number = name.strip_prefix(self.object().name.as_str()).and_then(|rest| rest.strip_prefix('-'));
        number.is_some_and(|number| !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()))
    }
}
