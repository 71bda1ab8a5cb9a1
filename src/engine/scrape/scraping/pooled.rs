//! What comes of one pool: the targets that are left, and where the others went.

use std::collections::HashSet;

use super::PoolScraping;
use super::places::Places;
use crate::engine::scrape::target::Scraper;
use crate::engine::scrape::{Discovered, Fate, ScrapePool, Target};

/// Searches the places of a pool, and relabels what is found there.
pub(super) fn scrape<'s>(mut pool: ScrapePool, places: &mut Places<'s>) -> PoolScraping<'s> {
    let found: Vec<_> = pool.discoveries.iter().map(|discovery| places.search(discovery)).collect();
    let mut tally = Tally { dropped: vec![0; pool.relabeling.len()], ..Tally::default() };
    let scraper = Scraper::new(&pool);
    for discovered in found.iter().flat_map(|found| &found.discovered) {
        tally.note(discovered, &scraper);
    }
    pool.not_considered.extend(found.iter().flat_map(|found| &found.not_considered).cloned());
    let Tally { targets, discovered, dropped, refused, undecided } = tally;
    PoolScraping { pool, targets: unique(targets), discovered, dropped, refused, undecided }
}

#[derive(Debug, Default)]
struct Tally<'s> {
    targets: Vec<Target<'s>>,
    discovered: usize,
    dropped: Vec<usize>,
    refused: Option<(usize, String)>,
    undecided: Option<(usize, String)>,
}

impl<'s> Tally<'s> {
    fn note(&mut self, discovered: &Discovered<'s>, scraper: &Scraper<'_>) {
        self.discovered += 1;
        match scraper.fate(discovered) {
            Fate::Active(target) => self.targets.push(target),
            Fate::DroppedBy(step) => self.dropped.iter_mut().skip(step).take(1).for_each(|count| *count += 1),
            Fate::WithoutAddress => count(&mut self.refused, || "no address is left".to_owned()),
            Fate::Refused(why) => count(&mut self.refused, || why),
            Fate::Undecided(_, label) => {
                count(&mut self.undecided, || format!("what label {label} says is not known"));
            }
        }
    }
}

fn count(counted: &mut Option<(usize, String)>, why: impl FnOnce() -> String) {
    match counted {
        Some((number, _)) => *number += 1,
        None => *counted = Some((1, why())),
    }
}

/// Prometheus scrapes once what is the same target (`scrape/scrape.go`, `scrapePool.sync`).
fn unique(mut targets: Vec<Target<'_>>) -> Vec<Target<'_>> {
    let mut seen = HashSet::with_capacity(targets.len());
    targets.retain(|target| seen.insert((target.scrape_url.clone(), target.labels.clone())));
    targets
}
