//! The end of the making of a snapshot: duplicates are settled, templates stand for pods, and everything is indexed.

use std::collections::{BTreeMap, HashSet};
use std::net::IpAddr;
use std::sync::Arc;

use crate::model::snapshot::builder::{Builder, Written};
use crate::model::snapshot::class::{Classes, Mentions};
use crate::model::snapshot::given::{Given, renew};
use crate::model::snapshot::keys::Keys;
use crate::model::snapshot::made_slices::made_slices;
use crate::model::snapshot::population::Population;
use crate::model::snapshot::unmodelled::Unmodelled;
use crate::model::snapshot::{EndpointSlice, Kept, Namespace, Namespaces, Node, Problem, Service, Services, Snapshot};
use crate::model::{ObjectReference, Resource};

impl Builder {
    /// The snapshot of all objects that were added, and of those that the builder began with.
    pub fn finish(mut self) -> Snapshot {
        let mut problems = std::mem::take(&mut self.problems);
        let replaced = self.replaced();
        let mut snapshot = Snapshot {
            population: self.population(&mut problems),
            services: self.services(&mut problems),
            endpoint_slices: self.endpoint_slices(&mut problems),
            namespaces: self.namespaces(&mut problems),
            kept: self.kept(&mut problems),
            keys: self.keys(&mut problems),
            unmodelled: self.unmodelled(&mut problems),
            nodes: self.nodes(&mut problems),
            unread: Arc::clone(&self.base.unread),
            sources: self.sources,
            passed_over: self.passed_over,
            ..Snapshot::default()
        };
        snapshot.namespaces = with_those_named(std::mem::take(&mut snapshot.namespaces), &snapshot);
        snapshot.classes = classes(&snapshot, &self.base);
        snapshot.made_slices = slices_to_make(&snapshot, &self.base);
        let earlier = self.base.problems.into_iter();
        let earlier = earlier.filter(|problem| problem.object.as_ref().is_none_or(|it| !replaced.contains(it)));
        snapshot.problems = earlier.chain(problems).collect();
        snapshot.problems.sort_by_key(|problem| problem.origin);
        // What is kept and makes pods is settled as both.
        snapshot.problems.dedup();
        snapshot
    }

    /// Everything that is no longer there as it was.
    fn replaced(&self) -> HashSet<ObjectReference> {
        fn of<T>(given: &[Given<T>]) -> impl Iterator<Item = &ObjectReference> {
            given.iter().map(|given| &given.reference)
        }
        let policies = self.kept.values().flat_map(|given| of(given));
        let unmodelled = self.unmodelled.values().flat_map(|given| of(given));
        let pods = of(&self.pods).chain(of(&self.workloads)).chain(of(&self.namespaces));
        let all = pods
            .chain(of(&self.services))
            .chain(of(&self.endpoint_slices))
            .chain(of(&self.nodes))
            .chain(of(&self.keys))
            .chain(policies)
            .chain(unmodelled);
        all.chain(&self.removed).cloned().collect()
    }

    /// Whether an object of one of these kinds is added or removed.
    fn changes<T>(&self, given: &[T], kinds: &[Resource]) -> bool {
        let is_one = |removed: &ObjectReference| kinds.iter().any(|resource| resource.kind() == removed.kind);
        !given.is_empty() || self.removed.iter().any(is_one)
    }

    fn population(&mut self, problems: &mut Vec<Problem>) -> Arc<Population> {
        let (pods, workloads) = (std::mem::take(&mut self.pods), std::mem::take(&mut self.workloads));
        let base = &self.base.population;
        if !self.changes(&pods, &[Resource::Pod]) && !self.changes(&workloads, &WORKLOADS) {
            return Arc::clone(base);
        }
        let pods = renew(base.given_pods(), pods, &self.removed, problems);
        let workloads = renew(base.given_workloads(), workloads, &self.removed, problems);
        Arc::new(Population::of(pods, workloads))
    }

    fn services(&mut self, problems: &mut Vec<Problem>) -> Arc<Services> {
        let (given, base) = (std::mem::take(&mut self.services), &self.base.services);
        if !self.changes(&given, &[Resource::Service]) {
            return Arc::clone(base);
        }
        let before = base.services.iter().cloned();
        let before = before.map(|value| Given { reference: value.object.clone(), origin: value.origin, value });
        let services = values(renew(before, given, &self.removed, problems));
        Arc::new(Services { addresses: service_addresses(&services), services })
    }

    fn endpoint_slices(&mut self, problems: &mut Vec<Problem>) -> Arc<Vec<EndpointSlice>> {
        let (given, base) = (std::mem::take(&mut self.endpoint_slices), &self.base.endpoint_slices);
        if !self.changes(&given, &[Resource::EndpointSlice]) {
            return Arc::clone(base);
        }
        let before = base.iter().cloned();
        let before = before.map(|value| Given { reference: value.object.clone(), origin: value.origin, value });
        Arc::new(values(renew(before, given, &self.removed, problems)))
    }

    fn nodes(&mut self, problems: &mut Vec<Problem>) -> Arc<Vec<Node>> {
        let (given, base) = (std::mem::take(&mut self.nodes), &self.base.nodes);
        if !self.changes(&given, &[Resource::Node]) {
            return Arc::clone(base);
        }
        let before = base.iter().cloned().map(|value| Given { reference: value.reference(), origin: None, value });
        Arc::new(values(renew(before, given, &self.removed, problems)))
    }

    fn namespaces(&mut self, problems: &mut Vec<Problem>) -> Namespaces {
        let given = std::mem::take(&mut self.namespaces);
        let before = self.base.namespaces.iter().filter(|namespace| namespace.is_given()).cloned();
        let before = before.map(|value| Given { reference: value.reference(), origin: value.origin(), value });
        values(renew(before, given, &self.removed, problems)).into_iter().collect()
    }

    fn kept(&mut self, problems: &mut Vec<Problem>) -> BTreeMap<Resource, Arc<Vec<Kept>>> {
        let mut kept = self.base.kept.clone();
        let mut given = std::mem::take(&mut self.kept);
        for resource in Resource::ALL {
            let given = given.remove(&resource).unwrap_or_default();
            if self.changes(&given, &[resource]) {
                let before = kept.remove(&resource).unwrap_or_default();
                let before = before.iter().cloned().map(Given::from);
                let after = renew(before, given, &self.removed, problems);
                kept.insert(resource, Arc::new(after.into_iter().map(Kept::from).collect()));
            }
        }
        kept
    }

    fn keys(&mut self, problems: &mut Vec<Problem>) -> Arc<Vec<Keys>> {
        let (given, base) = (std::mem::take(&mut self.keys), &self.base.keys);
        if !self.changes(&given, &[Resource::Secret, Resource::ConfigMap]) {
            return Arc::clone(base);
        }
        let before = base.iter().cloned().map(Given::from);
        Arc::new(renew(before, given, &self.removed, problems).into_iter().map(Keys::from).collect())
    }

    fn unmodelled(&mut self, problems: &mut Vec<Problem>) -> Arc<Vec<Unmodelled>> {
        let given = std::mem::take(&mut self.unmodelled);
        // A kind that is evaluated is never meant by the name that another group has for one of its own.
        let is_meant =
            |removed: &&ObjectReference| !Resource::ALL.iter().any(|resource| resource.kind() == removed.kind);
        let removed: HashSet<ObjectReference> = self.removed.iter().filter(is_meant).cloned().collect();
        if given.is_empty() && removed.is_empty() && self.removed_unmodelled.is_empty() {
            return Arc::clone(&self.base.unmodelled);
        }
        let mut groups: BTreeMap<String, (Vec<_>, Vec<_>)> = BTreeMap::new();
        for Unmodelled { group, affects, object } in self.base.unmodelled.iter().cloned() {
            if self.removed_unmodelled.contains(&(group.clone(), object.reference.clone())) {
                groups.entry(group).or_default();
                continue;
            }
            let Given { reference, origin, value } = Given::from(object);
            groups.entry(group).or_default().0.push(Given { reference, origin, value: (affects, value) });
        }
        for (group, given) in given {
            groups.entry(group).or_default().1 = given;
        }
        let mut all = Vec::new();
        for (group, (before, given)) in groups {
            let after = renew(before.into_iter(), given, &removed, problems).into_iter();
            all.extend(after.map(|Given { reference, origin, value: (affects, value) }| Unmodelled {
                group: group.clone(),
                affects,
                object: Kept::from(Given { reference, origin, value }),
            }));
        }
        Arc::new(all)
    }
}

/// The kinds that make pods, or have the Prometheus operator make them.
const WORKLOADS: [Resource; 10] = [
    Resource::Deployment,
    Resource::StatefulSet,
    Resource::DaemonSet,
    Resource::ReplicaSet,
    Resource::Job,
    Resource::CronJob,
    Resource::Prometheus,
    Resource::PrometheusAgent,
    Resource::Alertmanager,
    Resource::ThanosRuler,
];

impl From<Kept> for Given<Written> {
    fn from(kept: Kept) -> Self {
        let Kept { reference, json, origin, unreadable, mentions, ranges } = kept;
        Self { reference, origin, value: Written { json, unreadable, mentions, ranges } }
    }
}

impl From<Given<Written>> for Kept {
    fn from(given: Given<Written>) -> Self {
        let Given { reference, origin, value: Written { json, unreadable, mentions, ranges } } = given;
        Self { reference, json, origin, unreadable, mentions, ranges }
    }
}

/// The slices that are made for Services without any, again only where what they depend on is not as before.
fn slices_to_make(snapshot: &Snapshot, before: &Snapshot) -> Arc<Vec<EndpointSlice>> {
    let is_as_before = Arc::ptr_eq(&snapshot.population, &before.population)
        && Arc::ptr_eq(&snapshot.services, &before.services)
        && Arc::ptr_eq(&snapshot.endpoint_slices, &before.endpoint_slices);
    if is_as_before { Arc::clone(&before.made_slices) } else { Arc::new(made_slices(snapshot)) }
}

fn service_addresses(services: &[Service]) -> Vec<(IpAddr, u32)> {
    let of =
        |(service, number): (&Service, u32)| service.cluster_addresses.clone().into_iter().map(move |it| (it, number));
    let mut all: Vec<_> = services.iter().zip(0..).flat_map(of).collect();
    all.sort_unstable();
    all.shrink_to_fit();
    all
}

/// Namespaces that are given, and those that anything is in.
fn with_those_named(given: Namespaces, snapshot: &Snapshot) -> Namespaces {
    let mut named: Vec<&str> = snapshot.pods().iter().map(|pod| pod.namespace.as_str()).collect();
    named.dedup();
    named.extend(snapshot.services().iter().map(Service::namespace));
    named.extend(snapshot.endpoint_slices().iter().map(EndpointSlice::namespace));
    named.extend(snapshot.kept.values().flat_map(|kept| kept.iter()).map(Kept::namespace));
    named.extend(snapshot.unmodelled.iter().map(|unmodelled| unmodelled.object.namespace()));
    named.sort_unstable();
    named.dedup();
    let named = named.into_iter().filter(|name| !name.is_empty()).map(|name| Namespace::named(name.to_owned()));
    given.into_iter().chain(named).collect()
}

/// The classes of the pods, by the labels and ranges of addresses that anything in the snapshot mentions.
fn classes(snapshot: &Snapshot, base: &Snapshot) -> Arc<Classes> {
    let kept = snapshot.kept.values().flat_map(|kept| kept.iter());
    let kept = kept.chain(snapshot.unmodelled.iter().map(|it| &it.object));
    let ranges = kept.clone().flat_map(|kept| kept.ranges.iter().copied()).collect();
    let selectors = snapshot.services().iter().map(|service| Mentions::of_labels(&service.selector));
    let mentions = kept.map(|kept| kept.mentions).chain(selectors).collect();
    if Arc::ptr_eq(&snapshot.population, &base.population) && base.classes.tell_apart_by(mentions, &ranges) {
        return Arc::clone(&base.classes);
    }
    Arc::new(Classes::of(snapshot.pods(), mentions, ranges))
}

fn values<T>(given: Vec<Given<T>>) -> Vec<T> {
    // Collected in place, they would keep the room of all that is given.
    let mut values: Vec<T> = given.into_iter().map(|given| given.value).collect();
    values.shrink_to_fit();
    values
}
