//! Monitors that no Prometheus picks up, and why the one does not that is most likely meant.

use std::collections::BTreeMap;

use crate::engine::reach::{Step, Verdict};
use crate::engine::rules::cluster::Cluster;
use crate::engine::scrape::{MonitorScraping, PrometheusScraping};
use crate::model::finding::Family;
use crate::model::guard::Guards;
use crate::model::snapshot::Kept;
use crate::model::{ObjectReference, RuleId};

/// A label is missing.
pub(in crate::engine::rules) const MISSING: RuleId = RuleId::new(Family::PodMonitor, 1);
/// The namespace is not selected.
pub(in crate::engine::rules) const NAMESPACE: RuleId = RuleId::new(Family::PodMonitor, 2);
/// A label has the value of another Prometheus.
pub(in crate::engine::rules) const OTHER: RuleId = RuleId::new(Family::PodMonitor, 3);

/// A monitor that no Prometheus picks up.
#[derive(Clone, Copy, Debug)]
pub(in crate::engine::rules) struct Ignored<'c, 's> {
    /// The monitor.
    pub(in crate::engine::rules) monitor: &'s Kept,
    /// The Prometheus that is most likely meant to.
    pub(in crate::engine::rules) prometheus: &'s Kept,
    /// Why it does not.
    pub(in crate::engine::rules) step: &'c Step,
}

/// How likely a Prometheus is meant: it selects the monitor, but the operator leaves it out; it is guarded; it looks in
/// the namespace.
type Likelihood = (bool, bool, bool);

/// All that no Prometheus picks up. One that may be picked up, for all that is known, is not among them.
fn ignored<'c, 's>(cluster: &Cluster<'c, 's>) -> Vec<Ignored<'c, 's>> {
    let mut all: BTreeMap<&ObjectReference, Option<(Likelihood, Ignored<'c, 's>)>> = BTreeMap::new();
    for prometheus in &cluster.scraping.prometheuses {
        for scraping in &prometheus.monitors {
            let Some(candidate) = candidate(prometheus, scraping, cluster.guards) else {
                all.insert(&scraping.monitor.reference, None);
                continue;
            };
            let best = all.entry(&scraping.monitor.reference).or_insert(Some(candidate));
            if best.as_ref().is_some_and(|(likelihood, _)| *likelihood < candidate.0) {
                *best = Some(candidate);
            }
        }
    }
    all.into_values().flatten().map(|(_, ignored)| ignored).collect()
}

fn candidate<'c, 's>(
    prometheus: &'c PrometheusScraping<'s>,
    scraping: &'c MonitorScraping<'s>,
    guards: &Guards,
) -> Option<(Likelihood, Ignored<'c, 's>)> {
    let step = Some(&scraping.selection).filter(|step| step.verdict == Verdict::Blocked)?;
    let reference = &prometheus.prometheus.reference;
    let is_guarded = guards.iter().any(|guard| {
        Some(&guard.namespace) == reference.namespace.as_ref()
            && guard.prometheus.as_ref().is_none_or(|name| *name == reference.name)
    });
    let is_selected = step.rule.is_some_and(|rule| rule.family() == Family::ScrapeMonitor);
    let is_looked_at = step.rule.is_some_and(|rule| rule == MISSING || rule == OTHER);
    let ignored = Ignored { monitor: scraping.monitor, prometheus: prometheus.prometheus, step };
    Some(((is_selected, is_guarded, is_looked_at), ignored))
}

/// Those of which this rule tells why.
pub(in crate::engine::rules) fn ignored_by<'c, 's>(
    rule: RuleId,
    cluster: &Cluster<'c, 's>,
) -> impl Iterator<Item = Ignored<'c, 's>> {
    ignored(cluster).into_iter().filter(move |ignored| ignored.step.rule == Some(rule))
}
