//! All pods, and what is known of those who make them.

use std::net::IpAddr;

use crate::model::snapshot::given::Given;
use crate::model::snapshot::origin::CompactOrigin;
use crate::model::snapshot::workload::{self, Workload};
use crate::model::snapshot::{Controller, Origin, Pod, PodStatus};
use crate::model::{ObjectReference, Resource};

/// A pod that is given, and what is kept beside it.
pub(super) type GivenPod = (Pod, PodStatus);

/// All pods and templates that stand for pods, in order.
#[derive(Clone, Debug, Default)]
pub(super) struct Population {
    pub(super) pods: Vec<Pod>,
    origins: Vec<Option<CompactOrigin>>,
    pub(super) addresses: Vec<(IpAddr, u32)>,
    pub(super) statuses: Vec<PodStatus>,
    /// All of them, whether they stand for their pods or not: another pod may change that.
    workloads: Vec<Given<Workload>>,
}

impl Population {
    /// Of pods and workloads that are given, each once.
    pub(super) fn of(pods: Vec<Given<GivenPod>>, workloads: Vec<Given<Workload>>) -> Self {
        let managed = pods.iter().map(|given| (&given.value.0, given.value.1.controller.as_deref()));
        let stand = workload::without_pods(&workloads, managed);
        let templates = workloads.iter().zip(stand).filter(|(_, stands)| *stands);
        let templates = templates.map(|(given, _)| (given.value.pod.clone(), given.origin, given.value.status.clone()));
        let given = pods.into_iter().map(|Given { origin, value: (pod, status), .. }| (pod, origin, status));
        let mut all: Vec<_> = given.chain(templates).collect();
        all.sort_by(|(a, ..), (b, ..)| place(a).cmp(&place(b)));
        let mut population = Self {
            pods: Vec::with_capacity(all.len()),
            origins: Vec::with_capacity(all.len()),
            statuses: Vec::with_capacity(all.len()),
            workloads,
            ..Self::default()
        };
        for (pod, origin, status) in all {
            population.pods.push(pod);
            population.origins.push(origin.map(CompactOrigin::from));
            population.statuses.push(status);
        }
        population.addresses = addresses(&population.pods);
        population
    }

    /// The place of a pod, by its number.
    pub(super) fn origin(&self, pod: usize) -> Option<Origin> {
        self.origins.get(pod).copied().flatten().map(Origin::from)
    }

    /// The pods that were given, without templates that stand for pods.
    pub(super) fn given_pods(&self) -> impl Iterator<Item = Given<GivenPod>> {
        let all = self.pods.iter().zip(&self.origins).zip(&self.statuses);
        let given = all.filter(|((pod, _), _)| pod.object.kind == Resource::Pod.kind());
        given.map(|((pod, origin), status)| Given {
            reference: pod.object.clone(),
            origin: origin.map(Origin::from),
            value: (pod.clone(), status.clone()),
        })
    }

    /// The workloads that were given.
    pub(super) fn given_workloads(&self) -> impl Iterator<Item = Given<Workload>> {
        self.workloads.iter().cloned()
    }

    /// Whether a workload is given.
    pub(super) fn has_workload(&self, object: &ObjectReference) -> bool {
        self.workloads.binary_search_by(|given| given.compare(object)).is_ok()
    }

    /// The workload that manages something in this namespace, if it is given.
    pub(super) fn manager(&self, namespace: &str, workload: &Controller) -> Option<&Workload> {
        let (kind, name) = (workload.kind.to_string(), workload.name.to_string());
        let object = ObjectReference { kind, namespace: Some(namespace.to_owned()), name };
        let index = self.workloads.binary_search_by(|given| given.compare(&object)).ok()?;
        Some(&self.workloads.get(index)?.value)
    }

    /// The place of a workload, also of one whose template stands for nothing.
    pub(super) fn workload_origin(&self, object: &ObjectReference) -> Option<Origin> {
        let index = self.workloads.binary_search_by(|given| given.compare(object)).ok()?;
        self.workloads.get(index)?.origin
    }
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
    all.shrink_to_fit();
    all
}
