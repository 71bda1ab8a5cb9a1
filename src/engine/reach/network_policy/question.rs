//! One question to the policies of one namespace: whose traffic, in which direction, with whom, to which port.

use std::borrow::Cow;

use super::HostNetwork;
use crate::engine::reach::{Connection, End, Hop};
use crate::model::Protocol;
use crate::model::snapshot::{Namespace, Namespaces, Pod};

/// A direction of traffic, as a pod that a policy selects sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Direction {
    /// Out of the pod that opens the connection.
    Egress,
    /// Into the pod that is called.
    Ingress,
}

impl Direction {
    /// Both of them, in the order of the path.
    pub const ALL: [Self; 2] = [Self::Egress, Self::Ingress];

    pub(super) const fn hop(self) -> Hop {
        match self {
            Self::Egress => Hop::Egress,
            Self::Ingress => Hop::Ingress,
        }
    }

    /// The end whose policies are asked, and the other one.
    pub(super) const fn ends<'q>(self, connection: &Connection<'q>) -> (End<'q>, End<'q>) {
        match self {
            Self::Egress => (connection.from, connection.to),
            Self::Ingress => (connection.to, connection.from),
        }
    }

    /// The field of a policy with its rules for this direction.
    pub(super) const fn rules_field(self) -> &'static str {
        match self {
            Self::Egress => "egress",
            Self::Ingress => "ingress",
        }
    }

    /// The field of a rule with its peers.
    pub(super) const fn peers_field(self) -> &'static str {
        match self {
            Self::Egress => "to",
            Self::Ingress => "from",
        }
    }

    /// The name of this direction in `policyTypes`.
    pub(super) const fn policy_type(self) -> &'static str {
        match self {
            Self::Egress => "Egress",
            Self::Ingress => "Ingress",
        }
    }
}

/// What is asked of every policy.
pub(super) struct Question<'q> {
    pub(super) direction: Direction,
    /// The pod whose policies are asked.
    pub(super) subject: &'q Pod,
    /// The other end.
    pub(super) counterpart: End<'q>,
    /// The namespace of the other end, where that is a pod.
    pub(super) namespace: Option<Cow<'q, Namespace>>,
    /// The port of the called end.
    pub(super) port: u16,
    pub(super) protocol: Protocol,
    pub(super) host_network: HostNetwork,
}

impl<'q> Question<'q> {
    pub(super) fn new(
        direction: Direction,
        subject: &'q Pod,
        connection: &Connection<'q>,
        namespaces: &'q Namespaces,
        host_network: HostNetwork,
    ) -> Self {
        let (_, counterpart) = direction.ends(connection);
        let namespace = match counterpart {
            End::Pod(pod) => Some(namespaces.get(&pod.namespace)),
            End::Address(_) | End::World => None,
        };
        Self {
            direction,
            subject,
            counterpart,
            namespace,
            port: connection.port,
            protocol: connection.protocol,
            host_network,
        }
    }

    /// The same question with another pod of the same namespace at the other end.
    pub(super) fn with(&self, pod: &'q Pod) -> Self {
        Self { counterpart: End::Pod(pod), namespace: self.namespace.clone(), ..*self }
    }

    /// The pod that is called, which gives names to ports.
    pub(super) const fn called_pod(&self) -> Option<&'q Pod> {
        match (self.direction, self.counterpart) {
            (Direction::Ingress, _) => Some(self.subject),
            (Direction::Egress, End::Pod(pod)) => Some(pod),
            (Direction::Egress, End::Address(_) | End::World) => None,
        }
    }

    /// Whether the other end is a pod that is seen as its node.
    pub(super) fn counterpart_is_on_the_host(&self) -> bool {
        matches!(self.counterpart, End::Pod(pod) if pod.host_network)
    }

    /// Whether both ends are made from one template, so that they may be one pod or two.
    pub(super) fn may_be_the_same_pod(&self) -> bool {
        matches!(self.counterpart, End::Pod(pod) if pod.object == self.subject.object)
    }
}
