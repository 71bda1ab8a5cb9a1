//! The lists inside a NetworkPolicy with the place of every element.

use crate::model::FieldPath;
use crate::model::Protocol;
use crate::model::Truth;
use crate::model::guard::{Component, ComponentPort, Guard};
use crate::model::resource::NetworkPolicy;
use crate::model::resource::network_policy::{Peer, PolicyPort};

/// The place of one peer or port. The path is only made for what is reported.
#[derive(Clone, Copy)]
pub(super) struct Place {
    direction: &'static str,
    rule: usize,
    list: &'static str,
    element: usize,
}

impl Place {
    pub(super) fn path(self) -> FieldPath {
        FieldPath::of("spec").key(self.direction).index(self.rule).key(self.list).index(self.element)
    }
}

/// One ingress or egress rule.
#[derive(Clone, Copy)]
pub(super) struct PolicyRule<'p, 'a> {
    direction: &'static str,
    index: usize,
    pub(super) peers: &'p [Peer<'a>],
    pub(super) ports: &'p [PolicyPort<'a>],
}

impl<'p, 'a> PolicyRule<'p, 'a> {
    pub(super) fn path(self) -> FieldPath {
        FieldPath::of("spec").key(self.direction).index(self.index)
    }

    pub(super) fn peers(self) -> impl Iterator<Item = (Place, &'p Peer<'a>)> {
        let list = if self.direction == "ingress" { "from" } else { "to" };
        self.peers.iter().enumerate().map(move |(element, peer)| (self.place(list, element), peer))
    }

    pub(super) fn ports(self) -> impl Iterator<Item = (Place, &'p PolicyPort<'a>)> {
        self.ports.iter().enumerate().map(move |(element, port)| (self.place("ports", element), port))
    }

    /// Whether the rule is for this port of a component; one without ports is for all of them.
    pub(super) fn covers(self, target: &ComponentPort) -> bool {
        self.ports.is_empty() || self.ports.iter().any(|port| covers(port, target))
    }

    fn place(self, list: &'static str, element: usize) -> Place {
        Place { direction: self.direction, rule: self.index, list, element }
    }
}

pub(super) fn ingress<'p, 'a>(policy: &'p NetworkPolicy<'a>) -> impl Iterator<Item = PolicyRule<'p, 'a>> {
    policy.spec.ingress.iter().enumerate().map(|(index, rule)| PolicyRule {
        direction: "ingress",
        index,
        peers: &rule.from,
        ports: &rule.ports,
    })
}

pub(super) fn egress<'p, 'a>(policy: &'p NetworkPolicy<'a>) -> impl Iterator<Item = PolicyRule<'p, 'a>> {
    policy.spec.egress.iter().enumerate().map(|(index, rule)| PolicyRule {
        direction: "egress",
        index,
        peers: &rule.to,
        ports: &rule.ports,
    })
}

pub(super) fn rules<'p, 'a>(policy: &'p NetworkPolicy<'a>) -> impl Iterator<Item = PolicyRule<'p, 'a>> {
    ingress(policy).chain(egress(policy))
}

/// Whether a port of a policy is this port of a component, by number, range or name.
pub(super) fn covers(port: &PolicyPort<'_>, target: &ComponentPort) -> bool {
    let names = std::iter::once(target.name.as_str()).chain(target.aliases.iter().map(String::as_str));
    port.covers(protocol(target.protocol), target.number, names)
}

pub(super) fn protocol(protocol: Protocol) -> &'static str {
    match protocol {
        Protocol::Tcp => "TCP",
        Protocol::Udp => "UDP",
        Protocol::Sctp => "SCTP",
    }
}

/// The components that show everything they know to whoever reaches their first port, unless somebody asks for a name
/// and password before. Grafana asks by itself, but shows its metrics and a login to try passwords at.
const OPEN_INTERFACES: [&str; 4] = ["prometheus", "alertmanager", "grafana", "pushgateway"];

/// The open interfaces that a policy certainly holds for. The empty selector holds for all that must be there.
pub(super) fn interfaces<'g>(
    policy: &NetworkPolicy<'_>,
    guard: &'g Guard,
) -> impl Iterator<Item = (&'g Component, &'g ComponentPort)> {
    let selector = &policy.spec.pod_selector;
    held(policy, guard)
        .filter(|component| OPEN_INTERFACES.contains(&component.name.as_str()))
        .filter(|component| !(component.optional && selector.is_empty()))
        .filter_map(|component| Some((component, component.ports.first()?)))
}

/// The components that a policy certainly holds for; all of them if its selector is empty.
pub(super) fn held<'g>(policy: &NetworkPolicy<'_>, guard: &'g Guard) -> impl Iterator<Item = &'g Component> {
    guard.components.iter().filter(|component| component.is_selected_by(&policy.spec.pod_selector) == Truth::Yes)
}
