//! Zones: addresses that are in the same ranges of all that policies and annotations mention, so that nothing tells
//! them apart.

use std::collections::BTreeSet;
use std::net::IpAddr;

use ipnet::IpNet;

use crate::model::snapshot::Pod;
use crate::model::snapshot::counted::Counted;

/// Annotations with ranges that a sidecar captures, or leaves alone.
const OUTBOUND: [&str; 2] =
    ["traffic.sidecar.istio.io/includeOutboundIPRanges", "traffic.sidecar.istio.io/excludeOutboundIPRanges"];

/// Every address and range in the text of an object, each once: what stands in it as a string of its own. A string that
/// only looks like one does no harm, for it tells more pods apart than need be.
pub(in crate::model::snapshot) fn of_text(text: &str) -> Vec<IpNet> {
    let strings = text.split('"').filter(|string| looks_like_an_address(string));
    let all: BTreeSet<IpNet> = strings.filter_map(range).collect();
    all.into_iter().collect()
}

/// Ranges that the annotations of a pod mention.
pub(in crate::model::snapshot) fn of_pod(pod: &Pod) -> impl Iterator<Item = IpNet> {
    let lists = OUTBOUND.into_iter().filter_map(|key| pod.annotations.get(key));
    lists.flat_map(|list| list.split(',')).filter_map(|text| range(text.trim()))
}

fn looks_like_an_address(text: &str) -> bool {
    let is_part = |byte: u8| byte.is_ascii_hexdigit() || matches!(byte, b'.' | b':' | b'/');
    (2..=49).contains(&text.len()) && text.contains(['.', ':']) && text.bytes().all(is_part)
}

fn range(text: &str) -> Option<IpNet> {
    let range = text.parse().or_else(|_| text.parse().map(IpAddr::into)).ok()?;
    Some(IpNet::trunc(&range))
}

/// Addresses that are in the same ranges. As ranges lie one in the other or apart, the smallest of them tells the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Zone {
    is_ipv4: bool,
    smallest: Option<IpNet>,
}

impl Zone {
    /// The zone of an address among all ranges that count.
    pub(in crate::model::snapshot) fn of(address: IpAddr, ranges: &Counted<IpNet>) -> Self {
        Self { is_ipv4: address.is_ipv4(), smallest: smallest(address, ranges) }
    }
}

/// The smallest range that an address is in. Ranges are in order of where they begin, the larger first; so the last one
/// that begins before the address has it, or a range around both has.
fn smallest(address: IpAddr, ranges: &Counted<IpNet>) -> Option<IpNet> {
    let mut sought = IpNet::from(address);
    loop {
        let found = *ranges.last_until(&sought)?;
        if found.contains(&address) {
            return Some(found);
        }
        sought = around(found, address)?;
    }
}

/// The smallest range around a range and an address that is not in it.
fn around(mut range: IpNet, address: IpAddr) -> Option<IpNet> {
    while !range.contains(&address) {
        range = range.supernet()?;
    }
    Some(range)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn ranges_are_found_in_text() {
        let text =
            r#"{"a":["10.0.0.1","10.1.2.3/8","fd00::/8","80","web","1.2"],"b":"10.0.0.0/8 or so","c":"10.0.0.0/8"}"#;
        let found: Vec<String> = of_text(text).iter().map(ToString::to_string).collect();
        assert_eq!(found, ["10.0.0.0/8", "10.0.0.1/32", "fd00::/8"]);
    }

    fn address() -> impl Strategy<Value = IpAddr> {
        let v4 = (0..4_u8, 0..4_u8).prop_map(|(a, b)| IpAddr::from([10, a, 0, b]));
        let v6 = (0..4_u16, 0..4_u16).prop_map(|(a, b)| IpAddr::from([0xfd00, a, 0, 0, 0, 0, 0, b]));
        prop_oneof![v4, v6]
    }

    proptest! {
        #[test]
        fn addresses_of_one_zone_are_in_the_same_ranges(
            ranges in proptest::collection::btree_set((address(), 8..=32_u8), 1..6),
            one in address(),
            other in address(),
        ) {
            let all: BTreeSet<IpNet> =
                ranges.into_iter().map(|(address, length)| IpNet::new(address, length).unwrap().trunc()).collect();
            let mut counted = Counted::default();
            for range in &all {
                counted.add(range, || *range);
            }
            let holds = |address: &IpAddr| all.iter().map(|range| range.contains(address)).collect::<Vec<_>>();
            if Zone::of(one, &counted) == Zone::of(other, &counted) {
                prop_assert_eq!(holds(&one), holds(&other));
            } else {
                prop_assert!(holds(&one) != holds(&other) || one.is_ipv4() != other.is_ipv4());
            }
        }
    }
}
