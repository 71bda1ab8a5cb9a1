//! What many objects have in common, each kept once.

use std::sync::Arc;

use crate::model::ObjectReference;
use crate::model::labels::{LabelSets, Labels};
use crate::model::snapshot::object::Object;
use crate::model::snapshot::population::Population;
use crate::model::snapshot::record::{Owned, Record};
use crate::model::snapshot::shared::Shared;
use crate::model::snapshot::workload::Workload;
use crate::model::snapshot::{Container, Controller, Endpoint, EndpointSlice, Location, PodTemplate, Snapshot};

/// What the objects that were read so far have in common.
#[derive(Clone, Debug, Default)]
pub(super) struct Commons {
    /// Pods, which endpoints refer to.
    objects: Shared<ObjectReference>,
    templates: Shared<PodTemplate>,
    controllers: Shared<Controller>,
    containers: Shared<[Container]>,
    /// Images, names of nodes and phases.
    names: Shared<str>,
    locations: Shared<Location>,
    label_sets: LabelSets,
    /// Templates whose parts are still to be learned: few are like none that is known.
    relatives: Vec<Arc<PodTemplate>>,
}

impl Commons {
    /// The same object, with what others have as well in the memory of those.
    pub(super) fn share(&mut self, mut object: Object) -> Object {
        match &mut object {
            Object::Pod(record) => self.share_record(Arc::make_mut(record)),
            Object::Workload(workload) => self.share_workload(workload),
            Object::EndpointSlice(slice) => self.share_slice(slice),
            Object::Service(service) => {
                self.share_labels([&mut service.labels, &mut service.annotations, &mut service.selector]);
            }
            _ => {}
        }
        object
    }

    fn share_labels<const N: usize>(&mut self, all: [&mut Labels<'static>; N]) {
        for labels in all {
            *labels = self.label_sets.share(labels);
        }
    }

    fn share_record(&mut self, Record { pod, status, .. }: &mut Record) {
        pod.object = self.objects.share(Arc::clone(&pod.object));
        self.share_template(&mut pod.template);
        pod.phase = pod.phase.take().map(|phase| self.names.share(phase));
        status.controller = status.controller.take().map(|controller| self.controllers.share(controller));
        status.node_name = self.names.share(Arc::clone(&status.node_name));
        status.containers.iter_mut().for_each(|status| status.image = self.names.share(Arc::clone(&status.image)));
    }

    /// Templates that are not the same may still have much in common: pods of a StatefulSet differ in labels only.
    fn share_template(&mut self, template: &mut Arc<PodTemplate>) {
        if let Some(known) = self.templates.get(template) {
            *template = known;
            return;
        }
        for relative in std::mem::take(&mut self.relatives) {
            self.label_sets.learn(&relative.labels);
            self.label_sets.learn(&relative.annotations);
            self.containers.learn(&relative.containers);
        }
        let own = Arc::make_mut(template);
        self.share_labels([&mut own.labels, &mut own.annotations]);
        own.containers = self.containers.share(Arc::clone(&own.containers));
        self.templates.share(Arc::clone(template));
    }

    fn share_workload(&mut self, workload: &mut Workload) {
        self.share_record(Arc::make_mut(&mut workload.template));
        workload.reference = self.objects.share(Arc::clone(&workload.reference));
        workload.controller = workload.controller.take().map(|controller| self.controllers.share(controller));
        if let Some(selector) = &mut workload.selector {
            self.share_labels([&mut selector.match_labels]);
        }
    }

    fn share_slice(&mut self, slice: &mut EndpointSlice) {
        self.share_labels([&mut slice.labels, &mut slice.annotations]);
        for endpoint in &mut slice.endpoints {
            endpoint.location = endpoint.location.take().map(|location| self.locations.share(location));
            endpoint.target = endpoint.target.take().map(|target| self.objects.share(target));
        }
    }

    /// Learns what an object may have in common with those that are there.
    pub(super) fn learn_of_relatives(&mut self, object: &Object, snapshot: &Snapshot) {
        match object {
            Object::Pod(record) => self.learn_of_relatives_of_pod(record, &snapshot.population),
            Object::Workload(workload) => self.learn_of_relatives_of_workload(workload, &snapshot.population),
            Object::EndpointSlice(slice) => self.learn_of_relatives_of_slice(slice, snapshot),
            _ => {}
        }
    }

    /// Of a pod: itself as it was before, another pod of who manages it or else the template there, and one that shares
    /// the network of its node.
    fn learn_of_relatives_of_pod(&mut self, record: &Record, population: &Population) {
        let siblings = Owned::names_of(&record.pod.namespace, record.status.controller.as_deref());
        let sibling = population.owned.within(&siblings).rows().next().map(|Owned(sibling)| sibling);
        let manager = || population.manager(&record.pod.namespace, record.status.controller.as_deref()?);
        let sibling = sibling.or_else(|| Some(&manager()?.template));
        let neighbour = record.status.host_address.and_then(|address| population.addresses.at(address).next());
        for relative in population.find(&record.pod.object).into_iter().chain(sibling).chain(neighbour) {
            self.learn_of(relative);
        }
    }

    /// Of a workload: itself as it was before, who manages it, what is called after it, and a pod of its own.
    fn learn_of_relatives_of_workload(&mut self, workload: &Workload, population: &Population) {
        let namespace = workload.template.pod.namespace.as_str();
        let ObjectReference { kind, name, .. } = &*workload.reference;
        let manager = workload.controller.as_ref().and_then(|controller| population.manager(namespace, controller));
        let namesake = population.workloads.after(&[namespace, name]).map(|entry| &*entry.value);
        for relative in population.workload(&workload.reference).into_iter().chain(manager).chain(namesake) {
            self.learn_of(&relative.template);
            relative.selector.iter().for_each(|selector| self.label_sets.learn(&selector.match_labels));
        }
        let own = population.owned.within(&[namespace, kind, name]).rows().next();
        if let Some(Owned(pod)) = own {
            self.learn_of(pod);
        }
    }

    /// Of an EndpointSlice: itself as it was before, and the pods that were not in it.
    fn learn_of_relatives_of_slice(&mut self, slice: &EndpointSlice, snapshot: &Snapshot) {
        if let Some(before) = snapshot.endpoint_slices.named([slice.namespace(), &slice.object.name, "", ""]) {
            self.learn_of_slice(&before.value);
        }
        for target in slice.endpoints.iter().filter_map(|endpoint| endpoint.target.as_deref()) {
            if self.objects.get(target).is_none()
                && let Some(pod) = snapshot.population.find(target)
            {
                self.objects.learn(&pod.pod.object);
            }
        }
    }

    fn learn_of_slice(&mut self, slice: &EndpointSlice) {
        self.label_sets.learn(&slice.labels);
        self.label_sets.learn(&slice.annotations);
        for Endpoint { location, target, .. } in &slice.endpoints {
            if let Some(location) = location {
                self.locations.learn(location);
            }
            if let Some(target) = target {
                self.objects.learn(target);
            }
        }
    }

    fn learn_of(&mut self, Record { pod, status, .. }: &Record) {
        self.objects.learn(&pod.object);
        if !self.relatives.iter().any(|relative| Arc::ptr_eq(relative, &pod.template)) {
            self.templates.learn(&pod.template);
            self.relatives.push(Arc::clone(&pod.template));
        }
        status.controller.iter().for_each(|controller| self.controllers.learn(controller));
        let images = status.containers.iter().map(|status| &status.image);
        images.chain(&pod.phase).chain([&status.node_name]).for_each(|name| self.names.learn(name));
    }
}
