//! Workloads, and which of them have to stand for their pods because no pods of theirs are given.

use std::collections::{HashMap, HashSet};

use crate::model::Truth;
use crate::model::selector::LabelSelector;
use crate::model::snapshot::given::Given;
use crate::model::snapshot::{Controller, Pod, PodStatus};

/// Owners of owners are followed this far; Kubernetes has chains of two. Manifests may have circles.
const LONGEST_CHAIN: usize = 5;

/// An object that makes pods.
#[derive(Clone, Debug)]
pub(super) struct Workload {
    /// What its pods would be.
    pub(super) pod: Pod,
    /// The same, as far as service discovery asks.
    pub(super) status: PodStatus,
    /// How it tells its pods.
    pub(super) selector: Option<LabelSelector<'static>>,
    /// Who manages it.
    pub(super) controller: Option<Controller>,
    /// The resource that an operator would make it of; `None` for one that is given itself.
    pub(super) made_from: Option<Controller>,
    /// Whether it makes any pods: it does not where it is scaled to zero, suspended or done.
    pub(super) makes_pods: bool,
}

/// A pod and who manages it.
pub(super) type Managed<'p> = (&'p Pod, Option<&'p Controller>);

/// Of every workload, whether its template stands for its pods: whether it makes pods, of which none is given. One that
/// an operator would make does not where it is given: then the operator has made it.
///
/// A pod belongs to a workload if its owners lead there. Where they lead to something that is not given, or there are
/// none, the selector decides.
pub(super) fn without_pods<'p>(workloads: &'p [Given<Workload>], pods: impl Iterator<Item = Managed<'p>>) -> Vec<bool> {
    let owned = Owned::of(workloads, pods);
    workloads.iter().map(|given| owned.stands_for_pods(&given.value)).collect()
}

type Key<'a> = (&'a str, &'a str, &'a str);

/// What is known of the owners of all pods.
struct Owned<'p> {
    /// All workloads by namespace, kind and name: those that are given, and those that operators would make besides.
    given: HashMap<Key<'p>, &'p Workload>,
    /// The managers of those that are given.
    managers: HashSet<Key<'p>>,
    /// Those of them that have pods.
    with_pods: HashSet<Key<'p>>,
    /// By namespace: pods whose owners lead nowhere, and the last owner. One pod of an owner is enough.
    astray: HashMap<&'p str, Vec<Managed<'p>>>,
}

impl<'p> Owned<'p> {
    fn of(workloads: &'p [Given<Workload>], pods: impl Iterator<Item = Managed<'p>>) -> Self {
        let all = || workloads.iter().map(|given| &given.value);
        let (made, given) = (all().filter(|it| it.made_from.is_some()), all().filter(|it| it.made_from.is_none()));
        let managers = given.clone().filter_map(|it| Some(it.sibling(it.controller.as_ref()?))).collect();
        // What is given comes last, and takes the place of what would be made.
        let given = made.chain(given).map(|workload| (workload.key(), workload)).collect();
        let mut owned = Self { given, managers, with_pods: HashSet::new(), astray: HashMap::new() };
        let mut seen = HashSet::new();
        for (pod, controller) in pods {
            if controller.is_none_or(|controller| seen.insert((pod.namespace.as_str(), controller))) {
                owned.add(pod, controller);
            }
        }
        owned
    }

    fn add(&mut self, pod: &'p Pod, controller: Option<&'p Controller>) {
        let mut next = controller;
        for _ in 0..LONGEST_CHAIN {
            let Some(owner) = next else { break };
            let key = (pod.namespace.as_str(), &*owner.kind, &*owner.name);
            let Some(workload) = self.given.get(&key) else { break };
            self.with_pods.insert(key);
            next = workload.controller.as_ref();
            if next.is_none() {
                return;
            }
        }
        self.astray.entry(&pod.namespace).or_default().push((pod, next));
    }

    fn stands_for_pods(&self, workload: &Workload) -> bool {
        let is_managed = workload.controller.as_ref().is_some_and(|it| self.given.contains_key(&workload.sibling(it)));
        let has_pods = || self.with_pods.contains(&workload.key()) || self.has_selected_pods(workload);
        workload.makes_pods && !is_managed && !self.is_made(workload) && !has_pods()
    }

    /// Whether it is one that an operator would make, and has made.
    fn is_made(&self, workload: &Workload) -> bool {
        let Some(resource) = &workload.made_from else { return false };
        let is_other = self.given.get(&workload.key()).is_some_and(|given| given.made_from.is_none());
        is_other || self.managers.contains(&workload.sibling(resource))
    }

    fn has_selected_pods(&self, workload: &Workload) -> bool {
        let astray = self.astray.get(workload.pod.namespace.as_str()).into_iter().flatten();
        let mut possible = astray.filter(|(_, owner)| workload.may_own(*owner));
        match &workload.selector {
            Some(selector) => possible
                .any(|(pod, _)| selector.matches(&pod.labels) == Truth::Yes || workload.would_name(&pod.object.name)),
            None => possible.any(|(_, owner)| owner.is_some_and(|owner| workload.names(&owner.name))),
        }
    }
}

impl Workload {
    fn key(&self) -> Key<'_> {
        (&self.pod.namespace, &self.pod.object.kind, &self.pod.object.name)
    }

    fn sibling<'a>(&'a self, controller: &'a Controller) -> Key<'a> {
        (&self.pod.namespace, &controller.kind, &controller.name)
    }

    /// Whether it may be behind an owner that is not given itself.
    fn may_own(&self, owner: Option<&Controller>) -> bool {
        match owner.map(|owner| &*owner.kind) {
            None => true,
            Some("ReplicaSet") => self.pod.object.kind == "Deployment",
            Some("Job") => self.pod.object.kind == "CronJob",
            // Of another shard.
            Some(kind) => self.made_from.is_some() && self.pod.object.kind == kind,
        }
    }

    /// Whether a pod has the name that an operator's StatefulSet would give it. It may be all that somebody has written
    /// down of it.
    fn would_name(&self, pod: &str) -> bool {
        self.made_from.is_some() && self.names(pod)
    }

    /// Whether it gives names like this: a CronJob to its Jobs, a StatefulSet to its pods.
    fn names(&self, name: &str) -> bool {
        let number = name.strip_prefix(self.pod.object.name.as_str()).and_then(|rest| rest.strip_prefix('-'));
        number.is_some_and(|number| !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()))
    }
}
