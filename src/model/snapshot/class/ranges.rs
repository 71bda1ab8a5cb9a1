//! Zones: addresses that are in the same ranges of all that policies and annotations mention, so that nothing tells
//! them apart.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use ipnet::IpNet;

use crate::model::snapshot::Pod;

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
pub(super) fn of_pod(pod: &Pod) -> impl Iterator<Item = IpNet> {
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

/// A zone, by its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Zone {
    is_ipv4: bool,
    number: u32,
}

/// The zones that ranges make.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Zones {
    /// Where the ranges that an address is in change, and which zone begins there.
    borders: BTreeMap<IpAddr, u32>,
}

impl Zones {
    /// The zones of these ranges.
    pub(super) fn new(all: &BTreeSet<IpNet>) -> Self {
        let starts = all.iter().map(IpNet::network);
        let borders: BTreeSet<IpAddr> = starts.chain(all.iter().filter_map(|range| next(range.broadcast()))).collect();
        let mut known: BTreeMap<Vec<usize>, u32> = BTreeMap::from([(Vec::new(), 0)]);
        let number = |border: IpAddr| {
            let holding = all.iter().enumerate().filter(|(_, range)| range.contains(&border));
            let holding = holding.map(|(index, _)| index).collect();
            let next = u32::try_from(known.len()).unwrap_or(u32::MAX);
            (border, *known.entry(holding).or_insert(next))
        };
        Self { borders: borders.into_iter().map(number).collect() }
    }

    /// The zone of an address.
    pub(super) fn of(&self, address: IpAddr) -> Zone {
        let before = self.borders.range(..=address).next_back();
        let same_family = before.filter(|(border, _)| border.is_ipv4() == address.is_ipv4());
        Zone { is_ipv4: address.is_ipv4(), number: same_family.map_or(0, |(_, number)| *number) }
    }

    /// The zones of the addresses of a pod; none where no range is mentioned, for then nobody asks.
    pub(super) fn of_pod(&self, pod: &Pod) -> Vec<Zone> {
        if self.borders.is_empty() {
            return Vec::new();
        }
        pod.addresses.iter().map(|address| self.of(*address)).collect()
    }
}

fn next(address: IpAddr) -> Option<IpAddr> {
    match address {
        IpAddr::V4(address) => u32::from(address).checked_add(1).map(|next| IpAddr::V4(next.into())),
        IpAddr::V6(address) => u128::from(address).checked_add(1).map(|next| IpAddr::V6(next.into())),
    }
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
            let zones = Zones::new(&all);
            let holds = |address: &IpAddr| all.iter().map(|range| range.contains(address)).collect::<Vec<_>>();
            if zones.of(one) == zones.of(other) {
                prop_assert_eq!(holds(&one), holds(&other));
            } else {
                prop_assert!(holds(&one) != holds(&other) || one.is_ipv4() != other.is_ipv4());
            }
        }
    }
}
