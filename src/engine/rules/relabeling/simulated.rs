//! Relabeling of what is really there, which may leave nothing.

use super::targets;
use crate::engine::rules::cluster::{Cluster, ClusterFindings};
use crate::engine::rules::findings::{Findings, Scope};
use crate::engine::rules::monitor::{Looking, Selectable, read_monitor};
use crate::engine::rules::{self, Monitor};
use crate::engine::scrape::{PoolScraping, StepSource};
use crate::model::snapshot::Kept;
use crate::model::{FieldPath, ObjectReference, Severity};

pub(super) fn nothing_is_left(cluster: &Cluster<'_, '_>, findings: &mut ClusterFindings<'_>) {
    let all = Selectable::new(cluster.snapshot);
    for prometheus in &cluster.scraping.prometheuses {
        for scraping in &prometheus.monitors {
            for pool in scraping.pools.iter().filter(|pool| is_sure(pool)) {
                let Some((object, path, number)) = last_that_dropped(pool) else { continue };
                let is_known = are_all_made(scraping.monitor, &all);
                if is_known && !is_told_without_a_cluster(scraping.monitor, findings) {
                    findings.report_as(
                        Severity::Warning,
                        object,
                        path.clone(),
                        format!("drops all that is left, which is {number} in this cluster"),
                        "remove this step, or match labels that these targets have",
                    );
                }
            }
        }
    }
}

/// Whether all pods where a monitor looks exist. Those that are still to be made may get a sidecar, with ports of its own
/// and other annotations.
fn are_all_made(kept: &Kept, all: &Selectable<'_>) -> bool {
    let made = |monitor: Monitor<'_, '_>| {
        let looking = Looking::of(kept, monitor)?;
        Some(all.pods(&looking).all(|pod| pod.phase.is_some()))
    };
    read_monitor(kept, made).flatten() == Some(true)
}

/// Whether everything was discovered and dropped, for all that is known.
fn is_sure(pool: &PoolScraping<'_>) -> bool {
    let is_known = pool.refused.is_none() && pool.undecided.is_none() && pool.pool.not_considered.is_empty();
    is_known && pool.discovered > 0 && pool.targets.is_empty()
}

/// The step after which nothing was left, and how many it dropped, if a user wrote it.
fn last_that_dropped<'p>(pool: &'p PoolScraping<'_>) -> Option<(&'p ObjectReference, &'p FieldPath, usize)> {
    let (index, number) = pool.dropped.iter().enumerate().rfind(|(_, number)| **number > 0)?;
    match &pool.pool.relabeling.get(index)?.source {
        StepSource::User(object, path) => Some((object, path, *number)),
        StepSource::Operator(..) => None,
    }
}

fn is_told_without_a_cluster(kept: &Kept, findings: &ClusterFindings<'_>) -> bool {
    let Some(rule) = rules::rule(findings.rule()) else { return false };
    let mut found = Vec::new();
    read_monitor(kept, |monitor| {
        targets::find_dropped(&monitor, &mut Findings::new(rule, &kept.reference, Scope::Elsewhere, &mut found));
    });
    !found.is_empty()
}
