//! All that is kept of one pod, in one place that snapshots share.

use std::sync::Arc;

use crate::model::Resource;
use crate::model::snapshot::class::ClassId;
use crate::model::snapshot::origin::CompactOrigin;
use crate::model::snapshot::table::{Key, Row};
use crate::model::snapshot::{Controller, Pod, PodStatus};

/// A pod, or a template that stands for pods.
#[derive(Clone, Debug, PartialEq)]
pub struct Record {
    pub(super) pod: Pod,
    pub(super) status: PodStatus,
    pub(super) origin: Option<CompactOrigin>,
    /// Tells those apart that are still to be named.
    pub(super) number: u32,
}

impl Record {
    /// Namespace and name, then templates after the pod of the same name.
    pub(super) fn names(&self) -> [&str; 4] {
        [&self.pod.namespace, &self.pod.object.name, kind_in_order(&self.pod.object.kind), ""]
    }

    /// Whether it was given, and is no template.
    pub(super) fn is_given(&self) -> bool {
        self.pod.object.kind == Resource::Pod.kind()
    }
}

/// The kind of a pod or template as it counts in the order.
pub(super) fn kind_in_order(kind: &str) -> &str {
    if kind == Resource::Pod.kind() { "" } else { kind }
}

impl Row for Arc<Record> {
    type Value = Pod;

    fn key(&self) -> Key<'_> {
        Key { names: self.names(), number: self.number }
    }

    fn value(&self) -> &Pod {
        &self.pod
    }
}

/// A pod among all pods.
#[derive(Clone, Debug)]
pub struct Placed {
    pub(super) record: Arc<Record>,
    pub(super) class: ClassId,
}

impl Row for Placed {
    type Value = Pod;

    fn key(&self) -> Key<'_> {
        self.record.key()
    }

    fn value(&self) -> &Pod {
        &self.record.pod
    }
}

/// A pod that is given, among those of the same manager.
#[derive(Clone, Debug)]
pub(super) struct Owned(pub(super) Arc<Record>);

impl Owned {
    /// What the names of pods of this manager begin with.
    pub(super) fn names_of<'a>(namespace: &'a str, controller: Option<&'a Controller>) -> [&'a str; 3] {
        let (kind, name) = controller.map_or(("", ""), |controller| (&controller.kind, &controller.name));
        [namespace, kind, name]
    }
}

impl Row for Owned {
    type Value = Pod;

    fn key(&self) -> Key<'_> {
        let [namespace, kind, name] = Self::names_of(&self.0.pod.namespace, self.0.status.controller.as_deref());
        Key { names: [namespace, kind, name, &self.0.pod.object.name], number: self.0.number }
    }

    fn value(&self) -> &Pod {
        &self.0.pod
    }
}
