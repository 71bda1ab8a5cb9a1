//! Monitors that nobody is known to select.

use std::sync::Arc;

use super::ScrapePath;
use crate::engine::reach::mesh::ClientTls;
use crate::engine::reach::{Hop, Path, Step, Verdict};
use crate::engine::scrape::{MonitorScraping, PrometheusScraping, Scraping};
use crate::model::guard::{Guard, Guards};
use crate::model::snapshot::{Kept, Snapshot};
use crate::model::{FieldPath, ObjectReference, Resource};

/// The kinds of monitors.
const MONITORS: [Resource; 4] =
    [Resource::ServiceMonitor, Resource::PodMonitor, Resource::Probe, Resource::ScrapeConfig];

/// One path for each monitor that no Prometheus selects, as the guarded one sees it. Without any Prometheus, nobody
/// knows.
pub(super) fn unselected<'s>(snapshot: &'s Snapshot, guards: &Guards, scraping: &Scraping<'s>) -> Vec<ScrapePath<'s>> {
    let Some(nearest) = nearest(guards, scraping) else {
        return without_prometheus(snapshot, guards);
    };
    let is_selected = |monitor: &Kept| {
        let all = scraping.prometheuses.iter().flat_map(|prometheus| &prometheus.monitors);
        all.filter(|it| std::ptr::eq(it.monitor, monitor)).any(|it| it.selection.verdict != Verdict::Blocked)
    };
    let blocked = nearest.monitors.iter().filter(|it| it.selection.verdict == Verdict::Blocked);
    let unselected = blocked.filter(|it| !is_selected(it.monitor));
    unselected.map(|it| path_of(nearest, it)).collect()
}

/// The guarded Prometheus, else the first.
fn nearest<'a, 's>(guards: &Guards, scraping: &'a Scraping<'s>) -> Option<&'a PrometheusScraping<'s>> {
    let is_guarded = |it: &&PrometheusScraping<'_>| guards.iter().any(|guard| guards_it(guard, it.prometheus));
    scraping.prometheuses.iter().find(is_guarded).or(scraping.prometheuses.first())
}

fn guards_it(guard: &Guard, prometheus: &Kept) -> bool {
    let is_named = guard.prometheus.as_ref().is_none_or(|name| *name == prometheus.reference.name);
    guard.namespace == prometheus.namespace() && is_named
}

fn path_of<'s>(prometheus: &PrometheusScraping<'s>, monitor: &MonitorScraping<'s>) -> ScrapePath<'s> {
    let from = prometheus.pods.first().copied();
    let reference = prometheus.prometheus.reference.clone();
    ScrapePath { from, ..path(reference, monitor.monitor, monitor.selection.clone()) }
}

fn without_prometheus<'s>(snapshot: &'s Snapshot, guards: &Guards) -> Vec<ScrapePath<'s>> {
    let Some(guard) = guards.iter().next() else { return Vec::new() };
    let name = guard.prometheus.clone().unwrap_or_else(|| format!("{}-kube-p-prometheus", guard.release));
    let kind = Resource::Prometheus.kind().to_owned();
    let prometheus = ObjectReference { kind, namespace: Some(guard.namespace.clone()), name };
    let reason = "the input has no Prometheus resource, so nobody knows who selects this";
    let unknown = || Step::new(Hop::Selection, Verdict::Unknown, reason);
    let monitors = MONITORS.into_iter().flat_map(|resource| snapshot.objects(resource));
    monitors
        .map(|monitor| {
            let step = unknown().by(monitor.reference.clone(), FieldPath::root());
            path(prometheus.clone(), monitor, step)
        })
        .collect()
}

/// A path that ends before there is a scrape pool.
pub(super) fn path<'s>(prometheus: ObjectReference, monitor: &Kept, step: Step) -> ScrapePath<'s> {
    ScrapePath {
        prometheus,
        from: None,
        monitor: monitor.reference.clone(),
        endpoint: FieldPath::root(),
        scrape_pool: pool_name(&monitor.reference),
        target: None,
        tls: ClientTls::default(),
        port: None,
        path: Arc::new(Path { steps: vec![step] }),
        fix: None,
    }
}

/// The name that its first scrape pool would have.
fn pool_name(monitor: &ObjectReference) -> String {
    let (prefix, suffix) = match monitor.kind.as_str() {
        "PodMonitor" => ("podMonitor", "/0"),
        "ServiceMonitor" => ("serviceMonitor", "/0"),
        "Probe" => ("probe", ""),
        _ => ("scrapeConfig", ""),
    };
    format!("{prefix}/{}/{}{suffix}", monitor.namespace.as_deref().unwrap_or_default(), monitor.name)
}
