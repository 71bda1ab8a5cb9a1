//! Relabeling steps, written one after the other in the text that the operator gives them.

use crate::engine::scrape::{RelabelingStep, StepSource};
use crate::model::relabeling::{PrometheusVersion, RelabelConfig, Step};
use crate::model::{FieldPath, ObjectReference, Text};

/// The steps of one pool.
#[derive(Debug)]
pub(super) struct Steps<'p> {
    version: PrometheusVersion,
    monitor: &'p ObjectReference,
    written: Vec<RelabelingStep>,
    refused: Vec<String>,
}

impl<'p> Steps<'p> {
    /// No steps yet but the first of all, which keeps the name of the pool.
    pub(super) fn new(monitor: &'p ObjectReference, version: PrometheusVersion) -> Self {
        let mut steps = Self { version, monitor, written: Vec::new(), refused: Vec::new() };
        steps.add("", &copy(["job"], "__tmp_prometheus_job_name"));
        steps
    }

    /// A step for a field of the monitor.
    pub(super) fn add(&mut self, field: &str, config: &RelabelConfig<'static>) {
        let path = if field.is_empty() { FieldPath::root() } else { FieldPath::of(field) };
        self.add_at(path, config);
    }

    /// A step for the field of the monitor at this path.
    pub(super) fn add_at(&mut self, path: FieldPath, config: &RelabelConfig<'static>) {
        self.push(config, StepSource::Operator(self.monitor.clone(), path));
    }

    /// A step for a field of another object.
    pub(super) fn add_for(&mut self, object: &ObjectReference, field: &str, config: &RelabelConfig<'static>) {
        self.push(config, StepSource::Operator(object.clone(), FieldPath::of(field)));
    }

    /// Steps of a user, in this list of this object.
    pub(super) fn add_of_user(&mut self, object: &ObjectReference, list: &FieldPath, steps: &[RelabelConfig<'_>]) {
        for (index, config) in steps.iter().enumerate() {
            self.push(config, StepSource::User(object.clone(), list.index(index)));
        }
    }

    /// The monitor that they are for.
    pub(super) fn monitor(&self) -> &'p ObjectReference {
        self.monitor
    }

    /// All steps, and why some of them are missing.
    pub(super) fn finish(self) -> (Vec<RelabelingStep>, Vec<String>) {
        (self.written, self.refused)
    }

    fn push(&mut self, config: &RelabelConfig<'_>, source: StepSource) {
        match Step::new(config, self.version) {
            Ok(step) => self.written.push(RelabelingStep { step, source }),
            Err(error) => {
                let (StepSource::Operator(_, path) | StepSource::User(_, path)) = source;
                self.refused.push(format!("the relabeling for {path} cannot be run: {error}"));
            }
        }
    }
}

fn text(text: impl Into<String>) -> Text<'static> {
    Text::from(text.into())
}

fn from(sources: impl IntoIterator<Item = impl Into<String>>) -> RelabelConfig<'static> {
    let source_labels = sources.into_iter().map(|label| Text::from(label.into())).collect();
    RelabelConfig { source_labels, ..RelabelConfig::default() }
}

/// Keeps what matches.
pub(super) fn keep(
    sources: impl IntoIterator<Item = impl Into<String>>,
    regex: impl Into<String>,
) -> RelabelConfig<'static> {
    RelabelConfig { action: Some(text("keep")), regex: Some(text(regex)), ..from(sources) }
}

/// Drops what matches.
pub(super) fn drop(
    sources: impl IntoIterator<Item = impl Into<String>>,
    regex: impl Into<String>,
) -> RelabelConfig<'static> {
    RelabelConfig { action: Some(text("drop")), ..keep(sources, regex) }
}

/// Copies, also what is empty.
pub(super) fn copy(
    sources: impl IntoIterator<Item = impl Into<String>>,
    target: impl Into<String>,
) -> RelabelConfig<'static> {
    RelabelConfig { target_label: Some(text(target)), ..from(sources) }
}

/// Copies the first group of what matches.
pub(super) fn copy_match(
    sources: impl IntoIterator<Item = impl Into<String>>,
    regex: &str,
    target: impl Into<String>,
) -> RelabelConfig<'static> {
    RelabelConfig { regex: Some(text(regex)), replacement: Some(text("${1}")), ..copy(sources, target) }
}

/// Copies what is not empty.
pub(super) fn copy_if_set(source: impl Into<String>, target: impl Into<String>) -> RelabelConfig<'static> {
    copy_match([source], "(.+)", target)
}

/// Writes this, whatever was there.
pub(super) fn set(target: impl Into<String>, value: impl Into<String>) -> RelabelConfig<'static> {
    RelabelConfig { target_label: Some(text(target)), replacement: Some(text(value)), ..RelabelConfig::default() }
}
