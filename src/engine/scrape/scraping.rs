//! All targets of all Prometheus resources of a snapshot.

use crate::engine::reach::Step;
use crate::engine::scrape::{ScrapePool, Target};
use crate::model::snapshot::{Kept, Pod};

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
}
