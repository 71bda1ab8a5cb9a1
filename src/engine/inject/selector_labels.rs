//! The labels that policies select a component by.

use crate::engine::inject::Obstacle;
use crate::engine::inject::patch::Patch;
use crate::engine::inject::place::Place;
use crate::engine::rules::injection::LABEL_CONFLICT;
use crate::model::guard::Component;
use crate::model::guard::component::pairs;
use crate::model::labels::Labels;

/// The selector labels of a component that are missing, or have another value.
pub(super) fn missing<'a>(component: &'a Component, labels: &Labels<'_>) -> Vec<(&'a str, &'a str)> {
    pairs(&component.selector_labels).filter(|(key, value)| labels.get(key) != Some(value)).collect()
}

/// Adds those of these labels to a patch that are missing.
///
/// # Errors
/// One of them has another value.
pub(super) fn add(place: &Place<'_, '_>, component: &Component, wanted: &[(&str, &str)]) -> Result<Patch, Obstacle> {
    let mut patch = Patch::default();
    for (key, value) in wanted {
        match place.labels.get(key) {
            Some(found) if found != *value => return Err(conflict(place, component, (key, value), found)),
            Some(_) => {}
            None => place.add_label(&mut patch, key, value),
        }
    }
    Ok(patch)
}

fn conflict(place: &Place<'_, '_>, component: &Component, (key, value): (&str, &str), found: &str) -> Obstacle {
    Obstacle {
        rule: LABEL_CONFLICT,
        path: place.labels_path().key(key),
        message: format!("policies for {} select {value:?}, not {found:?}", component.name),
        fix: format!("set {key}: {value}, or change selectorLabels of {} in the guard", component.name),
    }
}
