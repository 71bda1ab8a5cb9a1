//! Objects of all kinds, put and removed.

use std::sync::Arc;

use crate::model::snapshot::commons::Commons;
use crate::model::snapshot::draft::Draft;
use crate::model::snapshot::keys::Keys;
use crate::model::snapshot::object::Object;
use crate::model::snapshot::record::{Record, kind_in_order};
use crate::model::snapshot::table::{Entry, Key, Named, Row, Table};
use crate::model::snapshot::terms::{Mentions, Terms};
use crate::model::snapshot::{Kept, Node, Service, Unmodelled, unmodelled};
use crate::model::{ObjectReference, Resource};

impl Draft {
    /// Puts an object in its place, instead of the one of the same name. One that is still to be named takes nobody's.
    pub(in crate::model::snapshot) fn put(&mut self, reference: &ObjectReference, object: Object) {
        self.touch(None, reference);
        match object {
            Object::Pod(record) => self.put_pod(record),
            Object::Workload(workload) => self.put_workload(*workload),
            Object::Namespace(namespace) => self.put_namespace(namespace),
            Object::Node(node) => self.put_node(*node),
            Object::Service(service) => self.put_service(*service),
            Object::EndpointSlice(slice) => self.put_slice(*slice),
            Object::Keys(names) => self.put_keys(Keys { object: reference.clone(), names }),
            Object::Kept(resource, kept, made) => {
                match made {
                    Some(made) => self.put_workload(*made),
                    None => self.remove_workload(reference),
                }
                self.put_kept(resource, *kept);
            }
        }
    }

    /// The same object, with what others have as well in the memory of those.
    pub(in crate::model::snapshot) fn shared(&mut self, object: Object) -> Object {
        if !self.is_large {
            // Else it would grow for as long as there are changes.
            self.commons = Commons::default();
        }
        self.commons.learn_of_relatives(&object, &self.snapshot);
        self.commons.share(object)
    }

    /// The same, but one that is still to be named takes the place of all that are called alike.
    pub(in crate::model::snapshot) fn put_alone(&mut self, reference: &ObjectReference, object: Object) {
        if is_nameless(reference) {
            self.remove(reference);
        }
        self.put(reference, object);
    }

    /// Removes all objects of this name; such of kinds that are not evaluated in whatever group.
    pub(in crate::model::snapshot) fn remove(&mut self, object: &ObjectReference) {
        let Some(resource) = Resource::ALL.into_iter().find(|resource| resource.kind() == object.kind) else {
            let groups = unmodelled::kinds().filter(|(_, kind)| *kind == object.kind).map(|(group, _)| group);
            return groups.for_each(|group| self.remove_unmodelled(group, object));
        };
        self.touch(None, object);
        let name = object.name.as_str();
        let namespace = object.namespace.as_deref().unwrap_or_default();
        match resource {
            Resource::Pod => self.remove_pods([namespace, name, kind_in_order(&object.kind), ""]),
            Resource::Deployment
            | Resource::StatefulSet
            | Resource::DaemonSet
            | Resource::ReplicaSet
            | Resource::Job
            | Resource::CronJob => self.remove_workload(object),
            Resource::Namespace => self.remove_namespace(name),
            Resource::Node => self.remove_node(name),
            Resource::Service => self.remove_services(namespace, name),
            Resource::EndpointSlice => self.remove_slices(namespace, name),
            Resource::Secret | Resource::ConfigMap => {
                self.is_changed |= !taken(&mut self.snapshot.keys, [namespace, name, &object.kind, ""]).is_empty();
            }
            _ => {
                self.remove_workload(object);
                self.remove_kept(resource, namespace, name);
            }
        }
    }

    /// Puts an object of a kind that is not evaluated in its place.
    pub(in crate::model::snapshot) fn put_unmodelled(&mut self, unmodelled: Unmodelled) {
        self.touch(Some(&unmodelled.group), &unmodelled.object.reference);
        let is_nameless = is_nameless(&unmodelled.object.reference);
        if let Some(Put { before, after }) = put(&mut self.snapshot.unmodelled, unmodelled, is_nameless) {
            self.is_changed = true;
            self.mention(before.as_ref().map(|before| &before.value.object), Some(&after.value.object));
        }
    }

    /// Removes an object of a kind that is not evaluated.
    pub(in crate::model::snapshot) fn remove_unmodelled(&mut self, group: &str, object: &ObjectReference) {
        self.touch(Some(group), object);
        let namespace = object.namespace.as_deref().unwrap_or_default();
        for gone in taken(&mut self.snapshot.unmodelled, [group, namespace, &object.name, &object.kind]) {
            self.is_changed = true;
            self.mention(Some(&gone.value.object), None);
        }
    }

    fn put_pod(&mut self, mut record: Arc<Record>) {
        if is_nameless(&record.pod.object) {
            let alike = self.snapshot.population.pods.within(&record.names());
            let number = alike.rows().next_back().map_or(0, |last| last.record.number.saturating_add(1));
            Arc::make_mut(&mut record).number = number;
        }
        self.place(record);
    }

    fn remove_pods(&mut self, names: [&str; 4]) {
        let alike = self.snapshot.population.pods.within(&names).rows();
        let numbers: Vec<u32> = alike.map(|placed| placed.record.number).collect();
        for number in numbers {
            self.unplace(&Key { names, number });
        }
    }

    fn put_node(&mut self, node: Node) {
        if put(&mut self.snapshot.nodes, node, false).is_some() {
            self.is_changed = true;
            self.doubt_all_slices();
        }
    }

    fn remove_node(&mut self, name: &str) {
        if !taken(&mut self.snapshot.nodes, [name, "", "", ""]).is_empty() {
            self.is_changed = true;
            self.doubt_all_slices();
        }
    }

    fn put_keys(&mut self, keys: Keys) {
        let is_nameless = is_nameless(&keys.object);
        self.is_changed |= put(&mut self.snapshot.keys, keys, is_nameless).is_some();
    }

    fn put_kept(&mut self, resource: Resource, kept: Kept) {
        let is_nameless = is_nameless(&kept.reference);
        let table = self.snapshot.kept.entry(resource).or_default();
        if let Some(Put { before, after }) = put(table, kept, is_nameless) {
            self.is_changed = true;
            self.mention(before.as_ref().map(|before| &*before.value), Some(&after.value));
        }
    }

    fn remove_kept(&mut self, resource: Resource, namespace: &str, name: &str) {
        let Some(table) = self.snapshot.kept.get_mut(&resource) else { return };
        for gone in taken(table, [namespace, name, "", ""]) {
            self.is_changed = true;
            self.mention(Some(&gone.value), None);
        }
    }

    /// Counts what an object mentions, and the namespace that it is in.
    fn mention(&mut self, before: Option<&Kept>, after: Option<&Kept>) {
        if let Some(kept) = after {
            self.snapshot.population.terms.add(kept.mentions);
            self.snapshot.namespaces.enter(kept.namespace());
            kept.ranges.iter().for_each(|range| self.add_range(*range));
        }
        if let Some(kept) = before {
            self.snapshot.population.terms.remove(kept.mentions);
            self.snapshot.namespaces.leave(kept.namespace());
            kept.ranges.iter().for_each(|range| self.remove_range(*range));
        }
    }

    /// Counts what a Service mentions, and the namespace that it is in.
    pub(super) fn mention_service(&mut self, before: Option<&Service>, after: Option<&Service>) {
        let count = |terms: &mut Terms, service: &Service, how: fn(&mut Terms, Mentions)| {
            how(terms, Mentions::of_labels(&service.selector));
        };
        if let Some(service) = after {
            count(&mut self.snapshot.population.terms, service, Terms::add);
            self.snapshot.namespaces.enter(service.namespace());
        }
        if let Some(service) = before {
            count(&mut self.snapshot.population.terms, service, Terms::remove);
            self.snapshot.namespaces.leave(service.namespace());
        }
    }
}

/// Whether the API server would still have to name it: it would name two of them differently.
pub(super) fn is_nameless(object: &ObjectReference) -> bool {
    object.name.ends_with('*')
}

/// An object that has taken its place, and the one that was there before.
pub(super) struct Put<T> {
    pub(super) before: Option<Entry<T>>,
    pub(super) after: Entry<T>,
}

/// Puts a value in its place; `None` where the same was there before.
pub(super) fn put<T: Named + PartialEq>(table: &mut Table<Entry<T>>, value: T, is_nameless: bool) -> Option<Put<T>> {
    let number = if is_nameless { table.free_number(value.names()) } else { 0 };
    let before = table.get(&Key { names: value.names(), number }).cloned();
    if before.as_ref().is_some_and(|before| *before.value == value) {
        return None;
    }
    let after = Entry { value: Arc::new(value), number };
    table.insert(after.clone());
    Some(Put { before, after })
}

/// Takes all values of these names.
pub(super) fn taken<T: Named>(table: &mut Table<Entry<T>>, names: [&str; 4]) -> Vec<Entry<T>> {
    let all: Vec<Entry<T>> = table.within(&names).rows().cloned().collect();
    all.into_iter().filter_map(|entry| table.remove(&entry.key())).collect()
}
