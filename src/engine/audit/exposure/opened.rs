//! Who reaches a guarded port after a change and did not before it: each is tried with the policies of before.

use std::cell::LazyCell;

use super::addresses::Addresses;
use super::crowd::{Admitted, Crowd};
use super::port::{GuardedPort, guarded_ports};
use super::trial::Trial;
use super::{Exposure, existing, in_doubt, possible, told};
use crate::engine::reach::network_policy::{Newcomers, Widening};
use crate::engine::reach::{End, Evaluator, Verdict};
use crate::model::ObjectReference;
use crate::model::guard::Guards;
use crate::model::snapshot::{ClassId, Pod, Snapshot};

/// A cluster and its policies.
#[derive(Clone, Copy)]
pub(in crate::engine) struct Side<'e, 's> {
    pub(in crate::engine) snapshot: &'s Snapshot,
    pub(in crate::engine) evaluator: &'e Evaluator<'s>,
}

/// What is another one afterwards.
#[derive(Clone, Copy, Debug)]
pub(in crate::engine) enum Scope<'c> {
    /// Anything.
    Whole,
    /// Only policies of the mesh in this namespace.
    Namespace(&'c str),
    /// Only this NetworkPolicy.
    NetworkPolicy(&'c ObjectReference),
}

/// The exposures afterwards, without those who got through as well before. To a pod that was not there, nobody did. The
/// crowd is that of the snapshot afterwards, where it is known.
pub(in crate::engine) fn opened<'s>(
    before: Side<'_, '_>,
    after: Side<'_, 's>,
    guards: &Guards,
    crowd: Option<&Crowd<'s>>,
    scope: Scope<'_>,
) -> Vec<Exposure<'s>> {
    let ports = guarded_ports(guards, after.snapshot).into_iter();
    let is_within = |port: &GuardedPort<'_>| match scope {
        Scope::Whole | Scope::NetworkPolicy(_) => true,
        Scope::Namespace(name) => port.target.namespace == name,
    };
    let ports = ports.filter(|port| is_within(port) && !port.target.host_network && !port.is_for_api_server);
    let own = LazyCell::new(|| Crowd::of(after.snapshot));
    let mut admitted = Admitted::new();
    let exposures = ports.map(|port| {
        let asked = |trial: &Trial<'_, '_>, newcomers: Option<&Newcomers<'_>>| {
            let crowd = crowd.unwrap_or_else(|| &own);
            match newcomers {
                Some(newcomers) => crowd.coming(newcomers, trial, &mut admitted),
                None => crowd.around(trial),
            }
        };
        of_port(before, after, scope, &port, asked)
    });
    exposures.flatten().collect()
}

fn of_port<'s>(
    before: Side<'_, '_>,
    after: Side<'_, 's>,
    scope: Scope<'_>,
    port: &GuardedPort<'s>,
    asked: impl FnOnce(&Trial<'_, '_>, Option<&Newcomers<'_>>) -> Vec<(&'s Pod, ClassId)>,
) -> Vec<Exposure<'s>> {
    let trial = Trial::new(after.evaluator, after.snapshot.namespaces(), port);
    let newcomers = match scope {
        Scope::NetworkPolicy(policy) => Some(newcomers(before, policy, &trial)),
        Scope::Whole | Scope::Namespace(_) => None,
    };
    if newcomers.as_ref().is_some_and(Newcomers::are_none) {
        return Vec::new();
    }
    let target = before.snapshot.pod_referred_to(&port.target.object).map(|(pod, _)| pod);
    let known = target.map(|target| GuardedPort {
        target,
        port: port.port,
        protocol: port.protocol,
        allowed: port.allowed.clone(),
        is_for_api_server: port.is_for_api_server,
    });
    let earlier = known.as_ref().map(|port| Trial::new(before.evaluator, before.snapshot.namespaces(), port));
    let got_through = |verdict: &dyn Fn(&Trial<'_, '_>) -> Verdict| earlier.as_ref().map_or(Verdict::Blocked, verdict);

    let addresses = Addresses::around(&trial);
    let mut outsiders = addresses.outsiders(&trial);
    let (mut possible, given_up) = possible::possible(&trial, &addresses, &outsiders);
    let asked = || asked(&trial, newcomers.as_ref());
    let mut existing = existing::existing(&trial, after.snapshot, asked, &possible, &outsiders);
    outsiders.retain(|it| it.verdict < got_through(&|earlier| it.verdict_of(earlier)));
    possible.retain(|it| it.verdict < got_through(&|earlier| it.verdict_of(earlier)));
    existing.retain(|it| {
        let pod = before.snapshot.pod_referred_to(&it.pod.object).map(|(pod, _)| pod);
        it.verdict < pod.map_or(Verdict::Blocked, |pod| got_through(&|earlier| existing::verdict_of(earlier, pod)))
    });
    let was_in_doubt = || earlier.as_ref().is_some_and(is_in_doubt);
    let doubt = given_up.filter(|_| !was_in_doubt()).map(|_| in_doubt(&trial));
    told(&trial, &possible, &outsiders, &existing).into_iter().chain(doubt).collect()
}

/// Who may get to a port because of a NetworkPolicy.
pub(super) fn newcomers<'t>(
    before: Side<'t, '_>,
    policy: &'t ObjectReference,
    trial: &'t Trial<'t, '_>,
) -> Newcomers<'t> {
    let (known, changed) = (before.evaluator.network_policies(), trial.evaluator.network_policies());
    Widening::new(policy, known, changed).newcomers(
        trial.port.target,
        trial.connection(End::World),
        trial.carriers(),
        trial.namespaces,
    )
}

/// Whether the search was given up for this port as well, or everybody got through.
fn is_in_doubt(trial: &Trial<'_, '_>) -> bool {
    let addresses = Addresses::around(trial);
    let (possible, given_up) = possible::possible(trial, &addresses, &addresses.outsiders(trial));
    given_up.is_some() || possible.iter().any(possible::Possible::is_anybody)
}
