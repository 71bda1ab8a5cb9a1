//! Services, their EndpointSlices, and those that are made for Services that have none.

use std::sync::Arc;

use crate::model::snapshot::draft::Draft;
use crate::model::snapshot::draft::objects::{Put, is_nameless, put, taken};
use crate::model::snapshot::made_slices::{Made, OfService, made_slices};
use crate::model::snapshot::record::Record;
use crate::model::snapshot::table::{Entry, Row};
use crate::model::snapshot::{EndpointSlice, Service};

impl Draft {
    pub(super) fn put_service(&mut self, service: Service) {
        let is_nameless = is_nameless(&service.object);
        if let Some(Put { before, after }) = put(&mut self.snapshot.services, service, is_nameless) {
            self.change_service(before.as_ref(), Some(&after));
        }
    }

    pub(super) fn remove_services(&mut self, namespace: &str, name: &str) {
        for service in taken(&mut self.snapshot.services, [namespace, name, "", ""]) {
            self.change_service(Some(&service), None);
        }
    }

    fn change_service(&mut self, before: Option<&Entry<Service>>, after: Option<&Entry<Service>>) {
        self.is_changed = true;
        self.mention_service(before.map(|it| &*it.value), after.map(|it| &*it.value));
        if let Some(service) = before {
            for address in &service.value.cluster_addresses {
                self.snapshot.service_addresses.remove(*address, service.clone());
            }
        }
        if let Some(service) = after {
            for address in &service.value.cluster_addresses {
                self.snapshot.service_addresses.insert(*address, service.clone());
            }
        }
        if let Some(any) = after.or(before) {
            self.doubt_slices_of(any.value.namespace(), any.value.name());
        }
    }

    pub(super) fn put_slice(&mut self, slice: EndpointSlice) {
        let is_nameless = is_nameless(&slice.object);
        if let Some(Put { before, after }) = put(&mut self.snapshot.endpoint_slices, slice, is_nameless) {
            self.change_slice(before, Some(after));
        }
    }

    pub(super) fn remove_slices(&mut self, namespace: &str, name: &str) {
        for slice in taken(&mut self.snapshot.endpoint_slices, [namespace, name, "", ""]) {
            self.change_slice(Some(slice), None);
        }
    }

    fn change_slice(&mut self, before: Option<Entry<EndpointSlice>>, after: Option<Entry<EndpointSlice>>) {
        self.is_changed = true;
        if let Some(slice) = before.map(OfService) {
            self.snapshot.namespaces.leave(slice.0.value.namespace());
            self.snapshot.slices_of_services.remove(&slice.key());
            self.doubt_slices_beside(&slice);
        }
        if let Some(slice) = after.map(OfService) {
            self.snapshot.namespaces.enter(slice.0.value.namespace());
            self.doubt_slices_beside(&slice);
            self.snapshot.slices_of_services.insert(slice);
        }
    }

    fn doubt_slices_beside(&mut self, OfService(slice): &OfService) {
        if let Some(service) = slice.value.service_name() {
            self.doubt_slices_of(slice.value.namespace(), service);
        }
    }

    /// Notes that what is made for a Service may be different now.
    fn doubt_slices_of(&mut self, namespace: &str, service: &str) {
        self.services.insert([namespace, service].map(ToOwned::to_owned));
    }

    /// Notes the same of all Services of which slices are made.
    pub(super) fn doubt_all_slices(&mut self) {
        let all = self.snapshot.made_slices.all();
        self.services
            .extend(all.iter().map(|made| [made.service.namespace(), made.service.name()].map(ToOwned::to_owned)));
    }

    /// Notes the same of those that select a pod which changes.
    pub(super) fn doubt_slices(&mut self, before: Option<&Record>, after: Option<&Record>) {
        let Some(any) = after.or(before) else { return };
        if self.snapshot.made_slices.is_empty() {
            return;
        }
        let selects = |made: &&Made| before.into_iter().chain(after).any(|record| made.service.selects(&record.pod));
        let all = self.snapshot.made_slices.within(&[&any.pod.namespace]);
        let doubted = all.iter().filter(selects);
        self.services
            .extend(doubted.map(|made| [made.service.namespace(), made.service.name()].map(ToOwned::to_owned)));
    }

    /// Makes slices for all doubted Services that have none.
    pub(super) fn settle_slices(&mut self) {
        for [namespace, name] in std::mem::take(&mut self.services) {
            taken(&mut self.snapshot.made_slices, [&namespace, &name, "", ""]);
            let is_bare = self.snapshot.slices_of_services.within(&[&namespace, &name]).is_empty();
            let services: Vec<Entry<Service>> =
                self.snapshot.services.within(&[&namespace, &name]).rows().cloned().collect();
            for Entry { value: service, number } in services.into_iter().filter(|_| is_bare) {
                let slices = made_slices(&service, &self.snapshot);
                self.snapshot.made_slices.insert(Entry { value: Arc::new(Made { service, slices }), number });
            }
        }
    }
}
