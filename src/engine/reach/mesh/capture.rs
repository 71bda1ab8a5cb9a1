//! Which connections a sidecar captures.
//!
//! Semantics: `istio.io/istio` `tools/istio-iptables/pkg/capture/run.go`, with the arguments that
//! `istio-discovery/files/injection-template.yaml` gives it. Defaults are those of the charts.

use std::net::IpAddr;

use ipnet::IpNet;

use crate::engine::reach::mesh::exists;
use crate::model::Truth;
use crate::model::sidecar::{
    self, EXCLUDE_INBOUND_PORTS, EXCLUDE_OUTBOUND_PORTS, EXCLUDE_OUTBOUND_RANGES, INCLUDE_INBOUND_PORTS,
    INCLUDE_OUTBOUND_PORTS, INCLUDE_OUTBOUND_RANGES, INTERCEPTION_MODE, STATUS_PORT,
};
use crate::model::snapshot::Pod;

/// Says of a pod that its sidecar takes connections of the ztunnel (HBONE).
const TUNNEL: &str = "networking.istio.io/tunnel";
const ANNOTATIONS: [&str; 8] = [
    INCLUDE_INBOUND_PORTS,
    EXCLUDE_INBOUND_PORTS,
    INCLUDE_OUTBOUND_PORTS,
    EXCLUDE_OUTBOUND_PORTS,
    INCLUDE_OUTBOUND_RANGES,
    EXCLUDE_OUTBOUND_RANGES,
    INTERCEPTION_MODE,
    STATUS_PORT,
];

/// What a sidecar captures.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Capture {
    inbound: Inbound,
    outbound: Outbound,
    takes_tunnels: Truth,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Inbound {
    AllBut(Vec<u16>),
    Only(Vec<u16>),
    Unknown,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Outbound {
    Nothing,
    Some {
        /// `None` for everywhere.
        to: Option<Vec<IpNet>>,
        not_to: Vec<IpNet>,
        ports: Vec<u16>,
        not_ports: Vec<u16>,
    },
    Unknown,
}

impl Capture {
    /// What the sidecar of this pod captures, by the annotations of the pod.
    pub fn of(pod: &Pod) -> Self {
        let readable = ANNOTATIONS
            .iter()
            .all(|name| pod.annotations.get(name).is_none_or(|value| sidecar::check(name, value).is_ok()));
        let takes_tunnels = match pod.labels.get(TUNNEL) {
            Some(protocol) => Truth::from(protocol == "http"),
            None if exists(pod) => Truth::No,
            None => Truth::Unknown,
        };
        let (inbound, outbound) = match pod.annotations.get(INTERCEPTION_MODE) {
            _ if !readable => (Inbound::Unknown, Outbound::Unknown),
            Some("NONE") => (Inbound::Only(Vec::new()), Outbound::Nothing),
            _ => (inbound(pod), outbound(pod)),
        };
        Self { inbound, outbound, takes_tunnels }
    }

    /// Whether connections to this container port are captured.
    pub fn inbound(&self, port: u16) -> Truth {
        match &self.inbound {
            Inbound::AllBut(ports) => Truth::from(!ports.contains(&port)),
            Inbound::Only(ports) => Truth::from(ports.contains(&port)),
            Inbound::Unknown => Truth::Unknown,
        }
    }

    /// Whether connections to this port of a pod with these addresses are captured. Without addresses it must be so
    /// for any.
    pub fn outbound(&self, addresses: &[IpAddr], port: u16) -> Truth {
        let mut answers = addresses.iter().map(|address| self.outbound_to(Some(*address), port));
        let first = answers.next().unwrap_or_else(|| self.outbound_to(None, port));
        if answers.all(|answer| answer == first) { first } else { Truth::Unknown }
    }

    /// Whether it takes connections that a ztunnel carries.
    pub(super) fn takes_tunnels(&self) -> Truth {
        self.takes_tunnels
    }

    /// The order is that of the rules of iptables: what is left out, ports that are always captured, ranges.
    fn outbound_to(&self, address: Option<IpAddr>, port: u16) -> Truth {
        match &self.outbound {
            Outbound::Unknown => Truth::Unknown,
            Outbound::Nothing => Truth::No,
            Outbound::Some { to, not_to, ports, not_ports } => {
                let is_left_out = Truth::from(not_ports.contains(&port)).or(is_within(not_to, address));
                let is_reached = to.as_ref().map_or(Truth::Yes, |ranges| is_within(ranges, address));
                (!is_left_out).and(Truth::from(ports.contains(&port)).or(is_reached))
            }
        }
    }
}

/// What is left out counts only where everything is captured otherwise.
fn inbound(pod: &Pod) -> Inbound {
    let status_port = pod.annotations.get(STATUS_PORT).unwrap_or("15020");
    let left_out = pod.annotations.get(EXCLUDE_INBOUND_PORTS).unwrap_or_default();
    match pod.annotations.get(INCLUDE_INBOUND_PORTS) {
        None | Some("*") => Inbound::AllBut([vec![15090, 15021], ports(status_port), ports(left_out)].concat()),
        Some(list) => Inbound::Only(ports(list)),
    }
}

fn outbound(pod: &Pod) -> Outbound {
    let list = |name| pod.annotations.get(name).unwrap_or_default();
    let to = match pod.annotations.get(INCLUDE_OUTBOUND_RANGES) {
        None | Some("*") => None,
        Some(list) => Some(ranges(list)),
    };
    Outbound::Some {
        to,
        not_to: ranges(list(EXCLUDE_OUTBOUND_RANGES)),
        ports: ports(list(INCLUDE_OUTBOUND_PORTS)),
        not_ports: ports(list(EXCLUDE_OUTBOUND_PORTS)),
    }
}

fn ports(list: &str) -> Vec<u16> {
    list.split(',').filter_map(|port| port.trim().parse().ok()).collect()
}

fn ranges(list: &str) -> Vec<IpNet> {
    list.split(',').filter_map(|range| range.trim().parse().ok()).collect()
}

/// Whether an address is in one of the ranges. One that is not known is in those that hold all addresses.
fn is_within(ranges: &[IpNet], address: Option<IpAddr>) -> Truth {
    let holds_all = |is_family: fn(&IpNet) -> bool| ranges.iter().any(|it| is_family(it) && it.prefix_len() == 0);
    match address {
        Some(address) => Truth::from(ranges.iter().any(|range| range.contains(&address))),
        None if ranges.is_empty() => Truth::No,
        None if holds_all(|it| matches!(it, IpNet::V4(_))) && holds_all(|it| matches!(it, IpNet::V6(_))) => Truth::Yes,
        None => Truth::Unknown,
    }
}
