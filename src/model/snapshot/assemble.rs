//! The end of the making of a snapshot: duplicates are settled, templates stand for pods, and everything is indexed.

use std::collections::BTreeMap;
use std::net::IpAddr;

use crate::model::Resource;
use crate::model::snapshot::builder::{Builder, Written};
use crate::model::snapshot::class::{Classes, LABELS_OF_ONE_POD};
use crate::model::snapshot::given::{Given, settle};
use crate::model::snapshot::keys::Keys;
use crate::model::snapshot::unmodelled::{Affects, Unmodelled};
use crate::model::snapshot::{
    EndpointSlice, Kept, Namespace, Namespaces, Origin, Pod, PodStatus, Problem, Service, Snapshot, workload,
};

impl Builder {
    /// The snapshot of all objects that were added.
    pub fn finish(mut self) -> Snapshot {
        let mut problems = std::mem::take(&mut self.problems);
        let Settled { pods, statuses, origins } = self.pods(&mut problems);
        let kept: BTreeMap<Resource, Vec<Kept>> =
            self.kept.into_iter().map(|(resource, given)| (resource, keep(given, &mut problems))).collect();
        let unmodelled = self.unmodelled.into_iter();
        let unmodelled = unmodelled.flat_map(|(group, given)| not_modelled(&group, given, &mut problems)).collect();
        let services = values(self.services, &mut problems);
        let mut snapshot = Snapshot {
            sources: self.sources,
            addresses: addresses(&pods),
            pods,
            pod_origins: origins,
            pod_statuses: statuses,
            nodes: values(self.nodes, &mut problems),
            service_addresses: service_addresses(&services),
            services,
            endpoint_slices: values(self.endpoint_slices, &mut problems),
            kept,
            keys: Keys::settle(self.keys, &mut problems),
            unmodelled,
            passed_over: self.passed_over,
            ..Snapshot::default()
        };
        snapshot.namespaces = namespaces(self.namespaces, &snapshot, &mut problems);
        snapshot.classes = Classes::of(&snapshot.pods, &ignored_labels(&snapshot));
        problems.sort_by_key(|problem| problem.origin);
        snapshot.problems = problems;
        snapshot
    }

    /// All pods and templates that stand for pods, in order.
    fn pods(&mut self, problems: &mut Vec<Problem>) -> Settled {
        let pods = settle(std::mem::take(&mut self.pods), problems);
        let workloads = settle(std::mem::take(&mut self.workloads), problems);
        let managed = pods.iter().map(|given| (&given.value.0, given.value.1.controller.as_deref()));
        let stand = workload::without_pods(&workloads, managed);
        let templates = workloads.into_iter().zip(stand).filter(|(_, stands)| *stands);
        let templates = templates.map(|(given, _)| ((given.value.pod, given.value.status), given.origin));
        let mut all: Vec<_> = pods.into_iter().map(|given| (given.value, given.origin)).chain(templates).collect();
        all.sort_by(|((a, _), _), ((b, _), _)| place(a).cmp(&place(b)));
        let ((pods, statuses), origins) = all.into_iter().unzip();
        Settled { pods, statuses, origins }
    }
}

/// All pods and templates that stand for pods, and of each what is kept beside it.
struct Settled {
    pods: Vec<Pod>,
    statuses: Vec<PodStatus>,
    origins: Vec<Option<Origin>>,
}

fn place(pod: &Pod) -> (&str, &str, bool, &str) {
    let object = &pod.object;
    (&pod.namespace, &object.name, object.kind != Resource::Pod.kind(), &object.kind)
}

/// The pods at every address. Those that have ended have none any more: it may already be another's.
fn addresses(pods: &[Pod]) -> Vec<(IpAddr, u32)> {
    let running = pods.iter().zip(0..).filter(|(pod, _)| !pod.has_ended());
    let mut all: Vec<_> =
        running.flat_map(|(pod, number)| pod.addresses.iter().map(move |address| (*address, number))).collect();
    all.sort_unstable();
    all
}

fn service_addresses(services: &[Service]) -> Vec<(IpAddr, u32)> {
    let of =
        |(service, number): (&Service, u32)| service.cluster_addresses.clone().into_iter().map(move |it| (it, number));
    let mut all: Vec<_> = services.iter().zip(0..).flat_map(of).collect();
    all.sort_unstable();
    all
}

/// Namespaces that are given, and those that anything is in.
fn namespaces(given: Vec<Given<Namespace>>, snapshot: &Snapshot, problems: &mut Vec<Problem>) -> Namespaces {
    let given = values(given, problems).into_iter();
    let mut named: Vec<&str> = snapshot.pods.iter().map(|pod| pod.namespace.as_str()).collect();
    named.extend(snapshot.services.iter().map(Service::namespace));
    named.extend(snapshot.endpoint_slices.iter().map(EndpointSlice::namespace));
    named.extend(snapshot.kept.values().flatten().map(Kept::namespace));
    named.extend(snapshot.unmodelled.iter().map(|unmodelled| unmodelled.object.namespace()));
    named.sort_unstable();
    named.dedup();
    let named = named.into_iter().filter(|name| !name.is_empty()).map(|name| Namespace::named(name.to_owned()));
    given.chain(named).collect()
}

/// Labels of single pods that nothing in the snapshot mentions, so that they tell no pods apart.
fn ignored_labels(snapshot: &Snapshot) -> Vec<&'static str> {
    let texts = snapshot.kept.values().flatten().chain(snapshot.unmodelled.iter().map(|it| &it.object));
    let texts: Vec<&str> = texts.map(|kept| kept.json.as_str()).collect();
    let is_mentioned = |label: &str| {
        texts.iter().any(|text| text.contains(label))
            || snapshot.services.iter().any(|service| service.selector.get(label).is_some())
    };
    LABELS_OF_ONE_POD.into_iter().filter(|label| !is_mentioned(label)).collect()
}

fn values<T>(given: Vec<Given<T>>, problems: &mut Vec<Problem>) -> Vec<T> {
    settle(given, problems).into_iter().map(|given| given.value).collect()
}

fn keep(given: Vec<Given<Written>>, problems: &mut Vec<Problem>) -> Vec<Kept> {
    let kept = |Given { reference, origin, value }: Given<Written>| Kept {
        reference,
        json: value.json,
        origin,
        unreadable: value.unreadable,
    };
    settle(given, problems).into_iter().map(kept).collect()
}

fn not_modelled(group: &str, given: Vec<Given<(Affects, String)>>, problems: &mut Vec<Problem>) -> Vec<Unmodelled> {
    let unmodelled = |Given { reference, origin, value: (affects, json) }: Given<_>| Unmodelled {
        group: group.to_owned(),
        affects,
        object: Kept { reference, json, origin, unreadable: None },
    };
    settle(given, problems).into_iter().map(unmodelled).collect()
}
