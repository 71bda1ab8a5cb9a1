//! Whom a changed policy may let through: a change of one policy concerns few pods, and only they are asked about again.
//!
//! Policies add up. Who was kept out and gets in afterwards is admitted by the changed policy, or there is nothing left
//! that surely isolates the called pod; and who was kept in and gets out is of the policy's own namespace.

use super::opening::ways;
use super::policy::Rule;
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
    /// A connection to that port.
    connection: Connection<'p>,
    /// Whether nothing surely isolates the called pod any more.
    are_anybody: bool,
    /// The rules of the policy, as it would be, that are about the port.
    rules: Vec<usize>,
    namespaces: &'p Namespaces,
}

impl<'p> Widening<'p> {
    /// A policy among those of before, and among those of afterwards.
    pub fn new(policy: &'p ObjectReference, before: &'p NetworkPolicies, after: &'p NetworkPolicies) -> Self {
        let namespace = policy.namespace.as_deref().unwrap_or_default();
        let named = |policies: &'p NetworkPolicies| policies.of(namespace).iter().find(|it| it.name() == policy.name);
        Self { namespace, before: named(before), after: named(after), policies: after }
    }

    /// Who may newly get to a pod, by these connections to it, from anywhere: the same one, as different carriers make
    /// it.
    pub fn newcomers(
        self,
        called: &'p Pod,
        connection: Connection<'p>,
        carriers: impl Iterator<Item = Connection<'p>>,
        namespaces: &'p Namespaces,
    ) -> Newcomers<'p> {
        let host_network = self.policies.host_network;
        let isolates = |policy: &Policy| {
            called.namespace == self.namespace && policy.isolates(called, Direction::Ingress, host_network) != Truth::No
        };
        let was_isolated = self.before.is_some_and(isolates);
        let isolating = self.after.filter(|policy| isolates(policy));
        // It may allow anything, and has no rules that say so.
        let is_unreadable = isolating.is_some_and(Policy::is_unreadable);
        let is_sure = || self.policies.isolating(Direction::Ingress, called).any(|(_, truth)| truth == Truth::Yes);
        let ask = |connection| Question::new(Direction::Ingress, called, &connection, namespaces, host_network);
        let questions: Vec<Question<'_>> = carriers.map(ask).collect();
        let rules = isolating.map_or(&[][..], |policy| policy.rules(Direction::Ingress)).iter().enumerate();
        let about = rules.filter(|(_, rule)| questions.iter().any(|it| rule.is_about_the_port(it) != Truth::No));
        Newcomers {
            widening: self,
            connection,
            are_anybody: is_unreadable || ((was_isolated || isolating.is_some()) && !is_sure()),
            rules: about.map(|(number, _)| number).collect(),
            namespaces,
        }
    }

    fn has_egress(&self) -> bool {
        let may_isolate = |policy: &Policy| policy.may_isolate(Direction::Egress);
        [self.before, self.after].into_iter().flatten().any(may_isolate)
    }
}

impl<'p> Newcomers<'p> {
    /// Whether there can be none.
    pub fn are_none(&self) -> bool {
        !self.are_anybody && self.rules.is_empty() && !self.widening.has_egress()
    }

    /// Whether anybody may be one.
    pub const fn are_anybody(&self) -> bool {
        self.are_anybody
    }

    /// The namespace of the policy.
    pub const fn namespace(&self) -> &'p str {
        self.widening.namespace
    }

    /// The rules that may let them in, by their places in the policy.
    pub fn rules(&self) -> &[usize] {
        &self.rules
    }

    /// Whether the policy may let this pod out who was kept in.
    pub fn may_be_let_out(&self, pod: &Pod) -> bool {
        let Widening { namespace, before, after, policies } = self.widening;
        let isolates = |policy: &Policy| policy.isolates(pod, Direction::Egress, policies.host_network) != Truth::No;
        pod.namespace == namespace && [before, after].into_iter().flatten().any(isolates)
    }

    /// Whether one of these rules may let pods of a namespace in, as far as it hangs on that.
    pub fn may_be_of(&self, rule: usize, namespace: &str) -> bool {
        let own = self.widening.namespace;
        let is_open = |rule| ways(rule).iter().any(|way| way.may_be_for(own, namespace, self.namespaces));
        self.rule(rule).is_none_or(is_open)
    }

    /// Those of some pods of one namespace, by their places, that one of these rules may let in, to whatever port.
    pub fn let_in<'q>(&self, rule: usize, pods: impl Iterator<Item = (usize, &'q Pod)>) -> Vec<usize>
    where
        'p: 'q,
    {
        let mut question: Option<Question<'q>> = None;
        let may_be_let_in = |(_, pod): &(usize, &'q Pod)| {
            let (End::Pod(called), Some(rule)) = (self.connection.to, self.rule(rule)) else { return true };
            let connection = Connection { from: End::Pod(pod), ..self.connection };
            let host_network = self.widening.policies.host_network;
            let first = || Question::new(Direction::Ingress, called, &connection, self.namespaces, host_network);
            rule.is_about_the_peer(&question.get_or_insert_with(first).with(pod)) != Truth::No
        };
        pods.filter(may_be_let_in).map(|(place, _)| place).collect()
    }

    fn rule(&self, number: usize) -> Option<&'p Rule> {
        self.widening.after?.rules(Direction::Ingress).get(number)
    }
}
