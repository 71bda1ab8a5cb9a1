//! Label selectors as relabeling steps. Values become part of an expression as they are, and names lose the characters
//! that names of labels may not have, so that it does not always select what the API server would.

use super::steps::{self, Steps};
use crate::model::relabeling::RelabelConfig;
use crate::model::selector::{LabelSelector, Requirement};
use crate::model::{FieldPath, Text};

/// Whether a monitor of this `selectorMechanism` leaves the selector to the API server.
pub(super) fn is_asked_of_server(mechanism: Option<&Text<'_>>) -> bool {
    mechanism.is_some_and(|mechanism| !matches!(mechanism.as_str(), "" | "RelabelConfig"))
}

/// Adds the steps for a selector of the objects of this kind, such as `pod`.
pub(super) fn add(selector: &LabelSelector<'_>, kind: &str, path: &FieldPath, steps: &mut Steps<'_>) {
    let labels = path.key("matchLabels");
    let mut sorted: Vec<(&str, &str)> = selector.match_labels.iter().collect();
    sorted.sort_unstable();
    for (key, value) in sorted {
        steps.add_at(labels.key(key), &steps::keep(both(kind, key), format!("({value});true")));
    }
    let expressions = path.key("matchExpressions");
    for (index, requirement) in selector.match_expressions.iter().enumerate() {
        if let Some(step) = step(requirement, kind) {
            steps.add_at(expressions.index(index), &step);
        }
    }
}

fn step(requirement: &Requirement<'_>, kind: &str) -> Option<RelabelConfig<'static>> {
    let key = requirement.key.as_str();
    let values = || format!("({});true", requirement.values.join("|"));
    match requirement.operator.as_str() {
        "In" => Some(steps::keep(both(kind, key), values())),
        "NotIn" => Some(steps::drop(both(kind, key), values())),
        "Exists" => Some(steps::keep([present(kind, key)], "true")),
        "DoesNotExist" => Some(steps::drop([present(kind, key)], "true")),
        _ => None,
    }
}

fn both(kind: &str, key: &str) -> [String; 2] {
    [label(kind, key), present(kind, key)]
}

/// The label of a target that tells this label of its object.
fn label(kind: &str, key: &str) -> String {
    format!("__meta_kubernetes_{kind}_label_{}", sanitized(key))
}

fn present(kind: &str, key: &str) -> String {
    format!("__meta_kubernetes_{kind}_labelpresent_{}", sanitized(key))
}

/// Copies a label of an object of this kind to the label of the same name, as far as that can be one.
pub(super) fn target_label(kind: &str, name: &str) -> RelabelConfig<'static> {
    steps::copy_if_set(label(kind, name), sanitized(name))
}

/// Labels of objects of a kind that become labels of targets.
pub(super) fn add_target_labels(kind: &str, field: &str, labels: &[Text<'_>], steps: &mut Steps<'_>) {
    for (index, label) in labels.iter().enumerate() {
        steps.add_at(FieldPath::of(field).index(index), &target_label(kind, label));
    }
}

/// The label that becomes the job, if there is one.
pub(super) fn add_job_label(kind: &str, name: Option<&Text<'_>>, steps: &mut Steps<'_>) {
    if let Some(name) = name.filter(|name| !name.is_empty()) {
        steps.add("spec.jobLabel", &steps::copy_if_set(label(kind, name), "job"));
    }
}

/// The name with everything replaced that is no letter, digit or underscore (`sanitizeLabelName`).
fn sanitized(name: &str) -> String {
    name.chars().map(|character| if character.is_ascii_alphanumeric() { character } else { '_' }).collect()
}
