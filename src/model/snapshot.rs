//! The cluster at one moment, as immutable values: what the evaluator follows a connection through.
//!
//! Views of [`crate::model::resource`] show an object as it is written. A snapshot has the objects as the cluster takes
//! them: defaults filled in, templates turned into the pods that they would make, everything owned. A [`Builder`] makes
//! one from objects in any order; nothing changes it afterwards.

mod addresses;
pub mod builder;
pub mod change;
pub mod class;
mod commons;
mod counted;
mod draft;
pub mod endpoint_slice;
mod form;
mod given;
mod heading;
mod hexadecimal;
pub mod identifier;
pub mod kept;
mod keys;
mod look_up;
mod made_slices;
pub mod making;
pub mod namespace;
pub mod node;
mod object;
pub mod origin;
pub mod pod;
pub mod pod_status;
mod population;
pub mod problem;
mod read;
mod record;
pub mod service;
mod shared;
mod table;
mod terms;
#[cfg(test)]
mod tests;
pub mod unmodelled;
pub mod unread;
mod workload;

pub use builder::Builder;
pub use change::Change;
pub use class::{ClassId, Zone};
pub use endpoint_slice::{Endpoint, EndpointPort, EndpointSlice, Location};
pub use identifier::{RunningId, Uid};
pub use kept::Kept;
pub use making::template_of;
pub use namespace::{Namespace, Namespaces};
pub use node::Node;
pub use origin::{Origin, Place, SourceId};
pub use pod::{Container, ContainerPort, ContainerRole, Pod, PodTemplate};
pub use pod_status::{ContainerStatus, Controller, HostName, PodStatus, Readiness};
pub use problem::{Problem, ProblemKind};
pub use service::{Service, ServicePort, TargetPort};
pub use terms::Distinctions;
pub use unmodelled::{Affects, Unmodelled};
pub use unread::UnreadKind;

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;

use crate::model::Resource;
use addresses::Addresses;
use keys::Keys;
use made_slices::{Made, OfService};
use population::Population;
use record::Placed;
use table::{Entry, List, Row, Table};

/// All objects that have a say in who reaches what, each list in order of namespace and name. A clone costs little, and
/// snapshots that come of each other share what is in both.
#[derive(Clone, Debug, Default)]
pub struct Snapshot {
    /// Another one for every snapshot that is different.
    version: Arc<()>,
    sources: Arc<Vec<String>>,
    population: Population,
    nodes: Table<Entry<Node>>,
    namespaces: Namespaces,
    services: Table<Entry<Service>>,
    service_addresses: Addresses<Entry<Service>>,
    endpoint_slices: Table<Entry<EndpointSlice>>,
    /// The same, by their Services.
    slices_of_services: Table<OfService>,
    made_slices: Table<Entry<Made>>,
    kept: BTreeMap<Resource, Table<Entry<Kept>>>,
    keys: Table<Entry<Keys>>,
    unmodelled: Table<Entry<Unmodelled>>,
    unread: Arc<Vec<UnreadKind>>,
    problems: Arc<Vec<Problem>>,
    passed_over: usize,
}

impl Snapshot {
    /// All pods, and templates that stand for pods.
    pub fn pods(&self) -> List<'_, Placed> {
        self.population.pods.all()
    }

    /// Those of one namespace.
    pub fn pods_in(&self, namespace: &str) -> List<'_, Placed> {
        self.population.pods.within(&[namespace])
    }

    /// The pod of this name; where there is none, what stands for the pods of the workload of this name.
    pub fn pod(&self, namespace: &str, name: &str) -> Option<&Pod> {
        let pod = self.population.pods.named([namespace, name, "", ""]).map(Row::value);
        pod.or_else(|| self.pods_named(namespace, name).first())
    }

    /// All pods, or those of one namespace, each with what only service discovery asks about it.
    pub fn pods_with_status(&self, namespace: Option<&str>) -> impl Iterator<Item = (&Pod, &PodStatus)> {
        let pods = namespace.map_or_else(|| self.pods(), |namespace| self.pods_in(namespace));
        pods.rows().map(|placed| (&placed.record.pod, &placed.record.status))
    }

    /// What only service discovery asks about a pod of this snapshot.
    pub fn pod_status(&self, pod: &Pod) -> Option<&PodStatus> {
        self.population.placed(pod).map(|placed| &placed.record.status)
    }

    /// All nodes.
    pub fn nodes(&self) -> List<'_, Entry<Node>> {
        self.nodes.all()
    }

    /// The node of this name.
    pub fn node(&self, name: &str) -> Option<&Node> {
        self.nodes.named([name, "", "", ""]).map(Row::value)
    }

    /// All that is called by this name: the pod, then what stands for the pods of workloads of this name.
    pub fn pods_named(&self, namespace: &str, name: &str) -> List<'_, Placed> {
        self.population.pods.within(&[namespace, name])
    }

    /// The pods that have this address: several if they share the network of their node, none that have ended.
    pub fn pods_at(&self, address: IpAddr) -> impl Iterator<Item = &Pod> {
        self.population.addresses.at(address).map(|record| &record.pod).filter(|pod| !pod.has_ended())
    }

    /// All namespaces that are given or that an object is in.
    pub const fn namespaces(&self) -> &Namespaces {
        &self.namespaces
    }

    /// All Services.
    pub fn services(&self) -> List<'_, Entry<Service>> {
        self.services.all()
    }

    /// Those of one namespace.
    pub fn services_in(&self, namespace: &str) -> List<'_, Entry<Service>> {
        self.services.within(&[namespace])
    }

    /// The Service of this name.
    pub fn service(&self, namespace: &str, name: &str) -> Option<&Service> {
        self.services.named([namespace, name, "", ""]).map(Row::value)
    }

    /// The Service that has this address.
    pub fn service_at(&self, address: IpAddr) -> Option<&Service> {
        self.service_addresses.at(address).next().map(Row::value)
    }

    /// All EndpointSlices.
    pub fn endpoint_slices(&self) -> List<'_, Entry<EndpointSlice>> {
        self.endpoint_slices.all()
    }

    /// What the control plane would make of the Services that select pods and of which no EndpointSlice is given.
    pub fn made_endpoint_slices(&self) -> impl Iterator<Item = &EndpointSlice> {
        self.made_slices.all().into_iter().flat_map(|made| &made.slices)
    }

    /// Those that are given and those that would be made, all or of one namespace.
    pub fn all_endpoint_slices(&self, namespace: Option<&str>) -> impl Iterator<Item = &EndpointSlice> {
        let given = namespace.map_or_else(|| self.endpoint_slices.all(), |it| self.endpoint_slices.within(&[it]));
        let made = namespace.map_or_else(|| self.made_slices.all(), |it| self.made_slices.within(&[it]));
        given.into_iter().chain(made.into_iter().flat_map(|made| &made.slices))
    }

    /// Those of a Service that are given.
    pub fn endpoint_slices_of(&self, service: &Service) -> impl Iterator<Item = &EndpointSlice> {
        self.slices_of_services.within(&[service.namespace(), service.name()]).into_iter()
    }

    /// The objects of a kind that are kept as text. Pods, workloads, Namespaces, Services and EndpointSlices are not.
    pub fn objects(&self, resource: Resource) -> impl Iterator<Item = &Kept> {
        self.kept.get(&resource).into_iter().flat_map(Table::all)
    }

    /// Those of one namespace.
    pub fn objects_in(&self, resource: Resource, namespace: &str) -> impl Iterator<Item = &Kept> {
        self.kept.get(&resource).into_iter().flat_map(move |kept| kept.within(&[namespace]))
    }

    /// The one of this name.
    pub fn object(&self, resource: Resource, namespace: &str, name: &str) -> Option<&Kept> {
        self.kept.get(&resource)?.named([namespace, name, "", ""]).map(Row::value)
    }

    /// Objects of kinds that are not evaluated and may change the answer.
    pub fn unmodelled(&self) -> List<'_, Entry<Unmodelled>> {
        self.unmodelled.all()
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
    pub fn classes(&self) -> impl Iterator<Item = ClassId> {
        self.population.classes.in_order().all().into_iter().copied()
    }

    /// The first pod of each class, in their order.
    pub fn first_of_classes(&self) -> impl Iterator<Item = (&Pod, ClassId)> {
        self.population.classes.first_pods()
    }

    /// The pods of a class, of which there is at least one.
    pub fn members(&self, class: ClassId) -> impl Iterator<Item = &Pod> + Clone {
        self.population.classes.members(class).into_iter().flat_map(Table::all)
    }

    /// The zone of an address: nothing in the snapshot tells addresses of one zone apart.
    pub fn zone_of(&self, address: IpAddr) -> Zone {
        self.population.terms.zone_of(address)
    }

    /// By what the text of an object may tell pods of one class, or addresses of one zone, apart.
    pub fn told_apart_by(&self, text: &str) -> Distinctions {
        self.population.terms.lacking(text)
    }

    /// The class of a pod of this snapshot.
    pub fn class_of(&self, pod: &Pod) -> Option<ClassId> {
        self.population.placed(pod).map(|placed| placed.class)
    }
}
