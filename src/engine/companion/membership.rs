//! Who is in the mesh, as far as the guard says.

use crate::model::Truth;
use crate::model::guard::document::IstioMode;
use crate::model::guard::{Component, Guard, Source};

/// Whether the pods of a component are in the mesh. Pods on the host network never are
/// (istio.io/istio `pkg/kube/inject/inject.go`).
pub(super) fn of_component(guard: &Guard, component: &Component) -> Truth {
    if guard.mesh.istio == IstioMode::None || component.host_network {
        return Truth::No;
    }
    match (component.in_mesh, guard.mesh.istio) {
        (Some(in_mesh), _) => Truth::from(in_mesh),
        (None, IstioMode::Auto) => Truth::Unknown,
        (None, _) => Truth::Yes,
    }
}

/// Whether a source is in the mesh. A caller that has a service account has it as its identity in the mesh.
pub(super) fn of_source(guard: &Guard, source: &Source) -> Truth {
    match source {
        Source::ApiServer => Truth::No,
        Source::Component(name) => {
            guard.component(name).map_or(Truth::Unknown, |component| of_component(guard, component))
        }
        Source::Caller(_) if guard.mesh.istio == IstioMode::None => Truth::No,
        Source::Caller(caller) if caller.service_account.is_some() => Truth::Yes,
        Source::Caller(_) => Truth::Unknown,
    }
}

/// Whether there certainly is a mesh.
pub(super) fn is_present(guard: &Guard) -> bool {
    match guard.mesh.istio {
        IstioMode::None => false,
        IstioMode::Sidecar | IstioMode::Ambient => true,
        IstioMode::Auto => any_inside(guard),
    }
}

/// Whether there may be a mesh of which the guard says nothing.
pub(super) fn is_undecided(guard: &Guard) -> bool {
    guard.mesh.istio == IstioMode::Auto && !any_inside(guard)
}

/// Whether meshed pods may have a sidecar. With `auto` they may have either.
pub(super) fn may_have_sidecar(guard: &Guard) -> bool {
    matches!(guard.mesh.istio, IstioMode::Sidecar | IstioMode::Auto)
}

/// Whether meshed pods may be captured by ztunnel. With `auto` they may be.
pub(super) fn may_be_ambient(guard: &Guard) -> bool {
    matches!(guard.mesh.istio, IstioMode::Ambient | IstioMode::Auto)
}

fn any_inside(guard: &Guard) -> bool {
    guard.components.iter().any(|component| of_component(guard, component) == Truth::Yes)
}
