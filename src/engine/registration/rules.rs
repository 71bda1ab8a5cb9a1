//! Which kinds and operations webhooks are called for.

use serde::Serialize;

use crate::model::Resource;

/// Some resources of one group, and what is done to them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Rule {
    pub(super) api_groups: [&'static str; 1],
    pub(super) api_versions: [&'static str; 1],
    pub(super) resources: Vec<&'static str>,
    pub(super) operations: Vec<&'static str>,
    pub(super) scope: &'static str,
}

/// What is made anew.
pub(super) const CREATED: &[&str] = &["CREATE"];
/// What is made anew or changed.
pub(super) const WRITTEN: &[&str] = &["CREATE", "UPDATE"];
/// What is changed.
pub(super) const CHANGED: &[&str] = &["UPDATE"];
/// What goes away.
pub(super) const REMOVED: &[&str] = &["DELETE"];
/// Whatever is done.
pub(super) const ANYTHING: &[&str] = &["CREATE", "UPDATE", "DELETE"];

/// The four kinds of monitor.
pub(super) const MONITORS: [(&str, Resource); 4] = [
    ("podmonitors", Resource::PodMonitor),
    ("servicemonitors", Resource::ServiceMonitor),
    ("probes", Resource::Probe),
    ("scrapeconfigs", Resource::ScrapeConfig),
];
/// What the Prometheus operator makes a Prometheus of.
pub(super) const PROMETHEUSES: [&str; 2] = ["prometheuses", "prometheusagents"];

fn rule(
    group: &'static str,
    version: &'static str,
    resources: &[&'static str],
    operations: &[&'static str],
    scope: &'static str,
) -> Rule {
    Rule {
        api_groups: [group],
        api_versions: [version],
        resources: resources.to_vec(),
        operations: operations.to_vec(),
        scope,
    }
}

/// Kinds of Kubernetes itself.
pub(super) fn of(group: &'static str, resources: &[&'static str], operations: &[&'static str]) -> Rule {
    rule(group, "v1", resources, operations, "Namespaced")
}

/// Kinds of others, in whatever version: the same object under each, which is looked at in the version that the user
/// wrote.
fn of_any_version(group: &'static str, resources: &[&'static str], operations: &[&'static str]) -> Rule {
    rule(group, "*", resources, operations, "Namespaced")
}

/// Cluster-scoped kinds.
pub(super) fn of_cluster(group: &'static str, resources: &[&'static str], operations: &[&'static str]) -> Rule {
    rule(group, "*", resources, operations, "Cluster")
}

/// Kinds of the Prometheus operator; none if no resource is named.
pub(super) fn of_prometheus(resources: &[&'static str], operations: &[&'static str]) -> Option<Rule> {
    let rule = || of_any_version("monitoring.coreos.com", resources, operations);
    (!resources.is_empty()).then(rule)
}

/// NetworkPolicies, Istio's policies and monitors.
pub(super) fn policies_and_monitors(operations: &[&'static str]) -> Vec<Rule> {
    let policies = [
        of("networking.k8s.io", &["networkpolicies"], operations),
        of_any_version("security.istio.io", &["authorizationpolicies", "peerauthentications"], operations),
    ];
    policies.into_iter().chain(of_prometheus(&MONITORS.map(|(name, _)| name), operations)).collect()
}

/// What makes pods, and pods. A running pod is left as it is.
pub(super) fn workloads() -> [Rule; 3] {
    [
        of("", &["pods"], CREATED),
        of("apps", &["deployments", "statefulsets", "daemonsets", "replicasets"], WRITTEN),
        of("batch", &["jobs", "cronjobs"], WRITTEN),
    ]
}
