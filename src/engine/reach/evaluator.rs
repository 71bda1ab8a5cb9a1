//! The evaluator: everything in a snapshot that has a say in who reaches whom, read once and asked often.

mod change;
mod verdict;

use std::sync::Arc;

use serde::Deserialize;

use crate::engine::reach::authorization_policy::{AuthorizationPolicies, HttpRequest, authorization};
use crate::engine::reach::mesh::{Call, ClientTls, Membership, MeshSettings};
use crate::engine::reach::network_policy::{Direction, HostNetwork, NetworkPolicies, Policy};
use crate::engine::reach::not_considered::NotConsidered;
use crate::engine::reach::peer_authentication::{Effective, PeerAuthentications, mtls};
use crate::engine::reach::{Connection, End, Hop, Path, Step, Verdict, wanted};
use crate::engine::rules;
use crate::model::Protocol;
use crate::model::resource::{AuthorizationPolicy, NetworkPolicy, PeerAuthentication};
use crate::model::snapshot::{Kept, Namespaces, Pod, Snapshot};
use crate::model::{Resource, Truth};

/// The hops of a connection, in order.
const WAY: [Hop; 4] = [Hop::Egress, Hop::Ingress, Hop::Mtls, Hop::Authorization];
/// Where tunnels of ambient mode arrive (HBONE).
pub const TUNNEL_PORT: u16 = 15008;

/// Follows connections through one snapshot. Clones share what was read.
#[derive(Clone, Debug)]
pub struct Evaluator<'s> {
    namespaces: &'s Namespaces,
    mesh: Arc<MeshSettings>,
    network_policies: Arc<NetworkPolicies>,
    peer_authentications: Arc<PeerAuthentications>,
    authorization_policies: Arc<AuthorizationPolicies>,
    not_considered: NotConsidered<'s>,
}

/// How a connection is made, beyond who calls whom.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Manner {
    /// What the caller does about TLS by itself.
    pub tls: ClientTls,
    /// What is asked over HTTP; `None` for a plain connection.
    pub request: Option<HttpRequest>,
}

impl<'s> Evaluator<'s> {
    /// Reads all policies of a snapshot. One that cannot be read is there all the same: what hangs on it is unknown.
    pub fn new(snapshot: &'s Snapshot, mesh: MeshSettings, host_network: HostNetwork) -> Self {
        let mut peer_authentications = PeerAuthentications::new(mesh.root_namespace.clone());
        for kept in snapshot.objects(Resource::PeerAuthentication) {
            match read::<PeerAuthentication<'_>>(kept) {
                Ok(policy) => peer_authentications.add(kept.namespace(), &policy),
                Err(_) => peer_authentications.add_unreadable(kept.reference.clone()),
            }
        }
        let mut authorization_policies = AuthorizationPolicies::new(mesh.clone());
        for kept in snapshot.objects(Resource::AuthorizationPolicy) {
            match read::<AuthorizationPolicy<'_>>(kept) {
                Ok(policy) => authorization_policies.add(kept.namespace(), &policy),
                Err(_) => authorization_policies.add_unreadable(kept.reference.clone()),
            }
        }
        let network_policies = snapshot.objects(Resource::NetworkPolicy).map(network_policy);
        Self {
            namespaces: snapshot.namespaces(),
            network_policies: Arc::new(NetworkPolicies::new(network_policies, host_network)),
            peer_authentications: Arc::new(peer_authentications),
            authorization_policies: Arc::new(authorization_policies),
            not_considered: NotConsidered::new(snapshot.unmodelled(), &mesh).and_unread(snapshot.unread()),
            mesh: Arc::new(mesh),
        }
    }

    /// Follows a connection hop by hop: out of the calling pod, into the called one, through both proxies.
    pub fn follow(&self, connection: &Connection<'s>, manner: &Manner) -> Path {
        self.path(connection, manner, |step, _| step)
    }

    /// As [`Evaluator::follow`], for a connection that somebody wants: whatever blocks it is a mistake, and the step
    /// names the rule of the catalogue that it amounts to.
    pub fn follow_wanted(&self, connection: &Connection<'s>, manner: &Manner) -> Path {
        self.path(connection, manner, wanted::named)
    }

    /// Whether NetworkPolicies let a connection out, or in, that no mesh carries, without the reason.
    pub fn network_verdict(&self, direction: Direction, connection: &Connection<'_>) -> Verdict {
        self.network_policies.verdict(direction, connection, self.namespaces)
    }

    /// Whether something that is not evaluated may let a connection in, whatever NetworkPolicies say.
    pub fn doubts_ingress(&self, connection: &Connection<'_>) -> bool {
        self.not_considered.doubts_network(Direction::Ingress, connection)
    }

    /// How a pod takes part in the mesh.
    pub fn membership(&self, pod: &Pod) -> Membership {
        self.membership_of(End::Pod(pod))
    }

    /// Which mutual TLS a container port of a pod demands.
    pub fn mutual_tls(&self, pod: &Pod, port: u16) -> Effective {
        let is_ambient = matches!(self.membership(pod), Membership::Ambient { .. });
        self.peer_authentications.effective(pod, port, is_ambient)
    }

    /// The mesh as it was told.
    pub fn mesh(&self) -> &MeshSettings {
        &self.mesh
    }

    /// What network policies mean to pods on the host network.
    pub fn host_network(&self) -> HostNetwork {
        self.network_policies.host_network()
    }

    fn path(&self, connection: &Connection<'s>, manner: &Manner, named: impl Fn(Step, &Call<'_>) -> Step) -> Path {
        self.calling(connection, manner, |call| {
            let steps = WAY.map(|hop| named(self.step(hop, call, manner), call));
            Path { steps: steps.into_iter().map(of_catalogue).collect() }
        })
    }

    fn calling<T>(&self, connection: &Connection<'_>, manner: &Manner, ask: impl FnOnce(&Call<'_>) -> T) -> T {
        let (from, to) = (self.membership_of(connection.from), self.membership_of(connection.to));
        ask(&Call { connection, caller: &from, called: &to, tls: manner.tls, settings: &self.mesh })
    }

    fn step(&self, hop: Hop, call: &Call<'_>, manner: &Manner) -> Step {
        match hop {
            Hop::Egress => self.network(Direction::Egress, call),
            Hop::Ingress => self.network(Direction::Ingress, call),
            Hop::Mtls => self.not_considered.of_tls(call, mtls(call, &self.peer_authentications)),
            _ => {
                let (policies, demands) = (&self.authorization_policies, &self.peer_authentications);
                let step = authorization(call, manner.request.as_ref(), policies, demands);
                self.not_considered.of_authorization(call, step)
            }
        }
    }

    /// The policies, for who looks for connections instead of following them.
    pub fn network_policies(&self) -> &NetworkPolicies {
        &self.network_policies
    }

    /// Likewise.
    pub fn authorization_policies(&self) -> &AuthorizationPolicies {
        &self.authorization_policies
    }

    /// How one end of a connection takes part in the mesh.
    pub fn membership_of(&self, end: End<'_>) -> Membership {
        let namespace = match end {
            End::Pod(pod) => pod.namespace.as_str(),
            End::Address(_) | End::World => "",
        };
        Membership::of_end(end, &self.namespaces.get(namespace), &self.mesh)
    }

    fn network(&self, direction: Direction, call: &Call<'_>) -> Step {
        let is_tunnelled = if call.connection.protocol == Protocol::Tcp { call.is_tunnelled() } else { Truth::No };
        let tunnel = Connection { port: TUNNEL_PORT, ..*call.connection };
        let step = match is_tunnelled {
            Truth::No => self.network_step(direction, call.connection),
            Truth::Yes => through_tunnel(self.network_step(direction, &tunnel)),
            Truth::Unknown => {
                let (plain, tunnelled) =
                    (self.network_step(direction, call.connection), self.network_step(direction, &tunnel));
                if plain.verdict == tunnelled.verdict { plain } else { either(plain, &tunnelled) }
            }
        };
        self.not_considered.of_network(direction, call.connection, step)
    }

    fn network_step(&self, direction: Direction, connection: &Connection<'_>) -> Step {
        match direction {
            Direction::Egress => self.network_policies.egress(connection, self.namespaces),
            Direction::Ingress => self.network_policies.ingress(connection, self.namespaces),
        }
    }
}

fn read<'a, T: Deserialize<'a>>(kept: &'a Kept) -> Result<T, String> {
    match &kept.unreadable {
        Some(why) => Err(why.clone()),
        None => serde_json::from_str(&kept.json).map_err(|error| error.to_string()),
    }
}

fn network_policy(kept: &Kept) -> Policy {
    match read::<NetworkPolicy<'_>>(kept) {
        Ok(policy) => Policy::new(&policy, kept.namespace()),
        Err(why) => Policy::unreadable(kept.namespace(), &kept.reference.name, why),
    }
}

/// Without the id of a rule that nobody can look up yet.
fn of_catalogue(step: Step) -> Step {
    Step { rule: step.rule.filter(|id| rules::rule(*id).is_some()), ..step }
}

fn through_tunnel(step: Step) -> Step {
    let reason = format!("{} (the mesh carries the connection to port {TUNNEL_PORT})", step.reason);
    Step { reason, ..step }
}

fn either(plain: Step, tunnelled: &Step) -> Step {
    let reason = format!(
        "{}, or through the tunnel of the mesh to port {TUNNEL_PORT}: {}; which of them is not known",
        plain.reason, tunnelled.reason
    );
    Step { verdict: Verdict::Unknown, rule: None, reason, ..plain }
}

#[cfg(test)]
mod tests;
