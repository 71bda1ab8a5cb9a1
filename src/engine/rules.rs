//! The rule catalogue: every rule that is implemented, with what it needs, why it matters, and an example of each
//! outcome. The examples are executed as tests; documentation and the command line are made from the same table.
//!
//! One file a family. A rule that needs only the object, or the object and the guard, is a small function over a
//! view of the object. Rules over a whole set of objects look at all of them together.

pub mod authorization_policy;
pub mod cluster;
#[cfg(test)]
mod examples;
pub mod findings;
pub mod general;
pub mod ingress;
pub mod injection;
mod monitor;
pub mod network_policy;
pub mod peer_authentication;
pub mod pod_monitor;
pub mod prometheus;
pub mod refusal;
pub mod relabeling;
pub mod scrape_monitor;

use std::fmt;
use std::sync::LazyLock;

use jiff::Timestamp;

use crate::engine::admission::Action;
use crate::engine::rules::cluster::{Cluster, ClusterFindings};
use crate::engine::rules::findings::Findings;
use crate::engine::rules::prometheus::pods::Pods;
use crate::model::guard::Guard;
use crate::model::labels::Labels;
use crate::model::resource::{
    AuthorizationPolicy, Ingress, NetworkPolicy, PeerAuthentication, PodMonitor, Probe, Prometheus, ScrapeConfig,
    ServiceMonitor, Workload,
};
use crate::model::{RuleId, Severity};

/// One rule of the catalogue.
#[derive(Debug)]
pub struct Rule {
    /// The stable id.
    pub id: RuleId,
    /// What is found, in a few words.
    pub title: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// What must be known to decide it.
    pub needs: Needs,
    /// What is done about it in enforce mode, unless the guard says otherwise.
    pub action: Action,
    /// Why it hurts.
    pub why: &'static str,
    /// How it is mended.
    pub fix: &'static str,
    /// A manifest in which the rule finds something.
    pub bad: &'static str,
    /// The same manifest, mended.
    pub good: &'static str,
    /// How it is decided.
    pub check: Check,
}

/// What must be known to decide a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Needs {
    /// The object alone.
    Object,
    /// The object and the guard.
    Guard,
    /// Other objects of the cluster.
    Cluster,
}

/// How a rule is decided.
#[derive(Clone, Copy, Debug)]
pub enum Check {
    /// By any policy or monitor, as raw JSON.
    AnyPolicy(fn(&str, &mut Findings<'_>)),
    /// By the annotations of any object, and the time.
    Annotations(fn(&Labels<'_>, Timestamp, &mut Findings<'_>)),
    /// By a NetworkPolicy.
    NetworkPolicy(fn(&NetworkPolicy<'_>, &Guard, &mut Findings<'_>)),
    /// By a NetworkPolicy outside the guarded namespace, for what it says of those who are guarded.
    NetworkPolicyElsewhere(fn(&NetworkPolicy<'_>, &Guard, &mut Findings<'_>)),
    /// By an AuthorizationPolicy.
    AuthorizationPolicy(fn(&AuthorizationPolicy<'_>, &Guard, &mut Findings<'_>)),
    /// By a PeerAuthentication.
    PeerAuthentication(fn(&PeerAuthentication<'_>, &Guard, &mut Findings<'_>)),
    /// By a PodMonitor.
    PodMonitor(fn(&PodMonitor<'_>, &Guard, &mut Findings<'_>)),
    /// By a ServiceMonitor.
    ServiceMonitor(fn(&ServiceMonitor<'_>, &Guard, &mut Findings<'_>)),
    /// By a Probe.
    Probe(fn(&Probe<'_>, &Guard, &mut Findings<'_>)),
    /// By a ScrapeConfig.
    ScrapeConfig(fn(&ScrapeConfig<'_>, &Guard, &mut Findings<'_>)),
    /// By any of the four kinds of monitor, through what they have in common.
    Monitor(fn(&Monitor<'_, '_>, &Guard, &mut Findings<'_>)),
    /// By a Prometheus or PrometheusAgent.
    Prometheus(fn(&Prometheus<'_>, &Guard, &mut Findings<'_>)),
    /// By a pod, or an object with a pod template.
    Workload(fn(&Workload<'_>, &Guard, &mut Findings<'_>)),
    /// By what pods are made with: a pod, an object with a pod template, a Prometheus or PrometheusAgent.
    Pods(fn(&Pods<'_, '_>, &Guard, &mut Findings<'_>)),
    /// By an Ingress.
    Ingress(fn(&Ingress<'_>, &Guard, &mut Findings<'_>)),
    /// By injection, where it meets something that it must not change.
    Injection,
    /// By all NetworkPolicies of the guarded namespace together.
    NetworkPolicies(fn(&[NetworkPolicy<'_>], &Guard, &mut Findings<'_>)),
    /// By all objects of a cluster together.
    Cluster(fn(&Cluster<'_, '_>, &mut ClusterFindings<'_>)),
    /// By one object in some of its cases, and by all objects of a cluster together in others.
    Both(&'static Check, fn(&Cluster<'_, '_>, &mut ClusterFindings<'_>)),
    /// By what a change closes and opens: the last object of an example is the change.
    Change,
    /// By a path that ends: the evaluator names the rule where it decides a hop.
    Hop,
}

/// A monitor of any kind, seen through what all of them have in common.
#[derive(Clone, Copy, Debug)]
pub enum Monitor<'m, 'a> {
    /// A PodMonitor.
    Pod(&'m PodMonitor<'a>),
    /// A ServiceMonitor.
    Service(&'m ServiceMonitor<'a>),
    /// A Probe.
    Probe(&'m Probe<'a>),
    /// A ScrapeConfig.
    Config(&'m ScrapeConfig<'a>),
}

/// Every rule that is implemented, by family and number.
pub fn catalogue() -> impl Iterator<Item = &'static Rule> {
    CATALOGUE.iter().copied()
}

/// A family may have several tables: one for each way in which its rules are decided.
static CATALOGUE: LazyLock<Vec<&'static Rule>> = LazyLock::new(|| {
    let [identities, admittance, validity, enforcement] = authorization_policy::RULES;
    let [alone, in_cluster] = network_policy::RULES;
    let tables = [
        general::RULES,
        alone,
        in_cluster,
        identities,
        admittance,
        validity,
        enforcement,
        pod_monitor::RULES,
        relabeling::RULES,
        scrape_monitor::RULES,
        prometheus::RULES,
        peer_authentication::RULES,
        ingress::RULES,
        injection::RULES,
    ];
    let mut rules: Vec<&Rule> = tables.into_iter().flatten().collect();
    rules.sort_by_key(|rule| rule.id);
    rules
});

/// The rule with this id, if it is implemented.
pub fn rule(id: RuleId) -> Option<&'static Rule> {
    catalogue().find(|rule| rule.id == id)
}

impl fmt::Display for Needs {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(match self {
            Self::Object => "object",
            Self::Guard => "guard",
            Self::Cluster => "cluster",
        })
    }
}
