//! What has a say in a connection and is not evaluated: where it may matter, the answer is unknown, whatever the rest
//! says.

use std::sync::Arc;

use crate::engine::reach::mesh::{Call, ClientTls, Membership, MeshSettings};
use crate::engine::reach::network_policy::Direction;
use crate::engine::reach::{Connection, End, Step, Verdict};
use crate::model::FieldPath;
use crate::model::snapshot::{Affects, Pod, Unmodelled};

/// Objects of kinds that are not evaluated.
#[derive(Clone, Debug)]
pub(super) struct NotConsidered<'s> {
    objects: Arc<[&'s Unmodelled]>,
    root_namespace: String,
}

impl<'s> NotConsidered<'s> {
    pub(super) fn new(objects: impl IntoIterator<Item = &'s Unmodelled>, mesh: &MeshSettings) -> Self {
        Self { objects: objects.into_iter().collect(), root_namespace: mesh.root_namespace.clone() }
    }

    /// A hop of NetworkPolicies, unless a policy of another kind may decide otherwise: of the pod's namespace or of the
    /// whole cluster. Whom it selects is not looked at.
    pub(super) fn of_network(&self, direction: Direction, connection: &Connection<'_>, step: Step) -> Step {
        doubted(step, self.about_network(direction, connection))
    }

    /// Whether that hop is left open, whatever the NetworkPolicies say.
    pub(super) fn doubts_network(&self, direction: Direction, connection: &Connection<'_>) -> bool {
        self.about_network(direction, connection).is_some()
    }

    fn about_network(&self, direction: Direction, connection: &Connection<'_>) -> Option<&Unmodelled> {
        let pod = pod(match direction {
            Direction::Egress => connection.from,
            Direction::Ingress => connection.to,
        })?;
        let is_about = |it: &&&Unmodelled| it.affects == Affects::Network && is_within(it, &[&pod.namespace, ""]);
        self.objects.iter().find(is_about).copied()
    }

    /// The hop of mutual TLS, unless something tells the caller's sidecar how to speak.
    pub(super) fn of_tls(&self, call: &Call<'_>, step: Step) -> Step {
        let (Membership::Sidecar(_) | Membership::Unknown(_), ClientTls::Mesh | ClientTls::Unknown) =
            (call.caller, call.tls)
        else {
            return step;
        };
        let (from, to) = (pod(call.connection.from), pod(call.connection.to));
        let namespace = |pod: Option<&'_ Pod>| pod.map_or_else(String::new, |pod| pod.namespace.clone());
        let (from, to) = (namespace(from), namespace(to));
        let is_about =
            |it: &&&Unmodelled| speaks_of_tls(it) && is_within(it, &[&from, &to, self.root_namespace.as_str()]);
        doubted(step, self.objects.iter().find(is_about).copied())
    }

    /// The hop of AuthorizationPolicies, unless something changes what the called proxy does.
    pub(super) fn of_authorization(&self, call: &Call<'_>, step: Step) -> Step {
        let Some(pod) = pod(call.connection.to) else { return step };
        let has_proxy = !matches!(call.called, Membership::None(_));
        let is_about = |it: &&&Unmodelled| match it.group.as_str() {
            "policy.linkerd.io" => is_within(it, &[&pod.namespace]),
            _ => has_proxy && changes_proxies(it) && is_within(it, &[&pod.namespace, self.root_namespace.as_str()]),
        };
        doubted(step, self.objects.iter().find(is_about).copied())
    }
}

fn pod(end: End<'_>) -> Option<&Pod> {
    match end {
        End::Pod(pod) => Some(pod),
        End::Address(_) | End::World => None,
    }
}

fn is_within(unmodelled: &Unmodelled, namespaces: &[&str]) -> bool {
    namespaces.contains(&unmodelled.object.namespace())
}

fn changes_proxies(unmodelled: &Unmodelled) -> bool {
    matches!(unmodelled.object.reference.kind.as_str(), "EnvoyFilter" | "WasmPlugin" | "Sidecar")
}

/// A rule for destinations that says nothing of TLS leaves it to the mesh.
fn speaks_of_tls(unmodelled: &Unmodelled) -> bool {
    let kind = unmodelled.object.reference.kind.as_str();
    kind == "EnvoyFilter" || (kind == "DestinationRule" && unmodelled.object.json.contains("\"tls\""))
}

fn doubted(step: Step, by: Option<&Unmodelled>) -> Step {
    let Some(Unmodelled { object, .. }) = by else { return step };
    let reason = format!("{} may decide otherwise and is not evaluated; without it: {}", object.reference, step.reason);
    Step { verdict: Verdict::Unknown, rule: None, reason, ..step }.by(object.reference.clone(), FieldPath::root())
}
