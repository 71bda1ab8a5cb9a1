//! What takes more than a search: who is behind a Service, and where an object stands.

use std::borrow::Cow;
use std::collections::HashSet;

use crate::model::labels::Labels;
use crate::model::snapshot::heading::Heading;
use crate::model::snapshot::{Endpoint, Namespace, Origin, Place, Pod, PodStatus, Service, Snapshot};
use crate::model::{ObjectReference, Resource};

impl Snapshot {
    /// The pods behind a Service, ready or not: as its EndpointSlices say, and as its selector says where there are none.
    /// What its slices say of addresses that no pod has is not told here.
    pub fn pods_behind(&self, service: &Service) -> Vec<&Pod> {
        let mut slices = self.endpoint_slices_of(service).peekable();
        if slices.peek().is_none() {
            let pods = self.pods_in(service.namespace()).into_iter();
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
            let pod = self.pod(namespace, &object.name).filter(|pod| *pod.object == *object)?;
            return Some(Cow::Borrowed(&pod.annotations));
        }
        if object.kind == Resource::Service.kind() {
            return self.service(namespace, &object.name).map(|service| Cow::Borrowed(&service.annotations));
        }
        if object.kind == Resource::Namespace.kind() {
            return Some(Cow::Owned(self.namespaces.get(&object.name).annotations().clone()));
        }
        let resource = Resource::ALL.into_iter().find(|resource| resource.kind() == object.kind)?;
        let kept = self.object(resource, namespace, &object.name)?;
        let heading: Heading<'_> = serde_json::from_str(&kept.json).ok()?;
        Some(Cow::Owned(heading.metadata.annotations))
    }

    /// The pod that a reference means, with what only service discovery asks about it; also what stands for the pods of
    /// a workload.
    pub fn pod_referred_to(&self, reference: &ObjectReference) -> Option<(&Pod, &PodStatus)> {
        self.population.find(reference).map(|record| (&record.pod, &record.status))
    }

    /// Whether an object is here, whatever kind it is of.
    pub fn contains(&self, object: &ObjectReference) -> bool {
        let namespace = object.namespace.as_deref().unwrap_or_default();
        let name = object.name.as_str();
        let is_one = match Resource::ALL.into_iter().find(|resource| resource.kind() == object.kind) {
            None => false,
            Some(Resource::Service) => self.service(namespace, name).is_some(),
            Some(Resource::EndpointSlice) => self.endpoint_slices.named([namespace, name, "", ""]).is_some(),
            Some(Resource::Namespace) => self.namespaces.find(name).is_some_and(Namespace::is_given),
            Some(Resource::Node) => self.node(name).is_some(),
            Some(Resource::Secret | Resource::ConfigMap) => {
                self.keys.named([namespace, name, &object.kind, ""]).is_some()
            }
            Some(resource) => self.object(resource, namespace, name).is_some(),
        };
        is_one
            || self.population.find(object).is_some()
            || self.population.workload(object).is_some()
            || self.unmodelled.all().iter().any(|it| it.object.reference == *object)
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
        if let Some(record) = self.population.find(object) {
            return record.origin.map(Origin::from);
        }
        let namespace = object.namespace.as_deref().unwrap_or_default();
        let name = object.name.as_str();
        let unmodelled = || self.unmodelled.all().into_iter().find(|it| it.object.reference == *object);
        let kept = match Resource::ALL.into_iter().find(|resource| resource.kind() == object.kind) {
            None => None,
            Some(Resource::Service) => return self.service(namespace, name)?.origin,
            Some(Resource::EndpointSlice) => {
                return self.endpoint_slices.named([namespace, name, "", ""])?.value.origin;
            }
            Some(Resource::Namespace) => return self.namespaces.find(name)?.origin(),
            Some(resource) => self.object(resource, namespace, name),
        };
        match kept.or_else(|| unmodelled().map(|it| &it.object)) {
            Some(kept) => kept.origin,
            None => self.population.workload(object)?.template.origin.map(Origin::from),
        }
    }
}
