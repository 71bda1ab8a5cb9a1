//! Whether the injector would give a sidecar to a pod that is still to be made.

use crate::engine::reach::mesh::MeshSettings;
use crate::model::Truth;
use crate::model::sidecar::INJECT;
use crate::model::snapshot::{Namespace, Pod};

/// Turns injection on or off for a namespace.
const INJECTION: &str = "istio-injection";
/// Chooses the control plane that injects, for a namespace or a pod.
const REVISION: &str = "istio.io/rev";
/// Namespaces that the injector leaves alone (`pkg/kube/inject/initializer.go`).
const LEFT_ALONE: [&str; 4] = ["kube-system", "kube-public", "kube-node-lease", "local-path-storage"];

/// Whether the pod would get a sidecar: the injector's webhook is called, and then wants to.
pub(super) fn injects(pod: &Pod, namespace: &Namespace, settings: &MeshSettings) -> Truth {
    if !is_wanted(pod) || LEFT_ALONE.contains(&namespace.name()) {
        return Truth::No;
    }
    match (namespace.label(INJECTION), namespace.label(REVISION)) {
        (Some(Some(injection)), _) => Truth::from(injection == "enabled"),
        (Some(None), Some(Some(revision))) => is_revision(revision, settings),
        (Some(None), Some(None)) => injects_by_itself(pod, settings),
        (None, _) | (_, None) => Truth::Unknown,
    }
}

/// Why that may not be known, in words that follow the name of the pod.
pub(super) fn unknown(namespace: &Namespace) -> &'static str {
    if namespace.label(INJECTION).is_none() {
        "is in a namespace whose labels are not known"
    } else {
        "asks for a revision of Istio that may not exist"
    }
}

/// The label counts for more than the annotation; what is neither `true` nor `false` says nothing.
fn is_wanted(pod: &Pod) -> bool {
    pod.labels.get(INJECT).or_else(|| pod.annotations.get(INJECT)) != Some("false")
}

/// Whether a pod gets a sidecar in a namespace that says nothing.
fn injects_by_itself(pod: &Pod, settings: &MeshSettings) -> Truth {
    match (pod.labels.get(REVISION), pod.labels.get(INJECT)) {
        (Some(revision), _) => is_revision(revision, settings),
        (None, Some(inject)) => Truth::from(inject == "true"),
        (None, None) => Truth::from(settings.injects_by_default),
    }
}

fn is_revision(name: &str, settings: &MeshSettings) -> Truth {
    match &settings.revisions {
        Some(revisions) => Truth::from(revisions.iter().any(|revision| revision == name)),
        None if name == "default" => Truth::Yes,
        None => Truth::Unknown,
    }
}
