//! Pods and the templates that they are made from.

use crate::engine::inject::patch::Patch;
use crate::engine::inject::place::Place;
use crate::engine::inject::{Injection, Obstacle, Recognition, mesh_label, recognise, selector_labels};
use crate::engine::rules::injection::{AMBIGUOUS, TOO_LATE_FOR_THE_MESH};
use crate::engine::rules::prometheus::OPERATOR_OWNED;
use crate::model::Resource;
use crate::model::guard::document::IstioMode;
use crate::model::guard::{Component, Guard};
use crate::model::resource::{OwnerReference, Workload};

/// API group of the Prometheus operator's resources.
const OPERATOR_GROUP: &str = "monitoring.coreos.com/";
/// Marks a copy of a static pod, which the API server does not let anybody change.
const MIRROR_POD: &str = "kubernetes.io/config.mirror";

/// What a workload lacks.
pub fn workload(workload: &Workload<'_>, resource: Resource, guard: &Guard) -> Injection {
    let mut injection = Injection::default();
    if workload.metadata().annotations.get(MIRROR_POD).is_some() {
        return injection;
    }
    match recognise(guard, &workload.template) {
        Recognition::Nothing => {}
        Recognition::Component(component) => return component_lacks(component, workload, resource, guard),
        Recognition::Ambiguous(components) => injection.obstacles.extend(ambiguous(workload, &components)),
    }
    injection
}

/// What a workload lacks that is this component.
pub(super) fn component_lacks(
    component: &Component,
    workload: &Workload<'_>,
    resource: Resource,
    guard: &Guard,
) -> Injection {
    let mut injection = Injection::default();
    let place = Place::of_template(workload);
    match owner_of_template(workload, resource) {
        Owner::User => {
            let wanted = selector_labels::missing(component, place.labels);
            injection.concern(selector_labels::add(&place, component, &wanted));
            injection.concern(mesh(component, workload, resource, guard));
        }
        Owner::Kubernetes => {}
        Owner::Operator { kind } => injection.obstacles.extend(operator_owned(workload, component, kind)),
    }
    injection
}

fn mesh(component: &Component, workload: &Workload<'_>, resource: Resource, guard: &Guard) -> Result<Patch, Obstacle> {
    let host_network = workload.template.spec.host_network == Some(true);
    let Some(wanted) = mesh_label::wanted(guard, component, host_network) else { return Ok(Patch::default()) };
    let place = Place::of_template(workload);
    let patch = mesh_label::add(&place, wanted, component)?;
    if patch.is_empty() || resource != Resource::Pod {
        return Ok(patch);
    }
    // What a controller made has a template, which has got the label; and who knows whether there is a mesh.
    if host_network || workload.metadata().controller().is_some() || guard.mesh.istio == IstioMode::Auto {
        return Ok(Patch::default());
    }
    Err(too_late(&place, wanted))
}

fn too_late(place: &Place<'_, '_>, (key, value): mesh_label::Wanted) -> Obstacle {
    Obstacle {
        rule: TOO_LATE_FOR_THE_MESH,
        path: place.labels_path(),
        message: "Istio may have decided already, nothing was added".to_owned(),
        fix: format!("write the label {key}: {value:?} into the manifest of the pod"),
    }
}

/// Who writes the pod template, and would take offence at changes.
enum Owner<'a> {
    /// The user: it may be patched.
    User,
    /// Another workload whose own template was patched, such as the Deployment of a ReplicaSet.
    Kubernetes,
    /// An operator that compares it with what it wrote.
    Operator {
        /// Kind of the resource that the operator makes it from.
        kind: &'a str,
    },
}

/// A pod is nobody's template: no controller compares the labels of pods that it has made.
fn owner_of_template<'a>(workload: &'a Workload<'_>, resource: Resource) -> Owner<'a> {
    let from_operator = |owner: &&OwnerReference<'_>| owner.api_version.starts_with(OPERATOR_GROUP);
    let labels = &workload.metadata().labels;
    let managed = labels.get("app.kubernetes.io/managed-by") == Some("prometheus-operator");
    match workload.metadata().controller() {
        _ if resource == Resource::Pod => Owner::User,
        Some(owner) if from_operator(&owner) => Owner::Operator { kind: &owner.kind },
        _ if managed || labels.get("operator.prometheus.io/name").is_some() => Owner::Operator { kind: "Prometheus" },
        Some(_) => Owner::Kubernetes,
        None => Owner::User,
    }
}

fn ambiguous(workload: &Workload<'_>, components: &[&Component]) -> Option<Obstacle> {
    let place = Place::of_template(workload);
    if components.iter().any(|component| selector_labels::missing(component, place.labels).is_empty()) {
        return None;
    }
    let names: Vec<&str> = components.iter().map(|component| component.name.as_str()).collect();
    Some(Obstacle {
        rule: AMBIGUOUS,
        path: place.labels_path(),
        message: format!("looks like {}; nothing was added", names.join(" and ")),
        fix: "put the selector labels of the right component here".to_owned(),
    })
}

fn operator_owned(workload: &Workload<'_>, component: &Component, kind: &str) -> Option<Obstacle> {
    let place = Place::of_template(workload);
    let missing = selector_labels::missing(component, place.labels);
    if missing.is_empty() {
        return None;
    }
    let labels: Vec<String> = missing.iter().map(|(key, value)| format!("{key}: {value}")).collect();
    Some(Obstacle {
        rule: OPERATOR_OWNED,
        path: place.labels_path(),
        message: "the operator owns this object, labels were not added".to_owned(),
        fix: format!("add {} to spec.podMetadata.labels of the {kind} it is made from", labels.join(", ")),
    })
}
