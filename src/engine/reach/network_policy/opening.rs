//! Whom policies would let through, as selectors instead of answers: for who looks for those who could come.

use super::address_range::AddressRange;
use super::peer::Peer;
use super::policy::Rule;
use super::question::{Direction, Question};
use super::{NetworkPolicies, Policy};
use crate::engine::reach::{Connection, End};
use crate::model::Truth;
use crate::model::selector::LabelSelector;
use crate::model::snapshot::{Namespaces, Pod};

/// A way through the policies of a called pod to one of its ports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Opening<'p> {
    /// For everybody: a rule without peers, or nothing that surely keeps anybody out.
    Everybody,
    /// For pods.
    Pods {
        /// Which; all where absent.
        pods: Option<&'p LabelSelector<'static>>,
        /// Of which namespaces; of that of the called pod where absent.
        namespaces: Option<&'p LabelSelector<'static>>,
    },
    /// For addresses.
    Addresses(&'p AddressRange),
}

impl Opening<'_> {
    /// Whether it may be for pods of a namespace, as far as that hangs on the namespace; `own` is that of the called pod.
    pub fn may_be_for(&self, own: &str, namespace: &str, namespaces: &Namespaces) -> bool {
        match self {
            Self::Everybody | Self::Addresses(_) => true,
            Self::Pods { namespaces: None, .. } => own == namespace,
            Self::Pods { namespaces: Some(selector), .. } => {
                let namespace = namespaces.get(namespace);
                selector.selects(|key| namespace.label(key)) != Truth::No
            }
        }
    }
}

/// A policy that isolates pods that call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gate<'p> {
    /// The pods of its namespace that it isolates.
    pub selector: &'p LabelSelector<'static>,
    /// Whether it lets them call what is asked about.
    pub lets_through: Truth,
}

impl NetworkPolicies {
    /// The ways to the called end of a connection, whoever the caller is. There is one for everybody who may get in,
    /// and perhaps for some that may not.
    pub fn openings(&self, connection: &Connection<'_>, namespaces: &Namespaces) -> Vec<Opening<'_>> {
        let End::Pod(pod) = connection.to else { return vec![Opening::Everybody] };
        let anybody = Connection { from: End::World, ..*connection };
        let question = Question::new(Direction::Ingress, pod, &anybody, namespaces, self.host_network);
        let isolating: Vec<(&Policy, Truth)> = self.isolating(Direction::Ingress, pod).collect();
        let is_certain = isolating.iter().all(|(_, isolates)| *isolates == Truth::Yes) && !isolating.is_empty();
        let rules = isolating.iter().flat_map(|(policy, _)| policy.rules(Direction::Ingress));
        let about = rules.filter(|rule| rule.is_about_the_port(&question) != Truth::No);
        let ways = about.flat_map(ways).chain((!is_certain).then_some(Opening::Everybody));
        let mut openings: Vec<Opening<'_>> = Vec::new();
        for way in ways {
            if !openings.contains(&way) {
                openings.push(way);
            }
        }
        openings
    }

    /// The policies that isolate pods of the caller's namespace for what they send, whatever the caller's labels are.
    pub fn gates(&self, caller: &Pod, connection: &Connection<'_>, namespaces: &Namespaces) -> Vec<Gate<'_>> {
        let question = Question::new(Direction::Egress, caller, connection, namespaces, self.host_network);
        let gate = |policy: &'_ Policy| policy.allows(&question);
        let policies = self.of(&caller.namespace).iter();
        policies
            .filter_map(|policy| {
                Some(Gate { selector: policy.isolated_by(Direction::Egress)?, lets_through: gate(policy) })
            })
            .collect()
    }
}

/// The ways that one rule opens.
pub(super) fn ways(rule: &Rule) -> Vec<Opening<'_>> {
    if rule.peers.is_empty() {
        return vec![Opening::Everybody];
    }
    let way = |peer| match peer {
        &Peer::NotUnderstood(_) => Opening::Everybody,
        Peer::Addresses(range) => Opening::Addresses(range),
        Peer::Pods { pods, namespaces } => Opening::Pods { pods: pods.as_ref(), namespaces: namespaces.as_ref() },
    };
    rule.peers.iter().map(way).collect()
}
