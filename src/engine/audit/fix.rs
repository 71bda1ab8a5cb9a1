//! The smallest change that opens a blocked path for the intended peer, and for nobody else.
//!
//! Hop by hop, the object that decides gets what is missing, until the path is open. What comes of that is only offered
//! if it was tried out: the path is open with it, and nobody reaches the called port, or a guarded port of the namespaces
//! that change, who does not reach it without.

mod authorization_policy;
mod draft;
mod network_policy;
mod peer_authentication;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use crate::engine::audit::Fix;
use crate::engine::audit::exposure::port::{GuardedPort, Peer, guarded_ports};
use crate::engine::audit::exposure::strangers;
use crate::engine::reach::{Connection, End, Evaluator, Hop, Manner, Path, Step, Verdict};
use crate::model::guard::Guards;
use crate::model::snapshot::class::LABELS_OF_ONE_POD;
use crate::model::snapshot::{Pod, Snapshot};
use crate::model::{FieldPath, ObjectReference, Protocol};
use draft::Draft;

/// Labels by which one kind of workload is usually told from others.
const TELLING: [&str; 3] = ["app.kubernetes.io/name", "app.kubernetes.io/instance", "app"];
/// So many objects are changed at most for one path.
const MOST: usize = 6;

/// Looks for fixes, and remembers what it found.
pub(super) struct Fixes<'e, 's> {
    snapshot: &'s Snapshot,
    evaluator: &'e Evaluator<'s>,
    guarded: Vec<GuardedPort<'s>>,
    found: BTreeMap<Cause, Option<(Fix, Evaluator<'s>)>>,
}

/// What a fix depends on: where the path ends, whose it is, and how it is made.
type Cause = (Vec<(Hop, Option<ObjectReference>, FieldPath)>, Option<ObjectReference>, String, u16, Protocol, String);

/// A path that is mended.
struct Wanted<'a, 's> {
    connection: &'a Connection<'s>,
    /// Who calls; `None` for the kube-apiserver, which is no pod.
    from: Option<Peer>,
    to: &'s Pod,
    /// Who is called, by its labels.
    called: Peer,
    /// The port that NetworkPolicies see.
    carried_to: u16,
    trust_domain: &'a str,
}

impl<'e, 's> Fixes<'e, 's> {
    pub(super) fn new(snapshot: &'s Snapshot, evaluator: &'e Evaluator<'s>, guards: &Guards) -> Self {
        Self { snapshot, evaluator, guarded: guarded_ports(guards, snapshot), found: BTreeMap::new() }
    }

    /// What would open this path; `None` where nothing was found that would, or if it is not blocked.
    pub(super) fn of(&mut self, connection: &Connection<'s>, manner: &Manner, path: &Path) -> Option<Fix> {
        if path.verdict() != Verdict::Blocked {
            return None;
        }
        let End::Pod(to) = connection.to else { return None };
        let cause = cause(connection, manner, path, to);
        if let Some(known) = self.found.get(&cause) {
            let (fix, mended) = known.as_ref()?;
            if mended.verdict(connection, manner) == Verdict::Open {
                return Some(fix.clone());
            }
        }
        let new = self.search(connection, manner, path, to);
        let fix = new.as_ref().map(|(fix, _)| fix.clone());
        self.found.entry(cause).or_insert(new);
        fix
    }

    fn search(
        &self,
        connection: &Connection<'s>,
        manner: &Manner,
        path: &Path,
        to: &'s Pod,
    ) -> Option<(Fix, Evaluator<'s>)> {
        let wanted = self.wanted(connection, to)?;
        let mut draft = Draft::new(self.snapshot);
        let mut mended = self.evaluator.clone();
        let mut path = path.clone();
        let mut said = Vec::new();
        while path.verdict() == Verdict::Blocked && said.len() < MOST {
            let step = path.decisive()?;
            said.push(mend(&mut draft, &wanted, step)?);
            mended = draft.apply(self.evaluator)?;
            path = mended.follow(connection, manner);
        }
        let is_open = path.verdict() == Verdict::Open && !self.lets_strangers_in(&mended, &wanted, &draft);
        is_open.then(|| (Fix { summary: said.join(", and "), change: draft.changes() }, mended))
    }

    fn wanted<'a>(&'a self, connection: &'a Connection<'s>, to: &'s Pod) -> Option<Wanted<'a, 's>> {
        let from = match connection.from {
            End::Pod(pod) => Some(self.peer(pod)?),
            End::World => None,
            End::Address(_) => return None,
        };
        let carried_to = self.evaluator.carried_to(connection)?;
        let trust_domain = self.evaluator.mesh().trust_domain.as_str();
        Some(Wanted { connection, from, to, called: self.peer(to)?, carried_to, trust_domain })
    }

    /// The pods that this one is one of: those of a guard, or those that have the same labels. Selectors mean none that
    /// is on the host network.
    fn peer(&self, pod: &Pod) -> Option<Peer> {
        if pod.host_network {
            return None;
        }
        let mut known = self.guarded.iter().flat_map(|port| &port.allowed);
        let known = known.find(|peer| !peer.labels.is_empty() && peer.is_by_labels(pod)).cloned();
        known.or_else(|| Some(Peer { namespace: pod.namespace.clone(), labels: telling(pod)?, service_account: None }))
    }

    /// Whether anybody gets in who does not without the change.
    fn lets_strangers_in(&self, mended: &Evaluator<'s>, wanted: &Wanted<'_, 's>, draft: &Draft<'_>) -> bool {
        let namespaces = draft.namespaces();
        let concerned = self.guarded.iter().filter(|port| namespaces.contains(&port.target.namespace.as_str()));
        let own = wanted.port(&self.guarded);
        let ports = concerned.chain(&own).filter(|port| !port.is_for_api_server && !port.target.host_network);
        let let_in = |evaluator, port| strangers(self.snapshot, evaluator, port);
        ports.into_iter().any(|port| {
            // Where the search is given up nobody knows, and nothing is offered.
            let (Some(before), Some(after)) = (let_in(self.evaluator, port), let_in(mended, port)) else { return true };
            let is_new = |(who, verdict): &(String, Verdict)| {
                !before.iter().any(|(known, better)| known == who && better <= verdict)
            };
            after.iter().any(is_new)
        })
    }
}

impl<'s> Wanted<'_, 's> {
    /// The called port, which those may reach who may anyway, and who calls now.
    fn port(&self, guarded: &[GuardedPort<'s>]) -> Option<GuardedPort<'s>> {
        let from = self.from.clone()?;
        let Connection { port, protocol, .. } = *self.connection;
        let is_same =
            |it: &&GuardedPort<'_>| it.target.object == self.to.object && it.port == port && it.protocol == protocol;
        let known = guarded.iter().find(is_same);
        let allowed = known.into_iter().flat_map(|port| port.allowed.clone()).chain([from]).collect();
        let is_for_api_server = known.is_some_and(|port| port.is_for_api_server);
        Some(GuardedPort { target: self.to, port, protocol, allowed, is_for_api_server })
    }

    /// The identity of the caller in the mesh, if it is a pod.
    fn principal(&self) -> Option<String> {
        let End::Pod(pod) = self.connection.from else { return None };
        Some(format!("{}/ns/{}/sa/{}", self.trust_domain, pod.namespace, pod.service_account))
    }
}

/// Changes the object that blocks a hop. Returns in words what it does.
fn mend(draft: &mut Draft<'_>, wanted: &Wanted<'_, '_>, step: &Step) -> Option<String> {
    match step.hop {
        Hop::Ingress => network_policy::let_in(draft, wanted, step.object.as_ref()?),
        Hop::Egress => network_policy::let_out(draft, wanted, step.object.as_ref()?),
        Hop::Mtls => peer_authentication::permit(draft, wanted, step.object.as_ref()?),
        Hop::Authorization => authorization_policy::admit(draft, wanted, step.object.as_ref()?, &step.path),
        Hop::Selection | Hop::Discovery | Hop::Relabeling => None,
    }
}

fn cause(connection: &Connection<'_>, manner: &Manner, path: &Path, to: &Pod) -> Cause {
    let blocked = path.steps.iter().filter(|step| step.verdict == Verdict::Blocked);
    let places = blocked.map(|step| (step.hop, step.object.clone(), step.path.clone())).collect();
    let from = match connection.from {
        End::Pod(pod) => Some((*pod.object).clone()),
        End::World | End::Address(_) => None,
    };
    (places, from, to.namespace.clone(), connection.port, connection.protocol, format!("{manner:?}"))
}

/// The labels of a pod that tell its workload from others, or else all that are not of this pod alone.
fn telling(pod: &Pod) -> Option<Vec<(String, String)>> {
    let own = |(key, value): (&str, &str)| (key.to_owned(), value.to_owned());
    let telling: Vec<_> = pod.labels.iter().filter(|(key, _)| TELLING.contains(key)).map(own).collect();
    if !telling.is_empty() {
        return Some(telling);
    }
    let lasting: Vec<_> = pod.labels.iter().filter(|(key, _)| !LABELS_OF_ONE_POD.contains(key)).map(own).collect();
    (!lasting.is_empty()).then_some(lasting)
}
