//! Objects that are being changed.

use serde_json::{Map, Value};

use crate::engine::reach::Evaluator;
use crate::model::snapshot::{Change, Snapshot};
use crate::model::{ObjectReference, Resource};

/// Objects as they would have to be.
pub(super) struct Draft<'s> {
    snapshot: &'s Snapshot,
    objects: Vec<(Resource, ObjectReference, Value)>,
}

impl<'s> Draft<'s> {
    pub(super) const fn new(snapshot: &'s Snapshot) -> Self {
        Self { snapshot, objects: Vec::new() }
    }

    /// The specification of an object, to be changed; `None` if there is no such object that can be read.
    pub(super) fn spec(&mut self, resource: Resource, reference: &ObjectReference) -> Option<&mut Map<String, Value>> {
        let known = self.objects.iter().position(|(_, known, _)| known == reference);
        let place = if let Some(place) = known {
            place
        } else {
            let object = self.snapshot.object(resource, reference.namespace.as_deref()?, &reference.name)?;
            let mut json: Value = serde_json::from_str(&object.json).ok()?;
            let metadata = json.get_mut("metadata")?.as_object_mut()?;
            metadata.insert("namespace".to_owned(), Value::from(reference.namespace.clone()));
            self.objects.push((resource, reference.clone(), json));
            self.objects.len() - 1
        };
        let (_, _, json) = self.objects.get_mut(place)?;
        json.as_object_mut()?.entry("spec").or_insert_with(|| Value::Object(Map::new())).as_object_mut()
    }

    /// The specification of an object as it would have to be so far.
    pub(super) fn read(&self, resource: Resource, reference: &ObjectReference) -> Option<Map<String, Value>> {
        let mut other = Self { snapshot: self.snapshot, objects: self.objects.clone() };
        other.spec(resource, reference).cloned()
    }

    /// Adds an object that is new; `None` if there is one of its name.
    pub(super) fn add(&mut self, resource: Resource, reference: ObjectReference, json: Value) -> Option<()> {
        let is_taken = self.snapshot.object(resource, reference.namespace.as_deref()?, &reference.name).is_some();
        (!is_taken && self.objects.iter().all(|(_, known, _)| *known != reference))
            .then(|| self.objects.push((resource, reference, json)))
    }

    /// An evaluator of a cluster in which the objects are like that.
    pub(super) fn apply<'e>(&self, evaluator: &Evaluator<'e>) -> Option<Evaluator<'e>> {
        let mut objects = self.objects.iter();
        objects.try_fold(evaluator.clone(), |known, (resource, reference, json)| {
            known.with(*resource, reference, &json.to_string())
        })
    }

    pub(super) fn changes(&self) -> Vec<Change> {
        let put = |(resource, _, json): &(Resource, ObjectReference, Value)| Change::Put {
            resource: *resource,
            json: json.to_string(),
        };
        self.objects.iter().map(put).collect()
    }

    /// The namespaces in which something changes.
    pub(super) fn namespaces(&self) -> Vec<&str> {
        self.objects.iter().filter_map(|(_, reference, _)| reference.namespace.as_deref()).collect()
    }
}

/// The list in a field, made where it is absent; `None` if something else stands there.
pub(super) fn list<'v>(object: &'v mut Map<String, Value>, field: &str) -> Option<&'v mut Vec<Value>> {
    let value = object.entry(field).or_insert(Value::Null);
    if value.is_null() {
        *value = Value::Array(Vec::new());
    }
    value.as_array_mut()
}

/// The object in a field, likewise.
pub(super) fn object<'v>(object: &'v mut Map<String, Value>, field: &str) -> Option<&'v mut Map<String, Value>> {
    let value = object.entry(field).or_insert(Value::Null);
    if value.is_null() {
        *value = Value::Object(Map::new());
    }
    value.as_object_mut()
}
