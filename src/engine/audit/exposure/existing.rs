//! Which pods that exist get through, a class at a time.

use super::addresses::Outsiders;
use super::possible::Possible;
use super::trial::Trial;
use crate::engine::reach::mesh::Membership;
use crate::engine::reach::{End, Verdict};
use crate::model::snapshot::{Pod, Snapshot};

/// Pods that exist and get through: the first of a class, and how many they are.
pub(super) struct Existing<'s> {
    pub(super) pod: &'s Pod,
    pub(super) number: usize,
    pub(super) verdict: Verdict,
}

/// Those of which nothing is said yet. Pods on the host network are seen as their node, which is always let in.
pub(super) fn existing<'s>(
    trial: &Trial<'_, 's>,
    snapshot: &'s Snapshot,
    told: &[Possible<'_>],
    outsiders: &[Outsiders<'_>],
) -> Vec<Existing<'s>> {
    if told.iter().any(|possible| possible.is_anybody() && possible.verdict == Verdict::Open) {
        return Vec::new();
    }
    let classes = snapshot.classes().filter_map(|class| {
        let mut members = snapshot.members(class);
        let pod = members.next()?;
        let verdict = verdict(trial, pod)?;
        let membership = trial.evaluator.membership(pod);
        let namespace = snapshot.namespaces().get(&pod.namespace);
        let stands_for = |it: &Possible<'_>| it.verdict <= verdict && it.is_about(pod, &namespace, &membership);
        let is_told = told.iter().any(stands_for) || outsiders.iter().any(|it| it.are_about(pod, verdict));
        (!is_told).then(|| Existing { pod, number: members.count() + 1, verdict })
    });
    classes.collect()
}

/// `None` where nobody has to be told of the pod.
fn verdict(trial: &Trial<'_, '_>, pod: &Pod) -> Option<Verdict> {
    if pod.has_ended() || pod.host_network || trial.port.allows(pod) {
        return None;
    }
    Some(verdict_of(trial, pod)).filter(|verdict| *verdict != Verdict::Blocked)
}

/// The best that a pod can get.
pub(super) fn verdict_of(trial: &Trial<'_, '_>, pod: &Pod) -> Verdict {
    trial.verdict(trial.evaluator, End::Pod(pod), is_in_mesh(trial, pod))
}

/// Whether it may call with an identity.
pub(super) fn is_in_mesh(trial: &Trial<'_, '_>, pod: &Pod) -> bool {
    !matches!(trial.evaluator.membership(pod), Membership::None(_))
}
