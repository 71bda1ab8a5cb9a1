//! Injection: the additions that make an object match the policies written for it.
//!
//! A pod, or the pod template of a workload, is told to be a component by its labels, containers and ports, never by
//! its image. If it lacks labels that the component's policies select by, they are added: all of them, or none.

pub mod patch;
mod selector_labels;

pub use selector_labels::{Obstacle, selector_labels};

use crate::model::guard::{Component, Evidence, Guard};
use crate::model::resource::PodTemplate;

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
