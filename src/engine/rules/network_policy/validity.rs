//! What the API server refuses, for manifests that have not met it yet
//! (`k8s.io/kubernetes/pkg/apis/networking/validation/validation.go`).

use std::net::IpAddr;

use super::places::{PolicyRule, rules};
use crate::engine::rules::findings::Findings;
use crate::model::FieldPath;
use crate::model::guard::Guard;
use crate::model::resource::NetworkPolicy;
use crate::model::resource::network_policy::{IpBlock, Peer, PolicyPort, PortReference};

pub(super) fn invalid(policy: &NetworkPolicy<'_>, _: &Guard, findings: &mut Findings<'_>) {
    for rule in rules(policy) {
        ports(rule, findings);
        peers(rule, findings);
    }
}

fn ports(rule: PolicyRule<'_, '_>, findings: &mut Findings<'_>) {
    for (place, port) in rule.ports() {
        if let Some(protocol) = port.protocol.as_deref().filter(|it| !matches!(*it, "TCP" | "UDP" | "SCTP")) {
            let message = format!("{:?} is no protocol", shortened(protocol));
            findings.report(place.path().key("protocol"), message, "use TCP, UDP or SCTP");
        }
        if let Some((message, fix)) = port.port.as_ref().and_then(impossible) {
            findings.report(place.path().key("port"), message, fix);
        }
        if let Some((message, fix)) = end_port(port) {
            findings.report(place.path().key("endPort"), message, fix);
        }
    }
}

fn impossible(port: &PortReference<'_>) -> Option<(String, &'static str)> {
    const NUMBER: &str = "use a number between 1 and 65535";
    match port {
        PortReference::Number(0) => Some(("0 is no port".to_owned(), NUMBER)),
        PortReference::Number(_) => None,
        PortReference::Impossible(number) => Some((format!("{} is no port", shortened(number)), NUMBER)),
        PortReference::Name(name) if is_port_name(name) => None,
        PortReference::Name(name) if name.parse::<u16>().is_ok() => {
            Some((format!("{name:?} in quotes is a name, and no port is called so"), "remove the quotes"))
        }
        PortReference::Name(name) => Some((
            format!("no port can be called {:?}", shortened(name)),
            "use the name of a container port: at most 15 lower case letters, digits and '-'",
        )),
    }
}

/// `IsValidPortName` of `k8s.io/apimachinery/pkg/util/validation`.
fn is_port_name(name: &str) -> bool {
    let allowed = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-');
    (1..=15).contains(&name.len())
        && name.bytes().all(allowed)
        && name.bytes().any(|byte| byte.is_ascii_lowercase())
        && !name.contains("--")
        && !name.starts_with('-')
        && !name.ends_with('-')
}

fn end_port(port: &PolicyPort<'_>) -> Option<(String, &'static str)> {
    match (&port.port, port.end_port.as_ref()?) {
        (None | Some(PortReference::Name(_)), _) => {
            Some(("endPort needs a port that is a number".to_owned(), "write the first port of the range as a number"))
        }
        (_, PortReference::Name(_)) => Some(("endPort must be a number".to_owned(), "remove the quotes")),
        (Some(PortReference::Number(first)), PortReference::Number(last)) if last < first => {
            Some((format!("the range ends at {last}, before it begins"), "exchange port and endPort"))
        }
        (_, PortReference::Impossible(_) | PortReference::Number(0)) => {
            Some(("endPort is no port".to_owned(), "use a number between 1 and 65535"))
        }
        (_, PortReference::Number(_)) => None,
    }
}

fn peers(rule: PolicyRule<'_, '_>, findings: &mut Findings<'_>) {
    for (place, peer) in rule.peers() {
        if *peer == Peer::default() {
            findings.report(
                place.path(),
                "an empty peer means nobody and is invalid",
                "remove the item; to admit everybody, leave the whole list out",
            );
        }
        let Some(block) = &peer.ip_block else { continue };
        if peer.pod_selector.is_some() || peer.namespace_selector.is_some() {
            findings.report(
                place.path().key("ipBlock"),
                "ipBlock stands beside a selector",
                "put ipBlock into an item of its own",
            );
        }
        ranges(block, &place.path().key("ipBlock"), findings);
    }
}

fn ranges(block: &IpBlock<'_>, path: &FieldPath, findings: &mut Findings<'_>) {
    let cidr = Range::read(&block.cidr);
    if !block.cidr.contains('/') {
        let message = format!("{:?} is no range of addresses", shortened(&block.cidr));
        findings.report(path.key("cidr"), message, "add the length of the prefix: /32 for one IPv4 address");
    }
    for (index, except) in block.except.iter().enumerate() {
        let (Some(cidr), Some(inner)) = (cidr, Range::read(except)) else { continue };
        if !cidr.strictly_contains(inner) {
            findings.report(
                path.key("except").index(index),
                format!("{except} is no part of {}", block.cidr),
                "remove it, or name a smaller range inside cidr",
            );
        }
    }
}

/// A range of addresses: those that begin with the same bits.
#[derive(Clone, Copy)]
struct Range {
    address: IpAddr,
    prefix: u32,
}

impl Range {
    /// `None` where the text is no range, or written in a way that not everybody understands.
    fn read(text: &str) -> Option<Self> {
        let (address, prefix) = text.split_once('/')?;
        Some(Self { address: address.parse().ok()?, prefix: prefix.parse().ok()? })
    }

    fn strictly_contains(self, inner: Self) -> bool {
        let equal_bits = match (self.address, inner.address) {
            (IpAddr::V4(own), IpAddr::V4(other)) => (own.to_bits() ^ other.to_bits()).leading_zeros(),
            (IpAddr::V6(own), IpAddr::V6(other)) => (own.to_bits() ^ other.to_bits()).leading_zeros(),
            _ => return false,
        };
        inner.prefix > self.prefix && equal_bits >= self.prefix
    }
}

fn shortened(text: &str) -> String {
    text.chars().take(20).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("10.0.0.0/8", "10.1.0.0/16", true)]
    #[case("0.0.0.0/0", "169.254.169.254/32", true)]
    #[case("10.0.0.0/8", "10.0.0.0/8", false)]
    #[case("10.0.0.0/8", "11.0.0.0/16", false)]
    #[case("10.0.0.0/8", "fd00::/64", false)]
    #[case("fd00::/8", "fd12::/16", true)]
    fn an_exception_is_a_real_part(#[case] outer: &str, #[case] inner: &str, #[case] expected: bool) {
        assert_eq!(Range::read(outer).unwrap().strictly_contains(Range::read(inner).unwrap()), expected);
    }

    #[rstest]
    #[case("http-web", true)]
    #[case("9090", false)]
    #[case("Http", false)]
    #[case("a--b", false)]
    #[case("much-too-long-name", false)]
    fn port_names_are_those_of_kubernetes(#[case] name: &str, #[case] expected: bool) {
        assert_eq!(is_port_name(name), expected);
    }
}
