//! All targets of all Prometheus resources of a snapshot.

mod places;
mod pooled;
#[cfg(test)]
mod tests;

use crate::engine::reach::{Step, Verdict};
use crate::engine::scrape::monitor::{KINDS, Monitor};
use crate::engine::scrape::prometheus::Settings;
use crate::engine::scrape::{ScrapePool, Target, pool, selection};
use crate::model::snapshot::{Kept, Pod, Snapshot};
use crate::model::{ObjectReference, Resource};
use places::Places;

/// The label by which the operator tells the pods of a Prometheus or PrometheusAgent from others.
const NAME_LABEL: &str = "operator.prometheus.io/name";
/// The label by which it tells the pods of one from those of the other, and the value of agents.
const APPLICATION_LABEL: &str = "app.kubernetes.io/name";
const AGENT: &str = "prometheus-agent";

/// What is scraped in a cluster, by whom and why.
#[derive(Clone, Debug, Default)]
pub struct Scraping<'s> {
    /// Every Prometheus and PrometheusAgent resource, in order of namespace and name.
    pub prometheuses: Vec<PrometheusScraping<'s>>,
}

/// What one Prometheus scrapes.
#[derive(Clone, Debug)]
pub struct PrometheusScraping<'s> {
    /// The Prometheus or PrometheusAgent resource.
    pub prometheus: &'s Kept,
    /// Its pods, or what stands for them.
    pub pods: Vec<&'s Pod>,
    /// Every monitor of the snapshot, selected or not, by kind, namespace and name.
    pub monitors: Vec<MonitorScraping<'s>>,
    /// What was not considered, each in a sentence without a full stop: then it scrapes more than this.
    pub not_considered: Vec<String>,
}

/// What comes of one monitor.
#[derive(Clone, Debug)]
pub struct MonitorScraping<'s> {
    /// The monitor.
    pub monitor: &'s Kept,
    /// Whether this Prometheus selects it, and why.
    pub selection: Step,
    /// One for each endpoint; none unless it is, or may be, selected.
    pub pools: Vec<PoolScraping<'s>>,
}

/// What comes of one endpoint of a monitor.
#[derive(Clone, Debug)]
pub struct PoolScraping<'s> {
    /// The pool.
    pub pool: ScrapePool,
    /// What is scraped.
    pub targets: Vec<Target<'s>>,
    /// How many things were discovered, kept or not.
    pub discovered: usize,
    /// Of every relabeling step of the pool, how many it dropped.
    pub dropped: Vec<usize>,
    /// How many lost their address, or are refused by Prometheus, and why the first of them was.
    pub refused: Option<(usize, String)>,
    /// Of how many nobody knows whether they are scraped, and why not of the first of them.
    pub undecided: Option<(usize, String)>,
}

impl<'s> Scraping<'s> {
    /// What every Prometheus and PrometheusAgent of a snapshot scrapes.
    pub fn new(snapshot: &'s Snapshot) -> Self {
        Self::of_monitors(snapshot, |_| true)
    }

    /// The same, as if there were no other monitors than these.
    pub fn of_monitors(snapshot: &'s Snapshot, is_asked_for: impl Fn(&ObjectReference) -> bool) -> Self {
        let all = KINDS.into_iter().flat_map(|kind| snapshot.objects(kind).map(move |kept| (kind, kept)));
        let asked_for = all.filter(|(_, kept)| is_asked_for(&kept.reference));
        let monitors: Vec<Monitor<'s>> = asked_for.map(|(kind, kept)| Monitor::new(kind, kept)).collect();
        let resources = [Resource::Prometheus, Resource::PrometheusAgent];
        let mut kept: Vec<&'s Kept> = resources.into_iter().flat_map(|kind| snapshot.objects(kind)).collect();
        kept.sort_by(|a, b| place(a).cmp(&place(b)));
        let mut places = Places::new(snapshot);
        Self { prometheuses: kept.into_iter().map(|kept| of_prometheus(kept, &monitors, &mut places)).collect() }
    }
}

fn place(kept: &Kept) -> (&str, &str, &str) {
    (kept.namespace(), &kept.reference.name, &kept.reference.kind)
}

fn of_prometheus<'s>(
    prometheus: &'s Kept,
    monitors: &[Monitor<'s>],
    places: &mut Places<'s>,
) -> PrometheusScraping<'s> {
    let settings = match &prometheus.unreadable {
        Some(why) => Err(why.clone()),
        None => Settings::read(prometheus),
    };
    let pods = pods(prometheus, places.snapshot);
    let of_monitor = |monitor: &Monitor<'s>| match &settings {
        Ok(settings) => of_monitor(settings, monitor, places),
        Err(why) => MonitorScraping {
            monitor: monitor.kept,
            selection: selection::unreadable(prometheus, why),
            pools: Vec::new(),
        },
    };
    PrometheusScraping {
        prometheus,
        pods,
        monitors: monitors.iter().map(of_monitor).collect(),
        not_considered: settings.as_ref().map(Settings::not_considered).unwrap_or_default(),
    }
}

fn of_monitor<'s>(settings: &Settings<'s>, monitor: &Monitor<'s>, places: &mut Places<'s>) -> MonitorScraping<'s> {
    let selection = selection::select(settings, monitor, places.snapshot);
    let pools = if selection.verdict == Verdict::Blocked { Vec::new() } else { pool::pools(settings, monitor) };
    let pools = pools.into_iter().map(|pool| pooled::scrape(pool, places)).collect();
    MonitorScraping { monitor: monitor.kept, selection, pools }
}

/// The pods that the operator made for a Prometheus, or what stands for them.
fn pods<'s>(prometheus: &Kept, snapshot: &'s Snapshot) -> Vec<&'s Pod> {
    let is_agent = prometheus.reference.kind == Resource::PrometheusAgent.kind();
    let is_own = |pod: &&Pod| {
        pod.labels.get(NAME_LABEL) == Some(prometheus.reference.name.as_str())
            && (pod.labels.get(APPLICATION_LABEL) == Some(AGENT)) == is_agent
    };
    snapshot.pods_in(prometheus.namespace()).iter().filter(is_own).collect()
}
