//! The cluster at one moment, as immutable values: what the evaluator follows a connection through.
//!
//! Views of [`crate::model::resource`] show an object as it is written. A snapshot has the objects as the cluster takes
//! them: defaults filled in, templates turned into the pods that they would make, everything owned. A [`Builder`] makes
//! one from objects in any order; nothing changes it afterwards.

mod assemble;
pub mod builder;
pub mod change;
pub mod class;
pub mod endpoint_slice;
mod form;
mod given;
pub mod kept;
mod keys;
mod look_up;
mod made_slices;
pub mod making;
pub mod namespace;
pub mod node;
pub mod origin;
pub mod pod;
pub mod pod_status;
mod population;
pub mod problem;
mod read;
pub mod service;
mod shared;
#[cfg(test)]
mod tests;
pub mod unmodelled;
pub mod unread;
mod workload;

pub use builder::Builder;
pub use change::Change;
pub use class::{ClassId, Zone};
pub use endpoint_slice::{Endpoint, EndpointPort, EndpointSlice};
pub use kept::Kept;
pub use making::template_of;
pub use namespace::{Namespace, Namespaces};
pub use node::Node;
pub use origin::{Origin, Place, SourceId};
pub use pod::{Container, ContainerPort, ContainerRole, Pod};
pub use pod_status::{ContainerStatus, Controller, HostName, PodStatus, Readiness};
pub use problem::{Problem, ProblemKind};
pub use service::{Service, ServicePort, TargetPort};
pub use unmodelled::{Affects, Unmodelled};
pub use unread::UnreadKind;

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::ops::Range;
use std::sync::Arc;

use crate::model::Resource;
use class::Classes;
use population::Population;

/// All objects that have a say in who reaches what, each list in order of namespace and name. Lists are shared with
/// snapshots that differ in others.
#[derive(Clone, Debug, Default)]
pub struct Snapshot {
    sources: Arc<Vec<String>>,
    population: Arc<Population>,
    nodes: Arc<Vec<Node>>,
    classes: Arc<Classes>,
    namespaces: Namespaces,
    services: Arc<Services>,
    endpoint_slices: Arc<Vec<EndpointSlice>>,
    made_slices: Arc<Vec<EndpointSlice>>,
    kept: BTreeMap<Resource, Arc<Vec<Kept>>>,
    keys: Arc<Vec<keys::Keys>>,
    unmodelled: Arc<Vec<Unmodelled>>,
    unread: Arc<Vec<UnreadKind>>,
    problems: Vec<Problem>,
    passed_over: usize,
}

/// All Services, and the numbers of those at each address.
#[derive(Debug, Default)]
struct Services {
    services: Vec<Service>,
    addresses: Vec<(IpAddr, u32)>,
}

impl Snapshot {
    /// All pods, and templates that stand for pods.
    pub fn pods(&self) -> &[Pod] {
        &self.population.pods
    }

    /// Those of one namespace.
    pub fn pods_in(&self, namespace: &str) -> &[Pod] {
        stretch(self.pods(), |pod| pod.namespace.as_str().cmp(namespace))
    }

    /// The pod of this name; where there is none, what stands for the pods of the workload of this name.
    pub fn pod(&self, namespace: &str, name: &str) -> Option<&Pod> {
        self.pods()
            .get(self.places_named(namespace, name).start)
            .filter(|pod| pod.object.name == name && pod.namespace == namespace)
    }

    /// All pods, or those of one namespace, each with what only service discovery asks about it.
    pub fn pods_with_status(&self, namespace: Option<&str>) -> impl Iterator<Item = (&Pod, &PodStatus)> {
        let (pods, statuses) = (self.pods(), &self.population.statuses);
        let all = 0..pods.len();
        let range = namespace.map_or(all, |namespace| places(pods, |pod| pod.namespace.as_str().cmp(namespace)));
        let pods = pods.get(range.clone()).unwrap_or_default();
        pods.iter().zip(statuses.get(range).unwrap_or_default())
    }

    /// What only service discovery asks about a pod of this snapshot.
    pub fn pod_status(&self, pod: &Pod) -> Option<&PodStatus> {
        self.population.statuses.get(self.index_of(pod)?)
    }

    /// All nodes.
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// The node of this name.
    pub fn node(&self, name: &str) -> Option<&Node> {
        stretch(&self.nodes, |node| node.name.as_str().cmp(name)).first()
    }

    /// All that is called by this name: the pod, then what stands for the pods of workloads of this name.
    pub fn pods_named(&self, namespace: &str, name: &str) -> &[Pod] {
        self.pods().get(self.places_named(namespace, name)).unwrap_or_default()
    }

    /// The pods that have this address: several if they share the network of their node, none that have ended.
    pub fn pods_at(&self, address: IpAddr) -> impl Iterator<Item = &Pod> {
        let found = stretch(&self.population.addresses, |(known, _)| known.cmp(&address));
        found.iter().filter_map(|(_, number)| self.pods().get(*number as usize))
    }

    /// All namespaces that are given or that an object is in.
    pub const fn namespaces(&self) -> &Namespaces {
        &self.namespaces
    }

    /// All Services.
    pub fn services(&self) -> &[Service] {
        &self.services.services
    }

    /// Those of one namespace.
    pub fn services_in(&self, namespace: &str) -> &[Service] {
        stretch(self.services(), |service| service.namespace().cmp(namespace))
    }

    /// The Service of this name.
    pub fn service(&self, namespace: &str, name: &str) -> Option<&Service> {
        stretch(self.services(), |service| (service.namespace(), service.name()).cmp(&(namespace, name))).first()
    }

    /// The Service that has this address.
    pub fn service_at(&self, address: IpAddr) -> Option<&Service> {
        let (_, number) = stretch(&self.services.addresses, |(known, _)| known.cmp(&address)).first()?;
        self.services().get(*number as usize)
    }

    /// All EndpointSlices.
    pub fn endpoint_slices(&self) -> &[EndpointSlice] {
        &self.endpoint_slices
    }

    /// What the control plane would make of the Services that select pods and of which no EndpointSlice is given.
    pub fn made_endpoint_slices(&self) -> &[EndpointSlice] {
        &self.made_slices
    }

    /// Those that are given and those that would be made, all or of one namespace.
    pub fn all_endpoint_slices<'s>(&'s self, namespace: Option<&str>) -> impl Iterator<Item = &'s EndpointSlice> {
        let of = |slices: &'s [EndpointSlice]| match namespace {
            None => slices,
            Some(namespace) => stretch(slices, |slice| slice.namespace().cmp(namespace)),
        };
        of(&self.endpoint_slices).iter().chain(of(&self.made_slices))
    }

    /// Those of a Service that are given.
    pub fn endpoint_slices_of(&self, service: &Service) -> impl Iterator<Item = &EndpointSlice> {
        let (namespace, name) = (service.namespace().to_owned(), service.name().to_owned());
        let slices = stretch(&self.endpoint_slices, |slice| slice.namespace().cmp(&namespace));
        slices.iter().filter(move |slice| slice.service_name() == Some(name.as_str()))
    }

    /// The objects of a kind that are kept as text. Pods, workloads, Namespaces, Services and EndpointSlices are not.
    pub fn objects(&self, resource: Resource) -> impl Iterator<Item = &Kept> {
        self.kept_of(resource).iter()
    }

    /// Those of one namespace.
    pub fn objects_in(&self, resource: Resource, namespace: &str) -> &[Kept] {
        stretch(self.kept_of(resource), |kept| kept.namespace().cmp(namespace))
    }

    /// The one of this name.
    pub fn object(&self, resource: Resource, namespace: &str, name: &str) -> Option<&Kept> {
        self.objects_in(resource, namespace).iter().find(|kept| kept.reference.name == name)
    }

    /// Objects of kinds that are not evaluated and may change the answer.
    pub fn unmodelled(&self) -> &[Unmodelled] {
        &self.unmodelled
    }

    /// What was wrong with the input, in the order of the input.
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }

    /// How many objects were of kinds that have no say.
    pub const fn passed_over(&self) -> usize {
        self.passed_over
    }

    /// The classes of pods that cannot be told apart by any policy here, in the order of their first pods.
    ///
    /// Two pods of a class have the same namespace, service account, ports and annotations for the mesh, and the same
    /// labels but for those of single pods that nothing in the snapshot selects by. They differ in name, and in addresses
    /// of the same zone.
    pub fn classes(&self) -> impl Iterator<Item = ClassId> + use<> {
        self.classes.ids()
    }

    /// The pods of a class, of which there is at least one.
    pub fn members(&self, class: ClassId) -> impl Iterator<Item = &Pod> + Clone {
        self.classes.members(class).iter().filter_map(|number| self.pods().get(*number as usize))
    }

    /// The zone of an address: nothing in the snapshot tells addresses of one zone apart.
    pub fn zone_of(&self, address: IpAddr) -> Zone {
        self.classes.zone_of(address)
    }

    /// Whether the text of an object may tell pods of one class apart, or addresses of one zone: whether it mentions a
    /// label of single pods or a range that nothing in the snapshot mentions.
    pub fn is_told_apart_by(&self, text: &str) -> bool {
        self.classes.are_told_apart_by(text)
    }

    /// The class of a pod of this snapshot.
    pub fn class_of(&self, pod: &Pod) -> Option<ClassId> {
        self.classes.class_of(self.index_of(pod)?)
    }
}

impl Snapshot {
    fn kept_of(&self, resource: Resource) -> &[Kept] {
        self.kept.get(&resource).map_or(&[], |kept| kept.as_slice())
    }

    fn places_named(&self, namespace: &str, name: &str) -> Range<usize> {
        places(self.pods(), |pod| (pod.namespace.as_str(), pod.object.name.as_str()).cmp(&(namespace, name)))
    }

    /// Where a pod is in the list. Pods that are still to be named may be called alike.
    fn index_of(&self, pod: &Pod) -> Option<usize> {
        let mut alike = self.places_named(&pod.namespace, &pod.object.name);
        let here = |index: &usize| self.pods().get(*index);
        let itself = alike.clone().find(|index| here(index).is_some_and(|here| std::ptr::eq(here, pod)));
        itself.or_else(|| alike.find(|index| here(index).is_some_and(|here| here.object == pod.object)))
    }
}

/// The elements that are equal to what is sought, of a slice that is in order.
fn stretch<T>(sorted: &[T], compare: impl Fn(&T) -> Ordering) -> &[T] {
    sorted.get(places(sorted, compare)).unwrap_or_default()
}

fn places<T>(sorted: &[T], compare: impl Fn(&T) -> Ordering) -> Range<usize> {
    let start = sorted.partition_point(|element| compare(element).is_lt());
    let end = sorted.partition_point(|element| compare(element).is_le());
    start..end
}
