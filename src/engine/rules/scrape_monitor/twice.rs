//! What is scraped more than once.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::engine::rules::Monitor;
use crate::engine::rules::cluster::{Cluster, ClusterFindings};
use crate::engine::rules::monitor::{Looking, Selectable, each_monitor, shortened};
use crate::engine::scrape::{PoolScraping, PrometheusScraping, Target};
use crate::model::relabeling::Action;
use crate::model::resource::endpoint::Endpoint;
use crate::model::resource::network_policy::PortReference;
use crate::model::snapshot::{Pod, Service};

/// The labels by which relabeling can tell Services apart.
const SERVICE_LABELS: [&str; 3] = ["__meta_kubernetes_service", "__meta_kubernetes_endpoint", "service"];

pub(super) fn by_two_services(cluster: &Cluster<'_, '_>, findings: &mut ClusterFindings<'_>) {
    let all = Selectable::new(cluster.snapshot);
    each_monitor(cluster, |kept, monitor| {
        let (Monitor::Service(_), Some(looking)) = (monitor, Looking::of(kept, monitor)) else { return };
        let services: Vec<&Service> = all.selected_services(&looking).collect();
        if services.len() < 2 {
            return;
        }
        let pods: Vec<&Pod> = all.pods(&looking).collect();
        for (path, endpoint) in monitor.endpoints().filter(|(_, endpoint)| !tells_services_apart(endpoint)) {
            let Some(PortReference::Name(port)) = &endpoint.port else { continue };
            if let Some((one, other)) = twice(&services, port, &pods) {
                findings.report(
                    &kept.reference,
                    path.key("port"),
                    "two Services lead to the same pods, which are scraped twice",
                    format!(
                        "select by a label that only one of Services {} and {} has",
                        shortened(one.name(), 60),
                        shortened(other.name(), 60)
                    ),
                );
            }
        }
    });
}

fn tells_services_apart(endpoint: &Endpoint<'_>) -> bool {
    let chooses = endpoint.relabelings.iter().filter(|step| step.is(Action::Keep) || step.is(Action::Drop));
    let mut labels = chooses.flat_map(|step| &step.source_labels);
    labels.any(|label| SERVICE_LABELS.iter().any(|prefix| label.starts_with(prefix)))
}

/// Two Services whose port of this name is the same port of the same pod.
fn twice<'s>(services: &[&'s Service], port: &str, pods: &[&Pod]) -> Option<(&'s Service, &'s Service)> {
    let mut seen: BTreeMap<(&str, &str, u16), &'s Service> = BTreeMap::new();
    for service in services {
        let Some(port) = service.ports.iter().find(|known| known.name == port) else { continue };
        for pod in pods.iter().filter(|pod| service.selects(pod)) {
            let Some(number) = port.at(pod) else { continue };
            let key = (pod.namespace.as_str(), pod.object.name.as_str(), number);
            if let Some(first) = seen.insert(key, service) {
                return Some((first, service));
            }
        }
    }
    None
}

/// The port at which a sidecar serves its own metrics alone, and the one at which it serves them with those of the
/// application.
const OWN_PORT: &str = ":15090";
const MERGED_PORT: &str = ":15020";

/// Targets are known by their URLs, which are the same wherever they are found.
pub(super) fn by_two_monitors(cluster: &Cluster<'_, '_>, findings: &mut ClusterFindings<'_>) {
    for prometheus in &cluster.scraping.prometheuses {
        let mut seen: HashMap<&str, &PoolScraping<'_>> = HashMap::new();
        let mut told = BTreeSet::new();
        for (pool, target) in targets(prometheus) {
            let first = *seen.entry(&target.scrape_url).or_insert(pool);
            if first.pool.name != pool.pool.name && told.insert((&first.pool.name, &pool.pool.name)) {
                report(first, pool, "another monitor has the same targets", findings);
            }
        }
        merged_and_own(prometheus, findings);
    }
}

fn targets<'c, 's>(
    prometheus: &'c PrometheusScraping<'s>,
) -> impl Iterator<Item = (&'c PoolScraping<'s>, &'c Target<'s>)> {
    let pools = prometheus.monitors.iter().flat_map(|monitor| &monitor.pools);
    pools.flat_map(|pool| pool.targets.iter().map(move |target| (pool, target)))
}

/// Merged metrics contain the sidecar's own.
fn merged_and_own(prometheus: &PrometheusScraping<'_>, findings: &mut ClusterFindings<'_>) {
    let at = |port: &'static str| {
        targets(prometheus).filter_map(move |(pool, target)| Some((target.address.strip_suffix(port)?, pool)))
    };
    let merged: HashMap<&str, &PoolScraping<'_>> = at(MERGED_PORT).collect();
    let mut told = BTreeSet::new();
    for (host, own) in at(OWN_PORT) {
        let Some(merged) = merged.get(host) else { continue };
        if told.insert((&merged.pool.name, &own.pool.name)) {
            report(merged, own, "port 15020 has what port 15090 has, and both are scraped", findings);
        }
    }
}

fn report(first: &PoolScraping<'_>, second: &PoolScraping<'_>, message: &str, findings: &mut ClusterFindings<'_>) {
    let first = shortened(&first.pool.name, 100);
    let path = second.pool.path.clone();
    findings.report(&second.pool.monitor, path, message, format!("remove this endpoint, or {first}"));
}
