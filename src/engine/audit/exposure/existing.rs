//! Which pods that exist get through, a class at a time.

use super::addresses::Outsiders;
use super::possible::Possible;
use super::trial::Trial;
use crate::engine::reach::mesh::Membership;
use crate::engine::reach::{End, Verdict};
use crate::model::snapshot::{ClassId, Pod, Snapshot};

/// Pods that exist and get through: the first of a class, and how many they are.
pub(super) struct Existing<'s> {
    pub(super) pod: &'s Pod,
    pub(super) number: usize,
    pub(super) verdict: Verdict,
}

/// Those of which nothing is said yet, of these who stand for their classes. Pods on the host network are seen as their node, which is
/// always let in.
pub(super) fn existing<'s>(
    trial: &Trial<'_, 's>,
    snapshot: &Snapshot,
    asked: impl FnOnce() -> Vec<(&'s Pod, ClassId)>,
    told: &[Possible<'_>],
    outsiders: &[Outsiders<'_>],
) -> Vec<Existing<'s>> {
    if told.iter().any(|possible| possible.is_anybody() && possible.verdict == Verdict::Open) {
        return Vec::new();
    }
    let classes = asked().into_iter().filter_map(|(pod, class)| {
        let is_in_mesh = || is_in_mesh(trial, pod);
        let namespace = snapshot.namespaces().get(&pod.namespace);
        let is_told = |verdict| {
            let stands_for = |it: &Possible<'_>| it.verdict <= verdict && it.is_about(pod, &namespace, is_in_mesh);
            told.iter().any(stands_for) || outsiders.iter().any(|it| it.are_about(pod, verdict))
        };
        // The verdict takes longest, and nothing is better than open.
        if is_told(Verdict::Open) {
            return None;
        }
        let verdict = verdict(trial, pod)?;
        (!is_told(verdict)).then(|| Existing { pod, number: snapshot.members(class).count(), verdict })
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
