//! Ranges of addresses, held against the addresses that the cluster really has.

use std::net::IpAddr;

use ipnet::IpNet;

use crate::engine::rules::cluster::{Cluster, ClusterFindings};
use crate::engine::rules::network_policy::places::{PolicyRule, rules};
use crate::model::resource::network_policy::IpBlock;
use crate::model::snapshot::{Pod, Service};

/// Address space that is reserved as a whole. Who writes it means everything private, not certain pods.
const RESERVED: [&str; 6] = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7", "fd00::/8"];

pub(in crate::engine::rules::network_policy) fn of_the_cluster(
    cluster: &Cluster<'_, '_>,
    findings: &mut ClusterFindings<'_>,
) {
    let on_the_pod_network = |pod: &&Pod| !pod.host_network && !pod.has_ended();
    let pods = sorted(cluster.snapshot.pods().iter().filter(on_the_pod_network).flat_map(|pod| &*pod.addresses));
    let services = sorted(cluster.snapshot.services().iter().flat_map(|service: &Service| &service.cluster_addresses));
    for policy in &cluster.written.network {
        for (place, peer) in rules(&policy.view).flat_map(PolicyRule::peers) {
            let Some(range) = peer.ip_block.as_ref().and_then(Range::read).filter(Range::is_narrow) else { continue };
            let (message, address, what) = match (range.first(&services), range.first(&pods)) {
                (Some(address), _) => {
                    ("names the address of a Service, which no policy sees", address, "behind the Service")
                }
                (None, Some(address)) => ("names addresses of pods, which may be rewritten", address, "that are meant"),
                (None, None) => continue,
            };
            let fix = format!("select the pods {what} by their labels; {address} is among the addresses");
            findings.report(policy.object, place.path().key("ipBlock"), message, fix);
        }
    }
}

fn sorted<'s>(addresses: impl Iterator<Item = &'s IpAddr>) -> Vec<IpAddr> {
    let mut addresses: Vec<IpAddr> = addresses.copied().collect();
    addresses.sort_unstable();
    addresses
}

struct Range {
    all: IpNet,
    except: Vec<IpNet>,
}

impl Range {
    /// The range, if it can be read.
    fn read(block: &IpBlock<'_>) -> Option<Self> {
        let except = block.except.iter().map(|range| range.parse().ok()).collect::<Option<_>>()?;
        Some(Self { all: block.cidr.parse().ok()?, except })
    }

    fn is_narrow(&self) -> bool {
        let is_reserved = RESERVED.iter().any(|range| range.parse() == Ok(self.all));
        self.all.prefix_len() > 0 && !is_reserved
    }

    /// The first of some addresses in order that is in it.
    fn first(&self, addresses: &[IpAddr]) -> Option<IpAddr> {
        let start = addresses.partition_point(|address| *address < self.all.network());
        let within = addresses.iter().skip(start).take_while(|address| self.all.contains(*address));
        within.copied().find(|address| !self.except.iter().any(|range| range.contains(address)))
    }
}

pub(in crate::engine::rules::network_policy) fn one_family(
    cluster: &Cluster<'_, '_>,
    findings: &mut ClusterFindings<'_>,
) {
    if !is_dual_stack(cluster) {
        return;
    }
    for policy in &cluster.written.network {
        for rule in rules(&policy.view) {
            let mut everything = rule.peers().filter_map(|(place, peer)| {
                let range: IpNet = peer.ip_block.as_ref()?.cidr.parse().ok()?;
                (range.prefix_len() == 0).then_some((place, range))
            });
            let Some((place, range)) = everything.next() else { continue };
            let is_of_other_family = |(_, other): (_, IpNet)| other.addr().is_ipv4() != range.addr().is_ipv4();
            if !everything.any(is_of_other_family) {
                let other = if range.addr().is_ipv4() { "::/0" } else { "0.0.0.0/0" };
                let message = "pods have IPv4 and IPv6, and this names one of them";
                findings.report(
                    policy.object,
                    place.path().key("ipBlock"),
                    message,
                    format!("add ipBlock: {{cidr: {other}}}"),
                );
            }
        }
    }
}

fn is_dual_stack(cluster: &Cluster<'_, '_>) -> bool {
    let has_both = |pod: &Pod| pod.addresses.iter().any(IpAddr::is_ipv4) && pod.addresses.iter().any(IpAddr::is_ipv6);
    cluster.guards.iter().any(|guard| guard.mesh.dual_stack == Some(true))
        || cluster.snapshot.pods().iter().any(has_both)
}
