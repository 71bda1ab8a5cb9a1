//! The label that tells Istio whether a pod belongs into the mesh.
//!
//! It is put where pods are made, never on a pod: Istio's webhook decides by the labels that a pod has when its turn
//! comes, and it is not called a second time (`reinvocationPolicy: Never`). A label that we added to the pod would so
//! count or not, depending on the names of two webhook configurations.

use crate::engine::inject::Obstacle;
use crate::engine::inject::patch::Patch;
use crate::engine::inject::place::Place;
use crate::engine::rules::injection::MESH_CONFLICT;
use crate::model::guard::document::IstioMode;
use crate::model::guard::{Component, Guard};

/// Asks for a sidecar, or keeps it away.
pub(super) const SIDECAR: &str = "sidecar.istio.io/inject";
/// Asks for capture by ztunnel, or keeps it away.
pub(super) const DATAPLANE: &str = "istio.io/dataplane-mode";

/// A label and the value that is wanted.
pub(super) type Wanted = (&'static str, &'static str);

/// The label that a component's pods need, where it is certain. A sidecar is kept away from what must stay out in
/// whatever mode, unless there is no mesh; pods on the host network cannot be captured.
pub(super) fn wanted(guard: &Guard, component: &Component, host_network: bool) -> Option<Wanted> {
    match (guard.mesh.istio, component.in_mesh?) {
        (IstioMode::None, _) | (IstioMode::Auto, true) => None,
        (IstioMode::Sidecar | IstioMode::Ambient, true) if host_network => None,
        (IstioMode::Auto | IstioMode::Sidecar, false) => Some((SIDECAR, "false")),
        (IstioMode::Sidecar, true) => Some((SIDECAR, "true")),
        (IstioMode::Ambient, false) => Some((DATAPLANE, "none")),
        (IstioMode::Ambient, true) => Some((DATAPLANE, "ambient")),
    }
}

/// Adds the label to a patch.
///
/// # Errors
/// Somebody has decided otherwise.
pub(super) fn add(place: &Place<'_, '_>, (key, value): Wanted, component: &Component) -> Result<Patch, Obstacle> {
    let mut patch = Patch::default();
    if let Some(conflict) = conflict(place, (key, value), component) {
        return Err(conflict);
    }
    if place.labels.get(key).is_none() {
        place.add_label(&mut patch, key, value);
    }
    Ok(patch)
}

/// The label itself counts for more than an annotation of that name, which Istio reads as well; and a pod that asks for
/// the other way of capture means it.
fn conflict(place: &Place<'_, '_>, (key, value): Wanted, component: &Component) -> Option<Obstacle> {
    let label = place.labels.get(key).map(|found| (place.labels_path().key(key), found));
    let annotation = place.annotations.get(key).filter(|_| key == SIDECAR);
    let said = label.or_else(|| Some((place.annotations_path().key(key), annotation?)));
    let (path, found) = match said {
        Some((path, found)) if found != value => (path, found),
        Some(_) => return None,
        None => other_way(place, (key, value))?,
    };
    let out = if matches!(value, "false" | "none") { "out of" } else { "in" };
    Some(Obstacle {
        rule: MESH_CONFLICT,
        message: format!("{} must be {out} the mesh, this says {found:?}", component.name),
        fix: format!("set the label {key}: {value:?}, or change inMesh of {} in the guard", component.name),
        path,
    })
}

fn other_way<'m>(place: &Place<'m, '_>, wanted: Wanted) -> Option<(crate::model::FieldPath, &'m str)> {
    let (other, captured) = match wanted {
        (SIDECAR, "true") => (DATAPLANE, "ambient"),
        (DATAPLANE, "ambient") => (SIDECAR, "true"),
        _ => return None,
    };
    let found = place.labels.get(other).filter(|found| *found == captured)?;
    Some((place.labels_path().key(other), found))
}
