//! Whether a pod is in the mesh, and how.
//!
//! Semantics: `istio.io/istio` `pkg/kube/inject/inject.go` (`injectRequired`) and
//! `manifests/charts/istio-control/istio-discovery/templates/mutatingwebhook.yaml` for sidecars, and the labels of
//! `istio.io/api/label` for ambient mode and gateways.

pub mod arrival;
pub mod capture;
mod injection;
pub mod settings;

pub use arrival::{Arrival, Call, ClientTls, Identity};
pub use capture::Capture;
pub use settings::MeshSettings;

use crate::engine::reach::End;
use crate::model::Truth;
use crate::model::guard::document::IstioMode;
use crate::model::sidecar;
use crate::model::snapshot::{ContainerRole, Namespace, Pod};

/// Says of a namespace or pod how its traffic is captured where it has no sidecar.
pub(in crate::engine) const DATAPLANE_MODE: &str = "istio.io/dataplane-mode";
/// Says of a namespace or pod through which waypoint its traffic goes.
const USE_WAYPOINT: &str = "istio.io/use-waypoint";
/// What Istio made from a Gateway, and for whom.
const MANAGED: &str = "gateway.istio.io/managed";
/// The Gateway that a pod belongs to.
const GATEWAY_NAME: &str = "gateway.networking.k8s.io/gateway-name";
/// The class of that Gateway.
const GATEWAY_CLASS: &str = "gateway.networking.k8s.io/gateway-class-name";
/// From which templates the injector makes a pod.
const TEMPLATES: &str = "inject.istio.io/templates";
/// Ports at which a proxy serves its own metrics and health, whatever policies say.
pub const PROXY_PORTS: [u16; 3] = [15020, 15021, 15090];

/// How a pod takes part in the mesh.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Membership {
    /// It does not, and why.
    None(&'static str),
    /// A sidecar captures its traffic.
    Sidecar(Box<Capture>),
    /// The ztunnel of its node captures its traffic.
    Ambient {
        /// Whether a waypoint may stand before it.
        waypoint: Truth,
    },
    /// It is itself a waypoint.
    Waypoint,
    /// It is itself a gateway.
    Gateway,
    /// That cannot be told, and why.
    Unknown(&'static str),
}

impl Membership {
    /// How one end of a connection takes part; `namespace` is that of the pod, if it is one.
    pub fn of_end(end: End<'_>, namespace: &Namespace, settings: &MeshSettings) -> Self {
        match end {
            End::Pod(pod) => Self::of(pod, namespace, settings),
            End::Address(_) | End::World => Self::None("is no pod"),
        }
    }

    /// How this pod of this namespace takes part. One that runs is judged by its containers; one that is still to be
    /// made, by what the injector would do to it.
    pub fn of(pod: &Pod, namespace: &Namespace, settings: &MeshSettings) -> Self {
        if settings.mode == IstioMode::None {
            return Self::None("has no mesh around it");
        }
        if pod.host_network {
            return Self::None("shares the network of its node, which no mesh captures");
        }
        if let Some(proxy) = proxy(pod) {
            return proxy;
        }
        match sidecar(pod, namespace, settings) {
            Truth::Yes => Self::Sidecar(Box::new(Capture::of(pod))),
            Truth::Unknown => Self::Unknown(injection::unknown(namespace)),
            Truth::No => without_sidecar(pod, namespace, settings),
        }
    }
}

/// What the pod is if it is itself a proxy for others.
fn proxy(pod: &Pod) -> Option<Membership> {
    let is_waypoint = pod.labels.get(MANAGED) == Some("istio.io-mesh-controller")
        || pod.labels.get(GATEWAY_CLASS) == Some("istio-waypoint");
    let templates = pod.annotations.get(TEMPLATES).unwrap_or_default();
    let is_gateway =
        pod.labels.get(GATEWAY_NAME).is_some() || templates.split(',').any(|template| template.trim() == "gateway");
    match (is_waypoint, is_gateway) {
        (true, _) => Some(Membership::Waypoint),
        (false, true) => Some(Membership::Gateway),
        (false, false) => None,
    }
}

fn sidecar(pod: &Pod, namespace: &Namespace, settings: &MeshSettings) -> Truth {
    let is_proxy = |name: &str, role| name == sidecar::CONTAINER && role != ContainerRole::Init;
    if pod.annotations.get(sidecar::STATUS).is_some() || pod.containers.iter().any(|it| is_proxy(&it.name, it.role)) {
        return Truth::Yes;
    }
    if exists(pod) { Truth::No } else { injection::injects(pod, namespace, settings) }
}

/// Whether the pod was already made, so that the injector has had its say.
fn exists(pod: &Pod) -> bool {
    pod.phase.is_some()
}

fn without_sidecar(pod: &Pod, namespace: &Namespace, settings: &MeshSettings) -> Membership {
    let has_ztunnel = settings.mode != IstioMode::Sidecar && namespace.name() != "kube-system";
    let of_pod = pod.labels.get(DATAPLANE_MODE);
    let is_captured = match (of_pod, namespace.label(DATAPLANE_MODE)) {
        (Some(mode), _) | (None, Some(Some(mode))) => Truth::from(mode == "ambient"),
        (None, Some(None)) => Truth::No,
        (None, None) => Truth::Unknown,
    };
    match is_captured {
        _ if !has_ztunnel => Membership::None("has no sidecar"),
        Truth::Yes => Membership::Ambient { waypoint: waypoint(pod, namespace) },
        Truth::No => Membership::None("has no sidecar and is not in ambient mode"),
        Truth::Unknown => Membership::Unknown(injection::unknown(namespace)),
    }
}

fn waypoint(pod: &Pod, namespace: &Namespace) -> Truth {
    match (pod.labels.get(USE_WAYPOINT), namespace.label(USE_WAYPOINT)) {
        (Some(name), _) | (None, Some(Some(name))) => Truth::from(name != "none"),
        (None, Some(None)) => Truth::No,
        (None, None) => Truth::Unknown,
    }
}

#[cfg(test)]
mod tests;
