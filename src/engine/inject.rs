//! Injection: the additions that make an object do what the guard says.
//!
//! - A pod, or the pod template of a workload, is told to be a component by its labels, containers and ports, never by
//!   its image. It gets the labels that the component's policies select by, and a template those that tell Istio
//!   whether it belongs into the mesh.
//! - A Prometheus resource hands the same on to its pods, and mounts the certificates of the mesh.
//! - A monitor gets the labels that the guarded Prometheus wants.
//!
//! Each of these concerns is met in full or not at all, and only by additions.

mod certificates;
pub mod fragments;
mod mesh_label;
mod monitor;
pub mod patch;
mod place;
mod prometheus;
mod selector_labels;
mod workload;

pub use monitor::{Labelled, certain_labels, monitor};
pub use prometheus::prometheus;
pub use workload::workload;

use crate::engine::inject::patch::Patch;
use crate::model::guard::{Component, Evidence, Guard};
use crate::model::resource::PodTemplate;
use crate::model::{FieldPath, RuleId};

/// What an object lacks, and what it must not be given.
///
/// The patch is empty where there is nothing to do. Applied to the object, it leaves nothing more to do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Injection {
    /// The additions.
    pub patch: Patch,
    /// What was met that must not be changed. Nothing is added for the concern that met it.
    pub obstacles: Vec<Obstacle>,
}

/// Something that injection met and must not change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Obstacle {
    /// The rule that says so.
    pub rule: RuleId,
    /// The field.
    pub path: FieldPath,
    /// What is in the way, in one sentence.
    pub message: String,
    /// What the user can do about it.
    pub fix: String,
}

impl Injection {
    /// Takes over what was found out about one concern.
    fn concern(&mut self, result: Result<Patch, Obstacle>) {
        match result {
            Ok(patch) => self.patch.extend(patch),
            Err(obstacle) => self.obstacles.push(obstacle),
        }
    }
}

/// What a pod template was recognised as.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Recognition<'a> {
    /// None of the guard's components.
    Nothing,
    /// One component.
    Component(&'a Component),
    /// Several, none more surely than the others.
    Ambiguous(Vec<&'a Component>),
}

/// Which component a pod made from this template is. Selector labels count for more than other signs.
pub fn recognise<'a>(guard: &'a Guard, template: &PodTemplate<'_>) -> Recognition<'a> {
    let candidates: Vec<(Evidence, &Component)> = guard
        .components
        .iter()
        .filter_map(|component| component.recognises(template).map(|evidence| (evidence, component)))
        .collect();
    let Some(surest) = candidates.iter().map(|(evidence, _)| *evidence).max() else { return Recognition::Nothing };
    let mut sure = candidates.into_iter().filter(|(evidence, _)| *evidence == surest).map(|(_, component)| component);
    match (sure.next(), sure.next()) {
        (Some(only), None) => Recognition::Component(only),
        (first, second) => Recognition::Ambiguous(first.into_iter().chain(second).chain(sure).collect()),
    }
}
