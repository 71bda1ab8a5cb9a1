//! Whether NetworkPolicies let a connection out of the pod that opens it, and into the pod that is called.
//!
//! Semantics: `k8s.io/api/networking/v1/types.go`, and what the Kubernetes documentation says on network policies. How
//! cases are decided that these leave to the network plugin stands in `docs/semantics.md`.

pub mod address_range;
mod answer;
mod opening;
mod peer;
pub mod policy;
mod port;
mod question;
mod widening;
mod words;

#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::sync::Arc;

use crate::engine::reach::{Connection, Step, Verdict};
use crate::model::Truth;
use crate::model::snapshot::{Namespaces, Pod};
use answer::{Answer, Beforehand};
pub use opening::{Gate, Opening};
pub use policy::Policy;
pub use question::Direction;
use question::Question;
pub use widening::{Newcomers, Widening};
pub(in crate::engine) use words::{namespaces_in_words, selector_in_words};

/// What network policies mean to pods on the host network. Kubernetes leaves that to the network plugin.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum HostNetwork {
    /// No selector selects them, and they are seen as the address of their node. So do most plugins.
    #[default]
    NotSelected,
    /// Nobody knows: whatever hangs on a selector that would select them is left open.
    Unknown,
}

/// All network policies of a cluster, by namespace.
#[derive(Clone, Debug, Default)]
pub struct NetworkPolicies {
    /// Those of each namespace, in the order of their names.
    by_namespace: HashMap<String, Arc<Vec<Policy>>>,
    host_network: HostNetwork,
}

impl NetworkPolicies {
    /// The policies of a cluster whose network plugin treats the host network in this way.
    pub fn new(policies: impl IntoIterator<Item = Policy>, host_network: HostNetwork) -> Self {
        let mut by_namespace = HashMap::<String, Vec<Policy>>::new();
        for policy in policies {
            by_namespace.entry(policy.namespace().to_owned()).or_default().push(policy);
        }
        for policies in by_namespace.values_mut() {
            policies.sort_by(|one, other| one.name().cmp(other.name()));
        }
        let shared = by_namespace.into_iter().map(|(namespace, policies)| (namespace, Arc::new(policies)));
        Self { by_namespace: shared.collect(), host_network }
    }

    /// Adds a policy, or puts it in the place of the one of its name.
    pub fn put(&mut self, policy: Policy) {
        let policies = Arc::make_mut(self.by_namespace.entry(policy.namespace().to_owned()).or_default());
        match policies.binary_search_by(|known| known.name().cmp(policy.name())) {
            Ok(place) => policies.splice(place..=place, [policy]).for_each(drop),
            Err(place) => policies.insert(place, policy),
        }
    }

    /// Takes the policy of this name away, if there is one.
    pub fn remove(&mut self, namespace: &str, name: &str) {
        if let Some(policies) = self.by_namespace.get_mut(namespace) {
            Arc::make_mut(policies).retain(|policy| policy.name() != name);
        }
    }

    /// What they mean to pods on the host network.
    pub const fn host_network(&self) -> HostNetwork {
        self.host_network
    }

    /// Whether policies of the caller let the connection out.
    pub fn egress(&self, connection: &Connection<'_>, namespaces: &Namespaces) -> Step {
        self.step(Direction::Egress, connection, namespaces)
    }

    /// Whether policies of the called pod let the connection in.
    pub fn ingress(&self, connection: &Connection<'_>, namespaces: &Namespaces) -> Step {
        self.step(Direction::Ingress, connection, namespaces)
    }

    /// The verdict of [`NetworkPolicies::egress`] or [`NetworkPolicies::ingress`] without its reason, for who asks very
    /// often.
    pub fn verdict(&self, direction: Direction, connection: &Connection<'_>, namespaces: &Namespaces) -> Verdict {
        match self.answer(direction, connection, namespaces) {
            Ok(answer) => answer.verdict(),
            Err(beforehand) => beforehand.verdict(),
        }
    }

    /// The policies that isolate a pod in this direction, in the order of their names, each with whether it really
    /// selects the pod: `Yes` or `Unknown`.
    pub fn isolating(&self, direction: Direction, pod: &Pod) -> impl Iterator<Item = (&Policy, Truth)> {
        let policies = self.of(&pod.namespace).iter();
        let isolates = policies.map(move |policy| (policy, policy.isolates(pod, direction, self.host_network)));
        isolates.filter(|(_, isolates)| *isolates != Truth::No)
    }

    fn of(&self, namespace: &str) -> &[Policy] {
        self.by_namespace.get(namespace).map_or(&[], |policies| policies.as_slice())
    }

    fn step(&self, direction: Direction, connection: &Connection<'_>, namespaces: &Namespaces) -> Step {
        match self.answer(direction, connection, namespaces) {
            Ok(answer) => answer.step(),
            Err(beforehand) => Step::new(direction.hop(), beforehand.verdict(), beforehand.reason(direction)),
        }
    }

    fn answer<'q>(
        &'q self,
        direction: Direction,
        connection: &Connection<'q>,
        namespaces: &'q Namespaces,
    ) -> Result<Answer<'q>, Beforehand> {
        let (subject, counterpart) = direction.ends(connection);
        let subject = Beforehand::needs_no_policy(subject, counterpart, self.host_network)?;
        let question = Question::new(direction, subject, connection, namespaces, self.host_network);
        Ok(Answer::new(self.of(&subject.namespace), question))
    }
}
