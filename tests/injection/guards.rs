//! Guards that want different things.

use std::sync::LazyLock;

use scrapeguard::model::guard::{Component, Guard, Guards};

const SPECS: [&str; 7] = [
    "{}",
    "{mesh: {istio: none}}",
    "{mesh: {istio: ambient}, components: [{name: grafana, inMesh: true}, {name: prometheus, inMesh: true}]}",
    "{mesh: {istio: sidecar}, components: [{name: grafana, inMesh: true}, {name: prometheus-agent, inMesh: true}]}",
    "{mesh: {istio: sidecar, certificates: istio},
      components: [{name: prometheus, selectorLabels: {app.kubernetes.io/name: prometheus, app: x}},
                   {name: prometheus-agent, inMesh: true}]}",
    "{mesh: {istio: sidecar, certificates: ocne, dualStack: true}, prometheus: {name: n}}",
    "{mesh: {istio: sidecar, certificates: ocne}, prometheus: {
       podMonitorSelector: {matchExpressions: [{key: a, operator: In, values: [x, y]}, {key: a, operator: NotIn, values: [y]},
                                               {key: b, operator: DoesNotExist}]},
       serviceMonitorSelector: {matchLabels: {a: x}, matchExpressions: [{key: b, operator: Exists}]},
       probeSelector: {matchExpressions: [{key: a, operator: In, values: [x, y]}]},
       scrapeConfigSelector: {matchLabels: {a: x, b: z}}}}",
];

pub(crate) static GUARDS: LazyLock<Vec<Guards>> = LazyLock::new(|| {
    let document = |spec: &&str| {
        let head = "apiVersion: scrapeguard.io/v1alpha1, kind: ScrapeGuard, metadata: {name: g}";
        Guards::parse(&format!("{{{head}, spec: {spec}}}")).unwrap()
    };
    SPECS.iter().map(document).collect()
});

pub(crate) fn guard(position: usize) -> &'static Guard {
    GUARDS[position].iter().next().unwrap()
}

/// The label that the pods of a component need in the mesh, as a table.
pub(crate) fn mesh_label(guard: &Guard, component: &Component, on_host: bool) -> Option<(&'static str, &'static str)> {
    use scrapeguard::model::guard::document::IstioMode::{Ambient, Auto, Sidecar};
    let (sidecar, dataplane) = ("sidecar.istio.io/inject", "istio.io/dataplane-mode");
    match (guard.mesh.istio, component.in_mesh, on_host) {
        (Auto | Sidecar, Some(false), _) => Some((sidecar, "false")),
        (Sidecar, Some(true), false) => Some((sidecar, "true")),
        (Ambient, Some(false), _) => Some((dataplane, "none")),
        (Ambient, Some(true), false) => Some((dataplane, "ambient")),
        _ => None,
    }
}
