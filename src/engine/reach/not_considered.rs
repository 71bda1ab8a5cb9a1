//! What has a say in a connection and is not evaluated: where it may matter, the answer is unknown, whatever the rest
//! says.

use std::sync::Arc;

use crate::engine::reach::mesh::{Call, ClientTls, Membership, MeshSettings};
use crate::engine::reach::network_policy::Direction;
use crate::engine::reach::{Connection, End, Step, Verdict};
use crate::model::FieldPath;
use crate::model::snapshot::{Affects, Pod, Unmodelled, UnreadKind};

/// Objects of kinds that are not evaluated.
#[derive(Clone, Debug)]
pub(super) struct NotConsidered<'s> {
    objects: Arc<[&'s Unmodelled]>,
    /// Kinds of which nobody knows the objects.
    unread: &'s [UnreadKind],
    root_namespace: String,
}

impl<'s> NotConsidered<'s> {
    pub(super) fn new(objects: impl IntoIterator<Item = &'s Unmodelled>, mesh: &MeshSettings) -> Self {
        let objects = objects.into_iter().collect();
        Self { objects, unread: &[], root_namespace: mesh.root_namespace.clone() }
    }

    /// The same, and kinds that could not be read.
    pub(super) fn and_unread(self, unread: &'s [UnreadKind]) -> Self {
        Self { unread, ..self }
    }

    /// A hop of NetworkPolicies, unless a policy of another kind may decide otherwise: of the pod's namespace or of the
    /// whole cluster. Whom it selects is not looked at.
    pub(super) fn of_network(&self, direction: Direction, connection: &Connection<'_>, step: Step) -> Step {
        let step = doubted(step, self.about_network(direction, connection));
        match Self::pod_behind(direction, connection) {
            Some(_) => self.unless_unread(step, affects_network),
            None => step,
        }
    }

    /// Whether that hop is left open, whatever the NetworkPolicies say.
    pub(super) fn doubts_network(&self, direction: Direction, connection: &Connection<'_>) -> bool {
        self.about_network(direction, connection).is_some()
            || (self.unread.iter().any(affects_network) && Self::pod_behind(direction, connection).is_some())
    }

    /// The pod whose policies decide.
    fn pod_behind<'c>(direction: Direction, connection: &Connection<'c>) -> Option<&'c Pod> {
        pod(match direction {
            Direction::Egress => connection.from,
            Direction::Ingress => connection.to,
        })
    }

    fn about_network(&self, direction: Direction, connection: &Connection<'_>) -> Option<&Unmodelled> {
        let pod = Self::pod_behind(direction, connection)?;
        let is_about = |it: &&&Unmodelled| it.affects == Affects::Network && is_within(it, &[&pod.namespace, ""]);
        self.objects.iter().find(is_about).copied()
    }

    /// The hop of mutual TLS, unless something tells the caller's sidecar how to speak.
    pub(super) fn of_tls(&self, call: &Call<'_>, step: Step) -> Step {
        let step = match call.called {
            Membership::None(_) => step,
            _ => self.unless_unread(step, |kind| kind.is_of("security.istio.io", &["PeerAuthentication"])),
        };
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
        let step = doubted(step, self.objects.iter().find(is_about).copied());
        self.unless_unread(step, |kind| kind.is_of("networking.istio.io", &["EnvoyFilter", "DestinationRule"]))
    }

    /// The hop of AuthorizationPolicies, unless something changes what the called proxy does.
    pub(super) fn of_authorization(&self, call: &Call<'_>, step: Step) -> Step {
        let Some(pod) = pod(call.connection.to) else { return step };
        let has_proxy = !matches!(call.called, Membership::None(_));
        let is_about = |it: &&&Unmodelled| match it.group.as_str() {
            "policy.linkerd.io" => is_within(it, &[&pod.namespace]),
            _ => has_proxy && changes_proxies(it) && is_within(it, &[&pod.namespace, self.root_namespace.as_str()]),
        };
        let step = doubted(step, self.objects.iter().find(is_about).copied());
        self.unless_unread(step, |kind| match kind.group.as_str() {
            "policy.linkerd.io" => true,
            _ => has_proxy && DECIDE_FOR_PROXIES.iter().any(|(group, kinds)| kind.is_of(group, kinds)),
        })
    }

    /// A step, unless there may be objects of a kind that could not be read and matters.
    fn unless_unread(&self, step: Step, matters: impl Fn(&UnreadKind) -> bool) -> Step {
        let Some(kind) = self.unread.iter().find(|kind| matters(kind)) else { return step };
        let reason = format!("{kind}; without them: {}", step.reason);
        Step { verdict: Verdict::Unknown, rule: None, reason, ..step }
    }
}

/// The kinds that say what a called proxy lets in.
const DECIDE_FOR_PROXIES: [(&str, &[&str]); 3] = [
    ("security.istio.io", &["AuthorizationPolicy"]),
    ("networking.istio.io", &["EnvoyFilter", "Sidecar"]),
    ("extensions.istio.io", &["WasmPlugin"]),
];

fn affects_network(kind: &UnreadKind) -> bool {
    kind.affects() == Some(Affects::Network)
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
