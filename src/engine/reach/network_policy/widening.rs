//! Whom a changed policy may let through: a change of one policy concerns few pods, and only they are asked about again.
//!
//! Policies add up. Who was kept out and gets in afterwards is admitted by the changed policy, or there is nothing left
//! that surely isolates the called pod; and who was kept in and gets out is of the policy's own namespace.

use super::question::{Direction, Question};
use super::{NetworkPolicies, Policy};
use crate::engine::reach::{Connection, End};
use crate::model::snapshot::{Namespaces, Pod};
use crate::model::{ObjectReference, Truth};

/// A policy as it was and as it would be, among all others.
#[derive(Clone, Copy, Debug)]
pub struct Widening<'p> {
    namespace: &'p str,
    before: Option<&'p Policy>,
    after: Option<&'p Policy>,
    policies: &'p NetworkPolicies,
}

/// Who may get to one port that did not.
#[derive(Debug)]
pub struct Newcomers<'p> {
    widening: Widening<'p>,
    /// Whether everybody may, because nothing surely isolates the called pod any more.
    is_anybody: bool,
    /// The connections that the policy, as it would be, has a rule for.
    admitted: Vec<Connection<'p>>,
    namespaces: &'p Namespaces,
}

impl<'p> Widening<'p> {
    /// A policy among those of before, and among those of afterwards.
    pub fn new(policy: &'p ObjectReference, before: &'p NetworkPolicies, after: &'p NetworkPolicies) -> Self {
        let namespace = policy.namespace.as_deref().unwrap_or_default();
        let named = |policies: &'p NetworkPolicies| policies.of(namespace).iter().find(|it| it.name() == policy.name);
        Self { namespace, before: named(before), after: named(after), policies: after }
    }

    /// Who may newly get to a pod, of these connections to it, from anywhere. They are the same one, as different
    /// carriers make it.
    pub fn newcomers(
        self,
        called: &'p Pod,
        carriers: impl Iterator<Item = Connection<'p>>,
        namespaces: &'p Namespaces,
    ) -> Newcomers<'p> {
        let isolates = |policy: &Policy| {
            called.namespace == self.namespace
                && policy.isolates(called, Direction::Ingress, self.policies.host_network) != Truth::No
        };
        let was_isolated = self.before.is_some_and(isolates);
        let isolating = self.after.filter(|policy| isolates(policy));
        let is_sure = || self.policies.isolating(Direction::Ingress, called).any(|(_, truth)| truth == Truth::Yes);
        let is_about = |connection: &Connection<'p>| {
            let question = self.question(called, connection, namespaces);
            isolating.is_some_and(|policy| policy.is_about_the_port(&question) != Truth::No)
        };
        Newcomers {
            widening: self,
            is_anybody: (was_isolated || isolating.is_some()) && !is_sure(),
            admitted: carriers.filter(is_about).collect(),
            namespaces,
        }
    }

    /// Whether it may let this pod out who was kept in.
    fn lets_out(&self, pod: &Pod) -> bool {
        let isolates =
            |policy: &Policy| policy.isolates(pod, Direction::Egress, self.policies.host_network) != Truth::No;
        pod.namespace == self.namespace && [self.before, self.after].into_iter().flatten().any(isolates)
    }

    fn has_egress(&self) -> bool {
        let may_isolate = |policy: &Policy| policy.may_isolate(Direction::Egress);
        [self.before, self.after].into_iter().flatten().any(may_isolate)
    }

    fn question<'q>(&self, called: &'q Pod, connection: &Connection<'q>, namespaces: &'q Namespaces) -> Question<'q> {
        Question::new(Direction::Ingress, called, connection, namespaces, self.policies.host_network)
    }
}

impl<'p> Newcomers<'p> {
    /// Whether there can be none.
    pub fn are_none(&self) -> bool {
        !self.is_anybody && self.admitted.is_empty() && !self.widening.has_egress()
    }

    /// The namespace that all of them are of, if they are of one.
    pub fn namespace(&self) -> Option<&'p str> {
        (!self.is_anybody && self.admitted.is_empty()).then_some(self.widening.namespace)
    }

    /// Whether this pod may be one. Only a `false` is certain.
    pub fn may_be(&self, pod: &Pod) -> bool {
        self.is_anybody || self.widening.lets_out(pod) || self.admitted.iter().any(|it| self.lets_in(pod, it))
    }

    fn lets_in(&self, pod: &Pod, connection: &Connection<'_>) -> bool {
        let End::Pod(called) = connection.to else { return true };
        let connection = Connection { from: End::Pod(pod), ..*connection };
        let question = self.widening.question(called, &connection, self.namespaces);
        self.widening.after.is_some_and(|policy| policy.allows(&question) != Truth::No)
    }
}
