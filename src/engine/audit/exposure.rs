//! Exposures: who can reach a guarded port besides those who are meant to.
//!
//! Asked are pods that exist, pods that anybody could make (in any namespace, with any labels and any service account,
//! in the mesh or not), and addresses outside the cluster.
//!
//! There are endlessly many pods that could be made, and it is enough to try a few. All that policies see of a caller
//! is its namespace by name and labels, its own labels, its identity and its address, and they see those through
//! selectors, patterns and ranges only. So:
//!
//! - **Ways in.** Policies add up: whoever gets in is admitted by one rule, or nothing isolates the called pod. For each
//!   way in, the selectors of one peer are all that has to hold (`candidate`).
//! - **Labels.** Labels that nothing selects by change nothing, and values that nobody mentions are all alike. A search
//!   over the values that are left is complete, however selectors are combined (`labels`): the peer has to match,
//!   policies of the caller's own namespace have to let it out, and it must be nobody who may call.
//! - **Namespaces.** One that nobody mentions, with labels of one's choice and no policy of its own, can do whatever one
//!   can that is not named in a policy; those that are named are tried as well (`names`).
//! - **Identities.** Patterns are exact, or fix a beginning or an end. A name that begins and ends unlike all of them
//!   stands for all others, and those that patterns make, alone and two at a time, for the rest (`names`).
//! - **Addresses.** Ranges cut them into stretches, of which one address each is enough (`addresses`).
//!
//! Every candidate is a real pod to the real evaluator, which has the last word. Nothing is reported for which there is
//! no such pod, and tests ask about every pod of small universes.
//!
//! Left out are ports of pods on the host network, where no policy holds, and ports that the kube-apiserver has to reach:
//! it is no pod and its address is not known, so they are open to everybody by necessity. Both are named.

mod addresses;
mod candidate;
pub(in crate::engine) mod crowd;
mod existing;
mod labels;
mod names;
pub(in crate::engine) mod opened;
pub(in crate::engine::audit) mod port;
mod possible;
#[cfg(test)]
pub(in crate::engine::audit) mod tests;
mod trial;

use crate::engine::reach::mesh::Membership;
use crate::engine::reach::{End, Evaluator, Hop, Path, Step, Verdict};
use crate::model::ObjectReference;
use crate::model::Protocol;
use crate::model::guard::Guards;
use crate::model::snapshot::{Pod, Snapshot};
use addresses::{Addresses, Outsiders};
use crowd::Crowd;
use existing::Existing;
use port::{GuardedPort, guarded_ports};
use possible::Possible;
use trial::Trial;

/// A peer that can reach a guarded port and is not meant to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exposure<'s> {
    /// Whose port it is. Of pods that no policy can tell apart, the first.
    pub target: &'s Pod,
    /// The port.
    pub port: u16,
    /// The protocol.
    pub protocol: Protocol,
    /// Who reaches it.
    pub from: Intruder<'s>,
    /// [`Verdict::Open`], or [`Verdict::Unknown`] where nobody can tell.
    pub verdict: Verdict,
    /// The object that lets them in; `None` where none keeps anybody out.
    pub object: Option<ObjectReference>,
    /// Why, in one sentence without a full stop.
    pub reason: String,
}

/// Who reaches a port without being meant to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Intruder<'s> {
    /// Pods that exist, which no policy can tell apart: the first of them, and how many they are. They are only named
    /// where nothing that could be made stands for them.
    Existing(&'s Pod, usize),
    /// Pods that anybody could make, in words: `any pod in namespace shop`.
    Possible(String),
    /// Addresses outside the cluster, in words.
    Outside(String),
}

impl Intruder<'_> {
    /// Who they are.
    pub fn in_words(&self) -> String {
        match self {
            Self::Existing(pod, 1) => pod.full_name(),
            Self::Existing(pod, number) => format!("{} and {} like it", pod.full_name(), number - 1),
            Self::Possible(words) | Self::Outside(words) => words.clone(),
        }
    }
}

/// All exposures of a cluster, in the order of pods and ports.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Exposures<'s> {
    /// Who reaches what.
    pub all: Vec<Exposure<'s>>,
    /// Ports that were left out, each in a sentence without a full stop.
    pub not_considered: Vec<String>,
}

/// Who reaches the guarded ports of a snapshot and is not meant to.
pub fn exposures<'s>(snapshot: &'s Snapshot, evaluator: &Evaluator<'s>, guards: &Guards) -> Exposures<'s> {
    let mut exposures = Exposures::default();
    let crowd = Crowd::of(snapshot);
    for port in guarded_ports(guards, snapshot) {
        let name = format!("port {} of {}", port.port, port.target.full_name());
        if port.target.host_network {
            exposures.not_considered.push(format!("{name} is on the host network, where no policy keeps anybody out"));
        } else if port.is_for_api_server {
            exposures.not_considered.push(format!("{name} is called by the API server, so it is open to everybody"));
        } else {
            exposures.all.extend(of_port(snapshot, evaluator, &crowd, &port));
        }
    }
    exposures
}

/// Who reaches one port: possible pods, addresses, and pods that exist.
fn of_port<'s>(
    snapshot: &'s Snapshot,
    evaluator: &Evaluator<'s>,
    crowd: &Crowd<'s>,
    port: &GuardedPort<'s>,
) -> Vec<Exposure<'s>> {
    let trial = Trial::new(evaluator, snapshot.namespaces(), port);
    let addresses = Addresses::around(&trial);
    let outsiders = addresses.outsiders(&trial);
    let (possible, given_up) = possible::possible(&trial, &addresses, &outsiders);
    let existing = existing::existing(&trial, snapshot, || crowd.around(&trial), &possible, &outsiders);
    let doubt = given_up.map(|_| in_doubt(&trial)).filter(|_| !possible.iter().any(Possible::is_anybody));
    told(&trial, &possible, &outsiders, &existing).into_iter().chain(doubt).collect()
}

/// That others may get through for whom the search was given up.
fn in_doubt<'s>(trial: &Trial<'_, 's>) -> Exposure<'s> {
    let GuardedPort { target, port, protocol, .. } = *trial.port;
    let reason = "the selectors around it are so entangled that the search for labels that get through was given up";
    let from = Intruder::Possible("pods with labels that were not found in time".to_owned());
    Exposure { target, port, protocol, from, verdict: Verdict::Unknown, object: None, reason: reason.to_owned() }
}

fn told<'s>(
    trial: &Trial<'_, 's>,
    possible: &[Possible<'_>],
    outsiders: &[Outsiders<'_>],
    existing: &[Existing<'s>],
) -> Vec<Exposure<'s>> {
    let told = |from, verdict, path: &Path| exposure(trial, from, verdict, path);
    let is_everybody = |it: &&Outsiders<'_>| it.is_anybody() && possible.iter().any(|pods| pods.is_whoever(it.verdict));
    let beyond = outsiders.iter().find(is_everybody);
    let pods = possible.iter().map(|it| {
        let further =
            beyond.filter(|outside| it.is_whoever(outside.verdict)).map(|it| format!(", and {}", it.in_words()));
        let words = it.in_words(&trial.called) + &further.unwrap_or_default();
        told(Intruder::Possible(words), it.verdict, &it.path(trial))
    });
    let outsiders = outsiders.iter().filter(|it| !is_everybody(it));
    let outside = outsiders.map(|it| told(Intruder::Outside(it.in_words()), it.verdict, &it.path(trial)));
    let here = existing.iter().map(|it| {
        let path = trial.path(trial.evaluator, End::Pod(it.pod), existing::is_in_mesh(trial, it.pod));
        told(Intruder::Existing(it.pod, it.number), it.verdict, &path)
    });
    pods.chain(outside).chain(here).collect()
}

/// Who could get to one port and may not: pods that anybody could make, and addresses, in words; `None` where the search
/// for them was given up.
pub(in crate::engine::audit) fn strangers<'s>(
    snapshot: &'s Snapshot,
    evaluator: &Evaluator<'s>,
    port: &GuardedPort<'s>,
) -> Option<Vec<(String, Verdict)>> {
    let trial = Trial::new(evaluator, snapshot.namespaces(), port);
    let addresses = Addresses::around(&trial);
    let outsiders = addresses.outsiders(&trial);
    let (possible, given_up) = possible::possible(&trial, &addresses, &outsiders);
    let pods = possible.iter().map(|it| (it.in_words(&trial.called), it.verdict));
    let all = pods.chain(outsiders.iter().map(|it| (it.in_words(), it.verdict))).collect();
    given_up.is_none().then_some(all)
}

fn exposure<'s>(trial: &Trial<'_, 's>, from: Intruder<'s>, verdict: Verdict, path: &Path) -> Exposure<'s> {
    let has_proxy = !matches!(trial.called, Membership::None(_)) && trial.port.protocol == Protocol::Tcp;
    let lets_in = |hop| hop == Hop::Ingress || (hop == Hop::Authorization && has_proxy);
    let deciding: Vec<&Step> = match verdict {
        Verdict::Open => path.steps.iter().filter(|step| lets_in(step.hop)).collect(),
        Verdict::Unknown | Verdict::Blocked => path.decisive().into_iter().collect(),
    };
    let reasons: Vec<&str> = deciding.iter().map(|step| step.reason.as_str()).collect();
    let GuardedPort { target, port, protocol, .. } = *trial.port;
    let object = deciding.iter().find_map(|step| step.object.clone());
    Exposure { target, port, protocol, from, verdict, object, reason: reasons.join(", and ") }
}
