//! The places from which pods get labels and annotations, and additions to them.

use crate::engine::inject::patch::{Added, Patch};
use crate::model::FieldPath;
use crate::model::labels::Labels;
use crate::model::resource::{Metadata, PodTemplate, Prometheus, Workload};

/// A map with labels and annotations: the metadata of an object, of a pod template, or `spec.podMetadata`.
#[derive(Debug)]
pub(super) struct Place<'m, 'a> {
    /// Where the map stands.
    keys: Vec<&'static str>,
    /// How many of these keys lead to something that is there.
    existing: usize,
    pub(super) labels: &'m Labels<'a>,
    pub(super) annotations: &'m Labels<'a>,
}

static NONE: Labels<'static> = Labels::none();

impl<'m, 'a> Place<'m, 'a> {
    /// The metadata of the pods that a workload makes.
    pub(super) fn of_template(workload: &'m Workload<'a>) -> Self {
        let mut keys = workload.template_keys.to_vec();
        let existing = keys.len() + usize::from(workload.template.metadata.is_some());
        keys.push("metadata");
        let template: &PodTemplate<'a> = &workload.template;
        Self { keys, existing, labels: template.labels(), annotations: template.annotations() }
    }

    /// The metadata that a Prometheus resource hands on to its pods.
    pub(super) fn of_prometheus(prometheus: &'m Prometheus<'a>) -> Self {
        let metadata = prometheus.pod_metadata();
        let existing = usize::from(prometheus.spec.is_some()) + usize::from(metadata.is_some());
        Self {
            keys: vec!["spec", "podMetadata"],
            existing,
            labels: metadata.map_or(&NONE, |metadata| &metadata.labels),
            annotations: metadata.map_or(&NONE, |metadata| &metadata.annotations),
        }
    }

    /// The metadata of an object itself.
    pub(super) fn of_object(metadata: Option<&'m Metadata<'a>>) -> Self {
        Self {
            keys: vec!["metadata"],
            existing: usize::from(metadata.is_some()),
            labels: metadata.map_or(&NONE, |metadata| &metadata.labels),
            annotations: metadata.map_or(&NONE, |metadata| &metadata.annotations),
        }
    }

    /// Where the labels stand.
    pub(super) fn labels_path(&self) -> FieldPath {
        self.path("labels")
    }

    /// Where the annotations stand.
    pub(super) fn annotations_path(&self) -> FieldPath {
        self.path("annotations")
    }

    /// Adds a label to a patch.
    pub(super) fn add_label(&self, patch: &mut Patch, key: &str, value: &str) {
        self.add(patch, "labels", self.labels, key, value);
    }

    /// Adds an annotation to a patch.
    pub(super) fn add_annotation(&self, patch: &mut Patch, key: &str, value: &str) {
        self.add(patch, "annotations", self.annotations, key, value);
    }

    fn path(&self, map: &str) -> FieldPath {
        self.keys.iter().fold(FieldPath::root(), |path, key| path.key(key)).key(map)
    }

    fn add(&self, patch: &mut Patch, map: &'static str, entries: &Labels<'_>, key: &str, value: &str) {
        let existing =
            if self.existing < self.keys.len() || entries.is_empty() { self.existing } else { self.keys.len() + 1 };
        let keys: Vec<&str> = self.keys.iter().copied().chain([map, key]).collect();
        patch.insert(&keys, existing, Added::Text(value.to_owned()));
    }
}
