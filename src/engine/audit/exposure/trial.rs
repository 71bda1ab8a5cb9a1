//! Trying out whether a caller gets to a guarded port, in every manner that it has a choice of.

use super::port::GuardedPort;
use crate::engine::reach::authorization_policy::HttpRequest;
use crate::engine::reach::evaluator::TUNNEL_PORT;
use crate::engine::reach::mesh::{ClientTls, Membership};
use crate::engine::reach::network_policy::Opening;
use crate::engine::reach::{Connection, End, Evaluator, Manner, Path, Verdict};
use crate::model::snapshot::Namespaces;

/// What is tried out.
pub(super) struct Trial<'e, 's> {
    pub(super) evaluator: &'e Evaluator<'s>,
    pub(super) namespaces: &'s Namespaces,
    pub(super) port: &'e GuardedPort<'s>,
    /// How the called pod takes part in the mesh.
    pub(super) called: Membership,
    manners: Vec<Manner>,
}

impl<'e, 's> Trial<'e, 's> {
    pub(super) fn new(evaluator: &'e Evaluator<'s>, namespaces: &'s Namespaces, port: &'e GuardedPort<'s>) -> Self {
        let called = evaluator.membership(port.target);
        let is_in_mesh = !matches!(called, Membership::None(_));
        let requests = [Some(None), is_in_mesh.then(|| Some(HttpRequest::default()))].into_iter().flatten();
        let with = |request: Option<HttpRequest>| {
            [ClientTls::None, ClientTls::Mesh].map(|tls| Manner { tls, request: request.clone() })
        };
        Self { evaluator, namespaces, port, called, manners: requests.flat_map(with).collect() }
    }

    /// The best verdict that a caller can get. Who is in the mesh calls with its identity or without; the request may
    /// be any.
    pub(super) fn verdict(&self, evaluator: &Evaluator<'_>, from: End<'_>, is_in_mesh: bool) -> Verdict {
        let connection = self.connection(from);
        let mut best = Verdict::Blocked;
        for manner in self.manners(is_in_mesh) {
            best = best.min(evaluator.verdict(&connection, manner));
            if best == Verdict::Open {
                break;
            }
        }
        best
    }

    /// The way that gets that verdict.
    pub(super) fn path<'c>(&self, evaluator: &Evaluator<'c>, from: End<'c>, is_in_mesh: bool) -> Path
    where
        's: 'c,
    {
        let connection = self.connection(from);
        let paths = self.manners(is_in_mesh).map(|manner| evaluator.follow(&connection, manner));
        paths.min_by_key(Path::verdict).unwrap_or(Path { steps: Vec::new() })
    }

    /// The connections that NetworkPolicies may see: to the port, and to that of the tunnels of the mesh, if the called
    /// pod may be in one.
    pub(super) fn carriers(&self) -> impl Iterator<Item = Connection<'_>> {
        let direct = self.connection(End::World);
        let is_in_mesh = !matches!(self.called, Membership::None(_));
        std::iter::once(direct).chain(is_in_mesh.then_some(Connection { port: TUNNEL_PORT, ..direct }))
    }

    /// The ways into the called pod. Those that are for everybody come first.
    pub(super) fn openings(&self) -> Vec<Opening<'e>> {
        let is_doubtful = self.evaluator.doubts_ingress(&self.connection(End::World));
        let mut openings: Vec<Opening<'e>> = is_doubtful.then_some(Opening::Everybody).into_iter().collect();
        for connection in self.carriers() {
            let ways = self.evaluator.network_policies().openings(&connection, self.namespaces);
            let further: Vec<_> = ways.into_iter().filter(|way| !openings.contains(way)).collect();
            openings.extend(further);
        }
        openings.sort_by_key(|opening| *opening != Opening::Everybody);
        openings
    }

    /// Whether any of these ways is for pods of a namespace, as far as that hangs on the namespace.
    pub(super) fn is_open_to(&self, openings: &[Opening<'e>], namespace: &str) -> bool {
        let own = &self.port.target.namespace;
        openings.iter().any(|opening| opening.may_be_for(own, namespace, self.namespaces))
    }

    fn manners(&self, is_in_mesh: bool) -> impl Iterator<Item = &Manner> {
        self.manners.iter().filter(move |manner| is_in_mesh || manner.tls == ClientTls::None)
    }

    /// The connection of a caller to the port.
    pub(super) fn connection<'c>(&self, from: End<'c>) -> Connection<'c>
    where
        's: 'c,
    {
        Connection { from, to: End::Pod(self.port.target), port: self.port.port, protocol: self.port.protocol }
    }
}
