//! What many objects have in common, each kept once.

use std::sync::Arc;

use crate::model::labels::{LabelSets, Labels};
use crate::model::snapshot::object::Object;
use crate::model::snapshot::population::Population;
use crate::model::snapshot::record::{Owned, Record};
use crate::model::snapshot::shared::Shared;
use crate::model::snapshot::{Container, Controller};

/// What the objects that were read so far have in common.
#[derive(Clone, Debug, Default)]
pub(super) struct Commons {
    controllers: Shared<Controller>,
    containers: Shared<[Container]>,
    /// Images, names of nodes and phases.
    names: Shared<str>,
    label_sets: LabelSets,
}

impl Commons {
    /// The same object, with what others have as well in the memory of those.
    pub(super) fn share(&mut self, mut object: Object) -> Object {
        match &mut object {
            Object::Pod(record) => self.share_pod(Arc::make_mut(record)),
            Object::EndpointSlice(slice) => self.share_labels([&mut slice.labels, &mut slice.annotations]),
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

    fn share_pod(&mut self, Record { pod, status, .. }: &mut Record) {
        self.share_labels([&mut pod.labels, &mut pod.annotations]);
        pod.containers = self.containers.share(Arc::clone(&pod.containers));
        pod.phase = pod.phase.take().map(|phase| self.names.share(phase));
        status.controller = status.controller.take().map(|controller| self.controllers.share(controller));
        status.node_name = self.names.share(Arc::clone(&status.node_name));
        status.containers.iter_mut().for_each(|status| status.image = self.names.share(Arc::clone(&status.image)));
    }

    /// Learns what a pod may have in common with those that are there: with itself as it was before, with another pod of
    /// who manages it, and with one that shares the network of its node.
    pub(super) fn learn_of_relatives(&mut self, record: &Record, population: &Population) {
        let siblings = Owned::names_of(&record.pod.namespace, record.status.controller.as_deref());
        let sibling = population.owned.within(&siblings).rows().next().map(|Owned(sibling)| sibling);
        let neighbour = record.status.host_address.and_then(|address| population.addresses.at(address).next());
        for relative in population.find(&record.pod.object).into_iter().chain(sibling).chain(neighbour) {
            self.learn_of(relative);
        }
    }

    fn learn_of(&mut self, Record { pod, status, .. }: &Record) {
        self.label_sets.learn(&pod.labels);
        self.label_sets.learn(&pod.annotations);
        self.containers.share(Arc::clone(&pod.containers));
        let controller = status.controller.iter().cloned();
        controller.for_each(|controller| drop(self.controllers.share(controller)));
        let images = status.containers.iter().map(|status| &status.image);
        let names = images.chain(&pod.phase).chain([&status.node_name]);
        names.for_each(|name| drop(self.names.share(Arc::clone(name))));
    }
}
