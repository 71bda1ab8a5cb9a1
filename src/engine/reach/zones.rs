//! Addresses that nothing tells apart: an answer about one of them holds for all of a zone.
//!
//! Policies and annotations name ranges of addresses. Between two ends of such ranges, all addresses are in the same
//! ranges.

use std::net::IpAddr;

use ipnet::IpNet;

use crate::model::Resource;
use crate::model::snapshot::{Pod, Snapshot};

/// What annotations of the mesh that list ranges end with.
const RANGES: &str = "IPRanges";

/// The zones of a snapshot.
#[derive(Clone, Debug, Default)]
pub struct Zones {
    /// Where a zone begins, in order.
    beginnings: Vec<IpAddr>,
}

impl Zones {
    /// By all ranges that policies and pods of a snapshot mention. What is no range but looks like one only makes
    /// zones smaller than they need to be.
    pub fn of(snapshot: &Snapshot) -> Self {
        let policies = [Resource::NetworkPolicy, Resource::AuthorizationPolicy].into_iter();
        let texts = policies.flat_map(|resource| snapshot.objects(resource)).map(|kept| kept.json.as_str());
        let annotations = snapshot.pods().iter().flat_map(|pod| pod.annotations.iter());
        let annotations = annotations.filter(|(key, _)| key.ends_with(RANGES)).map(|(_, value)| value);
        let mut beginnings: Vec<IpAddr> = texts.chain(annotations).flat_map(ranges).flat_map(ends).collect();
        beginnings.sort_unstable();
        beginnings.dedup();
        Self { beginnings }
    }

    /// The zones of the addresses of a pod, each by a number.
    pub fn of_pod(&self, pod: &Pod) -> Vec<usize> {
        pod.addresses.iter().map(|address| self.of_address(*address)).collect()
    }

    /// The zone of an address, by a number.
    pub fn of_address(&self, address: IpAddr) -> usize {
        self.beginnings.partition_point(|beginning| *beginning <= address)
    }
}

fn ranges(text: &str) -> impl Iterator<Item = IpNet> {
    let words = text.split(['"', ',', ' ']).filter(|word| word.contains(['.', ':']));
    words.filter_map(|word| word.parse().ok().or_else(|| word.parse().ok().map(IpAddr::into)))
}

/// The first address of a range, and the first behind it.
fn ends(range: IpNet) -> impl Iterator<Item = IpAddr> {
    let behind = match range.broadcast() {
        IpAddr::V4(last) => u32::from(last).checked_add(1).map(|next| IpAddr::V4(next.into())),
        IpAddr::V6(last) => u128::from(last).checked_add(1).map(|next| IpAddr::V6(next.into())),
    };
    std::iter::once(range.network()).chain(behind)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::model::Source;
    use crate::model::snapshot::Builder;

    #[rstest]
    #[case("10.0.0.1", "10.0.0.2", true)]
    #[case("10.0.0.1", "10.0.0.200", false)]
    #[case("10.0.0.1", "10.0.1.1", false)]
    #[case("10.0.1.1", "10.255.0.1", true)]
    #[case("10.0.0.7", "10.0.0.8", false)]
    #[case("172.16.0.1", "172.17.0.1", false)]
    #[case("fd00::1", "fd00::2", true)]
    #[case("fd00::1", "fd01::1", false)]
    fn addresses_in_the_same_ranges_are_in_one_zone(#[case] one: &str, #[case] other: &str, #[case] expected: bool) {
        let text = "
{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: a, namespace: a}, spec: {podSelector: {}, \
ingress: [{from: [{ipBlock: {cidr: 10.0.0.0/24, except: [10.0.0.128/25]}}, {ipBlock: {cidr: 'fd00::/16'}}]}]}}
---
{apiVersion: security.istio.io/v1, kind: AuthorizationPolicy, metadata: {name: a, namespace: a}, spec: {rules: \
[{from: [{source: {ipBlocks: [10.0.0.7]}}]}]}}
---
{apiVersion: v1, kind: Pod, metadata: {name: p, namespace: a, annotations: \
{traffic.sidecar.istio.io/includeOutboundIPRanges: '172.16.0.0/16,172.18.0.0/16'}}, spec: {}}
";
        let mut builder = Builder::new("default");
        assert_eq!(builder.add_source("input", &Source::new(text)), []);
        let zones = Zones::of(&builder.finish());
        let zone = |address: &str| zones.of_address(address.parse().unwrap());
        assert_eq!(zone(one) == zone(other), expected);
    }
}
