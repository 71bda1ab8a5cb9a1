//! Who stands before an Ingress, and whether the backend lets it in.

use std::collections::BTreeSet;

use crate::engine::reach::mesh::{ClientTls, Membership};
use crate::engine::reach::{Connection, End, Hop, Manner, Step, Verdict};
use crate::engine::rules::cluster::{Cluster, ClusterFindings};
use crate::engine::rules::ingress::backends::class;
use crate::model::resource::Ingress;
use crate::model::snapshot::{Kept, Pod};
use crate::model::{FieldPath, ObjectReference, Protocol, Resource};

/// What charts call the pods of ingress controllers, and a word that is in the name of their class.
const CONTROLLERS: [(&str, &str); 5] = [
    ("ingress-nginx", "nginx"),
    ("nginx-ingress", "nginx"),
    ("traefik", "traefik"),
    ("haproxy-ingress", "haproxy"),
    ("contour", "contour"),
];

pub(super) fn without_identity(cluster: &Cluster<'_, '_>, findings: &mut ClusterFindings<'_>) {
    let controllers = controllers(cluster);
    for kept in cluster.snapshot.objects(Resource::Ingress) {
        let Ok(ingress) = serde_json::from_str::<Ingress<'_>>(&kept.json) else { continue };
        let class = class(&ingress).unwrap_or_default();
        let own = controllers.iter().filter(|(word, _)| class.contains(word)).map(|(_, pod)| *pod);
        let mut told = BTreeSet::new();
        for (controller, path, port) in
            own.flat_map(|pod| backends(&ingress, kept, cluster).into_iter().map(move |(path, to)| (pod, path, to)))
        {
            let Some(policy) = refusing(controller, port, cluster) else { continue };
            if told.insert(path.to_string()) {
                let message = "the ingress controller has no identity, it is refused";
                let fix = format!("bring {} into the mesh: {policy} asks for its identity", controller.full_name());
                findings.report(&kept.reference, path, message, fix);
            }
        }
    }
}

/// Pods of ingress controllers outside the mesh, each with the word by which their class is told.
fn controllers<'s>(cluster: &Cluster<'_, 's>) -> Vec<(&'static str, &'s Pod)> {
    let word = |pod: &Pod| {
        let name = pod.labels.get("app.kubernetes.io/name").or_else(|| pod.labels.get("app"))?;
        CONTROLLERS.iter().find(|(known, _)| *known == name).map(|(_, word)| *word)
    };
    let outside = |pod: &Pod| matches!(cluster.evaluator.membership(pod), Membership::None(_));
    let pods = cluster.written.shapes.all().iter().filter(|pod| !pod.has_ended());
    pods.filter_map(|pod| Some((word(pod)?, *pod))).filter(|(_, pod)| outside(pod)).collect()
}

/// The pods behind an Ingress and their ports.
fn backends<'s>(ingress: &Ingress<'_>, kept: &Kept, cluster: &Cluster<'_, 's>) -> Vec<(FieldPath, (&'s Pod, u16))> {
    let mut found = Vec::new();
    for (path, backend) in ingress.spec.services() {
        let Some(service) = cluster.snapshot.service(kept.namespace(), &backend.name) else { continue };
        let number = backend.port.number;
        let ports = service.ports.iter().filter(|port| number.is_none_or(|number| i64::from(port.number) == number));
        let Some(pod) = cluster.snapshot.pods_behind(service).into_iter().next() else { continue };
        found.extend(ports.filter_map(|port| Some((path.clone(), (pod, port.at(pod)?)))));
    }
    found
}

/// The policy that refuses the controller.
fn refusing<'s>(
    controller: &'s Pod,
    (pod, port): (&'s Pod, u16),
    cluster: &Cluster<'_, 's>,
) -> Option<ObjectReference> {
    let protocol = Protocol::Tcp;
    let connection = Connection { from: End::Pod(controller), to: End::Pod(pod), port, protocol };
    let steps = cluster.evaluator.follow(&connection, &Manner { tls: ClientTls::Mesh, request: None }).steps;
    let refused = |step: &Step| step.hop == Hop::Authorization && step.verdict == Verdict::Blocked;
    steps.into_iter().find(refused)?.object
}
