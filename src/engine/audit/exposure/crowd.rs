//! The pods that exist, one of each class, for who asks about them port by port.

use std::collections::BTreeMap;
use std::ops::Range;

use super::trial::Trial;
use crate::engine::reach::network_policy::Newcomers;
use crate::model::snapshot::{ClassId, Pod, Snapshot};

/// One pod of each class, in order.
#[derive(Clone, Debug)]
pub(in crate::engine) struct Crowd<'s> {
    pods: Vec<(&'s Pod, ClassId)>,
    /// Where those of each namespace are.
    namespaces: BTreeMap<&'s str, Range<usize>>,
}

/// Where those are in a crowd whom a rule of one changed NetworkPolicy admits, by the number of the rule.
pub(super) type Admitted = BTreeMap<usize, Vec<usize>>;

impl<'s> Crowd<'s> {
    /// The crowd of a snapshot.
    pub(in crate::engine) fn of(snapshot: &'s Snapshot) -> Self {
        let pods: Vec<(&'s Pod, ClassId)> = snapshot.first_of_classes().collect();
        let mut namespaces: BTreeMap<&'s str, Range<usize>> = BTreeMap::new();
        for (place, (pod, _)) in pods.iter().enumerate() {
            match namespaces.last_entry() {
                Some(mut last) if **last.key() == *pod.namespace => last.get_mut().end = place + 1,
                _ => drop(namespaces.insert(&pod.namespace, place..place + 1)),
            }
        }
        Self { pods, namespaces }
    }

    /// Those from whose namespaces there is a way in, as far as it hangs on that.
    pub(super) fn around(&self, trial: &Trial<'_, '_>) -> Vec<(&'s Pod, ClassId)> {
        let openings = trial.openings();
        let open = self.namespaces.iter().filter(|(name, _)| trial.is_open_to(&openings, name));
        let places = open.flat_map(|(_, places)| places.clone());
        places.filter_map(|place| self.pods.get(place).copied()).collect()
    }

    /// Those who may be newcomers to a port. What was found out about a rule holds for all ports.
    pub(super) fn coming(
        &self,
        newcomers: &Newcomers<'_>,
        trial: &Trial<'_, '_>,
        admitted: &mut Admitted,
    ) -> Vec<(&'s Pod, ClassId)> {
        if newcomers.are_anybody() {
            return self.around(trial);
        }
        let own = self.namespaces.get(newcomers.namespace()).cloned().unwrap_or_default();
        let is_let_out = |place: &usize| self.pods.get(*place).is_some_and(|(pod, _)| newcomers.may_be_let_out(pod));
        let mut places: Vec<usize> = own.filter(is_let_out).collect();
        for rule in newcomers.rules().iter().copied() {
            places.extend(admitted.entry(rule).or_insert_with(|| self.admitted(newcomers, rule)).iter().copied());
        }
        places.sort_unstable();
        places.dedup();
        places.into_iter().filter_map(|place| self.pods.get(place).copied()).collect()
    }

    fn admitted(&self, newcomers: &Newcomers<'_>, rule: usize) -> Vec<usize> {
        let namespaces = self.namespaces.iter().filter(|(name, _)| newcomers.may_be_of(rule, name));
        let pods = |places: &Range<usize>| {
            let at = |place: usize| Some((place, self.pods.get(place)?.0));
            newcomers.let_in(rule, places.clone().filter_map(at))
        };
        namespaces.flat_map(|(_, places)| pods(places)).collect()
    }
}
