//! What we say that a Prometheus has as targets.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result, bail, ensure};
use scrapeguard::engine::reach::Verdict;
use scrapeguard::engine::scrape::{Discovered, Fate, PoolScraping, Scraper, Scraping, Target, discover};
use scrapeguard::model::snapshot::{Kept, Snapshot};

use crate::targets::{Active, Dropped, Targets};

/// What the operator makes of the monitors that a Prometheus selects.
pub(crate) struct Prediction<'s> {
    /// Its scrape pools by name.
    pub(crate) pools: BTreeMap<&'s str, &'s PoolScraping<'s>>,
    /// How many monitors it does not select.
    pub(crate) left_out: usize,
}

impl<'s> Prediction<'s> {
    /// That for one Prometheus.
    pub(crate) fn of(scraping: &'s Scraping<'s>, namespace: &str, name: &str) -> Result<Self> {
        let is_meant = |kept: &Kept| {
            kept.namespace() == namespace && kept.reference.name == name && kept.reference.kind == "Prometheus"
        };
        let prometheus = scraping.prometheuses.iter().find(|it| is_meant(it.prometheus));
        let prometheus = prometheus.context("the Prometheus is not there")?;
        ensure!(prometheus.not_considered.is_empty(), "{}", prometheus.not_considered.join("; "));
        let unknown = prometheus.monitors.iter().find(|it| it.selection.verdict == Verdict::Unknown);
        ensure!(unknown.is_none(), "whether it selects a monitor is not known: {:?}", unknown.map(|it| &it.selection));
        let left_out = prometheus.monitors.iter().filter(|it| it.selection.verdict == Verdict::Blocked).count();
        let pools = prometheus.monitors.iter().flat_map(|monitor| &monitor.pools);
        Ok(Self { pools: pools.map(|pool| (pool.pool.name.as_str(), pool)).collect(), left_out })
    }

    /// What they are called.
    pub(crate) fn names(&self) -> BTreeSet<String> {
        self.pools.keys().map(|name| (*name).to_owned()).collect()
    }

    /// Everything that is discovered, and what becomes of it.
    pub(crate) fn targets(&self, snapshot: &Snapshot) -> Result<Targets> {
        let mut targets = Targets::default();
        for scraping in self.pools.values() {
            let pool = &scraping.pool;
            let scraper = Scraper::new(pool);
            let mut not_considered = pool.not_considered.clone();
            let first = targets.active.len();
            for discovery in &pool.discoveries {
                let found = discover(discovery, snapshot);
                not_considered.extend(found.not_considered);
                for discovered in &found.discovered {
                    add(&mut targets, &pool.name, &scraper, discovered)?;
                }
            }
            let active: BTreeSet<_> =
                targets.active[first..].iter().map(|it| (&it.scrape_url, it.labels.clone())).collect();
            let audited: BTreeSet<_> =
                scraping.targets.iter().map(|it| (&it.scrape_url, it.labels.iter().cloned().collect())).collect();
            ensure!(active == audited, "an audit shows other targets of {}: {audited:?}", pool.name);
            if !not_considered.is_empty() {
                targets.unknown.insert(pool.name.clone(), not_considered);
            }
        }
        Ok(targets)
    }
}

/// Adds what becomes of something that was discovered. Prometheus shows nothing of what it refuses.
fn add(targets: &mut Targets, pool: &str, scraper: &Scraper<'_>, discovered: &Discovered<'_>) -> Result<()> {
    let labels = scraper.discovered_labels(discovered);
    let discovered_labels = labels.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    let scrape_pool = pool.to_owned();
    match scraper.fate(discovered) {
        Fate::Active(Target { scrape_url, labels, .. }) => {
            let labels = labels.into_iter().collect();
            targets.active.push(Active { scrape_pool, scrape_url, labels, discovered_labels });
        }
        Fate::DroppedBy(_) => {
            *targets.dropped_number.entry(scrape_pool.clone()).or_default() += 1;
            targets.dropped.push(Dropped { scrape_pool, discovered_labels });
        }
        Fate::WithoutAddress | Fate::Refused(_) => {}
        Fate::Undecided(_, label) => bail!("{label} of something in {pool} is not known"),
    }
    Ok(())
}
