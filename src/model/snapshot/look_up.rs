//! What takes more than a search: who is behind a Service, and where an object stands.

use std::borrow::Cow;
use std::collections::HashSet;

use crate::model::labels::Labels;
use crate::model::snapshot::builder::Heading;
use crate::model::snapshot::{Endpoint, Origin, Place, Pod, PodStatus, Service, Snapshot, stretch};
use crate::model::{ObjectReference, Resource};

impl Snapshot {
    /// The pods behind a Service, ready or not: as its EndpointSlices say, and as its selector says where there are none.
    /// What its slices say of addresses that no pod has is not told here.
    pub fn pods_behind(&self, service: &Service) -> Vec<&Pod> {
        let mut slices = self.endpoint_slices_of(service).peekable();
        if slices.peek().is_none() {
            let pods = self.pods_in(service.namespace()).iter();
            return pods.filter(|pod| service.selects(pod) && !pod.has_ended()).collect();
        }
        let mut pods: Vec<&Pod> = Vec::new();
        let mut seen = HashSet::new();
        for endpoint in slices.flat_map(|slice| &slice.endpoints) {
            pods.extend(self.pods_of(endpoint).into_iter().filter(|pod| seen.insert(&pod.object)));
        }
        pods
    }

    /// The pods that an endpoint stands for: the one that it names, or those at its addresses.
    pub fn pods_of(&self, endpoint: &Endpoint) -> Vec<&Pod> {
        if let Some(target) = endpoint.target.as_ref().filter(|target| target.kind == Resource::Pod.kind()) {
            let pod = self.pod(target.namespace.as_deref().unwrap_or_default(), &target.name);
            return pod.filter(|pod| pod.object.kind == target.kind).into_iter().collect();
        }
        let addresses = endpoint.addresses.iter().filter_map(|address| address.parse().ok());
        addresses.flat_map(|address| self.pods_at(address)).collect()
    }

    /// The annotations of an object; `None` where it is not here, or is one of which they are not kept.
    pub fn annotations_of(&self, object: &ObjectReference) -> Option<Cow<'_, Labels<'_>>> {
        let namespace = object.namespace.as_deref().unwrap_or_default();
        if object.kind == Resource::Pod.kind() {
            let pod = self.pod(namespace, &object.name).filter(|pod| pod.object == *object)?;
            return Some(Cow::Borrowed(&pod.annotations));
        }
        if object.kind == Resource::Service.kind() {
            return self.service(namespace, &object.name).map(|service| Cow::Borrowed(&service.annotations));
        }
        if object.kind == Resource::Namespace.kind() {
            return Some(Cow::Owned(self.namespaces.get(&object.name).annotations().clone()));
        }
        let kept = self.kept.keys().find(|resource| resource.kind() == object.kind);
        let kept = self.object(*kept?, namespace, &object.name)?;
        let heading: Heading<'_> = serde_json::from_str(&kept.json).ok()?;
        Some(Cow::Owned(heading.metadata.annotations))
    }

    /// The pod that a reference means, with what only service discovery asks about it; also what stands for the pods of
    /// a workload.
    pub fn pod_referred_to(&self, reference: &ObjectReference) -> Option<(&Pod, &PodStatus)> {
        let namespace = reference.namespace.as_deref().unwrap_or_default();
        let mut alike = self.places_named(namespace, &reference.name);
        let found = alike.find(|place| self.pods().get(*place).is_some_and(|pod| pod.object.kind == reference.kind))?;
        Some((self.pods().get(found)?, self.population.statuses.get(found)?))
    }

    /// Whether an object is here, whatever kind it is of.
    pub fn contains(&self, object: &ObjectReference) -> bool {
        let namespace = object.namespace.as_deref().unwrap_or_default();
        let is_kept = |resource: &Resource| {
            resource.kind() == object.kind && self.object(*resource, namespace, &object.name).is_some()
        };
        let is_alike = |reference: &ObjectReference| reference == object;
        self.kept.keys().any(is_kept)
            || self.pods_named(namespace, &object.name).iter().any(|pod| is_alike(&pod.object))
            || self.population.has_workload(object)
            || self.services_in(namespace).iter().any(|service| is_alike(&service.object))
            || self.endpoint_slices().iter().any(|slice| is_alike(&slice.object))
            || self.unmodelled.iter().any(|it| is_alike(&it.object.reference))
            || self.namespaces.iter().any(|it| it.is_given() && is_alike(&it.reference()))
            || (object.kind == Resource::Node.kind() && self.node(&object.name).is_some())
            || self.keys.iter().any(|it| is_alike(&it.object))
    }

    /// Where an object stands; `None` where it comes from no file or is not here.
    pub fn place_of(&self, object: &ObjectReference) -> Option<Place<'_>> {
        self.place(self.origin_of(object)?)
    }

    /// The words for an origin.
    pub fn place(&self, origin: Origin) -> Option<Place<'_>> {
        let file = self.sources.get(origin.source.0 as usize)?;
        Some(Place { file, position: origin.position })
    }

    fn origin_of(&self, object: &ObjectReference) -> Option<Origin> {
        let namespace = object.namespace.as_deref().unwrap_or_default();
        let mut pods = self.places_named(namespace, &object.name);
        let pod = pods.find(|index| self.pods().get(*index).is_some_and(|pod| pod.object == *object));
        if let Some(index) = pod {
            return self.population.origin(index);
        }
        let services = self.services_in(namespace).iter().map(|service| (&service.object, service.origin));
        let slices = stretch(&self.endpoint_slices, |slice| slice.namespace().cmp(namespace));
        let slices = slices.iter().map(|slice| (&slice.object, slice.origin));
        let kept = self.kept.keys().filter(|resource| resource.kind() == object.kind);
        let kept = kept.flat_map(|resource| self.objects_in(*resource, namespace));
        let kept = kept.chain(self.unmodelled.iter().map(|it| &it.object)).map(|kept| (&kept.reference, kept.origin));
        let found = services.chain(slices).chain(kept).find(|(known, _)| *known == object);
        found.map_or_else(|| self.origin_of_maker(object), |(_, origin)| origin)
    }

    /// Of those that pods are in or come from.
    fn origin_of_maker(&self, object: &ObjectReference) -> Option<Origin> {
        if object.kind == Resource::Namespace.kind() {
            return self.namespaces.get(&object.name).origin();
        }
        self.population.workload_origin(object)
    }
}
